/* What encoders and decoders of latents share. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaelatent.h"

#include <string.h>

#include "gstaeframe.h"
#include "gstaemodel.h"

static GMutex shared_lock;
static GSList *shared;          /* of AeLatentModel */

void
gst_ae_latent_share (AeLatentModel * model)
{
  g_mutex_lock (&shared_lock);
  shared = g_slist_prepend (shared, ae_latent_model_ref (model));
  g_mutex_unlock (&shared_lock);
}

void
gst_ae_latent_unshare (AeLatentModel * model)
{
  g_mutex_lock (&shared_lock);
  shared = g_slist_remove (shared, model);
  g_mutex_unlock (&shared_lock);
  ae_latent_model_unref (model);
}

AeLatentModel *
gst_ae_latent_find (const guint8 * fingerprint)
{
  AeLatentModel *found = NULL;

  g_mutex_lock (&shared_lock);
  for (GSList * at = shared; at && found == NULL; at = at->next) {
    AeLatentModel *model = at->data;

    if (memcmp (model->fingerprint, fingerprint,
            AE_FRAME_FINGERPRINT_BYTES) == 0)
      found = ae_latent_model_ref (model);
  }
  g_mutex_unlock (&shared_lock);
  return found;
}

AeLatentModel *
gst_ae_latent_load_model (GstElement * element, const gchar * name,
    AeLayout layout)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *path = ae_model_find (name, &error);
  g_autoptr (AeLatentModel) model =
      path ? ae_latent_model_load (path, &error) : NULL;

  if (model && ae_latent_model_check_layout (model, layout, &error))
    return g_steal_pointer (&model);
  if (model)
    g_prefix_error (&error, "%s: ", path);
  gst_ae_model_post_error (element, error);
  return NULL;
}

void
gst_ae_latent_picture (GstVideoFrame * frame, AePicture * picture)
{
  *picture = (AePicture) {
  0};
  for (guint i = 0; i < gst_ae_video_info_n_colours (&frame->info); i++)
    gst_ae_frame_component (frame, i, &picture->components[i]);
}
