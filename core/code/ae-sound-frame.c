/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-sound-frame.h"

#include <string.h>
#include <zlib.h>

#include "ae-bytes.h"
#include "ae-error.h"
#include "ae-frame-private.h"

/* Where the fields of a whole header are. */
enum
{
  AT_MAJOR = 4,
  AT_TYPE = 8,
  AT_MEDIA = 9,
  AT_LEVEL = 10,
  AT_FINE = 11,
  AT_PACKETS = 12,
  AT_FLAGS = 13,
  AT_PLANES = 14,
  AT_RATE = 16,
  AT_PACKET_SAMPLES = 20,
  AT_TRIM = 22,
  AT_NUMBER = 24,
  AT_FINGERPRINT = 28,
  AT_PAYLOAD_BYTES = 36
};

#define FLAG_BEGINS 1

/* Of a short one: the upper half of its first byte; a bit beside the grade. */
#define SHORT_MARK 0xa0
#define SHORT_NUMBER 0x0f
#define SHORT_SILENT 0x80

gboolean
ae_sound_frame_is_short (const guint8 * data, gsize size_bytes)
{
  return size_bytes > 0 && (data[0] & ~SHORT_NUMBER) == SHORT_MARK;
}

gboolean
ae_sound_frame_is_whole (const guint8 * data, gsize size_bytes)
{
  return ae_frame_has_sync (data, size_bytes) && (size_bytes <= AT_MEDIA
      || data[AT_MEDIA] == AE_MEDIA_AUDIO);
}

/* The payload of nothing but expected values is empty, that of silence too. */
static gboolean
parse_short (const guint8 * data, gsize size_bytes,
    const AeSoundFrame * before, AeSoundFrame * frame, GError ** error)
{
  guint32 expected;

  if (before == NULL) {
    g_set_error (error, AE_ERROR, AE_ERROR_NOT_FOUND,
        "frame: a short one, expected one with a whole header first");
    return FALSE;
  }
  *frame = *before;
  frame->begins = FALSE;
  frame->trim = 0;
  frame->is_short = TRUE;
  frame->header_bytes = AE_SOUND_FRAME_SHORT_BYTES;
  frame->payload_bytes = 0;
  if (size_bytes < AE_SOUND_FRAME_SHORT_BYTES) {
    g_set_error (error, AE_ERROR, AE_ERROR_TRUNCATED,
        "frame: %" G_GSIZE_FORMAT " bytes of a header of %d", size_bytes,
        AE_SOUND_FRAME_SHORT_BYTES);
    return FALSE;
  }
  expected = before->number + before->n_packets;
  frame->number = expected + ((data[0] - expected) & SHORT_NUMBER);
  frame->type = data[1] & SHORT_SILENT ? AE_FRAME_SKIP : AE_FRAME_PREDICTED;
  frame->grade = data[1] & ~SHORT_SILENT;
  frame->payload_bytes = data[2];
  return TRUE;
}

static gboolean
parse_whole (const guint8 * data, gsize size_bytes, AeSoundFrame * frame,
    GError ** error)
{
  guint32 crc;

  *frame = (AeSoundFrame) {
  0};
  if (!ae_frame_check_envelope (data, size_bytes, AE_SOUND_FRAME_HEADER_BYTES,
          &frame->header_bytes, &crc, error))
    return FALSE;
  if (data[AT_MAJOR] != AE_FRAME_MAJOR || data[AT_TYPE] > AE_FRAME_SKIP
      || data[AT_MEDIA] != AE_MEDIA_AUDIO) {
    g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
        "frame: version %u, type %u of media kind %u, expected version %u, "
        "type 0 to %u of %u", data[AT_MAJOR], data[AT_TYPE], data[AT_MEDIA],
        AE_FRAME_MAJOR, AE_FRAME_SKIP, AE_MEDIA_AUDIO);
    return FALSE;
  }
  frame->type = data[AT_TYPE];
  frame->grade = AE_SYMBOLS_N_GRADES;
  if (data[AT_FINE] < AE_SYMBOLS_GRADES_PER_LEVEL)
    frame->grade = data[AT_LEVEL] * AE_SYMBOLS_GRADES_PER_LEVEL + data[AT_FINE];
  frame->n_packets = data[AT_PACKETS];
  frame->begins = (data[AT_FLAGS] & FLAG_BEGINS) != 0;
  frame->n_planes = ae_bytes_get_u16 (data + AT_PLANES);
  frame->rate_hz = ae_bytes_get_u32 (data + AT_RATE);
  frame->packet_samples = ae_bytes_get_u16 (data + AT_PACKET_SAMPLES);
  frame->trim = ae_bytes_get_u16 (data + AT_TRIM);
  frame->number = ae_bytes_get_u32 (data + AT_NUMBER);
  memcpy (frame->fingerprint, data + AT_FINGERPRINT,
      AE_FRAME_FINGERPRINT_BYTES);
  frame->payload_bytes = ae_bytes_get_u16 (data + AT_PAYLOAD_BYTES);
  return TRUE;
}

