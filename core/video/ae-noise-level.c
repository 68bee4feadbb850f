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
#include "levels.h"
#include "noise-block.h"

#include <math.h>
#include <string.h>

#define SIZE AE_NOISE_BLOCK_SIZE
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

typedef gboolean (*MeasureFunc) (const AeNoiseTables * tables,
    const float *in, gsize stride, AeNoiseBlock * block);

static const MeasureFunc measure_block[AE_N_CPU_LEVELS] =
AE_OF_LEVELS (ae_noise_block_measure);

static const AeNoiseTables *
get_tables (void)
{
  static AeNoiseTables tables;
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
    tables.middle_scale = 255.0f * 255.0f / N_MIDDLE;
    tables.high_scale = 255.0f * 255.0f / N_HIGH;
    g_once_init_leave (&done, 1);
  }
  return &tables;
}

static guint
measure_blocks (const float *plane, guint width, guint height, gsize stride,
    AeNoiseBlock * blocks, guint * n_looked_at)
{
  const AeNoiseTables *tables = get_tables ();
  const MeasureFunc measure = measure_block[ae_cpu_level ()];
  const guint n_across = width / SIZE;
  const guint64 n_all = (guint64) n_across * (height / SIZE);
  guint n = 0;

  *n_looked_at = (guint) MIN (n_all, MAX_BLOCKS);
  for (guint i = 0; i < *n_looked_at; i++) {
    const guint64 position = i * n_all / *n_looked_at;
    const gsize y = position / n_across * SIZE, x = position % n_across * SIZE;

    if (measure (tables, plane + y * stride + x, stride, &blocks[n]))
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
sort_by_middle (const AeNoiseBlock * blocks, guint n, guint16 * order)
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
brightness (const AeNoiseBlock * block)
{
  return (guint) (CLAMP (block->mean, 0.0f, 1.0f) * 255.0f);
}

/* Fills @bands, by brightness, so that each band has about as many blocks, and
 * @counts with how many. */
static void
divide_by_brightness (const AeNoiseBlock * blocks, guint n, guint8 * bands,
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
sum_add (Sum * sum, const AeNoiseBlock * block)
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
   * in the share. Under 1 % off in the variance up to
   * %AE_NOISE_BLOCK_MAX_CLIPPED. */
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
  AeNoiseBlock blocks[MAX_BLOCKS];
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
    const AeNoiseBlock *block = &blocks[order[i]];
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
