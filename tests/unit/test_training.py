from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from reversal.tables import DPO_ROWS, LOSSES, SFT_ROWS
from reversal.training import losses, train

ARGUMENTS = {
    "learning_rate": 0.01,
    "max_steps": 2,
    "per_device_train_batch_size": 4,
    "gradient_checkpointing": False,
    "bf16": False,
    "lr_scheduler_type": "constant",
    "logging_steps": 1,
    "save_steps": 1,
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
    assert first.select("step", "epoch", "learning_rate").rows() == [(1, 0.5, 0.01), (2, 1.0, 0.01)]
    trained, parent = (AutoModelForCausalLM.from_pretrained(folder) for folder in (output, tiny_llama))
    assert not trained.model.norm.weight.equal(parent.model.norm.weight)
    tokenizers = [AutoTokenizer.from_pretrained(folder) for folder in (output, tiny_llama)]
    assert tokenizers[0]("Tom has 3.").input_ids == tokenizers[1]("Tom has 3.").input_ids

    # The rows are others now: had it started over, steps 1 and 2 would have other losses.
    second = train(tiny_llama, rows(trainer, 7), trainer, ARGUMENTS | {"max_steps": 4}, 0, work, output)
    assert_frame_equal(second.head(2), first)
    assert second["step"].to_list() == [1, 2, 3, 4]
    assert [path.name for path in Path(work).glob("checkpoint-*")] == ["checkpoint-4"]

    fresh = train(tiny_llama, rows(trainer, 7), trainer, ARGUMENTS, 0, str(tmp_path / "other"), str(tmp_path / "m"))
    again = train(tiny_llama, rows(trainer, 7), trainer, ARGUMENTS, 0, str(tmp_path / "third"), str(tmp_path / "n"))
    assert_frame_equal(fresh, again)
    assert trainer == "dpo" or fresh["loss"][0] != first["loss"][0]  # DPO begins at log 2 with any rows
    assert fresh["loss"][1] != first["loss"][1]


def test_losses_are_the_entries_with_a_training_loss():
    history = [
        {"step": 5, "epoch": 0.5, "loss": 1.25, "learning_rate": 0.1, "grad_norm": 2.0},
        {"step": 10, "epoch": 1, "loss": "0.5", "learning_rate": 0},
        {"step": 10, "epoch": 1.0, "train_loss": 0.9, "train_runtime": 1.0},
    ]
    expected = pl.DataFrame([(5, 0.5, 1.25, 0.1), (10, 1.0, 0.5, 0.0)], schema=LOSSES, orient="row")
    assert_frame_equal(losses(history), expected)
    assert_frame_equal(losses([]), pl.DataFrame(schema=LOSSES))
