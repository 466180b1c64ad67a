"""One view in three forms: JSON, the same as JSON-LD, and what that says as Turtle.

Every name that stands in an answer is a term: of the ontology where it has one, of
``/api`` otherwise, where the models describe it. So the JSON-LD is the JSON with a
context in front, and nothing that a reader of JSON sees is missing in the graph.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, Triple, parse

from covergraph.namespaces import BASE, COV, PREFIXES, RDFS, SKOS, XSD
from covergraph.render.graph import serialised
from covergraph.triples import Spo

from .negotiation import JSON, JSON_LD

TERMS = BASE + "api#"


def _link(term: NamedNode) -> dict[str, str]:
    return {"@id": term.value, "@type": "@id"}


def _day(term: NamedNode) -> dict[str, str]:
    return {"@id": term.value, "@type": XSD.date.value}


CONTEXT: dict[str, Any] = {
    "@vocab": TERMS,
    "id": "@id",
    "type": "@type",
    "cov": str(COV),
    "label": RDFS.label.value,
    "definition": SKOS.definition.value,
    "code": SKOS.notation.value,
    "policy": _link(COV.underPolicy),
    "ofPayer": _link(COV.ofPayer),
    "reviewRoute": COV.reviewRoute.value,
    "appliesWhen": COV.appliesWhen.value,
    "criterion": _link(COV.onCriterion),
    "concern": _link(COV.concerns),
    "interpretation": COV.interpretation.value,
    "readings": COV.followsReading.value,
    "reading": "@id",
    "citations": COV.citation.value,
    "clause": _link(COV.clause),
    "section": COV.section.value,
    "place": COV.place.value,
    "summary": COV.summary.value,
    "effectiveFrom": _day(COV.effectiveFrom),
    "effectiveUntil": _day(COV.effectiveUntil),
    "date": {"@id": TERMS + "date", "@type": XSD.date.value},
    **{
        name: {"@id": TERMS + name, "@container": "@list"}
        for name in ("members", "columns", "rows", "cells")
    },
}


def represented(view: dict[str, Any], media_type: str) -> bytes:
    """Return a view as JSON, JSON-LD or Turtle."""
    if media_type == JSON:
        return json.dumps(view, ensure_ascii=False, separators=(",", ":")).encode()
    linked = json.dumps({"@context": CONTEXT, **view}, ensure_ascii=False).encode()
    if media_type == JSON_LD:
        return linked
    quads = parse(linked, format=RdfFormat.JSON_LD)
    return graph((_spo(q) for q in quads), media_type)


def graph(triples: Iterable[Spo], media_type: str) -> bytes:
    """Return a graph as Turtle or JSON-LD, blank nodes numbered as they come."""
    names: dict[BlankNode, BlankNode] = {}

    def named(term: Any) -> Any:
        if isinstance(term, BlankNode):
            return names.setdefault(term, BlankNode(f"b{len(names)}"))
        return term

    renamed = [Triple(named(s), p, named(o)) for s, p, o in triples]
    prefixes = {name: str(iri) for name, iri in PREFIXES.items()} | {"api": TERMS}
    return serialised(renamed, media_type, prefixes).encode()


def _spo(quad: Quad) -> Spo:
    return quad.subject, quad.predicate, quad.object  # type: ignore[return-value]
