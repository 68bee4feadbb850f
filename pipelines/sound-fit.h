/* Fitting the context model to a sound codec's weights, and judging both. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-latent-model.h"
#include "latent-source.h"
#include "sound-set.h"

G_BEGIN_DECLS

/**
 * ae_sound_fit:
 * @steps: [AE_SYMBOLS_N_LEVELS][n_planes]
 * @symbols: (inout): with a set for each level; its tables become those for
 *   packets, which have no neighbours; docs/bitstream.md, section 13.3
 *
 * Errors: those of ae_latent_parts_init().
 */
gboolean ae_sound_fit (const AeModel * model, const float *steps,
    AeSymbolModel * symbols, const AeLatentSource * source, guint64 seed,
    GError ** error);

/**
 * AeSoundPoint: what speech is coded to at one level; sums over recordings.
 */
typedef struct
{
  double seconds, bits;         /* of whole frames, of five packets each */
  double stoi, estoi, lsd_db;
  guint n;
} AeSoundPoint;

/* Codes and decodes @sound at each level, and adds what came of it. What is too
 * short to be judged is left out. Errors: those of the encoder and the decoder. */
gboolean ae_sound_judge (AeLatentModel * model, const AeSound * sound,
    AeSoundPoint points[AE_SYMBOLS_N_LEVELS], GError ** error);

G_END_DECLS
