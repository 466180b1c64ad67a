"""What a record says of its own lists: that they are all there was, or only what is known.

A list that is said to be complete settles, and never unsettles; one that is known only in part
leaves open what it may leave out, which stands as one further record that both judges see.
"""

from __future__ import annotations

import json

import pytest
from pyoxigraph import NamedNode

from covergraph.engine import Reasoner
from covergraph.judge.reference import ReferenceJudge
from covergraph.judge.valuation import Verdict
from covergraph.namespaces import CODE, COV, RDF
from covergraph.triples import Spo, Triples
from tests.both_ways import at_length, quickly
from tests.gate_requests import MINIMAL_JSON, more, refusal
from tests.laws import AnswerOf, narrows, stated, told, written
from tests.tools.case_files import Case

LISTS = ("EarlierProcedures", "Therapies", "Diagnoses", "PlannedProcedures")
PART = "[ cov:aboutList cov:{} ; {} ]"


def said(how: str, about: str, of: str = "patient") -> bytes:
    return more(f":{of} cov:{how}For {about} .")


def further(data: bytes) -> list[dict[NamedNode, set[str]]]:
    """Return the records that stand for what lists may leave out."""
    triples = at_length(data).triples
    return [
        {p: {o.value for o in values} for p, values in triples.predicates(node).items()}
        for node in triples.instances(COV.FurtherProcedure)
    ]


# --- What is read ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "fragment"),
    [
        (
            more(":patient cov:completeFor cov:Therapies ; cov:partialFor cov:Therapies ."),
            "the patient: cov:Therapies is said to be both complete and partial",
        ),
        (
            more(
                ":patient cov:completeFor cov:EarlierProcedures ; cov:partialFor "
                + PART.format("EarlierProcedures", "cov:aboutProcedures code:facet-joint-injection")
                + " ."
            ),
            "cov:EarlierProcedures is said to be both complete and partial",
        ),
        (
            more(
                ":patient cov:completeFor "
                + PART.format("EarlierProcedures", "cov:aboutProcedures cov:SpinalInjection")
                + " ; cov:partialFor "
                + PART.format("EarlierProcedures", "cov:aboutProcedures code:medial-branch-block")
                + " ."
            ),
            "cov:EarlierProcedures is said to be both complete and partial",
        ),
        (
            more(
                ":patient cov:completeFor "
                + PART.format("Therapies", "cov:aboutTherapy cov:ActiveTherapy")
                + " ; cov:partialFor "
                + PART.format("Therapies", "cov:aboutTherapy cov:PhysicalTherapy")
                + " ."
            ),
            "cov:Therapies is said to be both complete and partial",
        ),
        (
            said(
                "complete",
                PART.format("EarlierProcedures", "cov:aboutProcedures cov:EarlierProcedure"),
            ),
            "cov:aboutProcedures: cov:EarlierProcedure is not a procedure kind",
        ),
        (
            said(
                "complete",
                PART.format("EarlierProcedures", "cov:aboutProcedures code:FacetJointInjection"),
            ),
            "did you mean cov:FacetJointInjection?",
        ),
        (
            said("complete", "cov:PlannedProcedures"),
            "cov:PlannedProcedures is a list of the coverage request (state cov:completeFor there)",
        ),
        (
            said("partial", "cov:EarlierProcedures", "request"),
            "cov:EarlierProcedures is a list of the patient",
        ),
        (said("complete", "cov:LumbarRegion"), "leads to no record (such as cov:Diagnoses)"),
        (
            said("complete", "[ cov:aboutProcedures code:facet-joint-injection ]"),
            "cov:aboutList is missing",
        ),
        (
            said("complete", PART.format("Therapies", "cov:aboutProcedures code:acupuncture")),
            "cov:aboutProcedures does not narrow cov:Therapies",
        ),
        (
            said("complete", PART.format("Diagnoses", "cov:since '2024-01-01'^^xsd:date")),
            "cov:since does not narrow cov:Diagnoses",
        ),
        (
            said("complete", PART.format("Therapies", "cov:since '2026'^^xsd:gYear")),
            "cov:since is after the date of service",
        ),
        (
            json.dumps(MINIMAL_JSON | {"alsoPlanned": [], "cov:alsoPlanned": None}).encode(),
            "alsoPlanned: is stated under another name too",
        ),
    ],
)
def test_what_cannot_be_said_of_a_list_is_refused(data: bytes, fragment: str) -> None:
    message = refusal(data)
    assert fragment in message and "\n" not in message


