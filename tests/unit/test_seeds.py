from hypothesis import given
from hypothesis import strategies as st
from reversal.seeds import seed_for


def test_seeds_are_the_same_on_every_machine_and_in_every_version():
    assert seed_for(0, "mini-llama", "sft", "mini-gsm/3", 7) == 399261364


@given(st.lists(st.integers() | st.text(), max_size=4))
def test_seeds_fit_every_library(parts):
    assert 0 <= seed_for(*parts) < 2**31


def test_neighbouring_samples_have_unrelated_seeds():
    seeds = [seed_for(seed, f"p/{i}", j) for seed in range(5) for i in range(40) for j in range(50)]
    assert len(set(seeds)) > 9_990
    assert abs(sum(seeds) / len(seeds) / 2**31 - 0.5) < 0.02


def test_parts_are_kept_apart():
    assert len({seed_for("ab", "c"), seed_for("a", "bc"), seed_for("abc"), seed_for("c", "ab")}) == 4
