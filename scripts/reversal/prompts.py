"""The text around a question, the same for training and sampling."""


def format_prompt(template: str, question: str) -> str:
    """`template` with {question} filled in; other braces in the question stay as they are."""
    return template.replace("{question}", question)
