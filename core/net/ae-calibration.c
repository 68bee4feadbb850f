/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-calibration.h"
#include "ae-error.h"
#include "ae-rounding.h"

#include <math.h>
#include <string.h>

#define N_BINS 2048

/* A step is at least this part of the tensor's largest one, for channels that
 * the samples hardly woke. */
#define LEAST_STEP 0.02f

/* Where clipping may begin, as a part of the largest sample. */
#define N_CLIPS 40
#define LEAST_CLIP 0.3

/* Magnitudes of one channel's samples of one sign; bin i counts those from
 * i * width on. */
typedef struct
{
  double bins[N_BINS];
  float most;
  float width;                  /* a power of two; 0 at first */
} Histogram;

typedef struct
{
  Histogram above, below;       /* from 0 on, and below 0 */
} Channel;

typedef struct
{
  Channel *channels;            /* NULL: not a convolution for integers */
  AeRounding *rounding;         /* NULL: to the nearest */
  gboolean is_signed;
  gboolean is_finite;
} Input;

/* Bytes that may stand for 0 where samples are signed: a leak needs few below. */
static const guint8 zeros[] = { 8, 16, 24, 32, 48, 64, 96, 128 };

struct _AeCalibration
{
  AeArchitecture *architecture;
  Input *inputs;                /* of each layer */
  AeRng rng;
};

AeCalibration *
ae_calibration_new (AeArchitecture * architecture)
{
  AeCalibration *self = g_new0 (AeCalibration, 1);

  self->architecture = ae_architecture_ref (architecture);
  ae_rng_init (&self->rng, 1);
  self->inputs = g_new0 (Input, architecture->n_layers);
  for (guint i = 0; i < architecture->n_layers; i++) {
    const AeLayer *layer = &architecture->layers[i];

    self->inputs[i].is_finite = TRUE;
    if (ae_int8_suits (layer)) {
      self->inputs[i].channels = g_new0 (Channel, layer->in.c);
      self->inputs[i].rounding = ae_rounding_new (layer);
    }
  }
  return self;
}

void
ae_calibration_free (AeCalibration * self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->architecture->n_layers; i++) {
    g_free (self->inputs[i].channels);
    ae_rounding_free (self->inputs[i].rounding);
  }
  g_free (self->inputs);
  ae_architecture_unref (self->architecture);
  g_free (self);
}

/* Two bins become one until @most has its place. */
static void
widen (Histogram * histogram, float most)
{
  if (histogram->width == 0.0f) {
    int exponent;

    frexpf (most / N_BINS, &exponent);
    histogram->width = ldexpf (1.0f, exponent);
  }
  while (most >= histogram->width * N_BINS) {
    for (guint i = 0; i < N_BINS / 2; i++)
      histogram->bins[i] = histogram->bins[2 * i] + histogram->bins[2 * i + 1];
    memset (histogram->bins + N_BINS / 2, 0,
        N_BINS / 2 * sizeof *histogram->bins);
    histogram->width *= 2.0f;
  }
}

static void
make_room (Histogram * histogram, float most)
{
  histogram->most = MAX (histogram->most, most);
  if (most > 0.0f)
    widen (histogram, most);
}

static void
add_channel (Input * input, Channel * channel, const float *x, gsize n,
    const float *weights, guint n_samples)
{
  float most = 0.0f, least = 0.0f;

  for (gsize i = 0; i < n; i++) {
    input->is_finite &= isfinite (x[i]);
    most = MAX (most, x[i]);
    least = MIN (least, x[i]);
  }
  if (!input->is_finite)
    return;
  input->is_signed |= least < 0.0f;
  make_room (&channel->above, most);
  make_room (&channel->below, -least);
  for (gsize i = 0; i < n; i++) {
    Histogram *histogram = x[i] < 0.0f ? &channel->below : &channel->above;

    if (histogram->width > 0.0f)
      histogram->bins[(guint) (fabsf (x[i]) / histogram->width)] +=
          (double) weights[i % n_samples];
  }
}

void
ae_calibration_add (AeCalibration * self, const AeTape * tape,
    const float *weights)
{
  for (guint i = 0; i < self->architecture->n_layers; i++) {
    const AeTensor *in = ae_tape_input (tape, i);
    gsize n = (gsize) in->h * in->w * in->n;

    for (guint c = 0; c < in->c && self->inputs[i].channels; c++)
      add_channel (&self->inputs[i], &self->inputs[i].channels[c],
          in->data + c * n, n, weights, in->n);
    if (self->inputs[i].rounding)
      ae_rounding_add (self->inputs[i].rounding, in, &self->rng);
  }
}

/* The sum of squared errors of @n_steps steps, beyond which samples are clipped. */
static double
error_of (const Histogram * histogram, double step, guint n_steps)
{
  double clip = step * n_steps, sum = 0.0;

  for (guint i = 0; i < N_BINS && histogram->width > 0.0f; i++) {
    double x = (i + 0.5) * (double) histogram->width, over = x - clip;

    sum += histogram->bins[i] * (over > 0.0 ? over * over : step * step / 12.0);
  }
  return sum;
}

