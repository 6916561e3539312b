"""A study whose truth is known: a policy for each class of problems, and what every metric must come out at.

Four classes of test problems, in turn. C1 and C2 are right, and less varied than the others, which are wrong; texts
have equal numbers of tokens, so that the ratios of counts have exact expectations.
"""

import json
import re
from collections import Counter
from itertools import product
from math import comb, log2
from pathlib import Path

import numpy as np
import polars as pl
from reversal.problem_sources.problems import load_problems

TEST, TRAIN, N = 240, 60, 16  # problems, and samples of each test problem
TEXTS = {
    "C1": "add them <<1+1=7>> #### 7",
    "C2": "swap them <<2+0=7>> #### 7",
    "W1": "take one <<1+1=8>> #### 8",
    "W2": "take two <<2-0=8>> #### 8",
    "W3": "give up <<3-0=9>> #### 9",
}


def _mixed(right: float) -> dict[str, float]:
    """So many right answers of two kinds, and wrong ones of three."""
    return {"C1": 0.6 * right, "C2": 0.4 * right} | dict.fromkeys(("W1", "W2", "W3"), (1 - right) / 3)


def _colder(policy: dict[str, float], temperature: float = 0.25) -> dict[str, float]:
    """The same policy sampled colder: its greedy answers stay."""
    weights = {text: share ** (1 / temperature) for text, share in policy.items() if share}
    return {text: weight / sum(weights.values()) for text, weight in weights.items()}


EASY, HARD, RARE, NEVER = _mixed(0.8), _mixed(0.3), _mixed(0.2), dict.fromkeys(("W1", "W2", "W3"), 1 / 3)
M1 = [EASY, HARD, RARE, NEVER]
CLASSES = {
    "start": M1,
    "start-same": M1,  # the null: nothing changes
    "start-churn": [HARD, EASY, RARE, NEVER],  # some problems get better, as many worse
    "start-cold": [_colder(policy) for policy in M1],
    # More right answers, and both kinds as before: diversity over all answers falls by itself.
    "start-grow": [_mixed(0.95), _mixed(0.8), _mixed(0.7), NEVER],
    "start-loss": [_mixed(0.95), _mixed(0.8), NEVER, NEVER],  # growth, and rare problems are lost
    "start-narrow": [{"C1": 0.95, "W1": 0.05}, {"C1": 0.7, "W1": 0.3}, {"W1": 1.0}, {"W1": 1.0}],  # a reversal
}
RIGHT_PER_LEVEL = dict.fromkeys(CLASSES, (0.9, 0.6)) | {"start-narrow": (0.9, 0.2), "start-grow": (0.9, 0.65)}
METHODS = [lineage.removeprefix("start-") for lineage in CLASSES if lineage != "start"]
OOD = {"generator": "expressions", "count": 160, "steps": [2, 3]}
CONFIG = {
    "study": "known-truth",
    "iterations": 2,
    "models": {"mini-llama": None, "policy": {"folder": "truth/base"}},
    "tasks": {
        "mini-gsm": {
            "train": {"generator": None, "steps": None, "count": None, "file": "truth/train.jsonl", "format": "gsm8k"},
            "test": {"generator": None, "steps": None, "count": None, "file": "truth/test.jsonl", "format": "gsm8k"},
            "ood": {"mini-math": OOD},
        }
    },
    "methods": {"iterative_sft": None, "iterative_dpo": None, "iterative_sft_dpo": None}
    | {name: {"start": ["start", name]} for name in METHODS},
    "steps": {"sft": None, "dpo": None}
    | {
        name: {"trainer": "none", "training_set": {"deduplicate": "text", "per_problem": 1}, "arguments": {}}
        for name in ("start", *METHODS)
    },
    "sampling": {"engine": {"name": "scripted", "policy": "truth/policy.parquet"}, "test_samples": N},
    "scoring": {"embedded_samples": N},
    "evaluation": None,
}


