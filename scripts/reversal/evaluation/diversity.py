"""Diversity of the answers to a question in their meaning and in their final answers.

What differs in words and equations is in text_diversity.py. A question with fewer than two answers has no diversity.
"""

from importlib.resources import files

import numpy as np
import polars as pl


def answer_diversity(answers: pl.DataFrame) -> pl.DataFrame:
    """problem_id, answer_diversity, answer_entropy: how spread a question's final answers are.

    answers: problem_id, final (null where no final answer could be read; such answers are left out); any order.
    answer_diversity: different final answers / answers. answer_entropy: Shannon entropy of their shares, in bits (the
    plug-in estimate, which is low for few answers). A question with fewer than two final answers has no row.
    """
    counts = answers.drop_nulls("final").group_by("problem_id", "final").len()
    share = pl.col("len") / pl.col("len").sum()
    spread = counts.group_by("problem_id").agg(
        answer_diversity=pl.len() / pl.col("len").sum(),
        answer_entropy=-(share * share.log(2)).sum(),
        answers=pl.col("len").sum(),
    )
    return spread.filter(pl.col("answers") >= 2).drop("answers").sort("problem_id")


def semantic_diversity(vectors: np.ndarray) -> float:
    """1 - mean cosine over all pairs of a question's answers; nan for fewer than two.

    vectors: answers x dimensions, unit length. In O(answers) by |sum of v|^2 = sum of |v|^2 + 2 * (sum over pairs).
    """
    n = len(vectors)
    if n < 2:
        return np.nan
    exact = np.asarray(vectors, np.float64)
    total = np.ones(n) @ exact
    return float(1.0 - (total @ total - np.vdot(exact, exact)) / (n * (n - 1)))


def semantic_diversity_between(some: np.ndarray, others: np.ndarray) -> float:
    """1 - mean cosine over all pairs of one of `some` and one of `others`, as semantic_diversity; nan without pairs."""
    if not len(some) or not len(others):
        return np.nan
    some, others = (np.asarray(vectors, np.float64) for vectors in (some, others))
    return float(1.0 - (np.ones(len(some)) @ some) @ (np.ones(len(others)) @ others) / (len(some) * len(others)))


def pair_shares(answers: pl.DataFrame) -> pl.DataFrame:
    """problem_id, correct, incorrect, mixed: which share of all pairs of a question's answers is of each kind.

    answers: problem_id, correct; a row per answer. With c correct of n answers c(c-1), (n-c)(n-c-1) and 2c(n-c), each
    over n(n-1); null for n < 2. A mean over all pairs is the sum of those over the kinds, weighted by these shares: its
    change is one of the shares (composition) and one within the kinds.
    """
    counts = answers.group_by("problem_id", maintain_order=True).agg(n=pl.len(), c=pl.col("correct").sum())
    n, c = (pl.col(name).cast(pl.Float64) for name in "nc")
    kinds = {"correct": c * (c - 1), "incorrect": (n - c) * (n - c - 1), "mixed": 2 * c * (n - c)}
    return counts.select("problem_id", **{kind: pl.when(n > 1).then(of / (n * (n - 1))) for kind, of in kinds.items()})


def vendi_score(vectors: np.ndarray) -> float:
    """The effective number of different answers: exp of the entropy of the eigenvalues of K / n, K the cosines.

    vectors: answers x dimensions, unit length; between 1 (all the same) and the number of answers (all orthogonal).
    Friedman and Dieng 2023, arXiv 2210.02410. nan for fewer than two answers.
    """
    n = len(vectors)
    if n < 2:
        return np.nan
    # The non-zero eigenvalues of V V' and of V' V are the same: the smaller of the two is decomposed.
    exact = np.asarray(vectors, np.float64)  # 32-bit products leave eigenvalues where there should be none
    product = exact @ exact.T if n <= exact.shape[1] else exact.T @ exact
    shares = np.linalg.eigvalsh(product / n)
    shares = shares[shares > 1e-12]
    return float(np.exp(-(shares * np.log(shares)).sum()))


def embed(texts: list[str], model: str) -> np.ndarray:
    """Unit-length SentenceBERT embeddings of the texts, one float32 row each.

    model: a sentence-transformers name or folder; "package:NAME" is the folder `model` inside that Python package.
    """
    from sentence_transformers import SentenceTransformer

    package = model.removeprefix("package:")
    encoder = SentenceTransformer(model if package == model else str(files(package) / "model"))
    return encoder.encode(texts, normalize_embeddings=True, show_progress_bar=True)