/* With @zero steps below 0 and the rest of 255 above; @error becomes the sum of
 * squared errors. */
static float
best_step (const Channel * channel, guint8 zero, double *error)
{
  const guint n_above = 255 - zero;
  double most = (double) channel->above.most / n_above, best = 0.0;

  if (zero > 0)
    most = MAX (most, (double) channel->below.most / zero);
  *error = G_MAXDOUBLE;
  for (guint i = 0; i <= N_CLIPS; i++) {
    double step = most * (LEAST_CLIP + (1.0 - LEAST_CLIP) * i / N_CLIPS);
    double sum = error_of (&channel->above, step, n_above)
        + error_of (&channel->below, step, zero);

    if (sum <= *error) {
      *error = sum;
      best = step;
    }
  }
  return (float) best;
}

/* By how much a squared error of input channel @c is off in the layer's output. */
static double
squared_weights (const AeLayer * layer, const float *weights, guint c)
{
  double sum = 0.0;

  for (guint o = 0; o < layer->out.c; o++) {
    const float *kernel = weights + ae_int8_kernel_offset (layer, o, c);

    for (guint i = 0; i < layer->kernel * layer->kernel; i++)
      sum += (double) kernel[i] * (double) kernel[i];
  }
  return sum;
}

/* Fills step[in.c]. Returns: the byte of 0 with which the layer's output is least
 * off. */
static guint8
choose_steps (const AeLayer * layer, const Input * input, const float *weights,
    float *step)
{
  const guint n = layer->in.c;
  g_autofree float *tried = g_new (float, n);
  g_autofree double *square = g_new (double, n);
  double least = G_MAXDOUBLE, error;
  guint8 best_zero = 0;

  for (guint c = 0; c < n; c++) {
    step[c] = best_step (&input->channels[c], 0, &error);
    square[c] = squared_weights (layer, weights, c);
  }
  for (guint i = 0; i < G_N_ELEMENTS (zeros) && input->is_signed; i++) {
    double sum = 0.0;

    for (guint c = 0; c < n; c++) {
      tried[c] = best_step (&input->channels[c], zeros[i], &error);
      sum += error * square[c];
    }
    if (sum < least) {
      least = sum;
      best_zero = zeros[i];
      memcpy (step, tried, n * sizeof (float));
    }
  }
  return best_zero;
}

static void
round_layer (const AeCalibration * self, AeInt8 * int8, guint i,
    const AeWeights * weights)
{
  const Input *input = &self->inputs[i];
  const AeLayer *layer = &self->architecture->layers[i];
  guint n = layer->in.c;
  g_autofree float *step = g_new (float, n);
  const guint8 zero = choose_steps (layer, input,
      weights->data + layer->params[AE_PARAM_WEIGHT].offset, step);
  float most = 0.0f;

  for (guint c = 0; c < n; c++)
    most = MAX (most, step[c]);
  for (guint c = 0; c < n; c++)
    step[c] = CLAMP (MAX (step[c], most * LEAST_STEP), AE_INT8_MIN_STEP,
        AE_INT8_MAX_STEP);
  ae_int8_round_layer (int8, self->architecture, i, step, zero, weights->data);
  if (input->rounding)
    ae_rounding_improve (input->rounding, weights->data
        + layer->params[AE_PARAM_WEIGHT].offset, &int8->layers[i]);
}

static gboolean
check (const AeCalibration * self, GError ** error)
{
  const AeArchitecture *architecture = self->architecture;

  if (architecture->input.h != 0) {
    g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
        "\"%s\" takes frames of %ux%u alone; only models for any size are run "
        "in integers", architecture->text, architecture->input.w,
        architecture->input.h);
    return FALSE;
  }
  for (guint i = 0; i < architecture->n_layers; i++) {
    if (!self->inputs[i].is_finite) {
      g_set_error (error, AE_ERROR, AE_ERROR_NOT_FINITE,
          "column %u: %s has read samples that are not finite",
          architecture->layers[i].column, architecture->layers[i].ops->name);
      return FALSE;
    }
  }
  return TRUE;
}

/* The first and the last convolution, n_layers where there is none. */
static void
find_ends (const AeCalibration * self, guint * first, guint * last)
{
  *first = *last = self->architecture->n_layers;
  for (guint i = self->architecture->n_layers; i-- > 0;) {
    if (self->inputs[i].channels == NULL)
      continue;
    if (*last == self->architecture->n_layers)
      *last = i;
    *first = i;
  }
}

AeInt8 *
ae_calibration_finish (const AeCalibration * self, const AeWeights * weights,
    GError ** error)
{
  g_autoptr (AeInt8) int8 = ae_int8_new (self->architecture);
  guint first, last, n = 0;

  if (!check (self, error))
    return NULL;
  find_ends (self, &first, &last);
  for (guint i = first + 1; i < last; i++) {
    if (self->inputs[i].channels) {
      round_layer (self, int8, i, weights);
      n++;
    }
  }
  if (n == 0) {
    g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
        "\"%s\" has no convolution between its first and its last one, which "
        "stay float", self->architecture->text);
    return NULL;
  }
  return g_steal_pointer (&int8);
}
