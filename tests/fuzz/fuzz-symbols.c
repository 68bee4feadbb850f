/* Any bytes are a context model or an error. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stddef.h>
#include <stdint.h>

#include "ae-symbols.h"

int LLVMFuzzerTestOneInput (const uint8_t * data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AeSymbolModel) model =
      ae_symbol_model_from_bytes (data, size, &error);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) input = g_bytes_new (data, size);

  g_assert_true ((model == NULL) == (error != NULL));
  if (model == NULL)
    return 0;
  bytes = ae_symbol_model_to_bytes (model);
  g_assert_true (g_bytes_equal (bytes, input));
  return 0;
}
