/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaetrainsettings.h"

#include "ae-error.h"
#include "gstaetrainenums.h"

#include <string.h>

/* Fine tuning must not forget what the model knows; random weights know
 * nothing. */
#define RATE_FINE_TUNE 3e-4f
#define RATE_RANDOM 2e-3f
#define RATE_MUON 10.0f         /* times these */

static const GstAeProperty rows[] = {
#define AT(field) G_STRUCT_OFFSET (GstAeTrainSettings, field)
  {"architecture", "Architecture", "Architecture text: start from random "
        "weights instead of a model", GST_AE_STRING, AT (architecture),.text =
        NULL},
  {"slot", "Slot", "Name of the slot to publish models in (NULL = none)",
      GST_AE_STRING, AT (slot),.text = NULL},
  {"location", "Location", "Model file to write at the end of the stream "
        "and when stopped (NULL = none)", GST_AE_STRING, AT (location),.text =
        NULL},
  {"checkpoint", "Checkpoint",
        "File to keep the training in and to go on " "from (NULL = none)",
      GST_AE_STRING, AT (checkpoint),.text = NULL},
  {"checkpoint-interval", "Checkpoint interval",
        "Least seconds between "
        "checkpoints, which are written after judgements", GST_AE_UINT,
      AT (checkpoint_interval),.high = G_MAXINT,.usual = 30},
  {"resume", "Resume", "Go on where checkpoint ends, if there is one",
      GST_AE_BOOLEAN, AT (resume),.usual = TRUE},
  {"code-l1", "L1 of the code", "Factor of the L1 norm of the code",
        GST_AE_FLOAT,
      AT (code_l1),.high = 1e6},
  {"sparsity", "Sparsity", "Factor of the divergence of the code's mean "
        "activity from sparsity-target", GST_AE_FLOAT, AT (sparsity),
      .high = 1e6},
  {"sparsity-target", "Sparsity target", "Mean activity of a sigmoid code",
      GST_AE_FLOAT, AT (sparsity_target),.low = 0.001,.high = 0.999,.usual =
        0.05},
  {"contractive", "Contractive",
        "Factor of the squared norm of the encoder's " "Jacobian", GST_AE_FLOAT,
      AT (contractive),.high = 1e6},
  {"l2", "L2", "Factor of the squared weights (normal prior)", GST_AE_FLOAT,
        AT (l2),
      .high = 1e6},
  {"l1", "L1", "Factor of the magnitudes of the weights (Laplace prior)",
      GST_AE_FLOAT, AT (l1),.high = 1e6},
  {"frobenius", "Frobenius", "Factor of the Frobenius norms of the weights",
      GST_AE_FLOAT, AT (frobenius),.high = 1e6},
  {"optimiser", "Optimiser", "How gradients move weights", GST_AE_ENUM,
      AT (optimiser), gst_ae_optimiser_get_type,.usual = AE_OPTIMISER_ADAMW},
  {"learning-rate", "Learning rate", "Learning rate (-1 = 0.0003 from a model, "
        "0.002 from random weights; ten times that with muon)", GST_AE_FLOAT,
        AT (learning_rate),.low = -1.0,
      .high = 1000.0,.usual = -1.0},
  {"momentum", "Momentum", "Momentum of SGD and Muon, first decay of Adam",
        GST_AE_FLOAT,
      AT (momentum),.high = 0.9999,.usual = 0.9},
  {"weight-decay", "Weight decay", "Weight decay of the optimiser",
        GST_AE_FLOAT,
      AT (weight_decay),.high = 1000.0},
  {"schedule", "Schedule", "How the learning rate falls", GST_AE_ENUM,
        AT (schedule),
      gst_ae_schedule_get_type,.usual = AE_SCHEDULE_CONSTANT},
  {"warmup-steps", "Warm-up", "Steps in which the learning rate rises",
        GST_AE_UINT,
      AT (warmup_steps),.high = G_MAXINT,.usual = 50},
  {"clip-norm", "Clip norm", "Longer gradients are scaled down to this length "
        "(0 = never)", GST_AE_FLOAT, AT (clip_norm),.high = 1e6,.usual = 1.0},
  {"ema", "Average", "Decay of the running average of the weights, which is "
        "what is published (0 = none)", GST_AE_FLOAT, AT (ema),.high = 0.99999,
      .usual = 0.99},
  {"freeze-encoder", "Freeze the encoder", "Train the decoder only",
        GST_AE_BOOLEAN,
      AT (freeze_encoder),.usual = FALSE},
  {"reservoir-size", "Reservoir size", "Bytes of the stream to keep",
        GST_AE_UINT64,
        AT (reservoir_size),.low = 1 << 20,.high = 1099511627776.0,
      .usual = 64 << 20},
  {"backpressure", "Backpressure", "Whether the stream waits for training",
        GST_AE_ENUM, AT (backpressure), gst_ae_backpressure_get_type,
      .usual = GST_AE_BACKPRESSURE_DROP},
  {"steps-per-frame", "Steps per frame", "Steps for each frame, or "
        "second of sound, with backpressure block", GST_AE_UINT,
        AT (steps_per_frame),.low = 1,
      .high = 100000,.usual = 1},
  {"cpu-share", "CPU share", "Share of a processor's time that training takes "
        "with backpressure drop", GST_AE_FLOAT, AT (cpu_share),.low = 0.01,
      .high = 1.0,.usual = 0.5},
  {"n-threads", "Number of threads", "Threads that train (0 = one per "
        "processor)", GST_AE_UINT, AT (n_threads),.high = 64,.usual = 1},
  {"seed", "Seed", "Seed of samples, noise and random weights", GST_AE_UINT64,
      AT (seed),.high = 18446744073709549568.0,.usual = 1},
  {"publish", "Publish", "When to publish", GST_AE_ENUM, AT (publish),
        gst_ae_publish_get_type,
      .usual = AE_PUBLISH_IMPROVED},
  {"publish-interval", "Publish interval", "Steps between publications",
        GST_AE_UINT,
      AT (publish_interval),.low = 1,.high = G_MAXINT,.usual = 500},
  {"evaluate-interval", "Evaluate interval", "Steps between judgements on "
        "what is held out", GST_AE_UINT, AT (evaluate_interval),.low = 1,
      .high = G_MAXINT,.usual = 100},
  {"share", "Share",
        "mqtt://host:port/topic: average the weights with those of "
        "the other trainers of that topic (NULL = train alone)", GST_AE_STRING,
      AT (share),.text = NULL},
  {"share-interval", "Share interval", "Steps from one averaging to the next",
      GST_AE_UINT, AT (share_interval),.low = 1,.high = G_MAXINT,.usual = 50},
  {"max-steps", "Maximum of steps", "Steps after which training ends (0 = "
        "never)", GST_AE_UINT64, AT (max_steps),.high = 9007199254740992.0},
#undef AT
};

