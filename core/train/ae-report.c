/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-kernels.h"
#include "ae-report.h"
#include "ae-tape.h"

#include <math.h>
#include <string.h>

/* Of the random numbers that samples are made with. */
#define SEED 104729

/* Samples of a batch, the first of which are shown: kernels are slow with fewer. */
#define LANES AE_GROUP
G_STATIC_ASSERT (LANES >= AE_REPORT_PATCHES);

struct _AeReporter
{
  AeArchitecture *architecture;
  AeObjectiveKind objective;
  AeShape patch;
  AeTape *tape;
  GArray *points;
  guint every, n_left_out;      /* one point in so many is kept */
  AeTensor input, condition;    /* of LANES samples */
  AeTensor code;                /* of those that are shown */
  AeTensor mask;                /* of one sample */
  float *sample_patch, *sample_input, *sample_target, *given;
};

AeReporter *
ae_reporter_new (AeArchitecture * architecture, const AeShape * patch,
    AeObjectiveKind objective)
{
  AeReporter *self = g_new0 (AeReporter, 1);
  guint h = patch->h, w = patch->w;

  self->architecture = ae_architecture_ref (architecture);
  self->objective = objective;
  self->patch = *patch;
  self->tape = ae_tape_new (architecture);
  self->points = g_array_new (FALSE, FALSE, sizeof (AeReportPoint));
  self->every = 1;
  self->sample_patch = g_new (float, (gsize) patch->c * h * w);
  self->sample_input = g_new (float, (gsize) architecture->input.c * h * w);
  self->given = g_new0 (float, MAX (architecture->n_given, 1));
  ae_tensor_resize (&self->input, architecture->input.c, h, w, LANES);
  ae_tensor_zero (&self->input);
  ae_tensor_resize (&self->condition, MAX (architecture->n_given, 1), 1, 1,
      LANES);
  ae_tensor_zero (&self->condition);
  ae_architecture_out_size (architecture, h, w, &h, &w);
  ae_tensor_resize (&self->mask, architecture->output.c, h, w, 1);
  self->sample_target = g_new (float, ae_tensor_size (&self->mask));
  return self;
}

void
ae_reporter_free (AeReporter * self)
{
  if (self == NULL)
    return;
  ae_architecture_unref (self->architecture);
  ae_tape_free (self->tape);
  g_array_unref (self->points);
  ae_tensor_clear (&self->input);
  ae_tensor_clear (&self->condition);
  ae_tensor_clear (&self->code);
  ae_tensor_clear (&self->mask);
  g_free (self->sample_patch);
  g_free (self->sample_input);
  g_free (self->sample_target);
  g_free (self->given);
  g_free (self);
}

/* A step has one point, the latest. With more points than there may be, every
 * other one goes, and from then on half as many come. */
static void
add_point (AeReporter * self, const AeOnlineStats * stats)
{
  const AeReportPoint point = { stats->step, stats->loss.loss,
    stats->held_out, stats->held_out < 0.0 ? -1.0 : stats->psnr
  };

  if (self->points->len > 0 && g_array_index (self->points, AeReportPoint,
          self->points->len - 1).step == point.step)
    g_array_set_size (self->points, self->points->len - 1);
  else if (++self->n_left_out < self->every)
    return;
  self->n_left_out = 0;
  g_array_append_val (self->points, point);
  if (self->points->len <= AE_REPORT_MAX_POINTS)
    return;
  for (guint i = 0; 2 * i < self->points->len; i++)
    g_array_index (self->points, AeReportPoint, i) =
        g_array_index (self->points, AeReportPoint, 2 * i);
  g_array_set_size (self->points, (self->points->len + 1) / 2);
  self->every *= 2;
}

/* Sample @i of a batch becomes @from. */
static void
put (AeTensor * to, guint i, const float *from)
{
  for (gsize p = 0; p < ae_tensor_size (to) / to->n; p++)
    to->data[p * to->n + i] = from[p];
}

static void
draw_samples (AeReporter * self, AeReport * report, guint n, AeReportFunc func,
    gpointer data)
{
  const AeArchitecture *a = self->architecture;

  ae_tensor_resize (&report->patch, self->patch.c, self->patch.h,
      self->patch.w, n);
  ae_tensor_resize (&report->input, a->input.c, self->patch.h, self->patch.w,
      n);
  ae_tensor_resize (&report->target, self->mask.c, self->mask.h, self->mask.w,
      n);
  for (guint i = 0; i < n; i++) {
    AeSample sample = { self->sample_input, self->sample_target, self->given,
      self->mask.data, 1.0f
    };
    AeRng rng;

    ae_rng_init (&rng, SEED + i);
    func (data, i, &rng, &sample, self->sample_patch);
    put (&report->patch, i, self->sample_patch);
    put (&report->input, i, self->sample_input);
    put (&self->input, i, self->sample_input);
    put (&report->target, i, self->sample_target);
    put (&self->condition, i, self->given);
  }
}

