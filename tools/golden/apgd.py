#!/usr/bin/env python3
"""APGD on the cross-entropy, the DLR loss and the targeted DLR loss, from recorded starts. A minute.

The library keeps the loss trace and the step size to itself: they are read from the
running function each time it calls the net.
"""

import sys

import numpy as np
import torch
from pyautoattack.autopgd_base import APGDAttack, APGDAttack_targeted, L1_projection

import common

ITERATIONS = 100
RUNS = {  # net: (loss, norm)
    "a": [("ce", "linf"), ("dlr", "linf"), ("t", "linf"), ("ce", "l2"), ("dlr", "l2"), ("t", "l2"), ("ce", "l1")],
    "b": [("ce", "linf"), ("dlr", "linf"), ("t", "linf"), ("ce", "l2"), ("ce", "l1")],
}
# Sparse steps need half of the L1 size that the dense ones of PGD need.
SHARE = {"linf": 1, "l2": 1, "l1": .5}
NORMS = {"linf": "Linf", "l2": "L2", "l1": "L1"}


class Watched(torch.nn.Module):
    """The net, and what its caller knows: losses [n,100], step sizes [100,n], the loss of the start."""

    def __init__(self, net):
        super().__init__()
        self.net, self.step, self.first, self.losses = net, [], None, None

    def forward(self, x):
        frame = sys._getframe()
        while frame and frame.f_code.co_name != "attack_single_run":
            frame = frame.f_back
        if frame and "step_size" in frame.f_locals:
            known = frame.f_locals
            self.step.append(known["step_size"].flatten().clone())
            self.losses = known["loss_steps"]
            if self.first is None:
                self.first = known["loss_best"].clone()
        return self.net(x)


def noise(norm, shape):
    r = torch.Generator().manual_seed(9)
    return 2 * torch.rand(shape, generator=r) - 1 if norm == "linf" else torch.randn(shape, generator=r)


def attack(loss, norm, net, eps):
    if loss == "t":
        return APGDAttack_targeted(net, norm=NORMS[norm], eps=eps, n_iter=ITERATIONS)
    return APGDAttack(net, norm=NORMS[norm], eps=eps, n_iter=ITERATIONS, loss=loss)


def run(loss, norm, net, x, y, eps):
    """Returns trace [101,n], step sizes [100,n], the adversarial images, whether each succeeded, the start, the target."""
    watched = Watched(net)
    a = attack(loss, norm, watched, eps)
    a.init_hyperparam(x)
    t = noise(norm, x.shape).to(x.dtype)
    target = net(x).argsort(1)[:, -2]
    if loss == "t":
        a.y_target = target
    if norm == "l1":  # a given start changes the sparsity of the first step: give the noise instead
        start = (x + t + L1_projection(x, t, eps)).clamp(0, 1)
        draw, torch.randn = torch.randn, lambda shape: t
        try:
            _, acc, _, adv = a.attack_single_run(x, y)
        finally:
            torch.randn = draw
    else:
        start = (x + eps * a.normalize(t)).clamp(0, 1)
        _, acc, _, adv = a.attack_single_run(x, y, x_init=start)
    return torch.cat([watched.first[None], watched.losses]), torch.stack(watched.step), adv, ~acc.bool(), start, target


def projection(rec):
    """The projection on the intersection of an L1 ball and the box, for itself."""
    r = torch.Generator().manual_seed(3)
    x, d = torch.rand((24, 30), generator=r), torch.randn((24, 30), generator=r)
    x[:8, ::3], x[8:12, ::4], d[12:16] = 0, 1, .01 * d[12:16]  # at the box, and inside the ball
    rec.add("l1-projection", "pyautoattack", "L1_projection", {"x": x, "d": d, "out": x + d + L1_projection(x, d, 2.)}, eps=2.)


def main():
    rec = common.Record("apgd")
    for name in common.SHAPES:
        net, x, y = common.load(name)
        starts = {}
        for loss, norm in RUNS[name]:
            eps = SHARE[norm] * common.EPS[name][norm]
            trace, step, adv, success, start, target = run(loss, norm, net, x, y, eps)
            exact = run(loss, norm, common.double_copy(net), x.double(), y, eps)[0]
            apart = (trace.double() - exact).abs() > 1e-4 * trace.double().abs().clamp_min(1)
            agree = torch.where(apart.any(0), apart.double().argmax(0), len(trace)).int()
            assert (common.wrong(net, adv, y) == success).all()
            arrays = {"trace": trace, "step": step, "adv": common.nhwc(adv), "success": success, "agree": agree}
            starts.setdefault(norm, (eps, start))
            assert torch.equal(start, starts[norm][1])
            if loss == "t":
                arrays["target"] = target
            rec.add(f"{name}/apgd-{loss}-{norm}", "pyautoattack", type(attack(loss, norm, net, eps)).__name__ + ".attack_single_run",
                    arrays, eps=eps, norm=norm, loss={"t": "dlr-targeted"}.get(loss, loss), n_iter=ITERATIONS, rho=.75, eot_iter=1)
            print("  agrees with float64 for", np.sort(agree.numpy())[[0, 3, 8, 16, 24]].tolist(), "iterations (quantiles)",
                  "halvings per image", round(float((step[1:] < step[:-1]).sum(0).float().mean()), 2))
        for norm, (eps, start) in starts.items():
            rec.add(f"{name}/start-{norm}", "", "x + eps * noise / |noise|, clipped" if norm != "l1" else
                    "x + noise, projected by pyautoattack's L1_projection, clipped", {"start": common.nhwc(start)}, eps=eps, norm=norm)
    projection(rec)
    rec.write()


if __name__ == "__main__":
    main()
