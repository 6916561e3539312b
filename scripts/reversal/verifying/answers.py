"""Reading final answers: what a solution states, by its mark, and by a looser second reading; and its equations."""

import re
from decimal import Decimal

BOXED = "\\boxed{"  # the mark of an answer in braces; any other mark comes before the answer on one line
BOX = re.compile(r"\\(?:boxed|fbox)(?![a-zA-Z])\s*")
# Two boxes are one answer where nothing but "and" or "or", and a name for the second, stands between them.
JOINED = re.compile(r"[\s$.,;]*(?:\\text\{)?[\s,]*(and|or)\b[\s}]*[\s$]*(?:\\?[A-Za-z]\w*(?:\(\w*\))?\s*=\s*)?")

DASHES = str.maketrans("\u2212\u2013", "--")  # the minus sign as typographers write it, and the dash taken for it
CURRENCY = r"(?:(?:US)?\\?[$\u20ac\u00a3\u00a5]\s*)"  # dollar, euro, pound, yen
# Atomic: it gives no digit back, which could take the square of their number. Commas come before three digits.
DIGITS = r"(?>(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+)"
PLAIN = rf"{DIGITS}(?:[eE][-+]?[0-9]{{1,2}}(?![0-9]))?"
NUMBER = re.compile(rf"([-+]?){CURRENCY}?([-+]?)({PLAIN})")
NUMBER_IN_TEXT = re.compile(rf"(?:(?<![0-9)])-)?{CURRENCY}?{DIGITS}")  # 16-3: 16 and 3; = -3: -3
# Around a number: brackets, quotes, emphasis (but 2**5 is a power), marks of mathematics.
EMPHASIS = re.compile(r"(?<![0-9])(?:\*\*|__)|(?:\*\*|__)(?![0-9])|`")
OPENING = re.compile(r"(?:\\(?:boxed|fbox|text)\{|\\[(\[]|[\s(\"'\u2018\u201c=:]|\$(?=\s*\$))*")
CLOSING = re.compile(r"[)}\]$\"'\u2019\u201d]*")
# What makes a number the beginning of something else: 9 * 2, 62 + 3x, 1:30, 2 2/3, 5 to 7, 3x, 5k, 5!, 5 million.
CONTINUED = re.compile(
    r"\s*(?:[-*/:\u00d7\u00f7\u00b7]\s*[(\\$\u20ac]*[0-9.]|[+*^_\u00d7\u00f7]|-\s*[A-Za-z](?![A-Za-z])|[,.]\s*[0-9]"
    r"|(?:x|to|or|and|by)?\s*[0-9\u00bc-\u00be\u2150-\u215e]|[xyz](?![A-Za-z])|\\(?!%|[,;:! $)\]]|text|mbox|mathrm)"
    r"|(?:hundred|thousand|million|billion|trillion|dozen|and\s+(?:a|one|two|three)|halves|half)\b)"
    r"|[A-Za-z](?![A-Za-z])|\(\s*[0-9]|!"
)
CALCULATION = re.compile(r"[^0-9]*|[-+*/^()0-9.,$\u20ac\u00a3\u00a5%x\u00d7\u00f7\u00b7\s]*")  # or a name, before "="

EQUATION = re.compile(r"<<([^<>]*)>>")
# A dollar sign after a space closes no formula: "$5 and $7" is money.
MATHS = re.compile(
    r"\$\$([^$]+)\$\$|\\\(((?:(?!\\\().)+?)\\\)|\\\[((?:(?!\\\[).)+?)\\\]|(?<![\\$])\$(?![\s$])([^$\n]*[^\s$\\])\$(?![0-9$])",
    re.DOTALL,
)
STATED = re.compile(r"(?:.*(?:\bis\b|[=:]))?(.*)")
WORDS = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}|\\f?box")  # or a box that is never closed

LETTER = re.compile(r"(?<![^\W_])(?<!\w['\u2019])([A-Z])(?![^\W_]|['\u2019]\w)")
SMALL_LETTER = re.compile(r"(?:.*\b(?:answer|option|choice)(?: is)?:? )?\W*([a-z])\W*", re.IGNORECASE | re.DOTALL)
DENIED = re.compile(r"(?:\b(?:not|neither|nor|never)|n['\u2019]t)\b(?:(?!\bbut\b)[^.;,])*$", re.IGNORECASE)
REFUSED = re.compile(r"[)\"'*_ ]*(?:is|was|would be)(?: (?:not|wrong|incorrect|false)\b|n['\u2019]t)")
NO_NOUN = "since|because|as|is|was|would|will|seems|fits|makes|means|has|rather|considering|given|for|or|and|though"
NO_NOUN += "|although|when|where|which|that|than|not|but|due|if|while|the|a|an|better|by|with"

