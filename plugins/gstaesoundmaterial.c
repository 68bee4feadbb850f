/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaesoundmaterial.h"

#include "ae-audio-features.h"
#include "ae-made-noise.h"
#include "ae-model.h"
#include "ae-noisy-speech.h"
#include "ae-stft.h"
#include "gstaesoundfiles.h"
#include "gstaestretches.h"

#include <string.h>

#define SPEECH "speech"         /* shipped beside the models */

/* Of the stream's seconds, and of the groups of recordings. */
#define HELD_OUT_EVERY 4
#define MIN_STRETCHES 6
#define N_JUDGED 24
#define N_REMEMBERED 24
#define FORGETS_DB 0.05
#define FURTHEST 0.7f           /* other noises lose less by a little less */

/* Share of the samples that have something of the stream. */
#define STREAM_SHARE 0.4f

/* Noises to make, in groups of one of every kind; and the seeds of those to train
 * on and to judge by. */
#define N_MADE_GROUPS 4
#define SEED_TRAINED 77
#define SEED_JUDGED 1077

/* Frames in which the level of a shape settles. */
#define N_SETTLE 50

#define FADE 80                 /* samples, where stretches are joined */

/* One side of what is held out, and the other. */
typedef struct
{
  AeSoundSet *speech;           /* to be mixed with the stream */
  AeSoundSet *noise;            /* likewise, or NULL */
  AeSoundSet *voices, *made;    /* to be remembered */
} Sounds;

struct _GstAeSoundMaterial
{
  GstAeSoundObjective objective;
  GstAeSoundContent content;
  gchar *speech_location, *noise_location;
  Sounds trained, judged;
};

GstAeSoundMaterial *
gst_ae_sound_material_new (GstAeSoundObjective objective,
    GstAeSoundContent content, const gchar * speech_location,
    const gchar * noise_location)
{
  GstAeSoundMaterial *self = g_new0 (GstAeSoundMaterial, 1);

  self->objective = objective;
  self->content = content;
  self->speech_location = g_strdup (speech_location);
  self->noise_location = g_strdup (noise_location);
  return self;
}

static void
clear_sounds (Sounds * sounds)
{
  ae_sound_set_free (sounds->speech);
  ae_sound_set_free (sounds->noise);
  ae_sound_set_free (sounds->voices);
  ae_sound_set_free (sounds->made);
}

void
gst_ae_sound_material_free (GstAeSoundMaterial * self)
{
  if (self == NULL)
    return;
  clear_sounds (&self->trained);
  clear_sounds (&self->judged);
  g_free (self->speech_location);
  g_free (self->noise_location);
  g_free (self);
}

/* Recordings */

/* Loads @path; a part is held out. Where there are few, all are on both sides. */
static gboolean
load (const gchar * path, AeSoundSet ** trained, AeSoundSet ** judged,
    const gint * cancelled, GError ** error)
{
  *trained = ae_sound_set_new ();
  if (!gst_ae_sound_files_add_each (*trained, path, cancelled, error))
    return FALSE;
  *judged = ae_sound_set_hold_out (*trained, HELD_OUT_EVERY);
  if (ae_sound_set_n_groups (*judged) > 0)
    return !g_atomic_int_get (cancelled);
  return gst_ae_sound_files_add_each (*judged, path, cancelled, error)
      && !g_atomic_int_get (cancelled);
}

static gboolean
make_noises (guint64 seed, AeSoundSet ** set, const gint * cancelled)
{
  *set = ae_sound_set_new ();
  for (guint i = 0; i < N_MADE_GROUPS && !g_atomic_int_get (cancelled); i++)
    ae_sound_set_take (*set, ae_made_noises (AE_N_MADE_NOISES, seed + i));
  return !g_atomic_int_get (cancelled);
}

/* The AeMaterial's. */
static gboolean
prepare (gpointer data, const gint * cancelled, GError ** error)
{
  GstAeSoundMaterial *self = data;
  g_autofree gchar *voices = ae_model_find_beside (SPEECH, error);

  return voices != NULL
      && load (voices, &self->trained.voices, &self->judged.voices, cancelled,
      error)
      && (self->speech_location == NULL
      || load (self->speech_location, &self->trained.speech,
          &self->judged.speech, cancelled, error))
      && (self->noise_location == NULL
      || load (self->noise_location, &self->trained.noise,
          &self->judged.noise, cancelled, error))
      && make_noises (SEED_TRAINED, &self->trained.made, cancelled)
      && make_noises (SEED_JUDGED, &self->judged.made, cancelled);
}

/* Samples */

/* An AeNoisySpeechFunc: stretches of the reservoir @data, one after the other. */
static void
lay_stretches (gpointer data, AeRng * rng, float *out, gsize n)
{
  g_autofree float *stretch = g_new (float, GST_AE_STRETCH);
  gsize skipped = ae_rng_below (rng, GST_AE_STRETCH / 2);

  for (gsize at = 0; at < n; at += GST_AE_STRETCH - skipped - FADE) {
    gsize size;

    skipped = at == 0 ? skipped : 0;
    size = MIN (n - at, GST_AE_STRETCH - skipped);
    ae_reservoir_draw (data, rng, stretch);
    for (gsize i = 0; i < size; i++) {
      float share = MIN (1.0f, (float) (i + 1) / FADE);
      gsize left = GST_AE_STRETCH - skipped - i;

      share = MIN (share, (float) left / FADE);
      out[at + i] += share * stretch[skipped + i];
    }
  }
}

