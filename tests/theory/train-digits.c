/* Trains the shipped models/vae-digits.safetensors. SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   AE_TEST_DATA=tests/data build/tests/theory/train-digits FILE [STEPS]
 */
#include <stdlib.h>

#include "ae-model.h"
#include "theory-vae.h"

#define STEPS 6000

/* Both are kept as long as the table. */
static void
note (GHashTable * metadata, const gchar * key, const gchar * value)
{
  g_hash_table_insert (metadata, (gpointer) key, (gpointer) value);
}

int
main (int argc, char **argv)
{
  g_autoptr (GHashTable) metadata = g_hash_table_new (g_str_hash, g_str_equal);
  guint n_steps = argc == 3 ? (guint) g_ascii_strtoull (argv[2], NULL, 10)
      : STEPS;
  g_autofree gchar *steps = g_strdup_printf ("%u", n_steps);
  g_auto (TheoryModel) trained = { 0 };
  g_autoptr (AeModel) model = NULL;
  g_autoptr (GError) error = NULL;
  TheoryDigits train, test;
  TheoryData data, held_out;
  VaeFigures figures;

  if (argc < 2 || argc > 3 || n_steps == 0) {
    g_printerr ("usage: train-digits FILE [STEPS]\n");
    return EXIT_FAILURE;
  }
  theory_digits_load (&train, &test);
  data = theory_binary_digits (&train, TRUE);
  held_out = theory_binary_digits (&test, TRUE);
  trained = theory_vae_train (theory_cvae_text, &data, 1.0f, n_steps);
  figures = theory_vae_figures (&trained, &held_out, 200, 100);
  g_print ("held out, nats a digit: ELBO %.2f, KL %.2f, log likelihood %.2f\n",
      figures.elbo, figures.kl, figures.log_likelihood);

  note (metadata, "name", "vae-digits");
  note (metadata, "task", "generate");
  note (metadata, "media", "video");
  note (metadata, "classes", "0 1 2 3 4 5 6 7 8 9");
  note (metadata, "data", "digits.png of OpenCV, Apache-2.0");
  note (metadata, "licence", "LGPL-2.1-or-later");
  note (metadata, "steps", steps);
  model = ae_model_new (trained.architecture, trained.weights, metadata,
      &error);
  if (model == NULL || !ae_model_save_f16 (model, argv[1], &error)) {
    g_printerr ("train-digits: %s\n", error->message);
    return EXIT_FAILURE;
  }
  theory_digits_clear (&train);
  theory_digits_clear (&test);
  return EXIT_SUCCESS;
}
