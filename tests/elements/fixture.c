/* Frames, and models made by hand whose output a test can predict. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

#include <glib/gstdio.h>

#include "ae-model.h"
#include "ae-plane.h"
#include "ae-rng.h"

static gchar *directory;
static guint n_models;

void
fixture_setup (void)
{
  directory = g_dir_make_tmp ("ae-test-XXXXXX", NULL);
  fail_unless (directory != NULL);
  n_models = 0;
}

void
fixture_teardown (void)
{
  GDir *dir = g_dir_open (directory, 0, NULL);
  const gchar *name;

  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_build_filename (directory, name, NULL);

    g_unlink (path);
  }
  g_dir_close (dir);
  g_rmdir (directory);
  g_clear_pointer (&directory, g_free);
}

gchar *
fixture_path (const gchar * name)
{
  return g_build_filename (directory, name, NULL);
}

/* Spreads @weights over the parameters, which need not lie close together. */
static AeWeights *
lay_out (const AeArchitecture * architecture, const float *weights, gsize n)
{
  g_autofree float *data = g_new0 (float, architecture->n_weights);
  gsize i = 0;

  for (guint l = 0; l < architecture->n_layers; l++) {
    for (guint p = 0; p < AE_N_PARAMS; p++) {
      const AeParam *param = &architecture->layers[l].params[p];

      fail_unless (i + param->size <= n);
      memcpy (data + param->offset, weights + i, param->size * sizeof (float));
      i += param->size;
    }
  }
  fail_unless_equals_uint64 (i, n);
  return ae_weights_new_copy (data, architecture->n_weights, NULL);
}

gchar *
fixture_model_of (const AeShape * input, const gchar * text,
    const float *weights, gsize n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AeArchitecture) architecture = NULL;
  g_autoptr (AeWeights) w = NULL;
  g_autoptr (AeModel) model = NULL;
  g_autofree gchar *name = g_strdup_printf ("model-%u.safetensors", n_models++);
  gchar *path = g_build_filename (directory, name, NULL);

  architecture = ae_architecture_parse (text, input, &error);
  fail_unless (architecture != NULL, "%s", error ? error->message : "");
  w = lay_out (architecture, weights, n);
  model = ae_model_new (architecture, w, NULL, &error);
  fail_unless (model != NULL, "%s", error ? error->message : "");
  fail_unless (ae_model_save (model, path, &error));
  return path;
}

gchar *
fixture_model (const gchar * text, const float *weights, gsize n)
{
  const AeShape input = { 1, 0, 0 };

  return fixture_model_of (&input, text, weights, n);
}

gchar *
fixture_model_invert (void)
{
  static const float weights[] = { -1.0f, 1.0f, 1.0f, 0.0f };

  return fixture_model ("conv 1x1 1 | conv 1x1 1", weights,
      G_N_ELEMENTS (weights));
}

gchar *
fixture_model_condition (void)
{
  static const float weights[] = { 0.0f, 1.0f, 0.0f, 1.0f, 0.0f };

  return fixture_model ("given 1, conv 1x1 1 | conv 1x1 1", weights,
      G_N_ELEMENTS (weights));
}

void
fixture_set_info (GstHarness * h, const GstVideoInfo * info)
{
  gst_harness_set_src_caps (h, gst_video_info_to_caps (info));
}

GstHarness *
fixture_denoiser (const gchar * model, const GstVideoInfo * info)
{
  GstElement *element = gst_element_factory_make ("aevideodenoise", NULL);
  GstHarness *h;

  g_object_set (element, "model", model, "noise-level", 25.0, "n-threads", 1,
      NULL);
  h = gst_harness_new_with_element (element, "sink", "src");
  gst_object_unref (element);
  fixture_set_info (h, info);
  return h;
}

Comparer
fixture_comparer (const GstVideoInfo * reference, const GstVideoInfo * test)
{
  Comparer c;

  c.element = gst_element_factory_make ("aevideocompare", NULL);
  g_object_set (c.element, "show-text", FALSE, "message-interval",
      (guint64) 0, NULL);
  c.reference = gst_harness_new_with_element (c.element, "reference", "src");
  c.test = gst_harness_new_with_element (c.element, "test", NULL);
  c.bus = gst_bus_new ();
  gst_element_set_bus (c.element, c.bus);
  fixture_set_info (c.reference, reference);
  fixture_set_info (c.test, test);
  return c;
}

