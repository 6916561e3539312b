import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reversal import uncertainty
from reversal.uncertainty import (
    disparity,
    effect_size,
    holm,
    interval,
    over_seeds,
    paired_disparity_p_value,
    paired_p_value,
    resampled_means,
    second_sample_p_value,
)
from scipy.stats import binom

NAN = float("nan")


def limits(values: np.ndarray, run: int = 0) -> tuple[float, float]:
    """The interval of a mean of seeds x problems."""
    low, high = interval(over_seeds(resampled_means(values[None], seed=run), np.nanmean(values, axis=-1)[None], run))
    return float(low[0]), float(high[0])


def test_an_interval_of_equal_values_is_a_point_and_nothing_has_none():
    assert limits(np.full((1, 9), 0.25)) == (0.25, 0.25)
    assert limits(np.full((3, 9), 0.25)) == (0.25, 0.25)
    nothing = resampled_means(np.full((1, 1, 3), NAN))
    assert np.isnan(nothing).all() and np.isnan(interval(nothing)).all()
    assert np.isnan(resampled_means(np.empty((1, 1, 0)))).all()


def test_the_bootstrap_of_zeros_and_ones_has_binomial_limits():
    expected = (binom.ppf(0.025, 100, 0.3) / 100, binom.ppf(0.975, 100, 0.3) / 100)
    assert limits(np.array([[1.0] * 30 + [0.0] * 70])) == pytest.approx(expected, abs=0.011)


def test_undefined_values_are_left_out_and_weights_count():
    values = np.array([[[0.0, 1.0, NAN, 1.0, 0.0, NAN]]])
    assert np.nanmean(resampled_means(values)) == pytest.approx(0.5, abs=0.02)
    weighted = resampled_means(np.array([[[1.0, 0.0]]]), np.array([[[3.0, 1.0]]]))
    assert set(np.round(weighted.ravel(), 6)) == {0.0, 0.75, 1.0}  # of one problem twice, or of both


def test_metrics_and_seeds_share_their_resamples():
    values = np.random.default_rng(0).normal(size=(1, 2, 30))
    draws = resampled_means(np.concatenate([values, values + 1]))
    assert np.allclose(draws[1] - draws[0], 1.0)


def test_seeds_that_differ_widen_the_interval():
    same = np.tile(np.linspace(-1, 1, 50), (3, 1))
    widths = [high - low for low, high in map(limits, (same, same + np.array([[-0.5], [0.0], [0.5]])))]
    assert widths[1] > 1.5 * widths[0]


@pytest.mark.parametrize("seeds", [1, 3])
def test_intervals_contain_the_truth_as_often_as_they_say(monkeypatch, seeds):
    """1,000 simulated studies of 100 problems; benchmarks/interval_coverage.py has more kinds of them."""
    monkeypatch.setattr(uncertainty, "DRAWS", 500)
    rng = np.random.default_rng(1)
    inside = 0
    for run in range(1_000):
        of_seed, of_problem = rng.normal(0, 0.03, (seeds, 1)) * (seeds > 1), rng.normal(0, 0.3, (1, 100))
        low, high = limits(0.1 + of_seed + of_problem + rng.normal(0, 0.3, (seeds, 100)), run)
        inside += low <= 0.1 <= high
    assert 930 <= inside <= 970


def test_an_interval_with_too_many_undefined_draws_is_none():
    draws = np.array([[1.0] * 94 + [NAN] * 6, [1.0] * 96 + [NAN] * 4])
    low, high = interval(draws)
    assert np.isnan([low[0], high[0]]).all() and (low[1], high[1]) == (1.0, 1.0)


def test_disparity():
    assert disparity(np.array([0.8, 0.0]), np.array([0.2, 0.0])).tolist() == pytest.approx([0.75, NAN], nan_ok=True)


@pytest.mark.parametrize(
    ("up", "down", "p"),
    [(0, 0, 1.0), (1, 0, 1.0), (5, 0, 2 / 32), (10, 2, 2 * (1 + 12 + 66) / 4096), (4, 4, 1.0)],
)
def test_greedy_accuracy_is_tested_by_mcnemars_exact_test(up, down, p):
    before = np.array([[0.0] * up + [1.0] * down + [1.0] * 7 + [NAN]])
    after = np.array([[1.0] * up + [0.0] * down + [1.0] * 7 + [1.0]])
    assert paired_p_value(before, after) == paired_p_value(after, before) == pytest.approx(p)