@pytest.mark.parametrize(("value", "how"), [([], COV.completeFor), (None, COV.partialFor)])
def test_json_says_it_with_an_empty_list_and_null(value: object, how: NamedNode) -> None:
    patient = {"id": "gate#patient", "underwent": value, "hadTherapy": value, "hasDiagnosis": value}
    data = json.dumps(MINIMAL_JSON | {"hasPatient": patient, "alsoPlanned": value}).encode()
    found = at_length(data, "application/json").request.triples.pairs(how)
    assert sorted(o.value for _, o in found) == sorted(COV[name].value for name in LISTS)
    assert quickly(data, "application/json") is None


def test_an_empty_list_of_what_is_no_list_of_the_record_states_nothing() -> None:
    """Programs write an empty list for whatever nobody filled in."""
    empty = {"affirms": [], "denies": [], "hasPain": []}
    data = json.dumps(MINIMAL_JSON | {"hasPatient": {"id": "gate#patient"} | empty}).encode()
    bare = json.dumps(MINIMAL_JSON | {"hasPatient": {"id": "gate#patient"}}).encode()
    assert set(at_length(data, "application/json").request.triples) == set(
        at_length(bare, "application/json").request.triples
    )


# --- What follows ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("about", "silent"),
    [
        ("", True),
        ("cov:completeFor cov:EarlierProcedures", False),
        ("cov:partialFor cov:EarlierProcedures", True),
        ("cov:completeFor cov:Therapies", True),
        (f"cov:completeFor {PART.format('EarlierProcedures', 'cov:since 2024-01')}", False),
    ],
)
def test_only_a_complete_list_is_not_silent(about: str, silent: bool) -> None:
    about = about.replace("2024-01", "'2024-01'^^xsd:gYearMonth")
    prepared = at_length(more(f":patient {about} ." if about else ""))
    found = prepared.triples.objects(prepared.request.iri, COV.silentOn)
    assert (COV.EarlierProcedures in found) is silent
    assert (COV.EarlierProcedures.value in prepared.facts.silent_on) is silent


def test_a_partial_list_leaves_out_any_number_of_any_class() -> None:
    (record,) = further(said("partial", "cov:EarlierProcedures"))
    assert {COV.FacetJointInjection.value, COV.EpiduralInjection.value} <= record[RDF.type]
    assert COV.PlannedProcedure.value not in record[RDF.type]
    assert record[COV.many] == {"true"} and record[COV.performedOnLatest] == {"2025-03-14"}
    assert COV.performedOnEarliest not in record
    facts = at_length(said("partial", "cov:EarlierProcedures")).facts
    assert [s.many for s in facts.earlier] == [False, True]


def test_a_part_of_a_list_leaves_out_its_kind_alone() -> None:
    kind = "cov:aboutProcedures cov:FacetJointInjection"
    (record,) = further(said("partial", PART.format("EarlierProcedures", kind)))
    assert {COV.MedialBranchBlock.value, COV.SpinalInjection.value} <= record[RDF.type]
    assert COV.EpiduralInjection.value not in record[RDF.type]
    rest = f":patient cov:completeFor {PART.format('EarlierProcedures', kind)} ."
    (record,) = further(more(f"{rest} :patient cov:partialFor cov:EarlierProcedures ."))
    assert COV.MedialBranchBlock.value not in record[RDF.type]
    assert {COV.EpiduralInjection.value, COV.SpinalInjection.value} <= record[RDF.type]


@pytest.mark.parametrize(
    ("since", "latest"),
    [("'2024-02-10'^^xsd:date", "2024-02-09"), ("'2024-02'^^xsd:gYearMonth", "2024-02-28")],
)
def test_a_list_complete_since_a_day_leaves_out_what_lies_before(since: str, latest: str) -> None:
    about = PART.format("EarlierProcedures", f"cov:since {since}")
    (record,) = further(said("complete", about))
    assert record[COV.performedOnLatest] == {latest}


