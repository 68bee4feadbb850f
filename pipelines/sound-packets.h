/* Speech as a codec's model sees it. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-sound-features.h"
#include "sound-set.h"

G_BEGIN_DECLS

/**
 * ae_sound_packets_draw:
 * @features: (out): [%AE_SOUND_FEATURES][@n_packets]
 *
 * Recordings of one voice, one after the other, as loud as speech may be.
 */
void ae_sound_packets_draw (const AeSoundSet * set, AeRng * rng,
    guint n_packets, float *features);

G_END_DECLS
