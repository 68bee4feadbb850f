/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "ae-error.h"
#include "ae-latent-private.h"

/* The chroma of I420 has half the size. */
#define N_COLOURS 3

/* Parameters and integers of layers @first to @first + the part's own. */
static void
copy_layers (const AeModel * model, guint first, AeArchitecture * part,
    float *data, AeInt8 * int8)
{
  for (guint i = 0; i < part->n_layers; i++) {
    const AeLayer *from = &model->architecture->layers[first + i];
    const AeLayer *to = &part->layers[i];

    for (guint j = 0; j < AE_N_PARAMS; j++)
      memcpy (data + to->params[j].offset,
          model->weights->data + from->params[j].offset,
          ae_param_n_stored (&to->params[j]) * sizeof *data);
    if (int8 && model->int8->layers[first + i].weights) {
      const AeInt8Layer *old = &model->int8->layers[first + i];
      AeInt8Layer *layer = ae_int8_add_layer (int8, part, i);

      memcpy (layer->weights, old->weights, to->params[AE_PARAM_WEIGHT].size);
      memcpy (layer->scale, old->scale, to->out.c * sizeof *old->scale);
      memcpy (layer->step, old->step, to->in.c * sizeof *old->step);
      layer->zero = old->zero;
    }
  }
}

/* Layers @first and on as @text has them, which read @input. */
static AeModel *
take_part (const AeModel * model, const gchar * text, const AeShape * input,
    guint first, GError ** error)
{
  g_autoptr (AeArchitecture) part = ae_architecture_parse (text, input, error);
  g_autoptr (AeWeights) weights = NULL;
  g_autoptr (AeInt8) int8 = NULL;
  g_autoptr (AeModel) floats = NULL;
  float *data;

  if (part == NULL)
    return NULL;
  data = ae_aligned_try_alloc0 (MAX (part->n_weights, 1) * sizeof *data);
  if (data == NULL) {
    g_set_error (error, AE_ERROR, AE_ERROR_LIMIT,
        "no memory for %" G_GSIZE_FORMAT " weights", part->n_weights);
    return NULL;
  }
  int8 = model->int8 ? ae_int8_new (part) : NULL;
  copy_layers (model, first, part, data, int8);
  weights = ae_weights_new_take (data, part->n_weights, error);
  if (weights == NULL) {
    ae_aligned_free (data);
    return NULL;
  }
  floats = ae_model_new (part, weights, NULL, error);
  if (floats == NULL || int8 == NULL)
    return g_steal_pointer (&floats);
  return ae_model_new_int8 (floats, int8);
}

static gboolean
split (AeLatentModel * self, const AeModel * model, GError ** error)
{
  const AeArchitecture *whole = model->architecture;
  g_auto (GStrv) texts = g_strsplit (whole->text, " | ", 2);
  AeShape code = whole->layers[whole->n_encoder - 1].out;

  code.h = code.w = 0;
  self->encoder = take_part (model, texts[0], &whole->input, 0, error);
  if (self->encoder)
    self->decoder = take_part (model, texts[1], &code, whole->n_encoder, error);
  return self->decoder != NULL;
}

/* Returns: how many samples a side a latent stands for; 0 if that is no power
 * of two, or the decoder does not undo it. */
static guint
find_scale (const AeArchitecture * whole)
{
  guint h = whole->multiple, w = h, scale = 0;

  for (guint i = 0; i < whole->n_layers; i++) {
    if (!ae_layer_out_size (&whole->layers[i], h, w, &h, &w))
      return 0;
    if (i == whole->n_encoder - 1)
      scale = h > 0 && whole->multiple % h == 0 ? whole->multiple / h : 0;
  }
  return h == whole->multiple && (scale & (scale - 1)) == 0 ? scale : 0;
}

/* Returns: whether the condition, if there is one, is the decoder's alone. */
static gboolean
encodes_alone (const AeArchitecture * whole)
{
  for (guint i = 0; i < whole->n_encoder; i++) {
    const gchar *name = whole->layers[i].ops->name;

    if (strcmp (name, "given") == 0 || strcmp (name, "modulate") == 0)
      return FALSE;
  }
  return TRUE;
}

