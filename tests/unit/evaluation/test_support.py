"""What M_t gains and loses over M1 against the same between two M1s, on counts that can be enumerated by hand."""

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from reversal.evaluation import scoring, support
from reversal.tables import PROBLEM_SCORES, SCORES, SUPPORT

VALUES = {"base": pl.Int64, "seed": pl.Int64, "lineage": pl.String} | PROBLEM_SCORES


def values(lineage: str, answers: dict[str, str], base: int = 0, seed: int = 0) -> pl.DataFrame:
    """What scoring.accuracy_values says of a greedy answer and samples: {problem: "r rrww"}, r for right."""
    rows = [
        (f"t/test/{problem}", decoding, i, "correct" if mark == "r" else "wrong")
        for problem, marks in answers.items()
        for decoding, part in zip(("greedy", "sampled"), marks.split(), strict=True)
        for i, mark in enumerate(part)
    ]
    names = ["problem_id", "decoding", "sample_index", "verdict"]
    verdicts = pl.DataFrame(rows, schema=names, orient="row").with_columns(
        answer=pl.lit("1"), answer_class=pl.lit(None, pl.String), second_verdict="verdict", verifier=pl.lit("none")
    )
    run = {"base": pl.lit(base, pl.Int64), "seed": pl.lit(seed, pl.Int64), "lineage": pl.lit(lineage)}
    return scoring.accuracy_values(verdicts).select(**run, **{name: pl.col(name) for name in PROBLEM_SCORES})


FIRST = {"a": "r rrww", "b": "w wwww", "c": "w rwww", "d": "r rrrr"}
LATER = {"a": "r rwww", "b": "r rrww", "c": "w wwww", "d": "r rrrr"}
SERIES = {"sft": ["sft", "sft-sft"]}


def table(*frames: pl.DataFrame, series=None, clusters=None) -> pl.DataFrame:
    found = support.support(pl.concat(frames), series or SERIES, "m", "t", clusters or {})
    assert found.schema == SUPPORT
    return found


def row(found: pl.DataFrame, metric: str, samples: int, *columns: str) -> tuple:
    return found.filter(metric=metric, samples=samples).select(columns).row(0)


def test_support_of_all_samples_counts_problems_with_a_right_one():
    found = table(values("sft", FIRST), values("sft-sft", LATER))
    counted = {name: row(found, name, 4, "value")[0] for name in found["metric"].unique()}
    assert counted == pytest.approx(
        {"retained": 2 / 4, "lost": 1 / 4, "gained": 1 / 4, "srr": 2 / 3, "ndr": 1 / 3, "sds": 4 / 9, "nscr": 0.0}
        | {"cover_0.25": 3 / 4, "cover_0.5": 2 / 4, "cover_0.75": 1 / 4, "cover_1": 1 / 4}
    )
    assert row(found, "gained", 4, "null", "null_from", "difference") == (None, None, None)  # no other M1
    assert row(found, "nscr", 4, "null", "null_from") == (0.0, "0: neither model comes first")
    assert row(found, "cover_0.5", 4, "null", "null_from", "difference") == (2 / 4, "M1 itself", 0.0)
    assert found.select("model", "task", "method", "iteration", "problems").unique().row(0) == ("m", "t", "sft", 2, 4)


def subsets_with(marks: str, k: int) -> list[bool]:
    return ["r" in chosen for chosen in combinations(marks.split()[1], k)]


def test_support_of_half_the_samples_is_the_mean_over_all_halves_and_the_other_half_its_null():
    found = table(values("sft", FIRST), values("sft-sft", LATER))
    gained, lost, null = [], [], []
    for problem, marks in FIRST.items():
        before, after = (np.mean(subsets_with(of, 2)) for of in (marks, LATER[problem]))
        gained.append((1 - before) * after)
        lost.append(before * (1 - after))
        samples = marks.split()[1]
        halves = [(half, set(range(4)) - set(half)) for half in combinations(range(4), 2)]
        null.append(
            np.mean([not any(samples[i] == "r" for i in a) and any(samples[i] == "r" for i in b) for a, b in halves])
        )
    assert row(found, "gained", 2, "value", "null") == pytest.approx((np.mean(gained), np.mean(null)))
    assert row(found, "lost", 2, "value", "null") == pytest.approx((np.mean(lost), np.mean(null)))
    assert row(found, "gained", 2, "null_from", "difference") == (
        "M1 sampled anew",
        pytest.approx(np.mean(gained) - np.mean(null)),
    )


def test_an_m1_of_another_seed_is_the_null_for_all_samples_and_both_ways():
    again = {"a": "w wwww", "b": "w wwww", "c": "w rwww", "d": "r rrrr"}
    frames = [values(name, of, seed=seed) for seed in (0, 1) for name, of in (("sft", again if seed else FIRST),)]
    frames += [values("sft-sft", LATER, seed=seed) for seed in (0, 1)]
    found = table(*frames)
    # One of four problems is in one M1's support alone: lost from seed 0 to seed 1, gained the other way.
    assert row(found, "lost", 4, "null", "null_from") == (1 / 8, "M1 trained anew")
    assert row(found, "gained", 4, "null", "value", "difference") == (1 / 8, 3 / 8, 1 / 4)


