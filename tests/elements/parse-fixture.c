/* A stream of frames as it is in a file. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "parse-fixture.h"

#include "ae-frame.h"
#include "ae-rng.h"

/* Of the latents. */
enum
{ H = 6, W = 8 };

void
parse_stream_clear (ParseStream * stream)
{
  g_byte_array_unref (stream->bytes);
}

ParseStream
parse_stream_new (void)
{
  g_autoptr (AeSymbolModel) model = ae_symbol_model_new (4);
  g_autoptr (AeFrameEncoder) encoder = ae_frame_encoder_new (model);
  g_auto (AeLatents) latents = AE_LATENTS_INIT;
  g_auto (AeLatents) reference = AE_LATENTS_INIT;
  guint8 blocks[H * W] = { AE_BLOCK_INTRA };
  ParseStream stream = { g_byte_array_new (), {0} };
  guint n_coded = 0;
  AeRng rng;

  ae_rng_init (&rng, 1);
  fail_unless (ae_latents_resize (&latents, 4, H, W, NULL));
  fail_unless (ae_latents_resize (&reference, 4, H, W, NULL));
  for (guint i = 0; i < PARSE_N_FRAMES; i++) {
    gboolean is_key = i % PARSE_KEY_INTERVAL == 0;
    AeFrameHeader header = {
      .type = is_key ? AE_FRAME_KEY : AE_FRAME_PREDICTED,.scale_log2 = 3,
      .width = 8 * W - 1,.height = 8 * H,.n_planes = 4,.rate_n = 25,
      .rate_d = 1,.number = 1000 + i,.reference = 1000 + i - !is_key
    };

    for (guint j = 0; j < 4 * H * W; j++)
      latents.data[j] = (gint16) (ae_rng_below (&rng, 9)) - 4;
    n_coded += ae_frame_encode (encoder, &header, &latents,
        is_key ? NULL : &reference, is_key ? NULL : blocks, 0, stream.bytes,
        NULL);
    stream.starts[i + 1] = stream.bytes->len;
  }
  fail_unless_equals_int (n_coded, PARSE_N_FRAMES);
  return stream;
}
