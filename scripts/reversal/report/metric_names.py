"""Metrics and subsets as a person reads them; the tables have their short names."""

import re

WORDS = {
    "pass_at_1": "accuracy (greedy answer)",
    "sample_accuracy": "accuracy (mean of the samples)",
    "coverage": "coverage: right samples on the training questions",
    "kept": "answers kept: right then and now",
    "gained_inside": "answers gained that a sample had right before",
    "gained_outside": "answers gained that no sample had right before",
    "lost": "answers lost: right then, wrong now",
    "beyond_n_samples": "solved beyond N samples of M1",
    "beyond_n_samples_lost": "solved by M1 beyond N samples of the later model",
    "beyond_n_samples_net": "solved beyond N samples, less the mirror",
    "improvement_set_size": "problems newly solved",
    "lost_set_size": "problems no longer solved",
    "unsound_rate": "right answers by a wrong calculation",
    "distinct_n": "different n-grams among a problem's answers",
    "equation_diversity": "different sets of equations among a problem's answers",
    "pairwise_distinct_n": "syntactic diversity (n-grams of two answers)",
    "pairwise_equation_diversity": "logical diversity (pairs whose equations differ)",
    "pairwise_equation_diversity_as_written": "logical diversity, 3*4 and 4*3 counted as two",
    "semantic_diversity": "semantic diversity (1 \N{MINUS SIGN} cosine of two answers)",
    "semantic_diversity_across_questions": "semantic diversity across questions",
    "vendi_score": "Vendi score: effective number of different answers",
    "pair_share": "share of the pairs of answers",
    "embedded_pair_share": "share of the pairs of embedded answers",
    "no_equations_rate": "answers without equations",
    "answer_diversity": "different final answers",
    "answer_entropy": "entropy of the final answers, in bits",
    "compression_ratio": "compression ratio of the answers",
    "problems_with_too_few_answers": "problems with too few answers for a diversity",
    "group_disparity": "disparity between the easiest and the hardest level",
    "samples": "samples per problem",
    "tokens_mean": "tokens per answer, mean",
    "truncated_rate": "answers cut off at the limit of tokens",
    "duplicate_rate": "answers that repeat another one",
    "no_answer_rate": "answers without a final answer",
    "readings_disagree_rate": "answers whose two readings disagree",
    "restated_rate": "right answers in another form than the gold one",
}
PATTERNS = [
    (r"pass_at_(\d+)", r"pass@\1"),
    (r"sound_pass_at_(\d+)", r"sound pass@\1: right by a true calculation"),
    (r"maj_at_(\d+)", r"majority vote of \1 samples"),
    (r"m1_pass_at_(\d+)", r"M1's pass@\1 on the problems newly solved"),
    (r"mt_pass_at_(\d+)", r"the later model's pass@\1 on the problems it lost"),
    (r"distinct_(\d+)", r"different \1-grams among a problem's answers"),
    (r"tokens_p(\d+)", r"tokens per answer, \1th percentile"),
]
SUBSETS = {
    "test": "test problems",
    "train": "training questions",
    "correct": "correct answers",
    "incorrect": "wrong answers",
    "all": "all answers",
    "mixed": "pairs of a correct and a wrong answer",
    "improvement": "problems newly solved",
    "null": "chance: a second sample of M1",
    "anew": "chance: M1s trained anew",
}


def metric_in_words(metric: str) -> str:
    """What a metric of METRICS is called in a list to choose from; one without words keeps its name, with blanks."""
    if metric in WORDS:
        return WORDS[metric]
    for pattern, words in PATTERNS:
        if re.fullmatch(pattern, metric):
            return re.sub(pattern, words, metric)
    return metric.replace("_", " ")


def subset_in_words(subset: str) -> str:
    """What a subset of METRICS is called: an OOD set keeps its own name."""
    name, _, level = subset.partition("/level=")
    name, common, _ = name.partition("/common")
    text = SUBSETS.get(name, name)
    return text + (f", level {level}" if level else "") + (", of the problems that count at every t" if common else "")
