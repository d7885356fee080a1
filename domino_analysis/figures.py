"""Results → charts and tables for display, each with its reading, its source and its data.

A figure is one entry of ``figures`` in the catalogue's sentences (caption, reading, columns) and one
result; it is drawn in one of eight kinds, or as a table. The library draws, the catalogue speaks.
A chart is described once, in the words of Plotly: Plotly draws it on a screen, `drawing` where nothing moves.
"""

import json
import math
import textwrap
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape, unescape
from itertools import cycle

import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
from IPython.display import display
from plotly.subplots import make_subplots

from . import census, clean, indicators
from .schema import apparence, grandeurs, phrases
from .text import NARROW, Html, date, fill, listed, plain_date, plain_number, public, render, say, typography
from .trace import NOT_TAKEN_UP

pio.renderers.default, PLOTLY = "plotly_mimetype", "application/vnd.plotly.v1+json"

LOOK = apparence()
COLOURS = LOOK["couleurs"]
WORDS = ("texte", "liste", "date", "reference")
"""Kinds of columns that hold words; the others name a quantity."""


@dataclass(frozen=True)
class Figure:
    """One figure of a page: its words and data as HTML, and its chart when it has one."""

    key: str
    html: str
    chart: go.Figure | None = None

    def _ipython_display_(self) -> None:
        if self.chart is not None:
            light = {PLOTLY: {**_plain(self.chart), "config": LOOK["config"]}}
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


def _leaders(names: pd.Series, values: pd.Series) -> dict:
    """What a sentence may name: those of the highest value, that value, and how many they are.

    What was not answered or not taken up leads nothing, nor does zero; more than three at once are not named.
    """
    held = values.where(values.gt(0) & ~names.isin([census.UNSAID, NOT_TAKEN_UP]))
    leaders = [date(str(name)) for name in names[held.eq(held.max())].dropna()]
    told = listed(name if name.startswith("<time") else f"«{NARROW}{name}{NARROW}»" for name in leaders)
    return {"premiers": told if 0 < len(leaders) < 4 else None, "n_premier": held.max(), "compte": len(leaders)}


def _found(spec: dict, frame: pd.DataFrame, label: str) -> dict:
    """What a figure finds in its rows: who leads by ``tete``, and the numbers of ``releve``.

    Both are expressions of the catalogue on the columns of the rows, with two more: ``somme`` of the numbers of a
    row, and ``moindre``, the lowest of them when there are several.
    """
    numbers = frame.select_dtypes("number")
    rows = frame.assign(somme=numbers.sum(axis=1), moindre=numbers.min(axis=1).where(numbers.count(axis=1) > 1))
    leaders = _leaders(frame[label], rows.eval(spec["tete"], engine="python")) if "tete" in spec else {}
    return leaders | {name: rows.eval(how, engine="python") for name, how in spec.get("releve", {}).items()}


def figure(key: str, frame: pd.DataFrame, chart=None, n=None, source: str = "", **values) -> Figure:
    """Figure of the catalogue: its words and its data, with or without a chart.

    Parameters
    ----------
    key : str
        Entry of ``figures`` in ``phrases.fr.yaml``: ``titre, constat, lecture, colonnes, vide``.
    frame : DataFrame
        The result shown; when it is empty the figure says what is missing.
    chart : go.Figure, optional
        Its drawing.
    n : float, optional
        Number of answers or rows that it rests on.
    source : str
        Where it comes from: HTML made by `domino_analysis.text`.
    **values
        What the finding and the reading name; ``compte`` decides of their form, the number of rows unless
        it is given here or found in the rows.
    """
    spec = phrases()["figures"][key]
    if frame.empty:
        return Figure(key, render("absente.html.j2", vide=spec["vide"]))
    columns = _columns(spec, frame)
    own = {"compte": len(frame), "total": len(frame), **values, **_found(spec, frame, next(iter(columns)))}
    said = {part: fill(spec.get(part, ""), own["compte"], f"lecture_{key}", "", own) for part in ("constat", "lecture")}
    rows = {"columns": columns, "rows": frame.to_dict("records"), "words": WORDS, "date": date}
    csv = render("donnees.csv.j2", **rows).replace("\n", "\r\n") + "\r\n"
    html = render(
        "figure.html.j2", key=key, titre=spec["titre"], **said, **rows, is_open=spec.get("ouvert"),
        alternative="" if chart is None else render("alternative.txt.j2", **rows), csv=b64encode(f"\ufeff{csv}".encode()).decode(),
        source=source or typography(spec.get("source", "")),
        base=say("base", n, de=key, unite=Html(spec.get("base", "lignes"))),
    )  # fmt: skip
    return Figure(key, html, chart)