FENCE = re.compile(r"^```(\w*)[ \t]*\r?(?:\n|\Z)", re.MULTILINE)
CODE = re.compile(r"^(?:def|import|from|class) ", re.MULTILINE)


def marked_answer(text: str, mark: str) -> str | None:
    """What follows the last `mark` that something follows, to the end of its line (of the next if it is empty).

    With the mark "\\boxed{", what the last box holds: \\boxed{..}, \\fbox{..}, or \\boxed and a single token; if "and"
    or "or" alone joins it to the box before, what all of these hold, with commas between. None if there is nothing.
    """
    if mark == BOXED:
        return ", ".join(boxed_answers(text)[0]) or None
    while mark in text:
        text, _, tail = text.rpartition(mark)
        if tail.strip():
            return tail.strip().splitlines()[0].strip()
    return None


def boxed_answers(text: str) -> tuple[list[str], str]:
    """What the last box holds, and those before it that "and" or "or" joins to it; and that word, or an empty one."""
    contents, word, later = [], "", len(text)
    for box in reversed(list(BOX.finditer(text))):
        content, end = _boxed(text, box.end())
        joined = JOINED.fullmatch(text, end, later) if contents and content else None
        if contents and not joined:
            break
        word = joined[1] if joined else ""
        if not (content or "").strip():
            return [], ""
        contents.insert(0, content.strip())
        later = box.start()
    return contents, word


def number_answer(text: str, mark: str = "####") -> str | None:
    """The number that stands alone after the last mark, as canonical decimal text; None if there is none.

    "#### 1,200" -> "1200"; "#### $3.50 a day" -> "3.5"; "#### **-0**" -> "0"; "#### 9 * 2 = 18" -> "18". A number that
    begins something else is none: "#### about six", "#### 1/2", "#### 1:30", "#### 5 to 7", "#### 62 + 3x" -> None.
    """
    return _leading_number(marked_answer(text, mark) or "")


def last_number(text: str) -> str | None:
    """The number in the last box, otherwise the last number of the text: the flexible reading of a numeric answer."""
    box = _leading_number(marked_answer(text, BOXED) or "")
    numbers = NUMBER_IN_TEXT.findall(text.translate(DASHES))
    return box or (canonical_number(numbers[-1]) if numbers else None)


def last_expression(text: str) -> str | None:
    """The flexible reading of LaTeX: the last box, else after "####", else what the last line states, else maths.

    A line states its last formula, or what follows its last "is", "=" or ":" if these are no words, or its last number.
    """
    marked = marked_answer(text, BOXED) or marked_answer(text, "####")
    text = text.rstrip()
    line = (text.splitlines() or [""])[-1]
    formula = next(reversed(list(MATHS.finditer(text))), None)
    if formula and formula.end() > len(text) - len(line):
        return marked or _inside(formula)
    stated = STATED.fullmatch(line.rstrip(" .$"))[1].strip(" $")
    bare = None if WORDS.search(stated) else stated
    return marked or bare or last_number(line) or (_inside(formula) if formula else last_number(text))


def choice_answer(text: str | None, choices: list[str]) -> str | None:
    """The letter of the option that `text` names, by letter or by the option's own text; None if none or several.

    Of several letters the first one counts, unless it is denied ("not A but B") or another is joined to it by "or",
    "and" or a comma. Letters inside an option's text, and the article before it, are none.
    """
    if not text:
        return None
    plain, texts = _bare_text(text), [_bare_text(choice) for choice in choices]
    letter_of = {choice: chr(ord("A") + i) for i, choice in enumerate(texts) if choice and texts.count(choice) == 1}
    if plain in letter_of:
        return letter_of[plain]
    options = "|".join(re.escape(choice) for choice in sorted(set(filter(None, texts)), key=len, reverse=True))
    article = rf"(?:\bA (?:(?!(?:{NO_NOUN})\b)[a-z]+ ){{0,2}})?"
    rest = re.sub(rf"{article}(?<!\w)(?i:{options})(?!\w)", " ", text) if options else text
    letters = [m for m in LETTER.finditer(rest) if ord(m[1]) - ord("A") < len(choices)]
    if letters:
        return _first_letter(rest, letters)
    small = SMALL_LETTER.fullmatch(text)
    if small and ord(small[1].upper()) - ord("A") < len(choices):
        return small[1].upper()
    named = [choice for choice in letter_of if re.search(rf"(?<!\w){re.escape(choice)}(?!\w)", plain)]
    # "train station" names the station only as part of itself.
    named = {letter_of[choice] for choice in named if not any(choice != n and choice in n for n in named)}
    return named.pop() if len(named) == 1 else None


