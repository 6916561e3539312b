"""Verdicts on LaTeX answers: by text or value where that is certain, else by math-verify in workers it cannot hang."""

import math
import re
from fractions import Fraction
from functools import lru_cache
from multiprocessing import get_context
from string import ascii_letters

# Any letter but those that math-verify may read as e, f(x), infinity, "or", a differential or a unit at the end.
TOKEN = re.compile(r"\\frac\{|\\sqrt\{|\\pi|\d+(?:\.\d+)?|[a-cg-np-zA-DF-Z]|[-+^{}]", re.ASCII)
# 2 1/2 is a mixed number, and numbers after a factor or an exponent have more than one reading.
UNCLEAR = re.compile(r"\d\\frac|[^-+{^\d.]\d|\^\d\d|[a-cghjlmr-wA-Z]$|(?<!\\)[A-Za-z]{2}$")
POINT = {"\\pi": math.pi, **{letter: 0.2 + ord(letter) % 32 / 37 for letter in ascii_letters}, "i": 1j}
MATRIX = re.compile(r"\\begin\{[pb]matrix\}(.*)\\end\{[pb]matrix\}")
LONGEST = 2_000  # characters; the longest answer of MATH has under 200
MEMORY = 4 * 2**30  # bytes a worker may take on top of what it starts with
ROUNDED = 1e-5  # math-verify rounds decimals to 6 places: what is further apart is different to it too

TEXT = r"\\(?:text|mbox|textbf|textit|textrm|textnormal|mathrm|mathbf|mathit)\s*\{([^{}]*)\}"
ONLY_TEXT = re.compile(TEXT + r"\.?")
WORDS_IN_TEXT = re.compile(r"\\(?:text|mbox)\{[A-Za-z() ]*\}")
ONLY_WORDS = re.compile(r"[\w ,.:;'()-]*[A-Za-z][\w ,.:;'()-]*")
PREFIX = re.compile(r"\\?[A-Za-z]+(?:_\w)?=(?=[^=]+$)")
# At most the 15 digits that a float holds, as math-verify reads decimals as floats.
NUMBER = re.compile(r"([+-]?)(?:(\d{1,15}|\d{1,9}\.\d{1,6})|\\frac\{([+-]?\d{1,15})\}\{(\d{1,15})\})", re.ASCII)
NO_SPACE = re.compile(r"\s*\\!\s*")
THOUSANDS = r"(?<!\d)\d{1,3}(?:,\d{3})+(?!\d)"
PLAINER = [
    (re.compile(pattern), plainer)
    for pattern, plainer in [
        (r"\\?\$\s*", ""),
        (NO_SPACE, ""),
        (r"\\(?:left|right|displaystyle)(?![A-Za-z])", ""),
        (r"\\[dtc]frac(?![A-Za-z])", r"\\frac"),
        (r"\\(le|ge|ne)(?![A-Za-z])", r"\\\1q"),
        (r"(?<!\\)\\(?:[,;: ]|q?quad(?![A-Za-z]))|~", " "),
        (r"[\s.]+$", ""),
        (TEXT, r"\\text{\1}"),
        # A unit after the number; half of the day is no unit.
        (r"^((?:(?!\\text).)+?)\s*\\text\{(?!\s*[ap]\.?\s?m)[^{}]*\}(?:\^\{?\d\}?)?$", r"\1"),
        (r"\\text\{([^{}]*)\}", r"\1"),
        (r"\^\{?\\circ\}?|\\degrees?(?![A-Za-z])|°", ""),
        (r"\{,\}", ","),
        (rf"^[+-]?{THOUSANDS}(?:\.\d+)?$", lambda number: number[0].replace(",", "")),  # but 1, 000 may be two numbers
        (r"\s+", " "),
        (r"(?<!\d) | (?!\d)", ""),  # 1 2 is not 12
        (r"\\frac(\d) ?(\d)", r"\\frac{\1}{\2}"),
        (r"\\frac(\w)\{", r"\\frac{\1}{"),
        (r"\\frac\{([^{}]*)\}(\w)", r"\\frac{\1}{\2}"),
        (r"\\sqrt(\w)", r"\\sqrt{\1}"),
        (r"([\^_])\{(\w)\}", r"\1\2"),
        (r"(?<!\\)%", r"\\%"),
        (r"(?<![\d.])\.(?=\d)", "0."),
        (r"(?<![^\[(,&{}+\-\\])(\d+)/(\d+)(?![^\]),&}+\-\\]|\\(?!end)[A-Za-z])", r"\\frac{\1}{\2}"),
    ]
]


