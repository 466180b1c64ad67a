"""What an answer says beside the decision: what it rests on, its reasons, its questions."""

from __future__ import annotations

import json
from functools import cache
from itertools import combinations

import pytest

from covergraph.decision.decide import Decision, decide, scope
from covergraph.decision.needed import AllOf, OneOf, in_order, written_out
from covergraph.engine import Answer, Reasoner
from covergraph.judge.valuation import PlainValuation, Verdict
from covergraph.knowledge.base import policy_key
from covergraph.namespaces import COV, RDF, SH
from covergraph.policies.criteria import Criterion
from covergraph.render.data import MOST_SETS, Recorder
from covergraph.render.documenting import blocks
from covergraph.render.graph import decision_graph, validation_report
from tests.tools.case_files import Case, load_cases

# Beyond so many readings, all smaller sets are too many to try.
MOST_TRIED = 4


@cache
def reasoner() -> Reasoner:
    return Reasoner(look_ahead=False, at_once=False)


@cache
def recorder() -> Recorder:
    return Recorder(reasoner().knowledge)


def answered(name: str) -> Answer:
    """Return the answer to a case, by the end of its name."""
    (case,) = [c for c in load_cases() if str(c) == name]
    return answer_to(case)


def answer_to(case: Case) -> Answer:
    edition = case.policy.value.split("#")[0].rsplit("/", 1)[-1]
    prepared = reasoner().read(case.request_ttl)
    return reasoner().answer(prepared, f"{policy_key(case.policy)}@{edition}")


def decided(answer: Answer, kept: set[str], leaves: frozenset[Criterion] | None = None) -> Decision:
    """Return the decision where only some readings of silence are kept, all others open."""
    policy, valuation = answer.policy, answer.valuation
    assert policy is not None and valuation is not None and answer.rests is not None
    read = answer.rests.read(policy, valuation, answer.prepared.facts)

    def is_open(leaf: Criterion) -> bool:
        if leaf not in read:
            return False
        return not kept.issuperset(read[leaf]) if leaves is None else leaf not in leaves

    found = PlainValuation(
        {
            leaf.iri: Verdict.NOT_DOCUMENTED if is_open(leaf) else valuation.verdict(leaf)
            for leaf in policy.leaves
        }
    )
    return decide(scope(policy, found)[0], found.value(policy.root))


# --- What it rests on -------------------------------------------------------------------------


def test_each_answer_stands_on_what_it_rests_on_and_on_nothing_less() -> None:
    """With these readings kept and all other silence open, the decision is the same."""
    for case in load_cases()[::25]:
        answer = answer_to(case)
        if answer.valuation is None or answer.rests is None:
            continue
        kept = {reading.words for reading in answer.rests_on}
        assert decided(answer, kept) is answer.decision, case
        leaves = frozenset(leaf for reading in answer.rests_on for leaf in reading.criteria)
        assert decided(answer, kept, leaves) is answer.decision, case
        read = answer.rests.read(answer.policy, answer.valuation, answer.prepared.facts)  # type: ignore[arg-type]
        words = sorted({word for told in read.values() for word in told})
        for size in range(min(len(kept), MOST_TRIED)):
            for fewer in combinations(words, size):
                assert decided(answer, set(fewer)) is not answer.decision, (case, fewer)


def test_a_question_rests_on_nothing() -> None:
    assert answered("nia/cg-404/purpose-not-stated").rests_on == ()


def test_every_form_of_an_answer_says_what_it_rests_on() -> None:
    """The data, the receipt, the graph and the report say the same."""
    answer = next(a for a in map(answer_to, load_cases()[::17]) if len(a.rests_on) > 1)
    words = [reading.words for reading in answer.rests_on]
    told = recorder().answer(answer)
    assert [r["reading"] for r in told["restsOn"]] == words == told["receipt"]["restsOn"]
    assert all(r["criteria"] and r["citations"] for r in told["restsOn"])
    for graph in (decision_graph(answer, recorder()), validation_report(answer)):
        nodes = [node for _, node in graph.pairs(COV.restsOn)]
        assert len(nodes) == len(words)
        assert all(graph.value(node, RDF.type) == COV.SilenceRead for node in nodes)


def test_a_report_that_conforms_has_no_result_for_what_it_rests_on() -> None:
    answer = next(
        a
        for a in map(answer_to, load_cases()[::10])
        if a.decision is Decision.COVERED and a.rests_on
    )
    assert not validation_report(answer).pairs(SH.result)


@pytest.mark.parametrize("said", ["", ":x cov:completeFor cov:EarlierProcedures ."])
def test_a_list_that_is_stated_complete_is_no_silence(said: str) -> None:
    answer = reasoner().answer(
        reasoner().read((GAPS % "LumbarRegion" + said).encode()), "centene/cp-mp-171"
    )
    assert answer.policy and answer.valuation and answer.rests
    read = answer.rests.read(answer.policy, answer.valuation, answer.prepared.facts)
    words = {word for told in read.values() for word in told}
    assert any(word.startswith("no earlier ") for word in words) is not bool(said)


