/* How noisy is this picture? SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * White noise has the same power in every coefficient of an orthonormal
 * transform, and the detail of pictures fades towards high frequencies. So the
 * noise is read from the highest frequencies of 8x8 blocks, and from those
 * blocks only that have the least power in the middle frequencies, where
 * detail would show (as in Ponomarenko et al. 2007). The choice looks at other
 * coefficients than the measurement does, thus it does not bias it.
 *
 * Camera noise grows with brightness. Therefore blocks are chosen, and noise is
 * measured, in bands of brightness of their own.
 */
#include "ae-noise-level.h"

#include <math.h>
#include <string.h>

#define SIZE 8
#define MAX_BLOCKS 2048         /* looked at, evenly spread over the picture */
#define MIN_BLOCKS 16           /* usable, to say anything */

/* Frequencies are u + v of the coefficient (u, v). */
#define MIDDLE_FROM 4
#define HIGH_FROM 10
#define N_HIGH 15
#define N_MIDDLE 39

#define N_BANDS 6
#define CHOSEN_SHARE 0.1f       /* of the blocks of a band */
#define MIN_CHOSEN 16

/* More clipped samples than this, and the block does not show its noise. */
#define MAX_CLIPPED 0.25f
/* Less than this share of blocks that vary: a flat picture with some marks. */
#define MIN_VARYING_SHARE 0.03f

/* In blocks of detail, high frequencies hold about this share of the power that
 * the middle ones have beyond the noise. */
#define DETAIL_SHARE 0.2f
/* A band has at most this many times the variance of the smoothest blocks: more
 * than cameras do, less than detail does. */
#define MAX_BAND_RATIO 6.0f

/* The variance of rounding to 8 bits. */
#define ROUNDING (1.0f / 12.0f)

typedef struct
{
  float mean;
  float clipped;                /* share of the samples */
  float middle;                 /* mean power of a coefficient, 8-bit scale */
  float high;
} Block;

/* basis[i][u]: cosine u of the orthonormal DCT at sample i */
typedef struct
{
  float basis[SIZE][SIZE];
  float is_middle[SIZE][SIZE];
  float is_high[SIZE][SIZE];
} Tables;

static const Tables *
get_tables (void)
{
  static Tables tables;
  static gsize done = 0;

  if (g_once_init_enter (&done)) {
    for (gint i = 0; i < SIZE; i++) {
      for (gint u = 0; u < SIZE; u++) {
        const double scale = u == 0 ? sqrt (1.0 / SIZE) : sqrt (2.0 / SIZE);

        tables.basis[i][u] =
            (float) (scale * cos (G_PI * (2 * i + 1) * u / (2.0 * SIZE)));
        tables.is_high[i][u] = i + u >= HIGH_FROM ? 1.0f : 0.0f;
        tables.is_middle[i][u] =
            i + u >= MIDDLE_FROM && i + u < HIGH_FROM ? 1.0f : 0.0f;
      }
    }
    g_once_init_leave (&done, 1);
  }
  return &tables;
}

/* in [SIZE][SIZE], rows @stride apart -> out [u][v] */
static void
transform (const Tables * tables, const float *in, gsize stride,
    float out[SIZE][SIZE])
{
  for (guint u = 0; u < SIZE; u++) {
    float row[SIZE] = { 0 }, sum[SIZE] = { 0 };

    for (guint y = 0; y < SIZE; y++) {
      const float factor = tables->basis[y][u];

      for (guint x = 0; x < SIZE; x++)
        row[x] += factor * in[y * stride + x];
    }
    for (guint x = 0; x < SIZE; x++) {
      const float sample = row[x];

      for (guint v = 0; v < SIZE; v++)
        sum[v] += sample * tables->basis[x][v];
    }
    memcpy (out[u], sum, sizeof sum);
  }
}

static float
sum_of (const float *lanes)
{
  float sum = 0.0f;

  for (guint i = 0; i < SIZE; i++)
    sum += lanes[i];
  return sum;
}

/* Returns: the share of samples at the ends of the range, or 1 where all samples
 * are equal: neither shows noise. */
static float
clipped_share (const float *in, gsize stride)
{
  const float low = 0.5f / 255.0f, high = 254.5f / 255.0f;
  float clipped[SIZE] = { 0 }, differing[SIZE] = { 0 };

  for (guint y = 0; y < SIZE; y++) {
    for (guint x = 0; x < SIZE; x++) {
      const float sample = in[y * stride + x];

      clipped[x] += sample < low ? 1.0f : 0.0f;
      clipped[x] += sample > high ? 1.0f : 0.0f;
      differing[x] += sample != in[0] ? 1.0f : 0.0f;
    }
  }
  return sum_of (differing) > 0.0f ? sum_of (clipped) / (SIZE * SIZE) : 1.0f;
}

/* Returns: %FALSE where the block does not show its noise. */
static gboolean
measure_block (const Tables * tables, const float *in, gsize stride,
    Block * block)
{
  float out[SIZE][SIZE], middle[SIZE] = { 0 }, high[SIZE] = { 0 };

  block->clipped = clipped_share (in, stride);
  if (block->clipped > MAX_CLIPPED)
    return FALSE;
  transform (tables, in, stride, out);
  for (guint u = 0; u < SIZE; u++) {
    for (guint v = 0; v < SIZE; v++) {
      const float power = out[u][v] * out[u][v];

      middle[v] += tables->is_middle[u][v] * power;
      high[v] += tables->is_high[u][v] * power;
    }
  }
  block->mean = out[0][0] / SIZE;
  block->middle = sum_of (middle) * (255.0f * 255.0f / N_MIDDLE);
  block->high = sum_of (high) * (255.0f * 255.0f / N_HIGH);
  return isfinite (block->middle) && isfinite (block->high);
}