const GstAeProperties gst_ae_train_properties = GST_AE_PROPERTIES (rows);

/* For inputs of any size if it can be; else for those of a patch's size. */
static AeArchitecture *
parse_architecture (const gchar * text, const AeShape * patch, GError ** error)
{
  const AeShape any_size = { patch->c, 0, 0 };
  g_autoptr (GError) first = NULL;
  AeArchitecture *architecture =
      ae_architecture_parse (text, &any_size, &first);

  if (architecture == NULL)
    architecture = ae_architecture_parse (text, patch, error);
  if (architecture == NULL)
    g_prefix_error (error, "architecture \"%s\": ", text);
  return architecture;
}

static AeModel *
random_model (const GstAeTrainSettings * settings, const AeShape * patch,
    GError ** error)
{
  g_autoptr (AeArchitecture) architecture =
      parse_architecture (settings->architecture, patch, error);
  g_autoptr (AeWeights) weights = NULL;
  AeRng rng;

  if (architecture == NULL)
    return NULL;
  ae_rng_init (&rng, settings->seed);
  weights = ae_weights_new_random (architecture, &rng);
  return ae_model_new (architecture, weights, NULL, error);
}

AeModel *
gst_ae_train_settings_model (const GstAeTrainSettings * settings,
    const AeShape * patch, GError ** error)
{
  g_autofree gchar *path = NULL;

  if (settings->architecture)
    return random_model (settings, patch, error);
  path = ae_model_find (settings->model, error);
  return path ? ae_model_load (path, error) : NULL;
}

