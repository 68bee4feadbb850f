/* aevideodenoise: floats or integers. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-cpu.h"
#include "ae-model.h"
#include "fixture.h"

enum
{ FLOAT, INT8 };

/* A model that leaves the picture as it is, in floats, and halves it in
 * integers, so that one can see which it was. */
static gchar *
new_model (gboolean has_integers)
{
  static const float same[] = { 1.0f, 0.0f, 1.0f, 0.0f };
  const float step = 1.0f / 255.0f;
  gchar *path = fixture_model ("conv 1x1 1 | conv 1x1 1", same, 4);
  g_autoptr (AeModel) model = ae_model_load (path, NULL);
  g_autoptr (AeInt8) int8 = ae_int8_new (model->architecture);
  g_autoptr (AeWeights) half = ae_weights_new_copy (model->weights->data,
      model->weights->n, NULL);
  g_autoptr (AeModel) quantised = NULL;

  half->data[model->architecture->layers[1].params[AE_PARAM_WEIGHT].offset] =
      0.5f;
  ae_int8_round_layer (int8, model->architecture, 1, &step, 0, half->data);
  quantised = ae_model_new_int8 (model, int8);
  fail_unless (!has_integers || ae_model_save (quantised, path, NULL));
  return path;
}

static void
set_precision (GstHarness * h, const gchar * precision)
{
  GstElement *element = gst_harness_find_element (h, "aevideodenoise");

  gst_util_set_object_arg (G_OBJECT (element), "precision", precision);
  gst_object_unref (element);
}

static void
assert_runs_in (GstHarness * h, const GstVideoInfo * info, gint expected)
{
  GstBuffer *out = gst_harness_push_and_pull (h, fixture_flat_frame (info,
          200));
  guint max;
  g_autofree guint16 *samples = fixture_unpack (info, out, &max);

  /* one component of four for each pixel */
  fail_unless_equals_int (samples[1], expected == INT8 ? 100 : 200);
  gst_buffer_unref (out);
}

GST_START_TEST (test_precision_is_followed_from_frame_to_frame)
{
  const GstVideoInfo info = fixture_info ("GRAY8", 40, 30);
  g_autofree gchar *model = new_model (TRUE);
  GstHarness *h = fixture_denoiser (model, &info);
  gint best = ae_cpu_level () >= AE_CPU_VNNI ? INT8 : FLOAT;

  assert_runs_in (h, &info, best);
  set_precision (h, "float");
  assert_runs_in (h, &info, FLOAT);
  set_precision (h, "int8");
  assert_runs_in (h, &info, INT8);
  set_precision (h, "auto");
  assert_runs_in (h, &info, best);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_model_without_integers_runs_in_floats)
{
  const GstVideoInfo info = fixture_info ("GRAY8", 40, 30);
  g_autofree gchar *model = new_model (FALSE);
  GstHarness *h = fixture_denoiser (model, &info);

  assert_runs_in (h, &info, FLOAT);
  set_precision (h, "float");
  assert_runs_in (h, &info, FLOAT);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_integers_that_the_model_lacks_are_an_error)
{
  const GstVideoInfo info = fixture_info ("GRAY8", 40, 30);
  g_autofree gchar *model = new_model (FALSE);
  GstHarness *h = fixture_denoiser (model, &info);
  GstBus *bus = gst_bus_new ();
  g_autoptr (GError) error = NULL;
  GstMessage *message;

  gst_element_set_bus (h->element, bus);
  assert_runs_in (h, &info, FLOAT);
  set_precision (h, "int8");
  fail_unless_equals_int (gst_harness_push (h, fixture_flat_frame (&info,
              200)), GST_FLOW_ERROR);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_SETTINGS));
  fail_unless (strstr (error->message, "pipelines/quantise-model") != NULL,
      "%s", error->message);
  gst_message_unref (message);
  gst_element_set_bus (h->element, NULL);
  gst_object_unref (bus);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
precision_suite (void)
{
  Suite *suite = suite_create ("aevideodenoise-precision");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, fixture_setup, fixture_teardown);
  tcase_add_test (tcase, test_precision_is_followed_from_frame_to_frame);
  tcase_add_test (tcase, test_model_without_integers_runs_in_floats);
  tcase_add_test (tcase, test_integers_that_the_model_lacks_are_an_error);
  return suite;
}

GST_CHECK_MAIN (precision);
