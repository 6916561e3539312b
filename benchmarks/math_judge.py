"""How fast MATH answers are judged against the plain math-verify loop, with the same verdicts.

python benchmarks/math_judge.py [--problems N] [--workers N], data in $REVERSAL_DATA or ../shared/data
"""

import argparse
import importlib
import json
import logging
import os
import random
import re
import resource
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from reversal.verifying.answers import BOXED, marked_answer
from reversal.verifying.expressions import judge_expressions

DATA = Path(os.environ.get("REVERSAL_DATA", Path(__file__).parents[1] / "../shared/data")) / "math"
SAMPLES, PLAIN_PAIRS = 50, 1_500


def read_golds(split: str) -> list[dict]:
    """Per problem: id, subject, gold (None if the solution has no box)."""
    rows = [json.loads(line) for line in (DATA / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()]
    return [
        {"id": row["unique_id"], "subject": row["type"], "gold": marked_answer(row["solution"], BOXED)} for row in rows
    ]


def workload(problems: int, seed: int = 0) -> list[tuple[str, str]]:
    """(gold, answer) of 50 samples each of that many MATH test problems, problem by problem.

    A sample is right with a probability drawn per problem; a wrong one repeats one of 20 gold answers of the same
    subject, the k-th with weight 1 / k.
    """
    draw = random.Random(seed)
    rows = [row for row in read_golds("test") if row["gold"]]
    pairs = []
    for row in draw.sample(rows, problems):
        others = [
            other["gold"] for other in rows if other["subject"] == row["subject"] and other["gold"] != row["gold"]
        ]
        wrong = draw.sample(others, 20)
        right = draw.betavariate(0.8, 0.8)
        for _ in range(SAMPLES):
            if draw.random() < right:
                answer = rewritten(row["gold"], draw) if draw.random() < 0.4 else row["gold"]
            else:
                answer = draw.choices(wrong, [1 / k for k in range(1, 21)])[0]
            pairs.append((row["gold"], answer))
    return pairs


def rewritten(gold: str, draw: random.Random) -> str:
    """The same answer as a model might write it, if one of the ways applies."""
    ways = [
        re.sub(r"\\frac(?!\w)", r"\\dfrac", gold),
        re.sub(r"\\[dt]?frac\{(\d+)\}\{(\d+)\}", r"\1/\2", gold),
        gold.replace(" ", ""),
        re.sub(r"(?<=[(,])", " ", gold),
        re.sub(r"(?<!left)\(", r"\\left(", re.sub(r"(?<!right)\)", r"\\right)", gold)),
        re.sub(r"\\sqrt\{(\d+)\}", r"(\1)^{1/2}", gold),
        re.sub(r"\\(?:text|mbox)\{([^{}]*)\}", r"\1", gold),
        re.sub(r"\^\{?\\circ\}?", "", gold),
        re.sub(r"^(-?\d+)$", r"x = \1", gold),
        re.sub(r"^(-?\d+)$", r"\1.0", gold),
        re.sub(r"^(-?\d+)$", r"\1.", gold),
        re.sub(r"^([^+\-=,]+) \+ ([^+\-=,]+)$", r"\2 + \1", gold),
    ]
    return draw.choice([way for way in ways if way != gold] or [gold])


def plain_loop(pairs: list[tuple[str, str]]) -> list[str]:
    """math-verify as its documentation uses it, pair by pair."""
    from math_verify import parse, verify

    handed = [(f"\\boxed{{{gold}}}", f"\\boxed{{{answer}}}") for gold, answer in pairs]
    return ["correct" if verify(parse(gold), parse(answer)) else "wrong" for gold, answer in handed]


def timed(judge) -> tuple[list[str], tuple[float, float]]:
    """The verdicts; and how many per second, and per second of a processor, which other work here does not slow."""
    clock, cpu = time.perf_counter(), cpu_seconds()
    verdicts = judge()
    return verdicts, (len(verdicts) / (time.perf_counter() - clock), len(verdicts) / (cpu_seconds() - cpu))


def cpu_seconds() -> float:
    """Of this process and of its workers that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def compare_speed(problems: int, workers: int) -> None:
    pairs = workload(problems)
    places = sorted(random.Random(1).sample(range(len(pairs)), PLAIN_PAIRS))
    importlib.import_module("math_verify")  # timed for neither
    judged, judge_rates = timed(lambda: judge_expressions(pairs, workers))
    plain, plain_rates = timed(lambda: plain_loop([pairs[i] for i in places]))
    print(f"workload: {problems} problems x {SAMPLES} samples, {len(set(pairs))} different pairs")
    print(f"verdicts: {dict(Counter(judged))}")
    for (judge_rate, plain_rate), unit in zip(zip(judge_rates, plain_rates, strict=True), ("s", "CPU s"), strict=True):
        print(
            f"verdicts per {unit}: judge_expressions ({workers} worker(s), all {len(pairs)} pairs) {judge_rate:.0f}, "
            f"plain math-verify loop ({PLAIN_PAIRS} random pairs) {plain_rate:.0f}: ratio {judge_rate / plain_rate:.1f}"
        )
    different = {(*pairs[i], p, judged[i]) for i, p in zip(places, plain, strict=True) if p != judged[i]}
    print(f"pairs of these {PLAIN_PAIRS} with another verdict: {len(different)}")
    for gold, answer, by_plain, by_judge in sorted(different):
        print(f"  gold {gold!r}, answer {answer!r}: plain loop {by_plain}, judge_expressions {by_judge}")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--workers", type=int, default=1)
    arguments.add_argument("--problems", type=int, default=1_000, help="a study has 7,500")
    options = arguments.parse_args()
    logging.disable(logging.WARNING)
    print(f"{os.cpu_count()} cores, of which judge_expressions uses {options.workers}, the plain loop 1")
    compare_speed(options.problems, options.workers)
