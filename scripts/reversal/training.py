"""Post-training with TRL: a parent checkpoint and a training set in, a checkpoint and losses out.

One process trains right here; several are launched (reversal.launching) and run this module. Both call `fit`.
"""

import gc
import json
import re
import sys
from pathlib import Path

import polars as pl

from reversal import launching, ranks
from reversal.batches import per_process, smaller
from reversal.checkpoints import last_checkpoint, without_decoding
from reversal.jobs import end_with_parent, write_json
from reversal.prompts import end_of_turn, rendered
from reversal.tables import LOSSES
from reversal.watching import DivergedError, run


def train(
    parent: str,
    rows: pl.DataFrame,
    trainer: str,
    arguments: dict,
    seed: int,
    work: str,
    output: str,
    lora: dict | None = None,
    attention: str | None = None,
    gpus: int = 1,
    chat: bool = False,
) -> pl.DataFrame:
    """Trains the checkpoint in `parent` on `rows` and saves the result in `output`; returns its LOSSES frame.

    trainer: "sft" (columns prompt, completion; loss on the completion) or "dpo" (prompt, chosen, rejected; the
    reference model is the parent). arguments: of trl.SFTConfig or trl.DPOConfig, as they stand in the study.
    work: a folder for checkpoints; if it holds one, training goes on from there.
    lora: arguments of peft.LoraConfig; the adapter is merged into the parent's weights. attention: transformers'
    attn_implementation. gpus: that many processes share the rows of every step.
    chat: prompts are messages, and completions end as the model's chat template ends a turn.
    When memory runs out, training goes on with smaller batches and as many more of them per step. Raises DivergedError
    if the loss or a weight is not finite, StoppedError if a signal ends it (reversal.watching).
    """
    from datasets import Dataset

    data = f"{work}/rows"
    Dataset.from_list(_read_by(parent, rows.drop("problem_id"), chat)).save_to_disk(data)
    trained = f"{work}/adapter" if lora else output
    job = {"parent": parent, "data": data, "trainer": trainer, "seed": seed, "work": work, "output": trained}
    job |= {"arguments": per_process(arguments, gpus), "lora": lora, "attention": attention, "gpus": gpus}
    history = None
    while history is None:
        try:
            history = launching.launch(job, gpus) if gpus > 1 else fit(**job).state.log_history
        except Exception as error:
            if not out_of_memory(error):
                raise
            job["arguments"] = _with_less_memory(job["arguments"], str(error))
        _free_memory()
    if lora:
        merge(parent, trained, output)
    return losses(history)


def _read_by(parent: str, rows: pl.DataFrame, chat: bool) -> list[dict]:
    """`rows` with the prompts that this model reads; of a chat, with the ends that its turns have."""
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(parent)
    end = end_of_turn(tokenizer) if chat else ""
    return [
        {name: rendered(text, tokenizer, chat) if name == "prompt" else text + end for name, text in row.items()}
        for row in rows.to_dicts()
    ]


def fit(
    parent: str,
    data: str,
    trainer: str,
    arguments: dict,
    seed: int,
    work: str,
    output: str,
    lora: dict | None,
    attention: str | None,
    gpus: int,
):
    """One process's part of `train`: trains on the dataset in the folder `data`; returns the trainer at its end.

    output gets the checkpoint, or the adapter alone with lora.
    """
    learner = _trainer(parent, data, trainer, arguments, seed, work, lora, attention, gpus)
    if gpus > 1:
        ranks.share_last_batch(learner)
    if gpus > 1 and lora:
        ranks.save_adapter_alone(learner)
    if not lora:  # an adapter has yet to be merged
        _skip_last_checkpoint(learner)
    run(learner, last_checkpoint(work))
    if gpus > 1:
        learner.accelerator.state.fsdp_plugin.set_state_dict_type("FULL_STATE_DICT")
    learner.save_model(output)
    return learner


