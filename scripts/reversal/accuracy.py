"""Accuracy, pass@k, coverage, improvement sets and out-of-distribution gaps, from verdict tables."""

from math import comb, fsum

import polars as pl


def pass_at_k(n: int, c: int, k: int) -> float:
    """Unbiased pass@k of one problem with c correct among n samples: 1 - C(n-c, k) / C(n, k), for 1 <= k <= n.

    The chance that a random subset of k of the n samples holds a correct one (Chen et al. 2021, arXiv 2107.03374,
    equation 1). Raises ValueError outside that range: more samples than were drawn cannot be estimated.
    """
    if not (1 <= k <= n and 0 <= c <= n):
        raise ValueError(f"pass@{k} needs 1 <= k <= n and 0 <= c <= n, got n={n}, c={c}")
    return 1.0 - comb(n - c, k) / comb(n, k)


def greedy_correct(verdicts: pl.DataFrame) -> pl.DataFrame:
    """problem_id, correct (bool) of the greedy answers."""
    greedy = verdicts.filter(pl.col("decoding") == "greedy")
    return greedy.select("problem_id", correct=pl.col("verdict") == "correct")


def sampled_counts(verdicts: pl.DataFrame) -> pl.DataFrame:
    """problem_id, n (sampled answers), c (correct ones), one row per problem."""
    sampled = verdicts.filter(pl.col("decoding") == "sampled")
    return sampled.group_by("problem_id", maintain_order=True).agg(
        n=pl.len().cast(pl.Int64), c=(pl.col("verdict") == "correct").sum().cast(pl.Int64)
    )


def mean_pass_at_k(counts: pl.DataFrame, k: int) -> float | None:
    """Mean of pass_at_k over the problems of `counts` (n, c); None for no problems."""
    cases = counts.group_by("n", "c").len()  # few different (n, c): each estimated once
    if cases.is_empty():
        return None
    total = fsum(size * pass_at_k(n, c, k) for n, c, size in cases.iter_rows())
    return total / counts.height


def powers_of_two(largest: int) -> list[int]:
    """2, 4, 8, .. up to `largest`: the N of the paper's pass@N."""
    return [2**i for i in range(1, largest.bit_length())]


def improvement_set(first: pl.DataFrame, later: pl.DataFrame) -> list[str]:
    """IS(t): ids of the problems whose greedy answer is right in M_t (`later`) and wrong in M1 (`first`)."""
    both = greedy_correct(first).join(greedy_correct(later), on="problem_id", suffix="_later", validate="1:1")
    return both.filter(~pl.col("correct") & pl.col("correct_later"))["problem_id"].to_list()


def group_disparity(easy: float | None, hard: float | None) -> float | None:
    """(accuracy at the lowest level - at the highest) / accuracy at the lowest; None if that is 0 or unknown."""
    return None if not easy or hard is None else (easy - hard) / easy
