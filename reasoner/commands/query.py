"""``covergraph query`` and ``queries``: the library's, or an analyst's own, over all that is known.

The text passes the same gate as a query that comes over HTTP: it only reads, it stays on our
graph, and a mistake in it is told with its line.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError
from .arguments import one_of

if TYPE_CHECKING:
    from pyoxigraph import QueryBoolean, QuerySolutions, QueryTriples, Store

FORMATS = ("table", "csv", "json", "turtle")


def query(
    text: Annotated[
        str, typer.Argument(help="A file, - for standard input, or a name.", metavar="QUERY")
    ],
    form: Annotated[str, typer.Option("--format", help="table, csv, json or turtle.")] = "table",
) -> None:
    """Run a SPARQL query of the library, or one of your own, over the whole graph."""
    from pyoxigraph import QuerySolutions

    from ..render.solutions import rows, written
    from ..render.text import show
    from ..sparql.store import shipped_store

    one_of(form, FORMATS)
    answer = answered(shipped_store(), text_of(text))
    if isinstance(answer, QuerySolutions) and form == "table":
        show(rows(answer))
    else:
        print(written(answer, form), end="")


def queries() -> None:
    """List the queries of the library with the questions that they answer."""
    from rich.table import Table
    from rich.text import Text

    from ..render.text import show
    from ..sparql.library import library

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
    from ..sparql.library import library, named_query

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
    from ..sparql.evaluate import misread
    from ..sparql.gate import admit

    admit(text)
    try:
        return store.query(text)
    except SyntaxError as error:
        raise misread(error) from None
