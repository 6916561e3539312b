"""The text around a question, the same for training and sampling.

A template is a text with {question}, or a chat, {system, user}, which the model's own chat template renders.
"""

import json

TURN = "an answer that no template has"


def format_prompt(template: str | dict[str, str], question: str) -> str:
    """`template` with {question} filled in; other braces in the question stay. A chat becomes JSON of its messages."""
    if isinstance(template, str):
        return template.replace("{question}", question)
    return json.dumps(
        [
            {"role": role, "content": template[role].replace("{question}", question)}
            for role in ("system", "user")
            if role in template
        ]
    )


def rendered(prompt: str, tokenizer, chat: bool) -> str:
    """A formatted prompt as the text that the model reads. tokenizer: of transformers.

    A begin token that the tokenizer adds by itself is left out, whether a template or a pasted text has it already:
    doubled begin tokens silently change a model's answers. Raises ValueError for a chat without a chat template.
    """
    if chat and not tokenizer.chat_template:
        raise ValueError(
            f"{tokenizer.name_or_path} has no chat template, and the task's prompt is a chat (system, user): write the "
            "prompt as one text"
        )
    if chat:
        prompt = tokenizer.apply_chat_template(json.loads(prompt), tokenize=False, add_generation_prompt=True)
    begin = tokenizer.bos_token
    adds = begin is not None and tokenizer("a").input_ids[:1] == [tokenizer.bos_token_id]
    return prompt.removeprefix(begin) if adds else prompt


def before_stop(stop: list[str], text: str) -> tuple[str, bool]:
    """`text` up to the first of the stop texts, and whether there was one."""
    places = [place for place in map(text.find, stop) if place >= 0]
    return (text[: min(places)], True) if places else (text, False)


def end_of_turn(tokenizer) -> str:
    """What the chat template puts after an answer, without white space: the token that ends a turn, or nothing."""
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": TURN}]
    return tokenizer.apply_chat_template(turns, tokenize=False).rpartition(TURN)[2].strip()
