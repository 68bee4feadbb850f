/* What is in model files, and where they are found. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model-samples.h"

static GHashTable *
new_metadata (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

static void
note (GHashTable * metadata, const gchar * key, const gchar * value)
{
  g_hash_table_insert (metadata, g_strdup (key), g_strdup (value));
}

/* All of them random, biases and gains too. */
static AeWeights *
random_weights (const AeArchitecture * architecture, guint seed)
{
  AeWeights *weights;
  AeRng rng;

  ae_rng_init (&rng, seed);
  weights = ae_weights_new_random (architecture, &rng);
  for (guint i = 0; i < architecture->n_layers; i++) {
    for (guint j = 0; j < AE_N_PARAMS; j++) {
      const AeParam *param = &architecture->layers[i].params[j];

      ae_rng_fill_normal (&rng, weights->data + param->offset,
          ae_param_n_stored (param));
    }
  }
  return weights;
}

GST_START_TEST (test_what_was_saved_is_loaded_bit_for_bit)
{
  static const struct
  {
    const gchar *text;
    AeShape input;
  } cases[] = {
    {"dense 4", {3, 2, 5}},
    {"conv 3x3 5 relu, deconv 4x4*2 2 | given 2, conv 1x1 1, modulate", {3, 0,
            0}},
    {"unshuffle 2, save a | add a, shuffle 2", {3, 0, 0}},
    {"pool max 2, norm, conv 3x3 5, norm relu, gaussian 4 | dropout 0.25, "
          "upsample 2", {3, 0, 0}},
    {"conv 3x3/2 4, dense 5 | tied relu, norm, tied", {3, 4, 6}},
  };
  g_autoptr (GHashTable) metadata = new_metadata ();
  g_autofree gchar *path = path_of ("m.safetensors");

  note (metadata, "licence", "CC0-1.0");
  note (metadata, "odd \"key\"\n",
      "\\ \"quoted\" {[:,]} / \t \x01 \xc3\xa9 \xf0\x9f\x90\x98");
  note (metadata, "", "");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const AeShape input = cases[i].input;
    g_autoptr (AeArchitecture) architecture =
        ae_architecture_parse (cases[i].text, &input, NULL);
    g_autoptr (AeWeights) weights = random_weights (architecture, i);
    g_autoptr (AeModel) model = NULL, loaded = NULL;

    if (weights->n > 3) {
      weights->data[0] = -0.0f;
      weights->data[1] = 1e-45f;        /* the smallest */
      weights->data[2] = -3.4028235e38f;        /* the largest */
    }
    model = ae_model_new (architecture, weights, metadata, NULL);
    fail_unless (ae_model_save (model, path, NULL));
    loaded = load (path);
    assert_equal_models (model, loaded);
    fail_unless (memcmp (&loaded->architecture->input, &input,
            sizeof input) == 0);
  }
  fail_unless_equals_int (n_files (), 1);
}

GST_END_TEST;