def write_truth(folder: Path) -> None:
    """The files that CONFIG names, in folder/truth: problems, a base model in name only, the policy."""
    truth = folder / "truth"
    (truth / "base").mkdir(parents=True)
    for name in ("config.json", "tokenizer_config.json", "model.safetensors"):
        (truth / "base" / name).write_text("{}")
    for name, count in (("train", TRAIN), ("test", TEST)):
        rows = [{"question": f"{name} question {i}?", "answer": TEXTS["C1"]} for i in range(count)]
        (truth / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    rows = []
    for lineage, classes in {"base": M1, **CLASSES}.items():
        for name, count in (("train", TRAIN), ("test", TEST)):
            for i in range(count):
                policy = classes[i % 4]
                rows += [(lineage, f"mini-gsm/{name}/{i}", TEXTS[text], share) for text, share in policy.items()]
        for of_level, right in zip(_levels(), _right_per_level("start" if lineage == "base" else lineage), strict=True):
            for i, (problem_id, gold) in enumerate(of_level.select("problem_id", "gold_answer").iter_rows()):
                answer = gold if i < right * of_level.height - 0.5 else f"{gold}7"
                rows.append((lineage, problem_id, f"#### {answer}", 1.0))
    schema = {"lineage": pl.String, "problem_id": pl.String, "text": pl.String, "probability": pl.Float64}
    pl.DataFrame(rows, schema=schema, orient="row").write_parquet(truth / "policy.parquet")


def expected(lineage: str, cosine) -> dict[tuple[str, str], float]:
    """{(metric, subset): its analytic value}. cosine: of the embeddings of two texts, by name."""
    classes, before = CLASSES[lineage], CLASSES["start"]
    found = {("sample_accuracy", "test"): _mean(map(_right, classes)), ("truncated_rate", "test"): 0.0}
    for rate in ("no_answer_rate", "readings_disagree_rate", "restated_rate"):
        found[rate, "test"] = 0.0
    found["pass_at_1", "test"] = _mean(map(_greedy, classes))
    for k in range(2, N + 1):
        found[f"pass_at_{k}", "test"] = _mean(_reached(q, k) for q in classes)
    for k in (2, 4):
        found[f"maj_at_{k}", "test"] = _mean(_majority(q, k) for q in classes)
    found["duplicate_rate", "test"] = _mean(1 - _different(q) / N for q in classes)
    found["equation_diversity", "all"] = _mean(_different(q) / N for q in classes)  # texts differ in their equations
    for n in range(1, 5):
        found[f"distinct_{n}", "all"] = _mean(_distinct(q, n) for q in classes)
    found["distinct_n", "all"] = _mean(found[f"distinct_{n}", "all"] for n in range(1, 5))
    found["answer_diversity", "all"] = _mean(_different(_finals(q)) / N for q in classes)
    found["answer_entropy", "all"] = _mean(_entropy(_finals(q)) for q in classes)
    for subset, kept in (("all", "CW"), ("correct", "C"), ("incorrect", "W")):
        parts = [{t: p for t, p in q.items() if t[0] in kept} for q in classes]
        weights = [_two_or_more(sum(q.values())) for q in parts]
        different = [_spread(q, lambda a, b: a == b) if q else 0.0 for q in parts]
        meaning = [_spread(q, cosine) if q else 0.0 for q in parts]
        found["pairwise_equation_diversity", subset] = float(np.average(different, weights=weights))
        found["semantic_diversity", subset] = float(np.average(meaning, weights=weights))
    pairs = [(_right(q), _right(f)) for q, f in zip(classes, before, strict=True)]
    gained, lost = (_mean(a * (1 - b) ** (N - 1) for a, b in either) for either in (pairs, [p[::-1] for p in pairs]))
    found |= {("beyond_n_samples", "test"): gained, ("beyond_n_samples_lost", "test"): lost}
    found["beyond_n_samples_net", "test"] = gained - lost
    found |= _null(before) if lineage == "start" else _flow(classes, before)
    easy, hard = _right_per_level(lineage)
    sizes = [of_level.height for of_level in _levels()]
    found |= {("pass_at_1", "mini-math/level=2"): easy, ("pass_at_1", "mini-math/level=3"): hard}
    found["pass_at_1", "mini-math"] = (easy * sizes[0] + hard * sizes[1]) / sum(sizes)
    return found | {("group_disparity", "mini-math"): (easy - hard) / easy}


def _levels() -> list[pl.DataFrame]:
    away = load_problems(OOD, "mini-gsm/mini-math", "test")
    return [away.filter(level=level) for level in (2, 3)]


def _right_per_level(lineage: str) -> list[float]:
    """The shares of RIGHT_PER_LEVEL, as whole problems."""
    pairs = zip(RIGHT_PER_LEVEL[lineage], _levels(), strict=True)
    return [round(right * of_level.height) / of_level.height for right, of_level in pairs]


def _null(before: list[dict]) -> dict:
    """What a second sample of M1 gives; and its coverage of the training questions."""
    wrong = [q for q in before if not _greedy(q)]
    found = {("improvement_set_size", "null"): sum(map(_right, wrong)) * TEST / 4}
    for k in (2, 4, 8):
        among = sum(_right(q) * _reached(q, k) for q in wrong)
        found[f"m1_pass_at_{k}", "null"] = among / sum(map(_right, wrong))
    return found | {
        ("coverage", "train"): _mean(map(_right, before)),
        ("pass_at_8", "train"): _mean(_reached(q, 8) for q in before),
    }


def _flow(classes: list[dict], before: list[dict]) -> dict:
    pairs = list(zip(classes, before, strict=True))
    gained = [f for q, f in pairs if _greedy(q) and not _greedy(f)]
    lost = [q for q, f in pairs if _greedy(f) and not _greedy(q)]
    found = {
        ("kept", "test"): _mean(_greedy(q) * _greedy(f) for q, f in pairs),
        ("gained_inside", "test"): sum(_reached(f, N) for f in gained) / 4,
        ("gained_outside", "test"): sum(1 - _reached(f, N) for f in gained) / 4,
        ("lost", "test"): len(lost) / 4,
        ("improvement_set_size", "test"): len(gained) * TEST / 4,
        ("lost_set_size", "test"): len(lost) * TEST / 4,
    }
    for k in (2, 4, 8, 16):
        if gained:
            found[f"m1_pass_at_{k}", "improvement"] = _mean(_reached(f, k) for f in gained)
        if lost:
            found[f"mt_pass_at_{k}", "lost"] = _mean(_reached(q, k) for q in lost)
    return found


def _mean(values) -> float:
    return float(np.mean(list(values)))


def _right(policy: dict) -> float:
    return policy.get("C1", 0) + policy.get("C2", 0)


def _greedy(policy: dict) -> bool:
    return max(policy, key=policy.get)[0] == "C"


def _reached(policy: dict, k: int) -> float:
    return 1 - (1 - _right(policy)) ** k


def _finals(policy: dict) -> dict:
    finals = Counter()
    for text, share in policy.items():
        finals[TEXTS[text].split()[-1]] += share
    return finals


def _majority(policy: dict, k: int) -> float:
    """Over all sequences of k final answers: whether 7 wins, ties shared."""
    finals, won = _finals(policy), 0.0
    for drawn in product(finals, repeat=k):
        votes = Counter(drawn)
        top = [final for final, count in votes.items() if count == max(votes.values())]
        won += np.prod([finals[final] for final in drawn]) * ("7" in top) / len(top)
    return won


def _different(shares: dict) -> float:
    """Expected number of different outcomes among N draws."""
    return sum(1 - (1 - share) ** N for share in shares.values())


def _distinct(policy: dict, n: int) -> float:
    """Expected different n-grams / n-grams; all texts have equally many."""
    grams, most = Counter(), 0
    for text, share in policy.items():
        tokens = re.findall(r"\w+|[^\w\s]", TEXTS[text])
        of_text = [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]
        most = len(of_text)
        for gram in set(of_text):
            grams[gram] += share
    return _different({gram: min(share, 1.0) for gram, share in grams.items()}) / (N * most)


def _entropy(shares: dict) -> float:
    """Expected entropy, in bits, of the shares that N draws have."""
    parts = [(c / N) * log2(N / c) for c in range(1, N + 1)]
    return sum(
        comb(N, c) * share**c * (1 - share) ** (N - c) * part
        for share in (min(share, 1.0) for share in shares.values())
        for c, part in enumerate(parts, start=1)
    )


def _two_or_more(share: float) -> float:
    """The chance that two of N answers or more are of a kind: else the problem has no diversity of that kind."""
    return 1 - (1 - share) ** N - N * share * (1 - share) ** (N - 1)


def _spread(policy: dict, cosine) -> float:
    """1 - expected cosine (or sameness) of two independent draws."""
    whole = sum(policy.values())
    return 1 - sum(p * q * cosine(a, b) for (a, p), (b, q) in product(policy.items(), repeat=2)) / whole**2
