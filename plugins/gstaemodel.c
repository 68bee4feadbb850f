/* Models for elements. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaemodel.h"

#include "ae-error.h"

/* Whether frames leave the model in the size in which they came. */
static gboolean
keeps_size (const AeArchitecture * architecture)
{
  const guint size = 8 * architecture->multiple;
  guint h = size, w = size;

  return ae_architecture_out_size (architecture, h, w, &h, &w)
      && h == size && w == size;
}

gboolean
gst_ae_model_check_filter (const AeModel * model, const gchar * path,
    GError ** error)
{
  const AeArchitecture *a = model->architecture;

  if (a->input.c != 1 || a->output.c != 1 || a->n_given > 1) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "%s: the model has %u input, %u output and %u given channels, "
        "a filter has 1, 1 and at most 1", path, a->input.c,
        a->output.c, a->n_given);
    return FALSE;
  }
  if (a->input.h != 0 || a->input.w != 0) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "%s: the model takes frames of %ux%u only, a filter takes any size",
        path, a->input.w, a->input.h);
    return FALSE;
  }
  if (!keeps_size (a)) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "%s: the model \"%s\" changes the size of a frame, a filter keeps it",
        path, a->text);
    return FALSE;
  }
  return TRUE;
}

AeModel *
gst_ae_model_load (const gchar * name, GError ** error)
{
  g_autofree gchar *path = ae_model_find (name, error);

  return path != NULL ? ae_model_load (path, error) : NULL;
}

AeModel *
gst_ae_model_load_filter (const gchar * name, GError ** error)
{
  g_autofree gchar *path = ae_model_find (name, error);
  g_autoptr (AeModel) model = NULL;

  if (path == NULL)
    return NULL;
  model = ae_model_load (path, error);
  if (model == NULL || !gst_ae_model_check_filter (model, path, error))
    return NULL;
  return g_steal_pointer (&model);
}

void
gst_ae_model_post_error (GstElement * element, const GError * error)
{
  if (g_error_matches (error, AE_ERROR, AE_ERROR_NOT_FOUND)) {
    GST_ELEMENT_ERROR (element, RESOURCE, NOT_FOUND, ("%s", error->message),
        (NULL));
  } else if (g_error_matches (error, AE_ERROR, AE_ERROR_IO)) {
    GST_ELEMENT_ERROR (element, RESOURCE, READ, ("%s", error->message), (NULL));
  } else {
    GST_ELEMENT_ERROR (element, STREAM, FORMAT, ("%s", error->message), (NULL));
  }
}
