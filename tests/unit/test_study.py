import copy
import dataclasses
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from reversal.study import (
    answers_wanted,
    canonical,
    gpus_beyond,
    gpus_to_sample,
    gpus_to_train,
    problems_of,
    recipe_of,
    step_of,
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
SFT = CONFIG["steps"]["sft"]
WORDS = CONFIG["tasks"]["mini-gsm"]["test"]


def faults(path: str, value) -> list[str]:
    """What is wrong with config.yaml after one change; a null takes the entry away."""
    config = copy.deepcopy(CONFIG)
    *folders, last = path.split("/")
    place = config
    for name in folders:
        place = place[name]
    place[last] = value
    return problems_of(without_nulls(config), SCHEMA)


@pytest.mark.parametrize("study", sorted(path.name for path in ROOT.glob("studies/*.yaml")))
def test_the_studies_have_no_faults(study):
    config = copy.deepcopy(CONFIG)
    assert problems_of(config, SCHEMA) == []
    update_config(config, yaml.safe_load((ROOT / "studies" / study).read_text()))
    assert problems_of(without_nulls(config), SCHEMA) == []


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


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (
            "iteration",
            5,
            "top level: unknown key 'iteration' (did you mean iterations?); allowed: iterations, keep_models, methods",
        ),
        ("colour", "red", "top level: unknown key 'colour'; allowed: iterations, keep_models, methods"),
        ("seeds", None, "top level: 'seeds' is a required property"),
        ("iterations", "five", "iterations: 'five' is not of type 'integer'"),
        ("iterations", 0, "iterations: 0 is less than the minimum of 1"),
        ("seeds", [0, 0], "seeds: [0, 0] has non-unique elements"),
        ("seeds", [], "seeds: [] should be non-empty"),
        ("study", "a b", "study: 'a b' does not match"),
        ("sampling/temperature", 0, "sampling.temperature: 0 is less than or equal to the minimum of 0"),
        (
            "sampling/engine/name",
            "vlm",
            "sampling.engine.name: 'vlm' is not one of ['vllm', 'transformers', 'scripted']",
        ),
        ("sampling/shards", {"train": 1}, "sampling.shards: 'evaluation' is a required property"),
        ("scoring/embedding_model", None, "scoring: 'embedding_model' is a required property"),
        ("models/mini-llama/pretrain/corpus", [], "models.mini-llama.pretrain.corpus: [] should be non-empty"),
        # one of several forms: the sentence is about the form that was meant
        ("tasks/mini-gsm/test/generator", "words", "tasks.mini-gsm.test.generator: 'words' is not one of"),
        ("tasks/mini-gsm/test/steps", None, "tasks.mini-gsm.test: 'steps' is a required property"),
        (
            "tasks/mini-gsm/test",
            {"file": "x.jsonl", "format": "gsm8k", "limt": 9},
            "unknown key 'limt' (did you mean limit?)",
        ),
        ("tasks/mini-gsm/test", {"file": "x.jsonl", "format": "maths"}, "test.format: 'maths' is not one of"),
        (
            "tasks/mini-gsm/test",
            {"file": "x.txt", "format": "math"},
            "tasks.mini-gsm.test.file: 'x.txt' does not match",
        ),
        (
            "tasks/mini-gsm/test",
            {"dataset": "openai/gsm8k", "format": "gsm8k", "split": "test"},
            "tasks.mini-gsm.test: 'revision' is a required property",
        ),
        (
            "tasks/mini-gsm/test",
            {"dataset": "openai/gsm8k", "format": "gsm8k", "split": "test", "revision": "main"},
            "tasks.mini-gsm.test.revision: 'main' does not match",
        ),
        ("tasks/mini-gsm/rationales", "few", "tasks.mini-gsm.rationales: 'few' is not one of"),
        ("tasks/mini-gsm/rationales", "few_shot", "tasks.mini-gsm: rationales few_shot need a few_shot_prompt"),
        ("tasks/mini-gsm/few_shot_prompt", "Q:", "tasks.mini-gsm.few_shot_prompt: must contain {question}"),
        ("tasks/mini-gsm/answer_mark", None, "tasks.mini-gsm: 'answer_mark' is a required property"),
        ("verification/workers", 0, "verification.workers: 0 is less than the minimum of 1"),
        ("steps/sft/gpus", 0, "steps.sft.gpus: 0 is less than the minimum of 1"),
        (
            "steps/sft/gpus",
            3,
            "steps.sft: 32 rows per step (per_device_train_batch_size x gradient_accumulation_steps)",
        ),
        ("steps/sft/gpus", 3, "make gradient_accumulation_steps a multiple of 3, or change gpus"),
        ("models/mini-llama/steps", {"sft": {"gpus": 5}}, "models.mini-llama.steps.sft: 32 rows per step"),
        (
            "steps/sft/lora",
            {"r": 4, "lora_alpha": 8, "target_modules": "all-linear", "ranks": 4},
            "steps.sft.lora: unknown key 'ranks'; allowed: lora_alpha, lora_dropout, r, target_modules",
        ),
        ("models/mini-llama/tensor_parallel", 0, "models.mini-llama.tensor_parallel: 0 is less than the minimum of 1"),
        ("models/mini-llama/attention", "flash", "models.mini-llama.attention: 'flash' does not match"),
        ("models/m", {"hub": "a/b"}, "models.m: "),
        ("models/m", {"folder": "x", "hub": "a/b", "revision": "0" * 40}, "models.m: "),
        ("models/mini-llama/steps", {"sfd": {}}, "models.mini-llama.steps: no such step: sfd"),
        (
            "models/mini-llama/steps",
            {"sft": {"arguments": {"learning_rate": -1}}},
            "models.mini-llama.steps.sft.arguments.learning_rate: -1 is less than",
        ),
        ("tasks/mini-gsm/test", "x.jsonl", "tasks.mini-gsm.test: 'x.jsonl' is not of type 'object'"),
        (
            "steps/sft/arguments/learning_rat",
            1,
            "steps.sft.arguments: unknown key 'learning_rat' (did you mean learning",
        ),
        ("steps/dpo/arguments/bta", 1, "steps.dpo.arguments: unknown key 'bta' (did you mean beta?)"),
        ("steps/dpo/arguments/beta", None, "steps.dpo.arguments: 'beta' is a required property"),
        ("steps/dpo/arguments/beta", -1, "steps.dpo.arguments.beta: -1 is less than or equal to the minimum of 0"),
        ("steps/dpo/training_set/length_matched", None, "steps.dpo.training_set: 'length_matched' is a required"),
        ("steps/dpo/training_set/deduplicate", "no", "steps.dpo.training_set.deduplicate: 'no' is not one of"),
        ("steps/sft/trainer", "ppo", "dpo"),  # the sentence names every trainer there is
        ("steps/base", SFT, "steps: 'base' should not be valid"),
        # what no schema can say
        ("methods/iterative_sft/start", ["stf"], "methods.iterative_sft: no such step: stf; steps are: sft, dpo"),
        ("methods/iterative_sft/repeat", ["dp0"], "methods.iterative_sft: no such step: dp0; steps are: sft, dpo"),
        (
            "methods/iterative_sft/repeat",
            None,
            "methods.iterative_sft: cannot be built: 1 steps and none to repeat, but iterations is 5; add",
        ),
        ("methods/iterative_dpo/start", ["dpo"], "methods.iterative_dpo: starts with dpo, but M1 is trained on gold"),
        ("methods/iterative_dpo/start", ["dpo"], "start with: sft"),
        (
            "tasks/mini-gsm/ood/train",
            WORDS,
            "tasks.mini-gsm.ood.train: an OOD set needs a name other than train and test",
        ),
        ("tasks/mini-gsm/ood/math.v2", WORDS, "math.v2"),  # the wildcard {problems} has no dot
        ("tasks/mini-gsm/prompt", "Q:", "tasks.mini-gsm.prompt: must contain {question}"),
        ("models/mini-llama/pretrain/prompt", "Q:", "models.mini-llama.pretrain.prompt: must contain {question}"),
        ("tasks/mini-gsm/train/steps", [3, 2], "tasks.mini-gsm.train.steps"),
    ],
)
def test_a_fault_is_told_in_one_sentence(path, value, sentence):
    found = faults(path, value)
    assert len(found) == 1
    assert sentence in found[0]


