/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-phase.h"

#include <math.h>
#include <string.h>

/* More change next to nothing. */
#define N_ITERATIONS 5

#define NOTHING 1e-20f          /* power without a phase */

/* Gives @spectrum these magnitudes, its phases staying. */
static void
set_magnitudes (AeSpectrum * spectrum, const float *magnitudes)
{
  for (guint k = 0; k < AE_STFT_BINS; k++) {
    float re = spectrum->re[k], im = spectrum->im[k];
    float power = re * re + im * im;

    if (power > NOTHING) {
      float factor = magnitudes[k] / sqrtf (power);

      spectrum->re[k] = factor * re;
      spectrum->im[k] = factor * im;
    } else {
      spectrum->re[k] = magnitudes[k];
      spectrum->im[k] = 0.0f;
    }
  }
}

void
ae_phase_next (AePhase * phase, const float *magnitudes, float *samples)
{
  float sum[AE_STFT_WINDOW];

  memcpy (sum, phase->overlap, sizeof sum);
  for (guint i = 0; i <= N_ITERATIONS; i++) {
    AeSpectrum spectrum;

    ae_stft_analyse (sum, &spectrum);
    set_magnitudes (&spectrum, magnitudes);
    memcpy (sum, phase->overlap, sizeof sum);
    ae_stft_synthesise (&spectrum, sum);
  }
  memcpy (samples, sum, AE_STFT_HOP * sizeof *sum);
  memset (phase->overlap, 0, sizeof phase->overlap);
  memcpy (phase->overlap, sum + AE_STFT_HOP, AE_STFT_HOP * sizeof *sum);
}
