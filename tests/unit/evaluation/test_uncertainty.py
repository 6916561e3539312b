"""Over 300 lines: every interval and test is held against a closed form and against simulated studies."""

from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reversal.evaluation import uncertainty
from reversal.evaluation.accuracy import beyond
from reversal.evaluation.uncertainty import (
    disparity,
    effect_size,
    holm,
    interval,
    over_replicates,
    paired_disparity_p_value,
    paired_p_value,
    replicates_p_value,
    resampled_means,
)
from scipy.stats import binom, binomtest, norm, t

NAN = float("nan")


def limits(values: np.ndarray) -> tuple[float, float]:
    """The interval of one metric's mean over seeds and problems; values: seeds x problems."""
    means = np.array([np.mean(seed[~np.isnan(seed)]) if (~np.isnan(seed)).any() else NAN for seed in values])
    low, high = interval(over_replicates(resampled_means(values[None]), means[None]))
    return float(low[0]), float(high[0])


# Resampling


def test_the_same_problems_are_drawn_for_all_metrics_and_seeds():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(1, 2, 30))
    draws = resampled_means(np.concatenate([values, values + 1, -2 * values]))
    assert draws.shape == (3, 2, uncertainty.DRAWS)
    assert np.allclose(draws[1], draws[0] + 1) and np.allclose(draws[2], -2 * draws[0])
    assert np.allclose(resampled_means(values, seed=0), draws[:1])
    assert not np.allclose(resampled_means(values, seed=1), draws[:1])


def test_resampled_means_have_the_mean_and_the_variance_of_a_bootstrap():
    values = np.random.default_rng(0).gamma(1, size=(1, 1, 200))
    draws = resampled_means(values)
    assert draws.mean() == pytest.approx(values.mean(), abs=4 * values.std() / (200 * 4_000) ** 0.5)
    assert draws.std() == pytest.approx(values.std() / 200**0.5, rel=0.05)


def test_the_interval_of_few_problems_is_students():
    """Of many problems it is the percentiles' own."""
    values = np.random.default_rng(0).normal(size=(200, 1, 6))
    low, high = interval(resampled_means(values)[:, 0])
    halves = t.ppf(0.975, 5) * values[:, 0].std(axis=-1, ddof=1) / 6**0.5
    assert ((high - low) / 2 / halves).mean() == pytest.approx(1, abs=0.03)
    assert limits(np.array([[NAN, 0.5]])) == pytest.approx((NAN, NAN), nan_ok=True)  # nothing to judge one problem by


def test_weights_are_those_of_the_mean_and_undefined_values_have_none():
    """A weight of 2 stands for the value twice, in the same problem; undefined values and weights of 0 for nothing."""
    values = np.array([[[1.0, 4.0, NAN, 7.0]]])
    weighted = resampled_means(values, np.array([[[2.0, 1.0, 5.0, 0.0]]]))
    ones = resampled_means(np.array([[[1.0, 4.0, NAN, NAN]]]), np.array([[[2.0, 1.0, 1.0, 1.0]]]))
    assert np.array_equal(weighted, ones, equal_nan=True)
    centre, stretch = np.nanmean(weighted), 2**0.5 * t.ppf(0.975, 1) / norm.ppf(0.975)  # of two problems
    assert set(np.round(centre + (weighted[~np.isnan(weighted)] - centre) / stretch, 9)) >= {1.0, 2.0, 4.0}
    assert np.isnan(weighted).mean() == pytest.approx(1 / 2**4, abs=0.015)  # only the last two problems drawn


def test_equal_values_make_a_point_and_no_values_no_interval():
    assert limits(np.full((1, 9), 0.25)) == (0.25, 0.25)
    assert limits(np.full((3, 9), 0.25)) == (0.25, 0.25)
    assert np.isnan(limits(np.full((1, 3), NAN))).all()
    assert np.isnan(limits(np.full((2, 3), NAN))).all()
    assert np.isnan(limits(np.empty((1, 0)))).all()


def test_an_interval_that_a_twentieth_of_the_draws_cannot_tell_is_none():
    draws = np.arange(100.0)
    assert interval(draws) == (pytest.approx(2.475), pytest.approx(96.525))
    some, more = draws.copy(), draws.copy()
    some[:5], more[:6] = NAN, NAN
    assert interval(some) == (pytest.approx(5 + 0.025 * 94), pytest.approx(99 - 0.025 * 94))
    low, high = interval(np.stack([draws, more]))
    assert low[0] == pytest.approx(2.475) and np.isnan(low[1]) and np.isnan(high[1])
    assert np.isnan(limits(np.array([[NAN, 1.0, NAN]]))).all()  # two thirds to the third of the draws hold no value