GST_START_TEST (test_halves_are_the_nearest_ones_in_half_the_bytes)
{
  static const float values[][2] = {
    {1.0f, 1.0f}, {-0.0f, -0.0f}, {65504.0f, 65504.0f},
    {1.0f + 0x1p-11f, 1.0f},    /* a tie, to the even one below */
    {1.0f + 3 * 0x1p-11f, 1.0f + 0x1p-9f},      /* and above */
    {-1.0f - 0x1.1p-11f, -1.0f - 0x1p-10f},
    {2.0f - 0x1p-12f, 2.0f},    /* carries into the exponent */
    {0x1p-14f - 0x1p-26f, 0x1p-14f},    /* the smallest normal one */
    {0x1p-24f, 0x1p-24f},       /* the smallest of all */
    {0x1.1p-25f, 0x1p-24f}, {0x1p-25f, 0.0f}, {1e-30f, 0.0f},
    {0.1f, 0.0999755859375f}, {-1234.5678f, -1235.0f},
  };
  g_autoptr (AeModel) model = make_model ("conv 3x3 8", 3, 1, NULL);
  g_autoptr (AeModel) loaded = NULL;
  g_autofree gchar *path = path_of ("m.safetensors"), *again = NULL;
  g_autofree gchar *full = path_of ("full.safetensors"), *bytes = NULL;
  g_autofree gchar *bytes_again = NULL;
  gsize n, n_full;

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    model->weights->data[i] = values[i][0];
  fail_unless (ae_model_save_f16 (model, path, NULL));
  loaded = load (path);
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    fail_unless (memcmp (&loaded->weights->data[i], &values[i][1],
            sizeof (float)) == 0, "%.9g became %.9g, expected %.9g",
        (double) values[i][0], (double) loaded->weights->data[i],
        (double) values[i][1]);

  again = path_of ("again.safetensors");
  fail_unless (ae_model_save_f16 (loaded, again, NULL));
  fail_unless (g_file_get_contents (path, &bytes, &n, NULL));
  fail_unless (g_file_get_contents (again, &bytes_again, &n_full, NULL));
  fail_unless (n == n_full && memcmp (bytes, bytes_again, n) == 0);
  fail_unless (ae_model_save (model, full, NULL));
  g_free (g_steal_pointer (&bytes_again));
  fail_unless (g_file_get_contents (full, &bytes_again, &n_full, NULL));
  fail_unless (n + 2 * model->weights->n <= n_full + 64);
}

GST_END_TEST;

GST_START_TEST (test_weights_too_large_for_halves_are_named)
{
  g_autoptr (AeModel) model = make_model ("conv 3x3 2 | conv 3x3 1", 1, 1,
      NULL);
  g_autofree gchar *path = path_of ("m.safetensors");
  g_autoptr (GError) error = NULL;

  model->weights->data[model->architecture->layers[1].params[0].offset + 7] =
      -70000.0f;
  fail_unless (!ae_model_save_f16 (model, path, &error));
  fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_LIMIT));
  fail_unless (strstr (error->message, "decoder.0.weight: element 7 is -70000"),
      "%s", error->message);
  fail_unless_equals_int (n_files (), 0);
}

GST_END_TEST;

/* Saves a model of @text. Returns: how long the file is. */
static goffset
assert_tensors (const gchar * text, const gchar * expected)
{
  g_autoptr (AeModel) model = make_model (text, 3, 1, NULL);
  g_autofree gchar *path = path_of ("m.safetensors"), *file = NULL;
  g_autoptr (GString) names = g_string_new (NULL);
  g_auto (GStrv) strings = NULL;
  gsize n;

  fail_unless (ae_model_save (model, path, NULL));
  fail_unless (g_file_get_contents (path, &file, &n, NULL));
  /* the header, up to the first NUL of the data */
  strings = g_strsplit (file + 8, "\"", -1);
  for (guint i = 0; strings[i]; i++) {
    if (g_str_has_suffix (strings[i], ".weight")
        || g_str_has_suffix (strings[i], ".bias"))
      g_string_append_printf (names, " %s", strings[i]);
  }
  fail_unless_equals_string (names->str, expected);
  return (goffset) n;
}

GST_START_TEST (test_a_tied_layer_stores_its_bias_alone)
{
  goffset tied = assert_tensors ("conv 3x3 50, conv 3x3/2 40 | tied, tied",
      " encoder.0.weight encoder.0.bias encoder.1.weight encoder.1.bias"
      " decoder.0.bias decoder.1.bias");
  goffset untied = assert_tensors ("conv 3x3 50, conv 3x3/2 40 | "
      "deconv 3x3*2 50, deconv 3x3 3",
      " encoder.0.weight encoder.0.bias encoder.1.weight encoder.1.bias"
      " decoder.0.weight decoder.0.bias decoder.1.weight decoder.1.bias");
  goffset mirrored = 9 * (3 * 50 + 50 * 40) * sizeof (float);

  /* and the longer header */
  fail_unless (untied >= tied + mirrored && untied < tied + mirrored + 512);
}

