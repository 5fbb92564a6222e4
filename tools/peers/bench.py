#!/usr/bin/env python3
"""The Go program beside its peers: a Markdown table of step time, start, memory, augmentation.

    tools/peers/setup.sh                     # once
    python3 tools/peers/bench.py             # 3 rounds, about a quarter of an hour
    python3 tools/peers/bench.py --memory    # 10,000 steps each, about 25 minutes
    python3 tools/peers/bench.py --memory --protocol smallnorb,cifar    # the same of Go, in batches of 8
    python3 tools/peers/bench.py --protocol smallnorb,cifar    # a table each, about 5 minutes
    python3 tools/peers/bench.py --go-start './unwarp train' --go-start-match 'step +1\\b'

--protocol says what is trained: disentangled and disentangled-views are the disentangled model
with eq. 5 and with eq. 8 (disentangled.py); mnist is a training step of the base CNN without
augmentation (train.py) and the augmentation alone (augment.py); these three are the default.
smallnorb, facescrub and cifar are the training loops of these data sets with their augmentation
(protocols.py), in images/s. But for mnist every row must have as many parameters as the base row,
and its loss must fall, else it is listed as missing; the table shows the mean loss of each fifth
of the steps, of which the first is not timed; `waiting` is the share of all training time that the
Go loop waited for data.

A round runs every peer and every Go benchmark of each protocol once, one after another; every second round goes backwards, so that a machine that grows slower or faster
treats all alike. All of them are bound to the same --threads cores. Each figure is the
median over rounds with its range; a ratio is taken inside each round first. Nothing else
may run meanwhile (the load is printed): a busy core makes PyTorch, whose threads wait for
each other, up to 20 times slower, and TensorFlow 2 to 3 times.

The Go benchmarks (GO below) are compiled once with `go test -c`, through tools/tf where
they need TensorFlow, and the test binary is run from its package's folder. A benchmark
that is not there, does not build or fails is listed as missing; so is a failed peer, which
also makes the exit code 1. A Go benchmark may report more than ns/op:

    us/image or ns/image                     preferred for augmentation
    first-step-s, peak-MB, growth-MB         fill the columns of the same name
    waiting-%, params, loss-1 to loss-5      as above

Otherwise peak is what the kernel says of the test binary, and --go-start fills `start`:
it runs a command until a line of its output matches, then ends it.

Needs Python 3.9 or later, no packages. Linux only.
"""

import argparse
import json
import os
import re
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from typing import NamedTuple

BATCH = 128
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


class Go(NamedTuple):
    row: str  # name in the table
    package: str  # folder of the benchmark
    name: str  # as `go test -bench` prints it, without the -N of GOMAXPROCS
    table: str  # "step", "augment" or a protocol
    time: str = "50x"  # -benchtime
    images: int = 1  # augment: images per op, used if the benchmark reports no time per image
    tensorflow: bool = True  # build through tools/tf


GO = [
    Go("Go, whole loop", "trainer", "BenchmarkStep/base/loop", "step"),
    Go("Go, bare session call", "trainer", "BenchmarkStep/base/bare", "step"),
    Go("Go", "pipelines", "BenchmarkAugment/norb-mono", "augment", time="2s", tensorflow=False),
]
PROTOCOLS = {  # protocol: timed steps per row and round, and what is trained
    "disentangled": (120, "28x28x1, eq. 5, smooth field; disentangled model round Hinton's CNN, 10 classes, Adam"),
    "disentangled-views": (80, "the same with the deformed views of eq. 8"),
    "smallnorb": (80, "96x96x2, crop 48, resize 32, jitter, normalised by image; Hinton's CNN, 5 classes, Adam"),
    "facescrub": (80, "32x32x3, shift 2, flip; Hinton's CNN, 12 classes, Adam"),
    "cifar": (20, "32x32x3, shift 4, flip, normalised by channel; ResNet-20, SGD with momentum"),
}
STEP_PROTOCOLS = ("disentangled", "disentangled-views")  # told in ms/step, by disentangled.py
GO += [Go(f"Go, {precision}", "trainer", f"BenchmarkProtocol/{p}/{precision}", p, time=f"{steps}x")
       for p, (steps, _) in PROTOCOLS.items() for precision in ("float32", "bfloat16")]
