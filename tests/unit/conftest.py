"""A tiny random model for the tests that need a real one."""

import pytest
from hypothesis import settings
from reversal.learning.pretraining import initialise_llama, train_tokenizer
from reversal.problem_sources.generate import generate_problems

settings.register_profile("unit", deadline=None)  # no test judges time
settings.load_profile("unit")


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory) -> str:
    """The folder of a Llama with random weights, large enough that its next-token distributions are not flat."""
    problems = generate_problems("word_problems", 100, (1, 3), "pretrain", 0)
    tokenizer = train_tokenizer([p["question"] + p["gold_solution"] for p in problems], 320)
    architecture = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "max_position_embeddings": 128,
        "initializer_range": 0.4,
    }
    model = initialise_llama(tokenizer, architecture, seed=0)
    folder = str(tmp_path_factory.mktemp("tiny_llama"))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
