/* Writes the golden streams: make-golden-latents tests/data
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ae-frame.h"
#include "latent-samples.h"

#define N_PLANES 12
#define H 21
#define W 33
#define N (N_PLANES * H * W)

static AeSymbolModel *
make_model (void)
{
  AeSymbolModel *model = ae_symbol_model_new (N_PLANES);
  guint16 *entries = &model->maps[0][0][0];

  for (guint p = 2; p < N_PLANES; p++)
    model->planes[p].parents[1] = (guint8) (p - 2);
  memcpy (model->planes[0].weights, (gint16[]) {
      180, 150, -90}
      , 3 * 2);
  memcpy (model->planes[5].weights, (gint16[]) {
      -70, 0, 33}
      , 3 * 2);
  /* Of differences, fewer are large. */
  for (guint i = 0; i < AE_SYMBOLS_N_EARLIER * AE_SYMBOLS_N_NEAR * N_PLANES;
      i++) {
    guint16 *changed =
        entries + AE_SYMBOLS_N_EARLIER * AE_SYMBOLS_N_NEAR * N_PLANES + i;

    if (*changed >= AE_TABLES_N_DECAY && *changed % AE_TABLES_N_DECAY > 0)
      *changed = (guint16) (*changed - 1);
  }
  return model;
}

/* What the stream is made of, frame by frame: a new picture, one that changed
 * here and there, the same again, and large values. */
static void
next_picture (AeLatents * latents, AeLatents * reference, guint8 * blocks,
    guint i_frame, AeRng * rng)
{
  static const float scales[] = { 6, 2, 0, 3, 4000, 1 };

  memcpy (reference->data, latents->data, N * sizeof *latents->data);
  if (i_frame != 2)
    fill_latents (latents, scales[i_frame], rng);
  for (guint i = 0; i < H * W; i++) {
    blocks[i] = (guint8) (ae_rng_below (rng, 4) == 0
        ? ae_rng_below (rng, 3) : AE_BLOCK_HELD);
    for (guint p = 0; i_frame % 4 == 1 && p < N_PLANES; p++) {
      if (blocks[i] == AE_BLOCK_HELD)
        latents->data[p * H * W + i] = reference->data[p * H * W + i];
    }
  }
}

static GByteArray *
make_stream (const AeSymbolModel * model)
{
  static const AeFrameType types[] = {
    AE_FRAME_KEY, AE_FRAME_PREDICTED, AE_FRAME_SKIP, AE_FRAME_KEY,
    AE_FRAME_KEY, AE_FRAME_PREDICTED
  };
  g_autoptr (AeFrameEncoder) encoder = ae_frame_encoder_new (model);
  g_auto (AeLatents) latents = AE_LATENTS_INIT;
  g_auto (AeLatents) reference = AE_LATENTS_INIT;
  GByteArray *out = g_byte_array_new ();
  guint8 blocks[H * W];
  AeRng rng;

  ae_rng_init (&rng, 20);
  if (!ae_latents_resize (&latents, N_PLANES, H, W, NULL)
      || !ae_latents_resize (&reference, N_PLANES, H, W, NULL))
    g_error ("no memory");
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    gboolean is_predicted = types[i] == AE_FRAME_PREDICTED;
    AeFrameHeader header = {
      .type = types[i],.grade = 8 * i + 3 * (i % 3),.scale_log2 = 3,.width = 8 * W - 1,
      .height = 8 * H - 7,.n_planes = N_PLANES,.rate_n = 30000,
      .rate_d = 1001,.number = i,.reference =
          types[i] == AE_FRAME_KEY ? i : i - 1,.fingerprint = "golden",
      .matrix = 1,.full_range = i == 3
    };

    next_picture (&latents, &reference, blocks, i, &rng);
    if (!ae_frame_encode (encoder, &header,
            types[i] == AE_FRAME_SKIP ? NULL : &latents,
            is_predicted ? &reference : NULL, is_predicted ? blocks : NULL,
            i == 5 ? 1400 : 0, out, NULL))
      g_error ("frame %u cannot be encoded", i);
  }
  return out;
}

/* Garbage before the first frame, a bit flipped in a slice of it and in the
 * header of the second, and the last frame cut. */
static GByteArray *
make_damaged (const GByteArray * good)
{
  GByteArray *out = g_byte_array_new ();
  AeFrameHeader header;
  gsize second;

  if (!ae_frame_header_parse (good->data, good->len, &header, NULL))
    g_error ("the good stream is not good");
  second = header.header_bytes + header.payload_bytes;
  g_byte_array_append (out, (const guint8 *) "\xf5" "AEL\xf5" "AEL?", 9);
  g_byte_array_append (out, good->data, good->len - 100);
  out->data[9 + header.header_bytes + AE_SLICE_MAX_BYTES + 7] ^= 0x10;
  out->data[9 + second + 20] ^= 0x01;
  return out;
}

static void
save (const gchar * directory, const gchar * name, gconstpointer data, gsize n)
{
  g_autofree gchar *path = g_build_filename (directory, name, NULL);
  g_autoptr (GError) error = NULL;

  if (!g_file_set_contents (path, data, (gssize) n, &error))
    g_error ("%s", error->message);
}

gint
main (gint argc, gchar ** argv)
{
  g_autoptr (AeSymbolModel) model = make_model ();
  g_autoptr (GBytes) bytes = ae_symbol_model_to_bytes (model);
  g_autoptr (GByteArray) good = make_stream (model);
  g_autoptr (GByteArray) damaged = make_damaged (good);

  if (argc != 2) {
    g_printerr ("make-golden-latents DIRECTORY\n");
    return 2;
  }
  save (argv[1], "golden-latents.symbols", g_bytes_get_data (bytes, NULL),
      g_bytes_get_size (bytes));
  save (argv[1], "golden-latents.ael", good->data, good->len);
  save (argv[1], "golden-damaged.ael", damaged->data, damaged->len);
  return 0;
}
