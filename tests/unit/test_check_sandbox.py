import json
import shutil

import pytest
from check_sandbox import main
from reversal.study import runs_programs


def test_what_is_missing_is_named_before_anything_is_trained(tmp_path, monkeypatch):
    output = tmp_path / "sandbox.json"
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match=r"code runs programs that a model wrote, on .* apt-get install bubblewrap"):
        main("code", str(output))
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n")
    (tmp_path / "bwrap").chmod(0o755)
    with pytest.raises(RuntimeError, match=r"bwrap: No permissions to create new namespace.*\{sandboxed: false\}"):
        main("code", str(output))
    assert not output.exists()


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="programs run in bubblewrap, which is not here")
def test_where_it_works_the_machine_is_written_down(tmp_path):
    main("code", str(tmp_path / "sandbox.json"))
    assert json.loads((tmp_path / "sandbox.json").read_text())["sandbox"] == "bubblewrap"


@pytest.mark.parametrize(
    ("task", "sandboxed", "expected"),
    [
        ({"test": {"generator": "programs"}}, True, True),
        ({"test": {"generator": "programs"}}, False, False),
        ({"test": {"file": "a.jsonl", "format": "mbpp"}}, True, True),
        ({"test": {"file": "a.jsonl", "format": "plain", "answer_type": "program"}}, True, True),
        ({"test": {"generator": "word_problems"}, "ood": {"code": {"generator": "programs"}}}, True, True),
        ({"test": {"generator": "word_problems"}}, True, False),
        ({"test": {"answer_type": "program"}, "labels": "correct"}, True, False),
    ],
)
def test_which_tasks_need_a_sandbox(task, sandboxed, expected):
    config = {"tasks": {"t": {"ood": {}} | task}, "verification": {"sandboxed": sandboxed}}
    assert runs_programs(config, "t") is expected
