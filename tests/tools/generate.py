"""Requests directed by the shapes of a policy, and cases with a few things changed.

Statements drawn blindly would hardly ever come near a bound. What the shapes of a policy
name (concepts, facts, classes of procedures, numbers, durations) is what its requests are
made of: at a bound, just beside it, silent, denied, several times, in another region. What
a shape asks for is drawn most often and comes first, so that a failing request shrinks to
one that is nearly covered. What contradicts itself is drawn too; the gate refuses it.

Every draw is a choice among some items. Hypothesis chooses where a failure should shrink;
where requests are wanted by the hundred thousand, plain chance does, at a tenth of the cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import Protocol, TypeVar

from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode

from covergraph import days
from covergraph.namespaces import COV, RDF, REQUESTS, XSD
from covergraph.request.values import is_group
from covergraph.triples import Spo, Term
from tests.laws import stated, written
from tests.named import Named

HERE = REQUESTS["generated#"].value
REQUEST, PATIENT, PROCEDURE = (NamedNode(HERE + n) for n in ("request", "patient", "procedure"))

# Days on which calendar months are told from days.
AWKWARD = ("2020-02-29", "2021-02-28", "2021-05-31", "2022-08-31", "2024-02-29", "2024-12-30")
T = TypeVar("T")


def day_literal(day: date) -> Literal:
    return Literal(day.isoformat(), datatype=XSD.date)


def number(value: float) -> Literal:
    return Literal(f"{value:g}", datatype=XSD.decimal)


class Choose(Protocol):
    """Whatever picks one of some items."""

    def __call__(self, among: Sequence[T], /) -> T: ...


class Draft:
    """One request in the making: what was drawn, and what later draws have to agree with."""

    def __init__(self, choose: Choose, named: Named) -> None:
        self.choose, self.named, self.knowledge = choose, named, named.knowledge
        self.triples: list[Spo] = []
        self.deviations = choose(range(6))
        start = named.policy.effective_from
        usual = [d for d in map(date.fromisoformat, AWKWARD) if d >= start]
        edges = [start, start + timedelta(days=1), start - timedelta(days=1)]
        self.day = self.mostly([start + timedelta(days=900), *usual], edges)
        self.region: NamedNode = COV.LumbarRegion

    def mostly(self, good: Sequence[T], other: Sequence[T]) -> T:
        """Draw what is good, or something else as long as the request may deviate."""
        if good and (not other or not self.deviations or self.choose(range(12)) < 11):
            return self.choose(good)
        self.deviations -= bool(good)
        return self.choose(other)

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
        regions = self.named.instances_of(COV.SpinalRegion)
        elsewhere = [[r] for r in regions if r != self.region]
        both = [[self.region, *r] for r in elsewhere]
        for region in self.mostly([[self.region]], [[], *elsewhere, *both]):
            self.pain(region)
        for kind in self.named.concepts.get(COV.ofTherapy, []):
            self.therapy(kind)
        if self.named.earlier:
            cls = self.choose(self.named.earlier)
            for i in range(self.choose([0, 1, 2, 3])):
                another = self.mostly([cls], self.named.earlier)
                self.earlier(NamedNode(f"{HERE}earlier-{i}"), another, i)
        if self.mostly([False], [True]):
            planned = NamedNode(HERE + "planned")
            self.add(REQUEST, COV.alsoPlanned, planned)
            self.procedure(planned, COV.Procedure)
        return written(dict.fromkeys(self.triples))

    def procedure(self, node: NamedNode, cls: NamedNode) -> None:
        """Draw what is done and where: code or kind, then levels, region or neither."""
        t = self.knowledge.triples
        term = self.choose(self.named.procedures[cls])
        is_code = self.knowledge.is_a(term, COV.ProcedureCode)
        self.add(node, COV.hasProcedureCode if is_code else COV.hasKind, term)
        for add_on in t.subjects(COV.addOnTo, term)[: self.choose([0, 1])]:
            self.add(node, COV.hasProcedureCode, add_on)
        spans = t.objects(term, COV.spansRegion) or self.named.instances_of(COV.SpinalRegion)
        here = [r for r in spans if r == self.region] if node != PROCEDURE else []
        region = self.mostly(here or spans, spans)
        assert isinstance(region, NamedNode)
        if node == PROCEDURE:
            self.region = region
        # Levels without a joint go with some codes only.
        lacking = {level for level, _ in t.pairs(COV.lacksJoint)}
        levels = sorted(set(t.subjects(COV.inRegion, region)) - lacking, key=str)
        how = self.mostly(["levels", "region"], ["both", "nothing"])
        if levels and how in ("levels", "both"):
            bounds = [n for b in self.named.numbers for n in (b, b + 1) if n <= len(levels)]
            for level in levels[: self.mostly([1, 2], bounds)]:
                self.add(node, COV.treatsLevel, level)
        if how in ("region", "both") or (how == "levels" and not levels):
            self.add(node, COV.treatsRegion, region)

    def described(self, node: NamedNode, role: NamedNode) -> None:
        """Draw the concepts and numbers of a record, as the ontology lets it state them."""
        special = {COV.hasProcedureCode, COV.hasKind, COV.treatsRegion}
        special |= {COV.treatsLevel, COV.treatsNerve}
        for p, declared in self.knowledge.properties.items():
            if (
                role not in declared.stated_of
                or p in special
                or declared.takes in self.named.records
            ):
                continue
            if declared.value_type == XSD.decimal and declared.highest is not None:
                bounds = [n for n in self.named.numbers if n <= declared.highest] or [0]
                beside = [n + d for n in bounds for d in (-1, -0.5, 0, 1)]
                value = self.mostly([max(bounds), declared.highest], [None, 0, *beside])
                fits = value is not None and 0 <= value <= declared.highest
                self.add(node, p, number(value) if fits and value is not None else None)
            elif declared.takes and declared.takes not in (COV.NamedFact, COV.SpinalRegion):
                wanted = self.named.concepts.get(p, [])
                close = [c for w in wanted for c in self.named.near(w)]
                other = [None, *close, *self.named.instances_of(declared.takes)[:12]]
                if p == COV.hasIntent:
                    wanted, other = self.fitting(node, wanted), self.fitting(node, other)
                self.add(node, p, self.mostly(wanted or [None], other))

    def fitting(self, node: NamedNode, intents: Sequence[T]) -> list[T]:
        """Return the intents that no code or kind drawn for a procedure rules out."""
        means = [
            o for s, p, o in self.triples if s == node and p in (COV.hasProcedureCode, COV.hasKind)
        ]
        never = {i for m in means for i in self.knowledge.triples.objects(m, COV.rulesOutIntent)}
        return [i for i in intents if i not in never]

    def facts(self, node: NamedNode, role: NamedNode) -> None:
        """Draw what the record says of each fact that a shape asks about."""
        for fact, wanted in self.named.facts.items():
            declared = self.knowledge.facts[fact]
            if declared.stated_of != role or fact in self.named.instances_of(COV.TherapyKind):
                continue
            silent = declared.silence == COV.Absent or not wanted
            usual = (None, None) if silent else (COV.affirms, fact)
            near = [f for f in self.named.near(fact) if f in self.knowledge.facts]
            said = [(how, f) for f in near for how in (COV.affirms, COV.denies)]
            p, o = self.mostly([usual], [(None, None), *said])
            if p is not None:
                self.add(node, p, o)

    def back(self, start: date, further: int = 0) -> date:
        """Draw a day that lies the longest bound back or more, or a day beside any bound."""
        bounds = sorted(self.named.durations, key=lambda d: days.before(start, d)) or ["P30D"]
        enough = [(bounds[0], -60 - further), (bounds[0], -further)]
        beside = [(bound, offset) for bound in bounds for offset in (-1, 0, 1)]
        bound, offset = self.mostly(enough, beside)
        return days.before(start, bound) + timedelta(days=offset)

    def pain(self, region: NamedNode) -> None:
        node = NamedNode(f"{HERE}pain-{region.value.rpartition('#')[2]}")
        self.add(PATIENT, COV.hasPain, node)
        self.add(node, COV.inRegion, region)
        if self.mostly([True], [False]):
            self.add(node, COV.onsetDate, day_literal(self.back(self.day)))
        self.described(node, COV.PainRecord)
        self.facts(node, COV.PainRecord)

    def therapy(self, group: NamedNode) -> None:
        """Draw the courses of one kind of therapy, a denial, or nothing."""
        kinds = [c for c, up in self.knowledge.broader.items() if group in up]
        kinds = [c for c in kinds if not is_group(c, self.knowledge)] or [group]
        for i in range(self.mostly([1], [0, 2])):
            kind = self.choose(sorted(kinds, key=str))
            node = NamedNode(f"{HERE}{group.value.rpartition('#')[2]}-{i}")
            end = self.day - timedelta(days=self.mostly([7], [0, 400]))
            start = self.back(end + timedelta(days=1))
            self.add(PATIENT, COV.hadTherapy, node)
            self.add(node, COV.ofTherapy, kind)
            self.add(node, COV.startedOn, self.mostly([day_literal(start)], [None]))
            self.add(node, COV.endedOn, self.mostly([day_literal(end)], [None]))
            outcomes = self.named.instances_of(COV.TherapyOutcome)
            wanted = self.named.concepts.get(COV.hadOutcome, [])
            self.add(node, COV.hadOutcome, self.mostly(wanted, [None, *outcomes]))
            if self.knowledge.is_a(kind, COV.RegionalTherapy):
                elsewhere = [None, *self.named.instances_of(COV.SpinalRegion)]
                self.add(node, COV.treatsRegion, self.mostly([self.region], elsewhere))
        done = {o for _, p, o in self.triples if p == COV.ofTherapy}
        for kind in [k for k in (group, *kinds) if not done & {*kinds}]:
            if self.mostly([False], [True]):
                self.add(PATIENT, COV.denies, kind)

    def earlier(self, node: NamedNode, cls: NamedNode, index: int) -> None:
        """Draw an earlier procedure and the response to it."""
        on = self.back(self.day, further=40 * index)
        self.add(PATIENT, COV.underwent, node)
        self.add(node, COV.performedOn, day_literal(on))
        self.procedure(node, cls)
        self.described(node, COV.EarlierProcedure)
        self.facts(node, COV.EarlierProcedure)
        bound = self.choose(self.named.durations or ["P30D"])
        until = days.first_day_after(on, bound)
        until += timedelta(days=self.mostly([0, 30], [-1, -20]))
        if on <= until <= self.day and self.mostly([True], [False]):
            self.add(node, COV.reliefLastedUntil, day_literal(until))


@st.composite
def requests(draw: st.DrawFn, named: Named) -> bytes:
    """Return a request that is made of what a policy's shapes name."""
    return Draft(by_hypothesis(draw), named).request()