static gboolean
check (AeLatentModel * self, const AeModel * model, GError ** error)
{
  const AeArchitecture *a = model->architecture;
  guint scale = 0, n_codes;

  if (a->input.h == 0 && a->input.w == 0 && a->n_given <= 1
      && encodes_alone (a) && ae_architecture_decodes_alone (a)
      && a->output.c == a->input.c && (a->input.c == 1
          || a->input.c == AE_LAYOUT_I420_PLANES
          || (a->input.c == AE_LAYOUT_SOUND_PLANES && a->n_given == 0)))
    scale = find_scale (a);
  if (scale == 0 || (a->input.c == AE_LAYOUT_SOUND_PLANES && scale != 1)) {
    g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED, "a model \"%s\" of "
        "input %ux%ux%u, expected one of 1x0x0 or 6x0x0 that divides sizes by a "
        "power of two, and whose decoder reads the code, and at most one "
        "channel of condition, and makes as many planes of the same size; or "
        "such a one of 322x0x0 that leaves sizes as they are",
        a->text, a->input.c, a->input.h, a->input.w);
    return FALSE;
  }
  self->layout = a->input.c == 1 ? AE_LAYOUT_LUMA
      : a->input.c == AE_LAYOUT_I420_PLANES ? AE_LAYOUT_I420 : AE_LAYOUT_SOUND;
  self->scale_log2 = (guint) g_bit_storage (scale) - 1;
  self->scale_log2 += self->layout == AE_LAYOUT_I420 ? 1 : 0;
  n_codes = a->layers[a->n_encoder - 1].out.c;
  self->n_planes = self->layout == AE_LAYOUT_LUMA ? N_COLOURS * n_codes
      : n_codes;
  if (self->n_planes <= AE_LATENTS_MAX_PLANES
      && self->scale_log2 <= AE_FRAME_MAX_SCALE_LOG2)
    return TRUE;
  g_set_error (error, AE_ERROR, AE_ERROR_LIMIT, "a model with %u planes of "
      "latents at 1/%u, expected at most %u and 1/%u", self->n_planes,
      1u << self->scale_log2, AE_LATENTS_MAX_PLANES,
      1u << AE_FRAME_MAX_SCALE_LOG2);
  return FALSE;
}

/* Returns: (transfer full) (nullable): the bytes of @key; NULL without it. */
static GBytes *
metadata_bytes (const AeModel * model, const gchar * key)
{
  const gchar *text = g_hash_table_lookup (model->metadata, key);
  guchar *bytes;
  gsize n;

  if (text == NULL)
    return NULL;
  bytes = g_base64_decode (text, &n);
  return g_bytes_new_take (bytes, n);
}

static gboolean
load_symbols (AeLatentModel * self, GBytes * bytes, GError ** error)
{
  gsize n;
  const guint8 *data = bytes ? g_bytes_get_data (bytes, &n) : NULL;

  self->symbols = bytes == NULL ? ae_symbol_model_new (self->n_planes)
      : ae_symbol_model_from_bytes (data, n, error);
  if (self->symbols == NULL)
    return FALSE;
  if (self->symbols->n_planes == self->n_planes)
    return TRUE;
  g_set_error (error, AE_ERROR, AE_ERROR_SHAPE, "%s of %u planes, the model has"
      " %u", AE_LATENT_KEY_SYMBOLS, self->symbols->n_planes, self->n_planes);
  return FALSE;
}

static gboolean
measure_weights (AeLatentModel * self, GError ** error)
{
  guint n_codes = self->encoder->architecture->output.c;

  self->weights = g_new (float, self->n_planes);
  if (self->layout == AE_LAYOUT_SOUND) {
    for (guint p = 0; p < self->n_planes; p++)
      self->weights[p] = 1.0f;
    return TRUE;
  }
  if (!ae_latent_measure_weights (self->encoder, self->decoder,
          ae_latent_input_scale (self->layout, self->scale_log2),
          self->weights, error))
    return FALSE;
  for (guint p = n_codes; p < self->n_planes; p++)
    self->weights[p] = self->weights[p - n_codes];
  return TRUE;
}

static gboolean
load_steps (AeLatentModel * self, GBytes * bytes, GError ** error)
{
  gsize n_bytes, n = AE_SYMBOLS_N_LEVELS * self->n_planes;
  const guint8 *data = bytes ? g_bytes_get_data (bytes, &n_bytes) : NULL;
  g_autofree float *levels = NULL;

  if (bytes == NULL) {
    if (!measure_weights (self, error))
      return FALSE;
    ae_latent_fill_steps (self, NULL);
    return TRUE;
  }
  if (n_bytes != n * sizeof *levels) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE, "%s of %" G_GSIZE_FORMAT
        " bytes, expected %" G_GSIZE_FORMAT, AE_LATENT_KEY_STEPS, n_bytes,
        n * sizeof *levels);
    return FALSE;
  }
  levels = g_new (float, n);
  for (gsize i = 0; i < n; i++) {
    guint32 bits;

    memcpy (&bits, data + i * sizeof bits, sizeof bits);
    bits = GUINT32_FROM_LE (bits);
    memcpy (&levels[i], &bits, sizeof bits);
    if (!(levels[i] >= AE_LATENT_MIN_STEP && levels[i] <= AE_LATENT_MAX_STEP)) {
      g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
          "%s: step %" G_GSIZE_FORMAT " is %g, expected %g to %g",
          AE_LATENT_KEY_STEPS, i, (double) levels[i],
          (double) AE_LATENT_MIN_STEP, (double) AE_LATENT_MAX_STEP);
      return FALSE;
    }
  }
  ae_latent_fill_steps (self, levels);
  return TRUE;
}

