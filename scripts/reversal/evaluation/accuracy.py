"""Accuracy, pass@k, majority votes, what a model solves that M1 did not, and out-of-distribution gaps.

All from verdict tables. Functions of a table give one row per problem; their means over problems are the metrics.
"""

from math import comb

import polars as pl


def pass_at_k(n: int, c: int, k: int) -> float:
    """Unbiased pass@k of one problem with c correct among n samples: 1 - C(n-c, k) / C(n, k), for 1 <= k <= n.

    The chance that a random subset of k of the n samples holds a correct one (Chen et al. 2021, arXiv 2107.03374,
    equation 1). Raises ValueError outside that range: more samples than were drawn cannot be estimated.
    """
    if not (1 <= k <= n and 0 <= c <= n):
        raise ValueError(f"pass@{k} needs 1 <= k <= n and 0 <= c <= n, got n={n}, c={c}")
    return 1.0 - comb(n - c, k) / comb(n, k)


def pass_at_ks(counts: pl.DataFrame, ks: list[int]) -> pl.DataFrame:
    """`counts` (problem_id, n, c, any others), once for every k of `ks`, with columns k and value: pass_at_k.

    value is null where k > n: a problem with fewer samples has no estimate.
    """
    cases = counts.select("n", "c").unique().sort("n", "c")  # few different (n, c): each estimated once
    rows = [(n, c, k, pass_at_k(n, c, k) if k <= n else None) for n, c in cases.rows() for k in ks]
    table = pl.DataFrame(rows, schema={"n": pl.Int64, "c": pl.Int64, "k": pl.Int64, "value": pl.Float64}, orient="row")
    return counts.join(table, on=["n", "c"], maintain_order="left_right")


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


def accuracy_metric(metrics: pl.DataFrame) -> str:
    """pass_at_1 (of greedy answers) where all models of these METRICS or INTERVALS have it on the test problems.

    Else sample_accuracy, the unbiased pass@1 of sampled answers: a greedy one is never compared with it.
    """
    on_test = metrics.filter(subset="test")
    greedy, all_models = (frame["lineage"].unique() for frame in (on_test.filter(metric="pass_at_1"), on_test))
    return "pass_at_1" if len(greedy) == len(all_models) else "sample_accuracy"


def single_answers(verdicts: pl.DataFrame) -> pl.DataFrame:
    """problem_id, correct (bool) of the answer that stands for a model: the greedy one, or the first sample."""
    greedy = greedy_correct(verdicts)
    first = verdicts.sort("sample_index").unique("problem_id", keep="first", maintain_order=True)
    return first.select("problem_id", correct=pl.col("verdict") == "correct") if greedy.is_empty() else greedy


def final_answers(verdicts: pl.DataFrame) -> pl.DataFrame:
    """problem_id, sample_index, correct and `final` of the sampled answers: what equal ones share, or null.

    final: the answer_class, in which wrong answers are equal by the same measure as right ones: merging the right ones
    alone would let a vote know the gold answer. Null where no answer could be read. Empty where any class is unknown,
    as for programs and for labels without an answer: then nothing is known about votes.
    """
    sampled = verdicts.filter(pl.col("decoding") == "sampled")
    unknown = pl.col("verdict").is_in(["correct", "wrong"]) & pl.col("answer_class").is_null()
    correct = pl.col("verdict") == "correct"
    finals = sampled.select("problem_id", "sample_index", correct=correct, final="answer_class")
    return finals.clear() if sampled.select(unknown.any()).item() else finals


