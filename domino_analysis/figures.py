"""Results → charts and tables for display, each with its reading, its source and its data.

A figure is one entry of ``figures`` in the catalogue's sentences (caption, reading, columns) and one
result; it is drawn in one of eight kinds, or as a table. The library draws, the catalogue speaks.
"""

import json
import math
import textwrap
from dataclasses import dataclass
from html import escape
from itertools import cycle
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
from IPython.display import display
from plotly.subplots import make_subplots

from .census import UNSAID
from .clean import items, parse_date
from .schema import phrases
from .text import Html, cited, date, fill, is_missing, number, plain_number, public, render, say, typography
from .trace import NOT_TAKEN_UP

pio.renderers.default = "plotly_mimetype"

INK, GREY, PALE = "#1b1b1b", "#6b6b6b", "#d9d9d9"
SHADES = ["#0b3c5d", "#3d7ea6", "#a3c9de", "#e4eef4", "#f4d9c6"]
ACCENT = "#b8450f"
CONFIG = {
    "displayModeBar": False, "displaylogo": False, "showSendToCloud": False, "responsive": True,
    "scrollZoom": False,
}  # fmt: skip
WORDS = ("texte", "liste", "date")
"""Kinds of columns that hold words; the others name a quantity."""
MISSING = Html('<span class="vide" title="non renseigné">—</span>')


@dataclass(frozen=True)
class Figure:
    """One figure of a page: its words and data as HTML, and its chart when it has one."""

    key: str
    html: str
    chart: go.Figure | None = None

    def _ipython_display_(self) -> None:
        if self.chart is not None:
            light = {"application/vnd.plotly.v1+json": {**_plain(self.chart), "config": CONFIG}}
            display(light, raw=True, metadata={"domino": {"figure": self.key}})
        display(Html(self.html))


def _plain(chart: go.Figure) -> dict:
    """Chart as plain lists and numbers, without the encoded arrays that no one can read."""
    return json.loads(pio.to_json(chart, validate=False, engine="json"))


# ── words and data ──────────────────────────────────────────────────────────────────────────────


