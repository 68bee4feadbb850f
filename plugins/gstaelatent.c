/* What encoders and decoders of latents share. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaelatent.h"

#include "gstaeframe.h"
#include "gstaemodel.h"

AeLatentModel *
gst_ae_latent_load_model (GstElement * element, const gchar * name)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *path = ae_model_find (name, &error);
  AeLatentModel *model = path ? ae_latent_model_load (path, &error) : NULL;

  if (model == NULL)
    gst_ae_model_post_error (element, error);
  return model;
}

void
gst_ae_latent_picture (GstVideoFrame * frame, AePicture * picture)
{
  *picture = (AePicture) {
  0};
  for (guint i = 0; i < gst_ae_video_info_n_colours (&frame->info); i++)
    gst_ae_frame_component (frame, i, &picture->components[i]);
}
