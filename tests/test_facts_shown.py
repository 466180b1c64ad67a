"""What an answer shows of the facts: what each criterion looked at, and what it did not find."""

from __future__ import annotations

from pathlib import Path

import pytest

from covergraph.decision.evidence import Reads
from covergraph.engine import Answer, Reasoner
from covergraph.facts.layout import facts_of
from covergraph.facts.prepared import Prepared
from covergraph.namespaces import compact, local_name
from covergraph.policies.criteria import Criterion, Policy
from covergraph.render.data import Recorder
from tests.tools.case_files import CASES, Case, load_case, load_cases
from tests.variations import CENTENE, GM070, THORACIC, answered, example

CENTENE_CASES = CASES / CENTENE / "2019-07-01"
GM070_CASES = CASES / GM070 / "2019-08-01"


def prepared(reasoner: Reasoner, data: bytes) -> Prepared:
    return reasoner.read(data)


def leaf_of(policy: Policy, name: str) -> Criterion:
    return next(leaf for leaf in policy.leaves if leaf.name == name)


def told(reasoner: Reasoner, path: Path, name: str) -> set[tuple[str, str, str]]:
    """Return the facts that a leaf looked at in a case, in short: record, property, value."""
    story = load_case(path)
    facts = prepared(reasoner, story.request_ttl).facts
    leaf = leaf_of(policy_of(reasoner, story), name)
    return {
        (local_name(s), compact(p).removeprefix("cov:"), local_name(o))
        for s, p, o in Reads(reasoner.knowledge).facts_read(leaf, facts)
    }


def policy_of(reasoner: Reasoner, story: Case) -> Policy:
    editions = (p for found in reasoner.catalogue.editions.values() for p in found)
    return next(p for p in editions if p.iri == story.policy)


@pytest.mark.parametrize(
    ("story", "leaf", "expected"),
    [
        # A narrower fact that was stated stands for the one that is asked.
        ("pain-worse-at-night", "clinical-findings", {("patient", "affirms", "PainWorseAtNight")}),
        ("first-lumbar-block", "pain-duration", {("pain", "onsetDate", "2021-11-08")}),
        ("first-lumbar-block", "supporting-diagnosis", {("patient", "hasDiagnosis", "M47.816")}),
        ("first-lumbar-block", "number-of-blocks", set()),
        ("first-lumbar-block", "nsaid-contraindicated", set()),
        (
            "first-lumbar-block",
            "levels",
            {("block", "treatsLevel", "L4-L5"), ("block", "treatsLevel", "L5-S1")},
        ),
        # Inferred from code and levels where it is not stated.
        ("first-lumbar-block", "injection-region", {("block", "treatsRegion", "LumbarRegion")}),
        (
            "first-lumbar-block",
            "nsaid-course",
            {
                ("ibuprofen", "ofTherapy", "NsaidTherapy"),
                ("ibuprofen", "startedOn", "2022-03-02"),
                ("ibuprofen", "endedOn", "2022-04-05"),
                ("ibuprofen", "hadOutcome", "InadequateResponse"),
            },
        ),
        ("performer-not-stated", "performed-by-physician", set()),
    ],
)
def test_criterion_shows_the_facts_it_looked_at(
    reasoner: Reasoner, story: str, leaf: str, expected: set[tuple[str, str, str]]
) -> None:
    assert told(reasoner, CENTENE_CASES / f"{story}.ttl", leaf) == expected


def test_criterion_shows_the_denial_that_decides(reasoner: Reasoner) -> None:
    path = CENTENE_CASES / "imaging-shows-another-cause.ttl"
    denied = {("patient", "denies", "ImagingShowsNoOtherCause")}
    assert told(reasoner, path, "imaging-findings") == denied
    path = GM070_CASES / "lumbar-repeat-local-infection.ttl"
    assert told(reasoner, path, "no-infection") == {("patient", "affirms", "LocalInfection")}


