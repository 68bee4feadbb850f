/* Denoises video frames of one format. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaedenoiser.h"

#include <math.h>
#include <string.h>

#include "ae-error.h"
#include "ae-impulse.h"
#include "ae-noise-level.h"
#include "gstaetemporal.h"

/* Less noise than the first, in steps of the 8-bit scale, is mostly rounding.
 * Up to the second a model's own errors weigh as much as the noise: part of what
 * it makes is taken. */
#define MIN_NOISE_LEVEL 0.3f
#define FULL_NOISE_LEVEL 1.5f

/* The noise of a camera changes slowly and an estimate scatters from frame to
 * frame: each frame counts a tenth, unless the estimate moved so far that this
 * is another scene. */
#define NOISE_FOLLOW 0.1f
#define NOISE_JUMP 0.5f
#define NOISE_UNKNOWN -1.0f

/* Rows of samples begin at multiples of this many floats, one cache line. */
#define ROW_FLOATS (AE_ALIGN_BYTES / sizeof (float))

struct _GstAeDenoiser
{
  AeModel *model;
  AePlan *luma_plan;
  AePlan *chroma_plan;          /* NULL when luma_plan has the right size */
  AePlan *luma_gate;            /* NULL when each frame is denoised alone */
  AePlan *chroma_gate;          /* NULL as chroma_plan is */
  GstAeTemporal *past[GST_AE_MAX_COLOURS];      /* of each component */
  float *samples;               /* memory of planes and clean */
  AePlane planes[GST_AE_MAX_COLOURS];   /* YUV uses the first one only */
  AeImpulses impulses[GST_AE_MAX_COLOURS];      /* of the planes */
  AePlane clean;
  AeTensor condition;           /* [1][1][1][1] */

  float noise[GST_AE_MAX_COLOURS];      /* of each component, followed */
  float estimate;               /* the last one */
};

/* A plan for planes of the size of component @i_component. */
static AePlan *
new_plan (const AeModel * model, const GstVideoInfo * info, guint i_component,
    guint n_threads, AePrecision precision, GError ** error)
{
  return ae_plan_new_of_model (model, precision,
      (guint) GST_VIDEO_INFO_COMP_WIDTH (info, i_component),
      (guint) GST_VIDEO_INFO_COMP_HEIGHT (info, i_component), n_threads, error);
}

static gboolean
make_plans (GstAeDenoiser * self, const GstVideoInfo * info, guint n_threads,
    AePrecision precision, GError ** error)
{
  self->luma_plan =
      new_plan (self->model, info, 0, n_threads, precision, error);
  if (self->luma_plan == NULL)
    return FALSE;
  if (gst_ae_video_info_n_colours (info) == 1
      || (GST_VIDEO_FORMAT_INFO_W_SUB (info->finfo, 1) == 0
          && GST_VIDEO_FORMAT_INFO_H_SUB (info->finfo, 1) == 0))
    return TRUE;
  self->chroma_plan =
      new_plan (self->model, info, 1, n_threads, precision, error);
  return self->chroma_plan != NULL;
}

static gboolean
make_gates (GstAeDenoiser * self, const AeModel * gate,
    const GstVideoInfo * info, guint n_threads, GError ** error)
{
  const guint n = gst_ae_video_info_n_colours (info);

  self->luma_gate =
      new_plan (gate, info, 0, n_threads, AE_PRECISION_FLOAT, error);
  if (self->luma_gate == NULL)
    return FALSE;
  if (self->chroma_plan != NULL) {
    self->chroma_gate =
        new_plan (gate, info, 1, n_threads, AE_PRECISION_FLOAT, error);
    if (self->chroma_gate == NULL)
      return FALSE;
  }
  for (guint i = 0; i < n; i++) {
    self->past[i] = gst_ae_temporal_new (
        (guint) GST_VIDEO_INFO_COMP_WIDTH (info, i),
        (guint) GST_VIDEO_INFO_COMP_HEIGHT (info, i), self->clean.stride,
        self->model->architecture->multiple, error);
    if (self->past[i] == NULL)
      return FALSE;
  }
  return TRUE;
}

static gboolean
make_planes (GstAeDenoiser * self, const GstVideoInfo * info, GError ** error)
{
  const guint n_planes = GST_VIDEO_INFO_IS_RGB (info) ? GST_AE_MAX_COLOURS : 1;
  const gsize width = (gsize) GST_VIDEO_INFO_WIDTH (info);
  const gsize height = (gsize) GST_VIDEO_INFO_HEIGHT (info);
  const gsize stride = (width + ROW_FLOATS - 1) / ROW_FLOATS * ROW_FLOATS;
  const gsize n = stride * height;
  const gsize size_bytes = (n_planes + 1) * n * sizeof (float);

  self->samples = ae_aligned_try_alloc0 (size_bytes);
  if (self->samples == NULL) {
    g_set_error (error, AE_ERROR, AE_ERROR_LIMIT,
        "no memory: %" G_GSIZE_FORMAT " bytes of samples wanted", size_bytes);
    return FALSE;
  }
  for (guint i = 0; i < n_planes; i++) {
    self->planes[i].data = self->samples + i * n;
    self->planes[i].stride = stride;
  }
  self->clean.data = self->samples + n_planes * n;
  self->clean.stride = stride;
  return TRUE;
}

