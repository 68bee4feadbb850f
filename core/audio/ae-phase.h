/* Sound of magnitudes alone. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-stft.h"

G_BEGIN_DECLS

/**
 * AePhase: one stream; a plain struct, zero to begin with. A frame gets the
 * phases that agree with what went before it and with themselves: real-time
 * iterative inversion of spectrograms (Beauregard, Zhu and Wyse 2005).
 */
typedef struct
{
  float overlap[AE_STFT_WINDOW];        /* what frames so far add to this one's
                                         * samples; the later half is 0 */
} AePhase;

/**
 * ae_phase_next:
 * @magnitudes: [%AE_STFT_BINS] of the next frame
 * @samples: (out): the %AE_STFT_HOP samples that the frame before and this one
 *   make: those of the first half of this frame
 */
void ae_phase_next (AePhase * phase, const float *magnitudes, float *samples);

G_END_DECLS
