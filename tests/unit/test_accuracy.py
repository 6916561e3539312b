from itertools import combinations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from reversal import accuracy
from reversal.tables import VERDICT_ROWS


def verdicts(rows: list[tuple]) -> pl.DataFrame:
    """VERDICT_ROWS from (problem_id, decoding, sample_index, verdict)."""
    full = [(problem, decoding, index, "1", verdict, None, None, "v") for problem, decoding, index, verdict in rows]
    return pl.DataFrame(full, schema=VERDICT_ROWS, orient="row")


FIRST = verdicts(
    [
        ("a", "greedy", 0, "wrong"),
        ("b", "greedy", 0, "correct"),
        ("c", "greedy", 0, "no_answer"),
        ("d", "greedy", 0, "correct"),
        ("b", "sampled", 0, "correct"),
        ("b", "sampled", 1, "correct"),
        ("a", "sampled", 0, "correct"),
        ("a", "sampled", 1, "timeout"),
        ("a", "sampled", 2, "no_answer"),
    ]
)


@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_pass_at_k_is_the_share_of_subsets_with_a_correct_sample(case):
    n, c, k = case
    subsets = list(combinations([True] * c + [False] * (n - c), k))
    assert accuracy.pass_at_k(n, c, k) == pytest.approx(sum(map(any, subsets)) / len(subsets))


@pytest.mark.parametrize(("n", "c", "k"), [(4, 2, 5), (4, 2, 0), (4, 5, 2), (4, -1, 2), (0, 0, 1)])
def test_pass_at_k_refuses_what_it_cannot_estimate(n, c, k):
    with pytest.raises(ValueError, match=f"n={n}, c={c}"):
        accuracy.pass_at_k(n, c, k)


def test_pass_at_k_of_many_samples_stays_exact():
    assert accuracy.pass_at_k(2000, 1, 1000) == pytest.approx(0.5)


def test_greedy_correct():
    expected = pl.DataFrame({"problem_id": ["a", "b", "c", "d"], "correct": [False, True, False, True]})
    assert_frame_equal(accuracy.greedy_correct(FIRST), expected)


def test_sampled_counts():
    expected = pl.DataFrame({"problem_id": ["b", "a"], "n": [2, 3], "c": [2, 1]})
    assert_frame_equal(accuracy.sampled_counts(FIRST), expected)


def test_mean_pass_at_k():
    counts = pl.DataFrame({"n": [4, 4, 4, 2], "c": [0, 1, 1, 2]})
    assert accuracy.mean_pass_at_k(counts, 2) == pytest.approx((0 + 0.5 + 0.5 + 1) / 4)
    assert accuracy.mean_pass_at_k(counts.clear(), 2) is None


@given(st.lists(st.integers(0, 16), min_size=1), st.randoms())
def test_mean_pass_at_k_is_the_same_to_the_last_bit_in_any_order(correct, random):
    shuffled = random.sample(correct, len(correct))
    one, other = (pl.DataFrame({"n": [16] * len(c), "c": c}) for c in (correct, shuffled))
    assert accuracy.mean_pass_at_k(one, 3) == accuracy.mean_pass_at_k(other, 3)


@pytest.mark.parametrize(
    ("largest", "expected"),
    [(0, []), (1, []), (2, [2]), (3, [2]), (16, [2, 4, 8, 16]), (50, [2, 4, 8, 16, 32]), (64, [2, 4, 8, 16, 32, 64])],
)
def test_powers_of_two(largest, expected):
    assert accuracy.powers_of_two(largest) == expected


def test_improvement_set():
    later = verdicts(
        [
            ("d", "greedy", 0, "wrong"),
            ("c", "greedy", 0, "correct"),
            ("b", "greedy", 0, "correct"),
            ("a", "greedy", 0, "correct"),
            ("b", "sampled", 0, "wrong"),
        ]
    )
    assert sorted(accuracy.improvement_set(FIRST, later)) == ["a", "c"]
    assert accuracy.improvement_set(later, FIRST) == ["d"]


@pytest.mark.parametrize(
    ("easy", "hard", "expected"),
    [
        (0.8, 0.2, 0.75),
        (0.5, 0.5, 0.0),
        (0.2, 0.3, -0.5),
        (0.4, 0.0, 1.0),
        (0.0, 0.2, None),
        (None, 0.2, None),
        (0.4, None, None),
    ],
)
def test_group_disparity(easy, hard, expected):
    assert accuracy.group_disparity(easy, hard) == (None if expected is None else pytest.approx(expected))
