"""Where a record is silent and a criterion reads that as none or absent.

Most silence leaves a criterion open. Some is read: a fact that is absent unless stated, a
property whose silence means none, an earlier procedure of which nothing is on record. Here
is told which of the criteria of a policy were judged on such silence, and what to call it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from pyoxigraph import BlankNode, NamedNode

from ..facts.layout import Facts, Session
from ..judge.components import Given, made
from ..judge.components.sessions import picking
from ..knowledge.base import Knowledge
from ..namespaces import COV, RDF, SH, local_name
from ..plain import (
    AFFIRMS,
    CONCERNS_PAIN,
    DENIES,
    HAS_PATIENT,
    LISTS_ALL_OF,
    NONE,
    REQUESTS_PROCEDURE,
    Record,
    Value,
)
from ..policies.components import Components, Parameter, components_of
from ..policies.criteria import Criterion, Kind
from ..policies.standard import steps
from ..triples import Term

COMPLETE_FOR, PARTIAL_FOR = COV.completeFor.value, COV.partialFor.value
ABOUT_LIST, ABOUT_PROCEDURES = COV.aboutList.value, COV.aboutProcedures.value
ABOUT_THERAPY, SINCE = COV.aboutTherapy.value, COV.since.value
# Tells whether the facts are silent on something.
Silent: TypeAlias = Callable[[Facts], bool]
# From a record to the facts about it.
RECORDS: dict[NamedNode, Callable[[Facts], Record]] = {
    COV.Patient: lambda facts: facts.patient,
    COV.PainRecord: lambda facts: facts.pain,
    COV.RequestedProcedure: lambda facts: facts.procedure,
}
HEADS = {HAS_PATIENT: COV.Patient, CONCERNS_PAIN: COV.PainRecord}
HEADS[REQUESTS_PROCEDURE] = COV.RequestedProcedure
LISTS: dict[NamedNode, Callable[[Facts], Sequence[Any]]] = {
    COV.underwent: lambda facts: facts.earlier,
    COV.alsoPlanned: lambda facts: facts.planned,
    COV.hadTherapy: lambda facts: facts.courses,
}


class Silence(NamedTuple):
    """Silence that a criterion reads: what it is called, and whether a request keeps it."""

    words: str
    kept: Silent


@dataclass(frozen=True)
class Silences:
    """Finds the silence that criteria read.

    Parameters
    ----------
    knowledge : Knowledge
        Where the criteria come from.
    """

    knowledge: Knowledge

    def of(self, leaves: Iterable[Criterion]) -> dict[Criterion, tuple[Silence, ...]]:
        """Return for each leaf the silence that it reads as none or absent, if it reads any."""
        components = components_of(self.knowledge)
        found = ((leaf, tuple(self._of(leaf, components))) for leaf in leaves)
        return {leaf: silences for leaf, silences in found if silences}

    def _of(self, leaf: Criterion, components: Components) -> Iterable[Silence]:
        override = self.knowledge.triples.value(leaf.iri, COV.silenceMeans)
        if leaf.kind in (Kind.AFFIRMED, Kind.ABSENT):
            yield from self._of_fact(leaf, override)
        elif leaf.kind is Kind.CORE and override != COV.NotDocumented:
            yield from self._of_properties(leaf, override)
        elif leaf.kind is Kind.COMPONENT:
            assert leaf.component is not None
            given = components[leaf.component].given(leaf.iri, self.knowledge.triples)
            for parameter, value in given:
                if parameter.among in (COV.underwent, COV.alsoPlanned):
                    yield self._of_procedures(leaf, parameter, value, given)
                elif parameter.among == COV.hadTherapy and override == COV.Absent:
                    yield self._of_therapy(value)

    def _of_fact(self, leaf: Criterion, override: Term | None) -> Iterable[Silence]:
        t = self.knowledge.triples
        fact = t.value(leaf.iri, COV.affirmedFact) or t.value(leaf.iri, COV.absentFact)
        declared = self.knowledge.facts[fact]  # type: ignore[index]
        if (override or declared.silence) != COV.Absent:
            return
        record, name = RECORDS[declared.stated_of], declared.iri.value

        def kept(facts: Facts) -> bool:
            told = record(facts)
            return name not in told.get(AFFIRMS, NONE) and name not in told.get(DENIES, NONE)

        yield Silence(unstated(declared.label), kept)

    def _of_properties(self, leaf: Criterion, override: Term | None) -> Iterable[Silence]:
        t = self.knowledge.triples
        for shape in t.objects(leaf.iri, SH.property):
            path = t.value(shape, SH.path)
            if path == COV.requestsProcedure and override == COV.Absent:
                yield from self._within(shape)
            silences = [
                self.knowledge.properties[p].silence
                for p in steps(t, path)
                if p in self.knowledge.properties
            ]
            last = list(steps(t, path))[-1]
            read = COV.Absent in (silences[-1:] if override is None else [override])
            if read and last not in (COV.affirms, COV.denies, COV.requestsProcedure):
                yield Silence(unstated(self._name(last)), self._unsaid(path, last))

    def _within(self, shape: Term) -> Iterable[Silence]:
        """Yield the silence that is read of what the requested procedure is qualified by."""
        t = self.knowledge.triples
        for qualified in t.objects(shape, SH.qualifiedValueShape):
            for inner in t.objects(qualified, SH.property):
                path = t.value(inner, SH.path)
                last = list(steps(t, path))[-1]
                head = [(COV.requestsProcedure.value,)]
                yield Silence(unstated(self._name(last)), self._unsaid(path, last, head))

    def _name(self, p: NamedNode) -> str:
        """Return what a value of a property is called."""
        label, takes = self.knowledge.label(p), self.knowledge.properties[p].takes
        named = noun(label)
        return self.knowledge.label(takes) if takes and named == label else named

    def _unsaid(
        self, path: Term | None, last: NamedNode, head: Sequence[tuple[str, ...]] = ()
    ) -> Silent:
        """Return what tells whether a path ends in nothing."""
        way, lists = [*head, *_ways(path, self.knowledge)], self._lists(last)

        def kept(facts: Facts) -> bool:
            nodes: list[Value] = [facts.iri]
            for properties in way:
                nodes = [o for n in nodes for p in properties for o in facts.values(n, p)]
            return not nodes and not _spoken_of(facts, lists)

        return kept

    def _of_procedures(
        self,
        leaf: Criterion,
        parameter: Parameter,
        cls: Term,
        given: list[tuple[Parameter, Term]],
    ) -> Silence:
        among, name = parameter.among, cls.value
        assert leaf.component is not None and among is not None
        values = {local_name(p.path.value): value for p, value in given}
        expression = made(leaf.component.value, Given(values, False, self.knowledge))
        of = getattr(expression, "of", None)
        pick = picking(of) if of is not None else None
        records, lists = LISTS[among], self._lists(among)
        when = "earlier" if among == COV.underwent else "planned"

        def kept(facts: Facts) -> bool:
            # What a list may leave out is not on record.
            found: list[Session] = [s for s in records(facts) if name in s.types and not s.many]
            if found and pick is not None:
                _, found = pick(facts, found)
            return not found and not _spoken_of(facts, lists, name)

        return Silence(unstated(f"{when} {self.knowledge.label(cls)}"), kept)

    def _lists(self, link: NamedNode) -> frozenset[str]:
        """Return what a list is called that a property leads to the entries of."""
        return frozenset(n.value for n in self.knowledge.triples.subjects(COV.listsBy, link))

    def _of_therapy(self, kind: Term) -> Silence:
        lists = self._lists(COV.hadTherapy)

        def kept(facts: Facts) -> bool:
            denied = facts.patient.get(DENIES, NONE)
            if kind.value in denied or _spoken_of(facts, lists, kind.value):
                return False
            return not any(
                kind.value in c.kinds or kind.value not in c.barred_kinds for c in facts.courses
            )

        return Silence(unstated(self.knowledge.label(kind)), kept)


def _spoken_of(facts: Facts, lists: frozenset[str], of: str = "") -> bool:
    """Return whether a list, or the class or kind of it, is said to be complete or partial.

    Known in part since a day, or for a part of the class, it is silent on the rest.
    """
    for owner in (facts.patient_iri, facts.iri):
        if of in facts.values(owner, LISTS_ALL_OF):
            return True
        for how in (COMPLETE_FOR, PARTIAL_FOR):
            for said in facts.values(owner, how):
                part = {p for p in (ABOUT_PROCEDURES, ABOUT_THERAPY) if facts.values(said, p)}
                part |= {SINCE} if how == PARTIAL_FOR and facts.values(said, SINCE) else set()
                whole = said in lists or not lists.isdisjoint(facts.values(said, ABOUT_LIST))
                if whole and not part:
                    return True
    return False


def _ways(path: Term | None, knowledge: Knowledge) -> list[tuple[str, ...]]:
    """Return the steps of a path, each with the properties that it may go by."""
    t = knowledge.triples
    if isinstance(path, BlankNode) and t.value(path, RDF.first) is not None:
        return [step for item in t.items(path) for step in _ways(item, knowledge)]
    return [tuple(p.value for p in steps(t, path))]


def unstated(label: str) -> str:
    """Say that something is not stated."""
    words = label.split()
    if "no" in words or "not" in words:
        return f"it is not stated: {label}"
    many = words[-1].endswith("s") and not words[-1].endswith(("ss", "is", "us"))
    return f"no {label} {'are' if many else 'is'} stated"


def noun(label: str) -> str:
    """Return a property's label without the verb it begins with: "has intent" is "intent"."""
    verb, _, rest = label.partition(" ")
    return rest if rest and verb in ("has", "had", "of", "uses", "treats", "requests") else label
