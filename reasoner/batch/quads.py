"""N-Quads with one graph for each request, parted without reading every statement.

The statements of a graph stand together, and they end alike: in the name of the graph. So
the lines of one request are the run of lines that end as its first one does, and only a
line that ends otherwise is looked at: it may spell the same name with escapes, and names
are compared as they are read. Whether each line is what it seems is for whoever parses the
request to say: ``plain`` takes the graph away where that reads the same, and
``statements`` parses.

A line that belongs to no graph may have lost its own. The requests on both sides of it are
refused then: to decide one without a fact of it would be a wrong decision.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pyoxigraph import DefaultGraph, RdfFormat, parse

from ..errors import InputError
from ..formats import N_QUADS
from ..request.formats import LARGEST
from .records import Record

_IRI = rb'<[^\x00-\x20<>"]*+>'
# Atomic, so that no hostile line makes the match try every way to part it.
_BLANK = rb'_:(?>[^\s<>"#]*[^\s<>".#])'
_NODE = rb"(?:%b|%b)" % (_IRI, _BLANK)
_TEXT = rb'"(?:[^"\\]|\\.)*+"(?:\^\^%b|@[A-Za-z0-9-]++)?' % _IRI
_TERM = rb"(?:%b|%b)" % (_NODE, _TEXT)
_THREE = rb"\s*+%b\s*+%b\s*+%b\s*+" % (_NODE, _IRI, _TERM)
_END = rb"\.\s*+(?:#.*)?\Z"
_QUAD = re.compile(rb"%b(?P<graph>%b)\s*%b" % (_THREE, _NODE, _END), re.DOTALL)
_TRIPLE = re.compile(_THREE + _END, re.DOTALL)

# Statements as programs write them, three terms to a line and no comment.
_STRICT_IRI = rb'<[A-Za-z][A-Za-z0-9+.-]*+:[^\x00-\x20<>"{}|^`\\]*+>'
_STRICT_NODE = rb"(?:%b|_:[A-Za-z0-9]++)" % _STRICT_IRI
_STRICT_TEXT = (
    rb'"[^"\\\r\n]*+(?:\\[tbnrf"\'\\][^"\\\r\n]*+)*+"'
    rb"(?:\^\^%b|@[a-zA-Z]++(?:-[a-zA-Z0-9]++)*+)?" % _STRICT_IRI
)
_STATEMENTS = re.compile(
    rb"(?:%b %b (?:%b|%b) \.\n)++" % (_STRICT_NODE, _STRICT_IRI, _STRICT_NODE, _STRICT_TEXT)
)
_GRAPH = re.compile(_STRICT_NODE)
# Names that are surely legal and read as they are spelled; of any other a parser is asked.
_PLAIN_NAME = re.compile(
    rb"<(?:urn:[A-Za-z0-9][A-Za-z0-9-]++:|https?://[A-Za-z0-9.-]++/)[\w:/.~-]*+(?:#[\w:/.~-]*+)?>"
    rb"|_:[A-Za-z0-9]++",
    re.ASCII,
)
# The same without a look inside of the terms: a parser finds their ends where these are, or an
# error.
_NAME = rb"(?:<[^>]*+>|_:[A-Za-z0-9]++)"
_QUOTED = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"(?:\^\^<[^>]*+>|@[A-Za-z0-9-]++)?'
_PLAIN = re.compile(rb"(?:%b <[^>]*+> (?:%b|%b) \.\n)++" % (_NAME, _NAME, _QUOTED))

# Runs of whole lines, each with the number of its first line and the bytes before it.
Lines = Iterable[tuple[bytes, int, int]]
# Stands for a line that was not kept.
TOO_LONG = b"\0\n"
# Any number of blank lines, passed over at once: compressed, they cost nothing to send.
_BLANK_LINES = re.compile(rb"\s*\n")
UNREADABLE = "not a valid N-Quads statement"
NO_GRAPH = "the statement stands in no named graph"
LONG_LINE = f"the line is longer than {LARGEST} bytes"


def requests_of(source: str, lines: Lines) -> Iterator[Record]:
    """Yield one record for each graph of a file, in its order."""
    number, graph, ending = 0, b"", b""
    begun = (0, 0)
    kept: list[bytes] = []
    size = 0
    fault = stray = ""

    def record() -> Record:
        text = b"" if fault else b"".join(kept)
        return Record(source, number, *begun, N_QUADS.read_as, text, graph, fault)

    for run, first, offset in lines:
        at = passed = 0
        while at < len(run):
            upto, alike = _alike(run, at, ending) if ending else (at, 0)
            if alike:
                # Nearly every line goes through here, and no further.
                size += upto - at
                if size > LARGEST and not fault:
                    fault = f"the request is larger than {LARGEST} bytes"
                if fault:
                    kept.clear()
                else:
                    kept.append(run[at:upto])
                # What stands between two statements of one graph can only be of that graph.
                fault, stray = fault or stray, ""
                at, passed = upto, passed + alike
                continue
            if blank := _BLANK_LINES.match(run, at):
                passed += run.count(b"\n", at, blank.end())
                at = blank.end()
                continue
            upto = run.index(b"\n", at) + 1
            line = run[at : upto - 1]
            if line.lstrip().startswith(b"#"):
                at, passed = upto, passed + 1
                continue
            found = _QUAD.match(line)
            named = _graph_of(found["graph"]) if found else None
            if found is None or named is None:
                ailment = LONG_LINE if run is TOO_LONG else _ailment(line)
                stray = stray or f"line {first + passed}: {ailment}"
                at, passed = upto, passed + 1
                continue
            if named != graph:
                edge = f"{stray}; it may belong here" if stray else ""
                if number:
                    fault = fault or edge
                    yield record()
                number, graph = number + 1, named
                begun = (first + passed, offset + at)
                kept, size, fault, stray = [], 0, edge, ""
            ending = line[found.start("graph") :] + b"\n"
    if number:
        fault = fault or (f"{stray}; it may belong here" if stray else "")
        yield record()
    elif stray:
        yield Record(source, 1, 1, 0, N_QUADS.read_as, b"", b"", stray)


def _alike(run: bytes, at: int, ending: bytes) -> tuple[int, int]:
    """Return where the lines from a place on that end alike stop, and how many they are."""
    count = 0
    while (end := run.find(b"\n", at) + 1) and run.endswith(ending, at, end):
        at, count = end, count + 1
    return at, count


def _graph_of(spelled: bytes) -> bytes | None:
    """Return the name of a line's graph as it is read; None where no parser reads it.

    A name that is damaged may have been that of the lines before it, or after it.
    """
    if _PLAIN_NAME.fullmatch(spelled):
        return spelled
    try:
        # The name alone, as its statement may ail where the name does not.
        (quad,) = parse(b"<urn:s> <urn:p> <urn:o> %b ." % spelled, format=RdfFormat.N_QUADS)
    except (SyntaxError, ValueError):
        return None
    return str(quad.graph_name).encode()


def _ailment(line: bytes) -> str:
    return NO_GRAPH if _TRIPLE.match(line) else UNREADABLE


def plain(data: bytes, graph: bytes) -> bytes | None:
    """Return the statements of a request as N-Triples, by taking the graph off every line.

    Lines that are written in any other way than programs write them give None. If a parser
    takes what is returned, it finds what it would have found in the quads; if it does not,
    ``statements`` knows better what to say.
    """
    bare = _without(graph, data)
    return bare if bare and _GRAPH.fullmatch(graph) and _PLAIN.fullmatch(bare) else None


def statements(data: bytes, graph: bytes) -> tuple[bytes, list[bytes]]:
    """Return the statements of a request as N-Triples, and the graphs they were found in.

    Parameters
    ----------
    data : bytes
        Lines of N-Quads.
    graph : bytes
        The name of the graph that each line should be of.

    Raises
    ------
    InputError
        When a line is not valid N-Quads.
    """
    bare = _without(graph, data)
    if bare and _STATEMENTS.fullmatch(bare):
        return bare, [graph]
    try:
        quads = list(parse(data, format=RdfFormat.N_QUADS))
    except SyntaxError as error:
        where = f"line {error.lineno}" if error.lineno else ""
        raise InputError(UNREADABLE, where) from None
    except ValueError:
        raise InputError(UNREADABLE) from None
    if any(isinstance(q.graph_name, DefaultGraph) for q in quads):
        raise InputError(NO_GRAPH)
    names = list(dict.fromkeys(str(q.graph_name).encode() for q in quads))
    return "".join(f"{q.triple} .\n" for q in quads).encode(), names


def _without(graph: bytes, data: bytes) -> bytes | None:
    """Take the name of the graph off every line; return None where one does not end in it."""
    lines = data.replace(b"\r\n", b"\n") if b"\r" in data else data
    parts = lines.split(b" " + graph + b" .\n")
    bare = b" .\n".join(parts)
    return bare if bare.count(b"\n") == len(parts) - 1 else None
