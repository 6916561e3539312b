from collections import Counter
from itertools import combinations
from math import comb

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from reversal.evaluation import accuracy
from reversal.tables import VERDICT_ROWS


def verdicts(rows: list[tuple]) -> pl.DataFrame:
    """VERDICT_ROWS from (problem_id, decoding, sample_index, verdict, answer and its class if they are not "1")."""
    full = [
        (problem, decoding, index, *(answer[:1] or ["1"]), verdict, None, None, "v", *(answer[1:] or ["1"]))
        for problem, decoding, index, verdict, *answer in rows
    ]
    return pl.DataFrame(full, schema=VERDICT_ROWS, orient="row")


def outcomes(problems: dict[str, str]) -> pl.DataFrame:
    """Verdicts from {problem_id: "greedy sampled"}, a letter per answer: r is right, w wrong, - no answer; "" none."""
    names = {"r": "correct", "w": "wrong", "-": "no_answer"}
    rows = []
    for problem, letters in problems.items():
        greedy, sampled = letters.split(" ")
        rows += [(problem, "greedy", 0, names[letter]) for letter in greedy]
        rows += [(problem, "sampled", i, names[letter]) for i, letter in enumerate(sampled)]
    return verdicts(rows)


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


def test_one_right_sample_of_fifty_is_found_by_fifty_and_by_half_of_them_half_the_time():
    """Resampling with replacement would say 1 - 0.98^50 = 0.636."""
    assert accuracy.pass_at_k(50, 1, 50) == 1.0
    assert accuracy.pass_at_k(50, 1, 25) == 0.5


def test_pass_at_k_of_many_samples_stays_exact():
    assert accuracy.pass_at_k(2000, 1, 1000) == pytest.approx(0.5)


def test_pass_at_ks_has_a_row_per_problem_and_k_and_none_beyond_the_samples():
    counts = pl.DataFrame({"problem_id": ["b", "a"], "n": [4, 2], "c": [1, 2], "other": ["x", "y"]})
    expected = pl.DataFrame(
        [
            ("b", 4, 1, "x", 3, 0.75),
            ("b", 4, 1, "x", 1, 0.25),
            ("b", 4, 1, "x", 5, None),
            ("a", 2, 2, "y", 3, None),
            ("a", 2, 2, "y", 1, 1.0),
            ("a", 2, 2, "y", 5, None),
        ],
        schema={
            "problem_id": pl.String,
            "n": pl.Int64,
            "c": pl.Int64,
            "other": pl.String,
            "k": pl.Int64,
            "value": pl.Float64,
        },
        orient="row",
    )
    assert_frame_equal(accuracy.pass_at_ks(counts, [3, 1, 5]), expected)
    assert_frame_equal(accuracy.pass_at_ks(counts, []), expected.clear())
    assert_frame_equal(accuracy.pass_at_ks(counts.clear(), [3]), expected.clear())


def test_greedy_correct():
    expected = pl.DataFrame({"problem_id": ["a", "b", "c", "d"], "correct": [False, True, False, True]})
    assert_frame_equal(accuracy.greedy_correct(FIRST), expected)


def test_sampled_counts():
    expected = pl.DataFrame({"problem_id": ["b", "a"], "n": [2, 3], "c": [2, 1]})
    assert_frame_equal(accuracy.sampled_counts(FIRST), expected)


def test_final_answers_are_the_classes_of_sampled_ones():
    rows = [
        ("a", "greedy", 0, "correct", "7", "1/2"),
        ("a", "sampled", 0, "correct", "1/2", "1/2"),
        ("a", "sampled", 1, "correct", "0.5", "1/2"),
        ("a", "sampled", 2, "wrong", "x + 1", "x+1"),
        ("a", "sampled", 3, "wrong", "1+x", "x+1"),
        ("a", "sampled", 4, "no_answer", None, None),
        ("a", "sampled", 5, "timeout", "x^9^9^9", None),
    ]
    expected = pl.DataFrame(
        {
            "problem_id": ["a"] * 6,
            "sample_index": range(6),
            "correct": [True, True, False, False, False, False],
            "final": ["1/2", "1/2", "x+1", "x+1", None, None],
        }
    )
    assert_frame_equal(accuracy.final_answers(verdicts(rows)), expected)
    assert_frame_equal(accuracy.final_answers(verdicts([])), expected.clear())


@pytest.mark.parametrize("verdict", ["correct", "wrong"])
def test_a_program_or_a_label_whose_class_is_unknown_leaves_no_final_answers(verdict):
    rows = [("a", "sampled", 0, "correct", "1", "1"), ("a", "sampled", 1, verdict, "def f(): pass", None)]
    assert accuracy.final_answers(verdicts(rows)).is_empty()


