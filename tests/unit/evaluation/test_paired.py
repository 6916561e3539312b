"""The change of a metric, paired by problem, and how sure it is."""

import numpy as np
import polars as pl
import pytest
from reversal.evaluation import uncertainty
from reversal.evaluation.paired import certainty, cluster_numbers, problem_values, score_interval
from reversal.evaluation.uncertainty import paired_p_value
from reversal.tables import PROBLEM_SCORES
from scipy.stats import norm

NAN = float("nan")
Z2 = norm.ppf(0.975) ** 2


def values(rows: list[tuple]) -> pl.DataFrame:
    full = [(replicate, line, f"t/{i}", "m", "s", v, 1.0) for replicate, line, i, v in rows]
    return pl.DataFrame(full, schema={"replicate": pl.Int64, "lineage": pl.String} | PROBLEM_SCORES, orient="row")


def test_problems_that_every_model_has_are_paired():
    rows = [(0, "a", 1, 0.1), (0, "b", 1, 0.2), (0, "a", 0, 0.3), (0, "b", 0, 0.4), (0, "a", 2, 0.5)]
    rows += [
        (4, "a", 1, 0.6),
        (4, "b", 1, 0.7),
        (4, "a", 3, 0.8),
        (4, "b", 3, 0.9),
        (4, "a", 0, 1.0),
        (4, "b", 0, None),
    ]
    found, clusters = problem_values(values(rows), ["b", "a"], "m", "s", {"t/1": "x", "t/3": "x"})
    b, a = [[0.4, 0.2, NAN], [NAN, 0.7, 0.9]], [[0.3, 0.1, NAN], [NAN, 0.6, 0.8]]
    assert np.array_equal(found, np.array([b, a]), equal_nan=True)  # problems 0, 1 and 3
    assert clusters.tolist() == [0, 1, 1]
    nothing, alone = problem_values(values(rows), ["a", "c"], "m", "s", {})
    assert nothing.size == 0 and alone is None


def test_problems_that_share_nothing_are_in_no_cluster():
    assert cluster_numbers(["p", "q"], {"p": "x", "r": "x"}) is None
    assert cluster_numbers(["p", "q", "r"], {"p": "x", "r": "x"}).tolist() == [1, 0, 1]


def test_the_score_interval_is_tangos():
    """His equation, solved: the mean whose score statistic is 1.96 either way; nothing changed has a closed form."""
    assert score_interval(np.zeros(60)) == (pytest.approx(-Z2 / (60 + Z2)), pytest.approx(Z2 / (60 + Z2)))
    change = np.array([1.0] * 12 + [-1.0] * 2 + [0.0] * 36)
    low, high = score_interval(change)
    for mean, sign in ((low, 1), (high, -1)):
        # The likeliest shares of gains and losses whose difference is `mean`, by search instead of the formula.
        losses = np.linspace(1e-6, (1 - mean) / 2 - 1e-6, 200_001)
        losses = losses[losses + mean > 0]
        likelihood = 12 * np.log(losses + mean) + 2 * np.log(losses) + 36 * np.log(1 - mean - 2 * losses)
        best = losses[np.argmax(likelihood)]
        score = (10 - 50 * mean) / np.sqrt(50 * (2 * best + mean - mean**2))
        assert score == pytest.approx(sign * norm.ppf(0.975), abs=1e-3)
    assert score_interval(-change) == (pytest.approx(-high), pytest.approx(-low))
    assert score_interval(np.ones(5)) == (pytest.approx(5 / (5 + Z2) * 2 - 1, abs=0.5), 1.0)
    assert np.isnan(score_interval(np.array([1.5, 0.0]))).all()


@pytest.mark.parametrize(("problems", "gained"), [(60, 0.02), (60, 0.05), (300, 0.01)])
def test_rare_gains_in_few_problems_are_covered(problems, gained):
    """Of right and wrong answers, and of smaller changes; the bootstrap's percentiles cover 70 % of the first."""
    rng = np.random.default_rng(0)
    rare = rng.random((300, problems)) < gained
    for sizes in ([1.0], [0.25, 0.5, 1.0]):
        truth = gained * np.mean(sizes)
        limits = [score_interval(change) for change in rare * rng.choice(sizes, rare.shape)]
        assert np.mean([low <= truth <= high for low, high in limits]) >= 0.93


def test_few_changes_widen_the_interval_and_the_p():
    before, after = np.full((1, 40), 0.25), np.full((1, 40), 0.25)
    after[0, :5] += 0.5
    found = certainty(before, after, None)
    assert (found["first"], found["last"], found["change"]) == (0.25, 0.3125, 0.0625)
    assert found["low"] <= score_interval(after[0] - before[0])[0] < 0 < found["high"]
    assert found["p"] == pytest.approx(2 / 32, abs=0.01)
    three = certainty(
        np.repeat(before, 3, axis=0), np.repeat(after, 3, axis=0), None
    )  # equal replicates: z would be 2.3
    assert three["p"] == pytest.approx(2 / 32, abs=0.01) and three["low"] < 0 and three["replicates"] == 3
    same = certainty(before, before, None)
    assert (same["p"], same["low"] < 0 < same["high"]) == (1.0, True)


def test_a_cluster_is_drawn_and_swapped_as_a_whole():
    """Twelve clusters of ten equal problems say no more than twelve problems."""
    change = np.array([1.0] * 8 + [-1.0] * 4)
    many, clusters = np.repeat(change, 10), np.repeat(np.arange(12), 10)
    whole = certainty(np.zeros((1, 120)), many[None], clusters)
    alone = certainty(np.zeros((1, 12)), 0.5 * change[None], None)  # halved, so that none of it is a right answer's
    assert whole["p"] == pytest.approx(paired_p_value(np.zeros(12), change), abs=0.01) and whole["problems"] == 120
    assert (whole["low"], whole["high"]) == (pytest.approx(2 * alone["low"]), pytest.approx(2 * alone["high"]))
    apart = certainty(np.zeros((1, 120)), many[None], None)
    assert apart["high"] - apart["low"] < 0.5 * (whole["high"] - whole["low"])


def test_clusters_of_unequal_size_are_covered(monkeypatch):
    """Problems of one passage go the same way: 60 clusters of one to five problems, mean change 0.1."""
    monkeypatch.setattr(uncertainty, "DRAWS", 500)
    monkeypatch.setattr(uncertainty, "FLIPS", 500)
    rng = np.random.default_rng(1)
    inside = []
    for _ in range(200):
        sizes = rng.integers(1, 6, 60)
        clusters = np.repeat(np.arange(60), sizes)
        of_cluster = rng.normal(0.1, 0.3, 60)
        change = (of_cluster[clusters] + rng.normal(0, 0.1, len(clusters)))[None]
        found = certainty(0 * change, change, clusters)
        inside.append(found["low"] <= 0.1 <= found["high"])
    assert 0.89 <= np.mean(inside) <= 0.99
