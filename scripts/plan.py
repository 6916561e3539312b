"""plan: what a study takes, from its configuration and what has run so far; printed, and as a page and a picture."""

import json
import subprocess
import tempfile
from collections import defaultdict
from itertools import islice
from pathlib import Path

import polars as pl
import yaml
from reversal import jobs, tables
from reversal.planning import plan_power, power
from reversal.planning.costing import Measured, Study
from reversal.planning.dag import Job, jobs_of
from reversal.planning.plan import device_name, make_plan, page
from reversal.planning.plan_figure import picture
from reversal.study import sets_of, source_of

MOST_JOBS = 10_000  # that Snakemake is asked about: it takes 2 ms for each
TABLES = 20  # of samples that a mean length is taken from


def main(config, table_path, published_path, results, gpus, driver, page_path, picture_path) -> None:
    if "series" in config or any("given" in method for method in config["methods"].values()):
        raise ValueError("plan only covers what a study trains itself, not given checkpoints and answers")
    table = yaml.safe_load(Path(table_path).read_text())
    all_jobs = jobs_of(config)
    ran = {job.output: seconds for job, seconds in _benchmarks(all_jobs, Path(results) / "benchmarks")}
    pilot = of_pilot(config["plan"].get("pilot"))
    study = Study(_with_fetched(config, Path(results)), table, measure(all_jobs, ran, config, Path(results)))
    plan = make_plan(study)
    if gpus and not study.has_gpus:
        raise ValueError(f"plan.device: {device_name(config)} has no GPUs, and --resources gpu={gpus} asks for some")
    published = pl.read_csv(published_path, schema=tables.PUBLISHED)
    seen = plan_power.lines(study, published, pilot)
    if len(all_jobs) > MOST_JOBS:
        pending = f"Not asked: `snakemake --dry-run` says it, but takes minutes for more than {MOST_JOBS:,} jobs."
    else:
        pending = pending_outputs(config, driver, results)
    text = page(plan, ran, pending, seen)
    Path(results).mkdir(parents=True, exist_ok=True)
    jobs.write_text(page_path, text)
    picture(plan).savefig(picture_path)
    print(f"{text}\nThis page: {page_path}, its picture: {picture_path}", flush=True)


def of_pilot(folder: str | None) -> dict[tuple[str, str], power.Spread]:
    """How much problems changed in a finished study; nothing where none is named."""
    if folder is None:
        return {}
    paths = [Path(folder) / "tables" / name for name in ("changes.csv", "metrics.parquet")]
    for path in paths:
        if not path.exists():
            raise ValueError(f"plan.pilot: there is no {path}; name the folder of a finished study, or leave pilot out")
    changes = tables.read(str(paths[0]), tables.CHANGES)
    return power.of_pilot(changes, tables.read(str(paths[1]), tables.METRICS))


def _with_fetched(config: dict, results: Path) -> dict:
    """The study, with base models that are already fetched given as folders, so that their weights can be counted."""
    folders = {name: results / f"{name}/base0/model" for name in config["models"]}
    there = {name: folder for name, folder in folders.items() if (folder / "model.json").exists()}
    found = {
        name: model | {"folder": str(there[name])} if name in there and "pretrain" not in model else model
        for name, model in config["models"].items()
    }
    return config | {"models": found}


def measure(all_jobs: list[Job], ran: dict[str, float], config: dict, results: Path) -> Measured:
    """What the files of a study say about its jobs, problems and answers."""
    seconds, rows, samples = defaultdict(list), defaultdict(list), defaultdict(list)
    for job in all_jobs:
        if job.output not in ran:
            continue
        seconds[job.kind].append(ran[job.output])
        path = results / job.output
        if job.rule == "build_training_set" and path.with_suffix(".json").exists():
            rows[job.kind].append(json.loads(path.with_suffix(".json").read_text())["rows"])
        if job.rule == "gather_samples" and path.exists():
            samples[job.kind[1:3]].append(path)
    tokens = {
        key: pl.concat(tables.read(str(path), tables.SAMPLES)["n_tokens"] for path in islice(paths, TABLES)).mean()
        for key, paths in samples.items()
    }
    return Measured(dict(seconds), dict(rows), _problems(config, results), tokens)


def pending_outputs(config: dict, driver: list[str], results: str) -> set[str]:
    """The outputs, below `results`, that Snakemake would make now. Another Snakemake is asked; it runs nothing.

    driver: the command that starts it.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".json") as study:
        json.dump(config, study)
        study.flush()
        command = [*driver, "--summary", "--nolock", "--configfile", study.name, "--replace-workflow-config"]
        asked = subprocess.run(command, capture_output=True, text=True)
    if asked.returncode:
        raise RuntimeError(f"Snakemake could not say what it would run:\n{asked.stdout[-2000:]}{asked.stderr[-2000:]}")
    rows = [line.split("\t") for line in asked.stdout.splitlines() if line.startswith(f"{results}/")]
    return {row[0].removeprefix(f"{results}/") for row in rows if row[-1] == "update pending"}


def _benchmarks(all_jobs: list[Job], folder: Path):
    """(job, seconds) of jobs that have run."""
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.tsv")}
    for job in all_jobs:
        path = there.get(f"{job.rule}/{job.name}.tsv") or there.get(f"{job.name}.tsv")
        if path:
            yield job, float(path.read_text().splitlines()[1].split("\t")[0])


def _problems(config: dict, results: Path) -> dict[tuple[str, str], int]:
    """The sizes of the problem sets that are there: as tables, or as the files that they are made of."""
    found = {}
    for task, settings in config["tasks"].items():
        for name in ["train", *sets_of(settings, "evaluation")]:
            table, source = results / f"problems/{task}/{name}.parquet", source_of(settings, name)
            path = table if table.exists() else Path(source.get("file", table))
            if path.exists():
                frame = pl.scan_parquet(path) if path.suffix == ".parquet" else pl.scan_lines(path)
                number = frame.select(pl.len()).collect().item()
                found[task, name] = number if path == table else min(number, source.get("limit", number))
    return found


if "snakemake" in globals():
    main(
        json.loads(snakemake.params.config),
        snakemake.input.throughputs,
        snakemake.input.published,
        snakemake.params.results,
        snakemake.params.gpus,
        list(snakemake.params.driver),
        snakemake.params.page,
        snakemake.params.picture,
    )
    # The page is for the terminal; its log is a copy.
    jobs.write_text(snakemake.log[0], Path(snakemake.params.page).read_text(encoding="utf-8"))
