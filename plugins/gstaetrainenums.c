/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaetrainenums.h"

#include "gstaesoundmaterial.h"
#include "gstaevideotrainsettings.h"

static GType
enum_type (GType * type, const gchar * name, const GEnumValue * values)
{
  if (g_once_init_enter (type)) {
    GType made = g_enum_register_static (name, values);

    gst_type_mark_as_plugin_api (made, (GstPluginAPIFlags) 0);
    g_once_init_leave (type, made);
  }
  return *type;
}

GType
gst_ae_objective_get_type (void)
{
  static const GEnumValue values[] = {
    {AE_OBJECTIVE_RECONSTRUCT, "Each patch from itself", "reconstruct"},
    {AE_OBJECTIVE_DENOISE, "Each patch from a corrupted copy, of a clean "
          "stream", "denoise"},
    {AE_OBJECTIVE_BLIND_SPOT, "Noisy pixels from their neighbours; noise that "
          "is independent from pixel to pixel", "blind-spot"},
    {AE_OBJECTIVE_TEMPORAL, "Noisy patches from the mean of the frames before, "
          "where the scene stands still", "temporal"},
    {AE_OBJECTIVE_COLORIZE, "Chroma from luma", "colorize"},
    {GST_AE_OBJECTIVE_VARIATIONAL, "The variational bound, of a model with a "
          "stochastic code", "variational"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  return enum_type (&type, "GstAeObjective", values);
}

GType
gst_ae_train_corruption_get_type (void)
{
  static const GEnumValue values[] = {
    {AE_CORRUPTION_NONE, "Nothing", "none"},
    {AE_CORRUPTION_GAUSSIAN, "Gaussian noise", "gaussian"},
    {AE_CORRUPTION_SALT_PEPPER, "Samples become black or white",
        "salt-pepper"},
    {AE_CORRUPTION_MASKING, "Samples become 0", "masking"},
    {AE_CORRUPTION_DROPOUT, "Samples become 0, the others brighter",
        "dropout"},
    {AE_CORRUPTION_POISSON_GAUSSIAN, "Camera noise", "poisson-gaussian"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  return enum_type (&type, "GstAeTrainCorruption", values);
}

GType
gst_ae_loss_get_type (void)
{
  static const GEnumValue values[] = {
    {AE_LOSS_MSE, "Squared error", "mse"},
    {AE_LOSS_L1, "Absolute error", "l1"},
    {AE_LOSS_CHARBONNIER, "Smooth absolute error", "charbonnier"},
    {AE_LOSS_BCE, "Binary cross entropy, of a sigmoid output", "bce"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  return enum_type (&type, "GstAeLoss", values);
}

GType
gst_ae_optimiser_get_type (void)
{
  static const GEnumValue values[] = {
    {AE_OPTIMISER_SGD, "Gradient descent with momentum", "sgd"},
    {AE_OPTIMISER_ADAM, "Adam", "adam"},
    {AE_OPTIMISER_ADAMW, "Adam with decoupled weight decay", "adamw"},
    {AE_OPTIMISER_MUON, "Orthogonal steps of matrices, at ten to twenty times "
          "the learning rate", "muon"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  return enum_type (&type, "GstAeOptimiser", values);
}

GType
gst_ae_schedule_get_type (void)
{
  static const GEnumValue values[] = {
    {AE_SCHEDULE_CONSTANT, "The same rate all the time", "constant"},
    {AE_SCHEDULE_STEP, "A tenth after half of max-steps, a hundredth after "
          "three quarters", "step"},
    {AE_SCHEDULE_COSINE, "Half a cosine down over max-steps", "cosine"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  return enum_type (&type, "GstAeSchedule", values);
}

GType
gst_ae_publish_get_type (void)
{
  static const GEnumValue values[] = {
    {AE_PUBLISH_NEVER, "Never", "never"},
    {AE_PUBLISH_IMPROVED, "When better on held-out patches", "improved"},
    {AE_PUBLISH_INTERVAL, "Every publish-interval steps, if not worse",
        "interval"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  return enum_type (&type, "GstAePublish", values);
}

GType
gst_ae_backpressure_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_AE_BACKPRESSURE_DROP, "Never hold the stream up: live sources",
        "drop"},
    {GST_AE_BACKPRESSURE_BLOCK, "Train steps-per-frame steps, then go on: "
          "files", "block"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  return enum_type (&type, "GstAeBackpressure", values);
}

GType
gst_ae_sound_objective_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_AE_SOUND_RECONSTRUCT, "To leave the stream as it is", "reconstruct"},
    {GST_AE_SOUND_DENOISE, "To take noise from speech", "denoise"},
    {GST_AE_SOUND_AUTOENCODE, "What it sounds like, for aeaudioreconstruct",
        "autoencode"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  return enum_type (&type, "GstAeSoundObjective", values);
}

GType
gst_ae_sound_content_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_AE_SOUND_MIXED, "Speech in noise, which is learned from the pauses",
        "mixed"},
    {GST_AE_SOUND_NOISE, "Noise alone", "noise"},
    {GST_AE_SOUND_SPEECH, "Speech without noise", "speech"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  return enum_type (&type, "GstAeSoundContent", values);
}
