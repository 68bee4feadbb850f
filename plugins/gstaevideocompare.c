/* aevideocompare: two videos side by side, with their likeness. SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-aevideocompare
 * @title: aevideocompare
 *
 * Shows a reference and a test video side by side or wiped into each other,
 * and measures how alike their luma is: PSNR and SSIM of each pair of frames
 * with the same running time. The figures are drawn in and posted as element
 * messages `ae-compare` with the fields `psnr-y` and `ssim-y` of the last pair,
 * `mean-psnr-y` and `mean-ssim-y` of all (means of the pairs' figures),
 * `n-frames` measured and `n-unmatched` frames that had no partner. RGB is
 * compared by its luma, 0.299 R + 0.587 G + 0.114 B.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m videotestsrc num-buffers=100 ! tee name=t t. ! queue ! c.reference t. ! queue ! aevideocorrupt ! aevideodenoise ! c.test aevideocompare name=c ! videoconvert ! autovideosink
 * ]|
 */
#include "gstaevideocompare.h"

#include "ae-quality.h"
#include "gstaeframe.h"
#include "gstaelabel.h"

GST_DEBUG_CATEGORY_STATIC (ae_video_compare_debug);
#define GST_CAT_DEFAULT ae_video_compare_debug

typedef enum
{
  GST_AE_VIEW_SIDE_BY_SIDE,
  GST_AE_VIEW_WIPE,
  GST_AE_VIEW_TEST
} GstAeView;

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

/* Sums over the stream, and the figures of the last pair. */
typedef struct
{
  guint64 n_frames, n_unmatched;
  gdouble psnr, ssim;           /* of the last pair */
  gdouble sum_psnr, sum_ssim;
} Stats;

enum
{ REFERENCE, TEST, N_SINKS };

static const gchar *const sink_names[N_SINKS] = { "reference", "test" };

struct _GstAeVideoCompare
{
  GstVideoAggregator parent;

  /* under the object lock */
  GstVideoAggregatorPad *sinks[N_SINKS];
  Settings settings;
  Stats stats;

  /* of the streaming thread */
  float *planes[N_SINKS];       /* luma, [height][width] */
  float *scratch;               /* another component of RGB */
  gsize n_plane;
  GstClockTime measured[N_SINKS];       /* running times of the last pair */
  GstClockTime next_message;
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

#define GST_TYPE_AE_VIEW (gst_ae_view_get_type ())
static GType
gst_ae_view_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_AE_VIEW_SIDE_BY_SIDE, "Reference on the left, test on the right",
        "side-by-side"},
    {GST_AE_VIEW_WIPE, "Left part of the reference, right part of the test",
        "wipe"},
    {GST_AE_VIEW_TEST, "Test alone", "test"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstAeView", values));
  return type;
}

/* Measuring */

static GstStructure *
stats_structure (const Stats * stats)
{
  const gdouble n = (gdouble) MAX (stats->n_frames, 1);

  return gst_structure_new ("ae-compare",
      "psnr-y", G_TYPE_DOUBLE, stats->psnr,
      "ssim-y", G_TYPE_DOUBLE, stats->ssim,
      "mean-psnr-y", G_TYPE_DOUBLE, stats->sum_psnr / n,
      "mean-ssim-y", G_TYPE_DOUBLE, stats->sum_ssim / n,
      "n-frames", G_TYPE_UINT64, stats->n_frames,
      "n-unmatched", G_TYPE_UINT64, stats->n_unmatched, NULL);
}

static void
post_stats (GstAeVideoCompare * self)
{
  GstStructure *structure;

  GST_OBJECT_LOCK (self);
  structure = stats_structure (&self->stats);
  GST_OBJECT_UNLOCK (self);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), structure));
}

static gboolean
ensure_planes (GstAeVideoCompare * self, gsize n)
{
  if (n <= self->n_plane)
    return TRUE;
  for (guint i = 0; i < N_SINKS; i++) {
    g_free (self->planes[i]);
    self->planes[i] = g_try_new (float, n);
  }
  g_free (self->scratch);
  self->scratch = g_try_new (float, n);
  self->n_plane = self->planes[REFERENCE] && self->planes[TEST]
      && self->scratch ? n : 0;
  return self->n_plane > 0;
}

