#!/usr/bin/env python3
"""Attacks without gradients, and AutoAttack as a whole: three seeds each, or recorded draws. Ten minutes."""

import random
import warnings

import foolbox as fb
import numpy as np
import torch
from art.attacks.evasion import SquareAttack as ArtSquare
from art.estimators.classification import PyTorchClassifier
from foolbox.attacks.spatial_attack_transformations import rotate_and_shift
from pyautoattack import AutoAttack
from pyautoattack.square import SquareAttack

import common
from minimal import NORMS, verified

SEEDS = (0, 1, 2)


class Counted(torch.nn.Module):
    """The net, and how many images it was asked about."""

    def __init__(self, net):
        super().__init__()
        self.net, self.images = net, 0

    def forward(self, x):
        self.images += len(x)
        return self.net(x)


def square(rec, name, net, x, y):
    norm, queries = "linf", 1000
    for share in (1, 1.5):
        eps, spent, success = share * common.EPS[name][norm], [], []
        for seed in SEEDS:
            a = SquareAttack(net, norm=NORMS[norm], eps=eps, n_queries=queries, p_init=.8, resc_schedule=False, seed=seed)
            a.init_hyperparam(x)
            torch.manual_seed(seed)
            n, adv = a.attack_single_run(x, y)
            success.append(common.wrong(net, adv, y))
            assert (common.distance(norm, adv, x) < eps + 1e-5).all()
            spent.append(n.int())
        rec.add(f"{name}/square-{norm}-{share}", "pyautoattack", "SquareAttack.attack_single_run",
                {"success": torch.stack(success), "queries": torch.stack(spent)},
                eps=eps, norm=norm, n_queries=queries, p_init=.8, resc_schedule=False, loss="margin", seeds=SEEDS)
        print("  success per seed", [round(float(s.float().mean()), 3) for s in success],
              "mean queries of successes", [round(float(n[s].float().mean()), 1) for n, s in zip(spent, success)], flush=True)


def square_l2(rec, name, net, x, y):
    """pyautoattack's start does not fit net a (see square.py); ART's does, but ART rescales the schedule of p and finds less."""
    h, w, c, classes = common.SHAPES[name]
    model = PyTorchClassifier(net, loss=torch.nn.CrossEntropyLoss(), input_shape=(c, h, w), nb_classes=classes, clip_values=(0, 1), device_type="cpu")
    for share in (1, 1.5):
        eps, success = share * common.EPS[name]["l2"], []
        for seed in SEEDS:
            np.random.seed(seed)
            random.seed(seed)
            adv = torch.from_numpy(ArtSquare(model, norm=2, eps=eps, max_iter=1000, p_init=.8, verbose=False).generate(x.numpy(), y.numpy()))
            assert (common.distance("l2", adv, x) < eps + 1e-5).all()
            success.append(common.wrong(net, adv, y))
        rec.add(f"{name}/square-l2-{share}", "adversarial-robustness-toolbox", "SquareAttack",
                {"success": torch.stack(success)}, eps=eps, norm="l2", max_iter=1000, p_init=.8, resc_schedule=True, loss="margin", seeds=SEEDS)
        print("  success per seed", [round(float(s.float().mean()), 3) for s in success], flush=True)


def autoattack(rec, name, net, x, y):
    targets = common.SHAPES[name][3] - 1
    for norm in NORMS:
        eps, robust = (.5 if norm == "l1" else .8) * common.EPS[name][norm], []
        for seed in SEEDS:
            a = AutoAttack(net, norm=NORMS[norm], eps=eps, version="standard", seed=seed)
            if norm != "linf":
                a.attacks_to_run.remove("square")  # its start does not fit these images
            a.fab.n_target_classes = min(9, targets)
            a.apgd_targeted.n_target_classes = min(9 if norm != "l1" else 5, targets)
            a.verbose = False
            robust.append(~common.wrong(net, a.run_standard_evaluation(x, y, batch_size=32)[0], y))
        rec.add(f"{name}/autoattack-{norm}", "pyautoattack", "AutoAttack.run_standard_evaluation", {"robust": torch.stack(robust)},
                eps=eps, norm=norm, attacks=a.attacks_to_run, targets=targets, seeds=SEEDS)
        print("  robust per seed", [round(float(r.float().mean()), 3) for r in robust], flush=True)


