"""Sentences with numbers in them, in correct French, from the patterns of ``phrases.fr.yaml``.

Every number of a page is written by `number`, which marks it with the quantity it is and with what
it is about; dates by `date`; words copied from a cell by `cited`. A page has no other digits.
"""

import re
from collections.abc import Iterable
from functools import partial
from html import escape, unescape
from string import Formatter

from jinja2 import Environment, FileSystemLoader

from . import paths, privacy
from .clean import CONTACT, MONTHS, items, parse_date, without_names
from .schema import grandeurs, phrases

NARROW = "\u202f"


class Html(str):
    """Text that is already HTML: shown as it is in a notebook, never escaped again."""

    def _repr_html_(self) -> str:
        return str(self)

    __html__ = _repr_html_


def typography(text: str) -> str:
    """French spaces before ``; : ! ? » %`` and after ``«``, outside tags.

    Examples
    --------
    >>> typography("« oui » : 3 %") == "«\u202foui\u202f»\u202f: 3\u202f%"
    True
    """
    text = re.sub(r" (?=[;!?»:%€](?:\W|$))", NARROW, text)
    return text.replace("« ", "«" + NARROW)


def plain_number(value: float) -> str:
    """Number in French form: narrow no-break spaces between thousands, decimal comma.

    Examples
    --------
    >>> plain_number(128915), plain_number(2.5), plain_number(16.0)
    ('128\u202f915', '2,5', '16')
    """
    return f"{round(value, 4):,}".removesuffix(".0").replace(",", NARROW).replace(".", ",")


def number(value: float, q: str, de: object = "") -> Html:
    """Number marked with its quantity ``q`` (an entry of ``grandeurs.yaml``) and its subject.

    Examples
    --------
    >>> number(16, "presents", "CHB-2015-09-24")
    '<data class="n" value="16" data-q="presents" data-de="CHB-2015-09-24">16</data>'
    """
    if q not in grandeurs():
        raise KeyError(f"« {q} » n'est pas une grandeur de catalogue/grandeurs.yaml")
    if is_missing(value):
        raise ValueError(f"« {q} » n'a pas de valeur : dire ce qui manque au lieu de l'écrire")
    exact = int(value) if float(value).is_integer() else round(float(value), 4)
    about = f' data-de="{escape(public(de))}"' if str(de) else ""
    return Html(f'<data class="n" value="{exact}" data-q="{q}"{about}>{plain_number(exact)}</data>')


def plain_date(iso: str) -> str:
    """Date in French words.

    Examples
    --------
    >>> plain_date("2015-09-24"), plain_date("2016-07"), plain_date("2016-05-01")
    ('24 septembre 2015', 'juillet 2016', '1er mai 2016')
    """
    year, *rest = iso[:10].split("-")
    month = MONTHS[int(rest[0]) - 1] if rest else ""
    day = (f"{int(rest[1])}" + ("er" if rest[1] == "01" else "")) if len(rest) > 1 else ""
    return " ".join(part for part in (day, month, year) if part)


def date(iso: object, missing: str = "date inconnue") -> Html:
    """Date marked for machines, or the words that say it is missing."""
    if isinstance(iso, str) and parse_date(iso) == iso:
        return Html(f'<time datetime="{iso}">{plain_date(iso)}</time>')
    return cited(iso) or Html(missing)


def public(text: object, keeps_names: bool = False) -> str:
    """Text in which the public edition replaces e-mails, telephone numbers and, unless it keeps them, names by […]."""
    if not privacy.is_public():
        return str(text)
    return CONTACT.sub("[…]", str(text) if keeps_names else without_names(str(text)))


def cited(text: object, tag: str = "span", keeps_names: bool = False) -> Html:
    """Words copied from a cell, escaped, with French spaces; addresses, telephone numbers and names of persons become […].

    Examples
    --------
    >>> cited("<b>6 000</b> annonces")
    '<span class="t">&lt;b&gt;6 000&lt;/b&gt; annonces</span>'
    """
    if not isinstance(text, str) or not text:
        return Html("")
    return Html(f'<{tag} class="t">{escape(typography(public(text, keeps_names)))}</{tag}>')


reference = partial(cited, keeps_names=True)
"""Title or author of a document, which are cited with the names that they hold."""


