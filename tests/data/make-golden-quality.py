#!/usr/bin/env python3
"""Prints the values that tests/core/test-quality.c expects.

Wang et al. 2004 written out with NumPy in double precision: one weighted
11x11 window at a time, nothing separated. SPDX-License-Identifier: LGPL-2.1-or-later
"""
import numpy as np


def pictures(width, height):
    """Bytes by an integer formula, and the same with errors of -20 to 20."""
    y, x = np.mgrid[0:height, 0:width]
    a = ((3 * x * x + 5 * y * y + 7 * x * y) >> 4) & 255
    b = np.clip(a + (13 * x + 29 * y) % 41 - 20, 0, 255)
    return a / 255.0, b / 255.0


def ssim(a, b):
    if min(a.shape) < 11:
        weights = np.full(a.shape, 1.0 / a.size)
    else:
        line = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
        weights = np.outer(line, line) / line.sum() ** 2
    windows_a = np.lib.stride_tricks.sliding_window_view(a, weights.shape)
    windows_b = np.lib.stride_tricks.sliding_window_view(b, weights.shape)

    def mean(windows):
        return (windows * weights).sum((-2, -1))

    mean_a, mean_b = mean(windows_a), mean(windows_b)
    variance_a = mean((windows_a - mean_a[..., None, None]) ** 2)
    variance_b = mean((windows_b - mean_b[..., None, None]) ** 2)
    covariance = mean((windows_a - mean_a[..., None, None])
                      * (windows_b - mean_b[..., None, None]))
    c1, c2 = 0.01**2, 0.03**2
    return ((2 * mean_a * mean_b + c1) * (2 * covariance + c2)
            / ((mean_a**2 + mean_b**2 + c1)
               * (variance_a + variance_b + c2))).mean()


for width, height in (61, 47), (11, 11), (8, 30):
    a, b = pictures(width, height)
    mse = ((a - b) ** 2).mean()
    print("{%d, %d, %.9f, %.6f, %.8f}," %
          (width, height, mse, -10 * np.log10(mse), ssim(a, b)))
