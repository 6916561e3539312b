import copy
from pathlib import Path

import numpy as np
import pytest
import yaml
from reversal.planning import costing
from reversal.planning.costing import Cost, Measured, Study, cost_of, parameters, problems, rows
from safetensors.numpy import save_file
from snakemake.utils import update_config
from transformers import LlamaConfig, LlamaForCausalLM

ROOT = Path(__file__).parents[3]
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
PAIRS = {"training_set": {"per_problem": 4}, "arguments": {"num_train_epochs": 1, "per_device_train_batch_size": 32}}
update_config(
    CONFIG,
    {
        "tasks": {"mini-gsm": {"max_tokens": 96, "train": {"count": 200}}},
        "steps": {"dpo": PAIRS},
        "sampling": {"train_samples": 8, "shards": {"train": 4}},
    },
)
RULES = yaml.safe_load((ROOT / "rules/throughputs.yaml").read_text())
GPU = {"sampled": 1000, "trained": 500, "memory": 80, "cores": 8, "start": {"sample": 60, "train": 30}, "pool": [4]}
TABLE = RULES | {"devices": RULES["devices"] | {"gpu": GPU}, "start": 3}
NOTHING = Measured({}, {}, {}, {})
MINI = ("mini-llama", "mini-gsm")


def study(measured=NOTHING, **changes) -> Study:
    return Study(copy.deepcopy(CONFIG) | {"plan": {"device": "gpu"}} | changes, TABLE, measured)


def test_a_billion_parameters_and_a_thousand_answers():
    model = {"folder": "tiny-2b", "tensor_parallel": 2}
    asked = study(models={"m": model})
    # 200 x 8 answers of 48 tokens in 4 shards; 2 billion parameters at 1000 tokens/s on each of 2 GPUs
    assert cost_of(("sample", "m", "mini-gsm", "train"), asked) == Cost(60 + 19200 * 2 / 1000 / 2, 2, 1, 19200)


def test_pairs_are_read_by_the_reference_model_as_well():
    config = study(models={"m": {"folder": "tiny-1b"}})
    prompt = (len(CONFIG["tasks"]["mini-gsm"]["prompt"]) + TABLE["question_characters"]["word_problems"]) / 4
    dpo = cost_of(("train", "m", "mini-gsm", "dpo", "samples"), config)
    number = 200 * 2 * 1  # 8 samples, half of them correct, half of these different; one epoch
    assert dpo.tokens == pytest.approx(number * 2 * (prompt + 48))
    assert dpo.seconds == pytest.approx(30 + dpo.tokens * 4 / 3 / 500)
    config.config["steps"]["dpo"]["arguments"]["max_steps"] = 10
    assert cost_of(("train", "m", "mini-gsm", "dpo", "samples"), config).tokens == pytest.approx(640 * (prompt + 48))
    config.config["steps"]["dpo"]["gpus"] = 4  # a recipe's batch is that of all GPUs together
    assert cost_of(("train", "m", "mini-gsm", "dpo", "samples"), config).tokens == pytest.approx(640 * (prompt + 48))


def test_gpus_are_those_of_the_step_and_none_where_the_device_has_none():
    steps = {"sft": CONFIG["steps"]["sft"] | {"gpus": 8}}
    kind = ("train", *MINI, "sft", "problems")
    alone, eight = cost_of(kind, study()), cost_of(kind, study(steps=steps))
    assert (alone.gpus, eight.gpus) == (1, 8)
    assert alone.seconds - 30 == pytest.approx(8 * (eight.seconds - 30))
    assert cost_of(kind, study(steps=steps, plan={"device": "cpu"})).gpus == 0


def test_what_was_measured_replaces_what_was_assumed():
    kind = ("train", *MINI, "sft", "samples")
    assumed = cost_of(kind, study())
    measured = Measured(
        {kind: [10.0, 20.0]}, {("build_training_set", *kind[1:]): [100, 300]}, {("mini-gsm", "train"): 150}, {MINI: 7.0}
    )
    asked = study(measured)
    assert cost_of(kind, asked) == assumed._replace(seconds=15.0, measured=2, tokens=cost_of(kind, asked).tokens)
    assert rows(asked, *kind[1:]) == 200
    assert costing.answers(asked, "mini-gsm", "train") == 150 * 8
    assert cost_of(("sample", *MINI, "train"), asked).tokens == 150 * 8 * 7 / 4
    assert cost_of(("sample", *MINI, "train"), asked).measured == 0


HUB = {"dataset": "EleutherAI/hendrycks_math", "split": "test", "format": "math"}


