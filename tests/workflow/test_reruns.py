"""Change this, and exactly these jobs run again."""

import os
import shutil
from collections import Counter

import pytest
from running import copy_repository, edit, jobs_to_run, snakemake

REPORTING = {
    "summarise_frontier": 1,
    "summarise": 1,
    "summarise_time": 1,
    "plot": 1,
    "write_pages": 1,
    "write_provenance": 1,
}
FROM_SCORES = {name: 1 for name in REPORTING if name != "summarise_frontier"}


def models(evaluated: int, as_parents: int, trained: int, ends: int, sets: int | None = None) -> dict[str, int]:
    """Jobs of new or changed models: each is evaluated on two problem sets; parents also answer the training problems,
    and the ends of a method (M1 and MT) the test problems at another temperature.

    The smoke study samples the training problems in two shards, and the two evaluation sets in one go.
    """
    tables = 2 * evaluated + as_parents + ends
    counts = {
        "build_training_set": trained if sets is None else sets,
        "train": trained,
        "sample": evaluated + 2 * as_parents + ends,
        "gather_samples": tables,
        "verify": tables,
        "score": evaluated,
        "score_frontier": ends,
    }
    return {name: count for name, count in counts.items() if count} | REPORTING


def test_nothing_changed(finished):
    assert jobs_to_run(finished) == {}


@pytest.mark.parametrize("path", ["scripts/sample.py", "scripts/reversal/learning/training.py", "config.yaml"])
def test_a_touched_file_reruns_nothing(study, path):
    os.utime(study / path)
    assert jobs_to_run(study) == {}


def test_a_fresh_copy_of_the_repository_with_the_old_results_reruns_nothing(study, tmp_path):
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    copy_repository(fresh)
    shutil.move(study / "results", fresh / "results")
    shutil.move(study / ".snakemake", fresh / ".snakemake")
    assert jobs_to_run(fresh) == {}


def test_results_alone_are_adopted_by_a_fresh_copy_of_the_repository(study, tmp_path):
    """As `make adopt` does it; from then on a change reruns what it would have rerun before."""
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    copy_repository(fresh)
    shutil.copytree(study / "results", fresh / "results", copy_function=shutil.copyfile)  # all of today
    for path in fresh.glob("scripts/**/*.py"):
        os.utime(path)  # a clone is younger than what it gets
    assert jobs_to_run(fresh)["train"] == 6

    other = snakemake(fresh, "--touch", "--forceall", change="steps: {dpo: {arguments: {beta: 0.2}}}")
    assert other.returncode != 0 and "was made with another configuration" in other.stdout + other.stderr
    weights = next(fresh.glob("results/smoke/mini-llama/base0/mini-gsm/seed0/sft/model/*.safetensors"))
    data = weights.read_bytes()
    weights.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    broken = snakemake(fresh, "--touch", "--forceall")
    assert (
        broken.returncode != 0 and f"{weights.name} has changed since it was written" in broken.stdout + broken.stderr
    )
    weights.write_bytes(data)

    adopted = snakemake(fresh, "--touch", "--forceall")
    assert adopted.returncode == 0, adopted.stdout + adopted.stderr
    assert jobs_to_run(fresh) == {}
    changed = jobs_to_run(fresh, "steps: {dpo: {arguments: {beta: 0.2}}}")
    assert Counter(changed) == Counter(models(evaluated=3, as_parents=1, trained=3, ends=2, sets=2))


def test_comments_docstrings_and_what_a_job_logs_rerun_nothing(study):
    for path in study.glob("scripts/**/*.py"):
        with open(path, "a") as file:
            file.write("\n\n# A remark.\n")
    edit(study, "jobs", "What every script does at its edges", "What all scripts do at their edges")
    edit(study, "jobs", 'time.strftime("started ', 'time.strftime("begun ')
    assert jobs_to_run(study) == {}


@pytest.mark.parametrize(
    "module, before, after, expected",
    [
        # M0 is scored, too.
        ("text_diversity", "import zlib", "import gzip as zlib", {"score": 7, "score_frontier": 4, **REPORTING}),
        ("accuracy", "def majority_at_k(finals", "def majority_at_k(found", {"score": 7, **FROM_SCORES}),
        ("figures", ".1f} % (", ".2f} % (", {"plot": 1, "write_pages": 1, "write_provenance": 1}),
        ("page_answers", "SHOWN = 2000", "SHOWN = 500", {"write_pages": 1, "write_provenance": 1}),
        # A column of changes.csv, which all stages' tables stand beside.
        ("tables", '"role": pl.String,', '"role": pl.String, "edited": pl.String,', FROM_SCORES),
        ("training", "gc.collect()", "gc.collect(2)", models(evaluated=6, as_parents=3, trained=6, ends=4, sets=5)),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isidentifier() else "",
)
def test_an_edited_definition_reruns_what_uses_it(study, module, before, after, expected):
    edit(study, module, before, after)
    assert jobs_to_run(study) == expected


@pytest.mark.parametrize(
    "change, expected",
    [
        # sft-dpo, sft-dpo-dpo and sft-dpo-sft; the pairs of sft-dpo come from sft and stay.
        ("steps: {dpo: {arguments: {beta: 0.2}}}", models(evaluated=3, as_parents=1, trained=3, ends=2, sets=2)),
        # One new model per method; their three parents were last iterations and answer training problems now.
        ("iterations: 4", models(evaluated=3, as_parents=3, trained=3, ends=3)),
        ("methods: {late_dpo: {start: [sft, sft, dpo]}}", models(evaluated=1, as_parents=0, trained=1, ends=1)),
        ("seeds: [0, 1]", models(evaluated=7, as_parents=3, trained=6, ends=4)),  # M0 is sampled anew, too
        (
            "models: {mini-llama: {pretrain: {seeds: [0, 1]}}}",
            {"pretrain_base": 1, **models(evaluated=7, as_parents=3, trained=6, ends=4)},
        ),
        ("sampling: {shards: {train: 1, evaluation: 3}}", {"write_provenance": 1}),
        # Another temperature asks the four ends again, and changes nothing else.
        (
            "evaluation: {temperatures: [1.2, 1.5]}",
            dict.fromkeys(("sample", "gather_samples", "verify", "score_frontier"), 4) | REPORTING,
        ),
    ],
    ids=lambda value: value.split(":")[0] if isinstance(value, str) else "",
)
def test_a_changed_key_reruns_what_uses_it(finished, change, expected):
    assert Counter(jobs_to_run(finished, change)) == Counter(expected)