def test_the_bootstrap_of_zeros_and_ones_has_binomial_limits():
    low, high = limits(np.array([[1.0] * 30 + [0.0] * 70]))
    assert (low, high) == pytest.approx((binom.ppf(0.025, 100, 0.3) / 100, binom.ppf(0.975, 100, 0.3) / 100), abs=0.01)


def test_disparity():
    found = disparity(np.array([0.8, 0.4, 0.0, NAN]), np.array([0.2, 0.6, 0.0, 0.1]))
    assert found == pytest.approx([0.75, -0.5, NAN, NAN], nan_ok=True)


# Replicates as a second level


def test_one_seed_has_no_second_level_and_equal_seeds_add_nothing():
    draws = resampled_means(np.random.default_rng(0).normal(size=(2, 1, 40)))
    assert np.array_equal(over_replicates(draws, draws.mean(axis=-1)), draws[:, 0])
    same = np.repeat(draws, 3, axis=1)
    assert np.allclose(over_replicates(same, np.zeros((2, 3))), draws[:, 0])


@pytest.mark.parametrize(
    ("points", "half"),
    [
        ([0.0, 0.5, 1.0], t.ppf(0.975, 2) * 0.5 / 3**0.5),
        ([0.0, 1.0], t.ppf(0.975, 1) * 0.5**0.5 / 2**0.5),
        ([0.0, NAN, 1.0], t.ppf(0.975, 1) * 0.5**0.5 / 2**0.5),  # two of three seeds have a value
        ([NAN, 0.5, NAN], 0.0),  # one: as if there were no others
    ],
)
def test_seeds_that_differ_alone_have_students_interval(points, half):
    """Every problem of a seed has the same value: the choice of problems changes nothing."""
    values = np.repeat(np.array(points)[:, None], 20, axis=1)
    assert limits(values) == pytest.approx((0.5 - half, 0.5 + half), rel=0.03, abs=1e-12)


def test_no_seed_with_a_value_has_no_interval():
    assert np.isnan(over_replicates(np.full((1, 3, 4_000), NAN), np.full((1, 3), NAN))).all()


def test_the_critical_value_lies_between_the_normals_and_students_in_proportion_to_the_variances():
    """Draws whose parts are known: common to the seeds with standard deviation 3, each seed's own with 2."""
    rng = np.random.default_rng(0)
    common, own = rng.normal(size=4_000), rng.normal(size=(3, 4_000))
    own -= own.mean(axis=0)  # so that the mean over seeds is the common part and what is each seed's own can be told
    own *= (2 / 3) ** 0.5 / own.std()
    draws, points = 3 * common + 2 * own, np.array([0.0, 2.0, 4.0])  # variance between seeds: 4
    shared, of_seeds = 9 * common.var() - 4 / 3, 4 / 3
    critical = (shared * norm.ppf(0.975) + of_seeds * t.ppf(0.975, 2)) / (shared + of_seeds)
    low, high = interval(over_replicates(draws[None], points[None]))
    assert (high[0] - low[0]) / 2 == pytest.approx(critical * (shared + of_seeds) ** 0.5, rel=0.03)


STUDIES = 2_000


def simulated(seeds: int, of_seed: float, of_problem: float, problems: int) -> np.ndarray:
    """Studies x seeds x problems around 0.1.

    Noise has variance 1; of_seed and of_problem are the standard deviations of what a seed, and the choice of problems,
    does to a mean, in units of what the noise does to it.
    """
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(STUDIES, seeds, problems))
    of_problems = of_problem * rng.normal(size=(STUDIES, 1, problems))
    return 0.1 + noise + of_problems + of_seed / problems**0.5 * rng.normal(size=(STUDIES, seeds, 1))


def covered(draws: np.ndarray, points: np.ndarray, truth: float) -> float:
    """The share of studies whose interval contains the truth. They are resampled together, each a metric of its own."""
    low, high = interval(over_replicates(draws, points))
    return ((low <= truth) & (truth <= high)).mean()


@pytest.fixture
def fewer_draws(monkeypatch):
    monkeypatch.setattr(uncertainty, "DRAWS", 1_000)


