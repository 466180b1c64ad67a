"""What would settle a criterion that is not documented, in words.

A question names the fact and the record it is of, and since when a record counts. A record
that is there and does not count is told with the reason, so that nobody states it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from pyoxigraph import NamedNode

from .. import days
from ..decision.evidence import Reads
from ..decision.silences import noun
from ..decision.therapies import NotCounted, Why
from ..facts.layout import Facts
from ..knowledge.base import Knowledge
from ..namespaces import COV, SH, SKOS
from ..plain import (
    CONCERNS_PAIN,
    DAY_LENGTH,
    HAS_CODE,
    HAS_KIND,
    NONE,
    OF_THERAPY,
    PERFORMED_ON,
    TREATS_REGION,
)
from ..policies.criteria import Criterion, Kind
from ..policies.standard import steps
from ..triples import Term

OWNERS = {
    COV.Patient: "the patient",
    COV.PainRecord: "the pain",
    COV.RequestedProcedure: "the requested procedure",
}
HEADS = {
    COV.hasPatient: "the patient",
    COV.concernsPain: "the pain",
    COV.requestsProcedure: "the requested procedure",
}


@dataclass(frozen=True)
class Questions:
    """Says what would settle criteria.

    Parameters
    ----------
    reads : Reads
        Looks up what criteria looked at.
    """

    knowledge: Knowledge
    reads: Reads

    def asks(self, leaf: Criterion, facts: Facts) -> list[str]:
        """Return what to state, each by itself a step; the last may name another way."""
        if leaf.kind in (Kind.AFFIRMED, Kind.ABSENT):
            return list(self._of_fact(leaf))
        if leaf.kind is Kind.CORE:
            return list(dict.fromkeys(self._of_properties(leaf, facts)))
        return list(self._of_records(leaf, facts))

    def not_counted(self, leaf: Criterion, facts: Facts) -> list[str]:
        """Return the records that were looked at and do not count, each with the reason."""
        therapies = self.reads.therapies(leaf, facts)
        if therapies is not None:
            return [
                f"{self.named(passed.course, facts)}: {self._passed_over(passed)}"
                for passed in therapies.not_counted
                if passed.why is not Why.KIND
            ]
        found = []
        for record in dict.fromkeys(s.record for s in self.reads.facts_read(leaf, facts)):
            if record != facts.patient_iri and (reason := self._reason(leaf, record, facts)):
                found.append(f"{self.named(record, facts)}: {reason}")
        return found

    def named(self, record: str, facts: Facts) -> str:
        """Return what a record is called: its code or kind, and its day."""
        t, told = self.knowledge.triples, facts.stated.get(record, {})
        names = [
            t.text(NamedNode(str(n)), SKOS.notation) or self.knowledge.label(NamedNode(str(n)))
            for p in (HAS_CODE, HAS_KIND, OF_THERAPY)
            for n in told.get(p, NONE)
        ]
        when = [f"of {day}" for day in told.get(PERFORMED_ON, NONE)]
        return " ".join([*names, *when]) or "a record"

    def _of_fact(self, leaf: Criterion) -> Iterator[str]:
        t = self.knowledge.triples
        fact = t.value(leaf.iri, COV.affirmedFact) or t.value(leaf.iri, COV.absentFact)
        declared = self.knowledge.facts[fact]  # type: ignore[index]
        yield f"affirm or deny of {OWNERS[declared.stated_of]}: {declared.label}"

    def _of_properties(self, leaf: Criterion, facts: Facts) -> Iterator[str]:
        t = self.knowledge.triples
        for shape in t.objects(leaf.iri, SH.property):
            head, *rest = steps(t, t.value(shape, SH.path))
            owner = HEADS.get(head)
            if owner is None or not rest:
                continue
            if rest[-1] in (COV.affirms, COV.denies):
                labels = [self.knowledge.label(f) for f in self._named(shape)]
                yield f"affirm or deny of {owner}: {', '.join(labels)}"
            else:
                names = " or ".join(dict.fromkeys(noun(self.knowledge.label(p)) for p in rest[-1:]))
                yield f"state of {owner}: {names}"

    def _named(self, shape: Term) -> list[Term]:
        """Return the facts that a shape counts."""
        t = self.knowledge.triples
        asked = [shape, *t.objects(shape, SH.qualifiedValueShape)]
        found = [o for s in asked for o in t.objects(s, SH.hasValue)]
        return found + [i for s in asked for o in t.objects(s, SH["in"]) for i in t.items(o)]

    def _of_records(self, leaf: Criterion, facts: Facts) -> Iterator[str]:
        """Yield what is open of the records, or what record is asked for."""
        label, lacking = self.knowledge.label, self.reads.silent(leaf, facts)
        if lacking:
            yield f"state of the record: {', '.join(map(noun, lacking))}"
        scope = self.knowledge.triples.value(leaf.iri, COV.regionScope)
        if scope not in (None, COV.AnyRegion) and facts.region is None:
            yield "state of the requested procedure: region"
            return
        since = self._since(leaf, facts)
        counted = f" since {since}" if since else ""
        read = {s.record for s in self.reads.facts_read(leaf, facts)} - {facts.patient_iri}
        for parameter, given in self.reads.given(leaf):
            if parameter.among == COV.hadTherapy:
                yield f"state a course of {label(given)}{counted}"
                therapies = self.reads.therapies(leaf, facts)
                if therapies and therapies.open_kinds:
                    # A kind of which a course is on record cannot be denied.
                    recorded = {k for c in facts.courses for k in c.kinds}
                    left = [k for k in therapies.open_kinds if k not in recorded]
                    denied = (
                        f"or deny {listed([label(NamedNode(k)) for k in left])}, " if left else ""
                    )
                    yield f"{denied}or say that these were all the therapies{counted}"
            elif parameter.among is not None and not read:
                when = "planned" if parameter.among == COV.alsoPlanned else "earlier"
                yield f"state each {when} {label(given)}{counted}, or that there was none"
            for record in parameter.date_of:
                if record in self._stated_of(given) and not self._dated(record, given, facts):
                    yield f"state of {OWNERS.get(record, 'the record')}: {noun(label(given))}"

    def _stated_of(self, p: Term) -> frozenset[NamedNode]:
        declared = self.knowledge.properties.get(p)  # type: ignore[arg-type]
        return declared.stated_of if declared else frozenset()

    def _dated(self, record: NamedNode, p: Term, facts: Facts) -> bool:
        """Return whether a date is stated of the records of a kind."""
        pains = [str(n) for n in facts.values(facts.iri, CONCERNS_PAIN)]
        nodes = {COV.PainRecord: pains, COV.Patient: [facts.patient_iri]}.get(record)
        return any(facts.values(n, p.value) for n in nodes or [facts.procedure_iri])

    def _since(self, leaf: Criterion, facts: Facts) -> str:
        """Return the last day before the window of a leaf; empty where it has none."""
        window = self.knowledge.triples.text(leaf.iri, COV.inWindow)
        return days.before(date.fromisoformat(facts.day), window).isoformat() if window else ""

    def _passed_over(self, passed: NotCounted) -> str:
        """Return in words why a course of therapy does not count."""
        told = listed([self.knowledge.label(NamedNode(t)) for t in passed.told if ":" in t])
        if passed.why is Why.REGION:
            return f"recorded for the {told}"
        if passed.why is Why.OUTCOME:
            return f"its outcome is {told}"
        if passed.why is Why.WINDOW:
            return f"ended on {passed.told[0]}, outside the window"
        return "follow-up is denied"

    def _reason(self, leaf: Criterion, record: str, facts: Facts) -> str:
        """Return why a record does not count; empty where it may."""
        label = self.knowledge.label
        if barred := self.reads.barred(leaf, record, facts):
            p, values = barred
            told = ", ".join(label(NamedNode(str(v))) for v in values)
            if p == TREATS_REGION:
                return f"recorded for the {told}"
            return f"{noun(label(NamedNode(p)))} {told}"
        since = self._since(leaf, facts)
        last = [str(v) for v in facts.values(record, PERFORMED_ON)]
        if since and last and len(last[0]) == DAY_LENGTH and last[0] <= since:
            return f"performed before the window, which begins after {since}"
        return ""


def listed(words: list[str]) -> str:
    """Return words as a list in a sentence."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
