#!/usr/bin/env python3
"""AutoAttack of pyautoattack and `unwarp attack --attack standard` on networks that others trained.

    .venv/onnx/bin/python tools/peers/agreement.py --unwarp ./unwarp --keras .venv/peers/bin/python --mnist DIR --cifar DIR --to DIR

It trains four small networks, about two minutes each on one core: two in PyTorch, one of them
against PGD, exported to ONNX; two in Keras, exported as SavedModels. Keras's have a Rescaling
layer in front and a softmax at the end, so that `unwarp` has to find the range of pixels and
the logits. pyautoattack sees the same weights in PyTorch, and the logits of both are compared
first. Both attack the first --images test images, Linf, with their defaults, and what is left
is compared image by image. The data are CIFAR-10's binary version and MNIST's IDX files.

What a step writes into --to is kept: a command that was interrupted goes on where it was.
`cpu` is processor time, of pyautoattack without imports and loading, of `unwarp` of the whole
process; other work beside it changes it little. --nets, --seeds and --threads choose; --show only
prints the table of what is there. Needs torch with onnx and pyautoattack, and Keras with
TensorFlow 2.18, which wants an older protobuf than onnx does: --keras names another Python.
"""

import argparse
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import attacks

HERE = os.path.abspath(__file__)
# A layer is a name and its numbers: conv (channels, side of the kernel, stride), dense (outputs).
NETS = {
    "onnx-mnist-pgd": {
        "data": "mnist", "format": "ONNX", "eps": (.28,), "images": 500, "epochs": 1, "adversary": .2,
        "layers": (("conv", 16, 4, 2), ("relu",), ("conv", 32, 4, 2), ("relu",), ("flatten",), ("dense", 100), ("relu",), ("dense", 10)),
    },
    "onnx-cifar": {
        "data": "cifar", "format": "ONNX", "eps": (4 / 255,), "images": 500, "epochs": 2,
        "layers": (("conv", 24, 3, 1), ("norm",), ("relu",), ("max",), ("conv", 48, 3, 1), ("norm",), ("relu",), ("max",), ("conv", 96, 3, 1), ("norm",),
                   ("relu",), ("mean",), ("dense", 10)),
    },
    "keras-mnist": {
        "data": "mnist", "format": "SavedModel", "eps": (.15,), "images": 1000, "epochs": 2,
        "layers": (("conv", 16, 5, 1), ("relu",), ("max",), ("conv", 32, 5, 1), ("relu",), ("max",), ("flatten",), ("dense", 64), ("relu",), ("dense", 10)),
    },
    "keras-cifar": {
        "data": "cifar", "format": "SavedModel", "eps": (3 / 255,), "images": 500, "epochs": 1,
        "layers": (("conv", 16, 3, 1), ("norm",), ("relu",), ("max",), ("conv", 32, 3, 1), ("norm",), ("relu",), ("max",), ("conv", 32, 3, 1), ("norm",),
                   ("relu",), ("max",), ("flatten",), ("dense", 10)),
    },
}
SHAPES = {"mnist": (28, 28, 1), "cifar": (32, 32, 3)}


# ---- data ---------------------------------------------------------------------------


def read(args, name, part):
    """Returns images [N,H,W,C] uint8 and labels [N] of a part, train or test."""
    import numpy as np

    if name == "mnist":
        from train import read_idx

        kind = "train" if part == "train" else "t10k"
        return read_idx(args.mnist, f"{kind}-images-idx3-ubyte", 2051)[..., None], read_idx(args.mnist, f"{kind}-labels-idx1-ubyte", 2049).astype("int64")
    files = [f"data_batch_{i}.bin" for i in range(1, 6)] if part == "train" else ["test_batch.bin"]
    rows = np.concatenate([np.fromfile(os.path.join(args.cifar, f), np.uint8).reshape(-1, 3073) for f in files])
    return rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), rows[:, 0].astype("int64")


# ---- PyTorch ------------------------------------------------------------------------


