#!/usr/bin/env python3
"""What a training step costs in Keras, bare TensorFlow and PyTorch.

    .venv/peers/bin/python tools/peers/train.py                      # all peers, about 2 minutes
    .venv/peers/bin/python tools/peers/train.py --peers keras-fit,torch
    .venv/peers/bin/python tools/peers/train.py --peers keras-fit --steps 10000    # memory, about 7 minutes

The net is the base CNN of `unwarp`: 5x5x32 SAME ReLU, max-pool 2, 5x5x64 SAME ReLU,
max-pool 2, dense 1024 ReLU, dropout .5, dense 10; images 28x28x1, Adam 1e-3, softmax
cross-entropy, float32. The data are 60,000 uint8 images, random or MNIST (--data).

    keras-fit     Model.fit on tf.data: shuffle, batch, cast/255, prefetch
    tf-data       one tf.function on the same tf.data pipeline, fused Adam op
    tf-bare       the same function on one batch that stays in memory
    torch         channels_last, fused Adam; shuffled indices into a uint8 tensor
    torch-loader  the same step fed by DataLoader with --workers processes
    torch-bare    the same step on one batch that stays in memory

Each peer runs in a process of its own. After --warmup steps it runs --steps steps in
--repeats blocks; a block's mean is one sample of ms/step. `start` is the wall time from
starting the process (imports included) to its first finished step. `peak` is the peak
resident memory of that process, `growth` the resident memory after the last block less
that after the warm-up; worker processes of torch-loader are not counted.

Threads: TensorFlow intra-op = --threads, inter-op at its default (one per core);
torch.set_num_threads(--threads). oneDNN and torch's own kernels do the work in all of
them, so OPENBLAS_* variables change nothing. GPUs are hidden from every peer.

Stdout: one JSON object per peer. Stderr: the same for people. Linux only.
"""

import argparse
import gzip
import json
import math
import os
import statistics
import subprocess
import sys
import time

BATCH, CLASSES, SIDE, EXAMPLES = 128, 10, 28, 60_000
FIRST = "first step done"  # the line that a child prints for its parent


# ---- data ---------------------------------------------------------------------------


def read_idx(folder, name, magic):
    """Returns the uint8 array of one IDX file, plain or .gz."""
    import numpy as np

    path = os.path.join(folder, name)
    if not os.path.exists(path):
        path += ".gz"
    if not os.path.exists(path):
        sys.exit(f"train.py: want {name} or {name}.gz in {folder}: lay out MNIST there or leave --data away")
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
        raw = f.read()
    rank = magic & 0xFF
    head = np.frombuffer(raw, ">u4", 1 + rank) if len(raw) >= 4 + 4 * rank else [0]
    if head[0] != magic:
        sys.exit(f"train.py: {path}: want magic {magic}, got {head[0]}: not an IDX file of this kind")
    shape = [int(n) for n in head[1:]]
    if len(raw) - 4 - 4 * rank != int(np.prod(shape)):
        sys.exit(f"train.py: {path}: {len(raw)} bytes do not hold {shape}: fetch the file again")
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(shape)


def load(folder):
    """Returns images [N,28,28,1] uint8 and labels [N] int32."""
    import numpy as np

    if folder:
        images = read_idx(folder, "train-images-idx3-ubyte", 2051)[..., None]
        labels = read_idx(folder, "train-labels-idx1-ubyte", 2049)
        if images.shape[1:] != (SIDE, SIDE, 1) or len(images) != len(labels) or len(images) < BATCH:
            sys.exit(f"train.py: {folder}: want at least {BATCH} images 28x28 and as many labels, "
                     f"got {images.shape} and {labels.shape}: is this MNIST?")
    else:
        rng = np.random.default_rng(7)
        images = rng.integers(0, 256, (EXAMPLES, SIDE, SIDE, 1), dtype=np.uint8)
        labels = rng.integers(0, CLASSES, EXAMPLES)
    return images, labels.astype(np.int32)


# ---- measuring ----------------------------------------------------------------------