# ── the kinds of chart ──────────────────────────────────────────────────────────────────────────


def _drawn(kind: str, traces: list, labels: Iterable[str] = (), **placed) -> go.Figure:
    """Chart of a kind, as the catalogue shows it, a row per label; ``placed`` is what depends on the data."""
    layout = {"template": LOOK["modele"], **LOOK["graphiques"][kind], **placed}
    rows = [max(2, label.count("<br>") + 1) / 2 for label in labels]  # two lines in a row
    layout["height"] += round(layout.pop("par_ligne", 0) * len(rows) * max(rows, default=1))
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


def bars(key: str, frame: pd.DataFrame, label: str, value: str = "nb", parts: list | None = None, **rest) -> Figure:
    """Horizontal bars with the value written on each; ``parts`` stacks the columns it names."""
    if frame.empty:
        return figure(key, frame, **rest)
    labels = _labels(frame[label])
    shown = [part for part in parts or [] if frame[part].sum()] or [value]
    kind, columns, traces = "part" if parts else "barre", _columns(phrases()["figures"][key], frame), []
    for part, colour in zip(shown, cycle(COLOURS["parts"]), strict=False):
        text = [f"{v:g}" if v or not parts else "" for v in frame[part]]
        traces.append(_marks(kind, frame[part], labels, columns[part][0], marker_color=colour, text=text))
    return figure(key, frame, _drawn("barres", traces, labels, showlegend=len(shown) > 1), **rest)