BASE = {"step": "Go, whole loop", "augment": "Go", **dict.fromkeys(PROTOCOLS, "Go, float32")}  # the row that ratios are relative to
PEERS = {  # name in train.py, augment.py or protocols.py -> row
    "step": {
        "keras-fit": "Keras `fit`, tf.data", "tf-data": "tf.function, tf.data", "tf-bare": "tf.function, fixed batch",
        "torch": "PyTorch, tensor indexing", "torch-loader": "PyTorch, DataLoader", "torch-bare": "PyTorch, fixed batch",
    },
    "augment": {"tf.data": "tf.data", "torchvision": "torchvision"},
    **dict.fromkeys(STEP_PROTOCOLS, {
        "tf-function": "`tf.function`, Keras layers, fused Adam", "tf-function-bf16": "the same, rewritten to bfloat16",
        "keras-fit": "Keras `fit`, tf.data", "keras-fit-bf16": "the same, mixed_bfloat16",
        "torch": "PyTorch, grid_sample", "torch-bf16": "the same, autocast to bfloat16",
    }),
    **dict.fromkeys([p for p in PROTOCOLS if p not in STEP_PROTOCOLS], {
        "keras-fit": "Keras `fit`, tf.data", "keras-fit-bf16": "the same, mixed_bfloat16",
        "torch": "PyTorch", "torch-bf16": "the same, autocast to bfloat16",
    }),
}
MEMORY_PEERS = ["keras-fit", "torch"]
MEMORY_STEPS = 10_000
MEMORY_BATCH = 8  # of protocols: what a step leaves behind does not depend on the batch, its time does


def say(text):
    print(text, file=sys.stderr, flush=True)


class Results:
    """Figures by table, row and round, and what is missing with the reason."""

    def __init__(self):
        self.rows, self.missing, self.versions, self.failed = {}, {}, {}, False
        self.params = {}  # trainable parameters, by table
        self.losses = {}  # by table and row: of each round, the means of the fifths of its steps

    def add(self, table, row, round_, **figures):
        figures = {k: v for k, v in figures.items() if v is not None}
        self.rows.setdefault((table, row), {}).setdefault(round_, {}).update(figures)
        say(f"round {round_ + 1}: {row}: " + ", ".join(f"{k} {v:.4g}" for k, v in figures.items()))

    def miss(self, row, why):
        if row not in self.missing:
            say(f"missing: {row}: {why}")
        self.missing[row] = why

    def values(self, table, row, key):
        return {r: f[key] for r, f in self.rows.get((table, row), {}).items() if key in f}

    def ratios(self, table, row, key):
        base = self.values(table, BASE[table], key)
        return {r: v / base[r] for r, v in self.values(table, row, key).items() if r in base}


# ---- Go -----------------------------------------------------------------------------


def build(go, folder):
    """Compiles the tests of one package; returns the binary, or None and the reason."""
    if not os.path.isdir(os.path.join(ROOT, go.package)):
        return None, f"no folder {go.package}"
    binary = os.path.join(folder, go.package.replace("/", "-") + ".test")
    command = ["go", "test", "-c", "-o", binary, "./" + go.package]
    if go.tensorflow:
        command = ["go", "run", "./tools/tf", *command]
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except OSError as e:
        return None, f"cannot run go: {e}"
    if done.returncode:
        return None, f"the tests of ./{go.package} do not build: {last_line(done.stdout)}"
    return (binary, "") if os.path.exists(binary) else (None, f"{go.package} has no tests")


