/* From the layers of an architecture to the stages of a plan.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-plan-private.h"
#include "ae-error.h"

#include <string.h>

static gint
floor_div (gint a, gint b)
{
  return a >= 0 ? a / b : -((b - 1 - a) / b);
}

static gboolean
is_layer (const AeLayer * layer, const gchar * name)
{
  return strcmp (layer->ops->name, name) == 0;
}

static AePlanStage *
add_stage (AePlan * plan, AePlanOp op, guint c, guint h, guint w)
{
  AePlanStage *stage;

  plan->stages = g_renew (AePlanStage, plan->stages, plan->n_stages + 1);
  stage = &plan->stages[plan->n_stages];
  memset (stage, 0, sizeof *stage);
  stage->op = op;
  stage->c = c;
  stage->h = h;
  stage->w = w;
  stage->i_in = (gint) plan->n_stages - 1;
  stage->rows = stage->columns = stage->block = 1;
  stage->i_concat = -1;
  plan->n_stages++;
  return stage;
}

static void
add_split (AePlan * plan, guint rows, guint columns)
{
  AePlanStage in = plan->stages[plan->n_stages - 1];
  AePlanStage *stage = add_stage (plan, AE_PLAN_SPLIT, in.c * rows * columns,
      in.h / rows, (in.w + columns - 1) / columns);

  stage->rows = rows;
  stage->columns = columns;
  stage->outside = in.outside;
}

static void
add_join (AePlan * plan, guint rows, guint columns)
{
  AePlanStage in = plan->stages[plan->n_stages - 1];
  AePlanStage *stage = add_stage (plan, AE_PLAN_JOIN, in.c / rows / columns,
      in.h * rows, in.w * columns);

  stage->rows = rows;
  stage->columns = columns;
}

static void
add_bytes (AePlan * plan, const AeInt8Layer * reader, gboolean in_use)
{
  AePlanStage in = plan->stages[plan->n_stages - 1];

  if (!ae_plan_fuse_bytes (plan, reader, in_use))
    ae_plan_turn_to_bytes (plan, add_stage (plan, AE_PLAN_BYTES, in.c, in.h,
            in.w), reader, in.c);
}

/* pool or upsample, of @h x @w */
static void
add_scale (AePlan * plan, AePlanOp op, const AeLayer * layer, guint h, guint w)
{
  AePlanStage *stage = add_stage (plan, op, layer->out.c, h, w);

  stage->layer = layer;
  stage->rows = stage->columns = layer->stride;
}

static void
alloc_set (AePlan * plan, const AePlanStage * stage, AeTapSet * set,
    guint n_taps)
{
  set->n_taps = n_taps;
  set->channel = g_new (guint32, n_taps);
  set->column = g_new (gint32, n_taps);
  set->i_row = g_new (guint8, n_taps);
  set->source = g_new (guint32, n_taps);
  set->packed = plan->n_packed;
  plan->n_packed += stage->int8 ? ae_plan_int8_packed_size (stage->m, n_taps)
      : ae_kernels_packed_size (stage->m, n_taps);
  plan->n_unpacked = MAX (plan->n_unpacked, (gsize) stage->m * n_taps);
  plan->n_max_taps = MAX (plan->n_max_taps, n_taps);
}

static void
set_tap (AePlanStage * stage, AeTapSet * set, guint t, guint channel,
    gint column, guint ky, guint source)
{
  set->channel[t] = channel;
  set->column[t] = column;
  set->i_row[t] = (guint8) ky;
  set->source[t] = source;
  stage->first_column = MIN (stage->first_column, column);
  stage->last_column = MAX (stage->last_column, column);
}

static gboolean
suits_winograd (const AeLayer * layer)
{
  return layer->kernel == 3 && layer->stride == 1
      && ae_plan_winograd_cost (layer->in.c, layer->out.c)
      < 9.0 * layer->in.c * layer->out.c;
}

