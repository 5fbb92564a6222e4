#!/usr/bin/env python3
"""How long attacks take in foolbox, torchattacks, ART, pyautoattack and `unwarp`, and what they leave.

    .venv/peers/bin/python tools/peers/attacks.py bench --model EXPORT --data data/mnist --unwarp ./unwarp --run RUN
    .venv/peers/bin/python tools/peers/attacks.py standard --model EXPORT --data data/mnist --images 1000

EXPORT is the SavedModel folder of a base CNN trained on MNIST by `unwarp`, with the encoder
hinton or dm-medium (`unwarp export RUN` makes one); its weights are read into PyTorch, and
the logits of both compared. The attacks see the first --images test images. How many images
survive depends on --eps and on the training: the tables are of an undefended net and of one
trained with PGD, at a radius that leaves few images and at one that leaves many.

`bench` does these jobs, Linf, with every library that has them, each in a process of its own:

    fgsm      one step, at five eps (.1 to .5)
    bim       10 steps of eps/5, zero start
    pgd       40 steps of eps/30, random start, five restarts
    apgd      APGD on the cross-entropy, 100 iterations, one run
    square    Square, 1,000 queries of the schedule for 10,000; ART always rescales it, which finds more
    standard  AutoAttack: APGD-CE, APGD-T, FAB-T, Square with 5,000 queries; torchattacks
              gives APGD and FAB 10 iterations where the original gives 100

Every library runs at its best: the whole list of eps in one call where it takes one, and
of --batches the quickest (all are tried in the first round, the others dropped). PyTorch
runs channels_last with --threads threads. `s` is the time of the attack alone, without
imports and loading, after one warm-up pass; ratios are of `s`, taken inside each round.
`cpu` is its processor time (for unwarp of the whole process), `process` the time of the
whole process. `accuracy left` is measured by a fresh forward pass on the images that a
library returned, and an image outside the ball or the box ends the job. For unwarp it is
what its report says, where an image misclassified at one eps counts so at every larger one.
Below the table stand the images on which unwarp and a library disagree in the first round.

`standard` writes which images pyautoattack's AutoAttack leaves right at each eps, to hold
`unwarp attack --attack standard` against.

The report goes to stdout, progress to stderr, every figure to --json FILE. Linux only.
"""

import argparse
import json
import os
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
EPS = (.1, .2, .3)
JOBS = {  # job: eps
    "fgsm": (.1, .2, .3, .4, .5), "bim": EPS, "pgd": EPS, "apgd": EPS, "square": EPS, "standard": EPS,
}
OURS = {  # job: attack, as `unwarp attack` reads it
    "fgsm": "fgsm", "bim": "bim(steps=10)", "pgd": "pgd(steps=40,restarts=5)", "apgd": "apgd", "square": "square(queries=1000)",
    "standard": "standard",
}
UNWARP = "unwarp"


def say(text):
    print(text, file=sys.stderr, flush=True)


# ---- the model and the data ---------------------------------------------------------


NETS = {  # encoder: its layers; of convolutions the stride, the padding and the side of a maximum after it
    "hinton": (("encoder/conv1", 1, 2, 2), ("encoder/conv2", 1, 2, 2), ("encoder/fc",), ("classifier",)),
    "dm-medium": (("encoder/conv1", 1, 0, 1), ("encoder/conv2", 2, 0, 1), ("encoder/conv3", 1, 0, 1), ("encoder/conv4", 2, 0, 1),
                  ("encoder/dense1",), ("encoder/fc",), ("classifier",)),
}


def convert(export, path):
    """Writes the weights of an export, and the logits it gives for eight random images, to path."""
    import numpy as np
    import tensorflow as tf

    reader, arrays = tf.train.load_checkpoint(os.path.join(export, "variables", "variables")), {}
    found = {name.removesuffix("/kernel") for name in reader.get_variable_to_shape_map() if name.endswith("/kernel")}
    encoder = next((e for e, layers in NETS.items() if found == {layer[0] for layer in layers}), None)
    if encoder is None:
        sys.exit(f"attacks.py: {export}: layers {sorted(found)}: want the export of a base CNN with the encoder {' or '.join(NETS)}, without decoders")
    arrays["encoder"] = encoder
    for layer in NETS[encoder]:
        for kind in ("kernel", "bias"):
            arrays[f"{layer[0]}/{kind}"] = reader.get_tensor(f"{layer[0]}/{kind}")
    probe = np.random.default_rng(1).random((8, 28, 28, 1), np.float32)
    model = tf.saved_model.load(export)
    arrays["probe"], arrays["probe_logits"] = probe, model.signatures["serving_default"](image=tf.constant(probe))["logits"].numpy()
    np.savez(path, **arrays)


