/* Models for elements. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "ae-model.h"

G_BEGIN_DECLS

/* Loads a model. @name: a path, or the name of a shipped one. Errors: those of
 * ae_model_find() and ae_model_load(). */
AeModel *gst_ae_model_load (const gchar * name, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_ae_model_load_filter:
 * @name: a path, or the name of a shipped model
 *
 * Loads a model that filters a plane: one channel in, one out, any size, which
 * it keeps, and at most one channel of condition.
 * Errors: those of ae_model_find() and ae_model_load(); AE_ERROR_SHAPE.
 *
 * Returns: (transfer full) (nullable): the model.
 */
AeModel *gst_ae_model_load_filter (const gchar * name, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Whether @model is one as gst_ae_model_load_filter() gives them; @where stands
 * for its path in errors. */
gboolean gst_ae_model_check_filter (const AeModel * model,
    const gchar * where, GError ** error);

/* Posts @error, from one of the above, as an error message of @element. */
void gst_ae_model_post_error (GstElement * element, const GError * error);

G_END_DECLS
