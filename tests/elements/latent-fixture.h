/* Pictures that move, and a codec for them. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fixture.h"

/* How long a frame is. */
#define LATENT_FRAME (40 * GST_MSECOND)

/* Saves the cosine transform as a model of the name `latent-video`, where
 * elements find it. After fixture_setup(). Returns: (transfer full): its path. */
gchar *latent_fixture_model (void);

/* @element, with @properties, that gets frames of @info. */
GstHarness *latent_fixture_encoder (const gchar * properties,
    const GstVideoInfo * info);
GstHarness *latent_fixture_decoder (const gchar * properties);

/* Frame @n of a picture with waves, an edge that moves and one that stands, and
 * noise of @sigma; @still: nothing moves. */
GstBuffer *latent_fixture_frame (const GstVideoInfo * info, guint n,
    gboolean still, float sigma);

/* Of luma, within columns @x0 to @x1 - 1 of @info's width. */
double latent_fixture_psnr (const GstVideoInfo * info, GstBuffer * a,
    GstBuffer * b, guint x0, guint x1);

/* Bytes that the two differ in. */
gsize latent_fixture_n_different (GstBuffer * a, GstBuffer * b);

/* Field @name of the property `stats` of @element. */
guint64 latent_fixture_stat (GstHarness * h, const gchar * element,
    const gchar * name);
