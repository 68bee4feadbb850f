#!/usr/bin/env python3
"""Writes golden-layers.h, a table of cases, and golden-layers.f32, their inputs,
outputs and gradients by PyTorch: every layer of docs/architecture-text.md, for
test-golden-layers.c.

SPDX-License-Identifier: LGPL-2.1-or-later
Run with Debian's python3-torch: ./make-golden-layers.py > golden-layers.h
"""
import re
from pathlib import Path

import torch
import torch.nn.functional as F

KL_SCALE = 0.5

# text, input [c, h, w], samples, condition [channels, h, w]
CASES = [
    ("dense 3 tanh | dense 8 sigmoid", (2, 2, 2), 3, None),
    ("conv 3x3 2 relu, conv 5x5/2 2 leaky | deconv 4x4*2 2 softplus, "
     "deconv 3x3 1", (1, 6, 4), 2, None),
    ("conv 4x4/2 2 sigmoid | deconv 5x5*2 2 tanh, deconv 4x4 1", (1, 4, 6), 2,
     None),
    ("conv 1x1/3 2, deconv 3x3*3 2 relu | deconv 2x2*2 1, conv 3x3/2 1",
     (2, 3, 6), 2, None),
    ("unshuffle 2, conv 1x1 8 leaky | shuffle 2, unshuffle 1", (1, 4, 6), 2,
     None),
    ("save a, conv 3x3 2 tanh, save b, conv 3x3/2 3 | deconv 2x2*2 2, "
     "add b relu, concat a, conv 1x1 1", (1, 4, 4), 2, None),
    ("pool max 2, conv 1x1 3 tanh, pool avg 3 | upsample 3, upsample 2, "
     "conv 3x3 1", (1, 6, 12), 1, None),
    ("pool avg 2, conv 1x1 2 | upsample 2, pool max 3", (2, 6, 6), 1, None),
    ("conv 1x1 4, norm relu | dropout 0.5, norm, conv 1x1 1", (2, 2, 3), 2,
     None),
    ("dropout 0.1, dense 5, norm tanh | dense 3", (4, 1, 1), 3, None),
    ("dense 4 tanh, dense 3 | tied tanh, tied sigmoid", (1, 2, 3), 3, None),
    ("conv 5x5/2 2 tanh, conv 2x2/2 3 leaky | tied tanh, tied", (1, 8, 4), 2,
     None),
    ("conv 1x1/2 3 softplus | tied", (2, 2, 4), 2, None),
    ("conv 3x3/2 4 tanh, norm, dense 3 | tied relu, norm, tied", (1, 4, 4), 2,
     None),
    ("dense 4 tanh, gaussian 2 | dense 3", (5, 1, 1), 3, None),
    ("conv 3x3/2 3 tanh, gaussian 2 | upsample 2, conv 3x3 1", (1, 4, 6), 2,
     None),
    ("given 2, conv 3x3 2, modulate | given 2, conv 1x1 1", (1, 5, 4), 2,
     (2, 2, 3)),
    ("save a, conv 1x1 3 tanh, causal 3 2 leaky, conv 1x1 2, add a | causal 2 1",
     (2, 2, 7), 2, None),
]

ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": torch.relu,
    "leaky": lambda x: F.leaky_relu(x, 0.1),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softplus": F.softplus,
}


def hundredths(shape, generator):
    """Normal numbers that few digits write exactly enough."""
    x = 0.5 * torch.randn(shape, generator=generator, dtype=torch.float64)
    return torch.round(100 * x) / 100