GST_END_TEST;

static void
assert_not_loaded (const gchar * path, AeError code, const gchar * word)
{
  g_autoptr (GError) error = NULL;

  fail_unless (ae_model_load (path, &error) == NULL);
  fail_unless (g_error_matches (error, AE_ERROR, (gint) code), "%s: %s", path,
      error->message);
  fail_unless (g_str_has_prefix (error->message, path), "%s", error->message);
  fail_unless (strstr (error->message, word) != NULL, "%s", error->message);
}

GST_START_TEST (test_weights_of_a_tied_layer_are_refused)
{
  static const gchar untied[] = "deconv 3x3*2 5", tied[] = "tied          ";
  g_autoptr (AeModel) model =
      make_model ("conv 3x3/2 4 | deconv 3x3*2 5", 5, 1, NULL);
  g_autofree gchar *path = path_of ("m.safetensors");
  g_autofree gchar *file = NULL;
  gchar *text;
  gsize n;

  fail_unless (ae_model_save (model, path, NULL));
  fail_unless (g_file_get_contents (path, &file, &n, NULL));
  text = g_strstr_len (file + 8, -1, untied);
  memcpy (text, tied, strlen (untied));
  fail_unless (g_file_set_contents (path, file, (gssize) n, NULL));
  assert_not_loaded (path, AE_ERROR_CORRUPT, "decoder.0.weight");
}

GST_END_TEST;

/* tests/data/make-golden-model.py wrote the file and this fingerprint. */
static const gchar golden_fingerprint[] =
    "896c8e7e17fd076e447b42326a3fc890313df9e948872bbf5683dd8dbc2fda13";

static gchar *
golden_path (const gchar * name)
{
  return g_build_filename (g_getenv ("AE_TEST_DATA"), name, NULL);
}

/* @n values that rise by 1/16 from 1/16 + @offset. */
static void
assert_ramp (const AeModel * model, guint layer, guint param, gsize n,
    float offset)
{
  const AeParam *p = &model->architecture->layers[layer].params[param];

  fail_unless_equals_uint64 (p->size, n);
  for (gsize i = 0; i < n; i++)
    fail_unless (model->weights->data[p->offset + i]
        == (float) (i + 1) / 16.0f + offset);
}

GST_START_TEST (test_files_of_another_writer_are_read)
{
  static const gchar *names[] = {
    "golden-f32.safetensors", "golden-f16.safetensors",
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *path = golden_path (names[i]);
    g_autoptr (AeModel) model = load (path);
    g_autofree gchar *fingerprint = ae_model_fingerprint (model);
    const float *last = model->weights->data
        + model->architecture->layers[1].params[AE_PARAM_BIAS].offset;

    fail_unless_equals_string (model->architecture->text,
        "conv 3x3 2 relu | deconv 2x2*2 3, modulate");
    fail_unless_equals_int (model->architecture->input.c, 1);
    fail_unless_equals_string (g_hash_table_lookup (model->metadata, "task"),
        "denoise \"\xc3\xa9\"");
    assert_ramp (model, 0, AE_PARAM_WEIGHT, 18, 0.0f);
    assert_ramp (model, 0, AE_PARAM_BIAS, 2, -1.0f);
    assert_ramp (model, 1, AE_PARAM_WEIGHT, 24, -2.0f);
    fail_unless (last[0] == 5.9604644775390625e-08f);
    fail_unless (last[1] == 65504.0f);
    fail_unless (last[2] == 0.0f && signbit (last[2]));
    fail_unless_equals_string (fingerprint, golden_fingerprint);
  }
}

GST_END_TEST;

