#!/usr/bin/env python3
"""The preset photos beside a plain CNN in Keras, on one set of image files.

    go run ./tools/photoset -seed 13 -images 340 -clutter 4 -least 40 -most 160 photos
    go run ./tools/tf go build -o unwarp ./tools/unwarp
    .venv/peers/bin/python tools/peers/photos.py --unwarp ./unwarp --seeds 1 --test .7353 --validation .1111 --set data.size=64 photos

photos is a folder with a folder of images for each class. For each seed the files are
split at random: --test of each class to test on, --validation of the rest to choose the
checkpoint. Both programs get the same files.

unwarp trains `unwarp train --data LIST.csv --seed N`, its defaults for photos. Keras then
trains a plain CNN: a 5x5 convolution of stride 2 and four of 3x3, each with batch norm,
ReLU and, but for the last, 2x2 max-pooling, with channels of w, 2w, 4w, 8w, 8w; the average
over all pixels, dropout .2, softmax. w is such that it has as many weights as unwarp's
whole model, decoders included. It has the same side of the images, batch, augmentation
(flip, translation, zoom per axis, brightness, contrast, random erasing), label smoothing,
and Adam with weight decay under a rate that rises over 5 % of the time and falls by a
cosine; its largest rate is --rate. It gets the processor time that unwarp took in all, from
its start to its end; compiling is not counted. Both take the checkpoint that is best on the
validation images, of equal accuracies the one of lower loss.

For trials, --only unwarp trains that alone, and --only keras --like SIDE BATCH WEIGHTS SECONDS
trains Keras alone, as beside a run of unwarp of these figures.

Stdout: JSON. Stderr: the same for people.
"""

import argparse
import csv
import json
import math
import os
import pathlib
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = ""


# ---- files --------------------------------------------------------------------------


def split(folder, seed, test, validation):
    """Returns rows of path, label, split."""
    draw, rows = random.Random(seed), []
    for kind in sorted(p for p in pathlib.Path(folder).iterdir() if p.is_dir() and not p.name.startswith(".")):
        files = sorted(p for p in kind.iterdir() if p.is_file() and not p.name.startswith("."))
        draw.shuffle(files)
        t = round(test * len(files))
        v = round(validation * (len(files) - t))
        for i, path in enumerate(files):
            part = "test" if i < t else "validation" if i < t + v else "train"
            rows.append((str(path.resolve()), kind.name, part))
    if not rows:
        sys.exit(f"photos.py: {folder}: want folders of images, found none")
    return rows


def read(rows, part, side, classes):
    """Returns images [N,side,side,3] in [0,1] and labels of a part, decoded by Pillow."""
    import numpy as np
    from PIL import Image, ImageOps

    images, labels = [], []
    for path, label, where in rows:
        if where != part:
            continue
        with Image.open(path) as im:
            im = ImageOps.exif_transpose(im).convert("RGB")
            n = min(im.size)
            x, y = (im.width - n) // 2, (im.height - n) // 2
            im = im.crop((x, y, x + n, y + n)).resize((side, side), Image.BILINEAR)
            images.append(np.asarray(im, np.float32) / 255)
            labels.append(classes.index(label))
    return np.stack(images), np.asarray(labels)


# ---- unwarp -------------------------------------------------------------------------


def train_unwarp(program, table, seed, run, extra):
    """Returns accuracy on the test images, weights, steps and seconds of processor time, side of the images and batch."""
    def used():
        u = resource.getrusage(resource.RUSAGE_CHILDREN)
        return u.ru_utime + u.ru_stime

    before = used()
    subprocess.run([program, "train", "--data", table, "--seed", str(seed), "--run", run, "--set", "attack.attacks=[]", *extra],
                   check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(run, "summary.json")) as f:
        s = json.load(f)
    last = pathlib.Path(run, "checkpoints", pathlib.Path(run, "checkpoints", "last").read_text().strip())
    weights = 0
    for line in (last / "manifest.txt").read_text().splitlines():
        if re.search(r"\] .*\btrainable\b", line):
            weights += math.prod(int(n) for n in re.findall(r"\d+", line[line.index("["):line.index("]")]))
    return {"accuracy": s["test"]["accuracy"], "validation": s["best"]["accuracy"] if s.get("best") else None, "weights": weights, "steps": s["training"]["steps"],
            "seconds": used() - before, "side": s["config"]["data"]["size"], "batch": s["config"]["train"]["batch"]}


