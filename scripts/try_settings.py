"""Asks the libraries about the settings of a study on standard input (see reversal.trying); prints what they refuse."""

import json
import os
import sys

from reversal.trying import refused

if __name__ == "__main__":
    said, sys.stdout = sys.stdout, sys.stderr  # the libraries print, too
    os.environ |= {"VLLM_LOGGING_LEVEL": "ERROR", "TRANSFORMERS_VERBOSITY": "error", "VLLM_NO_USAGE_STATS": "1"}
    found = refused(json.load(sys.stdin))
    print("\n".join(found), file=said, end="")
