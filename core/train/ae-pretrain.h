/* Greedy layer-wise pretraining of stacked autoencoders. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-schedule.h"
#include "ae-trainer.h"

G_BEGIN_DECLS

/**
 * ae_pretrain_greedy:
 * @architecture: with as many layers in the decoder as in the encoder, each of
 *   which undoes the shape of its mirror image, all of them dense, conv,
 *   deconv, tied, shuffle, unshuffle or upsample
 * @weights: (transfer none): where training starts
 * @config: of each stage; the loss is that of the outermost, those within have
 *   the squared error
 * @schedule: of each stage
 * @func, @data: samples; only their inputs are used
 *
 * Trains layer i of the encoder and its mirror image in the decoder as an
 * autoencoder of what the layers before make of the samples, from the first
 * layer to the code (Hinton and Salakhutdinov 2006; Bengio, Lamblin, Popovici
 * and Larochelle 2007). Pairs without weights are left out.
 *
 * Returns: (transfer full): the weights, to be trained together. Errors:
 * AE_ERROR_UNSUPPORTED for another architecture, and those of the trainer.
 */
AeWeights * ae_pretrain_greedy (AeArchitecture * architecture,
    AeWeights * weights, const AeTrainerConfig * config,
    const AeSchedule * schedule, AeSampleFunc func, gpointer data,
    GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
