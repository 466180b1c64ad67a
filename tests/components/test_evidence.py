"""Evidence: what an answer shows of a component's leaf is what, changed, would change it.

A story is told to a leaf, and told again with one statement taken away or changed. Where the
verdict is then another, the statement is among those that are shown, or links a record that
is. What makes a record one of a class, its code or kind, is not changed: any record could
then be one. Nor is what the whole answer is about: the date of service and the region. And
of each component something that is shown does matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, serialize

from covergraph.decision.evidence import Reads
from covergraph.decision.statements import Statement, Statements, text_of
from covergraph.errors import InputError
from covergraph.facts.history import rules_of, view_of
from covergraph.judge import Verdict
from covergraph.judge.compiled import CompiledJudge
from covergraph.judge.components import makers
from covergraph.namespaces import COV, RDF, XSD, local_name
from covergraph.plain import value_of
from covergraph.triples import Spo, Term, Triples
from tests.components import test_each_response as each
from tests.components import test_earlier_sessions as counted
from tests.components import test_elapsed as elapsed
from tests.components import test_latest_response as latest
from tests.components import test_maximum_sessions as most
from tests.components import test_minimum_interval as interval
from tests.components import test_responding_sessions as responding
from tests.components import test_technique_changed as technique
from tests.components import test_therapy_course as therapy
from tests.components import test_without_response as without
from tests.components.completions import partial_histories
from tests.components.histories import (
    BY_CONVENTIONAL,
    CONVENTIONAL,
    History,
    Response,
    Session,
    Span,
    session,
    told,
    turtle,
)
from tests.components.support import bench, facts_of, policy_of, prepared_of, request

Story = tuple[str, str]
YEAR = Span(months=12)
HALF = Response(relief=50)


def history(leaf: str, *sessions: Session) -> Story:
    return leaf, told("2024-06-15", *sessions)


def earlier(leaf: str, last: str, now: str, on: str = "2024-06-01") -> Story:
    """Return a leaf, and a request with one earlier procedure."""
    more = f':earlier {last} ; cov:performedOn "{on}"^^xsd:date .'
    return leaf, request(procedure=now, patient="cov:underwent :earlier", more=more)


def planned(leaf: str, other: str) -> Story:
    """Return a leaf, and a request with a procedure planned beside the one asked for."""
    visit = "cov:alsoPlanned :other ;"
    return leaf, request(procedure=technique.SILENT, visit=visit, more=f":other {other} .")


POOR, GOOD = session("2024-01-10", relief=20), session("2024-01-10", relief=80)
UNSURE = session("2024-06-10", technique="Radiofrequency", relief=20)
LEVEL = "cov:levelChangedSince cov:EpiduralInjection ; cov:regionScope cov:SameRegion"
AT_L4, AT_L5 = (f"{technique.SILENT} ; cov:treatsLevel cov:{level}" for level in ("L4-L5", "L5-S1"))
FIRST = f"cov:ofProcedure cov:FacetJointDenervation {BY_CONVENTIONAL.turtle}"
SIDES = (
    "cov:maximumSessions 1 ; cov:ofProcedure cov:FacetJointDenervation ;"
    f" cov:regionScope cov:SameRegion ; cov:sidesMergedWithin {Span(days=30).turtle}"
)
LEFT, RIGHT = (
    "cov:hasKind code:facet-joint-denervation ; cov:treatsRegion cov:LumbarRegion ;"
    f" cov:treatsLevel cov:L4-L5 ; cov:onSide cov:{side}"
    for side in ("Left", "Right")
)
FACET = "cov:hasKind code:facet-joint-injection"
PLANNED = "cov:notAlsoPlanned cov:FacetJointInjection ; cov:regionScope"
BETWEEN = (
    f"cov:betweenLessThan {YEAR.turtle} ; cov:sinceDate cov:birthDate ; cov:untilDate cov:onsetDate"
)
BORN_AND_ILL = request(
    procedure=technique.SILENT,
    patient='cov:hasPain :pain ; cov:birthDate "1990-05-05"^^xsd:date',
    more=':pain cov:inRegion cov:LumbarRegion ; cov:onsetDate "1991-05-04"^^xsd:date .',
)
PAIN = elapsed.pain("2024-06-15", "2024-03-15")

STORIES: dict[str, list[Story]] = {
    "MinimumIntervalComponent": [
        history(interval.spacing(which=BY_CONVENTIONAL), UNSURE),
        history(interval.spacing(), session("2024-06-10"), GOOD),
    ],
    "MinimumEarlierSessionsComponent": [history(counted.sessions("minimum", 1, YEAR), GOOD)],
    "MaximumEarlierSessionsComponent": [history(counted.sessions("maximum", 0, YEAR), GOOD)],
    "MaximumSessionsComponent": [history(most.limit(1), GOOD), earlier(SIDES, LEFT, RIGHT)],
    "FirstSessionLessThanComponent": [
        history(f"cov:firstSessionLessThan {YEAR.turtle} ; {FIRST}", GOOD),
        history(f"cov:firstSessionLessThan {YEAR.turtle} ; {FIRST}", UNSURE),
    ],
    "FirstSessionAtLeastComponent": [
        history(
            f"cov:firstSessionAtLeast {YEAR.turtle} ; {FIRST}",
            session("2023-01-10", technique=CONVENTIONAL),
        )
    ],
    "RespondingSessionsComponent": [
        history(responding.responding(1, HALF), GOOD),
        history(responding.responding(1, Response(50, YEAR, True)), GOOD),
    ],
    "MaximumWithoutResponseComponent": [
        history(without.failing(1, HALF), POOR),
        history(without.failing(1, HALF, BY_CONVENTIONAL), UNSURE),
    ],
    "EachSessionComponent": [history(each.each(HALF), GOOD, UNSURE)],
    "LatestSessionComponent": [history(latest.latest(HALF), GOOD, UNSURE)],
    "LevelChangedComponent": [
        earlier(LEVEL, AT_L4, AT_L5),
        earlier(LEVEL, AT_L4, AT_L4),
        earlier(LEVEL, technique.SILENT, AT_L4),
    ],
    "TechniqueChangedComponent": [
        earlier(technique.CHANGED, technique.INTERLAMINAR, technique.CAUDAL),
        earlier(technique.CHANGED, technique.TRANSFORAMINAL, technique.INTERLAMINAR),
        earlier(technique.CHANGED, technique.BY_CODE_ALONE, technique.CAUDAL),
    ],
    "NotAlsoPlannedComponent": [
        planned(f"{PLANNED} cov:AnyRegion", FACET),
        planned(f"{PLANNED} cov:SameRegion", f"{FACET} ; cov:treatsRegion cov:LumbarRegion"),
        planned(f"{PLANNED} cov:OtherRegion", f"{FACET} ; cov:treatsRegion cov:LumbarRegion"),
    ],
    "TherapyCourseComponent": [
        (therapy.course(), therapy.told(therapy.days(42), denied=therapy.ALL_OTHER_KINDS)),
        (therapy.course(), therapy.told(therapy.days(41), denied=therapy.ALL_OTHER_KINDS)),
        (
            therapy.course(therapy.MEDICATION, Span(days=21)),
            therapy.told(therapy.days(30, kind=therapy.NSAID), therapy.days(9)),
        ),
    ],
    "MinimumElapsedComponent": [(elapsed.elapsed("minimumElapsed", Span(months=3)), PAIN)],
    "ElapsedLessThanComponent": [
        (elapsed.elapsed("elapsedLessThan", Span(months=3)), PAIN),
        (elapsed.elapsed("elapsedLessThan", YEAR, "birthDate"), BORN_AND_ILL),
    ],
    "BetweenLessThanComponent": [(BETWEEN, BORN_AND_ILL)],
}
# What the whole answer is about, and what makes a record one of a class.
ABOUT = {COV.dateOfService, COV.inRegion}
KINDS = {COV.hasProcedureCode, COV.hasKind, COV.ofTherapy, RDF.type}
ENDS = {COV.requestsProcedure, COV.hasPatient}
AGO = (0, 1, 14, 400, 2000)


def asked(leaf: str, data: bytes) -> tuple[Verdict, Statements, Triples]:
    """Return the verdict on a leaf, what is shown of it, and what the request states."""
    policy, known = policy_of(leaf), bench().knowledge
    read, triples = facts_of(data.decode())
    prepared = prepared_of(read, triples)
    view = view_of(rules_of(policy, known), prepared.facts, prepared.facts.day)
    (criterion,) = policy.leaves
    verdicts = judge()(policy, prepared.seen_by(view))
    return verdicts[criterion.iri], reads().facts_read(criterion, prepared.facts), read.triples


@cache
def judge() -> CompiledJudge:
    return CompiledJudge(bench().knowledge)


@cache
def reads() -> Reads:
    return Reads(bench().knowledge)


def changes(triples: Triples, procedure: Term) -> Iterator[tuple[Spo, Triples]]:
    """Yield each statement that may be changed with the request that lacks or changes it."""
    for triple in triples:
        s, p, o = triple
        region_asked = s == procedure and p == COV.treatsRegion
        if p in ABOUT | KINDS | ENDS or region_asked:
            continue
        for other in [None, *others(s, p, o)]:
            changed = Triples(t for t in triples if t != triple)
            if other is not None:
                changed.add(*other)
            yield triple, changed


def others(s: Term, p: NamedNode, o: Term) -> Iterator[Spo]:
    """Yield what might have been stated in the place of a statement."""
    assert isinstance(s, NamedNode)
    if isinstance(o, Literal):
        if o.datatype == XSD.date:
            for days in AGO:
                day = date(2024, 6, 15) - timedelta(days=days)
                yield s, p, Literal(day.isoformat(), datatype=XSD.date)
        else:
            yield from ((s, p, Literal(n, datatype=XSD.integer)) for n in ("0", "50", "100"))
    elif p in (COV.affirms, COV.denies):
        yield s, COV.denies if p == COV.affirms else COV.affirms, o
    elif (cls := bench().knowledge.properties[p].takes) is not None:
        yield from ((s, p, i) for i in bench().knowledge.instances_of(cls) if i != o)


def mattering(leaf: str, story: str) -> tuple[set[Spo], Statements]:
    """Return the statements that, changed, change the verdict, and those that are shown."""
    before, shown, stated = asked(leaf, story.encode())
    (procedure,) = [o for _, o in stated.pairs(COV.requestsProcedure)]
    found: set[Spo] = set()
    for triple, changed in changes(stated, procedure):
        if triple not in found:
            data = serialize([Triple(*t) for t in changed], format=RdfFormat.N_TRIPLES)
            assert data is not None
            try:
                if asked(leaf, data)[0] is not before:
                    found.add(triple)
            except InputError:
                pass
    return found, shown


def unshown(found: set[Spo], shown: Statements) -> list[str]:
    """Return what changes a verdict and is not shown, nor links a record that is."""
    records = {s.record for s in shown}
    return [
        f"{local_name(s.value)} {local_name(p.value)} {local_name(o.value)}"
        for s, p, o in found
        if statement((s, p, o)) not in shown and (o.value not in records or isinstance(o, Literal))
    ]


def statement(triple: Spo) -> Statement:
    s, p, o = triple
    return Statement(s.value, p.value, text_of(value_of(o)))


@pytest.mark.parametrize("component", sorted(STORIES))
def test_what_changes_a_verdict_is_shown_and_something_shown_does(component: str) -> None:
    matters = False
    for leaf, story in STORIES[component]:
        found, shown = mattering(leaf, story)
        assert unshown(found, shown) == []
        (criterion,) = policy_of(leaf).leaves
        assert criterion.component and local_name(criterion.component.value) == component
        matters = matters or any(statement(t) in shown for t in found)
    assert matters, "nothing that is shown would change the verdict"


def test_every_component_has_its_stories() -> None:
    assert STORIES.keys() == makers().keys()


RULES = [
    rule
    for tests in (interval, counted, most, responding, without, each, latest)
    for rule in tests.RULES
]


@given(st.sampled_from(RULES), partial_histories(Span(months=4), YEAR))
@settings(max_examples=12, deadline=None)
def test_what_changes_a_verdict_on_a_history_is_shown(
    rule: interval.Rule, histories: tuple[History, History]
) -> None:
    for told_of in histories:
        found, shown = mattering(rule.leaf, turtle(told_of))
        assert unshown(found, shown) == []
