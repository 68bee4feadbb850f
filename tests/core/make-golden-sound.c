/* Writes the golden stream of sound and its context model; tests/data/README.md
 * tells how. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "ae-sound-encoder.h"
#include "ae-symbol-fit.h"
#include "sound-samples.h"

#define N_SAMPLES 12077

static gboolean
write_file (const gchar * path, const guint8 * data, gsize n)
{
  return g_file_set_contents (path, (const gchar *) data, (gssize) n, NULL);
}

/* Frames of the types K, H and S, at several grades, some with whole headers. */
static void
encode (AeLatentModel * model, GByteArray * out)
{
  g_autoptr (AeSoundEncoder) encoder = ae_sound_encoder_new (model, NULL);
  const gsize step = 2 * AE_SOUND_PACKET_SAMPLES;
  float samples[N_SAMPLES];

  fill_sound (samples, N_SAMPLES, 1);
  memset (samples + 4000, 0, 3000 * sizeof *samples);
  for (gsize at = 0; at < N_SAMPLES; at += step) {
    const guint i = (guint) (at / step);
    const AeSoundChoice choice = {.is_key = i == 14,.is_whole =
          i % 5 == 0,.tells_silence = TRUE,.grade = 13 * i % AE_SYMBOLS_N_GRADES
    };

    ae_sound_encoder_read (encoder, samples + at, MIN (step, N_SAMPLES - at));
    if (!ae_sound_encoder_write (encoder, &choice, out, NULL))
      g_error ("no frame");
    ae_sound_encoder_accept (encoder);
  }
}

int
main (int argc, char **argv)
{
  g_autoptr (AeModel) plain = sound_model ();
  g_autoptr (AeLatentModel) model = ae_latent_model_new (plain, NULL);
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GBytes) symbols = NULL;

  if (argc != 3) {
    fprintf (stderr, "Usage: make-golden-sound STREAM SYMBOLS\n");
    return 2;
  }
  for (guint p = 0; p < SOUND_PLANES; p++) {
    model->symbols->planes[p].weights[0] = (gint16) (250 - 7 * (gint) p);
    for (guint i = 0; i < MIN (p, AE_SYMBOLS_N_PARENTS); i++)
      model->symbols->planes[p].parents[i] = (guint8) (p - 1 - i);
  }
  encode (model, out);
  symbols = ae_symbol_model_to_bytes (model->symbols);
  return write_file (argv[1], out->data, out->len)
      && write_file (argv[2], g_bytes_get_data (symbols, NULL),
      g_bytes_get_size (symbols)) ? 0 : 1;
}
