"""The answers of every test problem over the iterations, packed for the report: its script unpacks and shows them."""

import base64
import gzip
import json

import polars as pl

from reversal.evaluation.accuracy import answer_flow, single_answers

KINDS = {
    "kept": "kept: right in M1 and in the last model",
    "gained_inside": "gained inside M1's support: wrong in M1, but one of its samples was right",
    "gained_outside": "gained outside M1's support: no answer of M1 was right",
    "lost": "lost: right in M1, wrong in the last model",
    "never": "never solved: the greedy answer of no model was right",
    "between": "right in between only, in neither M1 nor the last model",
}
SHOWN = 2000  # characters of an answer; a longer one is cut in the middle, as its end holds the final answer
MOST_PROBLEMS = 500  # of each task, so that the report of a large study can still be opened
SAMPLED = 4  # answers of every problem and iteration, beside the greedy one


def kinds(problems: list[str], verdicts: list[pl.DataFrame]) -> list[str]:
    """One of KINDS for each of the problem ids. verdicts: VERDICT_ROWS on these problems, of M1, M2, .. MT."""
    flow = answer_flow(verdicts[0], verdicts[-1], single_answers)
    solved = set(pl.concat([single_answers(table).filter("correct") for table in verdicts])["problem_id"])
    found = {row["problem_id"]: name for row in flow.to_dicts() for name in KINDS if row.get(name)}
    return [found.get(problem) or ("between" if problem in solved else "never") for problem in problems]


def section(
    title: str, problems: pl.DataFrame, judged: dict[str, pl.DataFrame], methods: dict[str, list[str]], of_kind: dict
) -> dict:
    """The answers of one model to one task, as report.js takes them.

    problems: PROBLEMS, those to show. judged: {lineage: SAMPLES and their verdicts, at least of those problems}.
    methods: {name: lineages}. of_kind: {name: kinds of these problems}.
    """
    numbers: dict[str, int] = {}  # of different texts: models repeat each other's answers
    answers = {lineage: _answers(problems, table, numbers) for lineage, table in judged.items()}
    return {
        "title": title,
        "problems": problems.select("question", "gold_answer").rows(),
        "methods": list(methods.items()),
        "kinds": of_kind,
        "answers": answers,
        "texts": list(numbers),
    }


def packed(value) -> str:
    """A value as JSON, compressed (gzip) and written in letters (base64); the same value gives the same text."""
    return base64.b64encode(gzip.compress(json.dumps(value, separators=(",", ":")).encode(), mtime=0)).decode()


def _answers(problems: pl.DataFrame, judged: pl.DataFrame, numbers: dict[str, int]) -> list[list]:
    """Per problem [right samples, samples, different texts of them, [[decoding, verdict, place of its text], ..]]."""
    rows: dict[str, list[tuple]] = {problem: [] for problem in problems["problem_id"]}
    ordered = judged.sort("decoding", "sample_index").select("problem_id", "decoding", "verdict", "text")
    for problem, *answer in ordered.iter_rows():
        if problem in rows:
            rows[problem].append(tuple(answer))
    found = []
    for of_problem in rows.values():
        sampled = [row for row in of_problem if row[0] != "greedy"]
        right, different = sum(row[1] == "correct" for row in sampled), len({row[2] for row in sampled})
        greedy = len(of_problem) - len(sampled)
        shown = [
            [decoding, verdict, numbers.setdefault(_cut(text.strip()), len(numbers))]
            for decoding, verdict, text in of_problem[: greedy + SAMPLED]
        ]
        found.append([right, len(sampled), different, shown])
    return found


def _cut(text: str) -> str:
    left_out = len(text) - SHOWN
    if left_out <= 0:
        return text
    return f"{text[: SHOWN * 3 // 4]} [{left_out} characters left out] {text[-SHOWN // 4 :]}"