def finals(answers: dict[str, str]) -> pl.DataFrame:
    """As final_answers gives, from {problem_id: a letter per sample}: r is right, - null, any other a wrong answer."""
    rows = [
        (p, i, letter == "r", None if letter == "-" else letter)
        for p, s in answers.items()
        for i, letter in enumerate(s)
    ]
    schema = {"problem_id": pl.String, "sample_index": pl.Int64, "correct": pl.Boolean, "final": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.mark.parametrize(
    ("answers", "k", "value"),
    [
        ("rrxy", 4, 1.0),
        ("rxxr", 4, 0.5),  # a tie is shared
        ("rxyz", 4, 0.25),
        ("rxx", 3, 0.0),
        ("r--", 3, 1.0),  # nulls do not vote
        ("---", 3, 0.0),
        ("xx--", 4, 0.0),
        ("rrxx", 2, 0.5),  # the mean over the blocks rr and xx
        ("rrxxr", 2, 0.5),  # the last block is not whole
        ("r", 1, 1.0),
    ],
)
def test_majority_at_k(answers, k, value):
    expected = pl.DataFrame({"problem_id": ["a"], "value": [value]})
    assert_frame_equal(accuracy.majority_at_k(finals({"a": answers}), k), expected)


def test_an_answer_that_labels_call_right_and_wrong_wins_in_part():
    rows = [("a", 0, True, "1"), ("a", 1, False, "1"), ("a", 2, False, "2")]
    table = pl.DataFrame(rows, schema=finals({}).schema, orient="row")
    assert accuracy.majority_at_k(table, 3).rows() == [("a", 0.5)]


def test_majority_at_k_leaves_out_problems_with_fewer_samples():
    assert_frame_equal(
        accuracy.majority_at_k(finals({"b": "rxr", "a": "rr"}), 3), pl.DataFrame({"problem_id": ["b"], "value": [1.0]})
    )
    assert accuracy.majority_at_k(finals({"a": "rr"}), 3).is_empty()


@given(st.lists(st.text("rxy-", min_size=1, max_size=12), min_size=1, max_size=4), st.integers(1, 4), st.randoms())
@settings(max_examples=50)
def test_majority_at_k_equals_the_count_of_votes_whatever_the_order_of_rows(answers, k, random):
    def won(block: str) -> float:
        votes = Counter(block.replace("-", ""))
        top = [answer for answer, count in votes.items() if count == max(votes.values())]
        return ("r" in top) / len(top) if top else 0.0

    table = finals({str(i): letters for i, letters in enumerate(answers)})
    found = accuracy.majority_at_k(table[random.sample(range(table.height), table.height)], k)
    blocks = {str(i): [s[j : j + k] for j in range(0, len(s) - k + 1, k)] for i, s in enumerate(answers)}
    expected = {problem: sum(map(won, parts)) / len(parts) for problem, parts in blocks.items() if parts}
    assert dict(found.rows()) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("largest", "expected"),
    [(0, []), (1, []), (2, [2]), (3, [2]), (16, [2, 4, 8, 16]), (50, [2, 4, 8, 16, 32]), (64, [2, 4, 8, 16, 32, 64])],
)
def test_powers_of_two(largest, expected):
    assert accuracy.powers_of_two(largest) == expected


def test_answer_flow():
    first = outcomes(
        {
            "kept": "r ww",
            "in": "w wr",
            "out": "- ww",
            "unsampled": "w ",
            "lost": "r rr",
            "neither": "w rr",
            "gone": "r r",
        }
    )
    later = outcomes(
        {"new": "r r", "neither": "- r", "lost": "w r", "unsampled": "r w", "out": "r w", "in": "r w", "kept": "r w"}
    )
    expected = pl.DataFrame(
        [
            ("kept", 1.0, 0.0, 0.0, 0.0),
            ("in", 0.0, 1.0, 0.0, 0.0),
            ("out", 0.0, 0.0, 1.0, 0.0),
            ("unsampled", 0.0, 0.0, 1.0, 0.0),
            ("lost", 0.0, 0.0, 0.0, 1.0),
            ("neither", 0.0, 0.0, 0.0, 0.0),
        ],
        schema=["problem_id", "kept", "gained_inside", "gained_outside", "lost"],
        orient="row",
    )
    assert_frame_equal(accuracy.answer_flow(first, later), expected)


BEYOND = ["beyond_n_samples", "beyond_n_samples_lost", "beyond_n_samples_net"]