static void
add_winograd (AePlan * plan, const AeLayer * layer, guint h, guint w)
{
  AePlanStage *stage = add_stage (plan, AE_PLAN_WINOGRAD, layer->out.c, h, w);

  stage->layer = layer;
  stage->m = layer->out.c;
  stage->kernel = 3;
  stage->stride = stage->pad = 1;
  stage->block = 4;
  stage->n_sets = 1;
  stage->sets = g_new0 (AeTapSet, 1);
  stage->sets[0].n_taps = layer->in.c;
  stage->sets[0].packed = plan->n_packed;
  plan->n_packed += AE_WINOGRAD_POSITIONS
      * ae_kernels_packed_size (stage->m, layer->in.c);
  plan->n_max_taps = MAX (plan->n_max_taps, layer->in.c);
  plan->n_winograd = MAX (plan->n_winograd,
      ae_plan_winograd_scratch (layer->in.c, stage->m));
}

/* Channels that a tap of @layer sums, and so often as it takes for all. */
static guint
channels_per_tap (const AeInt8Layer * int8)
{
  return int8 ? 4 : 1;
}

static guint
n_tap_channels (const AeLayer * layer, const AeInt8Layer * int8)
{
  guint n = channels_per_tap (int8);

  return (layer->in.c + n - 1) / n;
}

/* A stride is taken by splitting the columns beforehand: column S q + r is
 * column q of channel c S + r. Of gaussian, the first channels are the means. */
static void
add_conv (AePlan * plan, const AeLayer * layer, const AeInt8Layer * int8,
    guint h, guint w)
{
  guint k = layer->kernel, s = layer->stride, t = 0;
  guint c_in = n_tap_channels (layer, int8);
  AePlanStage *stage;
  AeTapSet *set;

  if (s > 1)
    add_split (plan, 1, s);
  stage = add_stage (plan, AE_PLAN_TAPS, layer->out.c, h, w);
  stage->layer = layer;
  stage->int8 = int8;
  stage->m = layer->out.c;
  stage->kernel = k;
  stage->stride = s;
  stage->pad = ae_conv_pad (layer);
  stage->n_sets = 1;
  stage->sets = set = g_new0 (AeTapSet, 1);
  stage->source_step = layer->in.c * k * k;
  alloc_set (plan, stage, set, c_in * k * k);
  for (guint c = 0; c < c_in; c++) {
    for (guint ky = 0; ky < k; ky++) {
      for (guint kx = 0; kx < k; kx++, t++) {
        gint x = (gint) kx - (gint) stage->pad;
        gint q = floor_div (x, (gint) s);

        set_tap (stage, set, t, c * s + (guint) (x - q * (gint) s), q, ky,
            (c * channels_per_tap (int8) * k + ky) * k + kx);
      }
    }
  }
}

/* The taps of phase (@phase_y, @phase_x): those with
 * phase + pad - k = S d, which read the small grid d further on. */
static void
make_phase (AePlan * plan, AePlanStage * stage, guint phase_y, guint phase_x)
{
  const AeLayer *layer = stage->layer;
  guint k = stage->kernel, s = stage->stride, t = 0;
  guint first_y = (phase_y + stage->pad) % s, n_y = (k - first_y + s - 1) / s;
  guint first_x = (phase_x + stage->pad) % s, n_x = (k - first_x + s - 1) / s;
  guint c_in = n_tap_channels (layer, stage->int8);
  guint n = channels_per_tap (stage->int8);
  AeTapSet *set = &stage->sets[phase_y * s + phase_x];

  alloc_set (plan, stage, set, c_in * n_y * n_x);
  for (guint c = 0; c < c_in; c++) {
    for (guint ky = first_y; ky < k; ky += s) {
      for (guint kx = first_x; kx < k; kx += s, t++)
        set_tap (stage, set, t, c,
            ((gint) (phase_x + stage->pad) - (gint) kx) / (gint) s, ky,
            (c * n * stage->m * k + ky) * k + kx);
    }
  }
}