class Model:
    """Interprets the text; x is [n][c][h][w]."""

    def __init__(self, text, generator):
        self.parts = [part.split(", ") for part in text.split(" | ")]
        self.generator = generator
        self.params = []        # as a model file orders them
        self.kl = torch.zeros((), dtype=torch.float64)

    def param(self, *shape):
        p = hundredths(shape, self.generator)
        self.params.append(p.requires_grad_())
        return p

    def forward(self, x, condition):
        self.saved, self.mirrors, self.condition = {}, [], condition
        for part in self.parts:
            for layer in part:
                words = layer.split()
                activation = ACTIVATIONS["linear"]
                if words[-1] in ACTIVATIONS:
                    activation = ACTIVATIONS[words.pop()]
                x = activation(getattr(self, words[0])(x, *words[1:]))
        return x

    def dense(self, x, n):
        shape, n = x.shape[1:], int(n)
        weight, bias = self.param(n, shape.numel()), self.param(n)
        self.mirrors.append(lambda y: F.linear(
            y.flatten(1), weight.T,
            self.param(shape.numel())).unflatten(1, shape))
        return F.linear(x.flatten(1), weight, bias)[:, :, None, None]

    def conv(self, x, kernel, n):
        k, s = self.kernel(kernel)
        c, n, pad = x.shape[1], int(n), (k - 1) // 2
        weight, bias = self.param(n, c, k, k), self.param(n)
        self.mirrors.append(lambda y: F.conv_transpose2d(
            y, weight, self.param(c), stride=s, padding=pad,
            output_padding=s + 2 * pad - k))
        return F.conv2d(x, weight, bias, stride=s, padding=pad)

    def deconv(self, x, kernel, n):
        k, s = self.kernel(kernel)
        c, n = x.shape[1], int(n)
        weight, bias = self.param(c, n, k, k), self.param(n)
        if s == 1 and k % 2 == 0:
            y = F.conv_transpose2d(x, weight, bias)
            return y[:, :, k // 2:k // 2 + x.shape[2],
                     k // 2:k // 2 + x.shape[3]]
        return F.conv_transpose2d(x, weight, bias, stride=s,
                                  padding=(k - s + 1) // 2,
                                  output_padding=(k - s) % 2)

    @staticmethod
    def kernel(text):
        k, _, s = re.fullmatch(r"(\d+)x\1([*/](\d+))?", text).groups()
        return int(k), int(s or 1)

    def causal(self, x, taps, distance):
        taps, distance, c = int(taps), int(distance), x.shape[1]
        weight, bias = self.param(c, 1, 1, taps), self.param(c)
        past = F.pad(x, ((taps - 1) * distance, 0))
        return F.conv2d(past, weight, bias, dilation=(1, distance), groups=c)

    def tied(self, x):
        return self.mirrors.pop()(x)

    def gaussian(self, x, n):
        n, c = int(n), x.shape[1]
        weight, bias = self.param(2 * n, c), self.param(2 * n)
        mean, log_variance = F.conv2d(x, weight[:, :, None, None],
                                      bias).chunk(2, 1)
        posterior = torch.distributions.Normal(mean,
                                               torch.exp(log_variance / 2))
        prior = torch.distributions.Normal(torch.zeros_like(mean),
                                           torch.ones_like(mean))
        self.kl = torch.distributions.kl_divergence(posterior, prior).sum()
        return mean

    def norm(self, x):
        c = x.shape[1]
        return F.layer_norm(x.movedim(1, -1), (c,), self.param(c),
                            self.param(c)).movedim(-1, 1)

    def dropout(self, x, share):
        return F.dropout(x, float(share), training=False)

    def pool(self, x, kind, r):
        pool = {"max": F.max_pool2d, "avg": F.avg_pool2d}[kind]
        return pool(x, int(r))

    def upsample(self, x, r):
        return F.interpolate(x, scale_factor=int(r), mode="nearest")

    def unshuffle(self, x, r):
        return F.pixel_unshuffle(x, int(r))

    def shuffle(self, x, r):
        return F.pixel_shuffle(x, int(r))

    def save(self, x, label):
        self.saved[label] = x
        return x

    def add(self, x, label):
        return x + self.saved[label]

    def concat(self, x, label):
        return torch.cat((x, self.saved[label]), 1)

    def nearest(self, x):
        h, w = self.condition.shape[2:]
        rows = torch.arange(x.shape[2]) * h // x.shape[2]
        columns = torch.arange(x.shape[3]) * w // x.shape[3]
        return self.condition[:, :, rows][:, :, :, columns]

    def given(self, x, n):
        return torch.cat((x, self.nearest(x)), 1)

    def modulate(self, x):
        return x * self.nearest(x)[:, :1]


def ours(x):
    """[n][c][h][w] -> [c][h][w][n]"""
    return x.permute(1, 2, 3, 0).flatten()


def flat(tensors):
    return torch.cat([t.flatten() for t in tensors])


def case(file, i, text, shape, n, grid):
    generator = torch.Generator().manual_seed(i)
    model = Model(text, generator)
    x = hundredths((n, *shape), generator).requires_grad_()
    condition = hundredths((n, *(grid or (1, 1, 1))), generator)
    out = model.forward(x, condition)
    direction = hundredths(out.shape, generator)
    ((out * direction).sum() + KL_SCALE * model.kl).backward()
    for p in [x] + model.params:        # something to tell right from wrong
        assert p.grad.abs().max() > 1e-2, (text, p)
    weights = flat(model.params)
    for values in (weights, ours(x), ours(condition), ours(direction),
                   ours(out), flat([p.grad for p in model.params]),
                   ours(x.grad)):
        file.write(values.detach().numpy().astype("<f4").tobytes())
    return (f"  {{\"{text}\",\n"
            f"    {{{', '.join(map(str, shape))}}}, {n}, "
            f"{{{', '.join(map(str, grid or (1, 1, 1)))}}}, "
            f"{'TRUE' if grid else 'FALSE'}, "
            f"{model.kl.item():.9g}, {len(weights)}, {out.numel()}}}")


print(f"""/* Made by make-golden-layers.py: cases, whose values PyTorch told.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#define KL_SCALE {KL_SCALE}f

/* golden-layers.f32 has for each case, in floats: the weights, tensor after tensor
 * as a model file orders them; the input and the condition, [c][h][w][n]; the
 * gradient with respect to the output; the output; and the gradients with respect
 * to weights and input of the sum of out * gradient, plus KL_SCALE * kl. */
typedef struct
{{
  const char *text;
  AeShape input;
  unsigned int n;
  AeShape grid;                 /* of the condition */
  gboolean has_condition;
  double kl;                    /* of all samples */
  unsigned int n_weights, n_out;
}} Golden;
""")
with open(Path(__file__).with_name("golden-layers.f32"), "wb") as file:
    rows = [case(file, i, *c) for i, c in enumerate(CASES)]
print("static const Golden goldens[] = {\n" + ",\n".join(rows) + "\n};")
