"""Diversity of the sampled answers to one question.

All functions take one list of texts (or keys, or vectors). A question with fewer than two answers has no diversity.
"""

import re

import numpy as np

WORD = re.compile(r"\w+|[^\w\s]")


def distinct_n(texts: list[str], n: int) -> float | None:
    """Different n-grams / all n-grams over the answers (Li et al. 2016, arXiv 1510.03055), words and marks as tokens.

    None for fewer than two answers, or if no answer is n tokens long.
    """
    if len(texts) < 2:
        return None
    seen, total = set(), 0
    for text in texts:
        words = WORD.findall(text)
        grams = list(zip(*(words[i:] for i in range(n)), strict=False))
        seen.update(grams)
        total += len(grams)
    return len(seen) / total if total else None


def distinct_share(keys: list) -> float | None:
    """Different keys / answers, e.g. of equation sets (the paper's logical diversity). None for fewer than two."""
    return len(set(keys)) / len(keys) if len(keys) >= 2 else None


def semantic_diversity(vectors: np.ndarray) -> float | None:
    """1 - mean cosine over all pairs of the rows of `vectors` (answers x dimensions, unit length).

    In O(answers) by |sum of v|^2 = n + 2 * (sum over pairs of cosine). None for fewer than two answers.
    """
    n = len(vectors)
    if n < 2:
        return None
    total = vectors.sum(axis=0, dtype=np.float64)
    return float(1.0 - (total @ total - n) / (n * (n - 1)))


def embed(texts: list[str], model: str) -> np.ndarray:
    """Unit-length SentenceBERT embeddings of the texts, one row each.

    model: a sentence-transformers name or folder; "package:NAME" is the folder `model` inside that Python package.
    """
    from importlib.resources import files

    from sentence_transformers import SentenceTransformer

    package = model.removeprefix("package:")
    encoder = SentenceTransformer(model if package == model else str(files(package) / "model"))
    return encoder.encode(texts, normalize_embeddings=True, show_progress_bar=True).astype(np.float64)
