# gpus: how many GPUs this run has (`--resources gpu=N`; none without it), and the check that no job asks for more
if workflow.is_main_process:
    os.environ["REVERSAL_GPUS"] = str(workflow.global_resources.get("gpu").value or 0)


# Every job on a cluster starts Snakemake again, without that option: there the environment says it.
envvars:
    "REVERSAL_GPUS",


GPUS = int(os.environ["REVERSAL_GPUS"])
if faults := study.gpus_beyond(config, GPUS):
    raise WorkflowError("There are too few GPUs for this study:\n  " + "\n  ".join(faults))
