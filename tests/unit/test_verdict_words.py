"""The verdict for people."""

import polars as pl
import pytest
from reversal.outcomes import OUTCOME, outcomes
from reversal.tables import CHANGES
from reversal.verdict_words import COLOURS, sentence, verdict_text

RUN = "of this run: one base, one seed"
OUTCOME_ROW = {"outcome": "unclear", "runs": RUN, "change": 0.333, "low": 0.276, "high": 0.394, "smallest_seen": 0.06}


def row(dimension: str, change: float, verdict: str, half: float = 0.02, **others) -> dict:
    found = {"dimension": dimension, "change": change, "low": change - half, "high": change + half, "verdict": verdict}
    found |= {"role": "primary", "margin": 0.05, "replicates": 1, "problems": 100, "p": 0.5}
    return dict.fromkeys(CHANGES) | found | others


ALIKE = [row(f"{kind} diversity", -0.1, "regress") for kind in ("syntactic", "semantic", "logical")]


@pytest.mark.parametrize(
    ("outcome", "rows", "said"),
    [
        (
            {"outcome": "progress with reversal"},
            [*ALIKE, row("pass@8", -0.1, "regress"), row("OOD accuracy on far", 0.1, "progress")],
            "progress with reversal (of this run): accuracy +33.3 points (27.6 to 39.4); correct answers more alike in "
            "words, meaning and reasoning; pass@8 -10.0 points",
        ),
        (
            {"outcome": "sharpened", "runs": "bases: 3, seeds of each: 1"},
            ALIKE[2:],
            "sharpened: accuracy +33.3 points (27.6 to 39.4); correct answers more alike in reasoning; no further than "
            "M1 itself at another temperature",
        ),
        (
            {"outcome": "progress", "runs": "of these models"},
            [],
            "progress (of these models): accuracy +33.3 points (27.6 to 39.4); no other dimension lost more than its "
            "margin",
        ),
        (
            {"outcome": "progress, reversal not excluded"},
            [row("pass@8", 0.0, "unclear", half=0.1), row("logical diversity", 0.0, "unclear", low=None, high=None)],
            "progress, reversal not excluded (of this run): accuracy +33.3 points (27.6 to 39.4); too little data on "
            "pass@8 (about 820 problems would do) and logical diversity",
        ),
        (
            {"outcome": "progress, reversal not excluded"},
            [],
            "progress, reversal not excluded (of this run): accuracy +33.3 points (27.6 to 39.4); nothing else was "
            "measured",
        ),
        (
            {"change": 0.01, "low": -0.03, "high": 0.05},
            [],
            "unclear (of this run): accuracy +1.0 points (-3.0 to 5.0), where 6.0 would be seen in 4 of 5 such studies",
        ),
        ({"change": None}, [], "unclear (of this run): accuracy was not measured"),
        (
            {"outcome": "regressed", "change": -0.1, "low": None},
            [row("pass@8", -0.1, "regress")],
            "regressed (of this run): accuracy -10.0 points; pass@8 -10.0 points",
        ),
    ],
)
def test_a_method_in_one_sentence(outcome, rows, said):
    assert sentence(OUTCOME_ROW | outcome, [row("accuracy", 0.333, "progress"), *rows]) == said


def test_a_run_ends_with_a_sentence_per_method_and_a_small_table():
    place = {"model": "m", "task": "t"}
    rows = [
        row("accuracy", 0.3, "progress") | place | {"method": "a"},
        row("logical diversity", -0.1, "regress") | place | {"method": "a"},
        row("beyond N samples", 0.1, "progress", role="secondary") | place | {"method": "a"},
        row("accuracy", -0.3, "regress") | place | {"method": "long_name"},
    ]
    changes = pl.DataFrame(rows, schema=CHANGES)
    text = verdict_text(changes, outcomes(changes, [], RUN), [3, 3])
    assert text == (
        "From M1 to M3 (of this run: one base, one seed; 95 % intervals; p adjusted over the study's primary "
        "dimensions)\n"
        "\n"
        "m on t\n"
        "  a: progress with reversal (of this run): accuracy +30.0 points (28.0 to 32.0); correct answers more alike "
        "in reasoning.\n"
        "  long_name: regressed (of this run): accuracy -30.0 points (-32.0 to -28.0).\n"
        "\n"
        "                     a                long_name\n"
        "  accuracy           +0.300 progress  -0.300 regress\n"
        "  logical diversity  -0.100 regress\n"
    )
    assert "From M1 to the last model (" in verdict_text(changes, outcomes(changes, [], RUN), [2, 3])
    assert verdict_text(changes, changes, [1]) == "Only M1 was made (iterations: 1): there is no change to judge.\n"


def test_every_outcome_has_a_colour():
    assert set(COLOURS) == set(OUTCOME)
