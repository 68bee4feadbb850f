#!/usr/bin/python3
# Writes golden-training.h: objectives, their gradients, and the weights after
# three steps of each optimiser, by PyTorch's automatic differentiation (which
# differentiates the Jacobian's norm too), in double precision.
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#   tests/data/make-golden-training.py > tests/data/golden-training.h
import torch

torch.manual_seed(5)
torch.set_default_dtype(torch.float64)
N, D, H, K = 4, 6, 5, 3
x = torch.rand(N, D)
w1, b1 = 0.6 * torch.randn(H, D), 0.1 * torch.randn(H)
w2, b2 = 0.6 * torch.randn(K, H), 0.1 * torch.randn(K)
w3, b3 = 0.6 * torch.randn(D, K), 0.1 * torch.randn(D)
params = [w1, b1, w2, b2, w3, b3]


def encode(x, p):
    return torch.sigmoid(torch.tanh(x @ p[0].T + p[1]) @ p[2].T + p[3])


def decode(h, p):
    return torch.sigmoid(h @ p[4].T + p[5])


def loss(kind, y, t):
    d = y - t
    return {'mse': d ** 2, 'l1': d.abs(), 'charbonnier': (d ** 2 + 1e-6).sqrt(),
            'bce': -t * y.log() - (1 - t) * (1 - y).log()}[kind].mean()


def contractive(p):
    j = torch.autograd.functional.jacobian(
        lambda v: encode(v, p).sum(0), x, create_graph=True)   # [K][N][D]
    return (j ** 2).sum() / N


def sparsity(h, rho):
    a = h.mean(0)
    return (rho * (rho / a).log()
            + (1 - rho) * ((1 - rho) / (1 - a)).log()).sum()


def priors(p, l2, l1, frobenius):
    return sum(l2 * (w ** 2).sum() + l1 * w.abs().sum() + frobenius * w.norm()
               for w in (p[0], p[2], p[4]))


def objective(case, p):
    h = encode(x, p)
    j = loss(case.get('loss', 'mse'), decode(h, p), x)
    j = j + case.get('code_l1', 0) * h.abs().sum() / N / D
    if 'contractive' in case:
        j = j + case['contractive'] * contractive(p) / D
    if 'sparsity' in case:
        j = j + case['sparsity'] * sparsity(h, case['target']) / D
    return j + priors(p, case.get('l2', 0), case.get('l1', 0),
                      case.get('frobenius', 0))


cases = [
    {'loss': 'mse'}, {'loss': 'l1'}, {'loss': 'charbonnier'}, {'loss': 'bce'},
    {'code_l1': 0.5}, {'sparsity': 0.7, 'target': 0.1}, {'contractive': 0.8},
    {'l2': 0.1, 'l1': 0.05, 'frobenius': 0.2},
    {'loss': 'bce', 'code_l1': 0.1, 'sparsity': 0.3, 'target': 0.2,
     'contractive': 0.4, 'l2': 0.01},
]


class Muon:
    """Jordan et al. 2024, scaled as Bernstein and Newhouse 2024."""

    def __init__(self, parameters, rate, beta, decay):
        self.matrices = [p for p in parameters if p.dim() > 1]
        self.others = torch.optim.AdamW(
            [p for p in parameters if p.dim() == 1], rate / 20, (beta, 0.99),
            1e-8, decay)
        self.moments = [torch.zeros_like(p) for p in self.matrices]
        self.rate, self.beta, self.decay = rate, beta, decay

    def zero_grad(self):
        self.others.zero_grad()
        for p in self.matrices:
            p.grad = None

    @torch.no_grad()
    def step(self):
        self.others.step()
        for p, m in zip(self.matrices, self.moments):
            m.mul_(self.beta).add_(p.grad * (1 - self.beta))
            x = self.beta * m + (1 - self.beta) * p.grad
            x = x / x.norm()
            for _ in range(5):
                a = x @ x.T
                x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
            p.mul_(1 - self.rate * self.decay)
            p.sub_(self.rate * (p.shape[0] / p.shape[1]) ** 0.5 * x)


optimisers = [
    ('SGD', lambda p: torch.optim.SGD(p, 0.05, momentum=0.9,
                                      weight_decay=0.02)),
    ('ADAM', lambda p: torch.optim.Adam(p, 0.05, (0.9, 0.99), 1e-8, 0.02)),
    ('ADAMW', lambda p: torch.optim.AdamW(p, 0.05, (0.9, 0.99), 1e-8, 0.02)),
    ('MUON', lambda p: Muon(p, 0.05, 0.9, 0.02)),
]


def numbers(t):
    return ', '.join('%.9g' % v for v in t.reshape(-1).tolist())


def fresh():
    return [p.clone().requires_grad_() for p in params]


def flat(p):
    return torch.cat([v.reshape(-1) for v in p])


print('/* Written by make-golden-training.py with PyTorch %s. */'
      % torch.__version__)
print('#define GOLDEN_N %d\n#define GOLDEN_D %d' % (N, D))
print('#define GOLDEN_TEXT "dense %d tanh, dense %d sigmoid | dense %d sigmoid"'
      % (H, K, D))
print('static const double golden_x[] = { %s };' % numbers(x))
print('static const double golden_weights[] = { %s };' % numbers(flat(params)))
print('#define GOLDEN_N_WEIGHTS %d' % flat(params).numel())
print('static const struct {\n  AeLossKind loss;\n  AeRegulariser regulariser;\n'
      '  double objective, gradient[GOLDEN_N_WEIGHTS];\n} golden_objectives[] = {')
for case in cases:
    p = fresh()
    j = objective(case, p)
    g = torch.autograd.grad(j, p)
    fields = ', '.join('.%s = %gf' % (
        {'target': 'sparsity_target'}.get(k, k), v)
        for k, v in case.items() if k != 'loss') or '.code_l1 = 0.0f'
    print('  { AE_LOSS_%s, { %s }, %.12g,\n    { %s } },' % (
        case.get('loss', 'mse').upper(), fields, j.item(), numbers(flat(g))))
print('};')
print('static const struct {\n  AeOptimiserKind kind;\n'
      '  double weights[GOLDEN_N_WEIGHTS];\n} golden_optimisers[] = {')
for name, make in optimisers:
    p = fresh()
    optimiser = make(p)
    for _ in range(3):
        optimiser.zero_grad()
        objective({'loss': 'mse'}, p).backward()
        optimiser.step()
    print('  { AE_OPTIMISER_%s,\n    { %s } },' % (
        name, numbers(flat(p).detach())))
print('};')
