/* A model as a codec: encoder, decoder, steps and tables. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-frame.h"
#include "ae-model.h"

G_BEGIN_DECLS

/* Keys of a model file's metadata; docs/model-file.md, section 12. */
#define AE_LATENT_KEY_STEPS "latent.steps"
#define AE_LATENT_KEY_SYMBOLS "latent.symbols"

#define AE_LATENT_MAX_STEP 1e9f
#define AE_LATENT_MIN_STEP 1e-9f

/* What the encoder reads and the decoder makes.
 * @AE_LAYOUT_LUMA: one plane, for Y, U and V each, all of the picture's size
 * @AE_LAYOUT_I420: six planes of half its size: Y of even rows and even columns,
 *   even and odd, odd and even, odd and odd; U; V
 * @AE_LAYOUT_SOUND: the features of a packet of sound */
typedef enum
{
  AE_LAYOUT_LUMA,
  AE_LAYOUT_I420,
  AE_LAYOUT_SOUND
} AeLayout;

#define AE_LAYOUT_I420_PLANES 6
#define AE_LAYOUT_SOUND_PLANES 322

/**
 * AeLatentModel: immutable, reference counted. Fields are for reading.
 */
typedef struct
{
  gatomicrefcount ref_count;
  AeModel *encoder, *decoder;   /* the parts, each a model of its own */
  AeSymbolModel *symbols;
  AeLayout layout;
  guint n_planes;               /* of latents, in all */
  guint scale_log2;             /* a latent stands for 2^this pixels a side */
  float *steps;                 /* [AE_SYMBOLS_N_GRADES][n_planes] */
  float *weights;               /* [n_planes]: what a step of 1 does to pixels;
                                 * 1 for sound; NULL where steps were given */
  guint8 fingerprint[AE_FRAME_FINGERPRINT_BYTES];
} AeLatentModel;

/**
 * ae_latent_model_new:
 * @model: of input 6x0x0 (AE_LAYOUT_I420) or 1x0x0 (AE_LAYOUT_LUMA), with a
 *   decoder that reads the code, and perhaps one channel of condition: the
 *   quality level of each latent / 9; or of 322x0x0 (AE_LAYOUT_SOUND), causal,
 *   without a condition
 *
 * Steps and tables come from the metadata. Without them the steps are such that
 * all latents' errors weigh the same in the picture, and the tables are
 * ae_symbol_model_new()'s.
 * Errors: AE_ERROR_UNSUPPORTED for other models, AE_ERROR_SHAPE, AE_ERROR_CORRUPT
 * and others for metadata.
 *
 * Returns: (transfer full) (nullable)
 */
AeLatentModel *ae_latent_model_new (const AeModel * model, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/* As ae_latent_model_new() of ae_model_load(); messages begin with @path. */
AeLatentModel *ae_latent_model_load (const gchar * path, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Errors: AE_ERROR_UNSUPPORTED for a model of pictures where one of sound is
 * needed, or the other way round. @layout: any of the kind that is needed */
gboolean ae_latent_model_check_layout (const AeLatentModel * model,
    AeLayout layout, GError ** error);

AeLatentModel *ae_latent_model_ref (AeLatentModel * model);
void ae_latent_model_unref (AeLatentModel * model);     /* NULL is a no-op */

static inline const float *
ae_latent_model_steps (const AeLatentModel * model, guint grade)
{
  return model->steps + (gsize) grade * model->n_planes;
}

/**
 * ae_latent_model_pack:
 * @symbols: (nullable): of as many planes as @model has latents
 * @steps: (nullable): [AE_SYMBOLS_N_LEVELS][n_planes], level 0 the coarsest
 *
 * Returns: (transfer full): @model with these in its metadata, in place of what
 *   was there.
 */
AeModel *ae_latent_model_pack (const AeModel * model,
    const AeSymbolModel * symbols, const float *steps)
    G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeLatentModel, ae_latent_model_unref)

G_END_DECLS
