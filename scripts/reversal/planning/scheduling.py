"""How long a graph of jobs takes on a machine: list scheduling, as Snakemake does it.

Whenever something is free, the waiting job of highest priority that fits starts (of equal ones the first of the list);
jobs that do not fit are passed over, not waited for. Nothing here knows what a job is.
"""

import heapq
from collections.abc import Sequence
from typing import NamedTuple


class Task(NamedTuple):
    seconds: float
    gpus: int = 0
    cores: int = 1
    priority: int = 0
    needs: Sequence[int] = ()  # places of tasks that come before it in the list


def simulate(tasks: Sequence[Task], gpus: int, cores: int) -> tuple[list[float], list[float]]:
    """When each task starts and ends, in seconds. Raises ValueError if one needs more than there is."""
    waiting_for, dependants = [len(task.needs) for task in tasks], _dependants(tasks)
    queues: dict[tuple[int, int], list] = {}  # by what its tasks take: the first of one is next
    starts, ends = [0.0] * len(tasks), [0.0] * len(tasks)
    running: list[tuple[float, int]] = []
    now = 0.0

    def make_ready(place: int) -> None:
        task = tasks[place]
        heapq.heappush(queues.setdefault((task.gpus, task.cores), []), (-task.priority, place))

    for place, task in enumerate(tasks):
        if task.gpus > gpus or task.cores > cores:
            raise ValueError(f"a job needs {task.gpus} GPUs and {task.cores} cores; there are {gpus} and {cores}")
        if not task.needs:
            make_ready(place)
    while True:
        while fitting := [queue[0] for (g, c), queue in queues.items() if queue and g <= gpus and c <= cores]:
            place = min(fitting)[1]
            task = tasks[place]
            heapq.heappop(queues[task.gpus, task.cores])
            gpus, cores = gpus - task.gpus, cores - task.cores
            starts[place], ends[place] = now, now + task.seconds
            heapq.heappush(running, (ends[place], place))
        if not running:
            return starts, ends
        now = running[0][0]
        while running and running[0][0] == now:
            _, place = heapq.heappop(running)
            gpus, cores = gpus + tasks[place].gpus, cores + tasks[place].cores
            for dependant in dependants[place]:
                waiting_for[dependant] -= 1
                if waiting_for[dependant] == 0:
                    make_ready(dependant)


def critical_path(tasks: Sequence[Task]) -> tuple[float, list[int]]:
    """The longest chain of tasks that wait for one another: its seconds, and the places of its tasks."""
    ends: list[float] = []
    for task in tasks:
        ends.append(task.seconds + max((ends[place] for place in task.needs), default=0.0))
    if not tasks:
        return 0.0, []
    chain = [max(range(len(tasks)), key=ends.__getitem__)]
    while needs := tasks[chain[-1]].needs:
        chain.append(max(needs, key=ends.__getitem__))
    return ends[chain[0]], chain[::-1]


def _dependants(tasks: Sequence[Task]) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in tasks]
    for place, task in enumerate(tasks):
        for need in task.needs:
            found[need].append(place)
    return found
