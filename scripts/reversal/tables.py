"""The tables that stages hand to each other: one declared schema each, checked where it is written and read.

problems     one row per problem; gold_solution is null where the benchmark has none
dropped      problems left out: training questions that are elsewhere (same_as), what given answers do not answer
samples      one row per generated answer; temperature, top_p and max_tokens are those it was drawn with
labels       one row per given answer, same keys: the verdict and the final answer that came with it, if any
verdicts     one row per sample, same keys; verdict is one of VERDICTS
scores       one tidy row per metric of one model; value is null where the metric is undefined
problem_scores  the same per problem, for all metrics that are means over problems: what intervals are made of
frontier_scores  accuracy, pass@k and diversity of the right answers of one model per problem and sampling temperature
metrics      scores of a whole study, each lineage once for every method that contains it
intervals    means over replicates of the same, with their uncertainty: what figures are drawn from
support      what M_t solves that M1 does not and the reverse, against chance, in shares of the problems and as ratios
printed      numbers of the paper's figures beside the study's own
extrapolations  pass@k beyond the samples that were drawn, from a fit
not_measured  what a method has no change of, and why
changes      per method and dimension what M1 and the last iteration give, how sure the change is, the verdict
outcomes     per method what became of it, and why
narrowing    per method and diversity how much of the change over all answers is fewer wrong ones
curves       means over problems and replicates of frontier_scores: M1's frontier, and M_t's
frontier     M_t against M1 at equal sampled accuracy: beyond M1's frontier, on it, or inside
"""

import io
import os
from pathlib import Path

import polars as pl

from reversal import seals

VERDICTS = ["correct", "wrong", "no_answer", "timeout", "infra_error"]
ANSWER_TYPES = ["number", "expression", "choice", "program"]
LABELLED = "labels that came with the answers"  # the verifier where these are the verdicts
SAMPLE_KEY = ["problem_id", "decoding", "sample_index"]

