"""The paper's coverage rule against what happened.

The rule: where M1's coverage is above 0.5, a method with DPO steps has the best iteration of all, elsewhere pure SFT.
"""

import polars as pl

from reversal.tables import RULE

COVERED = 0.5
ROUNDING = 1e-9  # means of the same accuracies over seeds differ by less, depending on their order


def coverage_rule(metrics: pl.DataFrame, kinds: dict[str, str], published: pl.DataFrame) -> pl.DataFrame:
    """RULE: per model and task what M1's coverage predicts, which method was best, and the same of the paper's numbers.

    metrics: METRICS of a study. kinds: {method: "dpo" if it has a DPO step, else "sft", or "given"}, of which the rule
    says nothing: no row where all are. published: PUBLISHED.
    """
    metrics = metrics.filter(pl.col("method").is_in([method for method, kind in kinds.items() if kind != "given"]))
    wanted = pl.col("metric").is_in(["coverage", "pass_at_1"]) & pl.col("subset").is_in(["train", "test"])
    means = (
        metrics.filter(wanted)
        .group_by("model", "task", "method", "iteration", "metric", maintain_order=True)
        .agg(pl.col("value").mean())
    )
    printed_kinds = {name: "dpo" if "dpo" in name else "sft" for name in published["method"].unique()}
    rows = []
    for (model, task), group in means.group_by("model", "task", maintain_order=True):
        coverage = group.filter(metric="coverage")["value"].mean()
        accuracy = group.filter(metric="pass_at_1").group_by("method", maintain_order=True).agg(pl.col("value").max())
        printed = published.filter(model=model, task=task)
        printed_best = dict(printed.select("method", "best_pass_at_1").rows())
        printed_coverage = printed["m1_coverage"].mean()
        fits = _compared(printed_coverage, printed_best, printed_kinds)["rule_fits"] if printed_best else None
        names = {"model": model, "task": task, "coverage": coverage}
        found = _compared(coverage, dict(accuracy.rows()), kinds)
        rows.append(names | found | {"published_coverage": printed_coverage, "published_rule_fits": fits})
    return pl.DataFrame(rows, schema=RULE)


def _compared(coverage: float | None, best: dict[str, float | None], kinds: dict[str, str]) -> dict:
    """rule_expects, best_method, best_accuracy, margin and rule_fits, from the best accuracy of every method."""
    best = {method: value for method, value in best.items() if value is not None}
    expects = None if coverage is None else "dpo" if coverage > COVERED else "sft"
    top = max(best.values(), default=None)
    winners = [method for method, value in best.items() if value > top - ROUNDING]
    of_kind = {kind: max(v for m, v in best.items() if kinds[m] == kind) for kind in {kinds[method] for method in best}}
    found = {"rule_expects": expects, "best_method": ", ".join(winners), "best_accuracy": top}
    if expects is None or len(of_kind) < 2:
        return found | {"margin": None, "rule_fits": "not compared"}
    margin = abs(of_kind["dpo"] - of_kind["sft"])
    winner = max(of_kind, key=of_kind.get)
    return found | {"margin": margin, "rule_fits": "tie" if margin < ROUNDING else "yes" if winner == expects else "no"}
