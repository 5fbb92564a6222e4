#!/usr/bin/env python3
"""Bounds of graphs/bounds beside those of auto_LiRPA 0.3: same weights, same images, value and seconds.

Needs the environment of tools/golden/bounds.py (auto-lirpa 0.3 wants an old torch) and MNIST's four files.

    .venv/lirpa/bin/python -W ignore tools/peers/bounds.py --data DIR                 # 3 rounds, about 20 minutes
    .venv/lirpa/bin/python -W ignore tools/peers/bounds.py --data DIR --nets dm-small --rounds 1

It trains each net for a short time along FGSM, so that bounds say something, and writes weights and images to --work (kept: a second run
trains nothing). With `taskset -c 0` before the command both programs compute on one core, which is less noisy than two. Then each round bounds every margin z_y - z_k of all images by each method, in one process of either program on the same cores,
one after the other; every second round the other goes first. A method runs once before it is timed. Times are processor time (user and system)
and wall time of one call: on a machine that others use too, processor time is the one to read. alpha: --steps steps on the slopes of the
margins, intervals of CROWN kept, on both sides. `joint`: the slopes of the intervals are optimised too.

Writes a Markdown table to stdout: medians over rounds with their range.
"""

import argparse
import gzip
import json
import os
import resource
import statistics
import subprocess
import sys
import time

import numpy as np
import torch
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# kind, outputs, kernel, stride, padding, pool
NETS = {
    "dm-small": (0.05, [("conv", 16, 4, 2, "VALID", False), ("conv", 32, 4, 1, "VALID", False), ("dense", 100), ("dense", 10)]),
    "dm-medium": (0.03, [("conv", 32, 3, 1, "VALID", False), ("conv", 32, 4, 2, "VALID", False), ("conv", 64, 3, 1, "VALID", False),
                         ("conv", 64, 4, 2, "VALID", False), ("dense", 512), ("dense", 512), ("dense", 10)]),
    "hinton": (0.01, [("conv", 32, 5, 1, "SAME", True), ("conv", 64, 5, 1, "SAME", True), ("dense", 1024), ("dense", 10)]),
}
METHODS = {"ibp": "IBP", "crown-ibp": "CROWN-IBP", "crown": "CROWN", "alpha-crown": "alpha-CROWN", "joint": "alpha-CROWN, joint"}
TRAIN_EPS = 0.1


def build(layers):
    parts, channels, side = [], 1, 28
    for i, l in enumerate(layers):
        if l[0] == "conv":
            _, out, kernel, stride, padding, pool = l
            edge = kernel // 2 if padding == "SAME" else 0
            parts += [nn.Conv2d(channels, out, kernel, stride=stride, padding=edge), nn.ReLU()]
            side, channels = (side + 2 * edge - kernel) // stride + 1, out
            if pool:
                parts.append(nn.MaxPool2d(2))
                side //= 2
            continue
        if layers[i - 1][0] == "conv":
            parts.append(nn.Flatten())
            channels *= side * side
        parts.append(nn.Linear(channels, l[1]))
        channels = l[1]
        if i < len(layers) - 1:
            parts.append(nn.ReLU())
    return nn.Sequential(*parts)


def idx(folder, name):
    for path in (os.path.join(folder, name), os.path.join(folder, name + ".gz")):
        if os.path.exists(path):
            raw = (gzip.open if path.endswith(".gz") else open)(path, "rb").read()
            dims = [int.from_bytes(raw[4 + 4 * i:8 + 4 * i], "big") for i in range(raw[3])]
            return np.frombuffer(raw, np.uint8, offset=4 + 4 * len(dims)).reshape(dims)
    sys.exit(f"bounds.py: want MNIST's {name} or {name}.gz in {folder}")


def train(net, x, y, steps, seed):
    torch.manual_seed(seed)
    optimizer, n = torch.optim.Adam(net.parameters(), 1e-3), len(x)
    for step in range(steps):
        at = torch.randint(0, n, (64,))
        a, b = x[at].clone().requires_grad_(), y[at]
        eps = TRAIN_EPS * min(1, step / (steps / 2))
        nn.functional.cross_entropy(net(a), b).backward()
        a = (a + eps * a.grad.sign()).clamp(0, 1).detach()
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(a), b).backward()
        optimizer.step()