/* Output column S q + j is made as column q of channel c S + j, then joined. */
static void
add_deconv (AePlan * plan, const AeLayer * layer, const AeInt8Layer * int8,
    guint pad, guint h, guint w)
{
  guint s = layer->stride;
  AePlanStage *stage = add_stage (plan, AE_PLAN_TAPS, layer->out.c * s, h,
      w / s);

  stage->layer = layer;
  stage->int8 = int8;
  stage->m = layer->out.c;
  stage->up = TRUE;
  stage->kernel = layer->kernel;
  stage->stride = s;
  stage->pad = pad;
  stage->n_sets = s * s;
  stage->sets = g_new0 (AeTapSet, s * s);
  stage->source_step = layer->kernel * layer->kernel;
  for (guint y = 0; y < s; y++) {
    for (guint x = 0; x < s; x++)
      make_phase (plan, stage, y, x);
  }
  if (s > 1)
    add_join (plan, 1, s);
}

/* Appends to the last stage, or to a copy of it where others read it too. */
static void
add_post (AePlan * plan, const AeLayer * layer, gint i_saved, gboolean in_use)
{
  AePlanStage *stage = &plan->stages[plan->n_stages - 1];

  if (in_use || stage->op == AE_PLAN_FRAME)
    stage = add_stage (plan, AE_PLAN_COPY, stage->c, stage->h, stage->w);
  stage->posts = g_renew (AePlanPost, stage->posts, stage->n_posts + 1);
  stage->posts[stage->n_posts++] = (AePlanPost) {
  layer, i_saved};
}

static gboolean
is_saved (const gint * i_stage_of, guint i_layer, gint i_stage)
{
  for (guint i = 0; i < i_layer; i++) {
    if (i_stage_of[i] == i_stage)
      return TRUE;
  }
  return FALSE;
}

/* @i_stage_of[i] is the output of layer i where that is a `save`, else -1. */
static gboolean
add_layer (AePlan * plan, guint i_layer, gint * i_stage_of, GError ** error)
{
  const AeLayer *layer = &plan->architecture->layers[i_layer];
  gint i_last = (gint) plan->n_stages - 1;
  AePlanStage in = plan->stages[i_last];
  gboolean in_use = is_saved (i_stage_of, i_layer, i_last);
  gint i_saved = layer->i_saved >= 0 ? i_stage_of[layer->i_saved] : -1;
  const AeInt8Layer *int8 = ae_plan_int8_layer (plan, i_layer);
  guint h, w;

  i_stage_of[i_layer] = -1;
  if (!ae_layer_out_size (layer, in.h, in.w, &h, &w)) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "column %u: %s does not fit its input of %ux%u (height x width)",
        layer->column, layer->ops->name, in.h, in.w);
    return FALSE;
  }
  if (int8)
    add_bytes (plan, int8, in_use);
  if (is_layer (layer, "conv") && !int8 && suits_winograd (layer)) {
    add_winograd (plan, layer, h, w);
  } else if (is_layer (layer, "conv") || is_layer (layer, "gaussian")) {
    add_conv (plan, layer, int8, h, w);
  } else if (is_layer (layer, "deconv")) {
    add_deconv (plan, layer, int8, ae_deconv_pad (layer), h, w);
  } else if (is_layer (layer, "tied")) {
    add_deconv (plan, layer, NULL, ae_conv_pad (layer), h, w);
  } else if (is_layer (layer, "unshuffle")) {
    add_split (plan, layer->stride, layer->stride);
  } else if (is_layer (layer, "shuffle")) {
    add_join (plan, layer->stride, layer->stride);
  } else if (is_layer (layer, "pool")) {
    add_scale (plan, AE_PLAN_POOL, layer, h, w);
  } else if (is_layer (layer, "upsample")) {
    add_scale (plan, AE_PLAN_UPSAMPLE, layer, h, w);
  } else if (is_layer (layer, "dropout")) {
    /* outside of training it changes nothing */
  } else if (is_layer (layer, "save")) {
    i_stage_of[i_layer] = i_last;
  } else if (is_layer (layer, "add")) {
    add_post (plan, layer, i_saved, in_use);
  } else if (is_layer (layer, "modulate") || is_layer (layer, "norm")) {
    add_post (plan, layer, -1, in_use);
  } else if (is_layer (layer, "concat")) {
    add_stage (plan, AE_PLAN_COPY, layer->out.c, h, w)->i_concat = i_saved;
  } else if (is_layer (layer, "given")) {
    add_stage (plan, AE_PLAN_COPY, layer->out.c, h, w)->n_given =
        layer->channels;
  } else {
    g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
        "column %u: %s cannot be run on frames", layer->column,
        layer->ops->name);
    return FALSE;
  }
  return TRUE;
}

