"""What every engine is given: the same requests, the same shapes, the same knowledge.

A request is Turtle as a person writes it, with prefixes and subjects gathered. A policy is
plain SHACL: every leaf and its twin under a wrapper of its own, so that one report tells the
verdict on each. Other engines do not classify; what follows from a request is handed to them
ready made, which is work that they are spared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from random import Random

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse, serialize

from covergraph.engine import Answer, Reasoner
from covergraph.facts.derive import therapy_kinds
from covergraph.facts.prepared import Prepared
from covergraph.judge.reference import SENTINEL, wrapper_of
from covergraph.knowledge.base import Knowledge
from covergraph.namespaces import BASE, COV, RDF, SH, XSD
from covergraph.policies.criteria import Policy
from covergraph.policies.standard import Standard, twin_of
from covergraph.triples import Spo, Triples
from tests.tools.case_files import load_cases

POLICIES = ("centene/cp-mp-171", "nia/cg-301", "nia/cg-302", "nia/cg-300")
FEWEST, MOST = 30, 100
PREFIXES = {
    "": "",
    "code": BASE + "codes#",
    "cov": BASE + "ontology#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


@dataclass(frozen=True)
class Given:
    """One request under one policy, in the forms that the engines take."""

    name: str
    policy: Policy
    turtle: bytes
    reasoner: Reasoner

    @property
    def key(self) -> str:
        return f"{self.policy.key}@{self.policy.edition}"

    @cached_property
    def size(self) -> int:
        """How many triples the request has."""
        return sum(1 for _ in parse(self.turtle, format=RdfFormat.TURTLE))

    @cached_property
    def answer(self) -> Answer:
        return self.reasoner.answer(prepared(self.reasoner, self.turtle), self.key)

    @property
    def facts(self) -> Triples:
        """The request classified, derived, and with the policy's view of its history."""
        return self.answer.prepared.triples

    def inferred(self, resident: Triples) -> Triples:
        """Return what follows from the request and is neither stated nor resident."""
        stated = Triples.of(parse(self.turtle, format=RdfFormat.TURTLE))
        values = {(s, p) for s, p, o in stated if isinstance(o, Literal)}
        return Triples(
            (s, p, o)
            for s, p, o in self.facts
            # A number stands in another form in what was derived.
            if (s, p, o) not in stated and (s, p, o) not in resident and (s, p) not in values
        )


def prepared(reasoner: Reasoner, data: bytes, media_type: str | None = None) -> Prepared:
    """Return what can be judged, from bytes: every benchmark reads requests in this way."""
    return reasoner.read(data, media_type=media_type)


def requests(reasoner: Reasoner, each: int) -> list[Given]:
    """Return some cases of each policy, those with most triples to choose from first."""
    found = []
    for key in POLICIES:
        policy = reasoner.catalogue.editions[key][-1]
        cases = [c for c in load_cases() if c.policy == policy.iri]
        made = [Given(str(case), policy, as_written(case.request_ttl), reasoner) for case in cases]
        large = [g for g in made if FEWEST <= g.size <= MOST and g.facts]
        found += Random(key).sample(large, min(each, len(large)))
    return found


def as_written(data: bytes) -> bytes:
    """Return a request as Turtle with prefixes, every number with its point."""
    triples = [plain(t) for t in parse(data, format=RdfFormat.TURTLE)]
    own = next(t.subject.value for t in triples if isinstance(t.subject, NamedNode))
    prefixes = PREFIXES | {"": own.partition("#")[0] + "#"}
    text = serialize(triples, format=RdfFormat.TURTLE, prefixes=prefixes)
    assert isinstance(text, bytes)
    return text


def plain(triple: Triple) -> Triple:
    """Return a triple with a whole number written as a decimal, which is what shapes ask for."""
    o = triple.object
    if isinstance(o, Literal) and o.datatype == XSD.integer:
        o = Literal(f"{o.value}.0", datatype=XSD.decimal)
    return Triple(triple.subject, triple.predicate, o)


def resident(reasoner: Reasoner) -> Triples:
    """Return what the ontology says of codes and concepts, the same for every request."""
    found = reasoner.classifier.known.copy()
    for concept, others in reasoner.knowledge.incompatible.items():
        assert isinstance(concept, NamedNode)
        found.update((concept, COV.incompatibleWith, other) for other in others)
    found.update(therapy_kinds(reasoner.knowledge))
    return found


def wrapped(knowledge: Knowledge, policy: Policy, core: bool = False) -> Triples:
    """Return the leaves of a policy and their twins, each under a wrapper that any request has.

    Parameters
    ----------
    core : bool
        Ask only for the leaves that are SHACL Core.
    """
    found = Standard(knowledge, policy).leaves_and_twins()
    for leaf in policy.leaves:
        if core and leaf.component is not None:
            continue
        for shape in (leaf.iri, twin_of(leaf.iri)):
            found.update(targeted(NamedNode(wrapper_of(shape)), SH.node, shape))
    found.update(targeted(NamedNode(SENTINEL), SH.nodeKind, SH.Literal))
    return found


def whole(knowledge: Knowledge, policy: Policy) -> Triples:
    """Return a policy as one shape, which says yes or no."""
    return Standard(knowledge, policy).policy_shapes()


def targeted(wrapper: NamedNode, how: NamedNode, shape: NamedNode) -> Iterator[Spo]:
    yield wrapper, RDF.type, SH.NodeShape
    yield wrapper, SH.targetClass, COV.CoverageRequest
    yield wrapper, how, shape