gboolean
gst_ae_train_refuse (GError ** error, const gchar * found,
    const gchar * expected)
{
  g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED, "%s, expected %s", found,
      expected);
  return FALSE;
}

static gboolean
is_same_file (const gchar * a, const gchar * b)
{
  g_autofree gchar *path_a = a ? g_canonicalize_filename (a, NULL) : NULL;
  g_autofree gchar *path_b = b ? g_canonicalize_filename (b, NULL) : NULL;

  return path_a && g_strcmp0 (path_a, path_b) == 0;
}

gboolean
gst_ae_train_settings_check (const GstAeTrainSettings * settings,
    const AeModel * model, GError ** error)
{
  AeOnlineConfig config = { 0 };

  if (is_same_file (settings->checkpoint, settings->location))
    return gst_ae_train_refuse (error, "location and checkpoint of one file",
        "two; a checkpoint is a model file as well");
  gst_ae_train_settings_config (settings, model, &config);
  return ae_regulariser_check (&config.trainer.regulariser,
      model->architecture, error);
}

void
gst_ae_train_settings_config (const GstAeTrainSettings * s,
    const AeModel * model, AeOnlineConfig * config)
{
  const AeArchitecture *a = model->architecture;
  gboolean blocks = s->backpressure == GST_AE_BACKPRESSURE_BLOCK;
  float rate = s->learning_rate;

  if (rate < 0.0f)
    rate = (s->architecture ? RATE_RANDOM : RATE_FINE_TUNE)
        * (s->optimiser == AE_OPTIMISER_MUON ? RATE_MUON : 1.0f);
  memset (config, 0, sizeof *config);
  config->trainer = (AeTrainerConfig) {
  .condition_height = 1,.condition_width = 1,.n_threads =
        s->n_threads,.seed = s->seed,.clip_norm = s->clip_norm,.ema =
        s->ema,.n_frozen = s->freeze_encoder ? a->n_encoder : 0,};
  config->trainer.optimiser = (AeOptimiserConfig) {
  (AeOptimiserKind) s->optimiser, s->momentum, 0.99f, 1e-8f, s->weight_decay};
  config->trainer.regulariser = (AeRegulariser) {
  .code_l1 = s->code_l1,.sparsity = s->sparsity,.sparsity_target =
        s->sparsity_target,.sparsity_memory = 0.9f,.contractive =
        s->contractive,.contractive_probes = a->n_encoder == 1 ? 0 : 1,.l2 =
        s->l2,.l1 = s->l1,.frobenius = s->frobenius};
  config->schedule = (AeSchedule) {
  (AeScheduleKind) s->schedule, rate, s->max_steps, s->warmup_steps};
  config->reservoir_bytes = (gsize) s->reservoir_size;
  config->max_steps = s->max_steps;
  config->evaluate_every = s->evaluate_interval;
  config->publish_every = s->publish_interval;
  config->mix_every = s->share_interval;
  config->publish = (AePublish) s->publish;
  config->cpu_share = (double) s->cpu_share;
  config->steps_per_frame = blocks ? s->steps_per_frame : 0;
  config->checkpoint = s->checkpoint;
  config->checkpoint_seconds = s->checkpoint_interval;
  config->resume = s->resume;
  config->from_random = s->architecture != NULL;
}
