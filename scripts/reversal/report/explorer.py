"""The interactive part of the report: any metric over iterations, chosen by name; one panel as wide as the page."""

import altair as alt
import polars as pl

from reversal.report.drawing import colours, names
from reversal.report.metric_names import metric_in_words, subset_in_words
from reversal.report.verdict_words import in_words

NUMBERS = ("base", "seed", "iteration", "value", "n", "low", "high")
CHOICES = {"metric": "pass_at_1", "subset": "test"}
HEIGHT = 380  # pixels
LETTERS = {"labelFontSize": 13, "titleFontSize": 13, "titleFontWeight": "normal"}


def explorer(metrics: pl.DataFrame, intervals: pl.DataFrame) -> dict:
    """{chart: a Vega-Lite specification with its data, choices: what can be chosen in it, with words}.

    metrics: METRICS, intervals: INTERVALS. Of pass@k only k = 1, 2, 4, 8, ..: with all k most of a large study's page
    would be that one curve. The chart has a parameter for each of model, task, metric and subset, set by report.js.
    """
    between = pl.col("metric").str.extract(r"^(?:m[1t]_|)pass_at_(\d+)$").cast(pl.Int64)
    kept = metrics.filter((between & (between - 1) == 0).fill_null(True)).drop_nulls("value")
    key = ["model", "task", "method", "iteration", "metric", "subset"]
    data = kept.drop("study").join(intervals.select(*key, "low", "high"), on=key, how="left", maintain_order="left")
    data = data.with_columns(pl.col("method").replace_strict({name: in_words(name) for name in names(data, "method")}))
    subsets = data.group_by("metric", maintain_order=True).agg(pl.col("subset").unique(maintain_order=True)).rows()
    choices = {
        "model": names(data, "model"),
        "task": names(data, "task"),
        "metric": [
            [name, metric_in_words(name), [[subset, subset_in_words(subset)] for subset in of_metric]]
            for name, of_metric in subsets
        ],
    }
    return {"chart": _chart(data).to_dict(), "choices": choices}


def _chart(data: pl.DataFrame) -> alt.LayerChart:
    of_method = alt.Scale(domain=list(colours(data)), range=list(colours(data).values()))
    x = alt.X("iteration:Q", title="iteration t", axis=alt.Axis(tickMinStep=1, format="d"))
    y = {"title": None, "scale": alt.Scale(zero=False)}
    legend = alt.Legend(orient="top", title=None, symbolOpacity=1, columns=2, labelLimit=300)
    base = alt.Chart().encode(x=x, color=alt.Color("method:N", scale=of_method, legend=legend))
    numbers = [alt.Tooltip(f"{name}:Q", format=".4f") for name in ("value", "low", "high")]
    fields = ["method:N", "iteration:Q", "base:N", "seed:N", "lineage:N", *numbers, "n:Q"]
    path = base.transform_filter("datum.iteration > 0")  # no line leads from M0: M1 may learn from gold solutions
    band = path.mark_area(opacity=0.15).encode(y=alt.Y("mean(low):Q", **y), y2="mean(high):Q")
    line = path.mark_line(strokeWidth=2).encode(y=alt.Y("mean(value):Q", **y))
    dots = base.mark_circle(size=60).encode(y=alt.Y("value:Q", **y), tooltip=fields)
    first = {"model": data["model"].first(), "task": data["task"].first()} | CHOICES
    params = [alt.param(name, value=value) for name, value in first.items()]
    shown = " && ".join(f"datum.{name} === {name}" for name in first)
    chart = alt.layer(band, line, dots, data=_csv(data)).transform_filter(shown).add_params(*params)
    fitted = alt.AutoSizeParams(type="fit", contains="padding")
    chart = chart.properties(width="container", height=HEIGHT, autosize=fitted)
    return chart.configure(font="system-ui, sans-serif").configure_axis(**LETTERS).configure_legend(labelFontSize=13)


def _csv(rows: pl.DataFrame) -> alt.InlineData:
    # Inline: altair refuses a frame above 5,000 rows, and three models on four tasks have more. As CSV, which names
    # the columns once.
    parse = {name: "number" if name in NUMBERS else "string" for name in rows.columns}
    text = rows.with_columns(pl.selectors.float().round_sig_figs(6)).write_csv()
    return alt.InlineData(values=text, format=alt.CsvDataFormat(type="csv", parse=parse))
