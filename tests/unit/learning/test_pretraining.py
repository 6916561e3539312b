from hypothesis import given
from hypothesis import strategies as st
from reversal.learning.pretraining import corpus_texts, pretrain, train_tokenizer

TOKENIZER = train_tokenizer(["Tom has 12 apples. Buys 5.\n<<12+5=17>>17", "100 and 2024"], 300)


@given(st.text(max_size=20))
def test_any_text_comes_back_whole(text):
    assert TOKENIZER.decode(TOKENIZER(text).input_ids, clean_up_tokenization_spaces=False) == text


def test_a_number_is_cut_into_pieces_of_at_most_two_digits():
    pieces = TOKENIZER.convert_ids_to_tokens(TOKENIZER("12+12=2024").input_ids)
    assert [piece for piece in pieces if piece.isdigit() and len(piece) > 2] == []
    assert pieces[0] == "12"


def test_corpus_texts_are_prompts_and_solutions_of_every_source():
    sources = [{"generator": kind, "count": 3, "steps": [1, 2]} for kind in ("word_problems", "expressions")]
    texts = corpus_texts(sources, "Q: {question}\nA: ", 0.25)
    assert len(texts) == 6
    assert all(prompt.startswith("Q: ") and prompt.endswith("\nA: ") and "####" in text for prompt, text in texts)


def test_pretraining_learns_the_solution_and_saves_a_model_that_loads(tmp_path):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    architecture = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    arguments = {"learning_rate": 0.02, "max_steps": 40, "per_device_train_batch_size": 4, "save_steps": 100}
    recipe = {"vocabulary": 300, "architecture": architecture, "arguments": arguments, "seed": 0}
    texts = [("Question: Tom?\n", "#### 12")] * 8
    pretrain(texts, recipe, 1, str(tmp_path / "work"), str(tmp_path / "model"))

    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    ids = torch.tensor([tokenizer(texts[0][0]).input_ids])
    answer = model.generate(ids, do_sample=False, max_new_tokens=10)[0, ids.shape[1] :]
    assert tokenizer.decode(answer) == "#### 12<eos>"