void
fixture_comparer_clear (Comparer * c)
{
  gst_element_set_bus (c->element, NULL);
  gst_object_unref (c->bus);
  gst_harness_teardown (c->test);
  gst_harness_teardown (c->reference);
  gst_object_unref (c->element);
}

GstVideoInfo
fixture_info (const gchar * format, guint width, guint height)
{
  GstVideoInfo info;

  fail_unless (gst_video_info_set_format (&info,
          gst_video_format_from_string (format), width, height));
  info.fps_n = 25;
  info.fps_d = 1;
  return info;
}

GArray *
fixture_formats (const gchar * element)
{
  GArray *formats = g_array_new (TRUE, TRUE, sizeof (const gchar *));
  GstElement *e = gst_element_factory_make (element, NULL);
  GstPadTemplate *template = gst_element_get_pad_template (e, "src");
  GstCaps *caps = gst_pad_template_get_caps (template);
  const GValue *list =
      gst_structure_get_value (gst_caps_get_structure (caps, 0), "format");

  for (guint i = 0; i < gst_value_list_get_size (list); i++) {
    const gchar *name = g_intern_string (g_value_get_string
        (gst_value_list_get_value (list, i)));

    g_array_append_val (formats, name);
  }
  gst_caps_unref (caps);
  gst_object_unref (e);
  return formats;
}

/* The bits of two-byte samples that carry the value. */
static guint16
value_mask (const GstVideoInfo * info)
{
  return (guint16) (((1u << GST_VIDEO_INFO_COMP_DEPTH (info, 0)) - 1)
      << GST_VIDEO_FORMAT_INFO_SHIFT (info->finfo, 0));
}

static GstBuffer *
new_frame (const GstVideoInfo * info)
{
  GstBuffer *buffer =
      gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (info), NULL);

  gst_buffer_memset (buffer, 0, 0, GST_VIDEO_INFO_SIZE (info));
  GST_BUFFER_PTS (buffer) = 0;
  GST_BUFFER_DURATION (buffer) = 40 * GST_MSECOND;
  return buffer;
}

GstBuffer *
fixture_random_frame (const GstVideoInfo * info, guint32 seed)
{
  GstBuffer *buffer = new_frame (info);
  GRand *rand = g_rand_new_with_seed (seed);
  const guint16 mask = value_mask (info);
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  for (gsize i = 0; i < map.size; i++)
    map.data[i] = (guint8) g_rand_int (rand);
  if (GST_VIDEO_INFO_COMP_DEPTH (info, 0) > 8) {
    for (gsize i = 0; i + 1 < map.size; i += 2)
      GST_WRITE_UINT16_LE (map.data + i,
          GST_READ_UINT16_LE (map.data + i) & mask);
  }
  gst_buffer_unmap (buffer, &map);
  g_rand_free (rand);
  return buffer;
}