PROBLEMS = {
    "problem_id": pl.String,
    "question": pl.String,
    "gold_answer": pl.String,
    "gold_solution": pl.String,
    "answer_type": pl.Enum(ANSWER_TYPES),
    "level": pl.Int64,
    "subject": pl.String,
    "choices": pl.List(pl.String),  # of answer_type choice: the texts of options A, B, ..
    "tests": pl.List(pl.String),  # of answer_type program: Python statements that must not fail
    "cluster": pl.String,  # what it shares with others (a template, a passage); null: nothing
}
DROPPED = {
    "problem_id": pl.String,
    "same_as": pl.String,
    "not_answered_by": pl.String,  # the first given series that lacks it
    "question": pl.String,
}
SAMPLES = {
    "problem_id": pl.String,
    "decoding": pl.String,  # greedy, sampled, or of a frontier "sampled at 1.3"
    "sample_index": pl.Int64,
    "seed": pl.Int64,
    "text": pl.String,
    "n_tokens": pl.Int64,
    "finish_reason": pl.String,  # stop or length
    "temperature": pl.Float64,
    "top_p": pl.Float64,
    "max_tokens": pl.Int64,
    "engine": pl.String,  # with its version and all of the decoding that no column says
}
LABELS = {
    "problem_id": pl.String,
    "decoding": pl.String,
    "sample_index": pl.Int64,
    "answer": pl.String,
    "correct": pl.Boolean,
}
VERDICT_ROWS = {
    "problem_id": pl.String,
    "decoding": pl.String,
    "sample_index": pl.Int64,
    "answer": pl.String,  # null where no answer could be extracted
    "verdict": pl.Enum(VERDICTS),  # no stored table holds infra_error: verify fails first
    "second_answer": pl.String,  # by a looser reading, judged independently: how far can the verdict be trusted?
    "second_verdict": pl.Enum(VERDICTS),
    "verifier": pl.String,
    "answer_class": pl.String,  # equal answers to a problem share it, right or wrong; null where this is not known
}
SFT_ROWS = {"problem_id": pl.String, "prompt": pl.String, "completion": pl.String}
DPO_ROWS = {"problem_id": pl.String, "prompt": pl.String, "chosen": pl.String, "rejected": pl.String}
LOSSES = {"step": pl.Int64, "epoch": pl.Float64, "loss": pl.Float64, "learning_rate": pl.Float64}
LOSSES |= {"entropy": pl.Float64, "reward": pl.Float64}  # of GRPO: per token in nats, per answer; else null
SCORES = {
    "study": pl.String,
    "model": pl.String,
    "task": pl.String,
    "base": pl.Int64,
    "seed": pl.Int64,
    "iteration": pl.Int64,
    "lineage": pl.String,
    "metric": pl.String,
    "subset": pl.String,
    "value": pl.Float64,
    "n": pl.Int64,
}
PROBLEM_SCORES = {
    "problem_id": pl.String,
    "metric": pl.String,
    "subset": pl.String,
    "value": pl.Float64,
    "weight": pl.Float64,  # in the mean over problems
}
FRONTIER_SCORES = {
    "problem_id": pl.String,
    "temperature": pl.Float64,
    "metric": pl.String,
    "value": pl.Float64,
}
CURVES = {
    "model": pl.String,
    "task": pl.String,
    "method": pl.String,
    "iteration": pl.Int64,
    "measure": pl.String,  # as in FRONTIER; with "/common": of the problems that have it at all temperatures of both
    "temperature": pl.Float64,
    "of_training": pl.Boolean,  # whether training samples are drawn at this temperature
    "accuracy": pl.Float64,  # share of right samples, mean over replicates
    "accuracy_low": pl.Float64,  # 95 % interval
    "accuracy_high": pl.Float64,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "problems": pl.Float64,  # behind the value, mean over replicates
}
FRONTIER = {
    "model": pl.String,
    "task": pl.String,
    "method": pl.String,
    "iteration": pl.Int64,
    "measure": pl.String,  # pass@k, syntactic, semantic or logical diversity (of right answers), as CHANGES calls it
    "comparison": pl.String,  # whole frontier, M1's accuracy, or temperature: where the curves are compared
    "temperature": pl.Float64,  # of M_t, where it is compared at one of its own
    "accuracy": pl.Float64,  # at which they are compared; the middle of the range for the whole frontier
    "width": pl.Float64,  # of that range of accuracies; 0 at a point
    "reference": pl.Float64,  # M1
    "value": pl.Float64,  # M_t
    "difference": pl.Float64,  # value - reference
    "low": pl.Float64,  # 95 % interval of the difference
    "high": pl.Float64,
    "p": pl.Float64,  # not adjusted
    "replicates": pl.Int64,
    "position": pl.String,  # beyond, on, inside, unclear or not comparable
    "note": pl.String,  # why not comparable
}
CHANGES = {
    "model": pl.String,
    "task": pl.String,
    "method": pl.String,
    "dimension": pl.String,
    "role": pl.String,  # primary or secondary
    "better": pl.String,  # the way that is progress: higher or lower
    "metric": pl.String,
    "subset": pl.String,
    "first": pl.Float64,  # at M1, on the problems that have a value at both ends, mean over replicates
    "last": pl.Float64,
    "change": pl.Float64,  # last - first
    "low": pl.Float64,  # 95 % interval of the change
    "high": pl.Float64,
    "margin": pl.Float64,  # a loss up to this is none (dimensions.MARGINS); primary rows alone
    "effect_size": pl.Float64,  # mean change of a problem / standard deviation of the problems' changes
    "p": pl.Float64,
    "p_adjusted": pl.Float64,  # Holm, over all rows of the study with the same role
    "verdict": pl.String,  # progress, regress or unclear
    "change_min": pl.Float64,  # over the replicates
    "change_max": pl.Float64,
    "replicates": pl.Int64,  # bases, or training seeds of a single base
    "problems": pl.Int64,  # with a value at both ends
    "best": pl.Float64,  # accuracy at its best iteration, chosen after looking
    "best_iteration": pl.Int64,
    "note": pl.String,  # which end of an OOD set moved, which iterations were chosen
    "published_first": pl.Float64,  # the paper's numbers for greedy accuracy, as shares
    "published_best": pl.Float64,
    "published_best_iteration": pl.Int64,
}
OUTCOMES = {
    "model": pl.String,
    "task": pl.String,
    "method": pl.String,
    "outcome": pl.String,  # outcomes.OUTCOME
    "runs": pl.String,  # of how many runs it speaks
    "why": pl.String,
    "first": pl.Float64,  # accuracy of M1
    "last": pl.Float64,
    "change": pl.Float64,
    "low": pl.Float64,  # 95 % interval of the change
    "high": pl.Float64,
    "best": pl.Float64,  # chosen after looking
    "best_iteration": pl.Int64,
    "gain_of_best": pl.Float64,  # over M1, chosen on one half of the problems and judged on the other
    "gain_of_best_low": pl.Float64,
    "gain_of_best_high": pl.Float64,
    "smallest_seen": pl.Float64,  # the change of accuracy that this study finds in 80 % of cases
}
NARROWING = {  # why diversity over all answers changed
    "model": pl.String,
    "task": pl.String,
    "method": pl.String,
    "dimension": pl.String,
    "part": pl.String,  # all answers = composition (fewer wrong ones) + narrowing (answers more alike)
    "change": pl.Float64,
    "low": pl.Float64,  # 95 % interval
    "high": pl.Float64,
    "problems": pl.Int64,
}
BASES = {  # every base judged as a study of its own
    "model": pl.String,
    "task": pl.String,
    "method": pl.String,
    "base": pl.Int64,
    "outcome": pl.String,
    "m1_coverage": pl.Float64,
    "m1_accuracy": pl.Float64,
    "change": pl.Float64,  # of accuracy, to the last iteration
    "low": pl.Float64,
    "high": pl.Float64,
    "progressed": pl.String,  # primary dimensions
    "regressed": pl.String,
}
SUPPORT = {  # problems in reach of k samples: what M_t kept of M1's, lost and gained, beside what chance gives
    "model": pl.String,
    "task": pl.String,
    "method": pl.String,
    "iteration": pl.Int64,
    "samples": pl.Int64,  # k
    "metric": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,  # 95 % interval
    "high": pl.Float64,
    "null": pl.Float64,  # the same of M1 against M1
    "null_from": pl.String,  # M1s trained anew, M1 sampled anew, or M1 itself for what is no comparison
    "difference": pl.Float64,  # value - null
    "difference_low": pl.Float64,
    "difference_high": pl.Float64,
    "replicates": pl.Int64,
    "problems": pl.Int64,
}
EXTRAPOLATIONS = {  # pass@k beyond the samples drawn, of M1 and of the last iteration
    "model": pl.String,
    "task": pl.String,
    "method": pl.String,
    "iteration": pl.Int64,
    "samples": pl.Int64,  # N: drawn of each problem
    "k": pl.Int64,  # null where the fit is refused
    "value": pl.Float64,
    "low": pl.Float64,  # 95 % interval
    "high": pl.Float64,
    "alpha": pl.Float64,  # of the beta-binomial, means over runs
    "beta": pl.Float64,
    "zeros": pl.Float64,  # the share of problems that the fit takes to be never solved
    "p": pl.Float64,  # of the fit
    "reason": pl.String,  # for a refusal, otherwise empty
}
NOT_MEASURED = {
    "model": pl.String,
    "task": pl.String,
    "method": pl.String,
    "dimension": pl.String,
    "reason": pl.String,  # and what would help
}
RULE = {  # the paper's coverage rule against what happened, per model and task
    "model": pl.String,
    "task": pl.String,
    "coverage": pl.Float64,  # of M1, mean over runs
    "rule_expects": pl.String,  # dpo (coverage above 0.5: DPO or SFT-DPO has the best iteration) or sft
    "best_method": pl.String,  # with the best greedy accuracy of any iteration, after looking; all of them if they tie
    "best_accuracy": pl.Float64,
    "margin": pl.Float64,  # best of the kind expected - best of the other, chosen on one half, judged on the other
    "low": pl.Float64,  # 95 % interval
    "high": pl.Float64,
    "rule_fits": pl.String,  # yes or no where the interval excludes 0, not shown where it does not, or not compared
    "published_coverage": pl.Float64,
    "published_rule_fits": pl.String,
}
METRICS = {
    "study": pl.String,
    "model": pl.String,
    "task": pl.String,
    "method": pl.String,
    "base": pl.Int64,
    "seed": pl.Int64,
    "iteration": pl.Int64,
    "lineage": pl.String,
    "metric": pl.String,
    "subset": pl.String,  # with "/common": of the problems for which the metric is defined at every iteration
    "value": pl.Float64,
    "n": pl.Int64,
}
INTERVALS = {
    "study": pl.String,
    "model": pl.String,
    "task": pl.String,
    "method": pl.String,
    "iteration": pl.Int64,
    "lineage": pl.String,
    "metric": pl.String,
    "subset": pl.String,
    "value": pl.Float64,  # mean over the replicates for which it is defined
    "low": pl.Float64,  # 95 % interval
    "high": pl.Float64,
    "replicates": pl.Int64,  # bases, or training seeds of a single base
    "n": pl.Float64,  # problems behind it, mean over replicates
}
PUBLISHED = {
    "model": pl.String,
    "task": pl.String,
    "method": pl.String,
    "m1_coverage": pl.Float64,
    "m1_pass_at_1": pl.Float64,  # percent, as printed
    "best_pass_at_1": pl.Float64,
    "best_iteration": pl.Int64,
    "improvement_printed": pl.Float64,
}
PUBLISHED_FIGURES = {  # the paper's Figures 3 to 5, read off their images (benchmarks/digitise.py)
    "figure": pl.Int64,
    "model": pl.String,  # one of these, with | between them, where the paper does not say which
    "task": pl.String,
    "method": pl.String,
    "iteration": pl.Int64,
    "metric": pl.String,
    "subset": pl.String,
    "value": pl.Float64,  # a share
    "reading_error": pl.Float64,
}
PRINTED = {  # PUBLISHED_FIGURES beside the study's own
    "figure": pl.Int64,
    "model": pl.String,
    "task": pl.String,
    "method": pl.String,
    "iteration": pl.Int64,
    "metric": pl.String,
    "subset": pl.String,
    "published": pl.Float64,
    "reading_error": pl.Float64,
    "value": pl.Float64,  # the study's, with its 95 % interval
    "low": pl.Float64,
    "high": pl.Float64,
    "difference": pl.Float64,  # value - published
}


