"""One leaf, one record, one verdict.

A test names a criterion in a few lines of Turtle and states the record that it turns on. The
request takes the whole way in, through gate, classification and derivation, so that no test
speaks of a record that the program would refuse; then the reference judge is asked for that
one leaf.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from hashlib import sha256

from pyoxigraph import NamedNode, RdfFormat, parse
from rdflib import Graph, URIRef
from rdflib.namespace import RDF, SH

from covergraph.facts.classify import Classifier
from covergraph.facts.defaults import completed
from covergraph.facts.derive import derive
from covergraph.facts.following import Following
from covergraph.facts.layout import Terms, terms_of
from covergraph.facts.prepared import Prepared
from covergraph.facts.underway import with_days
from covergraph.judge import Verdict, Verdicts
from covergraph.judge.compiled import CompiledJudge
from covergraph.judge.reference import ReferenceJudge, failing_shapes, to_rdflib, wrapper_of
from covergraph.knowledge.base import Knowledge, knowledge_root, load
from covergraph.namespaces import COV, POLICIES, REQUESTS
from covergraph.policies.criteria import Criterion, Kind, Policy
from covergraph.policies.lowering import Lowering
from covergraph.policies.standard import Standard, twin_of
from covergraph.request import gate
from covergraph.request.gate import Request
from covergraph.triples import Triples

MET, NOT_MET, NOT_DOCUMENTED = Verdict.MET, Verdict.NOT_MET, Verdict.NOT_DOCUMENTED

PREFIXES = """
@prefix code: <https://w3id.org/covergraph/codes#> .
@prefix cov: <https://w3id.org/covergraph/ontology#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
REQUEST = REQUESTS["bench#request"].value
SERVICE = "2024-06-15"


@dataclass(frozen=True)
class Bench:
    """What every test judges with, loaded once for each process."""

    knowledge: Knowledge
    classifier: Classifier
    judge: ReferenceJudge
    terms: Terms
    following: Following


@lru_cache(maxsize=1)
def bench() -> Bench:
    knowledge = load(knowledge_root())
    classifier = Classifier(knowledge)
    terms, following = terms_of(knowledge, classifier), Following(knowledge)
    return Bench(knowledge, classifier, ReferenceJudge(knowledge), terms, following)


@cache
def add(turtle: str) -> str:
    """Add Turtle to the bench's knowledge; return the namespace that ``:`` stood for."""
    base = POLICIES[f"bench/{sha256(turtle.encode()).hexdigest()[:16]}"].value + "#"
    text = f"{PREFIXES}@prefix : <{base}> .\n{turtle}"
    for t in parse(text, format=RdfFormat.TURTLE, rename_blank_nodes=True):
        bench().knowledge.triples.add(t.subject, t.predicate, t.object)
    return base


@cache
def policy_of(leaf: str) -> Policy:
    """Return a policy whose one criterion is a leaf, given by its properties in Turtle."""
    base = add(f":leaf a cov:Criterion , sh:NodeShape ; {leaf} .")
    criterion = Lowering(bench().knowledge).criterion(NamedNode(base + "leaf"))
    return policy_around(criterion)


def policy_around(criterion: Criterion) -> Policy:
    """Return a policy that asks for one criterion."""
    base = criterion.iri.value.rsplit("#", 1)[0]
    iri = NamedNode(base + "#policy")
    root = Criterion(iri, Kind.AND, "", None, (), "", members=(criterion,))
    return Policy(
        iri=iri,
        key="bench/policy",
        label="",
        payer=NamedNode(base + "#payer"),
        payer_label="",
        target=COV.CoverageRequest,
        effective_from=date(2000, 1, 1),
        effective_until=None,
        document=None,
        exclusions=(),
        applies_when=None,
        root=root,
    )


def request(
    *, service: str = SERVICE, procedure: str, patient: str = "", more: str = "", visit: str = ""
) -> str:
    """Return a request in Turtle.

    Parameters
    ----------
    procedure, patient, visit : str
        What is stated of the requested procedure, of the patient and of the request itself.
    more : str
        Whole statements about other records.
    """
    return (
        f"{PREFIXES}@prefix : <{REQUESTS}bench#> .\n"
        f':request a cov:CoverageRequest ; cov:dateOfService "{service}"^^xsd:date ; {visit}\n'
        "    cov:requestsProcedure :procedure ; cov:hasPatient :patient .\n"
        f":procedure {procedure} .\n"
        f":patient a cov:Patient ; {patient} .\n{more}"
    )


def facts_of(turtle: str) -> tuple[Request, Triples]:
    """Read, classify and derive a request, as the engine does."""
    b = bench()
    read = gate.read(turtle.encode(), media_type="text/turtle", knowledge=b.knowledge)
    classified = b.classifier.classify(completed(read.triples, b.terms.coding))
    gate.refuse_contradictions(read, classified, b.knowledge)
    return read, derive(read.iri, read.patient, read.procedure, classified, b.knowledge)


def verdict(leaf: str, turtle: str) -> Verdict:
    """Return both judges' verdict on a leaf, given by its properties in Turtle."""
    return verdict_on(leaf, *facts_of(turtle))


def verdict_on(leaf: str, read: Request, facts: Triples) -> Verdict:
    """Return both judges' verdict on a leaf for a request that was derived."""
    policy = policy_of(leaf)
    found = judged(policy, read, facts)[policy.root.members[0].iri]
    # The judge does not ask the twin of a leaf that is met.
    assert found is not MET or conforms_on(leaf, read, facts) == (True, True), (
        "the twin grants less"
    )
    return found


def prepared_of(read: Request, facts: Triples) -> Prepared:
    """Return what judges are handed."""
    return Prepared.of(read, facts, bench().classifier, bench().following, bench().terms)


def judged(policy: Policy, read: Request, facts: Triples) -> Verdicts:
    """Return the verdicts that both judges give."""
    b = bench()
    prepared = prepared_of(read, facts)
    found = b.judge(policy, prepared)
    assert CompiledJudge(b.knowledge)(policy, prepared) == found, "the judges disagree"
    return found


def conforms(leaf: str, turtle: str) -> tuple[bool, bool]:
    """Return whether a request conforms to a leaf, and whether it conforms to the leaf's twin."""
    return conforms_on(leaf, *facts_of(turtle))


def conforms_on(leaf: str, read: Request, facts: Triples) -> tuple[bool, bool]:
    """Return whether what was derived conforms to a leaf, and whether to the leaf's twin."""
    days = with_days(read.iri, facts, bench().knowledge)
    failed = failing_shapes(to_rdflib(days), _wrapped(leaf))
    iri = policy_of(leaf).root.members[0].iri
    return wrapper_of(iri) not in failed, wrapper_of(twin_of(iri)) not in failed


@cache
def _wrapped(leaf: str) -> Graph:
    policy = policy_of(leaf)
    shapes = to_rdflib(Standard(bench().knowledge, policy).leaves_and_twins())
    iri = policy.root.members[0].iri
    for shape in (iri, twin_of(iri)):
        shapes.add((wrapper_of(shape), RDF.type, SH.NodeShape))
        shapes.add((wrapper_of(shape), SH.node, URIRef(shape.value)))
        shapes.add((wrapper_of(shape), SH.targetNode, URIRef(REQUEST)))
    return shapes