GstBuffer *
fixture_flat_frame (const GstVideoInfo * info, guint value)
{
  GstBuffer *buffer = new_frame (info);
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  if (GST_VIDEO_INFO_COMP_DEPTH (info, 0) == 8) {
    memset (map.data, (gint) value, map.size);
  } else {
    for (gsize i = 0; i + 1 < map.size; i += 2)
      GST_WRITE_UINT16_LE (map.data + i,
          (guint16) (value << GST_VIDEO_FORMAT_INFO_SHIFT (info->finfo, 0)));
  }
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

GstBuffer *
fixture_grey_frame (const GstVideoInfo * info)
{
  const GstVideoFormatInfo *format = info->finfo;
  const gboolean is_8_bit =
      GST_VIDEO_FORMAT_INFO_DEPTH (gst_video_format_get_info
      (format->unpack_format), 0) == 8;
  const gsize row = (gsize) info->width * 4;
  g_autofree guint8 *bytes = g_malloc (row);
  g_autofree guint16 *words = g_new (guint16, row);
  GstBuffer *buffer = new_frame (info);
  GstVideoFrame frame;

  for (gsize i = 0; i < row; i++) {
    bytes[i] = i % 4 == 0 ? 77 : 128;
    words[i] = (guint16) (i % 4 == 0 ? 77 << 8 | 77 : 0x8000);
  }
  gst_video_frame_map (&frame, (GstVideoInfo *) info, buffer, GST_MAP_WRITE);
  for (gint y = 0; y < info->height; y++)
    format->pack_func (format, GST_VIDEO_PACK_FLAG_NONE,
        is_8_bit ? (gpointer) bytes : (gpointer) words, 0,
        frame.data, frame.info.stride, 0, y, info->width);
  gst_video_frame_unmap (&frame);
  return buffer;
}

GstBuffer *
fixture_noisy_frame (const GstVideoInfo * info, float level, float sigma,
    guint32 seed)
{
  GstBuffer *buffer = new_frame (info);
  GstVideoFrame frame;
  AeRng rng;

  ae_rng_init (&rng, seed);
  gst_video_frame_map (&frame, (GstVideoInfo *) info, buffer, GST_MAP_WRITE);
  for (guint c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS (&frame); c++) {
    const float base = c == 0 || GST_VIDEO_INFO_IS_RGB (info) ? level : 128.0f;

    for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (&frame, c); y++) {
      guint8 *row = GST_VIDEO_FRAME_COMP_DATA (&frame, c);

      row += y * GST_VIDEO_FRAME_COMP_STRIDE (&frame, c);
      for (gint x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH (&frame, c); x++) {
        const float value = base + sigma * ae_rng_normal (&rng);

        row[x * GST_VIDEO_FRAME_COMP_PSTRIDE (&frame, c)] =
            (guint8) CLAMP (value + 0.5f, 0.0f, 255.0f);
      }
    }
  }
  gst_video_frame_unmap (&frame);
  return buffer;
}

guint16 *
fixture_unpack (const GstVideoInfo * info, GstBuffer * buffer, guint * max)
{
  const GstVideoFormatInfo *finfo = info->finfo;
  const gboolean is_8_bit =
      GST_VIDEO_FORMAT_INFO_DEPTH (gst_video_format_get_info
      (finfo->unpack_format), 0) == 8;
  const gsize row = (gsize) info->width * 4;
  guint16 *pixels = g_new0 (guint16, row * (gsize) info->height);
  g_autofree guint8 *bytes = g_malloc0 (row);
  GstVideoFrame frame;

  *max = is_8_bit ? 255 : 65535;
  fail_unless (gst_video_frame_map (&frame, (GstVideoInfo *) info, buffer,
          GST_MAP_READ));
  for (gint y = 0; y < info->height; y++) {
    guint16 *line = pixels + row * (gsize) y;

    finfo->unpack_func (finfo, GST_VIDEO_PACK_FLAG_NONE,
        is_8_bit ? (gpointer) bytes : (gpointer) line, frame.data,
        frame.info.stride, 0, y, info->width);
    for (gsize i = 0; is_8_bit && i < row; i++)
      line[i] = bytes[i];
  }
  gst_video_frame_unmap (&frame);
  return pixels;
}

void
fixture_assert_equal_bytes (GstBuffer * a, GstBuffer * b)
{
  GstMapInfo ma, mb;
  gsize i = 0;

  fail_unless (gst_buffer_map (a, &ma, GST_MAP_READ));
  fail_unless (gst_buffer_map (b, &mb, GST_MAP_READ));
  fail_unless_equals_uint64 (ma.size, mb.size);
  while (i < ma.size && ma.data[i] == mb.data[i])
    i++;
  fail_unless (i == ma.size, "byte %" G_GSIZE_FORMAT ": %u and %u", i,
      ma.data[i], mb.data[i]);
  gst_buffer_unmap (a, &ma);
  gst_buffer_unmap (b, &mb);
}

GError *
fixture_refusal (GstElement * element)
{
  g_autoptr (GstElement) owned = gst_object_ref_sink (element);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  GError *error = NULL;

  gst_element_set_bus (element, bus);
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
  return error;
}

void
fixture_assert_refused (const gchar * text, const gchar * why)
{
  g_autoptr (GError) error = fixture_refusal (gst_parse_launch (text, NULL));

  fail_unless (strstr (error->message, why) != NULL, "%s", error->message);
}
