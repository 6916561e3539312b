# running: one Snakemake at a time works on a study, its jobs end with it, and SIGTERM or Ctrl-C ends all of them soon
import signal
import threading
import time

import psutil
from snakemake.shell import shell

from reversal import checkpoints, holding, jobs

os.environ[jobs.PARENT] = str(os.getpid())
shell.prefix("set -euo pipefail; exec ")  # a shell in between would outlive Snakemake, and its job with it


def end_soon(*_):
    """SIGTERM for the jobs, which end at once, trainings with a checkpoint; then Snakemake's own orderly end.

    Snakemake alone waits for its jobs, for hours, and may wait for ever: its handler takes a lock that the interrupted
    code may hold. Jobs on a cluster are cancelled.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a second Ctrl-C waits for nothing
    if not workflow.local_exec:
        raise KeyboardInterrupt
    threading.Thread(target=end_jobs, daemon=True).start()


def end_jobs():
    workflow.scheduler.exit_gracefully()
    told = set()
    while True:  # one may just be starting
        for job in set(psutil.Process().children()) - told:
            job.terminate()
            told.add(job)
        time.sleep(0.2)


def broken_models():
    """What is wrong with the models that are there, by the lengths of their files; jobs look at the contents."""
    with_weights = [lineage for lineage in ALL_LINEAGES if lineage not in BY_ANSWERS]
    bases = [f"{RESULTS}/{m}/base{b}" for m, model in config["models"].items() for b in bases_of(model)]
    paths = [f"{base}/model/model.json" for base in bases] + every_model("model/model.json", lineages=with_weights)
    return [fault for path in paths if os.path.exists(path) and (fault := checkpoints.faults(path, contents=False))]


if workflow.is_main_process and (faults := broken_models()):
    raise WorkflowError("Models are not as they were published:\n  " + "\n  ".join(faults))


onstart:
    if set(workflow.dag_settings.targets) != {"plan"}:  # which only reads
        try:
            holding.hold(RESULTS)
        except RuntimeError as taken:
            raise WorkflowError(str(taken))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end_soon)
