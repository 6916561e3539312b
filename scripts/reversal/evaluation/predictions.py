"""What the literature predicts of an arm beside what came out: each prediction held against one paired difference."""

import polars as pl

from reversal.evaluation.dimensions import DIVERSITIES, MARGINS
from reversal.evaluation.paired import certainty, problem_values
from reversal.evaluation.uncertainty import holm

SIGNIFICANT = 0.05
PREDICTIONS = dict.fromkeys(["arm", "against", "accuracy", "pass@N", "diversity", "claim", "source"], pl.String)
FIRST = "M1"  # what an arm is held against, beside the last models of other arms


def measures(accuracy: str, most: int) -> dict[str, tuple[str, str]]:
    """{measure: (metric, subset)} of PROBLEM_SCORES. Diversity is that of the reasoning of right answers."""
    diversity = (DIVERSITIES["logical diversity"], "correct")
    return {"accuracy": (accuracy, "test"), "pass@N": (f"pass_at_{most}", "test"), "diversity": diversity}


def held(
    predictions: list[dict],
    values: pl.DataFrame,
    series: dict[str, list[str]],
    of_measures: dict[str, tuple[str, str]],
    clusters: dict[str, str],
) -> list[dict]:
    """A row per predicted measure: {arm, against, measure, predicted, difference, low, high, p_adjusted, outcome, ..}.

    predictions: rows of PREDICTIONS; those of arms that the study has not are left out. values: PROBLEM_SCORES with
    columns replicate and lineage. series: {arm: lineages of M1 .. MT}. The difference is that of the arm's last model
    to the other arm's last, or to M1, paired by problem; p is adjusted by Holm over all rows.
    """
    rows = []
    for prediction in predictions:
        arm, against = prediction["arm"], prediction["against"]
        if arm not in series or (against != FIRST and against not in series):
            continue
        ends = [series[arm][0] if against == FIRST else series[against][-1], series[arm][-1]]
        for measure, (metric, subset) in of_measures.items():
            (before, after), numbers = problem_values(values, ends, metric, subset, clusters)
            if prediction[measure] and before.size:
                sure = certainty(before, after, numbers)
                row = {key: prediction[key] for key in ("arm", "against", "claim", "source")} | {"measure": measure}
                row |= {"predicted": prediction[measure], "difference": sure["change"]}
                row |= {key: sure[key] for key in ("low", "high", "p")}
                rows.append(row | {"margin": MARGINS[measure] * sure["first"]})
    adjusted = holm([row["p"] for row in rows])
    rows = [row | {"p_adjusted": p} for row, p in zip(rows, adjusted, strict=True)]
    return [row | {"outcome": outcome(row)} for row in rows]


def outcome(row: dict) -> str:
    """fits, contradicted, or not shown. "same" fits where the interval lies within the margin of the other's value."""
    sure = row["p_adjusted"] < SIGNIFICANT
    up, down = sure and row["low"] > 0, sure and row["high"] < 0
    if row["predicted"] == "same":
        within = -row["margin"] < row["low"] and row["high"] < row["margin"]
        return "fits" if within else "contradicted" if up or down else "not shown"
    as_told, otherwise = (up, down) if row["predicted"] == "higher" else (down, up)
    return "fits" if as_told else "contradicted" if otherwise else "not shown"
