"""Facts that follow from what a record states, where numbers and dates decide.

What a payer calls things follows from what a chart shows: relief is improvement, relief into
the next day outlasts an anesthetic. Where types and links suffice the ontology says so in
OWL; the rest is said there too, as node shapes in SHACL Core whose focus is one record. Such
a shape affirms or denies a named fact of the record that conforms to it. Both judges see
only the outcome, so that they cannot read it differently.

The shapes are read in a closed profile and become plain functions once. What they look at
must be stated: a shape that silence could satisfy is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple, TypeAlias

from pyoxigraph import BlankNode, Literal, NamedNode

from .. import days
from ..errors import InputError, KnowledgeError
from ..knowledge.base import Knowledge
from ..namespaces import COV, RDF, SH, XSD, compact
from ..plain import (
    AFFIRMS,
    DENIES,
    HAS_CHRONICITY,
    NONE,
    UNDERWENT,
    Record,
    Value,
    Values,
    value_of,
)
from ..request.gate import Request
from ..request.onset import limits_of
from ..request.records import Records as Named
from ..triples import Node, Term, Triples
from .layout import records_of
from .order import in_order

NO_RECORD: Record = {}


class Step(NamedTuple):
    """One step of a path: a property, forwards or back."""

    p: str
    back: bool


Path: TypeAlias = tuple[Step, ...]


class Records(dict[str, Record]):
    """The records of a request; where a path leads from one is looked up once."""

    def __init__(self, records: Mapping[str, Record]) -> None:
        super().__init__(records)
        self.at_end: dict[tuple[str, Path], Values] = {}
        self._leading: dict[str, dict[Value, list[Value]]] = {}

    def leading(self, p: str, node: Value) -> Iterable[Value]:
        """Return the records that a property leads from to a record."""
        links = self._leading.get(p)
        if links is None:
            links = self._leading[p] = {}
            for name, record in self.items():
                for value in record.get(p, NONE):
                    links.setdefault(value, []).append(name)
        return links.get(node, NONE)


# Whether a record conforms, on a date of service.
Test: TypeAlias = Callable[[Records, str, str], bool]
# Whether the values at the end of a path, from a record, pass.
Check: TypeAlias = Callable[[Records, str, Values, str], bool]

SAYS = {COV.affirmsFact: AFFIRMS, COV.deniesFact: DENIES, COV.callsPain: HAS_CHRONICITY}
ABOUT = frozenset({RDF.type, COV.ofRecord, *SAYS})
BOUNDS: dict[NamedNode, Callable[[Value, Value], bool]] = {
    SH.minInclusive: lambda v, bound: v >= bound,  # type: ignore[operator]
    SH.minExclusive: lambda v, bound: v > bound,  # type: ignore[operator]
    SH.maxInclusive: lambda v, bound: v <= bound,  # type: ignore[operator]
    SH.maxExclusive: lambda v, bound: v < bound,  # type: ignore[operator]
}
PAIRS: dict[NamedNode, Callable[[Value, Value], bool]] = {
    SH.lessThan: lambda a, b: a < b,  # type: ignore[operator]
    SH.lessThanOrEquals: lambda a, b: a <= b,  # type: ignore[operator]
}


class Followed(NamedTuple):
    """What follows of a record, by which property, and from which derivation."""

    record: str
    property: str
    value: str
    derivation: NamedNode


@dataclass(frozen=True)
class Derivation:
    """What makes a fact follow of a class of record.

    Parameters
    ----------
    says : str
        The property by which it follows: ``cov:affirms``, ``cov:denies``, or one that is
        given a value only where none is stated.
    value : str
        The named fact, or the value.
    reads : frozenset of str
        The properties that the record must state for it to follow.
    needs : frozenset
        The values that must stand somewhere in the request for it to follow.
    on_facts : bool
        Whether it may follow from a fact that is affirmed, and so from what follows itself.
    """

    iri: NamedNode
    says: str
    value: str
    reads: frozenset[str]
    needs: frozenset[Value]
    conforms: Test
    on_facts: bool


class Following:
    """The derivations of one ontology, by the class of record that they are of.

    Parameters
    ----------
    knowledge : Knowledge
        Where they come from.

    Raises
    ------
    KnowledgeError
        When one steps outside the profile, or asks for nothing that is stated.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.shapes = _Shapes(knowledge)
        self.by_role: dict[str, list[Derivation]] = {}
        self.of_value: dict[str, list[Derivation]] = {}
        made = [
            self._derivation(n)
            for n in sorted(knowledge.triples.instances(COV.Derivation), key=str)
        ]
        for role, derivation in (*made, *self._closed_groups()):
            self.by_role.setdefault(role, []).append(derivation)
            self.of_value.setdefault(derivation.value, []).append(derivation)
        broader = {c.value: sorted(b.value for b in of) for c, of in knowledge.broader.items()}
        narrower: dict[str, list[str]] = {}
        for concept, above in broader.items():
            for b in above:
                narrower.setdefault(b, []).append(concept)
        self._limits = limits_of(knowledge, knowledge.instances_of(COV.Chronicity))
        self._closure = {AFFIRMS: broader, DENIES: narrower, HAS_CHRONICITY: {}}

    def follow(
        self, records: Mapping[str, Record], roles: Iterable[tuple[str, str]], day: str
    ) -> list[Followed]:
        """Return what follows of each record, broader and narrower facts included.

        Parameters
        ----------
        records : mapping
            What is stated of each record, with what follows by classification.
        roles : iterable of (str, str)
            Each record and its class.
        day : str
            The date of service, as ISO text.
        """
        found: list[Followed] = []
        linked = Records(records)
        there = {value for record in records.values() for of in record.values() for value in of}
        may_follow = {
            role: [d for d in of if d.needs <= there] for role, of in self.by_role.items()
        }
        for node, role in roles:
            new = self._of_record(linked, node, may_follow.get(role, ()), day)
            found += new
            # What follows may make more follow.
            if more := [f.value for f in new if f.property == AFFIRMS]:
                on_facts = [d for d in self.by_role[role] if d.on_facts]
                record = records.get(node, NO_RECORD)
                record = {**record, AFFIRMS: (*record.get(AFFIRMS, NONE), *more)}
                again = self._of_record(Records({**records, node: record}), node, on_facts, day)
                known = {f[:3] for f in found}
                found += [f for f in again if f[:3] not in known]
        return found

    def _of_record(
        self, records: Records, node: str, of: Iterable[Derivation], day: str
    ) -> list[Followed]:
        """Return what follows of one record from what is there of it."""
        record = records.get(node, NO_RECORD)
        found: list[Followed] = []
        for d in of:
            if not d.reads <= record.keys() or not d.conforms(records, node, day):
                continue
            there = record.get(d.says, NONE)
            if d.says == HAS_CHRONICITY and (there or self._misnames(d.value, record, day)):
                continue
            for value in self._closure[d.says].get(d.value, (d.value,)):
                if value not in there:
                    found.append(Followed(node, d.says, value, d.iri))
        return found

    def _misnames(self, word: str, record: Record, day: str) -> bool:
        """Return whether the onset of a pain, wherever it may lie, refutes a word for its age."""
        for limit in self._limits.get(word, ()):
            end = COV.onsetDateEarliest if limit.at_least else COV.onsetDateLatest
            began = record.get(COV.onsetDate.value) or record.get(end.value, NONE)
            if began and not any(limit.allows(str(v), day) for v in began):
                return True
        return False

    def read_for(self, says: str, value: str) -> frozenset[str]:
        """Return the properties that a value may follow from."""
        made = self.of_value.get(value, ())
        return frozenset(p for d in made if d.says == says for p in d.reads)

    def _closed_groups(self) -> Iterator[tuple[str, Derivation]]:
        """Yield what denies a group of facts all of whose members are denied."""
        t = self.knowledge.triples
        for group in t.subjects(COV.isClosedGroup, TRUE):
            members = frozenset(m.value for m in t.subjects(COV.narrowerThan, group))
            declared = self.knowledge.facts.get(group)
            if declared is None or not members or not isinstance(group, NamedNode):
                raise KnowledgeError(f"{compact(group.value)} is closed and gathers no facts")

            def all_denied(
                records: Records, node: str, day: str, members: frozenset[str] = members
            ) -> bool:
                return members.issubset(records[node].get(DENIES, NONE))

            reads = frozenset({DENIES})
            yield (
                declared.stated_of.value,
                Derivation(group, DENIES, group.value, reads, members, all_denied, False),
            )

    def _derivation(self, node: Term) -> tuple[str, Derivation]:
        t = self.knowledge.triples
        if not isinstance(node, NamedNode):
            raise KnowledgeError("a derivation has no name")
        role = t.value(node, COV.ofRecord)
        said = [(says, value) for p, says in SAYS.items() for value in t.objects(node, p)]
        if role is None or len(said) != 1:
            raise KnowledgeError(
                f"{compact(node.value)} needs cov:ofRecord and one fact that it affirms or denies"
            )
        ((says, value),) = said
        declared = self.knowledge.facts.get(value)
        if says != HAS_CHRONICITY and (declared is None or declared.stated_of != role):
            raise KnowledgeError(f"{compact(node.value)}: not a fact of {compact(role.value)}")
        if t.value(node, COV.afterLast) is not None:
            reads = frozenset({UNDERWENT})
            conforms: Test = in_order(node, says, self.knowledge)
        elif any(self.shapes.asks(o) for o in t.objects(node, SH.property)):
            reads, conforms = self.shapes.node(node, ABOUT)
        else:
            raise KnowledgeError(f"{compact(node.value)} asks for nothing that must be stated")
        needs, on_facts = self.shapes.needs(node), COV.affirms in self.shapes.mentioned(node)
        return role.value, Derivation(node, says, value.value, reads, needs, conforms, on_facts)


