"""reasoning-gym's families as problems; with the real library where it is installed (make .venv/extras)."""

import sys

import pytest
from reversal.problem_sources.families import family_problems

LEGS = {"generator": "reasoning_gym", "family": "leg_counting", "count": 4, "answer_type": "number", "level": 2}
LEGS |= {"settings": {"min_animals": 2, "max_animals": 2, "max_instances": 3}}


@pytest.fixture
def library():
    return pytest.importorskip("reasoning_gym", reason="an optional library: make .venv/extras installs it")


def test_a_family_gives_the_same_problems_again_and_every_split_others(library):
    rows = family_problems(LEGS, "train")
    assert rows == family_problems(LEGS, "train")
    assert rows[:2] == family_problems(LEGS | {"count": 2}, "train")
    others = [*family_problems(LEGS, "test"), *family_problems(LEGS | {"seed": 1}, "train")]
    assert len({row["question"] for row in rows + others}) == 12
    assert {row["level"] for row in rows} == {2} and {row["answer_type"] for row in rows} == {"number"}
    assert all(row["gold_solution"] is None and row["gold_answer"].isdigit() for row in rows)


def test_gsm_symbolic_has_solutions_that_end_in_the_answer(library):
    source = {"generator": "reasoning_gym", "family": "gsm_symbolic", "count": 30, "answer_type": "number"}
    for row in family_problems(source, "test"):
        steps, _, answer = row["gold_solution"].partition("\n#### ")
        assert len(steps) > 20 and answer == row["gold_answer"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"family": "leg_count"}, "reasoning_gym's family leg_count cannot be made with .*not registered"),
        ({"settings": {"legs": 3}}, "reasoning_gym's family leg_counting cannot be made with {'legs': 3}: "),
        (
            {"settings": {"max_animals": 0}},
            "reasoning_gym's family leg_counting cannot be made with .*max_animals must",
        ),
        (
            {"settings": {"min_animals": 1, "max_animals": 1, "max_instances": 1}, "count": 99},
            "leg_counting with .*99: ask",
        ),
        ({"family": "syllogism", "settings": {}}, "syllogism: the answer '(Yes|No)' is not a number"),
    ],
)
def test_what_cannot_be_had_is_told(library, change, sentence):
    with pytest.raises(ValueError, match=sentence):
        family_problems(LEGS | change, "train")


def test_the_library_that_is_not_there_is_named_with_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "reasoning_gym", None)
    with pytest.raises(RuntimeError, match="few studies need; `make study` installs it for those that name it"):
        family_problems(LEGS, "train")