@pytest.mark.parametrize(
    ("seeds", "of_seed", "of_problem", "problems", "most"),
    [
        (1, 0, 0, 120, 0.97),
        (1, 0, 1, 120, 0.97),
        (1, 0, 1, 5, 0.97),
        (3, 1, 0, 120, 0.97),
        (3, 3, 0, 120, 0.97),
        (3, 1.7, 0.5, 120, 0.97),
        (3, 3, 1, 120, 0.97),
        (3, 1, 3, 120, 0.97),
        (5, 1.7, 0.5, 120, 0.97),
        # Where seeds matter little, an interval that has to find that out from few seeds is wider than it need be.
        (3, 0, 0, 120, 0.985),
        (3, 0, 1, 120, 0.985),
        (2, 1.7, 0, 120, 0.985),
        (2, 1, 1, 120, 0.985),
    ],
)
def test_intervals_contain_the_true_mean_as_often_as_they_say(fewer_draws, seeds, of_seed, of_problem, problems, most):
    values = simulated(seeds, of_seed, of_problem, problems)
    assert 0.93 <= covered(resampled_means(values), values.mean(axis=-1), 0.1) <= most


@pytest.mark.parametrize("seeds", [1, 3])
def test_intervals_contain_the_true_change_of_accuracy(fewer_draws, seeds):
    """Answers of 0 and 1, paired: the same problems are hard for both models, and some seeds gain more than others."""
    rng = np.random.default_rng(2)
    chance = rng.beta(1, 1, (STUDIES, 1, 120)) * 0.8
    gain = 0.1 + (0.1 * rng.uniform(-1, 1, (STUDIES, seeds, 1)) if seeds > 1 else 0.0)
    before = rng.random((STUDIES, seeds, 120)) < chance
    change = (rng.random((STUDIES, seeds, 120)) < chance + gain).astype(float) - before
    assert 0.93 <= covered(resampled_means(change), change.mean(axis=-1), 0.1) <= 0.97


@pytest.mark.parametrize("seeds", [1, 3])
def test_intervals_contain_the_true_disparity_of_groups(fewer_draws, seeds):
    """(0.8 - 0.4) / 0.8, a ratio of two means; some seeds are better than others at the hard problems."""
    rng = np.random.default_rng(3)
    easy = (rng.random((STUDIES, seeds, 100)) < 0.8).astype(float)
    of_seed = 0.1 * rng.uniform(-1, 1, (STUDIES, seeds, 1)) if seeds > 1 else 0.0
    hard = (rng.random((STUDIES, seeds, 100)) < 0.4 + of_seed).astype(float)
    draws = disparity(resampled_means(easy), resampled_means(hard, seed=1))
    assert 0.93 <= covered(draws, disparity(easy.mean(axis=-1), hard.mean(axis=-1)), 0.5) <= 0.97


def test_intervals_contain_a_true_weighted_mean_of_problems_that_are_in_a_set_by_chance(fewer_draws):
    """Like the null of the improvement set: 150 problems, a third of them with weights between 0 and 1."""
    rng = np.random.default_rng(4)
    chance = rng.random((STUDIES, 1, 150))
    weights = np.where(rng.random(chance.shape) < 1 / 3, chance, 0.0)
    values = (rng.random(chance.shape) < chance).astype(float)
    points = (values * weights).sum(axis=-1) / weights.sum(axis=-1)
    assert 0.93 <= covered(resampled_means(values, weights), points, (1 / 3) / (1 / 2)) <= 0.97


# Tests


@pytest.mark.parametrize(
    ("up", "down", "p"),
    [(0, 0, 1.0), (1, 0, 1.0), (5, 0, 2 / 32), (10, 2, 2 * (1 + 12 + 66) / 4096), (4, 4, 1.0)],
)
def test_greedy_accuracy_is_tested_by_mcnemars_exact_test(up, down, p):
    before = np.array([0.0] * up + [1.0] * down + [1.0] * 3 + [0.0] * 4 + [NAN, 1.0])
    after = np.array([1.0] * up + [0.0] * down + [1.0] * 3 + [0.0] * 4 + [1.0, NAN])
    assert paired_p_value(before, after) == pytest.approx(p)
    assert paired_p_value(after, before) == pytest.approx(p)


def test_the_exact_test_and_the_randomisation_test_are_one():
    """Changes of 1 are tested by McNemar, twice as large ones by swapping."""
    before, after = np.zeros(12), np.array([1.0] * 9 + [-1.0] * 3)
    exact = binomtest(3, 12).pvalue
    assert paired_p_value(before, after) == pytest.approx(exact)
    assert paired_p_value(before, 2 * after) == pytest.approx(exact, abs=0.01)


CHANGES = st.lists(st.sampled_from([0.0, 0.25, -0.25, 0.5, -1.5, 2.0, NAN]), min_size=1, max_size=7)