def judge_expressions(
    pairs: list[tuple[str, str]], workers: int, seconds: float = 5.0, fast_paths: bool = True
) -> list[str]:
    """One verdict per (gold, answer) of LaTeX texts, in their order: correct, wrong, timeout or infra_error.

    The judge is math-verify, in `workers` processes; a pair may take `seconds` of a processor's time, so that no
    verdict depends on what else the machine does. Without `fast_paths` it judges every pair alone. More than 2,000
    characters are no_answer, unless they are the gold text: no real answer is so long.
    A pair that times out, or kills its worker (memory, a crash), is tried again alone; if it fails again it is a
    timeout. What math-verify cannot read at all is wrong. infra_error: the judge itself could not be run.
    """
    verdicts = {pair: _quick_verdict(*pair, fast_paths) for pair in dict.fromkeys(pairs)}
    left = [pair for pair, verdict in verdicts.items() if verdict is None]
    if left:
        verdicts |= _judge_in_workers(left, workers, seconds)
    for pair in left:
        if verdicts[pair] == "timeout":
            verdicts |= _judge_in_workers([pair], 1, seconds)
    return [verdicts[pair] for pair in pairs]


def same_text(gold: str, answer: str) -> bool:
    r"""Whether both are the same text but for the way it is written.

    That is: spaces, \left and \right, sorts and braces of \frac, money, units, degree signs, thousands commas, a
    leading zero, a trailing period, \text, and "x =" before one of the two. If the gold is a text, also letter case
    and brackets around it. More than 2,000 characters are compared as they are.
    """
    if gold == answer or max(len(gold), len(answer)) > LONGEST:
        return gold == answer
    plain_gold, plain_answer = _plain_pair(gold, answer)
    return plain_gold == plain_answer != ""


def same_number(gold: str, answer: str) -> bool | None:
    """Whether two plain numbers or simple fractions are equal; None if one is neither, or math-verify may round."""
    first, second = map(_number, _plain_pair(gold, answer))
    if first is None or second is None or 0 < abs(first - second) < ROUNDED:
        return None
    return first == second


def clearly_different(gold: str, answer: str) -> bool:
    """Whether two terms, or two tuples or matrices of terms, are far apart at one point, or are of different kinds.

    Terms are made of numbers, pi, i, variables, fractions, square roots and whole powers.
    """
    plain = _plain_pair(gold, answer)
    first, second = map(_value, plain)
    if first is not None and second is not None:
        return _far_apart(first, second)
    (kind, terms), (other_kind, other_terms) = map(_several, plain)
    if first is not None or second is not None:
        text = answer if second is None else gold
        return (kind or other_kind) is not None or bool(WORDS_IN_TEXT.fullmatch(text))
    if kind == other_kind:
        return kind in ("tuple", "matrix") and (
            len(terms) != len(other_terms) or any(map(_far_apart, terms, other_terms))
        )
    return "matrix" in (kind, other_kind) and None not in (kind, other_kind)


def _quick_verdict(gold: str, answer: str, fast_paths: bool) -> str | None:
    if len(answer) > LONGEST:
        return "correct" if gold == answer else "no_answer"
    if not fast_paths:
        return None
    equal = same_text(gold, answer) or same_number(gold, answer)
    if equal is None and clearly_different(gold, answer):
        equal = False
    return {True: "correct", False: "wrong", None: None}[equal]


def _plain_pair(gold: str, answer: str) -> tuple[str, str]:
    pair = _plain(gold), _plain(answer)
    if ONLY_TEXT.fullmatch(gold.strip()):
        pair = tuple(plain.strip("()").casefold() for plain in pair)
    if ("=" in pair[0]) != ("=" in pair[1]):  # x=5 is 5, but y=5 is not x=5
        pair = tuple(PREFIX.sub("", plain, count=1) for plain in pair)
    return pair


@lru_cache(maxsize=10_000)
def _plain(text: str) -> str:
    text = " ".join(text.split())
    for pattern, plainer in PLAINER:
        text = pattern.sub(plainer, text)
    return text


@lru_cache(maxsize=10_000)
def _value(plain: str) -> complex | None:
    """The value of a term at one point; None if `plain` is no such term or has more than one reading."""
    tokens = TOKEN.findall(plain)[::-1]
    if len(tokens) > 100 or sum(map(len, tokens)) != len(plain) or UNCLEAR.search(plain):
        return None
    try:
        tokens.insert(0, "}")
        value = _sum(tokens)
        return value if abs(value) < 1e15 and not tokens else None
    except (IndexError, ValueError, ArithmeticError):
        return None


def _sum(tokens: list[str]) -> complex:
    """Takes a sum and the brace that closes it from the end of `tokens`, where its first token is."""
    total, sign = 0.0, tokens.pop() if tokens[-1] in "+-" else "+"
    while sign != "}":
        product = _power(tokens)
        while tokens[-1] not in "+-}":
            product *= _power(tokens)
        total += product if sign == "+" else -product
        sign = tokens.pop()
    return total


