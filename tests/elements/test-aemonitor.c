/* What aemonitorsrc draws. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>

#include "gstaemonitor.h"

enum
{ WIDTH = 640, HEIGHT = 480 };

static void
fill (gpointer data, guint i, AeRng * rng, AeSample * sample, float *patch)
{
}

/* The picture of a trainer whose score has this name. */
static cairo_surface_t *
draw (const gchar * score_name)
{
  const AeShape input = { 1, 0, 0 }, patch = { 1, 4, 4 };
  g_autoptr (AeArchitecture) architecture =
      ae_architecture_parse ("conv 1x1 1 relu | conv 1x1 1", &input, NULL);
  g_autofree float *data = g_new0 (float, architecture->n_weights);
  g_autoptr (AeWeights) weights =
      ae_weights_new_copy (data, architecture->n_weights, NULL);
  g_autoptr (AeReporter) reporter =
      ae_reporter_new (architecture, &patch, AE_OBJECTIVE_RECONSTRUCT);
  const AeOnlineStats stats = {.psnr = 12.0,.score_name = score_name };
  g_autoptr (AeReport) report =
      ae_reporter_make (reporter, &stats, weights, 0, fill, NULL);
  const GstAeMonitorView view = { "slot", TRUE, report };
  cairo_surface_t *surface =
      cairo_image_surface_create (CAIRO_FORMAT_RGB24, WIDTH, HEIGHT);
  cairo_t *cairo = cairo_create (surface);

  gst_ae_monitor_draw (cairo, WIDTH, HEIGHT, &view);
  cairo_destroy (cairo);
  cairo_surface_flush (surface);
  return surface;
}

static gboolean
look_alike (const gchar * name, const gchar * other)
{
  cairo_surface_t *a = draw (name), *b = draw (other);
  gsize n = (gsize) cairo_image_surface_get_stride (a) * HEIGHT;
  gboolean are = memcmp (cairo_image_surface_get_data (a),
      cairo_image_surface_get_data (b), n) == 0;

  cairo_surface_destroy (a);
  cairo_surface_destroy (b);
  return are;
}

GST_START_TEST (test_the_score_has_the_name_that_its_trainer_gives_it)
{
  fail_unless (look_alike ("psnr", "psnr"));
  fail_unless (!look_alike ("psnr", "si-sdr"));
}

GST_END_TEST;

static Suite *
monitor_suite (void)
{
  Suite *suite = suite_create ("aemonitor");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, test_the_score_has_the_name_that_its_trainer_gives_it);
  return suite;
}

GST_CHECK_MAIN (monitor);