@pytest.mark.parametrize(
    ("source", "number"),
    [
        ({"generator": "programs", "count": 12, "steps": [1, 2]}, 12),
        (HUB, 5000),
        (HUB | {"configs": ["algebra"]}, 1187),
        (HUB | {"limit": 100}, 100),
        ({"dataset": "google-research-datasets/mbpp", "split": "test", "format": "mbpp", "numbers": [11, 60]}, 50),
        ({"dataset": "some/one", "split": "test", "format": "math"}, 0),
        ({"file": "absent.jsonl", "format": "math"}, 0),
    ],
)
def test_how_many_problems_a_source_has(source, number):
    asked = study()
    asked.config["tasks"]["mini-gsm"]["test"] = source
    assert problems(asked, "mini-gsm", "test") == number


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("meta-llama/Llama-2-7b-hf", 7e9),
        ("mistralai/Mistral-7B-v0.1", 7e9),
        ("meta-llama/Meta-Llama-3-8B", 8e9),
        ("HuggingFaceTB/SmolLM2-135M", 135e6),
        ("Qwen/Qwen2.5-0.5B-Instruct", 0.5e9),
    ],
)
def test_the_size_of_a_model_stands_in_its_name(name, size):
    assert parameters({"hub": name}) == size


def test_a_name_without_a_size_is_named():
    with pytest.raises(ValueError, match=r"models/mine: how many parameters\? .* models/mine-7b"):
        parameters({"folder": "models/mine"})


def test_the_weights_in_a_folder_are_counted_whatever_it_is_called(tmp_path):
    save_file({"a": np.zeros((3, 4), np.float16), "b": np.zeros(5)}, tmp_path / "model-00001-of-00002.safetensors")
    save_file({"c": np.zeros((2, 2, 2))}, tmp_path / "model-00002-of-00002.safetensors", metadata={"format": "pt"})
    assert parameters({"folder": str(tmp_path)}) == 12 + 5 + 8


@pytest.mark.parametrize(("tied", "width"), [(True, 32), (False, 16)])
def test_a_folder_without_safetensors_has_the_parameters_that_transformers_counts(tmp_path, tied, width):
    shape = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4}
    shape |= {"num_key_value_heads": 2, "head_dim": width, "vocab_size": 50, "tie_word_embeddings": tied}
    config = LlamaConfig(**shape)
    config.save_pretrained(tmp_path)
    assert parameters({"folder": str(tmp_path)}) == LlamaForCausalLM(config).num_parameters()


def test_the_model_of_a_package_is_sized_by_the_name_of_its_file(tmp_path, monkeypatch):
    (tmp_path / "some_llm").mkdir()
    (tmp_path / "some_llm/SmolLM2-135M-Instruct.Q4_1.gguf").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert parameters({"package": "some_llm"}) == 135e6


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_a_pretrained_model_has_the_parameters_that_transformers_counts(heads):
    recipe = CONFIG["models"]["mini-llama"]["pretrain"]
    architecture = recipe["architecture"] | {"num_key_value_heads": heads}
    config = LlamaConfig(vocab_size=recipe["vocabulary"], tie_word_embeddings=True, **architecture)
    assert (
        parameters({"pretrain": recipe | {"architecture": architecture}}) == LlamaForCausalLM(config).num_parameters()
    )


def test_every_kind_of_problem_that_a_study_may_name_is_in_the_table():
    schema = yaml.safe_load((ROOT / "rules/config.schema.yaml").read_text())["$defs"]
    formats = schema["source"]["then"]["properties"]["format"]["enum"]
    generators = schema["generated"]["else"]["properties"]["generator"]["enum"]
    assert set(RULES["verdicts"]) == set(RULES["question_characters"]) == {*formats, *generators}


def test_grpo_samples_what_it_learns_from():
    arguments = {"num_generations": 8, "num_train_epochs": 1, "per_device_train_batch_size": 64}
    step = {"trainer": "grpo", "reward": {"name": "binary"}, "arguments": arguments}
    asked = study(models={"m": {"folder": "tiny-1b"}}, steps=CONFIG["steps"] | {"rl": step})
    prompt = (len(CONFIG["tasks"]["mini-gsm"]["prompt"]) + TABLE["question_characters"]["word_problems"]) / 4
    found = cost_of(("train_grpo", "m", "mini-gsm", "rl", "problems"), asked)
    sampled, trained = 200 * 8 * 48, 200 * 8 * (prompt + 48)
    assert found == Cost(pytest.approx(30 + sampled / 1000 + trained / 500), 1, 1, pytest.approx(sampled + trained))
    asked.config["steps"]["rl"]["arguments"]["max_steps"] = 2
    assert cost_of(("train_grpo", "m", "mini-gsm", "rl", "problems"), asked).tokens == pytest.approx(
        128 * 48 + 128 * (prompt + 48)
    )
    assert cost_of(("interpolate", "m", "mini-gsm", "average", "problems"), asked) == Cost(3)
