/* A model: architecture, weights, and what the file says of them. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-int8.h"
#include "ae-weights.h"

G_BEGIN_DECLS

/* format_version of files without and with integers */
#define AE_MODEL_VERSION_FLOAT "1"
#define AE_MODEL_VERSION_INT8 "2"

/* Names of a layer's tensors of integers, after that of the layer. */
#define AE_MODEL_INT8_WEIGHT ".weight.int8"
#define AE_MODEL_INT8_SCALE ".weight.scale"
#define AE_MODEL_INT8_STEP ".input.step"
#define AE_MODEL_INT8_ZERO ".input.zero"

#define AE_MODEL_MAX_HEADER_BYTES (100u << 20)
#define AE_MODEL_EXTENSION ".safetensors"

/* A denoiser's condition is its noise level in units of this many steps of the
 * 8-bit scale: sigma 25 is 1.0; docs/architecture-text.md, section 3. */
#define AE_NOISE_UNIT 25.0f

/**
 * AeModel: immutable, reference counted.
 */
typedef struct
{
  gatomicrefcount ref_count;
  AeArchitecture *architecture;
  AeWeights *weights;
  AeInt8 *int8;                 /* NULL where the model is floats alone */
  /* (element-type utf8 utf8): every key of the file's __metadata__ that the
   * format does not define itself: task, licence, training facts ... */
  GHashTable *metadata;
} AeModel;

/**
 * ae_model_new:
 * @weights: (transfer none): as many floats as @architecture needs
 * @metadata: (nullable) (transfer none): copied
 *
 * Errors: AE_ERROR_SHAPE when @weights do not fit @architecture.
 */
AeModel *ae_model_new (AeArchitecture * architecture, AeWeights * weights,
    GHashTable * metadata, GError ** error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): @model with @int8 (transfer none) in place of what
 * integers it had. */
AeModel *ae_model_new_int8 (const AeModel * model, AeInt8 * int8)
    G_GNUC_WARN_UNUSED_RESULT;

/**
 * ae_model_load:
 * @path: a safetensors file as docs/model-file.md describes
 *
 * Trusts nothing in the file. Errors: every AE_ERROR; each message starts with
 * @path and says what was found and what was expected.
 *
 * Returns: (transfer full) (nullable): the model.
 */
AeModel *ae_model_load (const gchar * path, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/* The same from @size_bytes in memory; @where stands for the path in errors. */
AeModel *ae_model_load_bytes (const guint8 * bytes, gsize size_bytes,
    const gchar * where, GError ** error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ae_model_save:
 *
 * Writes a temporary file beside @path, syncs and renames it, and syncs the
 * directory: @path holds the old file or the new one, whatever happens.
 * Errors: AE_ERROR_IO.
 */
gboolean ae_model_save (const AeModel * model, const gchar * path,
    GError ** error);

/* Returns: (transfer full): the bytes that ae_model_save() writes. */
GByteArray *ae_model_to_bytes (const AeModel * model);

/* As ae_model_save(), with parameters rounded to the nearest F16, in half the
 * bytes. Errors: also AE_ERROR_LIMIT, naming a weight of more than 65504. */
gboolean ae_model_save_f16 (const AeModel * model, const gchar * path,
    GError ** error);

/* Returns: (transfer full): SHA-256, in hexadecimal, over the canonical
 * architecture text, the input shape and the tensors. */
gchar *ae_model_fingerprint (const AeModel * model);

/**
 * ae_model_find:
 * @name: a path (anything with a `/` or ending in .safetensors that exists),
 *   or a shipped model's name such as `denoise-video`
 *
 * Looks a name up in the directories of `AE_MODEL_PATH` (colon separated),
 * then in those given to ae_model_set_search_path().
 * Errors: AE_ERROR_NOT_FOUND with every place that was looked at.
 *
 * Returns: (transfer full) (nullable): a path.
 */
gchar *ae_model_find (const gchar * name, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/* The same for a file or folder @name that is shipped beside the models. */
gchar *ae_model_find_beside (const gchar * name, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/* @directories: (array zero-terminated=1): set once at start-up, before
 * ae_model_find() is used, by whoever knows where things are installed. */
void ae_model_set_search_path (const gchar * const *directories);

AeModel *ae_model_ref (AeModel * model);
void ae_model_unref (AeModel * model);  /* NULL is a no-op */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeModel, ae_model_unref)

G_END_DECLS
