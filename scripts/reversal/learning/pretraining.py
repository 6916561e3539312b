"""The embedded base model M0: a tokenizer and a randomly initialised Llama, in Hugging Face format."""

from reversal.checkpoints import last_checkpoint
from reversal.learning.watching import run
from reversal.problem_sources.problems import load_problems
from reversal.prompts import format_prompt


def train_tokenizer(texts: list[str], vocabulary: int):
    """Byte-level BPE over `texts`; numbers are cut into pieces of at most two digits: small ones are one token."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\d{1,2}"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=["<pad>", "<eos>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>")


def initialise_llama(tokenizer, architecture: dict, seed: int):
    """A Llama with random weights. architecture: arguments of transformers.LlamaConfig."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        tie_word_embeddings=True,
        **architecture,
    )
    return LlamaForCausalLM(config)


def corpus_texts(sources: list[dict], prompt: str, hard: float) -> list[tuple[str, str]]:
    """(prompt, solution) of all problems of the corpus; generators use the sums of the "pretrain" split.

    hard: the share of changes in generated sums that most solutions misread.
    """
    frames = [load_problems(source, f"corpus/{i}", "pretrain", hard) for i, source in enumerate(sources)]
    return [
        (format_prompt(prompt, question), solution)
        for frame in frames
        for question, solution in frame.select("question", "gold_solution").iter_rows()
    ]


def pretrain(texts: list[tuple[str, str]], recipe: dict, threads: int, work: str, output: str) -> None:
    """Trains a new tokenizer and Llama on the solutions in `texts` (loss on the solution only) and saves both.

    recipe: {vocabulary, architecture, arguments (of transformers.TrainingArguments), seed}. transformers' own Trainer
    instead of TRL's, which tokenises row by row and computes entropies: twice as fast for so small a model.
    """
    import torch
    import transformers

    torch.set_num_threads(threads)
    tokenizer = train_tokenizer([prompt + solution for prompt, solution in texts], recipe["vocabulary"])
    model = initialise_llama(tokenizer, recipe["architecture"], recipe["seed"])
    prompts = tokenizer([prompt for prompt, _ in texts]).input_ids
    solutions = tokenizer([solution + tokenizer.eos_token for _, solution in texts]).input_ids
    rows = [
        {"input_ids": p + s, "labels": [-100] * len(p) + s, "length": len(p + s)}
        for p, s in zip(prompts, solutions, strict=True)
    ]
    print(f"{model.num_parameters()} parameters, {sum(row['length'] for row in rows)} tokens per epoch", flush=True)
    learner = transformers.Trainer(
        model=model,
        args=transformers.TrainingArguments(
            output_dir=work,
            seed=recipe["seed"],
            report_to=[],
            save_total_limit=1,
            logging_nan_inf_filter=False,
            **recipe["arguments"],
        ),
        train_dataset=rows,
        data_collator=transformers.DataCollatorForSeq2Seq(tokenizer),
        processing_class=tokenizer,
    )
    run(learner, last_checkpoint(work))
    learner.save_model(output)
