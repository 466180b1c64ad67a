"""The reference judge: pySHACL, slow and trusted.

Every leaf and its twin hang under a wrapper of their own that targets the request, and
one validation tells which wrappers fail. A leaf that conforms is met; one whose twin
fails too is not met; the rest is not documented. A sentinel that no request can pass
proves that the validation did look at the request.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any

import pyshacl
from pyoxigraph import BlankNode, Literal, NamedNode
from rdflib import BNode, Graph, URIRef
from rdflib import Literal as RdflibLiteral
from rdflib.namespace import RDF, SH
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query
from rdflib.query import Result
from rdflib.term import Node as RdflibNode

from ..errors import KnowledgeError
from ..facts.prepared import Prepared
from ..knowledge.base import Knowledge
from ..policies.criteria import Criterion, Policy
from ..policies.standard import Standard, twin_of
from ..triples import Term, Triples
from .valuation import PlainValuation, Valuation, Verdict, Verdicts

WRAPPER = "urn:covergraph:wrapper:"
SENTINEL = URIRef(WRAPPER + "sentinel")
MAX_DEPTH = 40


class ReferenceJudge:
    """Judges with pySHACL; not to be shared between threads.

    Parameters
    ----------
    knowledge : Knowledge
        Where policies, components and declared silences come from.
    """

    name = "reference"

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self._shapes: dict[NamedNode, Graph] = {}

    def __call__(self, policy: Policy, prepared: Prepared) -> Verdicts:
        """Return the verdict on every leaf.

        Raises
        ------
        KnowledgeError
            When pySHACL cannot validate, or did not look at the request.
        """
        return self.on(policy, prepared, policy.leaves)

    def on(self, policy: Policy, prepared: Prepared, leaves: Collection[Criterion]) -> Verdicts:
        """Return the verdict on some leaves of a policy, as if on all.

        Raises
        ------
        KnowledgeError
            When pySHACL cannot validate, or did not look at the request.
        """
        if policy.iri not in self._shapes:
            self._shapes[policy.iri] = self._wrapped(policy)
        shapes = self._shapes[policy.iri]
        focus = URIRef(prepared.request.iri.value)
        asked = [wrapper_of(shape) for leaf in leaves for shape in (leaf.iri, twin_of(leaf.iri))]
        targets = [(wrapper, SH.targetNode, focus) for wrapper in (SENTINEL, *asked)]
        for triple in targets:
            shapes.add(triple)
        try:
            failed = failing_shapes(to_rdflib(prepared.triples), shapes)
        finally:
            for triple in targets:
                shapes.remove(triple)
        return verdicts_of(leaves, map(str, failed))

    def valued(self, policy: Policy, prepared: Prepared) -> Valuation:
        """Return what every criterion is worth."""
        return PlainValuation(self(policy, prepared))

    def _wrapped(self, policy: Policy) -> Graph:
        graph = to_rdflib(Standard(self.knowledge, policy).leaves_and_twins())
        for leaf in policy.leaves:
            for shape in (leaf.iri, twin_of(leaf.iri)):
                graph.add((wrapper_of(shape), RDF.type, SH.NodeShape))
                graph.add((wrapper_of(shape), SH.node, URIRef(shape.value)))
        graph.add((SENTINEL, RDF.type, SH.NodeShape))
        graph.add((SENTINEL, SH.nodeKind, SH.Literal))
        return graph


def verdicts_of(leaves: Iterable[Criterion], failing: Iterable[str]) -> Verdicts:
    """Return the verdict on leaves from the names of the wrappers that failed.

    Raises
    ------
    KnowledgeError
        When the engine did not look at the request.
    """
    failed = set(failing)
    if str(SENTINEL) not in failed:
        raise KnowledgeError("the validation did not look at the request")
    return {
        leaf.iri: Verdict.MET
        if str(wrapper_of(leaf.iri)) not in failed
        else Verdict.NOT_MET
        if str(wrapper_of(twin_of(leaf.iri))) in failed
        else Verdict.NOT_DOCUMENTED
        for leaf in leaves
    }


def wrapper_of(shape: NamedNode) -> URIRef:
    return URIRef(WRAPPER + shape.value)


def failing_shapes(data: Graph, shapes: Graph) -> set[RdflibNode]:
    """Validate and return the source shapes of all results.

    Any warning, and any answer that is not a report, is an error: a shape that pySHACL
    gives up on would otherwise count as conforming.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", category=RuntimeWarning)
        _, report, text = pyshacl.validate(
            data,
            shacl_graph=shapes,
            inference="none",
            advanced=False,
            meta_shacl=False,
            inplace=True,
            max_validation_depth=MAX_DEPTH,
        )
    if not isinstance(report, Graph):
        raise KnowledgeError(f"pySHACL could not validate: {text}")
    return set(report.objects(None, SH.sourceShape))


@lru_cache(maxsize=256)
def translated(text: str) -> Query:
    """Return a validator's query, parsed and translated once.

    Parsing takes ten times as long as answering. The translated query may be kept; the
    parse tree may not, because translating changes it.
    """
    return prepareQuery(text)


class QueryingGraph(Graph):
    """A graph that answers a query it has seen before without parsing it again."""

    def query(self, query_object: str | Query, *args: Any, **kwargs: Any) -> Result:
        if isinstance(query_object, str):
            query_object = translated(query_object)
        return super().query(query_object, *args, **kwargs)


def to_rdflib(triples: Triples) -> Graph:
    """Copy an index into an rdflib graph, where pySHACL works."""
    graph = QueryingGraph(bind_namespaces="none")
    for s, p, o in triples:
        graph.add((_term(s), _term(p), _term(o)))
    return graph


def _term(term: Term) -> RdflibNode:
    if isinstance(term, NamedNode):
        return URIRef(term.value)
    if isinstance(term, BlankNode):
        return BNode(term.value)
    assert isinstance(term, Literal)
    if term.language:
        return RdflibLiteral(term.value, lang=term.language)
    return RdflibLiteral(term.value, datatype=URIRef(term.datatype.value), normalize=False)
