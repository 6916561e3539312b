import copy
from pathlib import Path

import pytest
import yaml
from reversal.file_names import faults
from reversal.lineages import series
from snakemake.io import PeriodicityDetector

CONFIG = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text())


def changed(**changes) -> dict:
    return copy.deepcopy(CONFIG) | changes


def test_thirty_iterations_are_no_endless_loop():
    assert faults(changed(iterations=30)) == []
    detector = PeriodicityDetector()
    for method in CONFIG["methods"].values():
        assert [m for m in series(method, 45) if detector.is_periodic(m)] == []


@pytest.mark.parametrize("name", ["a" * 20, "x" + "ab" * 25])
def test_what_snakemake_takes_for_a_loop_is_named(name):
    assert PeriodicityDetector().is_periodic(name) and not PeriodicityDetector().is_periodic(name[1:19])
    found = faults(changed(models={name: CONFIG["models"]["mini-llama"]}))
    assert found == [
        f"models.{name}: ends in {'ab' if 'b' in name else 'a'!r} twenty times, which Snakemake takes for an endless "
        "loop; choose another name"
    ]


def test_a_lineage_that_is_no_file_name_is_named():
    assert faults(changed(iterations=50)) == [
        f"iterations: names of files hold all steps of a model, and of {method}'s 50 iterations 47 fit into 255 bytes; "
        "take fewer, or shorter names of steps, models and tasks"
        for method in CONFIG["methods"]
    ]
