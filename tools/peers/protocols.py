#!/usr/bin/env python3
"""What training costs in Keras and PyTorch, with the augmentation and the model of each data set.

    .venv/peers/bin/python tools/peers/protocols.py                                  # smallNORB, about a minute
    .venv/peers/bin/python tools/peers/protocols.py --protocol cifar --peers torch

The protocols are those of BenchmarkProtocol in trainer/bench_test.go, batch 128:

    mnist      28x28x1, no augmentation; Hinton's CNN, 10 classes, Adam 1e-3
    smallnorb  crop 48 of 96x96x2, bilinear resize to 32, brightness 63/255, contrast .2 to 1.8,
               zero mean and unit variance per image; Hinton's CNN, 5 classes, Adam 1e-3
    facescrub  32x32x3, moved by up to 2 pixels with edges repeated, flip; Hinton's CNN, 12 classes, Adam 1e-3
    cifar      32x32x3, moved by up to 4 pixels with edges repeated, flip, normalised by channel;
               ResNet-20, 10 classes, SGD .1, momentum .9, decay 1e-4 of kernels

The images are noise on stripes whose width gives the class, so that the loss must fall: no
data set has to be at hand, and pixels cost the same whatever they show.

    keras-fit     Model.fit on tf.data; augmentation in whole batches, prefetched
    torch         channels_last, fused optimiser; augmentation in whole batches between the steps
    torch-loader  the same, batches made by --workers processes of a DataLoader
    keras-fit-bf16, torch-bf16   the first two with mixed_bfloat16 and autocast

Augmenting whole batches is the quickest that either library has on two cores; image by
image, as augment.py times it, tf.data takes several times as long. Processes, memory and time
are measured as in train.py; `params` counts trainable numbers, `loss_first` and `loss_last` are
means over the warm-up and the last block.

Stdout: one JSON object per peer. Stderr: the same for people. Linux only.
"""

import argparse
import functools
from typing import NamedTuple

from train import BATCH, Meter, drive, options

SIDE, SOURCE, CROP = 32, 96, 48  # of augmented images, of smallNORB's, of the crop
MEAN, STD = (.4914, .4822, .4465), (.2470, .2435, .2616)  # CIFAR-10's


class Protocol(NamedTuple):
    images: int
    classes: int
    shape: tuple  # of an image before the augmentation
    shift: int = 0  # pixels by which images move at most; above 0 they are flipped too
    resnet: bool = False


PROTOCOLS = {
    "mnist": Protocol(60_000, 10, (28, 28, 1)),
    "smallnorb": Protocol(4_860, 5, (SOURCE, SOURCE, 2)),
    "facescrub": Protocol(4_860, 12, (SIDE, SIDE, 3), shift=2),
    "cifar": Protocol(45_000, 10, (SIDE, SIDE, 3), shift=4, resnet=True),
}


