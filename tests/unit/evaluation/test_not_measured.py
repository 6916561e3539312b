import polars as pl
from reversal.evaluation.not_measured import not_measured, sentences
from reversal.tables import CHANGES, DROPPED, METRICS

PLACE = {"study": "s", "model": "m", "task": "t", "method": "a", "base": 0, "seed": 0, "subset": "test"}


def metrics(*rows: tuple[int, str, float]) -> pl.DataFrame:
    named = [
        PLACE | {"iteration": i, "lineage": f"a{i}", "metric": metric, "value": value} for i, metric, value in rows
    ]
    return pl.DataFrame([dict.fromkeys(METRICS) | row for row in named], schema=METRICS)


def changes(*dimensions: str) -> pl.DataFrame:
    named = [{"model": "m", "task": "t", "method": "a", "dimension": dimension} for dimension in dimensions]
    return pl.DataFrame([dict.fromkeys(CHANGES) | row for row in named], schema=CHANGES)


def test_one_sample_of_each_problem_has_an_accuracy_and_little_else():
    one = [(i, metric, 1.0) for i in (1, 2) for metric in ("samples", "sample_accuracy", "tokens_mean")]
    found = not_measured(metrics(*one), changes("accuracy"), [])
    few = "M1 and M2 gave fewer than two samples to some problem; several samples of each would show it"
    assert found.select("dimension", "reason").rows() == [
        *((f"{kind} diversity", few) for kind in ("syntactic", "semantic", "logical")),
        ("beyond N samples", few),
        ("OOD", "no OOD set was answered; an OOD set among the questions, and models to ask, would show it"),
        ("pass@k", few),
        ("coverage", "no training questions were answered"),
        ("greedy accuracy", "no greedy answers of M1, M2: accuracy is the mean of samples"),
    ]


def test_nothing_is_missing_where_all_was_measured():
    full = [(i, metric, 0.3) for i in (1, 2) for metric in ("pass_at_1", "maj_at_2", "coverage", "tokens_mean")]
    full += [(i, "samples", 4.0) for i in (1, 2)] + [(i, "sample_accuracy", 0.3) for i in (1, 2)]
    names = ["accuracy", "beyond N samples", "pass@4", "syntactic diversity", "semantic diversity", "logical diversity"]
    names += ["OOD accuracy on x", "OOD disparity on x"]
    assert not_measured(metrics(*full), changes(*names), ["x"]).is_empty()


def test_a_label_and_a_mark_that_say_too_little_are_told():
    some = [(i, metric, 0.6) for i in (1, 2) for metric in ("pass_at_1", "no_answer_rate", "sample_accuracy")]
    found = not_measured(metrics(*some, (1, "samples", 2.0), (2, "samples", 2.0)), changes("accuracy"), ["x"])
    told = dict(found.select("dimension", "reason").rows())
    assert told["majority votes"] == "of programs, and of labels without an answer, it is unknown which are equal"
    assert told["many answers"].startswith("60% of a model's samples have no final answer after the answer_mark")


def test_reasons_are_told_once_and_problems_left_out_are_counted():
    one = metrics(*((i, metric, 1.0) for i in (1, 2) for metric in ("samples", "sample_accuracy", "tokens_mean")))
    both = pl.concat([one, one.with_columns(method=pl.lit("b"))])
    given = changes("accuracy")
    table = not_measured(both, pl.concat([given, given.with_columns(method=pl.lit("b"))]), ["x"])
    dropped = pl.DataFrame([("t/test/0", None, "b_2", "Q"), ("t/test/1", "t/test/0", None, "Q")], DROPPED, orient="row")
    lines = sentences(table.filter(dimension="coverage"), dropped).splitlines()
    assert lines == [
        "Not measured:",
        "  coverage: no training questions were answered (a, b)",
        "Left out: 1 problems that a given model does not answer (1 by b_2).",
    ]