def memory(key):
    """Returns VmRSS or VmHWM of this process in MB."""
    with open("/proc/self/status") as f:
        for line in f:
            if line.startswith(key + ":"):
                return int(line.split()[1]) / 1024
    raise SystemExit(f"train.py: no {key} in /proc/self/status: this needs Linux")


class Meter:
    """Collects block times, memory and losses; a peer calls first, warm and block in this order."""

    def __init__(self, args):
        self.warmup, self.repeats = args.warmup, args.repeats
        self.steps = args.steps // args.repeats
        self.ms, self.rss = [], []
        self.losses, self.means = [], []  # since the last mean; of the warm-up and each block

    def loss(self, value):
        self.losses.append(value)

    def mean(self):
        if self.losses:
            self.means.append(statistics.mean(self.losses))
            self.losses.clear()

    def first(self):
        print(FIRST, flush=True)

    def warm(self):
        self.rss.append(memory("VmRSS"))
        self.mean()

    def block(self, seconds):
        self.ms.append(1e3 * seconds / self.steps)
        self.rss.append(memory("VmRSS"))
        self.mean()

    def drive(self, step):
        """Times a peer that is a function without arguments."""
        step()
        self.first()
        for _ in range(self.warmup - 1):
            step()
        self.warm()
        for _ in range(self.repeats):
            start = time.perf_counter()
            for _ in range(self.steps):
                step()
            self.block(time.perf_counter() - start)


# ---- TensorFlow ---------------------------------------------------------------------


def tensorflow(args):
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    return tf


def tf_batches(tf, args):
    images, labels = load(args.data)

    def scale(image, label):
        return tf.cast(image, tf.float32) / 255, label

    data = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(10_000).repeat()
    return data.batch(BATCH, drop_remainder=True).map(scale, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def fit(tf, keras, model, optimizer, data, meter):
    """Trains a model that gives logits with Model.fit; returns versions and parameters."""
    model.compile(optimizer=optimizer, loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    fit_epochs(keras, model, data, meter)
    params = sum(math.prod(w.shape) for w in model.trainable_weights)
    return {"tensorflow": tf.__version__, "keras": keras.__version__, "warmup": meter.steps, "params": params}


def fit_epochs(keras, model, data, meter):
    """Trains a compiled model with Model.fit, a block to an epoch."""

    class Clock(keras.callbacks.Callback):
        """Epoch 0 is the warm-up, each later epoch a block."""

        stepped = False

        def on_train_batch_end(self, batch, logs=None):
            if not self.stepped:
                self.stepped = True
                meter.first()

        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            seconds = time.perf_counter() - self.start
            meter.loss(logs["loss"])
            meter.block(seconds) if epoch else meter.warm()

    # fit has one length for all epochs, so the warm-up is as long as a block here.
    model.fit(data, steps_per_epoch=meter.steps, epochs=1 + meter.repeats, shuffle=False,
              verbose=0, callbacks=[Clock()])


def keras_fit(args, meter):
    tf = tensorflow(args)
    import keras

    layers = keras.layers
    model = keras.Sequential([
        keras.Input((SIDE, SIDE, 1)),
        layers.Conv2D(32, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(1024, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(CLASSES),
    ])
    return fit(tf, keras, model, keras.optimizers.Adam(1e-3), tf_batches(tf, args), meter)


def tf_step(tf):
    """Returns the training step as one traced function of a batch in [0,1] and its labels."""
    def weight(*shape):
        fan_in = 1
        for n in shape[:-1]:
            fan_in *= n
        return tf.Variable(tf.random.stateless_truncated_normal(shape, [7, fan_in], stddev=(2 / fan_in) ** 0.5))

    def bias(n):
        return tf.Variable(tf.zeros([n]))

    w = [weight(5, 5, 1, 32), bias(32), weight(5, 5, 32, 64), bias(64),
         weight(7 * 7 * 64, 1024), bias(1024), weight(1024, CLASSES), bias(CLASSES)]
    slots = [(tf.Variable(tf.zeros_like(v)), tf.Variable(tf.zeros_like(v))) for v in w]
    power1, power2 = tf.Variable(1.0), tf.Variable(1.0)

    def logits(x):
        for i in (0, 2):
            x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, w[i], 1, "SAME"), w[i + 1]))
            x = tf.nn.max_pool2d(x, 2, 2, "VALID")
        x = tf.nn.relu(tf.reshape(x, [BATCH, 7 * 7 * 64]) @ w[4] + w[5])
        return tf.nn.dropout(x, 0.5) @ w[6] + w[7]

    @tf.function
    def step(images, labels):
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits(images))
            loss = tf.reduce_mean(losses)
        power1.assign(power1 * 0.9)
        power2.assign(power2 * 0.999)
        for v, (m1, m2), g in zip(w, slots, tape.gradient(loss, w)):
            tf.raw_ops.ResourceApplyAdam(
                var=v.handle, m=m1.handle, v=m2.handle, beta1_power=power1, beta2_power=power2,
                lr=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-7, grad=g)
        return loss

    return step


