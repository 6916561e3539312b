"""Progress or regress: what changed from M1 to the last iteration, dimension by dimension, and how sure that is.

The rule. A dimension has progressed or regressed if the change has an adjusted p below 0.05 (Holm, over all rows of the
study) and a 95 % interval without 0; else it is unclear. A method shows a reversal if its accuracy progressed and
another dimension regressed. It shows none if its accuracy progressed and every other interval lies above a loss of
0.05. Otherwise: unclear.
"""

import numpy as np
import polars as pl

from reversal.accuracy import accuracy_metric
from reversal.tables import CHANGES
from reversal.uncertainty import (
    disparity,
    effect_size,
    holm,
    interval,
    over_replicates,
    paired_disparity_p_value,
    paired_p_value,
    replicates_p_value,
    resampled_means,
    second_sample_p_value,
)

SIGNIFICANT = 0.05
MARGIN = 0.05  # a loss smaller than this is no reversal
# What the note of a diversity says beside it: the correct answers alone, which accuracy alone does not make more alike,
# in a mean over pairs, which the number of answers does not move.
OF_CORRECT = {
    "distinct_n": "pairwise_distinct_n",
    "semantic_diversity": "semantic_diversity",
    "equation_diversity": "pairwise_equation_diversity",
}


def changes(
    metrics: pl.DataFrame, values: pl.DataFrame, series: dict[str, list[str]], ood: list[str], published: pl.DataFrame
) -> list[dict]:
    """Rows of CHANGES of one model and task, p not yet adjusted: one per method and dimension with both ends.

    metrics: METRICS of that model and task. values: PROBLEM_SCORES with columns replicate and lineage
    (summaries.replicates), of at least the first and the last lineage of every method. series: {method: lineages}.
    ood: names of the task's OOD sets. published: PUBLISHED.
    """
    rows = []
    for (model, task, method), group in metrics.group_by("model", "task", "method", maintain_order=True):
        ends = tuple(values.filter(lineage=series[method][place]) for place in (0, -1))
        accuracy, most = accuracy_metric(group), _most_samples(group)
        best = _best_iteration(group, accuracy)
        printed = published.filter(model=model, task=task, method=method).to_dicts()
        for dimension, (metric, subset) in dimensions(accuracy, most, ood).items():
            found = _points(group.filter(metric=metric, subset=subset), best, group["iteration"].max())
            if found is not None:
                names = {"model": model, "task": task, "method": method, "dimension": dimension}
                certain = _certainty(*ends, metric, subset)
                rows.append(
                    names | {"metric": metric, "subset": subset} | found | certain | _published(metric, subset, printed)
                )
    return rows


def judged(rows: list[dict]) -> pl.DataFrame:
    """CHANGES of a whole study from the rows of all its models and tasks: p adjusted over all of them, and verdicts."""
    adjusted = holm([row["p"] for row in rows])
    rows = [row | {"p_adjusted": p_adjusted} for row, p_adjusted in zip(rows, adjusted, strict=True)]
    rows = [row | {"verdict": _verdict(row)} for row in rows]
    return pl.DataFrame(rows, schema=CHANGES).with_columns(pl.selectors.float().fill_nan(None))


def reversal(rows: list[dict]) -> str:
    """yes, no or unclear: the rule at the top, on the CHANGES rows of one model, task and method."""
    return reversal_and_why(rows)[0]


def reversal_and_why(rows: list[dict]) -> tuple[str, str]:
    """(yes, no or unclear; one sentence that says why)."""
    accuracy = [row["verdict"] for row in rows if row["dimension"] == "accuracy"]
    others = [row for row in rows if row["dimension"] != "accuracy"]
    fallen = _listed([row["dimension"] for row in others if row["verdict"] == "regress"])
    if accuracy != ["progress"]:
        how = "regressed" if accuracy == ["regress"] else "did not change beyond its uncertainty"
        beside = f"; {fallen} regressed" if fallen else ""
        return "unclear", f"Accuracy {how}, so there is no progress to reverse{beside}."
    if fallen:
        return "yes", f"Accuracy progressed, and {fallen} regressed."
    unsure = _listed([row["dimension"] for row in others if _may_have_lost(row)])
    if unsure:
        return "unclear", f"Accuracy progressed and nothing regressed, but a loss of {MARGIN} is possible for {unsure}."
    return "no", f"Accuracy progressed, and every other interval lies above a loss of {MARGIN}."


