"""What the house rules must know of our own files, and no shape can see.

A mark is a triple under the namespace of the house rules: the file that a node stands in,
the terms that it and the text of a query name, what it asks with, which policy leads to
it, and on which properties a class depends. To ask each criterion for the last two by a
path would take seconds; walked once from where they begin, they cost nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pyoxigraph import NamedNode

from ..knowledge.base import INFERRED, Knowledge, is_true
from ..namespaces import BASE, CODE, COV, OWL, RDF, RDFS, SH, SKOS, Namespace
from ..triples import Spo, Term
from .basis import sources

HOUSE = Namespace(BASE + "house-rules#")
COMBINES = (SH["and"], SH["or"], COV.ofCriteria)
PLAIN = (RDF.type, RDF.first, RDF.rest, RDFS.label, RDFS.comment, RDFS.seeAlso, SKOS.scopeNote)
TERM_IN_QUERY = re.compile(r"\bcov:([A-Za-z][\w-]*)")
# What leads from a criterion to those that it combines.
PARTS = (RDF.first, RDF.rest, *COMBINES)
# What leads from a policy to the criteria and review routes that have a say in it.
LEADS = (*PARTS, COV.appliesWhen, COV.exclusion, COV.reviewRoute, COV.grounds)
# What leads from a class to those that it is defined by.
DEFINES = (
    *(RDFS.subClassOf, OWL.equivalentClass, OWL.intersectionOf, OWL.unionOf, OWL.complementOf),
    *(OWL.someValuesFrom, OWL.allValuesFrom, RDF.first, RDF.rest),
)


def marks(knowledge: Knowledge) -> Iterator[Spo]:
    """Yield every mark of the knowledge."""
    for yields in (_files, _constraints, _places, _dependencies, _bases):
        yield from yields(knowledge)


def _files(knowledge: Knowledge) -> Iterator[Spo]:
    """Yield which file a node stands in, and what it names there."""
    for name, triples in knowledge.by_file.items():
        in_policy = name.startswith("shapes/policies/")
        for s, p, o in triples:
            if in_policy:
                named = isinstance(s, NamedNode)
                yield s, RDF.type, HOUSE.PolicyNode if named else HOUSE.PolicyPart
                if p.value.startswith(SH):
                    yield s, HOUSE.usesShacl, p
                elif not p.value.startswith(COV) and p not in PLAIN:
                    yield s, HOUSE.usesOther, p
                if isinstance(o, NamedNode) and o.value.startswith(CODE):
                    yield s, HOUSE.usesCode, o
            if name.startswith("shapes/"):
                yield from ((s, HOUSE.usesTerm, term) for term in _terms_of_ours(p, o))
            elif name != INFERRED and isinstance(s, NamedNode) and s.value.startswith((COV, CODE)):
                is_code = s.value.startswith(CODE) and not name.startswith("ontology/")
                yield s, RDF.type, HOUSE.CodeEntry if is_code else HOUSE.Term


def _terms_of_ours(p: NamedNode, o: Term) -> Iterator[NamedNode]:
    if p in (SH.select, SH.ask):
        yield from (COV[local] for local in TERM_IN_QUERY.findall(o.value))
    yield from (t for t in (p, o) if isinstance(t, NamedNode) and t.value.startswith(COV))


def _constraints(knowledge: Knowledge) -> Iterator[Spo]:
    """Yield what a leaf can ask with, what asks so, and which parameters a component needs."""
    t = knowledge.triples
    asking = {*t.instances(COV.ProfileTerm), COV.affirmedFact, COV.absentFact}
    asking -= {*COMBINES, SH.targetClass}
    parameters: set[NamedNode] = set()
    for component, parameter in t.pairs(SH.parameter):
        for path in t.objects(parameter, SH.path):
            if isinstance(path, NamedNode):
                parameters.add(path)
                yield path, RDF.type, HOUSE.Parameter
                yield component, HOUSE.takes, path
                if not is_true(t.value(parameter, SH.optional)):
                    yield component, HOUSE.requires, path
    for term in asking | parameters:
        yield term, RDF.type, HOUSE.Constraint
        if isinstance(term, NamedNode):
            yield from ((s, HOUSE.asks, term) for s, _ in t.pairs(term))
    for term in parameters:
        leaves = {s for s, _ in t.pairs(term) if knowledge.is_a(s, COV.Criterion)}
        yield from ((s, RDF.type, HOUSE.ComponentLeaf) for s in leaves)


def _places(knowledge: Knowledge) -> Iterator[Spo]:
    """Yield which policy leads to what, and on which criteria an indication applies.

    Asked backwards, node by node, it would cost seconds.
    """
    for policy in knowledge.triples.instances(COV.Policy):
        for node in _below(knowledge, policy, LEADS):
            yield policy, HOUSE.leadsTo, node
    for indication, condition in knowledge.triples.pairs(COV.appliesWhen):
        for node in {condition, *_below(knowledge, condition, PARTS)}:
            yield indication, HOUSE.appliesOn, node


def _dependencies(knowledge: Knowledge) -> Iterator[Spo]:
    """Yield the properties on which it depends whether something is of a class."""
    t = knowledge.triples
    for cls in t.instances(OWL.Class):
        for node in {cls, *_below(knowledge, cls, DEFINES)}:
            yield from ((cls, HOUSE.dependsOn, p) for p in t.objects(node, OWL.onProperty))


def _bases(knowledge: Knowledge) -> Iterator[Spo]:
    """Yield what facts and purposes follow from."""
    for concept in (
        *knowledge.instances_of(COV.NamedFact),
        *knowledge.instances_of(COV.TreatmentPurpose),
    ):
        for source in sources(concept, knowledge):
            yield concept, HOUSE.shownBy, source.of


def _below(knowledge: Knowledge, start: Term, links: tuple[NamedNode, ...]) -> set[Term]:
    """Return what some links lead to, at whatever distance."""
    queue, seen = [start], set[Term]()
    for node in queue:
        below = [o for p in links for o in knowledge.triples.objects(node, p) if o not in seen]
        seen.update(below)
        queue += below
    return seen
