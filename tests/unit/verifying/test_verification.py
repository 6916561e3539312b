import os
import re
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from reversal.problem_sources.problems import load_problems
from reversal.tables import PROBLEMS, SAMPLES, VERDICT_ROWS, write
from reversal.verifying.verification import verifier, verify
from verify import main as judge_job

DATA = Path(os.environ.get("REVERSAL_DATA", Path(__file__).parents[3] / "../shared/data"))
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no folder {DATA}: set REVERSAL_DATA to the benchmark data")


def problems(answer_type: str, choices=None, tests=None, **gold: str) -> pl.DataFrame:
    rows = [(i, f"{i}?", answer, None, answer_type, None, None, choices, tests, None) for i, answer in gold.items()]
    return pl.DataFrame(rows, schema=PROBLEMS, orient="row")


def samples(rows: list[tuple[str, str]]) -> pl.DataFrame:
    full = [(p, "sampled", i, 0, text, 1, "stop", 0.75, 0.95, 9, "e") for i, (p, text) in enumerate(rows)]
    return pl.DataFrame(full, schema=SAMPLES, orient="row")


def verdicts(
    given: list[tuple[str, str]], expected: list[tuple], verifier: str, classes: dict[int, str | None] | None = None
) -> pl.DataFrame:
    """classes: by place; of any other answer that is correct or wrong it is the answer itself."""
    known = {i: row[0] for i, row in enumerate(expected) if row[1] in ("correct", "wrong")} | (classes or {})
    rows = [(p, "sampled", i, *expected[i], verifier, known.get(i)) for i, (p, _) in enumerate(given)]
    return pl.DataFrame(rows, schema=VERDICT_ROWS, orient="row")


def test_numbers():
    given = [
        ("b", "so\n#### $1,200.0"),
        ("a", "#### 1200"),
        ("a", "#### 3.50"),
        ("a", "it is 3.5"),
        ("b", "#### -1200"),
        ("b", "none"),
    ]
    expected = [
        ("1200", "correct", "1200", "correct"),
        ("1200", "wrong", "1200", "wrong"),
        ("3.5", "correct", "3.5", "correct"),
        (None, "no_answer", "3.5", "correct"),
        ("-1200", "wrong", "-1200", "wrong"),
        (None, "no_answer", None, "no_answer"),
    ]
    found = verify(samples(given), problems("number", a="3.5", b="1,200"), "####")
    assert_frame_equal(found, verdicts(given, expected, verifier("number", True)))


def test_expressions():
    given = [
        ("a", "so \\boxed{\\frac12}"),
        ("a", "so \\boxed{0.5}"),
        ("a", "so $\\frac{1}{2}$"),
        ("a", "\\boxed{2}"),
        ("a", "no"),
        ("b", "\\boxed{x+1}"),
        ("c", "\\boxed{(1,2)}"),
        ("d", "\\boxed{1 < x < 2}"),
        ("a", "\\boxed{" + "{" * 50_000 + "5" + "}" * 50_000 + "}"),
        ("a", "\\boxed{" + "{" * 100_000),
        ("a", "\\boxed{\x00\u202e}"),
    ]
    expected = [
        ("\\frac12", "correct", "\\frac12", "correct"),
        ("0.5", "correct", "0.5", "wrong"),  # the second reading compares texts only
        (None, "no_answer", "\\frac{1}{2}", "correct"),
        ("2", "wrong", "2", "wrong"),
        (None, "no_answer", None, "no_answer"),
        ("x+1", "correct", "x+1", "wrong"),
        ("(1,2)", "correct", "(1,2)", "wrong"),
        ("1 < x < 2", "wrong", "1 < x < 2", "wrong"),  # the judge has sides: an interval may stand for the gold bounds
        (None, "no_answer", "{" * 50_000 + "5" + "}" * 50_000, "wrong"),
        (None, "no_answer", None, "no_answer"),
        ("\x00\u202e", "wrong", "\x00\u202e", "wrong"),
    ]
    asked = problems("expression", a="\\frac{1}{2}", b="1+x", c="1 < x < 2", d="(1,2)")
    found = verify(samples(given), asked, "\\boxed{")
    classes = {0: "\\frac{1}{2}", 1: "\\frac{1}{2}", 5: "1+x", 6: "1 < x < 2"}  # of the correct ones, the gold answers
    assert_frame_equal(found, verdicts(given, expected, verifier("expression", True), classes))


def test_choices():
    given = [("a", "why\n#### B"), ("a", "#### library"), ("a", "#### A or B"), ("a", "so it is (B)"), ("a", "")]
    expected = [
        ("B", "correct", "B", "correct"),
        ("B", "correct", "B", "correct"),
        (None, "no_answer", None, "no_answer"),
        (None, "no_answer", "B", "correct"),
        (None, "no_answer", None, "no_answer"),
    ]
    found = verify(samples(given), problems("choice", choices=["bank", "library"], a="B"), "####")
    assert_frame_equal(found, verdicts(given, expected, verifier("choice", True)))


