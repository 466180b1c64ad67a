"""What a request may be made of, as the ontology declares it.

A caller states records: links, facts and values. It may not say what a class is, what a
node is beyond its role, or anything of a term. Each check here follows a declaration
(``cov:statedOf``, ``rdfs:range``, ``cov:valueType``, ``cov:singleValued`` and the like),
so that a new property needs no Python.
"""

from __future__ import annotations

import re

from pyoxigraph import Literal, NamedNode

from ..errors import InputError, theirs
from ..knowledge.base import Knowledge
from ..namespaces import CODE, COV, OWL, POLICIES, RDF, RDFS, REQUESTS, SH, SKOS, SOURCES, compact
from ..triples import Node, Spo, Term, Triples
from .records import UNNAMED, Records, one_line, own_name, suggestion, term_name
from .values import value_of

COMMENTS = (RDFS.label, RDFS.comment)
OURS = (str(COV), str(CODE), str(POLICIES), str(SOURCES))
_DECLARING = (str(OWL), str(RDFS), str(SH), str(SKOS))
SCHEMES = re.compile(r"https?://[^/]|urn:[a-z0-9]", re.IGNORECASE)


def well_formed(triples: list[Spo], knowledge: Knowledge) -> Records:
    """Return the records of a request, with values in one form and comments left out.

    Raises
    ------
    InputError
        At the first thing that no request may state, or that the request must and does not.
    """
    for triple in triples:
        _refuse_terms(triple)
    for triple in triples:
        _refuse_vocabulary(triple, knowledge)
    stated = Triples(t for t in triples if t[1] not in COMMENTS)
    records = Records(knowledge, stated, _roles(stated, knowledge))
    settled = _settled(records)
    for node in stated.nodes():
        if node not in records.roles:
            where = theirs(own_name(node)) or "an unnamed node"
            raise InputError("it is not linked to the request", where)
    return Records(knowledge, settled, records.roles)


def _refuse_terms(triple: Spo) -> None:
    """Refuse IRIs that are no names: odd schemes, hidden characters, none at all."""
    for term in triple:
        if not isinstance(term, NamedNode):
            continue
        if " " in term.value or not term.value.isprintable():
            raise InputError("an IRI holds control, space or bidirectional characters")
        if not SCHEMES.match(term.value):
            scheme = term.value.partition(":")[0]
            what = f"{theirs(f'{one_line(scheme[:20])}: ')}IRIs are not read"
            raise InputError(what, hint="use http, https or urn")
        if term.value == REQUESTS:
            raise InputError("an empty IRI names nothing", hint="name the node: <#request>")
        if term.value.startswith(UNNAMED):
            raise InputError(f"the IRIs under {UNNAMED} are kept for unnamed nodes")


def _refuse_vocabulary(triple: Spo, knowledge: Knowledge) -> None:
    """Refuse what is no statement about a record."""
    s, p, o = triple
    where = theirs(own_name(s))
    declared = knowledge.properties.get(p)
    if p == RDF.type:
        _refuse_type(o, where, knowledge)
    elif p in COMMENTS:
        if not isinstance(o, Literal):
            raise InputError(f"{term_name(p.value)} takes text", where)
    elif p.value.startswith(_DECLARING):
        raise _no_declarations(p, where)
    elif declared is None or not declared.stated_of:
        if knowledge.triples.types(p):
            hint = knowledge.triples.text(p, RDFS.comment)
            raise InputError(f"{term_name(p.value)} is never stated in a request", where, hint)
        statable = [i for i, d in knowledge.properties.items() if d.stated_of]
        what = f"unknown property {theirs(term_name(p.value))}"
        raise InputError(what, where, suggestion(p, statable))
    if isinstance(s, NamedNode) and s.value.startswith(OURS):
        raise InputError("a request states nothing about the program's own terms", where)


def _refuse_type(cls: Term, where: str, knowledge: Knowledge) -> None:
    records = knowledge.record_classes
    if cls in records:
        return
    if not isinstance(cls, NamedNode):
        raise InputError("rdf:type takes the IRI of a class", where)
    if cls.value.startswith(_DECLARING) or cls == RDF.Property:
        raise _no_declarations(cls, where)
    if cls in knowledge.superclasses:
        inferred = knowledge.triples.value(cls, OWL.equivalentClass) or any(
            cls in knowledge.superclasses[r] for r in records
        )
        raise InputError(
            f"only classification gives the type {compact(cls.value)}"
            if inferred
            else f"{compact(cls.value)} is the type of no record of a request",
            where,
            "leave it out",
        )
    what = f"unknown type {theirs(term_name(cls.value))}"
    raise InputError(what, where, suggestion(cls, [*records]))


def _no_declarations(term: NamedNode, where: str) -> InputError:
    what = "a request may not declare classes, subclass links or shapes"
    return InputError(f"{what}: {theirs(term_name(term.value))}", where)


def _roles(stated: Triples, knowledge: Knowledge) -> dict[Node, NamedNode]:
    """Return the class of record of each node, following the links from the request."""
    requests = stated.instances(COV.CoverageRequest)
    if len(requests) != 1:
        what = "no cov:CoverageRequest" if not requests else f"{len(requests)} coverage requests"
        raise InputError(f"{what} in the input", hint="it must hold exactly one")
    classes = knowledge.record_classes
    records = Records(knowledge, stated, {requests[0]: COV.CoverageRequest})
    queue = [requests[0]]
    for node in queue:
        role = records.roles[node]
        for p, objects in stated.predicates(node).items():
            if p == RDF.type:
                continue
            declared = knowledge.properties[p]
            if role not in declared.stated_of:
                of = " or ".join(sorted(knowledge.label(c) for c in declared.stated_of))
                raise records.refuse(node, f"{compact(p.value)} belongs to the {of}")
            if declared.takes not in classes:
                continue
            # What the ontology names itself, such as a list as a whole, is no record.
            for o in (o for o in objects if not knowledge.is_a(o, declared.takes)):
                if isinstance(o, Literal) or o.value.startswith(OURS):
                    named = sorted(i.value for i in knowledge.instances_of(declared.takes))
                    hint = f"such as {compact(named[0])}" if named else ""
                    raise records.refuse(node, f"{compact(p.value)} leads to no record", hint)
                if o in records.roles:
                    raise records.refuse(o, "it is linked in two roles", "each record is a node")
                records.roles[o] = declared.takes
                queue.append(o)
    for node, role in records.roles.items():
        for cls in stated.types(node):
            if cls != role:
                raise records.refuse(node, f"its link contradicts the type {compact(cls.value)}")
    return records.roles


def _settled(records: Records) -> Triples:
    """Return the triples with each value checked and in its one form."""
    settled = Triples()
    for node, role in records.roles.items():
        settled.update((node, RDF.type, cls) for cls in records.triples.types(node))
        for p, objects in records.triples.predicates(node).items():
            if p == RDF.type:
                continue
            declared = records.knowledge.properties[p]
            for o in objects:
                settled.add(node, p, value_of(records, node, declared, o))
            if declared.single and len(settled.objects(node, p)) > 1:
                raise records.refuse(node, f"{compact(p.value)} has more than one value")
        for iri, declared in records.knowledge.properties.items():
            if role in declared.required_of and not settled.objects(node, iri):
                raise records.refuse(node, f"{compact(iri.value)} is missing")
    return settled
