"""The best of several without peeking."""

import numpy as np
import pytest
from reversal.evaluation.best_iteration import cross_fitted


def test_each_half_is_judged_by_the_choice_of_the_other():
    """Each candidate solves one half alone: whoever looks at a half chooses the one that is useless on the other."""
    half = np.random.default_rng(0).permutation(40) % 2
    candidates = np.stack([half == 0, half == 1]).astype(float)[:, None]
    chosen, places = cross_fitted(candidates, None)
    assert chosen.sum() == 0 and places == [1, 0]
    assert cross_fitted(np.concatenate([candidates, np.ones((1, 1, 40))]), None)[0].mean() == 0.0  # the first of equals
    better = np.concatenate([0.9 * candidates, np.ones((1, 1, 40))])
    assert cross_fitted(better, None)[0].mean() == 1.0


def test_a_replicate_has_no_say_in_what_it_judges():
    """The one is good in the first replicate alone, the other in the second alone."""
    candidates = np.zeros((2, 2, 10))
    candidates[0, 0] = candidates[1, 1] = 1.0
    assert cross_fitted(candidates, None)[0].mean() == 0.0


def test_clusters_stay_in_one_half():
    clusters = np.repeat(np.arange(8), 5)
    half = (np.random.default_rng(0).permutation(8) % 2)[clusters]
    candidates = np.stack([half == 0, half == 1]).astype(float)[:, None]
    assert cross_fitted(candidates, clusters)[0].sum() == 0


def test_the_best_of_four_models_that_are_alike_gains_nothing():
    rng = np.random.default_rng(1)
    gains, looks = [], []
    for _ in range(300):
        chance = rng.beta(1, 1, 240)
        first, *later = (rng.random((5, 1, 240)) < chance).astype(float)
        gains.append((cross_fitted(np.array(later), None)[0] - first).mean())
        looks.append(max(later, key=np.mean).mean() - first.mean())
    assert np.mean(looks) > 0.02  # what the best looks like
    assert np.mean(gains) == pytest.approx(0, abs=3 * np.std(gains) / 300**0.5)
