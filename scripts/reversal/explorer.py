"""An interactive page of every metric over iterations: choose a metric and a subset; a panel per model and task."""

import altair as alt
import polars as pl

from reversal.drawing import colours, names

NUMBERS = ("base", "seed", "iteration", "value", "n", "low", "high")


def explorer(metrics: pl.DataFrame, intervals: pl.DataFrame) -> str:
    """One HTML page that needs no network: the data and the drawing library are inside it.

    metrics: METRICS, intervals: INTERVALS. Of pass@k only k = 1, 2, 4, 8, ..: with all k most of a large study's page
    would be that one curve.
    """
    between = pl.col("metric").str.extract(r"^pass_at_(\d+)$").cast(pl.Int64)
    kept = metrics.filter((between & (between - 1) == 0).fill_null(True))
    key = ["model", "task", "method", "iteration", "metric", "subset"]
    data = kept.drop("study").join(intervals.select(*key, "low", "high"), on=key, how="left", maintain_order="left")
    metric = alt.param("metric", "pass_at_1", bind=alt.binding_select(options=names(data, "metric"), name="metric "))
    subset = alt.param("subset", "test", bind=alt.binding_select(options=names(data, "subset"), name="subset "))
    chart = alt.vconcat(_subsets(data), _panels(data)).add_params(metric, subset)
    title = "Metrics over iterations: mean over runs (line), its 95 % interval (band), each run (dot)"
    # The actions that open an online editor would leave the page.
    actions = {"export": True, "source": False, "compiled": False, "editor": False}
    return chart.properties(title=title).to_html(inline=True, embed_options={"actions": actions})


def _subsets(data: pl.DataFrame) -> alt.Chart:
    """A line of text that says which subsets the chosen metric has: not every metric has every subset."""
    subset = pl.col("subset").str.replace("/level=.*", "/level=*").unique(maintain_order=True).str.join(", ")
    known = data.group_by("metric", maintain_order=True).agg(subset)
    rows = known.select("metric", text="the chosen metric has the subsets: " + pl.col("subset")).to_dicts()
    text = alt.Chart(alt.InlineData(values=rows)).transform_filter("datum.metric === metric")
    text = text.mark_text(align="left", fontSize=12).encode(text="text:N", x=alt.value(0))
    return text.properties(width=600, height=20, view=alt.ViewConfig(stroke=None))


def _panels(data: pl.DataFrame) -> alt.FacetChart:
    of_method = alt.Scale(domain=list(colours(data)), range=list(colours(data).values()))
    x = alt.X("iteration:Q", title="iteration t", axis=alt.Axis(tickMinStep=1, format="d"))
    scale = alt.Scale(zero=False)
    colour = alt.Color("method:N", scale=of_method, legend=alt.Legend(orient="top", symbolOpacity=1))
    numbers = [alt.Tooltip(f"{name}:Q", format=".4f") for name in ("value", "low", "high")]
    fields = ["method:N", "iteration:Q", "base:N", "seed:N", "lineage:N", *numbers, "n:Q"]
    base = alt.Chart().encode(x=x, color=colour)
    band = base.mark_area(opacity=0.15).properties(name="band")
    band = band.encode(y=alt.Y("mean(low):Q", title="value", scale=scale), y2="mean(high):Q")
    line = base.mark_line().properties(name="line").encode(y=alt.Y("mean(value):Q", title="value", scale=scale))
    dots = base.mark_circle(size=55).properties(name="dots")
    dots = dots.encode(y=alt.Y("value:Q", title="value", scale=scale), tooltip=fields)
    shown = "datum.metric === metric && datum.subset === subset && isValid(datum.value)"
    layers = alt.layer(band, line, dots, data=_csv(data)).properties(width=240, height=170)
    order = {name: names(data, name) for name in ("model", "task")}
    return layers.transform_filter(shown).facet(
        row=alt.Row("model:N", title=None, sort=order["model"]),
        column=alt.Column("task:N", title=None, sort=order["task"]),
    ).resolve_scale(y="independent")  # fmt: skip


def _csv(rows: pl.DataFrame) -> alt.InlineData:
    # Inline: altair refuses a frame above 5,000 rows, and three models on four tasks have more. As CSV, which names
    # the columns once.
    parse = {name: "number" if name in NUMBERS else "string" for name in rows.columns}
    text = rows.with_columns(pl.selectors.float().round_sig_figs(6)).write_csv()
    return alt.InlineData(values=text, format=alt.CsvDataFormat(type="csv", parse=parse))
