/* Model files that lie. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "ae-error.h"
#include "ae-model.h"

/* A good header, whose parts the table replaces. */
#define WEIGHT "\"encoder.0.weight\":{\"dtype\":\"F32\",\"shape\":[2,3]," \
    "\"data_offsets\":[0,24]}"
#define BIAS "\"encoder.0.bias\":{\"dtype\":\"F32\",\"shape\":[2]," \
    "\"data_offsets\":[24,32]}"
#define METADATA "\"__metadata__\":{\"format_version\":\"1\"," \
    "\"architecture\":\"dense 2 relu\",\"input\":\"3x1x1\",\"licence\":\"CC0\"}"
#define GOOD "{" METADATA "," WEIGHT "," BIAS "}"
#define DATA_BYTES 32

static GByteArray *
make_file (const gchar * header, gsize header_bytes, gsize data_bytes)
{
  GByteArray *file = g_byte_array_new ();
  guint64 length = GUINT64_TO_LE ((guint64) header_bytes);
  gsize at;

  g_byte_array_append (file, (const guint8 *) &length, sizeof length);
  g_byte_array_append (file, (const guint8 *) header, (guint) header_bytes);
  at = file->len;
  g_byte_array_set_size (file, (guint) (at + data_bytes));
  memset (file->data + at, 0, data_bytes);
  return file;
}

static void
assert_refused (const GByteArray * file, const gchar * what, AeError code,
    const gchar * word)
{
  /* a copy of exactly this size, so that a sanitizer sees a read beyond it */
  g_autofree guint8 *bytes = g_memdup2 (file->data, file->len);
  g_autoptr (GError) error = NULL;
  AeModel *model = ae_model_load_bytes (bytes, file->len, "here", &error);

  fail_unless (model == NULL, "%s: was read", what);
  fail_unless (error != NULL && error->domain == AE_ERROR, "%s", what);
  fail_unless (error->code == (gint) code, "%s: code %d, expected %d: %s", what,
      error->code, code, error->message);
  fail_unless (g_str_has_prefix (error->message, "here: "), "%s: %s", what,
      error->message);
  fail_unless (strstr (error->message, word) != NULL, "%s: no \"%s\" in: %s",
      what, word, error->message);
  fail_unless (g_utf8_validate (error->message, -1, NULL), "%s", what);
}

