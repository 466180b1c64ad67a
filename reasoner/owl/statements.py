"""The ontology taken apart into axioms, each in words.

OWL is written in several triples for one axiom. An explanation has to leave out or
keep an axiom as a whole, and to say it so that its author recognises it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyoxigraph import BlankNode, Literal, NamedNode

from ..namespaces import OWL, RDF, RDFS, XSD, compact
from ..triples import Spo, Term, Triples

DECLARED = {
    OWL.Ontology,
    OWL.Class,
    OWL.NamedIndividual,
    OWL.ObjectProperty,
    OWL.DatatypeProperty,
    OWL.AnnotationProperty,
}
VOCABULARIES = (OWL, RDF, RDFS, XSD)
WORDS = {
    RDFS.subClassOf: "every {s} is a {o}",
    OWL.equivalentClass: "{s} is the same as {o}",
    OWL.disjointWith: "no {s} is a {o}",
    RDFS.domain: "what has {s} is a {o}",
    RDFS.range: "{s} leads to a {o}",
    RDFS.subPropertyOf: "{s} implies {o}",
    OWL.propertyChainAxiom: "{o} implies {s}",
    OWL.propertyDisjointWith: "{s} excludes {o}",
    OWL.inverseOf: "{s} is {o} backwards",
    OWL.differentFrom: "{s} is not {o}",
    OWL.sameAs: "{s} is {o}",
    RDF.type: "{s} is a {o}",
}


@dataclass(frozen=True)
class Axiom:
    """One axiom: its triples, the terms it is about, and the axiom in words."""

    triples: tuple[Spo, ...]
    terms: frozenset[NamedNode]
    words: str


def take_apart(triples: Iterable[Spo]) -> tuple[list[Spo], list[Axiom]]:
    """Return the declarations, and the axioms in the order they are written."""
    index = Triples(triples)
    inner = {o for _, _, o in index if isinstance(o, BlankNode)}
    declarations: list[Spo] = []
    axioms: list[Axiom] = []
    for s in index.nodes():
        if s in inner:
            continue
        written = [(s, p, o) for p, objects in index.predicates(s).items() for o in objects]
        if isinstance(s, BlankNode):
            axioms.append(_axiom(index, written, _in_words(index, s)))
            continue
        for triple in written:
            if triple[1] == RDF.type and triple[2] in DECLARED:
                declarations.append(triple)
            else:
                axioms.append(_axiom(index, [triple], _sentence(index, triple)))
    return declarations, axioms


def _axiom(index: Triples, roots: list[Spo], words: str) -> Axiom:
    triples = list(roots)
    for _, _, o in triples:  # grows as it goes
        if isinstance(o, BlankNode):
            below = index.predicates(o).items()
            triples += [(o, p, value) for p, values in below for value in values]
    terms = frozenset(
        term
        for triple in triples
        for term in triple
        if isinstance(term, NamedNode) and not term.value.startswith(VOCABULARIES)
    )
    return Axiom(tuple(dict.fromkeys(triples)), terms, words)


def _sentence(index: Triples, triple: Spo) -> str:
    s, p, o = triple
    if p == RDF.type and isinstance(o, NamedNode) and o.value.startswith(OWL):
        return f"{_in_words(index, s)} is an {compact(o.value)}"
    joined = " then " if p == OWL.propertyChainAxiom else " and "
    pattern = WORDS.get(p, "{s} " + compact(p.value) + " {o}")
    return pattern.format(s=_in_words(index, s), o=_in_words(index, o, joined))


def _in_words(index: Triples, term: Term, joined: str = " and ") -> str:
    """Return a term, an expression or a list as a person would say it."""
    if not isinstance(term, BlankNode):
        return f'"{term.value}"' if isinstance(term, Literal) else compact(term.value)
    parts = index.predicates(term)
    if RDF.first in parts:
        return joined.join(_in_words(index, item) for item in index.items(term))
    link = _in_words(index, parts[OWL.onProperty][0]) if OWL.onProperty in parts else ""
    for p, objects in parts.items():
        if p in (RDF.type, OWL.onProperty):
            continue
        if p == OWL.unionOf:
            return f"({_in_words(index, objects[0], ' or ')})"
        said = _in_words(index, objects[0])
        if p == OWL.intersectionOf:
            return f"({said})"
        words = {
            OWL.someValuesFrom: f"whatever has {link} a {said}",
            OWL.hasValue: f"whatever has {link} {said}",
            OWL.allValuesFrom: f"whatever has {link} only a {said}",
            OWL.complementOf: f"anything but {said}",
            OWL.inverseOf: f"{said} backwards",
        }
        return words.get(p, " ".join(filter(None, (link, compact(p.value), said))))
    return "something without a name"
