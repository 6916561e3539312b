import pytest
from hypothesis import given
from hypothesis import strategies as st
from reversal.planning.scheduling import Task, critical_path, simulate

DIAMOND = [Task(3), Task(2, needs=[0]), Task(5, needs=[0]), Task(1, needs=[1, 2])]


@pytest.mark.parametrize(
    ("tasks", "gpus", "cores", "starts"),
    [
        ([], 0, 1, []),
        (DIAMOND, 0, 2, [0, 3, 3, 8]),
        (DIAMOND, 0, 1, [0, 3, 5, 10]),
        ([Task(4, gpus=1)] * 5, 2, 9, [0, 0, 4, 4, 8]),
        # priority before place; a wide job does not keep a narrow one waiting, and starts when it fits
        ([Task(2, gpus=1), Task(2, gpus=1, priority=1)], 1, 1, [2, 0]),
        ([Task(2, gpus=1), Task(3, gpus=2, priority=2), Task(1, gpus=1)], 2, 9, [3, 0, 3]),
        ([Task(2, 1), Task(3, 1), Task(5, 2, needs=[0]), Task(1, 1, needs=[0])], 2, 9, [0, 0, 3, 2]),
        # the cores bind, not the GPUs
        ([Task(1, gpus=1, cores=3), Task(1, gpus=1, cores=3)], 2, 4, [0, 1]),
    ],
)
def test_simulate(tasks, gpus, cores, starts):
    assert simulate(tasks, gpus, cores) == (starts, [s + task.seconds for s, task in zip(starts, tasks, strict=True)])


def test_a_task_that_never_fits_is_named():
    with pytest.raises(ValueError, match="a job needs 8 GPUs and 1 cores; there are 4 and 64"):
        simulate([Task(1, gpus=8)], 4, 64)


def test_critical_path():
    assert critical_path(DIAMOND) == (9, [0, 2, 3])
    assert critical_path([]) == (0, [])


@st.composite
def graphs(draw):
    tasks = []
    for place in range(draw(st.integers(0, 12))):
        needs = draw(st.lists(st.integers(0, place - 1), unique=True, max_size=3)) if place else []
        sizes = draw(st.tuples(st.integers(0, 3), st.integers(1, 2), st.integers(0, 2)))
        tasks.append(Task(draw(st.integers(0, 9)), *sizes, needs))
    return tasks


@given(graphs(), st.integers(3, 6), st.integers(2, 8))
def test_no_schedule_is_impossible_or_better_than_its_bounds(tasks, gpus, cores):
    starts, ends = simulate(tasks, gpus, cores)
    makespan = max(ends, default=0)
    assert makespan >= critical_path(tasks)[0]
    assert makespan * gpus >= sum(task.seconds * task.gpus for task in tasks)
    assert makespan * cores >= sum(task.seconds * task.cores for task in tasks)
    assert makespan <= sum(task.seconds for task in tasks)  # something always runs
    for start, task in zip(starts, tasks, strict=True):
        assert all(ends[need] <= start for need in task.needs)
        running = [other for s, e, other in zip(starts, ends, tasks, strict=True) if s <= start < e]
        assert sum(other.gpus for other in running) <= gpus
        assert sum(other.cores for other in running) <= cores
