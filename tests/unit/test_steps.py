from pathlib import Path

import pytest
import yaml
from reversal.checks import problems_of
from reversal.steps import accumulates, answers_read, reference_of, start_of, weights_read
from reversal.study import kinds_of_methods, recipe_of

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
SCHEMA = yaml.safe_load((ROOT / "rules/config.schema.yaml").read_text())
SFT, DPO = CONFIG["steps"]["sft"], CONFIG["steps"]["dpo"]
GRPO = {
    "trainer": "grpo",
    "reward": {"name": "binary"},
    "arguments": {"learning_rate": 1e-5, "per_device_train_batch_size": 8, "num_generations": 4},
}
MORE = {
    "restarted": SFT | {"from": "base", "training_set": SFT["training_set"] | {"data": "all"}},
    "again": SFT | {"from": "first"},
    "gold": SFT | {"training_set": {"data": "gold"}},
    "all_pairs": DPO | {"training_set": DPO["training_set"] | {"data": "all"}},
    "anchored": DPO | {"reference": "first"},
    "from_base": DPO | {"from": "base", "reference": "parent"},
    "rl": GRPO,
    "average": {"trainer": "interpolate", "from": "first", "arguments": {"alpha": 0.5}},
}
STUDY = CONFIG | {"steps": CONFIG["steps"] | MORE}


@pytest.mark.parametrize(
    ("lineage", "weights", "answers", "gold"),
    [
        ("sft", ["base"], [], False),
        ("sft-sft", ["sft"], ["sft"], False),
        ("restarted", ["base"], [], False),
        ("sft-dpo-restarted", ["base"], ["sft", "sft-dpo"], True),
        ("sft-dpo-again", ["sft"], ["sft-dpo"], False),
        ("sft-dpo-gold", ["sft-dpo"], [], False),
        ("sft-dpo-all_pairs", ["sft-dpo"], ["sft", "sft-dpo"], False),
        ("sft-anchored", ["sft"], ["sft"], False),  # M1 is where it starts: no other reference
        ("sft-dpo-anchored", ["sft-dpo", "sft"], ["sft-dpo"], False),
        ("sft-from_base", ["base", "sft"], ["sft"], False),
        ("rl", ["base"], [], False),
        ("sft-dpo-rl", ["sft-dpo"], [], False),
        ("sft-dpo-average", ["sft", "sft-dpo"], [], False),
        ("sft-average", ["sft"], [], False),
    ],
)
def test_what_a_step_reads(lineage, weights, answers, gold):
    assert problems_of(STUDY, SCHEMA) == []
    assert weights_read(STUDY, lineage) == weights
    assert start_of(STUDY, lineage) == weights[0]
    assert answers_read(STUDY, "mini-llama", "mini-gsm", lineage) == answers
    assert accumulates(STUDY, "mini-llama", lineage) == gold


def test_another_reference_is_part_of_the_recipe():
    assert reference_of(STUDY, "sft-dpo-anchored") == "sft"
    recipe = recipe_of(STUDY, "mini-llama", "sft-dpo-anchored")
    assert recipe == {"trainer": "dpo", "arguments": DPO["arguments"], "reference": "first"}
    assert recipe_of(STUDY, "mini-llama", "sft-anchored") == {"trainer": "dpo", "arguments": DPO["arguments"]}
    recipe = recipe_of(STUDY, "mini-llama", "sft-from_base")
    assert recipe == {"trainer": "dpo", "arguments": DPO["arguments"], "from": "base", "reference": "parent"}
    recipe = recipe_of(STUDY, "mini-llama", "sft-dpo-average")
    assert recipe == {"trainer": "interpolate", "arguments": {"alpha": 0.5}, "from": "first"}


def test_the_coverage_rule_is_about_sft_and_dpo_alone():
    methods = {name: {"start": ["sft"], "repeat": [name]} for name in MORE}
    kinds = kinds_of_methods(STUDY | {"methods": methods, "iterations": 3})
    of_sft = {name: "sft" for name in ("restarted", "again")} | {"gold": "other", "rl": "other", "average": "other"}
    assert kinds == of_sft | dict.fromkeys(("all_pairs", "anchored", "from_base"), "dpo")


@pytest.mark.parametrize(
    ("start", "fault"),
    [
        ("again", "starts with again, but its from: first is M1 itself; start with a step without it"),
        ("average", "starts with average, but there is no earlier model to mix M0's weights with; start with: sft, "),
        ("dpo", "starts with dpo, but M1 is trained on gold solutions, which have no rejected answers; start with: "),
        ("rl", "restarted learns from all data so far, whose first are M1's: start with sft"),
    ],
)
def test_what_cannot_be_a_first_step(start, fault):
    method = {"start": [start], "repeat": ["restarted"]}
    found = problems_of(STUDY | {"methods": {"m": method}}, SCHEMA)
    assert len(found) == 1 and found[0].startswith("methods.m: ") and fault in found[0]


@pytest.mark.parametrize(
    ("step", "faults"),
    [
        (GRPO | {"reward": {"name": "pass_at_k"}}, ["steps.x.reward: 'k' is a required property"]),
        (
            GRPO | {"reward": {"name": "pass_at_k", "k": 9}},
            [
                "steps.x.arguments.scale_rewards: must be none for the reward pass_at_k, which is scaled",
                "steps.x.reward.k: 9 is more than num_generations, 4",
            ],
        ),
        (
            GRPO | {"gpus": 2, "training_set": {}},
            [
                "steps.x.gpus: must be 1: grpo trains on one GPU, not 2",
                "steps.x.training_set: must be left out: grpo learns from the training questions and its own answers",
            ],
        ),
        (
            {"trainer": "interpolate", "from": "parent", "arguments": {"alpha": 1}},
            [
                "steps.x.arguments.alpha: must be above 0 and below 1, where it would be the one model or the other, "
                "not 1",
                "steps.x.from: 'parent' is not one of ['first', 'base']",
            ],
        ),
        (SFT | {"reference": "first"}, ["steps.x.reference: must be left out: only dpo has one, not 'first'"]),
        (DPO | {"reward": {"name": "binary"}}, ["steps.x.reward: must be left out: only grpo has one"]),
        (
            SFT | {"training_set": {"data": "gold", "per_problem": 3}},
            ["steps.x.training_set: must be {data: gold} alone, since gold solutions are taken as they are"],
        ),
        (
            SFT | {"trainer": "script", "script": "x.sh"},
            ["steps.x.script: must be a .py file with a function train (docs/steps.md), not 'x.sh'"],
        ),
        ({}, ["steps.x: 'trainer' is a required property"]),
    ],
)
def test_what_is_wrong_with_a_step(step, faults):
    assert problems_of(CONFIG | {"steps": CONFIG["steps"] | {"x": step}}, SCHEMA) == faults


def test_of_programs_no_two_are_one_answer():
    x = GRPO | {"reward": {"name": "distinct_answer", "penalty": 0.5}}
    programs = {"generator": "programs", "count": 9, "steps": [1, 1]}
    task = CONFIG["tasks"]["mini-gsm"] | {"train": programs, "test": programs | {"seed": 1}, "ood": {}}
    found = problems_of(CONFIG | {"steps": CONFIG["steps"] | {"x": x}, "tasks": {"code": task}}, SCHEMA)
    assert "steps.x.reward: of programs (tasks.code) no two are known to be one answer" in found
