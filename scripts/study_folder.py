"""Prints the result folder of a study file: what `make study` names at its end."""

import sys
from pathlib import Path

import yaml

names = [yaml.safe_load(Path(path).read_text()).get("study") for path in ("config.yaml", *sys.argv[1:])]
print("results/" + [name for name in names if name][-1])
