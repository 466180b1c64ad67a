"""How a plain request writes names, days and numbers, whatever format it is in.

Each of these takes less than the gate does. What is written otherwise is not plain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from decimal import Decimal

from pyoxigraph import BlankNode, Literal, NamedNode

from ..namespaces import REQUESTS, XSD
from ..plain import Number, Statements, Value, term_of, value_of
from ..request.gate import MOST_BLANK_NODES
from ..request.records import UNNAMED
from ..request.stated import canonical
from ..request.values import day_in
from ..request.wellformed import OURS

# What an IRI may hold behind its host. Percent and two digits stand for one character.
_REST = r"[A-Za-z0-9._~:@!$&'()*+,;=/-]*(?:%[0-9A-Fa-f]{2}[A-Za-z0-9._~:@!$&'()*+,;=/-]*)*"
_IRI = re.compile(
    rf"https?://[A-Za-z0-9][A-Za-z0-9.-]*(?:/{_REST})?(?:\?{_REST})?(?:\#{_REST})?"
    r"|urn:[a-z0-9][A-Za-z0-9._:-]*"
)
_WHOLE = re.compile(r"[0-9]{1,17}")
_DECIMAL = re.compile(r"[0-9]{1,9}\.[0-9]{1,8}")
RESERVED = (*OURS, UNNAMED)


# How the label of an unnamed node begins.
LABEL = "_:"


class Unsure(Exception):
    """The request is not plain; it is for the long way to say what it is."""


def refuse_name(node: str) -> None:
    """Raise Unsure at what may not name a record, or is no name at all."""
    if node.startswith(RESERVED) or node == REQUESTS or not _IRI.fullmatch(node):
        raise Unsure


def day(text: str) -> str:
    if day_in(text) is None:
        raise Unsure
    return text


def whole(text: str) -> int:
    if _WHOLE.fullmatch(text):
        return int(text)
    raise Unsure


def number(text: str) -> Number:
    if not _DECIMAL.fullmatch(text):
        return whole(text)
    before, _, part = text.partition(".")
    return Decimal(text) if part.strip("0") else int(before)


READ: dict[str, Callable[[str], Value]] = {
    XSD.date.value: day,
    XSD.integer.value: whole,
    XSD.decimal.value: number,
}


def named(statements: Statements) -> tuple[Statements, Collection[str]]:
    """Return statements with each unnamed node named after its canonical label, and the names.

    Raises
    ------
    Unsure
        When a node is linked to twice, so that naming the nodes could take long, or there are
        very many of them.
    """
    unnamed = {s for s in statements if s.startswith(LABEL)}
    if not unnamed:
        return statements, ()
    values = [v for r in statements.values() for vs in r.values() for v in vs]
    links = [v for v in values if isinstance(v, str) and v.startswith(LABEL)]
    if len(unnamed) > MOST_BLANK_NODES or len(set(links)) < len(links):
        raise Unsure
    # A caller may not use the names that they get.
    if any(isinstance(v, str) and v.startswith(UNNAMED) for v in (*statements, *values)):
        raise Unsure
    found: Statements = {}
    stated = (
        (_node(s), NamedNode(p), _node(o) if isinstance(o, str) else term_of(o))
        for s, record in statements.items()
        for p, several in record.items()
        for o in several
    )
    for s, p, o in canonical(stated):  # type: ignore[arg-type]
        found.setdefault(s.value, {}).setdefault(p.value, {})[value_of(o)] = None
    return found, {n for n in found if n.startswith(UNNAMED)}


def _node(value: str) -> NamedNode | BlankNode | Literal:
    return BlankNode(value[len(LABEL) :]) if value.startswith(LABEL) else term_of(value)
