"""A model from elsewhere must not be trained and sampled as the tiny one is."""

import copy
from pathlib import Path

import pytest
import yaml
from reversal.recipes import EXAMPLES, inherited
from reversal.study import without_nulls
from snakemake.utils import update_config

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
TRAINING = {name: {"arguments": {"learning_rate": 1e-5, "bf16": True}} for name in ("sft", "dpo")}
ENGINE = {"engine": {"dtype": "bfloat16", "arguments": {"max_model_len": 1024}}}
BEGINS = "models.big: config.yaml's recipe is the tiny model's; say how this one is trained and sampled: "


def faults(stated: dict) -> list[str]:
    config = copy.deepcopy(CONFIG)
    update_config(config, stated)
    return inherited(without_nulls(config), stated)


def study(**changes) -> dict:
    return {"models": {"mini-llama": None, "big": {"folder": "models/big-7b"}}} | changes


def test_the_tiny_model_has_its_recipe():
    assert faults({}) == []


def test_a_model_without_a_recipe_of_its_own_is_told_what_it_lacks_and_where_recipes_are():
    lacks = [f"steps.{step}.arguments.{key}" for step in ("dpo", "sft") for key in ("learning_rate", "bf16")]
    lacks += ["sampling.engine.dtype", "sampling.engine.arguments.max_model_len"]
    assert faults(study()) == [f"{BEGINS}{', '.join(lacks)}; {EXAMPLES}"]


@pytest.mark.parametrize(
    "stated",
    [
        study(steps=TRAINING, sampling=ENGINE),
        study(
            models={"mini-llama": None, "big": {"hub": "a/b", "revision": "0" * 40, "steps": TRAINING}}, sampling=ENGINE
        ),
        study(steps=TRAINING, sampling={"engine": {"name": "transformers", "dtype": "bfloat16"}}),
        study(steps=TRAINING, sampling={"engine": {"dtype": "float16", "arguments": {"max_model_len": None}}}),
        study(steps={name: {"trainer": "none"} for name in ("sft", "dpo")}, sampling=ENGINE),
        study(steps={name: {"trainer": "none"} for name in ("sft", "dpo")}, sampling={"engine": {"name": "scripted"}}),
    ],
    ids=["for all models", "of the model", "without vLLM", "a null is said", "nothing trained", "nor sampled"],
)
def test_a_recipe_of_its_own_is_enough(stated):
    assert faults(stated) == []


def test_only_the_steps_of_the_studys_methods_count():
    methods = {"iterative_dpo": None, "iterative_sft_dpo": None}
    stated = study(methods=methods, steps={"sft": {"arguments": {"learning_rate": 1e-5}}}, sampling=ENGINE)
    assert faults(stated) == [f"{BEGINS}steps.sft.arguments.bf16; {EXAMPLES}"]
