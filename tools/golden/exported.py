"""Has ONNX's checker and ONNX Runtime read the files of graphs/onnx, and records their logits.

Needs an environment of its own:

    python3 -m venv .venv/onnx && .venv/onnx/bin/pip install onnx onnxruntime numpy
    mkdir -p /tmp/onnx && UNWARP_ONNX_DIR=/tmp/onnx go test ./graphs/onnx -run TestAgainstONNXRuntime
    .venv/onnx/bin/python tools/golden/exported.py /tmp/onnx

The test writes NAME.onnx and NAME.npz (images [n,1,C,H,W], TensorFlow's logits [n,K], a hash of what the file is made of). Where the checker passes and
the logits agree within 1e-5, graphs/onnx/testdata/onnxruntime.npz gets NAME/logits and NAME/structure. With --only-check nothing is recorded.
"""

import glob
import os
import sys

import numpy as np
import onnx
import onnxruntime

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "graphs", "onnx", "testdata", "onnxruntime.npz")


def run(path, images):
    """The logits of each image [1,C,H,W] by itself."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(["logits"], {"image": x})[0] for x in images])


def main():
    record, worst = {"versions": np.frombuffer(f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}".encode(), np.uint8)}, 0.0
    files = sorted(glob.glob(os.path.join(sys.argv[1], "*.npz")))
    for path in files:
        trial, name = np.load(path), os.path.basename(path)[:-4]
        logits = run(path[:-4] + ".onnx", trial["images"])
        difference = np.abs(logits - trial["logits"]).max()
        worst = max(worst, difference)
        print(f"{difference:.2e}  {name}")
        assert difference < 1e-5 * max(1, np.abs(logits).max()), name
        if "structure" in trial:  # not of the networks: their initial weights are TensorFlow's
            record[name + "/logits"] = logits.astype("<f4")
            record[name + "/structure"] = trial["structure"]
    print(f"{len(files)} files; logits differ by at most {worst:.2e}")
    if "--only-check" not in sys.argv:
        os.makedirs(os.path.dirname(OUT), exist_ok=True)
        np.savez_compressed(OUT, **record)


if __name__ == "__main__":
    main()
