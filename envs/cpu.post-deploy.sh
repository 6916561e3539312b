#!/bin/sh
# Snakemake runs this in the new environment, from the folder of the workflow. Without dependencies: see install.sh.
set -eu
python -m pip install --no-deps --extra-index-url https://download.pytorch.org/whl/cpu -r envs/cpu.lock
