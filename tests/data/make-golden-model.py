#!/usr/bin/env python3
"""Writes golden-f32.safetensors and golden-f16.safetensors, for
test-model-file.c, and prints the fingerprint: an implementation of
docs/model-file.md that shares nothing with the plugin's.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import hashlib
import json
import struct

TEXT = "conv 3x3 2 relu | deconv 2x2*2 3, modulate"
INPUT = "1x0x0"
METADATA = {"licence": "CC0-1.0", "task": 'denoise "é"',
            "format_version": "1", "architecture": TEXT, "input": INPUT}


def ramp(n, offset):
    return [(i + 1) / 16 + offset for i in range(n)]


# The last: the smallest and the largest number of F16, and minus zero.
TENSORS = [
    ("encoder.0.weight", [2, 1, 3, 3], ramp(18, 0)),
    ("encoder.0.bias", [2], ramp(2, -1)),
    ("decoder.0.weight", [2, 3, 2, 2], ramp(24, -2)),
    ("decoder.0.bias", [3], [2.0 ** -24, 65504.0, -0.0]),
]


def write(path, dtype, code):
    header, data = {"__metadata__": METADATA}, b""
    for name, shape, values in TENSORS:
        begin = len(data)
        data += struct.pack(f"<{len(values)}{code}", *values)
        header[name] = {"dtype": dtype, "shape": shape,
                        "data_offsets": [begin, len(data)]}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False)
    text = text.encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


write("golden-f32.safetensors", "F32", "f")
write("golden-f16.safetensors", "F16", "e")
digest = hashlib.sha256(f"{TEXT}\n{INPUT}\n".encode())
for _, _, values in TENSORS:
    digest.update(struct.pack(f"<{len(values)}f", *values))
print(digest.hexdigest())
