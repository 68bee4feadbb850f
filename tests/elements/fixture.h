/* Frames, and models made by hand whose output a test can predict. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>

#include "ae-architecture.h"

/* A directory for models, of one test. */
void fixture_setup (void);
void fixture_teardown (void);

/* Returns: (transfer full): the path of @name in that directory. */
gchar *fixture_path (const gchar * name);

/* Saves a model; @weights: the tensors in the order of the text. Returns:
 * (transfer full): its path. */
gchar *fixture_model_of (const AeShape * input, const gchar * text,
    const float *weights, gsize n);

/* The same for planes of any size. */
gchar *fixture_model (const gchar * text, const float *weights, gsize n);

/* 1 - x */
gchar *fixture_model_invert (void);

/* The condition, whatever the picture. */
gchar *fixture_model_condition (void);

/* aevideodenoise with @model, a given noise level of 25 and one thread, that
 * gets frames of @info at 25 Hz. */
GstHarness *fixture_denoiser (const gchar * model, const GstVideoInfo * info);

/* aevideocompare with two harnesses: frames come out of @reference, and @bus
 * gets a message for each pair. No text is drawn. */
typedef struct
{
  GstElement *element;
  GstHarness *reference, *test;
  GstBus *bus;
} Comparer;

Comparer fixture_comparer (const GstVideoInfo * reference,
    const GstVideoInfo * test);
void fixture_comparer_clear (Comparer * c);

void fixture_set_info (GstHarness * h, const GstVideoInfo * info);

/* An element and a format for GstVideoInfo. */
GstVideoInfo fixture_info (const gchar * format, guint width, guint height);

/* Formats of the element's pad template, 0-terminated. */
GArray *fixture_formats (const gchar * element);

/* A frame of random samples, PTS 0. */
GstBuffer *fixture_random_frame (const GstVideoInfo * info, guint32 seed);

/* A frame whose samples are all @value, PTS 0. */
GstBuffer *fixture_flat_frame (const GstVideoInfo * info, guint value);

/* A frame whose components are all at the middle of their range, and alpha at 77
 * of 255, written by GStreamer itself; PTS 0. */
GstBuffer *fixture_grey_frame (const GstVideoInfo * info);

/* A grey frame of luma (or R, G and B) @level of 255 with Gaussian noise. */
GstBuffer *fixture_noisy_frame (const GstVideoInfo * info, float level,
    float sigma, guint32 seed);

/* What GStreamer itself reads in a frame: [y][x][alpha, 3 components], 0 to
 * @max (8 or 16 bits). Returns: (transfer full). */
guint16 *fixture_unpack (const GstVideoInfo * info, GstBuffer * buffer,
    guint * max);

/* Fails unless both hold the same bytes. */
void fixture_assert_equal_bytes (GstBuffer * a, GstBuffer * b);

/* Returns: (transfer full): the error of @element (transfer full), which fails unless it
 * refuses to start. */
GError *fixture_refusal (GstElement * element);

/* Fails unless the element @text does not start, and says @why. */
void fixture_assert_refused (const gchar * text, const gchar * why);
