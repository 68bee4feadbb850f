/* A named place where a trainer publishes models. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-model.h"

G_BEGIN_DECLS

/**
 * AeSlot: one publisher and any number of readers of one process share a model
 * by the name of a slot. Models are immutable, so a reader has an old one or a
 * new one and never a part of each. Thread-safe.
 *
 * The model stays as long as anybody holds the slot, and with it the
 * architecture: whoever publishes later must have the same.
 */
typedef struct _AeSlot AeSlot;

/* Returns: (transfer full): the slot called @name, which is made if nobody
 * holds it yet. */
AeSlot *ae_slot_get (const gchar * name) G_GNUC_WARN_UNUSED_RESULT;

AeSlot *ae_slot_ref (AeSlot * slot);
void ae_slot_unref (AeSlot * slot);     /* NULL is a no-op */

const gchar *ae_slot_name (const AeSlot * slot);

/**
 * ae_slot_claim:
 * @owner: who it is; any address of its own
 * @architecture: what it is going to publish
 *
 * Makes @owner the slot's publisher. Errors: AE_ERROR_UNSUPPORTED when it has
 * one already; AE_ERROR_SHAPE when it holds a model of another architecture.
 */
gboolean ae_slot_claim (AeSlot * slot, gconstpointer owner,
    const AeArchitecture * architecture, GError ** error);

/* The publisher leaves; the model stays. */
void ae_slot_release (AeSlot * slot, gconstpointer owner);

/* The publisher's new model. Returns: its generation: 1 for the first model,
 * then one more each. */
guint64 ae_slot_publish (AeSlot * slot, gconstpointer owner,
    AeModel * model);

/**
 * ae_slot_poll:
 * @generation: (inout): of the model that the reader has; 0 for none
 *
 * Returns: (transfer full) (nullable): the model, if there is one of another
 *   generation; else NULL.
 */
AeModel *ae_slot_poll (AeSlot * slot, guint64 * generation);

/* Returns: whether there is a publisher. */
gboolean ae_slot_is_claimed (AeSlot * slot);

/* What a publisher shows of its work: ae-report.h. */
typedef struct _AeReport AeReport;

/* The publisher's newest report. @report: (transfer none) */
void ae_slot_report (AeSlot * slot, gconstpointer owner, AeReport * report);

/* Returns: (transfer full) (nullable): the newest report, which stays when the
 * publisher leaves. */
AeReport *ae_slot_get_report (AeSlot * slot);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeSlot, ae_slot_unref)
    G_END_DECLS
