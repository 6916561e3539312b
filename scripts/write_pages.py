"""write_pages: the report, one page that opens on the verdict."""

import json
from pathlib import Path

import polars as pl
import vl_convert
from reversal import jobs, tables
from reversal.report import markup, page_answers, pages, verdict_words
from reversal.report.explorer import explorer

FIRST = ["figure7_verdicts", "figure10_tradeoff"]  # on the first screen
OF_SEVERAL = "figure2_coverage"  # has a row per model and task: of a single one the numbers say it in a sentence


def main(inputs: dict, figure_paths: list[str], table_paths: list[str], study: dict, output: str) -> None:
    # Over 40 lines: a line per table that is read and per section that is written.
    changes = tables.read(inputs["changes"], tables.CHANGES)
    outcomes = tables.read(inputs["outcomes"], tables.OUTCOMES)
    split = tables.read(inputs["narrowing"], tables.NARROWING)
    rule = tables.read(inputs["coverage_rule"], tables.RULE)
    explored = explorer(
        tables.read(inputs["metrics"], tables.METRICS), tables.read(inputs["intervals"], tables.INTERVALS)
    )
    captions = {Path(path).stem: Path(path).read_text(encoding="utf-8") for path in inputs["captions"]}
    drawn = {
        name: markup.figure(
            name, _numbered(study["labels"][name]), Path(path).read_text(encoding="utf-8"), captions[name]
        )
        for path in figure_paths
        if (name := Path(path).stem) != OF_SEVERAL or rule.height > 1
    }
    lasts = [len(lineages) for _, lineages in study["series"]]
    verifiers: set[str] = set()
    sections, totals = [], []
    for model in study["models"]:
        for task in study["tasks"]:
            folder = Path(study["first"][model]) / task / f"seed{study['seed']}"
            problems = tables.read(f"{study['problems']}/{task}/test.parquet", tables.PROBLEMS)
            section, found = _section(f"{model} on {task}", folder, problems, study["series"])
            sections.append(section)
            totals.append(problems.height)
            verifiers |= found
    parts = {
        "verdict": pages.verdict(
            study["study"],
            verdict_words.basis(outcomes, lasts),
            changes,
            outcomes,
            _notes(verifiers),
            [drawn[name] for name in FIRST],
        ),
        "figures": "".join(html for name, html in drawn.items() if name not in FIRST),
        "numbers": pages.numbers(changes, outcomes, split, rule),
        "tables": "".join(_table(path, study["labels"], captions) for path in table_paths),
        "answers": pages.answers(sections, totals),
        "metrics": pages.metrics(explored),
        "provenance": pages.PROVENANCE,
    }
    style, script = (Path(inputs[name]).read_text(encoding="utf-8") for name in ("style", "script"))
    jobs.write_text(output, pages.report(study["study"], parts, style, [vl_convert.javascript_bundle(), script]))


def _section(title: str, folder: Path, problems: pl.DataFrame, series: list) -> tuple[dict, set[str]]:
    """The answers of one replicate's models, and the verifiers that judged them."""
    shown = problems.head(page_answers.MOST_PROBLEMS)
    wanted = shown.select("problem_id")
    verdicts, judged, verifiers = {}, {}, set()
    for lineage in {lineage: None for _, lineages in series for lineage in lineages}:
        table = tables.read(str(folder / lineage / "verdicts/test.parquet"), tables.VERDICT_ROWS)
        verifiers |= set(table["verifier"].unique())
        verdicts[lineage] = table.join(wanted, on="problem_id", how="semi")
        samples = tables.read(str(folder / lineage / "samples/test.parquet"), tables.SAMPLES)
        few = samples.join(wanted, on="problem_id", how="semi")
        judged[lineage] = few.join(verdicts[lineage], on=tables.SAMPLE_KEY, validate="1:1")
    methods = {verdict_words.in_words(method): lineages for method, lineages in series}
    of_kind = {
        method: page_answers.kinds(shown["problem_id"].to_list(), [verdicts[lineage] for lineage in lineages])
        for method, lineages in methods.items()
    }
    return page_answers.section(title, shown, judged, methods, of_kind), verifiers


def _numbered(label: str) -> str:
    return f"Figure {label.replace(' ', '. ', 1)}"


def _notes(verifiers: set[str]) -> list[str]:
    unsafe = any(name.endswith("without sandbox") for name in verifiers)  # as reversal.verifying.verification says it
    notes = ["Programs written by the models ran without a sandbox."] if unsafe else []
    return notes + (["The verdicts are labels that came with the answers."] if tables.LABELLED in verifiers else [])


def _table(path: str, labels: dict[str, str], captions: dict[str, str]) -> str:
    """A table to open, with its caption; nothing for one without rows."""
    frame, name = pl.read_csv(path, infer_schema_length=None, raise_if_empty=False), Path(path).stem
    if frame.is_empty():
        return ""
    rows = f"{frame.height:,} rows" if frame.height != 1 else "1 row"
    cut = f" The first {markup.MOST_ROWS} of {rows}." if frame.height > markup.MOST_ROWS else ""
    where = f"<p><small>tables/{name}.csv.{cut}</small></p>"
    summary = f"<summary>{labels[name]} <small>({rows})</small></summary>"
    inside = markup.caption(captions[name]) + where + markup.table(frame, labels[name])
    return f'<details class="table" id="{name}">{summary}{inside}</details>'


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        dict(snakemake.input.items()),
        list(snakemake.input.figures),
        list(snakemake.input.tables),
        json.loads(snakemake.params.study),
        snakemake.output[0],
    )
