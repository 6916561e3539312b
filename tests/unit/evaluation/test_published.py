"""The paper's numbers beside a study's own, and the table that was read off its figures."""

import polars as pl
from reversal import tables
from reversal.evaluation import published
from tables_for_figures import intervals_of, metrics_of, rows

FIGURES = pl.read_csv("studies/published_figures.csv", schema=tables.PUBLISHED_FIGURES)
RESULTS = pl.read_csv("studies/published_results.csv", schema=tables.PUBLISHED)


def test_a_number_stands_beside_the_studys_of_the_same_place_and_of_each_model_that_it_may_be_of():
    figures = pl.DataFrame(
        [
            (4, "other|tiny", "words", "iterative_sft", 1, "distinct_n", "correct", 0.5, 0.01),
            (4, "other", "words", "iterative_sft", 2, "distinct_n", "correct", 0.5, 0.01),
        ],
        schema=tables.PUBLISHED_FIGURES,
        orient="row",
    )
    found = published.beside(intervals_of(metrics_of(rows("distinct_n", "correct", [0.625, 0.25]))), figures)
    assert found.schema == tables.PRINTED
    (row,) = found.rows()
    assert row == (
        4,
        "tiny",
        "words",
        "iterative_sft",
        1,
        "distinct_n",
        "correct",
        0.5,
        0.01,
        0.625,
        0.3125,
        1.25,
        0.125,
    )


def test_what_was_read_off_figure_5_is_what_figure_1_prints():
    """Within a tenth of a point: two readings of one number, one of them printed."""
    home = FIGURES.filter(figure=5, metric="pass_at_1", subset="test")
    for row in RESULTS.filter(model="mistral-7b", task="gsm8k").to_dicts():
        of_method = home.filter(method=row["method"]).sort("iteration")["value"] * 100
        assert abs(of_method[0] - row["m1_pass_at_1"]) < 0.1
        assert abs(of_method.max() - row["best_pass_at_1"]) < 0.1
        assert of_method.arg_max() + 1 == row["best_iteration"]


def test_models_that_methods_share_were_read_alike():
    keys = ["figure", "task", "metric", "subset"]
    for first, second, iterations in (("iterative_sft", "iterative_dpo", 1), ("iterative_dpo", "iterative_sft_dpo", 2)):
        here = [
            FIGURES.filter(pl.col("figure") > 3, pl.col("iteration") <= iterations, method=m) for m in (first, second)
        ]
        both = here[0].join(here[1], on=[*keys, "iteration"], suffix="_again")
        assert both.height in (18 + 3, 2 * (18 + 3))
        apart = (both["value"] - both["value_again"]).abs()
        assert (apart <= both["reading_error"] + both["reading_error_again"]).all()


def test_pass_at_k_that_was_read_does_not_fall_with_k():
    k = pl.col("metric").str.extract(r"(\d+)$").cast(pl.Int64)
    curves = FIGURES.filter(figure=3).with_columns(k=k).sort("task", "method", "iteration", "k")
    steps = curves.with_columns(rise=pl.col("value").diff().over("task", "method", "iteration")).drop_nulls("rise")
    assert steps.height == 12 * 4 * 5 and (steps["rise"] > -0.004).all()