def load_model(path):
    """Returns the net in PyTorch, on [n,1,28,28] in [0,1]."""
    import numpy as np
    import torch

    class Flatten(torch.nn.Module):
        def forward(self, x):
            return x.permute(0, 2, 3, 1).flatten(1)  # TensorFlow's order

    with np.load(path) as z:
        encoder = str(z["encoder"])
        w = {k: torch.from_numpy(z[k]) for k in z.files if k != "encoder"}
    parts = []
    for name, *conv in NETS[encoder]:
        k = w[name + "/kernel"]
        if conv:
            stride, padding, pool = conv
            layer = torch.nn.Conv2d(k.shape[2], k.shape[3], k.shape[0], stride=stride, padding=padding)
            parts += [layer, torch.nn.ReLU()] + [torch.nn.MaxPool2d(pool)] * (pool > 1)
        else:
            parts += [Flatten()] * (not any(isinstance(p, Flatten) for p in parts))
            layer = torch.nn.Linear(*k.shape)
            parts += [layer] + [torch.nn.ReLU()] * (name != "classifier")
        with torch.no_grad():
            layer.weight.copy_(k.permute(3, 2, 0, 1) if k.ndim == 4 else k.T)
            layer.bias.copy_(w[name + "/bias"])
    net = torch.nn.Sequential(*parts).eval().requires_grad_(False).to(memory_format=torch.channels_last)
    apart = float((net(w["probe"].permute(0, 3, 1, 2)) - w["probe_logits"]).abs().max())
    if apart > 1e-4:
        sys.exit(f"attacks.py: logits of PyTorch and the export differ by {apart:.1e}")
    return net


def load_data(folder, n):
    from train import read_idx
    import torch

    images = read_idx(folder, "t10k-images-idx3-ubyte", 2051)[:n]
    labels = read_idx(folder, "t10k-labels-idx1-ubyte", 2049)[:n]
    x = torch.from_numpy(images.copy()).float()[:, None] / 255
    return x.contiguous(memory_format=torch.channels_last), torch.from_numpy(labels.astype("int64"))


# ---- the libraries ------------------------------------------------------------------
#
# One function per library: given the net, a job and its eps, it returns None or
# attack(x, y) -> one batch of adversarial images per eps.


def foolbox(net, job, sizes, batch):
    import foolbox as fb

    make = {
        "fgsm": lambda: fb.attacks.LinfFastGradientAttack(),
        "bim": lambda: fb.attacks.LinfBasicIterativeAttack(rel_stepsize=.2, steps=10),
        "pgd": lambda: fb.attacks.LinfPGD(rel_stepsize=1 / 30, steps=40).repeat(5),
    }.get(job)
    if make:
        model, attack = fb.PyTorchModel(net, bounds=(0, 1), device="cpu"), make()
        return lambda x, y: attack(model, x, y, epsilons=list(sizes))[1]


def torchattacks(net, job, sizes, batch):
    import torch
    import torchattacks as ta

    make = {
        "fgsm": lambda e: ta.FGSM(net, eps=e),
        "bim": lambda e: ta.BIM(net, eps=e, alpha=e / 5, steps=10),
        "pgd": lambda e: ta.MultiAttack([ta.PGD(net, eps=e, alpha=e / 30, steps=40) for _ in range(5)]),
        "apgd": lambda e: ta.APGD(net, eps=e, steps=100, seed=torch.initial_seed()),
        "square": lambda e: ta.Square(net, eps=e, n_queries=1000, resc_schedule=False, seed=torch.initial_seed()),
        "standard": lambda e: ta.AutoAttack(net, eps=e, version="standard", n_classes=10, seed=torch.initial_seed()),
    }[job]
    attacks = [make(e) for e in sizes]
    return lambda x, y: [a(x, y) for a in attacks]


