"""Queries of the library, or an analyst's own, over all that the program knows.

The text passes the same gate as a query that comes over HTTP: it reads, it stays on our
graph, and a mistake in it is told with its line.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pyoxigraph import (
    Literal,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    serialize,
)
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..errors import InputError
from ..namespaces import BASE, POLICIES, PREFIXES, compact
from ..render.text import show
from ..sparql.evaluate import misread
from ..sparql.gate import admit
from ..sparql.library import library, named_query
from ..sparql.store import shipped_store
from .compare import one_of

FORMATS = ("table", "csv", "json", "turtle")


def query(name: str, form: str) -> None:
    """Run a query and print what it finds.

    Raises
    ------
    InputError
        When there is no such query or format, or the query cannot be run.
    """
    one_of(form, FORMATS)
    answer = answered(shipped_store(), text_of(name))
    if isinstance(answer, QuerySolutions) and form == "table":
        show(rows(answer))
    else:
        print(written(answer, form), end="")


def queries() -> None:
    """List the queries of the library with the questions they answer."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for found in library().values():
        table.add_row(Text(found.name, style="bold"), found.question)
    show(table)


def text_of(query: str) -> str:
    """Return the text of a query: from standard input, a file, or the library.

    Raises
    ------
    InputError
        When there is no such file and no such name, or the file is not text.
    """
    if query == "-":
        return _decoded(sys.stdin.buffer.read(), "standard input")
    if query in library():
        return library()[query].text
    try:
        return _decoded(Path(query).read_bytes(), query)
    except OSError as error:
        if "." in query or "/" in query:
            raise InputError((error.strerror or "cannot be read").lower(), query) from None
        return named_query(query).text


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise InputError("is not UTF-8 text", name) from None


def answered(store: Store, text: str) -> QuerySolutions | QueryBoolean | QueryTriples:
    """Return what a query finds.

    Raises
    ------
    InputError
        When the gate refuses it, or it is not valid SPARQL; the message names the line.
    """
    admit(text)
    try:
        return store.query(text)
    except SyntaxError as error:
        raise misread(error) from None


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


def written(answer: QuerySolutions | QueryBoolean | QueryTriples, form: str) -> str:
    """Return an answer in a standard form.

    Raises
    ------
    InputError
        When rows are asked for as Turtle, or a graph as rows.
    """
    if isinstance(answer, QueryTriples):
        if form in ("csv", "json"):
            raise InputError("a graph is printed as Turtle", hint="--format turtle")
        prefixes = {p: str(n) for p, n in PREFIXES.items()}
        data = serialize(answer, format=RdfFormat.TURTLE, prefixes=prefixes)
        return (data or b"").decode()
    if form == "turtle":
        raise InputError("rows are not a graph", hint="--format table, csv or json")
    if form == "json":
        return (answer.serialize(format=QueryResultsFormat.JSON) or b"").decode() + "\n"
    if isinstance(answer, QueryBoolean):
        return f"{'yes' if answer else 'no'}\n"
    return (answer.serialize(format=QueryResultsFormat.CSV) or b"").decode().replace("\r\n", "\n")
