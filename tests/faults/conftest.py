"""How much of the fault suite runs: a few seconds of it in `make test`, all of it in `make faults` (docs/faults.md)."""

import os

import pytest


@pytest.fixture
def only_in_full():
    if "FAULTS_KILLS" not in os.environ:
        pytest.skip("minutes: make faults")
