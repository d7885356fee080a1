"""Results → charts and tables for display, each with its reading, its source and its data.

A figure is one entry of ``figures`` in the catalogue's sentences (caption, reading, columns) and one
result; it is drawn in one of eight kinds, or as a table. The library draws, the catalogue speaks.
"""

import json
import math
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from itertools import cycle

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
from IPython.display import display
from plotly.subplots import make_subplots

from .census import UNSAID
from .clean import parse_date
from .indicators import SITUATIONS
from .schema import apparence, grandeurs, phrases
from .text import Html, date, fill, is_missing, plain_number, public, render, say, typography
from .trace import NOT_TAKEN_UP

pio.renderers.default = "plotly_mimetype"

LOOK = apparence()
COLOURS = LOOK["couleurs"]
WORDS = ("texte", "liste", "date")
"""Kinds of columns that hold words; the others name a quantity."""


@dataclass(frozen=True)
class Figure:
    """One figure of a page: its words and data as HTML, and its chart when it has one."""

    key: str
    html: str
    chart: go.Figure | None = None

    def _ipython_display_(self) -> None:
        if self.chart is not None:
            light = {"application/vnd.plotly.v1+json": {**_plain(self.chart), "config": LOOK["config"]}}
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


def _alternative(spec: dict, frame: pd.DataFrame, columns: dict) -> str:
    """Text alternative made of the data: what each row is worth, the first twelve rows."""
    label, *others = columns
    numbers = [name for name in others if columns[name][1] not in WORDS]
    write = plain_number if numbers else str

    def told(row: dict) -> str:
        filled = ((columns[name][0], row[name]) for name in numbers or others if not is_missing(row[name]))
        worth = (f"{title} {held if isinstance(held, str) else write(held)}" for title, held in filled)
        return f"{row[label]} : {', '.join(worth)}"

    return public(f"{spec['titre']}. {' ; '.join(map(told, frame.head(12).to_dict('records')))}")


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
    html = render(
        "figure.html.j2", key=key, caption=typography(spec["titre"]), columns=columns, rows=frame.to_dict("records"),
        words=WORDS, date=date, alternative="" if chart is None else _alternative(spec, frame, columns),
        lecture=fill(spec.get("lecture", ""), values.pop("several", 2), f"lecture_{key}", "", values),
        source=source or typography(spec.get("source", "")), base=say("base", n, de=key, unite=Html(spec.get("base", "lignes"))),
    )  # fmt: skip
    return Figure(key, html, chart)


# ── the kinds of chart ──────────────────────────────────────────────────────────────────────────


def _drawn(kind: str, traces: list, rows: int = 0, **placed) -> go.Figure:
    """Chart of a kind, as the catalogue shows it; ``placed`` is what depends on the data."""
    layout = {"template": LOOK["modele"], **LOOK["graphiques"][kind], **placed}
    layout["height"] += layout.pop("par_ligne", 0) * rows
    return go.Figure(traces, layout)


def _trace(kind: str, **placed) -> dict:
    """Trace of a kind, as the catalogue shows it, with the data placed on it."""
    return {**LOOK["traces"][kind], **placed}


def _marks(kind: str, xs, ys, name: str, **placed) -> dict:
    """Marks with their value on hover."""
    hover, shown = "%{y} : %{x}<extra>" + escape(name) + "</extra>", escape(name, quote=False)
    return _trace(kind, x=list(xs), y=list(ys), name=shown, hovertemplate=hover, **placed)


def _strokes(kind: str, strokes: Iterable[list[tuple]], **placed) -> dict:
    """Several lines of points as one trace."""
    xs, ys = zip(*(point for stroke in strokes for point in (*stroke, (None, None))), strict=True)
    return _trace(kind, x=xs, y=ys, **placed)


def _wrap(text: str, width: int = 34) -> str:
    lines = textwrap.wrap(public(text), width, break_long_words=False, break_on_hyphens=False)
    return "<br>".join(escape(line) for line in lines)


def _labels(values) -> list[str]:
    return [_wrap(value) for value in values]


def _leaders(frame: pd.DataFrame, label: str, value: str) -> dict:
    """What a reading may name: the rows of the highest value, that value, and whether they are several.

    What was not answered or not taken up leads nothing.
    """
    named = frame[~frame[label].isin([UNSAID, NOT_TAKEN_UP])]
    top = named[value].max() if (named[value] > 0).any() else None
    leaders = [str(name) for name in named.loc[named[value] == top, label]]
    return {"premiers": leaders, "n_premier": top, "several": len(leaders)}


