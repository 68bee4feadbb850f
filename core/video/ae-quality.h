/* How alike are two pictures? SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Returned for equal pictures. */
#define AE_PSNR_EQUAL_DB 100.0

/* Returns: mean squared difference of two planes of 0..1 samples, rows
 * @stride_a and @stride_b floats apart. */
double ae_quality_mse (const float *a, gsize stride_a, const float *b,
    gsize stride_b, guint width, guint height);

/* Returns: peak signal-to-noise ratio in dB for a peak of 1, at most
 * %AE_PSNR_EQUAL_DB. */
double ae_quality_psnr_from_mse (double mse);

/* Returns: mean structural similarity, -1..1 (Wang et al. 2004: Gaussian
 * window 11x11 of sigma 1.5, K1 = 0.01, K2 = 0.03, windows that fit inside the
 * picture only). Pictures smaller than 11x11 use one uniform window. */
double ae_quality_ssim (const float *a, gsize stride_a, const float *b,
    gsize stride_b, guint width, guint height);

#define AE_MS_SSIM_SCALES 5
#define AE_MS_SSIM_MIN_SIDE 176 /* 11 at the last scale */

/* Returns: multi-scale structural similarity, 0..1 (Wang, Simoncelli and Bovik
 * 2003: five scales, each of means of 2x2 of the one before). Sides are at least
 * AE_MS_SSIM_MIN_SIDE. */
double ae_quality_ms_ssim (const float *a, gsize stride_a, const float *b,
    gsize stride_b, guint width, guint height);

G_END_DECLS