def listed(parts: Iterable[str], last: str = "et") -> Html:
    """Parts in one enumeration.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b et c'
    """
    *others, end = list(parts) or [""]
    return Html(f"{', '.join(others)} {last} {end}" if others else end)


class _Marked(Formatter):
    """Fills ``{name:quantity}`` with a marked number, ``{name:date}`` with a date, else words."""

    def __init__(self, key: str, de: str):
        self.key, self.de = key, de

    def format_field(self, value, spec):
        if spec == "date":
            return date(value)
        if isinstance(value, str):
            return value if isinstance(value, Html) else cited(value)
        if isinstance(value, (list, tuple)):
            return listed(map(cited, value))
        return number(value, spec, f"{self.key}/{spec}" + (f"/{self.de}" if self.de else ""))


def say(key: str, n: float | None = 2, /, de: str = "", **values: object) -> Html:
    """Sentence of the catalogue for a count, in the form that the count asks for.

    Parameters
    ----------
    key : str
        Entry of ``phrases.fr.yaml``; it holds the forms ``rien`` (nothing was received),
        ``aucun``, ``un`` and ``plusieurs``. A form that is absent is the next one. A sentence that
        names a missing value is not said: the result is empty.
    n : number or None
        What decides of the form, and the value of ``{n}``; None when nothing was received.
    de : str
        What the numbers are about.
    **values
        Other numbers, words (escaped), lists of words, or `Html`.

    Examples
    --------
    >>> say("feuilles_vides", 0)
    'Toutes les feuilles ont reçu au moins une ligne.'
    """
    return fill(phrases()[key], n, key, de, values)


def fill(forms: str | dict, n: float | None, key: str, de: str, values: dict) -> Html:
    """Sentence from its forms; see `say`."""
    forms = {"plusieurs": forms} if isinstance(forms, str) else forms
    order = ["rien", "aucun", "un", "plusieurs"]
    start = 0 if is_missing(n) else 1 if n == 0 else 2 if n == 1 else 3
    form = next(forms[name] for name in order[start:] if name in forms)
    values = {"n": n, **values}
    if any(is_missing(values[name]) for _, name, _, _ in Formatter().parse(form) if name):
        return Html("")
    return Html(_Marked(key, de).vformat(typography(form), (), values))


def is_missing(value: object) -> bool:
    """Whether a cell holds nothing, whatever the way in which its column says it."""
    return value is None or str(value) in ("nan", "<NA>")


def paragraph(*sentences: str) -> Html:
    """Sentences as one paragraph; empty ones are left out."""
    kept = [sentence for sentence in sentences if sentence]
    return Html("<p>" + " ".join(kept) + "</p>") if kept else Html("")


def bullets(items: Iterable[str], kind: str = "") -> Html:
    """Items as a list."""
    entries = "".join(f"<li>{item}</li>" for item in items)
    of_kind = f' class="{kind}"' if kind else ""
    return Html(f"<ul{of_kind}>{entries}</ul>" if entries else "")


TEMPLATES = Environment(loader=FileSystemLoader(paths.TEMPLATE), autoescape=True)
"""Templates of the report: text is escaped, and `say` and its neighbours are at hand."""
TEMPLATES.tests.update(missing=is_missing, search=lambda text, pattern: re.search(pattern, text) is not None)
OWN = (cited, public, date, plain_date, plain_number, listed, bullets, unescape)
TEMPLATES.filters |= {own.__name__: own for own in OWN} | {
    "reference": reference,
    "css": lambda text: Html(re.sub(r"[^\w\s'’(),.-]", " ", text)),  # words in a string of a style sheet
    "typography": lambda text: Html(typography(text if hasattr(text, "__html__") else escape(text, quote=False))),
}


def render(template: str, **values: object) -> Html:
    """HTML of a template of the report; nothing but spaces is nothing."""
    return Html(TEMPLATES.get_template(template).render(**values).strip())


def missing(key: str) -> Html:
    """What a section says when its data are absent: what is missing and which sheet brings it."""
    return Html(f'<p class="absent">{say(key, None)}</p>')


TEMPLATES.globals |= {own.__name__: own for own in (say, missing, cited, number, items, paragraph)}
