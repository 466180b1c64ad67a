"""The formats that requests come in and answers go out in, each with all that tells it.

Gate, short way, batches, service and command line read this one table.
"""

from __future__ import annotations

from typing import NamedTuple


class Format(NamedTuple):
    """One format.

    Parameters
    ----------
    read_as : str
        What it is taken for when it is read; some are known only so that they can be refused.
    media_types : tuple of str
        The first is the one that is written.
    suffixes, batch_suffixes : tuple of str
        Of the files that hold one request, and of those that a batch reads.
    option : str
        What options of the command line call it, if graphs are written in it.
    """

    read_as: str
    media_types: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    batch_suffixes: tuple[str, ...] = ()
    option: str = ""

    @property
    def media_type(self) -> str:
        return self.media_types[0]


N_QUADS = Format("N-Quads", ("application/n-quads",), (".nq",), (".nq", ".nquads"))
TRIG = Format("TriG", ("application/trig",), (".trig",))
JSON_LINES = Format("lines of JSON", batch_suffixes=(".ndjson", ".jsonl"))
TURTLE = Format("Turtle", ("text/turtle", "application/x-turtle"), (".ttl",), (".ttl",), "turtle")
N_TRIPLES = Format("Turtle", ("application/n-triples",), (".nt",), (".nt",), "ntriples")
JSON = Format("JSON-LD", ("application/json",), (".json",), (".json",))
FHIR = Format("FHIR", ("application/fhir+json",))
JSON_LD = Format("JSON-LD", ("application/ld+json",), (".jsonld",), (".jsonld",), "jsonld")
XML = Format(
    "RDF/XML",
    ("application/rdf+xml", "application/xml", "text/xml"),
    (".rdf", ".owl", ".xml", ".trix"),
)
HTML = Format("HTML", ("text/html", "application/xhtml+xml"), (".html", ".htm"))

FORMATS = (N_QUADS, TRIG, JSON_LINES, TURTLE, N_TRIPLES, JSON, JSON_LD, XML, HTML)
GRAPHS = {f.option: f for f in FORMATS if f.option}
# The media types in which graphs are written.
GRAPH_TYPES = tuple(f.media_type for f in GRAPHS.values())
