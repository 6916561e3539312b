from pathlib import Path

import pytest
import yaml
from reversal.lineages import series
from reversal.planning.costing import Measured, Study
from reversal.planning.dag import jobs_of
from reversal.planning.disk import bytes_per_kind, checkpoints_over_time

ROOT = Path(__file__).parents[3]
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
STUDY = Study(
    CONFIG | {"iterations": 3, "models": {"m": {"folder": "tiny-1b"}}, "methods": {"a": {"start": ["sft"] * 3}}},
    yaml.safe_load((ROOT / "rules/throughputs.yaml").read_text()),
    Measured({}, {}, {("mini-gsm", "train"): 10, ("mini-gsm", "test"): 10, ("mini-gsm", "mini-math"): 0}, {}),
)
JOBS = jobs_of(STUDY.config)


def test_bytes_per_kind():
    found = bytes_per_kind(JOBS, STUDY)
    assert found["base models"] == 0  # a folder is linked to
    assert found["checkpoints"] == 3 * 4e9
    # M1 and M2 answer ten training problems eight times; M0 and all three answer ten test problems nine times, and
    # M1 and M3 once more eight times at three temperatures
    answers = 2 * 80 + 4 * 90 + 2 * 3 * 80
    assert found["samples"] == pytest.approx(answers * 48 * 1.3)
    assert found["verdicts"] == answers * 6


@pytest.mark.parametrize(
    ("keep", "at_end", "most"),
    [
        ("all", 3, 2 + 3),  # M1, M2, and M3 in training, which takes three times its size
        ("best_and_last", 2, 2 + 3),  # M1 goes when M2, which is better, has passed on its weights
        ("last", 1, 1 + 3),
    ],
)
def test_checkpoints_over_time(keep, at_end, most):
    """One job after the other, in the order of the list: a model is scored before its child is trained."""
    starts, ends = [float(i) for i in range(len(JOBS))], [float(i + 1) for i in range(len(JOBS))]
    chains = {"a": series(STUDY.config["methods"]["a"], 3)}
    peak, left = checkpoints_over_time(JOBS, starts, ends, STUDY, chains, keep)
    assert (peak / 4e9, left / 4e9) == (most, at_end)