static guint
round_up (guint n, guint multiple)
{
  return (n + multiple - 1) / multiple * multiple;
}

/* Blocks of rows follow each other without a wait when a block ends with the
 * last row that the next stage's block needs, one further on. */
static void
set_phases (AePlan * plan)
{
  for (guint i = plan->n_stages; i-- > 1;) {
    const AePlanStage *stage = &plan->stages[i];
    AePlanStage *in = &plan->stages[stage->i_in];

    if (stage->op == AE_PLAN_WINOGRAD)
      in->phase = (stage->phase + 1) % in->block;
  }
}

gboolean
ae_plan_make_stages (AePlan * plan, GError ** error)
{
  const AeArchitecture *architecture = plan->architecture;
  guint h = round_up (plan->height, architecture->multiple);
  guint w = round_up (plan->width, architecture->multiple);
  g_autofree gint *i_stage_of = g_new (gint, architecture->n_layers);
  const AePlanStage *last;

  add_stage (plan, AE_PLAN_FRAME, architecture->input.c, h, w);
  for (guint i = 0; i < architecture->n_layers; i++) {
    if (!add_layer (plan, i, i_stage_of, error))
      return FALSE;
  }
  set_phases (plan);
  last = &plan->stages[plan->n_stages - 1];
  plan->out_width = (guint) (((guint64) plan->width * last->w + w - 1) / w);
  plan->out_height = (guint) (((guint64) plan->height * last->h + h - 1) / h);
  return TRUE;
}

static void
pack_set (AePlan * plan, const AePlanStage * stage, const AeTapSet * set,
    const float *weights, float *unpacked)
{
  for (guint m = 0; m < stage->m; m++) {
    for (guint t = 0; t < set->n_taps; t++)
      unpacked[(gsize) m * set->n_taps + t] =
          weights[(gsize) m * stage->source_step + set->source[t]];
  }
  ae_kernels_pack (stage->m, set->n_taps, unpacked, plan->packed + set->packed);
}

void
ae_plan_pack_weights (AePlan * plan, const float *weights)
{
  g_autofree float *unpacked = g_new (float, plan->n_unpacked);

  for (guint i = 0; i < plan->n_stages; i++) {
    const AePlanStage *stage = &plan->stages[i];

    ae_plan_pack_int8 (plan, stage, weights);
    for (guint j = 0; j < stage->n_sets && !stage->int8; j++) {
      const float *from = weights
          + stage->layer->params[AE_PARAM_WEIGHT].offset;

      if (stage->op == AE_PLAN_WINOGRAD)
        ae_kernels_winograd_pack (stage->m, stage->sets[j].n_taps, from,
            plan->packed + stage->sets[j].packed);
      else
        pack_set (plan, stage, &stage->sets[j], from, unpacked);
    }
  }
}

void
ae_plan_free_stages (AePlan * plan)
{
  for (guint i = 0; i < plan->n_stages; i++) {
    AePlanStage *stage = &plan->stages[i];

    for (guint j = 0; j < stage->n_sets; j++) {
      g_free (stage->sets[j].channel);
      g_free (stage->sets[j].column);
      g_free (stage->sets[j].i_row);
      g_free (stage->sets[j].source);
    }
    g_free (stage->sets);
    g_free (stage->posts);
  }
  g_free (plan->stages);
}