def prepare(name, args):
    """Writes the files that both programs read."""
    path = os.path.join(args.work, name)
    eps, layers = NETS[name]
    net = build(layers)
    if not os.path.exists(path + ".pt"):
        x = torch.from_numpy(idx(args.data, "train-images-idx3-ubyte").astype(np.float32)[:, None] / 255)
        train(net, x, torch.from_numpy(idx(args.data, "train-labels-idx1-ubyte").astype(np.int64)), args.train, 1)
        torch.save(net.state_dict(), path + ".pt")
    net.load_state_dict(torch.load(path + ".pt"))
    x = torch.from_numpy(idx(args.data, "t10k-images-idx3-ubyte")[:500].astype(np.float32)[:, None] / 255)
    y = torch.from_numpy(idx(args.data, "t10k-labels-idx1-ubyte")[:500].astype(np.int64))
    with torch.no_grad():
        right = (net(x).argmax(1) == y).nonzero()[:args.images, 0]
    print(f"{name}: the first {args.images} images that it gets right of {int(right[-1]) + 1}", file=sys.stderr)
    record = {"images": x[right].numpy().transpose(0, 2, 3, 1).copy(), "labels": y[right].numpy().astype(np.int32)}
    described, modules, channels = [], [m for m in net if hasattr(m, "weight")], 0
    for i, (l, m) in enumerate(zip(layers, modules)):
        w = m.weight.detach().numpy()
        if l[0] == "conv":
            w, channels = w.transpose(2, 3, 1, 0), l[1]
        elif layers[i - 1][0] == "conv":
            side = int(round((w.shape[1] / channels) ** .5))
            w = w.reshape(-1, channels, side, side).transpose(2, 3, 1, 0).reshape(-1, w.shape[0])
        else:
            w = w.T
        record[f"w{i}"], record[f"b{i}"] = np.ascontiguousarray(w), m.bias.detach().numpy()
        described.append({"Kind": l[0], "Stride": l[3] if l[0] == "conv" else 1, "Padding": l[4] if l[0] == "conv" else "",
                          "Pool": l[0] == "conv" and l[5], "Last": i == len(layers) - 1})
    np.savez(path + ".npz", **record)
    methods = args.methods.split(",")
    with open(path + ".json", "w") as f:
        json.dump({"Layers": described, "Eps": eps, "Steps": args.steps, "Methods": methods}, f)
    return path


# ---- the peer, in a process of its own ---------------------------------------------


def peer(path):
    from auto_LiRPA import BoundedModule, BoundedTensor, PerturbationLpNorm

    with open(path + ".json") as f:
        config = json.load(f)
    net = build(NETS[os.path.basename(path)][1])
    net.load_state_dict(torch.load(path + ".pt"))
    data = np.load(path + ".npz")
    x = torch.from_numpy(data["images"].transpose(0, 3, 1, 2).copy())
    labels = torch.from_numpy(data["labels"].astype(np.int64))
    eps, classes = config["Eps"], 10
    keep = torch.tensor([[k for k in range(classes) if k != y] for y in labels.tolist()])
    c = torch.eye(classes)[labels].unsqueeze(1) - torch.eye(classes).unsqueeze(0)
    rows = torch.gather(c, 1, keep.unsqueeze(2).expand(-1, -1, classes))
    out = {}
    for method in config["Methods"]:
        for timed in (False, True):
            joint = method == "joint"
            steps = {"iteration": config["Steps"], "lr_alpha": 0.1, "early_stop_patience": 1000, "fix_intermediate_layer_bounds": not joint}
            model = BoundedModule(net.eval(), torch.empty_like(x), device="cpu", bound_opts={
                "sparse_features_alpha": False, "sparse_spec_alpha": False, "optimize_bound_args": steps})
            image = BoundedTensor(x, PerturbationLpNorm(norm=np.inf, eps=eps, x_L=(x - eps).clamp(min=0), x_U=(x + eps).clamp(max=1)))
            began, processor = time.time(), processor_seconds()
            if method in ("alpha-crown", "joint"):
                fixed = {}
                if not joint:
                    model.compute_bounds(x=(image,), C=rows, method="CROWN", bound_upper=False)
                    before = [n.inputs[0] for n in model.splittable_activations] if hasattr(model, "splittable_activations") else [n.inputs[0] for n in model.relus]
                    fixed["intermediate_layer_bounds"] = {n.name: [n.lower.detach(), n.upper.detach()] for n in before}
                lower, _ = model.compute_bounds(x=(image,), C=rows, method="CROWN-Optimized", bound_upper=False, **fixed)
            else:
                with torch.no_grad():
                    lower, _ = model.compute_bounds(x=(image,), C=rows, method={"ibp": "IBP", "crown-ibp": "CROWN-IBP", "crown": "CROWN"}[method], bound_upper=False)
            seconds, processor = time.time() - began, processor_seconds() - processor
        full = torch.zeros(len(x), classes)
        full.scatter_(1, keep, lower.detach())
        out[method] = {"Seconds": seconds, "Processor": processor, "Lower": full.tolist()}
        with open(path + ".peer.json", "w") as f:
            json.dump(out, f)


