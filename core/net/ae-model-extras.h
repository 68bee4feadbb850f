/* What a model's file carries beside it. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-model.h"

G_BEGIN_DECLS

/* Their names in the file begin with this. ae_model_load() passes over them. */
#define AE_MODEL_EXTRA "checkpoint."

/* A tensor of one dimension; its name is without the prefix. */
typedef struct
{
  gchar *name;
  gsize n;
  float *values;
} AeExtraRow;

/**
 * AeModelExtras:
 * @strings: (element-type utf8 utf8): metadata, by names without the prefix
 * @rows: (element-type AeExtraRow): in the order of the file
 */
typedef struct
{
  GHashTable *strings;
  GPtrArray *rows;
} AeModelExtras;

AeModelExtras *ae_model_extras_new (void) G_GNUC_WARN_UNUSED_RESULT;

void ae_model_extras_free (AeModelExtras * extras);     /* NULL is a no-op */

/* @value: (transfer full) */
void ae_model_extras_take_string (AeModelExtras * extras, const gchar * name,
    gchar * value);

/* @values: (transfer full): @n floats from g_malloc() */
void ae_model_extras_take_row (AeModelExtras * extras, const gchar * name,
    gsize n, float *values);

/* Returns: (transfer none) (nullable): the row @name. */
AeExtraRow *ae_model_extras_row (const AeModelExtras * extras,
    const gchar * name);

/* Returns: (transfer full): SHA-256, in hexadecimal, over the fingerprint of
 * @model, the strings and the rows; docs/model-file.md, section 11. */
gchar *ae_model_extras_digest (const AeModelExtras * extras,
    const AeModel * model);

/* As ae_model_save(), ae_model_load() and ae_model_load_bytes(). Errors are
 * those of these, and of rows that are not F32 of one dimension. */
gboolean ae_model_save_with (const AeModel * model,
    const AeModelExtras * extras, const gchar * path, GError ** error);
AeModel *ae_model_load_with (const gchar * path, AeModelExtras ** extras,
    GError ** error) G_GNUC_WARN_UNUSED_RESULT;
AeModel *ae_model_load_bytes_with (const guint8 * bytes, gsize size_bytes,
    const gchar * where, AeModelExtras ** extras, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeModelExtras, ae_model_extras_free)

G_END_DECLS
