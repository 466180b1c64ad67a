"""Which procedures a bundle asks for, for whom, when, and who pays."""

from __future__ import annotations

import json

import pytest

from covergraph.errors import InputError
from covergraph.fhir.reader import FhirReader, NoOrder
from covergraph.namespaces import COV, POLICIES
from tests.fhir.bundles import (
    CPT,
    PATIENT,
    Body,
    bundled,
    claim,
    coded,
    condition,
    coverage,
    order,
    procedure,
)
from tests.fhir.test_records import reason, values


def names(reader: FhirReader, *resources: Body) -> list[str]:
    return [m.order.name for m in reader.read(bundled(*resources))]


def test_two_procedures_are_two_requests_each_with_the_other_planned(reader: FhirReader) -> None:
    found = reader.read(bundled(order("64493", "sr1"), order("27096", "sr2")))
    assert [m.order.name for m in found] == ["ServiceRequest/sr1", "ServiceRequest/sr2"]
    for mapped in found:
        assert len(mapped.prepared.request.triples.pairs(COV.alsoPlanned)) == 1


def test_procedure_of_another_day_is_not_planned_with_it(reader: FhirReader) -> None:
    later = order("27096", "sr2", occurrenceDateTime="2024-07-01")
    for mapped in reader.read(bundled(order(), later)):
        assert not mapped.prepared.request.triples.pairs(COV.alsoPlanned)


def test_add_on_and_imaging_orders_belong_to_their_procedure(reader: FhirReader) -> None:
    orders = order("64494", "a"), order("77003", "i"), order("64493", "sr1")
    (mapped,) = reader.read(bundled(*orders))
    assert sorted(values(mapped, "hasProcedureCode")) == ["64493", "64494", "77003"]
    assert mapped.order.name == "ServiceRequest/sr1"


def test_add_on_code_of_two_orders_is_refused(reader: FhirReader) -> None:
    later = order("64493", "sr2", occurrenceDateTime="2024-07-01")
    undated = order("64494", "a")
    del undated["occurrenceDateTime"]
    with pytest.raises(InputError, match="several orders"):
        reader.read(bundled(order(), later, undated))


def test_claim_beside_the_order_is_the_same_request(reader: FhirReader) -> None:
    (mapped,) = reader.read(bundled(order(), claim("64493")))
    assert mapped.order.sources == ("ServiceRequest/sr1", "Claim/cl1 item 1")


def test_items_of_a_claim_are_requests(reader: FhirReader) -> None:
    items = claim("64493", "27096", "64494")
    assert names(reader, items) == ["Claim/cl1 item 1", "Claim/cl1 item 2"]
    items["item"][0]["modifier"] = [coded(CPT, "50")]
    (first, _) = reader.read(bundled(items))
    assert sorted(values(first, "onSide")) == ["Left", "Right"]


def test_diagnoses_of_a_claim_are_the_patients(reader: FhirReader) -> None:
    concept = coded("http://hl7.org/fhir/sid/icd-10-cm", "M47.816")
    asked = claim("64493", diagnosis=[{"sequence": 1, "diagnosisCodeableConcept": concept}])
    (mapped,) = reader.read(bundled(asked))
    assert values(mapped, "hasDiagnosis") == ["M47.816"]


def test_claim_that_was_paid_asks_for_nothing(reader: FhirReader) -> None:
    with pytest.raises(NoOrder):
        reader.read(bundled(claim("64493", use="claim")))


@pytest.mark.parametrize(
    "more",
    [
        {"status": "completed"},
        {"status": "revoked"},
        {"status": "entered-in-error"},
        {"doNotPerform": True},
        {"intent": "option"},
        {"code": {"text": "facet joint injection"}},
        {"code": coded(CPT, "99213")},
    ],
)
def test_what_is_no_open_order_of_ours_is_no_request(reader: FhirReader, more: Body) -> None:
    with pytest.raises(NoOrder) as raised:
        reader.read(bundled(order(**more)))
    assert [e.name for e in raised.value.left] == ["ServiceRequest/sr1"]


def test_order_is_chosen_by_name(reader: FhirReader) -> None:
    both = bundled(order("64493", "sr1"), order("27096", "sr2"))
    for name in ("ServiceRequest/sr2", "sr2"):
        (mapped,) = reader.read(both, order=name)
        assert mapped.order.name == "ServiceRequest/sr2"
        # The other one is still planned for the visit.
        assert len(mapped.prepared.request.triples.pairs(COV.alsoPlanned)) == 1
    with pytest.raises(InputError, match="no order"):
        reader.read(both, order="sr3")


