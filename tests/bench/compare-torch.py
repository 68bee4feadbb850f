#!/usr/bin/env python3
"""Answers `net` and `train` of bench-engine.c with PyTorch, for ./run.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import re
import sys
import time

import torch
from torch import nn

WIDTH, HEIGHT, MIN_RUNS, MIN_SECONDS = 640, 360, 3, 0.2
ACTIVATIONS = {"relu": nn.ReLU}


class Net(nn.Module):
    """What of the architecture language the benchmark's nets use."""

    def __init__(self, channels, text):
        super().__init__()
        self.steps, self.layers = [], nn.ModuleList()
        saved = {}
        for words in map(str.split, re.split("[,|]", text)):
            name, argument = words[0], words[1]
            layer = None
            if name == "dense":
                layer = nn.Linear(channels, int(argument))
                channels = int(argument)
            elif name in ("conv", "deconv"):
                k, s = re.fullmatch(r"(\d+)x\d+[/*]?(\d*)", argument).groups()
                k, s = int(k), int(s or 1)
                out = int(words[2])
                layer = nn.Conv2d(channels, out, k, s, (k - 1) // 2) \
                    if name == "conv" else nn.ConvTranspose2d(
                        channels, out, k, s, (k - s + 1) // 2, (k - s) % 2)
                channels = out
            elif name == "unshuffle":
                layer = nn.PixelUnshuffle(int(argument))
                channels *= int(argument) ** 2
            elif name == "shuffle":
                layer = nn.PixelShuffle(int(argument))
                channels //= int(argument) ** 2
            elif name == "save":
                saved[argument] = channels
            elif name == "concat":
                channels += saved[argument]
            if layer is not None and words[-1] in ACTIVATIONS:
                layer = nn.Sequential(layer, ACTIVATIONS[words[-1]](True))
            if layer is not None:
                self.layers.append(layer)
            self.steps.append((name, argument, layer))

    def forward(self, x):
        saved = {}
        for name, argument, layer in self.steps:
            if layer is not None:
                x = layer(x)
            elif name == "save":
                saved[argument] = x
            elif name == "add":
                x = x + saved[argument]
            elif name == "concat":
                x = torch.cat((x, saved[argument]), 1)
        return x


def median_ms(job):
    job()
    times = []
    while len(times) < MIN_RUNS or sum(times) < MIN_SECONDS:
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2] * 1e3


def time_net(threads, channels, text):
    torch.set_num_threads(int(threads))
    net = Net(int(channels), text)
    frame = torch.rand(1, int(channels), HEIGHT, WIDTH)
    with torch.inference_mode():
        return median_ms(lambda: net(frame))


def time_train(batch, c, h, w, text):
    torch.set_num_threads(1)
    net = Net(int(c), text)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    shape = (int(c),) if h == w == "1" else (int(c), int(h), int(w))
    x = torch.rand(int(batch), *shape)

    def step():
        optimiser.zero_grad()
        nn.functional.mse_loss(net(x), x).backward()
        optimiser.step()

    return median_ms(step)


for line in sys.stdin:
    question, *words = line.rstrip("\n").split("\t")
    print({"net": time_net, "train": time_train}[question](*words), flush=True)
