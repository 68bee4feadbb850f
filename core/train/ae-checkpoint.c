/* docs/model-file.md, section 11. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-checkpoint.h"
#include "ae-model-error.h"

#include <string.h>

#define VERSION "1"

/* Names of strings and rows. */
#define KEY_VERSION "version"
#define KEY_OBJECTIVE "objective"
#define KEY_SCHEDULE "schedule"
#define KEY_STEP "step"
#define KEY_RNG "rng"
#define KEY_FIRST "first_loss"
#define KEY_RATE_SCALE "rate_scale"
#define KEY_TRIPS "divergences"
#define KEY_BETTER "better"
#define KEY_PUBLISHED "published_at"
#define KEY_FRAMES "frames"
#define KEY_STEPS_LEFT "steps_left"
#define KEY_PATCHES "patches"
#define KEY_HASH "patches_hash"
#define KEY_DIGEST "sha256"
#define ROW_WEIGHTS "weights"
#define ROW_MOMENT1 "moment1"
#define ROW_MOMENT2 "moment2"
#define ROW_AVERAGE "average"
#define ROW_ACTIVITY "activity"

/* Over these is no training, and sums of them do not overflow. */
#define MAX_COUNT (G_GUINT64_CONSTANT (1) << 53)

static guint
code_channels (const AeArchitecture * architecture)
{
  return architecture->layers[architecture->n_encoder - 1].out.c;
}

/* Weights in the file follow one another; in memory each parameter begins at a
 * line of the cache. Calls @func with each parameter's place in both. */
static gsize
each_param (const AeArchitecture * architecture, gpointer to,
    gconstpointer from, void (*func) (float *to, const float *from,
        const AeParam * param, gsize at))
{
  gsize n = 0;

  for (guint i = 0; i < architecture->n_layers; i++) {
    for (guint j = 0; j < AE_N_PARAMS; j++) {
      const AeParam *param = &architecture->layers[i].params[j];
      gsize n_stored = ae_param_n_stored (param);

      if (n_stored > 0 && func)
        func (to, from, param, n);
      n += n_stored;
    }
  }
  return n;
}

static void
pack (float *row, const float *values, const AeParam * param, gsize at)
{
  memcpy (row + at, values + param->offset, param->size * sizeof (float));
}

static void
unpack (float *values, const float *row, const AeParam * param, gsize at)
{
  memcpy (values + param->offset, row + at, param->size * sizeof (float));
}

/* Writing */

static void
put_params (AeModelExtras * extras, const gchar * name,
    const AeArchitecture * architecture, const float *values)
{
  gsize n = each_param (architecture, NULL, NULL, NULL);
  float *row = g_new (float, n);

  each_param (architecture, row, values, pack);
  ae_model_extras_take_row (extras, name, n, row);
}

static void
put_activity (AeModelExtras * extras, const AeArchitecture * architecture,
    const double *activity)
{
  guint n = code_channels (architecture);
  float *row = g_new (float, n);

  for (guint i = 0; i < n; i++)
    row[i] = (float) activity[i];
  ae_model_extras_take_row (extras, ROW_ACTIVITY, n, row);
}

static void
put_count (AeModelExtras * extras, const gchar * name, guint64 value)
{
  ae_model_extras_take_string (extras, name,
      g_strdup_printf ("%" G_GUINT64_FORMAT, value));
}

/* Every bit of it. */
static void
put_number (AeModelExtras * extras, const gchar * name, double value)
{
  gchar *text = g_malloc (G_ASCII_DTOSTR_BUF_SIZE);

  ae_model_extras_take_string (extras, name,
      g_ascii_dtostr (text, G_ASCII_DTOSTR_BUF_SIZE, value));
}

static void
put_words (AeModelExtras * extras, const gchar * name, const guint64 * words,
    guint n)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%016" G_GINT64_MODIFIER "x", words[i]);
  ae_model_extras_take_string (extras, name, g_string_free (text, FALSE));
}

