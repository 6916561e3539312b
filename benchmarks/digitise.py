"""Reads the printed values of the paper's Figures 3, 4 and 5 off their images into studies/published_figures.csv.

usage: python benchmarks/digitise.py FOLDER [TABLE], with improvementset.png, solution.png and ood.png of the web page
of arXiv 2407.05013 in FOLDER (they are not part of this repository)

A panel's frame is found as the dark lines around it, its vertical scale from its horizontal grid lines, and a marker as
the place along its column where its shape agrees best with the pixels of its colour, in steps of a tenth of a pixel.
Pixels of what is drawn over it count neither for nor against. The reading error is half a pixel (of squares and bars
one), plus what the scale's own fit leaves; a marker that others cover takes the place of the one that its line leads
to, with an error of its radius.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from PIL import Image

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY / "scripts"))
from reversal import tables  # noqa: E402

METHODS = ["iterative_sft", "iterative_dpo", "iterative_sft_dpo"]
TASKS = ["csqa", "gsm8k", "math", "mbpp"]
BLUES = ["#90E0EF", "#0077B6", "#00B4D8", "#023E8A"]  # IS(2) .. IS(5), drawn in this order
CYAN, CORAL = "#00A5CF", "#EF8354"  # sentence embeddings and n-grams
PINK, SILVER = "#F4ACB7", "#CDD2D7"  # bars of right and of wrong answers
RED, BONE, ROSE, SKY = "#F08080", "#DAD5CE", "#F7D6E0", "#00A8E8"  # MATH, GSM8K, bars, the last bar's height
# The figures do not say which model they are of. Figure 3's values are multiples of one over the number of problems: 17
# and 19 on MBPP by M3 and M4 of iterative DPO, fewer than LLaMA2-7B gains there on balance (19 and 23, Figure 1).
OF_FIGURE_3, OF_FIGURE_4 = "mistral-7b|llama3-8b", "llama2-7b|mistral-7b|llama3-8b"
FAR = 28.0  # a pixel further from the line between white and a colour, of 0 .. 255 each, is of another colour
DARK = 170  # the brightest channel of a frame, whose line may fall between two rows of pixels
LOWER = 0.7  # pixels that the middle of a number is below its value
SEEN = 0.25  # share of a marker that must be seen


class Scale(NamedTuple):
    """Values of rows: a grid line at `row` is `value`, and a pixel `per_pixel`; error: in pixels."""

    row: float
    value: float
    per_pixel: float
    error: float = 0.5

    def at(self, row: float) -> float:
        return self.value - (row - self.row) * self.per_pixel


def main(folder: str, table: str) -> None:
    images = [_image(Path(folder) / f"{name}.png") for name in ("improvementset", "solution", "ood")]
    rows = improvement(images[0]) + diversity(images[1]) + away(images[2])
    found = pl.DataFrame(rows, schema=tables.PUBLISHED_FIGURES, orient="row")
    found = found.with_columns(pl.col("value").clip(0, 1).round(4), pl.col("reading_error").round(4))
    tables.write(found.sort("figure", maintain_order=True), tables.PUBLISHED_FIGURES, table)
    error = pl.col("reading_error")
    print(found.group_by("figure", maintain_order=True).agg(pl.len(), median=error.median(), most=error.max()))


def improvement(image: np.ndarray) -> list[tuple]:
    """Figure 3: M1's pass@k on IS(t), k = 2, 4, .. 64, as shares. Its model is not named."""
    rows = []
    for method, frames in zip(METHODS, _frames(image, 200, 120), strict=True):
        for task, frame in zip(TASKS, frames, strict=True):
            scale = _grid_scale(image, frame, 1.0, 0.05 if task == "csqa" else 0.1)
            for k in (2, 4, 8, 16, 32, 64):
                x, over = frame[2] + 12.3 + (k - 2) * 3.997, []
                for t in range(5, 1, -1):  # what is drawn last covers the others
                    found = _marker(image, frame, x, BLUES[t - 2], 3.0, scale, over=over)
                    over.append(found[0])
                    rows.append((3, OF_FIGURE_3, task, method, t, f"m1_pass_at_{k}", "improvement", *found))
    return rows