def test_only_vllm_spreads_a_model_over_gpus():
    config = copy.deepcopy(CONFIG)
    config["models"]["mini-llama"]["tensor_parallel"] = 4
    assert problems_of(config, SCHEMA) == []
    config["sampling"]["engine"]["name"] = "transformers"
    expected = "models.mini-llama.tensor_parallel: only the engine vllm has it; take vllm or 1"
    assert problems_of(config, SCHEMA) == [expected]


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


def test_all_faults_are_told_at_once():
    config = copy.deepcopy(CONFIG)
    config["iterations"], config["seeds"] = 0, "no"
    assert len(problems_of(config, SCHEMA)) == 2


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


@pytest.mark.parametrize(
    ("kind", "library", "name"),
    [
        ("training_arguments", "transformers", "TrainingArguments"),
        ("sft_arguments", "trl", "SFTConfig"),
        ("dpo_arguments", "trl", "DPOConfig"),
        ("lora", "peft", "LoraConfig"),
    ],
)
def test_every_training_argument_exists_in_its_library(kind, library, name):
    fields = {field.name for field in dataclasses.fields(getattr(__import__(library), name))}
    assert set(SCHEMA["$defs"][kind]["properties"]) - fields == set()


def test_what_a_batch_asks_for():
    """Sampled answers for training, greedy ones too for the test, greedy ones alone for OOD; M0 few-shot."""
    config = copy.deepcopy(CONFIG)
    config["tasks"]["mini-gsm"] |= {"few_shot_prompt": "1+1: 2\n{question}:", "stop": ["\n"]}
    cases = [("evaluation", "m", "mini-gsm", 3, "sft"), ("train", "m", "mini-gsm", 0, "base")]
    asked = [answers_wanted(config, *case) for case in cases]
    decoding = {"max_tokens": 96, "temperature": 0.75, "top_p": 0.95}
    assert asked == [
        {
            "settings": [{"greedy": True, "sampled": 8, **decoding}, {"greedy": True, "sampled": 0, **decoding}],
            "engine": CONFIG["sampling"]["engine"],
            "prompt": CONFIG["tasks"]["mini-gsm"]["prompt"],
            "stop": ["\n"],
            "seed_parts": [3, "m", "mini-gsm", "sft"],
        },
        {
            "settings": [{"greedy": False, "sampled": 8, **decoding}],
            "engine": CONFIG["sampling"]["engine"],
            "prompt": "1+1: 2\n{question}:",
            "stop": ["\n"],
            "seed_parts": [0, "m", "mini-gsm", "base"],
        },
    ]


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
