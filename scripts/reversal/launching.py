"""One training step over several processes: `accelerate launch` with FSDP, one process per GPU.

Without a GPU the same path runs on CPU processes over gloo, which is how it is tested.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from reversal.batches import share
from reversal.jobs import PARENT, end_with_parent, write_json
from reversal.watching import DivergedError, StoppedError

FAILURES = {"memory": RuntimeError, "diverged": DivergedError}  # what a rank writes down before it ends


def launch(job: dict, gpus: int) -> list[dict]:
    """Runs reversal.training.fit(**job) in so many processes; returns the trainer's log history.

    job: JSON values only. Raises RuntimeError with the message of a process that runs out of memory, and like
    reversal.watching.run.
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
    scripts = str(Path(__file__).parents[1])
    # The ranks' parent is the process that the shell becomes.
    command = ["sh", "-c", f'{PARENT}=$$ exec "$@"', "sh", *launcher(job, gpus), "-m", "reversal.training"]
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
            if "reversal.training" in rank.cmdline():
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


def rank_0_reads(trainer: str, lora: dict | None, reference: str | None) -> bool:
    """Whether rank 0 alone reads the weights and sends the others their shards.

    Not where TRL shards a reference model of its own: it takes what every rank has in memory as it is, and the
    reference would be made of noise.
    """
    return trainer != "dpo" or (bool(lora) and not reference)


def reads_weights(trainer: str, lora: dict | None, reference: str | None) -> bool:
    """Whether this process does."""
    return os.environ["RANK"] == "0" or not rank_0_reads(trainer, lora, reference)


def without_weights(parent: str, dtype: str, attn_implementation: str | None):
    """The parent's model without its weights: memory that is never touched takes no room.

    transformers would fill it with zeros, on every rank as much as the model has.
    """
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.initialization import no_init_weights

    with no_init_weights():
        config = AutoConfig.from_pretrained(parent)
        model = AutoModelForCausalLM.from_config(config, dtype=dtype, attn_implementation=attn_implementation)
    model.tie_weights()
    return model


def arguments_of_ranks() -> dict:
    """What transformers.TrainingArguments needs besides the recipe in a launched process."""
    import torch

    return {
        "use_cpu": not torch.cuda.is_available(),
        # Whole gradients of several batches would fill each GPU; summed up in shards they do not.
        "accelerator_config": {"gradient_accumulation_kwargs": {"sync_each_batch": True}},
    }


def shard_alike(arguments) -> None:
    """Adjusts TrainingArguments of a launched process, before the trainer is built from them."""
    import torch
    from accelerate.utils import DistributedType
    from torch.distributed.fsdp import MixedPrecisionPolicy

    if arguments.use_cpu:
        # accelerate shards on accelerators alone, although FSDP runs on gloo just as well.
        arguments.distributed_state.distributed_type = DistributedType.MULTI_GPU
    if arguments.bf16:
        # accelerate's own policy also rounds what the model returns to bfloat16: the loss and DPO's log-probabilities.
        policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
        arguments.fsdp_plugin_args = {"mixed_precision_policy": policy}


def save_adapter_alone(learner) -> None:
    """Has an adapter's checkpoints hold the adapter: accelerate would collect all frozen weights on rank 0 as well."""
    from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict

    options = StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=True)
    learner.accelerator.get_state_dict = lambda model, **_: get_model_state_dict(model, options=options)


def share_last_batch(learner) -> None:
    """Has a trainer's processes share the rows that an epoch's last batch still has.

    accelerate fills that batch up with rows from the beginning of the epoch instead, which one process never does.
    """
    from accelerate.data_loader import BatchSamplerShard

    class Shares(BatchSamplerShard):
        def __iter__(self):
            rows: list = []
            for batch in self.batch_sampler:
                rows += batch
                if len(rows) == self.batch_size * self.num_processes:
                    yield share(rows, self.num_processes, self.process_index, self.batch_size)
                    rows = []
            if rows:
                yield share(rows, self.num_processes, self.process_index, self.batch_size)

    batches = learner.get_train_dataloader

    def shared():
        loader = batches()
        loader.batch_sampler.__class__ = Shares
        return loader

    learner.get_train_dataloader = shared
