/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <cairo.h>
#include <glib/gstdio.h>
#include <math.h>

#include "theory-plot.h"

static gchar *folder;
static gchar *path;

static void
setup (void)
{
  folder = g_dir_make_tmp ("theory-plot-XXXXXX", NULL);
  fail_unless (folder != NULL);
  path = g_build_filename (folder, "plot.png", NULL);
}

static void
teardown (void)
{
  g_unlink (path);
  g_rmdir (folder);
  g_clear_pointer (&path, g_free);
  g_clear_pointer (&folder, g_free);
}

/* The file that was drawn. */
static cairo_surface_t *
read_png (gint width, gint height)
{
  cairo_surface_t *png = cairo_image_surface_create_from_png (path);

  fail_unless_equals_int (cairo_surface_status (png), CAIRO_STATUS_SUCCESS);
  fail_unless_equals_int (cairo_image_surface_get_width (png), width);
  fail_unless_equals_int (cairo_image_surface_get_height (png), height);
  return png;
}

static guint32
get_pixel (cairo_surface_t * png, gint x, gint y)
{
  guint32 pixel;

  memcpy (&pixel, cairo_image_surface_get_data (png)
      + y * cairo_image_surface_get_stride (png) + 4 * x, sizeof pixel);
  return pixel & 0xffffff;
}

/* But for what smoothing mixes with the paper. */
static gboolean
is_near (guint32 a, guint32 b)
{
  for (guint shift = 0; shift < 24; shift += 8)
    if (ABS ((gint) (a >> shift & 255) - (gint) (b >> shift & 255)) > 40)
      return FALSE;
  return TRUE;
}

/* Pixels near @rgb, in the columns left of @end. */
static guint
count_pixels (cairo_surface_t * png, guint32 rgb, gint end)
{
  guint n = 0;

  for (gint y = 0; y < cairo_image_surface_get_height (png); y++)
    for (gint x = 0; x < end; x++)
      n += is_near (get_pixel (png, x, y), rgb);
  return n;
}

static const TheoryAxes axes = {
  .title = "Loss",.x_label = "step",.y_label = "mean squared error"
};

GST_START_TEST (test_lines_draw_each_curve_in_its_colour)
{
  double falling[100], flat[100];
  const TheoryCurve curves[] = {
    {.name = "falling",.y = falling,.n = 100},
    {.name = "flat",.y = flat,.n = 100},
  };
  cairo_surface_t *png;

  for (guint i = 0; i < 100; i++) {
    falling[i] = exp (-0.1 * i);
    flat[i] = 0.5;
  }
  theory_plot_lines (path, &axes, curves, 2);
  png = read_png (THEORY_PLOT_WIDTH, THEORY_PLOT_HEIGHT);
  fail_unless_equals_int (get_pixel (png, 0, 0), 0xffffff);
  fail_unless (count_pixels (png, 0x0072b2, 500) > 100);
  fail_unless (count_pixels (png, 0xd55e00, 500) > 300);
  cairo_surface_destroy (png);
}

GST_END_TEST;

/* The first row that has @rgb in a column; FALSE: none has. */
static gboolean
find_row (cairo_surface_t * png, gint x, guint32 rgb, gint * top)
{
  for (*top = 0; *top < THEORY_PLOT_HEIGHT; ++*top)
    if (is_near (get_pixel (png, x, *top), rgb))
      return TRUE;
  return FALSE;
}

GST_START_TEST (test_logarithmic_axis_makes_a_power_straight)
{
  double y[3] = { 1.0, 1e-3, 1e-6 };
  const TheoryCurve curve = {.y = y,.n = 3 };
  TheoryAxes log_axes = {.log_y = TRUE };
  gint top[3];
  cairo_surface_t *png;

  theory_plot_lines (path, &log_axes, &curve, 1);
  png = read_png (THEORY_PLOT_WIDTH, THEORY_PLOT_HEIGHT);
  for (guint i = 0; i < 3; i++)
    fail_unless (find_row (png, (gint) (150 + 200 * i), 0x0072b2, &top[i]));
  /* evenly down, where a linear axis would have it flat from the middle on */
  fail_unless (top[1] > top[0] + 50);
  fail_unless (ABS (top[2] - 2 * top[1] + top[0]) <= 2);
  cairo_surface_destroy (png);
}

GST_END_TEST;

GST_START_TEST (test_lines_leave_a_gap_for_what_has_no_place)
{
  double y[] = { 1.0, 1.0, (double) NAN, 1.0, 1.0, HUGE_VAL, 0.0, -1.0, 1.0 };
  const TheoryCurve curve = {.y = y,.n = G_N_ELEMENTS (y) };
  const TheoryCurve nothing = {.y = y + 2,.n = 1 };
  TheoryAxes log_axes = {.log_y = TRUE };
  cairo_surface_t *png;
  guint n;

  theory_plot_lines (path, &log_axes, &curve, 1);
  png = read_png (THEORY_PLOT_WIDTH, THEORY_PLOT_HEIGHT);
  /* two of eight steps are drawn, one pixel high at least */
  n = count_pixels (png, 0x0072b2, THEORY_PLOT_WIDTH);
  fail_unless (n > 100 && n < 450, "%u", n);
  cairo_surface_destroy (png);
  theory_plot_lines (path, &axes, &nothing, 1);
  cairo_surface_destroy (read_png (THEORY_PLOT_WIDTH, THEORY_PLOT_HEIGHT));
}

