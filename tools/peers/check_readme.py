#!/usr/bin/env python3
"""Runs the Python example of trainer/README.md on an export, and compares it.

    unwarp predict RUN/export IMAGE... --json > predictions.json
    .venv/peers/bin/python tools/peers/check_readme.py RUN/export predictions.json

The classes must be those of predictions.json, but for ties, and their probabilities as
near as two decoders are (--tolerance). Images that an EXIF tag turns, transparent ones
and kinds that TensorFlow does not read must not be among them. Exit code: 0 equal, 1 not.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys

README = pathlib.Path(__file__).resolve().parents[2] / "trainer" / "README.md"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("export")
    parser.add_argument("predictions")
    parser.add_argument("--tolerance", type=float, default=0.01)
    args = parser.parse_args()
    code = re.search(r"```python\n(.*?)```", README.read_text(), re.S).group(1)
    want = {i["file"]: i["classes"][0] for i in json.load(open(args.predictions))["images"] if i.get("classes")}
    got = subprocess.run([sys.executable, "-c", code, args.export, *want], capture_output=True, text=True)
    if got.returncode:
        sys.exit(got.stderr[-2000:])
    worst, wrong = 0.0, 0
    for line, (path, first) in zip(got.stdout.splitlines(), want.items(), strict=True):
        file, name, probability = line.rsplit("\t", 2)
        difference = abs(float(probability) - first["probability"])
        worst = max(worst, difference)
        if file != path or name != first["name"] and difference > args.tolerance:
            wrong += 1
            print(f"{path}: want {first['name']}, got {line}")
    print(f"{len(want)} images, {wrong} other classes, probabilities differ by at most {worst:.4f}")
    sys.exit(1 if wrong or worst > args.tolerance else 0)


if __name__ == "__main__":
    main()
