"""The plan against Snakemake: the same jobs, the same order, and what it says would run is what would run."""

import re
from collections import Counter

import pytest
import yaml
from reversal.planning.dag import jobs_of
from reversal.study import with_likes, without_nulls
from running import REPOSITORY, copy_repository, jobs_to_run, snakemake
from snakemake.utils import update_config


def graph_of(printed: str, results: str) -> dict[str, tuple[str, set[str]]]:
    """{first output: (rule, first outputs of the jobs that it waits for)} of a dry run, paths below `results`."""
    jobs = {}
    for block in re.split(r"\n(?=(?:local)?rule )", printed)[1:]:
        rule = re.match(r"(?:local)?rule (\w+):", block)[1]
        lists = dict(re.findall(r"^    (input|output): (.*)$", block, re.MULTILINE))
        inside = {
            name: [path.removeprefix(results) for path in paths.split(", ") if path.startswith(results)]
            for name, paths in lists.items()
        }
        if rule != "all":
            jobs[inside["output"][0]] = (rule, inside["output"], inside.get("input", []))
    owner = {output: first for first, (_, outputs, _) in jobs.items() for output in outputs}
    return {first: (rule, {owner[path] for path in inputs}) for first, (rule, _, inputs) in jobs.items()}


@pytest.mark.parametrize(
    ("study", "change"),
    [
        ("smoke", "{}"),
        ("smoke", "{seeds: [0, 1], keep_models: best_and_last}"),
        ("mitigations", "{}"),
        ("steps", "{iterations: 4, keep_models: last}"),  # steps that read other models than the parent
        ("all-tasks", "{}"),
        ("paper", "{}"),  # few-shot rationales too
    ],
)
def test_the_plan_has_snakemakes_own_graph(tmp_path, study, change):
    copy_repository(tmp_path)
    for path in (tmp_path / "Snakefile", *tmp_path.glob("rules/*.smk")):  # without a message Snakemake lists the files
        path.write_text(re.sub(r"\n    message:\n.*", "", path.read_text()))
    run = snakemake(tmp_path, "--dry-run", study=study, change=change)
    assert run.returncode == 0, run.stdout + run.stderr
    asked = graph_of(run.stdout, f"results/{study}/")

    config = yaml.safe_load((REPOSITORY / "config.yaml").read_text())
    for text in ((REPOSITORY / f"studies/{study}.yaml").read_text(), change):
        update_config(config, yaml.safe_load(text))
    planned = jobs_of(without_nulls(with_likes(config)))

    assert {job.output: job.rule for job in planned} == {path: rule for path, (rule, _) in asked.items()}
    assert len(planned) == len(asked)
    before: dict[str, set[str]] = {}  # all that a job waits for in the plan, directly or not
    for job in planned:
        direct = asked[job.output][1]
        assert set(job.needs) <= direct
        before[job.output] = set(job.needs).union(*(before[need] for need in job.needs))
        assert direct <= before[job.output]


def plan_of(folder, change: str = "{}") -> str:
    run = snakemake(folder, "plan", change=change, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    text = (folder / "results/smoke/plan.md").read_text()
    assert text in run.stdout and "reversal:" not in run.stdout  # the verdict of a finished study is another matter
    return text


def test_a_finished_study_is_planned_from_what_it_took_and_whenever_it_is_asked(study):
    text = plan_of(study)
    assert "Nothing: all files are there and up to date." in text
    stages = [line for line in text.splitlines() if line.startswith(("| train ", "| sample ", "| verify "))]
    assert len(stages) == 3 and all(line.endswith(" measured |") for line in stages)
    assert re.search(r"\| mini-gsm, test +\| +40 \| +200 \| +7 \| +[\d.]+ \| measured \|", text)
    page = study / "results/smoke/plan.md"
    page.unlink()
    assert plan_of(study) == text and (study / "results/smoke/plan.svg").stat().st_size > 10_000
    assert jobs_to_run(study) == {}  # a plan changes nothing


def test_what_the_plan_says_would_run_is_what_would_run(study):
    change = "{iterations: 4, steps: {dpo: {arguments: {beta: 0.2}}}}"
    now = plan_of(study, change).partition("## What would run now")[2]
    rows = re.findall(r"^\| (\w+) +\| +(\d+) \| +(\d+) \|", now, re.MULTILINE)
    assert Counter({rule: int(new) + int(again) for rule, new, again in rows}) == Counter(jobs_to_run(study, change))
    assert ("train", "3", "3") in rows
