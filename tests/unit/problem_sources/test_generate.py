"""Generated problems, read back from their text by a reader that shares no code with the generator."""

import random
import re
from collections import Counter
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reversal.problem_sources.generate import SPLIT_SHARES, _answer_sum, _slipped, generate_problems, split_of

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
            for row in generate_problems(kind, 200, (2, 3), split, seed)
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


def test_questions_to_be_judged_by_never_ask_for_a_sum_twice_and_those_of_a_corpus_may():
    asked = {
        split: [str(terms_of(row["question"])) for row in generate_problems("word_problems", 300, (2, 2), split, 0)]
        for split in SPLIT_SHARES
    }
    assert {split: len(set(sums)) for split, sums in asked.items() if split != "pretrain"} == {
        "test": 300,
        "train": 300,
    }
    assert len(set(asked["pretrain"])) < 300


@CASES
@settings(max_examples=20)
def test_a_slip_is_a_product_taken_for_a_sum_or_a_change_taken_for_its_opposite(kind, split, seed):
    """Every reading of the question that turns some changes around is tried: one of them has the solution's answer."""
    for row in generate_problems(kind, 20, (1, 3), split, seed, hard=0.5):
        start, *changes = terms_of(row["question"])
        readings = [(sign * g * a, sign * (g + a) if g > 1 else -sign * a) for sign, g, a in changes]
        answer = row["gold_solution"].rpartition("#### ")[2]
        assert answer in {str(start[2] + sum(reading)) for reading in product(*readings)}


def test_a_hard_change_is_mostly_misread_and_an_easy_one_seldom():
    rng = random.Random(0)
    changes = [(sign, groups, amount) for sign in (1, -1) for groups in (1, 3) for amount in range(1, 21)]
    misread = {c: sum(_slipped(rng, [(1, 1, 60), c], 0.25)[1:] != [c] for _ in range(400)) / 400 for c in changes}
    assert {round(rate, 1) for rate in misread.values()} <= {0.1, 0.2, 0.9, 1.0}
    assert sum(rate > 0.5 for rate in misread.values()) / len(changes) == pytest.approx(0.25, abs=0.12)


def test_no_slip_leaves_less_than_nothing():
    read = [_slipped(random.Random(seed), [(1, 1, 2), (1, 1, 9)], 1.0) for seed in range(50)]
    assert read == [[(1, 1, 2), (1, 1, 9)]] * 50  # 2 less 9 is no number of apples


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
