"""The plan of a study as a Markdown page: what it takes, before a GPU is touched. Pure functions on values."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from reversal.lineages import series
from reversal.planning import costing, disk
from reversal.planning.costing import Cost, Study
from reversal.planning.dag import Job, jobs_of
from reversal.planning.scheduling import Task, critical_path, simulate
from reversal.steps import step_of
from reversal.study import gpus_asked_for, gpus_to_sample, gpus_to_train

HOUR = 3600
ADAM = 16  # bytes per parameter while training: weights, gradients, two moments, in float32


class Run(NamedTuple):
    """A simulated run of all jobs on a machine."""

    size: int  # GPUs, or cores where there are none
    gpus: int
    cores: int
    starts: list[float]
    ends: list[float]

    @property
    def seconds(self) -> float:
        return max(self.ends, default=0.0)


class Plan(NamedTuple):
    study: Study
    jobs: list[Job]
    costs: dict[costing.Kind, Cost]
    tasks: list[Task]
    runs: list[Run]

    @property
    def unit(self) -> str:
        return "GPU" if self.study.has_gpus else "core"


def make_plan(study: Study) -> Plan:
    """Costs all jobs of a study and runs them on the pools of its device.

    Raises ValueError for a device that the table does not have or that has no GPUs where the study asks for some, or
    for a model whose size is unknown.
    """
    _check_device(study)
    jobs = jobs_of(study.config)
    costs = {kind: costing.cost_of(kind, study) for kind in {job.kind for job in jobs}}
    place = {job.output: i for i, job in enumerate(jobs)}
    tasks = [
        Task(cost.seconds, cost.gpus, cost.cores, job.priority, [place[need] for need in job.needs])
        for job, cost in ((job, costs[job.kind]) for job in jobs)
    ]
    return Plan(study, jobs, costs, tasks, runs_of(study, tasks))


def _check_device(study: Study) -> None:
    config, devices = study.config, study.table["devices"]
    if isinstance(config["plan"]["device"], str) and config["plan"]["device"] not in devices:
        raise ValueError(
            f"plan.device: no {config['plan']['device']} in rules/throughputs.yaml; it has: {', '.join(devices)}; or "
            "describe a device of your own there (docs/plan.md)"
        )
    asked = [f"{key} ({number})" for key, (_, number) in gpus_asked_for(config).items() if number > 1]
    if asked and not study.has_gpus:
        there = ", ".join(name for name, device in devices.items() if "memory" in device)
        raise ValueError(f"plan.device: {device_name(config)} has no GPUs, and {asked[0]} asks for some; take: {there}")


def device_name(config: dict) -> str:
    """A device that the study describes has the name that the study gives it."""
    device = config["plan"]["device"]
    return device if isinstance(device, str) else device.get("name", "a device of its own")


def runs_of(study: Study, tasks: Sequence[Task]) -> list[Run]:
    """One run for every pool of the device that the largest job fits into."""
    needs = max((task.gpus for task in tasks), default=0), max((task.cores for task in tasks), default=0)
    pools = [(n, n * study.device["cores"]) if study.has_gpus else (0, n) for n in study.device["pool"]]
    fitting = [(gpus, cores) for gpus, cores in pools if needs[0] <= gpus and needs[1] <= cores]
    return [Run(gpus or cores, gpus, cores, *simulate(tasks, gpus, cores)) for gpus, cores in fitting]


def page(plan: Plan, ran: Collection[str], pending: Collection[str] | str, power: list[str]) -> str:
    """The page. ran: outputs of jobs that have run before. pending: outputs of jobs that Snakemake would run now, or
    why it was not asked. power: plan_power.lines.
    """
    config = plan.study.config
    hours = sum(task.seconds * (task.gpus if plan.study.has_gpus else task.cores) for task in plan.tasks) / HOUR
    measured = sum(cost.measured > 0 for cost in plan.costs.values())
    lines = [
        f"# Plan of {config['study']}: {len(plan.jobs):,} jobs, {number(hours)} {plan.unit}-hours on "
        f"{device_name(config)}",
        "",
        f"Estimates. Of {len(plan.costs)} kinds of jobs {measured} are measured by this study's own finished jobs; the "
        "others are assumed (rules/throughputs.yaml).",
        *_section("Stages", _stages(plan, ran)),
        *_section("Wall-clock", _wall_clock(plan)),
        *_section("Answers to sample", _answers(plan)),
        *_section("Disk", _disk(plan)),
        *(_section("Memory of a GPU", _memory(plan)) if plan.study.has_gpus else []),
        *_section("What it can see", power),
        *_section("What would run now", _now(plan, ran, pending)),
    ]
    return "\n".join(lines) + "\n"


def number(value: float) -> str:
    """Three digits, thousands with commas: these are estimates."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


