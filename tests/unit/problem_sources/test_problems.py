import json
import os
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from reversal.problem_sources.problems import drop_duplicates, load_problems
from reversal.tables import DROPPED, PROBLEMS

DATA = Path(os.environ.get("REVERSAL_DATA", Path(__file__).parents[3] / "../shared/data"))
GSM8K = {"question": "1+1?", "answer": "<<1+1=2>>2\n#### 2"}
MATH = {"problem": "1+1?", "level": "Level 3", "type": "Algebra", "solution": "It is $\\boxed{2}$."}
OPTIONS = [{"label": "A", "text": "bank"}, {"label": "B", "text": "library"}]
CSQA = {"answerKey": "B", "id": "1", "question": {"question_concept": "c", "stem": "Where?", "choices": OPTIONS}}
CSQA_HUB = {"answerKey": "B", "question": "Where?", "choices": {"label": ["A", "B"], "text": ["bank", "library"]}}
MBPP = {"text": "Add.", "code": "def f(a):\r\n  return a+1", "task_id": 7, "test_list": ["assert f(1) == 2"]}
MBPP |= {"test_setup_code": "", "challenge_test_list": []}


def jsonl(tmp_path, *rows) -> str:
    path = tmp_path / "problems.jsonl"
    path.write_bytes(b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows))
    return str(path)


@pytest.mark.parametrize(
    ("name", "record", "row"),
    [
        ("gsm8k", GSM8K, ("1+1?", "2", "<<1+1=2>>2\n#### 2", "number", None, None, None, None)),
        (
            "gsm8k",
            {"question": "Many?", "answer": "#### 1,200"},
            ("Many?", "1200", "#### 1,200", "number", *[None] * 4),
        ),
        ("math", MATH, ("1+1?", "2", "It is $\\boxed{2}$.", "expression", 3, "Algebra", None, None)),
        (
            "math",
            MATH | {"solution": "It is $\\boxed{2}$ and $\\boxed{3}$."},
            ("1+1?", "2, 3", "It is $\\boxed{2}$ and $\\boxed{3}$.", "expression", 3, "Algebra", None, None),
        ),
        (
            "math",
            MATH | {"solution": "$x=\\boxed{2}$ or $x=\\boxed{3}$"},
            (
                "1+1?",
                "\\boxed{2} or \\boxed{3}",
                "$x=\\boxed{2}$ or $x=\\boxed{3}$",
                "expression",
                3,
                "Algebra",
                None,
                None,
            ),
        ),
        (
            "math",
            MATH | {"solution": "$\\boxed{2}$ and $\\boxed{3}$. (Either side is an acceptable answer.)"},
            (
                "1+1?",
                "\\boxed{2} or \\boxed{3}",
                "$\\boxed{2}$ and $\\boxed{3}$. (Either side is an acceptable answer.)",
                "expression",
                3,
                "Algebra",
                None,
                None,
            ),
        ),
        (
            "math",
            MATH | {"solution": "$\\boxed 2$"},
            ("1+1?", "2", "$\\boxed 2$", "expression", 3, "Algebra", None, None),
        ),
        (
            "commonsenseqa",
            CSQA,
            ("Where?\nA. bank\nB. library", "B", None, "choice", *[None] * 2, ["bank", "library"], None),
        ),
        (
            "commonsenseqa",
            CSQA_HUB,
            ("Where?\nA. bank\nB. library", "B", None, "choice", *[None] * 2, ["bank", "library"], None),
        ),
        (
            "mbpp",
            MBPP,
            (
                "Add.\nYour code should pass these tests:\nassert f(1) == 2",
                "def f(a):\n  return a+1",
                "def f(a):\n  return a+1",
                "program",
                *[None] * 3,
                ["assert f(1) == 2"],
            ),
        ),
    ],
    ids=[
        "gsm8k",
        "gsm8k comma",
        "math",
        "math and",
        "math or",
        "math either",
        "math without braces",
        "csqa file",
        "csqa hub",
        "mbpp",
    ],
)
def test_a_record_of_each_benchmark_becomes_a_problem(tmp_path, name, record, row):
    frame = load_problems({"file": jsonl(tmp_path, record), "format": name}, "t/test", "test")
    assert_frame_equal(frame, pl.DataFrame([("t/test/0", *row, None)], schema=PROBLEMS, orient="row"))


