"""Exports classifiers of torchvision and timm, with random weights, for graphs/imported/onnx.

Needs an environment of its own (6 GB with the ordinary torch wheel):

    python3 -m venv .venv/onnx && .venv/onnx/bin/pip install onnx onnxruntime onnxscript numpy torch torchvision timm
    .venv/onnx/bin/python tools/peers/onnxnets.py DIR [NAME...]
    UNWARP_ONNX_NETS=DIR go test ./graphs/imported/onnx -run TestPeers -timeout 30m

For each network and exporter it writes DIR/NAME.EXPORTER.onnx and a .npz beside it: images [2,C,H,W], ONNX Runtime's logits [2,K], a random direction
[2,K], and PyTorch's gradient of the logits along it with respect to the images. What an exporter cannot do is said and left out. The test compares, and
writes DIR/table.md, which tools/results/imported-onnx.md holds.

Exporters: "script" is torch.onnx.export(dynamo=False), operator set 17, with a free number of images; "dynamo" is dynamo=True, operator set 20, for one
image; "script1" and "dynamoN" are the other way round.
"""

import gc
import os
import sys
import warnings

import numpy as np
import onnxruntime
import timm
import torch
import torchvision.models as tv

warnings.filterwarnings("ignore")
torch.set_num_threads(1)

NETS = {
    "squeezenet1_1": (lambda: tv.squeezenet1_1(), 64),
    "shufflenet_v2_x0_5": (lambda: tv.shufflenet_v2_x0_5(), 64),
    "mobilenet_v2": (lambda: tv.mobilenet_v2(), 64),
    "mobilenet_v3_small": (lambda: tv.mobilenet_v3_small(), 64),
    "resnet18": (lambda: tv.resnet18(), 64),
    "regnet_y_400mf": (lambda: tv.regnet_y_400mf(), 64),
    "efficientnet_b0": (lambda: tv.efficientnet_b0(), 64),
    "densenet121": (lambda: tv.densenet121(), 64),
    "resnet50": (lambda: tv.resnet50(), 64),
    "resnext50_32x4d": (lambda: tv.resnext50_32x4d(), 64),
    "convnext_tiny": (lambda: tv.convnext_tiny(), 64),
    "swin_t": (lambda: tv.swin_t(), 64),
    "vit_b_16": (lambda: tv.VisionTransformer(64, 16, 12, 12, 768, 3072), 64),
    "googlenet": (lambda: tv.googlenet(aux_logits=False, init_weights=False), 64),
    "timm_resnet18": (lambda: timm.create_model("resnet18"), 64),
    "timm_mixer_s32": (lambda: timm.create_model("mixer_s32_224", img_size=64), 64),
    "timm_vit_tiny": (lambda: timm.create_model("vit_tiny_patch16_224", img_size=64), 64),
    "timm_convnext_atto": (lambda: timm.create_model("convnext_atto"), 64),
    "timm_efficientnet_lite0": (lambda: timm.create_model("efficientnet_lite0"), 64),
    "timm_nfnet_l0": (lambda: timm.create_model("nfnet_l0"), 64),
    "vgg11_bn": (lambda: tv.vgg11_bn(), 224),
}
BOTH = ["resnet18", "timm_vit_tiny"]  # also the other way round


def shake(net):
    """Gives batch norms statistics that are not those of the start, and so with what begins with zeros."""
    for m in net.modules():
        if isinstance(m, torch.nn.BatchNorm2d):
            m.running_mean.normal_(0, 0.1)
            m.running_var.uniform_(0.5, 1.5)
            if m.affine:
                torch.nn.init.uniform_(m.weight, 0.5, 1.5)
                torch.nn.init.normal_(m.bias, 0, 0.1)
        if isinstance(m, torch.nn.Linear) and not m.weight.any():
            torch.nn.init.normal_(m.weight, 0, 0.02)  # heads begin with zeros
        if "LayerScale" in type(m).__name__ or type(m).__name__ == "CNBlock":
            for p in m.parameters(recurse=False):
                torch.nn.init.uniform_(p, 0.5, 1)


def export(net, x, path, kind):
    one = torch.from_numpy(x[:1])
    if kind in ("script", "script1"):
        axes = {"input": {0: "batch"}, "output": {0: "batch"}} if kind == "script" else None
        torch.onnx.export(net, (one,), path, dynamo=False, opset_version=17, input_names=["input"], output_names=["output"], dynamic_axes=axes)
    else:
        free = ({0: torch.export.Dim("batch")},) if kind == "dynamoN" else None
        given = torch.from_numpy(x) if kind == "dynamoN" else one
        torch.onnx.export(net, (given,), path, dynamo=True, opset_version=20, input_names=["input"], output_names=["output"], dynamic_shapes=free, verbose=False)


def logits(path, x):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {session.get_inputs()[0].name: x[i : i + 1]})[0] for i in range(len(x))])


def one(folder, name):
    make, side = NETS[name]
    torch.manual_seed(1)
    net = make()
    with torch.no_grad():
        shake(net)
    net.eval()
    rng = np.random.default_rng(1)
    x = rng.standard_normal((2, 3, side, side)).astype(np.float32)
    image = torch.from_numpy(x).requires_grad_()
    y = net(image)
    direction = rng.standard_normal(y.shape).astype(np.float32)
    (y * torch.from_numpy(direction)).sum().backward()
    for kind in ["script", "dynamo"] + (["script1", "dynamoN"] if name in BOTH else []):
        path = os.path.join(folder, f"{name}.{kind}.onnx")
        try:
            export(net, x, path, kind)
            found = logits(path, x)
        except Exception as e:
            print(f"{name} {kind}: not exported: {type(e).__name__}: {str(e).strip().splitlines()[0][:160]}", flush=True)
            continue
        np.savez(path[:-5] + ".npz", images=x, logits=found, direction=direction, gradient=image.grad.numpy())
        print(f"{name} {kind}: {os.path.getsize(path)} bytes, torch and onnxruntime differ by {np.abs(found - y.detach().numpy()).max():.2g}", flush=True)
    del net
    gc.collect()


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name in sys.argv[2:] or NETS:
        one(folder, name)


if __name__ == "__main__":
    main()
