"""The jobs of a study and what each waits for, from the configuration alone: Snakemake's own graph in a second.

A test compares it with Snakemake's, output by output. A job is known by its first output, a path below results/{study}.
"""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from reversal.keeping import judged_after, learners_of, readers_of
from reversal.lineages import BASE, first, iteration, last_step, parent, series
from reversal.steps import accumulates, answers_read, trainer_of, weights_read
from reversal.study import (
    FRONTIER,
    asked,
    bases_of,
    frontier_lineages,
    reference,
    runs_programs,
    sets_of,
    shards_of,
)


class Job(NamedTuple):
    """kind: what jobs that take equally long have in common: rule, and as far as it applies model, task and more."""

    rule: str
    output: str
    name: str  # of its log and benchmark files
    kind: tuple[str, ...]
    needs: tuple[str, ...]  # outputs of other jobs
    priority: int = 0  # as in the rules
    lineage: str = ""


class Replicate(NamedTuple):
    """One base model of one kind, post-trained on one task with one seed."""

    model: str
    base: int
    task: str
    seed: int

    @property
    def folder(self) -> str:
        return f"{self.model}/base{self.base}/{self.task}/seed{self.seed}"

    @property
    def name(self) -> str:
        return f"{self.model}-base{self.base}-{self.task}-seed{self.seed}"


def jobs_of(config: dict) -> list[Job]:
    """All jobs of a study, each after those that it needs."""
    chains = [series(method, config["iterations"]) for method in config["methods"].values()]
    models = sorted({lineage for chain in chains for lineage in chain}, key=lambda name: (iteration(name), name))
    hot = frontier_lineages(config)
    jobs = [*_problem_jobs(config), *_base_jobs(config)]
    for model in config["models"]:
        for task in config["tasks"]:
            for base, seed in product(bases_of(config["models"][model]), config["seeds"]):
                jobs += _jobs_of_series(config, models, hot, Replicate(model, base, task, seed))
    return jobs + _table_jobs(jobs)


def names_of(config: dict) -> set[str]:
    """The names of the log and benchmark files of a study's jobs, which need not be unique.

    With given series, which `jobs_of` does not know, these are all names that its jobs may have.
    """
    if not any("given" in method for method in config["methods"].values()):
        return {job.name for job in jobs_of(config)}
    chains = [series(method, config["iterations"]) for method in config["methods"].values()]
    models = sorted({lineage for chain in chains for lineage in chain})
    names = {job.name for job in _table_jobs([])}
    for task, settings in config["tasks"].items():
        names |= {f"{task}-{name}" for name in ["train", "sandbox", *sets_of(settings, "evaluation")]}
    for model, task in product(config["models"], config["tasks"]):
        for base, seed in product(bases_of(config["models"][model]), config["seeds"]):
            of = Replicate(model, base, task, seed)
            names |= {f"{model}-base{base}", *(f"{of.name}-{lineage}" for lineage in [BASE, *models])}
            for lineage, batch in product([BASE, *models], ["train", "evaluation", FRONTIER]):
                names |= {job.name for job in _answer_jobs(config, of, lineage, batch)}
    return names


def _problem_jobs(config: dict) -> Iterator[Job]:
    for task, settings in config["tasks"].items():
        others = sets_of(settings, "evaluation")
        for name in [*others, "train"]:
            needs = [_problems(task, other) for other in others] if name == "train" else []
            yield Job(
                "prepare_problems",
                _problems(task, name),
                f"{task}-{name}",
                ("prepare_problems", "", task, name),
                tuple(needs),
            )
        for sandbox in _sandbox(config, task):
            yield Job("check_sandbox", sandbox, f"{task}-sandbox", ("check_sandbox",), ())


def _base_jobs(config: dict) -> Iterator[Job]:
    for model, settings in config["models"].items():
        rule = "pretrain_base" if "pretrain" in settings else "fetch_base"
        for base in bases_of(settings):
            yield Job(rule, f"{model}/base{base}/model/model.json", f"{model}-base{base}", (rule, model), ())


def _jobs_of_series(config: dict, models: list[str], hot: list[str], of: Replicate) -> Iterator[Job]:
    """The models of all methods of one replicate. models: their lineages, parents first. hot: those of the frontier."""
    model, task, place = of.model, of.task, of.folder
    evaluated = sets_of(config["tasks"][task], "evaluation")
    if config["tasks"][task]["rationales"] == "few_shot":
        yield from _answer_jobs(config, of, BASE, "train")
    yield from _answer_jobs(config, of, BASE, "evaluation")
    needs = tuple(f"{place}/{BASE}/verdicts/{name}.parquet" for name in evaluated)
    yield Job("score", f"{place}/{BASE}/scores.parquet", f"{of.name}-{BASE}", ("score", model, task), needs, 0, BASE)
    learners = learners_of(config, model, task, models)
    for lineage in models:
        name, folder = f"{of.name}-{lineage}", f"{place}/{lineage}"
        before = parent(lineage)
        yield from _making_jobs(config, of, lineage)
        for batch in ["train", "evaluation"] if learners[lineage] or before == BASE else ["evaluation"]:
            yield from _answer_jobs(config, of, lineage, batch)
        verdicts = [f"{lineage}/verdicts/{name}" for name in evaluated]
        verdicts += [f"{lineage}/verdicts/train"] if before == BASE else []
        verdicts += [f"{first(lineage)}/verdicts/test"] if before != BASE else []
        verdicts += [f"{BASE}/verdicts/test"] if reference(config) == "M0" else []
        needs = tuple(f"{place}/{path}.parquet" for path in verdicts)
        yield Job("score", f"{folder}/scores.parquet", name, ("score", model, task), needs, 0, lineage)
        if lineage in hot:
            yield from _answer_jobs(config, of, lineage, FRONTIER)
            needs = tuple(f"{folder}/verdicts/{name}.parquet" for name in ("test", FRONTIER))
            yield Job(
                "score_frontier", f"{folder}/frontier_scores.parquet", name, ("score_frontier", model, task), needs
            )
    if config["keep_models"] != "all":
        yield from _removals(readers_of(config, models), hot, of)


