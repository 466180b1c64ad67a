"""The ontology's axioms, read as rules that run forwards.

A defined class is read from its expression to its name, and back only as far as the
expression says something outright: a named class or a value. No other axiom may infer
anything, so that the rules reach exactly what an OWL reasoner reaches; what they could
not follow is refused here, by name. Axioms that only contradict, such as disjointness,
infer nothing and are left to the check that runs ahead of time.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, product
from typing import NamedTuple, NoReturn, TypeAlias

from pyoxigraph import BlankNode, NamedNode

from ..errors import KnowledgeError
from ..namespaces import OWL, RDF, RDFS, compact
from ..triples import Node, Spo, Term, Triples
from .base import INFERRED, Knowledge


def _owl(names: str) -> frozenset[NamedNode]:
    return frozenset(OWL[name] for name in names.split())


SWRL = "http://www.w3.org/2003/11/swrl#"
SILENT_KINDS = _owl(
    "Class Ontology NamedIndividual ObjectProperty DatatypeProperty AnnotationProperty"
    " Restriction AllDisjointClasses AllDisjointProperties AllDifferent"
    " IrreflexiveProperty AsymmetricProperty"
)
SILENT_LINKS = _owl(
    "disjointWith propertyDisjointWith differentFrom members distinctMembers"
    " versionInfo versionIRI deprecated"
)
# Between the parts of an expression they say what it is; on a named term they are axioms.
PARTS = _owl("intersectionOf unionOf onProperty someValuesFrom hasValue inverseOf")
READ_LINKS = _owl("equivalentClass propertyChainAxiom")
READ_KINDS = _owl("TransitiveProperty")
LISTS = {RDF.first, RDF.rest}


class Atom(NamedTuple):
    """A triple in which numbers are variables."""

    subject: int
    link: NamedNode
    object: int | Term


Body: TypeAlias = tuple[Atom, ...]


class Rule(NamedTuple):
    """Where every atom of the body holds, the head holds."""

    body: Body
    head: Atom


class Axioms:
    """The rules of an ontology, with the classes and links that they may speak of.

    Raises
    ------
    KnowledgeError
        When an axiom could infer something that rules do not; it names the term and
        the construct.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        # The shipped hierarchy repeats what follows from the other axioms.
        inferred = set(knowledge.by_file.get(INFERRED, ()))
        self._triples = t = Triples(
            (s, p, o)
            for p in knowledge.triples.links()
            if p.value.startswith((OWL, RDF, RDFS, SWRL)) and p != RDFS.label
            for s, o in knowledge.triples.pairs(p)
            if (s, p, o) not in inferred
        )
        self._parents: dict[Term, Node] = {o: s for s, _, o in t if isinstance(o, BlankNode)}
        self.classes: frozenset[Term] = frozenset(t.instances(OWL.Class))
        self.links: frozenset[Term] = frozenset(t.instances(OWL.ObjectProperty))
        for triple in t:
            if triple[1] not in LISTS:
                self._refuse_unread(triple)
        self._definitions: dict[NamedNode, list[Term]] = {}
        for name, expression in t.pairs(OWL.equivalentClass):
            found = self._definitions.setdefault(self._class(name, name, OWL.equivalentClass), [])
            found.append(expression)
        # From the definition to the name, from the name to the definition, and the rest.
        self._inwards = dict.fromkeys(self._rules_into_definitions())
        self._outwards = dict.fromkeys(self._rules_out_of_definitions())
        others = [*self._rules_of_classes(), *self._rules_of_links()]
        self.rules = tuple(
            rule
            for rule in dict.fromkeys([*self._inwards, *self._outwards, *others])
            if rule.head not in rule.body
        )
        self._refuse_promises()

    # What the rules are read from.

    def _rules_into_definitions(self) -> Iterator[Rule]:
        for name, expressions in self._definitions.items():
            for expression in expressions:
                for body in self._bodies(name, expression, 0, count(1)):
                    if not body:
                        _refuse(name, "owl:equivalentClass of owl:Thing")
                    yield Rule(body, Atom(0, RDF.type, name))

    def _rules_out_of_definitions(self) -> Iterator[Rule]:
        for name, expressions in self._definitions.items():
            for expression in expressions:
                for atom in self._outright(name, expression):
                    yield Rule((Atom(0, RDF.type, name),), atom)

    def _rules_of_classes(self) -> Iterator[Rule]:
        for below, above in self._triples.pairs(RDFS.subClassOf):
            if above != OWL.Thing:
                member = self._member(below, below, RDFS.subClassOf)
                yield Rule((member,), self._member(below, above, RDFS.subClassOf))

    def _rules_of_links(self) -> Iterator[Rule]:
        t = self._triples
        for p, end in ((RDFS.domain, 0), (RDFS.range, 1)):
            for link, cls in t.pairs(p):
                if link in self.links and cls != OWL.Thing:
                    linked = Atom(0, self._link(link, link), 1)
                    yield Rule((linked,), self._member(link, cls, p, end))
        for below, above in t.pairs(RDFS.subPropertyOf):
            if below in self.links:
                linked = Atom(0, self._link(below, below), 1)
                yield Rule((linked,), Atom(0, self._link(below, above), 1))
        for transitive in t.instances(OWL.TransitiveProperty):
            link = self._link(transitive, transitive)
            yield Rule((Atom(0, link, 1), Atom(1, link, 2)), Atom(0, link, 2))
        for owner, chain in t.pairs(OWL.propertyChainAxiom):
            steps = self._items(owner, chain)
            if len(steps) < 2:
                _refuse(owner, "owl:propertyChainAxiom of fewer than two links")
            body = tuple(self._step(owner, step, at) for at, step in enumerate(steps))
            yield Rule(body, Atom(0, self._link(owner, owner), len(steps)))

    def _step(self, owner: Term, step: Term, at: int) -> Atom:
        """Return one step of a chain; an inverse one is walked from its far end."""
        backwards = self._triples.value(step, OWL.inverseOf)
        if backwards is not None and isinstance(step, BlankNode):
            return Atom(at + 1, self._link(owner, backwards), at)
        return Atom(at, self._link(owner, step), at + 1)

    # Class expressions.

    def _bodies(self, owner: Term, expression: Term, x: int, fresh: Iterator[int]) -> list[Body]:
        """Return the conditions any one of which puts ``x`` into the expression."""
        if expression == OWL.Thing:
            return [()]
        if isinstance(expression, NamedNode):
            return [(self._member(owner, expression, OWL.equivalentClass, x),)]
        construct, operands = self._construct(owner, expression)
        if construct == OWL.intersectionOf:
            each = [self._bodies(owner, part, x, fresh) for part in operands]
            return [tuple(atom for body in bodies for atom in body) for bodies in product(*each)]
        if construct == OWL.unionOf:
            return [b for part in operands for b in self._bodies(owner, part, x, fresh)]
        link = self._link(owner, self._triples.objects(expression, OWL.onProperty)[0])
        if construct == OWL.hasValue:
            return [(Atom(x, link, operands[0]),)]
        y = next(fresh)
        return [(Atom(x, link, y), *b) for b in self._bodies(owner, operands[0], y, fresh)]

    def _outright(self, owner: Term, expression: Term) -> Iterator[Atom]:
        """Yield what membership in an expression says without leaving a choice."""
        if isinstance(expression, NamedNode):
            if expression != OWL.Thing:
                yield Atom(0, RDF.type, expression)
            return
        construct, operands = self._construct(owner, expression)
        if construct == OWL.intersectionOf:
            for part in operands:
                yield from self._outright(owner, part)
        elif construct == OWL.hasValue:
            link = self._link(owner, self._triples.objects(expression, OWL.onProperty)[0])
            yield Atom(0, link, operands[0])

    def _choice(self, owner: Term, expression: Term) -> str:
        """Name the construct by which membership promises something it does not name."""
        if isinstance(expression, NamedNode):
            return ""
        construct, operands = self._construct(owner, expression)
        if construct == OWL.intersectionOf:
            return next(filter(None, (self._choice(owner, part) for part in operands)), "")
        return "" if construct == OWL.hasValue else compact(construct.value)

    def _construct(self, owner: Term, expression: Term) -> tuple[NamedNode, list[Term]]:
        """Return the one construct of an anonymous expression, and its operands."""
        used = self._triples.predicates(expression) if isinstance(expression, BlankNode) else {}
        constructs = [p for p in used if p in PARTS and p != OWL.onProperty]
        operands = [o for p in constructs for o in used[p]]
        if len(operands) != 1 or constructs[0] == OWL.inverseOf:
            _refuse(owner, "an expression that is not exactly one construct")
        construct = constructs[0]
        if construct in (OWL.intersectionOf, OWL.unionOf):
            return construct, self._items(owner, operands[0])
        if len(used.get(OWL.onProperty, ())) != 1:
            _refuse(owner, "owl:Restriction without exactly one owl:onProperty")
        if construct == OWL.hasValue and not isinstance(operands[0], NamedNode):
            _refuse(owner, "owl:hasValue of what has no IRI")
        return construct, operands

    def _items(self, owner: Term, head: Term) -> list[Term]:
        try:
            return self._triples.items(head)
        except ValueError as error:
            _refuse(owner, str(error))

    # Terms, and what is refused.

    def _member(self, owner: Term, cls: Term, construct: NamedNode, x: int = 0) -> Atom:
        return Atom(x, RDF.type, self._class(owner, cls, construct))

    def _class(self, owner: Term, cls: Term, construct: NamedNode) -> NamedNode:
        if not isinstance(cls, NamedNode):
            _refuse(self._owner(owner), f"{compact(construct.value)} with an expression")
        if cls not in self.classes:
            _refuse(self._owner(owner), f"{compact(cls.value)}, which is not declared an owl:Class")
        return cls

    def _link(self, owner: Term, link: Term) -> NamedNode:
        if not isinstance(link, NamedNode):
            _refuse(self._owner(owner), "an inverse outside a chain")
        if link not in self.links:
            what = "which is not declared an owl:ObjectProperty"
            _refuse(self._owner(owner), f"{compact(link.value)}, {what}")
        return link

    def _owner(self, node: Term) -> Term:
        """Return the named term that an anonymous node belongs to, if there is one."""
        seen = set()
        while node in self._parents and node not in seen:
            seen.add(node)
            node = self._parents[node]
        return node

    def _refuse_unread(self, triple: Spo) -> None:
        """Refuse an axiom of a form that is neither read nor known to infer nothing."""
        s, p, o = triple
        if p in (RDFS.subClassOf, OWL.equivalentClass) and not isinstance(s, NamedNode):
            _refuse(self._owner(o), f"{compact(p.value)} from an expression")
        if p == RDF.type:
            if isinstance(o, NamedNode) and o.value.startswith((OWL, SWRL)):
                silent = o in SILENT_KINDS or (o == OWL.FunctionalProperty and self._is_data(s))
                if not silent and o not in READ_KINDS:
                    _refuse(self._owner(s), compact(o.value))
        elif p.value.startswith((OWL, SWRL)):
            part = p in PARTS and isinstance(s, BlankNode)
            if not part and p not in SILENT_LINKS | READ_LINKS:
                _refuse(self._owner(s), compact(p.value))
        elif p in (RDFS.domain, RDFS.subPropertyOf, RDFS.range) and s not in self.links:
            # A range of plain values infers nothing, and nor does what is said of annotations.
            note = (s, RDF.type, OWL.AnnotationProperty) in self._triples
            if not note and not (p == RDFS.range and self._is_data(s)):
                _refuse(self._owner(s), f"{compact(p.value)} of what is not an owl:ObjectProperty")

    def _is_data(self, node: Node) -> bool:
        return (node, RDF.type, OWL.DatatypeProperty) in self._triples

    def _refuse_promises(self) -> None:
        """Refuse a defined class that is entered otherwise than by its definition.

        A node that entered so would have some value, or be in one of several classes,
        that nothing names. An OWL reasoner can draw conclusions from that; rules cannot.
        """
        t = self._triples
        entered: set[Term | int] = {c for c in self.classes if t.subjects(RDF.type, c)}
        entered |= self.classes - self._definitions.keys()
        entered |= {c for c, definitions in self._definitions.items() if len(definitions) > 1}
        grown = True
        while grown:
            doors = {
                rule.head.object
                for rule in self.rules
                if rule.head.link == RDF.type and rule not in self._inwards
                if rule not in self._outwards or rule.body[0].object in entered
            }
            grown = not doors <= entered
            entered |= doors
        for name, expressions in self._definitions.items():
            promise = next(filter(None, (self._choice(name, e) for e in expressions)), "")
            if promise and name in entered:
                _refuse(name, f"{promise} in the definition of a class entered in another way")


def _refuse(owner: Term, construct: str) -> NoReturn:
    name = compact(owner.value) if isinstance(owner, NamedNode) else "an unnamed axiom"
    raise KnowledgeError(f"{name}: classification does not apply {construct}")