def test_all_the_therapies_deny_the_kinds_that_are_not_among_them() -> None:
    prepared = at_length(said("complete", "cov:Therapies"))
    (patient,) = prepared.triples.instances(COV.Patient)
    denied = set(prepared.triples.objects(patient, COV.denies))
    assert {COV.ChiropracticCare, COV.PrescribedHomeExerciseProgram} <= denied
    # What was had, and what it is a kind of.
    assert not denied & {COV.PhysicalTherapy, COV.ActiveTherapy, COV.ConservativeTherapy}


def test_one_kind_of_therapy_alone_is_denied() -> None:
    about = PART.format("Therapies", "cov:aboutTherapy cov:ChiropracticCare")
    prepared = at_length(said("complete", about))
    (patient,) = prepared.triples.instances(COV.Patient)
    denied = set(prepared.triples.objects(patient, COV.denies))
    assert COV.ChiropracticCare in denied and COV.PrescribedHomeExerciseProgram not in denied


# --- What is decided -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "expected"),
    [("", Verdict.MET), ("complete", Verdict.MET), ("partial", Verdict.NOT_DOCUMENTED)],
)
def test_planned_procedures_known_in_part_are_asked_about(
    how: str, expected: Verdict, reasoner: Reasoner
) -> None:
    data = said(how, "cov:PlannedProcedures", "request") if how else more("")
    prepared = reasoner.read(data)
    answer = reasoner.answer(prepared, "centene/cp-mp-171")
    assert answer.policy is not None and answer.valuation is not None
    leaf = next(c for c in answer.policy.leaves if c.name == "one-procedure-per-visit")
    assert answer.valuation.verdict(leaf) is expected
    assert ReferenceJudge(reasoner.knowledge)(answer.policy, prepared)[leaf.iri] is expected


def statement(triples: Triples, how: NamedNode, name: str) -> Spo:
    holder = COV.hasPatient if name != "PlannedProcedures" else None
    (request,) = triples.instances(COV.CoverageRequest)
    node = triples.value(request, holder) if holder else request
    assert isinstance(node, NamedNode)
    return node, how, COV[name]


@pytest.mark.sample(60)
@pytest.mark.parametrize("name", LISTS)
def test_a_list_said_to_be_complete_never_unsettles(
    case: Case, name: str, answer_of: AnswerOf
) -> None:
    """Worst and best lie no further apart, and every settled verdict stays."""
    triples = stated(case.request_ttl)
    if triples.subjects(COV.partialFor, COV[name]) or triples.subjects(COV.aboutList, COV[name]):
        pytest.skip("says more of the list")
    data = written([*triples, statement(triples, COV.completeFor, name)])
    wrong = narrows(answer_of(case.request_ttl, case.policy), answer_of(data, case.policy))
    assert not wrong, told(wrong, case.request_ttl, data)


@pytest.mark.sample(60)
@pytest.mark.parametrize("name", LISTS)
def test_a_list_known_in_part_leaves_open_that_it_is_all(
    case: Case, name: str, answer_of: AnswerOf
) -> None:
    said = (COV.completeFor, COV.partialFor)
    triples = Triples(t for t in stated(case.request_ttl) if t[1] not in said or t[2] != COV[name])
    if triples.subjects(COV.aboutList, COV[name]):
        pytest.skip("says more of a part of the list")
    partial, complete = (
        written([*triples, statement(triples, how, name)])
        for how in (COV.partialFor, COV.completeFor)
    )
    wrong = narrows(answer_of(partial, case.policy), answer_of(complete, case.policy))
    assert not wrong, told(wrong, partial, complete)


def test_every_list_says_what_leads_to_its_entries(reasoner: Reasoner) -> None:
    t = reasoner.knowledge.triples
    assert {
        t.value(COV[name], COV.listsBy) for name in LISTS
    } <= reasoner.knowledge.properties.keys()
    assert reasoner.knowledge.is_a(CODE["facet-joint-injection"], COV.ProcedureKind)
