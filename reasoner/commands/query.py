"""``covergraph query`` and ``queries``: the library's, or an analyst's own, over all that is known.

The text passes the same gate as a query that comes over HTTP: it only reads, it stays on our
graph, and a mistake in it is told with its line.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import CovergraphError, InputError
from .arguments import one_of

if TYPE_CHECKING:
    from pyoxigraph import QueryBoolean, QuerySolutions, QueryTriples, Store, Triple

# What a process that asks says first of what follows.
ROWS, GRAPH, REFUSED = b"r", b"g", b"!"
FORMATS = ("table", "csv", "json", "turtle")


def query(
    text: Annotated[
        str, typer.Argument(help="A file, - for standard input, or a name.", metavar="QUERY")
    ],
    form: Annotated[str, typer.Option("--format", help="table, csv, json or turtle.")] = "table",
    seconds: Annotated[
        float, typer.Option(min=0.01, max=86_400, help="How long the query may take.")
    ] = 60.0,
) -> None:
    """Run a SPARQL query of the library, or one of your own, over the whole graph."""
    from pyoxigraph import QuerySolutions

    from ..render.solutions import rows, written
    from ..render.text import show
    from ..sparql.store import shipped_store

    one_of(form, FORMATS)
    answer = in_time(shipped_store(), text_of(text), seconds)
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


def in_time(
    store: Store, text: str, seconds: float
) -> QuerySolutions | QueryBoolean | list[Triple]:
    """Return what a query finds, asked in a process that the system ends when its time is up.

    The engine works in native code, which no exception of ours could stop.

    Raises
    ------
    InputError
        When the query is refused, or takes longer.
    """
    from pyoxigraph import QueryResultsFormat, QueryTriples, RdfFormat, parse, parse_query_results

    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(reading)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, seconds)
            with open(writing, "wb") as pipe:
                try:
                    found = answered(store, text)
                    graph = isinstance(found, QueryTriples)
                    form = RdfFormat.N_TRIPLES if graph else QueryResultsFormat.JSON
                    data = found.serialize(format=form)  # type: ignore[arg-type]
                    pipe.write((GRAPH if graph else ROWS) + (data or b""))
                except InputError as error:
                    pipe.write(REFUSED + json.dumps([error.what, error.where, error.hint]).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with open(reading, "rb") as pipe:
        kind, told = pipe.read(1), pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code == -signal.SIGALRM:
        hint = "ask for less, or give it longer with --seconds"
        raise InputError(f"the query takes longer than {seconds:g} seconds", hint=hint)
    if code:
        raise CovergraphError("the query could not be finished")
    if kind == REFUSED:
        raise InputError(*json.loads(told))
    if kind == GRAPH:
        return [quad.triple for quad in parse(input=told, format=RdfFormat.N_TRIPLES)]
    return parse_query_results(input=told, format=QueryResultsFormat.JSON)


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
