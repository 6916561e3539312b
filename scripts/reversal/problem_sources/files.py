"""Records of a JSON Lines or Parquet file, each with its place for an error to name."""

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl


def records(path: str) -> Iterator[tuple[str, dict]]:
    """("file, line n", record) of a jsonl or parquet file."""
    if not Path(path).is_file():
        raise ValueError(f"{path}: no such file; the study names it")
    if path.endswith(".parquet"):
        try:
            rows = pl.read_parquet(path)
        except pl.exceptions.PolarsError as error:
            raise ValueError(f"{path}: not a readable parquet file ({error})") from error
        for i, record in enumerate(rows.iter_rows(named=True), start=1):
            yield f"{path}, row {i}", record
        return
    with open(path, "rb") as lines:
        for i, line in enumerate(lines, start=1):
            if not line.strip():
                continue  # as other readers do: a file may end in an empty line
            try:
                record = json.loads(line.decode("utf-8-sig" if i == 1 else "utf-8"))
            except (ValueError, RecursionError) as error:  # also what is no UTF-8, or nested without end
                fault = f"{error.msg}, character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else error
                raise ValueError(f"{path}, line {i}: not JSON ({fault})") from error
            if not isinstance(record, dict):
                raise ValueError(f"{path}, line {i}: a {type(record).__name__}, not an object with named fields")
            yield f"{path}, line {i}", record