# --- Reasons ------------------------------------------------------------------------------------


def test_an_indication_for_another_kind_of_procedure_gives_no_reason_beside_a_nearer_one() -> None:
    """A pump for another purpose is not told that it is no trial."""
    names = {c.name for c in answered("nia/cg-310/permanent-for-another-purpose").deciding}
    nearer = {"for-intractable-pain", "for-spasticity", "is-replacement"}
    assert names == nearer | {"no-other-treatment"}


# --- What is missing ------------------------------------------------------------------------------


def test_what_is_missing_side_by_side_is_what_is_missing_written_out() -> None:
    for case in load_cases()[::17]:
        answer = answer_to(case)
        if answer.missing:
            ways = set(written_out(answer.needed))
            least = {way for way in ways if not any(other < way for other in ways)}
            assert least == set(answer.missing), case


def test_many_sets_are_few_lines() -> None:
    answer = answered("nia/cg-404/purpose-not-stated")
    assert len(answer.missing) > 100
    assert len(list(in_order(answer.needed))) < 40
    told = recorder().answer(answer)
    assert len(told["missing"]) == MOST_SETS
    assert json.dumps(told["missingGrouped"]).count('"criterion"') < 40


def test_so_many_of_these_is_told_as_a_number() -> None:
    """Three of seven features are no list of thirty-five alternatives."""
    (choice,) = answered("nia/cg-404/features-not-documented").needed.parts
    assert isinstance(choice, OneOf)
    counted = [part for part in choice.parts if isinstance(part, OneOf)]
    assert [(part.least, len(part.parts)) for part in counted] == [(3, 7)]
    heading, lines = next(blocks(AllOf((choice,))))
    assert heading == "One of these"
    assert lines[0].joint == "three of: "


# --- Questions ----------------------------------------------------------------------------------


def asks(answer: Answer, name: str) -> list[str]:
    (found,) = [
        q["asks"]
        for q in recorder().answer(answer)["questions"]
        if q["criterion"].endswith(f"#{name}")
    ]
    return found  # type: ignore[no-any-return]


GAPS = """@prefix cov: <https://w3id.org/covergraph/ontology#> .
@prefix code: <https://w3id.org/covergraph/codes#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix : <https://example.org/> .
:r a cov:CoverageRequest ; cov:dateOfService "2024-06-10"^^xsd:date ;
    cov:requestsProcedure :p ; cov:hasPatient :x .
:p cov:hasProcedureCode code:64493 ; cov:treatsLevel cov:L4-L5 ;
    cov:hasIntent cov:DiagnosticIntent ;
    cov:usesTechnique cov:MedialBranchTechnique ; cov:performedBy cov:Physician .
:x cov:hasPain :pain ; cov:hadTherapy :course ; cov:hasDiagnosis code:M47.816 ;
    cov:affirms cov:FacetSyndromeFindings , cov:ImagingShowsNoOtherCause .
:pain cov:inRegion cov:LumbarRegion ; cov:onsetDate "2024-01-01"^^xsd:date ;
    cov:affirms cov:InterferesWithDailyActivities .
:course cov:ofTherapy cov:ChiropracticCare ; cov:treatsRegion cov:%s ;
    cov:startedOn "2024-01-22"^^xsd:date ; cov:endedOn "2024-03-15"^^xsd:date .
"""


@pytest.mark.parametrize("region", ["LumbarRegion"])
def test_a_question_for_therapy_names_the_kinds_that_could_be_denied(region: str) -> None:
    prepared = reasoner().read((GAPS % region).encode())
    told = asks(reasoner().answer(prepared, "centene/cp-mp-171"), "active-therapy")
    assert told[0] == "state of the record: outcome"
    assert told[-1] == (
        "or deny physical therapy and prescribed home exercise program, "
        "or say that these were all the therapies"
    )


def test_a_record_of_another_region_says_that_it_does_not_count() -> None:
    """So nobody states it once more."""
    answer = reasoner().answer(reasoner().read((GAPS % "CervicalRegion").encode()), "nia/cg-301")
    passed = {
        told
        for leaf in (answer.policy.leaves if answer.policy else ())
        for told in recorder().questions.not_counted(leaf, answer.prepared.facts)
    }
    assert "chiropractic care: recorded for the cervical region" in passed


def test_where_the_region_is_open_that_is_what_is_asked() -> None:
    answer = answered("nia/cg-301/region-not-stated-after-two-blocks")
    leaves = [c for c in in_order(answer.needed) if "region" in c.label and c.component]
    for leaf in leaves:
        told = recorder().questions.asks(leaf, answer.prepared.facts)
        assert "state of the requested procedure: region" in told or "active therapy" in leaf.label
