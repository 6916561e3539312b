"""Over 300 lines, half of them tables of answers."""

import json
import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reversal.verifying import expressions
from reversal.verifying.answers import BOXED, marked_answer
from reversal.verifying.expressions import LONGEST, judge_expressions, same_text, unread_golds

DATA = Path(os.environ.get("REVERSAL_DATA", Path(__file__).parents[3] / "../shared/data"))

ANSWERS = [
    (r"\frac{1}{2}", r"\dfrac{1}{2}", "correct", "sorts of fractions"),
    (r"\frac12", "1/2", "correct", "a fraction on the line"),
    (r"\frac{1}{2}", "0.5", "correct", "fraction and decimal"),
    (r"\frac{1}{2}", r"\frac{2}{4}", "correct", "fraction not reduced"),
    (r"-\frac{3}{4}", r"\frac{-3}{4}", "correct", "minus in the numerator"),
    (r"\frac{1}{3}", "0.33", "wrong", "a third rounded"),
    (r"\frac{1}{2}", r"\frac{1}{3}", "wrong", "another fraction"),
    ("2", "2.0", "correct", "trailing zero"),
    (".5", "0.50", "correct", "leading zero"),
    ("-7", "7", "wrong", "sign lost"),
    ("1,000", "1000", "correct", "thousands comma"),
    (r"10,\!080", "10080", "correct", "thousands comma with negative space"),
    (r"24{,}000", "24,000", "correct", "thousands comma in braces"),
    (r"2\sqrt{3}", r"2 \sqrt 3", "correct", "radical without braces"),
    (r"2\sqrt{3}", r"\sqrt{12}", "correct", "radical not reduced"),
    (r"\frac{\sqrt{3}}{3}", r"\frac{1}{\sqrt{3}}", "correct", "denominator not rationalised"),
    (r"2\sqrt{3}", r"3\sqrt{2}", "wrong", "another radical"),
    ("[0,1)", r"\left[0, 1\right)", "correct", "interval with left and right"),
    ("[0,1)", "[0,1]", "wrong", "interval closed"),
    (r"(-\infty,3)\cup(3,\infty)", r"(-\infty, 3) \cup (3, \infty)", "correct", "union of intervals"),
    (r"(-\infty,3)\cup(3,\infty)", r"(-\infty,\infty)", "wrong", "union with the hole filled"),
    (r"\{1,2,3\}", r"\{3, 2, 1\}", "correct", "set in another order"),
    (r"\{1,2,3\}", r"\{1,2\}", "wrong", "set with one missing"),
    ("1,-2", "-2, 1", "correct", "list in another order"),
    ("(3,4)", "(3, 4)", "correct", "tuple"),
    ("(3,4)", "(4,3)", "wrong", "tuple in another order"),
    (r"\left(3, \frac{\pi}{2}\right)", r"(3, \pi/2)", "correct", "polar coordinates"),
    (
        r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",
        r"\begin{pmatrix}1&2\\3&4\end{pmatrix}",
        "correct",
        "matrix, spaces",
    ),
    (
        r"\begin{pmatrix} 4/5 \\ 3/5 \end{pmatrix}",
        r"\begin{bmatrix} 0.8 \\ 0.6 \end{bmatrix}",
        "correct",
        "matrix of decimals",
    ),
    (
        r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",
        r"\begin{pmatrix} 1 & 3 \\ 2 & 4 \end{pmatrix}",
        "wrong",
        "transposed",
    ),
    (r"\text{Evelyn}", "Evelyn", "correct", "name without text"),
    (r"\text{even}", r"\text{Even}", "correct", "text, letter case"),
    (r"\text{(B)}", "B", "correct", "choice without brackets"),
    (r"\text{(B)}", r"\text{(C)}", "wrong", "another choice"),
    (r"\text{Evelyn}", r"\text{Briana}", "wrong", "another name"),
    (r"18\text{ units}", "18", "correct", "unit left out"),
    (r"15\mbox{ cm}^2", r"15 \text{ cm}^2", "correct", "square unit"),
    (r"18\text{ units}", "19", "wrong", "unit left out, wrong"),
    (r"\$1.65", "1.65", "correct", "money without sign"),
    (r"\$32,\!348", r"\$32,348", "correct", "money with thousands comma"),
    (r"\$1.65", r"\$1.56", "wrong", "money, digits swapped"),
    (r"52\%", "52", "correct", "percent sign left out"),
    (r"52\%", "52%", "correct", "percent sign bare"),
    (r"52\%", r"25\%", "wrong", "another percentage"),
    (r"90^\circ", "90", "correct", "degree sign left out"),
    (r"22.5^{\circ}", r"22.5^\circ", "correct", "degree sign in braces"),
    (r"90^\circ", r"60^\circ", "wrong", "another angle"),
    ("5", "x=5", "correct", "equation for a number"),
    ("x=5", "5", "correct", "number for an equation"),
    ("x=5", "y=5", "wrong", "another variable"),
    ("y = 2x + 3", "y=3+2x", "correct", "equation of a line"),
    ("y = 2x + 3", "y=2x-3", "wrong", "another line"),
    ("2x - y + 3 = 0", "y = 2x + 3", "correct", "equation rearranged"),
    ("52_8", "52_{8}", "correct", "base"),
    ("52_8", "25_8", "wrong", "other digits in the same base"),
    (r"2\frac{1}{2}", r"\frac{5}{2}", "correct", "mixed number"),
    (r"2\frac{1}{2}", r"2\frac{1}{3}", "wrong", "another mixed number"),
    (r"1 \pm \sqrt{19}", r"1\pm\sqrt{19}", "correct", "plus-minus"),
    (r"1 \pm \sqrt{19}", r"1 \pm \sqrt{17}", "wrong", "another plus-minus"),
    ("x^2+2x+1", "(x+1)^2", "correct", "factored"),
    ("x^2+2x+1", "(x-1)^2", "wrong", "factored wrongly"),
    ("3 - 4i", "-4i + 3", "correct", "complex number"),
    ("3 - 4i", "3 + 4i", "wrong", "conjugate"),
    (r"\frac{\pi}{4}", r"\pi/4", "correct", "pi"),
    (r"8\pi", "8", "wrong", "pi lost"),
    # Nothing is judged by a part of it.
    ("9", r"\neq 9", "wrong", "all but the number"),
    ("9", r"x \le 9", "wrong", "bound"),
    ("9", "1, 3, 9", "wrong", "the last of a list"),
    ("9", r"3, 6, \dots, 9", "wrong", "the end of a sequence"),
    ("3", r"3\ldots", "wrong", "the beginning of a decimal"),
    ("9", r"x \equiv 9 \pmod{12}", "wrong", "residue"),
    ("9", r"f \mapsto 9", "wrong", "an arrow"),
    ("9", r"\{4, 9", "wrong", "a set left open"),
    (r"\frac{2}{3}", r"> \frac{2}{3}", "wrong", "more than the fraction"),
    ("9", r"\{x : x < 9\}", "wrong", "a set of solutions"),
    ("9", r"\begin{array}{c} 4 \\ 9 \end{array}", "wrong", "an array"),
    ("6", "2 3", "wrong", "two numbers are no product"),
    ("3 + \\frac\\pi 6", "5 + \\frac\\pi 6", "wrong", "another first term"),
    (r"x \equiv 9 \pmod{12}", r"x\equiv9\pmod{12}", "correct", "residue, spaces"),
    # Letters are variables, and units where they can be nothing else.
    ("6s", r"6 \cdot s", "correct", "a variable that is called like a unit"),
    ("6s", "6", "wrong", "variable lost"),
    ("6", "6h", "wrong", "variable too many"),
    ("6", r"6\mathrm{e}", "wrong", "Euler's number"),
    ("6", r"2 + 4\mathrm{i}", "wrong", "imaginary unit"),
    ("6i", r"6\mathrm{i}", "correct", "imaginary unit upright"),
    ("2a + 3c + b", "b + 3c + 2a", "correct", "terms in another order"),
    (r"2\mathbf{a}", r"2\mathbf{b}", "wrong", "another vector"),
    (r"2\mathbf{a} - \mathbf{b}", r"2\mathbf{a} - \mathbf{c}", "wrong", "another second vector"),
    (r"k \text{ odd}", r"k \text{ even}", "wrong", "a condition"),
    ("6", r"6\text{ cubed}", "wrong", "a power in words"),
    ("6", r"6\text{ thousand}", "wrong", "a multiple in words"),
    (r"6\text{ cm}^3", r"6\text{ cm}^2", "wrong", "square and cubic"),
    (r"6\text{ cm}^3", r"6\text{ cubic centimeters}", "correct", "unit in words"),
    (r"6\text{ meters}", "6 m", "correct", "the gold answer's unit as a letter"),
    ("6", "6 mph", "correct", "unit without text"),
    ("6", "6 cups of tea", "correct", "unit in words without text"),
    ("6", r"6^{\text{th}} \text{ floor}", "correct", "ordinal"),
    (r"r_{\text{max}} + 1", r"r_{\text{max}} + 2", "wrong", "after an index in words"),
    # Percent.
    ("2.5", r"2.5\%", "correct", "percent sign too many"),
    (r"2.5\%", "2.5", "correct", "percent sign left out of a decimal"),
    (r"12\frac{1}{2}\%", r"12\frac{1}{2}", "correct", "percent sign left out of a mixed number"),
    (r"25\%", "0.25", "correct", "hundredths for percent"),
    (r"25\%", r"\frac14", "correct", "fraction for percent"),
    (r"25\%", "0.025", "wrong", "thousandths for percent"),
    (r"0.4 = 40\%", r"40\%", "correct", "one side of a gold equation of numbers"),
    # Numbers in a base, and times.
    ("43_5", "43_7", "wrong", "another base"),
    ("43_5", "43", "correct", "base left out"),
    ("43", "43_5", "wrong", "a base that the gold answer does not have"),
    (r"\text{B2}_{16}", "B2_{16}", "correct", "digits that are letters"),
    (r"7\text{ p.m.}", r"7\text{ a.m.}", "wrong", "the other half of the day"),
    (r"7\text{ p.m.}", r"7:00 \text{ PM}", "correct", "time with minutes"),
    (r"\text{7:15 a.m.}", r"7\!:\!15 \text{ am}", "correct", "time, text around a part"),
    (r"7\text{ p.m.}", "7", "wrong", "half of the day left out"),
    ("07:15", "7:15", "correct", "leading zero of a time"),
    ("07:00", "7:00", "correct", "a time that is no ratio"),
    ("7:00", "8:00", "wrong", "another such time"),
    ("2:7", r"2 \text{ to } 7", "correct", "ratio in words"),
    # Ways to write numbers.
    (r"\frac{7}{2,\!500}", r"\frac{7}{2500}", "correct", "thousands comma in a fraction"),
    (r"2500\sqrt{3}", r"2,500\sqrt{3}", "correct", "thousands comma in a term"),
    ("x=2500", "x = 2,500", "correct", "thousands comma in an equation"),
    ("(2,500)", "(2500)", "wrong", "a comma that may part two numbers"),
    ("2500", "2, 500", "wrong", "a list of two numbers"),
    (r"\frac{\pi}{6}", r"\frac\pi6", "correct", "fraction without braces"),
    (r"\frac{\sqrt{2}}{6}", r"\frac{\sqrt 2}6", "correct", "denominator without braces"),
    ("7/3", "2 1/3", "correct", "mixed number on the line"),
    ("-7/3", "-2 1/3", "correct", "negative mixed number"),
    ("1.25", "1\u00bc", "correct", "a fraction that is one sign"),
    (r"\frac{1}{6}", r"0.1\overline{6}", "correct", "repeating decimal"),
    (r"\frac{1}{6}", r"0.\overline{16}", "wrong", "another repeating decimal"),
    ("2 - i", "2.0 - 1.0i", "correct", "complex number of decimals"),
    (r"\emptyset", r"\varnothing", "correct", "the empty set"),
    # Style.
    ("6", r"\boldsymbol{6}", "correct", "bold"),
    (r"\frac12", r"\textcolor{red}{\frac{1}{2}}", "correct", "colour"),
    ("6", r"\underline{\mathbf{6}}", "correct", "underlined and bold"),
    ("x+1", "**x+1**", "correct", "emphasis"),
    ("6", r"6 \qquad \blacksquare", "correct", "end of a proof"),
    (r"\frac{\pi}{6}", "pi/6", "correct", "pi in letters"),
    # Equations.
    ("9", "3x=9", "wrong", "an equation that is not solved"),
    ("39", "3x=9", "wrong", "an equation in the middle"),
    ("x+9", "x+y=9", "wrong", "a name in the middle"),
    ("9", "x+y=9", "correct", "the value of what was asked for"),
    ("9", "f(2)=9", "correct", "the value of a function"),
    ("f(x)=9", r"\forall x, f(x)=9", "wrong", "a statement about all"),
    (r"g(1) < g(3) < g(2)", "g(2) > g(3) > g(1)", "correct", "a chain from the other end"),
    # Sets, intervals, points.
    ("(-2,5)", r"\{-2,5\}", "wrong", "set for an open interval"),
    (r"\{-2,5\}", "[-2,5]", "wrong", "interval for a set"),
    (r"\{6\}", "6", "correct", "set of one number"),
    (r"[2,\infty)", r"x \ge 2", "correct", "inequality for an interval"),
    (r"[2,\infty)", "x > 2", "wrong", "inequality without the end"),
    # Options.
    (r"\text{(B)}", r"\text{(B) Circle}", "correct", "option with its text"),
    (r"\text{(B)}", "B. 7", "correct", "option with its number"),
    (r"\text{(B)}", r"\text{(A) or (B)}", "wrong", "two options"),
    # Several boxes of a gold solution.
    (r"\boxed{2} or \boxed{\frac{3}{4}}", "0.75", "correct", "either of two boxes"),
    (r"\boxed{2} or \boxed{\frac{3}{4}}", r"2, \frac34", "correct", "both of two boxes"),
    (r"\boxed{2} or \boxed{\frac{3}{4}}", "3", "wrong", "none of two boxes"),
    (r"\boxed{2} or \boxed{3}", r"\boxed{2} or \boxed{3}", "correct", "the gold text itself"),
    ("2", r"\boxed{2}", "correct", "a box after another mark"),
]


