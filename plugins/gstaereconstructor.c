/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaereconstructor.h"

#include <math.h>
#include <string.h>

#include "ae-error.h"

#define ROW_FLOATS (AE_ALIGN_BYTES / sizeof (float))

/* How much a residual is amplified around grey. */
#define RESIDUAL_GAIN 4.0f

/* Of the logarithm of a cell's error: how far codecs change it now and then. */
#define LEAST_DEVIATION 0.45f

/* What is this many standard deviations off is as hot as can be. */
#define HOT 12.0f

struct _GstAeReconstructor
{
  AeModel *model, *next;        /* next: to be taken up, or NULL */
  AePlan *plan;
  AeAnomaly *anomaly;
  AeLight *light;
  guint width, height, n_x, n_y;        /* in pixels, in cells */
  float *errors[2], *scratch;   /* [n_y][n_x] */
  float *samples;               /* memory of the planes */
  AePlane in, out, before;
};

GstAeReconstructor *
gst_ae_reconstructor_new (AeModel * model, const GstVideoInfo * info,
    guint n_threads, GError ** error)
{
  g_autoptr (GstAeReconstructor) self = g_new0 (GstAeReconstructor, 1);
  gsize stride, n;

  self->width = (guint) GST_VIDEO_INFO_WIDTH (info);
  self->height = (guint) GST_VIDEO_INFO_HEIGHT (info);
  self->model = ae_model_ref (model);
  self->plan = ae_plan_new_of_model (model, AE_PRECISION_AUTO, self->width,
      self->height, n_threads, error);
  if (self->plan == NULL)
    return NULL;
  stride = (self->width + ROW_FLOATS - 1) / ROW_FLOATS * ROW_FLOATS;
  n = stride * self->height;
  self->samples = ae_aligned_try_alloc0 (3 * n * sizeof (float));
  if (self->samples == NULL) {
    g_set_error (error, AE_ERROR, AE_ERROR_LIMIT, "no memory for frames of "
        "%ux%u", self->width, self->height);
    return NULL;
  }
  self->in = (AePlane) {
  self->samples, stride};
  self->out = (AePlane) {
  self->samples + n, stride};
  self->before = (AePlane) {
  self->samples + 2 * n, stride};
  self->n_x = ae_cells_n (self->width);
  self->n_y = ae_cells_n (self->height);
  for (guint i = 0; i < 2; i++)
    self->errors[i] = g_new (float, self->n_x * self->n_y);
  self->scratch = g_new (float, self->n_x * self->n_y);
  self->anomaly = ae_anomaly_new (self->n_x * self->n_y, LEAST_DEVIATION);
  self->light = ae_light_new (self->width, self->height);
  return g_steal_pointer (&self);
}

void
gst_ae_reconstructor_free (GstAeReconstructor * self)
{
  if (self == NULL)
    return;
  ae_model_unref (self->model);
  ae_model_unref (self->next);
  ae_plan_free (self->plan);
  ae_anomaly_free (self->anomaly);
  g_free (self->errors[0]);
  g_free (self->errors[1]);
  g_free (self->scratch);
  ae_light_free (self->light);
  ae_aligned_free (self->samples);
  g_free (self);
}

gboolean
gst_ae_reconstructor_set_model (GstAeReconstructor * self, AeModel * model)
{
  if (self->model->int8 || strcmp (model->architecture->text,
          self->model->architecture->text) != 0)
    return FALSE;
  ae_model_unref (self->next);
  self->next = ae_model_ref (model);
  return TRUE;
}

void
gst_ae_reconstructor_forget (GstAeReconstructor * self)
{
  ae_anomaly_forget (self->anomaly);
  ae_light_forget (self->light);
}

static void
measure (GstAeReconstructor * self, const AePlane * made, float *error)
{
  ae_cells_error (self->in.data, made->data, self->in.stride, self->width,
      self->height, error, self->scratch);
}

static void
scale (const GstAeReconstructor * self, AePlane * plane, float factor)
{
  const gsize size = plane->stride * self->height;

  for (gsize i = 0; i < size; i++)
    plane->data[i] *= factor;
}

/* Both models look at this frame, so that what one of them makes better is no
 * surprise. */
static void
reconstruct (GstAeReconstructor * self)
{
  if (self->next) {
    ae_plan_run (self->plan, &self->in, NULL, &self->before);
    ae_plan_set_weights (self->plan, self->next->weights, NULL);
    ae_model_unref (self->model);
    self->model = g_steal_pointer (&self->next);
    ae_plan_run (self->plan, &self->in, NULL, &self->out);
    measure (self, &self->before, self->errors[0]);
    measure (self, &self->out, self->errors[1]);
    ae_anomaly_change_model (self->anomaly, self->errors[0], self->errors[1]);
  } else {
    ae_plan_run (self->plan, &self->in, NULL, &self->out);
  }
}

