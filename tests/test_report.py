"""An answer as RDF: a report that the SHACL standard knows, and a decision in our own terms."""

from __future__ import annotations

from pathlib import Path

import pyshacl
import pytest
import rdflib
from pyoxigraph import Literal, NamedNode, RdfFormat, parse
from rdflib import RDF, SH

from covergraph.decision.decide import Decision
from covergraph.engine import Answer, Reasoner
from covergraph.namespaces import COV, PROV, SKOS, XSD
from covergraph.render.data import Recorder
from covergraph.render.graph import decision_graph, validation_report, written
from covergraph.triples import Triples
from tests.tools.case_files import CASES, load_case
from tests.variations import CENTENE, EARLY, GM070, answered, example

# What the SHACL recommendation (section 3.6) says of a report and of its results.
STANDARD = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix : <urn:test:standard#> .

:report a sh:NodeShape ;
    sh:targetClass sh:ValidationReport ;
    sh:property
        [ sh:path sh:conforms ; sh:minCount 1 ; sh:maxCount 1 ; sh:datatype xsd:boolean ] ,
        [ sh:path sh:result ; sh:class sh:ValidationResult ] ;
    sh:xone ( [ sh:property [ sh:path sh:conforms ; sh:hasValue true ] ,
                            [ sh:path sh:result ; sh:maxCount 0 ] ]
              [ sh:property [ sh:path sh:conforms ; sh:hasValue false ] ,
                            [ sh:path sh:result ; sh:minCount 1 ] ] ) .

