"""What was taken over from a bundle, and what was not: as data, and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pyoxigraph import NamedNode
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..decision.silences import noun
from ..knowledge.base import Knowledge
from ..namespaces import REQUESTS, SKOS, compact
from .drafts import Left
from .reader import Mapped

WIDTH = 34


def not_used(left: Iterable[Left]) -> list[dict[str, str]]:
    """Return what was not used as data."""
    return [{"resource": e.name, "place": e.place, "reason": e.because} for e in left]


def mapped_data(mapped: Mapped) -> dict[str, Any]:
    """Return what became of one order as data."""
    request = mapped.prepared.request
    return {
        "order": mapped.order.name,
        "request": request.iri.value,
        "dateOfService": request.date.isoformat(),
        "taken": [
            {
                "record": s,
                "property": compact(p),
                "value": compact(v),
                "derivedFrom": list(sources),
            }
            for (s, p, v), sources in request.sources.items()
        ],
        "notUsed": not_used(mapped.left),
    }


def taken(mapped: Mapped, knowledge: Knowledge) -> RenderableType:
    """Return what was taken over, by resource, in words."""
    request = mapped.prepared.request
    day = request.date.isoformat()
    head = Text.assemble((request.name, "bold"), f", date of service {day}")
    by_source: dict[str, list[str]] = {}
    for (_, p, v), sources in request.sources.items():
        if not v.startswith(REQUESTS):
            by_source.setdefault(", ".join(sources), []).append(_words(p, v, knowledge))
    return Group(head, Text("Taken over"), _listed(by_source), *left_behind(mapped.left))


def left_behind(left: Iterable[Left]) -> list[RenderableType]:
    """Return what was not used in words, what has the same reason together."""
    by_reason: dict[str, list[str]] = {}
    for entry in left:
        by_reason.setdefault(entry.because, []).append(entry.name)
    if not by_reason:
        return []
    rows = {", ".join(dict.fromkeys(names)): [because] for because, names in by_reason.items()}
    return [Text("Not used"), _listed(rows), Text()]


def _words(p: str, value: str, knowledge: Knowledge) -> str:
    told = noun(knowledge.label(NamedNode(p)))
    if ":" not in value:
        return f"{told} {value}"
    term = NamedNode(value)
    notation = knowledge.triples.text(term, SKOS.notation)
    return f"{told} {notation or knowledge.label(term)}"


def _listed(rows: Mapping[str, list[str]]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(width=WIDTH, overflow="fold")
    table.add_column(overflow="fold")
    for name, told in rows.items():
        table.add_row(Text(name, style="cyan"), Text(", ".join(told)))
    return Padding(table, (0, 0, 0, 2))