def _making_jobs(config: dict, of: Replicate, lineage: str) -> Iterator[Job]:
    """The training set of a model, where it has one, and the model."""
    model, task, name, folder = of.model, of.task, f"{of.name}-{lineage}", f"{of.folder}/{lineage}"
    trainer, problems, rows = trainer_of(config, lineage), _problems(task, "train"), f"{folder}/training_set.parquet"
    read = answers_read(config, model, task, lineage)
    # Two steps of one name take differently long if one learns from the gold solutions.
    detail = (model, task, last_step(lineage), "samples" if read else "problems")
    needs = [problems] if trainer.rule == "train_grpo" else []
    if trainer.rows:
        answers = [f"{of.folder}/{other}/verdicts/train.parquet" for other in read]
        gold = [f"{of.folder}/{first(lineage)}/training_set.parquet"] if accumulates(config, model, lineage) else []
        learnt = (problems, *answers, *gold, *_sandbox(config, task))
        yield Job("build_training_set", rows, name, ("build_training_set", *detail), learnt)
        needs = [rows]
    needs += _sandbox(config, task) if trainer.rule == "train_grpo" else []
    needs += [_model(of, other) for other in weights_read(config, lineage)]
    yield Job(trainer.rule, f"{folder}/model/model.json", name, (trainer.rule, *detail), tuple(needs), 2, lineage)


def _answer_jobs(config: dict, of: Replicate, lineage: str, batch: str) -> Iterator[Job]:
    """A batch of a model's answers: its shards, then per problem set one table and its verdicts."""
    model, task, name, folder = of.model, of.task, f"{of.name}-{lineage}", f"{of.folder}/{lineage}"
    sets, shards = sets_of(config["tasks"][task], batch), shards_of(config, batch)
    parts = []
    for shard in range(shards):
        part = f"{batch}/{shard}-of-{shards}"
        parts.append(f"{folder}/samples/{part}.parquet")
        needs = (*(_problems(task, asked(problems)) for problems in sets), _model(of, lineage), *_sandbox(config, task))
        log = f"{name}-{part.replace('/', '-')}"
        yield Job("sample", parts[-1], log, ("sample", model, task, batch), needs, 1, lineage)
    for problems in sets:
        about, table = _problems(task, asked(problems)), f"{folder}/samples/{problems}.parquet"
        detail, log = (model, task, problems), f"{name}-{problems}"
        yield Job("gather_samples", table, log, ("gather_samples", *detail), (about, *parts))
        yield Job("verify", f"{folder}/verdicts/{problems}.parquet", log, ("verify", *detail), (table, about))


def _removals(readers: dict[str, list[str]], hot: list[str], of: Replicate) -> Iterator[Job]:
    place = of.folder
    for lineage in readers:
        judged = judged_after(lineage, readers)
        trained = [reader for other in judged for reader in readers[other]]
        needs = [f"{place}/{other}/scores.parquet" for other in judged]
        needs += [f"{place}/{other}/frontier_scores.parquet" for other in judged if other in hot]
        needs += [f"{place}/{child}/model/model.json" for child in trained]
        name = f"{of.name}-{lineage}"
        yield Job("remove_models", f"{place}/{lineage}/kept_models.json", name, ("remove_models",), tuple(needs))


def _table_jobs(jobs: list[Job]) -> list[Job]:
    scores, at_temperatures = (
        tuple(job.output for job in jobs if job.rule == rule) for rule in ("score", "score_frontier")
    )
    tests = [job.output for job in jobs if job.rule == "prepare_problems" and job.output.endswith("/test.parquet")]
    frontier, metrics = "tables/frontier.csv", "tables/metrics.parquet"
    time, figures = "tables/time.csv", "figures/figure1_accuracy.svg"
    after = {"summarise_time": (time, metrics, frontier), "plot": (figures, metrics, frontier)}
    after |= {"write_pages": ("report.html", metrics, frontier, time, figures)}
    after |= {"write_provenance": ("provenance.json", metrics)}
    return [
        Job("summarise_frontier", frontier, "summarise_frontier", ("summarise_frontier",), (*tests, *at_temperatures)),
        Job("summarise", metrics, "summarise", ("summarise",), (*scores, frontier)),
        *(Job(rule, output, rule, (rule,), tuple(needs)) for rule, (output, *needs) in after.items()),
    ]


def _sandbox(config: dict, task: str) -> list[str]:
    return [f"problems/{task}/sandbox.json"] if runs_programs(config, task) else []


def _problems(task: str, name: str) -> str:
    return f"problems/{task}/{name}.parquet"


def _model(of: Replicate, lineage: str) -> str:
    folder = f"{of.model}/base{of.base}" if lineage == BASE else f"{of.folder}/{lineage}"
    return f"{folder}/model/model.json"