def verdict_text(table: pl.DataFrame, lasts: list[int], runs: str) -> str:
    """One line per model, task and method in plain words, as printed at the end of a run.

    lasts: the last iteration of every method. runs: study.runs_in_words.
    """
    if max(lasts) == 1:
        return "Only M1 was made (iterations: 1): there is no change to judge.\n"
    last = f"M{lasts[0]}" if len(set(lasts)) == 1 else "the last model"
    lines = [f"From M1 to {last} ({runs}; [95 % interval]; p adjusted over the study):"]
    for (model, task, method), group in table.group_by("model", "task", "method", maintain_order=True):
        rows = group.rows(named=True)
        accuracy = [_in_full(row) for row in rows if row["dimension"] == "accuracy"]
        parts = [f"reversal: {reversal(rows)}", *accuracy]
        for verdict in ("progress", "regress", "unclear"):
            found = [f"{row['dimension']} {row['change']:+.3f}" for row in rows if row["verdict"] == verdict]
            parts.append(f"{verdict}: {', '.join(found) or 'none'}")
        lines.append(f"  {model} on {task}, {method}: " + "; ".join(parts))
    return "\n".join(lines) + "\n"


def _most_samples(group: pl.DataFrame) -> int:
    """N: the largest k of pass@k on the test problems that M1 and the last model both have; 1 for none."""
    ends = (group.filter(subset="test", iteration=t)["metric"].unique() for t in (1, group["iteration"].max()))
    ks = [set(names.str.extract(r"^pass_at_(\d+)$").drop_nulls().cast(pl.Int64)) for names in ends]
    return max(ks[0] & ks[1], default=1)


def dimensions(accuracy: str, most: int, ood: list[str]) -> dict[str, tuple[str, str]]:
    """dimension -> (metric, subset), in the order of the verdict."""
    return {
        "accuracy": (accuracy, "test"),
        "beyond N samples": ("beyond_n_samples_net", "test"),
        **({f"pass@{most}": (f"pass_at_{most}", "test")} if most > 1 else {}),
        "syntactic diversity": ("distinct_n", "all"),
        "semantic diversity": ("semantic_diversity", "all"),
        "logical diversity": ("equation_diversity", "all"),
        **{f"OOD accuracy on {name}": ("pass_at_1", name) for name in ood},
        **{f"OOD disparity on {name}": ("group_disparity", name) for name in ood},
    }


def _best_iteration(group: pl.DataFrame, accuracy: str) -> int:
    """The iteration of the best accuracy (mean over seeds), the earliest if several are."""
    means = (
        group.filter(metric=accuracy, subset="test")
        .group_by("iteration")
        .agg(
            pl.col("value").mean().round(9)  # equal accuracies of seeds in another order differ in the last digit
        )
    )
    return means.sort("value", "iteration", descending=[True, False], nulls_last=True)["iteration"].first() or 1


def _points(values: pl.DataFrame, best: int, last: int) -> dict | None:
    """first, best, last, change and its extremes over the runs that have both ends; None without such a run.

    best, last: iterations of the method; a metric that the last one lacks has no last value, whatever came before.
    """
    wide = values.drop_nulls("value").pivot("iteration", index=["base", "seed"], values="value")
    if last == 1 or not {"1", str(last)} <= set(wide.columns):
        return None
    wide = wide.drop_nulls(["1", str(last)]).with_columns(change=pl.col(str(last)) - pl.col("1"))
    if wide.is_empty():
        return None
    return {
        "first": wide["1"].mean(),
        "best": wide[str(best)].mean() if str(best) in wide.columns else None,
        "best_iteration": best,
        "last": wide[str(last)].mean(),
        "change": wide["change"].mean(),
        "change_min": wide["change"].min(),
        "change_max": wide["change"].max(),
        "replicates": _replicates(wide),
    }


def _replicates(runs: pl.DataFrame) -> int:
    """How many independent runs there are: bases, or else training seeds of one base."""
    bases = runs["base"].n_unique()
    return bases if bases > 1 else runs.height


def _certainty(first: pl.DataFrame, last: pl.DataFrame, metric: str, subset: str) -> dict:
    """low, high, effect_size, p, problems (how many have a value at both ends) and note."""
    if metric == "group_disparity":
        return _disparity_certainty(first, last, subset)
    before, after = _both_ends(first, last, metric, subset)
    low, high, p = _interval_of_change(before, after)
    note = ""
    if len(before) == 1:
        p = _second_sample(first, last) if metric == "solved_outside_m1" else paired_p_value(before[0], after[0])
    if metric in OF_CORRECT:
        ends = _both_ends(first, last, OF_CORRECT[metric], "correct")
        if ends[0].size:
            change, (of_low, of_high, _) = np.nanmean(ends[1] - ends[0]), _interval_of_change(*ends)
            note = f"{OF_CORRECT[metric]} of correct answers alone: {change:+.3f} [{of_low:+.3f} to {of_high:+.3f}]"
    return {
        "low": low,
        "high": high,
        "effect_size": effect_size(before, after),
        "p": p,
        "problems": before.shape[1],
        "note": note,
    }


