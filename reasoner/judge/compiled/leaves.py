"""From a policy's leaves, written as plain SHACL, to expressions.

Leaf and twin are both lowered from the shapes that the reference judge validates with, so
that what one-line facts and twins mean is written once. What the algebra cannot say is
refused by name.
"""

from __future__ import annotations

from pyoxigraph import BlankNode, Literal, NamedNode

from ...errors import KnowledgeError
from ...knowledge.base import Knowledge
from ...namespaces import COV, RDF, SH, compact, local_name
from ...plain import Number, value_of
from ...policies import algebra as a
from ...policies.components import Components, component_of, components_of
from ...policies.criteria import Policy
from ...policies.standard import OPEN, Standard, twin_of
from ...triples import Node, Term
from ..components import Given, made

ORDERS = {
    SH.minInclusive: a.Order.AT_LEAST,
    SH.minExclusive: a.Order.MORE_THAN,
    SH.maxInclusive: a.Order.AT_MOST,
    SH.maxExclusive: a.Order.LESS_THAN,
}
COUNTS = {SH.minCount, SH.maxCount}
QUALIFIED = {SH.qualifiedValueShape, SH.qualifiedMinCount, SH.qualifiedMaxCount}
PLAIN = {RDF.type, SH.path}


def leaves_of(
    policy: Policy, knowledge: Knowledge, components: Components | None = None
) -> tuple[a.Leaf, ...]:
    """Lower every leaf of a policy, in its order.

    Parameters
    ----------
    components : mapping or None
        The components that there are, where they are known already.

    Raises
    ------
    KnowledgeError
        When a leaf says what the algebra cannot.
    """
    lower = Lower(policy, knowledge, components or components_of(knowledge))
    return tuple(
        a.Leaf(leaf.iri.value, lower.shape(leaf.iri), lower.shape(twin_of(leaf.iri)))
        for leaf in policy.leaves
    )


class Lower:
    """Lowers the shapes of one policy."""

    def __init__(self, policy: Policy, knowledge: Knowledge, components: Components) -> None:
        self.knowledge, self.components = knowledge, components
        self.shapes = Standard(knowledge, policy).leaves_and_twins()
        self.parameters = {p for c in self.components.values() for p in c.needs | c.may}

    def shape(self, node: Term) -> a.Expression:
        """Lower a node shape: what it asks of its focus."""
        described = self.shapes.predicates(node) if not isinstance(node, Literal) else {}
        if not described:
            raise KnowledgeError(f"no shape is called {compact(node.value)}")
        if any(p in self.parameters or p.value.startswith(OPEN) for p in described):
            return self.component(node, described)
        parts: list[a.Expression] = []
        for p, objects in described.items():
            if p == SH.property:
                parts += [self.property(o) for o in objects]
            elif p not in PLAIN:
                parts += [self.test(node, p, o) for o in objects]
        return all_of(parts)

    def property(self, node: Term) -> a.Expression:
        """Lower a property shape: what it asks of the values at the end of its path."""
        assert isinstance(node, NamedNode | BlankNode)
        path = self.path(self.shapes.value(node, SH.path))
        described = self.shapes.predicates(node)
        parts: list[a.Expression] = []
        tests: list[a.Expression] = []
        for p, objects in described.items():
            if p == SH.hasValue:
                parts += [a.Has(path, value_of(o)) for o in objects]
            elif p not in PLAIN | COUNTS | QUALIFIED:
                tests += [self.test(node, p, o) for o in objects]
        least, most = (self.number(node, p) for p in (SH.minCount, SH.maxCount))
        # One value is there already where a certain one must be.
        if most is not None or (least is not None and not (least == 1 and parts)):
            parts.append(a.Count(path, None, least, most))
        if tests:
            parts.append(a.Every(path, all_of(tests)))
        if qualified := self.shapes.objects(node, SH.qualifiedValueShape):
            least, most = (
                self.number(node, p) for p in (SH.qualifiedMinCount, SH.qualifiedMaxCount)
            )
            parts += [a.Count(path, self.shape(q), least, most) for q in qualified]
        return all_of(parts)

    def test(self, node: Term, p: NamedNode, o: Term) -> a.Expression:
        """Lower one constraint on a focus."""
        if p == SH["or"]:
            return a.AnyOf(tuple(self.shape(i) for i in self.shapes.items(o)))
        if p == SH["and"]:
            return all_of([self.shape(i) for i in self.shapes.items(o)])
        if p == SH["not"]:
            return a.Not(self.shape(o))
        if p == SH.property:
            return self.property(o)
        if p == SH["in"]:
            return a.Among(frozenset(value_of(i) for i in self.shapes.items(o)))
        if p == SH.hasValue:
            return a.Among(frozenset({value_of(o)}))
        if p == SH["class"]:
            return a.OfClass(o.value)
        if p in ORDERS and isinstance(bound := value_of(o), Number):
            return a.Compared(ORDERS[p], bound)
        if p == SH.datatype and (sort := SORTS.get(local_name(o.value))):
            return a.OfSort(sort)
        if p == SH.nodeKind and o == SH.IRI:
            return a.OfSort(a.Sort.NODE)
        if p == SH.nodeKind and o == SH.Literal:
            return a.Not(a.OfSort(a.Sort.NODE))
        raise KnowledgeError(f"{compact(node.value)}: {compact(p.value)} has no compiled form")

    def path(self, node: Term | None) -> a.Path:
        """Lower a path to its steps."""
        if isinstance(node, NamedNode):
            return (a.Step((node.value,)),)
        assert isinstance(node, BlankNode)
        if self.shapes.value(node, RDF.first) is not None:
            return tuple(step for item in self.shapes.items(node) for step in self.path(item))
        if (inverse := self.shapes.value(node, SH.inversePath)) is not None:
            (step,) = self.path(inverse)
            return (a.Step(step.properties, not step.inverse),)
        head = self.shapes.value(node, SH.alternativePath)
        if head is None:
            raise KnowledgeError("a path has no compiled form")
        steps = [step for item in self.shapes.items(head) for step in self.path(item)]
        if any(s.inverse for s in steps) or any(
            len(self.path(i)) > 1 for i in self.shapes.items(head)
        ):
            raise KnowledgeError("an alternative path of more than properties has no compiled form")
        return (a.Step(tuple(p for s in steps for p in s.properties)),)

    def number(self, node: Node, p: NamedNode) -> int | None:
        found = self.shapes.text(node, p)
        return int(found) if found else None

    # --- components --------------------------------------------------------------------

    def component(self, node: Term, described: dict[NamedNode, list[Term]]) -> a.Expression:
        """Lower a leaf that is made of one component, or its twin."""
        terms = {p: objects[0] for p, objects in described.items() if p not in PLAIN}
        given = {local_name(p.value): o for p, o in terms.items()}
        assert isinstance(node, NamedNode | BlankNode)
        component = component_of(node, {COV[name] for name in given}, self.components)
        granted = any(p.value.startswith(OPEN) for p in terms)
        return made(component.iri.value, Given(given, granted, self.knowledge))


# The gate brings every number to one datatype.
SORTS = {"decimal": a.Sort.NUMBER, "date": a.Sort.DAY}


def all_of(parts: list[a.Expression]) -> a.Expression:
    return parts[0] if len(parts) == 1 else a.All(tuple(parts))
