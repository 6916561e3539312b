"""What became of a method, of rows that are written out."""

import numpy as np
import polars as pl
import pytest
from reversal.evaluation.frontier import of_last_models
from reversal.evaluation.outcomes import outcome_and_why, outcomes, problems_needed, smallest_seen
from reversal.evaluation.paired import certainty
from reversal.tables import CHANGES, FRONTIER, OUTCOMES

EDGE = {"margin": 0.05, "replicates": 1, "problems": 100, "role": "primary"}


def row(dimension: str, verdict: str, low: float | None = -0.01, high: float | None = 0.01, **others) -> dict:
    return (
        dict.fromkeys(CHANGES) | EDGE | {"dimension": dimension, "verdict": verdict, "low": low, "high": high} | others
    )


UP = row("accuracy", "progress", 0.1, 0.2)
SAME = row("accuracy", "unclear")
NARROWER = row("logical diversity", "regress", -0.3, -0.2, metric="pairs")
WIDE = row("pass@8", "unclear", -0.06, 0.06)
DEEP = row("pass@8", "regress", -0.3, -0.2, metric="pass_at_8")


def on(*places: tuple[str, str]) -> list[dict]:
    return [{"measure": measure, "position": position} for measure, position in places]


@pytest.mark.parametrize(
    ("rows", "frontier", "outcome", "why"),
    [
        (
            [row("accuracy", "regress", -0.2, -0.1), NARROWER],
            [],
            "regressed",
            "Accuracy fell; logical diversity regressed.",
        ),
        (
            [SAME, NARROWER],
            [],
            "no progress",
            "Accuracy was shown to lie within 0.050 of M1's; logical diversity regressed.",
        ),
        (
            [row("accuracy", "unclear", -0.06, 0.02)],
            [],
            "unclear",
            "The change of accuracy is not beyond chance; this study sees a change of 0.057 in 80% of cases.",
        ),
        ([row("accuracy", "unclear", None, None)], [], "unclear", "The change of accuracy is not beyond chance."),
        (
            [UP, row("pass@8", "unclear")],
            [],
            "progress",
            "Accuracy rose, and every other primary dimension was shown to have kept within its margin.",
        ),
        (
            [UP, row("pass@8", "progress", 0.1, 0.2), row("x", "regress", -1, -1, role="secondary")],
            [],
            "progress",
            None,
        ),
        (
            [UP, WIDE],
            [],
            "progress, reversal not excluded",
            "Accuracy rose and nothing regressed; a loss beyond its margin is possible: pass@8 (about 300 problems "
            "would tell, here 100).",
        ),
        (
            [UP, row("pass@8", "unclear", None, None)],
            [],
            "progress, reversal not excluded",
            "Accuracy rose and nothing regressed; a loss beyond its margin is possible: pass@8 (more runs or problems "
            "would tell).",
        ),
        ([UP], [], "progress, reversal not excluded", "Accuracy rose, and nothing else was measured."),
        ([UP, NARROWER, WIDE], [], "progress with reversal", "Accuracy rose, and logical diversity regressed."),
        (
            [UP, NARROWER, DEEP],
            on(("logical diversity", "on"), ("pass@8", "beyond")),
            "sharpened",
            "Accuracy rose; logical diversity and pass@8 fell no further than M1's own frontier.",
        ),
        ([UP, NARROWER, DEEP], on(("logical diversity", "on"), ("pass@8", "inside")), "progress with reversal", None),
        # The frontier does not speak of it, or cannot tell: what fell, fell.
        ([UP, NARROWER, DEEP], on(("logical diversity", "on")), "progress with reversal", None),
        ([UP, NARROWER], on(("logical diversity", "not comparable")), "progress with reversal", None),
        ([WIDE], [], "unclear", "Accuracy was not measured."),
        ([], [], "unclear", "Accuracy was not measured."),
    ],
)
def test_a_method_has_one_outcome_and_a_reason(rows, frontier, outcome, why):
    found = outcome_and_why(rows, frontier, tests=1)
    assert found[0] == outcome and found[1] == (why or found[1])


def test_the_table_of_outcomes():
    place = {"model": "m", "task": "t", "method": "a"}
    best = row("accuracy of the best iteration", "progress", 0.05, 0.15, change=0.1, role="secondary")
    rows = [
        UP | {"first": 0.5, "last": 0.65, "change": 0.15, "best": 0.7, "best_iteration": 3, "p": 0.01},
        NARROWER,
        best,
    ]
    table = pl.DataFrame([found | place for found in rows] + [SAME | place | {"method": "b"}], schema=CHANGES)
    found = outcomes(table, [], "of this run: one base, one seed")
    assert found.schema == OUTCOMES
    assert found.drop("why", "smallest_seen").rows() == [
        (
            *("m", "t", "a", "progress with reversal", "of this run: one base, one seed"),
            *(0.5, 0.65, 0.15, 0.1, 0.2, 0.7, 3, 0.1, 0.05, 0.15),
        ),
        ("m", "t", "b", "no progress", "of this run: one base, one seed", None, None, None, -0.01, 0.01, *[None] * 5),
    ]


def test_the_frontier_of_a_methods_last_model_decides():
    place = {"model": "m", "task": "t", "method": "a"}
    table = pl.DataFrame([UP | place, NARROWER | place], schema=CHANGES)
    rows = [
        place | {"method": method, "iteration": t, "comparison": comparison, "measure": "logical diversity"} | at
        for method, t, comparison, at in [
            ("a", 3, "whole frontier", {"position": "on"}),
            ("a", 2, "whole frontier", {"position": "inside"}),
            ("a", 3, "temperature", {"position": "inside"}),
            ("b", 3, "whole frontier", {"position": "inside"}),
        ]
    ]
    frontier = pl.DataFrame([dict.fromkeys(FRONTIER) | row for row in rows], schema=FRONTIER)
    (found,) = outcomes(table, of_last_models(frontier), "")["outcome"]
    assert found == "sharpened"
    (found,) = outcomes(table, of_last_models(frontier.filter(iteration=2)), "")["outcome"]
    assert found == "progress with reversal"


def test_the_smallest_change_seen_is_found_in_four_of_five_studies():
    """400 problems, of which a fifth turn right or wrong."""
    rng = np.random.default_rng(0)
    found, moved = [], 0.2
    pilot = certainty(np.zeros((1, 400)), rng.choice([1.0, -1, 0], (1, 400), p=[0.1, 0.1, 0.8]) / 2, None)
    gain = 2 * smallest_seen(pilot, tests=5)
    for _ in range(300):
        change = rng.choice([1, -1, 0], 400, p=[(moved + gain) / 2, (moved - gain) / 2, 1 - moved])
        up, down = (change == 1).sum(), (change == -1).sum()
        from scipy.stats import binomtest

        found.append(binomtest(up, up + down).pvalue * 5 < 0.05)
    assert np.mean(found) == pytest.approx(0.8, abs=0.08)


def test_problems_needed_scale_with_the_square_of_the_error():
    wide, narrow = row("x", "unclear", -0.1, 0.1), row("x", "unclear", -0.05, 0.05)
    assert problems_needed(wide) == 820  # 100 (2.80 0.051 / 0.05)^2 = 817
    assert problems_needed(narrow) == 210
    assert problems_needed(wide | {"replicates": 2}) is None and problems_needed(wide | {"margin": 0.0}) is None
