"""Policies as plain SHACL, and the twins that grant silence.

What policy files say in one line is written out here, so that any SHACL processor can
validate a request against a policy. The twin of a leaf is the same shape with open
silence granted: a leaf that fails while its twin conforms is not documented. Twins
come from the shape and the declared silences; no number is written twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

from pyoxigraph import BlankNode, Literal, NamedNode

from ..errors import KnowledgeError
from ..knowledge.base import Fact, Knowledge
from ..namespaces import BASE, COV, RDF, SH, XSD, compact
from ..triples import Node, Spo, Term, Triples
from .components import DECLARATIONS
from .criteria import Criterion, Kind, Policy
from .lowering import ANNOTATIONS, COMPOSITE, ONE_LINE, RECORD_PATHS
from .silence import leaves_room

OPEN = BASE + "ontology/when-open#"


def twin_of(leaf: NamedNode) -> NamedNode:
    return NamedNode(leaf.value + "-when-open")


class Standard:
    """Writes the plain SHACL of one policy's criteria, and of their twins."""

    def __init__(self, knowledge: Knowledge, policy: Policy) -> None:
        self.knowledge, self.policy, self.source = knowledge, policy, knowledge.triples
        self.out = Triples()

    def policy_shapes(self) -> Triples:
        """Return the policy, every criterion below it, and the components they use."""
        self._components(open_too=False)
        for criterion in self.policy.criteria.values():
            self._criterion(criterion)
        self.out.add(self.policy.iri, RDF.type, SH.NodeShape)
        self.out.add(self.policy.iri, SH.targetClass, self.policy.target)
        self._combine(self.policy.iri, self.policy.root)
        return self.out

    def leaves_and_twins(self) -> Triples:
        """Return the leaves with their twins, each twin named by ``twin_of``."""
        self._components(open_too=True)
        for leaf in self.policy.leaves:
            self._leaf(leaf)
            self._twin(leaf)
        return self.out

    def _criterion(self, criterion: Criterion) -> None:
        if criterion.is_leaf:
            self._leaf(criterion)
        else:
            self.out.add(criterion.iri, RDF.type, SH.NodeShape)
            self._combine(criterion.iri, criterion)
            for member in criterion.members:
                if member.iri not in self.policy.criteria:
                    self._criterion(member)

    def _combine(self, iri: NamedNode, criterion: Criterion) -> None:
        how = SH["and"] if criterion.kind is Kind.AND else SH["or"]
        self.out.add(iri, how, self._list([m.iri for m in criterion.members]))

    def _leaf(self, leaf: Criterion) -> None:
        self.out.add(leaf.iri, RDF.type, SH.NodeShape)
        if leaf.kind in (Kind.AFFIRMED, Kind.ABSENT):
            self.out.add(leaf.iri, SH.property, self._fact(leaf, twin=False))
            if (fact := self._fact_of_some_pain(leaf)) and leaf.kind is Kind.ABSENT:
                known = self._shape_with(self._region_stated(True))
                nowhere = self._shape_with(self._affirmed_of_pain(fact, False))
                self.out.add(leaf.iri, SH["or"], self._list([known, nowhere]))
            return
        for p, objects in self.source.predicates(leaf.iri).items():
            if p not in ANNOTATIONS and p not in COMPOSITE:
                for o in objects:
                    self.out.add(leaf.iri, p, o)
                    self._copy(o)

    def _twin(self, leaf: Criterion) -> None:
        twin = twin_of(leaf.iri)
        self.out.add(twin, RDF.type, SH.NodeShape)
        if leaf.kind in (Kind.AFFIRMED, Kind.ABSENT):
            shape = self._fact(leaf, twin=True)
            if (fact := self._fact_of_some_pain(leaf)) and leaf.kind is Kind.AFFIRMED:
                meant = self._shape_with(self._region_stated(False))
                self.out.add(meant, SH.property, self._affirmed_of_pain(fact, True))
                either = self._list([self._shape_with(shape), meant])
                self.out.add(twin, SH["or"], either)
            else:
                self.out.add(twin, SH.property, shape)
            return
        for p, objects in self.source.predicates(leaf.iri).items():
            if p in ANNOTATIONS or p in COMPOSITE:
                continue
            for o in objects:
                if leaf.kind is Kind.COMPONENT:
                    grants = self._override(leaf) != COV.Absent
                    self.out.add(twin, open_parameter(p) if grants else p, o)
                elif p == SH.property and self._is_open(leaf, o):
                    granted = [self._shape_with(*all_of) for all_of in self._granted(leaf, o)]
                    self.out.add(twin, SH["or"], self._list(granted))
                else:
                    self.out.add(twin, p, o)

    # --- named facts ---------------------------------------------------------------

    def _fact(self, leaf: Criterion, twin: bool) -> BlankNode:
        """Write the property shape of a one-line leaf, or of its twin.

        Affirmed and absent mirror each other: one asks that the record says so, the
        other that it does not say the opposite. Which of the two a leaf asks depends on
        how the fact's silence reads.
        """
        wants = leaf.kind is Kind.AFFIRMED
        declared = self._declared(leaf)
        record = RECORD_PATHS[declared.stated_of]
        silence = self._override(leaf) or declared.silence
        grants = twin and silence == COV.NotDocumented
        if wants:
            said, negated = (COV.denies, True) if grants else (COV.affirms, False)
        elif silence == COV.NotDocumented and not twin:
            said, negated = COV.denies, False
        else:
            said, negated = COV.affirms, True
        shape = self._property([record, said])
        if negated:
            self._at_most_none(shape, [declared.iri])
        else:
            self.out.add(shape, SH.hasValue, declared.iri)
        return shape

    def _declared(self, leaf: Criterion) -> Fact:
        wants = leaf.kind is Kind.AFFIRMED
        fact = self.source.value(leaf.iri, COV.affirmedFact if wants else COV.absentFact)
        if fact is None:
            raise KnowledgeError(f"{compact(leaf.iri.value)} names no fact")
        return self.knowledge.facts[fact]

    def _fact_of_some_pain(self, leaf: Criterion) -> NamedNode | None:
        """Return a leaf's fact of pain, if its silence reads as absent.

        Which pain is meant is open until the region of the procedure is known. That none is
        found then says nothing, while the fact is affirmed of some pain of the patient.
        """
        declared = self._declared(leaf)
        silence = self._override(leaf) or declared.silence
        absent = declared.stated_of == COV.PainRecord and silence == COV.Absent
        return declared.iri if absent else None

    def _region_stated(self, stated: bool) -> BlankNode:
        shape = self._property([COV.requestsProcedure, COV.treatsRegion])
        bound, n = (SH.minCount, "1") if stated else (SH.maxCount, "0")
        self.out.add(shape, bound, Literal(n, datatype=XSD.integer))
        return shape

    def _affirmed_of_pain(self, fact: NamedNode, affirmed: bool) -> BlankNode:
        shape = self._property([COV.hasPatient, COV.hasPain, COV.affirms])
        if affirmed:
            self.out.add(shape, SH.hasValue, fact)
        else:
            self._at_most_none(shape, [fact])
        return shape

    # --- SHACL Core ----------------------------------------------------------------

    def _is_open(self, leaf: Criterion, shape: Term) -> bool:
        """Return whether a path can end in silence that is open."""
        override = self._override(leaf)
        if override is not None:
            return override == COV.NotDocumented
        path = self.source.value(shape, SH.path)
        return any(
            self.knowledge.properties[step].silence == COV.NotDocumented
            for step in steps(self.source, path)
            if step in self.knowledge.properties
        )

    def _granted(self, leaf: Criterion, shape: Term) -> list[list[Node]]:
        """Return the property shapes that the twin accepts: all of any of these lists.

        They are the shape itself; no value at all; and, where the shape asks for a concept,
        values none of which rules that concept out. Where one value leaves room for another
        that is any value, unless some concept excludes this one.
        """
        path = self.source.value(shape, SH.path)
        alternatives: list[list[Node]] = [[shape]]  # type: ignore[list-item]
        last = list(steps(self.source, path))[-1]
        if last == COV.affirms:
            return alternatives + [[s] for s in self._not_denied(leaf, shape, path)]
        listed = self.source.value(last, COV.listedAs)
        assert listed is None or isinstance(listed, NamedNode)
        for way in self._ways(path) if listed is None else [path]:
            empty = self._property(way)
            self.out.add(empty, SH.maxCount, Literal("0", datatype=XSD.integer))
            alternatives.append([empty])
        room = leaves_room(last, self.knowledge)
        for concept in self._wanted(shape):
            others = sorted(self.knowledge.incompatible.get(concept, ()), key=str)
            granted: list[Node] = []
            if others:
                granted.append(self._property(path))
                self._at_most_none(granted[0], others)
            if (others or room) and listed is not None:
                # Unless the request says that what it states is all there is, and so specific.
                granted.append(self._property(COV.completeFor))
                self._at_most_none(granted[-1], [listed])
                first = ways(self.source, path)[0][-1]
                if self.source.value(first, COV.leavesOpen) is not None:
                    alternatives.append([self._perhaps(path, concept)])
            elif room and not others:
                granted.append(self._property(path))
                self.out.add(granted[0], SH.minCount, Literal("0", datatype=XSD.integer))
            if granted:
                alternatives.append(granted)
        return alternatives

    def _ways(self, path: Term | None) -> list[list[NamedNode] | Term | None]:
        """Return a path and, where its last step may be any of several, the path by each.

        What one property leaves silent, another's value does not tell.
        """
        items = self.source.items(path) if isinstance(path, BlankNode) else []
        head = self.source.value(items[-1], SH.alternativePath) if items else None
        each = self.source.items(head) if head is not None else []
        return [path, *([*items[:-1], last] for last in each)]  # type: ignore[list-item]

    def _perhaps(self, path: Term | None, concept: NamedNode) -> BlankNode:
        """Write the property shape that asks for a broader value, which may be the concept."""
        way = ways(self.source, path)[0]
        links = (self.source.value(step, COV.leavesOpen) for step in way[-1:])
        (link,) = (x for x in links if isinstance(x, NamedNode))
        shape = self._property([*way[:-1], link])
        self.out.add(shape, SH.minCount, Literal("1", datatype=XSD.integer))
        self.out.add(shape, SH.hasValue, concept)
        return shape

    def _not_denied(self, leaf: Criterion, shape: Term, path: Term | None) -> list[Node]:
        """Return what asks that enough of the facts a shape counts are not denied.

        Facts are silent one by one: that others are affirmed says nothing of these.
        """
        wanted = self._wanted(shape)
        silences = {self._override(leaf) or self.knowledge.facts[f].silence for f in wanted}
        if len(silences) != 1:
            raise KnowledgeError(f"{compact(leaf.iri.value)}: its facts' silence reads differently")
        if silences != {COV.NotDocumented}:
            return []
        least = int(self.source.text(shape, SH.qualifiedMinCount) or len(wanted))
        record = list(steps(self.source, path))[:-1]
        granted = self._property([*record, COV.denies])
        self._at_most(granted, wanted, len(wanted) - least)
        return [granted]

    def _wanted(self, shape: Term) -> list[NamedNode]:
        """Return the concepts that a property shape names, each of which would do."""
        found = self.source.objects(shape, SH.hasValue)
        lists = self.source.objects(shape, SH["in"])
        # What a shape allows none of is not what it asks for.
        asked = self.source.value(shape, SH.qualifiedMinCount) is not None
        for qualified in self.source.objects(shape, SH.qualifiedValueShape) if asked else ():
            found += self.source.objects(qualified, SH.hasValue)
            lists += self.source.objects(qualified, SH["in"])
        found += [item for head in lists for item in self.source.items(head)]
        return [c for c in found if isinstance(c, NamedNode)]

    def _override(self, leaf: Criterion) -> Term | None:
        return self.source.value(leaf.iri, COV.silenceMeans)

    # --- small writers ---------------------------------------------------------------

    def _property(self, path: Sequence[NamedNode] | Term | None) -> BlankNode:
        shape = BlankNode()
        self.out.add(shape, RDF.type, SH.PropertyShape)
        if isinstance(path, NamedNode | BlankNode):
            self._copy(path)
            self.out.add(shape, SH.path, path)
        else:
            self.out.add(shape, SH.path, self._list(list(path)))  # type: ignore[arg-type]
        return shape

    def _at_most_none(self, shape: Node, values: Sequence[NamedNode]) -> None:
        self._at_most(shape, values, 0)

    def _at_most(self, shape: Node, values: Sequence[NamedNode], n: int) -> None:
        qualified = BlankNode()
        self.out.add(qualified, RDF.type, SH.NodeShape)
        self.out.add(qualified, SH["in"], self._list(list(values)))
        self.out.add(shape, SH.qualifiedValueShape, qualified)
        self.out.add(shape, SH.qualifiedMaxCount, Literal(str(n), datatype=XSD.integer))

    def _shape_with(self, *shapes: Node) -> BlankNode:
        node = BlankNode()
        self.out.add(node, RDF.type, SH.NodeShape)
        self.out.update((node, SH.property, shape) for shape in shapes)
        return node

    def _list(self, items: Sequence[Term]) -> Node:
        head: Node = RDF.nil
        for item in reversed(items):
            node = BlankNode()
            self.out.update([(node, RDF.first, item), (node, RDF.rest, head)])
            head = node
        return head

    def _copy(self, node: Term) -> None:
        """Copy a blank node with everything below it, but for what is not SHACL's to know."""
        if not isinstance(node, BlankNode):
            return
        for p, objects in self.source.predicates(node).items():
            if p in DECLARATIONS:
                continue
            for o in objects:
                if self.out.add(node, p, o):
                    self._copy(o)

    def _components(self, open_too: bool) -> None:
        """Write the components that the policy uses; every further one would cost time."""
        used = {leaf.component for leaf in self.policy.leaves if leaf.component is not None}
        for component in sorted(used, key=str):
            assert isinstance(component, NamedNode)
            for p, objects in self.source.predicates(component).items():
                if p != COV.whenOpen:
                    for o in objects:
                        self.out.add(component, p, o)
                        self._copy(o)
            if open_too:
                self._open_component(component)
        for prefixes, declaration in self.source.pairs(SH.declare):
            self.out.add(prefixes, SH.declare, declaration)
            self._copy(declaration)

    def _open_component(self, component: Node) -> None:
        """Write the twin of a component: the same parameters under other names."""
        twin = twin_of(component)  # type: ignore[arg-type]
        self.out.add(twin, RDF.type, SH.ConstraintComponent)
        for validator in self.source.objects(component, COV.whenOpen):
            self.out.add(twin, SH.nodeValidator, validator)
            self._copy(validator)
        for parameter in self.source.objects(component, SH.parameter):
            node = BlankNode()
            self.out.add(twin, SH.parameter, node)
            for p, objects in self.source.predicates(parameter).items():  # type: ignore[arg-type]
                if p in DECLARATIONS:
                    continue
                for o in objects:
                    is_path = p == SH.path and isinstance(o, NamedNode)
                    self.out.add(node, p, open_parameter(o) if is_path else o)  # type: ignore[arg-type]


