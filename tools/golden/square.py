#!/usr/bin/env python3
"""Square of pyautoattack in L2 and L1, three seeds. A minute.

Its start fits few sizes: of ours the 8x8 images of net b, but for their first row and
column. Linf is in blackbox.py.
"""

import torch
from pyautoattack.square import SquareAttack

import common

SEEDS = (0, 1, 2)
NORMS = {"l2": "L2", "l1": "L1"}
QUERIES = 1000


def main():
    rec = common.Record("square")
    name = "b"
    net, x, y = common.load(name)
    for norm in NORMS:
        for share in (1, 1.5):
            eps, spent, success = share * common.EPS[name][norm] * (.5 if norm == "l1" else 1), [], []
            for seed in SEEDS:
                a = SquareAttack(net, norm=NORMS[norm], eps=eps, n_queries=QUERIES, p_init=.8, resc_schedule=False, seed=seed)
                a.init_hyperparam(x)
                torch.manual_seed(seed)
                n, adv = a.attack_single_run(x, y)
                success.append(common.wrong(net, adv, y))
                assert (common.distance(norm, adv, x) < eps + 1e-5).all()
                spent.append(n.int())
            rec.add(f"{name}/square-{norm}-{share}", "pyautoattack", "SquareAttack.attack_single_run",
                    {"success": torch.stack(success), "queries": torch.stack(spent)},
                    eps=eps, norm=norm, n_queries=QUERIES, p_init=.8, resc_schedule=False, loss="margin", seeds=SEEDS)
    rec.write()


if __name__ == "__main__":
    main()
