"""Requests directed by the shapes of a policy, and cases with a few things changed.

Statements drawn blindly would hardly ever come near a bound. What the shapes of a policy
name (concepts, facts, classes of procedures, numbers, durations) is what its requests are
made of: at a bound, just beside it, silent, denied, several times, in another region. What
a shape asks for is drawn most often and comes first, so that a failing request shrinks to
one that is nearly covered. What contradicts itself is drawn too; the gate refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TypeVar

from hypothesis import strategies as st
from laws import LISTED_WHOLE, stated, written
from pyoxigraph import BlankNode, Literal, NamedNode

from reasoner import days
from reasoner.classify import Classifier
from reasoner.criteria import Policy
from reasoner.knowledge import Knowledge
from reasoner.namespaces import COV, RDF, REQUESTS, SH, XSD
from reasoner.records import record_classes
from reasoner.standard import steps
from reasoner.triples import Spo, Term, Triples
from reasoner.values import is_group

HERE = REQUESTS["generated#"].value
REQUEST, PATIENT, PROCEDURE = (NamedNode(HERE + n) for n in ("request", "patient", "procedure"))

# Which statement of a request a parameter of a component speaks of.
READS = {
    COV.withTechnique: COV.usesTechnique,
    COV.withIntent: COV.hasIntent,
    COV.withOutcome: COV.hadOutcome,
    COV.withTherapy: COV.ofTherapy,
    COV.withFact: COV.affirms,
}
CLASSES = (COV.ofProcedure, COV.eachSessionOf, COV.latestSessionOf)
# Days on which calendar months are told from days.
AWKWARD = ("2020-02-29", "2021-02-28", "2021-05-31", "2022-08-31", "2024-02-29", "2024-12-30")
T = TypeVar("T")


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
                if not k.is_a(term, COV.AddOnCode):
                    asked.add(NamedNode(term.value + "-done"), p, term)
                    asked.add(NamedNode(term.value + "-asked"), RDF.type, COV.CoverageRequest)
                    node = NamedNode(term.value + "-done")
                    asked.add(NamedNode(term.value + "-asked"), COV.requestsProcedure, node)
        found: dict[NamedNode, list[NamedNode]] = {}
        for s, _, cls in (t for t in self.classifier.classify(asked) if t[1] == RDF.type):
            if s.value.endswith(("-done", "-asked")) and isinstance(cls, NamedNode):
                found.setdefault(cls, []).append(NamedNode(s.value.rpartition("-")[0]))
        return {cls: sorted(terms, key=str) for cls, terms in found.items()}

    @cached_property
    def earlier(self) -> list[NamedNode]:
        return sorted({o for p, o in self._read if p in CLASSES}, key=str)  # type: ignore[arg-type]

    def near(self, concept: NamedNode) -> list[NamedNode]:
        """Return a concept with the broader and narrower ones that can be stated."""
        k = self.knowledge
        around = [
            *k.broader_of(concept),
            *(c for c, above in k.broader.items() if concept in above),
        ]
        return sorted({c for c in around if not is_group(c, k)}, key=str)  # type: ignore[arg-type]


def datatype(term: Term) -> str:
    return term.datatype.value if isinstance(term, Literal) else ""


def day_literal(day: date) -> Literal:
    return Literal(day.isoformat(), datatype=XSD.date)


def number(value: float) -> Literal:
    return Literal(f"{value:g}", datatype=XSD.decimal)


class Draft:
    """One request in the making: what was drawn, and what later draws have to agree with."""

    def __init__(self, draw: st.DrawFn, named: Named) -> None:
        self.draw, self.named, self.knowledge = draw, named, named.knowledge
        self.triples: list[Spo] = []
        start = named.policy.effective_from
        usual = [d for d in map(date.fromisoformat, AWKWARD) if d >= start]
        edges = [start, start + timedelta(days=1), start - timedelta(days=1)]
        self.day = self.mostly([start + timedelta(days=900), *usual], edges)
        self.region: NamedNode = COV.LumbarRegion

    def mostly(self, good: Sequence[T], other: Sequence[T], odds: int = 8) -> T:
        """Draw what is good, and in some of ten cases something else."""
        usual = bool(good) and (not other or self.draw(st.integers(0, 9)) < odds)
        return self.draw(st.sampled_from(good if usual else other))

    def add(self, s: NamedNode, p: NamedNode, o: Term | None) -> None:
        if o is not None:
            self.triples.append((s, p, o))

    def request(self) -> bytes:
        """Draw the whole request."""
        self.add(REQUEST, RDF.type, COV.CoverageRequest)
        self.add(REQUEST, COV.dateOfService, day_literal(self.day))
        self.add(REQUEST, COV.requestsProcedure, PROCEDURE)
        self.add(REQUEST, COV.hasPatient, PATIENT)
        self.procedure(PROCEDURE, self.named.policy.target)
        self.described(PROCEDURE, COV.RequestedProcedure)
        self.described(PATIENT, COV.Patient)
        self.facts(PATIENT, COV.Patient)
        for i in range(self.mostly([1], [0, 2])):
            self.pain(NamedNode(f"{HERE}pain-{i}"))
        for kind in self.named.concepts.get(COV.ofTherapy, []):
            self.therapy(kind)
        if self.named.earlier:
            cls = self.draw(st.sampled_from(self.named.earlier))
            for i in range(self.draw(st.sampled_from([0, 1, 2, 3]))):
                another = self.mostly([cls], self.named.earlier, odds=9)
                self.earlier(NamedNode(f"{HERE}earlier-{i}"), another)
        if self.mostly([False], [True], odds=9):
            planned = NamedNode(HERE + "planned")
            self.add(REQUEST, COV.alsoPlanned, planned)
            self.procedure(planned, COV.Procedure)
        return written(dict.fromkeys(self.triples))

    def procedure(self, node: NamedNode, cls: NamedNode) -> None:
        """Draw what is done and where: code or kind, then levels, region or neither."""
        t = self.knowledge.triples
        term = self.draw(st.sampled_from(self.named.procedures[cls]))
        is_code = self.knowledge.is_a(term, COV.ProcedureCode)
        self.add(node, COV.hasProcedureCode if is_code else COV.hasKind, term)
        for add_on in t.subjects(COV.addOnTo, term)[: self.draw(st.sampled_from([0, 1]))]:
            self.add(node, COV.hasProcedureCode, add_on)
        spans = t.objects(term, COV.spansRegion) or self.knowledge.instances_of(COV.SpinalRegion)
        here = [r for r in spans if r == self.region] if node != PROCEDURE else []
        region = self.mostly(here or spans, spans)
        assert isinstance(region, NamedNode)
        if node == PROCEDURE:
            self.region = region
        levels = sorted(t.subjects(COV.inRegion, region), key=str)
        how = self.mostly(["levels", "region"], ["both", "nothing"])
        if levels and how in ("levels", "both"):
            bounds = [n for b in self.named.numbers for n in (b, b + 1) if n <= len(levels)]
            for level in levels[: self.mostly([1, 2], bounds, odds=7)]:
                self.add(node, COV.treatsLevel, level)
        if how in ("region", "both") or (how == "levels" and not levels):
            self.add(node, COV.treatsRegion, region)

    def described(self, node: NamedNode, role: NamedNode) -> None:
        """Draw the concepts and numbers of a record, as the ontology lets it state them."""
        special = {COV.hasProcedureCode, COV.hasKind, COV.treatsRegion, COV.treatsLevel}
        records = record_classes(self.knowledge)
        for p, declared in self.knowledge.properties.items():
            if role not in declared.stated_of or p in special or declared.takes in records:
                continue
            if declared.value_type == XSD.decimal and declared.highest is not None:
                bounds = [n for n in self.named.numbers if n <= declared.highest]
                beside = [n + d for n in bounds for d in (-1, -0.5, 1)]
                value = self.mostly([*bounds, declared.highest], [None, 0, *beside], odds=6)
                fits = value is not None and 0 <= value <= declared.highest
                self.add(node, p, number(value) if fits and value is not None else None)
            elif declared.takes and declared.takes not in (COV.NamedFact, COV.SpinalRegion):
                wanted = self.named.concepts.get(p, [])
                close = [c for w in wanted for c in self.named.near(w)]
                other = [None, *close, *self.knowledge.instances_of(declared.takes)[:12]]
                self.add(node, p, self.mostly(wanted or [None], other))

    def facts(self, node: NamedNode, role: NamedNode) -> None:
        """Draw what the record says of each fact that a shape asks about."""
        for fact, wanted in self.named.facts.items():
            declared = self.knowledge.facts[fact]
            if declared.stated_of != role or fact in self.knowledge.instances_of(COV.TherapyKind):
                continue
            silent = declared.silence == COV.Absent or not wanted
            usual = (None, None) if silent else (COV.affirms, fact)
            near = [f for f in self.named.near(fact) if f in self.knowledge.facts]
            said = [(how, f) for f in near for how in (COV.affirms, COV.denies)]
            p, o = self.mostly([usual], [(None, None), *said], odds=9 if silent else 8)
            if p is not None:
                self.add(node, p, o)

    def back(self, start: date, odds: int = 6) -> date:
        """Draw a day that lies a bound back, just beside it, or well before."""
        bound = self.draw(st.sampled_from(self.named.durations or ["P30D"]))
        return days.before(start, bound) + timedelta(days=self.mostly([-60], [0, -1, 1], odds))

    def pain(self, node: NamedNode) -> None:
        regions = self.knowledge.instances_of(COV.SpinalRegion)
        self.add(PATIENT, COV.hasPain, node)
        self.add(node, COV.inRegion, self.mostly([self.region], regions))
        if self.mostly([True], [False]):
            self.add(node, COV.onsetDate, day_literal(self.back(self.day)))
        self.described(node, COV.PainRecord)
        self.facts(node, COV.PainRecord)

    def therapy(self, group: NamedNode) -> None:
        """Draw the courses of one kind of therapy, a denial, or nothing."""
        kinds = [c for c, up in self.knowledge.broader.items() if group in up]
        kinds = [c for c in kinds if not is_group(c, self.knowledge)] or [group]
        for i in range(self.mostly([1], [0, 0, 2])):
            kind = self.draw(st.sampled_from(kinds))
            node = NamedNode(f"{HERE}{group.value.rpartition('#')[2]}-{i}")
            end = self.day - timedelta(days=self.mostly([7], [0, 400]))
            start = self.back(end + timedelta(days=1))
            self.add(PATIENT, COV.hadTherapy, node)
            self.add(node, COV.ofTherapy, kind)
            self.add(node, COV.startedOn, self.mostly([day_literal(start)], [None], odds=9))
            self.add(node, COV.endedOn, self.mostly([day_literal(end)], [None], odds=9))
            outcomes = self.knowledge.instances_of(COV.TherapyOutcome)
            wanted = self.named.concepts.get(COV.hadOutcome, [])
            self.add(node, COV.hadOutcome, self.mostly(wanted, [None, *outcomes]))
            if self.knowledge.is_a(kind, COV.RegionalTherapy):
                elsewhere = [None, *self.knowledge.instances_of(COV.SpinalRegion)]
                self.add(node, COV.treatsRegion, self.mostly([self.region], elsewhere))
        for kind in [group, *kinds]:
            if self.mostly([False], [True], odds=9):
                self.add(PATIENT, COV.denies, kind)

    def earlier(self, node: NamedNode, cls: NamedNode) -> None:
        on = self.back(self.day)
        self.add(PATIENT, COV.underwent, node)
        self.add(node, COV.performedOn, day_literal(on))
        self.procedure(node, cls)
        self.described(node, COV.EarlierProcedure)
        self.facts(node, COV.EarlierProcedure)
        bound = self.draw(st.sampled_from(self.named.durations or ["P30D"]))
        until = days.first_day_after(on, bound)
        until += timedelta(days=self.mostly([0, 30], [1, -1, -20], odds=6))
        if on <= until <= self.day and self.mostly([True], [False]):
            self.add(node, COV.reliefLastedUntil, day_literal(until))


@st.composite
def requests(draw: st.DrawFn, named: Named) -> bytes:
    """Return a request that is made of what a policy's shapes name."""
    return Draft(draw, named).request()


