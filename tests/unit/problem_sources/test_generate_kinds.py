"""Generated tasks of the other answer types, read back from their text by readers that share no code with them."""

import itertools
import random
import re
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reversal.problem_sources import generate_kinds
from reversal.problem_sources.generate import SPLIT_SHARES, generate_problems, split_of
from reversal.problem_sources.problems import load_problems
from reversal.tables import PROBLEMS
from reversal.verifying.answers import BOXED, marked_answer

KINDS = ["fractions", "choices", "programs"]
CASES = given(st.sampled_from(sorted(SPLIT_SHARES)), st.integers(0, 1000))
FRACTION_LINE = re.compile(r"We get \$(.+)=(.+)\$\.|\$(.+)=(.+)\$|So \$(.+)\$ is \$(.+)\$\.")
OPERATIONS = {"adds": "+", "takes away": "-", "multiplies by": "*"}


def value_of(latex: str) -> Fraction:
    r"""What a sum of whole numbers and \frac{..}{..} comes to."""
    terms = re.findall(r"([+-]?)(?:\\frac\{(\d+)\}\{(\d+)\}|(\d+))", latex)
    assert "".join(s + (n or f"\\frac{{{a}}}{{{b}}}") for s, a, b, n in terms) == latex
    return sum(Fraction(int(s + (n or a)), int(b or 1)) for s, a, b, n in terms)


def equations_of(solution: str) -> list[tuple[str, str]]:
    """(left, right) of every line of a fraction solution but the last."""
    found = [FRACTION_LINE.fullmatch(line) for line in solution.splitlines()[:-1]]
    return [tuple(side for side in match.groups() if side) for match in found]


def operations_of(question: str) -> list[tuple[str, int]]:
    """The (operator, number) that a program question asks for, in order."""
    steps = re.fullmatch(r"Write (?:a function f that takes x|f, which takes a number x) and (.+)\.", question)[1]
    found = [re.fullmatch(r"(adds|takes away|multiplies by) (\d+)", step).groups() for step in steps.split(", then ")]
    return [(OPERATIONS[word], int(n)) for word, n in found]


def after(operations: list[tuple[str, int]], x: int) -> int:
    for operator, n in operations:
        x = {"+": x + n, "-": x - n, "*": x * n}[operator]
    return x


def drawn(kind: str, question: str):
    """What a question is about, as the generator draws it."""
    if kind == "programs":
        return operations_of(question)
    if kind == "choices":
        ask, *options = question.splitlines()
        return ask in ("Which number is the largest?", "Which is most?"), [int(o.split(". ")[1]) for o in options]
    terms = re.findall(r"([+-]?)\\frac\{(\d+)\}\{(\d+)\}", question)
    (denominator,) = {int(denominator) for _, _, denominator in terms}
    return denominator, [int(sign + numerator) for sign, numerator, _ in terms]


def passes(program: str, tests: list[str]) -> bool:
    """Whether one of the generator's own programs stands all tests."""
    namespace: dict = {}
    exec(program, namespace)
    try:
        for test in tests:
            exec(test, namespace)
    except AssertionError:
        return False
    return True


@CASES
@settings(max_examples=40)
def test_fractions_have_the_reduced_sum_as_gold_answer(split, seed):
    for row in generate_problems("fractions", 10, (1, 4), split, seed):
        asked = re.fullmatch(r"(?:Compute|Find) \$(.+)\$\.|What is \$(.+)\$\?", row["question"])
        total = value_of(asked[1] or asked[2])
        assert row["gold_answer"] == (
            str(total) if total.denominator == 1 else f"\\frac{{{total.numerator}}}{{{total.denominator}}}"
        )
        assert row["level"] == row["question"].count("\\frac") - 1
        assert (row["answer_type"], set(row) & {"choices", "tests"}) == ("expression", set())


@CASES
@settings(max_examples=40)
def test_fraction_solutions_are_true_line_by_line_and_end_in_the_answer(split, seed):
    for row in generate_problems("fractions", 10, (1, 4), split, seed):
        denominator, numerators = drawn("fractions", row["question"])
        equations = equations_of(row["gold_solution"])
        assert all(value_of(left) == value_of(right) for left, right in equations)
        totals = [str(numerators[0]), *(right for _, right in equations)]
        added = [left.removeprefix(before) for before, (left, _) in zip(totals, equations, strict=False)]
        level = row["level"]
        assert Counter(map(int, added[:level])) == Counter(numerators[1:])
        assert totals[level] == str(sum(numerators))
        reduces = value_of(row["gold_answer"]).denominator < denominator
        unreduced = f"\\frac{{{sum(numerators)}}}{{{denominator}}}"
        assert equations[level:] == ([(unreduced, row["gold_answer"])] if reduces else [])
        assert marked_answer(row["gold_solution"], BOXED) == row["gold_answer"]
        assert row["gold_solution"].splitlines()[-1] == f"\\boxed{{{row['gold_answer']}}}"


