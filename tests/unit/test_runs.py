import json
import os
import subprocess

import pytest
from reversal import runs

CODE = {"train": "a", "sample": "b"}


def begun(folder, configuration="c", code=CODE, finished=False) -> None:
    runs.begin(str(folder), str(folder), configuration, code)
    if finished:
        runs.end(str(folder))


def test_a_run_says_when_where_how_and_of_what(tmp_path):
    begun(tmp_path, finished=True)
    begun(tmp_path)
    first, second = runs.read(str(tmp_path))
    assert first["pid"] == os.getpid() and first["command"].startswith("snakemake")
    assert {"started", "finished", "host", "configuration", "code"} <= first.keys() and "finished" not in second
    assert (first["commit"], first["clean"]) == (None, None)  # no git here


def test_the_commit_and_whether_anything_differs_from_it(tmp_path):
    def git(*arguments: str) -> str:
        who = ["-c", "user.name=n", "-c", "user.email=e@x"]
        run = subprocess.run(["git", *who, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True)
        return run.stdout.strip()

    git("init")
    (tmp_path / "Snakefile").write_text("rule all:\n")
    git("add", ".")
    git("commit", "-m", "m")
    (tmp_path / "notes").write_text("no result depends on them")
    assert runs.commit(str(tmp_path)) == {"commit": git("rev-parse", "HEAD"), "clean": True}
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/new.py").write_text("")
    assert runs.commit(str(tmp_path))["clean"] is False


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        ([], "has no runs.jsonl, so it is unknown what made it"),
        ([("c", CODE, True)], ""),
        ([("c", CODE, False), ("c", CODE, False)], ""),  # killed twice, and never another study
        ([("c", CODE, True), ("d", CODE, False)], "was made with another configuration"),
        ([("d", CODE, True)], "was made with another configuration"),
        ([("d", CODE, False), ("c", CODE, False)], "was made with another configuration"),
        ([("d", CODE, False), ("c", CODE, True)], ""),  # a run to the end made everything anew
        ([("c", CODE | {"train": "z"}, True)], r"was made by other code \(train\)"),
        ([("c", CODE | {"removed_stage": "z"}, True)], ""),
    ],
)
def test_files_may_be_adopted_if_all_runs_that_may_have_made_them_were_like_this_one(tmp_path, made, fault):
    for configuration, code, finished in made:
        begun(tmp_path, configuration, code, finished)
    found = runs.unlike(str(tmp_path), "c", CODE)
    assert found == "" if not fault else fault.replace("\\", "") in found


def test_a_line_of_a_killed_run_does_not_stop_the_next(tmp_path):
    begun(tmp_path)
    with open(tmp_path / runs.NAME, "a") as lines:
        lines.write("\n" + json.dumps({"started": "x"})[:5])
    begun(tmp_path)
    assert len(runs.read(str(tmp_path))) == 2
