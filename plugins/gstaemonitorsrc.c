/* aemonitorsrc: shows what a trainer is doing. SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-aemonitorsrc
 * @title: aemonitorsrc
 *
 * A live picture of the training that publishes in #aemonitorsrc:slot, in the
 * same process: losses by step, PSNR and speed, held-out patches as they came,
 * as they were corrupted, as the model gives them back and as they should be,
 * the filters of the first layer and how the code's numbers are spread.
 *
 * It may start before the trainer and outlive it; what was seen last stays. The
 * trainer is never held up: it leaves a report behind about twice a second, and
 * only a new one is drawn.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc is-live=true pattern=ball ! aevideocorrupt level=20 ! aevideotrain slot=a ! fakesink aemonitorsrc slot=a ! videoconvert ! autovideosink
 * ]|
 */
#include "gstaemonitorsrc.h"

#include <gst/video/video.h>
#include <string.h>

#include "ae-slot.h"
#include "gstaemonitor.h"

GST_DEBUG_CATEGORY_STATIC (ae_monitor_src_debug);
#define GST_CAT_DEFAULT ae_monitor_src_debug

#define DEFAULT_WIDTH 640
#define DEFAULT_HEIGHT 480
#define DEFAULT_RATE 10

/* cairo's pixels are 32-bit numbers. */
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define FORMAT "BGRx"
#else
#define FORMAT "xRGB"
#endif

struct _GstAeMonitorSrc
{
  GstPushSrc parent;

  gchar *slot_name;             /* property, under the object lock */

  /* of the streaming thread */
  AeSlot *slot;
  GstVideoInfo info;
  cairo_surface_t *picture;     /* of what follows */
  AeReport *report;
  gboolean claimed;
  GstClockTime first;           /* running time of frame 0 */
  guint64 n_frames;
};

enum
{
  PROP_0,
  PROP_SLOT
};

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("video/x-raw, format = (string) " FORMAT ", "
        "width = (int) [ 160, 7680 ], height = (int) [ 120, 4320 ], "
        "framerate = (fraction) [ 1/60, 120/1 ], "
        "pixel-aspect-ratio = (fraction) 1/1"));

#define gst_ae_monitor_src_parent_class parent_class
G_DEFINE_TYPE (GstAeMonitorSrc, gst_ae_monitor_src, GST_TYPE_PUSH_SRC);

static void
drop_picture (GstAeMonitorSrc * self)
{
  g_clear_pointer (&self->picture, cairo_surface_destroy);
  g_clear_pointer (&self->report, ae_report_unref);
}

static gboolean
gst_ae_monitor_src_start (GstBaseSrc * base)
{
  GstAeMonitorSrc *self = GST_AE_MONITOR_SRC (base);

  GST_OBJECT_LOCK (self);
  self->slot = self->slot_name ? ae_slot_get (self->slot_name) : NULL;
  GST_OBJECT_UNLOCK (self);
  if (self->slot == NULL) {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("There is no slot to watch, expected slot=NAME, that of a trainer "
            "in the same process"), (NULL));
    return FALSE;
  }
  self->n_frames = 0;
  return TRUE;
}

static gboolean
gst_ae_monitor_src_stop (GstBaseSrc * base)
{
  GstAeMonitorSrc *self = GST_AE_MONITOR_SRC (base);

  drop_picture (self);
  g_clear_pointer (&self->slot, ae_slot_unref);
  return TRUE;
}

static GstCaps *
gst_ae_monitor_src_fixate (GstBaseSrc * base, GstCaps * caps)
{
  GstStructure *structure;

  caps = gst_caps_truncate (gst_caps_make_writable (caps));
  structure = gst_caps_get_structure (caps, 0);
  gst_structure_fixate_field_nearest_int (structure, "width", DEFAULT_WIDTH);
  gst_structure_fixate_field_nearest_int (structure, "height", DEFAULT_HEIGHT);
  gst_structure_fixate_field_nearest_fraction (structure, "framerate",
      DEFAULT_RATE, 1);
  return GST_BASE_SRC_CLASS (parent_class)->fixate (base, caps);
}

static gboolean
gst_ae_monitor_src_set_caps (GstBaseSrc * base, GstCaps * caps)
{
  GstAeMonitorSrc *self = GST_AE_MONITOR_SRC (base);

  if (!gst_video_info_from_caps (&self->info, caps))
    return FALSE;
  gst_base_src_set_blocksize (base, (guint) GST_VIDEO_INFO_SIZE (&self->info));
  drop_picture (self);
  /* times go on at the new rate from here */
  self->n_frames = 0;
  return TRUE;
}

static GstClockTime
running_time (GstAeMonitorSrc * self)
{
  GstClock *clock = gst_element_get_clock (GST_ELEMENT (self));
  GstClockTime now = 0;

  if (clock) {
    now = gst_clock_get_time (clock)
        - gst_element_get_base_time (GST_ELEMENT (self));
    gst_object_unref (clock);
  }
  return now;
}

