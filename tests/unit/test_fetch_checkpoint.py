"""Models that others made, as checkpoints of a study."""

import json
from pathlib import Path

import pytest
from fetch_base import main as fetch_base
from fetch_checkpoint import main
from reversal.checkpoints import faults
from reversal.given import adapted, needs_base


@pytest.fixture(scope="module")
def adapter(tiny_llama, tmp_path_factory) -> str:
    """The folder of an adapter that changes the tiny model, as peft saves it."""
    import peft
    import torch
    import transformers

    torch.manual_seed(0)
    lora = peft.LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False, task_type="CAUSAL_LM")
    model = peft.get_peft_model(transformers.AutoModelForCausalLM.from_pretrained(tiny_llama), lora)
    folder = str(tmp_path_factory.mktemp("adapter"))
    model.save_pretrained(folder)
    return folder


@pytest.fixture
def base_json(tiny_llama, tmp_path) -> str:
    """The tiny model as the base of a study."""
    path = str(tmp_path / "base/model/model.json")
    fetch_base({"folder": tiny_llama}, path)
    return path


def scores(folder: str, adapter: str | None = None):
    import peft
    import torch
    import transformers

    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    model = peft.PeftModel.from_pretrained(model, adapter) if adapter else model
    with torch.inference_mode():
        return model(torch.arange(20)[None]).logits


@pytest.mark.parametrize("own_base_is_here", [True, False])
def test_an_adapter_is_merged_into_its_own_model_or_the_base_of_the_study(
    tiny_llama, base_json, adapter, tmp_path, own_base_is_here
):
    import torch

    source = {"folder": adapter}
    assert adapted(source) == tiny_llama and not needs_base(source)
    model_json = str(tmp_path / "grpo_1/model/model.json")
    main(source, *((None, tiny_llama) if own_base_is_here else (base_json, None)), "grpo_1", model_json)
    torch.testing.assert_close(scores(str(Path(model_json).parent)), scores(tiny_llama, adapter), atol=1e-4, rtol=1e-3)
    assert not torch.allclose(scores(str(Path(model_json).parent)), scores(tiny_llama))
    origin = json.loads(Path(model_json).read_text())
    merged_into = tiny_llama if own_base_is_here else str(Path(base_json).parent)
    assert (origin["lineage"], origin["source"], origin["adapted"]) == ("grpo_1", source, merged_into)


def test_an_adapter_to_a_model_that_is_not_here_needs_the_base_of_the_study(tmp_path):
    (tmp_path / "adapter_config.json").write_text('{"base_model_name_or_path": "meta-llama/Llama-2-7b-hf"}')
    assert adapted({"folder": str(tmp_path)}) is None and needs_base({"folder": str(tmp_path)})


def test_a_folder_and_the_base_are_linked(tiny_llama, base_json, tmp_path):
    for name, source, base in (("a", {"folder": tiny_llama}, None), ("b", {"base": True}, base_json)):
        model_json = tmp_path / name / "model/model.json"
        main(source, base, None, name, str(model_json))
        weights = model_json.parent / "model.safetensors"
        assert faults(str(model_json)) == ""
        assert weights.is_symlink() and weights.resolve() == Path(tiny_llama, "model.safetensors").resolve()


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(RuntimeError, match=r"not a model in Hugging Face format: it lacks config\.json"):
        main({"folder": str(tmp_path)}, None, None, "a", str(tmp_path / "a/model/model.json"))
