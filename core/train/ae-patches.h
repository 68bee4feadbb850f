/* Patches of pictures to train on. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-material.h"
#include "ae-objective.h"

G_BEGIN_DECLS

/**
 * AePatches: what to learn from patches.
 * @shape: of a patch; for colorize 3 channels, else those of the model
 * @n_given: channels that the model is given
 * @rehearsal: of temporal: share of the samples that are pictures that the stream
 *   does not show, and count nowhere, so that AeTrainerConfig.anchor tells what
 *   becomes of them (rehearsal; Robins, 1995). Unless it is 0, the material has
 *   them to remember as well
 */
typedef struct
{
  AeShape shape;
  AeObjective objective;
  guint n_given;
  float rehearsal;
} AePatches;

/* Returns: @patches as a material, of which they are the data. */
AeMaterial ae_patches_material (AePatches * patches);

/* Copies @patch to @piece. */
void ae_patches_pack (const AePatches * patches, const AePatch * patch,
    float *piece);

G_END_DECLS
