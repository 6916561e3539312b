"""What a script uses of a small library, and which edits its digest sees."""

from pathlib import Path

import pytest
from reversal import code_digests

SCRIPTS = Path(__file__).parents[2] / "scripts"
FILES = {
    "shout.py": '''"""shout: a text, loudly."""

from reversal import jobs, tables
from reversal.words import louder as change


def main(text):
    return tables.check(change(text), tables.LOUD)


if "snakemake" in globals():
    jobs.start("log")
    main("a")
''',
    "reversal/jobs.py": "def start(log):\n    print(log)\n\n\ndef write(text):\n    print(text)\n",
    "reversal/words.py": '''"""Words."""

import os
from math import ceil, floor

from reversal import settings

MARK = "!"
MARK += settings.MARK  # twice


def louder(text: str) -> str:
    """Loud.

    In capitals."""
    from reversal.more import times

    return text.upper() + times(MARK, ceil(0.5))


def quieter(text):
    return text.lower()[: floor(2.5)]
''',
    "reversal/settings.py": 'MARK = "!"\nOTHER = 1\n',
    "reversal/more.py": "def times(text, n):\n    return text * n\n\n\nif __name__ == '__main__':\n    print(1)\n",
    "reversal/tables.py": """from reversal import seals

LOUD, QUIET = {"text": str}, {"text": int}


def check(text, schema):
    return text
""",
    "reversal/seals.py": "A = 1\n",
}


def digest(folder, files: dict[str, str]) -> str:
    code_digests._module.cache_clear()  # within a process files do not change
    code_digests._read.cache_clear()
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return code_digests.digest(str(folder / "shout.py"))


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("shout.py", "loudly", "very loudly"),  # a docstring
        ("shout.py", "import jobs, tables", "import (\n    tables,\n    jobs,\n)"),
        ("reversal/words.py", "# twice", "# or so"),
        ("reversal/words.py", "In capitals.", "In CAPITALS."),
        ("reversal/words.py", 'MARK = "!"', "MARK = '!'"),
        ("reversal/words.py", "text.lower()", "text.strip()"),  # quieter, which nobody calls
        ("reversal/words.py", "from math import ceil, floor", "from math import ceil, trunc as floor"),
        ("reversal/words.py", "import os\n", ""),
        ("reversal/settings.py", "OTHER = 1", "OTHER = 2"),
        ("reversal/jobs.py", "print(log)", "print('Log: ', log)"),  # start makes no result
        ("reversal/jobs.py", "print(text)", "print('Text: ', text)"),
        ("reversal/seals.py", "A = 1", "A = 2"),
    ],
)
def test_an_edit_that_changes_nothing_for_the_script_is_not_seen(tmp_path, file, before, after):
    assert before in FILES[file]
    assert digest(tmp_path, FILES) == digest(tmp_path, FILES | {file: FILES[file].replace(before, after)})


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("shout.py", 'main("a")', 'main("b")'),
        ("shout.py", "import louder as", "import quieter as"),
        ("reversal/words.py", "text.upper()", "text.title()"),
        ("reversal/words.py", 'MARK = "!"', 'MARK = "?"'),
        ("reversal/words.py", "MARK +=", "MARK ="),
        ("reversal/words.py", "import ceil, floor", "import floor as ceil, floor"),
        ("reversal/words.py", "from reversal.more import times", "from reversal.settings import times"),
        ("reversal/words.py", "MARK = ", "os.environ['A'] = MARK = "),
        ("reversal/settings.py", 'MARK = "!"', 'MARK = "?"'),
        ("reversal/more.py", "text * n", "text + text"),
        ("reversal/more.py", "print(1)", "print(2)"),  # runs with the module, if only as a program of its own
        ("reversal/tables.py", "str}", "bytes}"),
        ("reversal/seals.py", "A = 1", "A = 1\nprint(A)"),  # importing it does something
    ],
)
def test_an_edit_of_anything_that_the_script_uses_is_seen(tmp_path, file, before, after):
    assert before in FILES[file]
    edited = FILES | {"reversal/settings.py": FILES["reversal/settings.py"] + "times = 1\n"}
    assert digest(tmp_path, edited) != digest(tmp_path, edited | {file: edited[file].replace(before, after)})


@pytest.mark.parametrize("use", ["getattr(tables, name)", "tables.__file__", "tables.check, tables.QUEST"])
def test_of_a_module_that_is_used_in_an_unclear_way_everything_counts(tmp_path, use):
    files = FILES | {"shout.py": f"from reversal import tables\n\nname = 'LOUD'\nprint({use})\n"}
    changed = {"reversal/tables.py": FILES["reversal/tables.py"].replace("int}", "float}")}
    assert digest(tmp_path, files) != digest(tmp_path, files | changed)


def test_what_is_said_to_make_no_result_is_there():
    for module, name in code_digests.NO_RESULT:
        path = SCRIPTS / f"{module.replace('.', '/')}.py"
        assert f"\ndef {name}(" in path.read_text()