def rows(table):
    return [pytest.param(*row[:-1], id=row[-1]) for row in table]


@pytest.fixture(scope="module")
def verdicts() -> dict[bool, dict[tuple[str, str], str]]:
    """The verdict of every pair of ANSWERS, with and without the fast paths."""
    pairs = [row[:2] for row in ANSWERS]
    return {fast: dict(zip(pairs, judge_expressions(pairs, 2, fast_paths=fast), strict=True)) for fast in (True, False)}


@pytest.mark.parametrize("fast_paths", [True, False], ids=["fast paths", "judge alone"])
@pytest.mark.parametrize(("gold", "answer", "expected"), rows(ANSWERS))
def test_verdicts_on_kinds_of_answers(gold, answer, expected, fast_paths, verdicts):
    assert verdicts[fast_paths][gold, answer] == expected


def test_golds_that_cannot_be_read_whole_are_found():
    read = ["x+1", r"\text{(B)}", "7_8", r"7\text{ a.m.}", r"\boxed{1} or \boxed{x}"]
    not_read = [r"a \equiv 1 \pmod{4}", "", r"\boxed{1} or \boxed{\ge 2}", r"1, 2, \ldots"]
    assert unread_golds(read + not_read, 1) == not_read


def test_gold_and_answer_are_not_exchangeable():
    pair = ("1 < x < 2", "(1,2)")
    assert judge_expressions([pair, pair[::-1]], 1) == ["correct", "wrong"]