def last_line(text):
    """Returns the last line that says something: go's closing lines do not."""
    lines = [line.strip() for line in text.splitlines()]
    return ([line for line in lines if line and not re.match(r"exit status|FAIL|PASS", line)] or ["no output"])[-1]


def parse(output):
    """Returns {benchmark name as printed: {unit: value}} from the output of go test -bench."""
    found = {}
    for line in output.splitlines():
        m = re.match(r"(Benchmark\S*)\s+\d+\s+(\S.*)", line)
        if not m:
            continue
        words = m[2].split()
        try:
            found[m[1]] = {unit: float(value) for value, unit in zip(words[::2], words[1::2])}
        except ValueError:
            continue  # a log line that begins like a result
    return found


def run_go(binary, go, threads, benchtime, *options):
    """Runs one benchmark; returns {unit: value} with the memory as seen from outside, or None and the reason."""
    pattern = "/".join(f"^{re.escape(part)}$" for part in go.name.split("/"))
    command = [binary, "-test.run=^$", f"-test.bench={pattern}", f"-test.benchtime={benchtime}",
               f"-test.cpu={threads}", "-test.timeout=0", *options]
    cores = sorted(os.sched_getaffinity(0))[:1] if threads == 1 else os.sched_getaffinity(0)
    complaint = tempfile.TemporaryFile("w+")  # apart: TensorFlow may talk in the middle of a result
    process = subprocess.Popen(command, cwd=os.path.join(ROOT, go.package), stdout=subprocess.PIPE,
                               stderr=complaint, text=True, preexec_fn=lambda: os.sched_setaffinity(0, cores),
                               env=dict(os.environ, TF_CPP_MIN_LOG_LEVEL="2", CUDA_VISIBLE_DEVICES=""))
    samples, over = [], threading.Event()
    watch = threading.Thread(target=sample, args=(process.pid, samples, over))
    watch.start()
    output = process.stdout.read()
    over.set()
    watch.join()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    with complaint:
        complaint.seek(0)
        output += complaint.read() if process.returncode else ""
    if process.returncode:
        return None, f"exit code {process.returncode}: {last_line(output)}"
    found = parse(output)
    figures = found.get(f"{go.name}-{threads}", found.get(go.name))
    if not figures:
        return None, f"{go.package} has no {go.name}, or it was skipped"
    figures.setdefault("peak-MB", usage.ru_maxrss / 1024)
    if len(samples) >= 120:  # half a minute or more: start-up is over after the first tenth
        figures.setdefault("growth-MB", samples[-1] - samples[len(samples) // 10])
    return figures, ""


def sample(pid, samples, over):
    """Appends the resident MB of a process four times a second."""
    while not over.wait(0.25):
        try:
            with open(f"/proc/{pid}/status") as f:
                rss = re.search(r"VmRSS:\s+(\d+)", f.read())
        except OSError:
            return
        if rss:
            samples.append(int(rss[1]) / 1024)


def seconds_to_line(command, pattern, limit=120):
    """Starts a command, returns the seconds until a line of its output matches, and ends it."""
    start = time.monotonic()
    process = subprocess.Popen(shlex.split(command), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, start_new_session=True)

    def end(signal_):
        try:
            os.killpg(process.pid, signal_)  # its own group: `go run` has children
        except ProcessLookupError:
            pass

    timer = threading.Timer(limit, end, [signal.SIGKILL])
    timer.start()
    seconds = None
    for line in process.stdout:
        if re.search(pattern, line):
            seconds = time.monotonic() - start
            break
    end(signal.SIGTERM)
    process.stdout.read()  # until the last of them has gone
    process.wait()
    timer.cancel()
    return seconds


# ---- rounds -------------------------------------------------------------------------


def run_peer(python, table, name, args):
    """Runs one peer; returns its JSON object or None (it has said why)."""
    if table == "augment":
        script, options = "augment.py", []
    elif table == "step":
        script = "train.py"
        options = ["--threads", str(args.threads), "--steps", str(MEMORY_STEPS if args.memory else args.steps)]
        options += ["--data", os.path.abspath(args.data)] if args.data else []
    else:
        steps = protocol_steps(table, args)
        script, options = "protocols.py", ["--protocol", table]
        if table in STEP_PROTOCOLS:
            script, options = "disentangled.py", ["--views"] if table == "disentangled-views" else []
        options += ["--threads", str(args.threads), "--steps", str(steps), "--repeats", "4", "--warmup", str(steps // 4)]
    done = subprocess.run([python, os.path.join(HERE, script), "--peers", name, *options],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode or not done.stdout.strip():
        return None, last_line(done.stderr)
    return json.loads(done.stdout.splitlines()[-1]), ""


def protocol_steps(name, args):
    """Returns the timed steps of a protocol: its own, unless --steps asks for other."""
    return args.steps_given or PROTOCOLS[name][0]


def jobs(args):
    """Returns what a round runs, as (kind, payload)."""
    if args.memory:
        mnist = [g for g in GO if g.row == BASE["step"]] + [("step", n) for n in MEMORY_PEERS]
        return (mnist if "mnist" in args.protocol else []) + [g for g in GO if g.table in args.protocol]
    work = []
    for p in args.protocol:
        for t in ("step", "augment") if p == "mnist" else (p,):
            work += [g for g in GO if g.table == t] + [(t, n) for n in PEERS[t]]
            work += [("start", t)] if t in ("step", "disentangled") and args.go_start else []
    return work


def differs(results, table, row, params, losses):
    """Returns why a row is not the same training as the base row; "" if it is, as far as can be seen."""
    known = results.params.setdefault(table, params)
    if params != known:
        return f"{params} trainable parameters, others have {known}: not the same model"
    results.losses.setdefault((table, row), []).append(losses)
    return "" if losses[-1] < losses[0] else f"the loss does not fall: {losses[0]:.3f} to {losses[-1]:.3f}"


def do(job, round_, args, binaries, results):
    if job[0] == "start":
        seconds = seconds_to_line(args.go_start, args.go_start_match)
        if seconds is None:
            results.miss("start of the Go program", f"no line of {args.go_start!r} matched {args.go_start_match!r}")
        else:
            results.add(job[1], BASE[job[1]], round_, start=seconds)
    elif isinstance(job, Go):
        binary, why = binaries[job.package]
        figures = None
        if binary:
            benchtime, options = job.time, []
            if job.table in PROTOCOLS:
                benchtime = f"{protocol_steps(job.table, args)}x"
            if args.memory:
                benchtime, options = f"{MEMORY_STEPS}x", [f"-batch={MEMORY_BATCH}"] if job.table in PROTOCOLS else []
            figures, why = run_go(binary, job, 1 if job.table == "augment" else args.threads, benchtime, *options)
        if figures is None:
            return results.miss(f"{job.row} ({job.name} in ./{job.package})", why)
        if job.table == "augment":
            us = figures.get("us/image", figures.get("µs/image"))
            ns = figures.get("ns/image", figures["ns/op"] / job.images)
            return results.add("augment", job.row, round_, time=ns / 1e3 if us is None else us)
        if job.table in PROTOCOLS:
            losses = [figures[f"loss-{i + 1}"] for i in range(5)]
            why = differs(results, job.table, job.row, int(figures["params"]), losses)
            if why:
                results.failed = True
                return results.miss(f"{job.row} ({job.name})", why)
        start = None if args.go_start and job.row == BASE["step"] else figures.get("first-step-s")
        ms = figures["ns/op"] / 1e6
        results.add(job.table, job.row, round_, time=ms, speed=1e3 * BATCH / ms, start=start,
                    peak=figures["peak-MB"], growth=figures.get("growth-MB"), waiting=figures.get("waiting-%"))
    else:
        table, name = job
        r, why = run_peer(args.python, table, name, args)
        if r is None:
            results.failed = True
            return results.miss(f"{PEERS[table][name]} ({table})", why)
        for library in ("tensorflow", "keras", "torch", "torchvision"):
            if library in r:
                results.versions[library] = r[library]
        if table in PROTOCOLS:
            why = differs(results, table, PEERS[table][name], r["params"], r["losses"])
            if why:
                results.failed = True
                return results.miss(f"{PEERS[table][name]} ({table})", why)
        results.add(table, PEERS[table][name], round_, time=r["us"] if table == "augment" else r["ms"], speed=r.get("images_per_s"),
                    start=r.get("first_step_s"), peak=r.get("rss_peak_mb"), growth=r.get("rss_growth_mb"))


# ---- the report ---------------------------------------------------------------------


def spread(values, digits):
    v = list(values.values())
    if not v:
        return "–"
    middle = f"{statistics.median(v):.{digits}f}"
    return middle if len(v) == 1 else f"{middle} ({min(v):.{digits}f}–{max(v):.{digits}f})"


def curve(results, name, row):
    """Returns the mean loss of each fifth of the steps, the median over rounds."""
    rounds = results.losses.get((name, row), [])
    return " ".join(f"{statistics.median(fifth):.2f}" for fifth in zip(*rounds)) or "–"


def table(results, name, head, columns):
    rows = [row for t, row in results.rows if t == name]
    order = [g.row for g in GO if g.table == name] + list(PEERS[name].values())
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in sorted(rows, key=order.index):
        cells = [curve(results, name, row) if key == "curve"
                 else spread(results.ratios(name, row, "time") if key == "ratio" else results.values(name, row, key), digits)
                 for key, digits in columns]
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return "\n".join(lines) if rows else "nothing measured"


def machine(results):
    """Returns the machine, the cores and the versions in one line."""
    def output(*command):
        try:
            return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        except OSError:
            return ""
    model = re.search(r"Model name:\s*(.+)", output("lscpu"))
    go = re.search(r"go version (\S+)", output("go", "version"))
    parts = [model[1].strip() if model else "unknown processor", f"{len(os.sched_getaffinity(0))} of {os.cpu_count()} cores",
             go[1] if go else "no go", *(f"{k} {v}" for k, v in results.versions.items())]
    return ", ".join(parts)


def report(results, args, load):
    rounds = f"{args.rounds} round{'s' if args.rounds > 1 else ''}"
    print(f"Machine: {machine(results)}; load at start {load:.2f}. Median (range) over {rounds}.\n")
    for p in args.protocol:
        if p in PROTOCOLS and args.memory:
            print(f"{p}: {PROTOCOLS[p][1]}; batch {MEMORY_BATCH}, {MEMORY_STEPS:,} steps:\n")
            print(table(results, p, ["", "ms/step", "peak MB", "growth MB"], [("time", 1), ("peak", 0), ("growth", 1)]) + "\n")
        elif p in PROTOCOLS:
            print(f"{p}: {PROTOCOLS[p][1]}; batch {BATCH}, {results.params.get(p, 0):,} parameters, {args.threads} threads, "
                  f"{protocol_steps(p, args)} steps per row and round:\n")
            unit = [("ms/step", "time", 1)] if p in STEP_PROTOCOLS else [("images/s", "speed", 0)]
            columns = [*unit, ("time relative to Go in float32", "ratio", 2), ("mean loss of each fifth of the steps", "curve", 0),
                       ("start to first step, s", "start", 2), ("waiting for data, %", "waiting", 2), ("peak MB", "peak", 0)]
            print(table(results, p, ["", *(c[0] for c in columns)], [c[1:] for c in columns]) + "\n")
    if "mnist" in args.protocol:
        report_mnist(results, args)
    if results.missing:
        print("\nMissing:\n")
        for row, why in results.missing.items():
            print(f"- {row}: {why}")


def report_mnist(results, args):
    steps = MEMORY_STEPS if args.memory else args.steps
    print(f"Training step, batch 128, float32, Adam, {args.threads} threads, {steps} steps per peer and round:\n")
    print(table(results, "step",
                ["", "ms/step", "time relative to the Go loop", "start to first step, s", "peak MB", "growth MB"],
                [("time", 1), ("ratio", 2), ("start", 2), ("peak", 0), ("growth", 1)]))
    if not args.memory:
        print("\nAugmentation (crop 48 of 96, resize to 32, jitter, deformed view), one core:\n")
        print(table(results, "augment", ["", "µs/image", "time relative to Go"], [("time", 1), ("ratio", 2)]))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rounds", type=int, help="rounds (default 3; with --memory 1)")
    p.add_argument("--threads", type=int, default=2, help="cores for all, threads of each peer, GOMAXPROCS (default 2)")
    p.add_argument("--protocol", help=f"comma-separated: mnist, {', '.join(PROTOCOLS)} "
                   "(default disentangled,disentangled-views,mnist; with --memory mnist)")
    p.add_argument("--steps", type=int, help="timed steps per peer and round (default: mnist 250, "
                   + ", ".join(f"{k} {v[0]}" for k, v in PROTOCOLS.items()) + ")")
    p.add_argument("--memory", action="store_true", help=f"{MEMORY_STEPS:,} steps, of mnist in Go, Keras fit and PyTorch, of other protocols in Go")
    p.add_argument("--data", metavar="DIR", help="MNIST's IDX files for the peers (default: random images)")
    p.add_argument("--venv", default=os.path.join(ROOT, ".venv", "peers"), help="environment made by setup.sh")
    p.add_argument("--go-start", metavar="CMD", help="command whose time to the first step is measured")
    p.add_argument("--go-start-match", metavar="REGEX", default=r"step", help="what its first step prints (default: step)")
    p.add_argument("--json", metavar="FILE", help="also write every single figure there")
    args = p.parse_args()
    args.protocol = (args.protocol or ("mnist" if args.memory else "disentangled,disentangled-views,mnist")).split(",")
    args.steps_given = args.steps
    unknown = [name for name in args.protocol if name not in ("mnist", *PROTOCOLS)]
    if unknown:
        p.error(f"unknown protocol {unknown[0]!r}: want mnist, {', '.join(PROTOCOLS)}")
    args.steps = 250 if args.steps is None else args.steps
    args.rounds = args.rounds or (1 if args.memory else 3)
    args.python = os.path.join(args.venv, "bin", "python")
    if args.rounds < 1 or args.threads < 1 or args.steps < 5:
        p.error("want --rounds and --threads of at least 1 and --steps of at least 5")
    if not os.path.exists(args.python):
        p.error(f"no {args.python}: run tools/peers/setup.sh, or name its folder with --venv")

    load, results, work = os.getloadavg()[0], Results(), jobs(args)
    if load > 0.3:
        say(f"warning: the load is {load:.1f}: other work is running and will spoil the figures")
    with tempfile.TemporaryDirectory() as folder:
        binaries = {}
        for g in work:
            if isinstance(g, Go) and g.package not in binaries:
                binaries[g.package] = build(g, folder)
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:args.threads])  # children inherit it
        for round_ in range(args.rounds):
            for job in reversed(work) if round_ % 2 else work:
                do(job, round_, args, binaries, results)
    report(results, args, load)
    if args.json:
        with open(args.json, "w") as f:
            json.dump({"machine": machine(results), "missing": results.missing, "figures": [
                {"table": t, "row": row, "round": r, **v} for (t, row), by in results.rows.items() for r, v in by.items()
            ]}, f, indent=1)
    sys.exit(1 if results.failed else 0)


if __name__ == "__main__":
    main()
