import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reversal.learning.rewards import binary, distinct_answer, of_groups, pass_at_k

R, W = True, False
GROUPS = st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=9)


def test_binary():
    assert binary([R, W, None, R]) == [1.0, 0.0, None, 1.0]


@pytest.mark.parametrize(
    ("right", "k", "expected"),
    [
        # k = 1 is GRPO's own: c = 1 of n = 4, mean 1/4, deviation sqrt(3)/4
        ([R, W, W, W], 1, [math.sqrt(3), *3 * [-1 / math.sqrt(3)]]),
        # P = 1 - C(3,2)/C(4,2) = 1/2, deviation 1/2; wrong: (1/2 - C(2,1)/C(3,1)) / (1/2)
        ([R, W, W, W], 2, [1.0, *3 * [-1 / 3]]),
        ([R, None, W, W, W], 2, [1.0, None, *3 * [-1 / 3]]),
        ([R, R, R, W], 2, [0.0] * 4),  # every pair has a right answer
        ([W, W, W, W], 2, [0.0] * 4),
        ([R, W], 3, [0.0, 0.0]),  # fewer than k
    ],
)
def test_pass_at_k(right, k, expected):
    assert pass_at_k(right, k) == pytest.approx(expected)


@given(GROUPS, st.integers(1, 9))
def test_the_advantages_of_pass_at_k_sum_to_nothing_and_none_favours_a_wrong_answer(right, k):
    found = pass_at_k(right, k)
    assert [worth is None for worth in found] == [is_right is None for is_right in right]
    judged = [(is_right, worth) for is_right, worth in zip(right, found, strict=True) if worth is not None]
    assert sum(worth for _, worth in judged) == pytest.approx(0, abs=1e-9)
    assert all(worth >= 0 if is_right else worth <= 1e-12 for is_right, worth in judged)


def test_distinct_answer():
    right, classes = [R, R, W, W, W, None], ["5", "5", "7", None, None, "5"]
    assert distinct_answer(right, classes, 0.5) == [0.9, 0.9, 0.0, -0.1, -0.1, None]
    assert distinct_answer([R, W], ["5", "7"], 0.5) == [1.0, 0.0]


def test_groups_are_rewarded_one_by_one():
    right, classes = [R, W, W, W, W, W], ["5", "6", "7", "5", "5", "5"]

    def rewarded(reward, size=3):
        return of_groups(reward, right, classes, size, 0)

    assert rewarded({"name": "binary"}) == [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert rewarded({"name": "pass_at_k", "k": 1}) == pytest.approx([2**0.5, -(2**-0.5), -(2**-0.5), 0.0, 0.0, 0.0])
    assert rewarded({"name": "distinct_answer", "penalty": 0.3}) == pytest.approx([1.0, 0.0, 0.0, -0.2, -0.2, -0.2])


def test_chance_depends_on_its_seed_alone_and_is_even():
    def drawn(right, seed):
        return of_groups({"name": "random"}, right, [None] * len(right), 4, seed)

    assert drawn([R] * 8, "1/0") == drawn([W] * 8, "1/0") != drawn([R] * 8, "1/1")
    assert set(drawn([W] * 8, "1/0")) == {0.0, 1.0}
    many = drawn([W] * 4000, "1/0")
    assert abs(sum(many) - 2000) < 4 * math.sqrt(4000 * 0.25)
    assert drawn([None, R, R, R], "1/0")[0] is None
