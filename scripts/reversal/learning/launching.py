"""One training step over several processes: `accelerate launch` with FSDP, one process per GPU.

Without a GPU the same path runs on CPU processes over gloo, which is how it is tested.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from reversal.jobs import PARENT, end_with_parent, write_json
from reversal.learning.ranks import rank_0_reads
from reversal.learning.watching import DivergedError, StoppedError

FAILURES = {"memory": RuntimeError, "diverged": DivergedError}  # what a rank writes down before it ends


def launch(job: dict, gpus: int) -> list[dict]:
    """Runs reversal.learning.training.fit(**job) in so many processes; returns the trainer's log history.

    job: JSON values only. Raises RuntimeError with the message of a process that runs out of memory, and like
    reversal.learning.watching.run.
    """
    import torch

    if torch.cuda.is_available() and torch.cuda.device_count() < gpus:
        seen = f"{torch.cuda.device_count()} visible (CUDA_VISIBLE_DEVICES={os.environ.get('CUDA_VISIBLE_DEVICES')})"
        raise ValueError(f"the step asks for {gpus} GPUs, but there are {seen}; lower its gpus or give it more")
    folder, own = Path(job["work"]), os.getpid()
    failures = {folder / f"failure_{kind}.txt": error for kind, error in FAILURES.items()}
    for told in failures:
        told.unlink(missing_ok=True)
    write_json(f"{folder}/job.json", job)
    scripts = str(Path(__file__).parents[2])
    # The ranks' parent is the process that the shell becomes.
    command = ["sh", "-c", f'{PARENT}=$$ exec "$@"', "sh", *launcher(job, gpus), "-m", "reversal.learning.training"]
    with subprocess.Popen(
        [*command, f"{folder}/job.json"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([scripts, os.environ.get("PYTHONPATH", "")])},
        preexec_fn=lambda: end_with_parent(own),
    ) as running:
        status, stopped = _wait(running)
    for told, error in failures.items():
        if told.exists():
            raise error(told.read_text())
    if status and stopped:
        raise StoppedError(
            "Stopped by SIGTERM; if the log above says that a checkpoint is kept, it goes on from there."
        )
    if status:
        raise RuntimeError(f"training in {gpus} processes ended with exit status {status}; its log is above")
    return json.loads((folder / "history.json").read_text())


def _wait(running: subprocess.Popen) -> tuple[int, bool]:
    """(exit status of the launcher, whether SIGTERM came meanwhile and was handed to the ranks).

    Not to the launcher, which would kill them half a minute later, in the middle of a large checkpoint.
    """
    import psutil

    stopped = []

    def hand_on(number, _):
        stopped.append(number)
        for rank in psutil.Process(running.pid).children():
            if "reversal.learning.training" in rank.cmdline():
                rank.send_signal(number)

    before = signal.signal(signal.SIGTERM, hand_on)
    try:
        return running.wait(), bool(stopped)
    finally:
        signal.signal(signal.SIGTERM, before)


def launcher(job: dict, gpus: int) -> list[str]:
    """The command that starts what follows it in so many processes; its settings are a file beside the job's."""
    settings = f"{job['work']}/accelerate.json"
    # A file of our own, since accelerate would fill what is missing from the user's.
    write_json(
        settings,
        {
            "compute_environment": "LOCAL_MACHINE",
            "distributed_type": "FSDP",
            "num_machines": 1,
            "num_processes": gpus,
            "machine_rank": 0,
            "main_process_port": 0,  # any free one: several jobs may share a node
            "mixed_precision": "bf16" if job["arguments"].get("bf16") else "no",
            "fsdp_config": {
                "fsdp_version": 2,
                "fsdp_auto_wrap_policy": "TRANSFORMER_BASED_WRAP",  # sharded layer by layer
                "fsdp_reshard_after_forward": True,  # ZeRO-3: parameters, gradients and optimizer state are sharded
                "fsdp_offload_params": False,
                # On the way every rank writes its own shard; collecting them, and Adam's, would fill rank 0's memory.
                "fsdp_state_dict_type": "FULL_STATE_DICT" if job["lora"] else "SHARDED_STATE_DICT",
                "fsdp_cpu_ram_efficient_loading": rank_0_reads(job["trainer"], job["lora"], job["reference"]),
            },
        },
    )
    return [sys.executable, "-m", "accelerate.commands.launch", "--config_file", settings]
