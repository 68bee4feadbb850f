/* Integers made by calibration, written, read, refused.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "ae-calibration.h"
#include "ae-error.h"
#include "ae-model.h"
#include "ae-plan.h"
#include "ae-tape.h"

#define SIZE 48

static AeModel *
make_model (const gchar * text)
{
  const AeShape input = { 1, 0, 0 };
  g_autoptr (AeArchitecture) architecture =
      ae_architecture_parse (text, &input, NULL);
  g_autoptr (AeWeights) weights = NULL;
  AeRng rng;

  ae_rng_init (&rng, 3);
  weights = ae_weights_new_random (architecture, &rng);
  return ae_model_new (architecture, weights, NULL, NULL);
}

static void
make_picture (AeTensor * picture, guint n, guint seed)
{
  AeRng rng;

  ae_rng_init (&rng, seed);
  ae_tensor_resize (picture, 1, SIZE, SIZE, n);
  for (gsize i = 0; i < ae_tensor_size (picture); i++)
    picture->data[i] = ae_rng_uniform (&rng);
}

static AeInt8 *
calibrate (const AeModel * model, GError ** error)
{
  g_autoptr (AeCalibration) calibration =
      ae_calibration_new (model->architecture);
  g_autoptr (AeTape) tape = ae_tape_new (model->architecture);
  g_auto (AeTensor) in = AE_TENSOR_INIT;
  float ones[16];

  for (guint i = 0; i < 16; i++)
    ones[i] = 1.0f;
  for (guint i = 0; i < 4; i++) {
    make_picture (&in, 16, 10 + i);
    ae_tape_forward (tape, model->weights->data, &in, NULL);
    ae_calibration_add (calibration, tape, ones);
  }
  return ae_calibration_finish (calibration, model->weights, error);
}

/* Mean square difference that @int8 makes on another picture, relative to the
 * mean square of the output. */
static double
relative_error (const AeModel * model, AeInt8 * int8)
{
  g_auto (AeTensor) in = AE_TENSOR_INIT;
  float out[2][SIZE * SIZE];
  double error = 0.0, sum = 0.0;

  make_picture (&in, 1, 99);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (AePlan) plan = ae_plan_new_int8 (model->architecture,
        model->weights, i ? int8 : NULL, SIZE, SIZE, 1, NULL);
    AePlane from = { in.data, SIZE }, to = { out[i], SIZE };

    ae_plan_run (plan, &from, NULL, &to);
  }
  for (guint i = 0; i < SIZE * SIZE; i++) {
    double d = (double) out[1][i] - (double) out[0][i];

    error += d * d;
    sum += (double) out[0][i] * (double) out[0][i];
  }
  return error / sum;
}

/* All layers in @int8 again, with weights rounded to the nearest integer. */
static AeInt8 *
round_to_nearest (const AeModel * model, const AeInt8 * int8)
{
  AeInt8 *nearest = ae_int8_new (model->architecture);

  for (guint i = 0; i < int8->n_layers; i++) {
    const AeInt8Layer *layer = &int8->layers[i];

    if (layer->weights)
      ae_int8_round_layer (nearest, model->architecture, i, layer->step,
          layer->zero, model->weights->data);
  }
  return nearest;
}

GST_START_TEST (test_calibrated_integers_are_close_to_floats)
{
  g_autoptr (AeModel) model = make_model ("conv 3x3 8 relu, conv 3x3/2 16, "
      "conv 3x3 16 relu, deconv 2x2*2 8 leaky, conv 3x3 8 relu, conv 3x3 1");
  g_autoptr (AeInt8) int8 = calibrate (model, NULL);
  g_autoptr (AeInt8) nearest = round_to_nearest (model, int8);
  double error = relative_error (model, int8);

  /* the ends stay float; after relu no byte is lost to negative samples, after
   * leaky few */
  fail_unless (int8->layers[0].weights == NULL);
  fail_unless (int8->layers[1].weights != NULL && int8->layers[1].zero == 0);
  fail_unless (int8->layers[2].weights != NULL && int8->layers[2].zero >= 64);
  fail_unless (int8->layers[3].weights != NULL && int8->layers[3].zero == 0);
  fail_unless (int8->layers[4].weights != NULL && int8->layers[4].zero > 0
      && int8->layers[4].zero < 64);
  fail_unless (int8->layers[5].weights == NULL);
  fail_unless (error < 1e-3, "relative square error of %g", error);
  fail_unless (error < relative_error (model, nearest));
}

GST_END_TEST;