GST_START_TEST (test_the_file_written_is_that_of_another_writer)
{
  g_autofree gchar *golden = golden_path ("golden-f32.safetensors");
  g_autofree gchar *path = path_of ("m.safetensors");
  g_autofree gchar *expected = NULL, *found = NULL;
  g_autoptr (AeModel) model = load (golden);
  gsize n_expected, n_found;

  fail_unless (ae_model_save (model, path, NULL));
  fail_unless (g_file_get_contents (golden, &expected, &n_expected, NULL));
  fail_unless (g_file_get_contents (path, &found, &n_found, NULL));
  fail_unless_equals_uint64 (n_found, n_expected);
  fail_unless (memcmp (found, expected, n_found) == 0);
}

GST_END_TEST;

GST_START_TEST (test_fingerprint_tells_models_apart_but_not_metadata)
{
  g_autoptr (GHashTable) metadata = new_metadata ();
  g_autoptr (AeModel) model = make_model ("conv 3x3 4", 3, 1, NULL);
  g_autofree gchar *fingerprint = ae_model_fingerprint (model);
  AeModel *others[5];

  note (metadata, "licence", "CC0-1.0");
  others[0] = make_model ("conv 3x3 4", 3, 1, metadata);
  others[1] = make_model ("conv 3x3 4", 3, 2, NULL);
  others[2] = make_model ("conv 3x3 4 relu", 3, 1, NULL);
  others[3] = make_model ("conv 3x3 4", 4, 1, NULL);
  others[4] = make_model ("conv 3x3 4", 3, 1, NULL);
  others[4]->weights->data[3 * 4 * 9 - 1] += 1.0f;
  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    g_autofree gchar *other = ae_model_fingerprint (others[i]);

    fail_unless ((strcmp (fingerprint, other) == 0) == (i == 0), "%u", i);
    ae_model_unref (others[i]);
  }
}

GST_END_TEST;

GST_START_TEST (test_metadata_cannot_break_the_file)
{
  g_autoptr (GHashTable) metadata = new_metadata ();
  g_autofree gchar *path = path_of ("m.safetensors");
  g_autoptr (AeModel) model = NULL, loaded = NULL;

  note (metadata, "architecture", "dense 1");
  note (metadata, "format_version", "9");
  note (metadata, "folder", "not \xff UTF-8");
  model = make_model ("conv 3x3 4", 3, 1, metadata);
  fail_unless (ae_model_save (model, path, NULL));
  loaded = load (path);
  fail_unless_equals_string (loaded->architecture->text, "conv 3x3 4");
  fail_unless_equals_int (g_hash_table_size (loaded->metadata), 1);
  fail_unless_equals_string (g_hash_table_lookup (loaded->metadata, "folder"),
      "not \xef\xbf\xbd UTF-8");
}

GST_END_TEST;

GST_START_TEST (test_weights_of_another_architecture_are_refused)
{
  g_autoptr (AeModel) one = make_model ("conv 3x3 4", 3, 1, NULL);
  g_autoptr (AeModel) other = make_model ("conv 3x3 40", 3, 1, NULL);
  g_autoptr (GError) error = NULL;

  fail_unless (ae_model_new (one->architecture, other->weights, NULL,
          &error) == NULL);
  fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_SHAPE));
}

GST_END_TEST;

GST_START_TEST (test_what_is_no_model_file_is_refused)
{
  g_autofree gchar *missing = path_of ("missing.safetensors");
  g_autofree gchar *empty = path_of ("empty.safetensors");
  g_autofree gchar *fifo = path_of ("fifo.safetensors");
  g_autofree gchar *huge = path_of ("huge.safetensors");

  fail_unless (g_file_set_contents (empty, "", 0, NULL));
  fail_unless (g_file_set_contents (huge, "", 0, NULL));
  fail_unless (truncate (huge, (off_t) 1 << 40) == 0);
  fail_unless (mkfifo (fifo, 0600) == 0);
  assert_not_loaded (missing, AE_ERROR_IO, "No such file");
  assert_not_loaded (directory, AE_ERROR_IO, "not a regular file");
  assert_not_loaded (fifo, AE_ERROR_IO, "not a regular file");
  assert_not_loaded ("/dev/zero", AE_ERROR_IO, "not a regular file");
  assert_not_loaded (empty, AE_ERROR_TRUNCATED, "0 bytes");
  assert_not_loaded (huge, AE_ERROR_LIMIT, "a model has at most");
}

