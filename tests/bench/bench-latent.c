/* What coding a VGA stream takes, part by part. SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   build/tests/bench/bench-latent MODEL...
 *
 * Processor time of one thread for each frame, of a picture in which a part moves
 * and all of it has noise of a deviation of 2 steps: the encoder's network and
 * its coding, the decoder's decoding and its network. 30 frames a second have
 * 33.3 ms each.
 */
#include <math.h>
#include <time.h>

#include "ae-latent-decoder.h"
#include "ae-latent-encoder.h"

enum
{
  WIDTH = 640,
  HEIGHT = 480,
  N_FRAMES = 60,
  N_PIXELS = WIDTH * HEIGHT
};

typedef struct
{
  guint8 bytes[N_PIXELS * 3 / 2];
} Frame;

static double
cpu_ms (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e3 * (double) now.tv_sec + 1e-6 * (double) now.tv_nsec;
}

static AePicture
picture_of (Frame * frame)
{
  AePicture picture = {
    {{frame->bytes, WIDTH, HEIGHT, WIDTH, 1, 8, 0, FALSE}}
  };

  for (gint i = 0; i < 2; i++)
    picture.components[1 + i] = (AePixels) {
    frame->bytes + N_PIXELS + i * N_PIXELS / 4, WIDTH / 2, HEIGHT / 2,
        WIDTH / 2, 1, 8, 0, FALSE};
  return picture;
}

static void
fill (Frame * frame, guint n, AeRng * rng)
{
  for (gint y = 0; y < HEIGHT; y++) {
    for (gint x = 0; x < WIDTH; x++) {
      gint moved = x > 200 && x < 400 && y > 100 && y < 300 ? x - (gint) n : x;
      float value = 128 + 60 * sinf (0.03f * (float) moved) *
          cosf (0.05f * (float) y) + 30 * sinf (0.4f * (float) (moved + y))
          + 2 * ae_rng_normal (rng);

      frame->bytes[y * WIDTH + x] = (guint8) CLAMP (value, 0, 255);
    }
  }
  for (gint i = N_PIXELS; i < N_PIXELS * 3 / 2; i++)
    frame->bytes[i] = (guint8) (120 + i % 640 / 40);
}

static void
measure (AeLatentModel * model, guint grade, Frame * frames)
{
  const AeLatentFormat format = { WIDTH, HEIGHT, 30, 1, 6, FALSE, 0 };
  g_autoptr (AeLatentEncoder) encoder =
      ae_latent_encoder_new (model, &format, 1, NULL);
  g_autoptr (AeLatentDecoder) decoder = ae_latent_decoder_new (model, 1);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree Frame *out = g_new (Frame, 1);
  double ms[4] = { 0 }, n_bytes = 0, start;

  for (guint i = 0; i < N_FRAMES; i++) {
    AePicture picture = picture_of (&frames[i]), result = picture_of (out);
    AeLatentChoice choice = { i == 0, grade, 0, 0 };
    AeFrameHeader header;

    start = cpu_ms ();
    ae_latent_encoder_read (encoder, &picture);
    ms[0] += cpu_ms () - start;
    start = cpu_ms ();
    g_byte_array_set_size (bytes, 0);
    if (!ae_latent_encoder_write (encoder, &choice, bytes, NULL))
      g_error ("cannot encode");
    ae_latent_encoder_accept (encoder);
    ms[1] += cpu_ms () - start;
    n_bytes += bytes->len;
    start = cpu_ms ();
    if (!ae_frame_header_parse (bytes->data, bytes->len, &header, NULL)
        || !ae_latent_decoder_read (decoder, bytes->data, bytes->len, &header,
            NULL))
      g_error ("cannot decode");
    ae_latent_decoder_end_frame (decoder);
    ms[2] += cpu_ms () - start;
    start = cpu_ms ();
    ae_latent_decoder_write (decoder, &result, NULL);
    ms[3] += cpu_ms () - start;
  }
  g_print ("%5u %9.0f", grade / AE_SYMBOLS_GRADES_PER_LEVEL,
      n_bytes * 8 * 30 / N_FRAMES / 1000);
  for (guint i = 0; i < 4; i++)
    g_print (" %9.2f", ms[i] / N_FRAMES);
  g_print ("\n");
}

gint
main (gint argc, gchar ** argv)
{
  g_autofree Frame *frames = g_new (Frame, N_FRAMES);
  AeRng rng;

  ae_rng_init (&rng, 1);
  for (guint i = 0; i < N_FRAMES; i++)
    fill (&frames[i], i, &rng);
  for (gint i = 1; i < argc; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (AeLatentModel) model = ae_latent_model_load (argv[i], &error);

    if (model == NULL)
      g_error ("%s", error->message);
    g_print ("%s\n%5s %9s %9s %9s %9s %9s\n", argv[i], "level", "kbit/s",
        "enc net", "enc code", "dec code", "dec net");
    for (guint level = 0; level < AE_SYMBOLS_N_LEVELS; level += 4)
      measure (model, level * AE_SYMBOLS_GRADES_PER_LEVEL, frames);
  }
  return 0;
}
