"""Training sets from verified samples, in TRL's own column formats, with a summary of what was kept and why.

The paper leaves deduplication, pairs per question and length matching open: all of them are settings of a step.
"""

import random
from itertools import product

import polars as pl

from reversal.answers import BOXED, equations
from reversal.prompts import format_prompt
from reversal.tables import DPO_ROWS, SAMPLE_KEY, SFT_ROWS


class EmptyTrainingSetError(ValueError):
    """No row was left to train on; the message says how many samples were correct and what to change."""


def gold_rows(problems: pl.DataFrame, prompt: str, answer_mark: str | None) -> tuple[pl.DataFrame, dict]:
    """SFT_ROWS of the gold solutions (what trains M1), and their summary.

    answer_mark: if given, completions are the bare gold answers behind it instead: training without rationales.
    Raises ValueError if solutions are wanted and a problem has none.
    """
    if answer_mark is None and problems["gold_solution"].has_nulls():
        raise ValueError(
            f"{problems['gold_solution'].null_count()} of {problems.height} training problems have no gold solution. "
            "Set the task's rationales to few_shot (M0 writes them after worked examples) or to none (answers alone)."
        )
    rows = [
        _row(
            row["problem_id"],
            prompt,
            row["question"],
            completion=row["gold_solution"] if answer_mark is None else bare_answer(row, answer_mark),
        )
        for row in problems.iter_rows(named=True)
    ]
    summary = {"problems": len(rows), "problems_used": len(rows), "rows": len(rows)}
    return pl.DataFrame(rows, schema=SFT_ROWS), summary


def bare_answer(problem: dict, mark: str) -> str:
    """The gold answer alone, as the task's answers state it: "#### 5", "\\boxed{5}", or a program as it is."""
    if problem["answer_type"] == "program":
        return problem["gold_answer"]
    gold = problem["gold_answer"]
    return f"{mark} {gold}" if mark != BOXED else gold if gold.startswith(BOXED) else f"{mark}{gold}}}"


def judged_texts(problems: pl.DataFrame, samples: pl.DataFrame, verdicts: pl.DataFrame) -> dict[str, dict]:
    """{problem_id: {"question", "correct": [texts], "incorrect": [texts]}} of sampled answers, in sample order.

    An answer that timed out or could not be read is incorrect. White space that a stop text left behind is cut off.
    """
    by_problem = {
        problem_id: {"question": question, "correct": [], "incorrect": []}
        for problem_id, question in problems.select("problem_id", "question").iter_rows()
    }
    joined = samples.join(verdicts, on=SAMPLE_KEY, validate="1:1")
    sampled = joined.filter(pl.col("decoding") == "sampled").sort("problem_id", "sample_index")
    for problem_id, text, verdict in sampled.select("problem_id", "text", "verdict").iter_rows():
        by_problem[problem_id]["correct" if verdict == "correct" else "incorrect"].append(text.rstrip())
    return by_problem


def sft_rows(judged: dict[str, dict], prompt: str, settings: dict, seed: int) -> tuple[pl.DataFrame, dict]:
    """SFT_ROWS: of every question its different correct answers, at most settings["per_problem"], seeded choice.

    settings: {deduplicate: text | equations | none, per_problem: int}.
    """
    rows, reasons, duplicates = [], {"no_correct_answer": 0}, 0
    for problem_id, answers in judged.items():
        unique = deduplicate(answers["correct"], settings["deduplicate"])
        duplicates += len(answers["correct"]) - len(unique)
        reasons["no_correct_answer"] += not unique
        for text in _shuffled(unique, f"{seed}/{problem_id}")[: settings["per_problem"]]:
            rows.append(_row(problem_id, prompt, answers["question"], completion=text))
    frame = pl.DataFrame(rows, schema=SFT_ROWS)
    summary = _summary(judged, frame, reasons) | {"duplicates_dropped": duplicates}
    return frame, summary