# --- The day --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [
        {"occurrenceDateTime": "2024-06"},
        {"occurrencePeriod": {"start": "2024-06-01", "end": "2024-08-31"}},
    ],
)
def test_order_without_a_day_asks_for_one(reader: FhirReader, more: Body) -> None:
    asked = order(**more)
    if "occurrencePeriod" in asked:
        del asked["occurrenceDateTime"]
    with pytest.raises(InputError, match="names no day of service"):
        reader.read(bundled(asked))


def test_appointment_names_the_day(reader: FhirReader) -> None:
    booked = {
        "resourceType": "Appointment",
        "id": "ap",
        "status": "booked",
        "basedOn": [{"reference": "ServiceRequest/sr1"}],
        "start": "2024-06-21T09:00:00-05:00",
    }
    (mapped,) = reader.read(bundled(order(), booked))
    assert mapped.prepared.request.date.isoformat() == "2024-06-21"
    (mapped,) = reader.read(bundled(order(), booked | {"status": "cancelled"}))
    assert mapped.prepared.request.date.isoformat() == "2024-06-10"
    assert "not going to take place" in reason(mapped, "Appointment/ap")


# --- Whose and by whom ----------------------------------------------------------------------------


def test_two_patients_are_refused(reader: FhirReader) -> None:
    with pytest.raises(InputError, match="more than one patient"):
        reader.read(bundled(order(), PATIENT | {"id": "p2"}))


def test_subscriber_is_not_a_second_patient(reader: FhirReader) -> None:
    insured = coverage(subscriber={"reference": "Patient/p2"})
    found = reader.read(bundled(order(), PATIENT | {"id": "p2"}, insured))
    assert len(found) == 1


def test_resource_of_the_subscriber_is_not_the_patients(reader: FhirReader) -> None:
    insured = coverage(subscriber={"reference": "Patient/p2"})
    theirs = condition(subject={"reference": "Patient/p2"})
    (mapped,) = reader.read(bundled(order(), PATIENT | {"id": "p2"}, insured, theirs))
    assert reason(mapped, "Condition/d1") == "it is another patient's"
    assert values(mapped, "hasDiagnosis") == []


def payer(reader: FhirReader, *resources: Body) -> list[str]:
    (mapped,) = reader.read(bundled(order(), *resources))
    triples = mapped.prepared.request.triples
    pairs = [*triples.pairs(COV.underPayer), *triples.pairs(COV.underPlan)]
    return [o.value.removeprefix(POLICIES) for _, o in pairs]


def test_payer_is_read_by_identifier(reader: FhirReader) -> None:
    assert payer(reader, coverage("c1", "centene")) == ["centene#payer"]
    assert payer(reader, coverage("c1", "wa-hca/apple-health")) == ["wa-hca#apple-health"]


def test_payer_is_never_matched_by_name(reader: FhirReader) -> None:
    assert payer(reader, coverage(payor=[{"display": "Centene"}])) == []


def test_of_two_coverages_none_is_picked(reader: FhirReader) -> None:
    two = (coverage("c1", "centene"), coverage("c2", "nia"))
    assert payer(reader, *two) == []
    ended = coverage("c2", "nia", period={"end": "2024-06-09"})
    assert payer(reader, two[0], ended) == ["centene#payer"]


def test_coverage_that_the_order_names_decides(reader: FhirReader) -> None:
    asked = order(insurance=[{"reference": "Coverage/c2"}])
    two = bundled(asked, coverage("c1", "centene"), coverage("c2", "nia"))
    (mapped,) = reader.read(two)
    assert values(mapped, "underPayer") == ["payer"]
    assert [c.name for c in mapped.coverages] == ["Coverage/c2"]


# --- What cannot be read --------------------------------------------------------------------------


