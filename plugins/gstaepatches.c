/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaepatches.h"

#include <math.h>
#include <string.h>

#include "ae-noise-level.h"

/* The noise level is estimated from a window of one component of each frame, in
 * turn, and followed: a window counts a tenth. */
#define WINDOW_WIDTH 128
#define WINDOW_HEIGHT 128
#define NOISE_FOLLOW 0.1f
#define NOISE_UNKNOWN -1.0f

/* In so many of ten patches the component is luma, where there is chroma. */
#define LUMA_OF_TEN 7

/* Whether the camera moves: how far the patches of a frame go the same way,
 * followed over the frames. Of a camera that stands, about 0 +- 0.06. */
#define COHERENCE_FOLLOW 0.0625f
#define COHERENCE_MAX 0.25f
#define COHERENCE_UNKNOWN 0.4f

/* Where a patch is, so that the next frame can be looked at there. */
typedef struct
{
  guint i_component;
  gint x, y;
} Place;

struct _GstAePatches
{
  AeShape shape;
  guint n_per_frame;
  gboolean temporal;
  AeRng rng;
  float noise[GST_AE_MAX_COLOURS];
  guint i_estimated;            /* component whose turn it is */
  gboolean has_last;
  float coherence[2];           /* along x and y */
  Place *places;                /* [n_per_frame] of the last frame */
  float *last;                  /* [n_per_frame][c][h][w], temporal */
  float *next;                  /* likewise, of this frame */
  float *window;
};

static gsize
patch_size (const GstAePatches * self)
{
  return (gsize) self->shape.c * self->shape.h * self->shape.w;
}

GstAePatches *
gst_ae_patches_new (const AeShape * shape, guint n_per_frame,
    gboolean temporal, guint64 seed)
{
  GstAePatches *self = g_new0 (GstAePatches, 1);

  self->shape = *shape;
  self->n_per_frame = n_per_frame;
  self->temporal = temporal;
  ae_rng_init (&self->rng, seed);
  self->places = g_new0 (Place, n_per_frame);
  self->last = g_new (float, n_per_frame * patch_size (self));
  self->next = g_new (float, n_per_frame * patch_size (self));
  self->window = g_new (float, WINDOW_WIDTH * WINDOW_HEIGHT);
  gst_ae_patches_reset (self);
  return self;
}

void
gst_ae_patches_free (GstAePatches * self)
{
  if (self == NULL)
    return;
  g_free (self->places);
  g_free (self->last);
  g_free (self->next);
  g_free (self->window);
  g_free (self);
}

void
gst_ae_patches_reset (GstAePatches * self)
{
  self->has_last = FALSE;
  self->coherence[0] = self->coherence[1] = COHERENCE_UNKNOWN;
  self->i_estimated = 0;
  for (guint i = 0; i < GST_AE_MAX_COLOURS; i++)
    self->noise[i] = NOISE_UNKNOWN;
}

static gboolean
component_fits (const GstAePatches * self, const GstVideoInfo * info, guint i)
{
  return GST_VIDEO_INFO_COMP_WIDTH (info, i) >= (gint) self->shape.w
      && GST_VIDEO_INFO_COMP_HEIGHT (info, i) >= (gint) self->shape.h;
}

gboolean
gst_ae_patches_fit (const GstAePatches * self, const GstVideoInfo * info)
{
  return component_fits (self, info, 0)
      && (self->shape.c == 1 || gst_ae_video_info_n_colours (info) == 3);
}

/* @width x @height of @pixels from (@x, @y) on. */
static AePixels
part (const AePixels * pixels, gint x, gint y, gint width, gint height)
{
  AePixels result = *pixels;

  result.data += (gssize) y *pixels->stride_bytes
      + (gssize) x *pixels->step_bytes;
  result.width = width;
  result.height = height;
  return result;
}

/* Follows the noise of component @i in a window at a random place. */
static void
follow_noise (GstAePatches * self, const AePixels * pixels, guint i)
{
  gint width = MIN (pixels->width, WINDOW_WIDTH);
  gint height = MIN (pixels->height, WINDOW_HEIGHT);
  AePixels window = part (pixels,
      (gint) ae_rng_below (&self->rng, (guint) (pixels->width - width + 1)),
      (gint) ae_rng_below (&self->rng, (guint) (pixels->height - height + 1)),
      width, height);
  float estimate;

  ae_pixels_to_floats (&window, self->window, (gsize) width);
  estimate = ae_noise_level_estimate (self->window, (guint) width,
      (guint) height, (gsize) width);
  if (self->noise[i] < 0.0f)
    self->noise[i] = estimate;
  else
    self->noise[i] += NOISE_FOLLOW * (estimate - self->noise[i]);
}

static Place
choose_place (GstAePatches * self, const GstVideoInfo * info)
{
  Place place = { 0, 0, 0 };
  gint width, height;

  if (self->shape.c == 1 && gst_ae_video_info_n_colours (info) == 3
      && ae_rng_below (&self->rng, 10) >= LUMA_OF_TEN)
    place.i_component = 1 + ae_rng_below (&self->rng, 2);
  if (!component_fits (self, info, place.i_component))
    place.i_component = 0;
  width = GST_VIDEO_INFO_COMP_WIDTH (info, place.i_component);
  height = GST_VIDEO_INFO_COMP_HEIGHT (info, place.i_component);
  place.x = (gint) ae_rng_below (&self->rng,
      (guint) (width - (gint) self->shape.w + 1));
  place.y = (gint) ae_rng_below (&self->rng,
      (guint) (height - (gint) self->shape.h + 1));
  return place;
}

