"""Policies for training sets: whose verdicts count, which answers are taken, and how often each row stands there.

Pure functions of a question's answers; reversal.learning.training_sets puts them together.
"""

import random
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate, cycle, islice
from math import exp, lgamma

from reversal.verifying.answers import equations

PRIOR = (1.0, 1.0)  # of a question's chance p to be solved: uniform, before any of its answers is seen


def kind(text: str) -> tuple[str, ...] | str:
    """What makes two answers the same reasoning: their set of equations; of answers without any, the text itself."""
    return equations(text) or text.strip()


def misjudged(
    correct: list[str], incorrect: list[str], verdicts: dict | str, place: str
) -> tuple[list[str], list[str]]:
    """(correct, incorrect) as a wrong verifier has them. place: names the question; for "shuffled" with a seed.

    verdicts: "shuffled" gives as many answers of the question as are correct that verdict, whichever: a matched random
    selection. {false_positives, false_negatives} are the chances that it passes a wrong answer and fails a right one.
    They fall on the text: this verifier says the same of an answer in every iteration, as a real one does, so that what
    it is wrong about can be learnt.
    """
    if verdicts == "shuffled":
        both = shuffled([*correct, *incorrect], place)
        return both[: len(correct)], both[len(correct) :]

    def wrong(text: str, share: float) -> bool:
        return random.Random(f"verifier/{place}/{text.strip()}").random() < share

    failed = [text for text in correct if wrong(text, verdicts["false_negatives"])]
    passed = [text for text in incorrect if wrong(text, verdicts["false_positives"])]
    kept, left = (
        [text for text in texts if text not in out] for texts, out in ((correct, failed), (incorrect, passed))
    )
    return kept + passed, left + failed


def over_equations(texts: list[str], number: int, seed: str) -> list[str]:
    """`number` of the texts, or as many as there are, with every set of equations as often as any other, give or take
    one; a set that has too few texts repeats them.

    What the Uniform-Correct Policy (arXiv 2605.00365) asks of a policy's right answers, asked of its training set.
    """
    kinds: dict = {}
    for text in shuffled(texts, seed):
        kinds.setdefault(kind(text), []).append(text)
    in_turn = cycle([cycle(of_kind) for of_kind in kinds.values()]) if kinds else ()
    return [next(of_kind) for of_kind in islice(in_turn, min(number, len(texts)))]


def rare_against_common(
    pairs: list[tuple[str, str]], correct: list[str], incorrect: list[str]
) -> list[tuple[str, str]]:
    """The pairs (correct, incorrect) by how rare the kind of the correct one is, then how common the incorrect one's.

    correct, incorrect: all answers to the question, duplicates too, that rarity is counted over.
    """
    good, bad = Counter(map(kind, correct)), Counter(map(kind, incorrect))
    return sorted(pairs, key=lambda pair: (good[kind(pair[0])], -bad[kind(pair[1])]))


def unsolved_weight(solved: int, samples: int, k: int) -> float:
    """E[k (1 - p)^(k - 1)], by how much pass@k rises with a question's p, after `solved` of so many samples were right.

    With p from a Beta(a, b) before, k B(a + c, b + n - c + k - 1) / B(a + c, b + n - c). It puts into numbers what
    arXiv 2606.15455 calls overtraining: a question solved once hardly counts at a high k.
    """
    a, b = PRIOR[0] + solved, PRIOR[1] + samples - solved
    return k * exp(lgamma(b + k - 1) - lgamma(a + b + k - 1) - lgamma(b) + lgamma(a + b))


def copies(weights: list[float], total: int, seed: str) -> list[int]:
    """How often each row stands in a training set of `total` rows: by its weight, rounded up or down at random.

    Systematic sampling (Madow 1949, Annals of Mathematical Statistics 20:333): the sum is exact, and the copies of
    equal weights differ by one at most.
    """
    scale, start = total / sum(weights), random.Random(seed).random()
    ends = [int(start + scale * end) for end in accumulate(weights)]
    ends[-1] = total  # whatever rounding the sum has
    return [end - before for before, end in zip([0, *ends], ends, strict=False)]


def shuffled(items: Iterable, seed: str) -> list:
    items = list(items)
    return random.Random(seed).sample(items, len(items))