/* The stream with what it lacks. */
static AeNoisySpeech
mixer_of_stream (const GstAeSoundMaterial * self, const Sounds * sounds,
    AeReservoir * stretches)
{
  gboolean is_speech = self->content == GST_AE_SOUND_SPEECH;

  return (AeNoisySpeech) {
  .speech = sounds->speech ? sounds->speech : sounds->voices,.noise =
        sounds->noise ? sounds->noise : sounds->made,.n_frames =
        GST_AE_SOUND_FRAMES,.lay_speech =
        is_speech ? lay_stretches : NULL,.lay_noise =
        is_speech ? NULL : lay_stretches,.data = stretches};
}

static AeNoisySpeech
mixer_of_others (const Sounds * sounds)
{
  return (AeNoisySpeech) {
  .speech = sounds->voices,.noise = sounds->made,.n_frames =
        GST_AE_SOUND_FRAMES};
}

static void
reconstruct (AeReservoir * stretches, AeRng * rng, AeSample * sample)
{
  gsize n = (GST_AE_SOUND_FRAMES + 1) * AE_STFT_HOP;
  g_autofree float *clean = g_new0 (float, n);

  lay_stretches (stretches, rng, clean, n);
  ae_clean_sample (clean, GST_AE_SOUND_FRAMES, sample->input, sample->target);
}

/* The shape of each frame, in and out. */
static void
autoencode (AeReservoir * stretches, AeRng * rng, AeSample * sample)
{
  const gsize n = (N_SETTLE + GST_AE_SOUND_FRAMES + 1) * AE_STFT_HOP;
  g_autofree float *sound = g_new0 (float, n);
  AeAudioFeatures features = { 0 };

  lay_stretches (stretches, rng, sound, n);
  for (guint i = 0; i < N_SETTLE + GST_AE_SOUND_FRAMES; i++) {
    /* what comes before the first one is written over */
    float *out = sample->input + (i < N_SETTLE ? 0 : i - N_SETTLE);
    AeSpectrum spectrum;

    ae_stft_analyse (sound + (gsize) i * AE_STFT_HOP, &spectrum);
    ae_audio_shape_next (&features, &spectrum, out, GST_AE_SOUND_FRAMES);
  }
  memcpy (sample->target, sample->input, GST_AE_SOUND_FRAMES * AE_STFT_BINS
      * sizeof (float));
}

static void
draw_shapes (gpointer data, AeReservoir * stretches, AeRng * rng,
    AeSample * sample)
{
  autoencode (stretches, rng, sample);
}

static void
judge_shapes (gpointer data, AeReservoir * held_out, guint i, AeRng * rng,
    AeSample * sample)
{
  autoencode (held_out, rng, sample);
}

static void
draw (gpointer data, AeReservoir * stretches, AeRng * rng, AeSample * sample)
{
  const GstAeSoundMaterial *self = data;
  gboolean is_rehearsal = ae_rng_uniform (rng) >= STREAM_SHARE;
  AeNoisySpeech mixer = is_rehearsal ? mixer_of_others (&self->trained)
      : mixer_of_stream (self, &self->trained, stretches);

  if (!is_rehearsal && self->objective == GST_AE_SOUND_RECONSTRUCT)
    reconstruct (stretches, rng, sample);
  else
    ae_noisy_speech_sample (&mixer, rng, sample->input, sample->target);
  if (is_rehearsal)
    sample->mask[0] = 0.0f;     /* to be left as the model has it */
}

static void
judge (gpointer data, AeReservoir * held_out, guint i, AeRng * rng,
    AeSample * sample)
{
  const GstAeSoundMaterial *self = data;
  AeNoisySpeech mixer = mixer_of_stream (self, &self->judged, held_out);

  if (self->objective == GST_AE_SOUND_RECONSTRUCT)
    reconstruct (held_out, rng, sample);
  else
    ae_noisy_speech_plain_sample (&mixer, rng, sample->input, sample->target);
}

static void
remember (gpointer data, AeReservoir * held_out, guint i, AeRng * rng,
    AeSample * sample)
{
  const GstAeSoundMaterial *self = data;
  AeNoisySpeech mixer = mixer_of_others (&self->judged);

  ae_noisy_speech_plain_sample (&mixer, rng, sample->input, sample->target);
}

AeMaterial
gst_ae_sound_material_get (GstAeSoundMaterial * self)
{
  if (self->objective == GST_AE_SOUND_AUTOENCODE)
    return (AeMaterial) {
    .what = "autoencode sound",.piece_size = GST_AE_STRETCH,.n_hashed =
        GST_AE_STRETCH,.held_out_every = HELD_OUT_EVERY,.n_min =
        MIN_STRETCHES,.n_judged = N_JUDGED,.data = self,.draw =
        draw_shapes,.judge = judge_shapes};
  return (AeMaterial) {
  .what = self->objective == GST_AE_SOUND_DENOISE ? "denoise sound" :
        "reconstruct sound",.piece_size = GST_AE_STRETCH,.n_hashed =
        GST_AE_STRETCH,.held_out_every = HELD_OUT_EVERY,.n_min =
        MIN_STRETCHES,.n_judged = N_JUDGED,.n_remembered =
        N_REMEMBERED,.flat = 1.0f,.furthest = FURTHEST,.forgets_db =
        FORGETS_DB,.data = self,.prepare = prepare,.draw = draw,.judge =
        judge,.remember = remember};
}
