"""What a query finds: rows as a table, or in a standard form; a graph as Turtle."""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import (
    Literal,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Triple,
    serialize,
)
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..errors import InputError
from ..namespaces import BASE, POLICIES, PREFIXES, compact


def rows(answer: QuerySolutions) -> RenderableType:
    """Return rows as a table, wrapped, with IRIs in short."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    for variable in answer.variables:
        table.add_column(variable.value, overflow="fold", vertical="top")
    count = 0
    for row in answer:
        table.add_row(*(_short(row[v]) for v in answer.variables))
        count += 1
    return Group(table, Text(f"{count} row{'' if count == 1 else 's'}"))


def _short(term: object) -> str:
    if term is None:
        return ""
    value = str(getattr(term, "value", term))
    if isinstance(term, Literal):
        return value
    short = compact(value)
    if short != value:
        return short
    return value.removeprefix(POLICIES).removeprefix(BASE).removesuffix("#policy")


def written(answer: QuerySolutions | QueryBoolean | Iterable[Triple], form: str) -> str:
    """Return an answer in a standard form.

    Raises
    ------
    InputError
        When rows are asked for as Turtle, or a graph as rows.
    """
    if not isinstance(answer, QuerySolutions | QueryBoolean):
        if form in ("csv", "json"):
            raise InputError("a graph is printed as Turtle", hint="--format turtle")
        prefixes = {p: str(n) for p, n in PREFIXES.items()}
        data = serialize(answer, format=RdfFormat.TURTLE, prefixes=prefixes)
        return (data or b"").decode()
    if form == "turtle":
        raise InputError("rows are no graph", hint="--format table, csv or json")
    if form == "json":
        return (answer.serialize(format=QueryResultsFormat.JSON) or b"").decode() + "\n"
    if isinstance(answer, QueryBoolean):
        return f"{'yes' if answer else 'no'}\n"
    return (answer.serialize(format=QueryResultsFormat.CSV) or b"").decode().replace("\r\n", "\n")