static const struct
{
  const gchar *part, *instead;
  AeError code;
  const gchar *word;
} hostile_headers[] = {
  /* the JSON */
  {GOOD, "", AE_ERROR_CORRUPT, "does not begin with {"},
  {GOOD, " " GOOD, AE_ERROR_CORRUPT, "does not begin with {"},
  {GOOD, "[" GOOD "]", AE_ERROR_CORRUPT, "does not begin with {"},
  {GOOD, "var x = " GOOD, AE_ERROR_CORRUPT, "does not begin with {"},
  {GOOD, "{}", AE_ERROR_CORRUPT, "tensors use 0"},
  {GOOD, GOOD GOOD, AE_ERROR_CORRUPT, "goes on after"},
  {GOOD, GOOD "}", AE_ERROR_CORRUPT, "goes on after"},
  {GOOD, GOOD "\n", AE_ERROR_CORRUPT, "goes on after"},
  {BIAS "}", BIAS, AE_ERROR_CORRUPT, "not JSON"},
  {BIAS "}", BIAS "]", AE_ERROR_CORRUPT, "not JSON"},
  {"[0,24]", "[0,24,]", AE_ERROR_CORRUPT, "not JSON"},
  {"[0,24]", "[0 24]", AE_ERROR_CORRUPT, "not JSON"},
  {"[0,24]", "[0,\"24]", AE_ERROR_CORRUPT, "decimal number"},
  {BIAS "}", BIAS ",\"", AE_ERROR_CORRUPT, "not JSON"},
  {BIAS "}", BIAS ",\"\\", AE_ERROR_CORRUPT, "not JSON"},
  {"\"CC0\"", "'\"'", AE_ERROR_CORRUPT, "decimal number"},
  {"[0,24]", "[0,24/*\"*/]", AE_ERROR_CORRUPT, "decimal number"},
  {"[0,24]", "[0,030]", AE_ERROR_CORRUPT, "decimal number"},
  {"[0,24]", "[0,0x18]", AE_ERROR_CORRUPT, "decimal number"},
  {"[0,24]", "[0,null]", AE_ERROR_CORRUPT, "decimal number"},
  {"CC0", "\xff\xfe", AE_ERROR_CORRUPT, "UTF-8"},
  {"encoder.0.bias", "encoder.0.bias\\u0000x", AE_ERROR_CORRUPT, "escaped NUL"},
  {"\"1\"", "\"1\\u00002\"", AE_ERROR_CORRUPT, "escaped NUL"},
  {BIAS, BIAS "," BIAS, AE_ERROR_CORRUPT, "key twice"},
  {BIAS, BIAS ",\"encoder.0\\u002ebias\":{}", AE_ERROR_CORRUPT, "key twice"},
  {"\"licence\"", "\"input\"", AE_ERROR_CORRUPT, "key twice"},
  {"\"shape\":[2]", "\"shape\":[2],\"shape\":[2]", AE_ERROR_CORRUPT,
      "key twice"},
  {"\"shape\":[2]", "\"shape\":[[[[[[[[[[2]]]]]]]]]]", AE_ERROR_LIMIT,
      "deeper"},

  /* the metadata */
  {METADATA ",", "", AE_ERROR_CORRUPT, "no format_version"},
  {METADATA, "\"__metadata__\":[]", AE_ERROR_CORRUPT, "no format_version"},
  {"\"format_version\":\"1\"", "\"format_version\":1", AE_ERROR_CORRUPT,
      "no format_version"},
  {"\"format_version\":\"1\"", "\"format_version\":\"3\"",
      AE_ERROR_UNSUPPORTED, "\"3\""},
  {"\"format_version\":\"1\"", "\"format_version\":\"1a\"",
      AE_ERROR_UNSUPPORTED, "\"1a\""},
  {"\"architecture\"", "\"architectural\"", AE_ERROR_CORRUPT,
      "no architecture"},
  {"dense 2 relu", "", AE_ERROR_SYNTAX, "column 1"},
  {"dense 2 relu", "dense 2 rleu", AE_ERROR_SYNTAX, "rleu"},
  {"dense 2 relu", "dense 2, dense 1", AE_ERROR_NOT_FOUND,
      "encoder.1.weight"},
  {"dense 2 relu", "dense 16384, dense 16384", AE_ERROR_LIMIT, "weights"},
  {"dense 2 relu", "dense 4096, dense 4096", AE_ERROR_TRUNCATED, "too few"},
  {"\"1\"", "\"abcdefghijklmnopqrs\xc3\xa9\"", AE_ERROR_UNSUPPORTED,
      "rs\xc3\xa9"},
  {"\"1\"", "\"\\ud800\"", AE_ERROR_CORRUPT, "not JSON"},
  {"\"input\":\"3x1x1\",", "", AE_ERROR_CORRUPT, "no input"},
  {"3x1x1", "3x1", AE_ERROR_CORRUPT, "CxHxW"},
  {"3x1x1", "3x1x1x1", AE_ERROR_CORRUPT, "CxHxW"},
  {"3x1x1", " 3x1x1", AE_ERROR_CORRUPT, "CxHxW"},
  {"3x1x1", "-3x1x1", AE_ERROR_CORRUPT, "CxHxW"},
  {"3x1x1", "99999999999x1x1", AE_ERROR_CORRUPT, "CxHxW"},
  {"3x1x1", "0x1x1", AE_ERROR_SHAPE, "channels x height x width"},
  {"3x1x1", "3x0x1", AE_ERROR_SHAPE, "channels x height x width"},
  {"3x1x1", "3x16384x16384", AE_ERROR_SHAPE, "channels x height x width"},
  {"3x1x1", "4x1x1", AE_ERROR_SHAPE, "encoder.0.weight"},
  {"\"CC0\"", "0", AE_ERROR_CORRUPT, "licence is not a string"},
  {"\"CC0\"", "{}", AE_ERROR_CORRUPT, "licence is not a string"},

  /* the tensors */
  {BIAS, "\"encoder.0.bias\":\"\"", AE_ERROR_CORRUPT, "not an object"},
  {"encoder.0.bias", "encoder.0.bais", AE_ERROR_NOT_FOUND,
      "encoder.0.bias is missing"},
  {"," BIAS, "", AE_ERROR_CORRUPT, "tensors use 24"},
  {"[24,32]}", "[24,28]},\"more\":{\"dtype\":\"F32\",\"shape\":[1],"
        "\"data_offsets\":[28,32]}", AE_ERROR_SHAPE, "encoder.0.bias"},
  {BIAS, "\"encoder.0.bias\":{\"dtype\":\"F16\",\"shape\":[2],"
        "\"data_offsets\":[24,28]},\"encoder.1.bias\":{\"dtype\":\"F16\","
        "\"shape\":[2],\"data_offsets\":[28,32]}", AE_ERROR_CORRUPT,
      "encoder.1.bias does not belong"},
  {"\"dtype\":\"F32\",\"shape\":[2]", "\"shape\":[2]", AE_ERROR_CORRUPT,
      "no dtype"},
  {"F32\",\"shape\":[2]", "I8\",\"shape\":[2]", AE_ERROR_SHAPE, "span 8"},
  {"F32\",\"shape\":[2]", "F64\",\"shape\":[2]", AE_ERROR_UNSUPPORTED, "F64"},
  {"F32\",\"shape\":[2]", "F16\",\"shape\":[2]", AE_ERROR_SHAPE, "span 8"},
  {",\"shape\":[2]", "", AE_ERROR_CORRUPT, "no shape"},
  {"\"shape\":[2]", "\"shape\":\"2\"", AE_ERROR_CORRUPT, "no shape"},
  {"\"shape\":[2]", "\"shape\":[\"2\"]", AE_ERROR_SHAPE, "whole number"},
  {"\"shape\":[2]", "\"shape\":[2.5]", AE_ERROR_SHAPE, "whole number"},
  {"\"shape\":[2]", "\"shape\":[-2]", AE_ERROR_SHAPE, "whole number"},
  {"\"shape\":[2]", "\"shape\":[0]", AE_ERROR_SHAPE, "whole number"},
  {"\"shape\":[2]", "\"shape\":[18446744073709551618]", AE_ERROR_SHAPE,
      "whole number"},
  {"\"shape\":[2]", "\"shape\":[4294967296,4294967296]", AE_ERROR_LIMIT,
      "elements"},
  {"\"shape\":[2]", "\"shape\":[65536,65536,65536,65536]", AE_ERROR_LIMIT,
      "elements"},
  {"\"shape\":[2]", "\"shape\":[]", AE_ERROR_SHAPE, "0 dimensions"},
  {"\"shape\":[2]", "\"shape\":[2,1,1,1,1]", AE_ERROR_SHAPE, "5 dimensions"},
  {"\"shape\":[2]", "\"shape\":[2,1]", AE_ERROR_SHAPE, "2 dimensions"},
  {"\"shape\":[2,3]", "\"shape\":[3,2]", AE_ERROR_SHAPE, "encoder.0.weight"},
  {"\"shape\":[2]", "\"shape\":[3]", AE_ERROR_SHAPE, "needs 12"},
  {"[24,32]", "[24]", AE_ERROR_CORRUPT, "two whole numbers"},
  {"[24,32]", "[24,32,32]", AE_ERROR_CORRUPT, "two whole numbers"},
  {"[24,32]", "[24.0,32.0]", AE_ERROR_CORRUPT, "two whole numbers"},
  {"[24,32]", "[\"24\",\"32\"]", AE_ERROR_CORRUPT, "two whole numbers"},
  {"[24,32]", "{}", AE_ERROR_CORRUPT, "two whole numbers"},
  {"[24,32]", "[-8,0]", AE_ERROR_CORRUPT, "-8"},
  {"[24,32]", "[32,24]", AE_ERROR_CORRUPT, "32 to 24"},
  {"[24,32]", "[24,33]", AE_ERROR_TRUNCATED, "33"},
  {"[24,32]", "[28,36]", AE_ERROR_TRUNCATED, "36"},
  {"[24,32]", "[24,9223372036854775807]", AE_ERROR_TRUNCATED,
      "9223372036854775807"},
  {"[24,32]", "[9223372036854775800,9223372036854775807]",
      AE_ERROR_TRUNCATED, "holds 32"},
  {"[24,32]", "[20,28]", AE_ERROR_CORRUPT, "overlap"},
  {"[24,32]", "[0,8]", AE_ERROR_CORRUPT, "overlap"},
  {"[0,24]", "[8,32]", AE_ERROR_CORRUPT, "hole"},
  {"\"shape\":[2,3],\"data_offsets\":[0,24]",
      "\"shape\":[2,2],\"data_offsets\":[0,16]", AE_ERROR_CORRUPT, "hole"},
  {"[24,32]}", "[24,32],\"more\":\"\"}", AE_ERROR_CORRUPT, "keys other than"},
};

