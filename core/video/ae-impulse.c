/* Takes salt and pepper out of a picture. SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether there is such noise is seen in blocks, evenly spread over the picture.
 * Both black and white impulses have to occur, and often: stars and print are no
 * noise.
 */
#include "ae-impulse.h"

#include <math.h>

#define SIZE 8
#define MAX_BLOCKS 2048         /* looked at */

/* A block of more clipped samples than this share does not tell. */
#define MAX_CLIPPED 0.25f
/* Impulses are this far from the mean of the other samples of the block, and this
 * many times their standard deviation; sought in blocks of less than that. */
#define DISTANCE 0.15f
#define DEVIATIONS 4.0f
#define MAX_DEVIATION 0.12f

#define MIN_SHARE 0.004f        /* of the samples, or it is no noise */
#define MIN_OF_EACH 0.1f        /* share of white ones, and of black ones */

/* So many of the 8 samples around at the same end: a bright or dark place. */
#define MAX_ALIKE 2
/* What is this near to its surroundings can stay. */
#define MIN_STEP 0.04f
#define MIN_AROUND 3            /* samples, to take the median of */

#define MAX_AROUND 24

typedef struct
{
  guint n_samples;              /* sought in */
  guint n_white, n_black;
} Count;

static gboolean
is_black (float sample)
{
  return sample < 0.5f / 255.0f;
}

static gboolean
is_white (float sample)
{
  return sample > 254.5f / 255.0f;
}

static gboolean
is_clipped (float sample)
{
  return is_black (sample) || is_white (sample);
}

/* Mean and standard deviation of those samples of a block that are not clipped;
 * returns how many are. */
static guint
mean_inside (const float *in, gsize stride, float *mean, float *deviation)
{
  float sum = 0.0f, squares = 0.0f;
  guint n = 0;

  for (guint y = 0; y < SIZE; y++) {
    for (guint x = 0; x < SIZE; x++) {
      const float sample = in[y * stride + x];

      if (!is_clipped (sample)) {
        n++;
        sum += sample;
        squares += sample * sample;
      }
    }
  }
  *mean = sum / (float) MAX (n, 1);
  *deviation = sqrtf (MAX (squares / (float) MAX (n, 1) - *mean * *mean, 0.0f));
  return SIZE * SIZE - n;
}

/* Whether no sample of the block beside, above or below is like this one. */
static gboolean
is_lone (const float *in, gsize stride, guint y, guint x)
{
  const float *at = in + y * stride + x;

  return (x == 0 || fabsf (at[-1] - *at) > DISTANCE)
      && (x == SIZE - 1 || fabsf (at[1] - *at) > DISTANCE)
      && (y == 0 || fabsf (*(at - stride) - *at) > DISTANCE)
      && (y == SIZE - 1 || fabsf (at[stride] - *at) > DISTANCE);
}

static void
count_block (const float *in, gsize stride, Count * count)
{
  float mean, deviation, distance;
  const guint n_clipped = mean_inside (in, stride, &mean, &deviation);

  if ((float) n_clipped > MAX_CLIPPED * SIZE * SIZE
      || !(deviation <= MAX_DEVIATION))
    return;
  count->n_samples += SIZE * SIZE;
  if (n_clipped == 0)
    return;
  distance = MAX (DISTANCE, DEVIATIONS * deviation);
  for (guint y = 0; y < SIZE; y++) {
    for (guint x = 0; x < SIZE; x++) {
      const float sample = in[y * stride + x];

      if (is_clipped (sample) && fabsf (sample - mean) >= distance
          && is_lone (in, stride, y, x))
        *(is_white (sample) ? &count->n_white : &count->n_black) += 1;
    }
  }
}

static gboolean
has_impulses (const float *plane, guint width, guint height, gsize stride)
{
  const guint n_across = width / SIZE;
  const guint64 n_all = (guint64) n_across * (height / SIZE);
  const guint n_looked_at = (guint) MIN (n_all, MAX_BLOCKS);
  Count count = { 0 };
  guint n;

  for (guint i = 0; i < n_looked_at; i++) {
    const guint64 position = i * n_all / n_looked_at;

    count_block (plane + position / n_across * SIZE * stride
        + position % n_across * SIZE, stride, &count);
  }
  n = count.n_white + count.n_black;
  return n > 0 && (float) n >= MIN_SHARE * (float) count.n_samples
      && (float) MIN (count.n_white, count.n_black) >= MIN_OF_EACH * (float) n;
}

