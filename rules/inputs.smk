# inputs: which files of which models a rule reads; functions of its wildcards, for several stages
def of_lineage(w, lineage, file):
    """`file` of another model of the same series."""
    return f"{RESULTS}/{w.model}/base{w.base}/{w.task}/seed{w.seed}/{lineage}/{file}"


def identity(w):
    """What names a model: its place in the tree of results, and what its seeds are made of."""
    return {"base": int(w.base), "seed": int(w.seed), "model": w.model, "task": w.task, "lineage": w.lineage}


def model_of(w, lineage):
    base = f"{RESULTS}/{w.model}/base{w.base}/model/model.json"
    return base if lineage == lineages.BASE else of_lineage(w, lineage, "model/model.json")


def answers_learnt(w, table):
    """The samples or verdicts on the training problems that a step learns from, of one model after the other."""
    models = steps.answers_read(config, w.model, w.task, w.lineage)
    return [of_lineage(w, lineage, f"{table}/train.parquet") for lineage in models]


def first_rows(w):
    """What trained M1, where a step learns from all data so far."""
    accumulates = steps.accumulates(config, w.model, w.lineage)
    return of_lineage(w, lineages.first(w.lineage), "training_set.parquet") if accumulates else []


def sandbox_of(w):
    """What says that programs can be run safely, where a task's answers are such."""
    return f"{RESULTS}/problems/{w.task}/sandbox.json" if study.runs_programs(config, w.task) else []


def checkpoint_of(w):
    return config["steps"][lineages.last_step(w.lineage)]["checkpoint"]


def train_answered(w):
    """Whether a model's answers to the training questions are scored: its coverage. Those without a model have none."""
    return lineages.iteration(w.lineage) == 1 and "train" in config["tasks"][w.task] and w.lineage not in BY_ANSWERS


def of_sets(w, folder):
    """The tables in `folder`, of a pattern of wildcards, for the test and OOD problems of a task."""
    return expand(f"{folder}/{{problems}}.parquet", problems=sets_of(config["tasks"][w.task], "evaluation"), **w)


def first_verdicts(w):
    """M1's verdicts on the test problems, which the improvement set is measured against; none for M1 itself and M0."""
    first = lineages.first(w.lineage)
    return [] if first == w.lineage else of_lineage(w, first, "verdicts/test.parquet")


def base_verdicts(w):
    """M0's, where the study holds the answers of the others against them; none for M0 itself."""
    wanted = study.reference(config) == "M0" and w.lineage != lineages.BASE
    return of_lineage(w, lineages.BASE, "verdicts/test.parquet") if wanted else []


def every_model(file, replicates=None, lineages=ALL_LINEAGES):
    """`file` of every model, base, task, seed and lineage of the study. replicates: of the first so many bases and seeds."""
    return [
        path
        for model in config["models"]
        for path in expand(
            f"{MODEL}/{file}",
            model=model,
            base=bases_of(config["models"][model])[:replicates],
            task=config["tasks"],
            seed=config["seeds"][:replicates],
            lineage=lineages,
        )
    ]


def reported(*rules_named):
    """{file: its label} of what these rules also put into Snakemake's own report."""
    files = [path for name in rules_named for path in workflow.get_rule(name).output if "report" in path.flags]
    return {str(path): " ".join(path.flags["report"].labels.values()) for path in files}