def test_programs():
    good = "def f(x):\n    return x + 1"
    fenced = f"Sure:\n```python\n{good}\n```"
    given = [("a", good), ("a", "def f(x):\n    return x"), ("a", fenced), ("a", "  "), ("a", good)]
    expected = [
        (good, "correct", good, "correct"),
        ("def f(x):\n    return x", "wrong", "def f(x):\n    return x", "wrong"),
        (fenced, "wrong", good + "\n", "correct"),
        (None, "no_answer", None, "no_answer"),
        (good, "correct", good, "correct"),
    ]
    asked = problems("program", tests=["assert f(1) == 2", "assert f(0) == 1"], a=good)
    found = verify(samples(given), asked, "####")
    unknown = dict.fromkeys(range(5))
    assert_frame_equal(found, verdicts(given, expected, verifier("program", True), unknown))
    without = verify(samples(given), asked, "####", sandboxed=False)
    assert_frame_equal(without, verdicts(given, expected, verifier("program", False), unknown))


def test_the_verifier_says_what_beside_the_code_can_change_a_verdict():
    assert verifier("number", False) == "number"
    assert re.fullmatch(r"expression, math-verify 0\.\d+\.\d+", verifier("expression", True))
    assert re.fullmatch(r"program, Python 3\.\d+\.\d+, without sandbox", verifier("program", False))


@pytest.mark.parametrize("answer_type", ["number", "expression", "choice", "program"])
def test_no_samples_give_no_verdicts(answer_type):
    asked = problems(answer_type, choices=["x"], tests=["assert True"], a="1")
    assert_frame_equal(verify(samples([]), asked, "####"), pl.DataFrame(schema=VERDICT_ROWS))


def test_what_cannot_be_judged_is_named():
    with pytest.raises(ValueError, match=r"unknown problems: \['c', 'd'\]"):
        verify(samples([("d", "#### 1"), ("c", "#### 1"), ("a", "#### 1")]), problems("number", a="1"), "####")
    with pytest.raises(ValueError, match="problem a: the gold answer 'six' is not a number"):
        verify(samples([]), problems("number", a="six"), "####")
    with pytest.raises(ValueError, match="of one type"):
        verify(samples([]), pl.concat([problems("number", a="1"), problems("choice", b="A")]), "####")


def test_a_job_that_could_not_judge_names_the_problems_and_writes_nothing(tmp_path):
    """Outside a sandbox a program can kill the process that would judge it."""
    paths = [str(tmp_path / name) for name in ("samples.parquet", "problems.parquet", "verdicts.parquet")]
    write(samples([("a", "x = 1"), ("b", "import os\nos.kill(os.getppid(), 9)")]), SAMPLES, paths[0])
    write(problems("program", tests=["assert x == 1"], a="x = 1", b="x = 1"), PROBLEMS, paths[1])
    with pytest.raises(RuntimeError, match=r"samples\.parquet: answers to 1 problem\(s\) could not be judged .*\(b\)"):
        judge_job(*paths[:2], None, "####", 1, False, paths[2])
    assert not Path(paths[2]).exists()


def test_gold_answers_that_can_be_compared_as_text_only_are_named_where_nothing_solves_them(tmp_path, capsys):
    unreadable = r"x \equiv 1 \pmod{3}"
    asked = problems("expression", a=r"\frac{1}{2}", b=unreadable, c=unreadable)
    given = samples([("a", r"\boxed{3}"), ("b", r"\boxed{3}"), ("c", rf"\boxed{{{unreadable}}}")])
    paths = [str(tmp_path / name) for name in ("samples.parquet", "problems.parquet", "verdicts.parquet")]
    write(given, SAMPLES, paths[0])
    write(asked, PROBLEMS, paths[1])
    judge_job(*paths[:2], None, "\\boxed{", 1, True, paths[2])
    named = [line for line in capsys.readouterr().out.splitlines() if "math-verify" in line]
    assert named == [f"b: math-verify cannot read all of the gold answer {unreadable!r}; only this text is correct"]


@needs_data
@pytest.mark.parametrize("split", ["train", "test"])
def test_every_gold_solution_of_gsm8k_is_correct_and_wrong_for_another_answer(split):
    gold = load_problems({"file": str(DATA / f"gsm8k/{split}.jsonl"), "format": "gsm8k"}, "g", split)
    given = samples(list(gold.select("problem_id", "gold_solution").iter_rows()))
    assert set(verify(given, gold, "####")["verdict"]) == {"correct"}
    others = gold.with_columns(pl.col("gold_answer") + "1")
    assert set(verify(given, others, "####")["verdict"]) == {"wrong"}


@needs_data
@pytest.mark.parametrize("split", ["train", "dev"])
def test_every_gold_letter_and_option_text_of_commonsenseqa_is_correct(split):
    file = str(DATA / f"commonsenseqa/{split}_rand_split.jsonl")
    gold = load_problems({"file": file, "format": "commonsenseqa"}, "c", split)
    letters = [(i, f"So it is.\n#### {letter}") for i, letter in gold.select("problem_id", "gold_answer").iter_rows()]
    assert set(verify(samples(letters), gold, "####")["verdict"]) == {"correct"}
    texts = [
        (row["problem_id"], f"#### {row['choices'][ord(row['gold_answer']) - ord('A')]}")
        for row in gold.iter_rows(named=True)
        if len(set(map(str.casefold, row["choices"]))) == len(row["choices"])
    ]
    judged = verify(samples(texts), gold, "####")
    assert judged["verdict"].value_counts(sort=True).rows()[0] == ("correct", len(texts))
