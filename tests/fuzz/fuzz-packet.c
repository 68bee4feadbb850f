/* Any bytes are a frame of sound or an error; what is decoded of one are finite
 * samples, as many as its packets have. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../core/sound-samples.h"
#include "ae-sound-decoder.h"

int LLVMFuzzerTestOneInput (const uint8_t * data, size_t size);

static AeLatentModel *
model (void)
{
  static AeLatentModel *made;

  if (made == NULL) {
    g_autoptr (AeModel) plain = sound_model ();

    made = ae_latent_model_new (plain, NULL);
  }
  return made;
}

/* Puts @payload behind a header that is right, as damage rarely leaves one. */
static void
decode_payload (AeSoundDecoder * decoder, const uint8_t * data, size_t size,
    GArray * out)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  AeSoundFrame frame = {.type = data[0] & 1 ? AE_FRAME_KEY
        : AE_FRAME_PREDICTED,.grade = data[0] % AE_SYMBOLS_N_GRADES,.n_packets =
        1 + data[1] % AE_SOUND_FRAME_MAX_PACKETS,.n_planes =
        SOUND_PLANES,.rate_hz = 16000,.packet_samples = 320,.trim =
        data[1],.number = data[0] >> 4,.payload_bytes = MIN (size - 2, 2000)
  };

  memcpy (frame.fingerprint, model ()->fingerprint, sizeof frame.fingerprint);
  g_assert_true (ae_sound_frame_write (&frame, data + 2, bytes, NULL));
  g_assert_true (ae_sound_decoder_read (decoder, bytes->data, bytes->len,
          &frame, out, NULL, NULL));
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_autoptr (AeSoundDecoder) decoder = ae_sound_decoder_new (model (), NULL);
  g_autoptr (GArray) out = g_array_new (FALSE, FALSE, sizeof (float));
  g_autoptr (GError) error = NULL;
  AeSoundFrame frame;

  if (size < 2)
    return 0;
  decode_payload (decoder, data, size, out);
  g_assert_true (ae_sound_decoder_read (decoder, data, size, &frame, out, NULL,
          &error) == (error == NULL));
  ae_sound_decoder_drain (decoder, out);
  g_assert_cmpuint (out->len, <=, 100 * AE_SOUND_PACKET_SAMPLES);
  for (guint i = 0; i < out->len; i++)
    g_assert_true (isfinite (g_array_index (out, float, i)));
  return 0;
}