def majority_at_k(finals: pl.DataFrame, k: int) -> pl.DataFrame:
    """problem_id, value: the chance that the most frequent final answer among k samples is the correct one.

    Wang et al. 2023, arXiv 2203.11171. finals: as final_answers gives. The mean over the disjoint blocks of k
    successive samples, which are independent draws: unbiased, without resampling. Answers that tie share the win
    equally; nulls do not vote; a block without votes is lost. Problems with fewer than k samples have no row. Labels
    may call the same answer right and wrong: it then wins in part.
    """
    blocks = finals.with_columns(block=pl.col("sample_index") // k)
    whole = blocks.filter(pl.len().over("problem_id", "block") == k)
    votes = whole.group_by("problem_id", "block", "final").agg(votes=pl.len(), correct=pl.col("correct").mean())
    votes = votes.with_columns(votes=pl.when(pl.col("final").is_null()).then(0).otherwise(pl.col("votes")))
    most = (pl.col("votes") == pl.col("votes").max()) & (pl.col("votes") > 0)
    won = votes.group_by("problem_id", "block").agg(value=pl.col("correct").filter(most).sum() / most.sum())
    return won.group_by("problem_id").agg(pl.col("value").fill_nan(0.0).mean()).sort("problem_id")


def powers_of_two(largest: int) -> list[int]:
    """2, 4, 8, .. up to `largest`: the N of the paper's pass@N."""
    return [2**i for i in range(1, largest.bit_length())]


def answer_flow(first: pl.DataFrame, later: pl.DataFrame, answers_of=greedy_correct) -> pl.DataFrame:
    """problem_id, kept, gained_inside, gained_outside, lost: what became of M1's greedy answers in M_t, as 0 or 1.

    answers_of: greedy_correct, or single_answers to show models without greedy answers.

    gained: wrong in M1 and right in M_t, which is the paper's IS(t); inside if M1 has a correct answer among its
    samples, otherwise outside M1's support as far as these samples show it. lost: right in M1 and wrong in M_t (the
    mirror of IS(t)). All 0: wrong in both. Only problems that both tables hold.
    """
    support = sampled_counts(first).select("problem_id", reached=pl.col("c") > 0)
    after = answers_of(later)
    both = answers_of(first).join(after, on="problem_id", suffix="_later", validate="1:1", maintain_order="left")
    both = both.join(support, on="problem_id", how="left", maintain_order="left").with_columns(
        pl.col("reached").fill_null(False)
    )
    before, after, reached = pl.col("correct"), pl.col("correct_later"), pl.col("reached")
    flow = {
        "kept": before & after,
        "gained_inside": ~before & after & reached,
        "gained_outside": ~before & after & ~reached,
        "lost": before & ~after,
    }
    return both.select("problem_id", **{name: value.cast(pl.Float64) for name, value in flow.items()})


def beyond_n_samples(first: pl.DataFrame, later: pl.DataFrame | None) -> pl.DataFrame:
    """problem_id, beyond_n_samples, beyond_n_samples_lost, beyond_n_samples_net: what M_t does that M1 did not show.

    The first is the chance that a sample of M_t is right where N - 1 samples of M1 are all wrong, the second its
    mirror, a sample of M1 against N - 1 of M_t, and the third their difference. Churn makes both grow, so the first
    alone says nothing: the difference has expectation 0 wherever the two models are interchangeable. N is the
    smaller of the two numbers of samples; see `beyond`. later=None gives the null, M1 against a second sample of
    itself, one of the n against the other n - 1, so 1 / n for c = 1, else 0 (the Good-Turing estimate of what has not
    been seen; Good 1953, doi 10.1093/biomet/40.3-4.237), both ways. Only problems with two samples of both.
    """
    counts = sampled_counts(first).filter(pl.col("n") >= 2)
    if later is None:
        once = pl.when(pl.col("c") == 1).then(1 / pl.col("n")).otherwise(0.0)
        null = {"beyond_n_samples": once, "beyond_n_samples_lost": once, "beyond_n_samples_net": pl.lit(0.0)}
        return counts.select("problem_id", **null)
    others = sampled_counts(later).filter(pl.col("n") >= 2)
    both = counts.join(others, on="problem_id", suffix="_later", maintain_order="left")
    return beyond(both).select("problem_id", "beyond_n_samples", "beyond_n_samples_lost", "beyond_n_samples_net")


def beyond(both: pl.DataFrame) -> pl.DataFrame:
    """`both` (n, c of M1, n_later, c_later of M_t, any others) with the three columns of `beyond_n_samples`.

    Unbiased for p_t (1 - p_1)^(N - 1), with p the chance of a right sample and N = min(n, n_later): c_t / n_t times
    1 - pass@(N-1) of M1, and the same with M1 and M_t in each other's place.
    """
    cases = both.select("n", "c", "n_later", "c_later").unique()
    rows = []
    for n, c, m, d in cases.rows():
        others = min(n, m) - 1
        gained, lost = d / m * (1 - pass_at_k(n, c, others)), c / n * (1 - pass_at_k(m, d, others))
        rows.append((n, c, m, d, gained, lost, gained - lost))
    values = dict.fromkeys(("beyond_n_samples", "beyond_n_samples_lost", "beyond_n_samples_net"), pl.Float64)
    table = pl.DataFrame(rows, schema=dict(cases.schema) | values, orient="row")
    return both.join(table, on=cases.columns, how="left", maintain_order="left")


def null_improvement(first: pl.DataFrame, ks: list[int]) -> pl.DataFrame:
    """problem_id, k, value, weight: M1's pass@k on the improvement set that a second sample of M1 would give.

    The control for M1's pass@k on IS(t). A problem whose greedy answer is wrong enters the set if a further sample is
    right: each of its c correct samples takes that part in turn (weight c / n), and pass@k comes from the other
    n - 1 with c - 1 correct ones. The metric is the weighted mean; value is null for k = n, which n - 1 cannot tell.
    """
    wrong = greedy_correct(first).filter(~pl.col("correct")).select("problem_id")
    counts = sampled_counts(first).join(wrong, on="problem_id", how="semi").filter(pl.col("c") > 0, pl.col("n") >= 2)
    weighed = counts.select("problem_id", n=pl.col("n") - 1, c=pl.col("c") - 1, weight=pl.col("c") / pl.col("n"))
    return pass_at_ks(weighed, ks).select("problem_id", "k", "value", "weight")


def group_disparity(easy: float | None, hard: float | None) -> float | None:
    """(accuracy at the lowest level - at the highest) / accuracy at the lowest; None if that is 0 or unknown."""
    return None if not easy or hard is None else (easy - hard) / easy
