"""Post-training with TRL: a parent checkpoint and a training set in, a checkpoint and losses out.

One process trains right here; several are launched (reversal.learning.launching) and run this module. Both call `fit`.
"""

import gc
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl

from reversal.checkpoints import last_checkpoint, without_decoding
from reversal.jobs import end_with_parent, write_json
from reversal.learning import launching, ranks
from reversal.learning.batches import per_process, smaller
from reversal.learning.watching import DivergedError, run
from reversal.prompts import end_of_turn, rendered
from reversal.tables import LOSSES


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
    reference: str | None = None,
) -> pl.DataFrame:
    """Trains the checkpoint in `parent` on `rows` and saves the result in `output`; returns its LOSSES frame.

    trainer: "sft" (columns prompt, completion; loss on the completion) or "dpo" (prompt, chosen, rejected; the
    reference model is the parent, or the checkpoint in `reference`). arguments: of trl.SFTConfig or trl.DPOConfig, as
    they stand in the study.
    work: a folder for checkpoints; if it holds one, training goes on from there.
    lora: arguments of peft.LoraConfig; the adapter is merged into the parent's weights. attention: transformers'
    attn_implementation. gpus: that many processes share the rows of every step.
    chat: prompts are messages, and completions end as the model's chat template ends a turn.
    When memory runs out, training goes on with smaller batches and as many more of them per step. Raises DivergedError
    if the loss or a weight is not finite, StoppedError if a signal ends it (reversal.learning.watching).
    """
    from datasets import Dataset

    data = f"{work}/rows"
    Dataset.from_list(read_by(parent, rows.drop("problem_id"), chat)).save_to_disk(data)
    trained = f"{work}/adapter" if lora else output
    job = {"parent": parent, "data": data, "trainer": trainer, "seed": seed, "work": work, "output": trained}
    job |= {"lora": lora, "attention": attention, "gpus": gpus, "reference": reference}

    def attempt(arguments: dict) -> list[dict]:
        fitting = job | {"arguments": arguments}
        return launching.launch(fitting, gpus) if gpus > 1 else fit(**fitting).state.log_history

    history = with_enough_memory(attempt, per_process(arguments, gpus))
    if lora:
        merge(parent, trained, output)
    return losses(history)


def with_enough_memory(attempt: Callable[[dict], list[dict]], arguments: dict) -> list[dict]:
    """attempt(arguments), the training's log; if memory runs out again with smaller batches, as many rows per step."""
    while True:
        try:
            return attempt(arguments)
        except Exception as error:
            if not out_of_memory(error):
                raise
            arguments = _with_less_memory(arguments, str(error))
        finally:
            _free_memory()


def read_by(parent: str, rows: pl.DataFrame, chat: bool) -> list[dict]:
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
    reference: str | None = None,
):
    """One process's part of `train`: trains on the dataset in the folder `data`; returns the trainer at its end.

    output gets the checkpoint, or the adapter alone with lora.
    """
    learner = _trainer(parent, data, trainer, arguments, seed, work, lora, attention, gpus, reference)
    if gpus > 1:
        ranks.share_last_batch(learner)
    if gpus > 1 and lora:
        ranks.save_adapter_alone(learner)
    learn(learner, work, output, keeps_last=bool(lora))
    return learner


def learn(learner, work: str, output: str, keeps_last: bool) -> None:
    """Has a trainer learn to its end, from its last checkpoint in `work` if there is one, and saves the model.

    keeps_last: write a checkpoint of the last step as well; of an adapter, which has yet to be merged.
    """
    if not keeps_last:
        _skip_last_checkpoint(learner)
    run(learner, last_checkpoint(work))
    if learner.is_fsdp_enabled:
        learner.accelerator.state.fsdp_plugin.set_state_dict_type("FULL_STATE_DICT")
    learner.save_model(output)


def _trainer(parent, data, trainer, arguments, seed, work, lora, attention, gpus, reference):
    """TRL's trainer; the arguments are those of `fit`."""
    import trl
    from datasets import Dataset

    config, build, own = {
        "sft": (trl.SFTConfig, trl.SFTTrainer, {"completion_only_loss": True}),
        # An adapter's reference is the model without it, at hand in every step, unless it is another model.
        "dpo": (trl.DPOConfig, trl.DPOTrainer, {"precompute_ref_log_probs": not lora or bool(reference)}),
    }[trainer]
    # TRL cuts rows at 1,024 tokens unless told otherwise; a row must be learnt whole unless the study says so.
    fixed = {**fixed_arguments(work, seed), "max_length": None, **own}
    if gpus > 1:
        fixed |= ranks.arguments_of_ranks()
    settings = config(**fixed | arguments)
    if gpus > 1:
        ranks.shard_alike(settings)
    reads = gpus == 1 or ranks.reads_weights(trainer, lora, reference)
    other = {"ref_model": loaded(reference, arguments, lora, attention)} if reference else {}
    return build(
        model=loaded(parent, arguments, lora, attention, reads),
        args=settings,
        train_dataset=Dataset.load_from_disk(data),
        processing_class=tokenizer_of(parent),
        peft_config=adapter_of(lora) if lora else None,
        **other,
    )


def fixed_arguments(work: str, seed: int) -> dict:
    """What transformers.TrainingArguments get beside the recipe, of every trainer."""
    fixed = {"output_dir": work, "seed": seed, "report_to": [], "save_total_limit": 1}
    return fixed | {"logging_nan_inf_filter": False}


def tokenizer_of(parent: str):
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(parent)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    return tokenizer


def loaded(folder: str, arguments: dict, lora: dict | None, attention: str | None, reads: bool = True):
    """The model in `folder` as it is trained; without its weights if another process reads them."""
    import transformers

    load = transformers.AutoModelForCausalLM.from_pretrained if reads else ranks.without_weights
    # Weights that are trained stay in float32; frozen ones need no more precision than they are used with.
    dtype = "bfloat16" if lora and arguments.get("bf16") else "float32"
    return without_decoding(load(folder, dtype=dtype, attn_implementation=attention))


def _skip_last_checkpoint(learner) -> None:
    """The finished model is saved right after it: a second copy, with the optimizer's states, would be for nothing."""
    import transformers

    class SkipLast(transformers.TrainerCallback):
        def on_step_end(self, args, state, control, **_):
            if state.global_step >= state.max_steps:
                control.should_save = False

    learner.add_callback(SkipLast())


def adapter_of(lora: dict):
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
    """LOSSES from a transformers log history: the entries that carry a training loss.

    Entropy is that of answers with a reward; TRL's of given answers depends a little on the number of processes.
    """
    logged = [row if "reward" in row else {**row, "entropy": None} for row in history if "loss" in row]
    rows = [{name: None if row.get(name) is None else float(row[name]) for name in LOSSES} for row in logged]
    return pl.DataFrame(rows, schema=dict.fromkeys(LOSSES, pl.Float64)).cast(LOSSES)


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
