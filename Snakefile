# Progress or regress? One study: base models, tasks, methods and seeds from the configuration, one graph of files.
from snakemake.utils import min_version

min_version("9.27.1")  # what every environment pins and the tests run


configfile: "config.yaml"


include: "rules/common.smk"
include: "rules/inputs.smk"
include: "rules/running.smk"
include: "rules/gpus.smk"
include: "rules/keeping.smk"
include: "rules/try_settings.smk"
include: "rules/prepare_problems.smk"
include: "rules/check_sandbox.smk"
include: "rules/pretrain_base.smk"
include: "rules/fetch_base.smk"
include: "rules/given.smk"
include: "rules/sample.smk"
include: "rules/verify.smk"
include: "rules/build_training_set.smk"
include: "rules/train.smk"
include: "rules/score.smk"
include: "rules/summarise.smk"
include: "rules/summarise_frontier.smk"
include: "rules/summarise_time.smk"
include: "rules/remove_models.smk"
include: "rules/plot.smk"
include: "rules/write_pages.smk"
include: "rules/write_provenance.smk"
include: "rules/export.smk"
include: "rules/plan.smk"


rule all:
    default_target: True
    input:
        rules.summarise.output,
        rules.summarise_frontier.output,
        rules.summarise_time.output,
        rules.plot.output,
        rules.write_pages.output,
        rules.write_provenance.output,
        every_model("kept_models.json", lineages=TRAINED) if config["keep_models"] != "all" else [],
    message:
        "all files of the study"


onsuccess:
    verdict = Path(rules.summarise.output.verdict)
    # Not after `snakemake plan`, nor where some files alone were asked for.
    if set(workflow.dag_settings.targets) <= {"all"} and verdict.exists():
        print(verdict.read_text())
        runs.end(RESULTS)