/* One component of a patch; a smaller component is read at the nearest. */
static void
copy_component (const GstAePatches * self, const AePixels * luma,
    const AePixels * pixels, const Place * place, float *out)
{
  guint w = self->shape.w, h = self->shape.h;

  if (pixels->width == luma->width && pixels->height == luma->height) {
    AePixels from = part (pixels, place->x, place->y, (gint) w, (gint) h);

    ae_pixels_to_floats (&from, out, w);
    return;
  }
  for (guint y = 0; y < h; y++) {
    for (guint x = 0; x < w; x++) {
      AePixels one = part (pixels,
          (place->x + (gint) x) * pixels->width / luma->width,
          (place->y + (gint) y) * pixels->height / luma->height, 1, 1);

      ae_pixels_to_floats (&one, out + y * w + x, 1);
    }
  }
}

/* R, G, B planes to Y', Cb, Cr in place. */
static void
to_ycc (float *planes, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    float r = planes[i], b = planes[2 * n + i];
    float y = 0.299f * r + 0.587f * planes[n + i] + 0.114f * b;

    planes[i] = y;
    planes[n + i] = 0.5f + (b - y) / 1.772f;
    planes[2 * n + i] = 0.5f + (r - y) / 1.402f;
  }
}

static void
copy_patch (GstAePatches * self, GstVideoFrame * frame,
    const AePixels * pixels, const Place * place, float *out)
{
  gsize plane = (gsize) self->shape.h * self->shape.w;

  if (self->shape.c == 1) {
    const AePixels *component = &pixels[place->i_component];

    copy_component (self, component, component, place, out);
    return;
  }
  for (guint i = 0; i < GST_AE_MAX_COLOURS; i++)
    copy_component (self, &pixels[0], &pixels[i], place, out + i * plane);
  if (GST_VIDEO_INFO_IS_RGB (&frame->info))
    to_ycc (out, plane);
}

static void
offer (GstAePatches * self, const Place * place, const float *x,
    const float *next, AeOnline * online)
{
  const AePatch patch = { self->shape, x, next,
    MAX (self->noise[place->i_component], 0.0f)
  };

  ae_online_offer (online, &patch);
}

/* Which way @next has gone from @last along x and y: -1 or 1, the sign of the sum
 * of difference times gradient, as in Lucas and Kanade (1981). The noise of two
 * frames, correlated or not, is as likely to give the one as the other. */
static void
direction (const AeShape * shape, const float *last, const float *next,
    gint sign[2])
{
  gsize w = shape->w;
  float sum[2] = { 0.0f, 0.0f };

  for (gsize y = 1; y + 1 < shape->h; y++) {
    for (gsize i = y * w + 1; i < y * w + w - 1; i++) {
      float d = next[i] - last[i];

      sum[0] += d * (last[i + 1] - last[i - 1] + next[i + 1] - next[i - 1]);
      sum[1] += d * (last[i + w] - last[i - w] + next[i + w] - next[i - w]);
    }
  }
  sign[0] = sum[0] > 0.0f ? 1 : -1;
  sign[1] = sum[1] > 0.0f ? 1 : -1;
}

/* @n patches went @sum this way, less those that went the other way: 1 when all
 * went together, 0 on average when each went as it liked. */
static void
follow_coherence (GstAePatches * self, guint n, const gint sum[2])
{
  if (n < 2)
    return;
  for (guint k = 0; k < 2; k++) {
    float together = (float) (sum[k] * sum[k] - (gint) n)
        / (float) (n * (n - 1));

    self->coherence[k] += COHERENCE_FOLLOW * (together - self->coherence[k]);
  }
}

/* The patches of the last frame and what is in their places now. Where the
 * camera moves, faint texture that goes by looks like noise. */
static void
offer_pairs (GstAePatches * self, GstVideoFrame * frame,
    const AePixels * pixels, AeOnline * online)
{
  gint sum[2] = { 0, 0 }, sign[2];
  guint n_luma = 0;

  for (guint i = 0; i < self->n_per_frame; i++) {
    const float *last = self->last + i * patch_size (self);
    float *next = self->next + i * patch_size (self);

    copy_patch (self, frame, pixels, &self->places[i], next);
    if (self->places[i].i_component != 0)
      continue;
    direction (&self->shape, last, next, sign);
    sum[0] += sign[0];
    sum[1] += sign[1];
    n_luma++;
  }
  follow_coherence (self, n_luma, sum);
  if (MAX (self->coherence[0], self->coherence[1]) > COHERENCE_MAX)
    return;
  for (guint i = 0; i < self->n_per_frame; i++)
    offer (self, &self->places[i], self->last + i * patch_size (self),
        self->next + i * patch_size (self), online);
}

void
gst_ae_patches_take (GstAePatches * self, GstVideoFrame * frame,
    AeOnline * online)
{
  guint n = gst_ae_video_info_n_colours (&frame->info);
  AePixels pixels[GST_AE_MAX_COLOURS];

  if (!gst_ae_patches_fit (self, &frame->info))
    return;
  self->i_estimated = (self->i_estimated + 1) % n;
  for (guint i = 0; i < n; i++) {
    gst_ae_frame_component (frame, i, &pixels[i]);
    if (i == self->i_estimated || self->noise[i] < 0.0f)
      follow_noise (self, &pixels[i], i);
  }
  if (self->temporal && self->has_last)
    offer_pairs (self, frame, pixels, online);
  for (guint i = 0; i < self->n_per_frame; i++) {
    float *patch = self->last + i * patch_size (self);

    self->places[i] = choose_place (self, &frame->info);
    copy_patch (self, frame, pixels, &self->places[i], patch);
    if (!self->temporal)
      offer (self, &self->places[i], patch, NULL, online);
  }
  self->has_last = TRUE;
}
