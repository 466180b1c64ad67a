"""One request in the forms that programs send: spaced Turtle, dense Turtle, a line of JSON.

Each form is read back and held to state the same triples, so that no row is faster because it
says less.
"""

from __future__ import annotations

import json
import re
from typing import Any

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from covergraph.knowledge.base import Knowledge
from covergraph.namespaces import CODE, COV, RDF, RDFS, XSD
from covergraph.request.context import shipped_context
from covergraph.request.jsonld import parse_json
from covergraph.triples import Node, Term, Triples

JSON = "application/json"
# A string is kept whole; around a mark every blank can go, and before the last point.
STRING_OR_BLANKS = re.compile(rb'("(?:[^"\\]|\\.)*")|\s*([;,])\s*|\s+(\.\n)', re.DOTALL)


def dense(turtle: bytes) -> bytes:
    """Return Turtle without the blanks that it can do without."""
    found = STRING_OR_BLANKS.sub(lambda m: m[1] or m[2] or m[3], turtle)
    assert set(stated(found)) == set(stated(turtle))
    return found


def json_line(turtle: bytes, knowledge: Knowledge) -> bytes:
    """Return a request as one line of plain JSON under our own context, records nested."""
    triples = stated(turtle)
    line = json.dumps(Written(triples, knowledge).whole(), separators=(",", ":")).encode()
    assert set(parse_json(line.decode(), knowledge)) == set(triples)
    return line


def stated(turtle: bytes) -> Triples:
    return Triples.of(parse(turtle, format=RdfFormat.TURTLE))


class Written:
    """Writes each record where it is first mentioned, and its IRI elsewhere."""

    def __init__(self, triples: Triples, knowledge: Knowledge) -> None:
        self.triples, self.terms = triples, shipped_context(knowledge)
        self.names = {RDFS.label: "label", RDFS.comment: "comment"}
        self.done: set[Node] = set()

    def whole(self) -> dict[str, Any]:
        (request,) = self.triples.instances(COV.CoverageRequest)
        return self.record(request)

    def record(self, node: Node) -> dict[str, Any]:
        self.done.add(node)
        assert isinstance(node, NamedNode)
        found: dict[str, Any] = {"id": node.value}
        for p, objects in self.triples.predicates(node).items():
            if p == RDF.type:
                found["type"] = [bare(o) for o in objects]
            else:
                name = self.names.get(p) or bare(p)
                found[name] = [self.value(o, self.terms[name]) for o in objects]
        return {k: v[0] if isinstance(v, list) and len(v) == 1 else v for k, v in found.items()}

    def value(self, term: Term, declared: Any) -> Any:
        if isinstance(term, Literal):
            plain = term.datatype in (XSD.decimal, XSD.integer)
            return float(term.value) if plain else term.value
        assert isinstance(term, NamedNode)
        if self.triples.predicates(term) and term not in self.done:
            return self.record(term)
        # Only where the context says so is a bare name a term or a code.
        return bare(term) if declared.get("@type") == "@vocab" else term.value


def bare(term: Term) -> str:
    assert isinstance(term, NamedNode)
    return term.value.removeprefix(str(COV)).removeprefix(str(CODE))
