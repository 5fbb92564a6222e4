#!/usr/bin/env python3
"""An imported encoder that is trained further beside the same network trained from scratch.

    go run ./tools/photoset -images 150 -most 200 photos
    .venv/onnx/bin/python tools/peers/finetune.py --unwarp ./unwarp --cifar DIR --to DIR photos

The network onnx-cifar of agreement.py, trained on CIFAR-10 in PyTorch, is exported to ONNX for
images of any size; --to may be the same folder. `unwarp train` takes it, up to what its last layer reads, as the
encoder of the paper's model, with codes, decoders and warp on top, and trains on few of the
photos. The rows are

    pretrained, all trained        freeze=none
    pretrained, first 2 frozen     freeze=first:2
    pretrained, all frozen         freeze=all
    the same network, random       the weights before the first step on CIFAR-10; freeze=none
    photo-cnn                      the preset's own encoder, from scratch

with the same images, steps, batches and augmentation. For each seed the files are split anew:
--train and --validation images of each class, the others to test on. The seed is also that of
the training, and of the random weights. What a training wrote into --to is kept: a command
that was interrupted goes on where it was.

Stdout: a table. Stderr: progress.
"""

import argparse
import csv
import json
import os
import statistics
import sys

import agreement
import attacks
import photos

NET = "onnx-cifar"  # of agreement.py
ROWS = {  # row: the file, what of it is frozen
    "pretrained, all trained": ("pretrained.onnx", "none"), "pretrained, first 2 frozen": ("pretrained.onnx", "first:2"),
    "pretrained, all frozen": ("pretrained.onnx", "all"), "the same network, random": ("random-{seed}.onnx", "none"), "photo-cnn": (None, None),
}


def export(module, path):
    import torch

    free = {"image": {0: "n", 2: "h", 3: "w"}, "scores": {0: "n"}}
    torch.onnx.export(module.eval(), (torch.zeros(1, 3, 32, 32),), path + ".part", dynamo=False, opset_version=17, input_names=["image"], output_names=["scores"],
                      dynamic_axes=free)
    os.replace(path + ".part", path)


def networks(args):
    """Writes the networks that are not there yet."""
    import torch

    net, folder = agreement.NETS[NET], os.path.join(args.to, NET)
    for seed in args.seeds:
        path = os.path.join(args.to, f"random-{seed}.onnx")
        if not os.path.exists(path):
            torch.manual_seed(seed)
            export(agreement.torch_net(net), path)
    path = os.path.join(args.to, "pretrained.onnx")
    if not os.path.exists(path):
        os.makedirs(folder, exist_ok=True)
        agreement.step(args, NET, "train", os.path.join(folder, "weights.npz"))
        export(agreement.load(net, os.path.join(folder, "weights.npz")), path)


def train(args, row, seed):
    """Returns the figures of one training."""
    kept = os.path.join(args.to, f"{row.replace(' ', '-').replace(',', '')}-{seed}.json")
    if os.path.exists(kept):
        with open(kept) as f:
            return json.load(f)
    files = photos.split(args.folder, seed, 1 - args.train_share, args.validation_share)
    table = os.path.join(args.to, f"list-{seed}.csv")
    with open(table, "w", newline="") as f:
        csv.writer(f).writerows([("path", "label", "split"), *files])
    extra = [f"data.size={args.size}", "train.batch=8", f"train.duration={args.steps}st", f"threads={args.threads}"]
    name, freeze = ROWS[row]
    if name:
        path = os.path.abspath(os.path.join(args.to, name.format(seed=seed)))
        extra += [f"model.encoder=onnx(path={path},output=hidden,freeze={freeze},embedding=linear)", "model.normalise=none", "model.range=0..1"]
    run = os.path.join(args.to, f"run-{os.getpid()}-{len(os.listdir(args.to))}")
    s, weights, seconds = photos.train_unwarp(args.unwarp, table, seed, run, [w for kv in extra for w in ("--set", kv)])
    one = {"row": row, "seed": seed, "accuracy": s["test"]["accuracy"], "images": s["test"]["images"], "weights": weights, "steps": s["training"]["steps"], "seconds": seconds}
    agreement.write(kept, one)
    attacks.say(f"{row}, seed {seed}: {100 * one['accuracy']:.2f} % of {one['images']} test images, {seconds:.0f} s")
    return one


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder", help="a folder with a folder of images for each class")
    p.add_argument("--unwarp", required=True, metavar="CMD", help="the unwarp program")
    p.add_argument("--cifar", required=True, metavar="DIR", help="CIFAR-10's binary files")
    p.add_argument("--to", required=True, metavar="DIR", help="folder for networks, runs and figures")
    p.add_argument("--seeds", type=lambda t: [int(n) for n in t.split(",")], default=[1, 2, 3], metavar="N,N", help="seeds (default 1,2,3)")
    p.add_argument("--train", type=int, default=10, help="images of each class to train on (default 10)")
    p.add_argument("--validation", type=int, default=10, help="images of each class that choose the checkpoint (default 10)")
    p.add_argument("--rows", type=lambda t: [list(ROWS)[int(n) - 1] for n in t.split(",")], default=list(ROWS), metavar="N,N", help="rows of the table (default all)")
    p.add_argument("--size", type=int, default=64, help="side of the images (default 64)")
    p.add_argument("--steps", type=int, default=400, help="steps of each training (default 400)")
    p.add_argument("--threads", type=int, default=1, help="of both (default 1)")
    args = p.parse_args()
    args.unwarp = os.path.abspath(args.unwarp)
    each = min(len(os.listdir(d.path)) for d in os.scandir(args.folder) if d.is_dir())
    if each <= args.train + args.validation:
        sys.exit(f"finetune.py: {args.folder}: want more than {args.train + args.validation} images of each class, got {each}")
    args.train_share, args.validation_share = (args.train + args.validation) / each, args.validation / (args.train + args.validation)
    os.makedirs(args.to, exist_ok=True)
    networks(args)
    figures = {(row, seed): train(args, row, seed) for seed in args.seeds for row in args.rows}
    print(f"| encoder | {' | '.join(f'seed {s}' for s in args.seeds)} | mean ± standard deviation | weights | cpu, s |\n|---|{'---|' * len(args.seeds)}---|---|---|")
    for row in args.rows:
        found = [figures[row, seed] for seed in args.seeds]
        accuracies = [100 * r["accuracy"] for r in found]
        spread = f" ± {statistics.stdev(accuracies):.2f}" if len(found) > 1 else ""
        print(f"| {row} | {' | '.join(f'{a:.2f}' for a in accuracies)} | {statistics.mean(accuracies):.2f}{spread} | {found[0]['weights']:,} | {statistics.mean(r['seconds'] for r in found):.0f} |", flush=True)


if __name__ == "__main__":
    main()
