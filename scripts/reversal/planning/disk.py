"""What a study keeps on disk: bytes per kind of file, and the checkpoints over time for each keep_models."""

from collections import defaultdict
from itertools import accumulate

from reversal.keeping import judged_after, readers_of, removable
from reversal.lineages import iteration
from reversal.planning import costing
from reversal.planning.costing import Study
from reversal.planning.dag import Job
from reversal.steps import MAKING, TRAINERS, step_of, trainer_of

KEEP = ["all", "best_and_last", "last"]


def bytes_per_kind(jobs: list[Job], study: Study) -> dict[str, float]:
    """Bytes at the end of the study, all checkpoints kept. Shards of samples, logs and tables are left out: small."""
    size, found = study.table["bytes"], defaultdict(float)
    for job in jobs:
        rule, *names = job.kind
        match rule:
            case "fetch_base" | "pretrain_base":
                model = study.config["models"][names[0]]
                ours = "pretrain" in model or "package" in model  # a folder is linked
                per_parameter = size["base_parameter"] if "hub" in model else size["parameter"] * ours
                found["base models"] += costing.parameters(model) * per_parameter
            case "train" | "train_grpo" | "interpolate":
                found["checkpoints"] += checkpoint_bytes(study, names[0])
            case "gather_samples":
                model, task, name = names
                tokens = costing.answers(study, task, name) * costing.answer_tokens(study, model, task)
                found["samples"] += tokens * size["token"]
            case "verify":
                found["verdicts"] += costing.answers(study, names[1], names[2]) * size["verdict"]
            case "build_training_set":
                pair = TRAINERS[step_of(study.config, names[0], names[2])["trainer"]].rows == "pairs"
                tokens = costing.rows(study, *names) * costing.row_tokens(study, names[0], names[1])
                found["training sets"] += tokens * (2 if pair else 1) * size["token"]
    return dict(found)


def checkpoint_bytes(study: Study, model: str) -> float:
    return costing.parameters(study.config["models"][model]) * study.table["bytes"]["parameter"]


def checkpoints_over_time(
    jobs: list[Job], starts: list[float], ends: list[float], study: Study, series: dict[str, list[str]], keep: str
) -> tuple[float, float]:
    """(most bytes of checkpoints and unfinished training at any time, bytes of checkpoints at the end).

    series: {method: lineages}. For best_and_last, which models will be the best is not known: here every method's best
    is the one before its last.
    """
    trained, scored = defaultdict(dict), defaultdict(dict)  # {replicate: {lineage: when}}
    events: list[tuple[float, float]] = []
    state = study.table["bytes"]["training_parameter"] / study.table["bytes"]["parameter"]
    for job, start, end in zip(jobs, starts, ends, strict=True):
        if job.rule in MAKING:
            trained[job.output.rsplit("/", 3)[0]][job.lineage] = end
            size = checkpoint_bytes(study, job.kind[1])
            writes_states = trainer_of(study.config, job.lineage).trains
            events += [(start, size * state * writes_states), (end, size - size * state * writes_states)]
        elif job.rule == "score":
            scored[job.output.rsplit("/", 2)[0]][job.lineage] = end
    if keep != "all":
        for place, times in trained.items():
            size = checkpoint_bytes(study, place.split("/")[0])
            events += [(when, -size) for when in _removals(study.config, series, keep, times, scored[place])]
    held = list(accumulate(change for _, change in sorted(events)))
    return (max(held), held[-1]) if held else (0.0, 0.0)


def _removals(
    config: dict, series: dict[str, list[str]], keep: str, trained: dict[str, float], scored: dict[str, float]
) -> list[float]:
    """When checkpoints of one replicate go: as soon as a job of remove_models finds them dispensable."""
    models = list(trained)
    last = max(map(iteration, models))
    accuracy = {lineage: iteration(lineage) % last for lineage in models}  # rising, and 0 at the last
    gone: dict[str, float] = {}
    readers = readers_of(config, models)
    for lineage in models:
        judged = judged_after(lineage, readers)
        passed_on = [trained[reader] for other in judged for reader in readers[other]]
        when = max([scored[other] for other in judged] + passed_on, default=0.0)
        for other in removable(series, keep, {other: accuracy[other] for other in judged}):
            gone[other] = min(when, gone.get(other, when))
    return list(gone.values())