static void
read_luma (GstAeVideoCompare * self, GstVideoFrame * frame, float *luma)
{
  static const float weights[] = { 0.299f, 0.587f, 0.114f };
  AePixels pixels;
  gsize n;

  gst_ae_frame_component (frame, 0, &pixels);
  ae_pixels_to_floats (&pixels, luma, (gsize) pixels.width);
  if (!GST_VIDEO_INFO_IS_RGB (&frame->info))
    return;
  n = (gsize) pixels.width * (gsize) pixels.height;
  for (gsize j = 0; j < n; j++)
    luma[j] *= weights[0];
  for (guint i = 1; i < 3; i++) {
    gst_ae_frame_component (frame, i, &pixels);
    ae_pixels_to_floats (&pixels, self->scratch, (gsize) pixels.width);
    for (gsize j = 0; j < n; j++)
      luma[j] += weights[i] * self->scratch[j];
  }
}

static void
measure (GstAeVideoCompare * self, const Settings * settings,
    GstVideoFrame * const *frames)
{
  const guint width = (guint) GST_VIDEO_FRAME_WIDTH (frames[TEST]);
  const guint height = (guint) GST_VIDEO_FRAME_HEIGHT (frames[TEST]);
  gdouble psnr, ssim;

  for (guint i = 0; i < N_SINKS; i++)
    read_luma (self, frames[i], self->planes[i]);
  psnr = ae_quality_psnr_from_mse (ae_quality_mse (self->planes[REFERENCE],
          width, self->planes[TEST], width, width, height));
  ssim = settings->ssim ? ae_quality_ssim (self->planes[REFERENCE], width,
      self->planes[TEST], width, width, height) : 0.0;

  GST_OBJECT_LOCK (self);
  self->stats.n_frames++;
  self->stats.psnr = psnr;
  self->stats.ssim = ssim;
  self->stats.sum_psnr += psnr;
  self->stats.sum_ssim += ssim;
  GST_OBJECT_UNLOCK (self);
}

