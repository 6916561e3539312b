from reversal.prompts import format_prompt


def test_only_the_question_is_filled_in():
    assert format_prompt("Q: {question} {x}\nA:", "f{a} = {0}%s?") == "Q: f{a} = {0}%s? {x}\nA:"