def art(net, job, sizes, batch):
    import torch
    from art.attacks import evasion
    from art.estimators.classification import PyTorchClassifier

    model = PyTorchClassifier(net, loss=torch.nn.CrossEntropyLoss(), input_shape=(1, 28, 28), nb_classes=10,
                              clip_values=(0, 1), device_type="cpu")
    quiet = {"batch_size": batch, "verbose": False}
    make = {
        "fgsm": lambda e: evasion.FastGradientMethod(model, eps=e, batch_size=batch),
        "bim": lambda e: evasion.BasicIterativeMethod(model, eps=e, eps_step=e / 5, max_iter=10, **quiet),
        "pgd": lambda e: evasion.ProjectedGradientDescentPyTorch(model, eps=e, eps_step=e / 30, max_iter=40, num_random_init=5, **quiet),
        "apgd": lambda e: evasion.AutoProjectedGradientDescent(model, eps=e, eps_step=2 * e, max_iter=100, nb_random_init=1,
                                                               loss_type="cross_entropy", **quiet),
        "square": lambda e: evasion.SquareAttack(model, eps=e, max_iter=1000, **quiet),
    }.get(job)
    if make:
        attacks = [make(e) for e in sizes]
        return lambda x, y: [torch.from_numpy(a.generate(x.numpy(), y.numpy())) for a in attacks]


def pyautoattack(net, job, sizes, batch):
    import torch
    from pyautoattack import AutoAttack
    from pyautoattack.autopgd_base import APGDAttack
    from pyautoattack.square import SquareAttack

    seed = torch.initial_seed()
    if job == "apgd":
        attacks = [APGDAttack(net, eps=e, n_iter=100, seed=seed) for e in sizes]
        return lambda x, y: [a.perturb(x, y) for a in attacks]
    if job == "square":
        attacks = [SquareAttack(net, eps=e, n_queries=1000, resc_schedule=False, seed=seed) for e in sizes]
        return lambda x, y: [a.perturb(x, y) for a in attacks]
    if job == "standard":
        attacks = [AutoAttack(net, eps=e, version="standard", seed=seed) for e in sizes]
        for a in attacks:
            a.verbose = False
        return lambda x, y: [a.run_standard_evaluation(x, y, batch_size=batch)[0] for a in attacks]


LIBRARIES = {"foolbox": foolbox, "torchattacks": torchattacks, "ART": art, "pyautoattack": pyautoattack}
PACKAGES = {"foolbox": "foolbox", "torchattacks": "torchattacks", "ART": "adversarial-robustness-toolbox", "pyautoattack": "pyautoattack"}
WHOLE = {("ART", j) for j in JOBS} | {("pyautoattack", "standard")}  # these make their own batches


def child(args):
    """One library, one job, one batch size: prints a JSON object."""
    import importlib.metadata
    import warnings

    import torch

    warnings.simplefilter("ignore")
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    net, sizes = load_model(args.weights), args.eps
    x, y = load_data(args.data, args.images)
    attack = LIBRARIES[args.library](net, args.job, sizes, args.batch)
    if attack is None:
        return print("null")
    probe = x[:args.batch].clone().requires_grad_()
    net(probe).sum().backward()
    step = len(x) if (args.library, args.job) in WHOLE else args.batch
    figures = judge(net, attack, x, y, sizes, step, f"{args.library} {args.job}")
    print(json.dumps({**figures, "version": importlib.metadata.version(PACKAGES[args.library]), "torch": torch.__version__}))


