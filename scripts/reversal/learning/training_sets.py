"""Training sets from verified samples, in TRL's own column formats, with a summary of what was kept and why.

The paper leaves deduplication, pairs per question and length matching open: all of them are settings of a step. What
else a training set may be made by stands in reversal.learning.policies.
"""

from collections import Counter
from itertools import product

import polars as pl

from reversal.learning import policies
from reversal.learning.policies import shuffled
from reversal.prompts import format_prompt
from reversal.tables import DPO_ROWS, SAMPLE_KEY, SFT_ROWS
from reversal.verifying.answers import BOXED


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


def as_judged(judged: dict[str, dict], verdicts: dict | str | None, seed: int) -> dict[str, dict]:
    """`judged` as the training's own verifier has it; verdicts: of policies.misjudged, None for true ones."""
    if verdicts is None:
        return judged
    found = {}
    for problem_id, answers in judged.items():
        place = f"{seed}/{problem_id}" if verdicts == "shuffled" else problem_id
        correct, incorrect = policies.misjudged(answers["correct"], answers["incorrect"], verdicts, place)
        found[problem_id] = {"question": answers["question"], "correct": correct, "incorrect": incorrect}
    return found


def sft_rows(judged: dict[str, dict], prompt: str, settings: dict, seed: int) -> tuple[pl.DataFrame, dict]:
    """SFT_ROWS: of every question its different correct answers, at most settings["per_problem"], seeded choice.

    settings: {deduplicate: text | equations | none, per_problem, choose: random | over_equations}.
    """
    rows, reasons, duplicates = [], {"no_correct_answer": 0}, 0
    for problem_id, answers in judged.items():
        unique = deduplicate(answers["correct"], settings["deduplicate"])
        duplicates += len(answers["correct"]) - len(unique)
        reasons["no_correct_answer"] += not unique
        choose = policies.over_equations if settings.get("choose") == "over_equations" else _some
        for text in choose(unique, settings["per_problem"], f"{seed}/{problem_id}"):
            rows.append(_row(problem_id, prompt, answers["question"], completion=text))
    frame = pl.DataFrame(rows, schema=SFT_ROWS)
    return frame, _summary(judged, frame, reasons) | {"duplicates_dropped": duplicates}


def dpo_rows(judged: dict[str, dict], prompt: str, settings: dict, seed: int) -> tuple[pl.DataFrame, dict]:
    """DPO_ROWS: of every question pairs (correct, incorrect) of its different answers, a seeded choice.

    settings: {deduplicate, per_problem, choose: random | length_matched | rare_against_common}. length_matched takes
    the pairs whose lengths (characters) differ least, so that length cannot be what the preference teaches;
    rare_against_common lifts what the model hardly does above what it does most, as arXiv 2501.18101 does.
    """
    rows, reasons = [], {"no_correct_answer": 0, "no_incorrect_answer": 0}
    for problem_id, answers in judged.items():
        chosen = deduplicate(answers["correct"], settings["deduplicate"])
        rejected = deduplicate(answers["incorrect"], settings["deduplicate"])
        reasons["no_correct_answer"] += not chosen
        reasons["no_incorrect_answer"] += bool(chosen) and not rejected
        pairs = shuffled(product(chosen, rejected), f"{seed}/{problem_id}")
        # A shuffled verdict may have one text on both sides.
        pairs = [(good, bad) for good, bad in pairs if good.strip() != bad.strip()]
        if settings.get("choose") == "length_matched":
            pairs.sort(key=lambda pair: abs(len(pair[0]) - len(pair[1])))
        elif settings.get("choose") == "rare_against_common":
            pairs = policies.rare_against_common(pairs, answers["correct"], answers["incorrect"])
        for good, bad in pairs[: settings["per_problem"]]:
            rows.append(_row(problem_id, prompt, answers["question"], chosen=good, rejected=bad))
    frame = pl.DataFrame(rows, schema=DPO_ROWS)
    lengths = {f"{column}_mean_characters": frame[column].str.len_chars().mean() for column in ("chosen", "rejected")}
    return frame, _summary(judged, frame, reasons) | lengths


def _some(texts: list[str], number: int, seed: str) -> list[str]:
    return shuffled(texts, seed)[:number]


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


def resized(frame: pl.DataFrame, judged: list[dict[str, dict]], settings: dict, seed: int) -> tuple[pl.DataFrame, dict]:
    """The rows as often as the settings `rows` and `unsolved_first` want each, with a summary: {rows, different_rows}.

    judged: what was judged of each model that the rows come from. rows: so many per training question, in all.
    unsolved_first: K of policies.unsolved_weight. Without either the rows stay as they are.
    """
    k = settings.get("unsolved_first")
    if frame.is_empty() or not ("rows" in settings or k):
        return frame, {}
    correct, samples = Counter(), Counter()
    for problem_id, answers in (item for of_model in judged for item in of_model.items()):
        correct[problem_id] += len(answers["correct"])
        samples[problem_id] += len(answers["correct"]) + len(answers["incorrect"])
    weight = {name: policies.unsolved_weight(correct[name], samples[name], k) if k else 1.0 for name in samples}
    total = max(1, round(settings["rows"] * len(samples))) if "rows" in settings else frame.height
    often = policies.copies([weight[name] for name in frame["problem_id"]], total, f"{seed}/copies")
    places = [place for place, times in enumerate(often) for _ in range(times)]
    return frame[places], {"rows": total, "different_rows": sum(times > 0 for times in often)}


def deduplicate(texts: list[str], by: str) -> list[str]:
    """The first text of every group: by the text itself, by its set of equations (RFT's rule), or all ("none")."""
    if by == "none":
        return list(texts)
    key = {"text": str.strip, "equations": policies.kind}[by]
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
