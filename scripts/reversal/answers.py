"""Reading final answers: what a solution states, by its mark, and by a looser second reading; and its equations."""

import re

MINUS = "\u2212"  # as typographers write it
BOXED = "\\boxed{"  # the mark of an answer in braces; any other mark stands before the answer on one line
CURRENCY = re.compile(r"\\?[$\u20ac\u00a3\u00a5]\s*")  # dollar, euro, pound, yen
PLAIN = r"(?>(?:[0-9][0-9,]*)?\.?[0-9]+)"  # atomic: it gives no digit back, which could take the square of their number
NUMBER = re.compile(rf"-?(?:{CURRENCY.pattern})?-?{PLAIN}(?![.,][0-9]|\s*/\s*[0-9])")  # 1/2 is not 1
NUMBER_IN_TEXT = re.compile(rf"(?:(?<![0-9)])-)?(?:{CURRENCY.pattern})?{PLAIN}")  # 16-3: 16 and 3; = -3: -3
BOX = re.compile(r"\\(?:boxed|fbox)(?![a-zA-Z])\s*")
EQUATION = re.compile(r"<<([^<>]*)>>")
LETTER = re.compile(r"(?<![\w'\u2019])([A-Z])(?![\w'\u2019])")
WORD = re.compile(r" ([a-z]+)")
MATHS = re.compile(r"\$([^$]+)\$")
FENCED = re.compile(r"```\w*[ \t]*\r?\n(.*?)(?:```|\Z)", re.DOTALL)


def marked_answer(text: str, mark: str) -> str | None:
    """What stands after the last `mark`, to the end of its line (of the next line if nothing follows); None if nothing.

    With the mark "\\boxed{", what the last box holds: \\boxed{..}, \\fbox{..}, or \\boxed and a single token.
    """
    if mark == BOXED:
        boxes = list(BOX.finditer(text))
        answer = _boxed(text[boxes[-1].end() :]) if boxes else None
    else:
        tail = text.rpartition(mark)[2].strip() if mark in text else ""
        answer = tail.splitlines()[0] if tail else None
    return (answer or "").strip() or None


def number_answer(text: str, mark: str = "####") -> str | None:
    """The number right after the last mark, as canonical decimal text; None if there is no mark or no number.

    "#### 1,200" -> "1200"; "#### $3.50 a day" -> "3.5"; "#### -0" -> "0"; "#### about six", "#### 1/2" -> None.
    """
    number = NUMBER.match((marked_answer(text, mark) or "").replace(MINUS, "-"))
    return canonical_number(number[0]) if number else None


def last_number(text: str) -> str | None:
    """The last number anywhere in the text, as canonical decimal text: the flexible reading of a numeric answer."""
    numbers = NUMBER_IN_TEXT.findall(text.replace(MINUS, "-"))
    return canonical_number(numbers[-1]) if numbers else None


def last_expression(text: str) -> str | None:
    """The flexible reading of LaTeX: the last box, else after "####", else the last $..$, else the last number."""
    maths = MATHS.findall(text)
    return (
        marked_answer(text, BOXED)
        or marked_answer(text, "####")
        or (maths[-1].strip() if maths and maths[-1].strip() else last_number(text))
    )


def choice_answer(text: str | None, choices: list[str]) -> str | None:
    """The letter of the option that `text` names, by letter or by the option's own text; None if none or several."""
    if not text:
        return None
    plain = text.strip().strip(".!*()").casefold()
    texts = [choice.casefold() for choice in choices]
    letter_of = {choice: chr(ord("A") + i) for i, choice in enumerate(texts) if texts.count(choice) == 1}
    if plain in letter_of:
        return letter_of[plain]
    letters = {
        match[1]
        for match in LETTER.finditer(text)
        if ord(match[1]) - ord("A") < len(choices) and not _is_article(match, text)
    }
    if not letters:
        named = [choice for choice in letter_of if re.search(rf"(?<!\w){re.escape(choice)}(?!\w)", plain)]
        # "train station" names the station only as part of itself.
        letters = {letter_of[choice] for choice in named if not any(choice != n and choice in n for n in named)}
    return letters.pop() if len(letters) == 1 else None


def after_thinking(text: str) -> str:
    """What a reasoning model says after its thoughts, <think>..</think>; what was before if they never end."""
    return text.rpartition("</think>")[2] if "</think>" in text else text.partition("<think>")[0]


def fenced_program(text: str) -> str:
    """The flexible reading of a program: the first fenced block, else the whole text."""
    block = FENCED.search(text)
    return block[1] if block else text


def canonical_number(text: str) -> str | None:
    """Decimal text without currency, thousands commas, leading or trailing zeros; None if `text` is no number."""
    plain = CURRENCY.sub("", text).replace(",", "")
    if not re.fullmatch(r"-?[0-9]*\.?[0-9]+", plain):
        return None
    sign, digits = ("-", plain[1:]) if plain.startswith("-") else ("", plain)
    whole, _, fraction = digits.partition(".")
    canonical = (whole.lstrip("0") or "0") + ("." + fraction.rstrip("0") if fraction.rstrip("0") else "")
    return canonical if canonical == "0" else sign + canonical


def equations(text: str) -> tuple[str, ...]:
    """The set of equations between calculator marks, sorted, without spaces: ("12+5=17", "3*4=12")."""
    return tuple(sorted({re.sub(r"\s", "", equation) for equation in EQUATION.findall(text)}))


def _boxed(text: str) -> str | None:
    """The group that `text` begins with, without its braces, or its first token; None if the group is never closed."""
    if not text.startswith("{"):
        return re.match(r"[^\s$]*", text)[0]
    depth, escaped = 0, False
    for place, character in enumerate(text):
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character in "{}":
            depth += 1 if character == "{" else -1
            if depth == 0:
                return text[1:place]
    return None


def _is_article(letter: re.Match, text: str) -> bool:
    """Whether an "A" is the article of the word after it: "A library", but not "A or B" and not "(A)"."""
    following = WORD.match(text, letter.end())
    return letter[1] == "A" and following is not None and following[1] not in ("or", "and", "is")