def _trainer(parent, data, trainer, arguments, seed, work, lora, attention, gpus):
    """TRL's trainer; the arguments are those of `fit`."""
    import transformers
    import trl
    from datasets import Dataset

    config, build, own = {
        "sft": (trl.SFTConfig, trl.SFTTrainer, {"completion_only_loss": True}),
        # An adapter's reference is the model without it, at hand in every step.
        "dpo": (trl.DPOConfig, trl.DPOTrainer, {"precompute_ref_log_probs": not lora}),
    }[trainer]
    # TRL cuts rows at 1,024 tokens unless told otherwise; a row must be learnt whole unless the study says so.
    fixed = {"output_dir": work, "seed": seed, "report_to": [], "save_total_limit": 1, "max_length": None, **own}
    fixed["logging_nan_inf_filter"] = False
    if gpus > 1:
        fixed |= ranks.arguments_of_ranks()
    settings = config(**fixed | arguments)
    if gpus > 1:
        ranks.shard_alike(settings)
    tokenizer = transformers.AutoTokenizer.from_pretrained(parent)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    reads = gpus == 1 or ranks.reads_weights(trainer, lora)
    load = transformers.AutoModelForCausalLM.from_pretrained if reads else ranks.without_weights
    # Weights that are trained stay in float32; frozen ones need no more precision than they are used with.
    dtype = "bfloat16" if lora and arguments.get("bf16") else "float32"
    return build(
        model=without_decoding(load(parent, dtype=dtype, attn_implementation=attention)),
        args=settings,
        train_dataset=Dataset.load_from_disk(data),
        processing_class=tokenizer,
        peft_config=_adapter(lora) if lora else None,
    )


def _skip_last_checkpoint(learner) -> None:
    """The finished model is saved right after it: a second copy, with the optimizer's states, would be for nothing."""
    import transformers

    class SkipLast(transformers.TrainerCallback):
        def on_step_end(self, args, state, control, **_):
            if state.global_step >= state.max_steps:
                control.should_save = False

    learner.add_callback(SkipLast())


def _adapter(lora: dict):
    import peft

    return peft.LoraConfig(task_type="CAUSAL_LM", **lora)


def merge(parent: str, adapter: str, output: str) -> None:
    """Adds the adapter in the folder `adapter` to the parent's weights, in float32; saves a whole checkpoint."""
    import peft
    import transformers

    model = without_decoding(transformers.AutoModelForCausalLM.from_pretrained(parent, dtype="float32"))
    peft.PeftModel.from_pretrained(model, adapter).merge_and_unload().save_pretrained(output)
    own = Path(adapter, "tokenizer_config.json").exists()
    transformers.AutoTokenizer.from_pretrained(adapter if own else parent).save_pretrained(output)


def out_of_memory(error: Exception) -> bool:
    """Whether torch, CUDA or NCCL could not get the memory that it asked for."""
    return isinstance(error, MemoryError) or re.search("out of memory|can't allocate memory", str(error)) is not None


def _with_less_memory(arguments: dict, error: str) -> dict:
    """The recipe for another attempt, told in the log; an error with the remedies if there is nothing left to try."""
    rows = arguments["per_device_train_batch_size"]
    if rows == 1:
        raise RuntimeError(
            "out of memory with one row at a time; set gradient_checkpointing: true, a max_length, lora or more gpus"
            f" for this step. The last error: {error}"
        )
    less = smaller(arguments)
    batch, accumulation = less["per_device_train_batch_size"], less["gradient_accumulation_steps"]
    print(
        f"Out of memory with {rows} rows at a time ({error.splitlines()[0]}). Going on from the last checkpoint with "
        f"per_device_train_batch_size {batch} and gradient_accumulation_steps {accumulation}: as many rows per step.",
        flush=True,
    )
    return less


def _free_memory() -> None:
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def losses(history: list[dict]) -> pl.DataFrame:
    """LOSSES from a transformers log history: the entries that carry a training loss."""
    rows = [{name: float(row.get(name)) for name in LOSSES} for row in history if "loss" in row]
    return pl.DataFrame(rows).cast(LOSSES) if rows else pl.DataFrame(schema=LOSSES)


def _launched(job: dict) -> None:
    end_with_parent()  # no rank trains on alone
    try:
        learner = fit(**job)
    except Exception as error:
        kind = "memory" if out_of_memory(error) else "diverged" if isinstance(error, DivergedError) else None
        if kind:
            Path(job["work"], f"failure_{kind}.txt").write_text(str(error))
        raise
    if learner.is_world_process_zero():
        write_json(f"{job['work']}/history.json", learner.state.log_history)
    learner.accelerator.end_training()


if __name__ == "__main__":
    _launched(json.loads(Path(sys.argv[1]).read_text()))
