/* Any text is parsed or refused, and what is printed is parsed as the same
 * architecture. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ae-architecture.h"

int LLVMFuzzerTestOneInput (const uint8_t * data, size_t size);

static void
check_again (const AeArchitecture * architecture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AeArchitecture) again =
      ae_architecture_parse (architecture->text, &architecture->input, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (again->text, ==, architecture->text);
  g_assert_cmpuint (again->n_encoder, ==, architecture->n_encoder);
  g_assert_cmpuint (again->n_weights, ==, architecture->n_weights);
  g_assert_cmpuint (again->multiple, ==, architecture->multiple);
}

/* Whatever fits the rules fits a real picture too. */
static void
check_sizes (const AeArchitecture * architecture)
{
  guint h = architecture->input.h, w = architecture->input.w;

  if (h == 0)
    h = w = 2 * architecture->multiple;
  for (guint i = 0; i < architecture->n_layers; i++) {
    const AeLayer *layer = &architecture->layers[i];

    g_assert_true (ae_layer_out_size (layer, h, w, &h, &w));
    g_assert_cmpuint (layer->out.c, >, 0);
    g_assert_cmpint (layer->i_saved, <, (gint) i);
    g_assert_cmpint (layer->i_tied, <, (gint) i);
    for (guint j = 0; j < AE_N_PARAMS; j++)
      g_assert_cmpuint (layer->params[j].offset + layer->params[j].size, <=,
          architecture->n_weights);
  }
  g_assert_true (isfinite (ae_architecture_macs_per_pixel (architecture)));
}

/* Two bytes of shape, then the text. */
int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_autofree gchar *text = NULL;
  g_autoptr (AeArchitecture) architecture = NULL;
  g_autoptr (GError) error = NULL;
  AeShape input;

  if (size < 2)
    return 0;
  input = (AeShape) {
  data[0] % 16u, data[1] % 32u, data[1] % 32u};
  text = g_strndup ((const gchar *) data + 2, size - 2);
  architecture = ae_architecture_parse (text, &input, &error);
  if (architecture == NULL) {
    g_assert_nonnull (error);
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
    return 0;
  }
  check_again (architecture);
  check_sizes (architecture);
  return 0;
}