static float
median (float *values, guint n)
{
  for (guint i = 1; i < n; i++) {
    const float value = values[i];
    guint j = i;

    for (; j > 0 && values[j - 1] > value; j--)
      values[j] = values[j - 1];
    values[j] = value;
  }
  return n % 2 == 1 ? values[n / 2]
      : 0.5f * (values[n / 2 - 1] + values[n / 2]);
}

typedef struct
{
  const float *plane;
  guint width, height;
  gsize stride;
} Picture;

/* Fills @around with the samples that are not clipped and at most @reach away.
 * Returns: how many; @n_alike: how many are at the end of the range where the
 * sample itself is. */
static guint
look_around (const Picture * picture, guint y, guint x, guint reach,
    float around[MAX_AROUND], guint * n_alike)
{
  const gboolean white = is_white (picture->plane[y * picture->stride + x]);
  const guint bottom = MIN (y + reach, picture->height - 1);
  const guint right = MIN (x + reach, picture->width - 1);
  guint n = 0;

  *n_alike = 0;
  for (guint j = y - MIN (y, reach); j <= bottom; j++) {
    for (guint i = x - MIN (x, reach); i <= right; i++) {
      const float sample = picture->plane[j * picture->stride + i];

      if (j == y && i == x)
        continue;
      if (!is_clipped (sample))
        around[n++] = sample;
      else if (is_white (sample) == white)
        *n_alike += 1;
    }
  }
  return n;
}

/* Returns: what to put at the clipped sample, which itself may be right. */
static float
mended (const Picture * picture, guint y, guint x)
{
  const float sample = picture->plane[y * picture->stride + x];
  float around[MAX_AROUND], middle;
  guint n_alike, n = look_around (picture, y, x, 1, around, &n_alike);

  if (n_alike > MAX_ALIKE)
    return sample;
  if (n < MIN_AROUND)
    n = look_around (picture, y, x, 2, around, &n_alike);
  if (n < MIN_AROUND)
    return sample;
  middle = median (around, n);
  return fabsf (middle - sample) < MIN_STEP ? sample : middle;
}

static void
note (AeImpulses * impulses, gsize at, float removed)
{
  if (impulses->n == impulses->n_allocated) {
    impulses->n_allocated = MAX (2 * impulses->n_allocated, 1024);
    impulses->at = g_renew (gsize, impulses->at, impulses->n_allocated);
    impulses->removed =
        g_renew (float, impulses->removed, impulses->n_allocated);
  }
  impulses->at[impulses->n] = at;
  impulses->removed[impulses->n++] = removed;
}

float
ae_impulses_mend (AeImpulses * impulses, float *plane, guint width,
    guint height, gsize stride)
{
  const Picture picture = { plane, width, height, stride };

  g_return_val_if_fail (impulses != NULL && plane != NULL, 0.0f);

  impulses->n = 0;
  if (!has_impulses (plane, width, height, stride))
    return 0.0f;
  for (guint y = 0; y < height; y++) {
    for (guint x = 0; x < width; x++) {
      const gsize at = y * stride + x;
      float after;

      if (!is_clipped (plane[at]))
        continue;
      after = mended (&picture, y, x);
      if (after != plane[at])
        note (impulses, at, plane[at] - after);
    }
  }
  /* only now, so that all are mended from what the picture was */
  ae_impulses_return (impulses, plane, -1.0f);
  return (float) impulses->n / ((float) width * (float) height);
}

void
ae_impulses_return (const AeImpulses * impulses, float *plane, float share)
{
  for (gsize i = 0; i < impulses->n; i++)
    plane[impulses->at[i]] += share * impulses->removed[i];
}

void
ae_impulses_clear (AeImpulses * impulses)
{
  g_clear_pointer (&impulses->at, g_free);
  g_clear_pointer (&impulses->removed, g_free);
  impulses->n = impulses->n_allocated = 0;
}
