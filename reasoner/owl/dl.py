"""Is the ontology in OWL 2 DL?

Outside of it an OWL reasoner misreads axioms without a word: an undeclared property is
taken for an annotation, and nothing follows from it. This looks at the triples
themselves: declarations, kinds of properties, datatypes, and the global restrictions
on property chains and on what may not be combined with them.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyoxigraph import BlankNode, Literal, NamedNode

from ..knowledge.base import Knowledge
from ..namespaces import OWL, RDF, RDFS, XSD, Namespace, compact
from ..triples import Term, Triples
from .hermit import ontology_triples


def _terms(namespace: Namespace, names: str) -> tuple[NamedNode, ...]:
    return tuple(namespace[name] for name in names.split())


PROPERTY_KINDS = _terms(OWL, "ObjectProperty DatatypeProperty AnnotationProperty")
# The OWL 2 datatype map. Dates and durations are not in it.
DATATYPES = {
    *_terms(OWL, "real rational"),
    *_terms(RDF, "XMLLiteral PlainLiteral langString"),
    *_terms(
        XSD,
        "decimal integer nonNegativeInteger nonPositiveInteger positiveInteger negativeInteger"
        " long int short byte unsignedLong unsignedInt unsignedShort unsignedByte double float"
        " string normalizedString token language Name NCName NMTOKEN boolean hexBinary"
        " base64Binary anyURI dateTime dateTimeStamp",
    ),
}
# What takes only simple properties: those that no chain and no transitivity leads to.
COUNTS = _terms(
    OWL,
    "cardinality minCardinality maxCardinality qualifiedCardinality"
    " minQualifiedCardinality maxQualifiedCardinality hasSelf",
)
SIMPLE_KINDS = _terms(
    OWL,
    "FunctionalProperty InverseFunctionalProperty IrreflexiveProperty AsymmetricProperty",
)


def outside_owl_dl(knowledge: Knowledge) -> list[str]:
    """Return where the ontology leaves OWL 2 DL, as far as these checks can tell."""
    t = Triples(ontology_triples(knowledge))
    found = (*_undeclared(t), *_of_two_kinds(t), *_datatypes(t), *_irregular(t), *_not_simple(t))
    return list(dict.fromkeys(found))


def _undeclared(t: Triples) -> Iterator[str]:
    """Yield the terms that axioms use as a property or a class and nothing declares."""
    properties: set[Term] = {p for kind in PROPERTY_KINDS for p in t.instances(kind)}
    classes: set[Term] = {*t.instances(OWL.Class), *t.instances(RDFS.Datatype)}
    used: dict[Term, None] = {}
    for p in (OWL.onProperty, OWL.inverseOf, RDFS.subPropertyOf, OWL.propertyDisjointWith):
        used.update(dict.fromkeys(term for pair in t.pairs(p) for term in pair))
    for p in (RDFS.domain, RDFS.range, OWL.propertyChainAxiom):
        used.update(dict.fromkeys(s for s, _ in t.pairs(p)))
    used.update(dict.fromkeys(i for _, o in t.pairs(OWL.propertyChainAxiom) for i in t.items(o)))
    used.update(dict.fromkeys(p for _, p, _ in t))
    for term in used:
        if _is_own(term) and term not in properties:
            yield f"{compact(term.value)} is used as a property and not declared as one"
    used = dict.fromkeys(o for p in (RDF.type, RDFS.domain, RDFS.range) for _, o in t.pairs(p))
    for p in (RDFS.subClassOf, OWL.equivalentClass, OWL.disjointWith, OWL.complementOf):
        used.update(dict.fromkeys(term for pair in t.pairs(p) for term in pair))
    for p in (OWL.someValuesFrom, OWL.allValuesFrom, OWL.onClass):
        used.update(dict.fromkeys(o for _, o in t.pairs(p)))
    for p in (OWL.intersectionOf, OWL.unionOf):
        used.update(dict.fromkeys(i for _, o in t.pairs(p) for i in t.items(o)))
    for term in used:
        if _is_own(term) and term not in classes:
            yield f"{compact(term.value)} is used as a class and not declared as one"


def _is_own(term: Term) -> bool:
    return isinstance(term, NamedNode) and not term.value.startswith((OWL, RDF, RDFS, XSD))


def _of_two_kinds(t: Triples) -> Iterator[str]:
    """Yield the properties of two kinds, and the classes that are datatypes too."""
    for kinds in (PROPERTY_KINDS, (OWL.Class, RDFS.Datatype)):
        for at, kind in enumerate(kinds):
            for other in kinds[at + 1 :]:
                for term in t.instances(kind):
                    if (term, RDF.type, other) in t:
                        both = f"{compact(kind.value)} and {compact(other.value)}"
                        yield f"{compact(term.value)} is declared as {both}"


def _datatypes(t: Triples) -> Iterator[str]:
    """Yield the axioms with a value, or a range, that OWL 2 has no datatype for."""
    own = set(t.instances(RDFS.Datatype))
    for s, p, o in t:
        if isinstance(o, Literal):
            datatype = o.datatype
        elif isinstance(o, NamedNode) and o.value.startswith(XSD) and p != RDF.type:
            datatype = o
        else:
            continue
        if datatype not in DATATYPES and datatype not in own:
            of = compact(s.value) if isinstance(s, NamedNode) else "an unnamed axiom"
            used = f"{compact(p.value)} with {compact(datatype.value)}"
            yield f"{of} has {used}, which is not a datatype of OWL 2"


def _irregular(t: Triples) -> Iterator[str]:
    """Yield the properties that cannot be ordered as chains ask.

    A chain may start or end with the property it implies, not both; every other link in
    it comes before that property, and nothing comes before itself.
    """
    before: dict[Term, set[Term]] = {}
    for s, o in t.pairs(RDFS.subPropertyOf):
        before.setdefault(_forwards(t, o), set()).add(_forwards(t, s))
    for implied, head in t.pairs(OWL.propertyChainAxiom):
        links = t.items(head)
        if links == [implied, implied]:
            continue
        if links[0] == implied:
            links = links[1:]
        elif links[-1] == implied:
            links = links[:-1]
        before.setdefault(implied, set()).update(_forwards(t, link) for link in links)
    for link in before:
        if link in _reached(before, link):
            yield f"{compact(link.value)} is implied by chains that lead back to itself"


def _not_simple(t: Triples) -> Iterator[str]:
    """Yield the transitive or chained properties used where OWL 2 DL forbids them."""
    implied: dict[Term, set[Term]] = {}
    for s, o in t.pairs(RDFS.subPropertyOf):
        implied.setdefault(_forwards(t, s), set()).add(_forwards(t, o))
    roots = {*t.instances(OWL.TransitiveProperty), *(s for s, _ in t.pairs(OWL.propertyChainAxiom))}
    composite = {link for root in roots for link in (root, *_reached(implied, root))}
    composite |= {s for s, o in t.pairs(OWL.inverseOf) if o in composite and not _anonymous(s)}
    for link in sorted(composite, key=str):
        for kind in SIMPLE_KINDS:
            if kind in t.types(link):
                yield f"{compact(link.value)} follows from a chain and is an {compact(kind.value)}"
        counted = {
            p
            for restriction in t.subjects(OWL.onProperty, link)
            for p in t.predicates(restriction)
            if p in COUNTS
        }
        for p in sorted(counted, key=str):
            yield f"{compact(link.value)} follows from a chain and has {compact(p.value)}"
        if any(link in pair for pair in t.pairs(OWL.propertyDisjointWith)):
            yield f"{compact(link.value)} follows from a chain and has owl:propertyDisjointWith"


def _anonymous(term: Term) -> bool:
    return isinstance(term, BlankNode)


def _forwards(t: Triples, link: Term) -> Term:
    """Return the property that an anonymous inverse turns around; order does not heed it."""
    turned = t.value(link, OWL.inverseOf)
    return turned if turned is not None and _anonymous(link) else link


def _reached(steps: dict[Term, set[Term]], start: Term) -> set[Term]:
    found: set[Term] = set()
    queue = [start]
    while queue:
        new = steps.get(queue.pop(), set()) - found
        found |= new
        queue.extend(new)
    return found
