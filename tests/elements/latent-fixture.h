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

enum
{ LATENT_WIDTH = 176, LATENT_HEIGHT = 144, LATENT_N_FRAMES = 40 };

/* A stream of as many frames, and what it looks like. */
typedef struct
{
  GstVideoInfo info;
  GPtrArray *coded;             /* of GstBuffer */
  GPtrArray *pictures;          /* of GstBuffer, one for each frame */
} LatentStream;

/* @properties: of the encoder */
void latent_stream_init (LatentStream * stream, const gchar * properties);
void latent_stream_clear (LatentStream * stream);

/* The number of the frame that @buffer is of, by its time. */
guint latent_frame_of (GstBuffer * buffer);

/* How far @picture is from what its frame looks like undamaged, as PSNR. */
double latent_stream_likeness (const LatentStream * stream,
    GstBuffer * picture);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LatentStream, latent_stream_clear)