:result a sh:NodeShape ;
    sh:targetClass sh:ValidationResult ;
    sh:property
        [ sh:path sh:focusNode ; sh:minCount 1 ; sh:maxCount 1 ] ,
        [ sh:path sh:resultSeverity ; sh:minCount 1 ; sh:maxCount 1 ;
          sh:in ( sh:Info sh:Warning sh:Violation ) ] ,
        [ sh:path sh:sourceConstraintComponent ; sh:minCount 1 ; sh:maxCount 1 ;
          sh:nodeKind sh:IRI ] ,
        [ sh:path sh:resultMessage ; sh:minCount 1 ; sh:uniqueLang true ;
          sh:or ( [ sh:datatype xsd:string ]
                  [ sh:datatype <http://www.w3.org/1999/02/22-rdf-syntax-ns#langString> ] ) ] ,
        [ sh:path sh:sourceShape ; sh:maxCount 1 ; sh:nodeKind sh:IRI ] ,
        [ sh:path sh:value ; sh:maxCount 1 ] ,
        [ sh:path sh:resultPath ; sh:maxCount 1 ] ,
        [ sh:path [ sh:inversePath sh:result ] ; sh:minCount 1 ; sh:maxCount 1 ] .
"""
C, G = CASES / CENTENE / "2019-07-01", CASES / GM070 / "2019-08-01"
STORIES: dict[Path, tuple[str, Decision]] = {
    C / "first-lumbar-block.ttl": (CENTENE, Decision.COVERED),
    C / "initial-lumbar-neurotomy.ttl": (CENTENE, Decision.COVERED),
    C / "therapeutic-injection.ttl": (CENTENE, Decision.NOT_COVERED),
    C / "no-conservative-therapy-at-all.ttl": (CENTENE, Decision.NOT_COVERED),
    C / "three-gaps.ttl": (CENTENE, Decision.NEEDS_INFORMATION),
    C / "unlisted-diagnosis-and-imaging-silent.ttl": (CENTENE, Decision.NEEDS_INFORMATION),
    C / "diagnosis-not-listed.ttl": (CENTENE, Decision.NEEDS_REVIEW),
    C / "day-before-the-policy.ttl": (CENTENE, Decision.OUT_OF_SCOPE),
    C / "epidural-injection-is-another-family.ttl": (CENTENE, Decision.OUT_OF_SCOPE),
    G / "sacroiliac-injection.ttl": (GM070, Decision.COVERED),
    G / "lumbar-first-injection.ttl": (GM070, Decision.NOT_COVERED),
    G / "lumbar-first-exceptional.ttl": (GM070, Decision.NEEDS_REVIEW),
    G / "lumbar-first-exceptional-evidence-unstated.ttl": (GM070, Decision.NEEDS_INFORMATION),
    G / "injection-technique-unstated.ttl": (GM070, Decision.NEEDS_INFORMATION),
    G / "externally-funded-trial.ttl": (GM070, Decision.OUT_OF_SCOPE),
    G / "medial-branch-block.ttl": (GM070, Decision.OUT_OF_SCOPE),
}
NOT_COVERED_STORIES = [s for s, (_, d) in STORIES.items() if d is not Decision.COVERED]


@pytest.fixture(scope="module")
def answers(reasoner: Reasoner) -> dict[Path, Answer]:
    """The answer to every story, each judged once."""
    return {
        story: answered(reasoner, load_case(story).request_ttl, key)
        for story, (key, _) in STORIES.items()
    }


def as_rdflib(graph: Triples, form: str = "text/turtle") -> rdflib.Graph:
    """Return a graph as another program reads what was written."""
    text = written(graph, form)
    return rdflib.Graph().parse(data=text, format=form)


def test_stories_hold_all_five_decisions(answers: dict[Path, Answer]) -> None:
    assert {story: a.decision for story, a in answers.items()} == {
        story: decision for story, (_, decision) in STORIES.items()
    }
    assert {a.decision for a in answers.values()} == set(Decision)


# --- The validation report ----------------------------------------------------------------


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_report_is_what_the_standard_asks(answers: dict[Path, Answer], story: Path) -> None:
    report = as_rdflib(validation_report(answers[story]))
    shapes = rdflib.Graph().parse(data=STANDARD, format="turtle")
    conforms, _, text = pyshacl.validate(report, shacl_graph=shapes, inference="none")
    assert conforms, text
    assert len(list(report.subjects(RDF.type, SH.ValidationReport))) == 1


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_report_conforms_exactly_when_covered(answers: dict[Path, Answer], story: Path) -> None:
    answer = answers[story]
    report = as_rdflib(validation_report(answer))
    (conforms,) = report.objects(None, SH.conforms)
    assert conforms.toPython() is (answer.decision is Decision.COVERED)
    assert {str(n) for n in report.objects(None, SH.focusNode)} <= {answer.request.iri.value}


@pytest.mark.parametrize("story", NOT_COVERED_STORIES, ids=lambda path: path.stem)
def test_results_are_the_criteria_that_the_answer_turns_on(
    answers: dict[Path, Answer], story: Path
) -> None:
    answer = answers[story]
    report = as_rdflib(validation_report(answer))
    shapes = {str(s) for s in report.objects(None, SH.sourceShape)}
    turning = {*answer.deciding, *(c for way in answer.missing for c in way)}
    assert shapes == {c.iri.value for c in turning}
    for criterion in turning:
        (result,) = report.subjects(SH.sourceShape, rdflib.URIRef(criterion.iri.value))
        message = str(report.value(result, SH.resultMessage))
        assert criterion.label in message
        assert all(c.section in message for c in criterion.citations)


@pytest.mark.parametrize(
    ("story", "severity"),
    [
        ("therapeutic-injection", SH.Violation),
        ("no-conservative-therapy-at-all", SH.Violation),
        ("diagnosis-not-listed", SH.Violation),
        ("three-gaps", SH.Warning),
        ("day-before-the-policy", SH.Info),
    ],
)
def test_severity_tells_not_met_from_not_documented(
    answers: dict[Path, Answer], story: str, severity: rdflib.URIRef
) -> None:
    report = as_rdflib(validation_report(answers[C / f"{story}.ttl"]))
    assert set(report.objects(None, SH.resultSeverity)) == {severity}


def test_report_says_why_no_policy_speaks(answers: dict[Path, Answer]) -> None:
    answer = answers[C / "day-before-the-policy.ttl"]
    report = as_rdflib(validation_report(answer))
    assert [str(m) for m in report.objects(None, SH.resultMessage)] == [answer.reason]


def test_reports_of_several_answers_stay_apart_in_one_graph(answers: dict[Path, Answer]) -> None:
    together = Triples()
    for answer in answers.values():
        together.update(validation_report(answer))
    graph = as_rdflib(together)
    assert len(list(graph.subjects(RDF.type, SH.ValidationReport))) == len(answers)
    shapes = rdflib.Graph().parse(data=STANDARD, format="turtle")
    conforms, _, text = pyshacl.validate(graph, shacl_graph=shapes, inference="none")
    assert conforms, text


# --- The decision ---------------------------------------------------------------------------


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_decision_says_in_rdf_what_the_answer_says(
    reasoner: Reasoner, answers: dict[Path, Answer], story: Path
) -> None:
    answer = answers[story]
    graph = decision_graph(answer, Recorder(reasoner.knowledge))
    (decision,) = graph.instances(COV.Decision)
    (outcome,) = graph.objects(decision, COV.hasOutcome)
    assert reasoner.knowledge.triples.text(outcome, SKOS.notation) == answer.decision.value
    assert graph.objects(decision, COV.onRequest) == [answer.request.iri]
    assert graph.text(decision, COV.requestHash) == answer.request.digest
    assert set(graph.objects(decision, COV.decidedBy)) == {c.iri for c in answer.deciding}
    missing = {c.iri for way in answer.missing for c in way}
    assert set(graph.objects(decision, COV.isMissing)) == missing
    assert bool(graph.objects(decision, COV.worstOutcome)) is (answer.value is not None)
    if answer.policy is None:
        assert not graph.objects(decision, COV.hasJudgement)
        return
    assert graph.objects(decision, COV.underPolicy) == [answer.policy.iri]
    assert answer.policy.iri in graph.objects(decision, PROV.wasDerivedFrom)
    judged = {
        graph.value(j, COV.onCriterion): graph.value(j, COV.hasVerdict)
        for j in graph.objects(decision, COV.hasJudgement)
    }
    assert answer.valuation is not None
    assert judged == {
        c.iri: answer.valuation.verdict(c).iri for c in answer.policy.criteria.values()
    }


def test_decision_carries_date_and_funding(reasoner: Reasoner, answers: dict[Path, Answer]) -> None:
    recorder = Recorder(reasoner.knowledge)
    early = decision_graph(answered(reasoner, example(EARLY)), recorder)
    (decision,) = early.instances(COV.Decision)
    assert early.objects(decision, COV.earliestDate) == [Literal("2024-05-13", datatype=XSD.date)]
    funded = decision_graph(answers[G / "sacroiliac-injection.ttl"], recorder)
    (decision,) = funded.instances(COV.Decision)
    assert funded.objects(decision, COV.fundedBy) == [COV.IndividualPriorApproval]


def test_decision_states_only_what_the_ontology_declares(
    reasoner: Reasoner, answers: dict[Path, Answer]
) -> None:
    declared = set(reasoner.knowledge.triples.nodes())
    for answer in answers.values():
        for _, p, o in decision_graph(answer, Recorder(reasoner.knowledge)):
            for term in (p, o):
                ours = isinstance(term, NamedNode) and term.value.startswith(COV)
                assert not ours or term in declared, term


# --- How graphs are written -------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
@pytest.mark.parametrize("form", ["text/turtle", "application/ld+json"])
def test_what_is_written_reads_back_the_same(
    reasoner: Reasoner, answers: dict[Path, Answer], form: str
) -> None:
    """By our parser and by another; nothing is written that has no name."""
    syntax = RdfFormat.from_media_type(form)
    for answer in answers.values():
        for graph in (
            decision_graph(answer, Recorder(reasoner.knowledge)),
            validation_report(answer),
        ):
            text = written(graph, form)
            assert text.endswith("\n") or form != "text/turtle"
            back = Triples((t.subject, t.predicate, t.object) for t in parse(text, format=syntax))
            assert set(back) == set(graph)
            assert len(as_rdflib(graph, form)) == len(graph)


def test_order_of_a_graph_does_not_show(answers: dict[Path, Answer]) -> None:
    for answer in answers.values():
        graph = validation_report(answer)
        for form in ("text/turtle", "application/ld+json"):
            assert written(Triples(reversed(list(graph))), form) == written(graph, form)