def check(frame: pl.DataFrame, schema: dict, origin: str) -> pl.DataFrame:
    """`frame` with its columns in the order of `schema`; a ValueError names any difference in names or types."""
    have, want = dict(frame.schema), schema
    missing = [name for name in want if name not in have]
    extra = [name for name in have if name not in want]
    other = [f"{name} is {have[name]}, not {want[name]}" for name in want if name in have and have[name] != want[name]]
    if missing or extra or other:
        raise ValueError(f"{origin}: wrong columns: missing {missing}, unexpected {extra}, wrong type {other}")
    return frame.select(list(schema))


def read(path: str, schema: dict) -> pl.DataFrame:
    """The table in a file that `write` made, checked. A broken one raises a ValueError with its name and the remedy."""
    try:
        if path.endswith(".csv"):
            seals.check_beside(path)
            frame = pl.read_csv(path, schema=schema)
        else:
            frame = pl.read_parquet(io.BytesIO(seals.checked_parquet(path)))
    except (pl.exceptions.PolarsError, OSError, seals.ChangedError) as error:
        raise ValueError(f"{path}: not a table as it was written ({error}); delete it and run again") from error
    return check(frame, schema, path)


def write(frame: pl.DataFrame, schema: dict, path: str) -> None:
    """Writes a checked table whole or not at all: to a file beside `path`, then moved into place. It gets a digest."""
    beside = Path(path).with_name(Path(path).name + ".part")
    checked = check(frame, schema, path)
    if path.endswith(".csv"):
        checked.write_csv(beside)
    else:
        beside.write_bytes(seals.sealed_parquet(checked))
    os.replace(beside, path)
    if path.endswith(".csv"):
        seals.write_beside(path)