def test_beyond_n_samples():
    first = outcomes({"never": "w wwww", "once": "w wrww", "twice": "w rrww", "single": "w w"})
    later = outcomes({"twice": "r wwww", "once": "r wrrr", "never": "r wwwr", "single": "r r", "new": "r r"})
    rows = [("never", 1 / 4, 0.0, 1 / 4), ("once", 3 / 16, 0.0, 3 / 16), ("twice", 0.0, 1 / 2, -1 / 2)]
    expected = pl.DataFrame(rows, schema=["problem_id", *BEYOND], orient="row")
    assert_frame_equal(accuracy.beyond_n_samples(first, later), expected)
    null = [("never", 0.0, 0.0, 0.0), ("once", 1 / 4, 1 / 4, 0.0), ("twice", 0.0, 0.0, 0.0)]
    null = pl.DataFrame(null, schema=["problem_id", *BEYOND], orient="row")
    assert_frame_equal(accuracy.beyond_n_samples(first, None), null)


def counted(n: int, rights: list[int]) -> pl.DataFrame:
    return outcomes({str(i): "w " + "r" * c + "w" * (n - c) for i, c in enumerate(rights)})


@given(st.integers(2, 6), st.integers(2, 6), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=50)
def test_beyond_n_samples_is_unbiased_and_changes_sign_with_the_models(n, m, p_first, p_later):
    """Exact expectations over all numbers of right samples, weighted by their binomial chances."""
    chances = [comb(n, c) * p_first**c * (1 - p_first) ** (n - c) for c in range(n + 1)]
    later_chances = [comb(m, c) * p_later**c * (1 - p_later) ** (m - c) for c in range(m + 1)]
    pairs = [(c, d) for c in range(n + 1) for d in range(m + 1)]
    first, later = counted(n, [c for c, _ in pairs]), counted(m, [d for _, d in pairs])
    found = accuracy.beyond_n_samples(first, later)
    weights = [chances[c] * later_chances[d] for c, d in pairs]
    others = min(n, m) - 1
    expected = [p_later * (1 - p_first) ** others, p_first * (1 - p_later) ** others]
    for name, value in zip(BEYOND, [*expected, expected[0] - expected[1]], strict=True):
        assert np.dot(weights, found[name]) == pytest.approx(value)
    swapped = accuracy.beyond_n_samples(later, first)
    assert swapped[BEYOND[2]].to_list() == pytest.approx([-value for value in found[BEYOND[2]]])
    null = accuracy.beyond_n_samples(counted(n, list(range(n + 1))), None)[BEYOND[0]]
    assert np.dot(chances, null) == pytest.approx(p_first * (1 - p_first) ** (n - 1))


def test_churn_goes_beyond_n_samples_both_ways_and_nets_to_nothing():
    """M_t is M1 with the problems' chances dealt out anew: much is solved beyond M1, and as much lost."""
    rng = np.random.default_rng(0)
    chance = rng.beta(0.3, 0.7, 20_000)
    first, again = (counted(8, rng.binomial(8, p).tolist()) for p in (chance, rng.permutation(chance)))
    found = accuracy.beyond_n_samples(first, again).select(pl.col(BEYOND).mean(), error=pl.col(BEYOND[2]).std() / 141)
    gross, mirror, net, error = found.row(0)
    assert min(gross, mirror) > 0.05 > 10 * abs(net) and abs(net) < 4 * error


def test_null_improvement_is_of_problems_that_greedy_missed_and_a_sample_solved():
    first = outcomes({"a": "w rrww", "b": "r rrww", "c": "w wwww", "d": "- rwww", "e": "w r"})
    schema = {"problem_id": pl.String, "k": pl.Int64, "value": pl.Float64, "weight": pl.Float64}
    rows = [("a", 2, 2 / 3, 1 / 2), ("a", 4, None, 1 / 2), ("d", 2, 0.0, 1 / 4), ("d", 4, None, 1 / 4)]
    assert_frame_equal(accuracy.null_improvement(first, [2, 4]), pl.DataFrame(rows, schema=schema, orient="row"))


@given(st.lists(st.text("rw", min_size=2, max_size=6), min_size=1, max_size=4), st.integers(1, 5))
@settings(max_examples=50)
def test_null_improvement_equals_every_right_sample_as_the_second_one_in_turn(samples, k):
    first = outcomes({str(i): f"w {letters}" for i, letters in enumerate(samples)})
    expected = {}
    for i, letters in enumerate(samples):
        others = [letters[:j] + letters[j + 1 :] for j, letter in enumerate(letters) if letter == "r"]
        if others:
            subsets = [["r" in chosen for chosen in combinations(rest, k)] for rest in others]
            value = np.mean(subsets) if k < len(letters) else None
            expected[str(i)] = (value if value is None else pytest.approx(value), len(others) / len(letters))
    found = accuracy.null_improvement(first, [k]).drop("k")
    assert {problem: (value, weight) for problem, value, weight in found.rows()} == expected


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