/* docs/bitstream.md, section 10. */
static void
take_fingerprint (AeLatentModel * self, const AeModel * model, GBytes * steps)
{
  g_autofree gchar *weights = ae_model_fingerprint (model);
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GBytes) symbols = ae_symbol_model_to_bytes (self->symbols);
  guint8 digest[32];
  gsize n = sizeof digest;

  g_checksum_update (checksum, (const guchar *) weights, -1);
  g_checksum_update (checksum, (const guchar *) "\n", 1);
  g_checksum_update (checksum, g_bytes_get_data (symbols, NULL),
      (gssize) g_bytes_get_size (symbols));
  if (steps)
    g_checksum_update (checksum, g_bytes_get_data (steps, NULL),
        (gssize) g_bytes_get_size (steps));
  g_checksum_get_digest (checksum, digest, &n);
  memcpy (self->fingerprint, digest, sizeof self->fingerprint);
}

AeLatentModel *
ae_latent_model_new (const AeModel * model, GError ** error)
{
  g_autoptr (AeLatentModel) self = g_new0 (AeLatentModel, 1);
  g_autoptr (GBytes) steps = metadata_bytes (model, AE_LATENT_KEY_STEPS);
  g_autoptr (GBytes) symbols = metadata_bytes (model, AE_LATENT_KEY_SYMBOLS);

  g_atomic_ref_count_init (&self->ref_count);
  if (!check (self, model, error) || !split (self, model, error)
      || !load_symbols (self, symbols, error)
      || !load_steps (self, steps, error))
    return NULL;
  take_fingerprint (self, model, steps);
  return g_steal_pointer (&self);
}

AeLatentModel *
ae_latent_model_load (const gchar * path, GError ** error)
{
  g_autoptr (AeModel) model = ae_model_load (path, error);
  AeLatentModel *self;

  if (model == NULL)
    return NULL;
  self = ae_latent_model_new (model, error);
  if (self == NULL)
    g_prefix_error (error, "%s: ", path);
  return self;
}

gboolean
ae_latent_model_check_layout (const AeLatentModel * model, AeLayout layout,
    GError ** error)
{
  gboolean is_sound = model->layout == AE_LAYOUT_SOUND;

  if (is_sound == (layout == AE_LAYOUT_SOUND))
    return TRUE;
  g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
      "a model that codes %s, expected one that codes %s",
      is_sound ? "sound" : "pictures", is_sound ? "pictures" : "sound");
  return FALSE;
}

AeLatentModel *
ae_latent_model_ref (AeLatentModel * model)
{
  g_atomic_ref_count_inc (&model->ref_count);
  return model;
}

void
ae_latent_model_unref (AeLatentModel * model)
{
  if (model == NULL || !g_atomic_ref_count_dec (&model->ref_count))
    return;
  ae_model_unref (model->encoder);
  ae_model_unref (model->decoder);
  ae_symbol_model_free (model->symbols);
  g_free (model->steps);
  g_free (model->weights);
  g_free (model);
}

/* Returns: (transfer full): base64 of the numbers, little-endian. */
static gchar *
steps_text (const float *steps, gsize n)
{
  g_autofree guint32 *bits = g_new (guint32, n);

  memcpy (bits, steps, n * sizeof *bits);
  for (gsize i = 0; i < n; i++)
    bits[i] = GUINT32_TO_LE (bits[i]);
  return g_base64_encode ((const guchar *) bits, n * sizeof *bits);
}

AeModel *
ae_latent_model_pack (const AeModel * model, const AeSymbolModel * symbols,
    const float *steps)
{
  const AeArchitecture *a = model->architecture;
  gsize n = (a->input.c == 1 ? N_COLOURS : 1)
      * a->layers[a->n_encoder - 1].out.c;
  AeModel *packed = ae_model_new (model->architecture, model->weights,
      model->metadata, NULL);

  g_return_val_if_fail (symbols == NULL || symbols->n_planes == n, packed);
  packed->int8 = model->int8 ? ae_int8_ref (model->int8) : NULL;
  g_hash_table_remove (packed->metadata, AE_LATENT_KEY_SYMBOLS);
  g_hash_table_remove (packed->metadata, AE_LATENT_KEY_STEPS);
  if (symbols) {
    g_autoptr (GBytes) bytes = ae_symbol_model_to_bytes (symbols);

    g_hash_table_insert (packed->metadata, g_strdup (AE_LATENT_KEY_SYMBOLS),
        g_base64_encode (g_bytes_get_data (bytes, NULL),
            g_bytes_get_size (bytes)));
  }
  if (steps)
    g_hash_table_insert (packed->metadata, g_strdup (AE_LATENT_KEY_STEPS),
        steps_text (steps, AE_SYMBOLS_N_LEVELS * n));
  return packed;
}