HOSTILE = [
    ("9^{9^{9^9}}", "tower of powers"),
    ("9^{9^{9}}!", "factorial of a huge number"),
    (r"(10^{9})!", "factorial"),
    ("{" * 1_000 + "1" + "}" * 1_000, "deep braces"),
    ("(" * 900 + "x" + ")" * 900, "deep brackets"),
    (r"\frac{1}{" * 200 + "2" + "}" * 200, "tower of fractions"),
    (r"\sqrt{" * 250 + "2" + "}" * 250, "tower of roots"),
    ("}{}{\\", "braces the wrong way round"),
    (r"\frac{1}{0}", "division by zero"),
    ("1\x002\x00", "null bytes"),
    ("\ud800", "half a surrogate pair"),
    ("\u202e\u0663\u00b2\U0001d7d9 = \u221e", "digits and signs of other alphabets"),
    (r"\boxed{\boxed{", "boxes left open"),
    ("$" * 500, "dollars"),
    (r"\int_0^1 " * 30 + "x", "nested integrals"),
    (r"(x+y+z+w)^{9999}", "a power to expand"),
    ("", "nothing"),
    ("\\", "a lone backslash"),
    ("9" * 1_999, "digits without end"),
    ("9" * 1_500 + "^" + "9" * 400, "a power of long numbers"),
    (r"\text{" * 300 + "a" + "}" * 300, "nested texts"),
    (r"\left(" * 150 + "1" + r"\right)" * 150, "nested left and right"),
    (r"\begin{pmatrix}" * 100, "matrices left open"),
    ("a " * 900, "words without end"),
    ("x=" * 900 + "1", "a chain of equations"),
    (r"\{" + ",".join(map(str, range(400))) + r"\}", "a long list"),
    (r"\int_0^\infty e^{-x^2} \sin(x^3) dx", "an integral without a closed form"),
    (r"\prod_{n=1}^{10^{7}} n", "a long product"),
    ("__import__('os').kill(__import__('os').getpid(), 9)", "Python"),
]