def test_a_parquet_file_and_a_jsonl_file_give_the_same_problems(tmp_path):
    records = [MBPP, MBPP | {"task_id": 8, "test_setup_code": "x = 1"}]
    pl.DataFrame(records).write_parquet(tmp_path / "problems.parquet")
    lines = load_problems({"file": jsonl(tmp_path, *records), "format": "mbpp"}, "t", "test")
    assert_frame_equal(
        load_problems({"file": str(tmp_path / "problems.parquet"), "format": "mbpp"}, "t", "test"), lines
    )
    assert lines["tests"].to_list() == [["assert f(1) == 2"], ["x = 1", "assert f(1) == 2"]]


def test_a_source_may_ask_for_some_of_the_problems(tmp_path):
    records = [MATH | {"problem": str(i), "type": "Algebra" if i % 2 else "Geometry"} for i in range(6)]
    source = {"file": jsonl(tmp_path, *records), "format": "math", "subject": "Algebra", "limit": 2}
    assert load_problems(source, "t", "test")["question"].to_list() == ["1", "3"]
    programs = jsonl(tmp_path, *(MBPP | {"task_id": i, "text": str(i)} for i in range(1, 6)))
    found = load_problems({"file": programs, "format": "mbpp", "numbers": [2, 3]}, "t", "test")
    assert [question.splitlines()[0] for question in found["question"]] == ["2", "3"]
    with pytest.raises(ValueError, match="no problem fits"):
        load_problems({"file": programs, "format": "mbpp", "numbers": [7, 9]}, "t", "test")


def test_a_generator_becomes_a_problems_frame():
    source = {"generator": "expressions", "count": 5, "steps": [1, 2]}
    frame = load_problems(source, "t/test", "test")
    assert frame.schema == PROBLEMS
    assert frame["problem_id"].to_list() == [f"t/test/{i}" for i in range(5)]
    assert frame["level"].to_list() == [1, 2, 1, 2, 1]
    assert_frame_equal(load_problems({**source, "seed": 0}, "t/test", "test"), frame)
    for other in [({**source, "seed": 1}, "test"), (source, "train")]:
        assert not set(load_problems(other[0], "t", other[1])["question"]) & set(frame["question"][:1])


