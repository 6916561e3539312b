"""Verdicts on LaTeX answers: by rules, text or value where these are certain, otherwise by math-verify in workers."""

import re
import signal
from collections.abc import Callable
from functools import lru_cache
from multiprocessing import get_context

from reversal.verifying.answers import boxed_answers
from reversal.verifying.latex import HALF_OF_DAY, ONLY_TEXT, TEXT, has_percent, plain, unit, words
from reversal.verifying.terms import clearly_different, same_number

LONGEST = 2_000  # characters; the longest answer of MATH has under 200
MEMORY = 4 * 2**30  # bytes a worker may take on top of what it starts with

PREFIX = re.compile(r"^\\?[A-Za-z]+(?:_\w|\([^()=]*\))?=(?=[^=]+$)")
OPTION = re.compile(r"\(?([A-Z])\)?")  # as the whole gold answer
CHOSEN = re.compile(r"\(?([A-Z])(?:\)|[.:]\s)[^A-Z]*(?:[A-Z][a-z][^A-Z]*)*")  # the text of the option may follow
BASED = re.compile(r"(?:\\text\{)?([\dA-F]+)\}?(?:_\{?(?:\\text\{)?(\w+)\}*)?")
NOT_WHOLE = re.compile(r"\d \d|\\[lc]?dots|\.\.\.|\u2026")  # math-verify multiplies 1 2, and passes over dots
SET = re.compile(r"\\\{[^()\[\]]*,[^()\[\]]*\\\}")
BRACKETS = re.compile(r"[(\[][^()\[\]]*,[^()\[\]]*[)\]]")
ONE_VARIABLE = re.compile(r"[\d.+\-^{}]*([a-z])(?:[\d.+\-^{}]|\1)*")
SURELY_A_SET = re.compile(r"[\[\]]|\\infty|\\cup")  # and no point, as (1,2) may be


def judge_expressions(
    pairs: list[tuple[str, str]], workers: int, seconds: float = 5.0, fast_paths: bool = True
) -> list[str]:
    r"""One verdict per (gold, answer) of LaTeX texts, in their order: correct, wrong, timeout or infra_error.

    A gold text of several boxes, "\boxed{3} or \boxed{4}", stands for any of them and for all of them. Rules decide
    where math-verify is too generous; else it judges, in `workers` processes, what it reads whole: what it does not is
    correct as the gold's own text alone. A pair may take `seconds` of a processor's time, so that no verdict depends on
    what else the machine does, and is a timeout then. Without `fast_paths` there are rules and math-verify only. More
    than 2,000 characters are no_answer, unless they are the gold text: no real answer is so long.
    A pair that kills its worker (memory, a crash) is tried again alone; if it fails again it is a timeout.
    infra_error: the judge itself could not be run.
    """
    verdicts = {pair: _quick_verdict(*pair, fast_paths) for pair in dict.fromkeys(pairs)}
    left = [pair for pair, verdict in verdicts.items() if verdict is None]
    verdicts |= zip(left, _in_workers(_judge, left, workers, seconds), strict=True)
    for pair in left:
        if verdicts[pair] == "died":
            again = _in_workers(_judge, [pair], 1, seconds)[0]
            verdicts[pair] = "timeout" if again == "died" else again
    return [verdicts[pair] for pair in pairs]


def unread_golds(golds: list[str], workers: int, seconds: float = 5.0) -> list[str]:
    """The gold answers that neither a rule nor math-verify reads whole: their own text alone will be correct."""
    left = [gold for gold in golds if _rule(gold, gold, _plain_pair(gold, gold)) is None]
    found = _in_workers(_is_read, [(gold,) for gold in left], workers, seconds)
    return [gold for gold, read in zip(left, found, strict=True) if read != "read"]


def same_text(gold: str, answer: str) -> bool:
    r"""Whether both are the same text except for the way it is written (latex.plain), and "x =" before one of the two.

    If the gold is a text, also letter case and brackets around it. More than 2,000 characters are compared as they are.
    """
    if gold == answer or max(len(gold), len(answer)) > LONGEST:
        return gold == answer
    answer = _unboxed(answer)
    return any(_rule(text, answer, pair, equal_text=True) for text, pair in _readings(gold, answer))


