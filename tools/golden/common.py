"""What the scripts of this folder share: the two nets, and reading and writing records."""

import importlib.metadata
import json
import os
import warnings

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import torch
import torch.nn.functional as F

warnings.filterwarnings("ignore", message="to-Python converter")
torch.set_num_threads(1)  # small nets: more threads only wait for each other

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "attacks", "testdata", "golden")

# net: height, width, channels, classes
SHAPES = {"a": (12, 12, 1, 10), "b": (8, 8, 3, 5)}


class Net(torch.nn.Module):
    """Net a or b over weights in TensorFlow's layout: [n,c,h,w] in, logits out.

    a: conv 3x3x8, ReLU, max-pool 2, conv 3x3x16, ReLU, max-pool 2, dense 32, ReLU, dense 10.
    b: conv 3x3x8, tanh, dense 24, tanh, dense 5. All convolutions SAME; flattened as NHWC.
    """

    def __init__(self, name, weights):
        super().__init__()
        self.name = name
        self.w = torch.nn.ParameterDict({k: torch.nn.Parameter(torch.as_tensor(v)) for k, v in weights.items()})

    def forward(self, x):
        w = self.w
        act = torch.relu if self.name == "a" else torch.tanh
        for layer in ("conv1", "conv2") if self.name == "a" else ("conv1",):
            x = F.conv2d(x, w[layer + "_w"].permute(3, 2, 0, 1), w[layer + "_b"], padding=1)
            x = act(x)
            if self.name == "a":
                x = F.max_pool2d(x, 2)
        x = x.permute(0, 2, 3, 1).flatten(1)
        x = act(x @ w["dense1_w"] + w["dense1_b"])
        return x @ w["dense2_w"] + w["dense2_b"]


def nchw(x):
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(np.asarray(x, np.float32), -1, 1)))


def nhwc(x):
    return np.ascontiguousarray(np.moveaxis(x.detach().cpu().numpy(), 1, -1), np.float32)


def load(name):
    """Returns the net, its images [32,c,h,w] and its labels [32] (int64)."""
    with np.load(os.path.join(OUT, f"net_{name}.npz")) as z:
        weights = {k: z[k] for k in z.files if k.endswith(("_w", "_b"))}
        net = Net(name, weights).eval().requires_grad_(False)
        return net, nchw(z["images"]), torch.from_numpy(z["labels"].astype(np.int64))


class Record:
    """Collects arrays and how each was made, and writes attacks/library/testdata/golden/FILE.npz."""

    def __init__(self, file):
        self.file, self.arrays, self.info = file, {}, {}

    def add(self, name, library, call, arrays, **params):
        """Arrays of one record; keys are NAME/FIELD. library "" is a definition written in these scripts."""
        version = importlib.metadata.version(library) if library else ""
        self.info[name] = {"library": library, "version": version, "call": call, **params}
        for field, value in arrays.items():
            if isinstance(value, torch.Tensor):
                value = value.detach().cpu().numpy()
            value = np.asarray(value)
            kind = {"f": np.float32, "i": np.int32, "b": np.uint8, "u": np.uint8}[value.dtype.kind]
            key = f"{name}/{field}"
            assert key not in self.arrays, key
            assert value.dtype.kind != "f" or not np.isnan(value).any(), key
            self.arrays[key] = np.ascontiguousarray(value.astype(kind))
        print(name, {k: round(float(np.mean(v)), 5) for k, v in arrays_small(self.arrays, name).items()}, flush=True)

    def write(self):
        text = json.dumps(self.info, indent=0, sort_keys=True).encode()
        path = os.path.join(OUT, self.file + ".npz")
        np.savez_compressed(path, info=np.frombuffer(text, np.uint8), **self.arrays)
        print(f"{path}: {os.path.getsize(path)} bytes, {len(self.arrays)} arrays")


def arrays_small(arrays, name):
    return {k.rsplit("/", 1)[1]: v for k, v in arrays.items() if k.startswith(name + "/")}


def wrong(net, x, y):
    """Which images the net misclassifies, computed on what will be stored."""
    with torch.no_grad():
        return net(x).argmax(1) != y


def distance(norm, x, x0):
    d = (x - x0).flatten(1)
    return {"linf": d.abs().amax(1), "l2": d.norm(dim=1), "l1": d.abs().sum(1), "l0": (d != 0).float().sum(1)}[norm]


# The size of perturbation with which about half of the images are misclassified.
EPS = {"a": {"linf": .08, "l2": .8, "l1": 8.}, "b": {"linf": .05, "l2": .6, "l1": 6.}}


def double_copy(net):
    """The net in float64: how far a float32 result can be trusted."""
    return Net(net.name, {k: v.numpy() for k, v in net.w.items()}).double().eval().requires_grad_(False)


def agreement(a, b, within=1e-5):
    """Share of pixels that differ by at most within."""
    return round(float(((a.double() - b.double()).abs() <= within).double().mean()), 5)
