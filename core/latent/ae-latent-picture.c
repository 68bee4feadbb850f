/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-latent-picture.h"

#include <string.h>

#define N_PHASES 4
#define GREY 0.5f

gsize
ae_picture_n_samples (AeLayout layout, guint width, guint height)
{
  gsize half = (gsize) ((width + 1) / 2) * ((height + 1) / 2);

  return layout == AE_LAYOUT_I420 ? AE_LAYOUT_I420_PLANES * half
      : 3 * (gsize) width *height;
}

/* Every second pixel of every second row. */
static AePixels
phase_pixels (const AePixels * luma, guint i)
{
  gint y = (gint) i / 2, x = (gint) i % 2;
  AePixels phase = *luma;

  phase.data += y * luma->stride_bytes + x * luma->step_bytes;
  phase.stride_bytes *= 2;
  phase.step_bytes *= 2;
  phase.width = (luma->width + 1 - x) / 2;
  phase.height = (luma->height + 1 - y) / 2;
  return phase;
}

/* The last row and column again, where an odd size ends before the phase does:
 * those are in the phase before, on the left or above. */
static void
repeat_last (const AePixels * luma, guint w, guint h, float *samples)
{
  const gsize size = (gsize) w * h;

  for (guint i = 1; i < N_PHASES && luma->width % 2; i += 2) {
    for (guint y = 0; y < h; y++)
      samples[i * size + y * w + w - 1] =
          samples[(i - 1) * size + y * w + w - 1];
  }
  for (guint i = 2; i < N_PHASES && luma->height % 2; i++)
    memcpy (samples + i * size + (h - 1) * w,
        samples + (i - 2) * size + (h - 1) * w, w * sizeof *samples);
}

static void
fill (float *samples, gsize n, float value)
{
  for (gsize i = 0; i < n; i++)
    samples[i] = value;
}

/* From the end to the start, for the half-size plane is in the same memory. */
static void
enlarge (float *samples, guint width, guint height)
{
  guint w = (width + 1) / 2;

  for (guint y = height; y-- > 0;) {
    for (guint x = width; x-- > 0;)
      samples[(gsize) y * width + x] = samples[(gsize) (y / 2) * w + x / 2];
  }
}

/* Means of four; at odd borders, of two or one. Rows stay @stride apart. */
static void
shrink (float *samples, guint width, guint height, gsize stride)
{
  for (guint y = 0; y < (height + 1) / 2; y++) {
    const float *a = samples + 2 * y * stride;
    const float *b = 2 * y + 1 < height ? a + stride : a;

    for (guint x = 0; x < (width + 1) / 2; x++) {
      guint right = MIN (2 * x + 1, width - 1);

      samples[y * stride + x] =
          0.25f * (a[2 * x] + a[right] + b[2 * x] + b[right]);
    }
  }
}

static void
to_halves (const AePicture * picture, float *samples)
{
  const AePixels *luma = &picture->components[0];
  guint w = (guint) (luma->width + 1) / 2, h = (guint) (luma->height + 1) / 2;
  gsize size = (gsize) w * h;

  for (guint i = 0; i < N_PHASES; i++) {
    AePixels phase = phase_pixels (luma, i);

    ae_pixels_to_floats (&phase, samples + i * size, w);
  }
  repeat_last (luma, w, h, samples);
  if (picture->components[1].data == NULL) {
    fill (samples + N_PHASES * size, 2 * size, GREY);
    return;
  }
  for (guint i = 0; i < 2; i++)
    ae_pixels_to_floats (&picture->components[1 + i],
        samples + (N_PHASES + i) * size, w);
}

static void
to_wholes (const AePicture * picture, float *samples)
{
  const AePixels *luma = &picture->components[0];
  guint width = (guint) luma->width, height = (guint) luma->height;
  gsize size = (gsize) width * height;

  ae_pixels_to_floats (luma, samples, width);
  if (picture->components[1].data == NULL) {
    fill (samples + size, 2 * size, GREY);
    return;
  }
  for (guint i = 1; i < 3; i++) {
    ae_pixels_to_floats (&picture->components[i], samples + i * size,
        (width + 1) / 2);
    enlarge (samples + i * size, width, height);
  }
}

void
ae_picture_to_samples (const AePicture * picture, AeLayout layout,
    float *samples)
{
  if (layout == AE_LAYOUT_I420)
    to_halves (picture, samples);
  else
    to_wholes (picture, samples);
}

void
ae_picture_from_samples (const AePicture * picture, AeLayout layout, guint h,
    guint w, float *samples)
{
  const AePixels *luma = &picture->components[0];
  const gboolean halves = layout == AE_LAYOUT_I420;
  const gsize size = (gsize) w * h;
  float *chroma = samples + (halves ? N_PHASES : 1) * size;

  for (guint i = 0; i < N_PHASES && halves; i++) {
    AePixels phase = phase_pixels (luma, i);

    ae_pixels_from_floats (&phase, samples + i * size, w);
  }
  if (!halves)
    ae_pixels_from_floats (luma, samples, w);
  for (guint i = 0; i < 2 && picture->components[1].data != NULL; i++) {
    if (!halves)
      shrink (chroma + i * size, (guint) luma->width, (guint) luma->height, w);
    ae_pixels_from_floats (&picture->components[1 + i], chroma + i * size, w);
  }
}