def _second_sample(first: pl.DataFrame, last: pl.DataFrame) -> float:
    """second_sample_p_value of the test problems with two samples of M1 or more."""
    shares, numbers = (_both_ends(first, last, metric, "test") for metric in ("sample_accuracy", "samples"))
    enough = numbers[0] >= 2  # not for nan
    n, m = (number[enough].astype(int) for number in numbers)
    before, after = (np.rint(share[enough] * of).astype(int) for share, of in zip(shares, (n, m), strict=True))
    return second_sample_p_value(before, after, n, m)


def _disparity_certainty(first: pl.DataFrame, last: pl.DataFrame, name: str) -> dict:
    levels = sorted(
        (subset for subset in first["subset"].unique() if subset.startswith(f"{name}/level=")),
        key=lambda subset: int(subset.rpartition("=")[2]),
    )
    easy, hard = (_both_ends(first, last, "pass_at_1", level) for level in (levels[0], levels[-1]))
    # Problems are drawn within their level, the same ones for both models.
    of_easy, of_hard = resampled_means(np.stack(easy), seed=0), resampled_means(np.stack(hard), seed=1)
    draws = disparity(of_easy, of_hard)
    points = disparity(np.nanmean(np.stack(easy), axis=-1), np.nanmean(np.stack(hard), axis=-1))
    change = draws[1] - draws[0], points[1] - points[0]
    low, high = interval(over_replicates(*change))
    one_run = len(easy[0]) == 1
    moved = [
        f"{level.rpartition('/')[2]} {np.nanmean(b - a):+.3f}"
        for level, (a, b) in zip((levels[0], levels[-1]), (easy, hard), strict=True)
    ]
    return {
        "low": float(low),
        "high": float(high),
        "effect_size": None,
        "p": paired_disparity_p_value(*([of_end[0] for of_end in level] for level in (easy, hard)))
        if one_run
        else replicates_p_value(*change),
        "problems": easy[0].shape[1] + hard[0].shape[1],
        "note": "accuracy at " + ", at ".join(moved),
    }


def _interval_of_change(before: np.ndarray, after: np.ndarray) -> tuple[float, float, float]:
    """95 % interval of the mean change and its p (nan for one replicate); replicates x problems each."""
    if not before.size:
        return float("nan"), float("nan"), float("nan")
    change = after - before
    draws, points = resampled_means(change[None])[0], np.nanmean(change, axis=-1)
    low, high = interval(over_replicates(draws, points))
    return float(low), float(high), replicates_p_value(draws, points)


def _both_ends(first: pl.DataFrame, last: pl.DataFrame, metric: str, subset: str) -> tuple[np.ndarray, np.ndarray]:
    """(values at M1, values at the last iteration), replicates x problems that have both; nan where one
    lacks it."""
    wanted = (pl.col("metric") == metric) & (pl.col("subset") == subset)
    pairs = first.filter(wanted).join(last.filter(wanted), on=["replicate", "problem_id"], suffix="_last")
    pairs = pairs.drop_nulls(["value", "value_last"]).sort("replicate", "problem_id")
    if pairs.is_empty():
        return np.empty((1, 0)), np.empty((1, 0))
    before, after = (
        pairs.pivot("problem_id", index="replicate", values=column).drop("replicate").to_numpy()
        for column in ("value", "value_last")
    )
    return before, after


def _published(metric: str, subset: str, printed: list[dict]) -> dict:
    """The paper's numbers for greedy accuracy, as shares; nothing for other dimensions or methods that it has not."""
    row = printed[0] if printed and (metric, subset) == ("pass_at_1", "test") else None
    return {
        "published_first": row and row["m1_pass_at_1"] / 100,
        "published_best": row and row["best_pass_at_1"] / 100,
        "published_best_iteration": row and row["best_iteration"],
    }


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _may_have_lost(row: dict) -> bool:
    """Whether the interval reaches a loss of MARGIN, or there is none."""
    return row["low"] is None or (-row["high"] if _falling_is_good(row) else row["low"]) <= -MARGIN


def _falling_is_good(row: dict) -> bool:
    return row["metric"] == "group_disparity"


def _verdict(row: dict) -> str:
    up, down = row["low"] > 0, row["high"] < 0  # neither for nan
    if not row["p_adjusted"] < SIGNIFICANT or not (up or down):
        return "unclear"
    return "progress" if up != _falling_is_good(row) else "regress"


def _in_full(row: dict) -> str:
    word = "up" if row["change"] > 0 else "down" if row["change"] < 0 else "unchanged"
    limits = "no interval" if row["low"] is None else f"{row['low']:+.3f} to {row['high']:+.3f}"
    return (
        f"{row['dimension']} {word} {row['change']:+.3f} [{limits}] from {row['first']:.3f} to {row['last']:.3f}, "
        f"best {row['best']:.3f} at M{row['best_iteration']}"
    )
