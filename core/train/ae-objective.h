/* What a model learns from a patch without labels. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-corruption.h"
#include "ae-trainer.h"

G_BEGIN_DECLS
/**
 * AeObjectiveKind: from a patch to an input and a target.
 * @AE_OBJECTIVE_RECONSTRUCT: the patch from itself
 * @AE_OBJECTIVE_DENOISE: the patch from a corrupted copy (Vincent et al. 2008)
 * @AE_OBJECTIVE_COLORIZE: the other channels from the first: chroma from luma
 *   in a patch of Y', Cb, Cr (Zhang, Isola and Efros 2016)
 */
    typedef enum
{
  AE_OBJECTIVE_RECONSTRUCT,
  AE_OBJECTIVE_DENOISE,
  AE_OBJECTIVE_COLORIZE,
  AE_N_OBJECTIVES
} AeObjectiveKind;

/* Returns: (transfer none): `reconstruct`, `denoise`, `colorize`. */
const gchar *ae_objective_name (AeObjectiveKind kind);

/**
 * AeObjective:
 * @corruption: of AE_OBJECTIVE_DENOISE
 * @level_min, @level_max: its level is drawn evenly between them
 */
typedef struct
{
  AeObjectiveKind kind;
  AeCorruptionKind corruption;
  float level_min, level_max;
} AeObjective;

/* Fills input and target of @sample from @patch [c][h][w] of shape @shape; for
 * colorize, the model takes 1 and gives c - 1 channels, else both have c. */
void ae_objective_fill (const AeObjective * objective, const AeShape * shape,
    const float *patch, AeRng * rng, AeSample * sample);

G_END_DECLS
