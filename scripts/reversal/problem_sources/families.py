"""Problems of reasoning-gym: about a hundred families of generated tasks, whose settings say how hard they are.

Their answers are judged like all others, so only families whose answer is a number or an expression can be used. The
library's own scorers are not used: several of them give a model's text to eval, which would run it outside the sandbox.
"""

from importlib import import_module

from reversal.seeds import seed_for
from reversal.verifying.answers import canonical_number

WITH_SOLUTIONS = ("gsm_symbolic",)  # the families that say how an answer comes about
TRIES = 20  # a small family repeats itself


def family_problems(source: dict, split: str) -> list[dict]:
    """`count` different problems of a family, as rows of PROBLEMS without ids; every split has seeds of its own.

    source: {family, settings, count, seed, level, answer_type}; level is what its settings stand for, and an answer
    type is number or expression.
    Raises ValueError for an unknown family or setting, for an answer that is not of its type, and where the settings
    do not give so many different questions; RuntimeError without the library.
    """
    family, settings, count = source["family"], source.get("settings", {}), source["count"]
    try:
        reasoning_gym = import_module("reasoning_gym")  # by name: no environment has to hold it
    except ImportError as error:
        raise RuntimeError(
            f"{error}: reasoning_gym is a library that few studies need; `make study` installs it for those that name "
            "it, as does: .venv/bin/python -m pip install --no-deps -r envs/extras.lock"
        ) from error
    seed = seed_for("reasoning_gym", family, split, source.get("seed", 0))
    try:
        entries = reasoning_gym.create_dataset(family, seed=seed, size=TRIES * count, **settings)
    except (ValueError, TypeError, AssertionError) as error:
        raise ValueError(f"reasoning_gym's family {family} cannot be made with {settings}: {error}") from error
    found = {}
    for entry in entries:
        found.setdefault(entry["question"], entry)
        if len(found) == count:
            return [_row(entry, source) for entry in found.values()]
    raise ValueError(f"{family} with {settings} has {len(found)} different questions, not {count}: ask for fewer")


def _row(entry: dict, source: dict) -> dict:
    answer = entry["answer"]
    if source["answer_type"] == "number":
        answer = canonical_number(answer)
        if answer is None:
            raise ValueError(f"{source['family']}: the answer {entry['answer']!r} is not a number")
    solution = entry["metadata"].get("answer_cot")
    return {
        "question": entry["question"].strip(),
        "gold_answer": answer,
        "gold_solution": solution and f"{solution.partition('####')[0].strip()}\n#### {answer}",
        "answer_type": source["answer_type"],
        "level": source.get("level"),
    }
