import copy
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from reversal.checks import problems_of
from reversal.study import (
    answers_wanted,
    canonical,
    frontier_lineages,
    frontier_samples,
    gpus_beyond,
    gpus_to_sample,
    gpus_to_train,
    recipe_of,
    step_of,
    temperatures,
    with_likes,
    without_nulls,
)
from snakemake.utils import update_config

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
SCHEMA = yaml.safe_load((ROOT / "rules/config.schema.yaml").read_text())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
)


def test_llama2_70b_differs_from_the_paper_in_its_model_and_what_no_result_depends_on():
    paper, larger = copy.deepcopy(CONFIG), copy.deepcopy(CONFIG)
    for config, studies in ((paper, ["paper"]), (larger, ["paper", "llama2-70b"])):
        for study in studies:
            update_config(config, yaml.safe_load((ROOT / f"studies/{study}.yaml").read_text()))
    paper, larger = without_nulls(paper), without_nulls(larger)
    assert problems_of(larger, SCHEMA) == []
    assert {key for key in paper if paper[key] != larger[key]} == {"study", "models", "sampling"}
    assert paper["sampling"] | {"shards": larger["sampling"]["shards"]} == larger["sampling"]
    assert list(larger["models"]) == ["llama2-70b"]


def test_a_step_like_another_has_its_settings_and_what_models_change_about_it():
    own = {"like": "sft", "training_set": {"per_problem": None, "rows": 4}}
    sft = {"trainer": "sft", "training_set": {"deduplicate": "text", "per_problem": 2}, "gpus": 2}
    models = {"a": {"steps": {"sft": {"gpus": 4, "arguments": {"bf16": True}}, "own": {"gpus": 8}}}, "b": {}}
    config = {"steps": {"sft": sft, "own": own, "gone": None}, "models": models}
    assert without_nulls(with_likes(config)) == {
        "steps": {"sft": sft, "own": sft | {"training_set": {"deduplicate": "text", "rows": 4}}},
        "models": {
            "a": {"steps": models["a"]["steps"] | {"own": {"gpus": 8, "arguments": {"bf16": True}}}},
            "b": {},
        },
    }


@pytest.mark.parametrize("odd", [None, 3, "sft", ["sft"], {"steps": 3}, {"steps": {"own": 3}}])
@pytest.mark.parametrize("other", ["sft", "own", "nobody", 3, ["sft"]])
def test_what_no_study_should_say_is_left_to_the_schema(odd, other):
    config = {"steps": {"sft": odd, "own": {"like": other}}, "models": {"a": odd}}
    assert with_likes(config)["models"] == {"a": odd}
    assert with_likes({"steps": odd, "models": odd}) == {"steps": odd, "models": odd}
    assert with_likes({"steps": {"sft": {}, "own": {"like": "sft"}}, "models": odd})["models"] == odd


def test_what_a_model_changes_about_a_step():
    """Maps merge, other values replace; the number of GPUs is no part of the recipe: no result depends on it."""
    config = copy.deepcopy(CONFIG)
    lora = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear"}
    config["steps"]["dpo"] |= {"lora": lora, "gpus": 2}
    own = {"dpo": {"arguments": {"beta": 0.5}, "lora": {"r": 8}, "gpus": 4}}
    config["models"]["mini-llama"] |= {"steps": own, "attention": "eager", "tensor_parallel": 2}
    arguments = CONFIG["steps"]["dpo"]["arguments"] | {"beta": 0.5}
    expected = {"trainer": "dpo", "arguments": arguments, "lora": lora | {"r": 8}, "attention": "eager"}
    assert recipe_of(config, "mini-llama", "dpo") == expected
    assert step_of(config, "mini-llama", "dpo")["training_set"] == CONFIG["steps"]["dpo"]["training_set"]
    assert (gpus_to_train(config, "mini-llama", "dpo"), gpus_to_sample(config, "mini-llama")) == (4, 2)
    assert (gpus_to_train(CONFIG, "mini-llama", "dpo"), gpus_to_sample(CONFIG, "mini-llama")) == (1, 1)
    config["steps"]["dpo"]["trainer"] = "none"
    assert gpus_to_train(config, "mini-llama", "dpo") == 0
    assert set(recipe_of(CONFIG, "mini-llama", "dpo")) == {"trainer", "arguments"}


def test_without_nulls():
    assert without_nulls({"a": None, "b": {"c": None, "d": 0}, "e": [None, ""]}) == {"b": {"d": 0}, "e": [None, ""]}


