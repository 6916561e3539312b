"""What a study can see: held against simulations of the tests themselves, and the page that a plan prints of it."""

import numpy as np
import polars as pl
import pytest
from reversal import tables
from reversal.evaluation import uncertainty
from reversal.evaluation.outcomes import LIMIT, SIGNIFICANT, smallest_seen
from reversal.planning import plan_power
from reversal.planning.power import Spread, assumed, of_pilot, smallest_change
from tables_for_figures import change, changes_of, metrics_of, rows
from test_plan import configuration, small

PUBLISHED = pl.DataFrame(
    [("llama2-7b", "mbpp", method, 0.5, 19.0, best, 2, 0.0) for method, best in (("plain", 21.4), ("other", 79.0))],
    schema=tables.PUBLISHED,
    orient="row",
)
LOGICAL = ("pairwise_equation_diversity", "correct")


def test_mcnemars_test_shows_the_smallest_gain_in_80_percent_of_studies():
    rng, problems, moved, alpha = np.random.default_rng(0), 300, 0.3, 0.01
    gain = smallest_change(Spread(0.5, moved), problems, alpha)
    many = round(problems * moved)
    ups = rng.binomial(many, (1 + gain / moved) / 2, 400)
    before, after = np.zeros(problems), np.zeros(problems)
    shown = 0
    for up in ups:
        before[:], after[:] = 0, 0
        after[:up], before[up:many] = 1, 1
        shown += uncertainty.paired_p_value(before, after) < alpha
    assert shown / 400 == pytest.approx(0.8, abs=0.06)


def test_the_randomisation_test_shows_the_smallest_change_in_80_percent_of_studies(monkeypatch):
    monkeypatch.setattr(uncertainty, "FLIPS", 1_000)
    rng, problems, alpha = np.random.default_rng(0), 100, 0.05
    found = smallest_change(Spread(0.2), problems, alpha)
    shown = [
        uncertainty.paired_p_value(np.zeros(problems), found + 0.2 * rng.standard_normal(problems), seed=i) < alpha
        for i in range(200)
    ]
    assert np.mean(shown) == pytest.approx(0.8, abs=0.08)


def test_a_gain_too_large_for_as_many_changes_takes_more_of_them_and_few_problems_show_nothing():
    assert smallest_change(Spread(0.1, 0.01), 300, 0.05) == pytest.approx(6 / 300, abs=0.01)  # 6 of 6: p = 0.03
    assert smallest_change(Spread(0.5, 0.3), 5, 0.05) == float("inf")  # 5 of 5: p = 0.06
    assert smallest_change(Spread(0.5), 1, 0.05) == float("inf")


def test_runs_that_differ_need_larger_changes_and_more_runs_smaller_ones():
    alike, differing = Spread(0.3), Spread(0.3, between=0.05)
    assert smallest_change(alike, 200, 0.05, runs=3) == smallest_change(alike, 200, 0.05)
    three, ten = (smallest_change(differing, 200, 0.05, runs) for runs in (3, 10))
    assert three > ten > smallest_change(alike, 200, 0.05)


def test_the_assumed_spread_is_that_of_answers_drawn_from_a_beta():
    rng, n, accuracy = np.random.default_rng(0), 8, 0.4
    chance = rng.beta(accuracy, 1 - accuracy, 200_000)
    c, d = rng.binomial(n, chance), rng.binomial(n, chance)
    found = assumed(accuracy, n)
    greedy = (rng.random(chance.size) < chance) != (rng.random(chance.size) < chance)
    assert found["pass_at_1"].moved == pytest.approx(greedy.mean(), rel=0.02)
    assert found["pass_at_8"].moved == pytest.approx(((c > 0) != (d > 0)).mean(), rel=0.03)
    assert set(assumed(0.4, 1)) == {"pass_at_1"}


