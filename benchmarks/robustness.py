"""Writes docs/robustness.md: what the embedded study says with each of ten base models, and with all of them.

usage: python benchmarks/robustness.py PAGE, after `make study STUDY=studies/bases.yaml` (`make robustness` does both)
"""

import os
import sys
from pathlib import Path

import polars as pl

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY / "scripts"))
from reversal import jobs, tables  # noqa: E402

TABLES = REPOSITORY / "results/bases/tables"


def main(page: str) -> None:
    bases = pl.read_csv(TABLES / "bases.csv", schema=tables.BASES)
    (processor,) = {line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")}
    machine = f"{os.cpu_count()} cores ({processor.split(': ')[1]})"
    first = bases.unique("base", maintain_order=True)  # M1 is the same model in every method
    coverage, accuracy = first["m1_coverage"], first["m1_accuracy"]
    text = f"""# Does the verdict depend on the base model?

`make robustness` runs iterative SFT of the embedded study over ten base models (`studies/bases.yaml`) and writes this
page. Corpus and recipe are the same, initial weights and the order of the texts are not, which is more than another
processor changes. Every base is judged as a study of its own. Written on {machine}.

Over {first.height} bases M1's accuracy is {accuracy.mean():.3f} with a standard deviation of {accuracy.std():.3f};
its coverage lies between {coverage.min():.3f} and {coverage.max():.3f}.

| method | outcome | bases |
|---|---|---|
{_rows(_counts(bases))}

## All bases together

```
{(TABLES / "verdict.txt").read_text().strip()}
```

## Each base alone

| method | base | M1 coverage | M1 accuracy | change to the last iteration | outcome | progressed | regressed |
|---|---|---|---|---|---|---|---|
{_rows(_alone(bases))}
"""
    jobs.write_text(page, text)
    print(text)


def _counts(bases: pl.DataFrame) -> list[tuple]:
    return [
        (method, outcome, count)
        for (method,), group in bases.group_by("method", maintain_order=True)
        for outcome, count in group["outcome"].value_counts(sort=True).iter_rows()
    ]


def _alone(bases: pl.DataFrame) -> list[tuple]:
    return [
        (
            row["method"],
            row["base"],
            f"{row['m1_coverage']:.3f}",
            f"{row['m1_accuracy']:.3f}",
            f"{row['change']:+.3f} [{row['low']:+.3f} to {row['high']:+.3f}]",
            row["outcome"],
            row["progressed"] or "none",
            row["regressed"] or "none",
        )
        for row in bases.iter_rows(named=True)
    ]


def _rows(rows: list[tuple]) -> str:
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
