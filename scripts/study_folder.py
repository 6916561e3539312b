"""Prints the result folder of a study file: what `make study` names at its end."""

import sys

import yaml

names = [yaml.safe_load(open(path)).get("study") for path in ("config.yaml", *sys.argv[1:])]
print("results/" + [name for name in names if name][-1])