def after_thinking(text: str) -> str:
    """What a reasoning model says after its thoughts, <think>..</think>; what was before if they never end."""
    return text.rpartition("</think>")[2] if "</think>" in text else text.partition("<think>")[0]


def fenced_program(text: str) -> str:
    """The flexible reading of a program: the first fenced block, otherwise the whole text.

    A single fence without a language that code stands before closes a block that the prompt opened.
    """
    fences = list(FENCE.finditer(text))
    if not fences:
        return text
    first, closing = fences[0], [fence for fence in fences[1:] if not fence[1]]
    if len(fences) == 1 and not first[1] and CODE.search(text[: first.start()]):
        return text[: first.start()]
    return text[first.end() : closing[0].start() if closing else len(text)]


def canonical_number(text: str) -> str | None:
    """Decimal text without currency, thousands commas, leading or trailing zeros; None if `text` is no number."""
    number = NUMBER.fullmatch(text.strip().translate(DASHES))
    if not number or (number[1] and number[2]):
        return None
    digits = number[3].replace(",", "")
    whole, _, fraction = (f"{Decimal(digits):f}" if "e" in digits.lower() else digits).partition(".")
    canonical = (whole.lstrip("0") or "0") + ("." + fraction.rstrip("0") if fraction.rstrip("0") else "")
    return canonical if canonical == "0" or "-" not in number[1] + number[2] else "-" + canonical


def equations(text: str) -> tuple[str, ...]:
    """The set of equations between calculator marks, sorted, without spaces: ("12+5=17", "3*4=12")."""
    return tuple(sorted({re.sub(r"\s", "", equation) for equation in EQUATION.findall(text)}))


def _leading_number(answer: str) -> str | None:
    answer = EMPHASIS.sub("", EQUATION.sub("", answer.translate(DASHES).replace("{,}", ",")))
    *sides, last = answer.split("=")
    if all(map(CALCULATION.fullmatch, sides)):  # 5 feet = 60 inches says 5
        answer = last
    number = NUMBER.match(answer, OPENING.match(answer).end())
    if not number or CONTINUED.match(answer, number.end()):
        return None
    after = CLOSING.match(answer, number.end()).end()
    return None if CONTINUED.match(answer, after) else canonical_number(number[0])


def _inside(formula: re.Match) -> str:
    return next(filter(None, formula.groups())).strip()


def _boxed(text: str, start: int) -> tuple[str | None, int]:
    """The group that begins at `start`, without its braces, or the token there; None if it is never closed. Its end."""
    if not text.startswith("{", start):
        token = re.compile(r"[^\s$]*").match(text, start)
        return token[0], token.end()
    depth, escaped = 0, False
    for place in range(start, len(text)):
        if escaped:
            escaped = False
        elif text[place] == "\\":
            escaped = True
        elif text[place] in "{}":
            depth += 1 if text[place] == "{" else -1
            if depth == 0:
                return text[start + 1 : place], place + 1
    return None, len(text)


def _bare_text(text: str) -> str:
    return text.strip(" \t\r\n.!*()_\"'`\u2018\u2019\u201c\u201d").casefold()


def _first_letter(text: str, letters: list[re.Match]) -> str | None:
    """The first letter that is not denied; None if all are, or if another letter is joined to it."""
    clauses = [text[max(0, m.start() - 100) : m.start()] for m in letters]
    held = [
        m
        for m, clause in zip(letters, clauses, strict=True)
        if not DENIED.search(clause) and not REFUSED.match(text, m.end())
    ]
    others = [m for m in held if m[1] != held[0][1]]
    if not held:
        return None
    if others:
        between = text[held[0].end() : others[0].start()]
        if re.fullmatch(r"[^\w.:;\n]*(?:(?:or|and|nor)\W*)?", between) or re.search(r"\bor\b[^.;\n]*$", between):
            return None
    return held[0][1]