def processor_seconds():
    u = resource.getrusage(resource.RUSAGE_SELF)
    return u.ru_utime + u.ru_stime


# ---- the rounds --------------------------------------------------------------------


def run_go(path, args):
    env = dict(os.environ, UNWARP_BOUNDS_NET=os.path.abspath(path), TF_CPP_MIN_LOG_LEVEL="2", CUDA_VISIBLE_DEVICES="")
    subprocess.run([os.path.abspath(args.binary), "-test.run=^$", "-test.bench=BesidePeer", "-test.benchtime=1x"],
                   cwd=os.path.join(ROOT, "graphs", "bounds"), env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    with open(path + ".go.json") as f:
        return json.load(f)


def run_peer(path, args):
    subprocess.run([sys.executable, "-W", "ignore", __file__, "--peer", path], check=True, stdout=subprocess.DEVNULL)
    with open(path + ".peer.json") as f:
        return json.load(f)


def spread(values):
    return f"{statistics.median(values):.3g} ({min(values):.3g}–{max(values):.3g})"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", help="folder of MNIST's files")
    p.add_argument("--work", default=os.path.join(ROOT, ".venv", "bounds"), help="folder for weights and results (default .venv/bounds)")
    p.add_argument("--nets", default=",".join(NETS))
    p.add_argument("--methods", default=",".join(m for m in METHODS if m != "joint"))
    p.add_argument("--images", type=int, default=4)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--steps", type=int, default=20, help="of alpha-CROWN")
    p.add_argument("--train", type=int, default=200, help="training steps, of 64 images")
    p.add_argument("--binary", help="test program of ./graphs/bounds (go test -c) that was built before; default: built first")
    p.add_argument("--peer", help=argparse.SUPPRESS)
    args = p.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    if args.peer:
        return peer(args.peer)
    unknown = [n for n in args.nets.split(",") if n not in NETS] + [m for m in args.methods.split(",") if m not in METHODS]
    if unknown or not args.data:
        p.error(f"want --data and nets of {', '.join(NETS)} and methods of {', '.join(METHODS)}, got {', '.join(unknown) or 'no --data'}")
    os.makedirs(args.work, exist_ok=True)
    if not args.binary:
        args.binary = os.path.join(args.work, "bounds.test")
        subprocess.run(["go", "run", "./tools/tf", "go", "test", "-c", "-o", os.path.abspath(args.binary), "./graphs/bounds"], cwd=ROOT, check=True)
    print(f"| net, eps | method | least margin, unwarp | auto_LiRPA | proven, both | processor s, unwarp | auto_LiRPA | ratio | wall s, unwarp | auto_LiRPA |\n|{'---|' * 10}")
    for name in args.nets.split(","):
        path = prepare(name, args)
        found = {"go": [], "peer": []}
        for i in range(args.rounds):
            for who in ("go", "peer") if i % 2 == 0 else ("peer", "go"):
                began = time.time()
                found[who].append((run_go if who == "go" else run_peer)(path, args))
                print(f"{name}, round {i + 1}, {who}: {time.time() - began:.0f} s", file=sys.stderr, flush=True)
        labels = np.load(path + ".npz")["labels"]
        for m in args.methods.split(","):
            row(name, m, labels, [r[m] for r in found["go"]], [r[m] for r in found["peer"]])


def row(name, method, labels, ours, theirs):
    def least(result):
        z = np.array(result["Lower"])
        z[np.arange(len(labels)), labels] = np.inf
        return z.min(1)

    a, b = least(ours[0]), least(theirs[0])
    ratio = [x["Processor"] / y["Processor"] for x, y in zip(ours, theirs)]
    print(f"| {name}, {NETS[name][0]} | {METHODS[method]} | {a.mean():.4f} | {b.mean():.4f} | {(a > 0).sum()}, {(b > 0).sum()} of {len(labels)} "
          f"| {spread([x['Processor'] for x in ours])} | {spread([x['Processor'] for x in theirs])} | {spread(ratio)} "
          f"| {spread([x['Seconds'] for x in ours])} | {spread([x['Seconds'] for x in theirs])} |", flush=True)


main()