@CASES
@settings(max_examples=40)
def test_choices_have_the_letter_of_the_best_option_as_gold_answer(split, seed):
    for row in generate_problems("choices", 10, (1, 4), split, seed):
        ask, *options = row["question"].splitlines()
        numbers = {letter: int(text) for letter, text in (option.split(". ") for option in options)}
        assert [*numbers] == ["A", "B", "C", "D", "E"][: row["level"] + 1]
        assert row["choices"] == [str(number) for number in numbers.values()]
        best = {
            "Which number is the largest?": max,
            "Which is most?": max,
            "Which is least?": min,
            "Which is smallest?": min,
        }[ask]
        assert len(set(numbers.values())) == len(options)
        assert row["gold_answer"] == best(numbers, key=numbers.get)
        assert (row["answer_type"], "tests" in row) == ("choice", False)


@CASES
@settings(max_examples=40)
def test_choice_solutions_compare_truly_and_keep_the_better_option(split, seed):
    for row in generate_problems("choices", 10, (1, 4), split, seed):
        largest, numbers = drawn("choices", row["question"])
        *lines, last = row["gold_solution"].splitlines()
        word = "more" if largest else "less"
        sign = ">" if largest else "<"
        found = [re.fullmatch(rf"(\d+) (?:is {word} than (\d+)\.|{sign} (\d+))", line).groups() for line in lines]
        pairs = [(int(better), int(a or b)) for better, a, b in found]
        assert all(better > worse if largest else better < worse for better, worse in pairs)
        assert all(kept in following for (kept, _), following in itertools.pairwise(pairs))
        assert len(pairs) == row["level"]
        assert {number for pair in pairs for number in pair} == set(numbers)
        assert pairs[-1][0] == numbers["ABCDE".index(row["gold_answer"])]
        assert last == f"#### {row['gold_answer']}"
        assert marked_answer(row["gold_solution"], "####") == row["gold_answer"]


@CASES
@settings(max_examples=40)
def test_programs_do_what_their_question_asks_and_stand_their_tests(split, seed):
    for row in generate_problems("programs", 10, (1, 4), split, seed):
        operations = operations_of(row["question"])
        assert row["level"] == len(operations)
        assert row["tests"] == [f"assert f({x}) == {after(operations, x)}" for x in (0, 1, 7)]
        assert row["gold_solution"] == row["gold_answer"]
        assert passes(row["gold_answer"], row["tests"])
        namespace: dict = {}
        exec(row["gold_answer"], namespace)
        assert [namespace["f"](x) for x in range(-3, 12)] == [after(operations, x) for x in range(-3, 12)]
        assert (row["answer_type"], "choices" in row) == ("program", False)


def test_a_program_stands_the_tests_of_another_only_if_both_are_the_same_function():
    rows = generate_problems("programs", 60, (1, 3), "pretrain", 0)
    elsewhere = [[after(operations_of(row["question"]), x) for x in (-5, 3, 20)] for row in rows]
    for i, j in itertools.permutations(range(60), 2):
        assert passes(rows[i]["gold_answer"], rows[j]["tests"]) == (elsewhere[i] == elsewhere[j])
    assert sum(a != b for a, b in itertools.permutations(elsewhere, 2)) > 3000


