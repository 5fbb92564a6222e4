#!/usr/bin/env python3
"""PGD with sparse steps in L1 (Tramèr and Boneh 2019). Seconds.

foolbox's own projection is replaced. It divides by one more than the number of values
that remain, so that its images lie outside the ball, and it enlarges changes inside the
ball as soon as another image of the batch lies outside.
"""

import eagerpy as ep
import foolbox as fb
import torch

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


def main():
    rec = common.Record("sparse")
    for name in common.SHAPES:
        net, x, y = common.load(name)
        eps = .5 * common.EPS[name]["l1"]

        def run(make, net, x):
            return make(**PARAMS)(fb.PyTorchModel(net, bounds=(0, 1), device="cpu"), x, y, epsilons=[eps])[1][0]

        adv, exact = run(Sparse, net, x), run(Sparse, common.twin(net), x.double())
        same = ((adv.double() - exact).abs() <= 1e-5).flatten(1).all(1)
        rec.add(f"{name}/pgd-sparse-l1", "foolbox", "SparseL1DescentAttack, with another projection",
                {"adv": common.nhwc(adv), "success": common.wrong(net, adv, y), "agree": same},
                eps=eps, norm="l1", **PARAMS, box=[0, 1], float64_agrees=common.agreement(adv, exact))
        theirs = run(fb.attacks.SparseL1DescentAttack, net, x)
        print("  agrees with float64: images", float(same.double().mean()), "largest L1 norm", float(common.distance("l1", adv, x).max()),
              "with foolbox's projection", float(common.distance("l1", theirs, x).max()), "at eps", eps)
    rec.write()


if __name__ == "__main__":
    main()