def _quick_verdict(gold: str, answer: str, fast_paths: bool) -> str | None:
    if len(answer) > LONGEST:
        return "correct" if gold == answer else "no_answer"
    answer = _unboxed(answer)
    readings = _readings(gold, answer)
    found = [_rule(text, answer, pair, fast_paths) for text, pair in readings]
    if fast_paths:
        found = [_value_verdict(*pair) if v is None else v for v, (_, pair) in zip(found, readings, strict=True)]
    return "correct" if True in found else None if None in found else "wrong"


def _unboxed(answer: str) -> str:
    return ", ".join(boxed_answers(answer)[0]) or answer


def _readings(gold: str, answer: str) -> list[tuple[str, tuple[str, str]]]:
    """What the gold answer may stand for, and the plain texts that are then compared; one equal pair is enough.

    Each of several boxes, and all of them; each side of an equation of numbers; a percent sign as a hundredth, too.
    """
    boxes = boxed_answers(gold)[0]
    golds = [*boxes, ", ".join(boxes)] if boxes else [gold]
    if "=" in gold and not re.search(r"[A-Za-z]", gold):
        golds = gold.split("=")
    pairs = [(text, _plain_pair(text, answer)) for text in golds]
    hundredths = [
        (text, (_hundredth(pair[0]), pair[1]) if has_percent(text) else (pair[0], _hundredth(pair[1])))
        for text, pair in pairs
        if has_percent(text) != has_percent(answer)
    ]
    return pairs + hundredths


def _hundredth(text: str) -> str:
    return rf"\frac{{{text}}}{{100}}"


def _plain_pair(gold: str, answer: str) -> tuple[str, str]:
    first, second = plain(gold), plain(answer)
    if ("=" in first) != ("=" in second):  # x=5 is 5, but y=5 is not x=5
        first, second = PREFIX.sub("", first), PREFIX.sub("", second)
    initial = unit(gold)[0][:1]  # m for meters: a letter is a unit where the gold answer has such a one
    if initial and re.fullmatch(rf".*[\d}}]{re.escape(initial)}", second):
        second = second[:-1]
    return first, second


def _rule(gold: str, answer: str, pair: tuple[str, str], equal_text: bool = False) -> bool | None:
    """Whether the answer is right, where text decides; None where it does not. equal_text: equal texts are right."""
    first, second = pair
    if {"2", "3"} == {unit(gold)[1], unit(answer)[1]}:
        return False  # square and cubic units
    if equal_text and first == second != "":
        return True
    if any(map(HALF_OF_DAY.fullmatch, pair)):
        return first == second
    if ONLY_TEXT.fullmatch(gold.strip()) and re.search(r"[A-Za-z]", words(gold)):
        return _same_words(gold, answer)
    if any(re.search(r"\d\}?_", text) for text in pair):
        return _same_in_base(first, second)
    if (SET.fullmatch(first) and BRACKETS.fullmatch(second)) or (BRACKETS.fullmatch(first) and SET.fullmatch(second)):
        return False
    name, _, value = second.partition("=")
    if value and "=" not in first and ONE_VARIABLE.fullmatch(name):
        return False  # 2x = 5 is not 5; of x = 5 its name is gone
    return None


def _value_verdict(gold: str, answer: str) -> bool | None:
    equal = same_number(gold, answer)
    return False if equal is None and clearly_different(gold, answer) else equal


def _same_words(gold: str, answer: str) -> bool:
    """Whether two texts are the same words; of an option's letter, the option's text may follow: (C) Plane."""
    option, chosen = OPTION.fullmatch(_inner_text(gold)), CHOSEN.fullmatch(_inner_text(answer))
    return words(gold) == words(answer) or bool(option and chosen and option[1] == chosen[1])


def _inner_text(text: str) -> str:
    return re.sub(TEXT, r"\1", text).strip(" .$")


