"""A step of one's own: a Python file whose function `train` makes a checkpoint (docs/steps.md)."""

import runpy
from pathlib import Path

import polars as pl

from reversal.learning.training import losses, read_by


def train(
    parent: str, rows: pl.DataFrame, script: str, arguments: dict, seed: int, work: str, output: str, chat: bool
) -> pl.DataFrame:
    """Has the file `script` train the checkpoint in `parent` on `rows` (SFT_ROWS) into the folder `output`; LOSSES.

    Its train(parent, rows, arguments, seed, work, output) gets rows as a list of {prompt, completion}, the texts that
    this model reads, and returns a log like transformers' log_history: a list of {step, epoch, loss, learning_rate}, or
    None. Raises ValueError if the file has no such function, or the function left no checkpoint.
    """
    found = runpy.run_path(script)
    if not callable(found.get("train")):
        raise ValueError(f"{script}: has no function train(parent, rows, arguments, seed, work, output); add one")
    Path(work).mkdir(parents=True, exist_ok=True)
    texts = read_by(parent, rows.drop("problem_id"), chat)
    history = found["train"](parent, texts, arguments, seed, work, output)
    for name in ("config.json", "tokenizer_config.json"):
        if not Path(output, name).exists():
            raise ValueError(f"{script}: train left no {name} in {output}: save the model and the tokenizer there")
    return losses(history or [])
