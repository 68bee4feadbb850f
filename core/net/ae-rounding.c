/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-rounding.h"
#include "ae-gemm.h"

#include <math.h>
#include <string.h>

#define MAX_WEIGHTS 2304        /* of one output channel */
#define N_PLACES 256            /* in one call */
#define MAX_SWEEPS 30

/* The weights that one output sample is a sum of, for output channel 0. */
typedef struct
{
  guint n;
  gsize *weight;                /* where in the layer's weight */
  guint *channel;
  gint *dy, *dx;                /* of the input, from the place on */
  float *moments;               /* [n][n], sums over places */
} Set;

struct _AeRounding
{
  const AeLayer *layer;
  gsize out_step;               /* from one output channel's weight on */
  guint n_sets;                 /* deconv: of each phase, else 1 */
  Set *sets;
  guint64 n_places;
  float *places;                /* [N_PLACES][n] of one set */
};

static void
set_init (Set * set, guint n_max)
{
  set->weight = g_new (gsize, n_max);
  set->channel = g_new (guint, n_max);
  set->dy = g_new (gint, n_max);
  set->dx = g_new (gint, n_max);
}

static void
set_append (Set * set, gsize weight, guint channel, gint dy, gint dx)
{
  set->weight[set->n] = weight;
  set->channel[set->n] = channel;
  set->dy[set->n] = dy;
  set->dx[set->n] = dx;
  set->n++;
}

/* Output place S q + phase of a deconvolution reads input place q + d where
 * phase + pad - k = S d; a convolution reads S q + k - pad, and of its input
 * every place is like those. */
static void
fill_set (const AeLayer * layer, gboolean up, guint i_set, Set * set)
{
  guint k = layer->kernel, s = up ? layer->stride : 1;
  gint pad = (gint) (up ? ae_deconv_pad (layer) : ae_conv_pad (layer));
  gint phase_y = (gint) (i_set / s), phase_x = (gint) (i_set % s);

  for (guint c = 0; c < layer->in.c; c++) {
    for (guint ky = 0; ky < k; ky++) {
      for (guint kx = 0; kx < k; kx++) {
        gint dy = up ? phase_y + pad - (gint) ky : (gint) ky - pad;
        gint dx = up ? phase_x + pad - (gint) kx : (gint) kx - pad;
        gsize kernel = up ? (gsize) c * layer->out.c : c;

        if (dy % (gint) s == 0 && dx % (gint) s == 0)
          set_append (set, (kernel * k + ky) * k + kx, c, dy / (gint) s,
              dx / (gint) s);
      }
    }
  }
}

AeRounding *
ae_rounding_new (const AeLayer * layer)
{
  gboolean up = strcmp (layer->ops->name, "deconv") == 0;
  guint n = layer->kernel * layer->kernel, n_max = layer->in.c * n;
  AeRounding *self;

  if (n_max > MAX_WEIGHTS)
    return NULL;
  self = g_new0 (AeRounding, 1);
  self->layer = layer;
  self->out_step = up ? n : n_max;
  self->n_sets = up ? layer->stride * layer->stride : 1;
  self->sets = g_new0 (Set, self->n_sets);
  self->places = g_new (float, (gsize) N_PLACES * n_max);
  for (guint i = 0; i < self->n_sets; i++) {
    Set *set = &self->sets[i];

    set_init (set, n_max);
    fill_set (layer, up, i, set);
    set->moments = g_new0 (float, (gsize) set->n * set->n);
  }
  return self;
}

void
ae_rounding_free (AeRounding * self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->n_sets; i++) {
    g_free (self->sets[i].weight);
    g_free (self->sets[i].channel);
    g_free (self->sets[i].dy);
    g_free (self->sets[i].dx);
    g_free (self->sets[i].moments);
  }
  g_free (self->sets);
  g_free (self->places);
  g_free (self);
}

static guint
draw (AeRng * rng, guint n)
{
  return MIN ((guint) (ae_rng_uniform (rng) * (float) n), n - 1);
}

/* What @set reads around one place; outside of the picture are zeros. */
static void
gather (const Set * set, const AeTensor * in, AeRng * rng, float *out)
{
  gint y = (gint) draw (rng, in->h), x = (gint) draw (rng, in->w);
  guint sample = draw (rng, in->n);

  for (guint i = 0; i < set->n; i++) {
    guint at_y = (guint) (y + set->dy[i]), at_x = (guint) (x + set->dx[i]);

    out[i] = at_y < in->h && at_x < in->w
        ? ae_tensor_row (in, set->channel[i], at_y)[at_x * in->n + sample]
        : 0.0f;
  }
}

void
ae_rounding_add (AeRounding * self, const AeTensor * in, AeRng * rng)
{
  for (guint i = 0; i < self->n_sets; i++) {
    Set *set = &self->sets[i];

    if (set->n == 0)
      continue;
    for (guint j = 0; j < N_PLACES; j++)
      gather (set, in, rng, self->places + (gsize) j * set->n);
    ae_gemm (TRUE, FALSE, set->n, set->n, N_PLACES, 1.0f, self->places,
        set->n, self->places, set->n, 1.0f, set->moments, set->n);
  }
  self->n_places += N_PLACES;
}

/* @set's moments in steps of the input; what rounding of the input adds is on
 * the diagonal. */
static double *
moments_in_steps (const AeRounding * self, const Set * set, const float *step)
{
  double *h = g_new (double, (gsize) set->n * set->n);

  for (guint i = 0; i < set->n; i++) {
    for (guint j = 0; j < set->n; j++)
      h[(gsize) i * set->n + j] = (double) set->moments[(gsize) i * set->n + j]
          / (double) self->n_places / (double) step[set->channel[i]]
          / (double) step[set->channel[j]];
    h[(gsize) i * set->n + i] += 1.0 / 12.0;
  }
  return h;
}

/* One output channel. @gradient: H e. Returns: whether a weight changed. */
static gboolean
sweep (const Set * set, const double *h, gint8 * weights, double *gradient)
{
  gboolean changed = FALSE;

  for (guint i = 0; i < set->n; i++) {
    const double *row = h + (gsize) i * set->n;
    gint8 *weight = &weights[set->weight[i]];
    double best = CLAMP (rint (*weight - gradient[i] / row[i]), -127.0, 127.0);
    double change = best - *weight;

    if (fabs (change) < 0.5)
      continue;
    *weight = (gint8) best;
    changed = TRUE;
    for (guint j = 0; j < set->n; j++)
      gradient[j] += change * row[j];
  }
  return changed;
}

static void
improve_channel (const Set * set, const double *h, const float *exact,
    const float *step, float scale, gint8 * weights)
{
  g_autofree double *gradient = g_new0 (double, set->n);

  for (guint i = 0; i < set->n; i++) {
    gsize at = set->weight[i];
    double error = weights[at] - (double) exact[at]
        * (double) step[set->channel[i]] / (double) scale;

    for (guint j = 0; j < set->n; j++)
      gradient[j] += error * h[(gsize) i * set->n + j];
  }
  for (guint i = 0; i < MAX_SWEEPS && sweep (set, h, weights, gradient); i++);
}

void
ae_rounding_improve (const AeRounding * self, const float *weight,
    AeInt8Layer * int8)
{
  for (guint i = 0; i < self->n_sets; i++) {
    const Set *set = &self->sets[i];
    g_autofree double *h = moments_in_steps (self, set, int8->step);

    for (guint o = 0; o < self->layer->out.c; o++)
      improve_channel (set, h, weight + o * self->out_step, int8->step,
          int8->scale[o], int8->weights + o * self->out_step);
  }
}
