#!/usr/bin/env python3
"""FGSM, R-FGSM, BIM, PGD and MI-FGSM: every pixel is determined. Seconds."""

import foolbox as fb
import torch
import torchattacks as ta

import common

# Steps of size REL * eps; none starts at random.
STEEPEST = {
    "fgsm-linf": (fb.attacks.LinfFastGradientAttack, "linf", {}),
    "fgsm-l2": (fb.attacks.L2FastGradientAttack, "l2", {}),
    "bim-linf": (fb.attacks.LinfBasicIterativeAttack, "linf", {"rel_stepsize": .2, "steps": 10}),
    "bim-l2": (fb.attacks.L2BasicIterativeAttack, "l2", {"rel_stepsize": .2, "steps": 10}),
    "pgd-linf": (fb.attacks.LinfPGD, "linf", {"rel_stepsize": .01 / .3, "steps": 40}),
    "pgd-l2": (fb.attacks.L2PGD, "l2", {"rel_stepsize": .025, "steps": 50}),
    "pgd-l1": (fb.attacks.L1PGD, "l1", {"rel_stepsize": .025, "steps": 50}),
}


def steepest(rec, name, net, x, y):
    for kind, (make, norm, params) in STEEPEST.items():
        eps = common.EPS[name][norm]
        start = {} if kind.startswith(("fgsm", "bim")) else {"random_start": False}

        def run(net, x, sizes):
            model = fb.PyTorchModel(net, bounds=(0, 1), device="cpu")
            return make(**params, **start)(model, x, y, epsilons=sizes)[1]

        adv, = run(net, x, [eps])
        exact, = run(common.double_copy(net), x.double(), [eps])
        arrays = {"adv": common.nhwc(adv), "success": common.wrong(net, adv, y)}
        if kind.startswith("fgsm"):
            arrays["sizes"] = torch.tensor([eps * k for k in (.25, .5, 1, 1.5, 2)])
            many = run(net, x, [float(s) for s in arrays["sizes"]])
            arrays["sizes_success"] = torch.stack([common.wrong(net, a, y) for a in many])
        rec.add(f"{name}/{kind}", "foolbox", make.__name__, arrays, eps=eps, norm=norm, **params,
                random_start=False, box=[0, 1], float64_agrees=common.agreement(adv, exact))


def signed(rec, name, net, x, y):
    """R-FGSM with its first draw recorded, and MI-FGSM."""
    eps = common.EPS[name]["linf"]
    for kind, make, params in (("rfgsm-linf", ta.RFGSM, {"alpha": eps / 2, "steps": 1}),
                               ("mifgsm-linf", ta.MIFGSM, {"alpha": eps / 5, "steps": 10, "decay": 1.})):
        def run(net, x, noise):
            draw, torch.randn_like = torch.randn_like, lambda t: noise.to(t.dtype)
            try:
                return make(net, eps=eps, **params)(x, y)
            finally:
                torch.randn_like = draw

        noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(5)).sign()
        adv = run(net, x, noise)
        exact = run(common.double_copy(net), x.double(), noise)
        arrays = {"adv": common.nhwc(adv), "success": common.wrong(net, adv, y)}
        if kind == "rfgsm-linf":
            arrays["noise"] = common.nhwc(noise)
        rec.add(f"{name}/{kind}", "torchattacks", make.__name__, arrays, eps=eps, norm="linf", **params,
                float64_agrees=common.agreement(adv, exact))


def main():
    rec = common.Record("gradient")
    for name in common.SHAPES:
        net, x, y = common.load(name)
        steepest(rec, name, net, x, y)
        signed(rec, name, net, x, y)
    rec.write()


if __name__ == "__main__":
    main()
