"""What all tests find, and how they share two cores: one worker takes all that start from the finished smoke study."""

import os
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

# Threads of OpenMP that wait spin, and where others need the cores a training takes ten times as long for it.
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
# The locked environment has CPU builds, and GPUs that a test makes up are none of this machine's.
os.environ["PATH"] = f"{Path(__file__).parent / 'without_gpus'}:{os.environ['PATH']}"
os.environ.pop("CUDA_VISIBLE_DEVICES", None)

ON_THEIR_OWN = ("test_all_tasks", "test_known_truth", "test_driver", "test_readme", "test_slurm")  # of tests/workflow


class ByStudy(LoadScopeScheduling):
    """A file's tests stay together, and so do most of tests/workflow: they start from the same finished study."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "smoke study" if "workflow/" in file and not any(name in file for name in ON_THEIR_OWN) else file


def pytest_xdist_make_scheduler(config, log):
    return ByStudy(config, log)


def pytest_collection_modifyitems(items):
    """SLURM's test mostly waits: the sooner it begins, the more is done meanwhile."""
    items.sort(key=lambda item: "test_slurm" not in item.nodeid)