def test_tests_of_a_program():
    assert generate_kinds.tests_of_program([("+", 3), ("*", 2), ("-", 9)]) == [
        "assert f(0) == -3",
        "assert f(1) == -1",
        "assert f(7) == 11",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_stands_in_the_only_split_that_may_ask_it(kind):
    found = {
        split: [
            drawn(kind, row["question"]) for seed in (0, 1) for row in generate_problems(kind, 150, (2, 3), split, seed)
        ]
        for split in SPLIT_SHARES
    }
    different = {split: set(map(str, problems)) for split, problems in found.items()}
    assert all(split_of(problem) == split for split, problems in found.items() for problem in problems)
    assert all(len(problems) > 100 for problems in different.values())
    assert not different["train"] & different["test"]
    assert not different["pretrain"] & (different["train"] | different["test"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_call_gives_the_same_different_questions_at_every_level(kind):
    rows = generate_problems(kind, 31, (2, 4), "train", 0)
    assert rows == generate_problems(kind, 31, (2, 4), "train", 0)
    assert rows != generate_problems(kind, 31, (2, 4), "train", 1)
    assert len({row["question"] for row in rows}) == 31
    assert Counter(row["level"] for row in rows) == {2: 11, 3: 10, 4: 10}


def test_a_fraction_has_a_solution_for_every_order_and_wording():
    solutions = {generate_kinds.answer_fractions(random.Random(seed), (6, [1, 3, -2])) for seed in range(1000)}
    assert {answer for answer, _ in solutions} == {"\\frac{1}{3}"}
    orders = [["1+3=4", "4-2=2"], ["1-2=-1", "-1+3=2"]]
    wordings = [
        [(f"We get ${left}={right}$.", f"${left}={right}$", f"So ${left}$ is ${right}$.") for left, right in equations]
        for equations in (
            [equation.split("=") for equation in [*order, "\\frac{2}{6}=\\frac{1}{3}"]] for order in orders
        )
    ]
    assert {solution for _, solution in solutions} == {
        "\n".join([*lines, "\\boxed{\\frac{1}{3}}"]) for lines_of in wordings for lines in itertools.product(*lines_of)
    }


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        ((4, [3, 5]), ("2", "3+5=8", "\\frac{8}{4}=2")),
        ((7, [3, 5]), ("\\frac{8}{7}", "3+5=8")),
        ((3, [2, -1]), ("\\frac{1}{3}", "2-1=1")),
    ],
    ids=["whole", "cannot_be_reduced", "taken_away"],
)
def test_answer_fractions(drawn, expected):
    answer, solution = generate_kinds.answer_fractions(random.Random(0), drawn)
    assert (answer, *("=".join(equation) for equation in equations_of(solution))) == expected


def test_a_choice_has_a_solution_for_every_order_and_wording():
    solutions = {generate_kinds.answer_choices(random.Random(seed), (True, [3, 9, 5])) for seed in range(300)}
    orders = [[(9, 3), (9, 5)], [(5, 3), (9, 5)], [(9, 5), (9, 3)]]
    wordings = [[(f"{a} is more than {b}.", f"{a} > {b}") for a, b in pairs] for pairs in orders]
    assert solutions == {
        ("B", "\n".join([*lines, "#### B"])) for lines_of in wordings for lines in itertools.product(*lines_of)
    }


def test_the_smallest_option_is_found_the_other_way_round():
    solutions = {generate_kinds.answer_choices(random.Random(seed), (False, [3, 9])) for seed in range(100)}
    assert solutions == {("A", "3 is less than 9.\n#### A"), ("A", "3 < 9\n#### A")}


def test_a_program_is_one_expression_or_one_assignment_per_operation():
    programs = {
        generate_kinds.answer_programs(random.Random(seed), [("+", 3), ("*", 2), ("-", 4)]) for seed in range(1000)
    }
    expressions = [
        f"    return ({product} - 4)" for plus in ("x + 3", "3 + x") for product in (f"({plus}) * 2", f"2 * ({plus})")
    ]
    assignments = [
        f"    {y} = {plus}\n    {y} = {times}\n    {y} = {y} - 4\n    return {y}"
        for y in "xyz"
        for plus in ("x + 3", "3 + x")
        for times in (f"{y} * 2", f"2 * {y}")
    ]
    bodies = {"def f(x):\n" + body for body in expressions + assignments}
    assert programs == {(program, program) for program in bodies}
    assert len(bodies) == 16


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_problems(kind):
    problems = load_problems({"generator": kind, "count": 7, "steps": [1, 3], "seed": 2}, "few", "train")
    assert problems.schema == PROBLEMS
    absent = {"subject": None, "choices": None, "tests": None, "cluster": None}
    assert problems.to_dicts() == [
        {"problem_id": f"few/{i}"} | absent | row
        for i, row in enumerate(generate_problems(kind, 7, (1, 3), "train", 2))
    ]
    full = {name for name in ("choices", "tests") if problems[name].null_count() == 0}
    assert full == {"fractions": set(), "choices": {"choices"}, "programs": {"tests"}}[kind]


def test_too_many_questions_are_refused_in_words():
    with pytest.raises(ValueError, match="could not find 60 different programs with 1 to 1 steps; ask for fewer"):
        generate_problems("programs", 60, (1, 1), "train", 0)