GST_START_TEST (test_hostile_headers_are_refused_with_their_reason)
{
  for (guint i = 0; i < G_N_ELEMENTS (hostile_headers); i++) {
    const gchar *at = strstr (GOOD, hostile_headers[i].part);
    g_autoptr (GString) header = g_string_new (GOOD);
    g_autoptr (GByteArray) file = NULL;

    fail_unless (at != NULL, "row %u", i);
    g_string_erase (header, at - GOOD,
        (gssize) strlen (hostile_headers[i].part));
    g_string_insert (header, at - GOOD, hostile_headers[i].instead);
    file = make_file (header->str, header->len, DATA_BYTES);
    assert_refused (file, hostile_headers[i].instead, hostile_headers[i].code,
        hostile_headers[i].word);
  }
}

GST_END_TEST;

GST_START_TEST (test_the_good_header_is_read)
{
  g_autoptr (GByteArray) file = make_file (GOOD "   ", strlen (GOOD) + 3,
      DATA_BYTES);
  g_autoptr (GError) error = NULL;
  g_autoptr (AeModel) model = ae_model_load_bytes (file->data, file->len,
      "here", &error);

  g_assert_no_error (error);
  fail_unless_equals_string (model->architecture->text, "dense 2 relu");
  fail_unless_equals_string (g_hash_table_lookup (model->metadata, "licence"),
      "CC0");
  fail_unless_equals_int (g_hash_table_size (model->metadata), 1);
}

