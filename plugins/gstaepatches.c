/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaepatches.h"

#include <math.h>
#include <string.h>

#include "ae-motion.h"
#include "ae-noise-level.h"
#include "ae-still-mean.h"

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

/* How noise of neighbouring pixels goes together, ae_motion_together(): in one
 * place of each frame, followed to what a quarter of them are below, as something
 * moves in others; to no more than about that of noise which is the same in squares
 * of 2x2 pixels, as motion that is not noticed would lift it as long as it lasts. */
#define TOGETHER_QUANTILE 0.25f
#define TOGETHER_FOLLOW 0.1f
#define TOGETHER_WHITE 1.0f
#define TOGETHER_MAX 4.0f

/* For `temporal` a place is looked at in so many frames, and each look but the
 * first is offered, with the mean of those before. To judge by, few looks at many
 * places are better: the last alone is offered. */
#define N_LOOKS 8
#define N_LOOKS_JUDGED 2

/* Where a patch is, and what it showed then. */
typedef struct
{
  guint i_component;
  gint x, y;
  gboolean chosen;
  guint64 i_place;
  guint n_left;                 /* looks to come */
  AeStillMean mean;
} Place;

struct _GstAePatches
{
  AeShape shape;
  guint n_per_frame;
  gboolean temporal;
  AeRng rng;
  float noise[GST_AE_MAX_COLOURS];
  guint i_estimated;            /* component whose turn it is */
  guint64 n_places;             /* chosen up to now */
  float coherence[2];           /* along x and y */
  float together[GST_AE_MAX_COLOURS];
  guint i_followed;             /* place whose turn it is */
  Place *places;                /* [n_per_frame] */
  float *last;                  /* [n_per_frame][c][h][w] of the last frame */
  float *next;                  /* likewise, of this frame, for temporal */
  float *window;
  float *scratch;               /* of ae_motion_together() */
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
  self->scratch = g_new (float, 4 * shape->h * shape->w);
  for (guint i = 0; temporal && i < n_per_frame; i++)
    ae_still_mean_init (&self->places[i].mean, shape);
  gst_ae_patches_reset (self);
  return self;
}

void
gst_ae_patches_free (GstAePatches * self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->n_per_frame; i++)
    ae_still_mean_clear (&self->places[i].mean);
  g_free (self->places);
  g_free (self->last);
  g_free (self->next);
  g_free (self->window);
  g_free (self->scratch);
  g_free (self);
}

