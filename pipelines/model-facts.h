/* What a trainer says of the model that it writes. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Options: --name, --licence and --data. */
extern const GOptionEntry ae_model_facts_entries[];

/* Returns: (transfer full): metadata for ae_model_new(), of these options too;
 * more can be put in, values with g_free(). */
GHashTable *ae_model_facts (const gchar * task, const gchar * media,
    guint64 n_steps) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
