"""The verdict for people."""

import polars as pl
import pytest
from reversal.evaluation.outcomes import OUTCOME, outcomes
from reversal.report.verdict_words import COLOURS, COLUMNS, in_words, sentence, verdict_text, wrapped
from reversal.tables import CHANGES

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
            "accuracy rose (+33.3 points, +27.6 to +39.4); correct answers more alike in words, meaning and reasoning; "
            "pass@8 fell (-10.0 points, -12.0 to -8.0)",
        ),
        (
            {"outcome": "sharpened", "runs": "bases: 3, seeds of each: 1"},
            ALIKE[2:],
            "accuracy rose (+33.3 points, +27.6 to +39.4); correct answers more alike in reasoning; no further than M1 "
            "itself at another temperature",
        ),
        (
            {"outcome": "progress", "runs": "of these models"},
            [],
            "accuracy rose (+33.3 points, +27.6 to +39.4); no other dimension lost more than its margin",
        ),
        (
            {"outcome": "progress, reversal not excluded"},
            [row("pass@8", 0.0, "unclear", half=0.1), row("logical diversity", 0.0, "unclear", low=None, high=None)],
            "accuracy rose (+33.3 points, +27.6 to +39.4); too little data on pass@8 (about 820 problems would do) and "
            "logical diversity",
        ),
        (
            {"outcome": "progress, reversal not excluded"},
            [],
            "accuracy rose (+33.3 points, +27.6 to +39.4); nothing else was measured",
        ),
        (
            {"change": 0.01, "low": -0.03, "high": 0.05},
            ALIKE[:1],
            "no gain in accuracy shown (+1.0 points, -3.0 to +5.0); correct answers more alike in words",
        ),
        (
            {"change": -0.01, "low": -0.05, "high": 0.03},
            [],
            "neither gain nor loss of accuracy shown (-1.0 points, -5.0 to +3.0)",
        ),
        (
            {"outcome": "no progress", "change": 0.001, "low": -0.01, "high": 0.012},
            [],
            "no gain in accuracy, as was shown (+0.1 points, -1.0 to +1.2)",
        ),
        ({"change": None}, [], "accuracy was not measured"),
        (
            {"outcome": "regressed", "change": -0.1, "low": None},
            [row("pass@8", -0.1, "regress")],
            "accuracy fell (-10.0 points); pass@8 fell (-10.0 points, -12.0 to -8.0)",
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
        "  a: accuracy rose (+30.0 points, +28.0 to +32.0); correct answers more alike in reasoning.\n"
        "  long name: accuracy fell (-30.0 points, -32.0 to -28.0).\n"
        "\n"
        "                     a                       long name\n"
        "  outcome            progress with reversal  regressed\n"
        "  accuracy           +0.300 progress         -0.300 regress\n"
        "  logical diversity  -0.100 regress\n"
    )
    assert "From M1 to the last model (" in verdict_text(changes, outcomes(changes, [], RUN), [2, 3])
    assert verdict_text(changes, changes, [1]) == "Only M1 was made (iterations: 1): there is no change to judge.\n"


def test_many_methods_stand_in_tables_below_each_other():
    rows = [row("accuracy", 0.3, "progress") | {"model": "m", "task": "t", "method": f"sft_{i}"} for i in range(6)]
    changes = pl.DataFrame(rows, schema=CHANGES)
    text = verdict_text(changes, outcomes(changes, [], RUN), [3] * 6)
    assert max(map(len, wrapped(text).splitlines())) <= COLUMNS
    assert [line.split() for line in text.splitlines() if line.startswith("  accuracy ")] == [
        ["accuracy", *["+0.300", "progress"] * count] for count in (2, 2, 2)
    ]


def test_long_lines_are_wrapped_with_what_goes_on_further_in():
    text = f"Not measured:\n  lengths: {'x ' * 60}\n\nend\n"
    assert wrapped(text) == (f"Not measured:\n  lengths: {'x ' * 44}x\n    {'x ' * 14}x\n\nend\n")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("iterative_sft", "iterative SFT"),
        ("iterative_sft_dpo", "iterative SFT-DPO"),
        ("answers", "answers"),
        ("late_dpo", "late DPO"),
    ],
)
def test_the_names_of_methods_in_words(name, words):
    assert in_words(name) == words


def test_every_outcome_has_a_colour():
    assert set(COLOURS) == set(OUTCOME)