def decisions(rec, name, net, x, y):
    """Boundary and HopSkipJump; the latter image by image, since foolbox's estimates depend on the batch."""
    model = Counted(net).eval()
    fmodel = fb.PyTorchModel(model, bounds=(0, 1), device="cpu")
    for steps in (1000, 5000):
        found, model.images = [], 0
        for seed in SEEDS:
            torch.manual_seed(seed)
            found.append(verified(net, x, y, fb.attacks.BoundaryAttack(steps=steps)(fmodel, x, y, epsilons=None)[0], "l2"))
        distances(rec, f"{name}/boundary-l2-{steps}", "BoundaryAttack", found, norm="l2", steps=steps,
                  queries_per_image=model.images // len(x) // len(SEEDS))
    n = 16
    for norm in ("l2", "linf"):
        found, model.images = [], 0
        for seed in SEEDS:
            torch.manual_seed(seed)
            a = fb.attacks.HopSkipJumpAttack(steps=10, constraint=norm, initial_gradient_eval_steps=100)
            adv = torch.cat([a(fmodel, x[i:i + 1], y[i:i + 1], epsilons=None)[0] for i in range(n)])
            found.append(verified(net, x[:n], y[:n], adv, norm))
        distances(rec, f"{name}/hopskipjump-{norm}", "HopSkipJumpAttack", found, norm=norm, steps=10, initial_gradient_eval_steps=100,
                  images=n, queries_per_image=model.images // n // len(SEEDS))


def distances(rec, record, call, found, **params):
    rec.add(record, "foolbox", call, {"distance": torch.stack(found)}, seeds=SEEDS, **params)
    print("  median per seed", [round(float(d[d > 0].median()), 4) for d in found], "queries", params.get("queries_per_image"), flush=True)


def noise(rec, name, net, x, y):
    """Share of 1,000 draws that fool the net, per image; and foolbox's salt and pepper."""
    r = torch.Generator().manual_seed(6)
    for norm in ("linf", "l2"):
        eps, draws = 4 * common.EPS[name][norm], []
        for _ in range(1000):
            d = 2 * torch.rand(x.shape, generator=r) - 1 if norm == "linf" else torch.randn(x.shape, generator=r)
            if norm == "l2":
                d = d / d.flatten(1).norm(dim=1)[:, None, None, None]
            draws.append(common.wrong(net, (x + eps * d).clamp(0, 1), y))
        rec.add(f"{name}/noise-{norm}", "", {"linf": "x + uniform in [-eps,eps], clipped", "l2": "x + normal noise scaled to eps, clipped"}[norm],
                {"rate": torch.stack(draws).float().mean(0)}, eps=eps, norm=norm, draws=1000)
    found = []
    for seed in SEEDS:
        torch.manual_seed(seed)
        a = fb.attacks.SaltAndPepperNoiseAttack(steps=1000, across_channels=True)
        found.append(verified(net, x, y, a(fb.PyTorchModel(net, bounds=(0, 1), device="cpu"), x, y, epsilons=None)[0], "l2"))
    distances(rec, f"{name}/salt-and-pepper", "SaltAndPepperNoiseAttack", found, norm="l2", steps=1000, across_channels=True)


def spatial(rec, name, net, x, y):
    """The grid of foolbox's SpatialAttack: rotation outermost, then the two shifts."""
    import eagerpy as ep
    a = fb.attacks.SpatialAttack(max_translation=2, max_rotation=30, num_translations=5, num_rotations=5, grid_search=True)
    grid = [(p, i, j) for p in np.linspace(-30, 30, 5) for i in np.linspace(-2, 2, 5) for j in np.linspace(-2, 2, 5)]
    fooled, shown = [], []
    for k, (p, i, j) in enumerate(grid):
        moved = rotate_and_shift(ep.astensor(x), translation=(i, j), rotation=p).raw
        fooled.append(common.wrong(net, moved, y))
        if k in (0, 31, 62, 77, 112):
            shown.append((k, common.nhwc(moved[:2])))
    fooled = torch.stack(fooled)
    success = a(fb.PyTorchModel(net, bounds=(0, 1), device="cpu"), x, y)[2]
    assert (success == fooled.any(0)).all()
    rec.add(f"{name}/spatial", "foolbox", "SpatialAttack, rotate_and_shift",
            {"grid": np.array(grid, np.float32), "wrong": fooled, "success": success,
             "shown": np.array([k for k, _ in shown]), "moved": np.stack([m for _, m in shown])},
            max_translation=2, max_rotation=30, num_translations=5, num_rotations=5)


def cyclic(v, r=1.5, low=-.5, high=.5):
    """Scale and, once out of range, come back in from the other side."""
    v = v * r
    return v + (high - low) if v < low else v - (high - low) if v > high else v


def local_search(net, x, label, first, reading, rounds, t=5, d=2, tabu=6):
    """Narodytska and Kasiviswanathan 2016 on one image [c,h,w], in float64.

    Values are centred: v - 1/2. Each round tries every pixel of a list: all its channels
    become p*sign(v); the t pixels that leave the true class the least probability (the
    earlier in the list at a tie) go through `cyclic`; the next list is the squares of side
    2d+1 round these, in ascending order. "foolbox": p stays 10. "paper": p starts at 1; then
    doubles where the mean of the t probabilities is above .99, halves where it is below .3;
    a pixel that was changed is left out of the next tabu rounds' lists.
    """
    c, h, w = x.shape
    v, p, pixels = x.double() - .5, 10. if reading == "foolbox" else 1., list(first)
    chosen, gaps, changed, ps = [], [], {}, []
    for round_ in range(rounds):
        if not pixels:
            break
        trial = v.repeat(len(pixels), 1, 1, 1)
        for k, q in enumerate(pixels):
            trial[k, :, q // w, q % w] = p * v[:, q // w, q % w].sign()
        scores = net(trial + .5).softmax(1)[:, label].numpy()
        order = np.argsort(scores, kind="stable")
        best = [pixels[k] for k in order[:t]]
        gaps.append(scores[order[t]] / scores[order[t - 1]] - 1 if len(order) > t else 1.)
        ps.append(p)
        for q in best:
            for k in range(c):
                v[k, q // w, q % w] = cyclic(float(v[k, q // w, q % w]))
            changed[q] = round_
        chosen.append(best + [-1] * (t - len(best)))
        if int(net(v[None] + .5).argmax(1)) != label:
            return chosen, gaps, ps, v + .5, True
        if reading == "paper":
            mean = scores[order[:t]].mean()
            p = 2 * p if mean > .99 else p / 2 if mean < .3 else p
        near = {i * w + j for q in best for i in range(max(0, q // w - d), min(h, q // w + d + 1))
                for j in range(max(0, q % w - d), min(w, q % w + d + 1))}
        free = reading == "foolbox"
        pixels = sorted(q for q in near if free or round_ + 1 - changed.get(q, -tabu - 1) > tabu)
    return chosen, gaps, ps, v + .5, False


def record_local_search(rec, name, net, x, y):
    exact, (h, w, c, _) = common.double_copy(net), common.SHAPES[name]
    n, rounds, t = 16, 30, 5
    r = np.random.default_rng(8)
    first = np.stack([r.permutation(h * w)[:h * w // 10] for _ in range(n)])
    for reading in ("foolbox", "paper"):
        pixels, gap, ps = np.full((n, rounds, t), -1), np.zeros((n, rounds)), np.zeros((n, rounds))
        adv, success = [], []
        for i in range(n):
            chosen, g, p, image, ok = local_search(exact, x[i], int(y[i]), [int(q) for q in first[i]], reading, rounds)
            pixels[i, :len(chosen)], gap[i, :len(g)], ps[i, :len(p)] = chosen, np.clip(g, 0, 1), p
            adv.append(image)
            success.append(ok)
        rec.add(f"{name}/local-search-{reading}", "", "Narodytska and Kasiviswanathan 2016, in float64",
                {"first": first, "pixels": pixels, "gap": gap, "p": ps, "adv": common.nhwc(torch.stack(adv)), "success": np.array(success)},
                images=n, rounds=rounds, t=t, d=2, r=1.5, tabu=6 if reading == "paper" else 0, order="ascending")
        print("  success", np.mean(success), "rounds", (pixels[..., 0] >= 0).sum(1).mean(), "smallest gap", gap[pixels[..., 0] >= 0].min(),
              "p", np.unique(ps), "range", float(torch.stack(adv).min()), float(torch.stack(adv).max()))


def main():
    rec = common.Record("blackbox")
    for name in common.SHAPES:
        net, x, y = common.load(name)
        for part in (record_local_search, spatial, noise, square, square_l2, autoattack, decisions):
            part(rec, name, net, x, y)
    rec.write()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
