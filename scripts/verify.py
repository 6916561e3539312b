"""verify: a verdict for every sampled answer."""

from reversal import jobs, tables
from reversal.verification import labelled, verify


def main(
    samples_path: str,
    problems_path: str,
    labels_path: str | None,
    mark: str,
    workers: int,
    sandboxed: bool,
    output: str,
) -> None:
    samples, problems = tables.read(samples_path, tables.SAMPLES), tables.read(problems_path, tables.PROBLEMS)
    if labels_path:
        verdicts = labelled(tables.read(labels_path, tables.LABELS))
    else:
        verdicts = verify(samples, problems, mark, workers, sandboxed)
    print(verdicts["verdict"].value_counts(sort=True))
    failed = verdicts.filter(verdict="infra_error")["problem_id"].unique(maintain_order=True).to_list()
    if failed:
        raise RuntimeError(
            f"{samples_path}: answers to {len(failed)} problem(s) could not be judged for reasons of this machine "
            f"({', '.join(failed[:5])}); run again"
        )
    tables.write(verdicts, tables.VERDICT_ROWS, output)


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        snakemake.input.samples,
        snakemake.input.problems,
        snakemake.input.get("labels"),
        snakemake.params.mark,
        snakemake.threads,
        snakemake.params.sandboxed,
        snakemake.output[0],
    )
