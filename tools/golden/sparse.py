#!/usr/bin/env python3
"""PGD with sparse steps in L1 (Tramèr and Boneh 2019), and APGD in L1. Seconds.

foolbox's own projection is replaced. It divides by one more than the number of values
that remain, so that its iterates lie outside the ball (the result is clipped), and it
enlarges changes inside the ball as soon as another image of the batch lies outside.

APGD counts the values that differ from the clean image. In pyautoattack many differ by
a rounding error: here changes up to 1e-6 are none, so that its course can be followed.
"""

import eagerpy as ep
import foolbox as fb
import torch
import torch.nn.functional as F
from pyautoattack import autopgd_base

import common

PARAMS = {"quantile": .97, "rel_stepsize": .2, "steps": 8, "random_start": False}


class Sparse(fb.attacks.SparseL1DescentAttack):
    def project(self, x, x0, epsilon):
        """Duchi et al. 2008, figure 1."""
        d = (x - x0).raw.flatten(1)
        size = d.abs().sort(1, descending=True)[0]
        cut = (size.cumsum(1) - epsilon) / torch.arange(1, size.shape[1] + 1)
        last = (size > cut).sum(1, keepdim=True) - 1
        d = d.sign() * (d.abs() - cut.gather(1, last).clamp_min(0)).clamp_min(0)
        return x0 + ep.astensor(d.reshape(x0.shape))


class Watched(torch.nn.Module):
    """The net, and the loss of each pass."""

    def __init__(self, net, y):
        super().__init__()
        self.net, self.y, self.losses = net, y, []

    def forward(self, x):
        z = self.net(x)
        self.losses.append(F.cross_entropy(z.detach(), self.y, reduction="none"))
        return z


def apgd(net, x, y, eps, noise, narrow):
    """Returns the losses [101 or 103,n] and whether each succeeded."""
    watched = Watched(net, y)
    a = autopgd_base.APGDAttack(watched, norm="L1", eps=eps, n_iter=100, use_largereps=narrow)
    a.init_hyperparam(x)
    kept = torch.randn, torch.randn_like, autopgd_base.L0_norm
    torch.randn = torch.randn_like = lambda *_: noise.to(x.dtype)
    autopgd_base.L0_norm = lambda d: (d.abs() > 1e-6).flatten(1).sum(1)
    try:
        acc = a.decr_eps_pgd(x, y, [3. * eps, 2. * eps, eps], [30, 30, 40])[1] if narrow else a.attack_single_run(x, y)[1]
    finally:
        torch.randn, torch.randn_like, autopgd_base.L0_norm = kept
    return torch.stack(watched.losses), ~acc.bool()


def record_apgd(rec, name, net, x, y):
    eps = .4 * common.EPS[name]["l1"]
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(6))
    rec.add(f"{name}/noise", "", "standard normal", {"noise": common.nhwc(noise)})
    for narrow in (False, True):
        trace, success = apgd(net, x, y, eps, noise, narrow)
        exact = apgd(common.double_copy(net), x.double(), y, eps, noise, narrow)[0]
        apart = (trace.double() - exact).abs() > 1e-4 * trace.double().abs().clamp_min(1)
        agree = torch.where(apart.any(0), apart.double().argmax(0), len(trace)).int()
        rec.add(f"{name}/apgd-ce-l1" + "-narrow" * narrow, "pyautoattack", "APGDAttack, L0_norm counting from 1e-6",
                {"trace": trace, "success": success, "agree": agree}, eps=eps, norm="l1", n_iter=100, use_largereps=narrow)
        print("  agrees with float64 for", agree.sort()[0][[0, 3, 8, 16, 24]].tolist(), "iterations (quantiles)")


def main():
    rec = common.Record("sparse")
    for name in common.SHAPES:
        net, x, y = common.load(name)
        eps = .5 * common.EPS[name]["l1"]

        def run(make, net, x):
            return make(**PARAMS)(fb.PyTorchModel(net, bounds=(0, 1), device="cpu"), x, y, epsilons=[eps])[1][0]

        adv, exact = run(Sparse, net, x), run(Sparse, common.double_copy(net), x.double())
        same = ((adv.double() - exact).abs() <= 1e-5).flatten(1).all(1)
        rec.add(f"{name}/pgd-sparse-l1", "foolbox", "SparseL1DescentAttack, with another projection",
                {"adv": common.nhwc(adv), "success": common.wrong(net, adv, y), "agree": same},
                eps=eps, norm="l1", **PARAMS, box=[0, 1], float64_agrees=common.agreement(adv, exact))
        print("  agrees with float64: images", float(same.double().mean()))
        record_apgd(rec, name, net, x, y)
    rec.write()


if __name__ == "__main__":
    main()
