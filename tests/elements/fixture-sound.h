/* Sound, and models made by hand whose output a test can predict. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/audio/audio.h>

#include "fixture.h"

/* What a stream is of; `F32` or `S16`. */
typedef struct
{
  const gchar *format;
  guint rate, channels;
} Sound;

/* Saves a model that lowers all frequencies to @share, 0.1 to 1. Returns:
 * (transfer full): its path. */
gchar *fixture_model_share (float share);

/* Returns: (transfer full): interleaved. */
GstCaps *fixture_sound_caps (const Sound * sound);

gsize fixture_sound_bpf (const Sound * sound);

/* aeaudiodenoise with @model, that gets @sound. */
GstHarness *fixture_sound_denoiser (const gchar * model, const Sound * sound);

/* @n values of white noise of RMS 0.1. Returns: (transfer full) */
float *fixture_white_noise (gsize n, guint64 seed);

/* @n values, of all channels, as @sound has them. */
GstBuffer *fixture_sound_buffer (const Sound * sound, const float *values,
    gsize n, GstClockTime pts);

/* The inverse; @values is large enough. Returns: how many values. Takes
 * @buffer. */
gsize fixture_sound_values (const Sound * sound, GstBuffer * buffer,
    float *values);

/* Pushes @n values in buffers of @step samples, then EOS. Returns: (transfer full):
 * the @n values that come out; fails unless they are as many, and their times
 * and offsets follow each other from 0 on. */
float *fixture_sound_run (GstHarness * h, const Sound * sound,
    const float *values, gsize n, gsize step);
