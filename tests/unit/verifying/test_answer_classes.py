import polars as pl
import pytest
from reversal.evaluation import accuracy
from reversal.tables import PROBLEMS, SAMPLES
from reversal.verifying.answer_classes import MOST_FORMS, answer_classes, expression_classes
from reversal.verifying.verification import verify


@pytest.mark.parametrize(
    ("answers", "classes"),
    [
        ([("\\frac12", 1), ("0.5", 2), ("\\dfrac{1}{2}", 1), ("2", 1)], ["0.5", "0.5", "0.5", "2"]),
        ([("(x+1)^2", 2), ("x^2+2x+1", 1), ("x^2+1", 1)], ["(x+1)^2", "(x+1)^2", "x^2+1"]),
        ([("x + 1", 1), ("x+1", 1), ("\\text{x+1 }", 1)], ["x + 1", "x + 1", "\\text{x+1 }"]),
        ([("\\text{Even}", 1), ("\\text{even}", 3)], ["\\text{even}", "\\text{even}"]),
        ([("\\foo{", 1), ("\\foo {", 1)], ["\\foo {", "\\foo {"]),
        ([("1" * 3000, 1), ("1" * 3001, 1)], ["1" * 3000, "1" * 3001]),
        ([], []),
    ],
)
def test_equal_wrong_expressions_share_the_most_frequent_form(answers, classes):
    rows = [("p", *answer) for answer in answers]
    expected = {("p", answer): form for (answer, _), form in zip(answers, classes, strict=True)}
    assert expression_classes(rows[::-1], 1) == expression_classes(rows, 1) == expected


def test_problems_have_their_own_classes_and_rare_forms_are_compared_as_text():
    many = [("a", f"{i}/7", 100 - i) for i in range(1, 2 * MOST_FORMS)]
    rows = [*many, ("a", "\\frac{2}{14}", 50), ("a", "\\frac{38}{14}", 1), ("b", "\\frac{2}{14}", 1)]
    found = expression_classes(rows, 1)
    assert found["a", "\\frac{2}{14}"] == "\\frac{2}{14}"  # the judge would find it equal to 1/7, if it asked
    assert found["b", "\\frac{2}{14}"] == "\\frac{2}{14}"
    rows[-3] = ("a", "\\frac{2}{14}", 98)
    assert expression_classes(rows, 1)["a", "\\frac{2}{14}"] == "1/7"


def test_a_vote_does_not_know_the_gold_answer():
    """60 problems of 8 samples: wrong answers that are equal and differently written vote together, as right ones do.

    In 2 problems most samples are right. In 33 most of them are wrong by the same value in three spellings, of which
    none alone has more votes than the right answer: by their texts, right ones would win. In 25 they lose either way.
    """
    right, wrong = ["\\frac12", "0.5", "\\frac{2}{4}"], ["\\frac14", "0.25", "\\frac{2}{8}"]
    kinds = [right * 2 + wrong[:2]] * 2 + [right + wrong * 2][:1] * 33
    texts = [answers[:8] for answers in kinds] + [right[:1] + wrong[:1] * 7] * 25
    given = [
        (f"p/{i}", "sampled", j, 0, f"\\boxed{{{answer}}}", 1, "stop", 0.75, 0.95, 9, "e")
        for i, answers in enumerate(texts)
        for j, answer in enumerate(answers)
    ]
    asked = [(f"p/{i}", "?", "\\frac{1}{2}", None, "expression", *[None] * 5) for i in range(60)]
    judged = verify(
        pl.DataFrame(given, SAMPLES, orient="row"), pl.DataFrame(asked, PROBLEMS, orient="row"), "\\boxed{", 1
    )
    finals = accuracy.final_answers(judged)
    assert accuracy.majority_at_k(finals, 8)["value"].mean() == pytest.approx(2 / 60)
    by_text = finals.with_columns(final=pl.when("correct").then(pl.lit("right")).otherwise(judged["answer"]))
    assert accuracy.majority_at_k(by_text, 8)["value"].mean() == pytest.approx(35 / 60)


def test_numbers_and_choices_are_their_own_classes_and_of_programs_none_is_known():
    found = {"verdict": ["correct", "wrong", "no_answer", "timeout"], "answer": ["1", "2", None, "3"]}
    judged = pl.DataFrame(found).with_columns(problem_id=pl.lit("p"), gold_answer=pl.lit("1"))
    for kind in ("number", "choice"):
        assert answer_classes(kind, judged, 1)["answer_class"].to_list() == ["1", "2", None, None]
    assert answer_classes("program", judged, 1)["answer_class"].to_list() == [None] * 4
    assert answer_classes("number", judged.clear(), 1)["answer_class"].to_list() == []
