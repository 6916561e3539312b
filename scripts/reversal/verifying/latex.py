r"""One way to write a LaTeX answer: spaces, styles, units, percent signs, commas and sorts of fractions do not count.

What is left is what is judged: two answers of the same plain text are equal, and other plain texts go to math-verify.
"""

import re
from functools import lru_cache

GROUP = r"\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"  # braces, three deep
TEXT = r"\\(?:text|mbox|textbf|textit|textrm|textnormal|mathrm|mathbf|mathit)\s*\{([^{}]*)\}"
ONLY_TEXT = re.compile(rf"[( ]*{TEXT}[),. ]*")
STYLE = rf"\\(?:boldsymbol|bm|pmb|mathbf|mathit|mathsf|underline|textcolor\s*\{{\w*\}}|color\s*\{{\w*\}})\s*{GROUP}"
FRACTION_SIGNS = {"\u00bd": "1}{2", "\u2153": "1}{3", "\u2154": "2}{3", "\u00bc": "1}{4", "\u00be": "3}{4"}
THOUSANDS = r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])"
HALF_OF_DAY = re.compile(r"\d{1,2}(?::\d\d){1,2}[ap]m")
PERCENT = re.compile(r"(?<=[\d}])\s*\\?%|\s*(?:\\text\{\s*)?\bper ?cent\b\s*\}?")

# A number with these words is another number, or none: they are no units.
NO_UNIT = r"(?i:[ap]\.?\s?m\b|(?:hundred|thousand|million|billion|trillion|dozen|half|halves|thirds?|quarters?"
NO_UNIT += r"|squared|cubed|factorial|choose|mod|modulo|base|and|or|to|if|for|not|plus|minus|times|over|even|odd"
NO_UNIT += r"|pi|theta|alpha|beta|infinity|[a-z])\b)"
LETTERS = "[mghsLJNWVCFK]"  # of units; in text alone: outside it a letter is a variable
SHORT = "mm|cm|dm|km|mg|kg|gm|ml|ft|in|mi|yd|yrs?|hrs?|min|sec|mph|lbs?|oz|kmh|km/h?|m/s|USD|cents"
VALUE = r"((?:\\?[A-Za-z]+\s*=\s*)?(?=[^A-Za-z]*(?:\d|\\))(?:\\(?!text)[A-Za-z]+|\\[^A-Za-z]|[^A-Za-z\\])*[\d}pi])"
UNIT = re.compile(
    rf"{VALUE}\s*(?:\\text\{{(?!\s*{NO_UNIT})([^{{}}]*)\}}|\\text\{{\s*({LETTERS})\s*\}}"
    rf"|((?:sq(?:uare|\.)? |cu(?:bic|\.)? )?(?:{SHORT}))(?![A-Za-z])"
    rf"|(?<= )((?!{NO_UNIT})[A-Za-z]{{3,}}(?:[ /-][A-Za-z]{{2,}})*))"
    r"\s*(?:\^\{?(\d)\}?)?"
)
PLAINER = [
    (re.compile(pattern), plainer)
    for pattern, plainer in [
        (r"(?<=\d)(?:,\\!|\\!,|\{,\}|,\\,)\s*(?=\d{3}(?!\d))", ""),
        (r"\\?\$\s*|(?<!\\)\\[()\[\]]|\\!\s*", ""),
        (r"\\(?:left|right|displaystyle|textstyle|scriptstyle|[bB]igg?[lr]?)(?![A-Za-z])", ""),
        (r"\\[dtc]frac(?![A-Za-z])", r"\\frac"),
        (r"\\(le|ge|ne)(?![A-Za-z])", r"\\\1q"),
        (r"\\varnothing(?![A-Za-z])", r"\\emptyset"),
        (r"(?<!\\)\\(?:[,;: ]|q?quad(?![A-Za-z]))|~", " "),
        (r"\s*\\(?:blacksquare|qed|Box)\s*$", ""),
        (r"^(\*\*|__)(.*)\1$", r"\2"),
        (rf"^\s*{STYLE}\s*$", r"\1"),
        (STYLE, r" {\1}"),
        (r"\\phantom\s*(?:\{[^{}]*\}|.)", ""),
        (r"[\s.]+$", ""),
        (r"\\mathrm\s*\{([eid])\}", r" \1"),
        (TEXT, r"\\text{\1}"),
        (r"[\u2212\u2013]", "-"),
        (r"\+ ?-", "-"),
        (r"(?<![\\A-Za-z])(pi|exp|sqrt|sin|cos|tan|ln|log)(?![A-Za-z])", r"\\\1"),
        (r"(\d)\s*(?:\^\{?)?(?:\\text\{\s*)?(?:st|nd|rd|th)\b\}*", r"\1"),
        (r"\^\{?\\circ\}?|\\degrees?(?![A-Za-z])|\u00b0", ""),
        (r"^\s*\\approx", ""),
    ]
]
AFTER_UNITS = [
    (re.compile(pattern), plainer)
    for pattern, plainer in [
        (r"(?<=\d)\s*\\text\{\s*to\s*\}\s*(?=\d)|\{:\}", ":"),
        (r",?\s*\\text\{\s*,?\s*(?:and|or)\s*\}\s*", ","),
        (r"\\text\{\s*([^{}]*?)\s*\}", r"\\text{\1}"),
        (r"(?<![\d.^_}/] )(?<![\d.^_}/])(\d+) (\d+)/(\d+)(?![\d.])", r"\1\\frac{\2}{\3}"),
        (r"\s+", " "),
        (r"(\\[A-Za-z]+ (?=[A-Za-z])|\d (?=\d)|\d, (?=\d{3}(?!\d)))| ", r"\1"),  # 1 2 is not 12, and 1, 000 not 1000
        (r"\\(frac|sqrt) ?(\\(?:pi|alpha|beta|gamma|theta|phi|lambda)(?![A-Za-z])|\w)", r"\\\1{\2}"),
        (rf"\\frac{GROUP} ?(\\(?:pi|alpha|beta|gamma|theta|phi|lambda)(?![A-Za-z])|\w)", r"\\frac{\1}{\2}"),
        (r"([\^_])\{(\w)\}", r"\1\2"),
        (r"(?<![\d.])\.(?=\d)", "0."),
        (r"(?<![\d.])(\d+)\.0+(?![\d\\])", r"\1"),
        (r"(?<![^\[(,&{}+\-\\=])(\d+)/(\d+)(?![^\]),&}+\-\\=]|\\(?!end)[A-Za-z])", r"\\frac{\1}{\2}"),
        (r"^0(?=\d:\d\d$)", ""),
    ]
]


