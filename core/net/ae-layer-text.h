/* One layer as text. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-error.h"
#include "ae-layer.h"

G_BEGIN_DECLS

/* Reads an architecture text once, from left to right. */
typedef struct
{
  const gchar *text, *at;
} AeTextReader;

/* Sets @error, with @column before the message. Returns: %FALSE */
gboolean ae_text_fail (GError ** error, AeError code, guint column,
    const gchar * format, ...) G_GNUC_PRINTF (4, 5);

/* Fails with what stands at the reader's place, and @what should. */
gboolean ae_text_expected (const AeTextReader * reader, const gchar * what,
    GError ** error);

/* Returns: where the reader is, 1 being the first column. */
guint ae_text_column (const AeTextReader * reader);

void ae_text_skip_space (AeTextReader * reader);

/**
 * ae_layer_read:
 * @layer: (inout): zeros; its name, arguments and activation are filled in
 *
 * Reads a layer up to the space, comma, bar or end behind it.
 * Errors: AE_ERROR_SYNTAX, AE_ERROR_LIMIT.
 */
gboolean ae_layer_read (AeTextReader * reader, AeLayer * layer,
    GError ** error);

/* Appends the canonical text of @layer. */
void ae_layer_print (const AeLayer * layer, GString * text);

G_END_DECLS