void
gst_ae_patches_reset (GstAePatches * self)
{
  for (guint i = 0; i < self->n_per_frame; i++)
    self->places[i].chosen = FALSE, self->places[i].n_left = 0;
  self->coherence[0] = self->coherence[1] = COHERENCE_UNKNOWN;
  self->i_estimated = self->i_followed = 0;
  for (guint i = 0; i < GST_AE_MAX_COLOURS; i++)
    self->noise[i] = NOISE_UNKNOWN, self->together[i] = TOGETHER_WHITE;
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

static void
choose_place (GstAePatches * self, const GstVideoInfo * info, Place * place)
{
  gint width, height;

  place->i_place = self->n_places++;
  place->i_component = 0;
  if (self->shape.c == 1 && gst_ae_video_info_n_colours (info) == 3
      && ae_rng_below (&self->rng, 10) >= LUMA_OF_TEN)
    place->i_component = 1 + ae_rng_below (&self->rng, 2);
  if (!component_fits (self, info, place->i_component))
    place->i_component = 0;
  width = GST_VIDEO_INFO_COMP_WIDTH (info, place->i_component);
  height = GST_VIDEO_INFO_COMP_HEIGHT (info, place->i_component);
  place->x = (gint) ae_rng_below (&self->rng,
      (guint) (width - (gint) self->shape.w + 1));
  place->y = (gint) ae_rng_below (&self->rng,
      (guint) (height - (gint) self->shape.h + 1));
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

/* Whether @place, now looked at, is to be offered. */
static gboolean
is_due (const Place * place, const AeOnline * online)
{
  return place->n_left == 0 || !ae_online_holds_out (online, place->i_place);
}

static void
offer (GstAePatches * self, const Place * place, const float *x,
    AeOnline * online)
{
  const AePatch patch = { self->shape, x, place->mean.mean,
    MAX (self->noise[place->i_component], 0.0f),
    self->together[place->i_component], place->i_place
  };

  ae_online_offer (online, &patch);
}

/* Which way @next has gone from @last along x and y: -1 or 1, the sign of the sum
 * of difference times gradient, as in Lucas and Kanade (1981); 0 where nothing
 * changed. The noise of two frames, correlated or not, is as likely to give the one
 * as the other. */
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
  for (guint k = 0; k < 2; k++)
    sign[k] = (sum[k] > 0.0f) - (sum[k] < 0.0f);
}

/* @n patches went @sum this way, less those that went the other way: 1 when all
 * went together, 0 on average when each went as it liked, less where some stayed. */
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

/* In the place whose turn it is. */
static void
follow_together (GstAePatches * self)
{
  const Place *place = &self->places[self->i_followed];
  gsize offset = self->i_followed * patch_size (self);
  float *followed = &self->together[place->i_component];
  float found;

  if (!place->chosen)
    return;
  found = ae_motion_together (self->shape.h, self->shape.w,
      self->last + offset, self->next + offset, self->scratch);
  if (found > *followed)
    *followed = MIN (*followed * (1.0f + TOGETHER_FOLLOW * TOGETHER_QUANTILE),
        TOGETHER_MAX);
  else if (found > 0.0f)
    *followed *= 1.0f - TOGETHER_FOLLOW * (1.0f - TOGETHER_QUANTILE);
}

/* What is in all places now. Returns: whether the camera moves: faint texture that
 * goes by looks like noise. */
static gboolean
look (GstAePatches * self, GstVideoFrame * frame, const AePixels * pixels)
{
  gint sum[2] = { 0, 0 }, sign[2];
  guint n_luma = 0;
  gboolean moves;

  for (guint i = 0; i < self->n_per_frame; i++) {
    const float *last = self->last + i * patch_size (self);
    float *next = self->next + i * patch_size (self);

    if (!self->places[i].chosen)
      continue;
    copy_patch (self, frame, pixels, &self->places[i], next);
    if (self->places[i].i_component != 0)
      continue;
    direction (&self->shape, last, next, sign);
    sum[0] += sign[0];
    sum[1] += sign[1];
    n_luma++;
  }
  follow_coherence (self, n_luma, sum);
  moves = MAX (self->coherence[0], self->coherence[1]) > COHERENCE_MAX;
  self->i_followed = (self->i_followed + 1) % self->n_per_frame;
  if (!moves)
    follow_together (self);
  return moves;
}

/* Frames one after the other: those before are what a place is learned from. */
static void
take_again (GstAePatches * self, GstVideoFrame * frame,
    const AePixels * pixels, AeOnline * online)
{
  gboolean moves = look (self, frame, pixels);

  for (guint i = 0; i < self->n_per_frame; i++) {
    Place *place = &self->places[i];
    float *last = self->last + i * patch_size (self);
    const float *next = self->next + i * patch_size (self);

    if (place->n_left == 0) {
      choose_place (self, &frame->info, place);
      place->n_left = ae_online_holds_out (online, place->i_place)
          ? N_LOOKS_JUDGED - 1 : N_LOOKS - 1;
      /* at first some are left early, so that later not all are at once */
      if (!place->chosen)
        place->n_left = 1 + i % place->n_left;
      place->chosen = TRUE;
      copy_patch (self, frame, pixels, place, last);
      ae_still_mean_start (&place->mean, last);
      continue;
    }
    place->n_left--;
    if (!moves && is_due (place, online))
      offer (self, place, next, online);
    ae_still_mean_add (&place->mean, next,
        MAX (self->noise[place->i_component], 0.0f) / 255.0f);
    memcpy (last, next, patch_size (self) * sizeof (float));
  }
}

static void
take_once (GstAePatches * self, GstVideoFrame * frame,
    const AePixels * pixels, AeOnline * online)
{
  for (guint i = 0; i < self->n_per_frame; i++) {
    choose_place (self, &frame->info, &self->places[i]);
    copy_patch (self, frame, pixels, &self->places[i], self->last);
    offer (self, &self->places[i], self->last, online);
  }
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
  if (self->temporal)
    take_again (self, frame, pixels, online);
  else
    take_once (self, frame, pixels, online);
}