def test_bases_are_the_null_where_each_has_one_seed_and_not_where_each_has_several():
    frames = [values("sft", FIRST, base=base) for base in (0, 1)]
    pairs = support.trained_anew(support.answers(pl.concat(frames)))
    assert sorted(pairs.select("base", "base_later").unique().rows()) == [(0, 1), (1, 0)]
    frames = [values("sft", FIRST, base=base, seed=seed) for base in (0, 1) for seed in (0, 1)]
    pairs = support.trained_anew(support.answers(pl.concat(frames)))
    assert sorted(pairs.select("base", "seed", "seed_later").unique().rows()) == [
        (base, seed, 1 - seed) for base in (0, 1) for seed in (0, 1)
    ]
    assert support.trained_anew(support.answers(frames[0])).is_empty()


def test_the_null_of_m1s_trained_anew_has_the_flow_what_is_beyond_and_m1s_curve_on_what_they_gain():
    first, other = {"a": "w rrww", "b": "w wwww", "c": "r rrrr"}, {"a": "r rrrr", "b": "r rwww", "c": "w wwww"}
    found = support.null_of_anew(pl.concat([values("sft", first), values("sft", other, seed=1)]), ["sft"])
    assert dict(found.schema) == VALUES
    here = found.filter(seed=0).select(pl.col("problem_id").str.tail(1), "metric", "value", "weight")
    expected = [
        *(("a", name, value) for name, value in (("kept", 0.0), ("gained_inside", 1.0), ("gained_outside", 0.0))),
        *(("b", name, value) for name, value in (("kept", 0.0), ("gained_inside", 0.0), ("gained_outside", 1.0))),
        *(("c", name, value) for name, value in (("kept", 0.0), ("gained_inside", 0.0), ("gained_outside", 0.0))),
        *(("a", "lost", 0.0), ("b", "lost", 0.0), ("c", "lost", 1.0)),
        *(("a", "beyond_n_samples", 0.0), ("b", "beyond_n_samples", 1 / 4), ("c", "beyond_n_samples", 0.0)),
        *(
            ("a", "beyond_n_samples_lost", 0.0),
            ("b", "beyond_n_samples_lost", 0.0),
            ("c", "beyond_n_samples_lost", 1.0),
        ),
        *(
            ("a", "m1_pass_at_2", 5 / 6),
            ("b", "m1_pass_at_2", 0.0),
            ("a", "m1_pass_at_4", 1.0),
            ("b", "m1_pass_at_4", 0.0),
        ),
    ]
    expected = pl.DataFrame(expected, schema=["problem_id", "metric", "value"], orient="row").with_columns(weight=1.0)
    assert_frame_equal(here.sort("problem_id", "metric"), expected.sort("problem_id", "metric"))
    scores = support.scores_of(found, "s", "m", "t")
    assert scores.schema == SCORES
    of_curve = scores.filter(metric="m1_pass_at_2", seed=0).select("iteration", "lineage", "subset", "value", "n")
    assert of_curve.row(0) == (1, "sft", "anew", pytest.approx(5 / 12), 2)


def test_a_study_of_one_model_or_one_sample_has_no_gains_to_show():
    assert table(values("sft", FIRST), series={"one": ["sft"]}).is_empty()
    one = {"a": "r r", "b": "w w"}
    found = table(values("sft", one), values("sft-sft", one))
    assert found["samples"].unique().to_list() == [1]
    assert row(found, "srr", 1, "value", "null") == (1.0, None)
    assert row(found, "sds", 1, "value") == (0.0,)


@given(
    st.integers(1, 7).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))), st.floats(0.01, 1)
)
def test_g_pass_at_k_is_the_share_of_choices_with_enough_right_samples(case, tau):
    n, c, k = case
    choices = [sum(chosen) / k >= tau - 1e-9 for chosen in combinations([1] * c + [0] * (n - c), k)]
    assert support.g_pass_at_k(n, c, k, tau) == pytest.approx(np.mean(choices))


@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=3))
def test_dynamics_follow_from_srr_and_ndr_and_nscr_changes_sign_with_the_models(parts):
    retained, lost, gained = parts
    found, swapped = support.dynamics(*map(np.array, parts)), support.dynamics(*map(np.array, (retained, gained, lost)))
    assert found["sds"] == pytest.approx(2 / (1 / found["srr"] + 1 / found["ndr"]))
    assert found["nscr"] == pytest.approx(-swapped["nscr"])
    assert found["srr"] == pytest.approx(1 - swapped["ndr"])


@pytest.mark.parametrize(
    ("parts", "printed"),
    [
        ((1045, 107, 31), (0.91, 0.03, 0.06, -0.06)),  # ProRL-1.5B-v1, non-math
        ((761, 104, 83), (0.88, 0.10, 0.18, -0.02)),  # OLMo-2-0425-1B, math
    ],
)
def test_dynamics_are_those_that_the_paper_prints(parts, printed):
    found = support.dynamics(*map(np.array, parts))  # retained, lost, gained: arXiv 2507.14843, Table 1
    assert tuple(round(float(found[name]), 2) for name in ("srr", "ndr", "sds", "nscr")) == printed


def test_problems_of_one_cluster_are_drawn_together():
    pair = values("sft", FIRST), values("sft-sft", LATER)
    limits = ("value", "low", "high")
    alone, together = (
        row(table(*pair, clusters=of), "cover_0.5", 4, *limits) for of in ({}, {"t/test/a": "x", "t/test/c": "x"})
    )
    assert alone[0] == together[0] and alone[1:] != together[1:]
    whole = row(table(*pair, clusters={f"t/test/{problem}": "x" for problem in "abcd"}), "cover_0.5", 4, *limits)
    assert whole == (alone[0], None, None)  # one cluster tells nothing of others
