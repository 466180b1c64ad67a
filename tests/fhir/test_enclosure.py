"""A bundle never says more than the record that it was made from.

Every case is written as FHIR, as far as FHIR can say it; what it cannot say falls silent, and no
list is complete any more. So the worst and the best end of the bundle enclose those of the case:
what is open in the bundle was settled one way or the other in the record.
"""

from __future__ import annotations

from typing import Any

import pytest
from pyoxigraph import Literal, NamedNode

from covergraph.errors import InputError
from covergraph.fhir.reader import FhirReader
from covergraph.knowledge.base import policy_key
from covergraph.namespaces import CODE, COV
from covergraph.triples import Node, Term, Triples
from tests.fhir.bundles import CPT, ICD, OURS, PATIENT, SUBJECT, Body, bundled, coded, condition
from tests.tools.case_files import Case, load_cases

KINDS = "https://w3id.org/covergraph/codes"
# Every so many cases; all are tried when the number is 1.
EVERY = 9
SITE = (COV.treatsRegion, COV.treatsLevel, COV.onSide)
DETAIL = (COV.usesTechnique, COV.usesGuidance, COV.hasIntent)


def ours(*terms: Term) -> list[Body]:
    """Return our terms as CodeableConcepts."""
    return [coded(OURS, term.value.removeprefix(OURS)) for term in terms]


def all_of(t: Triples, node: Term, *links: NamedNode) -> list[Term]:
    return [o for p in links for o in t.objects(node, p)]


def code_of(t: Triples, node: Term) -> Body:
    codings = [
        {"system": system, "code": o.value.removeprefix(CODE)}
        for link, system in ((COV.hasProcedureCode, CPT), (COV.hasKind, KINDS))
        for o in t.objects(node, link)
    ]
    return {"coding": codings}


def ordered(t: Triples, node: Term, name: str, day: str) -> Body:
    return {
        "resourceType": "ServiceRequest",
        "id": name,
        "status": "active",
        "intent": "order",
        "subject": SUBJECT,
        "code": code_of(t, node),
        "occurrenceDateTime": day,
        "bodySite": ours(*all_of(t, node, *SITE)),
        "orderDetail": ours(*all_of(t, node, *DETAIL)),
        "reasonCode": ours(*all_of(t, node, COV.isFor)),
        "performerType": next(iter(ours(*all_of(t, node, COV.performedBy))), {}),
    }


def as_fhir(t: Triples) -> list[Body]:
    """Return a request as resources."""
    (request,) = t.instances(COV.CoverageRequest)
    day = t.text(request, COV.dateOfService)
    (procedure,) = t.objects(request, COV.requestsProcedure)
    (patient,) = t.objects(request, COV.hasPatient)
    found = [PATIENT | {"birthDate": t.text(patient, COV.birthDate)}]
    if not found[0]["birthDate"]:
        del found[0]["birthDate"]
    found.append(ordered(t, procedure, "asked", day))
    for n, other in enumerate(t.objects(request, COV.alsoPlanned)):
        found.append(ordered(t, other, f"planned{n}", day))
    for n, code in enumerate(t.objects(patient, COV.hasDiagnosis)):
        found.append(condition(code.value.removeprefix(CODE), f"d{n}"))
    for n, pain in enumerate(t.objects(patient, COV.hasPain)):
        found += pain_of(t, pain, n)
    for said, value in ((COV.affirms, True), (COV.denies, False)):
        for n, fact in enumerate(t.objects(patient, said)):
            found.append(observed(*ours(fact), f"f{value}{n}", valueBoolean=value))
    for n, earlier in enumerate(t.objects(patient, COV.underwent)):
        found.append(done(t, earlier, f"e{n}", code_of(t, earlier)))
        when = t.text(earlier, COV.performedOn)
        found[-1] |= {"performedDateTime": when} if when else {}
    for n, course in enumerate(t.objects(patient, COV.hadTherapy)):
        found.append(done(t, course, f"t{n}", ours(*t.objects(course, COV.ofTherapy))[0]))
        ends = {"start": t.text(course, COV.startedOn), "end": t.text(course, COV.endedOn)}
        found[-1] |= {"performedPeriod": {k: v for k, v in ends.items() if v}}
        outcome = ours(*t.objects(course, COV.hadOutcome))
        found[-1] |= {"outcome": outcome[0]} if outcome else {}
    return found


def observed(concept: Body, name: str, /, **more: Any) -> Body:
    base = {"resourceType": "Observation", "id": name, "status": "final", "subject": SUBJECT}
    return base | {"code": concept} | more


def done(t: Triples, node: Term, name: str, code: Body) -> Body:
    return {
        "resourceType": "Procedure",
        "id": name,
        "status": "completed",
        "subject": SUBJECT,
        "code": code,
        "bodySite": ours(*all_of(t, node, *SITE)),
    }


def pain_of(t: Triples, pain: Term, number: int) -> list[Body]:
    (region,) = ours(*t.objects(pain, COV.inRegion))
    onset = t.text(pain, COV.onsetDate)
    found = [condition("", f"p{number}", code=region)]
    found[0] |= {"onsetDateTime": onset} if onset else {}
    score = t.value(pain, COV.averagePainScore)
    if isinstance(score, Literal):
        value = {"valueQuantity": {"value": float(score.value)}, "bodySite": region}
        found.append(observed(coded(OURS, "averagePainScore"), f"s{number}", **value))
    return found


def says_what_silence_would_turn(t: Triples, reader: FhirReader) -> bool:
    """Return whether a case states, where FHIR can't, what silence would read the other way."""
    knowledge = reader.knowledge
    # That an earlier injection was a drug trial has no place in a Procedure, and one that does not
    # say so counts as an injection.
    earlier = {o for _, o in t.pairs(COV.underwent)}
    if any(node in earlier for node in t.subjects(COV.hasIntent, COV.TrialIntent)):
        return True
    patients: set[Node] = {o for _, o in t.pairs(COV.hasPatient) if not isinstance(o, Literal)}
    for said in (COV.affirms, COV.denies):
        for node, fact in t.pairs(said):
            declared = knowledge.facts.get(fact)
            absent = declared is not None and declared.silence == COV.Absent
            if absent and node not in patients:
                return True
            if node in patients and (declared is None or declared.stated_of != COV.Patient):
                return True
    return False


CASES = load_cases()[::EVERY]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_ends_of_the_bundle_enclose_those_of_the_case(reader: FhirReader, case: Case) -> None:
    reasoner = reader.reasoner
    key = f"{policy_key(case.policy)}@{case.policy.value.rpartition('/')[2].partition('#')[0]}"
    whole = reasoner.read(case.request_ttl, media_type="text/turtle")
    triples = whole.request.stated.triples
    if says_what_silence_would_turn(triples, reader):
        pytest.skip("FHIR cannot say it, and silence reads otherwise")
    try:
        mapped = reader.read(bundled(*as_fhir(triples), patient=None), order="asked")
    except InputError as error:
        assert "no order" not in str(error)
        raise
    (full,) = reasoner.decide_all(whole, policy=key)
    (partial,) = reasoner.decide_all(mapped[0].prepared, policy=key)
    if full.value is None or partial.value is None:
        # Out of scope by its class is out of scope either way.
        assert (full.policy is None) <= (partial.policy is None)
        return
    assert partial.value.worst <= full.value.worst
    assert partial.value.best >= full.value.best


def test_cases_are_tried() -> None:
    assert len(CASES) > 100 and ICD