@pytest.mark.parametrize(
    ("name", "good", "line", "fault"),
    [
        ("gsm8k", GSM8K, b"{", "not JSON (Expecting property name enclosed in double quotes, character 3)"),
        ("gsm8k", GSM8K, b'{"question": "\xff"}', "not JSON ('utf-8' codec can't decode byte 0xff"),
        ("gsm8k", GSM8K, b"[" * 100_000, "not JSON (maximum recursion depth exceeded"),
        ("gsm8k", GSM8K, b"[1]", "a list, not an object with named fields"),
        (
            "gsm8k",
            GSM8K,
            {"question": "q", "reply": "#### 2"},
            "a gsm8k problem: no field 'answer', only question, reply",
        ),
        ("gsm8k", GSM8K, {"answer": "#### 2"}, "no field 'question', only answer"),
        ("gsm8k", GSM8K, {"question": "q", "answer": "two"}, "the answer does not end in '#### number'"),
        ("gsm8k", GSM8K, {"question": "q", "answer": "#### 2\nand more"}, "the answer does not end in '#### number'"),
        ("gsm8k", GSM8K, {"question": "q", "answer": "#### six"}, "the answer does not end in '#### number'"),
        ("gsm8k", GSM8K, {"question": "q", "answer": "#### 3 1/2"}, "the answer does not end in '#### number'"),
        ("gsm8k", GSM8K, {"question": "q", "answer": "#### 3 hours 20"}, "the answer does not end in '#### number'"),
        ("gsm8k", GSM8K, {"question": "q", "answer": "#### 3 500"}, "the answer does not end in '#### number'"),
        ("gsm8k", GSM8K, {"question": "q", "answer": 5}, "answer is int, not text"),
        ("gsm8k", GSM8K, {"question": 5, "answer": "#### 2"}, "question is int, not text"),
        ("gsm8k", GSM8K, {"question": "\ud800", "answer": "#### 2"}, "surrogates not allowed"),
        ("math", MATH, MATH | {"solution": "no box"}, "the solution has no \\boxed{answer}"),
        ("math", MATH, MATH | {"level": 3}, "level is int, not text"),
        (
            "math",
            MATH,
            MATH | {"level": "Level three"},
            "level is 'Level three', not 'Level 1' to 'Level 9' or 'Level ?'",
        ),
        ("math", MATH, GSM8K, "no field 'solution', only question, answer"),
        ("commonsenseqa", CSQA, CSQA | {"answerKey": "C"}, "answerKey 'C' is none of the options ['A', 'B']"),
        ("commonsenseqa", CSQA, CSQA | {"answerKey": ""}, "test labels are not public"),
        ("commonsenseqa", CSQA, CSQA_HUB | {"choices": {"label": ["B", "A"], "text": ["x", "y"]}}, "not A, B, .."),
        ("commonsenseqa", CSQA, CSQA_HUB | {"choices": {"label": ["A", "B"], "text": [1, 2]}}, "text is int, not text"),
        ("mbpp", MBPP, MBPP | {"test_list": []}, "test_list is empty"),
        ("mbpp", MBPP, MBPP | {"test_list": "assert True"}, "test_list is str, not a list of texts"),
        ("mbpp", MBPP, MBPP | {"test_setup_code": 5}, "test_setup_code is not text"),
        ("mbpp", MBPP, {key: MBPP[key] for key in MBPP if key != "task_id"}, "no field 'task_id', only text, code,"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_line_is_named_with_its_fault(tmp_path, name, good, line, fault):
    with pytest.raises(ValueError) as error:
        load_problems({"file": jsonl(tmp_path, good, line), "format": name}, "t", "test")
    assert str(error.value).startswith(f"{tmp_path}/problems.jsonl, line 2: ") and fault in str(error.value)


PLAIN = {"question": "1+1?", "answer": "2", "solution": "It is 2.", "level": 3, "problem_id": "a/1"}
PLAIN |= {"subject": "sums", "cluster": "x"}


@pytest.mark.parametrize(
    ("kind", "record", "row"),
    [
        ("number", PLAIN, ("t/a%2F1", "1+1?", "2", "It is 2.", "number", 3, "sums", None, None, "x")),
        ("number", {"question": "Q", "answer": 1200.50}, ("t/0", "Q", "1200.5", None, "number", *[None] * 5)),
        ("expression", {"question": "Q", "answer": "x^2 "}, ("t/0", "Q", "x^2", None, "expression", *[None] * 5)),
        (
            "choice",
            {"question": "Where?", "answer": "bank", "choices": ["park", "bank"]},
            ("t/0", "Where?\nA. park\nB. bank", "B", None, "choice", None, None, ["park", "bank"], None, None),
        ),
        (
            "program",
            {"question": "f", "answer": "def f(): 1", "tests": ["f()"]},
            ("t/0", "f", "def f(): 1", None, "program", *[None] * 3, ["f()"], None),
        ),
    ],
)
def test_plain_problems(tmp_path, kind, record, row):
    found = load_problems({"file": jsonl(tmp_path, record), "format": "plain", "answer_type": kind}, "t", "test")
    assert_frame_equal(found, pl.DataFrame([row], schema=PROBLEMS, orient="row"))


@pytest.mark.parametrize(
    ("kind", "record", "fault"),
    [
        ("number", {"question": "Q"}, "line 2: not a plain problem: no field 'answer', only question"),
        ("number", {"question": "Q", "answer": "six"}, "line 2: .* the answer 'six' is not a number"),
        ("number", {"question": "Q", "answer": True}, "line 2: .* answer is bool, not text"),
        ("number", PLAIN, "the problem_id 'a%2F1' appears more than once"),
        (
            "choice",
            {"question": "Q", "answer": "C", "choices": ["x", "y"]},
            "line 2: .* 'C' is neither a letter nor a text",
        ),
        ("program", {"question": "Q", "answer": "1"}, "line 2: .* a program needs tests"),
        ("number", PLAIN | {"level": "hard"}, "line 2: .* invalid literal for int"),
    ],
)
def test_a_plain_problem_that_cannot_be_used_is_named(tmp_path, kind, record, fault):
    right = PLAIN | {"choices": ["2", "3"], "tests": ["f()"]}
    with pytest.raises(ValueError, match=fault):
        load_problems({"file": jsonl(tmp_path, right, record), "format": "plain", "answer_type": kind}, "t", "test")


def test_a_bad_row_and_a_broken_parquet_file_are_named(tmp_path):
    path = tmp_path / "problems.parquet"
    pl.DataFrame([GSM8K, GSM8K | {"answer": None}]).write_parquet(path)
    with pytest.raises(
        ValueError, match=r"problems\.parquet, row 2: not a gsm8k problem: answer is NoneType, not text"
    ):
        load_problems({"file": str(path), "format": "gsm8k"}, "t", "test")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match=r"problems\.parquet: not a readable parquet file"):
        load_problems({"file": str(path), "format": "gsm8k"}, "t", "test")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"nowhere\.jsonl: no such file"):
        load_problems({"file": str(tmp_path / "nowhere.jsonl"), "format": "gsm8k"}, "t", "test")


def test_a_dataset_out_of_reach_is_named_with_the_remedy(monkeypatch):
    import datasets.config
    import huggingface_hub.constants

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    source = {"dataset": "openai/none", "revision": "0" * 40, "split": "train", "format": "gsm8k"}
    with pytest.raises(
        ValueError, match=r"openai/none at revision 0{40} could not be fetched .* name a local copy as file:"
    ):
        load_problems(source, "t", "train")


def test_an_open_level_is_said_aloud_and_becomes_null(tmp_path, capsys):
    path = jsonl(tmp_path, MATH, MATH | {"level": "Level ?"})
    assert load_problems({"file": path, "format": "math"}, "t", "train")["level"].to_list() == [3, None]
    assert "line 2: level 'Level ?' is not a number" in capsys.readouterr().out


def test_duplicates_are_dropped_from_train_and_listed():
    def frame(**questions):
        rows = [(i, question, *[None] * 8) for i, question in questions.items()]
        return pl.DataFrame(rows, schema=PROBLEMS, orient="row")

    train = frame(a="1+1?", b="1+2?", c=" 1+1? ", d="2+2?", e="2+1?")
    kept, dropped = drop_duplicates(train, {"test": frame(x="2+2?"), "ood": frame(y="1+2\n?")})
    assert_frame_equal(kept, frame(a="1+1?", e="2+1?"))
    expected = [("b", "y", None, "1+2?"), ("c", "a", None, "1+1?"), ("d", "x", None, "2+2?")]
    assert_frame_equal(dropped, pl.DataFrame(expected, schema=DROPPED, orient="row"))


def test_a_task_that_is_asked_again_with_other_tests_is_a_duplicate(tmp_path):
    train, test, other = (
        load_problems({"file": jsonl(tmp_path, record), "format": "mbpp"}, name, "train")
        for name, record in [
            ("train", MBPP),
            ("test", MBPP | {"test_list": ["assert add_one(1) == 2"]}),
            ("other", MBPP | {"text": "Add two."}),
        ]
    )
    assert drop_duplicates(train, {"other": other})[1].rows() == []
    kept, dropped = drop_duplicates(train, {"other": other, "test": test})
    assert kept.height == 0 and dropped.select("problem_id", "same_as").rows() == [("train/0", "test/0")]


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no folder {DATA}: set REVERSAL_DATA to the benchmark data")
@pytest.mark.parametrize(
    ("source", "train", "test", "dropped"),
    [
        ("gsm8k/{}.jsonl", 7473, 1319, []),
        (
            "math/{}.jsonl",
            7500,
            5000,
            [("306", "test/260"), ("1618", "train/15"), ("1666", "train/1434"), ("3192", "test/4997")],
        ),
        ("commonsenseqa/{}_rand_split.jsonl", 9741, 1221, []),
        ("mbpp/mbpp.jsonl", 374, 500, [("1", "test/206"), ("103", "test/237"), ("271", "test/205")]),
    ],
    ids=["gsm8k", "math", "commonsenseqa", "mbpp"],
)
def test_the_benchmarks_themselves_are_read_whole(source, train, test, dropped):
    name = source.split("/")[0]
    names = {"train": "train", "test": "dev"} if name == "commonsenseqa" else {"train": "train", "test": "test"}
    numbers = {"train": {"numbers": [601, 974]}, "test": {"numbers": [11, 510]}} if name == "mbpp" else {}
    sets = {
        split: load_problems(
            {"file": str(DATA / source.format(names[split])), "format": name} | numbers.get(split, {}), split, split
        )
        for split in ("train", "test")
    }
    assert (sets["train"].height, sets["test"].height) == (train, test)
    kept, found = drop_duplicates(sets["train"], {"test": sets["test"]})
    assert found.select("problem_id", "same_as").rows() == [(f"train/{number}", other) for number, other in dropped]
    assert kept.height == train - len(dropped)
