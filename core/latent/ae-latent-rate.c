/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-latent-rate.h"

#include <math.h>

/* The grade that the first frame is tried with. */
#define FIRST_GRADE 32

/* So many grades double the bits, about. */
#define GRADES_PER_OCTAVE 16.0

/* The first key frame may take what so many seconds have, a later one a little
 * more before its quality falls. */
#define FIRST_KEY_SECONDS 0.3
#define KEY_SECONDS 0.5

/* What was spent too much is saved within this time, and no more than this is
 * saved for later. */
#define PAYBACK_SECONDS 0.5
#define SAVED_SECONDS 0.3

/* Quality changes by no more from frame to frame, unless a frame is far off. */
#define MAX_RISE 4.0
#define MAX_FALL 12.0

#define MAX_TRIES 4

static double
mean_bits (const AeLatentRate * rate)
{
  return rate->bits_a_second / rate->frames_a_second;
}

/* What the frame in work should take. */
static double
wanted_bits (const AeLatentRate * rate)
{
  double mean = mean_bits (rate);
  double payback = rate->debt_bits
      / MAX (PAYBACK_SECONDS * rate->frames_a_second, 1);

  return CLAMP (mean - payback, 0.2 * mean, 3 * mean);
}

static guint
move_grade (guint grade, double octaves, double max_fall, double max_rise)
{
  double moved = (double) grade
      + CLAMP (GRADES_PER_OCTAVE * octaves, -max_fall, max_rise);

  return (guint) CLAMP (lrint (moved), 0, AE_SYMBOLS_N_GRADES - 1);
}

guint
ae_latent_rate_begin (AeLatentRate * rate, gboolean is_key)
{
  rate->is_key = is_key;
  rate->n_tries = 0;
  if (!rate->has_keys)
    rate->grade = FIRST_GRADE;
  else if (!is_key && rate->frame_bits > 0)
    rate->grade = move_grade (rate->grade,
        log2 (wanted_bits (rate) / rate->frame_bits), MAX_FALL, MAX_RISE);
  return rate->grade;
}

gboolean
ae_latent_rate_try_again (AeLatentRate * rate, double size_bits)
{
  guint before = rate->grade;
  double goal = wanted_bits (rate), most = 2 * goal + mean_bits (rate);
  double least = 0;

  if (rate->is_key) {
    most = MAX (KEY_SECONDS * rate->bits_a_second, mean_bits (rate));
    goal = MAX (FIRST_KEY_SECONDS * rate->bits_a_second, mean_bits (rate));
    if (!rate->has_keys) {
      least = 0.7 * goal;
      most = 1.2 * goal;
    }
  }
  if (++rate->n_tries >= MAX_TRIES || (size_bits >= least && size_bits <= most))
    return FALSE;
  rate->grade = move_grade (rate->grade, log2 (goal / size_bits),
      AE_SYMBOLS_N_GRADES, AE_SYMBOLS_N_GRADES);
  return rate->grade != before;
}

void
ae_latent_rate_end (AeLatentRate * rate, double size_bits)
{
  rate->debt_bits = MAX (rate->debt_bits + size_bits - mean_bits (rate),
      -SAVED_SECONDS * rate->bits_a_second);
  if (rate->is_key)
    rate->has_keys = TRUE;
  else
    rate->frame_bits = rate->frame_bits > 0 ? 0.5 * (rate->frame_bits
        + size_bits) : size_bits;
}
