"""Prints the result folder of a study, for `make study`; says what is wrong with its files if they cannot be read."""

import sys

from reversal import study_files

paths = ["config.yaml", *sys.argv[1:]]
if found := study_files.faults(paths):
    sys.exit("The study's files cannot be used:\n  " + "\n  ".join(found))
print(study_files.folder(paths))
