"""The map (docs/design.md) and the list of studies: what they name is there, and the map's example adds a metric."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/design.md").read_text()
EXAMPLE = re.search(r"```diff\n(.*?)```", PAGE, re.DOTALL)[1]
JUDGE = """
from pathlib import Path

import reversal.evaluation
reversal.evaluation.__path__.insert(0, "scripts/reversal/evaluation")  # the changed ones; others stay compiled
from test_changes import right, table
from test_scoring import ANSWERS, scored

found = scored(Path("."), ANSWERS).filter(metric="lines_mean")
print(found.select("metric", "subset", "value", "n").rows())
values = {(0, line, "pass_at_1", "test"): right(20, 40) for line in ("sft", "sft-dpo")}
values |= {(0, "sft", "lines_mean", "test"): [2.0, 3.0] * 20, (0, "sft-dpo", "lines_mean", "test"): [4.0, 6.0] * 20}
changed = table(values, series={"dpo": ["sft", "sft-dpo"]}).filter(metric="lines_mean")
print(changed.select("dimension", "role", "first", "last", "verdict").rows())
"""


def test_every_file_that_the_page_names_is_there():
    named = set(re.findall(r"`((?:scripts|rules|tests|studies|profiles)/[\w./-]*\w\.\w+)`", PAGE))
    named |= {f"docs/{name}" for name in re.findall(r"\]\((\w+\.md)\)", PAGE)}
    assert len(named) > 20
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_every_study_is_on_its_page():
    page = (ROOT / "docs/studies.md").read_text()
    studies = [f"studies/{path.name}" for path in sorted((ROOT / "studies").glob("*.yaml"))]
    assert len(studies) > 10 and [study for study in studies if f"`{study}`" not in page] == []


def test_the_picture_has_every_rule():
    rules = "".join(path.read_text() for path in sorted(ROOT.glob("rules/*.smk")))
    picture = re.search(r"## The way of the data\n(.*?)\n## ", PAGE, re.DOTALL)[1]
    named = set(re.findall(r"\w+", picture))
    assert [rule for rule in re.findall(r"^rule (\w+):", rules, re.MULTILINE) if rule not in named] == []


def test_the_pages_example_adds_a_metric_and_its_verdict(tmp_path):
    assert sum(re.match(r"\+.*\S", line) is not None for line in EXAMPLE.splitlines()) == 6  # as the page says
    for name, *lines in map(str.splitlines, EXAMPLE.split("--- ")[1:]):
        text = (ROOT / name).read_text()
        before = "".join(f"{line[1:]}\n" for line in lines if line.startswith(" "))
        after = "".join(f"{line[1:]}\n" for line in lines)
        assert text.count(before) == 1, f"{name} has changed: bring the page up to date"
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text.replace(before, after))
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}/scripts:{ROOT}/scripts:{ROOT}/tests/unit/evaluation"}
    run = subprocess.run(
        [sys.executable, "-c", JUDGE], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600
    )
    assert run.stdout.splitlines() == [
        "[('lines_mean', 'test', 1.0, 2)]",
        "[('lines of an answer', 'secondary', 2.5, 5.0, 'regress')]",
    ], run.stderr
