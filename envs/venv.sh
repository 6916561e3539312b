#!/bin/sh
# sh envs/venv.sh NAME: envs/NAME.yaml as a venv, venvs/NAME, for clusters without conda, and the environment module
# reversal/NAME, which puts it first on PATH. PYTHON names another Python than python3.
set -eu
. "${0%/*}/python.sh"
[ -f "envs/${1:-}.yaml" ] || fail "say which environment: sh envs/venv.sh driver, sampling, training or analysis"
name=$1 folder=$PWD/venvs/$1
"$python" -m venv "$folder"
sed -n 's/^      - //p' "envs/$name.yaml" >"$folder/pins.txt"
"$folder/bin/python" -m pip install --disable-pip-version-check --no-input --no-deps -r "$folder/pins.txt"
mkdir -p venvs/modules/reversal
printf '#%%Module\nprepend-path PATH %s\n' "$folder/bin" >"venvs/modules/reversal/$name"
