"""Answers that others sampled, as rows of one kind whatever wrote the file.

Five forms, told apart by the fields of a file's first record (docs/judging.md says what each is read for): plain, the
samples of lm-evaluation-harness (--log_samples), the outputs of NeMo-Skills, the JSON logs of inspect, and the dumps of
verl. Labels are verdicts that are in the file.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from reversal.problem_sources.files import records

ROWS = {
    "id": pl.String,
    "question": pl.String,
    "gold": pl.String,
    "text": pl.String,
    "sample_index": pl.Int64,
    "greedy": pl.Boolean,
    "correct": pl.Boolean,
    "answer": pl.String,  # as the file reads the text
    "n_tokens": pl.Int64,
    "finish_reason": pl.String,
}
ANEW = "say the answer_type (and the answer_mark), so that the answers are judged against the gold ones"
BATCH = 10_000  # rows as Python objects at a time: they take several times the memory of the table
OWN_LABEL = {"nemo_skills": ("symbolic_correct", "is_correct"), "verl": ("acc", "score"), "plain": ("correct",)}


def read_rows(paths: list[str], labels: str | bool) -> pl.DataFrame:
    """ROWS of the files of one checkpoint, in their order.

    labels: the field that holds the verdicts, True for the one that this form has, False for none. Raises ValueError
    naming file and line of a record that cannot be read.
    """
    found, places, frames = [], [], []
    for path in paths:
        first, form, many = None, "", 0
        for place, record in _inspect_samples(path) if path.endswith(".json") else records(path):
            first = record if first is None else first
            form = form or _form(record, place)
            try:
                rows = READERS[form](record, first, labels, path)
            except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
                reason = f"no field {error}, only {', '.join(record)}" if isinstance(error, KeyError) else str(error)
                raise ValueError(f"{place}: not an answer in the form of {form}: {reason}") from error
            many += len(rows)
            found += rows
            places += [place] * len(rows)
            if len(found) >= BATCH:
                frames.append(_table(found, places))
                found, places = [], []
        if not many:
            raise ValueError(f"{path}: holds no answers" + (f" of {labels}" if first and labels else ""))
    counted = pl.when(pl.col("n_tokens") >= 0).then("n_tokens")  # -1 is how some say that they did not count
    return pl.concat([*frames, _table(found, places)]).with_columns(n_tokens=counted)


def _table(rows: list[dict], places: list[str]) -> pl.DataFrame:
    try:
        return pl.DataFrame(rows, schema=ROWS)
    except (pl.exceptions.PolarsError, ValueError, TypeError, OverflowError) as error:
        if len(rows) > 1:  # the first that is at fault, for the error to name
            for row, place in zip(rows, places, strict=True):
                _table([row], [place])
        raise ValueError(f"{places[0]}: not an answer: {str(error).splitlines()[0]}") from error


def _form(record: dict, place: str) -> str:
    fields = {
        "lm_eval": ("doc_id", "resps"),
        "inspect": ("epoch", "output"),
        "nemo_skills": ("generation",),
        "verl": ("input", "output", "score"),
        "plain": ("text",),
    }
    for form, its in fields.items():
        if set(its) <= set(record):
            return form
    raise ValueError(
        f"{place}: not an answer in any known form; its fields are {', '.join(record)}. The plain form has "
        "problem_id or question, and text (docs/judging.md)"
    )


def _plain(record: dict, first: dict, labels: str | bool, path: str) -> list[dict]:
    row = {"id": _id(record.get("problem_id")), "question": record.get("question"), "gold": record.get("gold_answer")}
    if row["id"] is None and row["question"] is None:
        raise KeyError("problem_id")
    row |= {key: record.get(key) for key in ("sample_index", "answer", "n_tokens", "finish_reason")}
    row |= {"text": _text(record["text"]), "greedy": _greedy(record.get("greedy"))}
    return [row | {"correct": _label(record, labels, "plain")}]


def _nemo_skills(record: dict, first: dict, labels: str | bool, path: str) -> list[dict]:
    """One answer to a problem in each file: output.jsonl holds the greedy ones, output-rs0.jsonl and so on samples."""
    gold = record.get("expected_answer")
    return [
        {
            "id": None,
            "question": record.get("problem") or record["question"],
            "gold": None if gold is None else str(gold),
            "text": _text(record["generation"]),
            "greedy": "-rs" not in Path(path).stem,
            "correct": _label(record, labels, "nemo_skills"),
            "answer": record.get("predicted_answer"),
            "n_tokens": record.get("num_generated_tokens"),
            "finish_reason": record.get("finish_reason"),
        }
    ]


def _verl(record: dict, first: dict, labels: str | bool, path: str) -> list[dict]:
    """Whether an answer is greedy a dump does not say: all count as samples."""
    gold = record.get("gts")
    row = {"question": record["input"], "gold": None if gold is None else str(gold), "text": _text(record["output"])}
    answer = record.get("pred")
    return [row | {"greedy": False, "answer": answer, "correct": _label(record, labels, "verl")}]


def _lm_eval(record: dict, first: dict, labels: str | bool, path: str) -> list[dict]:
    """One row per filter and document: those of one filter are read, the first unless labels say `metric,filter`.

    A document's only request has as many answers as the task has `repeats`, whatever its filters make of them. Without
    do_sample the harness samples where there is a temperature (normalize_gen_kwargs in its models/utils.py).
    """
    metric, _, wanted = labels.partition(",") if isinstance(labels, str) else (labels, "", "")
    if record.get("filter") != (wanted or first.get("filter")):
        return []
    texts, document = record["resps"][0], record["doc"]
    if len(record["resps"]) > 1 or not all(isinstance(text, str) for text in texts):
        raise ValueError("resps hold log-likelihoods of choices, not generated texts")
    settings = next(iter(record["arguments"].values()))["arg_1"]
    temperature, do_sample = settings.get("temperature"), settings.get("do_sample")
    sampled = temperature != 0 and (bool(temperature) if do_sample is None else do_sample)
    greedy = len(texts) == 1 and not sampled
    if labels and len(texts) > 1:
        raise ValueError(f"one score for {len(texts)} answers: {ANEW}")
    if metric is True and "metrics" not in record:
        raise ValueError("the record does not say which field is its metric: name it (labels: METRIC)")
    correct = _label(record, record["metrics"][0] if metric is True else metric, "lm_eval")
    number = document.get("problem_id", record["doc_id"])  # our own export has the first
    row = {"id": _id(number), "question": document.get("question") or document.get("problem")}
    row |= {"gold": _gold_of_document(record["target"]), "greedy": greedy, "correct": correct}
    answer = record["filtered_resps"][0] if len(texts) == 1 else None
    return [row | {"text": text, "answer": answer if isinstance(answer, str) else None} for text in texts]


def _inspect(record: dict, first: dict, labels: str | bool, path: str) -> list[dict]:
    if not record["output"]["choices"]:
        raise ValueError("it has no output: the sample failed there; run it again, or take it out")
    choice, target = record["output"]["choices"][0], record["target"]
    asked = record["input"]
    if not isinstance(asked, str):
        asked = _content([message for message in asked if message["role"] == "user"][-1]["content"])
    scores = record.get("scores") or {}
    if labels and not (scores if labels is True else labels in scores):
        raise ValueError(f"no score of {'any scorer' if labels is True else labels}, only {list(scores)}: {ANEW}")
    score = scores[labels] if isinstance(labels, str) else next(iter(scores.values()), {})
    usage = record["output"].get("usage") or {}
    return [
        {
            "id": _id(record["id"]),
            "question": asked,
            "gold": target if isinstance(target, str) else target[0],
            "text": _content(choice["message"]["content"]),
            "sample_index": None,
            "greedy": record["greedy"],
            "correct": _label(score, "value", "inspect") if labels else None,
            "answer": score.get("answer"),
            "n_tokens": usage.get("output_tokens"),
            "finish_reason": {"max_tokens": "length"}.get(choice.get("stop_reason"), choice.get("stop_reason")),
        }
    ]


READERS = {"plain": _plain, "nemo_skills": _nemo_skills, "verl": _verl, "lm_eval": _lm_eval, "inspect": _inspect}


def _inspect_samples(path: str) -> Iterator[tuple[str, dict]]:
    """("file, sample n", sample) of an inspect log, each with whether it is greedy: temperature 0 and one epoch."""
    try:
        log = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: not a readable JSON file ({error})") from error
    if not isinstance(log, dict) or "eval" not in log or not log.get("samples"):
        said = f"status {log.get('status')}" if isinstance(log, dict) else f"a {type(log).__name__}"
        raise ValueError(
            f"{path}: no log of inspect with samples ({said}); answers of other forms are .jsonl, one a line"
        )
    temperature = (log["eval"].get("model_generate_config") or {}).get("temperature")
    epochs = max(sample.get("epoch", 1) for sample in log["samples"])
    for i, sample in enumerate(log["samples"], start=1):
        yield f"{path}, sample {i}", sample | {"greedy": temperature == 0 and epochs == 1}


def _label(record: dict, labels: str | bool, form: str) -> bool | None:
    """The verdict of a record; an error where one is wanted and there is none that is right or wrong."""
    if not labels:
        return None
    names = (labels,) if isinstance(labels, str) else OWN_LABEL[form]
    name = next((name for name in names if name in record), None)
    if name is None:
        raise ValueError(
            f"no label {' or '.join(names)}, only {', '.join(record)}: name the field (labels: FIELD), or {ANEW}"
        )
    value = record[name]
    truths = {"C": True, "I": False, "N": False, 1: True, 0: False, -1: False}
    if not isinstance(value, (bool, int, float, str)) or value not in truths:
        raise ValueError(f"the label {name} is {value!r}, neither right (true, 1, C) nor wrong (false, 0, -1, I, N)")
    return truths[value]


def _gold_of_document(target) -> str | None:
    """What follows the last mark where the target is a whole solution, as in GSM8K's documents."""
    return None if target is None else str(target).rpartition("####")[2].strip()


def _content(content) -> str:
    """The text of a chat message, which may come in parts."""
    return content if isinstance(content, str) else "".join(p["text"] for p in content if p["type"] == "text")


def _greedy(value) -> bool:
    if value not in (None, True, False):
        raise ValueError(f"greedy is {value!r}, neither true nor false")
    return bool(value)


def _id(value) -> str | None:
    return None if value is None else str(value)


def _text(value) -> str:
    if not isinstance(value, str):
        raise ValueError(f"the answer is {type(value).__name__}, not text")
    return value
