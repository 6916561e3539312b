"""Problems from a source named in the study: a seeded generator, or a local file of a known benchmark."""

import json

import polars as pl

from reversal.answers import gsm8k_answer
from reversal.generate import generate_problems
from reversal.tables import PROBLEMS


def load_problems(source: dict, name: str, split: str) -> pl.DataFrame:
    """The problems of one set as a PROBLEMS frame, ids `{name}/{number}`.

    source: {generator, count, steps, seed} or {file, format, limit}; see rules/config.schema.yaml.
    split: "train", "test" or "pretrain"; the generator gives every split its own sums.
    """
    if "generator" in source:
        rows = generate_problems(
            source["generator"], source["count"], tuple(source["steps"]), split, source.get("seed", 0)
        )
    else:
        rows = read_gsm8k(source["file"])[: source.get("limit")]
    return pl.DataFrame(
        [{"problem_id": f"{name}/{i}", "level": None, "subject": None, **row} for i, row in enumerate(rows)],
        schema=PROBLEMS,
    )


def read_gsm8k(path: str) -> list[dict]:
    """Rows of a GSM8K jsonl file (fields question, answer); a bad line raises a ValueError naming file and line."""
    rows = []
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
                question, solution = row["question"], row["answer"]
                if not (isinstance(question, str) and isinstance(solution, str)):
                    raise TypeError("both must be text")
            except (json.JSONDecodeError, KeyError, TypeError) as error:
                raise ValueError(
                    f"{path}, line {number}: expected JSON with question and answer ({error!r})"
                ) from error
            gold = gsm8k_answer(solution)
            if gold is None or "\n" in solution.rpartition("####")[2].strip():
                raise ValueError(f"{path}, line {number}: the answer does not end in '#### number'")
            rows.append({"question": question, "gold_answer": gold, "gold_solution": solution})
    return rows


def check_disjoint(sets: dict[str, pl.DataFrame]) -> None:
    """Raises a ValueError if a question stands in two of the sets, or twice in one."""
    owner: dict[str, str] = {}
    for name, frame in sets.items():
        for problem_id, question in frame.select("problem_id", "question").iter_rows():
            text = " ".join(question.split())
            if text in owner:
                raise ValueError(f"{problem_id} ({name}) repeats the question of {owner[text]}: {text[:80]!r}")
            owner[text] = problem_id
