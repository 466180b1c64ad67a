"""What the shapes of a policy name: what a request must speak of to be judged by them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property

from pyoxigraph import BlankNode, Literal, NamedNode

from covergraph.facts.classify import Classifier
from covergraph.knowledge.base import Knowledge
from covergraph.namespaces import COV, RDF, SH, XSD
from covergraph.policies.criteria import Policy
from covergraph.policies.standard import steps
from covergraph.request.values import is_group
from covergraph.triples import Term, Triples

# Which statement of a request a parameter of a component speaks of.
READS = {
    COV.withTechnique: COV.usesTechnique,
    COV.withIntent: COV.hasIntent,
    COV.withOutcome: COV.hadOutcome,
    COV.withTherapy: COV.ofTherapy,
    COV.withFact: COV.affirms,
}
CLASSES = (COV.ofProcedure, COV.eachSessionOf, COV.latestSessionOf)


@dataclass(frozen=True)
class Named:
    """What the shapes of one policy name."""

    knowledge: Knowledge
    policy: Policy
    classifier: Classifier

    @cached_property
    def _read(self) -> list[tuple[NamedNode, Term]]:
        """Every property of a leaf, at whatever depth, paths told by their last step."""
        return [pair for leaf in self.policy.leaves for pair in self._below(leaf.iri, None)]

    def _below(
        self, node: NamedNode | BlankNode, path: NamedNode | None
    ) -> Iterator[tuple[NamedNode, Term]]:
        t = self.knowledge.triples
        if shape_path := t.value(node, SH.path):
            path = list(steps(t, shape_path))[-1]
        for p, objects in t.predicates(node).items():
            for o in objects:
                if p == SH["in"]:
                    yield from ((path or p, item) for item in t.items(o))
                elif isinstance(o, BlankNode) and p not in (COV.citation, SH.path):
                    yield from self._below(o, path)
                else:
                    yield (path if p == SH.hasValue and path else READS.get(p, p)), o

    @cached_property
    def concepts(self) -> dict[NamedNode, list[NamedNode]]:
        """From a property to the concepts that shapes ask of it."""
        found: dict[NamedNode, list[NamedNode]] = {}
        for p, o in self._read:
            if p in self.knowledge.properties and isinstance(o, NamedNode):
                found.setdefault(p, []).append(o)
        return {p: list(dict.fromkeys(concepts)) for p, concepts in found.items()}

    @cached_property
    def facts(self) -> dict[NamedNode, bool]:
        """From each named fact to whether a shape wants it affirmed."""
        wanted = {o: True for p, o in self._read if p in (COV.affirmedFact, COV.affirms)}
        return {f: False for p, f in self._read if p == COV.absentFact} | wanted  # type: ignore[misc]

    @cached_property
    def durations(self) -> list[str]:
        return sorted({o.value for _, o in self._read if "uration" in datatype(o)})

    @cached_property
    def numbers(self) -> list[int]:
        return sorted({int(o.value) for _, o in self._read if datatype(o) == XSD.integer.value})

    @cached_property
    def procedures(self) -> dict[NamedNode, list[NamedNode]]:
        """From a class to the primary codes and the kinds that alone make a procedure of it."""
        k, asked = self.knowledge, Triples()
        means = {COV.hasProcedureCode: COV.ProcedureCode, COV.hasKind: COV.ProcedureKind}
        for p, cls in means.items():
            for term in k.instances_of(cls):
                if not (k.is_a(term, COV.AddOnCode) or k.is_a(term, COV.CompanionCode)):
                    asked.add(NamedNode(term.value + "-done"), p, term)
                    asked.add(NamedNode(term.value + "-asked"), RDF.type, COV.CoverageRequest)
                    node = NamedNode(term.value + "-done")
                    asked.add(NamedNode(term.value + "-asked"), COV.requestsProcedure, node)
        found: dict[NamedNode, list[NamedNode]] = {}
        for s, _, cls in (t for t in self.classifier.classify(asked) if t[1] == RDF.type):
            if s.value.endswith(("-done", "-asked")) and isinstance(cls, NamedNode):
                found.setdefault(cls, []).append(NamedNode(s.value.rpartition("-")[0]))
        # A class that asks for a region too has no term of its own; its relatives' will do.
        above = k.superclasses
        for cls in [c for c in self.earlier if c not in found]:
            kin = {r for below, up in above.items() if cls in up for r in above[below]}
            found[cls] = min((found[r] for r in kin if r in found), key=len)  # type: ignore[index]
        return {cls: sorted(terms, key=str) for cls, terms in found.items()}

    @cached_property
    def earlier(self) -> list[NamedNode]:
        return sorted({o for p, o in self._read if p in CLASSES}, key=str)  # type: ignore[arg-type]

    @cached_property
    def instances_of(self) -> Callable[[NamedNode], list[NamedNode]]:
        """What returns the individuals of a class, found once."""
        return cache(self.knowledge.instances_of)

    @cached_property
    def records(self) -> frozenset[NamedNode]:
        return self.knowledge.record_classes

    @cached_property
    def near(self) -> Callable[[NamedNode], list[NamedNode]]:
        """What returns a concept with the broader and narrower ones that can be stated."""
        return cache(self._near)

    def _near(self, concept: NamedNode) -> list[NamedNode]:
        k = self.knowledge
        around = [
            *k.broader_of(concept),
            *(c for c, above in k.broader.items() if concept in above),
        ]
        return sorted({c for c in around if not is_group(c, k)}, key=str)  # type: ignore[arg-type]


def datatype(term: Term) -> str:
    return term.datatype.value if isinstance(term, Literal) else ""