@pytest.fixture(scope="module")
def hostile_verdicts() -> dict[str, str]:
    texts = [row[0] for row in HOSTILE]
    return dict(zip(texts, judge_expressions([("x+1", text) for text in texts], 2, seconds=0.3), strict=True))


@pytest.mark.parametrize("answer", rows(HOSTILE))
def test_hostile_answers_get_a_verdict(answer, hostile_verdicts):
    assert hostile_verdicts[answer] in ("wrong", "timeout", "no_answer" if len(answer) > LONGEST else "")


def test_a_pair_that_never_ends_is_a_timeout_once_and_spoils_no_other(monkeypatch):
    """Processor time does not depend on what else the machine does: it would run out again."""
    judged = []
    alone = expressions._in_workers
    monkeypatch.setattr(expressions, "_in_workers", lambda *given: judged.append(given[1]) or alone(*given))
    pairs = [("x+1", "1+x"), ("x+1", "(x+1)^{9^{9^{9}}}!"), ("x+1", "x+2")]
    assert judge_expressions(pairs, 1, seconds=1.0) == ["correct", "timeout", "wrong"]
    assert len(judged) == 1


@pytest.mark.parametrize("fast_paths", [True, False])
def test_over_long_answers_are_none_unless_they_are_the_gold_text(fast_paths):
    long = "1" * (LONGEST + 1)
    pairs = [("1", long), (long, long), ("1", "{" * 100_000)]
    assert judge_expressions(pairs, 1, fast_paths=fast_paths) == ["no_answer", "correct", "no_answer"]


