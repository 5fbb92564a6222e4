#!/usr/bin/env bash
# Makes the virtual environment of the peers (Keras, TensorFlow, PyTorch).
#
#   tools/peers/setup.sh            # into .venv/peers
#   tools/peers/setup.sh DIR        # into DIR
#   tools/peers/setup.sh --attacks  # also foolbox, torchattacks, ART and pyautoattack
#   PYTHON=python3.12 tools/peers/setup.sh
#
# Needs Python 3.10, 3.11 or 3.12 with the venv module, and pip's usual access to
# packages. Takes 2 to 5 minutes and about 6 GB of disk: the ordinary torch wheel for
# Linux on x86-64 brings its GPU libraries along and does not load without them. To
# save the space, install a CPU build of the pinned torch and torchvision into DIR by
# hand and run this again: what is already there in the right version is kept.
# Running it twice is harmless; an interrupted run is continued.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
case "${1:-}" in
-h | --help)
	sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "${BASH_SOURCE[0]}"
	exit 0
	;;
esac
attacks=
if [ "${1:-}" = --attacks ]; then
	attacks=1
	shift
fi
if [ $# -gt 1 ]; then
	echo "setup.sh: want at most one folder, got $#: $*" >&2
	exit 2
fi
venv=${1:-$here/../../.venv/peers}
python=${PYTHON:-python3}

version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])') || {
	echo "setup.sh: cannot run '$python': install Python 3.10 to 3.12 or set PYTHON" >&2
	exit 1
}
case "$version" in
3.10 | 3.11 | 3.12) ;;
*)
	echo "setup.sh: $python is Python $version; tensorflow-cpu 2.18.1 and torch 2.15.0 need 3.10 to 3.12: set PYTHON" >&2
	exit 1
	;;
esac

"$python" -m venv "$venv" || {
	echo "setup.sh: '$python -m venv' failed: on Debian and Ubuntu install python3-venv" >&2
	exit 1
}
"$venv/bin/python" -m pip install --progress-bar off -r "$here/requirements.txt" || {
	echo "setup.sh: pip failed (see above); check the network and free disk, then run this again: it continues" >&2
	exit 1
}

if [ -n "$attacks" ]; then
	# foolbox is built from source and only an old setuptools builds it; torch wants a new one.
	pip() { "$venv/bin/python" -m pip install --progress-bar off "$@"; }
	{
		pip -r "$here/requirements-attacks.txt" &&
			pip "setuptools<70" wheel &&
			pip --no-deps --no-build-isolation foolbox==3.3.4 &&
			pip --no-deps torchattacks==3.5.1 adversarial-robustness-toolbox==1.20.1 pyautoattack==0.2.0 &&
			pip "setuptools>=77.0.3"
	} || {
		echo "setup.sh: pip failed on the attack libraries (see above); run this again: it continues" >&2
		exit 1
	}
fi

# One line per library proves that it loads, not only that it is installed.
TF_CPP_MIN_LOG_LEVEL=2 "$venv/bin/python" - <<'PY'
import keras, numpy, tensorflow, torch, torchvision
print("tensorflow", tensorflow.__version__, "keras", keras.__version__, "numpy", numpy.__version__)
print("torch", torch.__version__, "torchvision", torchvision.__version__)
PY
if [ -n "$attacks" ]; then
	CUDA_VISIBLE_DEVICES= "$venv/bin/python" -W ignore - <<'PY'
import importlib.metadata
import art, foolbox, pyautoattack, torchattacks
for name in "foolbox", "torchattacks", "adversarial-robustness-toolbox", "pyautoattack":
    print(name, importlib.metadata.version(name))
PY
fi
echo "ready: $(cd "$venv" && pwd)/bin/python"
