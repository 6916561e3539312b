"""A small form of studies/all-tasks.yaml: the four kinds of answers through every stage, with the second engine."""

import re
import shutil
from pathlib import Path

import polars as pl
import pytest
from reversal import tables
from reversal.verifying.verification import verifier
from running import copy_repository, snakemake

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="programs run in bubblewrap, which is not here")
# The base model learns enough to guess an option in the right form: that is what few-shot rationales need.
CHANGE = """
iterations: 1
models:
  mini-llama:
    pretrain:
      corpus:
        - {generator: word_problems, count: 100, steps: [1, 1]}
        - {generator: fractions, count: 100, steps: [1, 2]}
        - {generator: choices, count: 900, steps: [2, 3]}
        - {generator: programs, count: 100, steps: [2, 3]}
      arguments: {num_train_epochs: 2}
tasks:
  mini-gsm: {train: {count: 20}, test: {count: 10}, ood: {mini-math: {count: 10}}, max_tokens: 48}
  mini-latex: {train: {count: 20}, test: {count: 10}, ood: {longer: {count: 10}}, max_tokens: 48}
  mini-choice:
    {train: {count: 20}, test: {count: 10}, max_tokens: 48,
    rationales: few_shot, few_shot_prompt: "Question: {question}\\nAnswer:\\n"}
  mini-code: {train: {count: 20}, test: {count: 10}, ood: {longer: {count: 10}}, max_tokens: 48}
sampling: {engine: {name: transformers}, test_samples: 2}
"""
KINDS = {"mini-gsm": "number", "mini-latex": "expression", "mini-choice": "choice", "mini-code": "program"}


@pytest.fixture(scope="module")
def all_tasks(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("all-tasks")
    copy_repository(folder)
    run = snakemake(folder, change=CHANGE, study="all-tasks")
    assert run.returncode == 0, (run.stdout + run.stderr)[-5000:]
    return folder / "results/all-tasks"


@pytest.mark.parametrize("task", KINDS)
def test_every_kind_of_answer_is_judged_and_scored(all_tasks, task):
    folder = all_tasks / f"mini-llama/base0/{task}/seed0/sft"
    verdicts = tables.read(str(folder / "verdicts/test.parquet"), tables.VERDICT_ROWS)
    assert verdicts.height == 10 * 3
    assert verdicts["verifier"].unique().to_list() == [verifier(KINDS[task], sandboxed=True)]
    scores = tables.read(str(folder / "scores.parquet"), tables.SCORES)
    assert {"pass_at_1", "coverage", "distinct_n", "semantic_diversity"} <= set(scores["metric"])


def test_few_shot_rationales_are_correct_answers_of_the_base_model(all_tasks):
    folder = all_tasks / "mini-llama/base0/mini-choice/seed0"
    answers = tables.read(str(folder / "base/samples/train.parquet"), tables.SAMPLES)
    verdicts = tables.read(str(folder / "base/verdicts/train.parquet"), tables.VERDICT_ROWS)
    correct = answers.join(verdicts.filter(verdict="correct"), on=tables.SAMPLE_KEY, how="semi")
    rows = pl.read_parquet(folder / "sft/training_set.parquet")
    assert rows.height > 0
    pairs = set(correct.with_columns(pl.col("text").str.strip_chars_end()).select("problem_id", "text").rows())
    assert set(rows.select("problem_id", "completion").rows()) <= pairs


def test_the_report_has_answers_to_every_task(all_tasks):
    html = (all_tasks / "report.html").read_text()
    assert all(re.search(rf'<option value="answers-\d">mini-llama on {task}</option>', html) for task in KINDS)
