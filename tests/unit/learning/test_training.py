import json
import resource
import shutil
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from reversal.learning.training import losses, out_of_memory, train
from reversal.tables import DPO_ROWS, LOSSES, SFT_ROWS

ARGUMENTS = {
    "learning_rate": 0.01,
    "max_steps": 3,
    "per_device_train_batch_size": 4,
    "gradient_checkpointing": False,
    "bf16": False,
    "lr_scheduler_type": "constant",
    "logging_steps": 1,
    "save_steps": 2,
}


def rows(trainer: str, answer: int) -> pl.DataFrame:
    prompts = [f"Question: Tom has {i}.\nAnswer:\n" for i in range(8)]
    if trainer == "sft":
        return pl.DataFrame([("p", prompt, f"#### {answer}") for prompt in prompts], schema=SFT_ROWS, orient="row")
    return pl.DataFrame([("p", p, f"#### {answer}", "#### 1") for p in prompts], schema=DPO_ROWS, orient="row")


@pytest.mark.parametrize("trainer", ["sft", "dpo"])
def test_train_makes_a_model_and_goes_on_from_a_checkpoint(tmp_path, tiny_llama, trainer):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    work, output = str(tmp_path / "work"), str(tmp_path / "work" / "finished")
    first = train(tiny_llama, rows(trainer, 2), trainer, ARGUMENTS, 0, work, output)
    assert first.schema == LOSSES
    assert first.select("step", "epoch", "learning_rate").rows() == [(1, 0.5, 0.01), (2, 1.0, 0.01), (3, 1.5, 0.01)]
    trained, parent = (AutoModelForCausalLM.from_pretrained(folder) for folder in (output, tiny_llama))
    assert not trained.model.norm.weight.equal(parent.model.norm.weight)
    tokenizers = [AutoTokenizer.from_pretrained(folder) for folder in (output, tiny_llama)]
    assert tokenizers[0]("Tom has 3.").input_ids == tokenizers[1]("Tom has 3.").input_ids

    # The rows are others now: had it started over, steps 1 and 2 would have other losses. Step 3 left no checkpoint:
    # the finished model is saved right after it.
    assert [path.name for path in Path(work).glob("checkpoint-*")] == ["checkpoint-2"]
    second = train(tiny_llama, rows(trainer, 7), trainer, ARGUMENTS | {"max_steps": 4}, 0, work, output)
    assert_frame_equal(second.head(2), first.head(2))
    assert second["step"].to_list() == [1, 2, 3, 4]
    fresh = train(tiny_llama, rows(trainer, 7), trainer, ARGUMENTS, 0, str(tmp_path / "other"), str(tmp_path / "m"))
    again = train(tiny_llama, rows(trainer, 7), trainer, ARGUMENTS, 0, str(tmp_path / "third"), str(tmp_path / "n"))
    assert_frame_equal(fresh, again)
    assert trainer == "dpo" or fresh["loss"][0] != first["loss"][0]  # DPO begins at log 2 with any rows
    assert fresh["loss"][1] != first["loss"][1]


@pytest.mark.parametrize("trainer", ["sft", "dpo"])
def test_a_merged_adapter_answers_like_the_adapter(tmp_path, tiny_llama, trainer):
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    lora = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear"}
    work, output = str(tmp_path / "work"), str(tmp_path / "merged")
    curve = train(tiny_llama, rows(trainer, 2), trainer, ARGUMENTS, 0, work, output, lora=lora)
    assert trainer == "sft" or curve["loss"][0] == pytest.approx(0.693147, abs=1e-6)  # the reference is the parent
    tokens = AutoTokenizer.from_pretrained(output)("Question: Tom has 3.", return_tensors="pt").input_ids
    parent, merged = (AutoModelForCausalLM.from_pretrained(folder) for folder in (tiny_llama, output))
    with torch.inference_mode():
        before, after = parent(tokens).logits, merged(tokens).logits
        adapted = PeftModel.from_pretrained(parent, f"{work}/adapter")(tokens).logits
    assert after.allclose(adapted, atol=1e-4)
    assert not after.allclose(before, atol=0.1)
    assert {file.name for file in Path(output).iterdir()} >= {"config.json", "model.safetensors", "tokenizer.json"}


