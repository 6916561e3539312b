"""studies/paper.yaml says what PAPER.md says: the grid, the decoding, and the recipes that are ours."""

from pathlib import Path

import yaml
from reversal.checks import problems_of
from reversal.lineages import series
from reversal.study import answers_wanted, without_nulls
from snakemake.utils import update_config

REPOSITORY = Path(__file__).parents[2]


def paper() -> dict:
    """The study with the defaults under it, as Snakemake merges them."""
    config = yaml.safe_load((REPOSITORY / "config.yaml").read_text())
    update_config(config, yaml.safe_load((REPOSITORY / "studies/paper.yaml").read_text()))
    return without_nulls(config)


def test_the_grid():
    study = paper()
    assert problems_of(study, yaml.safe_load((REPOSITORY / "rules/config.schema.yaml").read_text())) == []
    assert list(study["models"]) == ["llama2-7b", "mistral-7b", "llama3-8b"]
    assert list(study["tasks"]) == ["csqa", "gsm8k", "math", "mbpp"]
    assert {name: series(method, study["iterations"])[-1] for name, method in study["methods"].items()} == {
        "iterative_sft": "sft-sft-sft-sft-sft",
        "iterative_dpo": "sft-dpo-dpo-dpo-dpo",
        "iterative_sft_dpo": "sft-dpo-sft-dpo-sft",
    }
    splits = {name: (task["train"]["split"], task["test"]["split"]) for name, task in study["tasks"].items()}
    assert splits == {name: ("train", "validation" if name == "csqa" else "test") for name in study["tasks"]}
    ood = {name: task["ood"] for name, task in study["tasks"].items() if task["ood"]}
    assert [(name, list(sets)) for name, sets in ood.items()] == [("gsm8k", ["math-algebra"])]
    assert (ood["gsm8k"]["math-algebra"]["configs"], ood["gsm8k"]["math-algebra"]["split"]) == (["algebra"], "test")


def test_the_decoding():
    study = paper()
    train, evaluation = (
        answers_wanted(study, batch, 0, 0, "llama2-7b", "gsm8k", "sft") for batch in ("train", "evaluation")
    )
    assert [(s["greedy"], s["sampled"]) for s in train["settings"]] == [(False, 50)]
    assert [(s["greedy"], s["sampled"]) for s in evaluation["settings"]] == [(True, 64), (True, 0)]
    assert {(s["temperature"], s["top_p"]) for s in train["settings"] + evaluation["settings"]} == {(0.75, 0.95)}
    assert "### Response:" in train["prompt"] and train["prompt"] == evaluation["prompt"]
    first = answers_wanted(study, "train", 0, 0, "llama2-7b", "csqa", "base")["prompt"]
    assert (
        first.count("####") == 4 and first != answers_wanted(study, "train", 0, 0, "llama2-7b", "csqa", "sft")["prompt"]
    )


def test_the_recipes():
    study = paper()
    schedule = {"lr_scheduler_type": "cosine", "warmup_steps": 0.03, "weight_decay": 0.0}
    sft, dpo = (study["steps"][name]["arguments"] for name in ("sft", "dpo"))
    assert sft.items() >= (schedule | {"learning_rate": 2e-5, "num_train_epochs": 3}).items()
    assert dpo.items() >= (schedule | {"learning_rate": 1e-6, "beta": 0.1}).items()
    assert study["models"]["mistral-7b"]["steps"] == {
        "sft": {"arguments": {"learning_rate": 5e-6}},
        "dpo": {"arguments": {"learning_rate": 1e-7}},
    }
    assert study["steps"]["sft"]["training_set"]["deduplicate"] == "equations"
