"""check_sandbox: whether programs that a model wrote can be run safely, on a machine like those that verify runs on."""

import socket

from reversal import jobs
from reversal.verifying.sandbox import require_bubblewrap


def main(task: str, output: str) -> None:
    try:
        require_bubblewrap()
    except (RuntimeError, OSError) as error:
        raise RuntimeError(
            f"{task} runs programs that a model wrote, on {socket.gethostname()}, in a sandbox: {error} "
            "(verification: {sandboxed: false} would run them without.)"
        ) from error
    jobs.write_json(output, {"sandbox": "bubblewrap", "host": socket.gethostname()})


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(snakemake.wildcards.task, snakemake.output[0])