def diversity(image: np.ndarray) -> list[tuple]:
    """Figure 4: semantic and syntactic diversity of right (squares) and wrong (discs) answers; logical, as bars.

    Its model is not named.
    """
    rows = []
    for method, frames in zip(METHODS, _frames(image, 150, 120), strict=True):
        for task, frame in zip(TASKS, frames[:4], strict=True):
            scale = _grid_scale(image, frame, 0.8, 0.2)
            for t in range(1, 6):
                x = frame[2] + 9.8 + (t - 1) * 48.6
                for metric, colour in (("semantic_diversity", CYAN), ("distinct_n", CORAL)):
                    for subset, half, hollow in (("correct", 5.0, True), ("incorrect", 4.6, False)):
                        found = _marker(image, frame, x, colour, half, scale, hollow)
                        rows.append((4, OF_FIGURE_4, task, method, t, metric, subset, *found))
        scale = _grid_scale(image, frames[0], 0.8, 0.2)  # the bars share it
        for t in range(1, 6):
            for subset, colour, side in (("correct", PINK, -7), ("incorrect", SILVER, 7)):
                found = _bar(image, frames[4], frames[4][2] + 25 + (t - 1) * 41.3 + side, colour, scale)
                rows.append((4, OF_FIGURE_4, "gsm8k", method, t, "equation_diversity", subset, *found))
    return rows


def away(image: np.ndarray) -> list[tuple]:
    """Figure 5: greedy accuracy of models trained on GSM8K, there and on MATH algebra, and group disparity, as shares.

    They are Mistral-7B's: its GSM8K accuracies are those of Figure 1.
    """
    upper, lower = _frames(image, 300, 200)
    rows = []
    for i, method in enumerate(METHODS):
        place = (5, "mistral-7b", "gsm8k", method)
        top, bottom = upper[i][:2]
        scale = Scale(top, (0.16, 0.18, 0.18)[i], (0.06, 0.08, 0.08)[i] / (bottom - top))
        # The right-hand scale: its highest number, and the distance of two.
        right = _label_scale(image, upper[i], (0.69, 0.70, 0.72)[i], (0.01, 0.02, 0.02)[i])
        for t in range(1, 6):
            x = upper[i][2] + 20.8 + (t - 1) * 106.85
            skip = 92 if i == 0 and t > 2 else 0
            for subset, colour, by in (("math-algebra", RED, scale), ("test", BONE, right)):
                found = _marker(image, upper[i], x, colour, 5.5, by, skip=skip)
                rows.append((*place, t, "pass_at_1", subset, *found))
        top, bottom = lower[i][:2]
        lowest = (0.90, 0.89, 0.88)[i]
        step = (61.5, 71.5, 68.6)[i]  # pixels of a hundredth, between grid lines
        scale = Scale(bottom, lowest, 0.01 / step)
        for t in range(1, 6):
            x = lower[i][2] + 49 + (t - 1) * 93
            found = _bar(image, lower[i], x, SILVER if t == 1 else SKY if t == 5 else ROSE, scale)
            rows.append((*place, t, "group_disparity", "math-algebra", *found))
    return rows


def _image(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), float)


def _frames(image: np.ndarray, width: int, height: int) -> list[list[tuple[int, int, int, int]]]:
    """Rows of panels, each (top, bottom, left, right): dark lines of that width and height, at least."""
    dark = image.max(axis=2) < DARK
    tops = [row for row in range(len(dark)) if _longest(dark[row]) >= width]
    tops = [row for i, row in enumerate(tops) if i == 0 or row > tops[i - 1] + 2]
    panels = []
    for top, bottom in zip(tops[::2], tops[1::2], strict=True):
        sides = [x for x in range(dark.shape[1]) if _longest(dark[top : bottom + 1, x]) >= height]
        sides = [x for i, x in enumerate(sides) if i == 0 or x > sides[i - 1] + 2]
        panels.append([(top, bottom, left, right) for left, right in zip(sides[::2], sides[1::2], strict=True)])
    return panels


def _longest(marks: np.ndarray) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marks.astype(int), [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _grid_scale(image: np.ndarray, frame: tuple, highest: float, step: float) -> Scale:
    """From the horizontal grid lines, grey and evenly spaced; the highest that fits into the frame is `highest`."""
    top, bottom, left, right = frame
    inner = image[top + 2 : bottom - 1, left + 2 : right - 1]
    grey = (inner.max(axis=2) - inner.min(axis=2) < 8) & (inner.mean(axis=2) > 195) & (inner.mean(axis=2) < 249)
    ink = np.where(grey, 255 - inner.mean(axis=2), 0).sum(axis=1)
    rows, i = [], 0
    while i < len(ink):
        if ink[i] > 0.45 * ink.max():
            j = i
            while j < len(ink) and ink[j] > 0.18 * ink.max():
                j += 1
            rows.append(top + 2 + float(ink[i:j] @ np.arange(i, j) / ink[i:j].sum()))
            i = j
        i += 1
    best = max(
        ((first, gap) for first in rows for other in rows for n in (1, 2, 3) if 20 < (gap := (other - first) / n) < 50),
        key=lambda line: sum(
            abs((row - line[0]) / line[1] - round((row - line[0]) / line[1])) * line[1] < 0.8 for row in rows
        ),
    )
    kept = [row for row in rows if abs((row - best[0]) / best[1] - round((row - best[0]) / best[1])) * best[1] < 0.8]
    number = np.round((np.array(kept) - best[0]) / best[1])
    gap, row = np.polyfit(number, kept, 1)
    row += gap * np.ceil((top - row) / gap)  # the highest line below the frame's upper edge
    misfit = float(np.abs(np.polyval([gap, np.polyfit(number, kept, 1)[1]], number) - kept).max())
    return Scale(row, highest, step / gap, 0.5 + misfit)


def _label_scale(image: np.ndarray, frame: tuple, highest: float, step: float) -> Scale:
    """From the numbers on the right of a frame, which has no ticks there, top down: their middles lie on the values.

    But for LOWER pixels, as on the left, where there are grid lines to compare. Hence an error of a whole pixel.
    """
    top, bottom, _, right = frame
    inked = (image[top:bottom, right + 9 : right + 32].max(axis=2) < DARK).any(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inked.astype(int), [0]])))
    rows = top + (edges[::2] + edges[1::2] - 1) / 2 - LOWER
    gap, row = np.polyfit(np.arange(len(rows)), rows, 1)
    return Scale(row, highest, step / gap, 1.0)


