"""When a running study will end: the plan's graph of jobs, with the times of those that have finished.

Light imports only: the rules import this module.
"""

from collections import defaultdict
from functools import cache
from pathlib import Path

from reversal.planning import dag
from reversal.planning.costing import Measured, Study, cost_of
from reversal.planning.scheduling import Task, simulate
from reversal.planning.status import Job

ENOUGH = 5  # finished jobs that say how much slower than its jobs alone a run is
MOST_CORES = 10_000  # a cluster has no number


def seconds_left(found: list[Job], seconds: dict[tuple[str, str], float], run: dict, table: dict, now: float):
    """Seconds until all jobs have ended; None where it cannot be told (given models, a device that does not fit).

    found: status.jobs_of. seconds: {(rule, name): of finished jobs}. run: status.read. table: rules/throughputs.yaml.
    What a job of a kind takes is the mean of its finished ones, else what the plan assumes; all of it is stretched as
    this run has been so far, by other work on the machine and by the start of every job.
    """
    config = run["config"]
    if "series" in config or any("given" in method for method in config["methods"].values()):
        return None
    known, cores = {(job.rule, job.name): job for job in found}, min(run["cores"], MOST_CORES)
    graph = [job for job in dag.jobs_of(config) if (job.rule, job.name) in known]
    measured = defaultdict(list)
    for job in graph:
        if (job.rule, job.name) in seconds:
            measured[job.kind].append(seconds[job.rule, job.name])
    try:
        study = Study(config, table, Measured(dict(measured), {}, {}, {}))
        costs = {kind: cost_of(kind, study) for kind in {job.kind for job in graph}}
        done = [job for job in graph if known[job.rule, job.name].state == "done"]
        rest = [job for job in graph if known[job.rule, job.name].state != "done"]
        taken = {job.output: seconds.get((job.rule, job.name), 0.0) for job in done}
        ideal = _wall(done, taken, costs, run["gpus"], cores)
        left = {job.output: _left(known[job.rule, job.name], costs[job.kind].seconds, now) for job in rest}
        ended = max((known[job.rule, job.name].ended for job in done), default=0.0)
        pace = max(1.0, (ended - run["began"]) / ideal) if len(done) >= ENOUGH and ideal else 1.0
        return _wall(rest, left, costs, run["gpus"], cores) * pace
    except (KeyError, ValueError):
        return None


def finished(folder: str, found: list[Job]) -> dict[tuple[str, str], float]:
    """{(rule, name): seconds that it took} of the jobs that are done, from their benchmark files."""
    of = Path(folder) / "benchmarks"
    there = [job for job in found if job.state == "done"]
    names = {job: f"{job.rule}/{job.name}" if (of / job.rule).is_dir() else job.name for job in there}
    return {(job.rule, job.name): _seconds(f"{of}/{name}.tsv", job.ended) for job, name in names.items()}


@cache
def _seconds(path: str, written: float) -> float:
    return float(Path(path).read_text().splitlines()[1].split("\t")[0])


def _left(job: Job, usual: float, now: float) -> float:
    """What a job has still to do: by how far it is, or else by how long such jobs take."""
    if job.state != "running":
        return usual
    for_now = max(0.0, now - job.started)
    if job.progress and 0 < job.progress.done < job.progress.total:
        return for_now * (job.progress.total / job.progress.done - 1)
    return max(usual - for_now, 1.0)


def _wall(jobs: list[dag.Job], seconds: dict[str, float], costs: dict, gpus: int, cores: int) -> float:
    """How long these jobs take together, those that they wait for among them alone."""
    place = {job.output: i for i, job in enumerate(jobs)}
    tasks = [
        Task(
            seconds[job.output],
            min(costs[job.kind].gpus, gpus),
            min(costs[job.kind].cores, cores),
            job.priority,
            [place[need] for need in job.needs if need in place],
        )
        for job in jobs
    ]
    return max(simulate(tasks, gpus, cores)[1], default=0.0)
