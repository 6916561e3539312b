"""Studies that are wrong by chance: each is told in sentences with the key or the line, before the first job."""

import copy
import json
import random
from pathlib import Path

import pytest
import yaml
from fuzzing import change_text, change_value, how_many, wrong_study
from reversal import checks, study, study_files
from reversal.given import with_given
from reversal.planning.dag import jobs_of
from running import copy_repository, snakemake
from snakemake.utils import update_config

ROOT = Path(__file__).parents[2]
SCHEMA = yaml.safe_load((ROOT / "rules/config.schema.yaml").read_text())
BASE = yaml.safe_load((ROOT / "config.yaml").read_text())
RIGHT = [{}, *(yaml.safe_load((ROOT / f"studies/{name}.yaml").read_text()) for name in ("all-tasks", "paper", "bases"))]


def told(path: Path) -> list[str]:
    """What a study in `path`, laid over config.yaml, is told, as rules/common.smk asks it."""
    if found := study_files.faults([str(path)]):
        return found
    config = copy.deepcopy(BASE)
    update_config(config, yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader))
    config = study.without_nulls(study.with_likes(config))
    found = checks.problems_of(config, SCHEMA) or checks.missing_files(config)
    if not found:
        go_on_with(config)
    return found


def go_on_with(config: dict) -> None:
    """What the rules do with a study that has no fault, before the first job."""
    config = with_given(config)
    assert jobs_of(config) and study.gpus_beyond(config, 0) == [] and study.kinds_of_methods(config)
    for model in config["models"]:
        for lineage in config["steps"]:
            json.dumps(study.recipe_of(config, model, lineage))
        for task in config["tasks"]:
            study.answers_wanted(config, "evaluation", 0, 0, model, task, "x")


def test_a_wrong_study_is_told_with_key_or_line(tmp_path):
    """Whatever was wrong, the answer is about what was changed, and no exception."""
    path, accepted = tmp_path / "study.yaml", []
    for seed in range(how_many("STUDIES", 25)):
        draw = random.Random(seed)
        text, key = wrong_study(draw.choice(RIGHT) or BASE, draw)
        path.write_text(text, encoding="utf-8")
        sentences = told(path)
        if not sentences:
            accepted.append(seed)
        elif key is None:
            assert all(": " in sentence for sentence in sentences), (seed, sentences)
        else:
            assert any(key.strip() in sentence or "top level" in sentence for sentence in sentences), (
                seed,
                key,
                sentences,
            )
    assert len(accepted) < how_many("STUDIES", 25) / 2, "the changes are too harmless to try anything"


@pytest.mark.usefixtures("only_in_full")
def test_snakemake_itself_ends_in_a_sentence(tmp_path):
    """The same through the real front door; YAML that Snakemake's own reader refuses is told by that."""
    copy_repository(tmp_path)
    for seed in range(how_many("STUDIES", 0) // 25):
        draw = random.Random(f"snakemake {seed}")
        config = copy.deepcopy(BASE)
        change_value(config, draw)
        text = yaml.safe_dump(config, sort_keys=False)
        text = change_text(text, draw) if draw.random() < 0.2 else text
        (tmp_path / "studies/wrong.yaml").write_text(text)
        run = snakemake(tmp_path, "--dry-run", "--quiet", "all", study="wrong", timeout=300)
        said = run.stdout + run.stderr
        assert "Traceback" not in said, (seed, said)
        assert run.returncode == 0 or "cannot be used" in said or "not valid JSON or YAML" in said, (seed, said)
        assert not (tmp_path / "results").exists()