def tf_data(args, meter):
    tf = tensorflow(args)
    step, batches = tf_step(tf), iter(tf_batches(tf, args))
    meter.drive(lambda: step(*next(batches)))
    return {"tensorflow": tf.__version__}


def tf_bare(args, meter):
    tf = tensorflow(args)
    images, labels = load(args.data)
    step = tf_step(tf)
    x, y = tf.constant(images[:BATCH], tf.float32) / 255, tf.constant(labels[:BATCH])
    meter.drive(lambda: step(x, y))
    return {"tensorflow": tf.__version__}


# ---- PyTorch ------------------------------------------------------------------------


def torch_step(args):
    """Returns torch and the training step as a function of a uint8 NCHW batch and its labels."""
    import torch
    from torch import nn

    torch.set_num_threads(args.threads)
    torch.manual_seed(7)
    net = nn.Sequential(
        nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(7 * 7 * 64, 1024), nn.ReLU(), nn.Dropout(0.5), nn.Linear(1024, CLASSES),
    ).to(memory_format=torch.channels_last).train()
    adam = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)

    def step(images, labels):
        x = images.to(torch.float32).div_(255).contiguous(memory_format=torch.channels_last)
        loss = nn.functional.cross_entropy(net(x), labels)
        adam.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()

    return torch, step


def torch_tensors(torch, args):
    images, labels = load(args.data)
    return torch.from_numpy(images.transpose(0, 3, 1, 2).copy()), torch.from_numpy(labels.astype("int64"))


def torch_indexed(args, meter):
    torch, step = torch_step(args)
    images, labels = torch_tensors(torch, args)

    def batches():
        while True:
            order = torch.randperm(len(images))
            for i in range(0, len(order) - BATCH + 1, BATCH):
                pick = order[i:i + BATCH]
                yield images[pick], labels[pick]

    stream = batches()
    meter.drive(lambda: step(*next(stream)))
    return {"torch": torch.__version__}


def torch_loader(args, meter):
    torch, step = torch_step(args)
    from torch.utils.data import DataLoader, TensorDataset

    loader = DataLoader(TensorDataset(*torch_tensors(torch, args)), BATCH, shuffle=True, drop_last=True,
                        num_workers=args.workers, persistent_workers=args.workers > 0)

    def batches():
        while True:
            yield from loader

    stream = batches()
    meter.drive(lambda: step(*next(stream)))
    return {"torch": torch.__version__, "workers": args.workers}


def torch_bare(args, meter):
    torch, step = torch_step(args)
    images, labels = torch_tensors(torch, args)
    x, y = images[:BATCH].clone(), labels[:BATCH].clone()
    meter.drive(lambda: step(x, y))
    return {"torch": torch.__version__}


PEERS = {
    "keras-fit": keras_fit, "tf-data": tf_data, "tf-bare": tf_bare,
    "torch": torch_indexed, "torch-loader": torch_loader, "torch-bare": torch_bare,
}


# ---- parent and child ---------------------------------------------------------------


