import polars as pl
import pytest
from polars.testing import assert_frame_equal
from reversal.answer_forms import ROWS
from reversal.given_answers import answered, in_all, matched, problems_of, samples_and_labels
from reversal.tables import DROPPED, LABELS, PROBLEMS, SAMPLES
from reversal.verifying.verification import labelled


def rows(*values: dict) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(ROWS) | {"text": "", "greedy": False} | row for row in values], schema=ROWS)


def problems(**questions: str) -> pl.DataFrame:
    named = [{"problem_id": f"t/test/{name}", "question": question} for name, question in questions.items()]
    return pl.DataFrame([dict.fromkeys(PROBLEMS) | row for row in named], schema=PROBLEMS)


def test_the_problems_of_answers_go_by_their_ids_or_by_their_place():
    given = rows(
        {"id": "HumanEval/1", "question": "Q", "gold": "1"}, {"id": "HumanEval/1"}, {"question": "What  is it?\n"}
    )
    found = problems_of(given, "t/test", None)
    assert found.select("problem_id", "question", "gold_answer", "answer_type").rows() == [
        ("t/test/HumanEval%2F1", "Q", "1", None),
        ("t/test/1", "What  is it?\n", None, None),
    ]
    with pytest.raises(ValueError, match=r"1 problems have no gold answer, first 'What is it\?'"):
        problems_of(given, "t/test", "number")
    with pytest.raises(ValueError, match="1 problem ids mean different questions in different answers, first 3"):
        problems_of(rows({"id": "3", "question": "A"}, {"id": "3", "question": "B"}), "t/test", None)


def test_answers_find_their_problem_by_question_then_id_then_within_a_prompt():
    asked = problems(a="How many?", b="How many? Say it.", c="Who?")
    given = rows(
        {"question": "How \n many?", "id": "b"},
        {"id": "c"},
        {"question": "user\nHow many? Say it.\nassistant"},
        {"question": "Where?"},
    )
    assert matched(given, asked)["problem_id"].to_list() == ["t/test/a", "t/test/c", "t/test/b", None]


def test_only_problems_that_all_models_answer_in_full_are_compared():
    asked = problems(a="A", b="B", c="C")
    greedy = {"greedy": True}
    one = matched(rows({"id": "a"}, {"id": "b"}, {"id": "a"} | greedy, {"id": "b"} | greedy, {"id": "c"}), asked)
    two = matched(rows({"id": "b"}, {"id": "c"}), asked)
    assert answered(one) == {"t/test/a", "t/test/b"}  # c lacks the greedy answer that the others have
    kept, dropped = in_all(asked, {"one": answered(one), "two": answered(two)})
    assert_frame_equal(kept, asked[1:2])
    left_out = [("t/test/a", None, "two", "A"), ("t/test/c", None, "one", "C")]
    assert_frame_equal(dropped, pl.DataFrame(left_out, schema=DROPPED, orient="row"))
    with pytest.raises(ValueError, match=r"no problem is answered by all .* of 3 there are answers of: one 1, two 1\."):
        in_all(asked, {"one": {"t/test/a"}, "two": {"t/test/b"}})


def test_answers_become_samples_in_the_order_of_the_problems():
    given = rows(
        {"id": "b", "text": "x", "correct": True, "answer": "2", "n_tokens": 4, "finish_reason": "stop"},
        {"id": "a", "text": "y", "correct": False},
        {"id": "b", "text": "z", "correct": False},
        {"id": "b", "text": "g", "correct": True, "greedy": True, "sample_index": 3},
    )
    asked = problems(a="A", b="B")
    samples, labels = samples_and_labels(matched(given, asked), asked)
    expected = [
        ("t/test/a", "sampled", 0, "y", None, None, None),
        ("t/test/b", "greedy", 0, "g", None, None, 0.0),
        ("t/test/b", "sampled", 0, "x", 4, "stop", None),
        ("t/test/b", "sampled", 1, "z", None, None, None),
    ]
    names = ["problem_id", "decoding", "sample_index", "text", "n_tokens", "finish_reason", "temperature"]
    assert samples.columns == list(SAMPLES) and samples.select(names).rows() == expected
    assert labels.columns == list(LABELS)
    assert labelled(labels).select("answer", "verdict", "second_verdict", "answer_class").rows() == [
        (None, "wrong", None, None),
        (None, "correct", None, None),
        ("2", "correct", None, "2"),
        (None, "wrong", None, None),
    ]


@pytest.mark.parametrize(
    ("twice", "fault"),
    [({"greedy": True}, "t/test/a: two greedy answers"), ({"sample_index": 5}, "a: two answers of sample index 5")],
)
def test_two_answers_in_one_place_are_named(twice, fault):
    asked = problems(a="A")
    with pytest.raises(ValueError, match=fault):
        samples_and_labels(matched(rows({"id": "a"} | twice, {"id": "a"} | twice), asked), asked)
