/* Frames as an encoder of latents reads them. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaelatentinput.h"

#include "ae-error.h"
#include "gstaedenoiser.h"
#include "gstaelatent.h"

struct _GstAeLatentInput
{
  GstVideoInfo info;            /* of the frames */
  GstVideoInfo planar_info;     /* of what the encoder reads */
  GstVideoConverter *converter; /* NULL when the frames are planar */
  GstAeDenoiser *denoiser;      /* or NULL */
  GstBuffer *planar;            /* our own; NULL when frames are read as they are */
};

static gboolean
is_planar (const GstVideoInfo * info)
{
  switch (GST_VIDEO_INFO_FORMAT (info)) {
    case GST_VIDEO_FORMAT_I420:
    case GST_VIDEO_FORMAT_YV12:
    case GST_VIDEO_FORMAT_NV12:
    case GST_VIDEO_FORMAT_NV21:
    case GST_VIDEO_FORMAT_GRAY8:
      return TRUE;
    default:
      return FALSE;
  }
}

static gboolean
make_converter (GstAeLatentInput * self, GError ** error)
{
  gst_video_info_set_format (&self->planar_info, GST_VIDEO_FORMAT_I420,
      (guint) GST_VIDEO_INFO_WIDTH (&self->info),
      (guint) GST_VIDEO_INFO_HEIGHT (&self->info));
  GST_VIDEO_INFO_FPS_N (&self->planar_info) =
      GST_VIDEO_INFO_FPS_N (&self->info);
  GST_VIDEO_INFO_FPS_D (&self->planar_info) =
      GST_VIDEO_INFO_FPS_D (&self->info);
  self->converter = gst_video_converter_new (&self->info, &self->planar_info,
      NULL);
  if (self->converter != NULL)
    return TRUE;
  g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
      "%s cannot be made I420", GST_VIDEO_INFO_NAME (&self->info));
  return FALSE;
}

GstAeLatentInput *
gst_ae_latent_input_new (const GstVideoInfo * info, AeModel * denoiser,
    AeModel * gate, guint n_threads, GError ** error)
{
  g_autoptr (GstAeLatentInput) self = g_new0 (GstAeLatentInput, 1);

  self->info = self->planar_info = *info;
  if (!is_planar (info) && !make_converter (self, error))
    return NULL;
  if (denoiser != NULL) {
    self->denoiser = gst_ae_denoiser_new (denoiser, gate, &self->planar_info,
        n_threads, AE_PRECISION_AUTO, error);
    if (self->denoiser == NULL)
      return NULL;
  }
  if (self->converter != NULL || self->denoiser != NULL)
    self->planar = gst_buffer_new_allocate (NULL,
        GST_VIDEO_INFO_SIZE (&self->planar_info), NULL);
  return g_steal_pointer (&self);
}

void
gst_ae_latent_input_free (GstAeLatentInput * self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->converter, gst_video_converter_free);
  gst_ae_denoiser_free (self->denoiser);
  gst_clear_buffer (&self->planar);
  g_free (self);
}

const GstVideoInfo *
gst_ae_latent_input_info (const GstAeLatentInput * self)
{
  return &self->planar_info;
}

void
gst_ae_latent_input_forget (GstAeLatentInput * self)
{
  if (self->denoiser != NULL)
    gst_ae_denoiser_forget (self->denoiser);
}

static void
give (GstVideoFrame * frame, AeLatentEncoder * encoder)
{
  AePicture picture;

  gst_ae_latent_picture (frame, &picture);
  ae_latent_encoder_read (encoder, &picture);
}

/* Where noise is removed each component is estimated and followed by itself. */
static void
prepare (GstAeLatentInput * self, GstVideoFrame * in, GstVideoFrame * planar)
{
  static const GstAeDenoiserSettings settings = {
    .strength = 1.0f,.noise_level = -1.0f,.chroma = GST_AE_CHROMA_FULL
  };

  if (self->converter != NULL)
    gst_video_converter_frame (self->converter, in, planar);
  else
    gst_video_frame_copy (planar, in);
  if (self->denoiser != NULL)
    gst_ae_denoiser_run (self->denoiser, &settings, planar);
}

gboolean
gst_ae_latent_input_read (GstAeLatentInput * self, GstBuffer * buffer,
    AeLatentEncoder * encoder)
{
  GstVideoFrame in, planar;
  gboolean is_mapped = TRUE;

  if (!gst_video_frame_map (&in, &self->info, buffer, GST_MAP_READ))
    return FALSE;
  if (self->planar == NULL) {
    give (&in, encoder);
  } else if (gst_video_frame_map (&planar, &self->planar_info, self->planar,
          GST_MAP_READWRITE)) {
    prepare (self, &in, &planar);
    give (&planar, encoder);
    gst_video_frame_unmap (&planar);
  } else {
    is_mapped = FALSE;
  }
  gst_video_frame_unmap (&in);
  return is_mapped;
}
