"""The four benchmarks' records, as their authors' files and as the hub's datasets have them, and plain ones.

Each reader takes one record and returns question, gold_answer, gold_solution (null where there is none), answer_type,
and where the benchmark has them level, subject, choices, tests and number (the benchmark's own). It raises KeyError or
ValueError for a record that is not of its format.
"""

import re

from reversal.verifying.answers import boxed_answers, canonical_number, marked_answer

EITHER = re.compile(r"\b[Ee]ither \w+ is (?:an? )?(?:acceptable|correct)")
LEVEL = re.compile(r"Level (?:(\d)|\?)", re.ASCII)
TESTS_FOLLOW = "Your code should pass these tests:"


def gsm8k(record: dict) -> dict:
    """question, answer ending in "#### number" and nothing else (Cobbe et al. 2021, arXiv 2110.14168)."""
    solution = _text(record, "answer")
    gold = canonical_number((marked_answer(solution, "####") or "").rstrip("."))
    if gold is None or "\n" in solution.rpartition("####")[2].strip():
        raise ValueError("the answer does not end in '#### number'")
    return {
        "question": _text(record, "question"),
        "gold_answer": gold,
        "gold_solution": solution,
        "answer_type": "number",
    }


def math(record: dict) -> dict:
    """problem, level ("Level 3"), type, solution with \\boxed{} (Hendrycks et al. 2021, arXiv 2103.03874).

    Where "and" joins the last boxes the gold answer is all of them, where "or" does, or the solution says that either
    is acceptable, any of them: "\\boxed{3} or \\boxed{4}".
    Oddities of the training set are kept as they are: an open level ("Level ?", two problems) becomes null, and an
    empty box (two problems) an empty gold answer, which no answer equals.
    """
    solution = _text(record, "solution")
    boxes, joint = boxed_answers(solution)
    if not boxes and "\\boxed{}" not in solution:
        raise ValueError("the solution has no \\boxed{answer}")
    either = len(boxes) > 1 and (joint == "or" or EITHER.search(solution))
    level = LEVEL.fullmatch(_text(record, "level"))
    if level is None:
        raise ValueError(f"level is {record['level']!r}, not 'Level 1' to 'Level 9' or 'Level ?'")
    return {
        "question": _text(record, "problem"),
        "gold_answer": " or ".join(f"\\boxed{{{box}}}" for box in boxes) if either else ", ".join(boxes),
        "gold_solution": solution,
        "answer_type": "expression",
        "level": int(level[1]) if level[1] else None,
        "subject": _text(record, "type"),
    }


def commonsenseqa(record: dict) -> dict:
    """A question with options A to E and answerKey (Talmor et al. 2019, arXiv 1811.00937); there are no solutions.

    The options are in the question, one per line.
    """
    question = record["question"]
    if isinstance(question, dict):  # the authors' file
        stem, options = _text(question, "stem"), question["choices"]
        labels, choices = [o["label"] for o in options], [_text(o, "text") for o in options]
    else:  # the hub's dataset
        stem, labels = _text(record, "question"), record["choices"]["label"]
        choices = _texts(record["choices"], "text")
    if labels != [chr(ord("A") + i) for i in range(len(labels))]:
        raise ValueError(f"the options are {labels}, not A, B, ..")
    key = _text(record, "answerKey")
    if key not in labels:
        raise ValueError(f"answerKey {key!r} is none of the options {labels}; test labels are not public")
    return {
        "question": "\n".join([stem, *(f"{label}. {text}" for label, text in zip(labels, choices, strict=True))]),
        "gold_answer": key,
        "gold_solution": None,
        "answer_type": "choice",
        "choices": choices,
    }


def mbpp(record: dict) -> dict:
    """text, code, test_list, test_setup_code, task_id (Austin et al. 2021, arXiv 2108.07732).

    The tests are in the question, as in the paper's own prompt: only they say what the function is called.
    """
    code, asked = _text(record, "code").replace("\r\n", "\n"), _text(record, "text").strip()
    tests, setup = _texts(record, "test_list"), record.get("test_setup_code") or ""
    if not tests or not isinstance(setup, str):
        raise ValueError("test_list is empty" if not tests else "test_setup_code is not text")
    return {
        "question": "\n".join([asked, TESTS_FOLLOW, *tests]),
        "gold_answer": code,
        "gold_solution": code,
        "answer_type": "program",
        "tests": [setup.replace("\r\n", "\n"), *tests] if setup else list(tests),
        "number": int(record["task_id"]),
    }


def plain(record: dict, answer_type: str) -> dict:
    """question, answer; if there are any solution, level, subject, choices, tests, cluster, problem_id: one's own task.

    cluster: what questions share that are made from one template or passage. A number may be one of JSON's. Choices are
    texts, which follow the question as options A, B, ..; the answer is one of these letters or texts. Programs need
    tests.
    """
    answer = record["answer"]
    answer = (
        str(answer) if isinstance(answer, int | float) and not isinstance(answer, bool) else _text(record, "answer")
    )
    row = {"question": _text(record, "question"), "gold_answer": answer.strip(), "answer_type": answer_type}
    row |= {field: _texts(record, field) for field in ("choices", "tests") if record.get(field)}
    row |= {"gold_solution": _text(record, "solution")} if record.get("solution") is not None else {}
    row |= {"subject": _text(record, "subject")} if record.get("subject") is not None else {}
    row |= {"level": int(record["level"])} if record.get("level") is not None else {}
    row |= {"cluster": str(record["cluster"])} if record.get("cluster") is not None else {}
    row |= {"problem_id": str(record["problem_id"])} if record.get("problem_id") is not None else {}
    if answer_type == "number":
        row["gold_answer"] = canonical_number(row["gold_answer"])
        if row["gold_answer"] is None:
            raise ValueError(f"the answer {answer!r} is not a number")
    if answer_type == "choice":
        row |= _options(row)
    if answer_type == "program" and "tests" not in row:
        raise ValueError("a program needs tests: Python statements that must not fail")
    return row


def _options(row: dict) -> dict:
    """The question with its options below, and the letter of the right one."""
    choices = row.get("choices", [])
    letters = [chr(ord("A") + i) for i in range(len(choices))]
    gold = (
        row["gold_answer"]
        if row["gold_answer"] in letters
        else dict(zip(choices, letters, strict=True)).get(row["gold_answer"])
    )
    if gold is None:
        raise ValueError(f"the answer {row['gold_answer']!r} is neither a letter nor a text of the choices {choices}")
    lines = [f"{letter}. {choice}" for letter, choice in zip(letters, choices, strict=True)]
    return {"question": "\n".join([row["question"], *lines]), "gold_answer": gold}


FORMATS = {"gsm8k": gsm8k, "math": math, "commonsenseqa": commonsenseqa, "mbpp": mbpp, "plain": plain}


def _text(record: dict, field: str) -> str:
    value = record[field]
    if not isinstance(value, str):
        raise ValueError(f"{field} is {type(value).__name__}, not text")
    value.encode()  # a ValueError for half a surrogate pair, which JSON can say and a table cannot hold
    return value


def _texts(record: dict, field: str) -> list[str]:
    values = record[field]
    if not isinstance(values, list):
        raise ValueError(f"{field} is {type(values).__name__}, not a list of texts")
    return [_text({field: value}, field) for value in values]