def bars(key: str, frame: pd.DataFrame, label: str, value: str = "nb", parts: list | None = None, **rest) -> Figure:
    """Horizontal bars with the value written on each; ``parts`` stacks the columns it names."""
    if frame.empty:
        return figure(key, frame, **rest)
    labels = _labels(frame[label])
    shown = [part for part in parts or [] if frame[part].sum()] or [value]
    titles = {column: title for column, (title, _) in _columns(phrases()["figures"][key], frame).items()}
    traces = [
        _marks(
            "part" if parts else "barre", frame[part].tolist(), labels, titles[part], marker_color=colour,
            text=[f"{v:g}" if v or not parts else "" for v in frame[part]],
        )
        for part, colour in zip(shown, cycle(COLOURS["parts"]), strict=False)
    ]  # fmt: skip
    chart = _drawn("barres", traces, len(frame), showlegend=len(shown) > 1)
    return figure(key, frame, chart, **{**_leaders(frame, label, value), **rest})


def _rings(outlines: pd.DataFrame) -> dict[str, list[list[tuple[int, int]]]]:
    """Closed rings of each commune."""
    numbers = outlines["points"].str.split().map(lambda words: [*map(int, words)])
    rings = numbers.map(lambda ring: [*zip(ring[::2], ring[1::2], strict=True), tuple(ring[:2])])
    return rings.groupby(outlines["code_insee"], sort=False).agg(list).to_dict()


def _centre(ring: list[tuple[int, int]]) -> tuple[float, float]:
    """Centroid of a closed ring."""
    here, there = np.array(ring[:-1]).T, np.array(ring[1:]).T
    cross = here[0] * there[1] - there[0] * here[1]
    x, y = ((here + there) * cross).sum(axis=1).tolist()
    area = 3 * cross.sum().item()
    return (round(x / area, 1), round(y / area, 1)) if area else ring[0]


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
    traces = [
        _strokes("commune", filled, fillcolor=colour, name=name)
        for low, high, name, colour in grandeurs()["communes"]["classes"]
        if (filled := [ring for code, own in rings.items() if low <= counts.get(code, 0) <= high for ring in own])
    ]
    names = dict(zip(frame["code_insee"], frame["commune"], strict=True))
    centres = {code: _centre(own[0]) for code, own in rings.items() if code in names}
    labels = _trace(
        "nom_de_commune", x=[x for x, _ in centres.values()], y=[y for _, y in centres.values()],
        text=[f"{_wrap(names[c], 16)}<br>{counts[c]:g}" if counts[c] else "" for c in centres],
        textfont_color=["white" if counts[c] > 3 else COLOURS["encre"] for c in centres],
        customdata=[f"{escape(names[c], quote=False)} : {counts[c]:g}" for c in centres],
    )  # fmt: skip
    return figure(key, frame, _drawn("carte", [*traces, labels]), **rest)


def curve(key: str, frame: pd.DataFrame, x: str, y: str, **rest) -> Figure:
    """Cumulative count by year, as steps."""
    if frame.empty:
        return figure(key, frame, **rest)
    years, counts = frame[x].tolist(), frame[y].tolist()
    ends = {"premiere": str(years[0]), "derniere": str(years[-1]), "n_derniere": counts[-1]}
    return figure(key, frame, _drawn("courbe", [_trace("courbe", x=years, y=counts)]), **{**ends, **rest})


def network(key: str, frame: pd.DataFrame, source_column: str, target_column: str, marked: str, **rest) -> Figure:
    """Links between actors placed on a circle; those that ``marked`` answers « oui » are thick."""
    if frame.empty:
        return figure(key, frame, **rest)
    nodes = sorted({*frame[source_column], *frame[target_column]})
    angles = {node: math.pi / 2 - math.tau * place / len(nodes) for place, node in enumerate(nodes)}
    at = {node: (round(math.cos(angle), 3), round(math.sin(angle), 3)) for node, angle in angles.items()}
    kinds = frame[marked].where(frame[marked] == "oui", "autre")
    ends = pd.Series([*zip(frame[source_column].map(at), frame[target_column].map(at), strict=True)], kinds)
    traces = [_strokes(f"lien_{kind}", ends[[kind]]) for kind in ("autre", "oui") if kind in ends]
    xs, ys = zip(*at.values(), strict=True)
    sides = ["middle right" if x >= 0 else "middle left" for x in xs]
    actors = _trace("acteurs", x=xs, y=ys, text=[_wrap(node, 22) for node in nodes], textposition=sides)
    return figure(key, frame, _drawn("reseau", [*traces, actors]), **rest)


