"""Worse, or only sampled colder? M_t against M1 at equal sampled accuracy.

M1 sampled at several temperatures is a curve of (accuracy, pass@k) and of (accuracy, diversity of the right answers):
its frontier, which costs no training. A later model that lost diversity and lies on that curve is M1 made sharper; one
inside of it has lost what no temperature of M1 would have lost; one beyond it has more.
"""

import numpy as np
import polars as pl

from reversal.evaluation.dimensions import DIVERSITIES, MARGINS
from reversal.evaluation.paired import cluster_numbers
from reversal.evaluation.summaries import replicates
from reversal.evaluation.uncertainty import interval, over_replicates, replicates_p_value, resampled_means
from reversal.tables import CURVES, FRONTIER

MEASURES = {metric: dimension for dimension, metric in DIVERSITIES.items()}  # and pass@k
WHOLE = "whole frontier"
GRID = (np.arange(24) + 0.5) / 24  # places within a range of accuracies that the whole frontier is compared at
COMMON = "/common"
PLACE = ("model", "task")
TOO_FEW = "fewer than two problems have two right answers"
AT_AN_END = "so near an end of the range that resampled problems leave it"


def frontier(
    values: pl.DataFrame, series: dict[str, list[str]], temperature: float, clusters: dict[str, str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(FRONTIER, CURVES) of one model and task, both less model and task.

    values: FRONTIER_SCORES with base, seed and lineage, of all replicates. series: {method: [lineage of M1, ..]};
    compared is every later lineage that has values. temperature: the training's own. clusters: {problem_id: its
    cluster} of the problems that are in one.
    """
    values = values.rename({"temperature": "subset"}).with_columns(pl.col("subset").cast(pl.String), weight=1.0)
    names = pl.col("metric").replace(MEASURES).str.replace(r"^pass_at_", "pass@")
    values = replicates(values.with_columns(metric=names))
    rows, points = [], []
    for method, lineages in series.items():
        for iteration, lineage in enumerate(lineages[1:], start=2):
            pair = values.filter(pl.col("lineage").is_in([lineages[0], lineage]))
            if pair["lineage"].n_unique() < 2:
                continue
            place = {"method": method, "iteration": iteration}
            curves = _curves(pair, [lineages[0], lineage], clusters)
            rows += [place | row for row in _compared(curves, temperature, f"M{iteration}")]
            of_first = {"method": method, "iteration": 1}
            again = any(row["method"] == method for row in points)
            points += [] if again else [of_first | row for row in _points(curves, 0, temperature)]
            points += [place | row for row in _points(curves, 1, temperature)]
    schemas = [{name: of for name, of in schema.items() if name not in PLACE} for schema in (FRONTIER, CURVES)]
    return tuple(
        pl.DataFrame(found, schema=schema).with_columns(pl.selectors.float().fill_nan(None))
        for found, schema in zip((rows, points), schemas, strict=True)
    )


def of_last_models(table: pl.DataFrame) -> list[dict]:
    """The rows of FRONTIER that a verdict speaks of: the last model of each method along the whole frontier."""
    last = pl.col("iteration") == pl.col("iteration").max().over("model", "task", "method")
    return table.filter(last, comparison=WHOLE).to_dicts()


def height_at(accuracy: np.ndarray, curve: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """The height of a curve at given accuracies: places x ..

    accuracy: places x .., curve and heights: temperatures x .. . Straight lines between neighbouring temperatures; of
    several heights at one accuracy the greatest, as one may choose the temperature. nan beside the curve, and where a
    line has an end without a height.
    """
    start, end, low, high = curve[:-1], curve[1:], heights[:-1], heights[1:]
    at = accuracy[:, None]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # what is not finite lies on no line
        on_line = low + (high - low) * (at - start) / (end - start)
    on_line = np.where(start == end, np.maximum(low, high), on_line)
    covered = (np.minimum(start, end) <= at) & (at <= np.maximum(start, end))
    found = np.where(covered & np.isfinite(on_line), on_line, -np.inf).max(axis=1, initial=-np.inf)
    return np.where(np.isfinite(found), found, np.nan)


def position(low: float, high: float, reference: float, measure: str) -> str:
    """Where an interval of the difference to M1's frontier lies: beyond, on, inside or unclear.

    on: surely no further from it than the dimension's margin, a share of its height (dimensions.MARGINS). That comes
    first, so that a difference too small to matter is none however sure it is.
    """
    margin = MARGINS["pass@N" if measure.startswith("pass@") else "diversity"] * reference
    if -margin <= low and high <= margin:
        return "on"
    return "beyond" if low > 0 else "inside" if high < 0 else "unclear"


def _curves(pair: pl.DataFrame, lineages: list[str], clusters: dict[str, str]) -> dict:
    """temperatures, and per measure (points, draws, problems): 2 models x temperatures x replicates (x DRAWS).

    Problems (or clusters) are drawn once for both models, all temperatures and all measures.
    """
    axes = [lineages] + [pair[key].unique().sort().to_list() for key in ("subset", "metric", "replicate", "problem_id")]
    axes[1].sort(key=float)
    array = np.full([len(axis) for axis in axes], np.nan)
    rows = pair.drop_nulls("value")
    where = [
        rows[key].replace_strict(axis, list(range(len(axis)))).to_numpy()
        for key, axis in zip(("lineage", "subset", "metric", "replicate", "problem_id"), axes, strict=True)
    ]
    array[tuple(where)] = rows["value"].to_numpy()
    measures = {name: array[:, :, i] for i, name in enumerate(axes[2])}
    partly = {name: of for name, of in measures.items() if np.isnan(of).any()}
    for name, of in partly.items():
        everywhere = np.isfinite(of).all(axis=(0, 1))
        measures[name + COMMON] = np.where(everywhere, of, np.nan)
    found = {}
    for name, of in measures.items():
        behind = np.isfinite(of).sum(axis=-1)
        points = np.where(behind > 1, np.nansum(of, axis=-1) / np.maximum(behind, 1), np.nan)
        draws = resampled_means(of.reshape(-1, *of.shape[2:]), clusters=cluster_numbers(axes[4], clusters))
        found[name] = (points, draws.reshape(*points.shape, -1), behind)
    return {"temperatures": [float(name) for name in axes[1]], "measures": found}


def _points(curves: dict, model: int, own: float) -> list[dict]:
    """Rows of CURVES of M1 (model 0) or M_t (1)."""
    right, right_draws, _ = curves["measures"]["sample_accuracy"]
    rows = []
    for measure, (points, draws, behind) in curves["measures"].items():
        for i, temperature in enumerate(curves["temperatures"]) if measure != "sample_accuracy" else ():
            of_accuracy, of_measure = (
                _mean(right[model, i], right_draws[model, i]),
                _mean(points[model, i], draws[model, i]),
            )
            names = {"measure": measure, "temperature": temperature, "of_training": temperature == own}
            names |= {"problems": float(behind[model, i].mean())}
            rows.append(
                names
                | dict(zip(("accuracy", "accuracy_low", "accuracy_high"), of_accuracy, strict=True))
                | dict(zip(("value", "low", "high"), of_measure, strict=True))
            )
    return rows


def _mean(points: np.ndarray, draws: np.ndarray) -> tuple[float, float, float]:
    """(mean over replicates, low, high). points: replicates, draws: replicates x DRAWS."""
    usable = points[np.isfinite(points)]
    low, high = interval(over_replicates(draws, points))
    return float(usable.mean()) if usable.size else np.nan, float(low), float(high)


def _compared(curves: dict, temperature: float, name: str) -> list[dict]:
    """Rows of FRONTIER: M_t against M1 along the whole frontier, at M1's own accuracy, at each temperature of M_t."""
    right, right_draws, _ = curves["measures"]["sample_accuracy"]
    own = curves["temperatures"].index(temperature)
    rows = []
    for measure, (points, draws, _) in curves["measures"].items():
        if measure == "sample_accuracy":
            continue
        levels = (right, points), (right_draws, draws)
        places = {(WHOLE, None): None, ("M1's accuracy", None): (0, own)}
        places |= {("temperature", value): (1, i) for i, value in enumerate(curves["temperatures"])}
        for (comparison, value), place in places.items():
            at, at_draws = ((_along(*level) if place is None else _at(*level, *place)) for level in levels)
            names = {"measure": measure, "comparison": comparison, "temperature": value}
            rows.append(names | {"note": _note(at, right, place, name)} | _row(at, at_draws[3] - at_draws[2], measure))
    return rows


def _at(right: np.ndarray, heights: np.ndarray, model: int, i: int) -> tuple[np.ndarray, ...]:
    """(accuracy, 0, M1's height, M_t's) where `model` is at its i-th temperature; the other is interpolated."""
    accuracy = right[model, i]
    known, other = heights[model, i], height_at(accuracy[None], right[1 - model], heights[1 - model])[0]
    return accuracy, np.zeros_like(accuracy), *((known, other) if model == 0 else (other, known))


def _along(right: np.ndarray, heights: np.ndarray) -> tuple[np.ndarray, ...]:
    """(middle, width of the range of accuracies that both curves cover, mean heights of M1 and M_t in it)."""
    with_height = np.where(np.isfinite(heights), right, np.nan)
    gone = np.isnan(with_height).all(axis=1)
    low = np.where(np.isnan(with_height), np.inf, with_height).min(axis=1).max(axis=0)
    high = np.where(np.isnan(with_height), -np.inf, with_height).max(axis=1).min(axis=0)
    shared = (low < high) & ~gone.any(axis=0)
    low, high = np.where(shared, low, np.nan), np.where(shared, high, np.nan)
    grid = low + (high - low) * GRID.reshape(-1, *[1] * low.ndim)
    means = [height_at(grid, right[model], heights[model]).mean(axis=0) for model in (0, 1)]
    return (low + high) / 2, high - low, *means


def _row(at: tuple[np.ndarray, ...], draws: np.ndarray, measure: str) -> dict:
    """The numbers of a row of FRONTIER. at: accuracy, width, reference and value per replicate; draws of the
    difference.
    """
    accuracy, width, reference, value = at
    difference = value - reference
    numbers = dict.fromkeys(("reference", "value", "difference", "low", "high", "p"))
    numbers |= {"accuracy": _nanmean(accuracy), "width": _nanmean(width), "position": "not comparable"}
    numbers |= {"replicates": int(np.isfinite(difference).sum())}
    if not np.isfinite(difference).all():
        return numbers
    low, high = map(float, interval(over_replicates(draws, difference)))
    if np.isnan(low):
        return numbers | {"note": AT_AN_END}
    p = replicates_p_value(draws, difference) if len(difference) > 1 else _share_beyond_zero(draws[0])
    found = {"reference": reference.mean(), "value": value.mean(), "difference": difference.mean()}
    where = position(low, high, reference.mean(), measure)
    return numbers | found | {"low": low, "high": high, "p": p, "position": where}


def _nanmean(values: np.ndarray) -> float:
    return float(values[np.isfinite(values)].mean()) if np.isfinite(values).any() else np.nan


def _share_beyond_zero(draws: np.ndarray) -> float:
    """Two-sided p from the bootstrap: below 0.05 where the 95 % interval excludes 0. Undefined draws count for 0."""
    up, down = (draws > 1e-12).sum(), (draws < -1e-12).sum()  # less is rounding
    return float(min(1.0, 2 * (1 + len(draws) - max(up, down)) / (1 + len(draws))))


def _note(at: tuple[np.ndarray, ...], right: np.ndarray, place: tuple[int, int] | None, name: str) -> str:
    """Why two curves cannot be compared somewhere, in words; empty where they can."""
    accuracy, _, reference, value = at
    if np.isfinite(value - reference).all():
        return ""
    if place is None:
        return f"no accuracy that both M1 and {name} have at some temperature"
    other = 1 - place[0]
    is_less, is_more = (accuracy > right[other].max(axis=0)).any(), (accuracy < right[other].min(axis=0)).any()
    if is_less or is_more:
        return f"{('M1', name)[other]} is {'less' if is_less else 'more'} accurate at all of its temperatures"
    return TOO_FEW
