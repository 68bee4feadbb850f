/* What patches for `temporal` tell of the noise, as the camera goes. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "fixture.h"
#include "gstaepatches.h"

enum
{ WIDTH = 128, HEIGHT = 96 };

typedef struct
{
  float most;                   /* together, of all that was offered */
  guint n;
} Offered;

static Offered offered;

/* In place of training. */
void
ae_online_offer (AeOnline * online, const AePatch * patch)
{
  offered.most = MAX (offered.most, patch->together);
  offered.n++;
}

gboolean
ae_online_holds_out (const AeOnline * online, guint64 i_place)
{
  return i_place % 4 == 0;
}

/* @n frames of faint texture under white noise of sigma 10. It goes by to the left,
 * or from and to the middle, by so many pixels a frame. */
static void
take (GstAePatches * patches, guint n, float pan, float zoom)
{
  static guint32 seed;
  GstVideoInfo info = fixture_info ("RGB", WIDTH, HEIGHT);

  offered = (Offered) {
  0};
  for (guint i = 0; i < n; i++) {
    GstBuffer *buffer = fixture_noisy_frame (&info, 128.0f, 10.0f, ++seed);
    float scale = 1.0f + zoom / WIDTH * (float) (i % 2);
    GstVideoFrame frame;

    fail_unless (gst_video_frame_map (&frame, &info, buffer,
            GST_MAP_READWRITE));
    for (guint y = 0; y < HEIGHT; y++) {
      guint8 *row = (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&frame, 0)
          + (gsize) y * (gsize) GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0);

      for (guint x = 0; x < 3 * WIDTH; x++) {
        float u = ((float) (x / 3) - WIDTH / 2) * scale + pan * (float) i;
        float v = ((float) y - HEIGHT / 2) * scale;

        row[x] = (guint8) CLAMP ((float) row[x]
            + 20.0f * sinf (0.3f * u) * sinf (0.25f * v), 0.0f, 255.0f);
      }
    }
    gst_ae_patches_take (patches, &frame, NULL);
    gst_video_frame_unmap (&frame);
    gst_buffer_unref (buffer);
  }
}

/* White noise has 1, what goes by 5 and more; that of the components which few
 * patches are of falls slowly. */
GST_START_TEST (test_a_pan_is_not_taken_for_coarse_noise)
{
  const AeShape shape = { 1, 32, 32 };
  g_autoptr (GstAePatches) patches = gst_ae_patches_new (&shape, 16, TRUE, 1);

  take (patches, 60, 0.0f, 0.0f);
  fail_unless (offered.n > 300, "%u", offered.n);
  fail_unless (offered.most < 1.4f, "%g", (double) offered.most);
  take (patches, 200, 2.0f, 0.0f);
  take (patches, 60, 0.0f, 0.0f);
  fail_unless (offered.n > 200, "%u", offered.n);
  fail_unless (offered.most < 1.4f, "%g", (double) offered.most);
}

GST_END_TEST;

/* It passes for patches that go each their way. */
GST_START_TEST (test_a_zoom_is_taken_for_no_more_than_a_cameras_noise)
{
  const AeShape shape = { 1, 32, 32 };
  g_autoptr (GstAePatches) patches = gst_ae_patches_new (&shape, 16, TRUE, 1);

  take (patches, 200, 0.0f, 16.0f);
  fail_unless (offered.n > 300, "%u", offered.n);
  fail_unless (offered.most > 2.0f && offered.most <= 4.0f, "%g",
      (double) offered.most);
}

GST_END_TEST;

static Suite *
patches_suite (void)
{
  Suite *suite = suite_create ("patches");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_a_pan_is_not_taken_for_coarse_noise);
  tcase_add_test (tcase, test_a_zoom_is_taken_for_no_more_than_a_cameras_noise);
  return suite;
}

GST_CHECK_MAIN (patches);
