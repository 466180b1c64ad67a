"""One request read the short way and the long way, and what each says held to the other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, parse, serialize

from covergraph.engine import Reasoner
from covergraph.errors import InputError
from covergraph.facts.layout import Facts
from covergraph.facts.prepared import Prepared
from covergraph.namespaces import BASE, CODE, COV, REQUESTS, XSD
from covergraph.request import gate
from covergraph.triples import Node, Spo, Triples
from tests.laws import told

PREFIXES = {
    "": "https://example.org/r#",
    "code": BASE + "codes#",
    "cov": BASE + "ontology#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


# What takes more than looking up: a date that is not a day, an age, what is said of a list.
OPEN = (XSD.gYear, XSD.gYearMonth)
SAYS_MORE = (COV.age, COV.completeFor, COV.partialFor, COV.lasted)


def is_plain(data: bytes) -> bool:
    """Return whether a request is one that the short way reads: all that it says is known."""
    triples = Triples.of(parse(data, format=RdfFormat.TURTLE))
    if any(p in SAYS_MORE or getattr(o, "datatype", None) in OPEN for _, p, o in triples):
        return False
    earlier = (o for _, o in triples.pairs(COV.underwent))
    return all(triples.objects(node, COV.performedOn) for node in earlier)


@lru_cache(maxsize=1)
def whole() -> Reasoner:
    return Reasoner()


def quickly(data: bytes, media_type: str | None = None) -> Prepared | None:
    return whole().quick.read(data, gate.DEFAULT_NAME, media_type)


def at_length(data: bytes, media_type: str | None = None) -> Prepared:
    """Return a request that went the long way.

    Raises
    ------
    InputError
        When it is refused there.
    """
    request = gate.read(data, media_type=media_type, knowledge=whole().knowledge)
    return whole().at_length(request)


def laid_out(facts: Facts) -> dict[str, object]:
    """Return what facts hold, their order aside; of concepts only what the request says."""
    return {
        name: unordered(getattr(facts, name))
        for name in Facts.__slots__
        if name not in ("records", "stated", "concepts", "earlier", "courses", "planned")
    } | {
        name: {s.node: {p: unordered(getattr(s, p)) for p in s.__slots__} for s in records}
        for name in ("earlier", "courses", "planned")
        for records in [getattr(facts, name)]
    }


def unordered(value: object) -> object:
    # Values may be the keys of a dictionary, to keep their order.
    if isinstance(value, Mapping) and any(v is not None for v in value.values()):
        return {k: unordered(v) for k, v in value.items()}
    return frozenset(value) if isinstance(value, tuple | list | dict | set) else value


def compare(data: bytes, media_type: str | None = None) -> Prepared | None:
    """Hold what the short way says of a request to what the long way does."""
    quick = quickly(data, media_type)
    if quick is None:
        return None
    try:
        long = at_length(data, media_type)
    except InputError as error:
        raise AssertionError(told(f"the long way refuses: {error}", data)) from None
    assert laid_out(quick.facts) == laid_out(long.facts), told("the facts differ", data)
    for node, record in quick.facts.records.items():
        assert unordered(record) == unordered(long.facts.records[node]), told(node, data)
    ours, theirs = quick.request, long.request
    assert ours.digest == theirs.digest, told("the digests differ", data)
    assert [*ours.triples] == [*theirs.triples], told("the triples differ", data)
    assert {*quick.triples} == {*long.triples}, told("what follows differs", data)
    return quick


def without_names(triples: Iterable[Spo]) -> list[Spo]:
    """Return triples with the name of every record left out."""
    triples = list(triples)
    made = {s: BlankNode(f"n{i}") for i, s in enumerate(dict.fromkeys(s for s, _, _ in triples))}
    return [(made[s], p, made.get(o, o)) for s, p, o in triples]  # type: ignore[call-overload]


def as_turtle(data: bytes) -> str:
    """Return a request as a program writes it, with prefixes and subjects gathered."""
    triples = parse(data, format=RdfFormat.TURTLE, base_iri=REQUESTS)
    text = serialize(triples, format=RdfFormat.TURTLE, prefixes=PREFIXES)
    assert isinstance(text, bytes)
    return text.decode()


def as_json_ld(data: bytes) -> bytes:
    """Return a request as JSON-LD without a context, every IRI whole."""
    text = serialize(parse(data, format=RdfFormat.TURTLE), format=RdfFormat.JSON_LD)
    assert isinstance(text, bytes)
    return text


def as_plain_json(data: bytes) -> dict[str, Any]:
    """Return a request as one object in our names, its records inside of each other."""
    triples = Triples.of(parse(data, format=RdfFormat.TURTLE))

    def record(node: Node) -> dict[str, Any]:
        found: dict[str, Any] = {"id": node.value} if isinstance(node, NamedNode) else {}
        for p, objects in triples.predicates(node).items():
            values = []
            for o in objects:
                if isinstance(o, Literal):
                    number = o.datatype in (XSD.integer, XSD.decimal)
                    values.append(json.loads(o.value) if number else o.value)
                elif isinstance(o, NamedNode) and o.value.startswith((COV, CODE)):
                    values.append(o.value.rpartition("#")[2])
                else:
                    values.append(record(o) if o in triples.nodes() else o.value)  # type: ignore[arg-type]
            found[p.value.rpartition("#")[2]] = values if len(values) > 1 else values[0]
        return found

    (request,) = triples.instances(COV.CoverageRequest)
    return record(request)
