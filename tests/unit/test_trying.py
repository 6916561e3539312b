"""What the installed libraries take and refuse, before anything is made with it."""

import copy
import json
import shutil
from pathlib import Path

import transformers
import yaml
from reversal.study import settings_to_try
from reversal.trying import refused
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast

CONFIG = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text())


def test_the_libraries_take_the_embedded_study():
    assert refused(settings_to_try(CONFIG)) == []


def test_what_they_refuse_is_told_with_its_key():
    config = copy.deepcopy(CONFIG)
    right = config["models"]["mini-llama"]
    config["models"] |= {name: copy.deepcopy(right) for name in ("odd-heads", "odd-shape", "odd-schedule")}
    config["models"]["odd-heads"]["pretrain"]["architecture"]["hidden_size"] = 96  # vLLM has no heads of 24 on a CPU
    config["models"]["odd-shape"]["pretrain"]["architecture"]["hidden_act"] = "nonsense"
    config["models"]["odd-schedule"]["pretrain"]["arguments"]["lr_scheduler_kwargs"] = {"nonsense": 1}
    config["steps"]["sft"]["lora"] = {"r": 4, "lora_alpha": 8, "target_modules": ["nonsense"]}
    config["steps"]["dpo"]["arguments"]["loss_weights"] = [1, 2]
    arguments = {"learning_rate": 1e-5, "per_device_train_batch_size": 6, "num_generations": 4}
    config["steps"]["rl"] = {"trainer": "grpo", "reward": {"name": "binary"}, "arguments": arguments}
    config["methods"]["rl"] = {"start": ["sft"], "repeat": ["rl"]}
    config["sampling"]["temperature"] = 3
    found = refused(settings_to_try(config))
    for place, library in (
        ("models.odd-heads.pretrain.architecture", "vllm"),
        ("models.odd-shape.pretrain.architecture", "transformers"),
        ("models.odd-schedule.pretrain.arguments", "transformers"),
        ("steps.sft.lora", "peft"),
        ("steps.dpo.arguments", "trl.DPOConfig"),
        ("steps.rl.arguments", "trl.GRPOConfig"),
        ("sampling, with tasks.mini-gsm.max_tokens", "vllm.SamplingParams"),
    ):
        assert [fault for fault in found if fault.startswith(f"{place}: {library} says: ")], (place, found)
    assert not [fault for fault in found if "models.mini-llama" in fault]


def test_a_folder_whose_heads_the_engine_has_not_is_refused(tmp_path):
    """24 numbers a head: vLLM's attention on a CPU has no such kernel, and would say so in the first sample alone."""
    shape = transformers.LlamaConfig(
        vocab_size=64, hidden_size=96, intermediate_size=64, num_hidden_layers=1, num_attention_heads=4
    )
    shape.architectures = ["LlamaForCausalLM"]
    shape.save_pretrained(tmp_path)
    tokens = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(WordLevel({"a": 0, "b": 1})), eos_token="b")
    tokens.save_pretrained(tmp_path)
    config = copy.deepcopy(CONFIG)
    config["models"] = {"local": {"folder": str(tmp_path)}}
    (found,) = refused(settings_to_try(config))
    assert found.startswith("models.local.folder: vllm says: ") and "heads of size 24, only 32, " in found


def test_a_model_that_was_trained_here_is_taken_as_a_base(tmp_path, tiny_llama):
    """Its config.json says use_cache: false, without which transformers looks into the numbers of a mask."""
    shutil.copytree(tiny_llama, tmp_path / "m")
    config = tmp_path / "m/config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"use_cache": False}))
    asked = {"models": {"m": {"folder": str(tmp_path / "m"), "steps": {}}}, "engine": {"name": "none"}}
    assert refused(asked | {"decoding": {}, "max_tokens": {}}) == []


def test_an_engine_argument_is_refused_by_the_engine():
    config = copy.deepcopy(CONFIG)
    config["sampling"]["engine"]["arguments"]["quantization"] = "nonsense"
    (found,) = refused(settings_to_try(config))
    assert found.startswith("sampling.engine.arguments: vllm.EngineArgs, for models.mini-llama, says: ")
    assert "nonsense" in found


def test_what_is_neither_trained_nor_sampled_is_not_asked():
    config = copy.deepcopy(CONFIG)
    config["sampling"]["engine"] = {"name": "scripted", "dtype": "float32", "policy": "x.parquet"}
    config["steps"] = {name: {"trainer": "none"} for name in config["steps"]}
    assert settings_to_try(config) == {}