def _columns(spec: dict, frame: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Title and kind of each column shown: ``texte``, ``date`` or a quantity; ``*`` stands for those not named."""
    columns = {}
    for name, entry in spec["colonnes"].items():
        title, kind = (entry, "texte") if isinstance(entry, str) else entry
        shown = frame.columns.difference(list(spec["colonnes"]), sort=False) if name == "*" else [name]
        columns |= {column: (title or str(column), kind) for column in shown if column in frame}
    return columns


def _cell(value: object, kind: str, de: str) -> Html:
    """Content of a cell of a data table; a number says what it is about."""
    if is_missing(value) or value == "":
        return MISSING
    if isinstance(value, Html):
        return value
    if kind == "date":
        return date(value)
    if kind == "liste":
        return Html("<br>".join(map(cited, items(value))))
    if kind == "texte" or isinstance(value, str):
        return cited(str(value))
    return number(value, kind, de)


def _alternative(spec: dict, frame: pd.DataFrame, columns: dict) -> str:
    """Text alternative made of the data: what each row is worth, the first twelve rows."""
    label, *others = columns
    numbers = [name for name in others if columns[name][1] not in WORDS]
    rows = []
    for row in frame.head(12).to_dict("records"):
        told = {columns[c][0]: row[c] for c in numbers or others if not is_missing(row[c])}
        values = (
            f"{title} {value if isinstance(value, str) or not numbers else plain_number(value)}"
            for title, value in told.items()
        )
        rows.append(f"{row[label]} : {', '.join(values)}")
    return public(f"{spec['titre']}. {' ; '.join(rows)}")


def figure(key: str, frame: pd.DataFrame, chart=None, n=None, source: str = "", **values) -> Figure:
    """Figure of the catalogue: its words and its data, with or without a chart.

    Parameters
    ----------
    key : str
        Entry of ``figures`` in ``phrases.fr.yaml``: ``titre, lecture, colonnes, vide``.
    frame : DataFrame
        The result shown; when it is empty the figure says what is missing.
    chart : go.Figure, optional
        Its drawing.
    n : float, optional
        Number of answers or rows that it rests on.
    source : str
        Where it comes from: HTML made by `domino_analysis.text`.
    **values
        What the reading sentence names.
    """
    spec = phrases()["figures"][key]
    if frame.empty:
        return Figure(key, render("absente.html.j2", vide=spec["vide"]))
    columns = _columns(spec, frame)
    told = {
        "key": key, "caption": typography(spec["titre"]),
        "columns": columns, "rows": frame.to_dict("records"), "cell": _cell, "words": WORDS,
        "alternative": "" if chart is None else _alternative(spec, frame, columns),
        "lecture": fill(spec.get("lecture", ""), values.pop("several", 2), f"lecture_{key}", "", values),
        "source": source or typography(spec.get("source", "")),
        "base": say("base", n, de=key, unite=Html(spec.get("base", "lignes"))),
    }  # fmt: skip
    return Figure(key, render("figure.html.j2", **told), chart)


# ── the kinds of chart ──────────────────────────────────────────────────────────────────────────

QUIET = {"showgrid": False, "zeroline": False, "fixedrange": True, "automargin": True, "gridcolor": "#eeeeee"}
TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": "system-ui, sans-serif", "size": 14, "color": INK}, "xaxis": QUIET, "yaxis": QUIET,
        "paper_bgcolor": "white", "plot_bgcolor": "white", "separators": ",\u202f", "dragmode": False,
        "legend": {"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom", "traceorder": "normal"},
        "hoverlabel": {"font": {"size": 14}}, "hovermode": "closest", "margin": {"l": 10, "r": 20, "t": 10, "b": 56},
    }
)  # fmt: skip
SITUATIONS = {
    "actuelle": ("aujourd'hui", {"color": SHADES[0]}, {}),
    "souhaitee": ("souhaité", {"color": ACCENT, "symbol": "diamond-open", "line": {"width": 2}}, {"dash": "dash"}),
}
"""What is and what is wished, by column: its name, its mark and its line."""
HIDDEN, DOWNWARDS, RULED = {"visible": False}, {"autorange": "reversed"}, {"showgrid": True, "rangemode": "tozero"}


def _drawn(traces: list, height: int, **layout) -> go.Figure:
    return go.Figure(traces, layout={"template": TEMPLATE, "height": height, **layout})


def _marks(xs, ys, name: str = "", **marker) -> go.Scatter:
    """Marks with their value on hover."""
    return go.Scatter(
        x=list(xs), y=list(ys), mode="markers", name=name, cliponaxis=False, marker={"size": 13, "color": SHADES[0], **marker},
        hovertemplate="%{y} : %{x}<extra>" + escape(name) + "</extra>",
    )  # fmt: skip


def _strokes(strokes: list[list[tuple]], line: dict, **options) -> go.Scatter:
    """Several lines of points as one trace."""
    points = [point for stroke in strokes for point in (*stroke, (None, None))]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return go.Scatter(x=xs, y=ys, mode="lines", line=line, hoverinfo="skip", **options)


def _wrap(text: str, width: int = 34) -> str:
    lines = textwrap.wrap(public(text), width, break_long_words=False, break_on_hyphens=False)
    return "<br>".join(escape(line) for line in lines)


def _labels(values) -> list[str]:
    return [_wrap(value) for value in values]


def _leaders(frame: pd.DataFrame, label: str, value: str) -> dict[str, Any]:
    """What a reading may name: the rows of the highest value, that value, and whether they are several.

    What was not answered or not taken up leads nothing.
    """
    named = frame[~frame[label].isin([UNSAID, NOT_TAKEN_UP])]
    top = named[value].max() if (named[value] > 0).any() else None
    leaders = [str(name) for name in named.loc[named[value] == top, label]]
    return {"premiers": leaders, "n_premier": top, "several": len(leaders)}


def bars(
    key: str, frame: pd.DataFrame, label: str, value: str = "nb", parts: list[str] | None = None, **rest
) -> Figure:
    """Horizontal bars with the value written on each; ``parts`` stacks the columns it names."""
    if frame.empty:
        return figure(key, frame, **rest)
    labels = _labels(frame[label])
    shown = [part for part in parts or [] if frame[part].sum()] or [value]
    titles = {column: escape(title) for column, (title, _) in _columns(phrases()["figures"][key], frame).items()}
    traces = [
        go.Bar(
            y=labels, x=frame[part].tolist(), orientation="h", name=titles[part], insidetextanchor="middle", textangle=0,
            text=[f"{v:g}" if v or not parts else "" for v in frame[part]], textposition="inside" if parts else "outside",
            marker={"color": colour, "line": {"color": "white", "width": 1}}, cliponaxis=False,
            hovertemplate="%{y} : %{x}<extra>" + titles[part] + "</extra>",
        )
        for part, colour in zip(shown, cycle(SHADES), strict=False)
    ]  # fmt: skip
    stacked = {"barmode": "stack", "bargap": 0.25, "showlegend": len(shown) > 1}
    chart = _drawn(traces, 90 + 34 * len(frame), xaxis=HIDDEN, yaxis=DOWNWARDS, **stacked)
    return figure(key, frame, chart, **{**_leaders(frame, label, value), **rest})


CLASSES = [
    (0, 0, "aucune", "#ffffff"), (1, 1, "1", "#dbe9f1"), (2, 3, "2 ou 3", "#a3c9de"),
    (4, 6, "4 à 6", "#3d7ea6"), (7, 10**6, "7 et plus", "#0b3c5d"),
]  # fmt: skip
"""Classes of the maps and their colours, the same for every territory."""


def _rings(outlines: pd.DataFrame) -> dict[str, list[list[tuple[int, int]]]]:
    """Closed rings of each commune."""
    numbers = outlines["points"].str.split().map(lambda words: [*map(int, words)])
    rings = numbers.map(lambda ring: [*zip(ring[::2], ring[1::2], strict=True), tuple(ring[:2])])
    return rings.groupby(outlines["code_insee"], sort=False).agg(list).to_dict()


def _centre(ring: list[tuple[int, int]]) -> tuple[float, float]:
    """Centroid of a closed ring."""
    area = x = y = 0.0
    for (x0, y0), (x1, y1) in zip(ring, ring[1:], strict=False):
        cross = x0 * y1 - x1 * y0
        area, x, y = area + cross, x + (x0 + x1) * cross, y + (y0 + y1) * cross
    return (round(x / (3 * area), 1), round(y / (3 * area), 1)) if area else ring[0]


def commune_map(key: str, frame: pd.DataFrame, outlines: pd.DataFrame, today: pd.Series, **rest) -> Figure:
    """Communes filled by class of a count, those at zero shown; a table when outlines are absent.

    Parameters
    ----------
    frame : DataFrame
        ``code_insee, commune, nb``, in the communes of the perimeter.
    outlines : DataFrame
        Rings of today's communes, in hundreds of metres (Lambert-93).
    today : Series
        Today's code of each commune that has changed; the others keep theirs.
    """
    if outlines.empty or frame.empty:
        return figure(key, frame, **rest)
    rings = _rings(outlines)
    counts = frame.groupby(frame["code_insee"].replace(today.to_dict()))["nb"].sum().to_dict()
    traces = []
    for low, high, name, colour in CLASSES:
        filled = [ring for code, own in rings.items() if low <= counts.get(code, 0) <= high for ring in own]
        if filled:
            line = {"color": GREY, "width": 0.8}
            traces.append(_strokes(filled, line, fill="toself", fillcolor=colour, name=name))
    names = dict(zip(frame["code_insee"], frame["commune"], strict=True))
    known = [code for code in rings if code in names]
    centres = [_centre(rings[code][0]) for code in known]
    traces.append(
        go.Scatter(
            x=[x for x, _ in centres], y=[y for _, y in centres], mode="text", showlegend=False,
            text=[f"{_wrap(names[c], 16)}<br>{counts[c]:g}" if counts[c] else "" for c in known],
            textfont={"color": ["white" if counts[c] > 3 else INK for c in known], "size": 12},
            customdata=[f"{escape(names[c], quote=False)} : {counts[c]:g}" for c in known], hovertemplate="%{customdata}<extra></extra>",
        )
    )  # fmt: skip
    flat = {"xaxis": HIDDEN, "yaxis": {**HIDDEN, "scaleanchor": "x"}, "margin": {"l": 0, "r": 0, "t": 0, "b": 30}}
    return figure(key, frame, _drawn(traces, 520, **flat), **rest)


def curve(key: str, frame: pd.DataFrame, x: str, y: str, **rest) -> Figure:
    """Cumulative count by year, as steps."""
    if frame.empty:
        return figure(key, frame, **rest)
    years, counts = frame[x].tolist(), frame[y].tolist()
    line = {"shape": "hv", "color": SHADES[0], "width": 2.5}
    trace = go.Scatter(x=years, y=counts, mode="lines+markers", line=line, hovertemplate="%{x} : %{y}<extra></extra>")
    ends = {"premiere": str(years[0]), "derniere": str(years[-1]), "n_derniere": counts[-1]}
    return figure(key, frame, _drawn([trace], 320, xaxis={"tickformat": "d"}, yaxis=RULED), **{**ends, **rest})


def network(key: str, frame: pd.DataFrame, source_column: str, target_column: str, marked: str, **rest) -> Figure:
    """Links between actors placed on a circle; those that ``marked`` answers « oui » are thick."""
    if frame.empty:
        return figure(key, frame, **rest)
    nodes = sorted({*frame[source_column], *frame[target_column]})
    angles = {node: math.pi / 2 - math.tau * place / len(nodes) for place, node in enumerate(nodes)}
    at = {node: (round(math.cos(angle), 3), round(math.sin(angle), 3)) for node, angle in angles.items()}
    is_new = frame[marked] == "oui"
    traces = []
    for name, own, line in (
        ("autre lien", frame[~is_new], {"width": 1.5, "color": GREY, "dash": "dot"}),
        ("né des pratiques collaboratives", frame[is_new], {"width": 3, "color": ACCENT}),
    ):
        ends = [[at[a], at[b]] for a, b in zip(own[source_column], own[target_column], strict=True)]
        traces += [_strokes(ends, line, name=name)] if ends else []
    traces.append(
        go.Scatter(
            x=[x for x, _ in at.values()], y=[y for _, y in at.values()], mode="markers+text", hoverinfo="skip",
            text=[_wrap(node, 22) for node in nodes], marker={"size": 11, "color": SHADES[0]}, textfont={"size": 12},
            textposition=["middle right" if x >= 0 else "middle left" for x, _ in at.values()], showlegend=False,
        )
    )  # fmt: skip
    chart = _drawn(traces, 480, xaxis={**HIDDEN, "range": [-2.4, 2.4]}, yaxis={**HIDDEN, "range": [-1.25, 1.25]})
    return figure(key, frame, chart, **rest)


def dots(key: str, frame: pd.DataFrame, label: str, value: str, marks: pd.DataFrame | None = None, **rest) -> Figure:
    """Sorted dots with the value written; ``marks`` (``label, points``) adds one ring per table."""
    if frame.empty:
        return figure(key, frame, **rest)
    labels = _labels(frame[label])
    total = _marks(frame[value], labels, "total")
    total.update(mode="markers+text", text=[f"{v:g}" for v in frame[value]], textposition="middle right")
    tables = []
    if marks is not None:
        marks = marks.sort_values(value)  # the order of the sheet would tell which table is which
        rings = {"size": _rings_of(marks, label, value), "symbol": "circle-open", "color": GREY, "line": {"width": 1.5}}
        tables = [_marks(marks[value], _labels(marks[label]), "une table", **rings)]
    order = {**DOWNWARDS, "categoryorder": "array", "categoryarray": labels}
    along = {"showgrid": True, "range": [-0.03 * frame[value].max(), 1.1 * frame[value].max()]}
    chart = _drawn([total, *tables], 120 + 36 * len(frame), showlegend=bool(tables), xaxis=along, yaxis=order)
    return figure(key, frame, chart, **{**_leaders(frame, label, value), **rest})


def _rings_of(marks: pd.DataFrame, *columns: str) -> list[int]:
    """Size of each mark: equal ones are rings around one another, and around a dot, so that each is seen."""
    return (18 + 6 * marks.groupby(list(columns)).cumcount()).tolist()


def _one_scale(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Any], int]:
    """Rows of the most frequent unit and scale, the axis that holds them, and how many rows it cannot hold."""
    scale = frame.groupby(["unite", "echelle_min", "echelle_max"], dropna=False).ngroup()
    drawn = frame[scale == scale.mode().iloc[0]]
    low, high = drawn[["echelle_min", "echelle_max"]].astype(float).iloc[0]
    axis = {} if pd.isna(low) or pd.isna(high) else {"range": [low - 0.2, high + 0.2]}
    return drawn, axis | ({"dtick": 1} if high - low <= 10 else {}), len(frame) - len(drawn)


def dumbbell(key: str, frame: pd.DataFrame, label: str, marks=None, panel: str = "", **rest) -> Figure:
    """Two dots and the distance between them, a row per indicator; one unit and one scale are drawn.

    Parameters
    ----------
    frame : DataFrame
        A row per ``label``, with ``actuelle``, ``souhaitee``, ``ecart``, ``unite``, ``echelle_min`` and ``echelle_max``. Rows
        of another unit or scale than the most frequent one are in the data table only.
    marks : DataFrame, optional
        Answers, with the same columns: each is a faint ring behind the two dots.
    panel : str
        Column that cuts the rows into small charts, one above the other, on the same axis.
    """
    if frame.empty:
        return figure(key, frame, **rest)
    drawn, axis, others = _one_scale(frame)
    groups = list(drawn.groupby(panel, sort=False)) if panel else [("", drawn)]
    heights, titles = [50 + 36 * len(own) for _, own in groups], [_wrap(name, 60) for name, _ in groups]
    between = {"vertical_spacing": 40 / sum(heights)} if panel else {}
    chart = make_subplots(len(groups), 1, shared_xaxes=True, row_heights=heights, subplot_titles=titles, **between)
    chart.update_layout(template=TEMPLATE, height=110 + sum(heights), margin_t=40 if panel else 10)
    for row, (_, own) in enumerate(groups, 1):
        labels = _labels(own[label])
        ends = zip(*([*zip(own[column], labels, strict=True)] for column in SITUATIONS), strict=True)
        traces = [_strokes(list(ends), {"color": GREY, "width": 3}, showlegend=False)]
        for column, (name, look, _) in SITUATIONS.items():
            if marks is not None:
                told = marks[marks[label].isin(own[label])].dropna(subset=column).sort_values(column)
                faint = {"symbol": "circle-open", **look, "size": _rings_of(told, label, column), "color": PALE}
                traces.append(_marks(told[column], _labels(told[label]), name, **faint).update(showlegend=False))
            traces.append(_marks(own[column], labels, name, **look).update(legendgroup=name, showlegend=row == 1))
        chart.add_traces(traces, rows=row, cols=1)
    chart.update_xaxes(showgrid=True, **axis)
    chart.update_yaxes(**DOWNWARDS)
    told = {"autres": say("autres_echelles", others, de=key), **_leaders(drawn, label, "ecart"), **rest}
    return figure(key, frame, chart, **told)


def radar(key: str, frame: pd.DataFrame, label: str, **rest) -> Figure:
    """The group's radar: the order people gave, not filled; its shape depends on that order.

    It needs three indicators, all of one unit and one scale.
    """
    if len(frame) < 3 or _one_scale(frame)[2]:
        return figure(key, frame.iloc[:0], **rest)
    closed = pd.concat([frame, frame.iloc[:1]])
    traces = [
        go.Scatterpolar(
            r=closed[column].tolist(), theta=[_wrap(name, 14) for name in closed[label]], mode="lines+markers", name=name,
            line={"width": 2, "color": look["color"], **line}, hovertemplate="%{theta} : %{r}<extra>" + name + "</extra>",
        )
        for column, (name, look, line) in SITUATIONS.items()
    ]  # fmt: skip
    axis = _one_scale(frame)[1]
    outer = {"range": [axis["range"][0] - 0.7, axis["range"][1]]} if "range" in axis else {}  # the centre is no mark
    radial = {**axis, **outer, "angle": 90, "tickangle": 90, "tickfont": {"size": 11}, "gridcolor": PALE}
    angular = {"direction": "clockwise", "rotation": 90, "tickfont": {"size": 12}, "gridcolor": PALE}
    polar = {"radialaxis": radial, "angularaxis": angular, "bgcolor": "white"}
    chart = _drawn(traces, 540, margin={"l": 95, "r": 95, "t": 62, "b": 90}, polar=polar)
    return figure(key, frame, chart, **rest)


def timeline(key: str, frame: pd.DataFrame, when: str, label: str, **rest) -> Figure:
    """Dated things on a line of time, each as long as its date is vague; nothing when none is dated."""
    dated = frame[[isinstance(text, str) and parse_date(text) == text for text in frame[when]]]
    if dated.empty:
        return figure(key, dated, **rest)
    along = {"type": "date", "tickformat": "%m/%Y", "showgrid": True}
    spans = [(pd.Period(text), name) for text, name in zip(dated[when], _labels(dated[label]), strict=True)]
    strokes = [[(f"{p.start_time:%Y-%m-%d}", name), (f"{p.end_time:%Y-%m-%d}", name)] for p, name in spans]
    trace = _strokes(strokes, {"color": SHADES[0], "width": 12}, showlegend=False)
    chart = _drawn([trace], 90 + 34 * len(dated), xaxis=along, yaxis=DOWNWARDS)
    return figure(key, frame, chart, **{"n": len(dated), **rest})
