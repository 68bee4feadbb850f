/* The parts of the program that tests and times the kernels.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>

#include "ae-kernels.h"
#include "ae-rng.h"

/* Each compares the kernels of every instruction set that this processor has
 * with plain loops, over random shapes. */
TCase *kernels_taps_tests (void);
TCase *kernels_rows_tests (void);
TCase *kernels_int8_tests (void);
TCase *kernels_training_tests (void);

/* Prints how fast they are. */
void kernels_bench (void);
