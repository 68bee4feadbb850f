/* Makes integers of a model's convolutions. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-int8.h"
#include "ae-tape.h"
#include "ae-weights.h"

G_BEGIN_DECLS

/**
 * AeCalibration: the samples that each channel of each convolution's input has
 * been seen to take, as histograms.
 */
typedef struct _AeCalibration AeCalibration;

AeCalibration *ae_calibration_new (AeArchitecture * architecture)
    G_GNUC_WARN_UNUSED_RESULT;

/* Adds what the convolutions read in the last pass of @tape, which is one of
 * the same architecture. @weights: how much the errors of each of its samples
 * count. */
void ae_calibration_add (AeCalibration * calibration, const AeTape * tape,
    const float *weights);

/**
 * ae_calibration_finish:
 * @weights: those that the passes were made with
 *
 * Gives each channel the step with the least mean square error, rounding and
 * clipping counted, and rounds the weights. The first convolution stays float,
 * as frames may hold any value, and so does the last one, whose output is seen.
 *
 * Errors: AE_ERROR_UNSUPPORTED when no convolution is left, or the model is of
 * fixed input size; AE_ERROR_NOT_FINITE when a sample was not.
 */
AeInt8 *ae_calibration_finish (const AeCalibration * calibration,
    const AeWeights * weights, GError ** error) G_GNUC_WARN_UNUSED_RESULT;

void ae_calibration_free (AeCalibration * calibration); /* NULL is a no-op */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeCalibration, ae_calibration_free)

G_END_DECLS