@st.composite
def changed(draw: st.DrawFn, named: Named, originals: Sequence[bytes]) -> bytes:
    """Return one of some requests with a few of its statements changed."""
    return one_changed(by_hypothesis(draw), named, originals)


def by_hypothesis(draw: st.DrawFn) -> Choose:
    def choose(among: Sequence[T], /) -> T:
        return draw(st.sampled_from(among))

    return choose


def by_chance(chance: Random, named: Named, originals: Sequence[bytes]) -> bytes:
    """Return a request made of what the shapes name, or as often one of some others, changed."""
    if chance.random() < 0.5:
        return Draft(chance.choice, named).request()
    return one_changed(chance.choice, named, originals)


def one_changed(choose: Choose, named: Named, originals: Sequence[bytes]) -> bytes:
    """Change a request in one to three places; without any to change, make one."""
    if not originals:
        return Draft(choose, named).request()
    triples = list(stated(choose(originals)))
    for _ in range(choose((1, 2, 3))):
        at, options = choose([*changeable(triples, named)])
        instead = choose(options)
        triples[at : at + 1] = [] if instead is None else [instead]
    return written(dict.fromkeys(triples))


def changeable(triples: Sequence[Spo], named: Named) -> Iterator[tuple[int, list[Spo | None]]]:
    """Yield the places of what may be said otherwise, with what may be said instead."""
    for at, (s, p, o) in enumerate(triples):
        declared = named.knowledge.properties.get(p)
        if declared is None or p in (COV.hasProcedureCode, COV.hasKind):
            continue
        options: list[Spo | None] = [(s, q, v) for q, v in instead_of(p, o, named)]
        if options:
            yield at, options if declared.required_of else [None, *options]


def instead_of(p: NamedNode, o: Term, named: Named) -> list[tuple[NamedNode, Term]]:
    """Return what a statement may be changed to: a neighbouring value, or its opposite."""
    declared = named.knowledge.properties[p]
    if declared.takes in named.records:
        return []
    if p in (COV.affirms, COV.denies):
        return [(COV.denies if p == COV.affirms else COV.affirms, o)]
    if declared.value_type == XSD.date:
        day = date.fromisoformat(days.ends(o.value)[0])
        near = [day + timedelta(days=d) for d in (-1, 1, -30, 30)]
        near += [days.before(day, bound) for bound in named.durations]
        return [(p, day_literal(d)) for d in near]
    if declared.value_type == XSD.decimal:
        return [(p, number(v)) for n in named.numbers for v in (n, n - 1, n + 1)]
    if declared.takes is None:
        return []
    wanted = named.concepts.get(p, [])
    return [(p, c) for c in (*wanted, *named.instances_of(declared.takes)[:20])]