@pytest.mark.parametrize("lora", [None, {"r": 4, "lora_alpha": 8, "target_modules": "all-linear"}])
def test_the_reference_may_be_another_model_than_the_parent(tmp_path, tiny_llama, lora):
    """DPO begins at log 2 where the two are one; with another reference, where that model puts it."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    other = f"{tmp_path}/0/finished"
    train(tiny_llama, rows("sft", 3), "sft", ARGUMENTS, 0, f"{tmp_path}/0", other)
    recipe = ARGUMENTS | {"beta": 0.5, "per_device_train_batch_size": 8, "max_steps": 2}
    work = f"{tmp_path}/1"
    curve = train(tiny_llama, rows("dpo", 2), "dpo", recipe, 0, work, f"{work}/end", lora=lora, reference=other)

    models = [AutoModelForCausalLM.from_pretrained(folder, dtype="float32") for folder in (tiny_llama, other)]
    tokenizer, expected = AutoTokenizer.from_pretrained(tiny_llama), []

    def ended(text: str) -> list[int]:
        return [*tokenizer(text).input_ids, tokenizer.eos_token_id]

    for row in rows("dpo", 2).to_dicts():
        prompt = tokenizer(row["prompt"]).input_ids
        margins = [
            sum_of_answer(model, prompt, ended(row["prompt"] + row["chosen"]))
            - sum_of_answer(model, prompt, ended(row["prompt"] + row["rejected"]))
            for model in models
        ]
        expected.append(-torch.nn.functional.logsigmoid(torch.tensor(0.5 * (margins[0] - margins[1]))).item())
    assert curve["loss"][0] == pytest.approx(sum(expected) / len(expected), rel=1e-3)
    assert abs(curve["loss"][0] - 0.6931) > 0.01


def sum_of_answer(model, prompt: list[int], tokens: list[int]) -> float:
    import torch

    with torch.inference_mode():
        chances = model(torch.tensor([tokens])).logits.log_softmax(-1)[0]
    return sum(chances[i - 1, tokens[i]].item() for i in range(len(prompt), len(tokens)))


@pytest.mark.parametrize(
    "recipe",
    [{"loss_type": ["sigmoid", "sft"], "loss_weights": [1, 0.2]}, {"loss_type": ["sigmoid_norm"], "beta": 2.0}],
)
def test_recipes_of_dpo_against_its_known_faults(tmp_path, tiny_llama, recipe):
    """A term of the chosen answers' likelihood, and length normalisation: losses of TRL under names of the recipe."""
    arguments = ARGUMENTS | {"beta": 0.1, "per_device_train_batch_size": 8, "max_steps": 2}
    alone, other = (
        train(tiny_llama, rows("dpo", 2), "dpo", arguments | more, 0, f"{tmp_path}/{i}", f"{tmp_path}/{i}/end")
        for i, more in enumerate(({}, recipe))
    )
    assert alone["loss"][0] == pytest.approx(0.6931, abs=1e-4)
    if "sft" in recipe["loss_type"]:  # log 2, and a fifth of the negative log-likelihood
        assert other["loss"][0] > 0.75
    else:
        assert other["loss"][0] == pytest.approx(0.6931, abs=1e-4) and other["loss"][1] != alone["loss"][1]


@pytest.mark.parametrize("lora", [None, {"r": 2, "lora_alpha": 4, "target_modules": "all-linear"}])
def test_a_model_with_advice_on_decoding_can_be_trained(tmp_path, tiny_llama, lora):
    """A temperature for a model that does not sample, as in old files of LLaMA2: loaded, but not saved."""
    parent, output = tmp_path / "parent", tmp_path / "trained"
    shutil.copytree(tiny_llama, parent)
    own = json.loads((parent / "generation_config.json").read_text())
    (parent / "generation_config.json").write_text(json.dumps(own | {"temperature": 0.9, "top_p": 0.6}))
    train(str(parent), rows("sft", 2), "sft", ARGUMENTS, 0, str(tmp_path / "work"), str(output), lora=lora)
    saved = json.loads((output / "generation_config.json").read_text())
    assert saved.keys() & {"temperature", "top_p"} == set()
    assert saved["eos_token_id"] == own["eos_token_id"]


def test_out_of_memory_goes_on_with_smaller_batches(tmp_path, tiny_llama, capsys):
    """A real failure under a memory limit; attention that is not fused takes 0.3 GB for each of these rows."""
    four = pl.DataFrame([("p", f"{'1 ' * 1600}", "2")] * 4, schema=SFT_ROWS, orient="row")
    recipe = ARGUMENTS | {"max_steps": 1, "gradient_accumulation_steps": 1}
    arguments = {"rows": four, "trainer": "sft", "seed": 0}
    alone = train(tiny_llama, arguments=recipe, work=f"{tmp_path}/1", output=f"{tmp_path}/1/model", **arguments)
    now = int(next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmData" in line).split()[1])
    unlimited = resource.getrlimit(resource.RLIMIT_DATA)
    try:
        resource.setrlimit(resource.RLIMIT_DATA, (1024 * now + 700_000_000, unlimited[1]))
        arguments |= {"arguments": recipe, "attention": "eager"}
        limited = train(tiny_llama, work=f"{tmp_path}/2", output=f"{tmp_path}/2/model", **arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, unlimited)
    assert limited["loss"].to_list() == pytest.approx(alone["loss"].to_list(), rel=1e-4)
    assert "Out of memory with 4 rows at a time" in capsys.readouterr().out


def test_no_memory_for_one_row_names_the_remedies(tmp_path, tiny_llama, monkeypatch):
    import torch

    with pytest.raises(RuntimeError) as refused:  # by the real allocator
        torch.empty(10**15)
    assert out_of_memory(refused.value) and not out_of_memory(RuntimeError("size mismatch"))

    def fit(**_):
        raise refused.value

    monkeypatch.setattr("reversal.learning.training.fit", fit)
    recipe = ARGUMENTS | {"per_device_train_batch_size": 2}
    with pytest.raises(RuntimeError, match=r"one row at a time; set gradient_checkpointing: true.* The last error: "):
        train(tiny_llama, rows("sft", 2), "sft", recipe, 0, str(tmp_path), str(tmp_path / "model"))


def test_losses_are_the_entries_with_a_training_loss():
    history = [
        {"step": 5, "epoch": 0.5, "loss": 1.25, "learning_rate": 0.1, "entropy": 0.75, "grad_norm": 2.0},
        {"step": 10, "epoch": 1, "loss": "0.5", "learning_rate": 0, "entropy": 0.25, "reward": 0.5},
        {"step": 10, "epoch": 1.0, "train_loss": 0.9, "train_runtime": 1.0},
    ]
    rows = [(5, 0.5, 1.25, 0.1, None, None), (10, 1.0, 0.5, 0.0, 0.25, 0.5)]
    expected = pl.DataFrame(rows, schema=LOSSES, orient="row")
    assert_frame_equal(losses(history), expected)
    assert_frame_equal(losses([]), pl.DataFrame(schema=LOSSES))