def child(args, peers):
    meter = Meter(args)
    extra = peers[args.child](args, meter)
    if meter.means:
        extra.update(loss_first=meter.means[0], loss_last=meter.means[-1], losses=meter.means)
    median = statistics.median(meter.ms)
    print(json.dumps({
        "peer": args.child, "batch": BATCH, "threads": args.threads, "warmup": args.warmup,
        "steps": meter.steps * meter.repeats, "repeats": meter.repeats,
        "ms": median, "ms_min": min(meter.ms), "ms_max": max(meter.ms), "images_per_s": 1e3 * BATCH / median,
        "rss_peak_mb": memory("VmHWM"), "rss_growth_mb": meter.rss[-1] - meter.rss[0], "rss_mb": meter.rss,
        **extra,
    }), flush=True)


def run(script, peer, argv, threads):
    """Runs one peer in a process of its own and returns its result, or None if it failed."""
    env = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="2", CUDA_VISIBLE_DEVICES="", KERAS_BACKEND="tensorflow",
               OMP_NUM_THREADS=str(threads))
    command = [sys.executable, os.path.abspath(script), "--child", peer, *argv]
    start, first, last = time.monotonic(), None, ""
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if line.startswith(FIRST):
                first = time.monotonic() - start
            last = line
    if process.returncode or first is None:
        print(f"{peer}: failed with exit code {process.returncode}; its own message is above. "
              "Is the environment complete? Run tools/peers/setup.sh", file=sys.stderr)
        return None
    return {**json.loads(last), "first_step_s": first}


def options(p, peers, loader=None):
    """Adds the flags that every script of peers has; loader is the peer that --workers belongs to, if any."""
    p.add_argument("--peers", default=",".join(peers), help="comma-separated names (default: all)")
    p.add_argument("--threads", type=int, default=2, help="intra-op threads of every peer (default 2)")
    p.add_argument("--steps", type=int, default=250, help="timed steps after the warm-up (default 250)")
    p.add_argument("--repeats", type=int, default=5, help="blocks the timed steps are split into (default 5)")
    p.add_argument("--warmup", type=int, default=20, help="steps before timing starts (default 20; Keras' fit: one block)")
    p.add_argument("--workers", type=int, default=2, help=f"worker processes of {loader} (default 2)" if loader else argparse.SUPPRESS)
    p.add_argument("--child", choices=peers, help=argparse.SUPPRESS)


def drive(script, p, peers):
    """Parses the flags and runs the peers they name, each in a process of its own; a child runs its one."""
    args = p.parse_args()
    if args.repeats < 1 or args.steps < args.repeats or args.warmup < 1 or args.threads < 1 or args.workers < 0:
        p.error("want --repeats, --warmup and --threads of at least 1, and --steps of at least --repeats")
    if args.child:
        return child(args, peers)

    names = args.peers.split(",")
    unknown = [n for n in names if n not in peers]
    if unknown:
        p.error(f"unknown peer {unknown[0]!r}: the peers are {', '.join(peers)}")
    failed = 0
    for name in names:
        r = run(script, name, sys.argv[1:], args.threads)
        if r is None:
            failed += 1
            continue
        print(json.dumps(r), flush=True)
        loss = f"  loss {r['loss_first']:.3f} to {r['loss_last']:.3f}" if "loss_last" in r else ""
        print(f"{name:14} {r['ms']:7.1f} ms/step ({r['ms_min']:.1f}-{r['ms_max']:.1f}) {r['images_per_s']:7.0f} images/s"
              f"  start {r['first_step_s']:5.1f} s  peak {r['rss_peak_mb']:6.0f} MB  growth {r['rss_growth_mb']:+.1f} MB{loss}",
              file=sys.stderr, flush=True)
    sys.exit(1 if failed else 0)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options(p, PEERS, "torch-loader")
    p.add_argument("--data", metavar="DIR", help="folder with MNIST's IDX files, plain or .gz (default: random images)")
    drive(__file__, p, PEERS)


if __name__ == "__main__":
    main()