def judge(net, attack, x, y, sizes, step, what):
    """Attacks x in batches of step; returns the seconds, and of each eps the share left and whether each image is."""
    import torch

    found, start, busy = [], time.perf_counter(), time.process_time()
    for i in range(0, len(x), step):
        found.append([a.detach() for a in attack(x[i:i + step], y[i:i + step])])
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    left, flags = {}, {}
    for k, e in enumerate(sizes):
        adv = torch.cat([f[k] for f in found])
        far = float((adv - x).abs().max())
        if far > e + 1e-5 or adv.min() < 0 or adv.max() > 1 or not adv.isfinite().all():
            sys.exit(f"attacks.py: {what}: images at distance {far:.6f} for eps {e}, or outside [0,1]")
        with torch.no_grad():
            right = torch.cat([net(b).argmax(1) for b in adv.split(500)]) == y
        left[str(e)], flags[str(e)] = float(right.float().mean()), right.int().tolist()
    return {"seconds": seconds, "cpu": busy, "left": left, "flags": flags, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


# ---- unwarp -------------------------------------------------------------------------


def ours(args, job, sizes, data=()):
    """Runs `unwarp attack`, with the flags data for other images than MNIST's files; returns what child prints."""
    with tempfile.TemporaryDirectory() as folder:
        # Its defaults run on: bfloat16 gradients where the processor has them, and no attempt whose verdict is known.
        command = [*shlex.split(args.unwarp), "attack", args.run, "--attack", OURS[job], "--eps", " ".join(map(str, sizes)), "--norm", "linf",
                   "--images", str(args.images), "--checks", "0", "--device", "cpu", "--precision", args.precision, "--json", "--out", folder,
                   *(data or ("--set", "data.path=" + os.path.abspath(args.data)))]
        out = os.path.join(folder, "out.json")
        with open(out, "wb") as f:
            process = subprocess.Popen(command, stdout=f, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                       env={**os.environ, "GOMAXPROCS": str(args.threads)})
            complaint = process.stderr.read().decode(errors="replace")
            _, status, usage = os.wait4(process.pid, 0)
        if status:
            return None, complaint.strip().splitlines()[-1] if complaint.strip() else f"status {status}"
        with open(out) as f:
            record = json.load(f)
    e = record["evaluation"]
    right = [a == b for a, b in zip(e["labels"], e["clean"])]
    flags = {}
    for eps in sizes:
        def robust(i):
            distances = (a["results"][i]["threat_distance"] for a in e["attacks"])
            return right[i] and not any(r is not None and r <= eps + 1e-6 for r in distances)
        flags[str(eps)] = [int(robust(i)) for i in range(len(right))]
    return {"seconds": e["seconds"], "clean": e["clean"], "cpu": usage.ru_utime + usage.ru_stime, "left": {k: sum(v) / len(v) for k, v in flags.items()}, "flags": flags,
            "peak_mb": usage.ru_maxrss / 1024, "version": record["version"], "passes": e["cost"]}, ""


# ---- rounds -------------------------------------------------------------------------


def run_child(args, weights, library, job, sizes, batch, seed=0):
    command = [sys.executable, os.path.abspath(__file__), "child", library, job, str(batch), "--weights", weights, "--data", os.path.abspath(args.data),
               "--images", str(args.images), "--threads", str(args.threads), "--seed", str(seed), "--eps", *map(str, sizes)]
    env = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": str(args.threads)}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    if done.returncode or not done.stdout.strip():
        lines = done.stderr.strip().splitlines()
        return None, lines[-1] if lines else f"exit code {done.returncode}"
    return json.loads(done.stdout.splitlines()[-1]), ""


def measure(args, weights):
    """Returns the figures, one for each run, and what is missing."""
    figures, missing, batches, apart = [], {}, {}, {}
    sizes_of = lambda job: tuple(args.eps) if args.eps else JOBS[job]

    def one(round_, library, job, batch):
        start = time.perf_counter()
        if library == UNWARP:
            r, why = ours(args, job, sizes_of(job))
        else:
            r, why = run_child(args, weights, library, job, sizes_of(job), batch, round_)
        wall = time.perf_counter() - start
        if r is None:
            if why:
                missing[f"{library}, {job}"] = why
                say(f"{library} {job}: {why}")
            return None
        if round_ == 0:
            apart[job, library] = r["flags"]
        r.pop("flags")
        r.pop("clean", None)
        figures.append({"round": round_, "library": library, "job": job, "batch": batch, "process": wall, **r})
        say(f"round {round_ + 1}: {library} {job} batch {batch}: {r['seconds']:.1f} s, left {r['left']}")
        return r["seconds"]

    wanted = ([UNWARP] if args.unwarp else []) + [n for n in LIBRARIES if n in args.libraries]
    for round_ in range(args.rounds):
        for job in args.jobs:
            for library in wanted if round_ % 2 == 0 else wanted[::-1]:
                if library == UNWARP:
                    one(round_, library, job, None)
                elif round_ == 0:
                    times = {b: one(round_, library, job, b) for b in args.batches}
                    times = {b: t for b, t in times.items() if t is not None}
                    if times:
                        batches[library, job] = min(times, key=times.get)
                elif (library, job) in batches:
                    one(round_, library, job, batches[library, job])
    return [f for f in figures if f["library"] == UNWARP or f["batch"] == batches[f["library"], f["job"]]], missing, apart


# ---- the report ---------------------------------------------------------------------


def spread(values, digits):
    middle = f"{statistics.median(values):.{digits}f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def differences(apart):
    """Yields a line for each job, library and eps at which verdicts of images differ from unwarp's."""
    for (job, library), flags in apart.items():
        mine = apart.get((job, UNWARP))
        for eps in flags if mine and library != UNWARP else ():
            left = [f"{i} ({UNWARP if a else library})" for i, (a, b) in enumerate(zip(mine[eps], flags[eps])) if a != b]
            if left:
                yield f"- {job}, {library}, eps {eps}: {len(left)} of {len(mine[eps])}: " + ", ".join(left)


def report(args, figures, missing, apart, load):
    versions = {f["library"]: f["version"] for f in figures} | {"torch": f["torch"] for f in figures if "torch" in f}
    print(f"{args.images} MNIST test images, Linf, {args.threads} threads, {', '.join(f'{k} {v}' for k, v in versions.items())}; "
          f"load at start {load:.2f}. Median (range) over {args.rounds} round{'s' if args.rounds > 1 else ''}.\n")
    print("| job | | s | relative to unwarp | cpu, s | cpu, relative | process, s | peak MB | batch | accuracy left, % (eps) |\n|---|---|---|---|---|---|---|---|---|---|")
    for job in args.jobs:
        base, busy = ({f["round"]: f[what] for f in figures if (f["job"], f["library"]) == (job, UNWARP)} for what in ("seconds", "cpu"))
        for library in [UNWARP, *LIBRARIES]:
            rows = [f for f in figures if (f["job"], f["library"]) == (job, library)]
            if not rows:
                continue
            ratios = [f["seconds"] / base[f["round"]] for f in rows if f["round"] in base]
            cpus = [f["cpu"] / busy[f["round"]] for f in rows if f["round"] in busy]
            left = " ".join(f"{100 * statistics.median(f['left'][e] for f in rows):.1f}" for e in rows[0]["left"])
            print(f"| {job} | {library} | {spread([f['seconds'] for f in rows], 1)} | {spread(ratios, 2) if ratios else '–'} | "
                  f"{spread([f['cpu'] for f in rows], 1)} | {spread(cpus, 2) if cpus else '–'} | {spread([f['process'] for f in rows], 1)} | {spread([f['peak_mb'] for f in rows], 0)} | {rows[0]['batch'] or '–'} | "
                  f"{left} ({' '.join(rows[0]['left'])}) |")
    if lines := list(differences(apart)):
        print("\nImages left by one alone, and by which:\n", *lines, sep="\n")
    if missing:
        print("\nMissing:\n")
        for row, why in missing.items():
            print(f"- {row}: {why}")


def bench(args, weights):
    load = os.getloadavg()[0]
    if load > .3:
        say(f"warning: the load is {load:.1f}: other work is running and will spoil the figures")
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:args.threads])  # children inherit it
    figures, missing, apart = measure(args, weights)
    report(args, figures, missing, apart, load)
    if args.json:
        with open(args.json, "w") as f:
            json.dump({"images": args.images, "threads": args.threads, "load": load, "missing": missing, "figures": figures}, f, indent=1)
    return bool(missing)


