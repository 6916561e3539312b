"""How one optimizer step's rows are cut up: over processes, into smaller pieces, and at the end of an epoch.

A recipe's per_device_train_batch_size x gradient_accumulation_steps is the number of rows that one optimizer step
learns from, all processes together. Light imports only: the configuration is checked with these functions.
"""

import math


def per_process(arguments: dict, processes: int) -> dict:
    """The recipe of one of several processes that share its steps: less accumulation first, then smaller batches."""
    batch, accumulation = arguments["per_device_train_batch_size"], arguments.get("gradient_accumulation_steps", 1)
    shared = math.gcd(accumulation, processes)
    if batch % (processes // shared):
        raise ValueError(
            f"{batch * accumulation} rows per step (per_device_train_batch_size x gradient_accumulation_steps) cannot "
            f"be shared out evenly over {processes} GPUs; make gradient_accumulation_steps a multiple of {processes}"
        )
    return _recut(arguments, batch // (processes // shared), accumulation // shared)


def smaller(arguments: dict) -> dict:
    """The recipe with smaller batches and as many more of them per step: halves, or thirds or less of an odd size."""
    batch, accumulation = arguments["per_device_train_batch_size"], arguments.get("gradient_accumulation_steps", 1)
    if batch == 1:
        raise ValueError("a batch of one row cannot be made smaller")
    pieces = next(k for k in range(2, batch + 1) if batch % k == 0)
    return _recut(arguments, batch // pieces, accumulation * pieces)


def _recut(arguments: dict, batch: int, accumulation: int) -> dict:
    return arguments | {"per_device_train_batch_size": batch, "gradient_accumulation_steps": accumulation}


def share(rows: list, processes: int, process: int, most: int) -> list:
    """What one process gets of an incomplete batch: as many rows as the others, `most` at most.

    All processes together take every row equally often if that fits; otherwise a few rows twice, fewer than processes.
    """
    size = len(rows) // math.gcd(len(rows), processes)
    size = size if size <= most else -(-len(rows) // processes)
    return [rows[i % len(rows)] for i in range(process * size, (process + 1) * size)]
