"""What an answer is worth to GRPO: pure functions on the verdicts of a group, all answers to one question.

A verdict is true for a right answer, false for a wrong one, and None for one that could not be judged, which gets no
reward and counts for nothing in those of the others.
"""

import math
import random
from collections import Counter
from collections.abc import Sequence

Right = Sequence[bool | None]
Rewards = list[float | None]


def of_groups(reward: dict, right: Right, classes: Sequence[str | None], size: int, seed: int | str) -> Rewards:
    """The rewards of several groups, one after the other, of `size` answers each.

    reward: {name, and k or penalty}, as in the study. classes: equal answers to a question share one. seed: of chance.
    """
    rewards: Rewards = []
    for start in range(0, len(right), size):
        group = right[start : start + size]
        match reward["name"]:
            case "binary":
                rewards += binary(group)
            case "pass_at_k":
                rewards += pass_at_k(group, reward["k"])
            case "distinct_answer":
                rewards += distinct_answer(group, classes[start : start + size], reward["penalty"])
            case "random":
                rewards += chance(group, f"{seed}/{start}")
    return rewards


def binary(right: Right) -> Rewards:
    """1 for a right answer, 0 for a wrong one."""
    return [None if is_right is None else float(is_right) for is_right in right]


def pass_at_k(right: Right, k: int) -> Rewards:
    """The advantages of Pass@k training (arXiv 2508.10751), which is rewarded if one of k answers is right.

    With n answers, c of them right: P = 1 - C(n-c, k) / C(n, k) is the mean reward of a set of k, and
    s = sqrt(P (1 - P)) its deviation; a right answer gets (1 - P) / s, a wrong one
    (1 - P - C(n-c-1, k-1) / C(n-1, k-1)) / s, and all get 0 where every set is rewarded, or none. They sum to 0:
    the mean that GRPO subtracts changes nothing. It must not scale them (scale_rewards: none).
    """
    judged = [is_right for is_right in right if is_right is not None]
    n, c = len(judged), sum(judged)
    missed = math.comb(n - c, k) / math.comb(n, k) if n >= k else 0.0  # 1 - P
    if missed in (0.0, 1.0):
        return [None if is_right is None else 0.0 for is_right in right]
    deviation = math.sqrt(missed * (1 - missed))
    worth = {
        None: None,
        True: missed / deviation,
        False: (missed - math.comb(n - c - 1, k - 1) / math.comb(n - 1, k - 1)) / deviation,
    }
    return [worth[is_right] for is_right in right]


def distinct_answer(right: Right, classes: Sequence[str | None], penalty: float) -> Rewards:
    """1 for a right answer, less `penalty` times the share of the group that gives the same answer beside this one.

    The batch exploration of arXiv 2509.06941. classes: of the answers; those that give none are all alike.
    """
    judged = [of for of, is_right in zip(classes, right, strict=True) if is_right is not None]
    counts = Counter(judged)
    return [
        None if is_right is None else float(is_right) - penalty * (counts[of] - 1) / len(judged)
        for of, is_right in zip(classes, right, strict=True)
    ]


def chance(right: Right, seed: str) -> Rewards:
    """1 or 0, equally likely, whatever the answers are: the control of Spurious Rewards (arXiv 2506.10947)."""
    drawn = random.Random(seed)
    return [None if is_right is None else float(drawn.random() < 0.5) for is_right in right]
