import pytest
from hypothesis import given
from hypothesis import strategies as st
from reversal.evaluation.accuracy import pass_at_k
from reversal.learning import policies

TEXTS = st.lists(st.sampled_from(["<<1+1=2>>", "<<1+1=2>> so", "<<2*1=2>>", "two", "two ", "three"]), max_size=8)


def test_kind_is_the_set_of_equations_or_the_text():
    assert policies.kind("<<1+1=2>> and <<2*3 = 6>>") == ("1+1=2", "2*3=6")
    assert policies.kind(" two\n") == "two"


@pytest.mark.parametrize(
    ("solved", "samples", "k", "expected"),
    [
        (0, 0, 1, 1.0),  # nothing seen, pass@1: a gain in p is a gain in pass@1
        (0, 0, 4, 1.0),  # E[4 (1-p)^3] of a uniform p
        (1, 8, 8, 2.4),  # Beta(2, 8): 8 x (8 x 9) / (15 x 16)
        (8, 8, 2, 0.2),  # Beta(9, 1): 2 E[1-p]
    ],
)
def test_unsolved_weight(solved, samples, k, expected):
    assert policies.unsolved_weight(solved, samples, k) == pytest.approx(expected)


@given(st.integers(1, 30), st.integers(1, 200))
def test_unsolved_weight_falls_with_every_right_answer(samples, k):
    weights = [policies.unsolved_weight(c, samples, k) for c in range(samples + 1)]
    assert all(w > 0 for w in weights)
    assert k == 1 or weights == sorted(weights, reverse=True)


@given(st.integers(1, 12), st.integers(2, 12))
def test_unsolved_weight_is_the_slope_of_pass_at_k(samples, k):
    """Summed over all c that are equally likely under the prior it is the prior's own, whatever the samples."""
    mean = sum(policies.unsolved_weight(c, samples, k) for c in range(samples + 1)) / (samples + 1)
    assert mean == pytest.approx(policies.unsolved_weight(0, 0, k))
    assert policies.unsolved_weight(0, 0, k) == pytest.approx(pass_at_k(k, 1, k))  # pass@k from p = 0 to p = 1


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=30), st.integers(1, 200), st.integers(0, 5))
def test_copies_are_exact_in_sum_and_within_one_of_their_share(weights, total, seed):
    often = policies.copies(weights, total, str(seed))
    assert sum(often) == total
    for times, weight in zip(often, weights, strict=True):
        assert abs(times - total * weight / sum(weights)) < 1 + 1e-6


def test_copies():
    assert policies.copies([1, 1, 1, 1], 8, "s") == [2, 2, 2, 2]
    assert policies.copies([3, 1], 4, "s") == [3, 1]


@given(TEXTS, TEXTS)
def test_a_verifier_that_is_always_wrong_swaps_right_and_wrong(correct, incorrect):
    always = {"false_positives": 1.0, "false_negatives": 1.0}
    assert policies.misjudged(correct, incorrect, always, "a") == (incorrect, correct)
    never = {"false_positives": 0.0, "false_negatives": 0.0}
    assert policies.misjudged(correct, incorrect, never, "a") == (correct, incorrect)


def test_a_wrong_verifier_is_wrong_about_its_share_and_says_the_same_of_a_text_every_time():
    texts = [f"answer {i}" for i in range(4000)]
    verdicts = {"false_positives": 0.25, "false_negatives": 0.1}
    correct, incorrect = policies.misjudged(texts[:2000], texts[2000:], verdicts, "a")
    passed, failed = set(texts[2000:]) & set(correct), set(texts[:2000]) & set(incorrect)
    assert len(passed) / 2000 == pytest.approx(0.25, abs=0.04) and len(failed) / 2000 == pytest.approx(0.1, abs=0.03)
    assert policies.misjudged([], sorted(passed) * 2, verdicts, "a") == (sorted(passed) * 2, [])
    assert policies.misjudged([], sorted(passed), verdicts, "b")[1]  # of another question another verdict


@given(TEXTS, TEXTS, st.integers(0, 5))
def test_shuffled_verdicts_keep_the_answers_and_how_many_are_right(correct, incorrect, seed):
    good, bad = policies.misjudged(correct, incorrect, "shuffled", f"{seed}/a")
    assert sorted(good + bad) == sorted(correct + incorrect) and len(good) == len(correct)


def test_shuffled_verdicts_tell_nothing():
    right = [
        policies.misjudged(["right"], ["wrong"] * 3, "shuffled", f"{seed}/a")[0] == ["right"] for seed in range(800)
    ]
    assert sum(right) / 800 == pytest.approx(1 / 4, abs=0.06)


@given(TEXTS, st.integers(1, 9), st.integers(0, 3))
def test_over_equations_takes_as_many_as_a_random_choice_and_evenly(texts, number, seed):
    chosen = policies.over_equations(texts, number, str(seed))
    assert len(chosen) == min(number, len(texts)) and set(chosen) <= set(texts)
    kinds = [policies.kind(text) for text in chosen]
    counts = [kinds.count(kind) for kind in {policies.kind(text) for text in texts}]
    assert max(counts, default=0) - min(counts, default=0) <= 1


def test_rare_against_common():
    correct, incorrect = ["<<1+1=2>>", "<<1+1=2>> so", "two"], ["3", "3", "4"]
    pairs = [(good, bad) for good in correct for bad in ("4", "3")]
    assert policies.rare_against_common(pairs, correct, incorrect) == [
        ("two", "3"),
        ("two", "4"),
        ("<<1+1=2>>", "3"),
        ("<<1+1=2>> so", "3"),
        ("<<1+1=2>>", "4"),
        ("<<1+1=2>> so", "4"),
    ]
