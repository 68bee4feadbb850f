/* aeaudiocorrupt: adds noise to sound. SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-aeaudiocorrupt
 * @title: aeaudiocorrupt
 *
 * Corrupts sound as denoising autoencoders are trained: with white, pink, hum
 * and click noise, salt and pepper, masking, dropout, or the reverberation of a
 * room. Each channel is corrupted on its own; integer samples are then clipped
 * and rounded. The noise depends on #aeaudiocorrupt:seed and on the number of the
 * sample since the stream began, and not on the size of the buffers, so every
 * run gives the same samples.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 audiotestsrc num-buffers=100 ! aeaudiocorrupt type=pink level=0.1 ! audioconvert ! autoaudiosink
 * ]|
 */
#include "gstaeaudiocorrupt.h"

#include "ae-audio-corruption.h"
#include "ae-rng.h"
#include "gstaeproperties.h"
#include "gstaesamples.h"

GST_DEBUG_CATEGORY_STATIC (ae_audio_corrupt_debug);
#define GST_CAT_DEFAULT ae_audio_corrupt_debug

#define CHUNK 1024

typedef struct
{
  AeAudioCorruptionKind kind;
  gdouble level;
  guint64 seed;
} Settings;

struct _GstAeAudioCorrupt
{
  GstAudioFilter parent;

  Settings settings;            /* properties, under the object lock */

  /* of the streaming thread */
  Settings buffer_settings;
  Settings made_for;            /* what the corruptions were made for */
  AeAudioCorruption *channels[GST_AE_MAX_CHANNELS];
};

#define CAPS "audio/x-raw, format = " GST_AE_AUDIO_FORMATS ", " \
    "rate = [ 1, max ], channels = [ 1, 8 ], " \
    "layout = { interleaved, non-interleaved }"

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));

#define gst_ae_audio_corrupt_parent_class parent_class
G_DEFINE_TYPE (GstAeAudioCorrupt, gst_ae_audio_corrupt, GST_TYPE_AUDIO_FILTER);

#define GST_TYPE_AE_AUDIO_CORRUPTION (gst_ae_audio_corruption_get_type ())
static GType
gst_ae_audio_corruption_get_type (void)
{
  static const GEnumValue values[] = {
    {AE_AUDIO_CORRUPTION_NONE, "Nothing", "none"},
    {AE_AUDIO_CORRUPTION_GAUSSIAN, "White noise of normal distribution; level "
          "= root mean square", "gaussian"},
    {AE_AUDIO_CORRUPTION_WHITE, "White noise of uniform distribution; level = "
          "root mean square", "white"},
    {AE_AUDIO_CORRUPTION_PINK, "Pink noise; level = root mean square", "pink"},
    {AE_AUDIO_CORRUPTION_HUM, "Mains of 50 or 60 Hz with harmonics; level = "
          "root mean square", "hum"},
    {AE_AUDIO_CORRUPTION_CLICKS, "Clicks, eight a second; level = peak of the "
          "loudest", "clicks"},
    {AE_AUDIO_CORRUPTION_SALT_PEPPER, "Samples become full scale, either way; "
          "level = share of them", "salt-pepper"},
    {AE_AUDIO_CORRUPTION_MASKING, "Samples become 0; level = share of them",
        "masking"},
    {AE_AUDIO_CORRUPTION_DROPOUT, "Samples become 0, the others louder; level "
          "= share of them", "dropout"},
    {AE_AUDIO_CORRUPTION_REVERBERATION, "A room that falls by 60 dB in half a "
          "second; level = share of the room's sound", "reverberation"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstAeAudioCorruption",
            values));
  return type;
}

/* The stream */

static void
clear_channels (GstAeAudioCorrupt * self)
{
  for (guint c = 0; c < GST_AE_MAX_CHANNELS; c++)
    g_clear_pointer (&self->channels[c], ae_audio_corruption_free);
}

static gboolean
gst_ae_audio_corrupt_stop (GstBaseTransform * trans)
{
  clear_channels (GST_AE_AUDIO_CORRUPT (trans));
  return TRUE;
}

static gboolean
gst_ae_audio_corrupt_setup (GstAudioFilter * filter, const GstAudioInfo * info)
{
  clear_channels (GST_AE_AUDIO_CORRUPT (filter));
  return TRUE;
}

/* Begins the noise, or begins it anew where another one is asked for. */
static void
make_channels (GstAeAudioCorrupt * self)
{
  const GstAudioInfo *info = GST_AUDIO_FILTER_INFO (self);
  const Settings *settings = &self->buffer_settings;

  if (self->channels[0] != NULL && settings->kind == self->made_for.kind
      && settings->seed == self->made_for.seed)
    return;
  clear_channels (self);
  for (guint c = 0; c < (guint) GST_AUDIO_INFO_CHANNELS (info); c++)
    self->channels[c] = ae_audio_corruption_new (settings->kind,
        (guint) GST_AUDIO_INFO_RATE (info), ae_rng_seed_of (settings->seed, c));
  self->made_for = *settings;
}

