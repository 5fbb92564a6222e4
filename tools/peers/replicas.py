#!/usr/bin/env python3
"""Two workers beside one, and beside tf.distribute's MultiWorkerMirroredStrategy.

    tools/peers/setup.sh                                          # once, for the peer
    python3 tools/peers/replicas.py                               # 3 rounds, about 10 minutes
    python3 tools/peers/replicas.py --rounds 5 --batches 128,512
    python3 tools/peers/replicas.py --unwarp ./unwarp --peer ''   # no build, no peer

Trained is the base CNN of `unwarp` (28x28x1, 4.2 M parameters, Adam, float32) on batches
of so many images in all, split over the workers. Each worker is a process on loopback
that is pinned to a core of its own. The driver of `unwarp` has no core of its own: it may
run on those of the workers (--driver-cores names others). Two rows are without workers: a
training on one core, and two at once, which is all that the cores give together. The peer's processes hold the
weights themselves and add up gradients by all-reduce; one of them alone does without.

A round runs every row once, every second round backwards. A figure is images/s after the
warm-up: the median over rounds with its range; a ratio is taken inside each round first.
Nothing else may run meanwhile: the load is printed.

Needs Python 3.9 or later, no packages but those of the peer. Linux only.
"""

import argparse
import concurrent.futures
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
ROWS = {  # name: side, workers, what is set
    "unwarp alone on one core": ("go", 0, []),
    "two of these at once, half the batch each": ("both", 0, []),
    "unwarp, one worker": ("go", 1, []),
    "unwarp, two workers": ("go", 2, []),
    "unwarp, two workers, gradients in bfloat16": ("go", 2, ["train.gradients=bfloat16"]),
    "tf.distribute, one process": ("peer", 1, []),
    "tf.distribute, two processes": ("peer", 2, []),
}
BASE = {"go": "unwarp, one worker", "both": "unwarp alone on one core", "peer": "tf.distribute, one process"}


def say(text):
    print(text, file=sys.stderr, flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(command, cores, **more):
    env = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "", **more.pop("env", {})}
    return subprocess.Popen(command, env=env, preexec_fn=lambda: os.sched_setaffinity(0, cores), text=True, **more)


def stop(processes):
    for p in processes:
        if p.poll() is None:
            p.send_signal(signal.SIGKILL)
        p.wait()


