"""Post-training with TRL: a parent checkpoint and a training set in, a checkpoint and losses out."""

import polars as pl

from reversal.tables import LOSSES


def train(
    parent: str, rows: pl.DataFrame, trainer: str, arguments: dict, seed: int, work: str, output: str
) -> pl.DataFrame:
    """Trains the checkpoint in `parent` on `rows` and saves the result in `output`; returns its LOSSES frame.

    trainer: "sft" (columns prompt, completion; loss on the completion) or "dpo" (prompt, chosen, rejected; the
    reference model is the parent). arguments: of trl.SFTConfig or trl.DPOConfig, as they stand in the study.
    work: a folder for checkpoints; if it holds one, training goes on from there.
    """
    import transformers
    import trl
    from datasets import Dataset
    from transformers.trainer_utils import get_last_checkpoint

    tokenizer = transformers.AutoTokenizer.from_pretrained(parent)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    model = transformers.AutoModelForCausalLM.from_pretrained(parent, dtype="float32")
    config, build, own = {
        "sft": (trl.SFTConfig, trl.SFTTrainer, {"completion_only_loss": True}),
        "dpo": (trl.DPOConfig, trl.DPOTrainer, {"precompute_ref_log_probs": True}),
    }[trainer]
    # TRL cuts rows at 1,024 tokens unless told otherwise; a row must be learnt whole unless the study says so.
    fixed = {"output_dir": work, "seed": seed, "report_to": [], "save_total_limit": 1, "max_length": None, **own}
    learner = build(
        model=model,
        args=config(**fixed | arguments),
        train_dataset=Dataset.from_list(rows.drop("problem_id").to_dicts()),
        processing_class=tokenizer,
    )
    learner.train(resume_from_checkpoint=get_last_checkpoint(work))
    learner.save_model(output)
    return losses(learner.state.log_history)


def losses(history: list[dict]) -> pl.DataFrame:
    """LOSSES from a transformers log history: the entries that carry a training loss."""
    rows = [{name: float(row.get(name)) for name in LOSSES} for row in history if "loss" in row]
    return pl.DataFrame(rows).cast(LOSSES) if rows else pl.DataFrame(schema=LOSSES)
