/* Replay of patches seen in a stream. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-rng.h"

G_BEGIN_DECLS

/**
 * AeReservoir: a uniform sample of all patches ever offered, in bounded memory
 * (Vitter 1985, algorithm R). Thread-safe: one thread may add while others
 * draw.
 */
typedef struct _AeReservoir AeReservoir;

/**
 * ae_reservoir_new:
 * @patch_size: floats in a patch
 * @max_bytes: bound of the memory for patches; at least one patch is held
 */
AeReservoir *ae_reservoir_new (gsize patch_size, gsize max_bytes,
    guint64 seed) G_GNUC_WARN_UNUSED_RESULT;

/* Offers a patch, which is copied when it is kept. */
void ae_reservoir_add (AeReservoir * reservoir, const float *patch);

/* The same, without a wait. Returns: %FALSE when another thread had the
 * reservoir; the patch is then lost. */
gboolean ae_reservoir_try_add (AeReservoir * reservoir, const float *patch);

/* Copies one patch, each of those held being equally likely, to @patch.
 * Returns: %FALSE when the reservoir is empty. */
gboolean ae_reservoir_draw (AeReservoir * reservoir, AeRng * rng,
    float *patch);

/* Copies patch @i of those held, 0 to n_held - 1, to @patch. */
void ae_reservoir_get (AeReservoir * reservoir, guint i, float *patch);

/* Returns: patches offered so far. */
guint64 ae_reservoir_n_seen (AeReservoir * reservoir);

/* Returns: patches held. */
guint ae_reservoir_n_held (AeReservoir * reservoir);

void ae_reservoir_free (AeReservoir * reservoir);       /* NULL is a no-op */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeReservoir, ae_reservoir_free)

G_END_DECLS