def _power(tokens: list[str]) -> complex:
    token = tokens.pop()
    if token == "\\sqrt{":
        value = _sum(tokens) ** 0.5
    elif token == "\\frac{":
        value = _sum(tokens)
        value /= _sum(tokens) if tokens.pop() == "{" else 0
    else:
        value = POINT[token] if token in POINT else float(token)
    if tokens[-1] == "^":
        tokens.pop()
        braced = tokens[-1] == "{" and tokens.pop()
        value **= int(tokens.pop())
        if braced and tokens.pop() != "}":
            raise ValueError("not a whole exponent")
    return value


def _far_apart(first: complex, second: complex) -> bool:
    return abs(first - second) > ROUNDED * (1 + abs(first) + abs(second))


def _several(plain: str) -> tuple[str | None, list[complex]]:
    """The kind (matrix, tuple, or set for lists, intervals and unions of them) and the terms; (None, []) if neither."""
    matrix = MATRIX.fullmatch(plain)
    if matrix:
        terms = [_value(entry) for entry in re.split(r"&|\\\\", matrix[1])]
        return (None, []) if None in terms else ("matrix", terms)
    for part in plain.split("\\cup"):
        bracketed = part[:1] in ("(", "[") and part[-1:] in (")", "]")
        entries = (part[1:-1] if bracketed else part).split(",")
        terms = [math.inf if entry.lstrip("+-") == "\\infty" else _value(entry) for entry in entries]
        # [5,5] is the set of 5, and 1,000 is a number.
        if None in terms or len(set(terms)) < 2 or re.search(THOUSANDS, part):
            return None, []
    return "tuple" if plain[0] + plain[-1] == "()" and "\\cup" not in plain else "set", terms


def _number(plain: str) -> Fraction | None:
    match = NUMBER.fullmatch(plain)
    if not match or (match[4] and int(match[4]) == 0):
        return None
    size = Fraction(match[2]) if match[2] else Fraction(int(match[3]), int(match[4]))
    return -size if match[1] == "-" else size


def _judge_in_workers(pairs: list[tuple[str, str]], workers: int, seconds: float) -> dict[tuple[str, str], str]:
    """The verdict of every pair."""
    import math_verify  # noqa: F401, the workers are copies of this process and need not import it again
    from pebble import ProcessExpired, ProcessPool
    from tqdm import tqdm

    verdicts = {}
    # A script run by Snakemake cannot be imported again, as every other way to start a process would.
    with ProcessPool(min(workers, len(pairs)), 0, _prepare_worker, context=get_context("fork")) as pool:
        # The wall clock counts only for a worker that waits instead of computing, which should not happen.
        tasks = [pool.schedule(_judge, args=(*pair, seconds), timeout=20 * seconds) for pair in pairs]
        judged = tqdm(zip(pairs, tasks, strict=True), "math-verify", len(pairs), mininterval=10)
        for pair, task in judged:
            try:
                verdicts[pair] = task.result()
            except (TimeoutError, ProcessExpired, MemoryError):
                verdicts[pair] = "timeout"
            except Exception as error:
                print(f"math-verify could not be run on {pair!r:.200}: {error!r:.200}")
                verdicts[pair] = "infra_error"
    return verdicts


def _prepare_worker() -> None:
    import logging
    import resource
    import signal
    from pathlib import Path

    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a handler in Python would not run while C code does
    logging.getLogger("math_verify").setLevel(logging.ERROR)  # it warns that its own timeouts are off
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, held + MEMORY))


def _judge(gold: str, answer: str, seconds: float) -> str:
    """The verdict; the kernel ends a worker that needs more than `seconds` of a processor's time."""
    import signal

    from math_verify import verify

    signal.setitimer(signal.ITIMER_PROF, seconds)
    equal = verify(*map(_parsed, as_latex(gold, answer)), timeout_seconds=None)
    signal.setitimer(signal.ITIMER_PROF, 0)
    return "correct" if equal else "wrong"


@lru_cache(maxsize=1_000)  # the answers to one problem share their gold, and parsing is most of the work
def _parsed(latex: str) -> list:
    from math_verify import parse

    return parse(latex, parsing_timeout=None)


def as_latex(gold: str, answer: str) -> tuple[str, str]:
    r"""Both as math-verify is to read them: in a box, without a trailing period, which it cannot read after a number.

    If the gold is a text and the answer a text or bare words, both are marked as \text without brackets around it:
    math-verify reads bare letters as a product of variables.
    """
    text, words = ONLY_TEXT.fullmatch(gold.strip()), ONLY_TEXT.fullmatch(answer.strip())
    words = words[1] if words else ONLY_WORDS.fullmatch(answer.strip()) and answer
    if text and words:
        return tuple(f"\\boxed{{\\text{{{inner.strip(' .()')}}}}}" for inner in (text[1], words))
    return tuple(f"\\boxed{{{NO_SPACE.sub('', latex).rstrip(' .')}}}" for latex in (gold, answer))
