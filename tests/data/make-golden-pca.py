#!/usr/bin/env python3
"""Writes golden-pca.h: decompositions by NumPy's SVD, for test-pca.c.

SPDX-License-Identifier: LGPL-2.1-or-later
Run with Debian's python3-numpy: ./make-golden-pca.py > golden-pca.h
"""
import numpy as np


def table(name, values, kind):
    digits = 9 if kind == "float" else 17
    suffix = "f" if kind == "float" else ""
    flat = [f"{v:.{digits}g}" for v in np.ravel(values)]
    flat = [v if "." in v or "e" in v else v + ".0" for v in flat]
    rows = [flat[i:i + 4] for i in range(0, len(flat), 4)]
    body = ",\n".join("  " + ", ".join(v + suffix for v in r) for r in rows)
    print(f"static const {kind} {name}[] = {{\n{body}\n}};\n")


def pca(name, x):
    x = x.astype(np.float32).astype(np.float64)
    mean = x.mean(axis=0)
    _, s, vt = np.linalg.svd(x - mean, full_matrices=False)
    rank = int(np.sum(s > 1e-6 * s[0]))
    vt = vt[:rank]
    largest = np.argmax(np.abs(vt), axis=1)
    vt *= np.sign(vt[np.arange(rank), largest])[:, None]
    print(f"/* {x.shape[0]} samples of {x.shape[1]}, rank {rank} */")
    table(f"{name}_x", x, "float")
    table(f"{name}_mean", mean, "float")
    table(f"{name}_variances", s[:rank] ** 2 / (len(x) - 1), "double")
    table(f"{name}_components", vt, "float")


def angle(rng):
    a = rng.normal(size=(3, 7)).astype(np.float32)
    b = (a + 0.5 * rng.normal(size=(3, 7))).astype(np.float32)
    qa, qb = (np.linalg.qr(m.astype(np.float64).T)[0] for m in (a, b))
    smallest = np.linalg.svd(qa.T @ qb, compute_uv=False)[-1]
    table("angle_a", a, "float")
    table("angle_b", b, "float")
    print(f"static const double angle_degrees = "
          f"{np.degrees(np.arccos(smallest)):.17g};")


print("/* Made by make-golden-pca.py: decompositions by NumPy's SVD.\n"
      " * SPDX-License-Identifier: LGPL-2.1-or-later */")
rng = np.random.default_rng(1)
mix = rng.normal(size=(5, 5)) * [3, 2, 1, 0.5, 0.1]
pca("tall", rng.normal(size=(20, 5)) @ mix.T + rng.normal(size=5))
pca("wide", rng.normal(size=(4, 9)) + 10)
angle(rng)
