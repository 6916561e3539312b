"""Kills a real training or a real sampling of the smoke study again and again, at moments that a seed draws.

Usage: python tests/faults/kills.py training|sampling FOLDER KILLS SEED

Prints JSON: how many kills there were, how many runs came to their end between them, and how many of these, or of the
files that a killed one left, were not what an uninterrupted run writes. Every run is a fork of this process, which has
imported the libraries: an import of 10 s before every kill would be most of the time. As Snakemake does, a run starts
without the outputs of a killed one, and with whatever else that left behind.
"""

import hashlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
STEPS = {"per_device_train_batch_size": 4, "save_steps": 4, "num_train_epochs": 1}  # of 60 problems: 15, saved thrice


def main(what: str, folder: str, kills: int, seed: int) -> None:
    os.environ |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "VLLM_ENABLE_V1_MULTIPROCESSING": "0"}
    os.chdir(folder)
    config = smoke_study()
    if not Path("base/model/model.json").exists():
        in_fork(lambda: make_base(config), "base.log")
    if what == "training":
        import trl  # noqa: F401

        run, outputs = training(config)
    else:
        import vllm  # noqa: F401

        run, outputs = sampling(config)
    began = time.monotonic()
    in_fork(run, "uninterrupted.log")
    seconds, right = time.monotonic() - began, contents(outputs)
    assert len(right) == len(outputs), f"the uninterrupted run failed: {Path('uninterrupted.log').read_text()[-2000:]}"
    print(json.dumps(count(run, outputs, right, seconds, kills, random.Random(seed))))


def count(run: Callable, outputs: list[str], right: dict, seconds: float, kills: int, draw: random.Random) -> dict:
    found = {"kills": 0, "ended": 0, "changed": 0, "failed": 0}
    remove(outputs)
    while found["kills"] < kills:
        killed, status = in_fork(run, "killed.log", draw.uniform(0, seconds))
        left = contents(outputs)
        found["kills"] += killed
        found["ended"] += not killed
        found["failed"] += not killed and status != 0
        found["changed"] += any(left[path] != right[path] for path in left) or (not killed and left != right)
        if killed and found["kills"] == kills:  # the last one is taken to its end, too
            found["failed"] += in_fork(run, "killed.log")[1] != 0
            found["changed"] += contents(outputs) != right
        remove(outputs)
    return found


def in_fork(run: Callable, log: str, seconds: float | None = None) -> tuple[bool, int]:
    """(Whether the run was killed after so many seconds, its status)."""
    child = os.fork()
    if child == 0:
        try:
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(output, 1)
            os.dup2(output, 2)
            run()
            os._exit(0)
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(1)
    until = time.monotonic() + (seconds or 10**6)
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return False, status
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status), status


def contents(outputs: list[str]) -> dict[str, str]:
    """{path: what it holds} of those that are there; of a model's origin its weights, as it says how long it took."""
    found = {}
    for path in filter(os.path.exists, outputs):
        holds = Path(path).with_name("model.safetensors") if path.endswith("model.json") else Path(path)
        found[path] = hashlib.sha256(holds.read_bytes()).hexdigest()
    return found


def remove(outputs: list[str]) -> None:
    for path in outputs:
        Path(path).unlink(missing_ok=True)


def smoke_study() -> dict:
    from snakemake.utils import update_config

    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    update_config(config, yaml.safe_load((ROOT / "studies/smoke.yaml").read_text()))
    return config


def make_base(config: dict) -> None:
    """A base model of the study's architecture after a few steps, and the problems that are learnt and answered."""
    import pretrain_base
    from reversal import tables
    from reversal.problem_sources import problems
    from reversal.study import pretraining_of

    recipe = pretraining_of(config["models"]["mini-llama"], 0)
    recipe["arguments"] |= {"max_steps": 60}
    task = config["tasks"]["mini-gsm"]
    for name in ("train", "test"):
        tables.write(problems.load_problems(task[name], f"mini-gsm/{name}", name), tables.PROBLEMS, f"{name}.parquet")
    pretrain_base.main(recipe, 1, "base/model/model.json")


def training(config: dict) -> tuple[Callable, list[str]]:
    step = config["steps"]["sft"]
    step = {"trainer": "sft", "arguments": step["arguments"] | STEPS}

    def run() -> None:
        import train
        from reversal import tables
        from reversal.learning.training_sets import gold_rows

        rows, _ = gold_rows(tables.read("train.parquet", tables.PROBLEMS), config["tasks"]["mini-gsm"]["prompt"], None)
        tables.write(rows, tables.SFT_ROWS, "rows.parquet")
        parts = (0, 0, "training")
        outputs = ("sft/model/model.json", "sft/losses.parquet")
        train.main("base/model/model.json", None, "rows.parquet", "code", step, False, 1, parts, "sft", *outputs)

    Path("sft").mkdir(exist_ok=True)
    return run, ["sft/model/model.json", "sft/losses.parquet"]


def sampling(config: dict) -> tuple[Callable, list[str]]:
    from reversal.study import answers_wanted

    wanted = answers_wanted(config, "train", 0, 0, "mini-llama", "mini-gsm", "sft")

    def run() -> None:
        import sample

        paths = {
            "problems_paths": ["train.parquet"],
            "model_json": "base/model/model.json",
            "output": "answers.parquet",
        }
        sample.main(**paths, gpus=1, shard=0, shards=1, **wanted)

    return run, ["answers.parquet"]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