@given(st.dictionaries(st.text(max_size=3), JSON, max_size=4), st.randoms())
def test_canonical_does_not_depend_on_the_order_of_keys(value, random):
    def shuffled(part):
        if isinstance(part, list):
            return [shuffled(entry) for entry in part]
        if not isinstance(part, dict):
            return part
        return {key: shuffled(part[key]) for key in random.sample(sorted(part), len(part))}

    assert canonical(shuffled(value)) == canonical(value)
    assert yaml.safe_load(canonical({"a": [1, {"c": True}]})) == {"a": [1, {"c": True}]}
    assert canonical(without_nulls(shuffled(value))) == canonical(without_nulls(value))


def test_what_a_batch_asks_for():
    """Sampled answers for training, greedy ones too for the test, greedy ones alone for OOD; M0 few-shot."""
    config = copy.deepcopy(CONFIG)
    config["tasks"]["mini-gsm"] |= {"few_shot_prompt": "1+1: 2\n{question}:", "stop": ["\n"]}
    cases = [("evaluation", 1, 3, "m", "mini-gsm", "sft"), ("train", 0, 0, "m", "mini-gsm", "base")]
    cases.append(("frontier", 1, 3, "m", "mini-gsm", "sft"))
    asked = [answers_wanted(config, *case) for case in cases]
    decoding = {"max_tokens": 96, "temperature": 0.75, "top_p": 0.95}
    assert asked == [
        {
            "settings": [{"greedy": True, "sampled": 8, **decoding}, {"greedy": True, "sampled": 0, **decoding}],
            "engine": CONFIG["sampling"]["engine"],
            "prompt": CONFIG["tasks"]["mini-gsm"]["prompt"],
            "stop": ["\n"],
            "seed_parts": [1, 3, "m", "mini-gsm", "sft"],
        },
        {
            "settings": [{"greedy": False, "sampled": 8, **decoding}],
            "engine": CONFIG["sampling"]["engine"],
            "prompt": "1+1: 2\n{question}:",
            "stop": ["\n"],
            "seed_parts": [0, 0, "m", "mini-gsm", "base"],
        },
        {
            "settings": [
                {"greedy": False, "sampled": 8, "temperatures": [1.2, 1.5, 1.8], "max_tokens": 96, "top_p": 0.95}
            ],
            "engine": CONFIG["sampling"]["engine"],
            "prompt": CONFIG["tasks"]["mini-gsm"]["prompt"],
            "stop": ["\n"],
            "seed_parts": [1, 3, "m", "mini-gsm", "sft"],
        },
    ]
    of_base = [
        answers_wanted(study, "evaluation", 0, 0, "m", "mini-gsm", "base")["prompt"] for study in (config, CONFIG)
    ]
    assert of_base == ["1+1: 2\n{question}:", CONFIG["tasks"]["mini-gsm"]["prompt"]]  # few-shot where there is one


def test_the_frontier_is_of_the_ends_of_each_method_and_of_models_that_can_be_asked():
    config = {
        "iterations": 3,
        "methods": {
            "made": {"start": ["sft"], "repeat": ["dpo"]},
            "told": {"given": ["a", "b"], "start": ["t_1", "t_2"]},
        },
        "steps": {"sft": {}, "dpo": {}, "t_1": {"answers": ["a"]}, "t_2": {"checkpoint": {"folder": "b"}}},
        "sampling": {"temperature": 0.75, "test_samples": 4},
        "evaluation": {"temperatures": [1, 0.75, 0.5]},
    }
    assert frontier_lineages(config) == ["sft", "sft-dpo-dpo", "t_1-t_2"]
    assert temperatures(config) == [0.5, 1.0] and frontier_samples(config) == 4
    assert frontier_lineages(config | {"evaluation": {"temperatures": [0.75]}}) == []
    assert frontier_lineages({key: value for key, value in config.items() if key != "evaluation"}) == []


TOO_FEW = "{0}: a {1} job needs {2} GPUs, more than --resources gpu={3}: raise that to {2}, or lower {0}"


@pytest.mark.parametrize(
    ("cap", "expected"),
    [
        (0, []),  # no GPUs: everything runs without
        (
            1,
            [
                ("models.big.tensor_parallel", "sample", 2),
                ("models.big.steps.dpo.gpus", "train", 8),
                ("steps.dpo.gpus", "train", 4),
            ],
        ),
        (4, [("models.big.steps.dpo.gpus", "train", 8)]),
        (8, []),
    ],
)
def test_requests_for_more_gpus_than_there_may_be(cap, expected):
    config = {
        "iterations": 2,
        "models": {"big": {"tensor_parallel": 2, "steps": {"dpo": {"gpus": 8}}}, "small": {}},
        "methods": {"m": {"start": ["sft"], "repeat": ["dpo"]}},
        "steps": {
            "sft": {"trainer": "sft"},
            "dpo": {"trainer": "dpo", "gpus": 4},
            "unused": {"trainer": "sft", "gpus": 16},
        },
    }
    assert gpus_beyond(config, cap) == [TOO_FEW.format(*found, cap) for found in expected]