static gboolean
check (const AeSoundFrame * frame, GError ** error)
{
  if (frame->n_packets < 1 || frame->n_packets > AE_SOUND_FRAME_MAX_PACKETS
      || frame->n_planes < 1 || frame->n_planes > AE_LATENTS_MAX_PLANES
      || frame->rate_hz < 1 || frame->rate_hz > AE_SOUND_FRAME_MAX_RATE
      || frame->packet_samples < 1
      || frame->payload_bytes > AE_NUMBER_MAX_BYTES) {
    g_set_error (error, AE_ERROR, AE_ERROR_LIMIT,
        "frame: %u packets of %u planes and %u samples, %u a second, in %"
        G_GSIZE_FORMAT
        " bytes; expected 1 to %d packets, 1 to %d planes, 1 and "
        "more samples, 1 to %d a second, and at most %d bytes",
        frame->n_packets, frame->n_planes, frame->packet_samples,
        frame->rate_hz, frame->payload_bytes, AE_SOUND_FRAME_MAX_PACKETS,
        AE_LATENTS_MAX_PLANES, AE_SOUND_FRAME_MAX_RATE, AE_NUMBER_MAX_BYTES);
    return FALSE;
  }
  if (frame->grade >= AE_SYMBOLS_N_GRADES
      || frame->trim >= frame->packet_samples
      || (frame->type == AE_FRAME_SKIP && frame->payload_bytes > 0)) {
    g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
        "frame: quality %u eighths, %u samples of %u to leave out, %"
        G_GSIZE_FORMAT
        " bytes of type %u; expected a quality of 0 to %d, fewer "
        "samples, and no bytes of silence", frame->grade, frame->trim,
        frame->packet_samples, frame->payload_bytes, frame->type,
        AE_SYMBOLS_N_GRADES - 1);
    return FALSE;
  }
  return TRUE;
}

gboolean
ae_sound_frame_parse (const guint8 * data, gsize size_bytes,
    const AeSoundFrame * before, AeSoundFrame * frame, GError ** error)
{
  AeSoundFrame found;
  gboolean ok;

  if (ae_sound_frame_is_short (data, size_bytes))
    ok = parse_short (data, size_bytes, before, &found, error);
  else
    ok = parse_whole (data, size_bytes, &found, error);
  ok = ok && check (&found, error);
  if (ok || frame != before)
    *frame = found;
  return ok;
}

static guint
crc_of (const guint8 * data, gsize n)
{
  return (guint) crc32_z (0, data, n) & 0xffff;
}

gboolean
ae_sound_frame_check (const AeSoundFrame * frame, const guint8 * data,
    gsize size_bytes)
{
  gsize n = frame->header_bytes + frame->payload_bytes;

  return size_bytes >= n + AE_SOUND_FRAME_CRC_BYTES
      && ae_bytes_get_u16 (data + n) == crc_of (data, n);
}

gboolean
ae_sound_frame_may_begin (const AeSoundFrame * before, const guint8 * data,
    gsize size_bytes, gboolean is_all)
{
  AeSoundFrame frame;

  if (!ae_sound_frame_is_short (data, size_bytes))
    return FALSE;
  if (size_bytes < AE_SOUND_FRAME_SHORT_BYTES)
    return !is_all;
  if (!ae_sound_frame_parse (data, size_bytes, before, &frame, NULL))
    return FALSE;
  return size_bytes < ae_sound_frame_bytes (&frame) ? !is_all
      : ae_sound_frame_check (&frame, data, size_bytes);
}

static void
write_short (const AeSoundFrame * frame, GByteArray * out)
{
  guint8 header[AE_SOUND_FRAME_SHORT_BYTES] = {
    (guint8) (SHORT_MARK | (frame->number & SHORT_NUMBER)),
    (guint8) (frame->grade | (frame->type == AE_FRAME_SKIP ? SHORT_SILENT : 0)),
    (guint8) frame->payload_bytes
  };

  g_byte_array_append (out, header, sizeof header);
}

static void
write_whole (const AeSoundFrame * frame, GByteArray * out)
{
  guint8 header[AE_SOUND_FRAME_HEADER_BYTES] = { 0 };
  gsize n = sizeof header - AE_FRAME_CRC_BYTES;

  ae_frame_put_envelope (header, sizeof header);
  header[AT_TYPE] = (guint8) frame->type;
  header[AT_MEDIA] = AE_MEDIA_AUDIO;
  header[AT_LEVEL] = (guint8) (frame->grade / AE_SYMBOLS_GRADES_PER_LEVEL);
  header[AT_FINE] = (guint8) (frame->grade % AE_SYMBOLS_GRADES_PER_LEVEL);
  header[AT_PACKETS] = (guint8) frame->n_packets;
  header[AT_FLAGS] = frame->begins ? FLAG_BEGINS : 0;
  ae_bytes_put_u16 (header + AT_PLANES, frame->n_planes);
  ae_bytes_put_u32 (header + AT_RATE, frame->rate_hz);
  ae_bytes_put_u16 (header + AT_PACKET_SAMPLES, frame->packet_samples);
  ae_bytes_put_u16 (header + AT_TRIM, frame->trim);
  ae_bytes_put_u32 (header + AT_NUMBER, frame->number);
  memcpy (header + AT_FINGERPRINT, frame->fingerprint,
      AE_FRAME_FINGERPRINT_BYTES);
  ae_bytes_put_u16 (header + AT_PAYLOAD_BYTES, (guint) frame->payload_bytes);
  ae_bytes_put_u32 (header + n, (guint32) crc32_z (0, header, n));
  g_byte_array_append (out, header, sizeof header);
}

gboolean
ae_sound_frame_write (const AeSoundFrame * frame, const guint8 * payload,
    GByteArray * out, GError ** error)
{
  guint start = out->len;
  guint8 crc[AE_SOUND_FRAME_CRC_BYTES];

  if (!check (frame, error))
    return FALSE;
  if (frame->is_short && frame->type != AE_FRAME_KEY && !frame->begins
      && frame->trim == 0
      && frame->payload_bytes <= AE_SOUND_FRAME_MAX_SHORT_PAYLOAD)
    write_short (frame, out);
  else
    write_whole (frame, out);
  g_byte_array_append (out, payload, (guint) frame->payload_bytes);
  ae_bytes_put_u16 (crc, crc_of (out->data + start, out->len - start));
  g_byte_array_append (out, crc, sizeof crc);
  return TRUE;
}
