#!/usr/bin/env python3
"""Does Python read an exported SavedModel, and does it compute the same there?

    .venv/peers/bin/python tools/peers/check_export.py EXPORT_DIR REFERENCE.npz      # about 20 seconds

REFERENCE.npz holds `images` (uint8, or float32 in [0,1]; [N,H,W,C]) and what the exporter
computed for them: `logits`, and where wanted `probabilities` (signature serving_default),
`appearance` and `geometry`, or `embedding` (signature embed), and `canonical`, `field`,
`reconstruction` (signature reconstruct). Each signature takes `image`.

The model goes through four readers, each compared with the reference: the largest absolute
difference must be at most --tolerance. For `field`, which is in pixels, and with --relative
for all, that is times the largest value if that is above 1: float32 has no more digits.

    load      tf.saved_model.load, all images at once; the first one alone, always --relative
              as another batch size takes other kernels
    cli       saved_model_cli show --all, then saved_model_cli run
    tflite    TFLiteConverter.from_saved_model per signature, then the interpreter; an op
              outside TFLite's own set needs --select-ops, which is named in the message
    gradient  GradientTape through the loaded function to the image (float input) and to
              the variables: present, finite, not all zero

The report goes to stdout; TensorFlow's own chatter to stderr (2>/dev/null).

Exit code: 0 all equal, 1 any mismatch or failure, 2 unusable arguments.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import warnings
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

SIGNATURES = {
    "serving_default": ["logits", "probabilities"],
    "embed": ["appearance", "geometry", "embedding"],
    "reconstruct": ["canonical", "field", "reconstruction"],
}


class Report:
    def __init__(self, tolerance, relative):
        self.tolerance, self.relative, self.bad = tolerance, relative, 0

    def line(self, ok, what, text):
        self.bad += not ok
        print(f"{'ok      ' if ok else 'MISMATCH'}  {what:50} {text}", flush=True)

    def compare(self, what, got, want, relative=False):
        import numpy as np

        relative = relative or self.relative or " field" in what
        got = np.asarray(got)
        if got.shape != want.shape:
            return self.line(False, what, f"want shape {want.shape}, got {got.shape}")
        if not np.isfinite(got).all():
            return self.line(False, what, "got NaN or infinity")
        worst = float(np.max(np.abs(got.astype("float64") - want.astype("float64")), initial=0))
        largest = float(np.max(np.abs(want), initial=0))
        scale = max(1.0, largest) if relative else 1.0
        self.line(worst <= self.tolerance * scale, what, f"max abs diff {worst:.2e}, values up to {largest:.3g}")

    def attempt(self, what, check, *args):
        """Runs one reader; its failure is a mismatch, not the end of the report."""
        try:
            return check(*args)
        except Exception as e:  # whatever a reader raises is a finding
            self.line(False, what, f"{type(e).__name__}: {' '.join(str(e).split())[:300]}")


def read_reference(path):
    """Returns images and {signature: {output: array}}."""
    import numpy as np

    try:
        with np.load(path) as f:
            arrays = {k: f[k] for k in f.files}
    except (OSError, ValueError, zipfile.BadZipFile) as e:
        sys.exit(f"check_export.py: cannot read {path}: {e}")
    images = arrays.pop("images", None)
    if images is None or "logits" not in arrays:
        sys.exit(f"check_export.py: {path}: want arrays `images` and `logits`, got {sorted(arrays)}")
    if images.ndim != 4 or not len(images):
        sys.exit(f"check_export.py: {path}: want images [N,H,W,C], got shape {images.shape}")
    known = {o: s for s, outputs in SIGNATURES.items() for o in outputs}
    wanted = {}
    for name, array in arrays.items():
        if name not in known:
            sys.exit(f"check_export.py: {path}: unknown array {name!r}: known are images, {', '.join(known)}")
        if len(array) != len(images):
            sys.exit(f"check_export.py: {path}: {len(images)} images but {len(array)} rows of {name}")
        wanted.setdefault(known[name], {})[name] = array
    return images, wanted


def as_input(images, dtype):
    """Converts images to what the signature takes, if nothing is lost."""
    import numpy as np

    if images.dtype == dtype:
        return images
    if dtype == np.float32:
        return (images / 255 if images.dtype == np.uint8 else images).astype(np.float32)
    if dtype == np.uint8:
        pixels = np.rint(images * 255)
        if np.abs(pixels - images * 255).max() > 1e-3 or pixels.min() < 0 or pixels.max() > 255:
            raise ValueError("the signature takes uint8 but the reference images are no multiples of 1/255 "
                             "in [0,1]: save them as uint8")
        return pixels.astype(np.uint8)
    raise ValueError(f"`image` is {dtype}: want uint8 or float32")


def input_of(tf, model, signature):
    """Returns the NumPy type of the one input, `image`."""
    if signature not in model.signatures:
        raise ValueError(f"no signature {signature}: the export has {', '.join(model.signatures)}")
    inputs = model.signatures[signature].structured_input_signature[1]
    if list(inputs) != ["image"]:
        raise ValueError(f"{signature}: want one input `image`, got {', '.join(inputs)}")
    return inputs["image"].dtype.as_numpy_dtype


def check_load(tf, report, model, signature, images, wanted):
    x = as_input(images, input_of(tf, model, signature))
    function = model.signatures[signature]
    got, alone = function(image=tf.constant(x)), function(image=tf.constant(x[:1]))
    for name, want in wanted.items():
        if name not in got:
            report.line(False, f"load {signature}", f"no output {name}: it gives {', '.join(got)}")
            continue
        report.compare(f"load {signature} {name}", got[name], want)
        report.compare(f"load {signature} {name}, one image", alone[name], want[:1], relative=True)
    if "probabilities" in got and "logits" in got:
        report.compare("load probabilities = softmax(logits)", got["probabilities"],
                       tf.nn.softmax(got["logits"]).numpy())


def cli(*arguments):
    """Runs saved_model_cli of this very environment and returns what it prints."""
    command = [sys.executable, "-m", "tensorflow.python.tools.saved_model_cli", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise RuntimeError(f"saved_model_cli {arguments[0]} failed: {(done.stderr.strip() or 'no output').splitlines()[-1]}")
    return done.stdout


def check_show(report, export, wanted):
    text = cli("show", "--dir", export, "--all")
    for signature, outputs in wanted.items():
        _, found, rest = text.partition(f"signature_def['{signature}']")
        body = rest.partition("signature_def[")[0]
        lost = [name for name in ["image", *outputs] if f"['{name}']" not in body]
        report.line(bool(found) and not lost, f"cli show {signature}",
                    f"lists {', '.join(['image', *outputs])}" if found and not lost else
                    f"does not list {', '.join(lost) if found else 'the signature'}")


def check_run(tf, report, export, model, signature, images, wanted):
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        fed = os.path.join(folder, "image.npy")
        np.save(fed, as_input(images, input_of(tf, model, signature)))
        cli("run", "--dir", export, "--tag_set", "serve", "--signature_def", signature,
            "--inputs", f"image={fed}", "--outdir", folder, "--overwrite")
        for name, want in wanted.items():
            report.compare(f"cli run {signature} {name}", np.load(os.path.join(folder, name + ".npy")), want)


def check_tflite(tf, report, export, model, signature, images, wanted, select):
    x = as_input(images, input_of(tf, model, signature))
    converter = tf.lite.TFLiteConverter.from_saved_model(export, signature_keys=[signature])
    if select:
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    try:
        content = converter.convert()
    except Exception as e:
        if "SELECT_TF_OPS" in str(e) and not select:
            raise RuntimeError("an op is not in TFLite's own set: try --select-ops") from e
        raise
    run = tf.lite.Interpreter(model_content=content).get_signature_runner(signature)
    got = run(image=x)
    for name, want in wanted.items():
        report.compare(f"tflite {signature} {name} ({len(content) / 1e6:.1f} MB)", got[name], want)


def check_gradient(tf, report, model, images):
    function = model.signatures["serving_default"]
    x = tf.constant(as_input(images, input_of(tf, model, "serving_default")))
    # Where they are depends on the export: a graph with collections, or an object graph.
    variables = list(getattr(model, "variables", None) or function.trainable_variables)
    if not variables:
        report.line(False, "gradient to the variables", "Python sees no variables in the export")
    with tf.GradientTape() as tape:
        if x.dtype.is_floating:
            tape.watch(x)
        logits = function(image=x)["logits"]
        labels = tf.argmax(logits, 1)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
    to_image, to_variables = tape.gradient(loss, [x, variables])
    if x.dtype.is_floating:
        check_gradients(report, "gradient to the image", [to_image])
    else:
        print(f"skipped   {'gradient to the image':50} the input is {x.dtype.name}")
    used = [g for g in to_variables if g is not None]  # decoders do not reach the logits
    if variables:
        check_gradients(report, f"gradient to {len(used)} of {len(variables)} variables", used)


def check_gradients(report, what, gradients):
    import numpy as np

    if not gradients or any(g is None for g in gradients):
        return report.line(False, what, "there is none")
    flat = np.concatenate([np.ravel(g.numpy()) for g in gradients])
    report.line(bool(np.isfinite(flat).all() and np.any(flat)), what, f"norm {np.linalg.norm(flat):.3e}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("export", metavar="EXPORT_DIR", help="folder that holds saved_model.pb")
    p.add_argument("reference", metavar="REFERENCE.npz", help="images and what the exporter computed for them")
    p.add_argument("--tolerance", type=float, default=1e-5, help="largest absolute difference (default 1e-5)")
    p.add_argument("--relative", action="store_true", help="tolerance times the largest value, if above 1")
    p.add_argument("--select-ops", action="store_true", help="let TFLite fall back to TensorFlow's own kernels")
    args = p.parse_args()
    if not os.path.exists(os.path.join(args.export, "saved_model.pb")):
        p.error(f"no saved_model.pb in {args.export}: name the folder that `unwarp export` wrote")
    try:
        import tensorflow as tf
    except ImportError as e:
        p.error(f"{e}: run tools/peers/setup.sh and use the Python that it names")
    tf.get_logger().setLevel("ERROR")
    warnings.filterwarnings("ignore", module="tensorflow")

    images, wanted = read_reference(args.reference)
    report = Report(args.tolerance, args.relative)
    print(f"{args.export}: {len(images)} images {images.shape[1:]} {images.dtype}, TensorFlow {tf.__version__}, "
          f"tolerance {args.tolerance:g}")
    model = report.attempt("load", tf.saved_model.load, args.export)
    report.attempt("cli show", check_show, report, args.export, wanted)
    if model is not None:
        for signature, outputs in wanted.items():
            report.attempt(f"load {signature}", check_load, tf, report, model, signature, images, outputs)
            report.attempt(f"cli run {signature}", check_run, tf, report, args.export, model, signature, images, outputs)
            report.attempt(f"tflite {signature}", check_tflite, tf, report, args.export, model, signature, images,
                           outputs, args.select_ops)
        report.attempt("gradient", check_gradient, tf, report, model, images)
        for signature in SIGNATURES:
            if signature in model.signatures and signature not in wanted:
                print(f"skipped   {signature:50} the reference has no arrays for it")
    print("all equal" if not report.bad else f"{report.bad} mismatches")
    sys.exit(1 if report.bad else 0)


if __name__ == "__main__":
    main()