static void
gst_ae_audio_corrupt_before_transform (GstBaseTransform * trans,
    GstBuffer * buffer)
{
  GstAeAudioCorrupt *self = GST_AE_AUDIO_CORRUPT (trans);

  gst_ae_properties_sync (trans, &trans->segment, GST_BUFFER_PTS (buffer));

  GST_OBJECT_LOCK (self);
  self->buffer_settings = self->settings;
  GST_OBJECT_UNLOCK (self);

  gst_base_transform_set_passthrough (trans,
      self->buffer_settings.kind == AE_AUDIO_CORRUPTION_NONE
      || self->buffer_settings.level == 0.0);
}

static void
corrupt_channel (AeAudioCorruption * corruption, float level,
    GstAudioBuffer * audio, guint i_channel)
{
  const GstAudioFormat format = GST_AUDIO_BUFFER_FORMAT (audio);
  const gsize n = GST_AUDIO_BUFFER_N_SAMPLES (audio);
  gsize stride;
  guint8 *samples = gst_ae_samples_of_channel (audio, i_channel, &stride);
  float chunk[CHUNK];

  for (gsize start = 0; start < n; start += CHUNK) {
    const gsize size = MIN (n - start, CHUNK);
    guint8 *first =
        samples + start * stride * (gsize) GST_AUDIO_BUFFER_BPS (audio);

    gst_ae_samples_to_floats (format, first, stride, chunk, size);
    ae_audio_corruption_run (corruption, level, chunk, size);
    gst_ae_samples_from_floats (format, first, stride, chunk, size);
  }
}

static GstFlowReturn
gst_ae_audio_corrupt_transform_ip (GstBaseTransform * trans, GstBuffer * buffer)
{
  GstAeAudioCorrupt *self = GST_AE_AUDIO_CORRUPT (trans);
  const GstAudioInfo *info = GST_AUDIO_FILTER_INFO (self);
  float level = (float) self->buffer_settings.level;
  GstAudioBuffer audio;

  if (!gst_audio_buffer_map (&audio, info, buffer, GST_MAP_READWRITE)) {
    GST_ELEMENT_ERROR (self, STREAM, FORMAT,
        ("A buffer of %" G_GSIZE_FORMAT " bytes does not hold whole samples "
            "of %d channels", gst_buffer_get_size (buffer),
            GST_AUDIO_INFO_CHANNELS (info)), (NULL));
    return GST_FLOW_ERROR;
  }
  make_channels (self);
  if (level < 0.0f)
    level = ae_audio_corruption_usual_level (self->buffer_settings.kind);
  for (guint c = 0; c < (guint) GST_AUDIO_INFO_CHANNELS (info); c++)
    corrupt_channel (self->channels[c], level, &audio, c);
  gst_audio_buffer_unmap (&audio);
  GST_BUFFER_FLAG_UNSET (buffer, GST_BUFFER_FLAG_GAP);
  return GST_FLOW_OK;
}

/* Properties */

static const GstAeProperty rows[] = {
#define AT(field) G_STRUCT_OFFSET (GstAeAudioCorrupt, field)
  {"type", "Type", "What is done to the samples", GST_AE_ENUM,
      AT (settings.kind), gst_ae_audio_corruption_get_type,.usual =
        AE_AUDIO_CORRUPTION_GAUSSIAN,.when = GST_AE_CONTROLLED},
  {"level", "Level", "How much, by the type: root mean square or peak of the "
        "noise, where full scale is 1, or a share (0 = leave samples untouched, "
        "-1 = what is usual for the type)", GST_AE_DOUBLE, AT (settings.level),
      .low = -1.0,.high = 1.0,.usual = -1.0,.when = GST_AE_CONTROLLED},
  {"seed", "Seed", "Seed of the noise: the same seed gives the same samples",
      GST_AE_UINT64, AT (settings.seed),.high = (double) G_MAXUINT64,.usual =
        1,.when = GST_AE_CONTROLLED},
#undef AT
};

static const GstAeProperties properties = GST_AE_PROPERTIES (rows);

static void
gst_ae_audio_corrupt_class_init (GstAeAudioCorruptClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);
  GstAudioFilterClass *filter_class = GST_AUDIO_FILTER_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (ae_audio_corrupt_debug, "aeaudiocorrupt", 0,
      "aeaudiocorrupt");

  gst_ae_properties_install_object (&properties, object_class);
  gst_type_mark_as_plugin_api (GST_TYPE_AE_AUDIO_CORRUPTION,
      (GstPluginAPIFlags) 0);

  gst_element_class_set_static_metadata (element_class,
      "Audio corruption", "Filter/Effect/Audio",
      "Adds the noise that denoising autoencoders are trained on",
      "The gst-autoencoder authors");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);

  trans_class->stop = gst_ae_audio_corrupt_stop;
  trans_class->before_transform = gst_ae_audio_corrupt_before_transform;
  trans_class->transform_ip = gst_ae_audio_corrupt_transform_ip;
  trans_class->transform_ip_on_passthrough = FALSE;
  filter_class->setup = gst_ae_audio_corrupt_setup;
}

static void
gst_ae_audio_corrupt_init (GstAeAudioCorrupt * self)
{
  gst_ae_properties_init (&properties, self);
}
