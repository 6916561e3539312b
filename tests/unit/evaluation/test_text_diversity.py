"""The compiled pass over texts against plain Python: sets of tuples, and regular expressions."""

import re
import zlib
from itertools import combinations
from statistics import fmean

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from reversal.evaluation import text_diversity as module
from reversal.evaluation.text_diversity import OF_PAIRS, text_diversity

WORDS = ["a", "b", "ab", "one two", "<<1+1=2>>", "<<2*3=6>>", "<< 2 * 3 = 6 >>", "<<", ">>", "1+1=2", ".", "", "#### 7"]
LETTERS = "ab1_ \n\t\u00a0\u2003-+=<>#é\u0301ßж中文\U0001f600²½٣"  # words, marks, spaces and digits of several scripts
TEXTS = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join) | st.text(LETTERS, max_size=30) | st.text(max_size=9)
METRICS = [*(f"distinct_{n}" for n in "1234n"), "equation_diversity", "compression_ratio", *OF_PAIRS]
SCHEMA = {"problem_id": pl.String, "text": pl.String, "correct": pl.Boolean}


def frame(rows: list[tuple]) -> pl.DataFrame:
    """Answers from (problem_id, text, correct)."""
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def n_grams(text: str, n: int) -> list[tuple]:
    tokens = re.findall(r"\w+|[^\w\s]", text)
    return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]


def equations(text: str) -> frozenset:
    return frozenset(re.sub(r"\s", "", equation) for equation in re.findall(r"<<[^<>]*>>", text))


def operands(equation: str) -> str:
    """The equation with the terms of its sums and the factors of its products sorted, as long as it has no brackets."""
    if re.search(r"[()]", equation):
        return equation
    sides = []
    for side in equation.removeprefix("<<").removesuffix(">>").split("="):
        terms = re.findall(r"(^|[+-])([^+-]+)", side)
        factors = [(sign or "+", sorted(re.findall(r"(^|[*/])([^*/]+)", term))) for sign, term in terms]
        sides.append(str(sorted((sign, [(by or "*", n) for by, n in of_term]) for sign, of_term in factors)))
    return "=".join(sides)


def of_pair(one: str, other: str) -> tuple[float, float, float]:
    """pairwise_distinct_n, pairwise_equation_diversity and that as written, of two answers."""
    both = [(n_grams(one, n), n_grams(other, n)) for n in range(1, 5)]
    distinct = [len({*some, *others}) / len(some + others) for some, others in both if some + others]
    sets = [equations(text) for text in (one, other)]
    solutions = [set(map(operands, found)) for found in sets]
    return fmean(distinct) if distinct else 0.5, float(solutions[0] != solutions[1]), float(sets[0] != sets[1])


def plain(texts: list[str]) -> dict[str, float | None]:
    """The paper's forms of one question's answers."""
    if len(texts) < 2:
        return dict.fromkeys(METRICS)
    grams = [[gram for text in texts for gram in n_grams(text, n)] for n in range(1, 5)]
    distinct = [len(set(of_n)) / len(of_n) if of_n else None for of_n in grams]
    raw = "\n".join(sorted(texts)).encode()
    return {
        **{f"distinct_{n}": value for n, value in enumerate(distinct, start=1)},
        "distinct_n": None if None in distinct else fmean(distinct),
        "equation_diversity": len(set(map(equations, texts))) / len(texts),
        "compression_ratio": len(raw) / len(zlib.compress(raw, 1)) if raw.strip() else None,
    }


