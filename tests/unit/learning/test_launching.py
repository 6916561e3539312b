"""Several processes: real accelerate, real FSDP, two CPU processes over gloo against one process."""

import hashlib
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from reversal.checkpoints import last_checkpoint
from reversal.learning.batches import per_process
from reversal.learning.launching import launcher
from reversal.learning.training import losses, train
from reversal.learning.watching import DivergedError, StoppedError
from reversal.tables import DPO_ROWS, SFT_ROWS

ARGUMENTS = {
    "learning_rate": 0.003,
    "per_device_train_batch_size": 4,
    "gradient_accumulation_steps": 2,
    "max_steps": 4,
    "gradient_checkpointing": False,
    "bf16": False,
    "lr_scheduler_type": "constant",
    "logging_steps": 1,
    "save_steps": 50,
}
LORA = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear"}
PROMPTS = [f"Question: Tom has {i}.\nAnswer:\n" for i in range(19)]  # steps of 8, 8 and 3 rows
SFT = pl.DataFrame([("p", p, f"#### {7 * i}") for i, p in enumerate(PROMPTS)], schema=SFT_ROWS, orient="row")
DPO = pl.DataFrame([("p", p, f"#### {7 * i}", f"## {i}") for i, p in enumerate(PROMPTS)], schema=DPO_ROWS, orient="row")
LONG = [f"Question: {'1 ' * 1600}\nAnswer:\n"] * 8  # 3,200 tokens: 4 rows take 1.2 GB with eager attention
LIMITED = """
import os, resource

if "RANK" in os.environ:  # a launched process: it starts with 1.6 GB
    resource.setrlimit(resource.RLIMIT_DATA, (2_500_000_000, 2_500_000_000))
"""
RANK = """
import hashlib, json, pathlib, sys
from reversal.learning import training

job = json.loads(pathlib.Path(sys.argv[1]).read_text())
learner = training.fit(**job)
weights = hashlib.sha256()
for parameter in learner.model.parameters():
    weights.update(parameter.full_tensor().detach().numpy().tobytes())
told = {"weights": weights.hexdigest(), "history": learner.state.log_history}
pathlib.Path(f"{job['work']}/../rank-{learner.args.process_index}").write_text(json.dumps(told))
learner.accelerator.end_training()
"""


@pytest.fixture
def one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def weights_of(folder: str) -> dict:
    from transformers import AutoModelForCausalLM

    return dict(AutoModelForCausalLM.from_pretrained(folder, dtype="float32").named_parameters())


def test_two_processes_learn_what_one_learns_and_hold_the_same_weights(tmp_path, tiny_llama, one_thread):
    alone = train(tiny_llama, SFT, "sft", ARGUMENTS, 0, f"{tmp_path}/1", f"{tmp_path}/1/model")

    job = {"parent": tiny_llama, "data": f"{tmp_path}/1/rows", "trainer": "sft", "seed": 0, "work": f"{tmp_path}/2"}
    job |= {"arguments": per_process(ARGUMENTS, 2), "lora": None, "attention": None, "gpus": 2, "reference": None}
    job |= {"output": f"{tmp_path}/2/model"}
    (tmp_path / "2").mkdir()
    (tmp_path / "job.json").write_text(json.dumps(job))
    (tmp_path / "rank.py").write_text(RANK)
    scripts = {"PYTHONPATH": str(Path(__file__).parents[3] / "scripts")}
    command = [*launcher(job, 2), f"{tmp_path}/rank.py", f"{tmp_path}/job.json"]
    subprocess.run(command, check=True, env=os.environ | scripts)
    ranks = [json.loads((tmp_path / f"rank-{rank}").read_text()) for rank in (0, 1)]
    both = losses(ranks[0]["history"])
    assert alone["loss"].n_unique() == 4
    assert_frame_equal(both.drop("epoch"), alone.drop("epoch"), rel_tol=1e-4)  # epochs are counted in batches

    weights, expected = weights_of(f"{tmp_path}/2/model"), weights_of(f"{tmp_path}/1/model")
    saved = hashlib.sha256()
    for parameter in weights.values():
        saved.update(parameter.detach().numpy().tobytes())
    assert [rank["weights"] for rank in ranks] == [saved.hexdigest()] * 2
    assert all(weights[name].allclose(expected[name], atol=1e-4) for name in expected)
    files = [{file.name for file in (tmp_path / n / "model").iterdir()} for n in ("1", "2")]
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("changes", "lora", "loss_tolerance", "weight_tolerance"),
    [({}, None, 1e-4, 1e-4), ({"bf16": True, "gradient_checkpointing": True}, LORA, 0.03, 0.01)],
    ids=["whole", "lora-bf16"],
)
def test_two_processes_prefer_what_one_prefers(
    tmp_path, tiny_llama, one_thread, changes, lora, loss_tolerance, weight_tolerance
):
    """The first loss is log 2: every process compares with the parent itself, and no loss is rounded to bfloat16."""
    recipe = ARGUMENTS | {"beta": 0.1}
    alone = train(tiny_llama, DPO, "dpo", recipe, 0, f"{tmp_path}/1", f"{tmp_path}/1/model", lora=lora)
    both = train(tiny_llama, DPO, "dpo", recipe | changes, 0, f"{tmp_path}/2", f"{tmp_path}/2/model", lora=lora, gpus=2)
    assert both["loss"][0] == pytest.approx(0.693147, abs=1e-6)
    assert both["loss"][-1] < 0.69
    assert_frame_equal(both.drop("epoch"), alone.drop("epoch"), rel_tol=loss_tolerance)
    expected, weights = weights_of(f"{tmp_path}/1/model"), weights_of(f"{tmp_path}/2/model")
    assert all(weights[name].allclose(expected[name], atol=weight_tolerance) for name in expected)


