"""The smoke study's files: what a real run of every stage leaves behind."""

import json
import re
import subprocess
import sys

import polars as pl
import pytest
from reversal import tables
from running import REPOSITORY, copy_repository, snakemake

MODEL = "results/smoke/mini-llama/base0/mini-gsm/seed0"
LINEAGES = ["sft", "sft-dpo", "sft-dpo-dpo", "sft-dpo-sft", "sft-sft", "sft-sft-sft"]


def test_every_model_of_every_method_is_scored(finished):
    metrics = tables.read(str(finished / "results/smoke/tables/metrics.parquet"), tables.METRICS)
    accuracy = metrics.filter((pl.col("metric") == "pass_at_1") & (pl.col("subset") == "test"))
    assert accuracy.select("method", "iteration", "lineage").rows() == [
        ("iterative_sft", 0, "base"),
        ("iterative_sft", 1, "sft"),
        ("iterative_sft", 2, "sft-sft"),
        ("iterative_sft", 3, "sft-sft-sft"),
        ("iterative_dpo", 0, "base"),
        ("iterative_dpo", 1, "sft"),
        ("iterative_dpo", 2, "sft-dpo"),
        ("iterative_dpo", 3, "sft-dpo-dpo"),
        ("iterative_sft_dpo", 0, "base"),
        ("iterative_sft_dpo", 1, "sft"),
        ("iterative_sft_dpo", 2, "sft-dpo"),
        ("iterative_sft_dpo", 3, "sft-dpo-sft"),
    ]
    assert accuracy["value"].is_between(0, 1).all() and (accuracy["n"] == 40).all()


def test_a_row_per_answer_with_its_seed_and_decoding(finished):
    samples = tables.read(str(finished / MODEL / "sft/samples/test.parquet"), tables.SAMPLES)
    greedy, sampled = samples.filter(decoding="greedy"), samples.filter(decoding="sampled")
    assert (greedy.height, sampled.height) == (40, 160)
    assert sampled["seed"].n_unique() == 160 and set(greedy["temperature"]) == {0.0}
    assert set(sampled["temperature"]) == {0.75} and set(sampled["top_p"]) == {0.95}
    assert all(engine.startswith("vllm ") for engine in samples["engine"].unique())


def test_each_model_names_its_parent_and_optimizer_states_are_gone(finished):
    for lineage in LINEAGES:
        origin = json.loads((finished / MODEL / lineage / "model/model.json").read_text())
        assert origin["parent"].split("/")[-3] == (lineage.rpartition("-")[0] or "base0")
        assert {"step", "training_set_sha256", "versions", "seconds", "seed"} <= set(origin)
        losses = tables.read(str(finished / MODEL / lineage / "losses.parquet"), tables.LOSSES)
        assert losses.height > 0 and losses["loss"].is_finite().all()
    assert not list((finished / "results").rglob("optimizer.pt"))


def test_every_rule_left_a_benchmark(finished):
    folders = {path.name.removesuffix(".tsv") for path in (finished / "results/smoke/benchmarks").iterdir()}
    rules = {path.stem for path in (finished / "rules").glob("*.smk")} - {
        "common",
        "inputs",
        "gpus",
        "keeping",
        "running",
        "check_sandbox",
        "given",
        "export",
        "fetch_base",
        "plan",
        "remove_models",
        "try_settings",
    }
    assert folders >= rules


def test_the_run_ends_with_a_sentence_per_method(finished):
    verdict = (finished / "results/smoke/tables/verdict.txt").read_text()
    said = [line.partition(":")[0] for line in verdict.splitlines() if re.match(r"  iterative .*:", line)]
    assert said == ["  iterative SFT", "  iterative DPO", "  iterative SFT-DPO"]
    assert max(map(len, verdict.splitlines())) <= 100
    assert verdict in (finished / "printed.txt").read_text()


