"""Records bounds of auto_LiRPA on a small net, for graphs/bounds.

Needs an environment of its own: auto-lirpa 0.3 wants torch below 1.13 and numpy below 2.

    python3.8 -m venv .venv/lirpa
    .venv/lirpa/bin/pip install torch==1.8.1 torchvision==0.9.1 'numpy<1.25' packaging pytest pytest-order appdirs pyyaml ninja tqdm 'onnx==1.12.0' 'protobuf<3.21'
    .venv/lirpa/bin/pip install --no-deps auto-lirpa==0.3
    .venv/lirpa/bin/python -W ignore tools/golden/bounds.py

Writes graphs/bounds/testdata/lirpa.npz: weights in TensorFlow's layout, images [n,h,w,c], labels, and for each method and radius lower bounds of the
margins z_y - z_k, [n,classes]:

    <ball>/ibp, crown-ibp, crown, alpha   adaptive slopes; alpha: 30 steps on the slopes of the margins, intervals of CROWN kept
    <ball>/crown-zero                     slopes 0
"""

import os

import numpy as np
import torch
from auto_LiRPA import BoundedModule, BoundedTensor, PerturbationLpNorm, __version__

torch.set_num_threads(1)  # small nets: more threads only wait for each other

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "graphs", "bounds", "testdata", "lirpa.npz")
SIDE, CLASSES, IMAGES = 8, 5, 6
BALLS = {"linf-0.02": (np.inf, 0.02), "linf-0.1": (np.inf, 0.1), "l2-0.3": (2, 0.3)}


def build(rng):
    """conv 4x4/2 of 6, ReLU, conv 3x3 of 8, ReLU, dense 20, ReLU, dense 5; SAME, and padding that is alike on all sides."""
    net = torch.nn.Sequential(
        torch.nn.Conv2d(1, 6, 4, stride=2, padding=1), torch.nn.ReLU(),
        torch.nn.Conv2d(6, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.Flatten(),
        torch.nn.Linear(8 * 16, 20), torch.nn.ReLU(), torch.nn.Linear(20, CLASSES))
    with torch.no_grad():
        for p in net.parameters():
            fan = p[0].numel() if p.dim() > 1 else 100
            p.copy_(torch.as_tensor(rng.normal(0, np.sqrt(2 / fan), p.shape).astype(np.float32)))
    return net.eval()


def tensorflow_weights(net):
    """The weights as TensorFlow has them: kernels [h,w,in,out], images flattened as NHWC."""
    out = {}
    for name, layer in zip(("conv1", "conv2", "dense1", "dense2"), (net[0], net[2], net[5], net[7])):
        w = layer.weight.detach().numpy()
        if name.startswith("conv"):
            w = w.transpose(2, 3, 1, 0)
        elif name == "dense1":
            w = w.reshape(-1, 8, 4, 4).transpose(2, 3, 1, 0).reshape(128, -1)
        else:
            w = w.T
        out[name + "_w"], out[name + "_b"] = np.ascontiguousarray(w), layer.bias.detach().numpy()
    return out


def bound(net, x, labels, norm, eps, method, slopes):
    opts = {"relu": slopes, "sparse_features_alpha": False, "sparse_spec_alpha": False, "optimize_bound_args": {"iteration": 30, "lr_alpha": 0.1, "early_stop_patience": 1000, "fix_intermediate_layer_bounds": True}}
    model = BoundedModule(net, torch.empty_like(x), bound_opts=opts, device="cpu")
    if norm == np.inf:
        ptb = PerturbationLpNorm(norm=norm, eps=eps, x_L=(x - eps).clamp(min=0), x_U=(x + eps).clamp(max=1))
    else:
        ptb = PerturbationLpNorm(norm=norm, eps=eps)  # without the box
    bounded = BoundedTensor(x, ptb)
    c = torch.eye(CLASSES)[labels].unsqueeze(1) - torch.eye(CLASSES).unsqueeze(0)
    keep = torch.tensor([[k for k in range(CLASSES) if k != y] for y in labels.tolist()])
    rows = torch.gather(c, 1, keep.unsqueeze(2).expand(-1, -1, CLASSES))
    fixed = {}
    if method == "CROWN-Optimized":  # with none given, version 0.3 optimises the intervals too
        model.compute_bounds(x=(bounded,), C=rows, method="CROWN", bound_upper=False)
        fixed["intermediate_layer_bounds"] = {r.inputs[0].name: [r.inputs[0].lower.detach(), r.inputs[0].upper.detach()] for r in model.relus}
    lower, _ = model.compute_bounds(x=(bounded,), C=rows, method=method, bound_upper=False, **fixed)
    out = torch.zeros(len(x), CLASSES)
    out.scatter_(1, keep, lower.detach())
    return out.numpy()


def main():
    rng = np.random.default_rng(7)
    net = build(rng)
    x = rng.uniform(0, 1, (IMAGES, SIDE, SIDE, 1)).astype(np.float32)
    xt = torch.from_numpy(x.transpose(0, 3, 1, 2).copy())
    labels = net(xt).argmax(1)
    record = tensorflow_weights(net)
    record.update(images=x, labels=labels.numpy().astype(np.int32), logits=net(xt).detach().numpy())
    for ball, (norm, eps) in BALLS.items():
        for name, method, slopes in (("ibp", "IBP", "adaptive"), ("crown-ibp", "CROWN-IBP", "adaptive"), ("crown", "CROWN", "adaptive"),
                                     ("crown-zero", "CROWN", "zero-lb"), ("alpha", "CROWN-Optimized", "adaptive")):
            if name == "alpha" and norm != np.inf:
                continue
            record[f"{ball}/{name}"] = bound(net, xt, labels, norm, eps, method, slopes).astype(np.float32)
            print(ball, name, record[f"{ball}/{name}"].min(1))
    np.savez(OUT, **record)
    print("auto_LiRPA", __version__, "torch", torch.__version__, "->", OUT)


main()