def duration(seconds: float) -> str:
    for size, unit in ((24 * HOUR, "days"), (HOUR, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{number(seconds / size)} {unit}"
    return f"{number(seconds)} seconds"


def amount(value: float, unit: str = "") -> str:
    for size, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{number(value / size)} {prefix}{unit}"
    return f"{number(value)} {unit}".rstrip()


def _section(title: str, lines: Iterable[str]) -> list[str]:
    return ["", f"## {title}", "", *lines]


def table(header: list[str], rows: Iterable[Sequence]) -> list[str]:
    """A Markdown table whose columns line up in a terminal as well: the first to the left, the others to the right."""
    cells = [header, *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    aligned = [
        [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        for row in [cells[0], rule, *cells[1:]]
    ]
    return [f"| {' | '.join(row)} |" for row in aligned]


def _stages(plan: Plan, ran: Collection[str]) -> list[str]:
    per_rule: dict[str, list[tuple[Job, Cost]]] = defaultdict(list)
    for job in plan.jobs:
        per_rule[job.rule].append((job, plan.costs[job.kind]))
    rows = []
    for rule, jobs in per_rule.items():
        tokens = sum(cost.tokens for _, cost in jobs)
        known = sum(cost.measured > 0 for _, cost in jobs)
        done = sum(job.output in ran for job, _ in jobs)
        gpu, core = (sum(cost.seconds * take(cost) for _, cost in jobs) / HOUR for take in (_gpus, _cores))
        basis = "assumed" if not known else "measured" if known == len(jobs) else f"measured for {known:,} jobs"
        shown = amount(tokens) if tokens else ""
        rows.append((rule, f"{len(jobs):,}", f"{done:,}", shown, number(gpu) if gpu else "", number(core), basis))
    return table(["stage", "jobs", "have run", "tokens", "GPU-hours", "core-hours", "seconds are"], rows)


def _gpus(cost: Cost) -> int:
    return cost.gpus


def _cores(cost: Cost) -> int:
    return cost.cores


def _wall_clock(plan: Plan) -> list[str]:
    longest, chain = critical_path(plan.tasks)
    gpu, core = (sum(task.seconds * take(task) for task in plan.tasks) for take in (_gpus, _cores))
    rows = []
    for run in plan.runs:
        bounds = {"GPUs": gpu / run.gpus if run.gpus else 0, "cores": core / run.cores, "longest chain": longest}
        busy = (gpu / run.gpus if run.gpus else core / run.cores) / run.seconds
        binds = max(bounds, key=bounds.__getitem__)
        rows.append((run.size, duration(run.seconds), f"{busy:.0%}", binds, duration(bounds[binds])))
    parts = Counter()
    for place in chain:
        parts[plan.jobs[place].rule] += plan.tasks[place].seconds
    spent = ", ".join(f"{rule} {duration(seconds)}" for rule, seconds in parts.most_common(4))
    advice = " More sampling.shards would shorten it." if parts.most_common(1)[0][0] == "sample" else ""
    last = next((plan.jobs[place] for place in reversed(chain) if plan.jobs[place].lineage), plan.jobs[chain[-1]])
    missing = [str(size) for size in plan.study.device["pool"] if size not in {run.size for run in plan.runs}]
    return [
        *table([f"{plan.unit}s", "time", "busy", "binds", "no less than"], rows),
        "",
        f"Longest chain: {duration(longest)}, to the end of {last.name} ({spent}).{advice}",
        *([f"Too few for the largest job: {', '.join(missing)} {plan.unit}s."] if missing else []),
    ]


def _answers(plan: Plan) -> list[str]:
    study, rows, unknown = plan.study, [], []
    tables = Counter((job.kind[2], job.kind[3]) for job in plan.jobs if job.rule == "gather_samples")
    for (task, name), models in tables.items():
        problems, given = costing.problems(study, task, name), costing.answers(study, task, name)
        lengths = [costing.answer_tokens(study, model, task) for model in study.config["models"]]
        known = sum((model, task) in study.measured.tokens for model in study.config["models"])
        basis = "measured" if known == len(lengths) else "assumed" if not known else "partly measured"
        length = sum(lengths) / len(lengths)
        total = amount(models * given * length)
        rows.append((f"{task}, {name}", f"{problems:,}", f"{given:,}", f"{models:,}", number(length), basis, total))
        unknown += [] if problems else [f"{task}, {name}"]
    header = ["problems of", "number", "answers", "models", "tokens each", "which is", "tokens"]
    note = f"Of unknown size, and so left out of everything above: {'; '.join(unknown)}."
    return [*table(header, rows), *(["", note] if unknown else [])]


def _disk(plan: Plan) -> list[str]:
    study, runs = plan.study, plan.runs
    kinds = disk.bytes_per_kind(plan.jobs, study)
    chains = {name: series(method, study.config["iterations"]) for name, method in study.config["methods"].items()}
    rows = []
    for keep in disk.KEEP:
        held = [disk.checkpoints_over_time(plan.jobs, run.starts, run.ends, study, chains, keep) for run in runs]
        chosen = " (this study)" if keep == study.config["keep_models"] else ""
        at_end = amount(held[0][1], "B") if held else ""
        rows.append((f"{keep}{chosen}", at_end, *(amount(most, "B") for most, _ in held)))
    return [
        *table(["kind of file", "at the end"], [(kind, amount(size, "B")) for kind, size in kinds.items()]),
        "",
        "Checkpoints by keep_models; `most` includes what running trainings hold:",
        "",
        *table(["keep_models", "at the end", *(f"most, {run.size} {plan.unit}s" for run in runs)], rows),
    ]


def _memory(plan: Plan) -> list[str]:
    """Weights alone for sampling (2 bytes per parameter), and what the step that needs most holds per parameter."""
    study, rows = plan.study, []
    limit = study.device["memory"]
    for name, model in study.config["models"].items():
        size, width = costing.parameters(model) / 1e9, gpus_to_sample(study.config, name)
        sampling, (training, gpus) = 2 * size / width, _to_train(study, name, size)
        fits = "yes" if max(sampling, training) < limit else "no"
        shown = (f"{number(sampling)} ({width})", f"{number(training)} ({gpus})")
        rows.append((name, amount(size * 1e9), *shown, limit, fits))
    header = ["model", "parameters", "sampling, GB (GPUs)", "training, GB (GPUs)", "of", "fits"]
    return [*table(header, rows), "", "The engine's cache and activations come on top."]


def _to_train(study: Study, model: str, size: float) -> tuple[float, int]:
    """(GB on each GPU, GPUs) of the step that needs most; the few weights of an adapter count for nothing."""
    needs = [(0.0, 0)]
    methods = study.config["methods"].values()
    for step in sorted({step for method in methods for part in ("start", "repeat") for step in method.get(part) or []}):
        settings, gpus = step_of(study.config, model, step), gpus_to_train(study.config, model, step)
        frozen = 2 if settings.get("arguments", {}).get("bf16") else 4
        if gpus:
            needs.append(((frozen if "lora" in settings else ADAM) * size / gpus, gpus))
    return max(needs)


def _now(plan: Plan, ran: Collection[str], pending: Collection[str] | str) -> list[str]:
    if isinstance(pending, str):
        return [pending]
    here = [job.output in pending for job in plan.jobs]
    if not any(here):
        return ["Nothing: all files are there and up to date."]
    tasks = [task if run else Task(0.0, 0, 0, 0, task.needs) for task, run in zip(plan.tasks, here, strict=True)]
    rows = []
    for rule in dict.fromkeys(job.rule for job in plan.jobs):
        chosen = [(job, task) for job, task in zip(plan.jobs, tasks, strict=True) if job.rule == rule]
        chosen = [(job, task) for job, task in chosen if job.output in pending]
        again = sum(job.output in ran for job, _ in chosen)
        hours = sum(task.seconds * (task.gpus if plan.study.has_gpus else task.cores) for _, task in chosen) / HOUR
        if chosen:
            rows.append((rule, f"{len(chosen) - again:,}", f"{again:,}", number(hours) if hours else ""))
    clock = ", ".join(f"{duration(run.seconds)} on {run.size}" for run in runs_of(plan.study, tasks))
    rows = table(["stage", "for the first time", "again", f"{plan.unit}-hours"], rows)
    return [*rows, "", f"Wall-clock of these alone: {clock} {plan.unit}s."]
