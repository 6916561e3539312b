"""A finished study judged again by what it left behind: its exported answers and its checkpoints."""

import json
import subprocess
import sys

import polars as pl
from reversal import tables
from running import snakemake

METHODS = {
    "iterative_sft": ["sft", "sft-sft", "sft-sft-sft"],
    "iterative_dpo": ["sft", "sft-dpo", "sft-dpo-dpo"],
    "iterative_sft_dpo": ["sft", "sft-dpo", "sft-dpo-sft"],
}
PLACE = "results/smoke/mini-llama/base0/mini-gsm/seed0"
NAME = "mini-llama-base0-mini-gsm-seed0-sft"


def given(entries: dict[str, list[str]], name: str) -> str:
    """A change to the smoke study: the same models, given."""
    methods = {method: {"start": None, "repeat": None, "given": its} for method, its in entries.items()}
    return json.dumps({"study": name, "methods": methods})


def test_exported_answers_give_the_same_verdict_table(study):
    run = snakemake(study, "export")
    assert run.returncode == 0, run.stdout + run.stderr
    folder = "results/smoke/export/mini-llama-base0-mini-gsm-seed0-"
    entries = {name: [f"{folder}{lineage}/samples_*.jsonl" for lineage in its] for name, its in METHODS.items()}
    run = snakemake(study, "results/again/tables/changes.csv", change=given(entries, "again"))
    assert run.returncode == 0, run.stdout + run.stderr
    before, after = (study / f"results/{name}/tables/changes.csv" for name in ("smoke", "again"))
    assert after.read_bytes() == before.read_bytes()
    assert not list((study / "results/again").rglob("training_set.parquet"))


def test_given_checkpoints_answer_as_the_trained_ones(study):
    """Greedy answers do not depend on a seed; the samples are others, since a seed belongs to a model's lineage."""
    method = "iterative_sft"
    entries = {method: [f"{PLACE}/{lineage}/model" for lineage in METHODS[method][:2]]}
    change = json.loads(given(entries, "models"))
    change["methods"] |= {"iterative_dpo": None, "iterative_sft_dpo": None}
    run = snakemake(study, "results/models/tables/changes.csv", change=json.dumps(change))
    assert run.returncode == 0, run.stdout + run.stderr
    rows = [
        pl.read_csv(study / f"results/{name}/tables/changes.csv", schema=tables.CHANGES).filter(dimension="accuracy")
        for name in ("smoke", "models")
    ]
    assert rows[1]["first"][0] == rows[0]["first"][0]
    for lineage, again in zip(METHODS[method][:2], ("iterative_sft_1", "iterative_sft_1-iterative_sft_2"), strict=True):
        paths = (f"{PLACE}/{lineage}", f"{PLACE.replace('smoke', 'models')}/{again}")
        texts = [
            pl.read_parquet(study / path / "samples/test.parquet").filter(decoding="greedy")["text"] for path in paths
        ]
        assert texts[0].equals(texts[1])


def test_datasets_loads_what_is_exported_and_trained_on(study):
    run = snakemake(study, "export")
    assert run.returncode == 0, run.stdout + run.stderr
    code = (
        "from datasets import load_dataset\n"
        "def rows(form, pattern): return load_dataset(form, data_files=pattern, split='train', cache_dir='cache')\n"
        f"print(rows('json', 'results/smoke/export/{NAME}/samples_test_sampled.jsonl').num_rows)\n"
        f"print(rows('parquet', '{PLACE}/sft/training_set.parquet').column_names)\n"
    )
    loaded = subprocess.run([sys.executable, "-c", code], cwd=study, capture_output=True, text=True)
    assert loaded.stdout.splitlines() == ["40", "['problem_id', 'prompt', 'completion']"], loaded.stderr