GST_START_TEST (test_what_cannot_be_calibrated_is_refused)
{
  static const gchar *const texts[] = { "conv 3x3 4, conv 3x3 1",
    "unshuffle 2, shuffle 2"
  };
  g_autoptr (AeModel) broken =
      make_model ("conv 3x3 4, conv 3x3 4, conv 1x1 1");
  g_autoptr (GError) not_finite = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (AeModel) model = make_model (texts[i]);
    g_autoptr (GError) error = NULL;

    fail_unless (calibrate (model, &error) == NULL);
    fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_UNSUPPORTED));
  }
  broken->weights->data[0] = INFINITY;
  fail_unless (calibrate (broken, &not_finite) == NULL);
  fail_unless (g_error_matches (not_finite, AE_ERROR, AE_ERROR_NOT_FINITE));
}

GST_END_TEST;

GST_START_TEST (test_integers_that_were_saved_are_loaded)
{
  g_autoptr (AeModel) model = make_model ("conv 3x3 5 relu, conv 3x3/2 7, "
      "conv 3x3 6 relu, deconv 4x4*2 3 relu, conv 3x3 1");
  g_autoptr (AeInt8) int8 = calibrate (model, NULL);
  g_autoptr (AeModel) quantised = ae_model_new_int8 (model, int8);
  g_autofree gchar *directory = g_dir_make_tmp ("ae-int8-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (directory, "m.safetensors", NULL);
  g_autofree gchar *fingerprint = ae_model_fingerprint (model);
  g_autofree gchar *again = NULL;
  g_autoptr (AeModel) loaded = NULL;

  fail_unless (ae_model_save (quantised, path, NULL));
  loaded = ae_model_load (path, NULL);
  g_remove (path);
  g_rmdir (directory);
  fail_unless (loaded != NULL && loaded->int8 != NULL);
  again = ae_model_fingerprint (loaded);
  fail_unless_equals_string (fingerprint, again);
  for (guint i = 0; i < int8->n_layers; i++) {
    const AeLayer *layer = &model->architecture->layers[i];
    const AeInt8Layer *a = &int8->layers[i], *b = &loaded->int8->layers[i];

    fail_unless ((a->weights == NULL) == (b->weights == NULL));
    if (a->weights == NULL)
      continue;
    fail_unless (memcmp (a->weights, b->weights,
            layer->params[AE_PARAM_WEIGHT].size) == 0);
    fail_unless (memcmp (a->scale, b->scale, layer->out.c * sizeof (float))
        == 0);
    fail_unless (memcmp (a->step, b->step, layer->in.c * sizeof (float)) == 0);
    fail_unless_equals_int (a->zero, b->zero);
  }
}

GST_END_TEST;

/* A good header; every tensor of what the table replaces is 4 bytes a value. */
#define TENSOR(name, type, shape, begin, end) "\"encoder.0." name \
    "\":{\"dtype\":\"" type "\",\"shape\":[" shape "],\"data_offsets\":[" \
    begin "," end "]}"
#define SCALE TENSOR ("weight.scale", "F32", "2", "16", "24")
#define STEP TENSOR ("input.step", "F32", "1", "24", "28")
#define ZERO TENSOR ("input.zero", "F32", "1", "28", "32")
#define INT8 TENSOR ("weight.int8", "I8", "2,1,1,1", "32", "34")
#define GOOD "{\"__metadata__\":{\"format_version\":\"2\"," \
    "\"architecture\":\"conv 1x1 2\",\"input\":\"1x0x0\"}," \
    TENSOR ("weight", "F32", "2,1,1,1", "0", "8") "," \
    TENSOR ("bias", "F32", "2", "8", "16") "," \
    SCALE "," STEP "," ZERO "," INT8 "}"
#define N_FLOATS 8
enum
{ I_SCALE = 4, I_STEP = 6, I_ZERO = 7 };

static AeModel *
load (const gchar * header, const float *floats, GError ** error)
{
  g_autoptr (GByteArray) file = g_byte_array_new ();
  guint64 length = GUINT64_TO_LE ((guint64) strlen (header));

  g_byte_array_append (file, (const guint8 *) &length, sizeof length);
  g_byte_array_append (file, (const guint8 *) header, (guint) strlen (header));
  g_byte_array_append (file, (const guint8 *) floats,
      N_FLOATS * sizeof *floats);
  g_byte_array_append (file, (const guint8 *) "\x7f\x80", 2);
  return ae_model_load_bytes (file->data, file->len, "here", error);
}

static const float good[N_FLOATS] = { 1, 2, 3, 4, 0.5f, 0.25f, 0.125f, 17 };

GST_START_TEST (test_the_good_integers_are_read)
{
  g_autoptr (AeModel) model = load (GOOD, good, NULL);

  fail_unless (model != NULL);
  fail_unless_equals_int (model->int8->layers[0].weights[0], 127);
  fail_unless_equals_int (model->int8->layers[0].weights[1], -128);
  fail_unless (model->int8->layers[0].scale[1] == 0.25f);
  fail_unless (model->int8->layers[0].step[0] == 0.125f);
  fail_unless_equals_int (model->int8->layers[0].zero, 17);
}

GST_END_TEST;

static const struct
{
  guint i;
  float value;
  AeError code;
} hostile_values[] = {
  {I_SCALE, 0.0f, AE_ERROR_CORRUPT},
  {I_SCALE + 1, -1.0f, AE_ERROR_CORRUPT},
  {I_SCALE, 1e20f, AE_ERROR_CORRUPT},
  {I_SCALE, NAN, AE_ERROR_NOT_FINITE},
  {I_STEP, 0.0f, AE_ERROR_CORRUPT},
  {I_STEP, 1e-40f, AE_ERROR_CORRUPT},
  {I_STEP, INFINITY, AE_ERROR_NOT_FINITE},
  {I_ZERO, -1.0f, AE_ERROR_CORRUPT},
  {I_ZERO, 256.0f, AE_ERROR_CORRUPT},
  {I_ZERO, 0.5f, AE_ERROR_CORRUPT},
  {I_ZERO, NAN, AE_ERROR_NOT_FINITE},
};

GST_START_TEST (test_hostile_values_are_refused)
{
  for (guint i = 0; i < G_N_ELEMENTS (hostile_values); i++) {
    float floats[N_FLOATS];
    g_autoptr (GError) error = NULL;

    memcpy (floats, good, sizeof floats);
    floats[hostile_values[i].i] = hostile_values[i].value;
    fail_unless (load (GOOD, floats, &error) == NULL, "row %u was read", i);
    fail_unless (g_error_matches (error, AE_ERROR,
            (gint) hostile_values[i].code), "row %u: %s", i, error->message);
  }
}

GST_END_TEST;

static const struct
{
  const gchar *part, *instead;
  AeError code;
  const gchar *word;
} hostile_headers[] = {
  {"\"2\"", "\"1\"", AE_ERROR_CORRUPT, "does not belong"},
  {"1x0x0", "1x4x4", AE_ERROR_CORRUPT, "does not belong"},
  {"weight.int8", "weight.int9", AE_ERROR_CORRUPT, "does not belong"},
  {"weight.scale", "weight.other", AE_ERROR_NOT_FOUND, "weight.scale"},
  {"input.step", "input.other", AE_ERROR_NOT_FOUND, "input.step"},
  {"input.zero", "input.other", AE_ERROR_NOT_FOUND, "input.zero"},
  {INT8, TENSOR ("weight.int8", "I8", "1,2,1,1", "32", "34"), AE_ERROR_SHAPE,
      "weight.int8"},
  {INT8, TENSOR ("weight.int8", "F16", "1", "32", "34"),
      AE_ERROR_UNSUPPORTED, "expected I8"},
  {SCALE, TENSOR ("weight.scale", "I8", "8", "16", "24"),
      AE_ERROR_UNSUPPORTED, "expected F32"},
  {SCALE, TENSOR ("weight.scale", "F32", "1,2", "16", "24"), AE_ERROR_SHAPE,
      "weight.scale"},
  {"conv 1x1 2", "conv 1x1 3", AE_ERROR_SHAPE, "encoder.0.weight"},
};

GST_START_TEST (test_hostile_headers_are_refused)
{
  for (guint i = 0; i < G_N_ELEMENTS (hostile_headers); i++) {
    const gchar *part = hostile_headers[i].part;
    const gchar *at = strstr (GOOD, part);
    g_autoptr (GString) header = g_string_new (GOOD);
    g_autoptr (GError) error = NULL;

    fail_unless (at != NULL, "row %u", i);
    g_string_erase (header, at - GOOD, (gssize) strlen (part));
    g_string_insert (header, at - GOOD, hostile_headers[i].instead);
    fail_unless (load (header->str, good, &error) == NULL, "row %u was read",
        i);
    fail_unless (g_error_matches (error, AE_ERROR,
            (gint) hostile_headers[i].code)
        && strstr (error->message, hostile_headers[i].word), "row %u: %s", i,
        error->message);
  }
}

GST_END_TEST;

static Suite *
int8_model_suite (void)
{
  Suite *suite = suite_create ("int8-model");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_calibrated_integers_are_close_to_floats);
  tcase_add_test (tcase, test_what_cannot_be_calibrated_is_refused);
  tcase_add_test (tcase, test_integers_that_were_saved_are_loaded);
  tcase_add_test (tcase, test_the_good_integers_are_read);
  tcase_add_test (tcase, test_hostile_values_are_refused);
  tcase_add_test (tcase, test_hostile_headers_are_refused);
  return suite;
}

GST_CHECK_MAIN (int8_model);
