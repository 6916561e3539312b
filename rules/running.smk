# running: one Snakemake at a time works on a study, says how far it is, and SIGTERM or Ctrl-C ends all its jobs soon
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


def broken_models(contents=False):
    """What is wrong with the models that are there; by the lengths of their files, or by their contents, as jobs do."""
    with_weights = [lineage for lineage in ALL_LINEAGES if lineage not in BY_ANSWERS]
    bases = [f"{RESULTS}/{m}/base{b}" for m, model in config["models"].items() for b in bases_of(model)]
    paths = [f"{base}/model/model.json" for base in bases] + every_model("model/model.json", lineages=with_weights)
    return [fault for path in paths if os.path.exists(path) and (fault := checkpoints.faults(path, contents))]


if workflow.is_main_process and (faults := broken_models()):
    raise WorkflowError("Models are not as they were published:\n  " + "\n  ".join(faults))


def code_of_stages():
    """{stage: digest of its code} of all that results depend on."""
    stages = [rule.name for rule in workflow.rules if rule.script and rule.name not in ("plan", "export_answers")]
    return {stage: code(stage) for stage in sorted(stages)}


def take_over():
    """Before the first job: the study's lock, a line among its runs, and with --touch, whether its files may be adopted."""
    configuration = checkpoints.text_hash(canonical(AS_WRITTEN))[:12]
    holding.hold(RESULTS)
    if workflow.touch:
        found = runs.unlike(RESULTS, configuration, code_of_stages()) or "\n  ".join(broken_models(contents=True))
        if found:
            raise RuntimeError(f"These results cannot be adopted: {found}")
    if DeploymentMethod.CONDA not in workflow.deployment_settings.deployment_method:
        workflow.dag.conda_envs.clear()  # else Snakemake's report lists environments that no job ran in
    runs.begin(RESULTS, ROOT, configuration, code_of_stages())
    if not workflow.touch:
        write_down()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end_soon)


# What Snakemake says between a job's lines and of its own report. "Will exit after ..": here its jobs end at once.
NOISE = ("Select jobs", "Execute ", "Will exit after", "Building DAG", "Creating report", "Adding ", "Loading script")


def write_down():
    """What this run sets out to do, for `make status`; where Snakemake itself is quiet, how far it is, again and again."""
    place = {rule.name: i for i, rule in enumerate(workflow.rules)}
    with_logs = sorted((job for job in workflow.dag.needrun_jobs() if job.log), key=lambda job: place[job.rule.name])
    names = [os.path.relpath(job.log[0], f"{RESULTS}/logs") for job in with_logs]
    cores = workflow.cores if workflow.local_exec else workflow.resource_settings.nodes
    command = os.environ.get("STUDY_COMMAND") or shlex.join(["snakemake", *sys.argv[1:]])
    status.begin(RESULTS, AS_WRITTEN, command, cores, GPUS, [name.removesuffix(".log") for name in names])
    if {Quietness.RULES, Quietness.PROGRESS} <= set(workflow.output_settings.quiet or ()):
        logger.addFilter(lambda record: not str(record.msg).startswith(NOISE))
        threading.Thread(target=tell, daemon=True).start()


def tell():
    """A line whenever a job has begun or ended, and once a minute."""
    with open(Path(workflow.basedir) / "rules" / "throughputs.yaml") as throughputs:
        table = yaml.safe_load(throughputs)
    run, before, told = status.read(RESULTS), None, 0.0
    while True:
        with suppress(OSError):  # a log that is just being replaced
            now, found = time.time(), status.jobs_of(RESULTS, run, time.time())
            states = [job.state for job in found]
            if states != before or now - told > 60:
                left = ending.seconds_left(found, ending.finished(RESULTS, found), run, table, now)
                print(status_page.line(found, left, AS_WRITTEN, now), flush=True)
                before, told = states, now
        time.sleep(5 + len(run["jobs"]) / 500)  # a large study has many files to look at


onstart:
    # Where the number of job starts per second is limited, and it is by default, every choice of jobs starts a timer that
    # makes the choice once more, for ever: after n jobs Snakemake chooses n times a second (9.27).
    workflow.scheduler.job_rate_limiter = None
    if set(workflow.dag_settings.targets) != {"plan"}:  # which only reads
        if not workflow.touch:
            try_settings()  # first, as a study that is refused leaves nothing behind
        try:
            take_over()
        except RuntimeError as error:
            raise WorkflowError(str(error))
