import os
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from reversal.problems import load_problems
from reversal.tables import PROBLEMS, SAMPLES, VERDICT_ROWS
from reversal.verification import VERSION, verify

DATA = Path(os.environ.get("REVERSAL_DATA", Path(__file__).parents[2] / "../shared/data"))


def problems(**gold: str) -> pl.DataFrame:
    rows = [(problem, f"{problem}?", answer, f"#### {answer}", None, None) for problem, answer in gold.items()]
    return pl.DataFrame(rows, schema=PROBLEMS, orient="row")


def samples(rows: list[tuple[str, str]]) -> pl.DataFrame:
    full = [(p, "sampled", i, 0, text, 1, "stop", 0.75, 0.95, 9, "e") for i, (p, text) in enumerate(rows)]
    return pl.DataFrame(full, schema=SAMPLES, orient="row")


def test_verdicts():
    answers = [
        ("b", "so\n#### $1,200.0"),
        ("a", "#### 1200"),
        ("a", "#### 3.50"),
        ("a", "3.5"),
        ("b", "#### -1200"),
        ("b", "3.5"),
    ]
    expected = [("1200", "correct"), ("1200", "wrong"), ("3.5", "correct"), (None, "no_answer"), ("-1200", "wrong")]
    expected.append((None, "no_answer"))
    assert_frame_equal(
        verify(samples(answers), problems(a="3.5", b="1,200")),
        pl.DataFrame(
            [(p, "sampled", i, *expected[i], VERSION) for i, (p, _) in enumerate(answers)],
            schema=VERDICT_ROWS,
            orient="row",
        ),
    )


def test_no_samples_give_no_verdicts():
    assert_frame_equal(verify(samples([]), problems(a="1")), pl.DataFrame(schema=VERDICT_ROWS))


def test_an_unknown_problem_and_a_gold_answer_that_is_no_number_are_named():
    with pytest.raises(ValueError, match=r"unknown problems: \['c', 'd'\]"):
        verify(samples([("d", "#### 1"), ("c", "#### 1"), ("a", "#### 1")]), problems(a="1"))
    with pytest.raises(ValueError, match="problem a: the gold answer 'six' is not a number"):
        verify(samples([]), problems(a="six"))


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no folder {DATA}: set REVERSAL_DATA to the benchmark data")
@pytest.mark.parametrize("split", ["train", "test"])
def test_every_gold_solution_of_gsm8k_is_correct_and_wrong_for_another_answer(split):
    gold = load_problems({"file": str(DATA / f"gsm8k/{split}.jsonl"), "format": "gsm8k"}, "g", split)
    given = samples(list(gold.select("problem_id", "gold_solution").iter_rows()))
    assert set(verify(given, gold)["verdict"]) == {"correct"}
    others = gold.with_columns(pl.col("gold_answer") + "1")
    assert set(verify(given, others)["verdict"]) == {"wrong"}