static guint
measure_blocks (const float *plane, guint width, guint height, gsize stride,
    Block * blocks, guint * n_looked_at)
{
  const Tables *tables = get_tables ();
  const guint n_across = width / SIZE;
  const guint64 n_all = (guint64) n_across * (height / SIZE);
  guint n = 0;

  *n_looked_at = (guint) MIN (n_all, MAX_BLOCKS);
  for (guint i = 0; i < *n_looked_at; i++) {
    const guint64 position = i * n_all / *n_looked_at;
    const gsize y = position / n_across * SIZE, x = position % n_across * SIZE;

    if (measure_block (tables, plane + y * stride + x, stride, &blocks[n]))
      n++;
  }
  return n;
}

/* The bits of positive floats have the order of the floats. */
#define KEY_SHIFT 18
#define N_KEYS (1u << (31 - KEY_SHIFT))

static guint
energy_key (float energy)
{
  guint32 bits;

  memcpy (&bits, &energy, sizeof bits);
  return bits >> KEY_SHIFT;
}

/* Fills @order with the indices of @blocks from the least power in the middle
 * frequencies on, in steps of 3 %: a counting sort. */
static void
sort_by_middle (const Block * blocks, guint n, guint16 * order)
{
  guint16 ends[N_KEYS] = { 0 };

  for (guint i = 0; i < n; i++)
    ends[energy_key (blocks[i].middle)]++;
  for (guint key = 1; key < N_KEYS; key++)
    ends[key] = (guint16) (ends[key] + ends[key - 1]);
  for (guint i = n; i-- > 0;)
    order[--ends[energy_key (blocks[i].middle)]] = (guint16) i;
}

static guint
brightness (const Block * block)
{
  return (guint) (CLAMP (block->mean, 0.0f, 1.0f) * 255.0f);
}

/* Fills @bands, by brightness, so that each band has about as many blocks, and
 * @counts with how many. */
static void
divide_by_brightness (const Block * blocks, guint n, guint8 * bands,
    guint * counts)
{
  guint histogram[256] = { 0 }, below = 0;

  memset (counts, 0, N_BANDS * sizeof *counts);
  for (guint i = 0; i < n; i++)
    histogram[brightness (&blocks[i])]++;
  for (guint level = 0; level < 256; level++) {
    const guint band = MIN (below * N_BANDS / n, N_BANDS - 1);

    bands[level] = (guint8) band;
    counts[band] += histogram[level];
    below += histogram[level];
  }
}

typedef struct
{
  guint n;
  float clipped, middle, high;
} Sum;

static void
sum_add (Sum * sum, const Block * block)
{
  sum->n++;
  sum->clipped += block->clipped;
  sum->middle += block->middle;
  sum->high += block->high;
}

/* Returns: the variance of the noise of the blocks in @sum. */
static float
sum_variance (const Sum * sum)
{
  const float scale = 1.0f / (float) sum->n;
  const float clipped = sum->clipped * scale;
  const float middle = sum->middle * scale;
  const float high = sum->high * scale;
  const float detail = DETAIL_SHARE * MAX (middle - high, 0.0f);
  /* Of a normal distribution cut at one end; the exact term has no closed form
   * in the share. Under 1 % off in the variance up to %MAX_CLIPPED. */
  const float kept = 1.0f - 1.7f * clipped + 1.6f * clipped * clipped;

  return MAX (high / kept - detail - ROUNDING, 0.0f);
}

static guint
n_to_choose (guint n)
{
  return MAX ((guint) (CHOSEN_SHARE * (float) n), MIN (n, MIN_CHOSEN));
}

float
ae_noise_level_estimate (const float *plane, guint width, guint height,
    gsize stride)
{
  Block blocks[MAX_BLOCKS];
  guint16 order[MAX_BLOCKS];
  guint8 bands[256];
  guint counts[N_BANDS], n_looked_at, n;
  Sum all = { 0 }, sums[N_BANDS] = { {0} };
  float variance = 0.0f, limit;

  g_return_val_if_fail (plane != NULL, 0.0f);

  n = measure_blocks (plane, width, height, stride, blocks, &n_looked_at);
  if (n < MIN_BLOCKS || (float) n < MIN_VARYING_SHARE * (float) n_looked_at)
    return 0.0f;

  sort_by_middle (blocks, n, order);
  divide_by_brightness (blocks, n, bands, counts);
  for (guint i = 0; i < n; i++) {
    const Block *block = &blocks[order[i]];
    const guint band = bands[brightness (block)];

    if (all.n < n_to_choose (n))
      sum_add (&all, block);
    if (sums[band].n < n_to_choose (counts[band]))
      sum_add (&sums[band], block);
  }

  limit = MAX_BAND_RATIO * sum_variance (&all);
  for (guint band = 0; band < N_BANDS; band++) {
    if (counts[band] > 0)
      variance +=
          MIN (sum_variance (&sums[band]), limit) * (float) counts[band];
  }
  return sqrtf (variance / (float) n);
}
