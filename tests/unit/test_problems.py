import json
import os
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from reversal.problems import check_disjoint, load_problems, read_gsm8k
from reversal.tables import PROBLEMS

DATA = Path(os.environ.get("REVERSAL_DATA", Path(__file__).parents[2] / "../shared/data"))
GOOD = {"question": "1+1?", "answer": "<<1+1=2>>2\n#### 2"}


def jsonl(tmp_path, *rows) -> str:
    path = tmp_path / "problems.jsonl"
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return str(path)


def test_a_file_becomes_a_problems_frame(tmp_path):
    many = {"question": "Many?", "answer": "#### 1,200"}
    path = jsonl(tmp_path, GOOD, many, GOOD)
    expected = pl.DataFrame(
        [
            ("gsm8k/test/0", "1+1?", "2", "<<1+1=2>>2\n#### 2", None, None),
            ("gsm8k/test/1", "Many?", "1200", "#### 1,200", None, None),
        ],
        schema=PROBLEMS,
        orient="row",
    )
    assert_frame_equal(load_problems({"file": path, "format": "gsm8k", "limit": 2}, "gsm8k/test", "test"), expected)
    assert load_problems({"file": path, "format": "gsm8k"}, "gsm8k/test", "test").height == 3


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
    "line",
    [
        "{",
        "",
        "[1]",
        "7",
        {"question": "no answer"},
        {"answer": "#### 2"},
        {"question": "q", "answer": "two"},
        {"question": "q", "answer": "#### 2\nand more"},
        {"question": "q", "answer": "#### six"},
        {"question": "q", "answer": 5},
        {"question": 5, "answer": "#### 2"},
    ],
    ids=str,
)
def test_a_bad_line_is_named(tmp_path, line):
    path = jsonl(tmp_path, GOOD, line)
    with pytest.raises(ValueError, match=r"problems\.jsonl, line 2: "):
        read_gsm8k(path)


def test_check_disjoint():
    def frame(**questions):
        return pl.DataFrame({"problem_id": list(questions), "question": list(questions.values())})

    check_disjoint({"train": frame(a="1+1?", b="1+2?"), "test": frame(c="2+1?")})
    with pytest.raises(ValueError, match=r"c \(test\) repeats the question of b: '1\+2\?'"):
        check_disjoint({"train": frame(a="1+1?", b="1+2?"), "test": frame(c=" 1+2? \n")})
    with pytest.raises(ValueError, match=r"b \(train\) repeats the question of a"):
        check_disjoint({"train": frame(a="1+1?", b="1+1?")})


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no folder {DATA}: set REVERSAL_DATA to the benchmark data")
@pytest.mark.parametrize(("split", "rows"), [("train", 7473), ("test", 1319)])
def test_gsm8k_itself_is_read_whole(split, rows):
    assert len(read_gsm8k(str(DATA / f"gsm8k/{split}.jsonl"))) == rows