def dots(key: str, frame: pd.DataFrame, label: str, value: str, marks: pd.DataFrame | None = None, **rest) -> Figure:
    """Sorted dots with the value written; ``marks`` (``label, points``) adds one ring per table."""
    if frame.empty:
        return figure(key, frame, **rest)
    labels = _labels(frame[label])
    traces = [_marks("total", frame[value], labels, "total", text=[f"{v:g}" for v in frame[value]])]
    if marks is not None:
        traces.append(_marks_of_tables(marks, label, value, "une table"))
    placed = {"xaxis_range": [share * frame[value].max() for share in (-0.03, 1.1)], "yaxis_categoryarray": labels}
    chart = _drawn("points", traces, len(frame), showlegend=len(traces) > 1, **placed)
    return figure(key, frame, chart, **{**_leaders(frame, label, value), **rest})


def _marks_of_tables(marks: pd.DataFrame, label: str, value: str, name: str, **placed) -> dict:
    """Marks of the tables: equal ones are rings around one another, and around a dot, so that each is seen."""
    marks = marks.dropna(subset=value).sort_values(value)  # the order of the sheet would tell which table is which
    sizes = 18 + 6 * marks.groupby([label, value]).cumcount()
    return _marks("tables", marks[value], _labels(marks[label]), name, marker_size=sizes.tolist(), **placed)


def _one_scale(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict, int]:
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
    apart = {"row_heights": heights, "vertical_spacing": 40 / sum(heights), "subplot_titles": titles}
    chart = _drawn("ecarts", [], height=110 + sum(heights), margin_t=40 if panel else 10)
    make_subplots(len(groups), 1, shared_xaxes=True, figure=chart, **apart)
    for row, (_, own) in enumerate(groups, 1):
        labels = _labels(own[label])
        ends = zip(*([*zip(own[column], labels, strict=True)] for column in SITUATIONS), strict=True)
        traces = [_strokes("ecart", ends)]
        for column, (name, look, _) in SITUATIONS.items():
            if marks is not None:
                told = marks[marks[label].isin(own[label])]
                faint = {"symbol": "circle-open", **look, "color": COLOURS["pale"]}
                traces.append(_marks_of_tables(told, label, column, name, marker=faint, showlegend=False))
            shown = {"marker": look, "legendgroup": name, "showlegend": row == 1}
            traces.append(_marks("marques", own[column], labels, name, **shown))
        chart.add_traces(traces, rows=row, cols=1)
    chart.update_xaxes(showgrid=True, **axis).update_yaxes(autorange="reversed")
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
        _trace(
            "radar", r=closed[column].tolist(), theta=[_wrap(name, 14) for name in closed[label]], name=name,
            line={"color": look["color"], **line}, hovertemplate="%{theta} : %{r}<extra>" + name + "</extra>",
        )
        for column, (name, look, line) in SITUATIONS.items()
    ]  # fmt: skip
    axis = _one_scale(frame)[1]
    outer = {"range": [axis["range"][0] - 0.7, axis["range"][1]]} if "range" in axis else {}  # the centre is no mark
    chart = _drawn("radar", traces).update_polars(radialaxis={**axis, **outer})
    return figure(key, frame, chart, **rest)


def timeline(key: str, frame: pd.DataFrame, when: str, label: str, **rest) -> Figure:
    """Dated things on a line of time, each as long as its date is vague; nothing when none is dated."""
    dated = frame[[isinstance(text, str) and parse_date(text) == text for text in frame[when]]]
    if dated.empty:
        return figure(key, dated, **rest)
    spans = [(pd.Period(text), name) for text, name in zip(dated[when], _labels(dated[label]), strict=True)]
    strokes = [[(f"{p.start_time:%Y-%m-%d}", name), (f"{p.end_time:%Y-%m-%d}", name)] for p, name in spans]
    chart = _drawn("frise", [_strokes("duree", strokes)], len(dated))
    return figure(key, frame, chart, **{"n": len(dated), **rest})
