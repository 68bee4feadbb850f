#!/usr/bin/env python3
"""Learns dictionaries of picture patches here and with scikit-learn.

SPDX-License-Identifier: LGPL-2.1-or-later
Needs Debian's python3-sklearn and ffmpeg:
./compare-dictionary.py BUILD/tests/bench/bench-dictionary OUT.png PICTURE...

1,000 patches of 8x8 from each picture, their mean taken out, scaled together
to a variance of 1. Both learn in two passes over five sixths of them, 256 at a
time, on one thread; seconds are those of the processor. The other sixth is
coded to the minimum by scikit-learn with either dictionary. Draws the atoms
learned here, most used first.
"""
import os

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import struct
import subprocess
import sys
import tempfile
import time
import zlib

import numpy as np
from sklearn.decomposition import MiniBatchDictionaryLearning, sparse_encode

SIZE, ATOMS, LAMBDA, WIDTH, HEIGHT = 8, 128, 2.0, 640, 480


def patches(pictures, rng):
    rows = []
    for picture in pictures:
        raw = subprocess.run(
            ["ffmpeg", "-v", "error", "-i", picture, "-vf",
             f"scale={WIDTH}:{HEIGHT},format=gray", "-f", "rawvideo", "-"],
            capture_output=True, check=True).stdout
        image = np.frombuffer(raw, np.uint8).reshape(HEIGHT, WIDTH)
        for _ in range(1000):
            y, x = rng.integers(HEIGHT - SIZE), rng.integers(WIDTH - SIZE)
            rows.append(image[y:y + SIZE, x:x + SIZE].ravel())
    rows = np.array(rows, np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    rng.shuffle(rows)
    return rows / rows.std()


def codes_and_objective(x, atoms):
    codes = sparse_encode(x, atoms, algorithm="lasso_cd", alpha=LAMBDA / 2,
                          max_iter=5000)
    rest = x - codes @ atoms
    return codes, ((rest ** 2).sum() + LAMBDA * np.abs(codes).sum()) / len(x)


def draw(path, atoms):
    columns, cell = 16, SIZE + 1
    sheet = np.full((len(atoms) // columns * cell + 1, columns * cell + 1),
                    64, np.uint8)
    for i, atom in enumerate(atoms):
        y, x = i // columns * cell + 1, i % columns * cell + 1
        tile = 128 + 127 * atom / np.abs(atom).max()
        sheet[y:y + SIZE, x:x + SIZE] = tile.reshape(SIZE, SIZE)
    sheet = sheet.repeat(4, axis=0).repeat(4, axis=1)
    with open(path, "wb") as out:
        out.write(b"\x89PNG\r\n\x1a\n")
        rows = b"".join(b"\0" + row.tobytes() for row in sheet)
        for kind, data in (
                (b"IHDR", struct.pack(">IIBBBBB", sheet.shape[1],
                                      sheet.shape[0], 8, 0, 0, 0, 0)),
                (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")):
            out.write(struct.pack(">I", len(data)) + kind + data
                      + struct.pack(">I", zlib.crc32(kind + data)))


def main(bench, png, *pictures):
    x = patches(pictures, np.random.default_rng(0))
    n = len(x) // 6 * 5
    with tempfile.TemporaryDirectory() as folder:
        samples, atoms = folder + "/samples", folder + "/atoms"
        x.tofile(samples)
        subprocess.run([bench, samples, str(SIZE ** 2), str(ATOMS),
                        str(LAMBDA), atoms], check=True)
        ours = np.fromfile(atoms, np.float32).reshape(ATOMS, -1)
    start = time.process_time()
    theirs = MiniBatchDictionaryLearning(
        ATOMS, alpha=LAMBDA / 2, batch_size=256, max_iter=2, tol=0,
        max_no_improvement=None, fit_algorithm="cd", n_jobs=1,
        random_state=0).fit(x[:n]).components_
    print(f"scikit-learn: {time.process_time() - start:.2f} s")
    codes, objective = codes_and_objective(x[n:], ours)
    print(f"held-out objective: here {objective:.4f}, scikit-learn "
          f"{codes_and_objective(x[n:], theirs)[1]:.4f}")
    draw(png, ours[np.argsort(-np.abs(codes).sum(axis=0))])


main(*sys.argv[1:])