GST_END_TEST;

GST_START_TEST (test_scatter_colours_points_by_label)
{
  enum
  { N = 200 };
  float points[2 * N];
  guint8 labels[N];
  cairo_surface_t *png;

  /* label 0 on the left, label 9 on the right */
  for (guint i = 0; i < N; i++) {
    points[2 * i] = i < N / 2 ? -1.0f : 1.0f;
    points[2 * i + 1] = (float) (i % (N / 2));
    labels[i] = i < N / 2 ? 0 : 9;
  }
  theory_plot_scatter (path, &axes, points, labels, N);
  png = read_png (THEORY_PLOT_WIDTH, THEORY_PLOT_HEIGHT);
  fail_unless (count_pixels (png, 0x332288, 320) > 300);
  fail_unless_equals_int (count_pixels (png, 0x332288, 580),
      count_pixels (png, 0x332288, 320));
  fail_unless_equals_int (count_pixels (png, 0x000000, 320), 0);
  fail_unless (count_pixels (png, 0x000000, 580) > 300);
  cairo_surface_destroy (png);
}

GST_END_TEST;

GST_START_TEST (test_grid_places_tiles_with_gaps_and_range)
{
  /* three tiles of 2x1 */
  const float values[] = { 0.0f, 1.0f, 0.5f, 2.0f, -1.0f, 0.25f };
  const TheoryTiles tiles = {.height = 2,.width = 1,.n_channels = 1,
    .columns = 2,.gap = 1,.scale = 3,.low = 0.0f,.high = 1.0f
  };
  cairo_surface_t *png;

  theory_plot_grid (path, &tiles, values, 3);
  png = read_png (7, 13);
  fail_unless_equals_int (get_pixel (png, 0, 0), 0x000000);
  fail_unless_equals_int (get_pixel (png, 2, 2), 0x000000);
  fail_unless_equals_int (get_pixel (png, 2, 3), 0xffffff);
  fail_unless_equals_int (get_pixel (png, 3, 0), 0xffffff);
  fail_unless_equals_int (get_pixel (png, 4, 0), 0x808080);
  fail_unless_equals_int (get_pixel (png, 6, 5), 0xffffff);
  fail_unless_equals_int (get_pixel (png, 0, 6), 0xffffff);
  fail_unless_equals_int (get_pixel (png, 0, 7), 0x000000);
  fail_unless_equals_int (get_pixel (png, 0, 12), 0x404040);
  fail_unless_equals_int (get_pixel (png, 5, 9), 0xffffff);
  cairo_surface_destroy (png);
}

GST_END_TEST;

GST_START_TEST (test_grid_scales_each_filter_around_grey)
{
  /* a filter, a tenth of it, and none */
  const float values[] = { 2.0f, 0.0f, -1.0f, 0.2f, 0.0f, -0.1f, 0.0f, 0.0f,
    0.0f
  };
  const TheoryTiles tiles = {.height = 1,.width = 3,.n_channels = 1,
    .columns = 3,.scale = 1
  };
  const guint32 expected[] = { 0xffffff, 0x808080, 0x404040 };
  cairo_surface_t *png;

  theory_plot_grid (path, &tiles, values, 3);
  png = read_png (9, 1);
  for (gint i = 0; i < 3; i++) {
    fail_unless_equals_int (get_pixel (png, i, 0), expected[i]);
    fail_unless_equals_int (get_pixel (png, 3 + i, 0), expected[i]);
    fail_unless_equals_int (get_pixel (png, 6 + i, 0), 0x808080);
  }
  cairo_surface_destroy (png);
}

GST_END_TEST;

GST_START_TEST (test_grid_draws_planes_as_red_green_and_blue)
{
  const float values[] = { 1.0f, 0.0f, 0.0f, 1.0f, 0.5f, 0.5f };
  const TheoryTiles tiles = {.height = 1,.width = 2,.n_channels = 3,
    .columns = 1,.scale = 1,.high = 1.0f
  };
  cairo_surface_t *png;

  theory_plot_grid (path, &tiles, values, 1);
  png = read_png (2, 1);
  fail_unless_equals_int (get_pixel (png, 0, 0), 0xff0080);
  fail_unless_equals_int (get_pixel (png, 1, 0), 0x00ff80);
  cairo_surface_destroy (png);
}

GST_END_TEST;

static Suite *
theory_plot_suite (void)
{
  Suite *suite = suite_create ("theory-plot");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_lines_draw_each_curve_in_its_colour);
  tcase_add_test (tc, test_logarithmic_axis_makes_a_power_straight);
  tcase_add_test (tc, test_lines_leave_a_gap_for_what_has_no_place);
  tcase_add_test (tc, test_scatter_colours_points_by_label);
  tcase_add_test (tc, test_grid_places_tiles_with_gaps_and_range);
  tcase_add_test (tc, test_grid_scales_each_filter_around_grey);
  tcase_add_test (tc, test_grid_draws_planes_as_red_green_and_blue);
  return suite;
}

GST_CHECK_MAIN (theory_plot);
