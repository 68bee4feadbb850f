/* Any bytes are a checkpoint or an error, and a checkpoint is a model. The digest
 * is not looked at here. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "ae-checkpoint.h"

int LLVMFuzzerTestOneInput (const uint8_t * data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AeCheckpoint) checkpoint =
      ae_checkpoint_load_bytes (data, size, "fuzz", &error);
  g_autoptr (AeModel) model = ae_model_load_bytes (data, size, "fuzz", NULL);
  const AeTrainerState *state;

  if (checkpoint == NULL) {
    g_assert_nonnull (error);
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
    return 0;
  }
  g_assert_no_error (error);
  g_assert_nonnull (model);
  g_assert_nonnull (checkpoint->objective);
  g_assert_nonnull (checkpoint->schedule);
  g_assert_true (checkpoint->first >= 0.0 && isfinite (checkpoint->first));
  g_assert_true (checkpoint->rate_scale >= 0.0f);
  state = checkpoint->state;
  for (gsize i = 0; i < model->weights->n; i++)
    g_assert_true (isfinite (state->weights[i]) && isfinite (state->moment1[i])
        && state->moment2[i] >= 0.0f && isfinite (state->moment2[i])
        && (state->average == NULL || isfinite (state->average[i])));
  return 0;
}