GstAeDenoiser *
gst_ae_denoiser_new (AeModel * model, AeModel * gate,
    const GstVideoInfo * info, guint n_threads, AePrecision precision,
    GError ** error)
{
  g_autoptr (GstAeDenoiser) self = g_new0 (GstAeDenoiser, 1);

  self->model = ae_model_ref (model);
  if (!make_plans (self, info, n_threads, precision, error)
      || !make_planes (self, info, error)
      || (gate != NULL && model->architecture->n_given > 0
          && !make_gates (self, gate, info, n_threads, error))) {
    g_prefix_error (error, "frames of %dx%d: ", GST_VIDEO_INFO_WIDTH (info),
        GST_VIDEO_INFO_HEIGHT (info));
    return NULL;
  }
  ae_tensor_resize (&self->condition, 1, 1, 1, 1);
  gst_ae_denoiser_forget (self);
  return g_steal_pointer (&self);
}

void
gst_ae_denoiser_free (GstAeDenoiser * self)
{
  if (self == NULL)
    return;
  ae_plan_free (self->luma_plan);
  ae_plan_free (self->chroma_plan);
  ae_plan_free (self->luma_gate);
  ae_plan_free (self->chroma_gate);
  for (guint i = 0; i < GST_AE_MAX_COLOURS; i++) {
    gst_ae_temporal_free (self->past[i]);
    ae_impulses_clear (&self->impulses[i]);
  }
  ae_aligned_free (self->samples);
  ae_tensor_clear (&self->condition);
  ae_model_unref (self->model);
  g_free (self);
}

gboolean
gst_ae_denoiser_set_model (GstAeDenoiser * self, AeModel * model)
{
  /* integers belong to the weights they were made of */
  if (model->int8 != NULL || self->model->int8 != NULL
      || strcmp (model->architecture->text,
          self->model->architecture->text) != 0)
    return FALSE;
  if (!ae_plan_set_weights (self->luma_plan, model->weights, NULL)
      || (self->chroma_plan != NULL
          && !ae_plan_set_weights (self->chroma_plan, model->weights, NULL)))
    return FALSE;
  ae_model_unref (self->model);
  self->model = ae_model_ref (model);
  return TRUE;
}

void
gst_ae_denoiser_forget (GstAeDenoiser * self)
{
  for (guint i = 0; i < GST_AE_MAX_COLOURS; i++) {
    self->noise[i] = NOISE_UNKNOWN;
    if (self->past[i] != NULL)
      gst_ae_temporal_forget (self->past[i]);
  }
  self->estimate = NOISE_UNKNOWN;
}

float
gst_ae_denoiser_estimate (const GstAeDenoiser * self)
{
  return self->estimate;
}

static float
follow_noise (float followed, float estimate)
{
  if (followed < 0.0f
      || fabsf (estimate - followed) > NOISE_JUMP * MAX (followed, 1.0f))
    return estimate;
  return followed + NOISE_FOLLOW * (estimate - followed);
}

/* The noise in @plane, which has the size of @pixels.
 * @gain: what becomes of noise of level 1 in each component of the frame */
static float
plane_noise (GstAeDenoiser * self, const GstAeDenoiserSettings * settings,
    guint i_plane, const AePlane * plane, const AePixels * pixels, float gain)
{
  float estimate;

  if (settings->noise_level >= 0.0f)
    return settings->noise_level * gain;

  estimate = ae_noise_level_estimate (plane->data, (guint) pixels->width,
      (guint) pixels->height, plane->stride);
  self->noise[i_plane] = follow_noise (self->noise[i_plane], estimate);
  if (i_plane == 0)
    self->estimate = estimate / gain;
  return MIN (self->noise[i_plane], GST_AE_MAX_NOISE_LEVEL);
}

/* plane += strength * (clean - plane) */
static void
blend (const AePlane * plane, const AePlane * clean, const AePixels * pixels,
    float strength)
{
  for (gint y = 0; y < pixels->height; y++) {
    float *out = plane->data + (gsize) y * plane->stride;
    const float *in = clean->data + (gsize) y * clean->stride;

    for (gint x = 0; x < pixels->width; x++)
      out[x] += strength * (in[x] - out[x]);
  }
}

