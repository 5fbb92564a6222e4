#!/usr/bin/env python3
"""Draws two data sets, trains net a and net b on them and records both.

    .venv/peers/bin/python tools/golden/nets.py        # net_a.npz and net_b.npz, seconds

New weights make every other record stale: run all scripts of this folder afterwards.
"""

import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F

import common

# net: seed, strength of a class's template, standard deviation of the noise
DRAW = {"a": (11, .75, .13), "b": (12, .45, .13)}


def blur(x, times):
    for _ in range(times):
        for axis in (1, 2):
            x = (np.roll(x, 1, axis) + 2 * x + np.roll(x, -1, axis)) / 4
    return x


def data(name, n):
    """Blurred random templates, shifted by up to one pixel, with noise; values k/255."""
    h, w, c, classes = common.SHAPES[name]
    seed, strength, noise = DRAW[name]
    r = np.random.default_rng(seed)
    templates = blur(r.standard_normal((classes, h, w, c)), 2)
    templates /= np.abs(templates).max((1, 2, 3), keepdims=True)
    labels = r.integers(0, classes, n)
    x = templates[labels]
    shift = r.integers(-1, 2, (n, 2))
    x = np.stack([np.roll(i, s, (0, 1)) for i, s in zip(x, shift)])
    x = .5 + strength * x * r.uniform(.5, 1, (n, 1, 1, 1)) + noise * r.standard_normal(x.shape)
    return (np.round(255 * np.clip(x, 0, 1)) / 255).astype(np.float32), labels.astype(np.int32)


def weights(name, r):
    h, w, c, classes = common.SHAPES[name]
    sizes = ([("conv1", (3, 3, c, 8)), ("conv2", (3, 3, 8, 16)), ("dense1", (h // 4 * (w // 4) * 16, 32)), ("dense2", (32, classes))]
             if name == "a" else
             [("conv1", (3, 3, c, 8)), ("dense1", (h * w * 8, 24)), ("dense2", (24, classes))])
    out = {}
    for layer, shape in sizes:
        out[layer + "_w"] = (r.standard_normal(shape) * np.sqrt(1.5 / np.prod(shape[:-1]))).astype(np.float32)
        out[layer + "_b"] = np.zeros(shape[-1], np.float32)
    return out


def train(name):
    torch.manual_seed(1)
    x, y = data(name, 5000)
    tx, ty = common.nchw(x), torch.from_numpy(y.astype(np.int64))
    net = common.Net(name, weights(name, np.random.default_rng(21)))
    adam = torch.optim.Adam(net.parameters(), 3e-3, weight_decay=1e-4)
    for step in range(500):
        i = torch.randint(0, 4000, (64,))
        adam.zero_grad()
        F.cross_entropy(net(tx[i]), ty[i]).backward()
        adam.step()
    with torch.no_grad():  # where 1-p is rounding noise, so is the gradient of the cross-entropy: keep margins small
        top = net(tx[4000:]).topk(2)[0]
        for k in ("dense2_w", "dense2_b"):
            net.w[k] *= 3 / (top[:, 0] - top[:, 1]).mean()
    right = (net(tx[4000:]).argmax(1) == ty[4000:]).numpy()
    print(f"net {name}: {100 * right.mean():.1f} % of 1000 test images right")
    pick = 4000 + np.r_[np.flatnonzero(right)[:31], np.flatnonzero(~right)[:1]]  # the last is wrong before any attack
    return net.eval().requires_grad_(False), x[pick], y[pick]


def tf_logits(name, w, x):
    """The same net in TensorFlow, on NHWC images."""
    act = tf.nn.relu if name == "a" else tf.tanh
    for layer in ("conv1", "conv2") if name == "a" else ("conv1",):
        x = act(tf.nn.conv2d(x, w[layer + "_w"], 1, "SAME") + w[layer + "_b"])
        if name == "a":
            x = tf.nn.max_pool2d(x, 2, 2, "VALID")
    x = act(tf.reshape(x, [x.shape[0], -1]) @ w["dense1_w"] + w["dense1_b"])
    return x @ w["dense2_w"] + w["dense2_b"]


def ratios(z, y):
    """Margin and both DLR losses (the target is the best other class); each grows where the net errs."""
    rest = z.masked_fill(F.one_hot(y, z.shape[1]).bool(), -torch.inf).amax(1)
    top = z.sort(1, descending=True)[0]
    margin = rest - z.gather(1, y[:, None])[:, 0]
    return {"margin": margin, "dlr": margin / (top[:, 0] - top[:, 2] + 1e-12),
            "dlr_targeted": margin / (top[:, 0] - .5 * (top[:, 2] + top[:, 3]) + 1e-12)}


def main():
    for name in common.SHAPES:
        net, images, labels = train(name)
        w = {k: v.numpy() for k, v in net.w.items()}
        x, y = common.nchw(images).requires_grad_(), torch.from_numpy(labels.astype(np.int64))
        logits = net(x)
        losses = {"ce": F.cross_entropy(logits, y, reduction="none"), **ratios(logits, y)}
        gradients = {k: torch.autograd.grad(v.sum(), x, retain_graph=True)[0] for k, v in losses.items()}
        jacobian = torch.stack([torch.autograd.grad(logits[:4, k].sum(), x, retain_graph=True)[0][:4]
                                for k in range(logits.shape[1])], 1)
        t = tf.constant(images)
        with tf.GradientTape() as tape:
            tape.watch(t)
            z = tf_logits(name, w, t)
            ce = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, z)
        apart = np.abs(z.numpy() - logits.detach().numpy()).max()
        apart_gradient = np.abs(tape.gradient(ce, t).numpy() - common.nhwc(gradients["ce"])).max()
        print(f"net {name}: TensorFlow against PyTorch: logits {apart:.1e}, gradients {apart_gradient:.1e}")
        assert apart < 1e-5 and apart_gradient < 1e-5
        arrays = {"images": images, "labels": labels, "logits": logits.detach().numpy(),
                  "jacobian": np.ascontiguousarray(np.moveaxis(jacobian.numpy(), 2, -1))}
        for k in losses:
            arrays[k] = losses[k].detach().numpy()
            arrays[k + "_gradient"] = common.nhwc(gradients[k])[0 if k == "ce" else 24:]
        np.savez_compressed(f"{common.OUT}/net_{name}.npz", **w, **arrays)


if __name__ == "__main__":
    main()