GST_END_TEST;

/* The length field @stated, then GOOD, then @data_bytes zeros. */
static void
assert_length_refused (guint64 stated, gsize data_bytes, AeError code,
    const gchar * word)
{
  g_autoptr (GByteArray) file = make_file (GOOD, strlen (GOOD), data_bytes);

  stated = GUINT64_TO_LE (stated);
  memcpy (file->data, &stated, sizeof stated);
  assert_refused (file, word, code, word);
}

GST_START_TEST (test_lengths_are_not_believed)
{
  const guint64 n = strlen (GOOD);
  g_autoptr (GByteArray) empty = g_byte_array_new ();

  assert_refused (empty, "empty", AE_ERROR_TRUNCATED, "0 bytes");
  assert_length_refused (G_MAXUINT64, 32, AE_ERROR_LIMIT, "safetensors");
  assert_length_refused (G_MAXUINT64 - 7, 32, AE_ERROR_LIMIT, "safetensors");
  assert_length_refused (1ull << 63, 32, AE_ERROR_LIMIT, "safetensors");
  assert_length_refused (AE_MODEL_MAX_HEADER_BYTES + 1, 32, AE_ERROR_LIMIT,
      "safetensors");
  assert_length_refused (AE_MODEL_MAX_HEADER_BYTES, 32, AE_ERROR_TRUNCATED,
      "promises");
  assert_length_refused (n + 33, 32, AE_ERROR_TRUNCATED, "promises");
  assert_length_refused (n + 1, 32, AE_ERROR_CORRUPT, "UTF-8");
  assert_length_refused (n - 1, 32, AE_ERROR_CORRUPT, "not JSON");
  assert_length_refused (0, 32, AE_ERROR_CORRUPT, "does not begin with {");
  assert_length_refused (n, 0, AE_ERROR_TRUNCATED, "holds 0");
  assert_length_refused (n, 31, AE_ERROR_TRUNCATED, "holds 31");
  assert_length_refused (n, 33, AE_ERROR_CORRUPT, "33 bytes of data");
}

GST_END_TEST;

/* Each was a way to exhaust the stack or the memory. */
GST_START_TEST (test_bombs_are_refused)
{
  const guint n = 1000000;
  g_autoptr (GString) deep = g_string_new ("{\"a\":");
  g_autoptr (GString) hidden = g_string_new ("{\"a\":'\"',\"b\":");
  g_autoptr (GString) wide = g_string_new ("{\"a\":[0");
  g_autoptr (GByteArray) file = NULL;

  for (guint i = 0; i < n; i++) {
    g_string_append_c (deep, '[');
    g_string_append_c (hidden, '[');
    g_string_append (wide, ",0");
  }
  g_string_append (wide, "]}");
  file = make_file (deep->str, deep->len, 0);
  assert_refused (file, "deep", AE_ERROR_LIMIT, "deeper");
  g_byte_array_unref (file);
  file = make_file (hidden->str, hidden->len, 0);
  assert_refused (file, "hidden", AE_ERROR_CORRUPT, "decimal number");
  g_byte_array_unref (file);
  file = make_file (wide->str, wide->len, 0);
  assert_refused (file, "wide", AE_ERROR_LIMIT, "values");
}

GST_END_TEST;

/* Every two letters "Az" and "BY" add the same to GLib's hash of a string, so
 * that as many keys took the square of their number. */
GST_START_TEST (test_keys_that_share_a_hash_are_refused_by_their_number)
{
  g_autoptr (GString) header = g_string_new ("{\"a\":\"\"");
  g_autoptr (GByteArray) file = NULL;

  for (guint i = 0; i < 32768; i++) {
    g_string_append (header, ",\"");
    for (guint bit = 0; bit < 15; bit++)
      g_string_append (header, i >> bit & 1 ? "Az" : "BY");
    g_string_append (header, "\":\"\"");
  }
  g_string_append_c (header, '}');
  file = make_file (header->str, header->len, 0);
  assert_refused (file, "collisions", AE_ERROR_LIMIT, "4096 keys");
}