def standard(args, weights):
    """AutoAttack by pyautoattack: accuracy left and which images stay correct, per seed and eps."""
    runs = []
    for seed in args.seeds:
        r, why = run_child(args, weights, "pyautoattack", "standard", args.eps, args.batches[-1], seed)
        if r is None:
            sys.exit(f"attacks.py: {why}")
        runs.append({"seed": seed, **r})
        print(f"seed {seed}: " + ", ".join(f"{100 * left:.2f} % correct at {eps}" for eps, left in r["left"].items()) + f"; {r['seconds']:.1f} s", flush=True)
    for eps in map(str, args.eps):
        each = [r["left"][eps] for r in runs]
        ever = sum(all(f) for f in zip(*(r["flags"][eps] for r in runs)))
        print(f"eps {eps}: pyautoattack leaves {100 * statistics.mean(each):.2f} %, seeds lie within {100 * (max(each) - min(each)):.2f} points; "
              f"{100 * ever / args.images:.2f} % correct under all")
    result = {"images": args.images, "pyautoattack": runs}
    if args.unwarp:
        mine, why = ours(args, "standard", args.eps)
        if mine is None:
            sys.exit(f"attacks.py: unwarp: {why}")
        result["unwarp"] = mine
        for eps, left in mine["left"].items():
            mean = statistics.mean(r["left"][eps] for r in runs)
            apart = [sum(a != b for a, b in zip(mine["flags"][eps], r["flags"][eps])) for r in runs]
            print(f"eps {eps}: unwarp leaves {100 * left:.2f} %, {100 * (left - mean):+.2f} points; verdicts that differ, per seed: {apart}")
    if args.json:
        with open(args.json, "w") as f:
            json.dump(result, f)


