"""Problems from a source named in the study: a generator, a local file, or a hub dataset at a pinned revision."""

from collections import Counter
from collections.abc import Iterator
from functools import partial

import polars as pl

from reversal.problem_sources.families import family_problems
from reversal.problem_sources.files import records
from reversal.problem_sources.formats import FORMATS, TESTS_FOLLOW
from reversal.problem_sources.generate import generate_problems
from reversal.tables import DROPPED, PROBLEMS


def load_problems(source: dict, name: str, split: str, hard: float = 0.0) -> pl.DataFrame:
    """The problems of one set as a PROBLEMS frame, ids `{name}/{number}` or with the file's own.

    source: {generator, count, steps, seed}, {generator: reasoning_gym, family, count, ..}, {file, format} or {dataset,
    revision, split, format}; see rules/config.schema.yaml. split: "train", "test" or "pretrain"; the generators give
    every split its own sums.
    hard: see generate_problems.
    Raises ValueError naming file and line (or dataset and row) of a record that cannot be used.
    """
    if source.get("generator") == "reasoning_gym":
        rows = family_problems(source, split)
    elif "generator" in source:
        rows = generate_problems(
            source["generator"], source["count"], tuple(source["steps"]), split, source.get("seed", 0), hard
        )
    else:
        rows = _chosen(_read(source), source)
    empty = dict.fromkeys(PROBLEMS)
    ids = [row.get("problem_id", str(i)).replace("/", "%2F") for i, row in enumerate(rows)]  # / ends the set's name
    if twice := sorted({own for own, number in Counter(ids).items() if number > 1}):
        raise ValueError(f"{source['file']}: the problem_id {twice[0]!r} appears more than once")
    named = [empty | row | {"problem_id": f"{name}/{own}"} for row, own in zip(rows, ids, strict=True)]
    return pl.DataFrame(named, schema=PROBLEMS)


def drop_duplicates(train: pl.DataFrame, others: dict[str, pl.DataFrame]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`train` without questions that are in `others` ({name: PROBLEMS}) or earlier in it, and a DROPPED frame.

    Questions that differ only in white space are the same. Of a program's question only the task counts: three times
    MBPP asks in training for a function that it also asks for in the test set, under another name.
    """
    owner = {key: problem_id for frame in others.values() for key, problem_id in _keys(frame)}
    keep, dropped = [], []
    for (key, problem_id), question in zip(_keys(train), train["question"], strict=True):
        if key in owner:
            dropped.append((problem_id, owner[key], None, question.strip()[:200]))
        else:
            keep.append(problem_id)
            owner[key] = problem_id
    return train.filter(pl.col("problem_id").is_in(keep)), pl.DataFrame(dropped, schema=DROPPED, orient="row")


def _keys(frame: pl.DataFrame) -> list[tuple[str, str]]:
    rows = frame.select("question", "problem_id").iter_rows()
    return [("".join(question.partition(TESTS_FOLLOW)[0].split()), i) for question, i in rows]


def _read(source: dict) -> Iterator[dict]:
    """Rows of a file or dataset; a level that the benchmark leaves open is printed, and is not an error."""
    read = FORMATS[source["format"]]
    read = partial(read, answer_type=source["answer_type"]) if "answer_type" in source else read
    for place, record in _hub_records(source) if "dataset" in source else records(source["file"]):
        try:
            row = read(record)
        except (KeyError, ValueError, TypeError) as error:
            reason = f"no field {error}, only {', '.join(record)}" if isinstance(error, KeyError) else str(error)
            raise ValueError(f"{place}: not a {source['format']} problem: {reason}") from error
        if "level" in row and row["level"] is None:
            print(f"{place}: level {record['level']!r} is not a number; this problem belongs to no level")
        if not row["gold_answer"]:
            print(f"{place}: the gold answer is empty; no answer will count as correct")
        yield row


def _chosen(rows: Iterator[dict], source: dict) -> list[dict]:
    """The rows that a source asks for: of a subject, of a range of the benchmark's own numbers, the first so many."""
    first, last = source.get("numbers", (None, None))
    found = []
    for row in rows:
        number = row.pop("number", None)
        if "subject" in source and row.get("subject") != source["subject"]:
            continue
        if first is not None and not (number is not None and first <= number <= last):
            continue
        found.append(row)
    if not found:
        raise ValueError(f"{source.get('file') or source.get('dataset')}: no problem fits {source}")
    return found[: source.get("limit")]


def _hub_records(source: dict) -> Iterator[tuple[str, dict]]:
    """("dataset, row n", record) of a hub dataset at its pinned revision, one configuration after the other."""
    from datasets import load_dataset

    for name in source.get("configs", [None]):
        try:
            rows = load_dataset(source["dataset"], name, split=source["split"], revision=source["revision"])
        except (OSError, ValueError) as error:  # not reachable, missing, or without this configuration or split
            reason = " ".join(str(error).split())
            raise ValueError(
                f"{source['dataset']} at revision {source['revision']} could not be fetched from the hub ({reason}). "
                "If it is gated, set HF_TOKEN. Without network, name a local copy as file: instead of dataset, "
                "revision and split."
            ) from error
        for i, record in enumerate(rows):
            yield f"{source['dataset']}{f' ({name})' if name else ''}, {source['split']} row {i}", record