@lru_cache(maxsize=10_000)
def plain(text: str) -> str:
    r"""The answer without what does not count: "\dfrac12\text{ cm}" -> "\frac{1}{2}", "1{,}000\%" -> "1000"."""
    text = _before_units(text)
    unit = UNIT.fullmatch(PERCENT.sub("", text).rstrip())
    text = _without_commas(unit[1] if unit else PERCENT.sub("", text))
    for pattern, plainer in AFTER_UNITS:
        text = pattern.sub(plainer, text)
    return _one_direction(_time(_decimals(text)))


@lru_cache(maxsize=10_000)
def unit(text: str) -> tuple[str, str]:
    """The unit after a number and its power, as far as they are written: ("cm", "2"); ("", "") if there is none."""
    found = UNIT.fullmatch(PERCENT.sub("", _before_units(text)).rstrip())
    if not found:
        return "", ""
    name = next(filter(None, found.groups()[1:5]), "").strip()
    words = "2" if re.search(r"\bsq", name) else "3" if re.search(r"\bcu(?:bic|b|\b)", name) else ""
    inner = re.search(r"\^\{?(\d)", name)
    return name, found[6] or (inner[1] if inner else words)


def has_percent(text: str) -> bool:
    return bool(PERCENT.search(_before_units(text)))


def words(text: str) -> str | None:
    r"""What a \text{..} that is the whole answer says, or bare words, in small letters without brackets around them."""
    only = ONLY_TEXT.fullmatch(text.strip())
    if not only and re.search(r"[\\{}^_=$]", text):
        return None
    return " ".join((only[1] if only else text).split()).strip("().,;* ").replace(", ", ",").casefold()


@lru_cache(maxsize=10_000)
def _before_units(text: str) -> str:
    text = " ".join(text.split())
    for sign, fraction in FRACTION_SIGNS.items():
        text = text.replace(sign, rf"\frac{{{fraction}}}")
    for pattern, plainer in PLAINER:
        text = pattern.sub(plainer, text)
    return text.strip()


def _without_commas(text: str) -> str:
    """Numbers without thousands commas, where no comma may part two numbers: in brackets and lists one may."""
    without = re.sub(THOUSANDS, lambda number: number[0].replace(",", ""), text)
    return text if "," in without or re.search(r"[(\[]|\\\{", text) else without


def _decimals(text: str) -> str:
    r"""Repeating decimals as fractions: 0.\overline{3} is \frac{3}{9}."""

    def fraction(match: re.Match) -> str:
        whole, fixed, repeated = match.groups()
        top = int(whole + fixed + repeated) - int(whole + fixed)
        return rf"\frac{{{top}}}{{{(10 ** len(repeated) - 1) * 10 ** len(fixed)}}}"

    return re.sub(r"(\d{1,9})\.(\d{0,9})\\overline\{(\d{1,9})\}", fraction, text)


def _time(text: str) -> str:
    """A time of the day as 9:00am, where its half of the day is written."""
    time = re.fullmatch(
        r"(?:\\text\{)?0?(\d{1,2})((?::\d\d){0,2}) ?(?:\\text\{)?([ap])\.? ?m\.?\}?", text, re.IGNORECASE
    )
    return f"{time[1]}{time[2] or ':00'}{time[3].lower()}m" if time else text


def _one_direction(text: str) -> str:
    """A chain of relations with its smallest side first: a > b > c is c < b < a."""
    if re.search(r"<|\\leq|\\neq|=|,|\\\{|\\cup", text):
        return text
    parts = re.split(r"(>|\\geq(?![A-Za-z]))", text)[::-1]
    return "".join({">": "<", "\\geq": "\\leq "}.get(part, part) for part in parts).strip()
