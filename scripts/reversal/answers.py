"""Reading answers in GSM8K's format: the final number and the equations of a solution."""

import re

NUMBER = re.compile(r"-?\$?-?(?:\d[\d,]*)?\.?\d+")
EQUATION = re.compile(r"<<([^<>]*)>>")


def gsm8k_answer(text: str) -> str | None:
    """The number after the last `####`, as canonical decimal text, or null: what is after the mark must be a number.

    "#### 1,200" -> "1200"; "#### $3.50" -> "3.5"; "#### -0" -> "0"; "#### about six" -> None.
    """
    _, mark, tail = text.rpartition("####")
    if not mark:
        return None
    number = NUMBER.match(tail.strip())
    return canonical_number(number[0]) if number else None


def canonical_number(text: str) -> str | None:
    """Decimal text without currency, thousands commas, leading or trailing zeros; None if `text` is no number."""
    plain = text.replace("$", "").replace(",", "")
    if not re.fullmatch(r"-?\d*\.?\d+", plain):
        return None
    sign, digits = ("-", plain[1:]) if plain.startswith("-") else ("", plain)
    whole, _, fraction = digits.partition(".")
    canonical = (whole.lstrip("0") or "0") + ("." + fraction.rstrip("0") if fraction.rstrip("0") else "")
    return canonical if canonical == "0" else sign + canonical


def equations(text: str) -> tuple[str, ...]:
    """The set of equations between calculator marks, sorted, without spaces: ("12+5=17", "3*4=12")."""
    return tuple(sorted({re.sub(r"\s", "", equation) for equation in EQUATION.findall(text)}))
