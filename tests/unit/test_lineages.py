import pytest
from hypothesis import given
from hypothesis import strategies as st
from reversal import lineages

STEPS = st.lists(st.sampled_from(["sft", "dpo", "dpo_2"]), min_size=1, max_size=3)


@pytest.mark.parametrize(
    ("method", "iterations", "expected"),
    [
        ({"start": ["sft"], "repeat": ["sft"]}, 3, ["sft", "sft-sft", "sft-sft-sft"]),
        ({"start": ["sft"], "repeat": ["dpo", "sft"]}, 4, ["sft", "sft-dpo", "sft-dpo-sft", "sft-dpo-sft-dpo"]),
        ({"start": ["sft", "dpo", "sft"]}, 2, ["sft", "sft-dpo"]),
        ({"start": ["sft", "dpo"]}, 2, ["sft", "sft-dpo"]),
        ({"start": ["sft"], "repeat": []}, 1, ["sft"]),
        (
            {"start": ["a"], "repeat": ["b"]},
            11,
            [f"a{'-b' * i}" for i in range(9)] + [T := f"a{'-b' * 9}.10", f"{T}-b"],
        ),
    ],
)
def test_series(method, iterations, expected):
    assert lineages.series(method, iterations) == expected


@pytest.mark.parametrize("method", [{"start": ["sft", "dpo"]}, {"start": ["sft", "dpo"], "repeat": []}])
def test_series_without_enough_steps(method):
    with pytest.raises(ValueError, match="2 steps and none to repeat, but iterations is 3"):
        lineages.series(method, 3)


@given(STEPS, STEPS, st.integers(1, 25))
def test_every_model_of_a_series_is_its_predecessor_and_one_step(start, repeat, iterations):
    chain = lineages.series({"start": start, "repeat": repeat}, iterations)
    assert [lineages.parent(lineage) for lineage in chain] == [lineages.BASE, *chain[:-1]]
    assert [lineages.iteration(lineage) for lineage in chain] == list(range(1, iterations + 1))
    assert {lineages.first(lineage) for lineage in chain} == {chain[0]}
    assert lineages.path(chain[-1]) == chain
    steps = (start + repeat * iterations)[:iterations]
    assert [lineages.last_step(lineage) for lineage in chain] == steps
    assert lineages.series({"start": start, "repeat": repeat}, iterations + 1)[:-1] == chain  # more T: a longer series