static AeModelExtras *
to_extras (const AeCheckpoint * checkpoint)
{
  const AeArchitecture *architecture = checkpoint->model->architecture;
  const AeStreamPosition *position = &checkpoint->position;
  const AeTrainerState *state = checkpoint->state;
  AeModelExtras *extras = ae_model_extras_new ();

  ae_model_extras_take_string (extras, KEY_VERSION, g_strdup (VERSION));
  ae_model_extras_take_string (extras, KEY_OBJECTIVE,
      g_strdup (checkpoint->objective));
  ae_model_extras_take_string (extras, KEY_SCHEDULE,
      g_strdup (checkpoint->schedule));
  put_count (extras, KEY_STEP, state->n_steps);
  put_words (extras, KEY_RNG, state->rng.s, 4);
  put_number (extras, KEY_FIRST, checkpoint->first);
  put_number (extras, KEY_RATE_SCALE, (double) checkpoint->rate_scale);
  put_count (extras, KEY_TRIPS, checkpoint->n_trips);
  put_count (extras, KEY_BETTER, checkpoint->is_better);
  put_count (extras, KEY_PUBLISHED, checkpoint->published_at);
  put_count (extras, KEY_FRAMES, position->n_frames);
  put_count (extras, KEY_STEPS_LEFT, position->n_steps_left);
  put_count (extras, KEY_PATCHES, position->n_patches);
  put_words (extras, KEY_HASH, &position->hash, 1);
  put_params (extras, ROW_WEIGHTS, architecture, state->weights);
  put_params (extras, ROW_MOMENT1, architecture, state->moment1);
  put_params (extras, ROW_MOMENT2, architecture, state->moment2);
  if (state->average)
    put_params (extras, ROW_AVERAGE, architecture, state->average);
  put_activity (extras, architecture, state->activity);
  return extras;
}

gboolean
ae_checkpoint_save (const AeCheckpoint * checkpoint, const gchar * path,
    GError ** error)
{
  g_autoptr (AeModelExtras) extras = to_extras (checkpoint);

  ae_model_extras_take_string (extras, KEY_DIGEST,
      ae_model_extras_digest (extras, checkpoint->model));
  return ae_model_save_with (checkpoint->model, extras, path, error);
}

/* Reading: what is read is taken out, so that at the end nothing is left. */

typedef struct
{
  const gchar *where;
  AeModelExtras *extras;
  const AeArchitecture *architecture;
} Reader;

static gboolean
get_string (const Reader * reader, const gchar * name, gchar ** value,
    GError ** error)
{
  *value = g_strdup (g_hash_table_lookup (reader->extras->strings, name));
  if (*value == NULL)
    return ae_model_fail (error, AE_ERROR_NOT_FOUND, reader->where,
        "no " AE_MODEL_EXTRA "%s: not a whole checkpoint", name);
  return g_hash_table_remove (reader->extras->strings, name);
}

static gboolean
get_count (const Reader * reader, const gchar * name, guint64 max,
    guint64 * value, GError ** error)
{
  g_autofree gchar *text = NULL;

  if (!get_string (reader, name, &text, error))
    return FALSE;
  return g_ascii_string_to_unsigned (text, 10, 0, max, value, NULL)
      || ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
      AE_MODEL_EXTRA "%s is \"%s\", expected 0 to %" G_GUINT64_FORMAT, name,
      text, max);
}

static gboolean
get_number (const Reader * reader, const gchar * name, double max,
    double *value, GError ** error)
{
  g_autofree gchar *text = NULL;
  gchar *end;

  if (!get_string (reader, name, &text, error))
    return FALSE;
  *value = g_ascii_strtod (text, &end);
  return (end != text && *end == '\0' && *value >= 0.0 && *value <= max)
      || ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
      AE_MODEL_EXTRA "%s is \"%s\", expected 0 to %g", name, text, max);
}

static gboolean
get_words (const Reader * reader, const gchar * name, guint64 * words,
    guint n, GError ** error)
{
  g_autofree gchar *text = NULL;

  if (!get_string (reader, name, &text, error))
    return FALSE;
  if (strlen (text) != 16 * n || strspn (text, "0123456789abcdef") != 16 * n)
    return ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
        AE_MODEL_EXTRA "%s is \"%s\", expected %u hexadecimal digits", name,
        text, 16 * n);
  for (guint i = 0; i < n; i++) {
    gchar word[17] = "";

    memcpy (word, text + 16 * i, 16);
    words[i] = g_ascii_strtoull (word, NULL, 16);
  }
  return TRUE;
}