def test_workers_and_repeats_change_nothing():
    pairs = [row[:2] for row in ANSWERS[::4]]
    once = judge_expressions(pairs, 1)
    assert judge_expressions(pairs[::-1] + pairs, 2) == once[::-1] + once


def test_no_pairs():
    assert judge_expressions([], 1) == []


@pytest.mark.parametrize(
    ("gold", "answer"),
    rows(
        [
            ("1 2", "12", "space between digits"),
            ("(1,000)", "(1000)", "a comma that may part two numbers"),
            ("x=5", "y=5", "another variable"),
            (r"9\text{ a.m.}", r"9\text{ p.m.}", "half of the day"),
            ("123_4", "1234_5", "base"),
            ("Even", "even", "letter case outside a text"),
            ("12", "1", "a part of it"),
            ("5t", "5", "a variable"),
            (r"5\text{ cm}^2", r"5\text{ cm}^3", "powers of units"),
            ("", " ", "nothing but spaces"),
        ]
    ),
)
def test_not_the_same_text(gold, answer):
    assert not same_text(gold, answer)
    assert not same_text(answer, gold)


@given(st.text() | st.text("\\{}$^_ ,.0123456789x=fractext"))
def test_same_text_is_reflexive(text):
    assert same_text(text, text)


@pytest.mark.parametrize(
    ("behaviour", "verdict"),
    [
        pytest.param(lambda *_, **__: os._exit(1), "timeout", id="worker dies"),
        pytest.param(lambda *_, **__: bytearray(2 * expressions.MEMORY), "timeout", id="memory runs out"),
        pytest.param(lambda *_, **__: 1 / 0, "infra_error", id="judge is broken"),
    ],
)
def test_failing_workers(behaviour, verdict, monkeypatch):
    monkeypatch.setattr("math_verify.verify", behaviour)  # the workers are copies of this process
    assert judge_expressions([("x+1", "1+x"), ("5", "5")], 1) == [verdict, "correct"]