def _coverage(pixels: np.ndarray, colour: str) -> tuple[np.ndarray, np.ndarray]:
    """(how much of a pixel is of a colour and not white, whether that can be told: else another colour is there)."""
    ink = 255 - np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], float)
    share = np.clip((255 - pixels) @ ink / (ink @ ink), 0, 1)
    rest = np.linalg.norm(255 - pixels - share[..., None] * ink, axis=-1)
    return share, rest < FAR


def _marker(image, frame, x, colour, half, scale, hollow=False, over=(), skip=0) -> tuple[float, float]:
    """(value, reading error) of the marker of that colour and half width, a disc or if hollow a square, at column x.

    over: values of the markers that may cover it. skip: rows from the frame's top that a legend takes.
    """
    top, bottom, left, right = frame[0] + skip, *frame[1:]
    column = round(x)
    reach = int(half) + 3
    columns = np.arange(max(left + 1, column - reach), min(right, column + reach + 1))
    rows = np.arange(top + 1, bottom)
    share, told = _coverage(image[np.ix_(rows, columns)], colour)

    def score(y: float, dx: float) -> tuple[float, float, float, float]:
        near = slice(*np.searchsorted(rows, [y - reach, y + reach]))
        down, aside = np.abs(rows[near] - y)[:, None], np.abs(columns - x - dx)[None, :]
        if hollow:
            shape = np.clip(1.5 - np.abs(np.maximum(down, aside) - half + 0.5), 0, 1)
        else:
            shape = np.clip(half + 0.5 - np.hypot(down, aside), 0, 1)
        known, area = shape * told[near], shape.sum()
        seen = (known * share[near]).sum() / area
        return seen - (known * (1 - share[near])).sum() / area, seen, 1 - known.sum() / area, y

    scores = [score(y, 0.0) for y in np.arange(top + 2.0, bottom - 1)]
    about = max(scores)[3]
    _, seen, _, row = max(score(y, dx) for dx in (-0.5, 0.0, 0.5) for y in np.arange(about - 1.5, about + 1.5, 0.1))
    if seen > SEEN or not over:
        return scale.at(row), (scale.error + 0.5 * hollow) * scale.per_pixel
    # All but hidden: behind the one of them that most of its own line leads to.
    behind = [scale.row + (scale.value - value) / scale.per_pixel for value in over]
    found = max(behind, key=lambda y: (share * told)[slice(*np.searchsorted(rows, [y - reach, y + reach]))].sum())
    return scale.at(found), (half + scale.error) * scale.per_pixel


def _bar(image, frame, x: float, colour: str, scale: Scale) -> tuple[float, float]:
    """(value, reading error) of the upper edge of a bar, or of a dashed line of that colour over it: its middle."""
    top, bottom = frame[:2]
    columns = slice(int(x) - 4, int(x) + 5)
    share, told = _coverage(image[top + 1 : bottom, columns], colour)
    strength = (share * told).mean(axis=1)
    rows = np.flatnonzero(strength > 0.5)
    if colour == SKY:
        return scale.at(top + 1 + rows.mean()), scale.error * scale.per_pixel
    ends = np.flatnonzero(np.diff(rows) > 3)  # a grid line may cross a bar; a legend is further above
    edge = rows[ends[-1] + 1] if len(ends) else rows[0]
    return scale.at(top + 1 + edge - 0.5), (scale.error + 0.5) * scale.per_pixel


if __name__ == "__main__":
    main(*[*sys.argv[1:], str(REPOSITORY / "studies/published_figures.csv")][:2])