def test_the_status_of_a_finished_study_and_of_one_that_was_killed(study):
    """As `make status` prints it."""
    asked = [sys.executable, "scripts/status.py", "studies/smoke.yaml"]
    said = subprocess.run(asked, cwd=study, capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(
        r"results/smoke: nothing runs; the last run \(.*\) has finished. Report: results/smoke/report.html\n", said
    )
    jobs = json.loads((study / "results/smoke/run.json").read_text())["jobs"]
    assert len(jobs) == len(list((study / "results/smoke/benchmarks").rglob("*.tsv"))) == 92
    (study / "results/smoke/benchmarks/plot.tsv").unlink()
    said = subprocess.run(asked, cwd=study, capture_output=True, text=True, check=True).stdout
    command = "snakemake --cores 2 --configfile studies/smoke.yaml change.yaml"
    assert f"ended early, 91 of 92 jobs done. Nothing of it is lost. To go on:\n    {command}\n" in said


def test_the_rows_do_not_depend_on_the_number_of_shards(study):
    """One M1 sampled again in three shards instead of one: the same table."""
    path = f"{MODEL}/sft/samples/test.parquet"
    before = pl.read_parquet(study / path)
    (study / path).unlink()
    run = snakemake(study, path, change="sampling: {shards: {evaluation: 3}}")
    assert run.returncode == 0, run.stdout + run.stderr
    assert pl.read_parquet(study / path).equals(before)


def test_the_papers_grid_is_planned_offline():
    """3 models x 4 tasks x 12 lineages, 9 of them parents, and M0, which also answers CSQA's training questions."""
    command = [sys.executable, "-m", "snakemake", "-n", "--quiet", "rules", "--configfile", "studies/paper.yaml"]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=300)
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", run.stdout + run.stderr, re.MULTILINE))
    models, parents = 3 * 4 * 12, 3 * 4 * 9 + 3
    assert (jobs["fetch_base"], jobs["prepare_problems"]) == ("3", "9")
    assert (jobs["train"], jobs["score"]) == (str(models), str(models + 3 * 4))
    assert jobs["sample"] == str(4 * parents + 2 * (models + 3 * 4))  # shards
    assert "score_frontier" not in jobs  # the paper samples at one temperature


@pytest.mark.parametrize(
    "study",
    [
        ["studies/one-gpu.yaml", "--resources", "gpu=1"],
        ["studies/smollm.yaml"],
        ["studies/paper.yaml", "studies/paper-qwen.yaml"],
        ["studies/one-gpu.yaml", "studies/mitigations.yaml", "--resources", "gpu=1"],
    ],
    ids=["one-gpu", "smollm", "paper-qwen", "mitigations"],
)
def test_the_other_studies_of_fetched_models_are_planned_offline(study):
    command = [sys.executable, "-m", "snakemake", "-n", "--quiet", "rules", "--cores", "2", "--configfile", *study]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", run.stdout + run.stderr, re.MULTILINE))
    models, replicates = (3, 12) if "paper" in study[0] else (1, 1)
    assert (jobs["fetch_base"], jobs["train"]) == (
        str(models),
        str((53 if "studies/mitigations.yaml" in study else 12) * replicates),
    )


@pytest.mark.parametrize(
    "change, sentence",
    [
        ("sampling: {train_samples: 0}", "sampling.train_samples: 0 is less than the minimum of 1"),
        ("learning_rate: 1", "top level: unknown key 'learning_rate'; allowed: base,"),
        ("methods: {m: {start: [sft], repeat: [ppo]}}", "methods.m: no such step: ppo; steps are: sft, dpo"),
        ("methods: {iterative_stf: null}", "change.yaml, line 1: methods.iterative_stf: null removes an entry"),
    ],
)
def test_a_wrong_study_stops_before_the_first_job(tmp_path, change, sentence):
    copy_repository(tmp_path)
    run = snakemake(tmp_path, change=change)
    assert run.returncode != 0 and sentence in run.stdout + run.stderr
    assert not (tmp_path / "results").exists()


def test_what_a_library_refuses_stops_a_study_before_the_first_job(tmp_path):
    copy_repository(tmp_path)
    change = "steps: {sft: {lora: {r: 4, lora_alpha: 8, target_modules: [nonsense]}}}"
    run = snakemake(tmp_path, change=change)
    assert run.returncode != 0 and "steps.sft.lora: peft says: Target modules" in run.stdout + run.stderr
    assert "Traceback" not in run.stdout + run.stderr
    assert not (tmp_path / "results").exists()
