"""Checkpoints that a study does not keep: gone when nothing needs them, and trained again when something does."""

import json
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
from running import edit, jobs_to_run, snakemake

MODELS = "results/smoke/mini-llama/base0/mini-gsm/seed0"
ENDS = {"sft-sft-sft", "sft-dpo-dpo", "sft-dpo-sft"}
TELLING = {"summarise_time": 1, "write_provenance": 1, "write_pages": 1}  # they say what the configuration is
REPORTING = {"summarise_frontier": 1, "summarise": 1, "plot": 1} | TELLING
LATE_DPO = "{keep_models: last, methods: {late_dpo: {start: [sft, sft, dpo]}}}"


@pytest.fixture(scope="module")
def thinned(finished, tmp_path_factory) -> Path:
    """The finished study, which then says keep_models: last."""
    folder = tmp_path_factory.mktemp("thinned") / "study"
    shutil.copytree(finished, folder, copy_function=shutil.copy2)
    assert jobs_to_run(folder, "keep_models: last") == {"remove_models": 6} | TELLING
    run = snakemake(folder, change="keep_models: last")
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


def with_weights(folder: Path) -> set[str]:
    return {path.parents[1].name for path in (folder / MODELS).glob("*/model/*.safetensors")}


def test_only_the_last_models_keep_their_weights_and_nothing_runs_because_of_that(thinned):
    assert with_weights(thinned) == ENDS
    left = json.loads((thinned / MODELS / "sft/model/removed.json").read_text())
    assert left["model"]["lineage"] == "sft"
    assert jobs_to_run(thinned, "keep_models: last") == {}
    assert jobs_to_run(thinned, "keep_models: all") == TELLING
    assert jobs_to_run(thinned, "keep_models: best_and_last") == {"remove_models": 6} | TELLING


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        # The three last models are there and become parents.
        (
            "iterations: 4",
            {"train": 3, "build_training_set": 3, "sample": 3 + 3 * 2 + 3, "gather_samples": 12, "verify": 12}
            | {"score": 3, "score_frontier": 3, "remove_models": 9},
        ),
        # sft-sft-dpo needs sft-sft, which needs sft: both are trained again, but neither sampled nor scored.
        (
            "methods: {late_dpo: {start: [sft, sft, dpo]}}",
            {"train": 3, "build_training_set": 1, "sample": 1 + 1, "gather_samples": 3, "verify": 3}
            | {"score": 1, "score_frontier": 1, "remove_models": 7},
        ),
        # Three models with dpo steps, and sft, which the first of them learns from; sft-sft stays removed.
        (
            "steps: {dpo: {arguments: {beta: 0.2}}}",
            {"train": 4, "build_training_set": 2, "sample": 3 + 2 + 2, "gather_samples": 9, "verify": 9}
            | {"score": 3, "score_frontier": 2, "remove_models": 6},
        ),
        (
            "sampling: {temperature: 0.5}",
            {"train": 6, "build_training_set": 5, "sample": 7 + 3 * 2 + 4, "gather_samples": 21, "verify": 21}
            | {"score": 7, "score_frontier": 4, "remove_models": 6},
        ),
    ],
    ids=lambda value: value.split(":")[0] if isinstance(value, str) else "",
)
def test_what_runs_again_has_exactly_the_models_trained_that_it_needs(thinned, change, expected):
    found = jobs_to_run(thinned, f"keep_models: last\n{change}")
    assert Counter(found) == Counter(expected | REPORTING)


def test_an_edited_verifier_has_answers_judged_again_but_m1_not_sampled_again(thinned, tmp_path):
    """What learns from verdicts is trained again, and so needs the first model's weights; its answers stay."""
    folder = tmp_path / "study"
    shutil.copytree(thinned, folder, copy_function=shutil.copy2)
    edit(folder, "verification", "answers.canonical_number(text)", "answers.canonical_number(text.strip())")
    found = jobs_to_run(folder, "keep_models: last")
    assert (found["train"], found["sample"]) == (6, 5 + 2 * 2 + 3)


def test_models_trained_again_go_again_and_leave_everything_else_as_it_was(thinned, tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(thinned, folder, copy_function=shutil.copy2)
    before = {
        path.relative_to(folder): path.stat().st_mtime_ns
        for name in ("samples", "verdicts", "scores.parquet", "training_set.parquet")
        for path in (folder / MODELS).glob(f"*/{name}/*.parquet" if "." not in name else f"*/{name}")
    }
    descriptions = {name: (folder / MODELS / name / "model/removed.json").read_text() for name in ("sft", "sft-sft")}

    run = snakemake(folder, change=LATE_DPO)

    assert run.returncode == 0, run.stdout + run.stderr
    assert with_weights(folder) == ENDS | {"sft-sft-dpo"}
    assert {path: (folder / path).stat().st_mtime_ns for path in before} == before
    for name, text in descriptions.items():
        again = json.loads((folder / MODELS / name / "model/removed.json").read_text())
        assert again["model"] == json.loads(text)["model"]
    assert jobs_to_run(folder, LATE_DPO) == {}
    # A removed model that somebody asks for is trained again with its missing parent, and no other is.
    kept = LATE_DPO.replace("last,", "all,")
    wanted = snakemake(folder, "--dry-run", f"{MODELS}/sft-sft/model/model.json", change=kept)
    trained = re.findall(r"^Job \d+: train ", wanted.stdout, re.MULTILINE)
    assert len(trained) == 2, wanted.stdout  # sft and sft-sft; sft-dpo stays removed
