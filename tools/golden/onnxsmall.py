"""Exports small networks of PyTorch and scikit-learn for graphs/imported/onnx, with what ONNX Runtime and PyTorch compute with them.

Needs the environment of tools/peers/onnxnets.py, with scikit-learn and skl2onnx beside:

    .venv/onnx/bin/python -W ignore tools/golden/onnxsmall.py

Writes NAME.onnx and NAME.npz into graphs/imported/onnx/testdata: images [3,C,H,W], logits [3,K], a random direction [3,K], and the gradient of the logits
along it. The logits are the values before a softmax at the end. What exporters note of source files is taken out of the networks.
"""

import os

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "graphs", "imported", "onnx", "testdata")


class Cnn(nn.Module):
    """Strides, uneven padding, depthwise, grouped and dilated convolutions, squeeze and excitation, ceil mode."""

    def __init__(self, softmax):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU6(), nn.MaxPool2d(3, 2, 1, ceil_mode=True))
        self.deep = nn.Sequential(nn.Conv2d(8, 8, 3, 1, 1, groups=8, bias=False), nn.BatchNorm2d(8), nn.Hardswish())
        self.squeeze = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 4, 1), nn.ReLU(), nn.Conv2d(4, 8, 1), nn.Hardsigmoid())
        self.groups = nn.Conv2d(8, 12, 3, 1, 2, dilation=2, groups=2)
        self.pool = nn.AvgPool2d(2, 1, 1, count_include_pad=False)
        self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        self.head = nn.Linear(12, 5)
        self.softmax = softmax

    def forward(self, x):
        y = self.stem((x - 0.5) / 0.25)
        y = self.deep(y) + y
        y = y * self.squeeze(y)
        y = torch.cat([y[:, 4:], y[:, :4]], 1)
        y = nn.functional.silu(self.pool(self.groups(y)))
        y = self.head(self.up(y).mean((2, 3)))
        return y, (y.softmax(1) if self.softmax else y)


class Transformer(nn.Module):
    """Patches, a class token, attention."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(1, 16, 4, 4)
        self.token = nn.Parameter(torch.randn(1, 1, 16))
        self.places = nn.Parameter(torch.randn(1, 5, 16))
        self.layers = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 24, 0, "gelu", batch_first=True, norm_first=True), 2, enable_nested_tensor=False)
        self.norm, self.head = nn.LayerNorm(16), nn.Linear(16, 6)

    def forward(self, x):
        y = self.patches(x).flatten(2).transpose(1, 2)
        y = torch.cat([self.token.expand(x.shape[0], -1, -1), y], 1) + self.places
        y = self.head(self.norm(self.layers(y))[:, 0])
        return y, y


class Output(nn.Module):
    """The second output of a network."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(x)[1]


def export(net, x, path, kind):
    """kind is script or dynamo, with an N for a free number of images and an E for weights in a file beside."""
    free = "N" in kind
    if kind.startswith("script"):
        axes = {"image": {0: "batch"}} if free else None
        torch.onnx.export(net, (x[:1],), path, dynamo=False, opset_version=14, input_names=["image"], output_names=["scores"], dynamic_axes=axes)
    else:
        shapes = ({0: torch.export.Dim("batch")},) if free else None
        torch.onnx.export(net, (x if free else x[:1],), path, dynamo=True, opset_version=20, input_names=["image"], output_names=["scores"],
                          dynamic_shapes=shapes, external_data=False, verbose=False)
    model = onnx.load(path)
    bare(model)
    data = os.path.basename(path) + ".data"
    onnx.save(model, path, save_as_external_data="E" in kind, location=data, size_threshold=64)


def bare(model):
    """Takes out what an exporter says of source files."""
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    del model.graph.value_info[:]
    model.graph.doc_string = ""
    for n in model.graph.node:
        n.doc_string = ""
        del n.metadata_props[:]
    for v in list(model.graph.initializer) + list(model.graph.input) + list(model.graph.output):
        del v.metadata_props[:]


def run(path, x):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.concatenate([np.asarray(session.run(None, {name: x[i : i + 1]})[-1]) for i in range(len(x))])


def record(name, x, logits, direction, gradient):
    arrays = {"images": x, "logits": logits, "direction": direction, "gradient": gradient}
    np.savez_compressed(os.path.join(OUT, name + ".npz"), **{k: np.asarray(v, np.float32) for k, v in arrays.items()})


def torchNet(name, net, shape, kinds):
    rng = np.random.default_rng(1)
    net.eval()
    with torch.no_grad():
        for m in net.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.running_mean.normal_(0, 0.1)
                m.running_var.uniform_(0.5, 1.5)
    x = rng.random((3, *shape), np.float32)
    image = torch.from_numpy(x).requires_grad_()
    logits, output = net(image)
    direction = rng.standard_normal(logits.shape).astype(np.float32)
    (logits * torch.from_numpy(direction)).sum().backward()
    for kind in kinds:
        path = os.path.join(OUT, f"{name}_{kind}.onnx")
        export(Output(net), torch.from_numpy(x), path, kind)
        found = run(path, x)
        assert np.abs(found - output.detach().numpy()).max() < 1e-5, (name, kind)
        record(f"{name}_{kind}", x, logits.detach().numpy(), direction, image.grad.numpy())
        print(name, kind, os.path.getsize(path))


def sklearnNet():
    """A perceptron, whose probabilities come by class name."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.neural_network import MLPClassifier

    rng = np.random.default_rng(1)
    x = rng.random((60, 16), np.float32)
    mlp = MLPClassifier((7,), max_iter=30, random_state=1).fit(x, np.digitize(x[:, :8].sum(1), [3.7, 4.2]))
    path = os.path.join(OUT, "mlp_sklearn.onnx")
    with open(path, "wb") as f:
        f.write(convert_sklearn(mlp, initial_types=[("X", FloatTensorType([None, 16]))], target_opset=15).SerializeToString())
    x = x[:3].astype(np.float64)
    hidden = x @ mlp.coefs_[0] + mlp.intercepts_[0]
    logits = np.maximum(hidden, 0) @ mlp.coefs_[1] + mlp.intercepts_[1]
    direction = rng.standard_normal(logits.shape)
    gradient = ((direction @ mlp.coefs_[1].T) * (hidden > 0)) @ mlp.coefs_[0].T
    record("mlp_sklearn", x.reshape(3, 1, 4, 4), logits, direction, gradient.reshape(3, 1, 4, 4))
    print("mlp_sklearn", os.path.getsize(path))


def main():
    torch.manual_seed(1)
    torchNet("cnn", Cnn(False), (3, 13, 12), ["script", "scriptN", "dynamo"])
    torchNet("softmax", Cnn(True), (3, 13, 12), ["dynamoNE"])
    torchNet("transformer", Transformer(), (1, 8, 8), ["script", "scriptN", "dynamo", "dynamoN"])
    sklearnNet()


main()
