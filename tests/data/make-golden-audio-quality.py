#!/usr/bin/env python3
"""Prints the values that tests/core/test-audio-quality.c expects.

Le Roux et al. 2019, Taal et al. 2011, Jensen and Taal 2016 and Gray and Markel
1976 written out with NumPy in double precision: spectra by its FFT, resampling by
convolution of the signal with zeros in between.
SPDX-License-Identifier: LGPL-2.1-or-later
"""
import math

import numpy as np


def sounds(rate):
    """Two seconds like speech, and the same with noise and less of its tones."""
    n = 2 * rate
    t = np.arange(n) / rate
    loud = np.maximum(0, np.sin(2 * np.pi * 2.3 * t)) ** 2
    clean = sum(np.sin(2 * np.pi * 140 * h * (t + 0.02 * np.sin(3 * t))) / h
                for h in range(1, 21)) * loud * 0.3
    state, noise = 1, np.empty(n)
    for i in range(n):
        state = (1664525 * state + 1013904223) % 2**32
        noise[i] = state / 2**31 - 1
    noisy = clean * (0.8 + 0.2 * np.cos(2 * np.pi * 9 * t)) + 0.1 * noise + 0.01
    return (x.astype(np.float32).astype(float) for x in (clean, noisy))


def si_sdr(x, y):
    x, y = x - x.mean(), y - y.mean()
    target = x * (x @ y) / (x @ x)
    return 10 * np.log10((target @ target) / ((target - y) @ (target - y)))


def to_10_khz(x, rate):
    up, down = 10000 // math.gcd(10000, rate), rate // math.gcd(10000, rate)
    if up == down:
        return x
    cutoff = 1 / (2 * max(up, down))
    half = math.ceil((60 - 8) / (28.714 * cutoff / 10))
    t = np.arange(-half, half + 1)
    taps = np.sinc(2 * cutoff * t) * np.kaiser(2 * half + 1, 0.1102 * (60 - 8.7))
    taps *= up / taps.sum()
    stuffed = np.zeros(len(x) * up)
    stuffed[::up] = x
    size = 1 << (len(stuffed) + len(taps)).bit_length()
    full = np.fft.irfft(np.fft.rfft(stuffed, size) * np.fft.rfft(taps, size), size)
    return full[half:half + len(stuffed):down]


WINDOW = np.hanning(258)[1:-1]


def frames(x):
    return np.array([WINDOW * x[i:i + 256] for i in range(0, len(x) - 256, 128)])


def without_silence(x, y):
    a, b = frames(x), frames(y)
    level = 20 * np.log10(np.linalg.norm(a, axis=1) + 1e-16)
    keep = level > level.max() - 40
    out = []
    for part in (a[keep], b[keep]):
        z = np.zeros((len(part) - 1) * 128 + 256)
        for i, frame in enumerate(part):
            z[i * 128:i * 128 + 256] += frame
        out.append(z)
    return out


def bands(x):
    hz = np.linspace(0, 10000, 513)[:257]
    spectrum = abs(np.fft.rfft(frames(x), 512)) ** 2
    out = []
    for k in range(15):
        low, high = (np.argmin((hz - 150 * 2 ** ((2 * k + e) / 6)) ** 2)
                     for e in (-1, 1))
        out.append(np.sqrt(spectrum[:, low:high].sum(1)))
    return np.array(out)


def unit(x, axis):
    x = x - x.mean(axis, keepdims=True)
    return x / np.linalg.norm(x, axis=axis, keepdims=True)


def stoi(x, y, rate):
    x, y = without_silence(to_10_khz(x, rate), to_10_khz(y, rate))
    x, y = bands(x), bands(y)
    plain, extended = [], []
    for m in range(30, x.shape[1] + 1):
        a, b = x[:, m - 30:m], y[:, m - 30:m]
        gain = (np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1))[:, None]
        clipped = np.minimum(gain * b, a * (1 + 10 ** (15 / 20)))
        plain.append((unit(a, 1) * unit(clipped, 1)).sum() / 15)
        extended.append((unit(unit(a, 1), 0) * unit(unit(b, 1), 0)).sum() / 30)
    return np.mean(plain), np.mean(extended)


def lsd(x, y, rate):
    size = 4 * ((rate * 8 + 500) // 1000)
    window = np.hanning(size + 1)[:-1]

    def powers(z):
        return np.array([abs(np.fft.rfft(window * z[i:i + size])) ** 2
                         for i in range(0, len(z) - size + 1, size // 2)])
    a, b = powers(x), powers(y)
    low = a.max() * 1e-6
    difference = 10 * np.log10(np.maximum(a, low) / np.maximum(b, low))
    return np.sqrt((difference ** 2).mean(1)).mean()


for rate in 8000, 10000, 16000, 44100:
    clean, noisy = sounds(rate)
    print("{%d, %.6f, %.6f, %.6f, %.6f}," % (
        rate, si_sdr(clean, noisy), *stoi(clean, noisy, rate),
        lsd(clean, noisy, rate)))
