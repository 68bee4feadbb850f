/* Any bytes are a model or an error. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "ae-model.h"

int LLVMFuzzerTestOneInput (const uint8_t * data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AeModel) model = ae_model_load_bytes (data, size, "fuzz", &error);
  g_autofree gchar *fingerprint = NULL;

  if (model == NULL) {
    g_assert_nonnull (error);
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
    return 0;
  }
  g_assert_no_error (error);
  g_assert_cmpuint (model->weights->n, ==, model->architecture->n_weights);
  for (gsize i = 0; i < model->weights->n; i++)
    g_assert_true (isfinite (model->weights->data[i]));
  fingerprint = ae_model_fingerprint (model);
  return 0;
}