GST_END_TEST;

GST_START_TEST (test_a_long_name_makes_no_long_message)
{
  g_autofree gchar *name = g_strnfill (1000000, 'n');
  g_autofree gchar *header = g_strdup_printf ("{\"%s\":3}", name);
  g_autoptr (GByteArray) file = make_file (header, strlen (header), 0);
  g_autoptr (GError) error = NULL;

  fail_unless (ae_model_load_bytes (file->data, file->len, "here",
          &error) == NULL);
  fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_CORRUPT));
  fail_unless (g_str_has_prefix (error->message, "here: header entry nnn"));
  fail_unless (strlen (error->message) < 2000);
}

GST_END_TEST;

/* Nothing follows, so that a sanitizer sees a read beyond the header. */
GST_START_TEST (test_strings_without_end_are_refused)
{
  static const gchar *headers[] = {
    "{\"", "{\"a", "{\"\\", "{\"\\u", "{\"\\u000", "{\"\\\\", "{\"\\\"",
  };

  for (guint i = 0; i < G_N_ELEMENTS (headers); i++) {
    g_autoptr (GByteArray) file = make_file (headers[i], strlen (headers[i]),
        0);

    assert_refused (file, headers[i], AE_ERROR_CORRUPT, "not JSON");
  }
}

GST_END_TEST;

GST_START_TEST (test_every_truncation_is_refused)
{
  g_autoptr (GByteArray) file = make_file (GOOD, strlen (GOOD), DATA_BYTES);

  for (guint n = file->len; n-- > 0;) {
    g_byte_array_set_size (file, n);
    assert_refused (file, "truncated", AE_ERROR_TRUNCATED, "bytes");
  }
}

GST_END_TEST;

/* A flipped bit may make another good file, such as one with a different
 * licence or weight; it never makes more than a model or an error. */
GST_START_TEST (test_every_flipped_bit_is_survived)
{
  g_autoptr (GByteArray) file = make_file (GOOD, strlen (GOOD), DATA_BYTES);

  for (guint i = 0; i < 8 * file->len; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (AeModel) model = NULL;

    file->data[i / 8] ^= (guint8) (1 << i % 8);
    model = ae_model_load_bytes (file->data, file->len, "here", &error);
    fail_unless ((model == NULL) == (error != NULL), "bit %u", i);
    file->data[i / 8] ^= (guint8) (1 << i % 8);
  }
}

GST_END_TEST;

GST_START_TEST (test_numbers_not_finite_are_refused_by_tensor_and_index)
{
  const guint32 bits[] = { 0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001 };
  const gsize data = 8 + strlen (GOOD);

  for (guint i = 0; i < G_N_ELEMENTS (bits); i++) {
    g_autoptr (GByteArray) file = make_file (GOOD, strlen (GOOD), DATA_BYTES);
    guint32 value = GUINT32_TO_LE (bits[i]);

    memcpy (file->data + data + 4 * 5, &value, 4);
    assert_refused (file, "weight", AE_ERROR_NOT_FINITE,
        "encoder.0.weight: element 5");
    memset (file->data + data, 0, DATA_BYTES);
    memcpy (file->data + data + 24, &value, 4);
    assert_refused (file, "bias", AE_ERROR_NOT_FINITE,
        "encoder.0.bias: element 0");
  }
}

GST_END_TEST;

static Suite *
model_hostile_suite (void)
{
  Suite *suite = suite_create ("model-hostile");
  TCase *tcase = tcase_create ("read");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_hostile_headers_are_refused_with_their_reason);
  tcase_add_test (tcase, test_the_good_header_is_read);
  tcase_add_test (tcase, test_lengths_are_not_believed);
  tcase_add_test (tcase, test_bombs_are_refused);
  tcase_add_test (tcase,
      test_keys_that_share_a_hash_are_refused_by_their_number);
  tcase_add_test (tcase, test_a_long_name_makes_no_long_message);
  tcase_add_test (tcase, test_strings_without_end_are_refused);
  tcase_add_test (tcase, test_every_truncation_is_refused);
  tcase_add_test (tcase, test_every_flipped_bit_is_survived);
  tcase_add_test (tcase,
      test_numbers_not_finite_are_refused_by_tensor_and_index);
  return suite;
}

GST_CHECK_MAIN (model_hostile);
