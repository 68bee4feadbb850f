/* aevideocompare: two videos side by side, with their likeness. SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-aevideocompare
 * @title: aevideocompare
 *
 * Shows a reference and a test video side by side or wiped into each other,
 * and measures how alike their luma is: PSNR and SSIM of each pair of frames
 * with the same running time, half a frame apart at most. The figures are drawn
 * in and posted as element messages `ae-compare` with the fields
 *
 * - `psnr-y`, `ssim-y`: of the last pair
 * - `mean-psnr-y`, `mean-ssim-y`: means of the figures of all pairs
 * - `n-frames`: pairs measured
 * - `n-unmatched`: frames of either video that had no partner
 *
 * every #aevideocompare:message-interval and before EOS. They start anew when
 * the pipeline does and after a flushing seek. Fields of SSIM are 0 without
 * #aevideocompare:ssim.
 *
 * Both videos must have one size. They are converted to the format of the
 * output, which is that of one of them where downstream takes it; luma of a
 * planar YUV format stays what it was. RGB is compared by its luma,
 * 0.299 R + 0.587 G + 0.114 B.
 *
 * Frames are compared when both have come, in live pipelines too: a slow branch
 * makes the output late, never wrong. Each input needs a queue before it.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m videotestsrc num-buffers=100 ! tee name=t t. ! queue ! c.reference t. ! queue ! aevideocorrupt ! aevideodenoise ! c.test aevideocompare name=c ! videoconvert ! autovideosink
 * ]|
 */
#include "gstaevideocompare.h"

#include "gstaeframe.h"
#include "gstaelikeness.h"
#include "gstaeview.h"

GST_DEBUG_CATEGORY_STATIC (ae_video_compare_debug);
#define GST_CAT_DEFAULT ae_video_compare_debug

#define DEFAULT_VIEW GST_AE_VIEW_SIDE_BY_SIDE
#define DEFAULT_WIPE_POSITION 0.5
#define DEFAULT_SHOW_TEXT TRUE
#define DEFAULT_SSIM TRUE
#define DEFAULT_MESSAGE_INTERVAL GST_SECOND

typedef struct
{
  GstAeView view;
  gdouble wipe_position;
  gboolean show_text, ssim;
  GstClockTime message_interval;
} Settings;

/* The frame that an input contributes now. */
typedef struct
{
  GstClockTime time;            /* running time, or none */
  gboolean is_measured;
} Shown;

enum
{ REFERENCE, TEST, N_SINKS };

static const gchar *const sink_names[N_SINKS] = { "reference", "test" };

struct _GstAeVideoCompare
{
  GstVideoAggregator parent;

  /* under the object lock */
  Settings settings;
  GstAeStats stats;

  /* of the streaming thread */
  Shown shown[N_SINKS];
  GstAeLikeness likeness;
  GstClockTime next_message;    /* stream time, or none: at once */
  /* what the output was negotiated for */
  GstAeView view;
  gint width, height;           /* of the inputs */
};

enum
{
  PROP_0,
  PROP_VIEW,
  PROP_WIPE_POSITION,
  PROP_SHOW_TEXT,
  PROP_SSIM,
  PROP_MESSAGE_INTERVAL,
  PROP_STATS
};

static GstStaticPadTemplate reference_template =
GST_STATIC_PAD_TEMPLATE ("reference", GST_PAD_SINK, GST_PAD_REQUEST,
    GST_STATIC_CAPS (GST_AE_VIDEO_CAPS));

static GstStaticPadTemplate test_template = GST_STATIC_PAD_TEMPLATE ("test",
    GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS (GST_AE_VIDEO_CAPS));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (GST_AE_VIDEO_CAPS));

#define gst_ae_video_compare_parent_class parent_class
G_DEFINE_TYPE (GstAeVideoCompare, gst_ae_video_compare,
    GST_TYPE_VIDEO_AGGREGATOR);

/* Figures */

