"""Each base as a study of its own."""

import polars as pl
from reversal.evaluation.bases import changes_of_bases, verdicts_of_bases
from reversal.tables import METRICS, PROBLEM_SCORES, PUBLISHED

SERIES = {"both": ["sft", "sft-sft"]}
NOTHING_PRINTED = pl.DataFrame(schema=PUBLISHED)
# {base: {metric: values of M1's and M2's 40 problems}}: the first gains and narrows, the second does not change.
GAINED = {"pass_at_1": ([0.0] * 40, [1.0] * 30 + [0.0] * 10), "pairwise_distinct_n": ([0.75] * 40, [0.5, 0.25] * 20)}
SAME = {name: (first, first) for name, (first, _) in GAINED.items()}
OUTCOMES = {3: GAINED | {"pass_at_2": ([0.5] * 40, [0.5] * 40)}, 8: SAME | {"pass_at_2": ([0.5] * 40, [0.5] * 40)}}


def study() -> tuple[pl.DataFrame, pl.DataFrame]:
    metrics, values = [], []
    for base, outcomes in OUTCOMES.items():
        metrics.append(("s", "m", "t", "both", base, 0, 1, "sft", "coverage", "train", base / 10, 40))
        for metric, ends in outcomes.items():
            subset = "correct" if metric == "pairwise_distinct_n" else "test"
            for iteration, (lineage, found) in enumerate(zip(SERIES["both"], ends, strict=True), start=1):
                mean = sum(found) / len(found)
                metrics.append(("s", "m", "t", "both", base, 0, iteration, lineage, metric, subset, mean, 40))
                values += [(base, 0, lineage, f"t/{i}", metric, subset, v, 1.0) for i, v in enumerate(found)]
    named = {"base": pl.Int64, "seed": pl.Int64, "lineage": pl.String}
    return (
        pl.DataFrame(metrics, schema=METRICS, orient="row"),
        pl.DataFrame(values, schema=named | PROBLEM_SCORES, orient="row"),
    )


def test_every_base_is_judged_alone():
    metrics, values = study()
    rows = changes_of_bases(metrics, values, SERIES, [], NOTHING_PRINTED, {})
    found = verdicts_of_bases(rows, metrics)
    assert found.drop("low", "high").rows() == [
        ("m", "t", "both", 3, "progress with reversal", 0.3, 0.0, 0.75, "accuracy", "syntactic diversity"),
        ("m", "t", "both", 8, "unclear", 0.8, 0.0, 0.0, "", ""),
    ]
    assert found["low"][0] < 0.75 < found["high"][0]
