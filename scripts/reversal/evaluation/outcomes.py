"""What became of a method: one outcome with one meaning, from its primary dimensions.

regressed                         accuracy fell
no progress                       accuracy was shown to lie within its margin of M1's
unclear                           none of the others: too little data; how large a change would have been seen
progress                          accuracy rose, and every other primary dimension was shown not to have lost more than
                                  its margin
progress, reversal not excluded   accuracy rose and nothing regressed, but some dimension may have lost more than that
progress with reversal            accuracy rose and another primary dimension regressed
sharpened                         the same, but every regressed dimension lies on M1's frontier: at any accuracy that
                                  both reach at some temperature, the last model has what M1 has
"""

from math import ceil, log10

import polars as pl
from scipy.special import ndtri

from reversal.evaluation.dimensions import BEST
from reversal.tables import OUTCOMES

OUTCOME = [
    "regressed",
    "no progress",
    "unclear",
    "progress",
    "progress, reversal not excluded",
    "progress with reversal",
    "sharpened",
]
NOT_EXCLUDED = OUTCOME[4]
POWER = 0.8
SIGNIFICANT = 0.05
LIMIT = float(-ndtri(SIGNIFICANT / 2))


def outcomes(changes: pl.DataFrame, frontier: list[dict], runs: str) -> pl.DataFrame:
    """OUTCOMES of a study. changes: CHANGES. frontier: frontier.of_last_models. runs: study.runs_in_words."""
    places = ["model", "task", "method"]
    tests = changes.filter(pl.col("role") == "primary", pl.col("p").is_not_null()).height
    found = []
    for place, group in changes.group_by(places, maintain_order=True):
        names, rows = dict(zip(places, place, strict=True)), group.to_dicts()
        here = [row for row in frontier if all(row[key] == value for key, value in names.items())]
        accuracy, best = (next((row for row in rows if row["dimension"] == name), {}) for name in ("accuracy", BEST))
        outcome, why = outcome_and_why(rows, here, tests)
        found.append(
            names
            | {"outcome": outcome, "runs": runs, "why": why}
            | {key: accuracy.get(key) for key in ("first", "last", "change", "low", "high", "best", "best_iteration")}
            | {f"gain_of_best{end}": best.get(key) for end, key in (("", "change"), ("_low", "low"), ("_high", "high"))}
            | {"smallest_seen": smallest_seen(accuracy, tests) if accuracy else None}
        )
    return pl.DataFrame(found, schema=OUTCOMES)


def outcome_and_why(rows: list[dict], frontier: list[dict], tests: int) -> tuple[str, str]:
    """(one of OUTCOME, a sentence that says why), of the CHANGES rows of one model, task and method.

    frontier: the rows of frontier.of_last_models of that method. tests: primary rows of the study, as Holm counts them.
    """
    primary = [row for row in rows if row["role"] == "primary"]
    accuracy = next((row for row in primary if row["dimension"] == "accuracy"), None)
    others = [row for row in primary if row["dimension"] != "accuracy"]
    if accuracy is None:
        return "unclear", "Accuracy was not measured."
    fallen = [row["dimension"] for row in others if row["verdict"] == "regress"]
    beside = f"; {listed(fallen)} regressed" if fallen else ""
    if accuracy["verdict"] == "regress":
        return "regressed", f"Accuracy fell{beside}."
    if accuracy["verdict"] == "unclear":
        return _without_change(accuracy, tests, beside)
    if fallen:
        on = {row["measure"] for row in frontier if row["position"] in ("on", "beyond")}
        if set(fallen) <= on:
            return "sharpened", f"Accuracy rose; {listed(fallen)} fell no further than M1's own frontier."
        return "progress with reversal", f"Accuracy rose, and {listed(fallen)} regressed."
    if not others:
        return NOT_EXCLUDED, "Accuracy rose, and nothing else was measured."
    unsure = [_what_would_tell(row) for row in others if may_have_lost(row)]
    if unsure:
        return (
            NOT_EXCLUDED,
            f"Accuracy rose and nothing regressed; a loss beyond its margin is possible: {listed(unsure)}.",
        )
    return "progress", "Accuracy rose, and every other primary dimension was shown to have kept within its margin."


def _without_change(accuracy: dict, tests: int, beside: str) -> tuple[str, str]:
    margin = accuracy["margin"]
    if accuracy["low"] is not None and -margin < accuracy["low"] and accuracy["high"] < margin:
        return "no progress", f"Accuracy was shown to lie within {margin:.3f} of M1's{beside}."
    seen = smallest_seen(accuracy, tests)
    power = "" if seen is None else f"; this study sees a change of {seen:.3f} in {POWER:.0%} of cases"
    return "unclear", f"The change of accuracy is not beyond chance{power}{beside}."


def may_have_lost(row: dict) -> bool:
    """Whether the interval reaches a loss of the margin, or there is none."""
    return row["low"] is None or row["low"] <= -row["margin"]


def smallest_seen(row: dict, tests: int) -> float | None:
    """The smallest change that the study finds with a chance of POWER, at Holm's strictest level; None if unknown.

    The normal approximation (z of the level + z of the power) times the standard error, which is the interval's
    half-width over its own z: with several replicates that holds their Student's t, too.
    """
    if row["low"] is None:
        return None
    error = (row["high"] - row["low"]) / 2 / LIMIT
    return float(-ndtri(SIGNIFICANT / 2 / max(1, tests)) - ndtri(1 - POWER)) * error


def problems_needed(row: dict) -> int | None:
    """How many problems would show, with a chance of POWER, that a dimension without a change has not lost its margin.

    Two significant digits. None where there is no interval, M1's value is 0, or there are several replicates, whose
    own variance no number of problems removes.
    """
    if row["low"] is None or not row["margin"] or row["replicates"] > 1:
        return None
    error = (row["high"] - row["low"]) / 2 / LIMIT
    exact = row["problems"] * ((LIMIT - ndtri(1 - POWER)) * error / row["margin"]) ** 2
    digit = 10 ** max(0, int(log10(max(exact, 1))) - 1)
    return ceil(exact / digit) * digit


def _what_would_tell(row: dict) -> str:
    many = problems_needed(row)
    if many is None:
        return f"{row['dimension']} (more runs or problems would tell)"
    more = "" if many > row["problems"] else ", by this run's luck"
    return f"{row['dimension']} (about {many} problems would tell, here {row['problems']}{more})"


def listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