# ---- Keras --------------------------------------------------------------------------


def build(side, classes, width, dropout=.2):
    import keras

    layers = [keras.Input((side, side, 3))]
    for i, k in enumerate((1, 2, 4, 8, 8)):
        size, stride = (5, 2) if i == 0 else (3, 1)
        layers += [keras.layers.Conv2D(k * width, size, stride, padding="same", use_bias=False), keras.layers.BatchNormalization(momentum=.9), keras.layers.ReLU()]
        if i < 4:
            layers.append(keras.layers.MaxPooling2D(2))
    layers += [keras.layers.GlobalAveragePooling2D(), keras.layers.Dropout(dropout), keras.layers.Dense(classes)]
    return keras.Sequential(layers)


def fit_width(side, classes, weights):
    """The width whose number of trainable weights is nearest to that wanted."""
    def count(w):
        channels, n, before = (w, 2 * w, 4 * w, 8 * w, 8 * w), 0, 3
        for i, c in enumerate(channels):
            n, before = n + (25 if i == 0 else 9) * before * c + 2 * c, c
        return n + before * classes + classes
    return min(range(4, 256), key=lambda w: abs(count(w) - weights))


def augmentation(side):
    """The augmentation of the preset, as layers and ops."""
    import keras
    import tensorflow as tf

    k = max(1, side // 12) / side
    layers = keras.Sequential([
        keras.layers.RandomFlip("horizontal"),
        keras.layers.RandomZoom((-k, k), (-k, k), fill_mode="nearest"),
        keras.layers.RandomTranslation(k, k, fill_mode="nearest"),
        keras.layers.RandomBrightness(.2, value_range=(0, 1)),
        keras.layers.RandomContrast(.2, value_range=(0, 1)),
    ])

    def erase(image):
        area = tf.random.uniform([], .02, 1 / 3) * side * side
        aspect = tf.exp(tf.random.uniform([], -1, 1) * math.log(10 / 3))
        h, w = tf.minimum(tf.sqrt(area * aspect), side), tf.minimum(tf.sqrt(area / aspect), side)
        y, x = tf.random.uniform([]) * (side - h), tf.random.uniform([]) * (side - w)
        at = tf.range(side, dtype=tf.float32)
        inside = ((at >= y) & (at < y + h))[:, None, None] & ((at >= x) & (at < x + w))[None, :, None]
        inside &= tf.random.uniform([]) < .25
        return tf.where(inside, tf.random.uniform([side, side, 3]), image)

    def apply(images):
        return tf.map_fn(erase, layers(images, training=True))
    return apply


def train_keras(rows, classes, side, batch, weights, seconds, seed, rate):
    """Returns accuracy on the test images, weights, steps and seconds."""
    import keras
    import numpy as np
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    x, y = read(rows, "train", side, classes)
    xv, yv = read(rows, "validation", side, classes)
    xt, yt = read(rows, "test", side, classes)
    net = build(side, len(classes), fit_width(side, len(classes), weights))
    augment = augmentation(side)
    loss_of = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=.1)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=.05)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    data = tf.data.Dataset.from_tensor_slices((x, tf.one_hot(y, len(classes)))).shuffle(len(x), seed=seed).repeat().batch(batch)
    data = iter(data.map(lambda a, b: (augment(a), b), num_parallel_calls=2).prefetch(4))

    @tf.function
    def step(images, labels):
        with tf.GradientTape() as tape:
            value = loss_of(labels, net(images, training=True))
        optimizer.apply_gradients(zip(tape.gradient(value, net.trainable_variables), net.trainable_variables))
        return value

    def judge(images, labels):
        z = np.concatenate([net(images[i:i + 100], training=False).numpy() for i in range(0, len(images), 100)])
        p = z - z.max(1, keepdims=True)
        p -= np.log(np.exp(p).sum(1, keepdims=True))
        return float((z.argmax(1) == labels).mean()), float(-p[np.arange(len(labels)), labels].mean())

    per_epoch, done, best, t = max(1, len(x) // batch), 0, None, 0.
    compiled = time.process_time()
    while t < 1:
        now = rate * (t / .05 if t < .05 else .5 * (1 + math.cos(math.pi * (t - .05) / .95)))
        optimizer.learning_rate.assign(max(now, 1e-7))
        step(*next(data))
        done += 1
        if done <= 3:
            compiled = time.process_time()
        t = (time.process_time() - compiled) / seconds
        if done % per_epoch == 0 or t >= 1:
            accuracy, value = judge(xv, yv)
            if best is None or (accuracy, -value) > best[0]:
                best = ((accuracy, -value), net.get_weights())
    net.set_weights(best[1])
    accuracy, _ = judge(xt, yt)
    return {"accuracy": accuracy, "validation": best[0][0], "weights": sum(int(np.prod(v.shape)) for v in net.trainable_variables), "steps": done, "seconds": time.process_time() - compiled}


# ---- both ---------------------------------------------------------------------------


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder", help="a folder with a folder of images for each class")
    p.add_argument("--unwarp", default="./unwarp", help="the program")
    p.add_argument("--seeds", default="1,2,3")
    p.add_argument("--test", type=float, default=.2, help="share of each class")
    p.add_argument("--validation", type=float, default=.125, help="share of what is left")
    p.add_argument("--rate", type=float, default=2e-3, help="largest learning rate of Keras")
    p.add_argument("--set", action="append", default=[], help="KEY=VALUE for unwarp")
    p.add_argument("--only", choices=("unwarp", "keras"), help="train one of both alone")
    p.add_argument("--like", nargs=4, type=int, metavar=("SIDE", "BATCH", "WEIGHTS", "SECONDS"), help="what --only keras takes over from a run of unwarp")
    o = p.parse_args()
    if (o.only == "keras") != bool(o.like):
        p.error("--only keras and --like go together")
    extra, rows = [w for kv in o.set for w in ("--set", kv)], []
    import tensorflow as tf
    tf.config.threading.set_inter_op_parallelism_threads(2)
    with tempfile.TemporaryDirectory() as home:
        for seed in [int(s) for s in o.seeds.split(",")]:
            files = split(o.folder, seed, o.test, o.validation)
            table = os.path.join(home, f"list{seed}.csv")
            with open(table, "w", newline="") as f:
                csv.writer(f).writerows([("path", "label", "split"), *files])
            classes, one = sorted({label for _, label, _ in files}), {"seed": seed, "test_images": sum(part == "test" for _, _, part in files)}
            like = o.like
            if o.only != "keras":
                one["unwarp"] = train_unwarp(os.path.abspath(o.unwarp), table, seed, os.path.join(home, f"run{seed}"), extra)
                like = [one["unwarp"][name] for name in ("side", "batch", "weights", "seconds")]
            if o.only != "unwarp":
                one["keras"] = train_keras(files, classes, *like, seed, o.rate)
            rows.append(one)
            for name in [name for name in ("unwarp", "keras") if name in one]:
                r = one[name]
                print(f"seed {seed} {name:7} {100 * r['accuracy']:6.2f} % of {one['test_images']} test images, {r['weights']:,} weights, {r['steps']} steps, {r['seconds']:.0f} s of processor time", file=sys.stderr, flush=True)
    for name in [name for name in ("unwarp", "keras") if name in rows[0]]:
        all_ = [100 * r[name]["accuracy"] for r in rows]
        spread = f" ± {statistics.stdev(all_):.2f}" if len(all_) > 1 else ""
        print(f"{name:7} {statistics.mean(all_):.2f}{spread} % (n = {len(all_)})", file=sys.stderr)
    json.dump(rows, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
