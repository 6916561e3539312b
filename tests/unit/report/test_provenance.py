import json
import sys
import time

from reversal import jobs
from reversal.report.provenance import as_page, stages


def ran(started: str, torch: str, gpus: list[str]) -> dict:
    return {
        "started": f"2026-11-26 {started}:00:00 +0000",
        "ended": f"2026-11-26 {started}:30:00 +0000",
        "seconds": 1800.0,
        "host": "n1",
        "processor": "P",
        "gpus": gpus,
        "python": "3.11.7",
        "packages": {"torch": torch},
    }


def test_jobs_of_a_stage_together(tmp_path):
    for name, job in {
        "m-sft": ran("10", "2.13.0", ["H100"]),
        "m-dpo": ran("12", "2.13.1", ["H100"]),
        "summarise": ran("14", "2.13.0", []),
    }.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(job))
    found = stages({"train": sorted(tmp_path.glob("m-*")), "summarise": [tmp_path / "summarise.json"]})
    assert found["train"] == {
        "jobs": 2,
        "seconds": 3600.0,
        "first_started": "2026-11-26 10:00:00 +0000",
        "last_ended": "2026-11-26 12:30:00 +0000",
        "host": ["n1"],
        "processor": ["P"],
        "python": ["3.11.7"],
        "gpus": ["H100"],
        "packages": {"torch": ["2.13.0", "2.13.1"]},
    }
    assert list(found) == ["summarise", "train"]
    run = {"started": "s", "finished": "f", "host": "n1", "commit": "abc", "clean": True, "command": "snakemake <x>"}
    page = as_page({"configuration": {"study": "<s>"}, "runs": [run], "stages": found}, "p{}")
    assert "snakemake &lt;x&gt;" in page and "&lt;s&gt;" in page
    assert "<td>torch</td><td>2.13.0</td><td>2.13.0, 2.13.1</td>" in page


def test_surroundings_are_those_of_this_process():
    found = jobs.surroundings(time.time() - 2)
    assert found["packages"]["pytest"] == sys.modules["pytest"].__version__
    assert 2 <= found["seconds"] < 4 and found["python"] == sys.version.split()[0] and found["processor"]
    assert "json" not in found["packages"]  # of the standard library