/* The row @name of @n numbers from @low on. */
static const float *
get_row (const Reader * reader, const gchar * name, gsize n, float low,
    GError ** error)
{
  const AeExtraRow *row = ae_model_extras_row (reader->extras, name);

  if (row == NULL || row->n != n) {
    ae_model_fail (error, row ? AE_ERROR_SHAPE : AE_ERROR_NOT_FOUND,
        reader->where, "tensor " AE_MODEL_EXTRA "%s has %" G_GSIZE_FORMAT
        " elements, expected %" G_GSIZE_FORMAT, name, row ? row->n : 0, n);
    return NULL;
  }
  for (gsize i = 0; i < n; i++) {
    if (!(row->values[i] >= low)) {
      ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
          "tensor " AE_MODEL_EXTRA "%s: element %" G_GSIZE_FORMAT
          " is %g, expected at least %g", name, i, (double) row->values[i],
          (double) low);
      return NULL;
    }
  }
  return row->values;
}

static gboolean
get_params (const Reader * reader, const gchar * name, float low,
    float **values, GError ** error)
{
  gsize n = each_param (reader->architecture, NULL, NULL, NULL);
  const float *row = get_row (reader, name, n, low, error);

  if (row == NULL)
    return FALSE;
  *values = g_new0 (float, reader->architecture->n_weights);
  each_param (reader->architecture, *values, row, unpack);
  return TRUE;
}

static gboolean
get_activity (const Reader * reader, double **activity, GError ** error)
{
  guint n = code_channels (reader->architecture);
  const float *row = get_row (reader, ROW_ACTIVITY, n, -G_MAXFLOAT, error);

  if (row == NULL)
    return FALSE;
  *activity = g_new (double, n);
  for (guint i = 0; i < n; i++)
    (*activity)[i] = (double) row[i];
  return TRUE;
}

static gboolean
get_state (const Reader * reader, AeTrainerState * state, GError ** error)
{
  guint n_rows = 4;

  if (ae_model_extras_row (reader->extras, ROW_AVERAGE)) {
    n_rows++;
    if (!get_params (reader, ROW_AVERAGE, -G_MAXFLOAT, &state->average, error))
      return FALSE;
  }
  if (!get_count (reader, KEY_STEP, MAX_COUNT, &state->n_steps, error)
      || !get_words (reader, KEY_RNG, state->rng.s, 4, error)
      || !get_params (reader, ROW_WEIGHTS, -G_MAXFLOAT, &state->weights, error)
      || !get_params (reader, ROW_MOMENT1, -G_MAXFLOAT, &state->moment1, error)
      || !get_params (reader, ROW_MOMENT2, 0.0f, &state->moment2, error)
      || !get_activity (reader, &state->activity, error))
    return FALSE;
  if ((state->rng.s[0] | state->rng.s[1] | state->rng.s[2] | state->rng.s[3])
      == 0)
    return ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
        AE_MODEL_EXTRA KEY_RNG " is zero, from which no random numbers come");
  return reader->extras->rows->len == n_rows
      || ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
      "%u tensors of a checkpoint, expected %u", reader->extras->rows->len,
      n_rows);
}

static gboolean
get_position (const Reader * reader, AeStreamPosition * position,
    GError ** error)
{
  return get_count (reader, KEY_FRAMES, MAX_COUNT, &position->n_frames, error)
      && get_count (reader, KEY_STEPS_LEFT, G_MAXINT, &position->n_steps_left,
      error)
      && get_count (reader, KEY_PATCHES, MAX_COUNT, &position->n_patches, error)
      && get_words (reader, KEY_HASH, &position->hash, 1, error);
}

static gboolean
get_all (const Reader * reader, AeCheckpoint * checkpoint, GError ** error)
{
  guint64 is_better, n_trips;
  double rate_scale;

  g_hash_table_remove (reader->extras->strings, KEY_VERSION);
  if (!get_string (reader, KEY_OBJECTIVE, &checkpoint->objective, error)
      || !get_string (reader, KEY_SCHEDULE, &checkpoint->schedule, error)
      || !get_state (reader, checkpoint->state, error)
      || !get_number (reader, KEY_FIRST, G_MAXDOUBLE, &checkpoint->first, error)
      || !get_number (reader, KEY_RATE_SCALE, 1.0, &rate_scale, error)
      || !get_count (reader, KEY_TRIPS, G_MAXINT, &n_trips, error)
      || !get_count (reader, KEY_BETTER, 1, &is_better, error)
      || !get_count (reader, KEY_PUBLISHED, MAX_COUNT,
          &checkpoint->published_at, error)
      || !get_position (reader, &checkpoint->position, error))
    return FALSE;
  checkpoint->is_better = is_better != 0;
  checkpoint->n_trips = (guint) n_trips;
  checkpoint->rate_scale = (float) rate_scale;
  return g_hash_table_size (reader->extras->strings) == 0
      || ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
      "%u unknown keys that begin with " AE_MODEL_EXTRA,
      g_hash_table_size (reader->extras->strings));
}

