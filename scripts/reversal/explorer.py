"""An interactive page of every metric over iterations: choose a metric and a subset; a panel per model and task."""

import altair as alt
import polars as pl

from reversal.figures import colours, names


def explorer(metrics: pl.DataFrame) -> str:
    """One HTML page that needs no network: the data and the drawing library are inside it."""
    metric = alt.param("metric", "pass_at_1", bind=alt.binding_select(options=names(metrics, "metric"), name="metric "))
    subset = alt.param("subset", "test", bind=alt.binding_select(options=names(metrics, "subset"), name="subset "))
    chart = alt.vconcat(_subsets(metrics), _panels(metrics)).add_params(metric, subset)
    chart = chart.properties(title="Metrics over iterations: mean over seeds (line), each seed (dot)")
    # The actions that open an online editor would leave the page.
    actions = {"export": True, "source": False, "compiled": False, "editor": False}
    return chart.to_html(inline=True, embed_options={"actions": actions})


def _subsets(metrics: pl.DataFrame) -> alt.Chart:
    """A line of text that says which subsets the chosen metric has: not every metric has every subset."""
    subset = pl.col("subset").str.replace("/level=.*", "/level=*").unique(maintain_order=True).str.join(", ")
    known = metrics.group_by("metric", maintain_order=True).agg(subset)
    text = alt.Chart(_data(known.select("metric", text="the chosen metric has the subsets: " + pl.col("subset"))))
    text = text.transform_filter("datum.metric === metric").mark_text(align="left", fontSize=12)
    return text.encode(text="text:N", x=alt.value(0)).properties(width=600, height=20, view=alt.ViewConfig(stroke=None))


def _panels(metrics: pl.DataFrame) -> alt.FacetChart:
    scale = alt.Scale(domain=list(colours(metrics)), range=list(colours(metrics).values()))
    x = alt.X("iteration:Q", title="iteration t", axis=alt.Axis(tickMinStep=1, format="d"))
    y, zero = alt.Y("mean(value):Q", title="value"), alt.Scale(zero=False)
    colour = alt.Color("method:N", scale=scale, legend=alt.Legend(orient="top"))
    fields = ["method:N", "iteration:Q", "seed:N", "lineage:N", alt.Tooltip("value:Q", format=".4f"), "n:Q"]
    base = alt.Chart().encode(x=x, color=colour)
    line = base.mark_line().properties(name="line").encode(y=y.scale(zero))
    dots = base.mark_circle(size=55).properties(name="dots").encode(y=alt.Y("value:Q", title="value"), tooltip=fields)
    shown = "datum.metric === metric && datum.subset === subset && isValid(datum.value)"
    layers = alt.layer(line, dots, data=_data(metrics.drop("study"))).properties(width=240, height=170)
    order = {name: names(metrics, name) for name in ("model", "task")}
    return layers.transform_filter(shown).facet(
        row=alt.Row("model:N", title=None, sort=order["model"]),
        column=alt.Column("task:N", title=None, sort=order["task"]),
    ).resolve_scale(y="independent")  # fmt: skip


def _data(rows: pl.DataFrame) -> alt.InlineData:
    # Inline values: altair refuses a frame above 5,000 rows, and three models on four tasks have more.
    return alt.InlineData(values=rows.to_dicts())
