"""The distance of answers to different questions, against all pairs, and the spread of its mean."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reversal.evaluation import question_diversity


@given(st.integers(2, 5).flatmap(lambda n: st.lists(st.integers(1, 4), min_size=n, max_size=n)), st.integers(0, 99))
def test_diversity_across_questions_is_the_mean_over_pairs_of_answers_to_different_ones(numbers, seed):
    vectors = np.random.default_rng(seed).normal(size=(sum(numbers), 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    of_question = np.repeat(np.arange(len(numbers)), numbers)
    apart = [
        1 - a @ b for i, a in enumerate(vectors) for j, b in enumerate(vectors) if of_question[i] != of_question[j]
    ]
    sums = np.stack([vectors[of_question == i].sum(axis=0) for i in range(len(numbers))])
    values, weights = question_diversity.distances(sums, np.array(numbers))
    assert values @ weights / weights.sum() == pytest.approx(np.mean(apart))


def test_the_spread_of_diversity_across_questions_is_that_of_its_mean():
    """Against 300 draws of 60 questions: the standard error out of the values of one draw is that of the mean."""
    rng, means, errors = np.random.default_rng(0), [], []
    for _ in range(300):
        sums = rng.normal(0.4, 1, size=(60, 3))
        sums /= np.linalg.norm(sums, axis=1, keepdims=True)
        values, weights = question_diversity.distances(sums, np.ones(60))
        means.append(np.average(values, weights=weights))
        errors.append(values.std() / 60**0.5)
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.15)
