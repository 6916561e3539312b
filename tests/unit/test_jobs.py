import json
import subprocess
import sys

from reversal import jobs


def test_files_appear_whole_and_replace_what_was_there(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("a much longer text than the new one")
    jobs.write_json(str(path), {"b": 1, "a": [2]})
    assert path.read_text() == '{\n  "a": [\n    2\n  ],\n  "b": 1\n}\n'
    assert json.loads(path.read_text()) == {"a": [2], "b": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_the_log_holds_what_python_and_other_code_print(tmp_path):
    log = tmp_path / "job.log"
    code = f"import os; from reversal import jobs; jobs.start({str(log)!r}); print('one'); os.system('echo two >&2')"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=jobs.__file__[:-17])
    assert shown.stdout == shown.stderr == b""
    first, *rest = log.read_text().splitlines()
    assert first.startswith("started 2")
    assert rest == ["one", "two"]
    ran_in = json.loads(log.with_suffix(".json").read_text())
    assert ran_in["packages"] == {} and ran_in["ended"] >= ran_in["started"]
