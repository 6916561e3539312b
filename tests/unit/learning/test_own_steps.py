"""The page that shows how a step is added, taken at its word."""

import json
import re
import shutil
from pathlib import Path

import polars as pl
import pytest
import yaml
from reversal import checkpoints, tables
from reversal.checks import missing_files, problems_of
from reversal.learning.own_steps import train
from reversal.tables import LOSSES, SFT_ROWS
from snakemake.utils import update_config
from train import main

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/steps.md").read_text().partition("## A step of your own")[2]
ROWS = pl.DataFrame(
    [("p", f"Question: Tom has {i}.\nAnswer:\n", "#### 2") for i in range(8)], schema=SFT_ROWS, orient="row"
)


def block(language: str) -> str:
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL).group(1)


@pytest.fixture
def script(tmp_path, monkeypatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("last_layer.py").write_text(block("python"))
    return "last_layer.py"


def test_the_step_of_the_page_can_be_part_of_a_study(script):
    config, schema = (yaml.safe_load((ROOT / p).read_text()) for p in ("config.yaml", "rules/config.schema.yaml"))
    update_config(config, yaml.safe_load(block("yaml")))
    assert problems_of(config, schema) == [] and missing_files(config) == []
    Path(script).unlink()
    assert missing_files(config) == [f"steps.last_layer.script: there is no last_layer.py, seen from {Path.cwd()}"]


def test_the_step_of_the_page_trains_the_last_layer_alone(script, tmp_path, tiny_llama):
    from transformers import AutoModelForCausalLM

    arguments = yaml.safe_load(block("yaml"))["steps"]["last_layer"]["arguments"]
    output = tmp_path / "work/finished"
    curve = train(tiny_llama, ROWS, script, arguments, 0, str(tmp_path / "work"), str(output), chat=False)
    assert curve.schema == LOSSES and curve.height == 1
    before, after = (dict(AutoModelForCausalLM.from_pretrained(f).named_parameters()) for f in (tiny_llama, output))
    changed = {name for name, weight in after.items() if not weight.equal(before[name])}
    assert changed and all(name.startswith(("model.layers.1.", "model.norm")) for name in changed)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train = 3", r"own\.py: has no function train\(parent, rows, arguments, seed, work, output\); add one"),
        ("def train(*_): pass", r"own\.py: train left no config\.json in .*: save the model and the tokenizer there"),
    ],
)
def test_a_script_that_trains_nothing(text, message, tmp_path, tiny_llama):
    (tmp_path / "own.py").write_text(text)
    with pytest.raises(ValueError, match=message):
        train(tiny_llama, ROWS, f"{tmp_path}/own.py", {}, 0, f"{tmp_path}/w", f"{tmp_path}/w/finished", chat=False)


def test_the_script_of_train_publishes_what_the_step_made(script, tmp_path, tiny_llama):
    shutil.copytree(tiny_llama, "base/made")
    checkpoints.publish("base/made", "base/model/model.json", {})
    tables.write(ROWS, SFT_ROWS, "rows.parquet")
    step = {"trainer": "script", "script": script, "from": "base"}
    step["arguments"] = yaml.safe_load(block("yaml"))["steps"]["last_layer"]["arguments"]
    Path("own").mkdir()
    outputs = ("own/model/model.json", "own/losses.parquet")
    main("base/model/model.json", None, "rows.parquet", [script], step, False, 1, [0, 0], "sft-own", *outputs)
    published = json.loads(Path(outputs[0]).read_text())
    assert (published["lineage"], published["step"], published["rows"]) == ("sft-own", step, 8)
    assert tables.read(outputs[1], LOSSES).height == 1
    assert checkpoints.weights_folder(outputs[0], "a test") == "own/model"
    assert sorted(path.name for path in Path("own").iterdir()) == ["losses.parquet", "model"]