@st.composite
def changed(draw: st.DrawFn, named: Named, originals: Sequence[bytes]) -> bytes:
    """Return one of some requests with a few of its statements changed."""
    triples = list(stated(draw(st.sampled_from(originals))))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(triples) - 1))
        s, p, o = triples[at]
        instead = draw(st.sampled_from([None, *instead_of(p, o, named)]))
        triples[at : at + 1] = [] if instead is None else [instead_at(s, *instead)]
        if p in LISTED_WHOLE and draw(st.booleans()):
            triples.append((s, p, o))
    return written(dict.fromkeys(triples))


def instead_at(s: Term, p: NamedNode, o: Term) -> Spo:
    assert isinstance(s, NamedNode | BlankNode)
    return s, p, o


def instead_of(p: NamedNode, o: Term, named: Named) -> list[tuple[NamedNode, Term]]:
    """Return what a statement may be changed to: a neighbouring value, or its opposite."""
    declared = named.knowledge.properties.get(p)
    if declared is None or declared.takes in record_classes(named.knowledge):
        return []
    if p in (COV.affirms, COV.denies):
        return [(COV.denies if p == COV.affirms else COV.affirms, o)]
    if declared.value_type == XSD.date:
        day = date.fromisoformat(o.value)
        near = [day + timedelta(days=d) for d in (-1, 1, -30, 30)]
        return [
            (p, day_literal(d)) for d in (*near, *(days.before(day, b) for b in named.durations))
        ]
    if declared.value_type == XSD.decimal:
        return [(p, number(v)) for n in named.numbers for v in (n, n - 1, n + 1)]
    assert declared.takes is not None
    wanted = named.concepts.get(p, [])
    return [(p, c) for c in (*wanted, *named.knowledge.instances_of(declared.takes)[:20])]
