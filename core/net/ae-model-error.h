/* Errors about model files. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-error.h"

G_BEGIN_DECLS

/* Sets an error of valid UTF-8 that begins with @where. Returns: %FALSE. */
gboolean ae_model_fail (GError ** error, AeError code, const gchar * where,
    const gchar * format, ...) G_GNUC_PRINTF (4, 5);

G_END_DECLS
