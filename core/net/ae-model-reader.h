/* The tensors of a safetensors file, which is trusted in nothing;
 * docs/model-file.md, sections 1 and 2. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "ae-layer.h"

G_BEGIN_DECLS

#define AE_MODEL_METADATA "__metadata__"

typedef enum
{
  AE_DTYPE_F32,
  AE_DTYPE_F16,
  AE_DTYPE_I8,
  AE_N_DTYPES
} AeDtype;

/* What the header says of one tensor.
 * @name: as long as the reader
 * @begin, @end: bytes in the data
 * @used: taken by whoever knows it */
typedef struct
{
  const gchar *name;
  AeDtype dtype;
  guint rank;
  gint64 shape[4];
  guint64 begin, end;
  gboolean used;
} AeModelEntry;

/* @where: what errors begin with
 * @data: what follows the header
 * @entries: of AeModelEntry, in the order of the data */
typedef struct
{
  const gchar *where;
  const guint8 *data;
  gsize size_bytes;
  JsonObject *root;
  GArray *entries;
} AeModelReader;

/**
 * ae_model_reader_open:
 * @bytes: (array length=size_bytes): in use as long as the reader
 *
 * Checks all that the header says of tensors, and that they fill the data.
 */
gboolean ae_model_reader_open (AeModelReader * reader, const guint8 * bytes,
    gsize size_bytes, const gchar * where, GError ** error);

void ae_model_reader_clear (AeModelReader * reader);

/* Returns: (transfer none) (nullable): the string @key of the metadata. */
const gchar *ae_model_reader_string (const AeModelReader * reader,
    const gchar * key);

/* Returns: (transfer none) (nullable): the tensor @name. */
AeModelEntry *ae_model_reader_find (const AeModelReader * reader,
    const gchar * name);

/* Returns: (transfer none) (nullable): the tensor @name, which has to be there,
 * of @param's shape, and of integers or of floats; it is then used. */
const AeModelEntry *ae_model_reader_take (const AeModelReader * reader,
    const AeParam * param, const gchar * name, gboolean is_int8,
    GError ** error);

/* Copies the first @n floats of @entry to @out. Errors: AE_ERROR_NOT_FINITE. */
gboolean ae_model_reader_copy (const AeModelReader * reader,
    const AeModelEntry * entry, gsize n, float *out, GError ** error);

/* Errors: AE_ERROR_CORRUPT, naming a tensor that nobody has used. */
gboolean ae_model_reader_check_all_used (const AeModelReader * reader,
    GError ** error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AeModelReader, ae_model_reader_clear)

G_END_DECLS