static void
post_stats (GstAeVideoCompare * self)
{
  GstStructure *structure;

  GST_OBJECT_LOCK (self);
  structure = gst_ae_stats_structure (&self->stats);
  GST_OBJECT_UNLOCK (self);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), structure));
}

static void
post_now_and_then (GstAeVideoCompare * self, GstClockTime interval,
    GstClockTime stream_time)
{
  if (!GST_CLOCK_TIME_IS_VALID (stream_time)
      || (GST_CLOCK_TIME_IS_VALID (self->next_message)
          && stream_time < self->next_message))
    return;
  self->next_message = stream_time + interval;
  post_stats (self);
}

/* Pairs */

/* Running time of the frame that @pad contributes, or none. */
static GstClockTime
running_time (GstVideoAggregatorPad * pad)
{
  GstBuffer *buffer = gst_video_aggregator_pad_get_current_buffer (pad);
  GstClockTime time;

  GST_OBJECT_LOCK (pad);
  /* the first frame after a seek may begin before its segment */
  time = gst_segment_to_running_time (&GST_AGGREGATOR_PAD (pad)->segment,
      GST_FORMAT_TIME, MAX (GST_BUFFER_PTS (buffer),
          GST_AGGREGATOR_PAD (pad)->segment.start));
  GST_OBJECT_UNLOCK (pad);
  return time;
}

/* A frame may be shown several times, while its partner is missing or when the
 * output has more frames; it had none when the next one takes its place. */
static void
show (GstAeVideoCompare * self, guint i, GstClockTime time)
{
  Shown *shown = &self->shown[i];

  if (shown->time == time)
    return;
  if (GST_CLOCK_TIME_IS_VALID (shown->time) && !shown->is_measured) {
    GST_OBJECT_LOCK (self);
    self->stats.n_unmatched++;
    GST_OBJECT_UNLOCK (self);
  }
  *shown = (Shown) {
  time, FALSE};
}

/* Whether the frames shown are less than half a frame apart. */
static gboolean
is_pair (GstAeVideoCompare * self)
{
  const GstVideoInfo *info = &GST_VIDEO_AGGREGATOR (self)->info;
  const GstClockTime a = self->shown[REFERENCE].time;
  const GstClockTime b = self->shown[TEST].time;

  return GST_CLOCK_TIME_IS_VALID (a) && GST_CLOCK_TIME_IS_VALID (b)
      && (GstClockTime) ABS (GST_CLOCK_DIFF (a, b)) < gst_util_uint64_scale
      (GST_SECOND / 2, (guint64) GST_VIDEO_INFO_FPS_D (info),
      (guint64) GST_VIDEO_INFO_FPS_N (info));
}