/* Running time of the frame that @pad contributes. */
static GstClockTime
running_time (GstVideoAggregatorPad * pad)
{
  GstBuffer *buffer = gst_video_aggregator_pad_get_current_buffer (pad);

  return gst_segment_to_running_time (&GST_AGGREGATOR_PAD (pad)->segment,
      GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
}

/* Whether the two frames belong together: less than half a frame apart. A frame
 * that is shown again because its partner's next one is not there yet counts
 * once. */
static gboolean
is_new_pair (GstAeVideoCompare * self, GstVideoAggregatorPad * const *sinks)
{
  const GstVideoInfo *info = &GST_VIDEO_AGGREGATOR (self)->info;
  GstClockTime times[N_SINKS], tolerance = 5 * GST_MSECOND;
  gboolean is_new = TRUE;

  for (guint i = 0; i < N_SINKS; i++) {
    times[i] = running_time (sinks[i]);
    is_new = is_new && times[i] != self->measured[i];
  }
  if (GST_VIDEO_INFO_FPS_N (info) > 0)
    tolerance = gst_util_uint64_scale (GST_SECOND / 2,
        (guint64) GST_VIDEO_INFO_FPS_D (info),
        (guint64) GST_VIDEO_INFO_FPS_N (info));
  if ((GstClockTime) ABS (GST_CLOCK_DIFF (times[0], times[1])) >= tolerance) {
    GST_OBJECT_LOCK (self);
    self->stats.n_unmatched++;
    GST_OBJECT_UNLOCK (self);
    return FALSE;
  }
  self->measured[REFERENCE] = times[REFERENCE];
  self->measured[TEST] = times[TEST];
  return is_new;
}

/* Drawing */

/* Copies columns @from to @to of @in to column @at of @out, all components. */
static void
copy_columns (GstVideoFrame * in, gint from, gint to, GstVideoFrame * out,
    gint at)
{
  for (guint plane = 0; plane < GST_VIDEO_FRAME_N_PLANES (in); plane++) {
    const GstVideoFormatInfo *format = in->info.finfo;
    gint component[GST_VIDEO_MAX_COMPONENTS], begin, end, to_x, bytes, height;
    const guint8 *source = GST_VIDEO_FRAME_PLANE_DATA (in, plane);
    guint8 *target = GST_VIDEO_FRAME_PLANE_DATA (out, plane);

    gst_video_format_info_component (format, plane, component);
    bytes = GST_VIDEO_FORMAT_INFO_PSTRIDE (format, component[0]);
    begin = GST_VIDEO_FORMAT_INFO_SCALE_WIDTH (format, component[0], from);
    end = GST_VIDEO_FORMAT_INFO_SCALE_WIDTH (format, component[0], to);
    to_x = GST_VIDEO_FORMAT_INFO_SCALE_WIDTH (format, component[0], at);
    height = GST_VIDEO_FRAME_COMP_HEIGHT (in, component[0]);
    for (gint y = 0; y < height; y++)
      memcpy (target + (gssize) y * GST_VIDEO_FRAME_PLANE_STRIDE (out, plane)
          + (gssize) to_x * bytes,
          source + (gssize) y * GST_VIDEO_FRAME_PLANE_STRIDE (in, plane)
          + (gssize) begin * bytes, (gsize) (end - begin) * (gsize) bytes);
  }
}

static void
draw_labels (GstAeVideoCompare * self, const Settings * settings,
    GstVideoFrame * out, gint width)
{
  const gint margin = MAX (GST_VIDEO_FRAME_HEIGHT (out) / 60, 2);
  const gboolean both = settings->view == GST_AE_VIEW_SIDE_BY_SIDE;
  g_autofree gchar *text = NULL;
  Stats stats;

  GST_OBJECT_LOCK (self);
  stats = self->stats;
  GST_OBJECT_UNLOCK (self);
  if (stats.n_frames == 0)
    text = g_strdup ("test");
  else if (settings->ssim)
    text = g_strdup_printf ("test  PSNR %.2f dB  SSIM %.3f", stats.psnr,
        stats.ssim);
  else
    text = g_strdup_printf ("test  PSNR %.2f dB", stats.psnr);
  if (both)
    gst_ae_label_draw (out, "reference", margin, margin, width - 2 * margin);
  gst_ae_label_draw (out, text, both ? width + margin : margin, margin,
      width - 2 * margin);
}

static void
draw (GstAeVideoCompare * self, const Settings * settings,
    GstVideoFrame * const *frames, GstVideoFrame * out)
{
  const gint width = GST_VIDEO_FRAME_WIDTH (frames[TEST]);
  /* chroma is shared by up to two columns */
  const gint wipe = (gint) (settings->wipe_position * width) / 2 * 2;

  switch (settings->view) {
    case GST_AE_VIEW_SIDE_BY_SIDE:
      copy_columns (frames[REFERENCE], 0, width, out, 0);
      copy_columns (frames[TEST], 0, width, out,
          GST_VIDEO_FRAME_WIDTH (out) - width);
      break;
    case GST_AE_VIEW_WIPE:
      copy_columns (frames[REFERENCE], 0, wipe, out, 0);
      copy_columns (frames[TEST], wipe, width, out, wipe);
      break;
    case GST_AE_VIEW_TEST:
      copy_columns (frames[TEST], 0, width, out, 0);
      break;
  }
  if (settings->show_text)
    draw_labels (self, settings, out, width);
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

/* References of the two pads, or NULL. */
static void
get_sinks (GstAeVideoCompare * self, GstVideoAggregatorPad ** sinks)
{
  GST_OBJECT_LOCK (self);
  for (guint i = 0; i < N_SINKS; i++)
    sinks[i] = self->sinks[i] ? gst_object_ref (self->sinks[i]) : NULL;
  GST_OBJECT_UNLOCK (self);
}

static void
unref_sinks (GstVideoAggregatorPad ** sinks)
{
  for (guint i = 0; i < N_SINKS; i++)
    gst_clear_object (&sinks[i]);
}

static gboolean
same_size (GstAeVideoCompare * self, GstVideoFrame * const *frames)
{
  if (GST_VIDEO_FRAME_WIDTH (frames[0]) == GST_VIDEO_FRAME_WIDTH (frames[1])
      && GST_VIDEO_FRAME_HEIGHT (frames[0])
      == GST_VIDEO_FRAME_HEIGHT (frames[1]))
    return TRUE;
  GST_ELEMENT_ERROR (self, STREAM, FORMAT,
      ("The reference is %dx%d and the test %dx%d, they must have one size",
          GST_VIDEO_FRAME_WIDTH (frames[0]), GST_VIDEO_FRAME_HEIGHT (frames[0]),
          GST_VIDEO_FRAME_WIDTH (frames[1]),
          GST_VIDEO_FRAME_HEIGHT (frames[1])), (NULL));
  return FALSE;
}

static GstFlowReturn
compare_frames (GstAeVideoCompare * self, const Settings * settings,
    GstVideoAggregatorPad * const *sinks, GstVideoFrame * const *frames,
    GstBuffer * buffer)
{
  GstVideoAggregator *aggregator = GST_VIDEO_AGGREGATOR (self);
  GstVideoFrame out;

  if (!same_size (self, frames))
    return GST_FLOW_ERROR;
  if (!ensure_planes (self, (gsize) GST_VIDEO_FRAME_WIDTH (frames[0])
          * (gsize) GST_VIDEO_FRAME_HEIGHT (frames[0]))
      || !gst_video_frame_map (&out, &aggregator->info, buffer,
          GST_MAP_READWRITE)) {
    GST_ELEMENT_ERROR (self, RESOURCE, NO_SPACE_LEFT,
        ("No memory to compare frames of %dx%d",
            GST_VIDEO_FRAME_WIDTH (frames[0]),
            GST_VIDEO_FRAME_HEIGHT (frames[0])), (NULL));
    return GST_FLOW_ERROR;
  }
  if (is_new_pair (self, sinks))
    measure (self, settings, frames);
  draw (self, settings, frames, &out);
  gst_video_frame_unmap (&out);
  return GST_FLOW_OK;
}

static void
post_now_and_then (GstAeVideoCompare * self, GstClockTime interval,
    GstClockTime pts)
{
  if (!GST_CLOCK_TIME_IS_VALID (pts) || (self->next_message != 0
          && pts < self->next_message))
    return;
  self->next_message = pts + interval;
  post_stats (self);
}

static GstFlowReturn
gst_ae_video_compare_aggregate_frames (GstVideoAggregator * aggregator,
    GstBuffer * buffer)
{
  GstAeVideoCompare *self = GST_AE_VIDEO_COMPARE (aggregator);
  GstVideoAggregatorPad *sinks[N_SINKS];
  GstVideoFrame *frames[N_SINKS] = { NULL, NULL };
  GstFlowReturn flow = GST_FLOW_OK;
  Settings settings;

  if (GST_BUFFER_PTS_IS_VALID (buffer))
    gst_object_sync_values (GST_OBJECT (self), GST_BUFFER_PTS (buffer));
  settings = get_settings (self);
  get_sinks (self, sinks);
  for (guint i = 0; i < N_SINKS; i++) {
    if (sinks[i])
      frames[i] = gst_video_aggregator_pad_get_prepared_frame (sinks[i]);
  }
  if (frames[REFERENCE] && frames[TEST]) {
    flow = compare_frames (self, &settings, sinks, frames, buffer);
    if (flow == GST_FLOW_OK)
      post_now_and_then (self, settings.message_interval,
          GST_BUFFER_PTS (buffer));
  } else {
    /* one of them has ended or not begun: black, as nothing can be compared */
    gst_buffer_memset (buffer, 0, 0, gst_buffer_get_size (buffer));
    GST_OBJECT_LOCK (self);
    self->stats.n_unmatched += frames[REFERENCE] || frames[TEST];
    GST_OBJECT_UNLOCK (self);
  }
  unref_sinks (sinks);
  return flow;
}

/* The last word comes before EOS. */
static GstFlowReturn
gst_ae_video_compare_aggregate (GstAggregator * aggregator, gboolean timeout)
{
  GstFlowReturn flow = GST_AGGREGATOR_CLASS (parent_class)->aggregate
      (aggregator, timeout);

  if (flow == GST_FLOW_EOS)
    post_stats (GST_AE_VIDEO_COMPARE (aggregator));
  return flow;
}

/* The size of the inputs, twice as wide side by side; even, so that chroma of
 * the right half begins where its luma does. */
static GstCaps *
gst_ae_video_compare_fixate_src_caps (GstAggregator * aggregator,
    GstCaps * caps)
{
  GstAeVideoCompare *self = GST_AE_VIDEO_COMPARE (aggregator);
  Settings settings = get_settings (self);
  GstVideoAggregatorPad *sinks[N_SINKS];
  gint width = 320, height = 240, fps_n = 25, fps_d = 1;
  GstStructure *structure;

  get_sinks (self, sinks);
  for (guint i = 0; i < N_SINKS; i++) {
    if (sinks[i] && GST_VIDEO_INFO_WIDTH (&sinks[i]->info) > 0) {
      width = GST_VIDEO_INFO_WIDTH (&sinks[i]->info);
      height = GST_VIDEO_INFO_HEIGHT (&sinks[i]->info);
      if (GST_VIDEO_INFO_FPS_N (&sinks[i]->info) > 0) {
        fps_n = GST_VIDEO_INFO_FPS_N (&sinks[i]->info);
        fps_d = GST_VIDEO_INFO_FPS_D (&sinks[i]->info);
      }
      break;
    }
  }
  unref_sinks (sinks);
  if (settings.view == GST_AE_VIEW_SIDE_BY_SIDE)
    width = GST_ROUND_UP_2 (width) + width;
  caps = gst_caps_make_writable (caps);
  structure = gst_caps_get_structure (caps, 0);
  gst_structure_fixate_field_nearest_int (structure, "width", width);
  gst_structure_fixate_field_nearest_int (structure, "height", height);
  gst_structure_fixate_field_nearest_fraction (structure, "framerate", fps_n,
      fps_d);
  return gst_caps_fixate (caps);
}

static void
reset (GstAeVideoCompare * self)
{
  GST_OBJECT_LOCK (self);
  self->stats = (Stats) {
  0};
  GST_OBJECT_UNLOCK (self);
  for (guint i = 0; i < N_SINKS; i++) {
    self->measured[i] = GST_CLOCK_TIME_NONE;
    g_clear_pointer (&self->planes[i], g_free);
  }
  g_clear_pointer (&self->scratch, g_free);
  self->n_plane = 0;
  self->next_message = 0;
}

static gboolean
gst_ae_video_compare_start (GstAggregator * aggregator)
{
  reset (GST_AE_VIDEO_COMPARE (aggregator));
  return GST_AGGREGATOR_CLASS (parent_class)->start (aggregator);
}

/* Pads: one `reference` and one `test` */

static GstAggregatorPad *
gst_ae_video_compare_create_new_pad (GstAggregator * aggregator,
    GstPadTemplate * template, const gchar * name, const GstCaps * caps)
{
  GstAeVideoCompare *self = GST_AE_VIDEO_COMPARE (aggregator);
  const gchar *wanted = GST_PAD_TEMPLATE_NAME_TEMPLATE (template);
  guint i = g_strcmp0 (wanted, sink_names[REFERENCE]) == 0 ? REFERENCE : TEST;
  GstVideoAggregatorPad *pad = NULL;

  GST_OBJECT_LOCK (self);
  if (self->sinks[i] == NULL)
    pad = self->sinks[i] =
        g_object_new (GST_TYPE_VIDEO_AGGREGATOR_CONVERT_PAD, "name", wanted,
        "direction", GST_PAD_SINK, "template", template, NULL);
  GST_OBJECT_UNLOCK (self);
  if (pad == NULL)
    GST_WARNING_OBJECT (self, "there is a pad %s already", wanted);
  return pad ? GST_AGGREGATOR_PAD (pad) : NULL;
}

static void
gst_ae_video_compare_release_pad (GstElement * element, GstPad * pad)
{
  GstAeVideoCompare *self = GST_AE_VIDEO_COMPARE (element);

  GST_OBJECT_LOCK (self);
  for (guint i = 0; i < N_SINKS; i++) {
    if ((GstPad *) self->sinks[i] == pad)
      self->sinks[i] = NULL;
  }
  GST_OBJECT_UNLOCK (self);
  GST_ELEMENT_CLASS (parent_class)->release_pad (element, pad);
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
      g_value_take_boxed (value, stats_structure (&self->stats));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_ae_video_compare_finalize (GObject * object)
{
  reset (GST_AE_VIDEO_COMPARE (object));
  G_OBJECT_CLASS (parent_class)->finalize (object);
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
          "Measure structural similarity, which takes longer than PSNR",
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
  object_class->finalize = gst_ae_video_compare_finalize;
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

  element_class->release_pad = gst_ae_video_compare_release_pad;
  aggregator_class->start = gst_ae_video_compare_start;
  aggregator_class->aggregate = gst_ae_video_compare_aggregate;
  aggregator_class->create_new_pad = gst_ae_video_compare_create_new_pad;
  aggregator_class->fixate_src_caps = gst_ae_video_compare_fixate_src_caps;
  video_class->aggregate_frames = gst_ae_video_compare_aggregate_frames;
}

static void
gst_ae_video_compare_init (GstAeVideoCompare * self)
{
  self->settings = (Settings) {
  DEFAULT_VIEW, DEFAULT_WIPE_POSITION, DEFAULT_SHOW_TEXT, DEFAULT_SSIM,
        DEFAULT_MESSAGE_INTERVAL};
  reset (self);
}
