/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaestretches.h"

#include <math.h>
#include <string.h>

#define RATE 16000
#define CHUNK 1024              /* samples that are worked on at a time */
#define MAX_RESAMPLED (CHUNK * RATE / 8000 + 2)
#define MAX_SAMPLE 16.0f        /* louder ones are no sound */

#define PART 1600               /* samples that are wanted, or not */
#define PARTS_IN_SECOND (RATE / PART)
#define FADE 80                 /* samples, where parts are joined */
#define SILENCE 1e-9            /* mean square */

/* A pause is at most so many times as powerful as the quietest of the last parts,
 * of which a few are needed to know. */
#define PAUSE_POWER 4.0
#define N_LAST 80
#define N_TO_KNOW 20

struct _GstAeStretches
{
  gboolean pauses;
  GstAudioInfo info;
  GstAudioResampler *resampler; /* NULL at 16 kHz */
  guint i_channel;
  float part[PART];
  guint n_part;                 /* samples in it */
  guint n_parts;                /* of the second under way */
  gboolean follows;             /* the part follows the stretch's last one */
  float stretch[GST_AE_STRETCH + PART];
  guint n_stretch;
  double last[N_LAST];          /* powers, a ring */
  guint n_last;                 /* that there were */
};

GstAeStretches *
gst_ae_stretches_new (gboolean pauses)
{
  GstAeStretches *self = g_new0 (GstAeStretches, 1);

  self->pauses = pauses;
  return self;
}

void
gst_ae_stretches_free (GstAeStretches * self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->resampler, gst_audio_resampler_free);
  g_free (self);
}

static void
make_resampler (GstAeStretches * self)
{
  const gint rate = GST_AUDIO_INFO_RATE (&self->info);

  g_clear_pointer (&self->resampler, gst_audio_resampler_free);
  if (rate != 0 && rate != RATE)        /* 0: before caps */
    self->resampler = gst_audio_resampler_new
        (GST_AUDIO_RESAMPLER_METHOD_KAISER, GST_AUDIO_RESAMPLER_FLAG_NONE,
        GST_AUDIO_FORMAT_F32, 1, rate, RATE, NULL);
}

void
gst_ae_stretches_set_info (GstAeStretches * self, const GstAudioInfo * info)
{
  self->info = *info;
  self->i_channel = 0;
  self->n_last = 0;
  gst_ae_stretches_reset (self);
}

void
gst_ae_stretches_reset (GstAeStretches * self)
{
  make_resampler (self);
  self->n_part = 0;
  self->follows = FALSE;
}

static double
part_power (const GstAeStretches * self)
{
  double sum = 0.0;

  for (guint i = 0; i < PART; i++)
    sum += (double) (self->part[i] * self->part[i]);
  return sum / PART;
}

static gboolean
is_wanted (GstAeStretches * self)
{
  double power = part_power (self), least = power;

  if (power < SILENCE)
    return FALSE;
  self->last[self->n_last++ % N_LAST] = power;
  for (guint i = 0; i < MIN (self->n_last, N_LAST); i++)
    least = MIN (least, self->last[i]);
  return !self->pauses || (self->n_last > N_TO_KNOW
      && power < PAUSE_POWER * least);
}

/* Appends the part. One that does not follow the last is faded over. */
static void
append_part (GstAeStretches * self)
{
  guint n_over = self->follows || self->n_stretch == 0 ? 0 : FADE;
  float *to = self->stretch + self->n_stretch - n_over;

  for (guint i = 0; i < PART; i++) {
    float share = i < n_over ? (float) i / FADE : 1.0f;

    to[i] = share * self->part[i] + (share < 1.0f ? (1.0f - share) * to[i]
        : 0.0f);
  }
  self->n_stretch += PART - n_over;
  self->follows = TRUE;
}

static void
end_part (GstAeStretches * self, AeOnline * online)
{
  if (is_wanted (self))
    append_part (self);
  else
    self->follows = FALSE;
  self->n_part = 0;
  if (self->n_stretch >= GST_AE_STRETCH) {
    ae_online_offer_piece (online, self->stretch);
    self->n_stretch -= GST_AE_STRETCH;
    memmove (self->stretch, self->stretch + GST_AE_STRETCH,
        self->n_stretch * sizeof (float));
    self->i_channel = (self->i_channel + 1)
        % (guint) GST_AUDIO_INFO_CHANNELS (&self->info);
  }
  if (++self->n_parts == PARTS_IN_SECOND) {
    self->n_parts = 0;
    ae_online_end_frame (online);
  }
}

static void
take_resampled (GstAeStretches * self, const float *samples, gsize n,
    AeOnline * online)
{
  for (gsize i = 0; i < n;) {
    gsize size = MIN (n - i, PART - self->n_part);

    memcpy (self->part + self->n_part, samples + i, size * sizeof (float));
    self->n_part += (guint) size;
    i += size;
    if (self->n_part == PART)
      end_part (self, online);
  }
}

void
gst_ae_stretches_take (GstAeStretches * self, gconstpointer samples, gsize n,
    AeOnline * online)
{
  const guint8 *bytes = samples;
  float in[CHUNK], resampled[MAX_RESAMPLED];

  while (n > 0) {
    const gsize size = MIN (n, CHUNK);
    gsize n_out = size;
    gpointer from = in, to = resampled;

    gst_ae_samples_to_floats (GST_AUDIO_INFO_FORMAT (&self->info),
        bytes + self->i_channel * (guint) GST_AUDIO_INFO_BPS (&self->info),
        (gsize) GST_AUDIO_INFO_CHANNELS (&self->info), in, size);
    for (gsize i = 0; i < size; i++)
      in[i] = isfinite (in[i]) ? CLAMP (in[i], -MAX_SAMPLE, MAX_SAMPLE) : 0.0f;
    if (self->resampler) {
      n_out = gst_audio_resampler_get_out_frames (self->resampler, size);
      gst_audio_resampler_resample (self->resampler, &from, size, &to, n_out);
    }
    take_resampled (self, self->resampler ? resampled : in, n_out, online);
    bytes += size * (gsize) GST_AUDIO_INFO_BPF (&self->info);
    n -= size;
  }
}