def expected(answers: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for problem in sorted(set(answers["problem_id"])):
        given_answers = answers.filter(problem_id=problem).select("text", "correct").rows()
        for subset, wanted in (("correct", {1}), ("incorrect", {0}), ("mixed", {0, 1}), ("all", {1, 0})):
            kept = [answer for answer in given_answers if answer[1] in wanted]
            pairs = [pair for pair in combinations(kept, 2) if subset != "mixed" or pair[0][1] != pair[1][1]]
            means = [
                fmean(column) for column in zip(*(of_pair(one, other) for (one, _), (other, _) in pairs), strict=True)
            ]
            row = plain([] if subset == "mixed" else [text for text, _ in kept])
            rows.append(
                {"problem_id": problem, "subset": subset} | row | dict(zip(OF_PAIRS, means or [None] * 3, strict=True))
            )
    return pl.DataFrame(
        rows, schema={"problem_id": pl.String, "subset": pl.String} | dict.fromkeys(METRICS, pl.Float64)
    )


def assert_as_plain(answers: pl.DataFrame) -> None:
    order = ["problem_id", "subset"]
    assert_frame_equal(text_diversity(answers).sort(order), expected(answers).sort(order), abs_tol=1e-9)


@given(st.lists(st.tuples(st.sampled_from("pqr"), TEXTS, st.booleans()), max_size=9))
@example([("p", "", True), ("p", "", True), ("p", "", False)])  # nothing but empty texts
@example([("p", "a b c d", True)])  # one answer
@example([("p", "a b c d", False), ("p", "a b c d", False)])  # no correct ones, and duplicates
@example(
    [("p", "<<1+1=2>> <<3-1=2>>", True), ("p", "<< 3 - 1 = 2 >>\n<<1+1=2>> <<1+1=2>>", True)]
)  # one set of equations
@example([("p", "<<<1+1=2>>>", True), ("p", "<<1<2>> <<1+1=2>>", True), ("p", "<<>>", True), ("p", "<<1>", True)])
@settings(max_examples=150)
def test_every_metric_equals_plain_python(rows):
    assert_as_plain(frame(rows))


OPERANDS = st.sampled_from(["2", "3", "4.5", "x"])
SIDES = st.tuples(OPERANDS, st.lists(st.tuples(st.sampled_from("+-*/"), OPERANDS), max_size=3))
WRITTEN = st.lists(SIDES.map(lambda side: side[0] + "".join(map("".join, side[1]))), min_size=1, max_size=2)


@given(st.lists(WRITTEN.map("=".join), min_size=2, max_size=6))
def test_equations_are_compared_with_sorted_terms_and_factors(sides):
    assert_as_plain(frame([("p", f"<<{side}>>", True) for side in sides]))


@pytest.mark.parametrize(
    ("one", "other", "differ", "differ_as_written"),
    [
        ("<<3*4=12>>", "<<4*3=12>>", False, True),
        ("<<3+4+5=12>>", "<<5 + 3 + 4 = 12>>", False, True),
        ("<<2*3+4=10>>", "<<4+3*2=10>>", False, True),
        ("<<8-2+1=7>>", "<<8+1-2=7>>", False, True),
        ("<<8/2*3=12>>", "<<3*8/2=12>>", False, True),
        ("<<3*4=12>> <<4*3=12>>", "<<3*4=12>>", False, True),
        ("<<1+1=2>> <<3*4=12>>", "<<4*3=12>> <<1+1=2>>", False, True),
        ("<<8-2=6>>", "<<2-8=6>>", True, True),
        ("<<8/2=4>>", "<<2/8=4>>", True, True),
        ("<<2*3+4=10>>", "<<2*4+3=10>>", True, True),
        ("<<(2+3)*4=20>>", "<<(3+2)*4=20>>", True, True),  # with brackets order counts
        ("<<2**3=8>>", "<<3**2=8>>", True, True),
        ("<<2*-3=-6>>", "<<2-3=-6>>", True, True),
        ("<<12=3*4>>", "<<3*4=12>>", True, True),
        ("2 and 3", "no marks either", False, False),
        ("2 and 3", "<<2+3=5>>", True, True),
    ],
)
def test_what_one_equation_is(one, other, differ, differ_as_written):
    found = text_diversity(frame([("p", one, True), ("p", other, True)])).filter(subset="correct")
    assert found.select(OF_PAIRS[1:]).row(0) == (differ, differ_as_written)


def test_a_literal_case():
    """Tokens: a b c d e, a b , c and q < < 1 = 1 > >; the incorrect answer is alone."""
    found = text_diversity(frame([("p", "a b c d e", True), ("p", "q <<1=1>>", False), ("p", "a b, c", True)]))
    correct, longer, shorter = (6 / 9 + 6 / 7 + 2) / 4, (10 / 13 + 3) / 4, (9 / 12 + 3) / 4  # of the three pairs
    assert found.select("subset", *METRICS[:6], *OF_PAIRS).rows() == [
        ("correct", 6 / 9, 6 / 7, 1.0, 1.0, pytest.approx(correct), 1 / 2, pytest.approx(correct), 0.0, 0.0),
        ("incorrect", *[None] * 9),
        ("mixed", *[None] * 6, pytest.approx((longer + shorter) / 2), 1.0, 1.0),
        (
            "all",
            *[pytest.approx(v) for v in (11 / 17, 13 / 14, 1, 1, (11 / 17 + 13 / 14 + 2) / 4)],
            2 / 3,
            pytest.approx((correct + longer + shorter) / 3),
            *[pytest.approx(2 / 3)] * 2,
        ),
    ]


@pytest.mark.parametrize("questions", [module.BLOCK - 1, module.BLOCK, module.BLOCK + 1, 2 * module.BLOCK + 1])
def test_questions_of_several_blocks_stay_apart(questions):
    rows = [
        (f"p/{i}", f"{'a ' * (i % 5)}b {i % (j + 2)} <<{i % 3}+{j % 2}={i}>>", (i + j) % 3 > 0)
        for i in range(questions)
        for j in range(i % 3 + 1)
    ]
    assert_as_plain(frame(rows))


@given(st.lists(st.tuples(st.sampled_from("pq"), TEXTS, st.booleans()), min_size=1, max_size=8), st.randoms())
@settings(max_examples=50)
def test_the_order_of_rows_changes_nothing(rows, random):
    shuffled = random.sample(rows, len(rows))
    order = ["problem_id", "subset"]
    assert_frame_equal(text_diversity(frame(shuffled)).sort(order), text_diversity(frame(rows)).sort(order))


def test_no_answers_at_all_have_no_rows():
    found = text_diversity(frame([]))
    assert found.columns == ["problem_id", "subset", *METRICS] and found.is_empty()


@given(st.lists(TEXTS, min_size=3, max_size=6), st.data())
@settings(max_examples=50)
def test_means_over_pairs_are_unbiased_for_any_number_of_answers(texts, data):
    """The mean over all subsets of m answers is the value of all; the paper's forms lie above it."""
    m = data.draw(st.integers(2, len(texts) - 1))
    rows = [("whole", text, True) for text in texts]
    rows += [(f"part {i}", text, True) for i, part in enumerate(combinations(texts, m)) for text in part]
    found = text_diversity(frame(rows)).filter(subset="correct").select("problem_id", *OF_PAIRS, "equation_diversity")
    whole = found.filter(problem_id="whole").row(0)[1:]
    parts = found.filter(pl.col("problem_id") != "whole").drop("problem_id").mean().row(0)
    assert parts[:3] == pytest.approx(whole[:3])
    assert parts[3] >= whole[3] - 1e-9


def test_more_of_the_same_answers_lower_the_papers_forms_and_no_mean_over_pairs():
    """Two solutions in equal parts, of one model that gives 2, and of the same that gives 200 answers to a problem."""
    answers = [" ".join(f"{letter}{i}" for i in range(9)) + f" <<{letter}+1=2>>" for letter in "xy"]
    rows = [(f"p/{many}", text, True) for many in (2, 200) for text in answers * (many // 2)]
    found = text_diversity(frame(rows)).filter(subset="correct").sort("problem_id")
    names = ["distinct_n", "equation_diversity", "pairwise_equation_diversity"]
    (_, *few), (_, *many) = found.select("problem_id", *names).rows()
    assert few[1:] == [1.0, 1.0]  # one pair, which differs; of 200 there are 100 * 100 of 200 * 199 / 2
    assert many[1:] == [1 / 100, pytest.approx(100 / 199)]
    assert many[0] < few[0] / 50