/* Draws what is new. */
static void
update (GstAeMonitorSrc * self)
{
  g_autoptr (AeReport) report = ae_slot_get_report (self->slot);
  gboolean claimed = ae_slot_is_claimed (self->slot);
  gint width = GST_VIDEO_INFO_WIDTH (&self->info);
  gint height = GST_VIDEO_INFO_HEIGHT (&self->info);
  const GstAeMonitorView view = { ae_slot_name (self->slot), claimed, report };
  cairo_t *cairo;

  if (self->picture && report == self->report && claimed == self->claimed)
    return;
  ae_report_unref (self->report);
  self->report = g_steal_pointer (&report);
  self->claimed = claimed;
  if (self->picture == NULL)
    self->picture = cairo_image_surface_create (CAIRO_FORMAT_RGB24, width,
        height);
  cairo = cairo_create (self->picture);
  gst_ae_monitor_draw (cairo, width, height, &view);
  cairo_destroy (cairo);
  cairo_surface_flush (self->picture);
}

static GstFlowReturn
gst_ae_monitor_src_fill (GstPushSrc * push, GstBuffer * buffer)
{
  GstAeMonitorSrc *self = GST_AE_MONITOR_SRC (push);
  const guint64 rate = (guint64) GST_VIDEO_INFO_FPS_N (&self->info);
  const guint64 per = GST_SECOND * (guint64) GST_VIDEO_INFO_FPS_D (&self->info);
  GstVideoFrame frame;
  GstClockTime end;

  update (self);
  if (!gst_video_frame_map (&frame, &self->info, buffer, GST_MAP_WRITE)) {
    GST_ELEMENT_ERROR (self, RESOURCE, WRITE, ("Cannot write to a frame"),
        (NULL));
    return GST_FLOW_ERROR;
  }
  for (gint y = 0; y < GST_VIDEO_INFO_HEIGHT (&self->info); y++) {
    memcpy ((guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&frame, 0)
        + (gsize) y * (gsize) GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0),
        cairo_image_surface_get_data (self->picture)
        + (gsize) y * (gsize) cairo_image_surface_get_stride (self->picture),
        (gsize) GST_VIDEO_INFO_WIDTH (&self->info) * 4);
  }
  gst_video_frame_unmap (&frame);

  if (self->n_frames == 0)
    self->first = running_time (self);
  GST_BUFFER_PTS (buffer) = self->first
      + gst_util_uint64_scale (self->n_frames, per, rate);
  end = self->first + gst_util_uint64_scale (self->n_frames + 1, per, rate);
  GST_BUFFER_DURATION (buffer) = end - GST_BUFFER_PTS (buffer);
  GST_BUFFER_OFFSET (buffer) = self->n_frames++;
  return GST_FLOW_OK;
}

/* Each frame is due at its time. */
static void
gst_ae_monitor_src_get_times (GstBaseSrc * base, GstBuffer * buffer,
    GstClockTime * start, GstClockTime * end)
{
  *start = GST_BUFFER_PTS (buffer);
  *end = *start + GST_BUFFER_DURATION (buffer);
}

static void
gst_ae_monitor_src_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstAeMonitorSrc *self = GST_AE_MONITOR_SRC (object);

  if (id != PROP_SLOT) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    return;
  }
  GST_OBJECT_LOCK (self);
  g_free (self->slot_name);
  self->slot_name = g_value_dup_string (value);
  GST_OBJECT_UNLOCK (self);
}

static void
gst_ae_monitor_src_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstAeMonitorSrc *self = GST_AE_MONITOR_SRC (object);

  if (id != PROP_SLOT) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    return;
  }
  GST_OBJECT_LOCK (self);
  g_value_set_string (value, self->slot_name);
  GST_OBJECT_UNLOCK (self);
}

static void
gst_ae_monitor_src_finalize (GObject * object)
{
  g_free (GST_AE_MONITOR_SRC (object)->slot_name);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_ae_monitor_src_class_init (GstAeMonitorSrcClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *base_class = GST_BASE_SRC_CLASS (klass);
  GstPushSrcClass *push_class = GST_PUSH_SRC_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (ae_monitor_src_debug, "aemonitorsrc", 0,
      "aemonitorsrc");

  object_class->set_property = gst_ae_monitor_src_set_property;
  object_class->get_property = gst_ae_monitor_src_get_property;
  object_class->finalize = gst_ae_monitor_src_finalize;
  g_object_class_install_property (object_class, PROP_SLOT,
      g_param_spec_string ("slot", "Slot",
          "Name of the slot whose trainer is shown; it has to be set", NULL,
          (GParamFlags) (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
              GST_PARAM_MUTABLE_READY)));

  gst_element_class_set_static_metadata (element_class,
      "Autoencoder training monitor", "Source/Video",
      "Shows what a trainer is doing: losses, patches, filters, code",
      "The gst-autoencoder authors");
  gst_element_class_add_static_pad_template (element_class, &src_template);

  base_class->start = gst_ae_monitor_src_start;
  base_class->stop = gst_ae_monitor_src_stop;
  base_class->fixate = gst_ae_monitor_src_fixate;
  base_class->set_caps = gst_ae_monitor_src_set_caps;
  base_class->get_times = gst_ae_monitor_src_get_times;
  push_class->fill = gst_ae_monitor_src_fill;
}

static void
gst_ae_monitor_src_init (GstAeMonitorSrc * self)
{
  gst_base_src_set_live (GST_BASE_SRC (self), TRUE);
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
}
