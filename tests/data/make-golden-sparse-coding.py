#!/usr/bin/env python3
"""Writes golden-sparse-coding.h: codes by scikit-learn (LARS, agreeing with descent).

SPDX-License-Identifier: LGPL-2.1-or-later
Run with Debian's python3-sklearn:
./make-golden-sparse-coding.py > golden-sparse-coding.h
scikit-learn minimises |x - W s|^2 / 2 + alpha |s|_1: lambda = 2 alpha.
"""
import numpy as np
from sklearn.decomposition import sparse_encode

N, DIMS, ATOMS, LAMBDA = 6, 8, 12, 0.5


def table(name, values):
    flat = [f"{v:.9g}" for v in np.ravel(values)]
    flat = [(v if "." in v or "e" in v else v + ".0") + "f" for v in flat]
    rows = [flat[i:i + 4] for i in range(0, len(flat), 4)]
    body = ",\n".join("  " + ", ".join(r) for r in rows)
    print(f"static const float {name}[] = {{\n{body}\n}};\n")


rng = np.random.default_rng(2)
atoms = rng.normal(size=(ATOMS, DIMS))
atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
atoms = atoms.astype(np.float32).astype(np.float64)
x = rng.normal(size=(N, DIMS)).astype(np.float32).astype(np.float64)
codes = sparse_encode(x, atoms, algorithm="lasso_lars", alpha=LAMBDA / 2,
                      max_iter=100000)
descent = sparse_encode(x, atoms, algorithm="lasso_cd", alpha=LAMBDA / 2,
                        init=codes.copy(), max_iter=100000)
assert np.abs(codes - descent).max() < 1e-3
objective = ((x - codes @ atoms) ** 2).sum() + LAMBDA * np.abs(codes).sum()

print("/* Made by make-golden-sparse-coding.py: codes by scikit-learn.\n"
      " * SPDX-License-Identifier: LGPL-2.1-or-later */")
print(f"enum\n{{ GOLDEN_N = {N}, GOLDEN_DIMS = {DIMS}, "
      f"GOLDEN_ATOMS = {ATOMS} }};\n")
print(f"static const float golden_lambda = {LAMBDA}f;")
print(f"static const double golden_objective = {objective / N:.17g};\n")
table("golden_atoms", atoms)
table("golden_x", x)
table("golden_codes", codes)
