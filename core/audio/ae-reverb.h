/* Reverberation of a room. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AeReverb: one channel of sound in a room, without what comes straight from
 * the source: a network of eight delays that feed each other (Jot and Chaigne
 * 1991). High tones die away sooner than low ones.
 */
typedef struct _AeReverb AeReverb;

/**
 * ae_reverb_new:
 * @rate_hz: at least 1
 * @decay_s: seconds until low tones have fallen by 60 dB, 0.01 to 10
 * @seed: of the room: how long the delays are, and their signs
 *
 * Returns: (transfer full)
 */
AeReverb *ae_reverb_new (guint rate_hz, float decay_s, guint64 seed)
    G_GNUC_WARN_UNUSED_RESULT;

#define AE_REVERB_MAX_SAMPLE 1e6f

/* Reverberates @n samples. White noise keeps its power. What is no sample, NaN
 * or beyond %AE_REVERB_MAX_SAMPLE, counts as silence, so that the room forgets
 * it. @out may be @in. Allocates nothing. */
void ae_reverb_run (AeReverb * reverb, const float *in, float *out, gsize n);

void ae_reverb_free (AeReverb * reverb);        /* NULL is a no-op */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeReverb, ae_reverb_free)

G_END_DECLS
