/* The plugin: its elements and where its models are. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/gst.h>

#include "ae-model.h"
#include "gstaeaudiocorrupt.h"
#include "gstaeaudiodec.h"
#include "gstaeaudiodenoise.h"
#include "gstaeaudioenc.h"
#include "gstaeaudioreconstruct.h"
#include "gstaeaudiotrain.h"
#include "gstaemonitorsrc.h"
#include "gstaeparse.h"
#include "gstaevideocode.h"
#include "gstaevideocompare.h"
#include "gstaevideocorrupt.h"
#include "gstaevideodec.h"
#include "gstaevideodenoise.h"
#include "gstaevideoenc.h"
#include "gstaevideoreconstruct.h"
#include "gstaevideosrc.h"
#include "gstaevideotrain.h"

static const struct
{
  const gchar *name;
  GstRank rank;
    GType (*get_type) (void);
} elements[] = {
  {"aeaudiocorrupt", GST_RANK_NONE, gst_ae_audio_corrupt_get_type},
  {"aeaudiodec", GST_RANK_PRIMARY, gst_ae_audio_dec_get_type},
  {"aeaudiodenoise", GST_RANK_NONE, gst_ae_audio_denoise_get_type},
  {"aeaudioenc", GST_RANK_NONE, gst_ae_audio_enc_get_type},
  {"aeaudioreconstruct", GST_RANK_NONE,
      gst_ae_audio_reconstruct_get_type},
  {"aeaudiotrain", GST_RANK_NONE, gst_ae_audio_train_get_type},
  {"aemonitorsrc", GST_RANK_NONE, gst_ae_monitor_src_get_type},
  {"aeparse", GST_RANK_PRIMARY, gst_ae_parse_get_type},
  {"aevideocode", GST_RANK_NONE, gst_ae_video_code_get_type},
  {"aevideocompare", GST_RANK_NONE, gst_ae_video_compare_get_type},
  {"aevideocorrupt", GST_RANK_NONE, gst_ae_video_corrupt_get_type},
  {"aevideodec", GST_RANK_PRIMARY, gst_ae_video_dec_get_type},
  {"aevideodenoise", GST_RANK_NONE, gst_ae_video_denoise_get_type},
  {"aevideoenc", GST_RANK_NONE, gst_ae_video_enc_get_type},
  {"aevideoreconstruct", GST_RANK_NONE,
      gst_ae_video_reconstruct_get_type},
  {"aevideosrc", GST_RANK_NONE, gst_ae_video_src_get_type},
  {"aevideotrain", GST_RANK_NONE, gst_ae_video_train_get_type},
};

static const gchar *const model_directories[] = {
  AE_MODEL_DIR_INSTALLED,
  AE_MODEL_DIR_BUILD,
  NULL
};

static gboolean
plugin_init (GstPlugin * plugin)
{
  ae_model_set_search_path (model_directories);

  for (guint i = 0; i < G_N_ELEMENTS (elements); i++) {
    if (!gst_element_register (plugin, elements[i].name, elements[i].rank,
            elements[i].get_type ()))
      return FALSE;
  }
  return gst_ae_type_find_register (plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, autoencoder,
    "Autoencoders that denoise, compress and generate video and audio, trained "
    "in the pipeline",
    plugin_init, VERSION, "LGPL", PACKAGE, PACKAGE)
