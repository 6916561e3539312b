import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reversal import uncertainty
from reversal.uncertainty import bootstrap_interval, disparity_interval, holm, paired_p_value
from scipy.stats import binom


def test_an_interval_of_equal_values_is_a_point_and_nothing_has_none():
    assert bootstrap_interval(np.full((1, 9), 0.25)) == (0.25, 0.25)
    assert bootstrap_interval(np.full((3, 9), 0.25)) == (0.25, 0.25)
    assert np.isnan(bootstrap_interval(np.full((1, 3), np.nan))).all()
    assert np.isnan(bootstrap_interval(np.empty((1, 0)))).all()


def test_undefined_values_are_left_out():
    values = np.array([[0.0, 1.0, np.nan, 1.0, 0.0, np.nan]])
    assert bootstrap_interval(values) == pytest.approx(bootstrap_interval(values[:, [0, 1, 3, 4]]), abs=0.3)
    assert bootstrap_interval(np.array([[1.0, np.nan], [np.nan, 1.0]])) == (1.0, 1.0)


def test_the_bootstrap_of_zeros_and_ones_has_binomial_limits():
    low, high = bootstrap_interval(np.array([[1.0] * 30 + [0.0] * 70]))
    assert (low, high) == pytest.approx((binom.ppf(0.025, 100, 0.3) / 100, binom.ppf(0.975, 100, 0.3) / 100), abs=0.01)


def test_seeds_that_differ_widen_the_interval():
    same = np.tile(np.linspace(-1, 1, 50), (3, 1))
    differing = same + np.array([[-0.5], [0.0], [0.5]])
    widths = [high - low for low, high in map(bootstrap_interval, (same, differing))]
    assert widths[1] > 1.5 * widths[0]


def test_intervals_contain_the_truth_as_often_as_they_say(monkeypatch):
    """1,000 simulated studies of 120 problems: a drift of +0.1 in the chance of a right greedy answer, paired."""
    monkeypatch.setattr(uncertainty, "DRAWS", 500)
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(1_000):
        chance = rng.beta(1, 1, 120) * 0.9
        shared = rng.random(120)  # the same problem is hard for both models
        difference = (shared < chance + 0.1).astype(float) - (shared < chance).astype(float)
        noise = rng.choice([-1.0, 0.0, 1.0], size=120, p=[0.1, 0.8, 0.1])
        low, high = bootstrap_interval((difference + noise)[None])
        inside += low <= 0.1 <= high
    assert 930 <= inside <= 970


def test_disparity_interval():
    easy, hard = np.array([[1.0] * 80 + [0.0] * 20]), np.array([[1.0] * 20 + [0.0] * 80])
    low, high, p = disparity_interval((easy, easy), (hard, hard))
    assert (low, high, p) == (0.0, 0.0, 1.0)
    better = np.array([[1.0] * 60 + [0.0] * 40])
    low, high, p = disparity_interval((easy, easy), (hard, better))
    assert low < -0.5 < high < 0 and p < 0.01  # 0.75 -> 0.25
    never = np.zeros((1, 5))
    assert np.isnan(disparity_interval((never, never), (never, never))).all()


@pytest.mark.parametrize(
    ("up", "down", "p"),
    [(0, 0, 1.0), (1, 0, 1.0), (5, 0, 2 / 32), (10, 2, 2 * (1 + 12 + 66) / 4096), (4, 4, 1.0)],
)
def test_greedy_accuracy_is_tested_by_mcnemars_exact_test(up, down, p):
    values = np.array([[1.0] * up + [-1.0] * down + [0.0] * 7 + [np.nan]])
    assert paired_p_value(values) == pytest.approx(p)
    assert paired_p_value(-values) == pytest.approx(p)


def test_other_differences_are_tested_by_flipping_signs():
    values = np.array([[0.5, 0.25, 0.125, 0.0625, 0.0625]])  # only all up or all down is as large: 2 of 32
    assert paired_p_value(values) == pytest.approx(2 / 32, abs=0.015)
    assert paired_p_value(np.zeros((2, 5))) == 1.0
    assert np.isnan(paired_p_value(np.full((1, 2), np.nan)))
    # The seeds of a problem are flipped together: two equal seeds are no more evidence than one.
    assert paired_p_value(np.tile(values, (4, 1))) == pytest.approx(2 / 32, abs=0.015)


def test_under_the_null_a_small_p_is_as_rare_as_it_says():
    rng = np.random.default_rng(2)
    p_values = [paired_p_value(rng.normal(size=(1, 30))) for _ in range(300)]
    assert 0.02 <= np.mean(np.array(p_values) < 0.05) <= 0.09


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