static gboolean
measure (GstAeVideoCompare * self, GstVideoFrame * const *frames,
    gboolean with_ssim)
{
  GstVideoFrame *reference = frames[REFERENCE], *test = frames[TEST];
  gdouble psnr_db, ssim;

  if (GST_VIDEO_FRAME_WIDTH (reference) != GST_VIDEO_FRAME_WIDTH (test)
      || GST_VIDEO_FRAME_HEIGHT (reference) != GST_VIDEO_FRAME_HEIGHT (test)) {
    GST_ELEMENT_ERROR (self, STREAM, FORMAT,
        ("The reference is %dx%d and the test %dx%d, they must have one size",
            GST_VIDEO_FRAME_WIDTH (reference),
            GST_VIDEO_FRAME_HEIGHT (reference), GST_VIDEO_FRAME_WIDTH (test),
            GST_VIDEO_FRAME_HEIGHT (test)), (NULL));
    return FALSE;
  }
  if (!gst_ae_likeness_measure (&self->likeness, reference, test, &psnr_db,
          with_ssim ? &ssim : NULL)) {
    GST_ELEMENT_ERROR (self, RESOURCE, NO_SPACE_LEFT,
        ("No memory to compare frames of %dx%d",
            GST_VIDEO_FRAME_WIDTH (test), GST_VIDEO_FRAME_HEIGHT (test)),
        (NULL));
    return FALSE;
  }
  self->shown[REFERENCE].is_measured = self->shown[TEST].is_measured = TRUE;
  GST_OBJECT_LOCK (self);
  gst_ae_stats_add (&self->stats, psnr_db, with_ssim ? &ssim : NULL);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

/* The stream */

static Settings
get_settings (GstAeVideoCompare * self)
{
  Settings settings;

  GST_OBJECT_LOCK (self);
  settings = self->settings;
  GST_OBJECT_UNLOCK (self);
  return settings;
}

/* Returns: (transfer full) (nullable) */
static GstVideoAggregatorPad *
get_sink (GstAeVideoCompare * self, guint i)
{
  return (GstVideoAggregatorPad *) gst_element_get_static_pad (GST_ELEMENT
      (self), sink_names[i]);
}

static gboolean
draw (GstAeVideoCompare * self, const Settings * settings,
    GstVideoFrame * const *frames, GstBuffer * buffer)
{
  GstVideoFrame *fitting[N_SINKS], out;

  if (!gst_video_frame_map (&out, &GST_VIDEO_AGGREGATOR (self)->info, buffer,
          GST_MAP_READWRITE)) {
    GST_ELEMENT_ERROR (self, RESOURCE, WRITE,
        ("The output frame cannot be written"), (NULL));
    return FALSE;
  }
  /* while sizes change, one input may have the new one before the other */
  for (guint i = 0; i < N_SINKS; i++)
    fitting[i] = frames[i] && GST_VIDEO_FRAME_WIDTH (frames[i]) == self->width
        && GST_VIDEO_FRAME_HEIGHT (frames[i]) == self->height ? frames[i] :
        NULL;
  gst_ae_view_draw (self->view, settings->wipe_position, fitting[REFERENCE],
      fitting[TEST], &out);
  if (settings->show_text) {
    g_autofree gchar *text = NULL;

    GST_OBJECT_LOCK (self);
    text = gst_ae_stats_describe (&self->stats, settings->ssim);
    GST_OBJECT_UNLOCK (self);
    gst_ae_view_label (self->view, settings->wipe_position, text, &out);
  }
  gst_video_frame_unmap (&out);
  return TRUE;
}

static GstFlowReturn
gst_ae_video_compare_aggregate_frames (GstVideoAggregator * aggregator,
    GstBuffer * buffer)
{
  GstAeVideoCompare *self = GST_AE_VIDEO_COMPARE (aggregator);
  const GstClockTime stream_time = gst_segment_to_stream_time
      (&GST_AGGREGATOR_PAD (GST_AGGREGATOR_SRC_PAD (self))->segment,
      GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  g_autoptr (GstVideoAggregatorPad) reference = get_sink (self, REFERENCE);
  g_autoptr (GstVideoAggregatorPad) test = get_sink (self, TEST);
  GstVideoAggregatorPad *const sinks[] = { reference, test };
  GstVideoFrame *frames[N_SINKS] = { NULL, NULL };
  GstFlowReturn flow = GST_FLOW_OK;
  Settings settings;

  if (GST_CLOCK_TIME_IS_VALID (stream_time))
    gst_object_sync_values (GST_OBJECT (self), stream_time);
  settings = get_settings (self);
  for (guint i = 0; i < N_SINKS; i++) {
    if (sinks[i])
      frames[i] = gst_video_aggregator_pad_get_prepared_frame (sinks[i]);
    show (self, i, frames[i] ? running_time (sinks[i]) : GST_CLOCK_TIME_NONE);
  }

  if (is_pair (self) && !self->shown[REFERENCE].is_measured
      && !self->shown[TEST].is_measured) {
    if (measure (self, frames, settings.ssim))
      post_now_and_then (self, settings.message_interval, stream_time);
    else
      flow = GST_FLOW_ERROR;
  }
  if (flow == GST_FLOW_OK && !draw (self, &settings, frames, buffer))
    flow = GST_FLOW_ERROR;
  return flow;
}

/* The last word comes before EOS. */
static GstFlowReturn
gst_ae_video_compare_aggregate (GstAggregator * aggregator, gboolean timeout)
{
  GstAeVideoCompare *self = GST_AE_VIDEO_COMPARE (aggregator);
  GstFlowReturn flow = GST_AGGREGATOR_CLASS (parent_class)->aggregate
      (aggregator, timeout);

  if (flow == GST_FLOW_EOS) {
    for (guint i = 0; i < N_SINKS; i++)
      show (self, i, GST_CLOCK_TIME_NONE);
    post_stats (self);
  }
  return flow;
}

/* Negotiation */

/* Size, shape of pixels and rate of the reference, or else of the test. */
static GstVideoInfo
input_info (GstAeVideoCompare * self)
{
  GstVideoInfo info;

  gst_video_info_set_format (&info, GST_VIDEO_FORMAT_I420, 320, 240);
  for (guint i = N_SINKS; i-- > 0;) {
    g_autoptr (GstVideoAggregatorPad) sink = get_sink (self, i);

    if (sink && GST_VIDEO_INFO_WIDTH (&sink->info) > 0)
      info = sink->info;
  }
  if (GST_VIDEO_INFO_FPS_N (&info) <= 0 || GST_VIDEO_INFO_FPS_D (&info) <= 0) {
    GST_VIDEO_INFO_FPS_N (&info) = 25;
    GST_VIDEO_INFO_FPS_D (&info) = 1;
  }
  return info;
}

static GstCaps *
gst_ae_video_compare_fixate_src_caps (GstAggregator * aggregator,
    GstCaps * caps)
{
  GstAeVideoCompare *self = GST_AE_VIDEO_COMPARE (aggregator);
  const GstVideoInfo info = input_info (self);
  GstStructure *structure;

  self->view = get_settings (self).view;
  self->width = GST_VIDEO_INFO_WIDTH (&info);
  self->height = GST_VIDEO_INFO_HEIGHT (&info);

  caps = gst_caps_make_writable (caps);
  structure = gst_caps_get_structure (caps, 0);
  gst_structure_fixate_field_nearest_int (structure, "width",
      gst_ae_view_width (self->view, self->width));
  gst_structure_fixate_field_nearest_int (structure, "height", self->height);
  gst_structure_fixate_field_nearest_fraction (structure, "framerate",
      GST_VIDEO_INFO_FPS_N (&info), GST_VIDEO_INFO_FPS_D (&info));
  if (gst_structure_has_field (structure, "pixel-aspect-ratio"))
    gst_structure_fixate_field_nearest_fraction (structure,
        "pixel-aspect-ratio", GST_VIDEO_INFO_PAR_N (&info),
        GST_VIDEO_INFO_PAR_D (&info));
  else
    gst_structure_set (structure, "pixel-aspect-ratio", GST_TYPE_FRACTION,
        GST_VIDEO_INFO_PAR_N (&info), GST_VIDEO_INFO_PAR_D (&info), NULL);
  return gst_caps_fixate (caps);
}

static gboolean
gst_ae_video_compare_negotiated_src_caps (GstAggregator * aggregator,
    GstCaps * caps)
{
  GstAeVideoCompare *self = GST_AE_VIDEO_COMPARE (aggregator);
  const gint width = gst_ae_view_width (self->view, self->width);
  GstVideoInfo info;

  if (gst_video_info_from_caps (&info, caps)
      && (GST_VIDEO_INFO_WIDTH (&info) != width
          || GST_VIDEO_INFO_HEIGHT (&info) != self->height)) {
    GST_ELEMENT_ERROR (self, CORE, NEGOTIATION,
        ("The view of two inputs of %dx%d is %dx%d, but downstream takes %dx%d",
            self->width, self->height, width, self->height,
            GST_VIDEO_INFO_WIDTH (&info), GST_VIDEO_INFO_HEIGHT (&info)),
        ("put videoscale after the element"));
    return FALSE;
  }
  return GST_AGGREGATOR_CLASS (parent_class)->negotiated_src_caps (aggregator,
      caps);
}

/* States */

static void
reset (GstAeVideoCompare * self)
{
  GST_OBJECT_LOCK (self);
  memset (&self->stats, 0, sizeof self->stats);
  GST_OBJECT_UNLOCK (self);
  for (guint i = 0; i < N_SINKS; i++)
    self->shown[i] = (Shown) {
    GST_CLOCK_TIME_NONE, FALSE};
  self->next_message = GST_CLOCK_TIME_NONE;
}

static gboolean
gst_ae_video_compare_start (GstAggregator * aggregator)
{
  reset (GST_AE_VIDEO_COMPARE (aggregator));
  return GST_AGGREGATOR_CLASS (parent_class)->start (aggregator);
}

static gboolean
gst_ae_video_compare_stop (GstAggregator * aggregator)
{
  gst_ae_likeness_clear (&GST_AE_VIDEO_COMPARE (aggregator)->likeness);
  return GST_AGGREGATOR_CLASS (parent_class)->stop (aggregator);
}

static GstFlowReturn
gst_ae_video_compare_flush (GstAggregator * aggregator)
{
  reset (GST_AE_VIDEO_COMPARE (aggregator));
  return GST_AGGREGATOR_CLASS (parent_class)->flush (aggregator);
}

/* Pads: one `reference` and one `test` */

static GstAggregatorPad *
gst_ae_video_compare_create_new_pad (GstAggregator * aggregator,
    GstPadTemplate * template, const gchar * name, const GstCaps * caps)
{
  const gchar *only = GST_PAD_TEMPLATE_NAME_TEMPLATE (template);
  g_autoptr (GstPad) existing =
      gst_element_get_static_pad (GST_ELEMENT (aggregator), only);

  if (existing) {
    GST_WARNING_OBJECT (aggregator, "there is a pad %s already", only);
    return NULL;
  }
  return g_object_new (GST_TYPE_VIDEO_AGGREGATOR_CONVERT_PAD, "name", only,
      "direction", GST_PAD_SINK, "template", template, NULL);
}

/* Properties */

static void
gst_ae_video_compare_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstAeVideoCompare *self = GST_AE_VIDEO_COMPARE (object);
  gboolean new_size = FALSE;

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_VIEW:
      self->settings.view = (GstAeView) g_value_get_enum (value);
      new_size = TRUE;
      break;
    case PROP_WIPE_POSITION:
      self->settings.wipe_position = g_value_get_double (value);
      break;
    case PROP_SHOW_TEXT:
      self->settings.show_text = g_value_get_boolean (value);
      break;
    case PROP_SSIM:
      self->settings.ssim = g_value_get_boolean (value);
      break;
    case PROP_MESSAGE_INTERVAL:
      self->settings.message_interval = g_value_get_uint64 (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
  if (new_size)
    gst_pad_mark_reconfigure (GST_AGGREGATOR_SRC_PAD (self));
}

static void
gst_ae_video_compare_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstAeVideoCompare *self = GST_AE_VIDEO_COMPARE (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_VIEW:
      g_value_set_enum (value, (gint) self->settings.view);
      break;
    case PROP_WIPE_POSITION:
      g_value_set_double (value, self->settings.wipe_position);
      break;
    case PROP_SHOW_TEXT:
      g_value_set_boolean (value, self->settings.show_text);
      break;
    case PROP_SSIM:
      g_value_set_boolean (value, self->settings.ssim);
      break;
    case PROP_MESSAGE_INTERVAL:
      g_value_set_uint64 (value, self->settings.message_interval);
      break;
    case PROP_STATS:
      g_value_take_boxed (value, gst_ae_stats_structure (&self->stats));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
install_properties (GObjectClass * klass)
{
  const GParamFlags live = (GParamFlags) (G_PARAM_READWRITE |
      G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);

  g_object_class_install_property (klass, PROP_VIEW,
      g_param_spec_enum ("view", "View", "What is shown",
          GST_TYPE_AE_VIEW, (gint) DEFAULT_VIEW, live));
  g_object_class_install_property (klass, PROP_WIPE_POSITION,
      g_param_spec_double ("wipe-position", "Wipe position",
          "Share of the width that shows the reference", 0.0, 1.0,
          DEFAULT_WIPE_POSITION,
          (GParamFlags) (live | GST_PARAM_CONTROLLABLE)));
  g_object_class_install_property (klass, PROP_SHOW_TEXT,
      g_param_spec_boolean ("show-text", "Show text",
          "Draw names and figures into the picture", DEFAULT_SHOW_TEXT, live));
  g_object_class_install_property (klass, PROP_SSIM,
      g_param_spec_boolean ("ssim", "SSIM",
          "Measure structural similarity, which takes far longer than PSNR",
          DEFAULT_SSIM, live));
  g_object_class_install_property (klass, PROP_MESSAGE_INTERVAL,
      g_param_spec_uint64 ("message-interval", "Message interval",
          "Stream time between messages in nanoseconds (0 = one a frame); the "
          "last one comes at the end", 0, G_MAXINT64, DEFAULT_MESSAGE_INTERVAL,
          live));
  g_object_class_install_property (klass, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "The fields of the last message, up to date", GST_TYPE_STRUCTURE,
          (GParamFlags) (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
}

static void
gst_ae_video_compare_class_init (GstAeVideoCompareClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstAggregatorClass *aggregator_class = GST_AGGREGATOR_CLASS (klass);
  GstVideoAggregatorClass *video_class = GST_VIDEO_AGGREGATOR_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (ae_video_compare_debug, "aevideocompare", 0,
      "aevideocompare");

  object_class->set_property = gst_ae_video_compare_set_property;
  object_class->get_property = gst_ae_video_compare_get_property;
  install_properties (object_class);
  gst_type_mark_as_plugin_api (GST_TYPE_AE_VIEW, (GstPluginAPIFlags) 0);

  gst_element_class_set_static_metadata (element_class,
      "Video comparison", "Filter/Analyzer/Video",
      "Shows two videos together and measures PSNR and SSIM",
      "The gst-autoencoder authors");
  gst_element_class_add_static_pad_template_with_gtype (element_class,
      &reference_template, GST_TYPE_VIDEO_AGGREGATOR_CONVERT_PAD);
  gst_element_class_add_static_pad_template_with_gtype (element_class,
      &test_template, GST_TYPE_VIDEO_AGGREGATOR_CONVERT_PAD);
  gst_element_class_add_static_pad_template_with_gtype (element_class,
      &src_template, GST_TYPE_AGGREGATOR_PAD);

  aggregator_class->start = gst_ae_video_compare_start;
  aggregator_class->stop = gst_ae_video_compare_stop;
  aggregator_class->flush = gst_ae_video_compare_flush;
  aggregator_class->aggregate = gst_ae_video_compare_aggregate;
  /* no time at which to go on without the other frame */
  aggregator_class->get_next_time = NULL;
  aggregator_class->create_new_pad = gst_ae_video_compare_create_new_pad;
  aggregator_class->fixate_src_caps = gst_ae_video_compare_fixate_src_caps;
  aggregator_class->negotiated_src_caps =
      gst_ae_video_compare_negotiated_src_caps;
  video_class->aggregate_frames = gst_ae_video_compare_aggregate_frames;
}

static void
gst_ae_video_compare_init (GstAeVideoCompare * self)
{
  self->settings = (Settings) {
  DEFAULT_VIEW, DEFAULT_WIPE_POSITION, DEFAULT_SHOW_TEXT, DEFAULT_SSIM,
        DEFAULT_MESSAGE_INTERVAL};
  reset (self);
  /* frames of the output are those of the inputs, wherever these begin */
  g_object_set (self, "start-time-selection",
      GST_AGGREGATOR_START_TIME_SELECTION_FIRST, NULL);
}
