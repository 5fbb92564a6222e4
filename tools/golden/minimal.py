#!/usr/bin/env python3
"""Smallest perturbations: FAB, DeepFool, C&W, EAD, DDN, FMN; and JSMA. Five minutes."""

import foolbox as fb
import numpy as np
import torch
from pyautoattack.fab_projections import projection_l1, projection_l2, projection_linf
from pyautoattack.fab_pt import FABAttack_PT

import common

NORMS = {"linf": "Linf", "l2": "L2", "l1": "L1"}
FOOLBOX = {  # record: class, norm, parameters
    "deepfool-l2": (fb.attacks.L2DeepFoolAttack, "l2", {"steps": 50, "candidates": 10, "overshoot": .02}),
    "deepfool-linf": (fb.attacks.LinfDeepFoolAttack, "linf", {"steps": 50, "candidates": 10, "overshoot": .02}),
    "ddn-l2": (fb.attacks.DDNAttack, "l2", {"init_epsilon": 1., "steps": 100, "gamma": .05}),
    "fmn-l2": (fb.attacks.L2FMNAttack, "l2", {"steps": 100, "max_stepsize": 1., "gamma": .05}),
    "fmn-linf": (fb.attacks.LInfFMNAttack, "linf", {"steps": 100, "max_stepsize": 1., "gamma": .05}),
    "fmn-l1": (fb.attacks.L1FMNAttack, "l1", {"steps": 100, "max_stepsize": 1., "gamma": .05}),
    "fmn-l0": (fb.attacks.L0FMNAttack, "l0", {"steps": 100, "max_stepsize": 1., "gamma": .05}),
    "cw-l2": (fb.attacks.L2CarliniWagnerAttack, "l2", {"binary_search_steps": 9, "steps": 1000, "stepsize": .01,
                                                        "confidence": 0, "initial_const": 1e-3, "abort_early": True}),
    "ead-l1": (fb.attacks.EADAttack, "l1", {"binary_search_steps": 9, "steps": 1000, "initial_stepsize": .01, "confidence": 0.,
                                            "initial_const": 1e-3, "regularization": .01, "decision_rule": "L1", "abort_early": True}),
}


def verified(net, x, y, adv, norm):
    """Distance [n]: 0 where the clean image is wrong, infinite where adv is not."""
    d = common.distance(norm, adv, x)
    d = torch.where(common.wrong(net, adv, y), d, torch.inf)
    return torch.where(common.wrong(net, x, y), 0., d)


def compare(d, exact):
    """How far the distances of float32 and float64 lie apart: per image at most, and in the mean."""
    ok = (d > 0) & d.isfinite() & exact.isfinite()
    ratio = d[ok] / exact[ok]
    return {"float64_worst_ratio": round(float((ratio - 1).abs().max()), 5), "float64_mean_ratio": round(float(d[ok].mean() / exact[ok].mean()), 5)}


def summary(d):
    return f"  mean of the found {float(d[d.isfinite() & (d > 0)].mean()):.5f}, not found {int((~d.isfinite()).sum())}"


def fab(net, x, y, norm, targeted):
    """The distances of FAB without restarts; targeted: of the best over all other classes."""
    if x.dtype == torch.float64:  # FAB itself insists on float32
        exact = net
        net, x = lambda v: exact(v.double()).float(), x.float()
    a = FABAttack_PT(net, norm=NORMS[norm], n_iter=100, eps=1e6)
    if not targeted:
        return verified(net, x, y, a.attack_single_run(x, y), norm)
    best = torch.full((len(x),), torch.inf, dtype=x.dtype)
    for a.target_class in range(2, net(x[:1]).shape[1] + 1):
        best = torch.minimum(best, verified(net, x, y, a.attack_single_run(x, y, is_targeted=True), norm))
    return best


def projections(rec):
    """FAB's projections on a hyperplane w·x = b inside the box, for themselves."""
    r = torch.Generator().manual_seed(4)
    x, w = torch.rand((24, 20), generator=r), torch.randn((24, 20), generator=r)
    x[:6, ::3], x[6:9, ::4] = 0, 1
    b = (w * (x + .3 * torch.randn(x.shape, generator=r)).clamp(0, 1)).sum(1)
    b[20:] = (w.clamp_min(0).sum(1) + 1)[20:]  # out of reach in the box
    out = {"linf": projection_linf, "l2": projection_l2, "l1": projection_l1}
    rec.add("fab-projection", "pyautoattack", "projection_linf, projection_l2, projection_l1",
            {"x": x, "w": w, "b": b, **{k: x + f(x, w, b) for k, f in out.items()}})