def open_parameter(parameter: NamedNode) -> NamedNode:
    """Return the name a parameter has on a twin; its local name, and so its variable, stays."""
    return NamedNode(OPEN + parameter.value.rsplit("#", 1)[-1])


def steps(triples: Triples, path: Term | None) -> Iterable[NamedNode]:
    """Yield every property that a path goes through."""
    if isinstance(path, NamedNode):
        if path != RDF.nil:
            yield path
    elif isinstance(path, BlankNode):
        for p, objects in triples.predicates(path).items():
            if p in (RDF.first, RDF.rest, SH.alternativePath, SH.inversePath):
                for o in objects:
                    yield from steps(triples, o)


def ways(triples: Triples, path: Term | None) -> list[tuple[NamedNode, ...]]:
    """Return every way along a path, its alternatives one by one; none goes backwards."""
    if isinstance(path, NamedNode):
        return [(path,)]
    if (alternatives := triples.value(path, SH.alternativePath)) is not None:  # type: ignore[arg-type]
        return [way for item in triples.items(alternatives) for way in ways(triples, item)]
    parts = [ways(triples, item) for item in triples.items(path)]  # type: ignore[arg-type]
    return [tuple(p for part in parts_ for p in part) for parts_ in product(*parts)]


__all__ = ["ONE_LINE", "Spo", "Standard", "open_parameter", "steps", "twin_of", "ways"]