@given(CHANGES)
@settings(max_examples=30)
def test_other_changes_are_tested_by_swapping(changes):
    """Against all 2^problems ways to swap."""
    after = np.array([*changes, 0.125])  # 0.125 so that not all are 0, 1 or -1
    exact = [np.nansum(after * signs) for signs in product([1, -1], repeat=len(after))]
    p = np.mean(np.abs(exact) >= abs(np.nansum(after)) - 1e-9)
    assert paired_p_value(np.zeros_like(after), after) == pytest.approx(p, abs=0.02)


def test_p_is_never_zero_and_nothing_has_none():
    after = np.full(40, 0.5)
    assert paired_p_value(np.zeros(40), after) == 1 / (uncertainty.FLIPS + 1)
    assert paired_p_value(np.zeros(5), np.zeros(5)) == 1.0
    assert np.isnan(paired_p_value(np.zeros(2), np.full(2, NAN)))
    assert np.isnan(paired_p_value(np.empty(0), np.empty(0)))


@pytest.mark.parametrize("replicates", [2, 3, 5, 10])
def test_p_over_replicates_is_below_a_twentieth_where_the_interval_excludes_0(replicates):
    """Changes of replicates that differ, from none to large: one statement in two forms, but for Monte Carlo error."""
    rng = np.random.default_rng(replicates)
    for size in (0.0, 0.1, 0.2, 0.4, 0.8):
        change = size + 0.2 * rng.normal(size=(replicates, 1)) + 0.5 * rng.normal(size=(replicates, 60))
        draws, points = resampled_means(change[None])[0], change.mean(axis=-1)
        low, high = interval(over_replicates(draws, points))
        p = replicates_p_value(draws, points)
        nearest = min(abs(low), abs(high)) / (high - low)
        assert nearest < 0.03 or (p < 0.05) == (low > 0 or high < 0)


def test_p_over_replicates_has_closed_forms():
    """Replicates whose problems are all alike: Student's t. Replicates that are all alike: the normal."""
    points = np.array([0.1, 0.3, 0.5])
    flat = np.repeat(points[:, None], uncertainty.DRAWS, axis=1)
    exact = 2 * t.sf(points.mean() / (points.std(ddof=1) / 3**0.5), 2)
    assert replicates_p_value(flat, points) == pytest.approx(exact)
    draws = 0.2 + 0.1 * norm.ppf((np.arange(4_000) + 0.5) / 4_000)
    assert replicates_p_value(np.stack([draws] * 3), np.full(3, 0.2)) == pytest.approx(2 * norm.sf(2), rel=0.01)
    assert replicates_p_value(flat * 0, points * 0) == 1.0
    assert np.isnan(replicates_p_value(flat[:1], points[:1]))
    assert replicates_p_value(np.ones((3, uncertainty.DRAWS)), np.ones(3)) == 1e-12  # the least there is


@pytest.mark.parametrize(("replicates", "of_replicate"), [(3, 0), (3, 2), (5, 1), (10, 1)])
def test_a_change_that_is_none_is_rarely_found_over_replicates(fewer_draws, replicates, of_replicate):
    """Bases differ in what they gain, by chance, around 0."""
    values = simulated(replicates, of_replicate, 0.5, 60)[:500] - 0.1
    draws = resampled_means(values)
    found = [replicates_p_value(of, points) for of, points in zip(draws, values.mean(axis=-1), strict=True)]
    assert np.mean(np.array(found) < 0.05) <= 0.05 + 3 * (0.05 * 0.95 / 500) ** 0.5


def assert_uniform(p_values: list[float]) -> None:
    """Of 500 p under the null, 5 % and 20 % are below 0.05 and 0.2, within three standard errors, or fewer."""
    found = np.array(p_values)
    assert len(found) == 500 and not np.isnan(found).any()
    assert 0.01 <= (found < 0.05).mean() <= 0.08 and 0.12 <= (found < 0.2).mean() <= 0.255


def test_a_change_that_is_none_has_uniform_p(monkeypatch):
    monkeypatch.setattr(uncertainty, "FLIPS", 500)
    rng = np.random.default_rng(5)
    chances = [rng.beta(0.5, 0.5, 40) for _ in range(500)]
    both = [rng.binomial(8, chance, (2, 40)) / 8 for chance in chances]
    assert_uniform([paired_p_value(before, after) for before, after in both])


def test_a_disparity_that_does_not_change_has_uniform_p(monkeypatch):
    """The same chances before and after, each problem's own."""
    monkeypatch.setattr(uncertainty, "FLIPS", 500)
    rng = np.random.default_rng(6)
    p_values = []
    for _ in range(500):
        easy, hard = rng.beta(3, 1, 40), rng.beta(1, 2, 60)
        levels = [tuple((rng.random((2, len(level))) < level).astype(float)) for level in (easy, hard)]
        p_values.append(paired_disparity_p_value(*levels))
    assert_uniform(p_values)


