"""The jobs of a study and what each waits for, from the configuration alone: Snakemake's own graph in a second.

A test holds it against Snakemake's, output by output. A job goes by its first output, a path below results/{study}.
"""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from reversal.keeping import children, judged_after
from reversal.lineages import BASE, first, iteration, last_step, parent, series
from reversal.study import bases_of, runs_programs, sets_of


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
    jobs = [*_problem_jobs(config), *_base_jobs(config)]
    for model in config["models"]:
        for task in config["tasks"]:
            for base, seed in product(bases_of(config["models"][model]), config["seeds"]):
                jobs += _jobs_of_series(config, models, Replicate(model, base, task, seed))
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
            names |= {f"{model}-base{base}", *(f"{of.name}-{lineage}" for lineage in models)}
            for lineage, batch in product([BASE, *models], ["train", "evaluation"]):
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


def _jobs_of_series(config: dict, models: list[str], of: Replicate) -> Iterator[Job]:
    """The models of all methods of one replicate. models: their lineages, parents first."""
    model, task, place = of.model, of.task, of.folder
    few_shot = config["tasks"][task]["rationales"] == "few_shot"
    if few_shot:
        yield from _answer_jobs(config, of, BASE, "train")
    for lineage in models:
        name, folder = f"{of.name}-{lineage}", f"{place}/{lineage}"
        before = parent(lineage)
        answers = () if before == BASE and not few_shot else (f"{place}/{before}/verdicts/train.parquet",)
        # Two steps of one name take differently long if one learns from the gold solutions.
        detail = (model, task, last_step(lineage), "samples" if answers else "problems")
        rows = f"{folder}/training_set.parquet"
        needs = (_problems(task, "train"), *answers, *_sandbox(config, task))
        yield Job("build_training_set", rows, name, ("build_training_set", *detail), needs)
        needs = (rows, _model(of, before))
        yield Job("train", f"{folder}/model/model.json", name, ("train", *detail), needs, 2, lineage)
        offspring = children(lineage, models)
        for batch in ["train", "evaluation"] if offspring or before == BASE else ["evaluation"]:
            yield from _answer_jobs(config, of, lineage, batch)
        verdicts = [f"{lineage}/verdicts/{name}" for name in sets_of(config["tasks"][task], "evaluation")]
        verdicts += [f"{lineage}/verdicts/train"] if before == BASE else []
        verdicts += [f"{first(lineage)}/verdicts/test"] if before != BASE else []
        needs = tuple(f"{place}/{path}.parquet" for path in verdicts)
        yield Job("score", f"{folder}/scores.parquet", name, ("score", model, task), needs, 0, lineage)
    if config["keep_models"] != "all":
        yield from _removals(models, of)


def _answer_jobs(config: dict, of: Replicate, lineage: str, batch: str) -> Iterator[Job]:
    """A batch of a model's answers: its shards, then per problem set one table and its verdicts."""
    model, task, name, folder = of.model, of.task, f"{of.name}-{lineage}", f"{of.folder}/{lineage}"
    sets, shards = sets_of(config["tasks"][task], batch), config["sampling"]["shards"][batch]
    parts = []
    for shard in range(shards):
        part = f"{batch}/{shard}-of-{shards}"
        parts.append(f"{folder}/samples/{part}.parquet")
        needs = (*(_problems(task, problems) for problems in sets), _model(of, lineage), *_sandbox(config, task))
        log = f"{name}-{part.replace('/', '-')}"
        yield Job("sample", parts[-1], log, ("sample", model, task, batch), needs, 1, lineage)
    for problems in sets:
        asked, table = _problems(task, problems), f"{folder}/samples/{problems}.parquet"
        detail, log = (model, task, problems), f"{name}-{problems}"
        yield Job("gather_samples", table, log, ("gather_samples", *detail), (asked, *parts))
        yield Job("verify", f"{folder}/verdicts/{problems}.parquet", log, ("verify", *detail), (table, asked))


def _removals(models: list[str], of: Replicate) -> Iterator[Job]:
    place = of.folder
    for lineage in models:
        judged = judged_after(lineage, models)
        trained = [child for other in judged for child in children(other, models)]
        needs = [f"{place}/{other}/scores.parquet" for other in judged]
        needs += [f"{place}/{child}/model/model.json" for child in trained]
        name = f"{of.name}-{lineage}"
        yield Job("remove_models", f"{place}/{lineage}/kept_models.json", name, ("remove_models",), tuple(needs))


def _table_jobs(jobs: list[Job]) -> list[Job]:
    scores = tuple(job.output for job in jobs if job.rule == "score")
    after = {"summarise_time": "tables/time.csv", "plot": "figures/figure1_accuracy.svg"}
    after |= {"write_pages": "pages/headline.html", "write_provenance": "provenance.json"}
    return [
        Job("summarise", "tables/metrics.parquet", "summarise", ("summarise",), scores),
        *(Job(rule, output, rule, (rule,), ("tables/metrics.parquet",)) for rule, output in after.items()),
    ]


def _sandbox(config: dict, task: str) -> list[str]:
    return [f"problems/{task}/sandbox.json"] if runs_programs(config, task) else []


def _problems(task: str, name: str) -> str:
    return f"problems/{task}/{name}.parquet"


def _model(of: Replicate, lineage: str) -> str:
    folder = f"{of.model}/base{of.base}" if lineage == BASE else f"{of.folder}/{lineage}"
    return f"{folder}/model/model.json"