def test_a_pilot_tells_how_much_problems_and_runs_change():
    table = changes_of(
        change("iterative_sft", "accuracy", "pass_at_1", "test", 0.25, 0.5, "progress", effect_size=0.5),
        change("iterative_sft", "logical diversity", *LOGICAL, 0.5, 0.6, "unclear", problems=4),
        change(
            "iterative_sft", "OOD disparity on far", "group_disparity", "far", 0.5, 0.6, "unclear", role="secondary"
        ),
    )
    one = rows("pass_at_1", "test", [0.25, 0.375, 0.5])
    found = of_pilot(table, metrics_of(one, rows(*LOGICAL, [0.5, None, 0.6])))
    assert found["words", "accuracy"] == Spread(0.5, 0.25 + 0.0625, 0.0)  # changes by 1: mean square = share moved
    assert found["words", "logical diversity"] == Spread(pytest.approx(0.02 / 3.92 * 4**0.5, rel=1e-4), None, 0.0, 0.4)
    assert set(found) == {("words", "accuracy"), ("words", "logical diversity")}
    found = of_pilot(table.head(1), metrics_of(one, rows("pass_at_1", "test", [0.25, 0.375, 0.75], seed=1)))
    assert found["words", "accuracy"] == Spread(0.5, None, pytest.approx(0.25 / 2**0.5))


def page(study, pilot=None, published=PUBLISHED):
    return plan_power.lines(study, published, pilot or {})


def test_the_page_has_every_primary_dimension_what_is_assumed_and_what_a_pilot_would_tell():
    text = page(small())
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text if line.startswith("|")][2:]
    assert [(cell[0], cell[3]) for cell in cells if "diversity" not in cell[0]] == [
        ("mini-gsm: accuracy", "assumed"),
        ("mini-gsm: pass@4", "assumed"),
        ("mini-gsm: OOD accuracy on mini-math", "assumed"),
    ]
    assert [cell[3] for cell in cells if "diversity" in cell[0]] == ["unknown"] * 3
    assert any("`plan: {pilot: results/NAME}`" in line for line in text)
    assert f"0.05 / {plan_power.judged_together(small().config)} " in text[0] and text[0].endswith("of one run.")
    told = page(small(), {("other", "logical diversity"): Spread(0.4, share=0.5)})
    (line,) = [line for line in told if "logical" in line]
    assert "the pilot's" in line


def test_a_plan_and_the_outcome_of_a_study_name_the_same_change():
    """From a standard error the outcome has what the plan had from the spread, but for Student's t."""
    spread, problems, tests = Spread(0.4), 500, 30
    half = LIMIT * spread.deviation / problems**0.5
    planned = smallest_change(spread, problems, SIGNIFICANT / tests)
    assert smallest_seen({"low": -half, "high": half}, tests) == pytest.approx(planned, rel=0.02)


def test_the_papers_gains_below_what_can_be_seen_are_named():
    asked = small(
        methods={"plain": {"start": ["sft"], "repeat": ["sft"]}, "other": {"start": ["sft"], "repeat": ["sft"]}}
    )
    asked.config["models"] = {"llama2-7b": {"folder": "llama2-7b"}}
    asked.config["tasks"] = {"mbpp": asked.config["tasks"]["mini-gsm"] | {"test": {"generator": "x", "count": 500}}}
    text = page(asked)
    assert (
        text[-1]
        == "**mbpp: 1 of the paper's 2 gains of greedy accuracy (0.024 to 0.024) are below what this study can see.**"
    )


def test_all_nine_of_the_papers_gains_on_mbpp_are_too_small_for_its_500_problems():
    published = pl.read_csv("studies/published_results.csv", schema=tables.PUBLISHED)
    study = small()._replace(config=configuration("paper"))
    (line,) = [line for line in page(study, published=published) if line.startswith("**mbpp")]
    assert line.startswith("**mbpp: 9 of the paper's 9 gains of greedy accuracy (0.0060 to 0.046)")