def steps_of_block(args, batch):
    """Fewer steps of large batches, so that a row takes about the same time."""
    return max(2, min(args.steps, args.steps * 512 // batch) // args.blocks)


# ---- unwarp ---------------------------------------------------------------------------


def run_both(args, _, batch, settings):
    """What the cores give together where nothing is sent: less than twice one."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        both = [pool.submit(run_go, args, 0, batch // 2, settings, core) for core in args.cores]
        return sum(b.result() for b in both)


def run_go(args, workers, batch, settings, alone_on=None):
    folder = tempfile.mkdtemp(prefix="replicas-")
    running, addresses = [], []
    try:
        for core in args.cores[:workers]:
            w = start([args.unwarp, "worker", "--listen", "127.0.0.1:0"], {core}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            running.append(w)
            said = re.search(r"listening on (\S+);", w.stdout.readline() or "")
            if not said:
                raise RuntimeError("a worker did not start")
            addresses.append(said[1])
        every = steps_of_block(args, batch)
        values = [
            "precision=float32", "model.kind=base", "data.set=glyphs", f"data.train={max(2560, 2 * batch)}", "data.validation=16", "data.test=16", "attack.attacks=[]",
            f"train.batch={batch}", f"train.replicas={max(1, workers)}", f"train.duration={(args.blocks + 1) * every}st", f"train.log={every}st",
            "train.evaluate=0st", "train.checkpoint=0st", "train.augment=", *settings,
        ]
        command = [args.unwarp, "train", "--run", os.path.join(folder, "run"), "--workers", ",".join(addresses)]
        driver_cores = args.driver_cores if workers else {args.cores[0] if alone_on is None else alone_on}
        for v in values:
            command += ["--set", v]
        driver = start(command, driver_cores, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        running.append(driver)
        err = driver.communicate()[1]
        if driver.returncode:
            raise RuntimeError((err.strip().splitlines() or ["no message"])[-1])
        with open(os.path.join(folder, "run", "metrics.jsonl")) as f:
            lines = [json.loads(line) for line in f]
        speeds = [line["images_per_second"] for line in lines if line["kind"] == "train"][1:]
        return statistics.median(speeds)
    finally:
        stop(running)
        shutil.rmtree(folder, ignore_errors=True)


# ---- the peer -------------------------------------------------------------------------


def run_peer(args, workers, batch, _):
    ports = [free_port() for _ in range(workers)]
    running = []
    try:
        for i in range(workers):
            config = {"cluster": {"worker": [f"127.0.0.1:{p}" for p in ports]}, "task": {"type": "worker", "index": i}}
            command = [args.peer, os.path.abspath(__file__), "--child", "--steps", str(args.blocks * steps_of_block(args, batch)), "--blocks", str(args.blocks), "--batches", str(batch // workers)]
            out = subprocess.PIPE if i == 0 else subprocess.DEVNULL
            running.append(start(command, {args.cores[i]}, stdout=out, stderr=subprocess.PIPE, env={"TF_CONFIG": json.dumps(config)} if workers > 1 else {}))
        out, err = running[0].communicate(timeout=1800)
        if running[0].returncode:
            raise RuntimeError((err.strip().splitlines() or ["no message"])[-1])
        return json.loads(out.strip().splitlines()[-1]) * workers
    finally:
        stop(running)


def child(args):
    """Prints the images/s of this process: the median of blocks after one that warms up."""
    import tensorflow as tf

    strategy = tf.distribute.MultiWorkerMirroredStrategy() if "TF_CONFIG" in os.environ else None
    batch, rng = int(args.batches[0]), tf.random.Generator.from_seed(1)

    def weight(*shape):
        fan = shape[0] if len(shape) == 2 else shape[0] * shape[1] * shape[2]
        return tf.Variable(rng.normal(shape, stddev=(2 / fan) ** .5))

    weights = [weight(5, 5, 1, 32), tf.Variable(tf.zeros([32])), weight(5, 5, 32, 64), tf.Variable(tf.zeros([64])),
               weight(3136, 1024), tf.Variable(tf.zeros([1024])), weight(1024, 10), tf.Variable(tf.zeros([10]))]
    slots = [(tf.Variable(tf.zeros_like(w)), tf.Variable(tf.zeros_like(w))) for w in weights]
    step = tf.Variable(0.0)
    images, labels = rng.uniform([batch, 28, 28, 1]), tf.zeros([batch], tf.int32)

    def loss():
        x = tf.nn.max_pool2d(tf.nn.relu(tf.nn.conv2d(images, weights[0], 1, "SAME") + weights[1]), 2, 2, "VALID")
        x = tf.nn.max_pool2d(tf.nn.relu(tf.nn.conv2d(x, weights[2], 1, "SAME") + weights[3]), 2, 2, "VALID")
        x = tf.nn.relu(tf.reshape(x, [batch, 3136]) @ weights[4] + weights[5])
        logits = tf.nn.dropout(x, .5) @ weights[6] + weights[7]
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))

    def replica():
        with tf.GradientTape() as tape:
            value = loss()
        gradients = tape.gradient(value, weights)
        if strategy:
            gradients = tf.distribute.get_replica_context().all_reduce("mean", gradients)
        step.assign_add(1)
        for w, (m, v), g in zip(weights, slots, gradients):
            tf.raw_ops.ResourceApplyAdam(var=w.handle, m=m.handle, v=v.handle, beta1_power=.9**step, beta2_power=.999**step,
                                         lr=1e-3, beta1=.9, beta2=.999, epsilon=1e-8, grad=g)

    @tf.function
    def train():
        strategy.run(replica) if strategy else replica()

    every, speeds = max(1, args.steps // args.blocks), []
    for _ in range(args.blocks + 1):
        began = time.perf_counter()
        for _ in range(every):
            train()
        step.numpy()  # until all is computed
        speeds.append(every * batch / (time.perf_counter() - began))
    print(json.dumps(statistics.median(speeds[1:])), flush=True)


# ---- rounds ---------------------------------------------------------------------------


def rounds(args):
    results, failed = {}, {}
    for r in range(args.rounds):
        rows = [(name, b) for b in args.batches for name, row in ROWS.items() if row[0] != "peer" or args.peer]
        for name, batch in rows if r % 2 == 0 else rows[::-1]:
            side, workers, settings = ROWS[name]
            try:
                speed = {"go": run_go, "both": run_both, "peer": run_peer}[side](args, workers, int(batch), settings)
            except (RuntimeError, OSError, subprocess.TimeoutExpired, ValueError) as e:
                failed[name, batch] = str(e)
                say(f"round {r + 1}: {name}, batch {batch}: missing: {e}")
                continue
            results.setdefault((name, batch), {})[r] = speed
            say(f"round {r + 1}: {name}, batch {batch}: {speed:.0f} images/s, load {os.getloadavg()[0]:.1f}")
    return results, failed


def spread(values, digits):
    values = list(values)
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def print_table(args, results, failed):
    print(f"{args.rounds} rounds, {args.steps} steps each in {args.blocks} blocks, cores {args.cores}, driver on {sorted(args.driver_cores)}, load at the end {os.getloadavg()[0]:.1f}\n")
    print("| batch | | images/s | times one |\n|---|---|---|---|")
    for batch in args.batches:
        for name, (side, _, _) in ROWS.items():
            of = results.get((name, batch))
            if not of:
                continue
            base = results.get((BASE[side], batch), {})
            ratios = [v / base[r] for r, v in of.items() if r in base]
            print(f"| {batch} | {name} | {spread(of.values(), 0)} | {spread(ratios, 2) if ratios else '–'} |")
    for (name, batch), why in failed.items():
        print(f"\nmissing: {name}, batch {batch}: {why}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--steps", type=int, default=40, help="timed steps of a row, fewer where batches are larger than 512, after a warm-up of one block")
    p.add_argument("--blocks", type=int, default=4, help="into which the steps are divided")
    p.add_argument("--batches", default="128,512", help="images of a step, of all workers together")
    p.add_argument("--cores", default="0,1", help="of the two workers")
    p.add_argument("--driver-cores", help="of the driver of unwarp; those of the workers unless given")
    p.add_argument("--unwarp", help="the program; built if it is not given")
    p.add_argument("--peer", default=os.path.join(ROOT, ".venv", "peers", "bin", "python"), help="Python with TensorFlow; '' for none")
    p.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    args = p.parse_args()
    args.batches = args.batches.split(",")
    if args.child:
        return child(args)
    args.cores = [int(c) for c in args.cores.split(",")]
    args.driver_cores = {int(c) for c in args.driver_cores.split(",")} if args.driver_cores else set(args.cores)
    if len(args.cores) != 2 or not (set(args.cores) | args.driver_cores) <= os.sched_getaffinity(0):
        p.error(f"--cores: want two of {sorted(os.sched_getaffinity(0))}")
    if args.peer and not os.path.exists(args.peer):
        p.error(f"--peer: {args.peer} is not there: run tools/peers/setup.sh, or leave the peer out with --peer ''")
    with tempfile.TemporaryDirectory(prefix="replicas-") as folder:
        if not args.unwarp:
            args.unwarp = os.path.join(folder, "unwarp")
            subprocess.run(["go", "run", "./tools/tf", "go", "build", "-o", args.unwarp, "./tools/unwarp"], cwd=ROOT, check=True)
        args.unwarp = os.path.abspath(args.unwarp)
        results, failed = rounds(args)
    print_table(args, results, failed)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
