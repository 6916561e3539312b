"""Composition and narrowing, by hand and for any answers."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reversal.evaluation.narrowing import in_words, narrowing, parts_of_change, table
from reversal.tables import NARROWING, PROBLEM_SCORES

NAMED = {"base": pl.Int64, "seed": pl.Int64, "lineage": pl.String}
SCHEMA = NAMED | PROBLEM_SCORES
PLACE = {"model": "m", "task": "t", "method": "a"}


def values_of(lineage: str, correct: list[bool], texts: list[int], problem: int = 0, seed: int = 0) -> list[tuple]:
    """A problem's pairwise equation diversity per kind of pairs, and the shares, counted pair by pair."""
    pairs = [(i, j) for i in range(len(texts)) for j in range(i)]
    kinds = {
        "correct": [(i, j) for i, j in pairs if correct[i] and correct[j]],
        "mixed": [(i, j) for i, j in pairs if correct[i] != correct[j]],
        "incorrect": [(i, j) for i, j in pairs if not (correct[i] or correct[j])],
        "all": pairs,
    }
    rows = []
    for kind, of_kind in kinds.items():
        different = float(np.mean([texts[i] != texts[j] for i, j in of_kind])) if of_kind else None
        rows.append(("pairwise_equation_diversity", kind, different))
        rows += [("pair_share", kind, len(of_kind) / len(pairs))] if kind != "all" else []
    return [(0, seed, lineage, f"t/{problem}", *row, 1.0) for row in rows]


def frame(rows: list[tuple]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


ANSWERS = st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=2, max_size=6)


@given(ANSWERS, ANSWERS)
@settings(max_examples=40, deadline=None)
def test_the_parts_add_up_for_any_answers(first, last):
    ends = [values_of(name, *zip(*answers, strict=True)) for name, answers in (("a", first), ("b", last))]
    found = parts_of_change(frame(ends[0] + ends[1]), "a", "b", "pairwise_equation_diversity")
    parts = dict(found.select("subset", "value").rows())
    whole = [next(row[6] for row in end if row[5] == "all") for end in ends]
    assert parts["all answers"] == pytest.approx(whole[1] - whole[0])
    assert parts["composition"] + parts["narrowing"] == pytest.approx(parts["all answers"])


def test_fewer_wrong_answers_are_composition_and_answers_more_alike_narrowing():
    """Two kinds of right answer, and wrong ones that all differ."""
    first = values_of("a", [True, True, False, False], [0, 1, 2, 3])
    fewer_wrong = values_of("b", [True, True, True, False], [0, 1, 0, 2])
    (parts,) = [
        dict(
            parts_of_change(frame(first + fewer_wrong), "a", "b", "pairwise_equation_diversity")[
                "subset", "value"
            ].rows()
        )
    ]
    # Shares of correct, mixed, incorrect pairs: 1/6, 4/6, 1/6 -> 3/6, 3/6, 0; distances: 1 -> 2/3, 1, 1 -> none.
    assert parts["composition"] == pytest.approx(5 / 6 * 2 / 6 - 1 / 6 - 1 / 6)
    assert parts["narrowing"] == pytest.approx(2 / 6 * -1 / 3)
    all_right = values_of("b", [True] * 4, [0, 1, 0, 1])
    parts = dict(
        parts_of_change(frame(first + all_right), "a", "b", "pairwise_equation_diversity")["subset", "value"].rows()
    )
    assert parts["composition"] + parts["narrowing"] == pytest.approx(4 / 6 - 1)


def test_every_part_has_an_interval_and_seeds_are_averaged():
    rows = []
    for seed in (0, 1):
        for problem in range(20):
            rows += values_of("a", [True, True, False, False], [0, 1, 2, 3], problem, seed)
            rows += values_of("b", [True, True, True, False], [0, problem % 2, 0, 2], problem, seed)
    found = table(narrowing(frame(rows), PLACE, ["a", "b"], {}))
    assert found.schema == NARROWING
    assert found.select("dimension", "part", "problems").rows() == [
        ("logical diversity", part, 20) for part in ("all answers", "composition", "narrowing")
    ]
    whole, composition, narrowed = found["change"]
    assert whole == pytest.approx(composition + narrowed) and narrowed < 0
    assert all(row["low"] <= row["change"] <= row["high"] for row in found.to_dicts())
    assert narrowing(frame(rows).filter(metric="pair_share"), PLACE, ["a", "b"], {}) == []
    assert in_words(found.with_columns(low=None, high=None).to_dicts()) == [
        f"logical diversity over all answers changed by {whole:+.3f}: {composition:+.3f} by composition and "
        f"{narrowed:+.3f} by narrowing"
    ]


def test_parts_that_do_not_add_up_are_an_error():
    rows = values_of("a", [True, False], [0, 1]) + values_of("b", [True, True], [0, 1])
    wrong = frame(rows).with_columns(
        value=pl.when(lineage="b", metric="pair_share", subset="correct").then(0.5).otherwise("value")
    )
    with pytest.raises(ValueError, match="composition and narrowing differ from the change over all answers by 0"):
        parts_of_change(wrong, "a", "b", "pairwise_equation_diversity")