/* The smallest box around all cells over the threshold. */
static void
find_box (const GstAeReconstructor * self, GstAeScore * score)
{
  guint x0 = G_MAXUINT, y0 = G_MAXUINT, x1 = 0, y1 = 0;
  const float *cells = ae_anomaly_cells (self->anomaly);

  for (guint k = 0; k < self->n_x * self->n_y; k++) {
    if ((double) cells[k] < score->anomaly.threshold)
      continue;
    x0 = MIN (x0, k % self->n_x);
    x1 = MAX (x1, k % self->n_x + 1);
    y0 = MIN (y0, k / self->n_x);
    y1 = MAX (y1, k / self->n_x + 1);
  }
  if (x1 == 0)
    return;
  score->x = x0 * AE_CELL;
  score->y = y0 * AE_CELL;
  score->width = MIN (x1 * AE_CELL, self->width) - score->x;
  score->height = MIN (y1 * AE_CELL, self->height) - score->y;
}

/* Between the centres of the cells: 0 for what is usual, 1 for the hottest. */
static float
heat_at (const float *cells, guint n_x, guint n_y, float x, float y)
{
  const float cx = CLAMP (x / AE_CELL - 0.5f, 0.0f, (float) n_x - 1);
  const float cy = CLAMP (y / AE_CELL - 0.5f, 0.0f, (float) n_y - 1);
  const guint i = (guint) cy, j = (guint) cx;
  const float fy = cy - (float) i, fx = cx - (float) j;
  const float *a = cells + i * n_x, *b = a + (i + 1 < n_y ? n_x : 0);
  const guint k = j + 1 < n_x ? j + 1 : j;
  const float value = (1.0f - fy) * ((1.0f - fx) * a[j] + fx * a[k])
      + fy * ((1.0f - fx) * b[j] + fx * b[k]);

  /* two deviations are nothing */
  return CLAMP ((value - 2.0f) / (HOT - 2.0f), 0.0f, 1.0f);
}

/* The components of orange, and how much they cover. */
static const float heat_colour[GST_AE_MAX_COLOURS] = { 0.62f, 0.18f, 0.78f };

/* Component @i_component, in @plane, goes towards the colour of heat. */
static void
paint_heat (const GstAeReconstructor * self, guint i_component,
    const AePixels * pixels, const AePlane * plane)
{
  const float scale_x = (float) self->width / (float) pixels->width;
  const float scale_y = (float) self->height / (float) pixels->height;
  const float *cells = ae_anomaly_cells (self->anomaly);

  for (gint y = 0; y < pixels->height; y++) {
    float *row = plane->data + (gsize) y * plane->stride;

    for (gint x = 0; x < pixels->width; x++) {
      float heat = 0.8f * heat_at (cells, self->n_x, self->n_y,
          ((float) x + 0.5f) * scale_x, ((float) y + 0.5f) * scale_y);

      row[x] += heat * (heat_colour[i_component] - row[x]);
    }
  }
}

static void
show_heat (GstAeReconstructor * self, GstVideoFrame * frame)
{
  const guint n = gst_ae_video_info_n_colours (&frame->info);

  for (guint i = 0; i < n; i++) {
    AePixels pixels;

    gst_ae_frame_component (frame, i, &pixels);
    if (i > 0)
      ae_pixels_to_floats (&pixels, self->in.data, self->in.stride);
    paint_heat (self, i, &pixels, &self->in);
    ae_pixels_from_floats (&pixels, self->in.data, self->in.stride);
  }
}

/* Amplified around grey, without colour. */
static void
show_residual (GstAeReconstructor * self, GstVideoFrame * frame)
{
  const guint n = gst_ae_video_info_n_colours (&frame->info);
  const gsize size = self->in.stride * self->height;

  for (gsize i = 0; i < size; i++)
    self->out.data[i] = 0.5f + RESIDUAL_GAIN * (self->in.data[i]
        - self->out.data[i]);
  for (guint i = 0; i < n; i++) {
    const AePlane *plane = i == 0 ? &self->out : &self->in;
    AePixels pixels;

    gst_ae_frame_component (frame, i, &pixels);
    if (i == 1) {
      for (gsize p = 0; p < size; p++)
        self->in.data[p] = 0.5f;
    }
    ae_pixels_from_floats (&pixels, plane->data, plane->stride);
  }
}

void
gst_ae_reconstructor_run (GstAeReconstructor * self, GstVideoFrame * frame,
    GstAeOutput output, double threshold, double quantile, GstAeScore * score)
{
  AePixels luma;
  float light;

  gst_ae_frame_component (frame, 0, &luma);
  ae_pixels_to_floats (&luma, self->in.data, self->in.stride);
  /* the model sees the frame in the usual light */
  light = ae_light_follow (self->light, self->in.data, self->in.stride);
  scale (self, &self->in, 1.0f / light);
  reconstruct (self);
  memset (score, 0, sizeof *score);
  measure (self, &self->out, self->errors[0]);
  ae_anomaly_add (self->anomaly, self->errors[0], threshold, quantile,
      &score->anomaly);
  if (score->anomaly.anomalous)
    find_box (self, score);
  scale (self, &self->in, light);
  scale (self, &self->out, light);
  switch (output) {
    case GST_AE_OUTPUT_INPUT:
      break;
    case GST_AE_OUTPUT_RECONSTRUCTION:
      ae_pixels_from_floats (&luma, self->out.data, self->out.stride);
      break;
    case GST_AE_OUTPUT_RESIDUAL:
      show_residual (self, frame);
      break;
    case GST_AE_OUTPUT_HEAT_MAP:
      show_heat (self, frame);
  }
}
