"""Another instruction set rounds differently and must not make another study: M1 of the smoke study, made once more."""

import os

import polars as pl
from running import copy_repository, snakemake

M1 = "results/smoke/mini-llama/base0/mini-gsm/seed0/sft/scores.parquet"
# Answers differ; what shares of 480 sampled and 40 greedy ones may differ by is chance alone.
NEAR = {"coverage": 0.12, "sample_accuracy": 0.15, "pass_at_1": 0.25}
OLDER = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"}


def test_an_older_instruction_set_makes_the_same_m1_within_chance(finished, tmp_path):
    copy_repository(tmp_path)
    run = snakemake(tmp_path, M1, environment=os.environ | OLDER)
    assert run.returncode == 0, (run.stdout + run.stderr)[-3000:]
    own, older = (
        pl.read_parquet(folder / M1).filter(pl.col("subset").is_in(["train", "test"]))
        for folder in (finished, tmp_path)
    )
    both = own.join(older, on=["metric", "subset"], suffix="_older").filter(pl.col("metric").is_in(NEAR))
    apart = {metric: abs(a - b) for metric, a, b in both.select("metric", "value", "value_older").iter_rows()}
    assert apart.keys() == NEAR.keys()
    assert all(apart[metric] <= most for metric, most in NEAR.items()), both
