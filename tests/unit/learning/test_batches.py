from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reversal.learning.batches import per_process, share, smaller

SIZES = st.integers(1, 64)


def recipe(batch: int, accumulation: int | None) -> dict:
    steps = {} if accumulation is None else {"gradient_accumulation_steps": accumulation}
    return {"learning_rate": 1, "per_device_train_batch_size": batch, **steps}


@pytest.mark.parametrize(
    ("batch", "accumulation", "processes", "shared"),
    [
        (8, 16, 1, (8, 16)),
        (8, 16, 4, (8, 4)),  # the paper's recipe: less accumulation, the same batches
        (32, None, 4, (8, 1)),
        (4, 6, 4, (2, 3)),
        (6, 2, 4, (3, 1)),
    ],
)
def test_processes_share_the_accumulation_then_the_batch(batch, accumulation, processes, shared):
    assert per_process(recipe(batch, accumulation), processes) == recipe(*shared)


def test_rows_that_cannot_be_shared_are_an_error():
    with pytest.raises(ValueError, match=r"6 rows per step .* over 4 GPUs; make gradient_accumulation_steps a mult"):
        per_process(recipe(3, 2), 4)


@pytest.mark.parametrize(
    ("batch", "accumulation", "less"), [(8, 2, (4, 4)), (2, None, (1, 2)), (9, 1, (3, 3)), (5, 1, (1, 5))]
)
def test_smaller_batches_keep_the_rows_per_step(batch, accumulation, less):
    assert smaller(recipe(batch, accumulation)) == recipe(*less)


def test_one_row_cannot_be_made_smaller():
    with pytest.raises(ValueError, match="one row"):
        smaller(recipe(1, 8))


@given(SIZES, SIZES, st.integers(1, 8))
def test_no_cut_changes_the_rows_per_step(batch, accumulation, processes):
    try:
        one = per_process(recipe(batch, accumulation), processes)
    except ValueError:
        assert batch * accumulation % processes or batch % processes
        return
    rows = batch * accumulation // processes
    assert one["per_device_train_batch_size"] * one["gradient_accumulation_steps"] == rows
    while one["per_device_train_batch_size"] > 1:
        one = smaller(one)
        assert one["per_device_train_batch_size"] * one["gradient_accumulation_steps"] == rows


@pytest.mark.parametrize(
    ("rows", "processes", "most", "parts"),
    [
        ([1, 2, 3, 4], 2, 2, [[1, 2], [3, 4]]),
        ([1, 2], 4, 2, [[1], [2], [1], [2]]),
        ([1, 2, 3], 2, 4, [[1, 2, 3], [1, 2, 3]]),  # each row twice: none counts more than another
        ([1, 2, 3], 2, 2, [[1, 2], [3, 1]]),  # for which there is no room: one does
    ],
)
def test_an_incomplete_batch_is_shared_out(rows, processes, most, parts):
    assert [share(rows, processes, process, most) for process in range(processes)] == parts


@given(st.integers(1, 8), st.integers(1, 16), st.data())
def test_every_row_is_shared_out_and_none_much_more_often(processes, most, data):
    rows = list(range(data.draw(st.integers(1, processes * most))))
    parts = [share(rows, processes, process, most) for process in range(processes)]
    assert len({len(part) for part in parts}) == 1 and len(parts[0]) <= most
    counts = Counter(row for part in parts for row in part)
    assert set(counts) == set(rows)
    assert max(counts.values()) - min(counts.values()) <= 1
