"""M1's frontier over temperatures, and models beyond it, on it and inside, by construction."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reversal.evaluation.frontier import frontier, height_at, position
from reversal.tables import FRONTIER_SCORES

PROBLEMS = 400
RNG = np.random.default_rng(3)
ABILITY = RNG.normal(0, 1.2, PROBLEMS)  # of a problem, in logits


def scores(lineage, curve, seed=0, base=0, shift=0.0):
    """FRONTIER_SCORES of a model. curve: {temperature: (mean logit, loss of diversity)}."""
    rng = np.random.default_rng([seed, base, *map(ord, lineage)])
    frames = []
    for temperature, (logit, loss) in curve.items():
        p = 1 / (1 + np.exp(-(ABILITY + logit + shift)))
        right = rng.binomial(8, p)
        diversity = np.where(right > 1, 0.9 - 0.6 * p - loss + rng.normal(0, 0.1, PROBLEMS), np.nan)
        for metric, values in (("sample_accuracy", right / 8), ("pairwise_equation_diversity", diversity)):
            ids = [f"t/{i}" for i in range(PROBLEMS)]
            frames.append(pl.DataFrame({"problem_id": ids, "metric": metric, "value": values}))
            frames[-1] = frames[-1].with_columns(temperature=pl.lit(float(temperature)))
    found = pl.concat(frames).select(list(FRONTIER_SCORES)).with_columns(pl.col("value").fill_nan(None))
    return found.with_columns(base=pl.lit(base), seed=pl.lit(seed), lineage=pl.lit(lineage))


FIRST = {0.5: (1.0, 0.0), 0.75: (0.5, 0.0), 1.1: (-0.3, 0.0), 1.4: (-1.2, 0.0)}
SERIES = {"method": ["sft", "sft-sft"]}


def moved(by, loss):
    """M1 as if colder (the same curve, further along it), with a loss of diversity beside it."""
    return {temperature: (logit + by, loss) for temperature, (logit, _) in FIRST.items()}


def positions(table, measure="logical diversity"):
    rows = table.filter(measure=measure).select("comparison", "temperature", "position").rows()
    return {(comparison, temperature): found for comparison, temperature, found in rows}


@pytest.mark.parametrize(
    ("loss", "expected"), [(0.0, "on"), (0.15, "inside"), (-0.15, "beyond")], ids=["colder", "worse", "better"]
)
def test_a_model_that_is_colder_is_on_the_frontier_and_one_that_lost_diversity_inside(loss, expected):
    values = pl.concat([scores("sft", FIRST), scores("sft-sft", moved(0.8, loss))])
    table, curves = frontier(values, SERIES, 0.75, {})
    found = positions(table)
    assert found["whole frontier", None] == found["M1's accuracy", None] == expected
    assert found["temperature", 1.1] == expected and found["temperature", 0.5] == "not comparable"
    (cold,) = table.filter(measure="logical diversity", temperature=0.5).to_dicts()
    assert cold["note"] == "M1 is less accurate at all of its temperatures" and cold["difference"] is None
    # Compared as they were sampled, at 0.75, all three have lost diversity: that is what the frontier is for.
    as_sampled = curves.filter(measure="logical diversity", temperature=0.75).sort("iteration")["value"]
    assert loss < 0 or as_sampled[1] < as_sampled[0] - 0.05


def test_several_replicates_are_compared_each_with_its_own_m1():
    values = pl.concat(
        [
            scores(lineage, curve, seed=seed, shift=seed / 4)
            for seed in range(3)
            for lineage, curve in (("sft", FIRST), ("sft-sft", moved(0.6, 0.15)))
        ]
    )
    (row,) = (
        frontier(values, SERIES, 0.75, {})[0]
        .filter(measure="logical diversity", comparison="whole frontier")
        .to_dicts()
    )
    assert row["replicates"] == 3 and row["position"] == "inside" and row["p"] < 0.05
    assert row["low"] < -0.15 < row["high"] and row["difference"] == pytest.approx(-0.15, abs=0.02)


def test_clusters_are_drawn_as_a_whole():
    """Every problem three times over, as a cluster, tells as much as once."""
    one = pl.concat([scores("sft", FIRST), scores("sft-sft", moved(0.8, 0.0))])
    copies = [one.with_columns(pl.col("problem_id") + f"/{i}") for i in range(3)]
    clusters = {name: name.rpartition("/")[0] for name in pl.concat(copies)["problem_id"].unique()}
    widths = []
    for values, of in ((one, {}), (pl.concat(copies), clusters), (pl.concat(copies), {})):
        (row,) = (
            frontier(values, SERIES, 0.75, of)[0]
            .filter(measure="logical diversity", comparison="whole frontier")
            .to_dicts()
        )
        widths.append(row["high"] - row["low"])
    assert widths[1] == pytest.approx(widths[0], rel=0.1) and widths[2] < 0.7 * widths[0]


def test_one_replicate_beside_m1s_range_is_not_averaged_away():
    values = [scores("sft", FIRST, seed=seed) for seed in (0, 1)]
    values += [scores("sft-sft", moved(by, 0.0), seed=seed) for seed, by in ((0, 0.4), (1, 9.0))]
    (row,) = (
        frontier(pl.concat(values), SERIES, 0.75, {})[0]
        .filter(measure="logical diversity", comparison="whole frontier")
        .to_dicts()
    )
    assert (row["position"], row["replicates"], row["difference"]) == ("not comparable", 1, None)
    assert row["note"] == "no accuracy that both M1 and M2 have at some temperature"


def test_the_problems_that_count_at_all_temperatures_stand_beside_the_others():
    values = pl.concat([scores("sft", FIRST), scores("sft-sft", moved(0.8, 0.0))])
    _, curves = frontier(values, SERIES, 0.75, {})
    own = curves.filter(measure="logical diversity", iteration=1)["problems"]
    common = curves.filter(measure="logical diversity/common")["problems"].unique()
    assert len(common) == 1 and common[0] <= own.min() and own.n_unique() == 4


def test_a_model_without_other_temperatures_and_a_method_of_one_model_have_no_rows():
    table, curves = frontier(scores("sft", FIRST), {"method": ["sft", "sft-sft"], "one": ["sft"]}, 0.75, {})
    assert table.height == curves.height == 0
    once = {0.75: FIRST[0.75]}
    table, _ = frontier(pl.concat([scores("sft", once), scores("sft-sft", once)]), SERIES, 0.75, {})
    assert set(table["position"]) == {"not comparable"}


def test_height_at_is_on_straight_lines_and_the_highest_of_several():
    curve, heights = np.array([0.8, 0.4, 0.6]), np.array([0.1, 0.5, 0.2])  # temperatures 0.5, 1 and 1.5
    asked = np.array([0.8, 0.6, 0.5, 0.4, 0.39, 0.81])
    expected = [0.1, 0.3, 0.4, 0.5, np.nan, np.nan]  # at 0.5: 0.4 on the first line and 0.35 on the second
    np.testing.assert_allclose(height_at(asked, curve, heights), expected)
    level = height_at(np.array([0.5]), np.array([0.5, 0.5]), np.array([0.2, 0.3]))
    np.testing.assert_allclose(level, [0.3])
    lacking = height_at(np.array([0.7, 0.5]), np.array([0.8, 0.6, 0.4]), np.array([0.1, 0.2, np.nan]))
    np.testing.assert_allclose(lacking, [0.15, np.nan])


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=5, unique=True).map(sorted),
    st.data(),
)
def test_height_at_is_numpys_interpolation_on_a_rising_curve(curve, data):
    heights = data.draw(st.lists(st.floats(0, 1), min_size=len(curve), max_size=len(curve)))
    asked = data.draw(st.floats(curve[0], curve[-1]))
    found = height_at(np.array([asked]), np.array(curve), np.array(heights))
    np.testing.assert_allclose(found, np.interp([asked], curve, heights), atol=1e-9)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-0.04, 0.05, "on"),
        (0.01, 0.04, "on"),  # surely more, and surely too little to matter
        (0.01, 0.06, "beyond"),
        (-0.06, -0.01, "inside"),
        (-0.06, 0.01, "unclear"),
    ],
)
def test_position(low, high, expected):
    assert position(low, high, 0.5, "logical diversity") == position(low, high, 1.0, "pass@8") == expected
    assert position(low, high, 0.5, "syntactic diversity/common") == expected  # dimensions.MARGINS, as the verdict
