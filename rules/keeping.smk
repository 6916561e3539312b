# keeping: which jobs read a model's weights, where keep_models may have removed them (remove_models.smk)
# In Snakemake a missing file that some job makes again drags along all that was ever made of it (temp() and ancient()
# files too). So a use of a removed model that is over has no model among its inputs (keeping.is_over; the set of inputs is
# no rerun trigger), and a model trained again gets its old model.json, which Snakemake compares by content.


def uses_of(w, lineage):
    """What the weights of a model are needed for (see reversal/keeping.py)."""
    return keeping.uses(config, TRAINED, w.model, w.task, lineage, code)


def reference_for(w):
    """DPO's reference, where it is another model than the one that the step starts from."""
    reference = steps.reference_of(config, w.lineage)
    return model_for(w, reference, use=w.lineage) if reference else []


def model_for(w, lineage, use):
    """The model.json of a model, for a batch of its answers or another model; none for what keep_models has done with."""
    task, folder = config["tasks"][w.task], Path(of_lineage(w, ".", ""))
    over = lineage != lineages.BASE and keeping.is_over(folder, lineage, use, task, lambda other: uses_of(w, other))
    return [] if over else model_of(w, lineage)
