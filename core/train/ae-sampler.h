/* Pictures from the prior of a variational autoencoder. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-model.h"

G_BEGIN_DECLS

/* In a row and a column of AE_PATTERN_GRID. */
#define AE_SAMPLER_COLUMNS 10
#define AE_SAMPLER_ROWS 6

/**
 * AePattern: the codes of successive frames.
 * @AE_PATTERN_RANDOM: each drawn anew
 * @AE_PATTERN_WALK: a smooth path without an end, that is everywhere as far from
 *   the middle as drawn codes are
 * @AE_PATTERN_INTERPOLATE: from one drawn code to the next
 * @AE_PATTERN_GRID: a montage of AE_SAMPLER_COLUMNS by AE_SAMPLER_ROWS walks; of
 *   a conditional model, one class a column
 */
typedef enum
{
  AE_PATTERN_RANDOM,
  AE_PATTERN_WALK,
  AE_PATTERN_INTERPOLATE,
  AE_PATTERN_GRID
} AePattern;

/**
 * AeSamplerConfig:
 * @temperature: standard deviation of the codes; 1 is that of the prior
 * @period: frames from one code, and class, to the next
 * @i_class: of a conditional model; negative: one after another
 */
typedef struct
{
  AePattern pattern;
  guint64 seed;
  float temperature;
  guint period;
  gint i_class;
} AeSamplerConfig;

typedef struct _AeSampler AeSampler;

/**
 * ae_sampler_new:
 * @where: what errors begin with
 *
 * Errors: AE_ERROR_UNSUPPORTED for a model without stochastic code, whose
 * decoder reads more than the code, or whose output is not one plane.
 */
AeSampler *ae_sampler_new (AeModel * model, const gchar * where,
    GError ** error) G_GNUC_WARN_UNUSED_RESULT;

void ae_sampler_free (AeSampler * sampler);     /* NULL is a no-op */

/* The size of a frame: that of the model's input; 64x64 or what comes next of a
 * model for any size. */
void ae_sampler_size (const AeSampler * sampler, AePattern pattern,
    guint * width, guint * height);

/**
 * ae_sampler_draw:
 * @picture: rows of floats without gaps, of ae_sampler_size()
 *
 * The same frame of the same configuration is the same picture, whatever was
 * drawn before.
 */
void ae_sampler_draw (AeSampler * sampler, const AeSamplerConfig * config,
    guint64 i_frame, float *picture);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeSampler, ae_sampler_free)

G_END_DECLS