/* By which all the rest is to be understood. */
static gboolean
check_version (const Reader * reader, GError ** error)
{
  const gchar *version =
      g_hash_table_lookup (reader->extras->strings, KEY_VERSION);

  if (version == NULL)
    return ae_model_fail (error, AE_ERROR_NOT_FOUND, reader->where,
        "a model without the state of a training, not a checkpoint");
  return strcmp (version, VERSION) == 0
      || ae_model_fail (error, AE_ERROR_UNSUPPORTED, reader->where,
      AE_MODEL_EXTRA KEY_VERSION " is \"%s\", this version reads " VERSION,
      version);
}

static gboolean
check_digest (const Reader * reader, const AeModel * model, GError ** error)
{
  g_autofree gchar *stated = NULL, *found = NULL;

  if (!get_string (reader, KEY_DIGEST, &stated, error))
    return FALSE;
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  /* nothing else would be seen by a fuzzer */
  return TRUE;
#endif
  found = ae_model_extras_digest (reader->extras, model);
  return strcmp (found, stated) == 0
      || ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
      "the checkpoint is damaged: its SHA-256 is %s, it should be %s", found,
      stated);
}

static AeCheckpoint *
from_extras (AeModel * model, AeModelExtras * extras, const gchar * where,
    GError ** error)
{
  const Reader reader = { where, extras, model->architecture };
  g_autoptr (AeCheckpoint) checkpoint = g_new0 (AeCheckpoint, 1);

  checkpoint->model = ae_model_ref (model);
  checkpoint->state = g_new0 (AeTrainerState, 1);
  if (!check_version (&reader, error)
      || !check_digest (&reader, model, error)
      || !get_all (&reader, checkpoint, error))
    return NULL;
  return g_steal_pointer (&checkpoint);
}

AeCheckpoint *
ae_checkpoint_load (const gchar * path, GError ** error)
{
  g_autoptr (AeModelExtras) extras = NULL;
  g_autoptr (AeModel) model = ae_model_load_with (path, &extras, error);

  return model ? from_extras (model, extras, path, error) : NULL;
}

AeCheckpoint *
ae_checkpoint_load_bytes (const guint8 * bytes, gsize size_bytes,
    const gchar * where, GError ** error)
{
  g_autoptr (AeModelExtras) extras = NULL;
  g_autoptr (AeModel) model =
      ae_model_load_bytes_with (bytes, size_bytes, where, &extras, error);

  return model ? from_extras (model, extras, where, error) : NULL;
}

gboolean
ae_checkpoint_check (const AeCheckpoint * checkpoint,
    const AeArchitecture * architecture, const gchar * objective,
    const gchar * where, GError ** error)
{
  const AeArchitecture *found = checkpoint->model->architecture;
  const AeShape *in = &architecture->input, *found_in = &found->input;

  if (strcmp (found->text, architecture->text) != 0
      || memcmp (found_in, in, sizeof *in) != 0) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "%s: the checkpoint is of the architecture \"%s\" for %ux%ux%u, "
        "expected \"%s\" for %ux%ux%u", where, found->text, found_in->c,
        found_in->h, found_in->w, architecture->text, in->c, in->h, in->w);
    return FALSE;
  }
  if (strcmp (checkpoint->objective, objective) != 0) {
    g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
        "%s: the checkpoint is of the training \"%s\", expected \"%s\"", where,
        checkpoint->objective, objective);
    return FALSE;
  }
  return TRUE;
}

void
ae_checkpoint_free (AeCheckpoint * checkpoint)
{
  if (checkpoint == NULL)
    return;
  ae_model_unref (checkpoint->model);
  ae_trainer_state_free (checkpoint->state);
  g_free (checkpoint->objective);
  g_free (checkpoint->schedule);
  g_free (checkpoint);
}