/* Denoises @plane, which has the size of @pixels. Returns %FALSE when there is
 * nothing to remove; @plane is then untouched. */
static gboolean
denoise_plane (GstAeDenoiser * self, const GstAeDenoiserSettings * settings,
    guint i_plane, const AePlane * plane, const AePixels * pixels, float gain)
{
  const gboolean has_condition = self->model->architecture->n_given > 0;
  const gboolean is_small = i_plane > 0 && self->chroma_plan != NULL;
  AePlan *plan = is_small ? self->chroma_plan : self->luma_plan;
  GstAeTemporal *past = self->past[i_plane];
  const float noise =
      plane_noise (self, settings, i_plane, plane, pixels, gain);
  const float strength = settings->strength * MIN (1.0f,
      (noise - MIN_NOISE_LEVEL) / (FULL_NOISE_LEVEL - MIN_NOISE_LEVEL));
  const AePlane *out = strength < 1.0f ? &self->clean : plane;

  if (noise < MIN_NOISE_LEVEL) {
    if (past != NULL)
      gst_ae_temporal_forget (past);
    return FALSE;
  }
  if (past != NULL) {
    const GstAeAverage average = gst_ae_temporal_run (past,
        is_small ? self->chroma_gate : self->luma_gate, plane, noise);

    ae_plan_run (plan, &average.plane, average.condition, out);
  } else {
    self->condition.data[0] = noise / AE_NOISE_UNIT;
    ae_plan_run (plan, plane, has_condition ? &self->condition : NULL, out);
  }
  if (strength < 1.0f)
    blend (plane, out, pixels, strength);
  return TRUE;
}

/* The samples of component @i_component, without impulses. */
static void
load_plane (GstAeDenoiser * self, GstVideoFrame * frame, guint i_component,
    guint i_plane, AePixels * pixels)
{
  const AePlane *plane = &self->planes[i_plane];

  gst_ae_frame_component (frame, i_component, pixels);
  ae_pixels_to_floats (pixels, plane->data, plane->stride);
  ae_impulses_mend (&self->impulses[i_plane], plane->data,
      (guint) pixels->width, (guint) pixels->height, plane->stride);
}

static void
store_plane (GstAeDenoiser * self, const GstAeDenoiserSettings * settings,
    guint i_plane, const AePixels * pixels)
{
  const AePlane *plane = &self->planes[i_plane];

  if (settings->strength < 1.0f)
    ae_impulses_return (&self->impulses[i_plane], plane->data,
        1.0f - settings->strength);
  ae_pixels_from_floats (pixels, plane->data, plane->stride);
}

static void
denoise_yuv (GstAeDenoiser * self, const GstAeDenoiserSettings * settings,
    GstVideoFrame * frame)
{
  const guint n = settings->chroma == GST_AE_CHROMA_NONE
      ? 1 : gst_ae_video_info_n_colours (&frame->info);

  for (guint i = 0; i < n; i++) {
    AePixels pixels;

    load_plane (self, frame, i, 0, &pixels);
    if (denoise_plane (self, settings, i, &self->planes[0], &pixels, 1.0f)
        || self->impulses[0].n > 0)
      store_plane (self, settings, 0, &pixels);
  }
}

static void
denoise_rgb (GstAeDenoiser * self, const GstAeDenoiserSettings * settings,
    GstVideoFrame * frame)
{
  const guint n = settings->chroma == GST_AE_CHROMA_NONE
      ? 1 : GST_AE_MAX_COLOURS;
  AePixels pixels[GST_AE_MAX_COLOURS];
  gboolean changed = FALSE;
  guint width, height;

  for (guint i = 0; i < GST_AE_MAX_COLOURS; i++) {
    load_plane (self, frame, i, i, &pixels[i]);
    changed |= self->impulses[i].n > 0;
  }
  width = (guint) pixels[0].width;
  height = (guint) pixels[0].height;

  gst_ae_rgb_to_opponent (self->planes, width, height);
  for (guint i = 0; i < n; i++) {
    changed |= denoise_plane (self, settings, i, &self->planes[i], &pixels[i],
        gst_ae_opponent_gains[i]);
  }
  if (!changed)
    return;
  gst_ae_opponent_to_rgb (self->planes, width, height);
  for (guint i = 0; i < GST_AE_MAX_COLOURS; i++)
    store_plane (self, settings, i, &pixels[i]);
}

void
gst_ae_denoiser_run (GstAeDenoiser * self,
    const GstAeDenoiserSettings * settings, GstVideoFrame * frame)
{
  if (GST_VIDEO_INFO_IS_RGB (&frame->info))
    denoise_rgb (self, settings, frame);
  else
    denoise_yuv (self, settings, frame);
}
