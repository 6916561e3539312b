"""Which answers to one problem are the same answer: what a majority vote counts, right and wrong ones alike."""

from itertools import combinations

import polars as pl

from reversal.verifying.expressions import LONGEST, judge_expressions
from reversal.verifying.latex import plain

MOST_FORMS = 10  # of a problem's wrong expressions that the judge compares, the most frequent ones: at most 45 pairs


def answer_classes(kind: str, judged: pl.DataFrame, workers: int) -> pl.DataFrame:
    """`judged` with the column answer_class: a text that equal answers to a problem share; null where none is known.

    judged: problem_id, answer, verdict, gold_answer; a row per sample. Only correct and wrong answers have a class. Of
    a number it is its value, of a choice its letter: the canonical answer. A correct expression equals the gold answer
    by the judge; wrong ones equal each other by the same judge, with the more frequent form in the place of the gold
    answer. Of programs nothing is known: equal ones would give equal outputs, which tests do not ask for.
    """
    known = pl.col("verdict").is_in(["correct", "wrong"])
    if kind == "program":
        return judged.with_columns(answer_class=pl.lit(None, pl.String))
    if kind != "expression":
        return judged.with_columns(answer_class=pl.when(known).then("answer"))
    wrong = judged.filter(verdict="wrong").group_by("problem_id", "answer").len()
    forms = expression_classes(wrong.rows(), workers)
    table = pl.DataFrame(
        [(*key, form) for key, form in forms.items()],
        schema={"problem_id": pl.String, "answer": pl.String, "form": pl.String},
        orient="row",
    )
    with_forms = judged.join(table, on=["problem_id", "answer"], how="left", maintain_order="left")
    of_verdict = pl.when(verdict="correct").then("gold_answer").when(verdict="wrong").then("form")
    return with_forms.with_columns(answer_class=of_verdict).drop("form")


def expression_classes(answers: list[tuple[str, str, int]], workers: int) -> dict[tuple[str, str], str]:
    """{(problem_id, answer): the answer that stands for its class}, of LaTeX answers (problem_id, answer, how many).

    The same text, as latex.plain writes it, is one form. Of the MOST_FORMS most frequent forms each joins the first
    before it that the judge finds equal; a rarer form stays alone.
    """
    problems: dict[str, dict[str, list[tuple[str, int]]]] = {}
    for problem, answer, many in sorted(answers, key=lambda row: (row[0], -row[2], row[1])):
        form = plain(answer) if len(answer) <= LONGEST else answer
        problems.setdefault(problem, {}).setdefault(form, []).append((answer, many))
    ordered = {
        problem: sorted(forms.values(), key=lambda alike: -sum(many for _, many in alike))
        for problem, forms in problems.items()
    }
    pairs = [
        (first[0][0], other[0][0]) for forms in ordered.values() for first, other in combinations(forms[:MOST_FORMS], 2)
    ]
    equal = {
        pair for pair, verdict in zip(pairs, judge_expressions(pairs, workers), strict=True) if verdict == "correct"
    }
    classes = {}
    for problem, forms in ordered.items():
        heads: list[str] = []
        for alike in forms:
            head = next((head for head in heads if (head, alike[0][0]) in equal), alike[0][0])
            heads += [head] if head == alike[0][0] else []
            classes |= {(problem, answer): head for answer, _ in alike}
    return classes