/* @to: the first @n samples of @from. */
static void
take (AeTensor * to, guint n, const AeTensor * from)
{
  ae_tensor_resize (to, from->c, from->h, from->w, n);
  for (gsize p = 0; p < ae_tensor_size (to) / n; p++)
    memcpy (to->data + p * n, from->data + p * from->n, n * sizeof (float));
}

static void
count_code (const AeTensor * code, AeReport * report)
{
  gsize n = ae_tensor_size (code), n_zero = 0;
  float reach = 1e-6f;

  for (gsize i = 0; i < n; i++)
    reach = fmaxf (reach, fabsf (code->data[i]));
  for (gsize i = 0; i < n; i++) {
    float place = (code->data[i] / reach + 1.0f) * (AE_REPORT_BINS / 2);

    report->code_counts[MIN ((guint) place, AE_REPORT_BINS - 1)]++;
    n_zero += fabsf (code->data[i]) < 0.01f * reach;
  }
  report->code_reach = reach;
  report->code_zero = (double) n_zero / (double) n;
}

/* A convolution behind `unshuffle R`: channel (c R + i) R + j at tap (y, x) is
 * the pixel (y R + i, x R + j). */
static void
show_kernels (const AeLayer * layer, guint r, guint n_channels,
    const float *weights, AeTensor * filters)
{
  guint side = layer->kernel * r;
  guint n = MIN (layer->channels, AE_REPORT_MAX_FILTERS);

  ae_tensor_resize (filters, 1, side, side, n);
  ae_tensor_zero (filters);
  for (guint o = 0; o < n; o++) {
    for (guint k = 0; k < n_channels * r * r; k++) {
      for (guint t = 0; t < layer->kernel * layer->kernel; t++) {
        guint y = t / layer->kernel * r + k / r % r;
        guint x = t % layer->kernel * r + k % r;

        filters->data[(y * side + x) * n + o] += weights[((gsize) o
                * layer->in.c + k) * layer->kernel * layer->kernel + t];
      }
    }
  }
}

static void
show_rows (const AeLayer * layer, const float *weights, AeTensor * filters)
{
  guint n = MIN (layer->out.c, AE_REPORT_MAX_FILTERS);
  gsize area = (gsize) layer->in.h * layer->in.w;

  ae_tensor_resize (filters, 1, layer->in.h, layer->in.w, n);
  ae_tensor_zero (filters);
  for (guint o = 0; o < n; o++) {
    for (gsize p = 0; p < layer->in.c * area; p++)
      filters->data[p % area * n + o] +=
          weights[(gsize) o * layer->in.c * area + p];
  }
}

static void
show_filters (const AeArchitecture * a, const float *weights,
    AeTensor * filters)
{
  guint r = 1;

  for (guint i = 0; i < a->n_encoder; i++) {
    const AeLayer *layer = &a->layers[i];
    const AeParam *param = &layer->params[AE_PARAM_WEIGHT];

    if (r == 1 && g_str_equal (layer->ops->name, "unshuffle")) {
      r = layer->stride;
    } else if (param->rank == 4) {
      /* conditions come behind the picture's channels */
      if (layer->in.c >= a->input.c * r * r)
        show_kernels (layer, r, a->input.c, weights + param->offset, filters);
      return;
    } else if (param->rank == 2) {
      if (a->input.h > 1 && layer->in.h == a->input.h
          && layer->in.w == a->input.w)
        show_rows (layer, weights + param->offset, filters);
      return;
    }
  }
}

AeReport *
ae_reporter_make (AeReporter * self, const AeOnlineStats * stats,
    const AeWeights * weights, guint n, AeReportFunc func, gpointer data)
{
  AeReport *report = g_new0 (AeReport, 1);

  g_atomic_ref_count_init (&report->ref_count);
  report->stats = *stats;
  report->architecture = ae_architecture_ref (self->architecture);
  report->objective = self->objective;
  add_point (self, stats);
  report->n_points = self->points->len;
  report->points = g_memdup2 (self->points->data,
      self->points->len * sizeof (AeReportPoint));
  show_filters (self->architecture, weights->data, &report->filters);
  n = MIN (n, AE_REPORT_PATCHES);
  if (n > 0) {
    draw_samples (self, report, n, func, data);
    take (&report->output, n, ae_tape_forward (self->tape, weights->data,
            &self->input, &self->condition));
    take (&self->code, n, ae_tape_code (self->tape));
    count_code (&self->code, report);
  }
  return report;
}

AeReport *
ae_report_ref (AeReport * report)
{
  g_atomic_ref_count_inc (&report->ref_count);
  return report;
}

void
ae_report_unref (AeReport * report)
{
  if (report == NULL || !g_atomic_ref_count_dec (&report->ref_count))
    return;
  ae_architecture_unref (report->architecture);
  g_free (report->points);
  ae_tensor_clear (&report->patch);
  ae_tensor_clear (&report->input);
  ae_tensor_clear (&report->output);
  ae_tensor_clear (&report->target);
  ae_tensor_clear (&report->filters);
  g_free (report);
}