def _rings(outlines: pd.DataFrame) -> dict[str, list[list[tuple[int, int]]]]:
    """Closed rings of each commune."""
    numbers = outlines["points"].str.split().map(lambda words: [*map(int, words)])
    rings = numbers.map(lambda ring: [*zip(ring[::2], ring[1::2], strict=True), tuple(ring[:2])])
    return rings.groupby(outlines["code_insee"], sort=False).agg(list).to_dict()


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
    boxes = {code: [*zip(*own[0], strict=True)] for code, own in rings.items() if code in names}
    centres = {code: [(min(along) + max(along)) / 2 for along in box] for code, box in boxes.items()}
    labels = _trace(
        "nom_de_commune", x=[x for x, _ in centres.values()], y=[y for _, y in centres.values()],
        text=[f"{_wrap(names[c], 16)}<br>{counts[c]:g}" if counts[c] else "" for c in centres],
        textfont_color=["white" if counts[c] > 3 else COLOURS["encre"] for c in centres],
        customdata=[f"{escape(public(names[c]), quote=False)} : {counts[c]:g}" for c in centres],
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
    return figure(key, frame, _drawn("points", traces, labels, showlegend=len(traces) > 1, **placed), **rest)


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

    The names of the two situations are written once, beside the marks of the first row.

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
    sides = ("left", "right") if drawn["actuelle"].iloc[0] <= drawn["souhaitee"].iloc[0] else ("right", "left")
    apart = {"row_heights": heights, "vertical_spacing": 40 / sum(heights), "subplot_titles": titles}
    chart = _drawn("ecarts", [], height=110 + sum(heights), margin_t=40 if panel else 10)
    make_subplots(len(groups), 1, shared_xaxes=True, figure=chart, **apart)
    for row, (_, own) in enumerate(groups, 1):
        labels = _labels(own[label])
        ends = zip(*([*zip(own[column], labels, strict=True)] for column in indicators.SITUATIONS), strict=True)
        traces = [_strokes("ecart", ends)]
        for side, (column, (name, look, _)) in zip(sides, indicators.SITUATIONS.items(), strict=True):
            if marks is not None:
                told = marks[marks[label].isin(own[label])]
                faint = {"symbol": "circle-open", **look, "color": COLOURS["pale"]}
                traces.append(_marks_of_tables(told, label, column, name, marker=faint, showlegend=False))
            beside = {"text": [name], "textposition": f"middle {side}", "textfont_color": look["color"]}
            beside = {"mode": "markers+text", **beside} if row == 1 else {}
            traces.append(_marks("marques", own[column], labels, name, legendgroup=name, marker=look, **beside))
        chart.add_traces(traces, rows=row, cols=1)
    chart.update_xaxes(showgrid=True, **axis).update_yaxes(autorange="reversed", **LOOK["rangees"])
    told = {"autres": say("autres_echelles", others, de=key), **_leaders(drawn[label], drawn["ecart"]), **rest}
    return figure(key, frame, chart, **told)


def radar(key: str, frame: pd.DataFrame, label: str, **rest) -> Figure:
    """The group's radar: the order people gave, not filled; its shape depends on that order.

    It needs three indicators, all of one unit and one scale.
    """
    if len(frame) < 3 or _one_scale(frame)[2]:
        return figure(key, frame.iloc[:0], **rest)
    closed, traces = pd.concat([frame, frame.iloc[:1]]), []
    for column, (name, look, line) in indicators.SITUATIONS.items():
        points = {"r": closed[column].tolist(), "theta": [_wrap(criterion, 14) for criterion in closed[label]]}
        hover, line = "%{theta} : %{r}<extra>" + name + "</extra>", {"color": look["color"], **line}
        traces.append(_trace("radar", **points, name=name, line=line, hovertemplate=hover))
    axis = _one_scale(frame)[1]
    outer = {"range": [axis["range"][0] - 0.7, axis["range"][1]]} if "range" in axis else {}  # the centre is no mark
    chart = _drawn("radar", traces).update_polars(radialaxis={**axis, **outer})
    return figure(key, frame, chart, **rest)


def timeline(key: str, frame: pd.DataFrame, label: str, spans: dict[str, tuple[str, str]], **rest) -> Figure:
    """Spans on a line of time, each as long as its dates are vague; nothing when none is dated.

    Parameters
    ----------
    spans : dict of str to (str, str)
        By kind of trace: the columns that hold the first and the last date.
    """
    traces = []
    for kind, columns in spans.items():
        is_dated = frame[[*columns]].map(lambda text: isinstance(text, str) and clean.parse_date(text) == text)
        own = frame[is_dated.all(axis=1)]
        ends = zip(*(own[column].map(pd.Period) for column in columns), _labels(own[label]), strict=True)
        days = [[(f"{a.start_time:%Y-%m-%d}", name), (f"{b.end_time:%Y-%m-%d}", name)] for a, b, name in ends]
        traces += [_strokes(kind, days)] if days else []
    if not traces:
        return figure(key, frame.iloc[:0], **rest)
    months = pd.period_range(*(edge(day for one in traces for day in one["x"] if day) for edge in (min, max)), freq="M")
    # as many as a telephone has room for
    ticks = {f"{m}-01": plain_date(str(m)).replace(" ", "<br>") for m in months[:: math.ceil(len(months) / 4)]}
    placed = {"showlegend": len(spans) > 1, "yaxis_categoryarray": _labels(frame[label])}
    placed |= {"xaxis_tickvals": [*ticks], "xaxis_ticktext": [*ticks.values()]}
    told = {"n": len(days), "premiere": own[columns[0]].min(), "derniere": own[columns[1]].max(), "compte": len(days)}
    return figure(key, frame, _drawn("frise", traces, _labels(frame[label]), **placed), **{**told, **rest})


# ── the still drawing ───────────────────────────────────────────────────────────────────────────


def _lines(label: object) -> list[str]:
    """Lines of a label of a description, as one reads them.

    Examples
    --------
    >>> _lines("se d&#x27;habiller<br>&lt;b&gt;")
    ["se d'habiller", '<b>']
    """
    return [unescape(line) for line in str(label).split("<br>")]


class _Axis:
    """Axis of a still drawing: where values stand between two pixels, words by rank, and which are written."""

    def __init__(self, look: dict, values: list, start: float, end: float):
        self.look, is_date = look, look.get("type") == "date"
        words = [] if is_date else [value for value in values if isinstance(value, str)]
        self.words = list(dict.fromkeys(words and [*look.get("categoryarray", ()), *words]))
        self.place = self.words.index if words else (lambda day: pd.Timestamp(day).toordinal()) if is_date else float
        places = [self.place(value) for value in values if value is not None]
        places += [0] if look.get("rangemode") == "tozero" or not places else []
        low, high, self.whole = min(places), max(places), all(float(place).is_integer() for place in places)
        around = 0.5 if words else max(0.06 * (high - low), 31 if is_date else 0) or 1
        self.low, self.high = look.get("range", (low - around if low or words else low, high + around))
        self.start, self.end = (end, start) if look.get("autorange") == "reversed" else (start, end)

    def at(self, value) -> float:
        """Pixel of a value."""
        return self.start + (self.place(value) - self.low) / (self.high - self.low) * (self.end - self.start)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Pixel and text of each value written: words, months, or as many round numbers as there is room for."""
        values, told = (self.look.get(name, self.words) for name in ("tickvals", "ticktext"))
        if values:
            return list(zip(map(self.at, values), told, strict=True))
        least = (self.high - self.low) / max(abs(self.end - self.start) // 60, 2)
        steps = (step * 10**n for n in range(0 if self.whole else -3, 12) for step in (1, 2, 5))
        step = self.look.get("dtick") or next(step for step in steps if step >= least)
        values = [step * n for n in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]
        return [(self.at(v), str(v) if self.look.get("tickformat") == "d" else plain_number(v)) for v in values]


def drawing(chart: dict, width: int = 660) -> Html:
    """Still drawing of a chart, as SVG, from the description that the interactive one is made of.

    Parameters
    ----------
    chart : dict
        Plain data and layout, in the words of Plotly.
    width : int
        Pixels for which it is drawn; it is as high as its layout says.
    """
    layout, common = chart["layout"], chart["layout"]["template"]["layout"]
    looks = {name: common[name[:5]] | own for name, own in layout.items() if name[1:5] == "axis"}
    if "polar" in layout:
        looks = {"raxis": layout["polar"]["radialaxis"], "thetaaxis": {"range": [0, len({*chart["data"][0]["theta"]})]}}
    traces, ends = [dict(trace) for trace in chart["data"]], Counter()
    for trace in (trace for trace in traces if trace["type"] == "bar"):
        trace["base"] = [ends[label] for label in trace["y"]]  # each part starts where the one before it ends
        ends.update(dict(zip(trace["y"], trace["x"], strict=True)))
        trace["x"] = [ends[label] for label in trace["y"]]

    def axis(letter: str, panel: str, start: float, end: float) -> _Axis:
        values = [v for trace in traces if trace.get(f"{letter}axis", letter) == letter + panel for v in trace[letter]]
        look = looks[f"{letter}axis{panel}"]
        return _Axis(look, values, *(start + share * (end - start) for share in look.get("domain", (0, 1))))

    def spots(trace: dict, x: _Axis, y: _Axis) -> list[tuple[float, float] | None]:
        points = zip(*(trace[letter] for letter in (("r", "theta") if "r" in trace else "xy")), strict=True)
        at = [None if None in point else (x.at(point[0]), y.at(point[1])) for point in points]
        return [p and (p[0] * math.sin(p[1]), -p[0] * math.cos(p[1])) for p in at] if "r" in trace else at

    return render(
        "dessin.svg.j2", width=width, layout=layout, margin=common["margin"] | layout.get("margin", {}), looks=looks,
        font=common["font"], traces=traces, axis=axis, spots=spots, lines=_lines,
    )  # fmt: skip
