"""What a study's results come from: its configuration, the code, the runs, and what every stage ran in."""

import json
from collections import defaultdict
from html import escape
from pathlib import Path

from reversal.report.markup import page, scroll


def stages(files: dict[str, list[Path]]) -> dict[str, dict]:
    """{rule: what its jobs ran in}, from the files that reversal.jobs.start leaves beside their logs, by rule."""
    return {rule: _together([json.loads(path.read_text()) for path in paths]) for rule, paths in sorted(files.items())}


def _together(jobs: list[dict]) -> dict:
    packages = defaultdict(set)
    for job in jobs:
        for name, version in job["packages"].items():
            packages[name].add(version)
    return {
        "jobs": len(jobs),
        "seconds": round(sum(job["seconds"] for job in jobs), 1),
        "first_started": min(job["started"] for job in jobs),
        "last_ended": max(job["ended"] for job in jobs),
        **{kind: sorted({job[kind] for job in jobs}) for kind in ("host", "processor", "python")},
        "gpus": sorted({gpu for job in jobs for gpu in job["gpus"]}),
        "packages": {name: sorted(versions) for name, versions in sorted(packages.items())},
    }


def as_page(provenance: dict, style: str) -> str:
    """The same as an HTML page. style: CSS."""
    parts = ["<h1>Provenance</h1><p>What these results come from. All of it stands in provenance.json, too.</p>"]
    parts.append(
        "<h2>Runs</h2>" + _table(provenance["runs"], ["started", "finished", "host", "commit", "clean", "command"])
    )
    rows = [{"stage": rule} | stage for rule, stage in provenance["stages"].items()]
    columns = ["stage", "jobs", "seconds", "first_started", "last_ended", "host", "processor", "gpus", "python"]
    parts.append("<h2>Stages</h2>" + _table(rows, columns))
    names = sorted({name for stage in provenance["stages"].values() for name in stage["packages"]})
    versions = [
        {"package": name} | {rule: stage["packages"].get(name, "") for rule, stage in provenance["stages"].items()}
        for name in names
    ]
    parts.append("<h2>Packages that were really imported</h2>" + _table(versions, ["package", *provenance["stages"]]))
    configuration = escape(json.dumps(provenance["configuration"], indent=2, ensure_ascii=False))
    parts.append(f"<h2>Configuration, all files merged</h2><pre>{configuration}</pre>")
    return page("Provenance", f"<main>{''.join(parts)}</main>", style)


def _table(rows: list[dict], columns: list[str]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{_cell(row.get(name))}</td>" for name in columns) + "</tr>" for row in rows)
    return scroll(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>", columns[0])


def _cell(value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return escape(", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value))