def distances(rec, name, net, x, y):
    exact_net, best = common.double_copy(net), {}

    def add(kind, library, call, norm, run, **params):
        d = run(net, x)
        params |= compare(d, run(exact_net, x.double()))
        rec.add(f"{name}/{kind}", library, call, {"distance": d}, norm=norm, **params)
        print(summary(d), params["float64_worst_ratio"], params["float64_mean_ratio"], flush=True)
        best[norm] = torch.minimum(best[norm], d) if norm in best else d

    for norm in NORMS:
        for kind in ("fab", "fab-t"):
            add(f"{kind}-{norm}", "pyautoattack", "FABAttack_PT.attack_single_run", norm, lambda net, x: fab(net, x, y, norm, kind == "fab-t"),
                n_iter=100, alpha_max=.1, eta=1.05, beta=.9, restarts=0)
    for kind, (make, norm, params) in FOOLBOX.items():
        def run(net, x):
            return verified(net, x, y, make(**params)(fb.PyTorchModel(net, bounds=(0, 1), device="cpu"), x, y, epsilons=None)[0], norm)
        add(kind, "foolbox", make.__name__, norm, run, **params)
    for norm, d in best.items():
        rec.add(f"{name}/best-{norm}", "", "the smallest distance of all records of this file", {"distance": d}, norm=norm)
        print(summary(d))


def jacobian(net, x):
    x = x.clone().requires_grad_()
    z = net(x[None])[0]
    return z.detach(), np.stack([torch.autograd.grad(v, x, retain_graph=True)[0].permute(1, 2, 0).flatten().numpy() for v in z])


def jsma(net, x, target, theta, pairs):
    """The pairs that Papernot et al. (2016, algorithm 3) choose for one image, and by how much each won.

    A pair (p,q), p<q in NHWC order, needs alpha = sum dZ_t > 0 and beta = sum of the other
    classes' < 0; the largest -alpha*beta wins. Both values grow by theta, up to 1, and
    leave the search.
    """
    c, h, w = x.shape
    flat = x.permute(1, 2, 0).flatten().double().clone()
    free = (flat < 1).numpy()
    chosen, won = [], []
    while True:
        z, j = jacobian(net, flat.reshape(h, w, c).permute(2, 0, 1))
        if int(z.argmax()) == target or len(chosen) == pairs:
            return chosen, won, flat, int(z.argmax()) == target
        up, down = j[target], j.sum(0) - j[target]
        alpha, beta = up[:, None] + up, down[:, None] + down
        score = np.where((alpha > 0) & (beta < 0), -alpha * beta, 0)
        score[~(np.triu(np.ones_like(score), 1).astype(bool) & free[:, None] & free)] = 0
        p, q = np.unravel_index(score.argmax(), score.shape)
        if score[p, q] == 0:
            return chosen, won, flat, False
        first, second = np.partition(score.flatten(), -2)[[-1, -2]]
        chosen.append((p, q))
        won.append(first / second - 1 if second else np.inf)
        for i in (p, q):
            flat[i], free[i] = min(1, flat[i] + theta), False


def record_jsma(rec, name, net, x, y):
    exact, classes = common.double_copy(net), common.SHAPES[name][3]
    images, gamma, theta = 20, .3, 1.
    limit = int(gamma * x[0].numel() / 2)
    target = (y[:images] + 1) % classes
    pairs, gap = np.full((images, limit, 2), -1), np.zeros((images, limit))
    adv, success = [], []
    for i in range(images):
        chosen, won, flat, ok = jsma(exact, x[i], int(target[i]), theta, limit)
        pairs[i, :len(chosen)], gap[i, :len(won)] = np.reshape(chosen, (-1, 2)), won
        success.append(ok)
    rec.add(f"{name}/jsma", "", "Papernot et al. 2016, algorithm 3, on logits, in float64",
            {"target": target, "pairs": pairs, "gap": np.minimum(gap, 1), "success": np.array(success)}, theta=theta, gamma=gamma, images=images)
    print("  smallest gap", gap[pairs[..., 0] >= 0].min(), "success", np.mean(success), "pairs", (pairs[..., 0] >= 0).sum(1).mean())


def main():
    rec = common.Record("minimal")
    projections(rec)
    for name in common.SHAPES:
        net, x, y = common.load(name)
        record_jsma(rec, name, net, x, y)
        distances(rec, name, net, x, y)
    rec.write()


if __name__ == "__main__":
    main()