class _Shapes:
    """Reads shapes of the profile into functions."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.triples: Triples = knowledge.triples
        # From the property that holds one end of a date to the date itself.
        self.ends = {
            end.value: p.value
            for link in (COV.hasEarliest, COV.hasLatest)
            for p, end in knowledge.triples.pairs(link)
        }

    def node(
        self, node: NamedNode | BlankNode, about: frozenset[NamedNode]
    ) -> tuple[frozenset[str], Test]:
        """Return the properties that must be stated, and whether a record conforms."""
        reads: frozenset[str] = frozenset()
        tests: list[Test] = []
        for p, objects in self.triples.predicates(node).items():
            if p in about or p == RDF.type or p.value.startswith(_ANNOTATING):
                continue
            if p != SH.property:
                raise KnowledgeError(f"a derivation may not use {compact(p.value)}")
            # What the record itself states is looked at before what a path leads to.
            for o in sorted(objects, key=self._length):
                assert isinstance(o, BlankNode | NamedNode)
                more, test = self.property(o)
                reads |= more
                tests.append(test)
        return reads, _all(tests)

    def _length(self, shape: Term) -> int:
        return len(self.path(self.triples.value(shape, SH.path)))

    def asks(self, shape: Term) -> bool:
        """Return whether something must be stated, by this record or by one that leads to it."""
        t = self.triples
        counts = (t.text(shape, p) or "0" for p in (SH.minCount, SH.qualifiedMinCount))
        return any(int(n) > 0 for n in counts) or bool(t.objects(shape, SH.hasValue))

    def property(self, shape: NamedNode | BlankNode) -> tuple[frozenset[str], Test]:
        path = self.path(self.triples.value(shape, SH.path))
        least, needed = 0, False
        tests: list[Check] = []
        for p, objects in self.triples.predicates(shape).items():
            # The gate brings each value to the one datatype of its property.
            if p in (RDF.type, SH.path, SH.datatype, SH.qualifiedMinCount):
                continue
            for o in objects:
                if p == SH.minCount:
                    least = int(o.value)
                elif p == SH.hasValue:
                    needed = True
                    tests.append(_has(value_of(o)))
                elif p == SH["in"]:
                    tests.append(_among(frozenset(value_of(i) for i in self.triples.items(o))))
                elif p in BOUNDS:
                    tests.append(_bounded(BOUNDS[p], value_of(o)))
                elif p == COV.longAgo:
                    tests.append(_long_ago(o.value))
                elif p == COV.notLongAgo:
                    tests.append(_not_long_ago(o.value))
                elif p in PAIRS:
                    tests.append(self._paired(PAIRS[p], o.value))
                elif p == SH.qualifiedValueShape:
                    count = int(self.triples.text(shape, SH.qualifiedMinCount) or "0")
                    needed = needed or count > 0
                    tests.append(self._qualified(o, count))
                else:
                    raise KnowledgeError(f"a derivation may not use {compact(p.value)}")
        begins, holds = path[0], _all(tests)
        # Both ends of a date are there where the date is.
        own, whole = begins.p, self.ends.get(begins.p, begins.p)
        reads = frozenset({whole} if (least or needed) and not begins.back else ())

        def plain(records: Records, node: str, day: str) -> bool:
            record = records.get(node, NO_RECORD)
            values = record.get(own) or record.get(whole, NONE)
            return len(values) >= least and holds(records, node, values, day)

        def test(records: Records, node: str, day: str) -> bool:
            values = self.values(records, node, path)
            return len(values) >= least and holds(records, node, values, day)

        return reads, test if begins.back or len(path) > 1 else plain

    def needs(self, node: Node) -> frozenset[Value]:
        """Return the values that must stand in a request for a derivation to hold."""
        t, found = self.triples, set()
        for shape in t.objects(node, SH.property):
            found |= {value_of(v) for v in t.objects(shape, SH.hasValue)}
            if int(t.text(shape, SH.qualifiedMinCount) or "0"):
                for of in t.objects(shape, SH.qualifiedValueShape):
                    found |= self.needs(of)  # type: ignore[arg-type]
        return frozenset(found)

    def mentioned(self, node: Term) -> set[Term]:
        """Return all that a derivation mentions."""
        found: set[Term] = set()
        queue = [node]
        while queue:
            for objects in self.triples.predicates(queue.pop()).values():  # type: ignore[arg-type]
                found.update(objects)
                queue += [o for o in objects if isinstance(o, BlankNode)]
        return found

    def path(self, node: Term | None) -> Path:
        if isinstance(node, NamedNode):
            return (Step(node.value, False),)
        if node is not None and (back := self.triples.value(node, SH.inversePath)) is not None:
            return (Step(back.value, True),)
        if node is None or self.triples.value(node, RDF.first) is None:
            raise KnowledgeError("the path of a derivation is of single steps, forwards or back")
        return tuple(step for item in self.triples.items(node) for step in self.path(item))

    def values(self, records: Records, node: str, path: Path) -> Values:
        """Return the values at the end of a path from a record."""
        known = records.at_end.get((node, path))
        if known is not None:
            return known
        nodes: Values = (node,)
        for p, back in path:
            found: dict[Value, None] = {}
            for n in nodes:
                if back:
                    found.update(dict.fromkeys(records.leading(p, n)))
                else:
                    found.update(dict.fromkeys(self._of(records.get(str(n), NO_RECORD), p)))
            nodes = tuple(found)
        records.at_end[node, path] = nodes
        return nodes

    def _of(self, record: Record, p: str) -> Values:
        # A record holds no ends of a day that is known.
        return record.get(p) or record.get(self.ends.get(p, p), NONE)

    def _paired(self, holds: Callable[[Value, Value], bool], other: str) -> Check:
        def test(records: Records, node: str, values: Values, day: str) -> bool:
            others = self._of(records[node], other)
            return bool(others) and all(holds(v, o) for v in values for o in others)

        return test

    def _qualified(self, shape: Term, count: int) -> Check:
        values = self.triples.objects(shape, SH["in"])
        if values:
            members = frozenset(value_of(i) for head in values for i in self.triples.items(head))
            return lambda records, node, found, day: len(members.intersection(found)) >= count
        assert isinstance(shape, BlankNode | NamedNode)
        _, conforms = self.node(shape, frozenset())
        return lambda records, node, found, day: (
            sum(conforms(records, str(v), day) for v in found) >= count
        )


TRUE = Literal("true", datatype=XSD.boolean)
_ANNOTATING = (
    str(COV) + "reads",
    "http://www.w3.org/2000/01/rdf-schema#",
    "http://www.w3.org/2004",
)


def _all(tests: Sequence[Callable[..., bool]]) -> Callable[..., bool]:
    """Return what tests whether all tests hold."""
    if not tests:
        return lambda *given: True
    return reduce(lambda a, b: lambda *given: a(*given) and b(*given), tests)


def _has(value: Value) -> Check:
    return lambda records, node, values, day: value in values


def _among(among: frozenset[Value]) -> Check:
    return lambda records, node, values, day: among.issuperset(values)


def _long_ago(duration: str) -> Check:
    """Return whether dates lie at least so long before the date of service."""
    return lambda records, node, values, day: all(
        str(v) <= days.day_before(day, duration) for v in values
    )


def _not_long_ago(duration: str) -> Check:
    """Return whether dates lie less long than that before the date of service."""
    return lambda records, node, values, day: all(
        str(v) > days.day_before(day, duration) for v in values
    )


def _bounded(holds: Callable[[Value, Value], bool], bound: Value) -> Check:
    return lambda records, node, values, day: all(
        not isinstance(v, str) and holds(v, bound) for v in values
    )


def followed_by(request: Request, triples: Triples, following: Following) -> list[Followed]:
    """Return what follows of the records of a request that was classified and derived.

    Raises
    ------
    InputError
        When the request states the opposite; both are named.
    """
    roles = request.stated.classes
    day = request.date.isoformat()
    followed = following.follow(records_of(triples), roles.items(), day)
    # The fact that the request itself states is named before one that follows from it.
    for known in (request.triples, triples):
        for record, says, fact, derivation in followed:
            if says == HAS_CHRONICITY:
                continue
            opposite = COV.denies if says == AFFIRMS else COV.affirms
            node, stated = NamedNode(record), NamedNode(fact)
            if stated in known.objects(node, opposite):
                raise _refuted(request, node, stated, opposite, derivation, following.knowledge)
    denied = {(f.record, f.value): f.derivation for f in followed if f.property == DENIES}
    for record, says, fact, derivation in followed:
        if says == AFFIRMS and (against := denied.get((record, fact))):
            label = following.knowledge.label
            raise named_of(request, following.knowledge).refuse(
                NamedNode(record),
                f"what is on record affirms and denies {compact(fact)}: "
                f"{label(derivation)}; {label(against)}",
                "correct one of the two",
            )
    return followed


def named_of(request: Request, knowledge: Knowledge) -> Named:
    """Return what calls the records of a request by their names."""
    roles = {NamedNode(n): NamedNode(c) for n, c in request.stated.classes.items()}
    return Named(knowledge, request.triples, roles)  # type: ignore[arg-type]


def _refuted(
    request: Request,
    node: NamedNode,
    fact: NamedNode,
    stated: NamedNode,
    derivation: NamedNode,
    knowledge: Knowledge,
) -> InputError:
    word = "denied" if stated == COV.denies else "affirmed"
    why = knowledge.label(derivation)
    return named_of(request, knowledge).refuse(
        node,
        f"{compact(fact.value)} is {word}, and what is on record says otherwise: {why}",
        "correct one of the two",
    )


def triples_of(followed: Iterable[Followed]) -> Iterator[tuple[NamedNode, NamedNode, NamedNode]]:
    """Yield what follows as triples."""
    for record, p, fact, _ in followed:
        yield NamedNode(record), NamedNode(p), NamedNode(fact)
