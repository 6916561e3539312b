"""Real trainings that diverge, or that a signal ends."""

import os
import signal
from pathlib import Path

import polars as pl
import pytest
from reversal.learning.training import train
from reversal.learning.watching import DivergedError, StoppedError
from reversal.tables import DPO_ROWS, SFT_ROWS

SFT = pl.DataFrame([("p", f"Tom has {i}.\n", "#### 2") for i in range(8)], schema=SFT_ROWS, orient="row")
DPO = pl.DataFrame([("p", f"Tom has {i}.\n", "#### 2", "#### 1") for i in range(8)], schema=DPO_ROWS, orient="row")
ARGUMENTS = {
    "learning_rate": 0.001,
    "max_steps": 6,
    "per_device_train_batch_size": 4,
    "gradient_checkpointing": False,
    "bf16": False,
    "lr_scheduler_type": "constant",
    "logging_steps": 1,
    "save_steps": 1,
}


@pytest.mark.parametrize(
    ("trainer", "change", "said"),
    [
        ("sft", {"learning_rate": 1e9, "save_steps": 50}, "the loss of a step is (nan|inf) at step [2-6] of 6"),
        ("sft", {"learning_rate": float("inf")}, "a weight is not finite at step 1 of 6"),
        ("dpo", {"learning_rate": float("inf"), "logging_steps": 50, "save_steps": 50}, "at step [2-6] of 6"),
        ("sft", {"learning_rate": float("inf"), "max_steps": 1, "logging_steps": 50}, "at step 1 of 1"),
    ],
)
def test_a_training_that_diverges_publishes_nothing(tmp_path, tiny_llama, trainer, change, said):
    rows = DPO if trainer == "dpo" else SFT
    with pytest.raises(DivergedError, match=said):
        train(tiny_llama, rows, trainer, ARGUMENTS | change, 0, f"{tmp_path}/work", f"{tmp_path}/finished")
    assert not (tmp_path / "finished").exists()


def test_the_last_good_checkpoint_stays(tmp_path, tiny_llama):
    """It learns for two steps; from then on, with a rate without bounds, no checkpoint may take its place."""
    from reversal.checkpoints import last_checkpoint

    work, output = f"{tmp_path}/work", f"{tmp_path}/finished"
    train(tiny_llama, SFT, "sft", ARGUMENTS | {"max_steps": 3}, 0, work, output)
    good = last_checkpoint(work)
    assert Path(good).name == "checkpoint-2"
    # A scheduler goes on with the rate that the checkpoint holds, so it is the weights that are spoilt.
    from safetensors.torch import load_file, save_file

    weights = load_file(f"{good}/model.safetensors")
    save_file({name: w * 1e30 for name, w in weights.items()}, f"{good}/model.safetensors", {"format": "pt"})
    with pytest.raises(DivergedError, match="at step 3 of 6"):
        train(tiny_llama, SFT, "sft", ARGUMENTS, 0, work, f"{tmp_path}/again")
    assert last_checkpoint(work) == good and not (tmp_path / "again").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_training_at_its_next_step_and_the_next_run_goes_on(tmp_path, tiny_llama, monkeypatch, number):
    import transformers

    arguments = ARGUMENTS | {"save_steps": 50}
    alone = train(tiny_llama, SFT, "sft", arguments, 0, f"{tmp_path}/1", f"{tmp_path}/1/model")
    step = transformers.Trainer.training_step
    seen = []

    def signalled(self, *arguments, **named):
        seen.append(self.state.global_step)
        if len(seen) == 3:
            os.kill(os.getpid(), number)
        return step(self, *arguments, **named)

    monkeypatch.setattr(transformers.Trainer, "training_step", signalled)
    before = signal.getsignal(number)
    with pytest.raises(StoppedError, match=f"Stopped by {number.name} after step 3 of 6. The checkpoint is kept"):
        train(tiny_llama, SFT, "sft", arguments, 0, f"{tmp_path}/2", f"{tmp_path}/2/model")
    assert signal.getsignal(number) == before and not (tmp_path / "2/model").exists()

    again = train(tiny_llama, SFT, "sft", arguments, 0, f"{tmp_path}/2", f"{tmp_path}/2/model")
    assert seen == [0, 1, 2, 3, 4, 5]
    assert again.equals(alone)