def test_workers_that_cannot_start_are_an_infra_error(monkeypatch):
    monkeypatch.setattr(expressions, "_prepare_worker", lambda: 1 / 0)
    assert judge_expressions([("x+1", "1+x"), ("5", "5")], 1) == ["infra_error", "correct"]


@pytest.fixture(scope="module")
def golds() -> list[str]:
    """The gold answers of 300 problems of MATH, seeded; a few solutions have none."""
    if not (DATA / "math").is_dir():
        pytest.skip(f"no folder {DATA}/math: set REVERSAL_DATA to the benchmark data")
    lines = [line for split in ("train", "test") for line in (DATA / f"math/{split}.jsonl").open(encoding="utf-8")]
    found = [marked_answer(json.loads(line)["solution"], BOXED) for line in random.Random(0).sample(lines, 300)]
    return [gold for gold in found if gold]


@pytest.mark.parametrize("fast_paths", [True, False], ids=["fast paths", "judge alone"])
def test_gold_answers_of_math_are_correct(fast_paths, golds):
    verdicts = judge_expressions([(gold, gold) for gold in golds], 2, fast_paths=fast_paths)
    assert len(golds) >= 298
    assert [gold for gold, verdict in zip(golds, verdicts, strict=True) if verdict != "correct"] == []


def test_fast_paths_agree_with_the_judge_on_gold_answers_of_other_problems(golds):
    draw = random.Random(1)
    pairs = [tuple(draw.sample(golds, 2)) for _ in range(300)]
    quick, alone = (judge_expressions(pairs, 2, fast_paths=fast) for fast in (True, False))
    assert [(pair, q, a) for pair, q, a in zip(pairs, quick, alone, strict=True) if q != a] == []
