#!/usr/bin/env python3
"""Where training on workers stops to scale: a model on paper, and a simulation beside it.

    python3 tools/peers/scaling.py                       # the tables, a few seconds
    python3 tools/peers/scaling.py --gflops 10000        # a worker as fast as a GPU
    python3 tools/peers/scaling.py --batch 1024 --jitter .2

The driver sends all weights to each of N workers (4 bytes a parameter) and gets all
gradients back (4 bytes, or 2 with train.gradients=bfloat16). Everything passes the
driver's link, each way on its own, so with a batch of B images, P parameters, g bytes a
gradient, F operations an image, S operations a second and a link of W bytes/s

    T(N) = B F / (N S)  +  N P (4 + g) / W  +  update

The first term falls with N and the second rises: the best N is sqrt(B F W / (S P (4 + g))).
All-reduce in a ring has 2 (N-1)/N P g / W in place of the second term; it is listed to
compare, as what workers that send to each other would reach.

The simulation has workers of unequal speed (a log-normal factor of spread --jitter for
each step) and a link that all flows share evenly at each moment; a gradient starts when
its worker is done, so that sending overlaps with the computation of slower workers.

Needs Python 3.9 or later, no packages.
"""

import argparse
import math
import random
import statistics

MODELS = {  # parameters, operations of a training step for an image
    "Hinton's CNN, 4.2 M parameters": (4.2e6, 83e6),
    "ResNet-50, 25 M parameters": (25e6, 11.4e9),
}
LINKS = {"1 Gbit/s": 1e9 / 8, "10 Gbit/s": 10e9 / 8, "25 Gbit/s": 25e9 / 8}
WORKERS = (1, 2, 4, 8, 16, 32, 64)
UPDATE = 2.5e9  # parameters a second that the driver adds up and updates, for each replica


def paper(n, batch, params, flops, speed, link, gradient):
    return batch * flops / n / speed + n * params * (4 + gradient) / link + n * params / UPDATE


def ring(n, batch, params, flops, speed, link, gradient):
    return batch * flops / n / speed + 2 * (n - 1) / n * params * gradient / link + params / UPDATE


def shared(starts, size, link):
    """When the last of flows of the same size ends that share a link evenly."""
    waiting, left, now = sorted(starts), [], 0.0
    while waiting or left:
        if not left:
            now = max(now, waiting[0])
        while waiting and waiting[0] <= now:
            left.append(size)
            waiting.pop(0)
        until = min(left) * len(left) / link  # that the next flow ends
        if waiting:
            until = min(until, waiting[0] - now)
        done = until * link / len(left)
        left = [x - done for x in left if x - done > size * 1e-9]
        now += until
    return now


def simulate(n, batch, params, flops, speed, link, gradient, jitter, steps, rng):
    def step():
        sent = shared([0.0] * n, params * 4, link)
        ends = [sent + batch * flops / n / speed * rng.lognormvariate(0, jitter) for _ in range(n)]
        return shared(ends, params * gradient, link) + n * params / UPDATE

    return statistics.fmean(step() for _ in range(steps))


def table(name, params, flops, args, gradient):
    speed = args.gflops * 1e9
    kind = "float32" if gradient == 4 else "bfloat16"
    print(f"\n{name}, gradients in {kind}: {params * (4 + gradient) / 1e6:.0f} MB a step and worker\n")
    print("| link | best N | " + " | ".join(f"N={n}" for n in WORKERS) + " |")
    print("|---|" + "---|" * (1 + len(WORKERS)))
    for link_name, link in LINKS.items():
        fixed = (args.batch, params, flops, speed, link, gradient)
        local = args.batch * flops / speed + params / UPDATE  # on one machine, nothing is sent
        best = math.sqrt(args.batch * flops / speed / (params * (4 + gradient) / link + params / UPDATE))
        cells = []
        for n in WORKERS:
            rng = random.Random(n)
            cells.append(f"{local / paper(n, *fixed):.2f} / {local / simulate(n, *fixed, args.jitter, args.steps, rng):.2f} / {local / ring(n, *fixed):.2f}")
        print(f"| {link_name} | {best:.1f} | " + " | ".join(cells) + " |")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--batch", type=int, default=512, help="images of a step, of all workers together")
    p.add_argument("--gflops", type=float, default=1000, help="of a worker, in 1e9 operations a second; a core does about 100")
    p.add_argument("--jitter", type=float, default=.1, help="spread of a worker's time for a step")
    p.add_argument("--steps", type=int, default=200, help="simulated steps of each cell")
    args = p.parse_args()
    if min(args.batch, args.gflops, args.steps) <= 0 or args.jitter < 0:
        p.error("want positive numbers")
    print(f"Speed relative to one machine that sends nothing; batch {args.batch}, {args.gflops:g} GFLOP/s a worker.")
    print("Cells: formula / simulation / all-reduce in a ring.")
    for name, (params, flops) in MODELS.items():
        for gradient in (4, 2):
            table(name, params, flops, args, gradient)


if __name__ == "__main__":
    main()
