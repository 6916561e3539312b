"""The paper's coverage rule against what happened, and against chance.

The rule: where M1's coverage is above 0.5, a method with DPO steps has the best iteration of all, elsewhere pure SFT.
The best of many iterations looks good by luck, the more so the more there are. So the best iteration of either kind of
method is chosen on one half of the problems and judged on the other, and vice versa (best_iteration.cross_fitted).
"""

import polars as pl

from reversal.evaluation.best_iteration import cross_fitted
from reversal.evaluation.paired import certainty, problem_values

COVERED = 0.5
ROUNDING = 1e-9  # means of the same accuracies over seeds differ by less, depending on their order


def coverage_rule(
    metrics: pl.DataFrame,
    values: pl.DataFrame,
    series: dict[str, list[str]],
    kinds: dict[str, str],
    published: pl.DataFrame,
    clusters: dict[str, str],
) -> list[dict]:
    """The row of RULE of one model and task; none where the rule says nothing of its methods.

    What M1's coverage predicts, which method was best, and the same of the paper's numbers. metrics: METRICS. values:
    PROBLEM_SCORES with columns replicate and lineage. kinds: {method: dpo, sft or other}
    (study.kinds_of_methods), of the last of which the rule says nothing. published: PUBLISHED.
    """
    kinds = {method: kind for method, kind in kinds.items() if kind != "other"}
    of_task = metrics.filter(pl.col("method").is_in(list(kinds)))
    if of_task.is_empty():
        return []
    model, task = of_task.select("model", "task").row(0)
    coverage = of_task.filter(metric="coverage", subset="train", iteration=1)["value"].mean()
    expects = None if coverage is None else "dpo" if coverage > COVERED else "sft"
    accuracy = of_task.filter(metric="pass_at_1", subset="test").group_by("method", "iteration", maintain_order=True)
    best = accuracy.agg(pl.col("value").mean()).group_by("method", maintain_order=True).agg(pl.col("value").max())
    best = {method: value for method, value in best.rows() if value is not None}
    top = max(best.values(), default=None)
    winners = [method for method, value in best.items() if value > top - ROUNDING]
    row = {"model": model, "task": task, "coverage": coverage, "rule_expects": expects}
    row |= {"best_method": ", ".join(winners), "best_accuracy": top}
    lineages = {kind: _later(series, kinds, kind) for kind in ("dpo", "sft")}
    return [row | _compared(values, lineages, expects, clusters) | _published(published.filter(model=model, task=task))]


def _later(series: dict[str, list[str]], kinds: dict[str, str], kind: str) -> list[str]:
    """The lineages behind M1 of the methods of a kind, each once."""
    return list(dict.fromkeys(line for method in kinds if kinds[method] == kind for line in series[method][1:]))


def _compared(values: pl.DataFrame, lineages: dict[str, list[str]], expects: str | None, clusters: dict) -> dict:
    """margin, low, high and rule_fits."""
    nothing = {"margin": None, "low": None, "high": None, "rule_fits": "not compared"}
    if expects is None or not all(lineages.values()):
        return nothing
    kinds = [expects, "sft" if expects == "dpo" else "dpo"]
    both = list(dict.fromkeys(lineages[kinds[0]] + lineages[kinds[1]]))
    found, of_problems = problem_values(values, both, "pass_at_1", "test", clusters)
    if not found.size:
        return nothing
    of_kind = [found[[both.index(line) for line in lineages[kind]]] for kind in kinds]
    mine, others = (cross_fitted(candidates, of_problems)[0] for candidates in of_kind)
    sure = certainty(others, mine, of_problems)
    fits = "yes" if sure["low"] > 0 else "no" if sure["high"] < 0 else "not shown"
    return {"margin": sure["change"], "low": sure["low"], "high": sure["high"], "rule_fits": fits}


def _published(printed: pl.DataFrame) -> dict:
    """What the paper's own numbers say, which have no error: yes, no or tie."""
    coverage, best = printed["m1_coverage"].mean(), {"dpo": None, "sft": None}
    for method, value in printed.select("method", "best_pass_at_1").rows():
        kind = "dpo" if "dpo" in method else "sft"
        best[kind] = max(value, best[kind] or value)
    if coverage is None or None in best.values():
        return {"published_coverage": coverage, "published_rule_fits": None if coverage is None else "not compared"}
    tie = abs(best["dpo"] - best["sft"]) < ROUNDING
    fits = "tie" if tie else "yes" if (coverage > COVERED) == (best["dpo"] > best["sft"]) else "no"
    return {"published_coverage": coverage, "published_rule_fits": fits}