def _same_in_base(gold: str, answer: str) -> bool:
    """Whether two numbers have the same digits, and the same base or the answer none; a gold without one has ten."""
    first, second = BASED.fullmatch(gold), BASED.fullmatch(answer)
    if not first or not second:
        return gold == answer
    return first[1] == second[1] and second[2] in ((first[2], None) if first[2] else ("10",))


def _in_workers(judge: Callable, tasks: list[tuple], workers: int, seconds: float) -> list[str]:
    """judge(*task, seconds) of every task, or timeout, died (its worker did) or infra_error."""
    if not tasks:
        return []
    import math_verify  # noqa: F401, the workers are copies of this process and need not import it again
    from pebble import ProcessExpired, ProcessPool
    from tqdm import tqdm

    found = []
    # A script run by Snakemake cannot be imported again, as every other way to start a process would.
    with ProcessPool(min(workers, len(tasks)), 0, _prepare_worker, context=get_context("fork")) as pool:
        # The wall clock counts only for a worker that waits instead of computing, which should not happen.
        futures = [pool.schedule(judge, args=(*task, seconds), timeout=20 * seconds) for task in tasks]
        for task, future in tqdm(zip(tasks, futures, strict=True), "math-verify", len(tasks), mininterval=10):
            try:
                found.append(future.result())
            except ProcessExpired as error:
                found.append("timeout" if error.exitcode == -signal.SIGPROF else "died")
            except (TimeoutError, MemoryError):
                found.append("timeout")
            except Exception as error:
                print(f"math-verify could not be run on {task!r:.200}: {error!r:.200}")
                found.append("infra_error")
    return found


def _prepare_worker() -> None:
    import logging
    import resource
    from pathlib import Path

    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a handler in Python would not run while C code does
    logging.getLogger("math_verify").setLevel(logging.ERROR)  # it warns that its own timeouts are off
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, held + MEMORY))


def _judge(gold: str, answer: str, seconds: float) -> str:
    """The verdict; the kernel ends a worker that needs more than `seconds` of a processor's time."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    answer = _unboxed(answer)
    readings = _readings(gold, answer)
    equal = any(_equal(text, *pair) for text, pair in readings if _rule(text, answer, pair) is not False)
    signal.setitimer(signal.ITIMER_PROF, 0)
    return "correct" if equal else "wrong"


def _is_read(gold: str, seconds: float) -> str:
    signal.setitimer(signal.ITIMER_PROF, seconds)
    read = all(_parsed(pair[0]) is not None for _, pair in _readings(gold, gold))
    signal.setitimer(signal.ITIMER_PROF, 0)
    return "read" if read else "not read"


def _equal(gold: str, plain_gold: str, plain_answer: str) -> bool:
    from math_verify import verify

    first, second = _parsed(plain_gold), _parsed(plain_answer)
    if first is None or second is None:
        return plain_gold == plain_answer != ""
    # Of an inequality and an interval, each may stand for the other; that (1,2) is an interval is not sure.
    sets = bool(SURELY_A_SET.search(gold))
    return verify(first, second, allow_set_relation_comp=sets, timeout_seconds=None)


@lru_cache(maxsize=1_000)  # the answers to one problem share their gold, and parsing is most of the work
def _parsed(text: str):
    """What the plain text is to sympy; None if not all of it can be read.

    math_verify.parse would look for a part that can be read instead, and take final letters for units.
    """
    from latex2sympy2_extended import NormalizationConfig, latex2sympy
    from latex2sympy2_extended.math_normalization import normalize_latex
    from math_verify.grader import should_treat_as_complex
    from sympy import nan, zoo

    if NOT_WHOLE.search(text):
        return None
    rules = NormalizationConfig(basic_latex=True, units=False, malformed_operators=True, nits=True, boxed="none")
    try:
        latex = normalize_latex(text, rules)
        # math-verify overlooks the i of 2i.
        is_complex = should_treat_as_complex(latex) or re.search(r"(?<![A-Za-z\\])i(?![A-Za-z])", latex)
        read = latex2sympy(latex, is_real=not is_complex, normalization_config=None)
        return None if read.has(zoo, nan) else read  # 1/0 and 2/0 would be equal
    except MemoryError:
        raise
    except Exception:  # of the grammar or of sympy
        return None