def test_other_differences_are_tested_by_swapping():
    after = np.array([[0.5, 0.25, 0.125, 0.0625, 0.0625]])  # only all up or all down is as large: 2 of 32
    nothing = np.zeros_like(after)
    assert paired_p_value(nothing, after) == pytest.approx(2 / 32, abs=0.01)
    assert paired_p_value(np.zeros((2, 5)), np.zeros((2, 5))) == 1.0
    assert np.isnan(paired_p_value(np.full((1, 2), NAN), np.zeros((1, 2))))
    # The seeds of a problem are swapped together: four equal seeds are no more evidence than one.
    assert paired_p_value(np.zeros((4, 5)), np.tile(after, (4, 1))) == pytest.approx(2 / 32, abs=0.01)


def test_under_the_null_a_small_p_is_as_rare_as_it_says(monkeypatch):
    monkeypatch.setattr(uncertainty, "FLIPS", 1_000)
    rng = np.random.default_rng(2)
    p_values = [paired_p_value(*rng.normal(size=(2, 1, 30))) for _ in range(400)]
    assert 0.02 <= np.mean(np.array(p_values) < 0.05) <= 0.085  # within three standard errors


def test_a_disparity_that_changes_by_chance_alone_has_a_small_p_as_rarely_as_it_says(monkeypatch):
    monkeypatch.setattr(uncertainty, "FLIPS", 1_000)
    rng = np.random.default_rng(3)

    def answers(chance: float) -> tuple[np.ndarray, np.ndarray]:
        of_problem = np.clip(rng.normal(chance, 0.2, 60), 0, 1)
        return tuple((rng.random((2, 1, 60)) < of_problem).astype(float))

    p_values = [paired_disparity_p_value(answers(0.8), answers(0.4)) for _ in range(400)]
    assert 0.02 <= np.mean(np.array(p_values) < 0.05) <= 0.085


def test_a_disparity_that_grows_has_a_small_p_and_one_without_easy_answers_none():
    easy, hard = np.array([[1.0] * 45 + [0.0] * 15]), np.array([[1.0] * 40 + [0.0] * 20])
    assert paired_disparity_p_value((easy, easy), (hard, np.zeros((1, 60)))) < 0.01
    never = np.zeros((1, 5))
    assert np.isnan(paired_disparity_p_value((never, never), (never, never)))


def test_what_a_second_sample_solves_is_tested_exactly():
    """Two problems, two samples each: all ways in which their right samples fall to the two models."""
    before, after, n = np.array([0, 1]), np.array([1, 1]), 2

    def statistic(b, a):
        return sum(x * n if y == 0 else (x - n) if y == 1 else 0 for y, x in zip(b, a, strict=True))

    found = statistic(before, after)
    # c = 1: to M1 or to M_t, 1/2 each. c = 2 of 4 places: 0, 1, 2 to M1 with 1/6, 4/6, 1/6.
    outcomes = [
        (p * q, statistic((x, y), (1 - x, 2 - y)))
        for x, p in ((0, 1 / 2), (1, 1 / 2))
        for y, q in ((0, 1 / 6), (1, 4 / 6), (2, 1 / 6))
    ]
    exact = sum(chance for chance, value in outcomes if abs(value) >= abs(found))
    assert second_sample_p_value(before, after, n) == pytest.approx(exact, abs=0.02)
    assert np.isnan(second_sample_p_value(np.empty(0, int), np.empty(0, int), 2))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([[0.0, 0.0, 0.0, 0.0]], [[1.0, 1.0, 0.0, 0.0]], 0.5 / (1 / 3) ** 0.5),
        ([[0.0, 0.0]], [[0.5, 0.5]], NAN),
        ([[0.0, NAN]], [[0.5, 0.5]], NAN),
        ([[0.0, 0.0], [0.0, 0.0]], [[1.0, 0.0], [0.0, 0.0]], 0.25 / 0.125**0.5),
    ],
)
def test_effect_size(before, after, expected):
    assert effect_size(np.array(before), np.array(after)) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        ([], []),
        ([0.02], [0.02]),
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([0.4, 0.9], [0.8, 0.9]),
        ([0.01, float("nan"), 0.02], [0.02, float("nan"), 0.02]),
    ],
)
def test_holm(p_values, adjusted):
    assert holm(p_values) == pytest.approx(adjusted, nan_ok=True)


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p_and_keeps_their_order(p_values):
    adjusted = holm(p_values)
    assert all(p <= a <= 1 for p, a in zip(p_values, adjusted, strict=True))
    assert sorted(adjusted) == [a for _, a in sorted(zip(p_values, adjusted, strict=True))]
