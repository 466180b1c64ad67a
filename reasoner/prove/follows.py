"""The facts that follow from numbers and dates, as gates.

Each derivation of the ontology is read from its shape, in the same closed profile as the
program reads it, and holds of a record where its shape conforms. It is refused, as there, that
something else stated contradicts it.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

from pyoxigraph import NamedNode

from ..errors import KnowledgeError
from ..facts.following import ABOUT
from ..namespaces import COV, RDF, SH, compact
from ..plain import AFFIRMS, DENIES, HAS_CHRONICITY, value_of
from ..triples import Term
from .asked import COURSE, EARLIER, PATIENT, Atom, said_by
from .calendar import Day, at_most, before
from .circuit import FALSE, TRUE, Lit, constant
from .records import HALVES, Frame, Record


class Derived(NamedTuple):
    """A derivation: of which records, and the fact or value by which property it gives."""

    node: NamedNode
    role: str
    says: str
    value: str


class Follows:
    """What follows of the records of a world."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.patient: Record | None = None
        self.courses: list[Record] = []
        self._fires: dict[tuple[str, NamedNode], Lit] = {}
        self._of: dict[tuple[str, str, str], Lit] = {}

    @cached_property
    def _by_atom(self) -> dict[tuple[str, Atom], list[Derived]]:
        v = self.frame.vocabulary
        t = self.frame.knowledge.triples
        found: dict[tuple[str, Atom], list[Derived]] = {}
        for node in v.derivations():
            role = t.value(node, COV.ofRecord)
            assert role is not None
            says, value = said_by(node, t)
            for closed in v.closed(says, value):
                derived = Derived(node, role.value, says, value)
                found.setdefault((role.value, (says, closed)), []).append(derived)
        return found

    @cached_property
    def _groups(self) -> dict[str, list[str]]:
        """The facts that are denied when all their members are, with these."""
        t = self.frame.knowledge.triples
        found = {}
        for group in self.frame.knowledge.facts:
            if t.text(group, COV.isClosedGroup) == "true":
                members = t.subjects(COV.narrowerThan, group)
                found[group.value] = sorted(m.value for m in members)
        return found

    def values(self, role: str, p: str) -> list[str]:
        """Return the concepts that may follow of records of a role by a property."""
        found = [o for (r, (q, o)) in self._by_atom if r == role and q == p]
        if p == DENIES:
            for group in self._groups:
                stated_of = self.frame.knowledge.facts[NamedNode(group)].stated_of.value
                found += self.frame.vocabulary.closed(DENIES, group) if stated_of == role else []
        return sorted(set(found))

    def of(self, record: Record, p: str, o: str) -> Lit:
        """Return whether a fact or value follows of a record."""
        if p not in (AFFIRMS, DENIES, HAS_CHRONICITY) or record.many:
            return FALSE
        key = (record.name, p, o)
        if key not in self._of:
            self._of[key] = self._follows(record, p, o)
        return self._of[key]

    def _follows(self, record: Record, p: str, o: str) -> Lit:
        c = self.frame.circuit
        found = [self._fired(record, d) for d in self._by_atom.get((record.role, (p, o)), ())]
        if p == DENIES:
            for group, members in self._groups.items():
                if o in self.frame.vocabulary.closed(DENIES, group):
                    found.append(c.all_of(record.holds(DENIES, m) for m in members))
        lit = c.any_of(found)
        if p == HAS_CHRONICITY:
            stated = [v for (q, _), v in record.stated.items() if q == p]
            lit = c.all_of((lit, *(-s for s in stated)))
        return lit

    def lay_down(self, record: Record) -> None:
        """Lay down that nothing contradicts what follows."""
        c = self.frame.circuit
        for p, opposite in ((AFFIRMS, DENIES), (DENIES, AFFIRMS)):
            for o in self.values(record.role, p):
                c.require(-self.of(record, p, o), -record.holds(opposite, o))

    def _fired(self, record: Record, derived: Derived) -> Lit:
        key = (record.name, derived.node)
        if key not in self._fires:
            self._fires[key] = self._conforms(derived.node, record)
        return self._fires[key]

    # --- shapes ---------------------------------------------------------------------------

    def _conforms(self, shape: Term, record: Record) -> Lit:
        c, t = self.frame.circuit, self.frame.knowledge.triples
        parts = []
        for p, objects in t.predicates(shape).items():  # type: ignore[arg-type]
            if p == SH.property:
                parts += [self._property(o, record) for o in objects]
            elif p not in ABOUT and p.value.startswith(str(SH)):
                raise KnowledgeError(f"the prover knows no {compact(p.value)} in a derivation")
        return c.all_of((record.exists, *parts))

    def _property(self, shape: Term, record: Record) -> Lit:
        frame, t = self.frame, self.frame.knowledge.triples
        role, p = frame.vocabulary.derivation_path(shape, record.role)
        if role == PATIENT and record.role != PATIENT:
            assert self.patient is not None
            record = self.patient
        if p == COV.hadTherapy.value:
            return self._courses(shape)
        if p in record.numbers:
            return self._number(shape, record, p)
        for dated, declared in frame.knowledge.dated.items():
            ends = [e.value for e in declared.ends or ()]
            if p in (dated.value, *ends):
                if dated.value not in record.dates:
                    return FALSE
                return self._date(shape, record, dated.value, ends.index(p) if p in ends else None)
        declared_p = frame.knowledge.properties.get(NamedNode(p))
        if declared_p is None or declared_p.takes is None:
            # A number that nothing asked for is not stated.
            return FALSE
        found = record.values(p)
        parts: list[Lit] = []
        c = frame.circuit
        for q, objects in t.predicates(shape).items():  # type: ignore[arg-type]
            for o in objects:
                if q in (RDF.type, SH.path, SH.datatype, SH.qualifiedMinCount):
                    continue
                if q == SH.minCount:
                    parts.append(c.any_of(found.values()))
                elif q == SH.hasValue:
                    parts.append(found.get(o.value, FALSE))
                elif q == SH["in"]:
                    among = {v.value for v in t.items(o)}
                    parts += [-lit for v, lit in found.items() if v not in among]
                elif q == SH.qualifiedValueShape:
                    lists = t.objects(o, SH["in"])
                    among = {v.value for head in lists for v in t.items(head)}
                    parts.append(c.any_of(lit for v, lit in found.items() if v in among))
                else:
                    raise KnowledgeError(f"the prover knows no {compact(q.value)} here")
        return c.all_of(parts)

    def _courses(self, shape: Term) -> Lit:
        t = self.frame.knowledge.triples
        inner = t.value(shape, SH.qualifiedValueShape)
        if inner is None or t.text(shape, SH.qualifiedMinCount) != "1":
            raise KnowledgeError("the prover counts one course in a derivation, no other number")
        return self.frame.circuit.any_of(self._conforms(inner, c) for c in self.courses)

    def _number(self, shape: Term, record: Record, p: str) -> Lit:
        c, t, number = self.frame.circuit, self.frame.knowledge.triples, record.numbers[p]
        parts = [number.stated]
        for q, objects in t.predicates(shape).items():  # type: ignore[arg-type]
            if q in (RDF.type, SH.path, SH.datatype, SH.minCount):
                continue
            bound = constant(int(value_of(objects[0]) * HALVES))
            if q == SH.minExclusive:
                parts.append(c.less(bound, number.bits))
            elif q == SH.maxInclusive:
                parts.append(c.at_most(number.bits, bound))
            elif q == SH.minInclusive:
                parts.append(c.at_most(bound, number.bits))
            elif q == SH.maxExclusive:
                parts.append(c.less(number.bits, bound))
            else:
                raise KnowledgeError(f"the prover knows no {compact(q.value)} of a number")
        return c.all_of(parts)

    def _date(self, shape: Term, record: Record, p: str, end: int | None) -> Lit:
        frame, t = self.frame, self.frame.knowledge.triples
        dated = record.dates[p]
        declared = frame.knowledge.properties[NamedNode(p)]
        always = declared.dates_every is not None and declared.dates_every.value == record.role
        there = record.exists if always and end is not None else dated.stated
        parts = [there]
        ends = (dated.earliest, dated.latest)
        if end == 0:
            parts.append(-dated.earliest.unbounded)
        for q, objects in t.predicates(shape).items():  # type: ignore[arg-type]
            if q in (RDF.type, SH.path, SH.datatype, SH.minCount):
                continue
            if q == COV.longAgo and end is not None:
                parts.append(at_most(ends[end], frame.day, objects[0].value))
            elif q == SH.lessThan and end is not None:
                other, there_too = self._end(objects[0].value, record)
                parts += [there_too, before(ends[end], other)]
            else:
                raise KnowledgeError(f"the prover knows no {compact(q.value)} of a date")
        return frame.circuit.all_of(parts)

    def _end(self, p: str, record: Record) -> tuple[Day, Lit]:
        """Return one end of a date by the property that holds it, and whether it is there."""
        for dated, declared in self.frame.knowledge.dated.items():
            for at, end in enumerate(declared.ends or ()):
                if end.value == p:
                    found = record.dates.get(dated.value)
                    if found is None:
                        return self.frame.day, FALSE
                    return (found.earliest, found.latest)[at], found.stated
        raise KnowledgeError(f"the prover knows no date {compact(p)}")


__all__ = ["COURSE", "EARLIER", "TRUE", "Follows"]