def words(known):
    def parse(text):
        names = text.split(",")
        for n in names:
            if n not in known:
                raise argparse.ArgumentTypeError(f"want some of {', '.join(known)}, got {n!r}")
        return names
    return parse


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(dest="command", required=True)
    for name, images in (("bench", 500), ("standard", 1000)):
        c = sub.add_parser(name)
        c.add_argument("--model", required=True, metavar="EXPORT", help="SavedModel folder of a base CNN (hinton or dm-medium) trained on MNIST")
        c.add_argument("--precision", default="auto", choices=["auto", "float32", "bfloat16"], help="of unwarp's gradients (default auto)")
        c.add_argument("--data", required=True, metavar="DIR", help="MNIST's IDX files")
        c.add_argument("--images", type=int, default=images, help=f"first test images (default {images})")
        c.add_argument("--threads", type=int, default=2, help="cores, and threads of PyTorch (default 2)")
        c.add_argument("--batches", type=lambda t: [int(b) for b in t.split(",")], default=[128, 500], metavar="N,N", help="batch sizes (default 128,500)")
        c.add_argument("--unwarp", metavar="CMD", help="the unwarp program; without it the libraries run alone")
        c.add_argument("--run", metavar="RUN", help="run or export that unwarp attacks (default: --model)")
        c.add_argument("--json", metavar="FILE", help="also write every figure there")
    sub.choices["bench"].add_argument("--eps", type=lambda t: [float(e) for e in t.split(",")], metavar="E,E", help="instead of each job's own")
    sub.choices["bench"].add_argument("--rounds", type=int, default=3, help="rounds (default 3)")
    sub.choices["bench"].add_argument("--jobs", type=words(JOBS), default=list(JOBS), metavar="JOB,JOB", help=f"of {','.join(JOBS)}")
    sub.choices["bench"].add_argument("--libraries", type=words(LIBRARIES), default=list(LIBRARIES), metavar="NAME,NAME", help=f"of {','.join(LIBRARIES)}")
    sub.choices["standard"].add_argument("--eps", type=lambda t: [float(e) for e in t.split(",")], default=list(EPS), metavar="E,E")
    sub.choices["standard"].add_argument("--seeds", type=lambda t: [int(n) for n in t.split(",")], default=[0, 1, 2], metavar="N,N", help="seeds of pyautoattack (default 0,1,2)")
    c = sub.add_parser("child")
    c.add_argument("library", choices=LIBRARIES)
    c.add_argument("job", choices=JOBS)
    c.add_argument("batch", type=int)
    c.add_argument("--eps", type=float, nargs="+")
    for flag, kind in (("weights", str), ("data", str), ("images", int), ("threads", int), ("seed", int)):
        c.add_argument("--" + flag, type=kind, required=True)
    c = sub.add_parser("convert")
    c.add_argument("model")
    c.add_argument("path")
    args = p.parse_args()
    if args.command == "child":
        return child(args)
    if args.command == "convert":
        return convert(args.model, args.path)
    args.run = args.run or args.model
    with tempfile.TemporaryDirectory() as folder:
        weights = os.path.join(folder, "weights.npz")
        done = subprocess.run([sys.executable, os.path.abspath(__file__), "convert", args.model, weights], stderr=subprocess.PIPE, text=True,
                              env={**os.environ, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"})
        if done.returncode:
            sys.exit(done.stderr.strip().splitlines()[-1])
        sys.exit({"bench": bench, "standard": standard}[args.command](args, weights))


if __name__ == "__main__":
    main()