GST_END_TEST;

static void
assert_found (const gchar * name, const gchar * expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *found = ae_model_find (name, &error);

  g_assert_no_error (error);
  fail_unless_equals_string (found, expected);
}

GST_START_TEST (test_models_are_found_by_path_variable_and_installation)
{
  g_autofree gchar *user = path_of ("user"), *shipped = path_of ("shipped");
  g_autofree gchar *both_user = path_of ("user/both.safetensors");
  g_autofree gchar *both = path_of ("shipped/both.safetensors");
  g_autofree gchar *one = path_of ("shipped/one.safetensors");
  g_autofree gchar *variable = g_strdup_printf (":/nowhere:%s", user);
  const gchar *directories[] = { shipped, NULL };
  const gchar *none[] = { NULL };
  g_autoptr (GError) error = NULL, no_file = NULL;

  fail_unless (g_mkdir (user, 0700) == 0 && g_mkdir (shipped, 0700) == 0);
  fail_unless (g_file_set_contents (both_user, "", 0, NULL));
  fail_unless (g_file_set_contents (both, "", 0, NULL));
  fail_unless (g_file_set_contents (one, "", 0, NULL));
  ae_model_set_search_path (directories);
  g_setenv ("AE_MODEL_PATH", variable, TRUE);
  assert_found ("both", both_user);
  assert_found ("one", one);
  assert_found (one, one);
  g_unsetenv ("AE_MODEL_PATH");
  assert_found ("both", both);

  g_setenv ("AE_MODEL_PATH", variable, TRUE);
  fail_unless (ae_model_find ("three", &error) == NULL);
  fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_NOT_FOUND));
  fail_unless (strstr (error->message, "/nowhere/three.safetensors, "));
  fail_unless (strstr (error->message, "/user/three.safetensors, "));
  fail_unless (strstr (error->message, "/shipped/three.safetensors"));
  fail_unless (ae_model_find ("./one", &no_file) == NULL);
  fail_unless (g_error_matches (no_file, AE_ERROR, AE_ERROR_NOT_FOUND));

  ae_model_set_search_path (none);
  g_remove (both_user);
  g_remove (both);
  g_remove (one);
}

GST_END_TEST;

static Suite *
model_file_suite (void)
{
  Suite *suite = suite_create ("model-file");
  TCase *tcase = tcase_create ("file");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, make_directory, remove_directory);
  tcase_add_test (tcase, test_what_was_saved_is_loaded_bit_for_bit);
  tcase_add_test (tcase, test_halves_are_the_nearest_ones_in_half_the_bytes);
  tcase_add_test (tcase, test_weights_too_large_for_halves_are_named);
  tcase_add_test (tcase, test_a_tied_layer_stores_its_bias_alone);
  tcase_add_test (tcase, test_weights_of_a_tied_layer_are_refused);
  tcase_add_test (tcase, test_files_of_another_writer_are_read);
  tcase_add_test (tcase, test_the_file_written_is_that_of_another_writer);
  tcase_add_test (tcase, test_fingerprint_tells_models_apart_but_not_metadata);
  tcase_add_test (tcase, test_metadata_cannot_break_the_file);
  tcase_add_test (tcase, test_weights_of_another_architecture_are_refused);
  tcase_add_test (tcase, test_what_is_no_model_file_is_refused);
  tcase_add_test (tcase,
      test_models_are_found_by_path_variable_and_installation);
  return suite;
}

GST_CHECK_MAIN (model_file);