def torch_net(net):
    """Returns the layers in PyTorch, on [n,C,H,W] in [0,1]; of a Keras network they are flattened in its order."""
    import torch
    from torch import nn

    class Rows(nn.Module):
        def forward(self, x):
            return x.permute(0, 2, 3, 1).flatten(1)

    class Mean(nn.Module):
        def forward(self, x):
            return x.mean((2, 3))

    keras = net["format"] == "SavedModel"
    shape, parts = SHAPES[net["data"]], []
    side, width = shape[0], shape[2]
    for kind, *n in net["layers"]:
        if kind == "conv":
            parts.append(nn.Conv2d(width, n[0], n[1], n[2], padding=(n[1] - 1) // 2))
            side, width = (side + 2 * ((n[1] - 1) // 2) - n[1]) // n[2] + 1, n[0]
        elif kind == "max":
            parts.append(nn.MaxPool2d(2))
            side //= 2
        elif kind == "flatten":
            parts.append(Rows() if keras else nn.Flatten())
            width *= side * side
        elif kind == "dense":
            parts.append(nn.Linear(width, n[0]))
            width = n[0]
        else:
            parts.append({"norm": lambda: nn.BatchNorm2d(width), "relu": nn.ReLU, "mean": Mean}[kind]())
    return nn.Sequential(*parts).to(memory_format=torch.channels_last)


def values(module):
    """The names of a network's weights and statistics, in order of the layers."""
    return [k for k in module.state_dict() if not k.endswith("num_batches_tracked")]


def load(net, path):
    """Returns the trained network in PyTorch; its logits are those that were recorded."""
    import numpy as np
    import torch

    module = torch_net(net)
    with np.load(path) as z:
        module.load_state_dict({k: torch.from_numpy(z[str(i)]) for i, k in enumerate(values(module))}, strict=False)
        probe, logits = torch.from_numpy(z["probe"]), torch.from_numpy(z["logits"])
    module.eval().requires_grad_(False)
    apart = float((module(probe) - logits).abs().max() / logits.abs().max())
    if apart > 1e-4:
        sys.exit(f"agreement.py: {path}: logits of PyTorch and the exporting library differ by {apart:.1e} of the largest")
    return module


def ascend(module, x, y, eps):
    """PGD of 7 steps from a random point: the images that training is against."""
    import torch

    z = (x + torch.empty_like(x).uniform_(-eps, eps)).clamp_(0, 1)
    for _ in range(7):
        z.requires_grad_()
        slope, = torch.autograd.grad(torch.nn.functional.cross_entropy(module(z), y), z)
        z = torch.minimum(torch.maximum(z.detach() + eps / 3 * slope.sign(), x - eps), x + eps).clamp_(0, 1)
    return z.detach()


def train_torch(args, net, images, labels):
    import torch

    torch.manual_seed(1)
    module, batch = torch_net(net), 128
    rate, steps, step = 3e-3, net["epochs"] * (len(images) // batch), 0
    optimizer = torch.optim.Adam(module.parameters(), rate)
    cosine = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps, pct_start=.2)
    y_all = torch.from_numpy(labels)
    for _ in range(net["epochs"]):
        for pick in torch.randperm(len(images)).split(batch)[:len(images) // batch]:
            x = torch.from_numpy(images[pick.numpy()]).permute(0, 3, 1, 2).float().div_(255).contiguous(memory_format=torch.channels_last)
            if net["data"] == "cifar" and torch.rand(()) < .5:
                x = x.flip(3)
            if eps := net.get("adversary"):
                x = ascend(module, x, y_all[pick], eps * min(1, 2 * step / steps))
            loss = torch.nn.functional.cross_entropy(module(x), y_all[pick])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            cosine.step()
            step += 1
            if step % 200 == 0:
                attacks.say(f"step {step} of {steps}: loss {loss.item():.3f}")
    return module.eval()


# ---- Keras --------------------------------------------------------------------------


def keras_net(net):
    import keras
    from keras import layers as k

    make = {
        "conv": lambda n, side, stride: k.Conv2D(n, side, stride, padding="same"), "norm": lambda: k.BatchNormalization(momentum=.9, epsilon=1e-5),
        "relu": k.ReLU, "max": lambda: k.MaxPooling2D(2), "flatten": k.Flatten, "dense": k.Dense,
    }
    return keras.Sequential([keras.Input(SHAPES[net["data"]]), k.Rescaling(1 / 255), *(make[kind](*n) for kind, *n in net["layers"]), k.Softmax()])


def train_keras(args, net, images, labels):
    import keras

    keras.utils.set_random_seed(1)
    model = keras_net(net)
    batch = 128
    rate = keras.optimizers.schedules.CosineDecay(2e-3, net["epochs"] * (len(images) // batch + 1))
    model.compile(keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images.astype("float32"), labels, batch, net["epochs"], verbose=2)
    return model


def weights_of(model):
    """Weights of a Keras model as PyTorch orders and lays them out."""
    arrays = [w for layer in model.layers for w in layer.get_weights()]
    return [a.transpose(3, 2, 0, 1) if a.ndim == 4 else a.T if a.ndim == 2 else a for a in arrays]


# ---- steps, each a process of its own -----------------------------------------------


def train(args, name, folder):
    """Trains a network and writes weights.npz with the logits of eight images, the test images, and Keras's export model/."""
    import numpy as np

    net = NETS[name]
    images, labels = read(args, net["data"], "train")
    test, truth = read(args, net["data"], "test")
    test, truth = test[:net["images"]], truth[:net["images"]]
    np.savez(os.path.join(folder, "images.npz"), images=test, labels=truth)
    probe = test[:8].transpose(0, 3, 1, 2).astype("float32") / 255
    if net["format"] == "ONNX":
        import torch

        torch.set_num_threads(args.threads)
        module = train_torch(args, net, images, labels)
        arrays = [module.state_dict()[k].contiguous().numpy() for k in values(module)]
        logits = module(torch.from_numpy(probe)).detach().numpy()
    else:
        import keras

        model = train_keras(args, net, images, labels)
        model.export(os.path.join(folder, "model"), verbose=False)
        arrays = weights_of(model)
        logits = keras.Model(model.inputs, model.layers[-2].output).predict(test[:8].astype("float32"), verbose=0)
    part = os.path.join(folder, "part.npz")
    np.savez(part, probe=probe, logits=logits, **{str(i): a for i, a in enumerate(arrays)})
    os.replace(part, os.path.join(folder, "weights.npz"))


def export(args, name, folder):
    """Writes model.onnx."""
    import torch

    h, w, c = SHAPES[NETS[name]["data"]]
    free = {"image": {0: "n"}, "scores": {0: "n"}}
    part = os.path.join(folder, "part.onnx")
    torch.onnx.export(load(NETS[name], os.path.join(folder, "weights.npz")), (torch.zeros(1, c, h, w),), part, dynamo=False, opset_version=17,
                      input_names=["image"], output_names=["scores"], dynamic_axes=free)
    os.replace(part, os.path.join(folder, "model.onnx"))


def images_of(folder):
    """The test images [n,C,H,W] in [0,1] and their labels, in PyTorch."""
    import numpy as np
    import torch

    with np.load(os.path.join(folder, "images.npz")) as z:
        x = torch.from_numpy(z["images"].astype("float32") / np.float32(255)).permute(0, 3, 1, 2)
        return x.contiguous(), torch.from_numpy(z["labels"])


def peer(args, name, folder, seed):
    """AutoAttack by pyautoattack."""
    import importlib.metadata

    import torch

    torch.set_num_threads(args.threads)
    torch.manual_seed(seed)
    module = load(NETS[name], os.path.join(folder, "weights.npz")).to(memory_format=torch.contiguous_format)  # it refuses channels_last of three channels
    x, y = images_of(folder)
    sizes = NETS[name]["eps"]
    with torch.no_grad():
        clean = torch.cat([module(b).argmax(1) for b in x.split(250)]).tolist()
    attack = attacks.LIBRARIES["pyautoattack"](module, "standard", sizes, 250)
    figures = attacks.judge(module, attack, x, y, sizes, len(x), "pyautoattack")
    write(os.path.join(folder, f"pyautoattack-{seed}.json"),
          {**figures, "clean": clean, "labels": y.tolist(), "version": importlib.metadata.version("pyautoattack"), "torch": torch.__version__})


def ours(args, name, folder):
    """`unwarp attack --attack standard`."""
    net = NETS[name]
    o = SimpleNamespace(unwarp=args.unwarp, run=os.path.join(folder, "model.onnx" if net["format"] == "ONNX" else "model"), images=net["images"], threads=args.threads,
                        precision=args.precision)
    figures, why = attacks.ours(o, "standard", net["eps"], ("--data", os.path.join(folder, "images.npz"), "--set", "data.holdout=1"))
    if figures is None:
        sys.exit(f"agreement.py: unwarp: {why}")
    write(os.path.join(folder, "unwarp.json"), figures)


def write(path, figures):
    with open(path + ".part", "w") as f:
        json.dump(figures, f)
    os.replace(path + ".part", path)


# ---- table --------------------------------------------------------------------------


def table(args):
    print("| network | format | images | correct | eps | pyautoattack leaves, % | unwarp leaves, % | points | verdicts that differ | cpu, s, pyautoattack | cpu, s, unwarp |\n"
          "|---|---|---|---|---|---|---|---|---|---|---|")
    notes = []
    for name in args.nets:
        net, folder = NETS[name], os.path.join(args.to, name)
        found = [kept(os.path.join(folder, f"pyautoattack-{s}.json")) for s in args.seeds]
        mine, found = kept(os.path.join(folder, "unwarp.json")), [r for r in found if r]
        if not mine or not found:
            print(f"| {name} | not measured |")
            continue
        first = found[0]
        right = sum(a == b for a, b in zip(first["labels"], first["clean"]))
        other = [i for i, (a, b) in enumerate(zip(mine["clean"], first["clean"])) if a != b]
        for eps in mine["left"]:
            theirs = [r["left"][eps] for r in found]
            mean = sum(theirs) / len(theirs)
            apart = [[i for i, (a, b) in enumerate(zip(mine["flags"][eps], r["flags"][eps])) if a != b] for r in found]
            print(f"| {name} | {net['format']} | {net['images']} | {right} | {float(eps):.4g} | {' '.join(f'{100 * t:.1f}' for t in theirs)} | {100 * mine['left'][eps]:.1f} | "
                  f"{100 * (mine['left'][eps] - mean):+.2f} | {' '.join(str(len(a)) for a in apart)} | {' '.join(str(round(r['cpu'])) for r in found)} | {mine['cpu']:.0f} |")
            for seed, a in zip(args.seeds, apart):
                who = [f"{i} ({'unwarp' if mine['flags'][eps][i] else 'pyautoattack'})" for i in a]
                notes += [f"- {name}, eps {float(eps):.4g}, seed {seed}: {', '.join(who)}"] if who else []
        if other:
            notes.append(f"- {name}: without attack unwarp gives another class to {other}")
    if notes:
        print("\nImages left by one alone, and by which:\n", *notes, sep="\n")


def kept(path):
    if os.path.exists(path):
        with open(path) as f:
            return json.load(f)


def main():
    numbers = lambda text: [int(n) for n in text.split(",")]
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--to", required=True, metavar="DIR", help="folder for networks and figures")
    p.add_argument("--mnist", metavar="DIR", help="MNIST's IDX files")
    p.add_argument("--cifar", metavar="DIR", help="CIFAR-10's binary files")
    p.add_argument("--unwarp", metavar="CMD", help="the unwarp program")
    p.add_argument("--nets", type=attacks.words(NETS), default=list(NETS), metavar="NAME,NAME", help=f"of {','.join(NETS)}")
    p.add_argument("--seeds", type=numbers, default=[0], metavar="N,N", help="seeds of pyautoattack (default 0)")
    p.add_argument("--threads", type=int, default=1, help="of both (default 1)")
    p.add_argument("--precision", default="auto", choices=["auto", "float32", "bfloat16"], help="of unwarp's gradients (default auto)")
    p.add_argument("--show", action="store_true", help="print the table of what is there")
    p.add_argument("--keras", default=sys.executable, metavar="PYTHON", help="the Python that has Keras (default: this one)")
    p.add_argument("--step", choices=["train", "export", "pyautoattack"], help=argparse.SUPPRESS)
    args = p.parse_args()
    if args.step:
        name = args.nets[0]
        folder = os.path.join(args.to, name)
        if args.step == "pyautoattack":
            return peer(args, name, folder, args.seeds[0])
        return {"train": train, "export": export}[args.step](args, name, folder)
    for name in () if args.show else args.nets:
        folder = os.path.join(args.to, name)
        os.makedirs(folder, exist_ok=True)
        step(args, name, "train", os.path.join(folder, "weights.npz"))
        if NETS[name]["format"] == "ONNX":
            step(args, name, "export", os.path.join(folder, "model.onnx"))
        for seed in args.seeds:
            step(args, name, "pyautoattack", os.path.join(folder, f"pyautoattack-{seed}.json"), "--seeds", str(seed))
        if args.unwarp and not os.path.exists(os.path.join(folder, "unwarp.json")):
            attacks.say(f"{name}: unwarp")
            ours(args, name, folder)
    table(args)


def step(args, name, what, path, *more):
    """Runs a step in a process of its own, unless its file is there."""
    if os.path.exists(path):
        return
    attacks.say(f"{name}: {what} {' '.join(more)}")
    flags = [w for flag in ("mnist", "cifar") if getattr(args, flag) for w in (f"--{flag}", getattr(args, flag))]
    python = args.keras if what == "train" and NETS[name]["format"] != "ONNX" else sys.executable
    subprocess.run([python, HERE, "--step", what, "--nets", name, "--to", args.to, "--threads", str(args.threads), *flags, *more], check=True,
                   stdout=sys.stderr, env={**os.environ, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": str(args.threads)})


if __name__ == "__main__":
    main()