def stripes(p):
    """Returns images [N,H,W,C] uint8 and labels [N] int32."""
    import numpy as np

    rng = np.random.default_rng(7)
    images = rng.integers(0, 100, (p.images, *p.shape), dtype=np.uint8)
    labels = np.arange(p.images, dtype=np.int32) % p.classes
    for c in range(p.classes):
        images[c::p.classes] += (150 * (np.arange(p.shape[0]) // (c + 2) % 2)).astype(np.uint8)[:, None, None]
    return images, labels


# ---- Keras --------------------------------------------------------------------------


def tf_augment(tf, name, p):
    """Returns a function from a uint8 batch to what the net sees, in float32."""

    def jitter(x):
        each = [BATCH, 1, 1, 1]
        x += tf.random.uniform(each, -63 / 255, 63 / 255)
        mean = tf.reduce_mean(x, [1, 2], keepdims=True)
        x = (x - mean) * tf.random.uniform(each, .2, 1.8) + mean
        x -= tf.reduce_mean(x, [1, 2, 3], keepdims=True)
        values = SIDE * SIDE * p.shape[2]
        return x * tf.math.rsqrt(tf.maximum(tf.reduce_mean(tf.square(x), [1, 2, 3], keepdims=True), 1 / values))

    def crop(x):
        # The op puts its samples on the corners of a box: this one makes them those of a bilinear resize of the crop.
        scale = CROP / SIDE
        at = tf.cast(tf.random.uniform([BATCH, 2], 0, SOURCE - CROP + 1, tf.int32), tf.float32) + (scale - 1) / 2
        boxes = tf.concat([at, at + scale * (SIDE - 1)], 1) / (SOURCE - 1)
        return tf.image.crop_and_resize(x, boxes, tf.range(BATCH), [SIDE, SIDE])

    def move(x):
        def places():
            return tf.range(SIDE) + tf.random.uniform([BATCH, 1], -p.shift, p.shift + 1, tf.int32)

        rows, columns = (tf.clip_by_value(places(), 0, SIDE - 1) for _ in range(2))
        columns = tf.where(tf.random.uniform([BATCH, 1]) < .5, columns, columns[:, ::-1])
        at = rows[:, :, None] * SIDE + columns[:, None, :]
        return tf.gather(tf.reshape(x, [BATCH, SIDE * SIDE, 3]), at, axis=1, batch_dims=1)

    def augment(x):
        if name == "smallnorb":
            return jitter(crop(x) / 255)
        x = tf.cast(move(x) if p.shift else x, tf.float32) / 255
        return (x - MEAN) / STD if name == "cifar" else x

    return augment


def keras_hinton(keras, x, classes):
    layers = keras.layers
    for width in (32, 64):
        x = layers.MaxPooling2D()(layers.Conv2D(width, 5, padding="same", activation="relu")(x))
    x = layers.Dense(1024, activation="relu")(layers.Flatten()(x))
    return layers.Dense(classes, dtype="float32")(layers.Dropout(.5)(x))


def keras_resnet(keras, x, classes):
    layers = keras.layers
    decay = keras.regularizers.L2(5e-5)  # λ‖w‖²: adds 1e-4·w to the gradient

    def convolved(x, width, stride=1):
        if stride > 1:
            x = layers.ZeroPadding2D(1)(x)
        x = layers.Conv2D(width, 3, stride, "same" if stride == 1 else "valid", use_bias=False,
                          kernel_initializer="he_normal", kernel_regularizer=decay)(x)
        return layers.BatchNormalization(momentum=.9, epsilon=1e-5)(x)

    x = layers.ReLU()(convolved(x, 16))
    for width in (16, 32, 64):
        for block in range(3):
            stride = 2 if width > 16 and block == 0 else 1
            y = convolved(layers.ReLU()(convolved(x, width, stride)), width)
            if stride > 1:
                x = keras.ops.pad(x[:, ::2, ::2], [(0, 0), (0, 0), (0, 0), (0, width // 2)])
            x = layers.ReLU()(layers.Add()([y, x]))
    return layers.Dense(classes, kernel_regularizer=decay, dtype="float32")(layers.GlobalAveragePooling2D()(x))


def keras_fit(args, meter, bf16=False):
    from train import fit, tensorflow

    tf = tensorflow(args)
    import keras

    if bf16:
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    p = PROTOCOLS[args.protocol]
    side = p.shape[0] if args.protocol == "mnist" else SIDE
    x = keras.Input((side, side, p.shape[2]))
    model = keras.Model(x, (keras_resnet if p.resnet else keras_hinton)(keras, x, p.classes))
    augment = tf_augment(tf, args.protocol, p)
    data = tf.data.Dataset.from_tensor_slices(stripes(p)).shuffle(10_000).repeat().batch(BATCH, drop_remainder=True)
    data = data.map(lambda x, y: (augment(x), y), tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
    rate = keras.optimizers.SGD(.1, momentum=.9) if p.resnet else keras.optimizers.Adam(1e-3)
    return fit(tf, keras, model, rate, data, meter)


# ---- PyTorch ------------------------------------------------------------------------


def torch_augment(torch, name, p):
    """Returns a function from uint8 images [N,C,H,W] and the indices of a batch to what the net sees, channels_last."""
    f = torch.nn.functional

    def jitter(x):
        x = x + torch.empty(len(x), 1, 1, 1).uniform_(-63 / 255, 63 / 255)
        mean = x.mean((2, 3), keepdim=True)
        x = torch.lerp(mean, x, torch.empty(len(x), 1, 1, 1).uniform_(.2, 1.8))
        variance, mean = torch.var_mean(x, (1, 2, 3), correction=0, keepdim=True)
        return (x - mean) * variance.clamp_min(1 / x[0].numel()).rsqrt()

    def crop(images, pick):
        at = torch.randint(SOURCE - CROP + 1, (len(pick), 2)).tolist()
        crops = [images[i, :, y:y + CROP, x:x + CROP] for i, (y, x) in zip(pick.tolist(), at)]
        return f.interpolate(torch.stack(crops).float(), (SIDE, SIDE), mode="bilinear")

    def move(images, pick):
        def places():
            return torch.arange(SIDE) + torch.randint(-p.shift, p.shift + 1, (len(pick), 1))

        rows, columns = (places().clamp_(0, SIDE - 1) for _ in range(2))
        columns = torch.where(torch.rand(len(pick), 1) < .5, columns, columns.flip(1))
        # An image lies in memory as [H,W,C], so that one index moves a pixel.
        return images.permute(0, 2, 3, 1)[pick[:, None, None], rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)

    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (MEAN, STD))

    def augment(images, pick):
        if name == "smallnorb":
            x = jitter(crop(images, pick).div_(255))
        else:
            x = (move(images, pick) if p.shift else images[pick]).to(torch.float32).div_(255)
            if name == "cifar":
                x = x.sub_(mean).div_(std)
        return x.contiguous(memory_format=torch.channels_last)

    return augment


def torch_hinton(torch, p):
    nn = torch.nn
    side = (p.shape[0] if p.shape[0] < SIDE else SIDE) // 4
    return nn.Sequential(
        nn.Conv2d(p.shape[2], 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(side * side * 64, 1024), nn.ReLU(), nn.Dropout(.5), nn.Linear(1024, p.classes))


def torch_resnet(torch, p):
    nn = torch.nn

    def convolved(old, new, stride=1):
        c = nn.Conv2d(old, new, 3, stride, 1, bias=False)
        nn.init.kaiming_normal_(c.weight)
        return c, nn.BatchNorm2d(new)

    class Block(nn.Module):
        def __init__(self, old, new):
            super().__init__()
            self.wider, stride = new - old, 1 if new == old else 2
            self.body = nn.Sequential(*convolved(old, new, stride), nn.ReLU(inplace=True), *convolved(new, new))

        def forward(self, x):
            y = self.body(x)
            if self.wider:
                x = nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, self.wider))
            return nn.functional.relu_(y + x)

    widths = [16, 16, 16, 16, 32, 32, 32, 64, 64, 64]
    return nn.Sequential(
        *convolved(p.shape[2], 16), nn.ReLU(inplace=True), *(Block(a, b) for a, b in zip(widths, widths[1:])),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, p.classes))


def torch_fit(args, meter, bf16=False, loader=False):
    import torch

    torch.set_num_threads(args.threads)
    torch.manual_seed(7)
    p = PROTOCOLS[args.protocol]
    net = (torch_resnet if p.resnet else torch_hinton)(torch, p).to(memory_format=torch.channels_last).train()
    weights = list(net.parameters())
    if p.resnet:
        groups = [{"params": [w for w in weights if w.ndim > 1], "weight_decay": 1e-4}, {"params": [w for w in weights if w.ndim == 1]}]
        optimizer = torch.optim.SGD(groups, .1, .9, fused=True)
    else:
        optimizer = torch.optim.Adam(weights, 1e-3, fused=True)
    images, labels = stripes(p)
    labels = torch.from_numpy(labels.astype("int64"))
    images, augment = torch.from_numpy(images).permute(0, 3, 1, 2), torch_augment(torch, args.protocol, p)
    if not p.shift:
        images = images.contiguous()

    def orders():
        while True:
            yield from torch.randperm(p.images)[:p.images // BATCH * BATCH].split(BATCH)

    class Batches(torch.utils.data.IterableDataset):
        def __iter__(self):
            for pick in orders():
                yield augment(images, pick), labels[pick]

    batches = iter(torch.utils.data.DataLoader(Batches(), None, num_workers=args.workers) if loader else Batches())

    def step():
        x, y = next(batches)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            z = net(x)
        loss = torch.nn.functional.cross_entropy(z.float(), y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        meter.loss(loss.item())

    meter.drive(step)
    return {"torch": torch.__version__, "params": sum(w.numel() for w in weights)}


PEERS = {
    "keras-fit": keras_fit, "torch": torch_fit, "torch-loader": functools.partial(torch_fit, loader=True),
    "keras-fit-bf16": functools.partial(keras_fit, bf16=True), "torch-bf16": functools.partial(torch_fit, bf16=True),
}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--protocol", choices=PROTOCOLS, default="smallnorb", help="data set, augmentation and model (default smallnorb)")
    options(p, PEERS, "torch-loader")
    drive(__file__, p, PEERS)


if __name__ == "__main__":
    main()
