from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from reversal.study_files import faults, folder

ROOT = Path(__file__).parents[2]
BASE = "study: base\nmethods:\n  sft: {start: [sft]}\nsteps: {sft: {gpus: 1}}\n"
KEYS = st.text("abc", min_size=1, max_size=2)
MAPS = st.recursive(st.integers() | st.lists(st.integers()), lambda inner: st.dictionaries(KEYS, inner), max_leaves=8)


@pytest.fixture
def written(tmp_path):
    """Writes texts as files 0.yaml, 1.yaml ..; returns their paths."""

    def write(*texts: str) -> list[str]:
        for place, text in enumerate(texts):
            (tmp_path / f"{place}.yaml").write_text(text)
        return [str(tmp_path / f"{place}.yaml") for place in range(len(texts))]

    return write


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "a: 1\nb: {c: 1\nd: 2\n",
            ", line 3: not valid YAML: expected ',' or '}', but got ':', while parsing a flow mapping, line 2",
        ),
        ("a: 1\n\tb: 2\n", ", line 2: not valid YAML: found character '\\t' that cannot start any token"),
        ("- a\n- b\n", ": must be a map (`study: NAME` and so on), and is a list"),
        ("# nothing\n", ": must be a map (`study: NAME` and so on), and is empty"),
        ("just words\n", ": must be a map (`study: NAME` and so on), and is text"),
        (
            "iterations: 2\nmethods: {}\niterations: 3\n",
            ", line 3: iterations appears twice, first in line 1; keep one",
        ),
        (
            "steps:\n  new:\n    a: 1\n  new:\n    a: 2\n",
            ", line 4: steps.new appears twice, first in line 2; keep one",
        ),
        ("seeds: &a [1, *a]\n", ", line 1: seeds.1: an anchor (&) contains itself here"),
        ("models: &a\n  x: *a\n", ", line 1: models.x: an anchor (&) contains itself here"),
        ("study: !!python/name:os.system x\n", ", line 1: study: the tag !!python/name:os.system cannot be used here"),
        ("study: !own x\n", ", line 1: study: the tag !own cannot be used here"),
        ("a:\n  study: 2026-01-02\n", ", line 2: a.study: the tag !!timestamp cannot be used here"),
        ("a: 1\n? [b, c]\n: 2\n", ", line 1: the study: the key a list or map is not a text; write it in quotes"),
        ("tasks:\n  no: {}\n", ", line 2: tasks: the key no is not a text; write it in quotes"),
        (
            "seeds:\n- 010\n",
            ", line 2: seeds.0: YAML reads 010 as 8; write it without leading zeros, or in quotes if it is text",
        ),
        (
            "a: {limit: 1:30}\n",
            ", line 1: a.limit: YAML reads 1:30 as 90; write it without leading zeros, or in quotes if it is text",
        ),
        (
            "methods: {stf: null}\n",
            ", line 1: methods.stf: null removes an entry, but there is none of this name; did you mean sft?",
        ),
        (
            "steps:\n  sft: {other: ~}\n",
            ", line 2: steps.sft.other: null removes an entry, but there is none of this name; there are: gpus",
        ),
    ],
)
def test_a_fault_is_told_with_file_and_line(written, text, fault):
    base, study = written(BASE, text)
    assert faults([base, study]) == [study + fault]


def test_an_absent_file_is_told_and_the_others_are_read_on(written, tmp_path, monkeypatch):
    base, broken = written(BASE, "- 1\n")
    monkeypatch.chdir(tmp_path)
    assert faults([base, "gone.yaml", broken]) == [
        f"gone.yaml: there is no such file, seen from {tmp_path}",
        f"{broken}: must be a map (`study: NAME` and so on), and is a list",
    ]


def test_bytes_that_are_no_text_are_told(written):
    (study,) = written("")
    Path(study).write_bytes(b"study: \xff\n")
    (fault,) = faults([study])
    assert fault.startswith(f"{study}: cannot be read: ") and "0xff" in fault


def test_what_is_no_fault(written):
    """A null for what an earlier file brought, or inside something new; a key that two maps have; the file alone."""
    files = written(
        BASE, "methods: {late: {start: [sft], repeat: null}, sft: null}\nsteps: {dpo: {gpus: 2}}", "steps: {dpo: null}"
    )
    assert faults(files) == []
    assert faults(files[1:2]) == []


@given(MAPS.filter(lambda value: isinstance(value, dict)))
def test_what_yaml_itself_writes_has_no_fault(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / "written.yaml"
    path.write_text(yaml.safe_dump(value))
    assert faults([str(path)]) == []


@pytest.mark.parametrize(
    "studies", [[], ["all-tasks"], ["gsm8k"], ["paper"], ["paper", "llama2-70b"], ["smoke"], ["bases"], ["pilot"]]
)
def test_the_studies_at_hand_have_none(studies):
    files = [str(ROOT / "config.yaml"), *(str(ROOT / f"studies/{name}.yaml") for name in studies)]
    assert faults(files) == []
    assert folder(files) == f"results/{['default', *studies][-1]}"
