"""The problems that given answers answer, and the answers as the samples of a model.

ROWS are those of answer_forms.
"""

import polars as pl

from reversal.tables import DROPPED, LABELS, PROBLEMS, SAMPLE_KEY, SAMPLES


def problems_of(rows: pl.DataFrame, name: str, answer_type: str | None) -> pl.DataFrame:
    """PROBLEMS that ROWS answer, ids `{name}/{id}` or, for answers that only say the question, `{name}/{number}`.

    Raises ValueError if one id means two questions, or a gold answer is wanted (answer_type) and missing.
    """
    key = pl.coalesce("id", _same_white_space("question")).alias("key")
    known = (
        rows.with_columns(key)
        .group_by("key", maintain_order=True)
        .agg(
            pl.col("id").first(),
            pl.col("question").drop_nulls().first(),
            pl.col("gold").drop_nulls().first(),
            questions=_same_white_space("question").drop_nulls().n_unique(),
        )
    )
    if (several := known.filter(pl.col("questions") > 1)).height:
        raise ValueError(
            f"{several.height} problem ids mean different questions in different answers, first "
            f"{several['id'][0]}: these are not answers to the same problems, or their ids are of "
            "different kinds: then name the questions (questions: {file: ..})"
        )
    if answer_type and known["gold"].has_nulls():
        raise ValueError(
            f"the answers to {known['gold'].null_count()} problems have no gold answer, first "
            f"{known.filter(pl.col('gold').is_null())['key'][0][:80]!r}: name the questions "
            "(questions: {file: ..}) or labels"
        )
    number = pl.int_range(pl.len()).cast(pl.String)
    empty = [pl.lit(None, dtype).alias(column) for column, dtype in PROBLEMS.items()]
    return (
        known.with_columns(
            problem_id=pl.lit(f"{name}/") + pl.coalesce(escaped("id"), number),
            question=pl.coalesce("question", "key"),
            gold_answer="gold",
            answer_type=pl.lit(answer_type, PROBLEMS["answer_type"]),
        )
        .with_columns(column for column in empty if column.meta.output_name() not in KNOWN)
        .select(list(PROBLEMS))
    )


KNOWN = ("problem_id", "question", "gold_answer", "answer_type")


def matched(rows: pl.DataFrame, problems: pl.DataFrame) -> pl.DataFrame:
    """The rows with the problem_id that each answers: this study's own, else by its question, else by its id; or null.

    A whole prompt (verl's dumps hold no question) answers the longest question that is in it.
    """
    spaced = _same_white_space("question")
    asked = problems.select(same=spaced, by_question="problem_id").unique("same", keep="first", maintain_order=True)
    ids = problems.select(by_id="problem_id", tail=pl.col("problem_id").str.extract(r"([^/]*)$"))
    own = pl.when(pl.col("id").is_in(problems["problem_id"].implode())).then("id")
    found = (
        rows.with_columns(same=spaced, tail=escaped("id"), own=own)
        .join(asked, on="same", how="left", maintain_order="left")
        .join(ids, on="tail", how="left", maintain_order="left")
        .with_columns(problem_id=pl.coalesce("own", "by_question", "by_id"))
    )
    prompts = found.filter(pl.col("problem_id").is_null())["same"].drop_nulls().unique()
    holding = {prompt: _longest_within(prompt, asked) for prompt in prompts}
    within = pl.col("same").replace_strict(holding, default=None, return_dtype=pl.String)
    return found.with_columns(pl.coalesce("problem_id", within)).select("problem_id", *rows.columns)


def answered(rows: pl.DataFrame) -> set[str]:
    """The problem_ids (matched) that have an answer of every decoding that the checkpoint has answers of."""
    given = rows.drop_nulls("problem_id").unique(["problem_id", "greedy"])
    kinds = given["greedy"].n_unique()
    return set(given.group_by("problem_id").len().filter(pl.col("len") == kinds)["problem_id"])


def in_all(problems: pl.DataFrame, answered: dict[str, set[str]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The problems that every given model answers ({name: problem_ids}), and a DROPPED frame of the others.

    Then nothing is averaged over different problems. Raises ValueError if none is left.
    """
    dropped, lacking = [], dict.fromkeys(answered, 0)
    for problem_id, question in problems.select("problem_id", "question").iter_rows():
        without = [name for name, its in answered.items() if problem_id not in its]
        lacking |= {name: lacking[name] + 1 for name in without}
        dropped += [(problem_id, None, without[0], question.strip()[:200])] if without else []
    if len(dropped) == problems.height:
        counts = ", ".join(f"{name} {problems.height - number}" for name, number in lacking.items())
        raise ValueError(
            f"no problem is answered by all given models; of {problems.height} there are answers of: {counts}. "
            "Training rollouts have other problems at every step: use the dumps of validation"
        )
    gone = pl.DataFrame(dropped, schema=DROPPED, orient="row")
    return problems.join(gone, on="problem_id", how="anti", maintain_order="left"), gone


def samples_and_labels(rows: pl.DataFrame, problems: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(SAMPLES, LABELS) of matched rows, in the order of the problems; what the file does not say is null.

    Raises ValueError for two greedy answers, or two of one sample index, to one problem.
    """
    order = problems.select("problem_id").with_row_index("place")
    kept = rows.join(order, on="problem_id", maintain_order="left")
    decoding = pl.when("greedy").then(pl.lit("greedy")).otherwise(pl.lit("sampled"))
    number = pl.int_range(pl.len()).over("problem_id", "greedy")
    kept = kept.with_columns(decoding=decoding, sample_index=pl.coalesce("sample_index", number))
    kept = kept.with_columns(sample_index=pl.when("greedy").then(number).otherwise("sample_index"))
    twice = kept.filter(pl.struct(SAMPLE_KEY).is_duplicated() | (pl.col("greedy") & (pl.col("sample_index") > 0)))
    if twice.height:
        problem, kind, index = twice.select(SAMPLE_KEY).row(0)
        what = "two greedy answers" if kind == "greedy" else f"two answers of sample index {index}"
        raise ValueError(f"{problem}: {what}, here or in another file of the same checkpoint; leave one out")
    kept = kept.sort("place", "decoding", "sample_index").with_columns(
        sample_index=pl.int_range(pl.len()).over("problem_id", "decoding"),  # from 0, whatever the file counts from
        seed=pl.lit(None, pl.Int64),
        temperature=pl.when("greedy").then(0.0),
        top_p=pl.lit(None, pl.Float64),
        max_tokens=pl.lit(None, pl.Int64),
        engine=pl.lit("given"),
    )
    return kept.select(list(SAMPLES)), kept.select(list(LABELS))


def escaped(column: str) -> pl.Expr:
    """An id as part of a problem_id, which has a / of its own before its last part."""
    return pl.col(column).str.replace_all("/", "%2F", literal=True)


def _same_white_space(column: str) -> pl.Expr:
    return pl.col(column).str.replace_all(r"\s+", " ").str.strip_chars()


def _longest_within(prompt: str, asked: pl.DataFrame) -> str | None:
    inside = [(len(question), problem_id) for question, problem_id in asked.iter_rows() if question in prompt]
    return max(inside)[1] if inside else None
