"""Generated problems, read back from their text by a reader that shares no code with the generator."""

import random
import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reversal.generate import SPLIT_SHARES, _answer_sum, generate_problems, split_of

KINDS = ["word_problems", "expressions"]
CASES = given(st.sampled_from(KINDS), st.sampled_from(sorted(SPLIT_SHARES)), st.integers(0, 1000))


def terms_of(question: str) -> list[tuple[int, int, int]]:
    """The (sign, groups, amount) that a question asks to add up."""
    if (
        found := re.search(r"\d[\d+*-]*", question.removesuffix("."))
        if re.match("Compute|What|Find ", question)
        else None
    ):
        parts = re.findall(r"([+-]?)(?:(\d+)\*)?(\d+)", found[0])
        return [(-1 if sign == "-" else 1, int(groups or 1), int(amount)) for sign, groups, amount in parts]
    terms = []
    for sentence in question.split(". ")[:-1]:
        sign = -1 if re.match("Loses|Gives|Sells", sentence) else 1
        numbers = [int(n) for n in re.findall(r"\d+", sentence)]
        if "to each of" in sentence:
            numbers.reverse()
        terms.append((sign, *([1] * (2 - len(numbers))), *numbers))
    return terms


@CASES
@settings(max_examples=40)
def test_questions_answers_and_solutions_agree(kind, split, seed):
    for row in generate_problems(kind, 10, (1, 4), split, seed):
        terms = terms_of(row["question"])
        assert row["gold_answer"] == str(sum(sign * groups * amount for sign, groups, amount in terms))
        assert row["level"] == sum(2 if groups > 1 else 1 for _, groups, _ in terms[1:])
        assert split_of(terms) == split


@CASES
@settings(max_examples=40)
def test_solutions_are_true_line_by_line_and_end_in_the_answer(kind, split, seed):
    for row in generate_problems(kind, 10, (1, 4), split, seed):
        *lines, last = row["gold_solution"].splitlines()
        assert last == f"#### {row['gold_answer']}"
        assert len(lines) == row["level"]
        for line in lines:
            left, operator, right, value, shown = re.search(r"<<(\d+)([+*-])(\d+)=(\d+)>>(\d+)\.?$", line).groups()
            assert {"+": int(left) + int(right), "-": int(left) - int(right), "*": int(left) * int(right)}[
                operator
            ] == int(value)
            assert shown == value


@pytest.mark.parametrize("kind", KINDS)
def test_splits_never_share_a_sum(kind):
    sums = {
        split: {
            str(terms_of(row["question"]))
            for seed in (0, 1)
            for row in generate_problems(kind, 200, (1, 2), split, seed)
        }
        for split in SPLIT_SHARES
    }
    assert all(len(found) > 100 for found in sums.values())
    assert not sums["train"] & sums["test"]
    assert not sums["pretrain"] & (sums["train"] | sums["test"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_call_gives_the_same_different_questions_at_every_level(kind):
    rows = generate_problems(kind, 31, (2, 4), "train", 0)
    assert rows == generate_problems(kind, 31, (2, 4), "train", 0)
    assert rows != generate_problems(kind, 31, (2, 4), "train", 1)
    assert len({row["question"] for row in rows}) == 31
    assert Counter(row["level"] for row in rows) == {2: 11, 3: 10, 4: 10}


def test_split_shares_are_sixteenths():
    assert sum(SPLIT_SHARES.values()) == 16
    counts = Counter(split_of([(1, 1, i), (1, 1, j)]) for i in range(100) for j in range(100))
    for split, share in SPLIT_SHARES.items():
        assert counts[split] / 10000 == pytest.approx(share / 16, abs=0.02)


def test_too_many_questions_are_refused_in_words():
    with pytest.raises(ValueError, match="could not find 400 different expressions with 1 to 1 steps; ask for fewer"):
        generate_problems("expressions", 400, (1, 1), "test", 0)


def test_a_question_has_many_solutions_none_of_which_goes_below_zero():
    terms = [(1, 1, 3), (1, 2, 4), (-1, 1, 5)]
    solutions = {_answer_sum(random.Random(seed), terms)[1] for seed in range(200)}
    operations = {tuple(re.findall(r"<<(.*?)>>", solution)) for solution in solutions}
    assert len(solutions) > 20
    assert operations == {
        (f"{product}=8", f"{addition}=11", "11-5=6") for product in ("2*4", "4*2") for addition in ("3+8", "8+3")
    }
