/* A stream looks the same to every processor and number of threads.
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The level is chosen once for a process: the program runs itself for each,
 *
 *   test-latent-levels STREAM PICTURES N_THREADS
 *
 * to decode a file of frames to a file of pictures. */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>
#include <math.h>
#include <stdlib.h>

#include "ae-cpu.h"
#include "ae-latent-decoder.h"
#include "ae-latent-encoder.h"
#include "packed-picture.h"

/* Odd, and more than a tile of the plans. */
enum
{
  WIDTH = 181,
  HEIGHT = 135,
  N_FRAMES = 5,
  CHROMA = (WIDTH + 1) / 2 * ((HEIGHT + 1) / 2),
  SIZE = WIDTH * HEIGHT + 2 * CHROMA
};

static const gchar *program;

static AeLatentModel *
load_model (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *path = ae_model_find ("latent-video", &error);
  AeLatentModel *model = path ? ae_latent_model_load (path, &error) : NULL;

  g_assert_no_error (error);
  return model;
}

static void
fill (guint8 * bytes, guint n, AeRng * rng)
{
  for (guint i = 0; i < SIZE; i++) {
    float x = (float) (i % WIDTH) + 2 * (float) n, y = (float) (i / WIDTH);
    float value = 128 + 70 * sinf (0.11f * x) * cosf (0.07f * y)
        + 6 * ae_rng_normal (rng) + (x > 60 && x < 100 ? 50 : 0);

    bytes[i] = (guint8) CLAMP (value, 0, 255);
  }
}

/* Frames of several grades, one of them in between a key frame. */
static GByteArray *
make_stream (void)
{
  const AeLatentFormat format = { WIDTH, HEIGHT, 30, 1, 6, FALSE, 0 };
  g_autoptr (AeLatentModel) model = load_model ();
  g_autoptr (AeLatentEncoder) encoder =
      ae_latent_encoder_new (model, &format, 1, NULL);
  g_autofree guint8 *bytes = g_malloc (SIZE);
  GByteArray *stream = g_byte_array_new ();
  AeRng rng;

  ae_rng_init (&rng, 1);
  for (guint i = 0; i < N_FRAMES; i++) {
    AePicture picture = packed_picture (bytes, WIDTH, HEIGHT);
    const AeLatentChoice choice = { i == 3, 18 * i % 73, 0, 0 };

    fill (bytes, i, &rng);
    ae_latent_encoder_read (encoder, &picture);
    fail_unless (ae_latent_encoder_write (encoder, &choice, stream, NULL));
    ae_latent_encoder_accept (encoder);
  }
  return stream;
}

/* What the program does for another run of itself. Returns: its exit status. */
static int
decode (const gchar * in, const gchar * out, guint n_threads)
{
  g_autoptr (AeLatentModel) model = load_model ();
  g_autoptr (AeLatentDecoder) decoder =
      ae_latent_decoder_new (model, n_threads);
  g_autofree guint8 *pictures = g_malloc (N_FRAMES * SIZE);
  g_autofree gchar *data = NULL;
  gsize n, at = 0;

  if (!g_file_get_contents (in, &data, &n, NULL))
    return EXIT_FAILURE;
  for (guint i = 0; i < N_FRAMES; i++) {
    const AePicture picture =
        packed_picture (pictures + i * SIZE, WIDTH, HEIGHT);
    const guint8 *bytes = (const guint8 *) data + at;
    AeFrameHeader header;

    if (!ae_frame_header_parse (bytes, n - at, &header, NULL)
        || !ae_latent_decoder_read (decoder, bytes, n - at, &header, NULL))
      return EXIT_FAILURE;
    ae_latent_decoder_end_frame (decoder);
    if (ae_latent_decoder_sight (decoder) != AE_SIGHT_WHOLE
        || !ae_latent_decoder_write (decoder, &picture, NULL))
      return EXIT_FAILURE;
    at += header.header_bytes + header.payload_bytes;
  }
  return g_file_set_contents (out, (const gchar *) pictures,
      N_FRAMES * SIZE, NULL) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Returns: (transfer full): the pictures as a process at @level has them. */
static gchar *
pictures_at (const gchar * folder, AeCpuLevel level, guint n_threads)
{
  g_autofree gchar *in = g_build_filename (folder, "stream.ael", NULL);
  g_autofree gchar *out = g_build_filename (folder, "pictures", NULL);
  g_autofree gchar *threads = g_strdup_printf ("%u", n_threads);
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = NULL;
  gchar *pictures = NULL;
  gsize n;

  g_subprocess_launcher_setenv (launcher, "AE_CPU", ae_cpu_level_name (level),
      TRUE);
  process = g_subprocess_launcher_spawn (launcher, &error, program, in, out,
      threads, NULL);
  g_assert_no_error (error);
  g_subprocess_wait_check (process, NULL, &error);
  g_assert_no_error (error);
  fail_unless (g_file_get_contents (out, &pictures, &n, NULL));
  fail_unless_equals_uint64 (n, N_FRAMES * SIZE);
  g_unlink (out);
  return pictures;
}

/* Levels round sums in other places; threads change nothing. */
GST_START_TEST (test_pictures_are_the_same_everywhere)
{
  g_autofree gchar *folder = g_dir_make_tmp ("ae-levels-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, "stream.ael", NULL);
  g_autoptr (GByteArray) stream = make_stream ();
  g_autofree gchar *plain = NULL;

  fail_unless (g_file_set_contents (path, (const gchar *) stream->data,
          (gssize) stream->len, NULL));
  plain = pictures_at (folder, AE_CPU_C, 1);
  for (guint level = 0; level <= (guint) ae_cpu_level (); level++) {
    g_autofree gchar *one = pictures_at (folder, (AeCpuLevel) level, 1);
    g_autofree gchar *three = pictures_at (folder, (AeCpuLevel) level, 3);
    guint n_other = 0;
    gint most = 0;

    fail_unless (memcmp (one, three, N_FRAMES * SIZE) == 0);
    for (guint i = 0; i < N_FRAMES * SIZE; i++) {
      gint distance = ABS ((guint8) one[i] - (guint8) plain[i]);

      most = MAX (most, distance);
      n_other += (guint) distance;
    }
    fail_unless (most <= 1, "%s: %d", ae_cpu_level_name ((AeCpuLevel) level),
        most);
    fail_unless (n_other < N_FRAMES * SIZE / 1000, "%s: %u samples differ",
        ae_cpu_level_name ((AeCpuLevel) level), n_other);
  }
  g_unlink (path);
  g_rmdir (folder);
}

GST_END_TEST;

static Suite *
latent_levels_suite (void)
{
  Suite *suite = suite_create ("latent-levels");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, test_pictures_are_the_same_everywhere);
  return suite;
}

int
main (int argc, char **argv)
{
  program = argv[0];
  if (argc == 4)
    return decode (argv[1], argv[2], (guint) atoi (argv[3]));
  gst_check_init (&argc, &argv);
  return gst_check_run_suite (latent_levels_suite (), "latent_levels",
      __FILE__);
}
