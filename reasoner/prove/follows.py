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
from ..plain import (
    AFFIRMS,
    DENIES,
    EARLIER_PROCEDURES,
    HAS_CHRONICITY,
    ONSET_DATE,
    TREATS_REGION,
    TYPE,
    value_of,
)
from ..request.onset import limits_of
from ..triples import Term
from .asked import PATIENT, Atom
from .calendar import Day, at_most, before
from .circuit import FALSE, TRUE, Lit, constant
from .inference import said_by
from .records import HALVES, Frame, Record, Requests


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
        self.about: Requests | None = None
        self._fires: dict[tuple[str, NamedNode, bool], Lit] = {}
        self._of: dict[tuple[str, str, str], Lit] = {}

    @property
    def world(self) -> Requests:
        """The request whose records these are; it is known once they are made."""
        assert self.about is not None
        return self.about

    @cached_property
    def _by_atom(self) -> dict[tuple[str, Atom], list[Derived]]:
        v = self.frame.vocabulary
        t = self.frame.knowledge.triples
        found: dict[tuple[str, Atom], list[Derived]] = {}
        for node in v.infers.derivations():
            role = t.value(node, COV.ofRecord)
            assert role is not None
            says, value = said_by(node, t)
            for closed in v.infers.closed(says, value):
                derived = Derived(node, role.value, says, value)
                found.setdefault((role.value, (says, closed)), []).append(derived)
        return found

    def values(self, role: str, p: str) -> list[str]:
        """Return the concepts that may follow of records of a role by a property."""
        found = [o for (r, (q, o)) in self._by_atom if r == role and q == p]
        if p == DENIES:
            for group in self.frame.vocabulary.infers.groups:
                stated_of = self.frame.knowledge.facts[NamedNode(group)].stated_of.value
                if stated_of == role:
                    found += self.frame.vocabulary.infers.closed(DENIES, group)
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
            for group, members in self.frame.vocabulary.infers.groups.items():
                if o in self.frame.vocabulary.infers.closed(DENIES, group):
                    found.append(c.all_of(record.holds(DENIES, m) for m in members))
        lit = c.any_of(found)
        if p == HAS_CHRONICITY:
            stated = [v for (q, _), v in record.stated.items() if q == p]
            lit = c.all_of((lit, *(-s for s in stated), -self._misnamed(record, o)))
        return lit

    def _misnamed(self, pain: Record, word: str) -> Lit:
        """Return whether the onset of a pain, wherever it may lie, refutes a word for its age."""
        c, onset = self.frame.circuit, pain.dates.get(ONSET_DATE)
        if onset is None:
            return FALSE
        wrong = []
        for limit in limits_of(self.frame.knowledge, [NamedNode(word)]).get(word, ()):
            end = onset.earliest if limit.at_least else onset.latest
            reached = at_most(end, self.frame.day, limit.bound)
            wrong.append(-reached if limit.at_least else reached)
        return c.all_of((onset.stated, c.any_of(wrong)))

    def lay_down(self, record: Record) -> None:
        """Lay down that nothing contradicts what follows."""
        c = self.frame.circuit
        for p, opposite in ((AFFIRMS, DENIES), (DENIES, AFFIRMS)):
            for o in self.values(record.role, p):
                c.require(-self.of(record, p, o), -record.says(opposite, o))

    def _fired(self, record: Record, derived: Derived, again: bool = True) -> Lit:
        """Return whether a derivation holds of a record.

        Parameters
        ----------
        again : bool
            Whether what is affirmed by the others is looked at as well; once, as the program does.
        """
        key = (record.name, derived.node, again)
        if key not in self._fires:
            last = self.frame.knowledge.triples.value(derived.node, COV.afterLast)
            if last is not None:
                self._fires[key] = self._in_order(derived, last.value)
            else:
                self._fires[key] = self._conforms(derived.node, record, again)
        return self._fires[key]

    def _affirmed(self, record: Record, fact: str, again: bool) -> Lit:
        """Return whether a fact is affirmed of a record for a derivation to look at."""
        c, held = self.frame.circuit, record.holds(AFFIRMS, fact)
        if not again:
            return held
        made = self._by_atom.get((record.role, (AFFIRMS, fact)), ())
        return c.any_of((held, *(self._fired(record, d, again=False) for d in made)))

    def _in_order(self, derived: Derived, last: str) -> Lit:
        """Return whether one of some procedures was done after the last of some others, or none."""
        c, t = self.frame.circuit, self.frame.knowledge.triples
        of, group = t.text(derived.node, COV.ofProcedure), t.value(derived.node, COV.inRegions)
        regions = [r.value for r in t.objects(group, COV.gathersRegion)] if group else []
        lasts, possible, sure = [], [], []
        for session in self.world.earlier:
            dated = session.dates[COV.performedOn.value]
            is_last = c.all_of((session.exists, session.holds(TYPE, last)))
            lasts.append((dated, is_last))
            is_of = c.all_of((session.exists, session.holds(TYPE, of), -is_last))
            inside = c.any_of(session.holds(TREATS_REGION, r) for r in regions)
            somewhere = c.any_of(session.holds(TREATS_REGION, r) for r in self.frame.regions)
            surely, perhaps = (inside, c.any_of((inside, -somewhere))) if group else (TRUE, TRUE)
            sure.append((dated, c.all_of((is_of, surely))))
            possible.append((dated, c.all_of((is_of, perhaps))))
        known = -self.world.partial[EARLIER_PROCEDURES]
        some = c.all_of((known, *(c.any_of(x for _, x in of) for of in (lasts, possible))))
        if derived.says == AFFIRMS:
            after = [
                c.all_of((x, *(c.implies(y, before(b.latest, a.earliest)) for b, y in lasts)))
                for a, x in sure
            ]
            return c.all_of((some, c.any_of(after)))
        none = [
            c.implies(x, c.any_of(c.all_of((y, before(a.latest, b.earliest))) for b, y in lasts))
            for a, x in possible
        ]
        return c.all_of((some, *none))

    # --- shapes ---------------------------------------------------------------------------

    def _conforms(self, shape: Term, record: Record, again: bool = True) -> Lit:
        c, t = self.frame.circuit, self.frame.knowledge.triples
        parts = []
        for p, objects in t.predicates(shape).items():  # type: ignore[arg-type]
            if p == SH.property:
                parts += [self._property(o, record, again) for o in objects]
            elif p not in ABOUT and p.value.startswith(str(SH)):
                raise KnowledgeError(f"the prover knows no {compact(p.value)} in a derivation")
        return c.all_of((record.exists, *parts))

    def _property(self, shape: Term, record: Record, again: bool) -> Lit:
        frame, t = self.frame, self.frame.knowledge.triples
        role, p, concerned = frame.vocabulary.infers.derivation_path(shape, record.role)
        reached = TRUE
        if concerned:
            # All shapes of this kind ask that something be there.
            pains = self.world.pains.items()
            (reached,) = (self.world.concerned[r] for r, pain in pains if pain is record)
            if not any(t.text(shape, q) == "1" for q in (SH.minCount, SH.qualifiedMinCount)):
                raise KnowledgeError("the prover knows no such shape over the pain concerned")
        if role != record.role:
            record = self.world.patient if role == PATIENT else self.world.procedure
        return frame.circuit.all_of((reached, self._values(shape, record, p, again)))

    def _values(self, shape: Term, record: Record, p: str, again: bool) -> Lit:
        frame, t = self.frame, self.frame.knowledge.triples
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
        if p == AFFIRMS:
            named = [o.value for o in t.objects(shape, SH.hasValue)]
            found = {o: self._affirmed(record, o, again) for o in named}
        elif p == DENIES:
            found = {o.value: record.holds(p, o.value) for o in t.objects(shape, SH.hasValue)}
        else:
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
        return self.frame.circuit.any_of(self._conforms(inner, c) for c in self.world.courses)

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
            elif q == COV.notLongAgo and end is not None:
                parts.append(-at_most(ends[end], frame.day, objects[0].value))
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


__all__ = ["Follows"]
