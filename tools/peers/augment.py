#!/usr/bin/env python3
"""What augmenting one image costs on one core in tf.data and in torchvision.

    .venv/peers/bin/python tools/peers/augment.py        # about 40 seconds

The work is the augmentation of `unwarp` for smallNORB,
crop(48)|resize(32)|brightness(63/255)|contrast(.2,1.8)|deform(stretch=2..8,shift=2..8):
from a 96x96x1 uint8 source a random crop of 48, bilinear resize to 32, brightness and
contrast jitter without clipping, and a deformed view of the result: stretched by 2..8
pixels per axis, then a 32x32 window shifted by 2..8 pixels either way per axis, with the
edge pixels repeated outside. Both images leave as float32 in batches of 128.

Both peers work image by image, as users write it, with the steps that they have:
torchvision's own jitter clips, so there it is plain tensor arithmetic; tf.pad has no edge
mode, so there shift and padding are one gather with clipped indices. No antialiasing.

Each peer runs in a process of its own that is bound to one core, with one thread.
Time is per source image (so per pair), the mean of each of --repeats passes over
--images images after one warm-up pass.

Stdout: one JSON object per peer. Stderr: the same for people. Linux only.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

BATCH, SOURCE, CROP, SIZE, SHIFT = 128, 96, 48, 32, 8


def sources(n):
    import numpy as np

    return np.random.default_rng(7).integers(0, 256, (n, SOURCE, SOURCE, 1), dtype=np.uint8)


def tf_data(n):
    """Returns a function that runs one pass, and versions."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)

    def pixels():  # 2..8, one per axis
        return tf.random.uniform([2], 2, SHIFT + 1, tf.int32)

    def deform(x):
        stretch, shift = pixels(), pixels()
        sign = 2 * tf.random.uniform([2], 0, 2, tf.int32) - 1
        side = SIZE + stretch
        x = tf.image.resize(x, side)
        for axis in range(2):
            at = tf.range(SIZE) + stretch[axis] // 2 + sign[axis] * shift[axis]
            x = tf.gather(x, tf.clip_by_value(at, 0, side[axis] - 1), axis=axis)
        return x

    def augment(image):
        x = tf.image.random_crop(image, [CROP, CROP, 1])
        x = tf.image.resize(tf.cast(x, tf.float32) / 255, [SIZE, SIZE])
        x = tf.image.random_contrast(tf.image.random_brightness(x, 63 / 255), 0.2, 1.8)
        return x, tf.ensure_shape(deform(x), [SIZE, SIZE, 1])

    options = tf.data.Options()
    options.threading.private_threadpool_size = 1
    data = tf.data.Dataset.from_tensor_slices(sources(n)).map(augment).batch(BATCH).prefetch(2).with_options(options)

    def run():
        for _ in data:
            pass

    return run, {"tensorflow": tf.__version__}


def torchvision(n):
    """Returns a function that runs one pass, and versions."""
    import random

    import torch
    import torchvision
    from torchvision.transforms import v2
    from torchvision.transforms.v2 import functional as f

    torch.set_num_threads(1)
    images = torch.from_numpy(sources(n).transpose(0, 3, 1, 2).copy())
    crop, bilinear = v2.RandomCrop(CROP), v2.InterpolationMode.BILINEAR

    def resize(x, size):
        return f.resize(x, size, interpolation=bilinear, antialias=False)

    def deform(x):
        sy, sx = random.randint(2, SHIFT), random.randint(2, SHIFT)
        dy, dx = (random.choice((-1, 1)) * random.randint(2, SHIFT) for _ in range(2))
        x = f.pad(resize(x, [SIZE + sy, SIZE + sx]), [SHIFT], padding_mode="edge")
        return f.crop(x, SHIFT + sy // 2 + dy, SHIFT + sx // 2 + dx, SIZE, SIZE)

    def augment(image):
        x = resize(f.to_dtype(crop(image), torch.float32, scale=True), [SIZE, SIZE])
        x = x + random.uniform(-63 / 255, 63 / 255)
        mean = x.mean()
        x = (x - mean) * random.uniform(0.2, 1.8) + mean
        return x, deform(x)

    def run():
        for i in range(0, n, BATCH):
            pairs = [augment(image) for image in images[i:i + BATCH]]
            torch.stack([a for a, _ in pairs]), torch.stack([b for _, b in pairs])

    return run, {"torch": torch.__version__, "torchvision": torchvision.__version__}


PEERS = {"tf.data": tf_data, "torchvision": torchvision}


def child(args):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # before any library counts cores
    run, versions = PEERS[args.child](args.images)
    run()
    us = []
    for _ in range(args.repeats):
        start = time.perf_counter()
        run()
        us.append(1e6 * (time.perf_counter() - start) / args.images)
    print(json.dumps({"peer": args.child, "images": args.images, "repeats": args.repeats, "cores": 1,
                      "us": statistics.median(us), "us_min": min(us), "us_max": max(us), **versions}))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--peers", default=",".join(PEERS), help="comma-separated names (default: all)")
    p.add_argument("--images", type=int, default=4096, help="source images per pass (default 4096)")
    p.add_argument("--repeats", type=int, default=5, help="timed passes (default 5)")
    p.add_argument("--child", choices=PEERS, help=argparse.SUPPRESS)
    args = p.parse_args()
    if args.images < 1 or args.repeats < 1:
        p.error("want --images and --repeats of at least 1")
    if args.child:
        return child(args)

    failed = 0
    for name in args.peers.split(","):
        if name not in PEERS:
            p.error(f"unknown peer {name!r}: the peers are {', '.join(PEERS)}")
        env = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="2", CUDA_VISIBLE_DEVICES="", OMP_NUM_THREADS="1")
        command = [sys.executable, os.path.abspath(__file__), "--child", name, *sys.argv[1:]]
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            failed += 1
            print(f"{name}: failed with exit code {done.returncode}; its own message is above. "
                  "Is the environment complete? Run tools/peers/setup.sh", file=sys.stderr)
            continue
        r = json.loads(done.stdout.splitlines()[-1])
        print(json.dumps(r), flush=True)
        print(f"{name:13} {r['us']:7.1f} us/image ({r['us_min']:.1f}-{r['us_max']:.1f})", file=sys.stderr, flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
