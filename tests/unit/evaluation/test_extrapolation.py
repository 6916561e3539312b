"""pass@k beyond N: the fit finds the truth that counts were drawn from, and refuses what is no beta-binomial."""

import numpy as np
import polars as pl
import pytest
from reversal.evaluation import extrapolation
from reversal.evaluation.extrapolation import Fit, extrapolated, fit, pass_at, probabilities
from reversal.tables import EXTRAPOLATIONS
from scipy.stats import betabinom


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(extrapolation, "DRAWS", 40)


def drawn(alpha, beta, zeros, n, problems, seed=0):
    rng = np.random.default_rng(seed)
    return rng.binomial(n, rng.beta(alpha, beta, problems) * (rng.random(problems) >= zeros))


def test_probabilities_are_those_of_the_beta_binomial_with_more_zeros():
    plain = betabinom.pmf(np.arange(9), 8, 0.5, 1.5)
    assert probabilities(Fit(0.5, 1.5, 0.0, 0.0), 8) == pytest.approx(plain)
    assert probabilities(Fit(0.5, 1.5, 0.25, 0.0), 8) == pytest.approx(0.75 * plain + 0.25 * (np.arange(9) == 0))


def test_pass_at_k_is_the_chance_of_any_right_sample_and_stops_short_of_those_never_solved():
    fitted = Fit(0.5, 1.5, 0.25, 0.0)
    assert pass_at(fitted, [1, 4]) == pytest.approx([1 - probabilities(fitted, k)[0] for k in (1, 4)])
    assert pass_at(fitted, [10**9]) == pytest.approx([0.75], abs=1e-4)


def test_the_gradient_is_that_of_the_loss():
    share = np.bincount(drawn(0.5, 0.7, 0.2, 8, 300), minlength=9) / 300
    for x in ([0.2, -0.5], [0.2, -0.5, -1.0]):
        value, slope = extrapolation._loss(np.array(x), share)
        steps = 1e-6 * np.eye(len(x))
        found = [(extrapolation._loss(x + step, share)[0] - value) / 1e-6 for step in steps]
        assert slope == pytest.approx(found, abs=1e-4)


@pytest.mark.parametrize(("alpha", "beta", "zeros"), [(0.5, 0.7, 0.0), (2.0, 1.0, 0.0), (1.0, 1.5, 0.4)])
def test_the_fit_finds_what_the_counts_were_drawn_from(alpha, beta, zeros):
    counts = np.bincount(drawn(alpha, beta, zeros, 16, 20_000), minlength=17)
    found = fit(counts)
    assert found[:3] == pytest.approx((alpha, beta, zeros), abs=0.05, rel=0.05)
    likelihood = np.log(probabilities(Fit(alpha, beta, zeros, 0.0), 16)) @ counts
    assert likelihood <= found.log_likelihood + 0.01 * (zeros == found.zeros)  # none is more likely than the fit


def test_an_interval_beyond_n_holds_the_truth_and_grows_with_k():
    about, rows = extrapolated(drawn(0.5, 0.7, 0.0, 8, 2_000)[None], 8)
    assert about["p"] > 0.05 and about["reason"] == "" and [row["k"] for row in rows] == [16, 32, 64]
    for row in rows:
        assert row["low"] < pass_at(Fit(0.5, 0.7, 0.0, 0.0), [row["k"]])[0] < row["high"]
    values = [row["value"] for row in rows]
    assert values == sorted(values)


def test_problems_of_a_cluster_are_drawn_together():
    counts = np.sort(drawn(0.5, 0.7, 0.0, 8, 60))
    assert (extrapolation._resampled(counts[None], 8, 0, None).sum(axis=-1) == 60).all()
    pairs = np.repeat(np.arange(30), 2)
    again = extrapolation._resampled(np.repeat(counts[:30], 2)[None], 8, 0, pairs)
    assert (again % 2 == 0).all() and again.sum(axis=-1).std() == 0  # both of a pair, as often
    alone, together = (extrapolated(counts[None], 8, clusters=of)[1][0] for of in (None, np.repeat(np.arange(6), 10)))
    assert alone["value"] == together["value"]
    assert together["high"] - together["low"] > 1.5 * (alone["high"] - alone["low"])


def test_counts_of_two_kinds_of_problems_are_refused():
    rng = np.random.default_rng(0)
    about, rows = extrapolated(rng.binomial(16, np.where(rng.random(500) < 0.5, 0.3, 0.7))[None], 16)
    assert rows == [] and about["reason"].startswith("the beta-binomial does not fit the counts (p = 0.0")


def test_too_few_samples_and_too_few_different_counts_are_refused():
    assert extrapolated(np.array([[0, 1, 2, 3]]), 3)[0]["reason"].startswith("3 samples of each problem")
    assert extrapolated(np.array([[0, 8, 8, 0]]), 8)[0]["reason"].startswith("nearly all problems have the same")


def answers(lineage, counts, n=8, seed=0):
    rows = [(0, seed, lineage, f"t/test/{i}", n, int(c), None) for i, c in enumerate(counts)]
    names = ["base", "seed", "lineage", "problem_id", "n", "c", "greedy"]
    return pl.DataFrame(rows, schema=names, orient="row")


def test_methods_share_m1s_rows_and_runs_are_fitted_each_alone(monkeypatch):
    monkeypatch.setattr(extrapolation, "DRAWS", 5)
    monkeypatch.setattr(extrapolation, "FITS", 0.0)  # which of these fit by chance is not asked
    first, last = drawn(0.5, 0.7, 0.0, 8, 300), drawn(2.0, 1.0, 0.0, 8, 300, seed=1)
    found = pl.concat(
        [
            answers("sft", first),
            answers("sft", last, seed=1),
            answers("sft-sft-sft", last),
            answers("sft-dpo", [8] * 300),
        ]
    )
    table = extrapolation.extrapolations(
        found, {"a": ["sft", "sft-sft", "sft-sft-sft"], "b": ["sft", "sft-dpo"]}, "m", "t", {}
    )
    assert table.schema == EXTRAPOLATIONS
    assert table.select("method", "iteration", "samples", "k").rows() == [
        *(("a", t, 8, k) for t in (1, 3) for k in (16, 32, 64)),
        *(("b", 1, 8, k) for k in (16, 32, 64)),
        ("b", 2, 8, None),
    ]
    of_runs = [pass_at(fit(np.bincount(run, minlength=9)), [16])[0] for run in (first, last)]
    assert table.filter(iteration=1, k=16)["value"].to_list() == pytest.approx([np.mean(of_runs)] * 2)


def test_unequal_numbers_of_samples_are_refused_in_words():
    found = pl.concat([answers("sft", [0, 3, 8]), answers("sft", [1], n=4).with_columns(problem_id=pl.lit("t/test/9"))])
    (row,) = extrapolation.extrapolations(found, {"a": ["sft"]}, "m", "t", {}).to_dicts()
    assert (row["k"], row["reason"]) == (None, "not all problems have the same number of samples")