def test_criterion_shows_earlier_procedures_with_all_that_is_stated(reasoner: Reasoner) -> None:
    facts = told(reasoner, CENTENE_CASES / "third-block.ttl", "number-of-blocks")
    assert {record for record, _, _ in facts} == {"first-block", "second-block"}
    assert ("second-block", "performedOn", "2022-04-11") in facts
    # A block is no earlier neurotomy.
    assert not told(reasoner, CENTENE_CASES / "third-block.ttl", "earlier-neurotomy")


def test_criterion_shows_only_facts_of_the_request_in_a_fixed_order(reasoner: Reasoner) -> None:
    reads = Reads(reasoner.knowledge)
    for story in load_cases():
        ready = prepared(reasoner, story.request_ttl)
        at_length = facts_of(
            ready.request.iri, ready.request.triples, ready.triples, reasoner.terms
        )
        all_facts = {tuple(term.value for term in t) for t in ready.triples}
        policy = policy_of(reasoner, story)
        together = reads.all_read(policy, ready.facts)
        for criterion, among_all in zip(policy.criteria.values(), together, strict=True):
            found = reads.facts_read(criterion, ready.facts)
            assert criterion.is_leaf or not found
            assert set(found) <= all_facts, (story, criterion.name)
            assert list(found) == sorted(set(found))
            assert found == reads.facts_read(criterion, at_length), "the short way in agrees"
            assert found == among_all, criterion.name
            assert reads.silent(criterion, ready.facts) == reads.silent(criterion, at_length)


def test_criterion_shows_once_what_is_said_twice(reasoner: Reasoner) -> None:
    story = load_case(CENTENE_CASES / "third-block.ttl")
    policy, request = policy_of(reasoner, story), story.request_ttl
    plain, *doubled = (
        reasoner.trace(reasoner.answer(prepared(reasoner, request + again), policy.key))
        for again in (b"", *request.splitlines(keepends=True))
    )
    assert any(traced.statements for traced in plain)
    assert all(found == plain for found in doubled)


def lacking(reasoner: Reasoner, story: str, name: str) -> list[str]:
    """Return in words what a leaf asks of the records of a case and does not find."""
    found = load_case(CENTENE_CASES / f"{story}.ttl")
    leaf = leaf_of(policy_of(reasoner, found), name)
    facts = prepared(reasoner, found.request_ttl).facts
    return Reads(reasoner.knowledge).silent(leaf, facts)


@pytest.mark.parametrize(
    ("story", "leaf", "gap"),
    [
        ("first-block-relief-not-documented", "first-block-relief", "relief"),
        ("physical-therapy-without-outcome", "active-therapy", "outcome"),
        ("functional-improvement-not-documented", "previous-neurotomy-response", "improvement"),
    ],
)
def test_gap_of_a_record_is_named(reasoner: Reasoner, story: str, leaf: str, gap: str) -> None:
    (found,) = lacking(reasoner, story, leaf)
    assert gap in found
    assert lacking(reasoner, "first-lumbar-block", leaf) == []


@pytest.mark.parametrize(
    ("story", "leaf"),
    [
        ("recent-neurotomy-in-the-neck", "previous-neurotomy-response"),
        ("pulsed-neurotomy-in-between", "previous-neurotomy-response"),
        ("earlier-pulsed-neurotomy", "previous-neurotomy-response"),
        ("blocks-in-the-neck", "positive-blocks"),
    ],
)
def test_record_that_would_not_count_is_not_asked_to_say_more(
    reasoner: Reasoner, story: str, leaf: str
) -> None:
    assert lacking(reasoner, story, leaf) == []


def test_out_of_scope_answer_shows_no_criteria(reasoner: Reasoner) -> None:
    answer: Answer = answered(reasoner, example(THORACIC), GM070)
    assert Recorder(reasoner.knowledge).answer(answer)["criteria"] == []
