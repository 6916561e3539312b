"""What a launched process, a rank, does otherwise than one that trains alone (reversal.learning.launching).

It shards the weights, so it may load none of them, and shares the rows of every batch with the others.
"""

import os

from reversal.learning.batches import share


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