BAD: dict[str, tuple[bytes, str, str]] = {
    "not JSON": (b'{"resourceType": "Bundle"', "not valid JSON", "line 1"),
    "no resource": (b'{"resourceType": 7}', "no resourceType", ""),
    "the same key twice": (b'{"resourceType": "Bundle", "type": "a", "type": "b"}', "twice", ""),
    "a date of month 13": (
        bundled(order(), procedure("64493", "2024-13")),
        "not a day of the calendar",
        "Bundle.entry[2].resource.performedDateTime",
    ),
    "no date": (
        bundled(order(), condition(onsetDateTime="spring")),
        "not a date",
        "Bundle.entry[2].resource.onsetDateTime",
    ),
    "a code that is no text": (
        bundled(order(), condition(code={"coding": [{"code": 7}]})),
        "not a Coding",
        "Bundle.entry[2].resource.code.coding[0]",
    ),
    "text in the place of an object": (
        bundled(order(), condition(verificationStatus="confirmed")),
        "not a CodeableConcept",
        "Bundle.entry[2].resource.verificationStatus",
    ),
    "entries that are no list": (
        b'{"resourceType": "Bundle", "entry": {"resource": {}}}',
        "not a list",
        "Bundle.entry",
    ),
    "contained in contained": (
        bundled(order(contained=[{"resourceType": "Patient", "contained": []}])),
        "contain others",
        "Bundle.entry[1].resource.contained",
    ),
    "two versions of one resource": (
        bundled(order(), condition("M54.50"), condition("M54.2")),
        "two different resources",
        "Bundle.entry[3].resource",
    ),
    "a contradiction": (
        bundled(order("64493", bodySite=[coded("http://snomed.info/sct", "122494005")])),
        "",
        "Bundle.entry[1].resource",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_with_its_place(reader: FhirReader, name: str) -> None:
    data, what, where = BAD[name]
    with pytest.raises(InputError) as raised:
        reader.read(data)
    assert what in raised.value.what
    assert where in raised.value.where
    for value in ("1961", "Patient/p1", "spring", "2024-13"):
        assert value not in str(raised.value)


def test_deep_nesting_is_refused(reader: FhirReader) -> None:
    deep = b'{"resourceType": "Bundle", "entry": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(InputError, match="nested too deep"):
        reader.read(deep)


# --- Ways in --------------------------------------------------------------------------------------


def test_every_envelope_gives_the_same_request(reader: FhirReader) -> None:
    resources = [PATIENT, order(), condition(onsetDateTime="2023-12-04")]
    (whole,) = reader.read(bundled(*resources[1:]))
    lines = b"\n".join(json.dumps(r).encode() for r in resources)
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "x", "resource": r} for r in resources],
    }
    hook = {
        "hook": "order-sign",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {
            "patientId": "p1",
            "draftOrders": json.loads(bundled(resources[1], patient=None)),
        },
        "prefetch": {
            "patient": PATIENT,
            "conditions": json.loads(bundled(resources[2], patient=None, kind="searchset")),
            "coverage": None,
        },
    }
    folder = {f"{n}.json": json.dumps(r).encode() for n, r in enumerate(resources)}
    ways = (lines, json.dumps(parameters).encode(), json.dumps(hook).encode(), folder)
    for way in ways:
        (mapped,) = reader.read(way)
        assert mapped.prepared.request.digest == whole.prepared.request.digest


def test_hook_for_another_patient_is_refused(reader: FhirReader) -> None:
    hook = {
        "hook": "order-sign",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"patientId": "p2", "draftOrders": json.loads(bundled(order()))},
    }
    with pytest.raises(InputError, match=r"context\.patientId: the orders are not of the patient"):
        reader.read(json.dumps(hook).encode())


def test_order_of_the_entries_changes_nothing(reader: FhirReader) -> None:
    resources = [
        order(),
        condition(onsetDateTime="2023-12-04"),
        procedure("64493", "2024-05-13"),
        *(procedure("98941", f"2024-02-{n:02}", f"v{n}") for n in (1, 8, 15)),
    ]
    (one,) = reader.read(bundled(*resources))
    (other,) = reader.read(bundled(*reversed(resources)))
    decide = reader.reasoner.decide_all
    answers = [
        [(a.selection.key, a.decision, a.value) for a in decide(m.prepared, every=True)]
        for m in (one, other)
    ]
    assert answers[0] == answers[1]


def test_missing_prefetch_is_not_read_as_none(reader: FhirReader) -> None:
    failed = {"resourceType": "OperationOutcome", "issue": []}
    (mapped,) = reader.read(bundled(order(), failed))
    assert any("could not look up" in entry.because for entry in mapped.left)


@pytest.mark.parametrize(
    "reference",
    ["Patient/p1", "https://ehr.example.org/fhir/Patient/p1", "Patient/p1/_history/3"],
)
def test_reference_is_resolved(reader: FhirReader, reference: str) -> None:
    (mapped,) = reader.read(bundled(order(), condition(subject={"reference": reference})))
    assert values(mapped, "hasDiagnosis") == ["M54.50"]


def test_full_url_is_the_identity(reader: FhirReader) -> None:
    url = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"
    entries = [
        {"fullUrl": url, "resource": {"resourceType": "Patient"}},
        {"resource": order(subject={"reference": url})},
    ]
    data = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    assert len(reader.read(json.dumps(data).encode())) == 1
