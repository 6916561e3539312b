"""Verdicts: is a sampled answer's final answer the gold one?

An answer is read after its thoughts (<think>), and twice: strictly, after the mark that its task trains the model to
set, and flexibly, as a generous reader would. Only the strict reading makes the verdict; the second is kept beside it,
so that every study can say how often the two disagree. A program's second reading is its first fenced block.
"""

import platform
from importlib.metadata import version

import polars as pl

from reversal.tables import LABELLED, SAMPLE_KEY, VERDICT_ROWS
from reversal.verifying import answers
from reversal.verifying.answer_classes import answer_classes
from reversal.verifying.expressions import judge_expressions, same_text


def verify(
    samples: pl.DataFrame, problems: pl.DataFrame, mark: str, workers: int = 1, sandboxed: bool = True
) -> pl.DataFrame:
    """The VERDICT_ROWS of `samples` against the gold answers of `problems`, all of one answer type.

    mark: what comes before a final answer ("####"; "\\\\boxed{" for an answer in braces); programs have none.
    Every different (problem, text) is judged once. Raises ValueError if a sample's problem is unknown or a gold answer
    cannot be read, RuntimeError if there are programs to run and no sandbox.
    """
    unknown = set(samples["problem_id"]) - set(problems["problem_id"])
    if unknown:
        raise ValueError(f"samples of unknown problems: {sorted(unknown)[:5]}; delete the samples and run again")
    kinds = problems["answer_type"].unique().to_list()
    if len(kinds) != 1:
        raise ValueError(f"the answers of one problem set must be of one type, not {kinds}")
    different = samples.select("problem_id", "text").unique(maintain_order=True).join(problems, on="problem_id")
    rows = [row | {"text": answers.after_thinking(row["text"])} for row in different.rows(named=True)]
    judged = {
        "number": lambda: _numbers(problems, rows, mark),
        "expression": lambda: _expressions(rows, mark, workers),
        "choice": lambda: _choices(rows, mark),
        "program": lambda: _programs(rows, workers, sandboxed),
    }[kinds[0]]()
    columns = ["answer", "verdict", "second_answer", "second_verdict"]
    schema = {name: VERDICT_ROWS[name] for name in columns}
    verdicts = different.select("problem_id", "text").hstack(pl.DataFrame(judged, schema=schema, orient="row"))
    joined = samples.join(verdicts, on=["problem_id", "text"], how="left", maintain_order="left")
    joined = joined.join(
        problems.select("problem_id", "gold_answer"), on="problem_id", how="left", maintain_order="left"
    )
    joined = answer_classes(kinds[0], joined, workers)
    return joined.select(*SAMPLE_KEY, *columns, pl.lit(verifier(kinds[0], sandboxed)).alias("verifier"), "answer_class")


def labelled(labels: pl.DataFrame) -> pl.DataFrame:
    """The VERDICT_ROWS of answers that came with LABELS: these are the verdicts, and there is no second reading.

    Without a judge the same answers are those of the same text, right or wrong.
    """
    verdict = pl.when("correct").then(pl.lit("correct")).otherwise(pl.lit("wrong")).cast(VERDICT_ROWS["verdict"])
    none = {name: pl.lit(None, VERDICT_ROWS[name]) for name in ("second_answer", "second_verdict")}
    same = {"answer_class": pl.col("answer").str.replace_all(r"\s", "")}
    return labels.select(*SAMPLE_KEY, "answer", verdict=verdict, **none, verifier=pl.lit(LABELLED), **same)


def verifier(kind: str, sandboxed: bool) -> str:
    """What judged, with what can change a verdict beside this repository's code: "expression, math-verify 0.9.0"."""
    with_what = {
        "expression": f", math-verify {version('math-verify')}",
        "program": f", Python {platform.python_version()}",
    }
    return f"{kind}{with_what.get(kind, '')}" + ("" if sandboxed or kind != "program" else ", without sandbox")


def _numbers(problems: pl.DataFrame, rows: list[dict], mark: str) -> list[tuple]:
    gold = {i: answers.canonical_number(text) for i, text in problems.select("problem_id", "gold_answer").iter_rows()}
    for problem_id, number in gold.items():
        if number is None:
            text = problems.row(by_predicate=pl.col("problem_id") == problem_id, named=True)["gold_answer"]
            raise ValueError(f"problem {problem_id}: the gold answer {text!r} is not a number")

    def verdict(row, answer):
        return "no_answer" if answer is None else "correct" if answer == gold[row["problem_id"]] else "wrong"

    readings = [(answers.number_answer(row["text"], mark), answers.last_number(row["text"])) for row in rows]
    return [
        (strict, verdict(row, strict), loose, verdict(row, loose))
        for row, (strict, loose) in zip(rows, readings, strict=True)
    ]


def _expressions(rows: list[dict], mark: str, workers: int) -> list[tuple]:
    """math-verify judges the strict reading; equal text alone counts for the flexible one, an independent judge."""
    strict = [answers.marked_answer(row["text"], mark) for row in rows]
    pairs = [(row["gold_answer"], answer) for row, answer in zip(rows, strict, strict=True) if answer is not None]
    verdicts = iter(judge_expressions(pairs, workers))
    found = []
    for row, answer in zip(rows, strict, strict=True):
        loose = answers.last_expression(row["text"])
        same = "no_answer" if loose is None else "correct" if same_text(row["gold_answer"], loose) else "wrong"
        verdict = "no_answer" if answer is None else next(verdicts)
        found.append((None if verdict == "no_answer" else answer, verdict, loose, same))
    return found


def _choices(rows: list[dict], mark: str) -> list[tuple]:
    def judged(text, row):
        letter = answers.choice_answer(text, row["choices"])
        return letter, "no_answer" if letter is None else "correct" if letter == row["gold_answer"] else "wrong"

    def last_line(text):
        return text.strip().splitlines()[-1] if text.strip() else None

    return [
        (*judged(answers.marked_answer(row["text"], mark), row), *judged(last_line(row["text"]), row)) for row in rows
    ]


def _programs(rows: list[dict], workers: int, sandboxed: bool) -> list[tuple]:
    """Programs run; the two readings of a text without a fenced block are the same program, run once."""
    from reversal.verifying.sandbox import judge_programs, require_bubblewrap

    if sandboxed:
        require_bubblewrap()
    programs = {
        (text, "\n".join(row["tests"])): None
        for row in rows
        for text in (row["text"], answers.fenced_program(row["text"]))
        if text.strip()
    }
    programs = dict(zip(programs, judge_programs(list(programs), workers, sandboxed=sandboxed), strict=True))

    def judged(text, row):
        if not text.strip():
            return None, "no_answer"
        return text, programs[text, "\n".join(row["tests"])]

    return [(*judged(row["text"], row), *judged(answers.fenced_program(row["text"]), row)) for row in rows]