def dpo_rows(judged: dict[str, dict], prompt: str, settings: dict, seed: int) -> tuple[pl.DataFrame, dict]:
    """DPO_ROWS: of every question pairs (correct, incorrect) of its different answers, a seeded choice.

    settings: {deduplicate, per_problem, length_matched}. length_matched takes the pairs whose lengths (characters)
    differ least, instead of random ones, so that length cannot be what the preference teaches.
    """
    rows, reasons = [], {"no_correct_answer": 0, "no_incorrect_answer": 0}
    for problem_id, answers in judged.items():
        chosen = deduplicate(answers["correct"], settings["deduplicate"])
        rejected = deduplicate(answers["incorrect"], settings["deduplicate"])
        reasons["no_correct_answer"] += not chosen
        reasons["no_incorrect_answer"] += bool(chosen) and not rejected
        pairs = _shuffled(list(product(chosen, rejected)), f"{seed}/{problem_id}")
        if settings["length_matched"]:
            pairs.sort(key=lambda pair: abs(len(pair[0]) - len(pair[1])))
        for good, bad in pairs[: settings["per_problem"]]:
            rows.append(_row(problem_id, prompt, answers["question"], chosen=good, rejected=bad))
    frame = pl.DataFrame(rows, schema=DPO_ROWS)
    lengths = {f"{column}_mean_characters": frame[column].str.len_chars().mean() for column in ("chosen", "rejected")}
    return frame, _summary(judged, frame, reasons) | lengths


def accumulated(tables: list[tuple[pl.DataFrame, dict]], keep_equal: bool) -> tuple[pl.DataFrame, dict]:
    """The rows of several training sets one after the other, equal ones once unless keep_equal, and their summary.

    tables: (rows, summary) of each, all of one form. Counts of questions are those of the last, counts of answers are
    added up; a question counts as used if any table has it.
    """
    rows = pl.concat([rows for rows, _ in tables])
    frame = rows if keep_equal else rows.unique(maintain_order=True)
    summary = dict(tables[-1][1])
    for name in ("samples", "correct_samples", "duplicates_dropped"):
        if name in summary:
            summary[name] = sum(of.get(name, 0) for _, of in tables)
    if "duplicates_dropped" in summary:
        summary["duplicates_dropped"] += rows.height - frame.height
    return frame, summary | {"problems_used": frame["problem_id"].n_unique(), "rows": frame.height}


def deduplicate(texts: list[str], by: str) -> list[str]:
    """The first text of every group: by the text itself, by its set of equations (RFT's rule), or all ("none")."""
    if by == "none":
        return list(texts)
    key = {"text": str.strip, "equations": lambda text: equations(text) or text.strip()}[by]
    first: dict = {}
    for text in texts:
        first.setdefault(key(text), text)
    return list(first.values())


def require_rows(frame: pl.DataFrame, summary: dict, parent: str) -> None:
    """Raises EmptyTrainingSetError if there is nothing to train on. parent: who gave the samples, in words."""
    if frame.is_empty():
        correct = summary["correct_samples"]
        too_good = correct > 0  # so they were for preference pairs, which need wrong answers to the same questions
        remedy = "" if too_good else "give the parent more training, "
        raise EmptyTrainingSetError(
            f"nothing to train on after {parent}: {correct} of {summary['samples']} samples of its "
            f"{summary['problems']} training questions were correct{', on no question only some' if too_good else ''}. "
            f"To change that {remedy}sample more answers per question (sampling.train_samples), "
            f"{'raise sampling.temperature, ' if too_good else ''}or leave this step out of the methods."
        )


def _shuffled(items: list, seed: str) -> list:
    return random.Random(seed).sample(items, len(items))


def _row(problem_id: str, prompt: str, question: str, **texts: str) -> dict:
    return {"problem_id": problem_id, "prompt": format_prompt(prompt, question), **texts}


def _summary(judged: dict[str, dict], frame: pl.DataFrame, dropped: dict[str, int]) -> dict:
    correct = sum(len(answers["correct"]) for answers in judged.values())
    return {
        "problems": len(judged),
        "problems_used": frame["problem_id"].n_unique(),
        **{f"problems_dropped_{reason}": count for reason, count in dropped.items()},
        "samples": correct + sum(len(answers["incorrect"]) for answers in judged.values()),
        "correct_samples": correct,
        "rows": frame.height,
    }