def test_a_disparity_that_stays_while_accuracy_doubles_is_rarely_called_a_change(monkeypatch):
    """Not the hypothesis that swapping tests, so not exact; but not far off either."""
    monkeypatch.setattr(uncertainty, "FLIPS", 500)
    rng = np.random.default_rng(7)
    p_values = []
    for _ in range(500):
        levels = [((rng.random(100) < p) * 1.0, (rng.random(100) < 2 * p) * 1.0) for p in (0.4, 0.2)]
        p_values.append(paired_disparity_p_value(*levels))
    assert np.mean(np.array(p_values) < 0.05) <= 0.09


def test_disparity_is_tested_against_all_ways_to_swap():
    easy = np.array([1.0, 1, 1, 0]), np.array([1.0, 1, 0, 1])
    hard = np.array([1.0, 1, 1, 0, 1]), np.array([0.0, 0, 1, 0, 0])

    def change(swaps: tuple) -> float:
        (before_easy, after_easy), (before_hard, after_hard) = [
            (np.where(swapped, b, a).mean(), np.where(swapped, a, b).mean())
            for (a, b), swapped in ((easy, np.array(swaps[:4])), (hard, np.array(swaps[4:])))
        ]
        return (after_easy - after_hard) / after_easy - (before_easy - before_hard) / before_easy

    found = change((False,) * 9)
    exact = np.mean([abs(change(swaps)) >= abs(found) - 1e-9 for swaps in product([False, True], repeat=9)])
    assert paired_disparity_p_value(easy, hard) == pytest.approx(exact, abs=0.01)
    assert paired_disparity_p_value(easy[::-1], hard[::-1]) == pytest.approx(exact, abs=0.01)


def test_a_disparity_without_right_easy_answers_has_no_p():
    never, always = np.zeros(5), np.ones(5)
    assert np.isnan(paired_disparity_p_value((never, always), (always, never)))
    assert np.isnan(paired_disparity_p_value((always, never), (always, never)))
    same = np.array([1.0, 0.0, 1.0])
    assert paired_disparity_p_value((same, same), (always, always)) == 1.0


def test_what_a_second_sample_of_m1_solves_beyond_n_samples_has_uniform_p(monkeypatch):
    """Net of what it loses; the gains alone, few and large among many small losses, would find losses."""
    monkeypatch.setattr(uncertainty, "FLIPS", 1_000)
    rng = np.random.default_rng(8)
    p_values = []
    for _ in range(500):
        first, later = rng.binomial(8, rng.beta(1, 1, 120), (2, 120))
        both = pl.DataFrame({"n": 8, "c": first, "n_later": 8, "c_later": later})
        net = beyond(both)["beyond_n_samples_net"].to_numpy()
        p_values.append(paired_p_value(np.zeros(120), net))
    assert_uniform(p_values)
    assert np.mean(np.array(p_values) < 0.01) <= 0.02


def test_effect_size_is_the_mean_change_in_standard_deviations_of_the_problems():
    before = np.array([[0.0, 0.0, 1.0, 0.5, NAN]])
    after = np.array([[1.0, 1.0, 0.0, 0.5, 0.7]])
    assert effect_size(before, after) == pytest.approx(0.25 / np.std([1, 1, -1, 0], ddof=1))
    assert effect_size(after, before) == pytest.approx(-effect_size(before, after))
    seeds = np.array([[1.0, 0.0, NAN], [0.0, 0.0, 0.5]])  # seeds are averaged: changes 0.5, 0, 0.5
    assert effect_size(np.zeros((2, 3)), seeds) == pytest.approx((1 / 3) / np.std([0.5, 0, 0.5], ddof=1))
    for changes in ([[1.0]], [[0.1] * 5], [[NAN, NAN]], [[]]):
        assert np.isnan(effect_size(np.zeros_like(changes), np.array(changes)))


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        ([], []),
        ([0.02], [0.02]),
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([0.4, 0.9], [0.8, 0.9]),
        ([0.01, NAN, 0.02], [0.02, NAN, 0.02]),
        ([NAN, NAN], [NAN, NAN]),
    ],
)
def test_holm(p_values, adjusted):
    assert holm(p_values) == pytest.approx(adjusted, nan_ok=True)


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p_and_keeps_their_order(p_values):
    adjusted = holm(p_values)
    assert all(p <= a <= 1 for p, a in zip(p_values, adjusted, strict=True))
    assert sorted(adjusted) == [a for _, a in sorted(zip(p_values, adjusted, strict=True))]
