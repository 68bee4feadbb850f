/* The past of one plane of a video. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaetemporal.h"

#include <math.h>

#include "ae-error.h"
#include "ae-temporal.h"

#define MODEL "temporal-gate"

struct _GstAeTemporal
{
  AeTemporal state;
  float *samples;               /* memory of the planes */
  AePlane gate;                 /* w, half the size of the planes */
  AeTensor told;                /* the gate: V and the noise level */
  AeTensor levels;              /* the denoiser: noise left in each place */
  gboolean started;
};

static gboolean
check_gate (const AeModel * gate, GError ** error)
{
  const AeArchitecture *a = gate->architecture;
  guint h = 8 * a->multiple, w = h;

  if (ae_architecture_out_size (a, h, w, &h, &w)
      && a->input.c == 2 && a->output.c == 1 && a->n_given == 2
      && a->input.h == 0 && h == 4 * a->multiple && w == h)
    return TRUE;
  g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
      "the model \"%s\" is no gate over time: that takes 2 planes of any size "
      "and 2 given channels and makes 1 plane of half the size", a->text);
  return FALSE;
}

AeModel *
gst_ae_temporal_load_gate (GError ** error)
{
  g_autofree gchar *path = ae_model_find (MODEL, error);
  g_autoptr (AeModel) gate = path ? ae_model_load (path, error) : NULL;

  if (gate == NULL || !check_gate (gate, error))
    return NULL;
  return g_steal_pointer (&gate);
}

GstAeTemporal *
gst_ae_temporal_new (guint width, guint height, gsize stride, guint multiple,
    GError ** error)
{
  GstAeTemporal *self = g_new0 (GstAeTemporal, 1);
  const guint cells = MAX (multiple, 2);
  AeTemporal *state = &self->state;
  const gsize n = stride * height;

  state->width = width;
  state->height = height;
  state->stride = stride;
  state->map_width = (width + cells - 1) / cells * cells / 2;
  state->map_height = (height + cells - 1) / cells * cells / 2;
  self->gate.stride = state->map_width;
  self->samples = ae_aligned_try_alloc0 ((2 * n
          + (gsize) state->map_width * state->map_height) * sizeof (float));
  if (self->samples == NULL) {
    g_set_error (error, AE_ERROR, AE_ERROR_LIMIT,
        "no memory for an average of frames");
    gst_ae_temporal_free (self);
    return NULL;
  }
  state->average = self->samples;
  state->surprise = self->samples + n;
  self->gate.data = self->samples + 2 * n;
  ae_tensor_resize (&self->told, 2, state->map_height, state->map_width, 1);
  ae_tensor_resize (&self->levels, 1, state->map_height, state->map_width, 1);
  state->variance = self->told.data;
  return self;
}

void
gst_ae_temporal_free (GstAeTemporal * self)
{
  if (self == NULL)
    return;
  ae_aligned_free (self->samples);
  ae_tensor_clear (&self->told);
  ae_tensor_clear (&self->levels);
  g_free (self);
}

void
gst_ae_temporal_forget (GstAeTemporal * self)
{
  self->started = FALSE;
}

static void
take_in (GstAeTemporal * self, AePlan * gate, const AePlane * plane,
    float noise)
{
  AeTemporal *state = &self->state;
  const gsize n = (gsize) state->map_width * state->map_height;
  const AePlane in[2] = {
    {state->surprise, state->stride}, {state->average, state->stride}
  };

  ae_temporal_surprise (state, plane->data, noise / 255.0f);
  for (gsize i = 0; i < n; i++)
    self->told.data[n + i] = noise / AE_NOISE_UNIT;
  ae_plan_run (gate, in, &self->told, &self->gate);
  ae_temporal_update (state, plane->data, self->gate.data, self->gate.stride);
}

GstAeAverage
gst_ae_temporal_run (GstAeTemporal * self, AePlan * gate,
    const AePlane * plane, float noise)
{
  const gsize n = (gsize) self->state.map_width * self->state.map_height;

  if (self->started)
    take_in (self, gate, plane, noise);
  else
    ae_temporal_start (&self->state, plane->data);
  self->started = TRUE;
  for (gsize i = 0; i < n; i++)
    self->levels.data[i] =
        noise / AE_NOISE_UNIT * sqrtf (self->state.variance[i]);
  return (GstAeAverage) { {
  self->state.average, self->state.stride}
  , &self->levels};
}
