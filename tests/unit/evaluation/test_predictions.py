from pathlib import Path

import polars as pl
import pytest
from reversal.evaluation import predictions
from reversal.evaluation.predictions import PREDICTIONS

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("predicted", "low", "high", "p_adjusted", "expected"),
    [
        ("higher", 0.01, 0.2, 0.01, "fits"),
        ("higher", 0.01, 0.2, 0.06, "not shown"),
        ("higher", -0.2, -0.01, 0.01, "contradicted"),
        ("lower", -0.2, -0.01, 0.01, "fits"),
        ("lower", 0.01, 0.2, 0.01, "contradicted"),
        ("lower", -0.1, 0.1, 0.9, "not shown"),
        ("same", -0.04, 0.04, 0.9, "fits"),
        ("same", 0.01, 0.04, 0.01, "fits"),  # shown to differ, by too little to matter
        ("same", 0.01, 0.2, 0.01, "contradicted"),
        ("same", -0.2, 0.2, 0.9, "not shown"),
    ],
)
def test_outcome(predicted, low, high, p_adjusted, expected):
    row = {"predicted": predicted, "low": low, "high": high, "p_adjusted": p_adjusted, "margin": 0.05}
    assert predictions.outcome(row) == expected


def test_an_arm_is_held_against_m1_or_the_last_model_of_another():
    """40 problems: M1 solves none, the plain arm's last model all, the other arm's none; no pass@N is predicted."""
    right = {"m1": 0.0, "plain2": 1.0, "other2": 0.0}
    rows = [
        (0, lineage, f"p{i}", metric, "test", value, 1.0)
        for lineage, value in right.items()
        for i in range(40)
        for metric in ("pass_at_1", "pass_at_8")
    ]
    schema = ["replicate", "lineage", "problem_id", "metric", "subset", "value", "weight"]
    values = pl.DataFrame(rows, schema=schema, orient="row")
    told = [
        dict.fromkeys(PREDICTIONS) | {"arm": "plain", "against": "M1", "accuracy": "higher", "diversity": "lower"},
        dict.fromkeys(PREDICTIONS) | {"arm": "other", "against": "plain", "accuracy": "higher", "source": "a paper"},
        dict.fromkeys(PREDICTIONS) | {"arm": "not here", "against": "plain", "accuracy": "higher"},
    ]
    series = {"plain": ["m1", "plain2"], "other": ["m1", "other2"]}
    found = predictions.held(told, values, series, predictions.measures("pass_at_1", 8), {})
    shown = ("arm", "against", "measure", "predicted", "difference", "outcome", "source")
    assert [tuple(row[key] for key in shown) for row in found] == [
        ("plain", "M1", "accuracy", "higher", 1.0, "fits", None),
        ("other", "plain", "accuracy", "higher", -1.0, "contradicted", "a paper"),
    ]


def test_predictions_are_of_arms_and_in_the_words_that_there_are():
    table = pl.read_csv(ROOT / "studies/mitigation_predictions.csv", schema=PREDICTIONS)
    arms = table["arm"].to_list()
    assert len(set(arms)) == len(arms) and set(table["against"]) <= {"M1", *arms}
    for measure in ("accuracy", "pass@N", "diversity"):
        assert set(table[measure].drop_nulls()) <= {"higher", "same", "lower"}