def test_out_of_memory_in_a_process_goes_on_with_smaller_batches(tmp_path, tiny_llama, one_thread, monkeypatch, capfd):
    """A real failure under a memory limit, in the second step; the first is not trained again."""
    prompts = [*PROMPTS[:8], *LONG]
    rows = pl.DataFrame([("p", p, f"#### {i}") for i, p in enumerate(prompts)], schema=SFT_ROWS, orient="row")
    recipe = ARGUMENTS | {"max_steps": 2, "save_steps": 1, "train_sampling_strategy": "sequential"}
    small = recipe | {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 8}
    arguments = {"rows": rows, "trainer": "sft", "seed": 0}
    alone = train(tiny_llama, arguments=small, work=f"{tmp_path}/1", output=f"{tmp_path}/1/model", **arguments)

    capfd.readouterr()
    (tmp_path / "sitecustomize.py").write_text(LIMITED)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    arguments |= {"arguments": recipe, "gpus": 2, "attention": "eager"}
    both = train(tiny_llama, work=f"{tmp_path}/2", output=f"{tmp_path}/2/model", **arguments)
    assert_frame_equal(both.drop("epoch"), alone.drop("epoch"), rel_tol=1e-4)
    log = capfd.readouterr().out
    assert "Out of memory with 4 rows at a time" in log
    assert "per_device_train_batch_size 2 and gradient_accumulation_steps 2: as many rows per step" in log
    assert log.count("{'loss': ") == 2
    assert (tmp_path / "2/checkpoint-1/optimizer_0").is_dir()  # of shards, one per process


def test_processes_stop_together_at_a_signal_and_say_that_they_diverged(tmp_path, tiny_llama, one_thread):
    work = tmp_path / "work"
    recipe = ARGUMENTS | {"save_steps": 1, "max_steps": 5000}
    arguments = {"rows": SFT, "trainer": "sft", "seed": 0, "work": str(work), "output": f"{tmp_path}/model", "gpus": 2}

    def end_when_it_trains():
        while not last_checkpoint(str(work)):
            time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGTERM)

    watcher = threading.Thread(target=end_when_it_trains)
    watcher.start()
    with pytest.raises(StoppedError):
        train(tiny_llama, arguments=recipe, **arguments)
    watcher.join()
    stopped_at = int(last_checkpoint(str(work)).rpartition("-")[2])
    assert 1 <= stopped_at < 1000 and not (tmp_path / "model").exists()

    with pytest.raises(DivergedError, match="is not finite at step 1 of 2"):
        arguments |= {"work": f"{tmp_path}/other"}
        train(tiny_llama, arguments=recipe | {"learning_rate": 1e39, "max_steps": 2}, **arguments)
    assert not (tmp_path / "model").exists()
