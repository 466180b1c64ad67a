"""What single resources become, and why some become nothing."""

from __future__ import annotations

from typing import Any

import pytest

from covergraph.fhir.reader import FhirReader, Mapped
from covergraph.namespaces import CODE, COV
from tests.fhir.bundles import (
    ICD,
    LOINC,
    OURS,
    PATIENT,
    SNOMED,
    SUBJECT,
    Body,
    bundled,
    claim,
    coded,
    condition,
    observation,
    order,
    procedure,
    status_of,
)

LUMBAR = COV.LumbarRegion.value


def one(reader: FhirReader, *resources: Body) -> Mapped:
    (mapped,) = reader.read(bundled(order(), *resources))
    return mapped


def values(mapped: Mapped, p: str, source: str = "") -> list[str]:
    """Return the local names of the values of a property, from one resource where it is named."""
    found = mapped.prepared.request.sources
    return [
        v.rpartition("#")[2]
        for (_, q, v), names in found.items()
        if q == COV[p].value and (not source or source in names)
    ]


def reason(mapped: Mapped, name: str) -> str:
    """Return why a resource was not used."""
    found = [entry.because for entry in mapped.left if entry.name == name]
    assert len(found) == 1, mapped.left
    return found[0]


def test_order_is_the_request(reader: FhirReader) -> None:
    mapped = one(reader)
    request = mapped.prepared.request
    assert request.date.isoformat() == "2024-06-10"
    assert values(mapped, "hasProcedureCode", "ServiceRequest/sr1") == ["64493"]
    assert values(mapped, "birthDate", "Patient/p1") == ["1961-05-02"]


def test_lists_of_a_bundle_are_never_complete(reader: FhirReader) -> None:
    triples = one(reader).prepared.request.triples
    partial = {o for _, o in triples.pairs(COV.partialFor)}
    assert partial == {
        COV.EarlierProcedures,
        COV.Therapies,
        COV.Diagnoses,
        COV.PlannedProcedures,
    }
    assert not triples.pairs(COV.completeFor)


# --- Conditions -------------------------------------------------------------------------------


def test_condition_is_a_diagnosis_and_the_pain_of_its_region(reader: FhirReader) -> None:
    mapped = one(reader, condition("M54.50", onsetDateTime="2023-12-04"))
    assert values(mapped, "hasDiagnosis", "Condition/d1") == ["M54.50"]
    assert values(mapped, "inRegion", "Condition/d1") == ["LumbarRegion"]
    assert values(mapped, "onsetDate", "Condition/d1") == ["2023-12-04"]


def test_disease_of_the_spine_does_not_date_the_pain(reader: FhirReader) -> None:
    mapped = one(reader, condition("M47.816", onsetDateTime="2015-01-01"))
    assert values(mapped, "hasDiagnosis") == ["M47.816"]
    assert values(mapped, "inRegion") == values(mapped, "onsetDate") == []


@pytest.mark.parametrize("when", ["2023-12", "2023", "2023-12-04T22:30:00-11:00"])
def test_date_is_kept_as_it_is_written(reader: FhirReader, when: str) -> None:
    mapped = one(reader, condition(onsetDateTime=when))
    assert values(mapped, "onsetDate") == [when[:10]]


def test_two_onsets_of_one_region_are_left_open(reader: FhirReader) -> None:
    mapped = one(
        reader,
        condition("M54.50", "d1", onsetDateTime="2023-12-04"),
        condition("M54.59", "d2", onsetDateTime="2024-03-01"),
    )
    assert values(mapped, "inRegion") == ["LumbarRegion"]
    assert values(mapped, "onsetDate") == []
    assert "different days" in reason(mapped, "Condition/d1: its onset")


NOT_NOW: dict[str, tuple[Body, str]] = {
    "refuted": (
        {"verificationStatus": status_of("condition-ver-status", "refuted")},
        "not confirmed",
    ),
    "provisional": (
        {"verificationStatus": status_of("condition-ver-status", "provisional")},
        "not confirmed",
    ),
    "entered in error": (
        {"verificationStatus": status_of("condition-ver-status", "entered-in-error")},
        "entered in error",
    ),
    "resolved": ({"clinicalStatus": status_of("condition-clinical", "resolved")}, "current"),
    "without a status": ({"clinicalStatus": {}}, "current"),
    "abated": ({"abatementDateTime": "2024-01-01"}, "not current"),
    "text only": ({"code": {"text": "low back pain"}}, "free text is not read"),
    "of SNOMED CT": ({"code": coded(SNOMED, "279039007")}, "ICD-10-CM"),
    "of no system": ({"code": {"coding": [{"code": "M54.50"}]}}, "names no code system"),
    "of a local system": ({"code": coded("urn:local", "M54.50")}, "system that is not read"),
    "a code that never was": ({"code": coded(ICD, "M99.999")}, "ICD-10-CM"),
    "with a modifier extension": (
        {"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]},
        "modifierExtension",
    ),
    "with implicit rules": ({"implicitRules": "urn:x"}, "implicitRules"),
    "of another patient": ({"subject": {"reference": "Patient/p2"}}, "leads nowhere"),
    "of nobody": ({"subject": None}, "whose it is"),
}


@pytest.mark.parametrize("name", NOT_NOW)
def test_condition_that_does_not_hold_is_left_out(reader: FhirReader, name: str) -> None:
    changes, because = NOT_NOW[name]
    mapped = one(reader, condition(**changes))
    assert values(mapped, "hasDiagnosis") == values(mapped, "inRegion") == []
    assert because in reason(mapped, "Condition/d1")


def test_contraindication_is_read_from_the_code_of_a_diagnosis(reader: FhirReader) -> None:
    mapped = one(reader, condition("M46.36"))
    assert values(mapped, "affirms", "Condition/d1") == ["SpinalInfection"]


def test_refuted_condition_denies_nothing(reader: FhirReader) -> None:
    refuted = status_of("condition-ver-status", "refuted")
    mapped = one(reader, condition("M46.36", verificationStatus=refuted))
    assert values(mapped, "denies") == values(mapped, "affirms") == []


# --- Allergies and observations -----------------------------------------------------------------


def allergy(code: str, **more: Any) -> Body:
    return {
        "resourceType": "AllergyIntolerance",
        "id": "a1",
        "patient": SUBJECT,
        "clinicalStatus": status_of("allergyintolerance-clinical", "active"),
        "verificationStatus": status_of("allergyintolerance-verification", "confirmed"),
        "code": coded(SNOMED, code),
    } | more


def test_allergy_to_the_class_is_a_contraindication(reader: FhirReader) -> None:
    assert values(one(reader, allergy("372665008")), "affirms") == ["NsaidContraindicated"]


def test_allergy_to_one_drug_is_not_one_to_the_class(reader: FhirReader) -> None:
    mapped = one(reader, allergy("387207008"))
    assert values(mapped, "affirms") == []
    assert "see whether" in reason(mapped, "AllergyIntolerance/a1")


def test_unconfirmed_allergy_is_left_out(reader: FhirReader) -> None:
    unconfirmed = status_of("allergyintolerance-verification", "unconfirmed")
    mapped = one(reader, allergy("372665008", verificationStatus=unconfirmed))
    assert values(mapped, "affirms") == []


@pytest.mark.parametrize("code", ["72514-3", "38208-5", "38214-3", "38221-8"])
def test_score_of_the_moment_is_no_average(reader: FhirReader, code: str) -> None:
    mapped = one(reader, observation(coded(LOINC, code), valueInteger=9, bodySite=LUMBAR_SITE))
    assert values(mapped, "averagePainScore") == []
    assert "average is asked for" in reason(mapped, "Observation/o1")


LUMBAR_SITE = coded(SNOMED, "122496007")
AVERAGE = coded(OURS, "averagePainScore")


def test_average_needs_its_region(reader: FhirReader) -> None:
    mapped = one(reader, observation(AVERAGE, valueInteger=7))
    assert values(mapped, "averagePainScore") == []
    mapped = one(reader, observation(AVERAGE, valueQuantity={"value": 7.0}, bodySite=LUMBAR_SITE))
    assert values(mapped, "averagePainScore") == ["7"]


def test_latest_average_is_read(reader: FhirReader) -> None:
    scores = [
        observation(AVERAGE, f"o{n}", valueInteger=n, bodySite=LUMBAR_SITE, effectiveDateTime=when)
        for n, when in ((4, "2024-05-01"), (8, "2024-01-01"), (9, "2024-07-01"))
    ]
    mapped = one(reader, *scores)
    assert values(mapped, "averagePainScore") == ["4"]
    assert "after the date of service" in reason(mapped, "Observation/o9")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"valueBoolean": True}, "affirms"),
        ({"valueBoolean": False}, "denies"),
        ({"valueCodeableConcept": coded(SNOMED, "373067005")}, "denies"),
    ],
)
def test_fact_is_affirmed_or_denied(reader: FhirReader, value: Body, said: str) -> None:
    fact = coded(OURS, "ImagingShowsNoOtherCause")
    assert values(one(reader, observation(fact, **value)), said) == ["ImagingShowsNoOtherCause"]


@pytest.mark.parametrize(
    "more", [{"valueString": "no"}, {}, {"valueBoolean": True, "status": "preliminary"}]
)
def test_fact_without_a_plain_answer_is_open(reader: FhirReader, more: Body) -> None:
    mapped = one(reader, observation(coded(OURS, "ImagingShowsNoOtherCause"), **more))
    assert values(mapped, "affirms") == values(mapped, "denies") == []


# --- What was done --------------------------------------------------------------------------------


def test_earlier_procedure_keeps_its_code_and_day(reader: FhirReader) -> None:
    mapped = one(reader, procedure("64493", "2024-05-13"))
    assert values(mapped, "performedOn", "Procedure/b1") == ["2024-05-13"]
    assert values(mapped, "hasProcedureCode", "Procedure/b1") == ["64493"]


@pytest.mark.parametrize("status", ["not-done", "preparation", "in-progress", "unknown"])
def test_procedure_that_was_not_done_is_none(reader: FhirReader, status: str) -> None:
    mapped = one(reader, procedure("64493", "2024-05-13", status=status))
    assert values(mapped, "underwent") == values(mapped, "performedOn") == []
    assert "does not say that it was done" in reason(mapped, "Procedure/b1")


def test_procedure_after_the_date_of_service_is_left_out(reader: FhirReader) -> None:
    mapped = one(reader, procedure("64493", "2024-06-11"))
    assert "after the date of service" in reason(mapped, "Procedure/b1")


def test_procedure_of_the_order_is_not_an_earlier_one(reader: FhirReader) -> None:
    based = procedure("64635", "2024-06-01", basedOn=[{"reference": "ServiceRequest/sr1"}])
    assert "that is asked for" in reason(one(reader, based), "Procedure/b1")
    same = procedure("64493", "2024-06-10")
    assert "that is asked for" in reason(one(reader, same), "Procedure/b1")


def test_procedure_that_came_on_a_claim_too_counts_once(reader: FhirReader) -> None:
    eob = claim("64493", resourceType="ExplanationOfBenefit", id="e1", use="claim")
    eob["item"][0]["servicedDate"] = "2024-05-13"
    mapped = one(reader, procedure("64493", "2024-05-13"), eob)
    assert len(values(mapped, "performedOn")) == 1
    key = [k for k in mapped.prepared.request.sources if k[1] == COV.performedOn.value]
    sources = mapped.prepared.request.sources[key[0]]
    assert sources == ("Procedure/b1", "ExplanationOfBenefit/e1 item 1")


@pytest.mark.parametrize("when", ["2024-05", "2024", ""])
def test_vague_record_beside_a_dated_one_is_neither_merged_nor_added(
    reader: FhirReader, when: str
) -> None:
    vague = procedure("64493", when, "b2")
    mapped = one(reader, vague, procedure("64493", "2024-05-13"))
    assert values(mapped, "performedOn") == ["2024-05-13"]
    assert "may be the same as Procedure/b1" in reason(mapped, "Procedure/b2")


def test_vague_record_of_another_month_stands(reader: FhirReader) -> None:
    mapped = one(reader, procedure("64493", "2024-03", "b2"), procedure("64493", "2024-05-13"))
    assert values(mapped, "performedOn") == ["2024-05-13", "2024-03"]


def test_period_counts_from_its_first_day(reader: FhirReader) -> None:
    period = {"start": "2024-05-13T08:00:00Z", "end": "2024-05-14"}
    mapped = one(reader, procedure("64493", performedPeriod=period))
    assert values(mapped, "performedOn") == ["2024-05-13"]


def test_add_on_code_of_the_same_day_joins_its_procedure(reader: FhirReader) -> None:
    mapped = one(
        reader, procedure("64494", "2024-05-13", "b2"), procedure("64493", "2024-05-13", "b1")
    )
    assert len(values(mapped, "underwent")) == 1
    assert sorted(values(mapped, "hasProcedureCode")) == ["64493", "64493", "64494"]


def test_add_on_code_alone_is_listed(reader: FhirReader) -> None:
    mapped = one(reader, procedure("64494", "2024-05-13"))
    assert "only goes with another" in reason(mapped, "Procedure/b1")


def given(code: str, **more: Any) -> Body:
    return {
        "resourceType": "MedicationAdministration",
        "id": "m1",
        "status": "completed",
        "subject": SUBJECT,
        "partOf": [{"reference": "Procedure/b1"}],
        "medicationCodeableConcept": coded("http://www.nlm.nih.gov/research/umls/rxnorm", code),
    } | more


def test_steroid_of_a_procedure_is_its_injectate(reader: FhirReader) -> None:
    block = procedure("64493", "2024-05-13")
    assert values(one(reader, block, given("6902")), "usesInjectate") == ["Corticosteroid"]


def test_anesthetic_alone_is_not_taken_for_all_that_was_injected(reader: FhirReader) -> None:
    mapped = one(reader, procedure("64493", "2024-05-13"), given("6387"))
    assert values(mapped, "usesInjectate") == []
    assert "asked for" in reason(mapped, "MedicationAdministration/m1")


def test_order_of_a_drug_is_no_injection(reader: FhirReader) -> None:
    ordered = given("6902", resourceType="MedicationRequest")
    mapped = one(reader, procedure("64493", "2024-05-13"), ordered)
    assert values(mapped, "usesInjectate") == []


# --- Therapy --------------------------------------------------------------------------------------


def test_visits_that_follow_closely_are_one_course(reader: FhirReader) -> None:
    days = ("2024-02-01", "2024-02-15", "2024-02-29", "2024-03-15")
    mapped = one(reader, *(procedure("98941", d, f"v{n}") for n, d in enumerate(days)))
    assert values(mapped, "ofTherapy") == ["ChiropracticCare"] * 2
    assert values(mapped, "startedOn") == ["2024-02-01", "2024-03-15"]
    assert values(mapped, "endedOn") == ["2024-02-29", "2024-03-15"]
    assert values(mapped, "sessionCount") == ["3"]


def test_period_is_a_course(reader: FhirReader) -> None:
    period = {"start": "2024-01-22", "end": "2024-03-15"}
    failed = coded(SNOMED, "385671000")
    mapped = one(
        reader,
        procedure("", performedPeriod=period, code=coded(SNOMED, "91251008"), outcome=failed),
    )
    assert values(mapped, "ofTherapy") == ["PhysicalTherapy"]
    assert values(mapped, "endedOn") == ["2024-03-15"]
    assert values(mapped, "hadOutcome") == ["InadequateResponse"]


def test_course_that_ends_later_is_open_at_its_end(reader: FhirReader) -> None:
    period = {"start": "2024-01-22", "end": "2024-12-31"}
    mapped = one(reader, procedure("97110", performedPeriod=period))
    assert values(mapped, "startedOn") == ["2024-01-22"]
    assert values(mapped, "endedOn") == []


def test_what_a_code_does_not_tell_is_a_group(reader: FhirReader) -> None:
    assert values(one(reader, procedure("97110", "2024-02-01")), "ofTherapy") == ["ActiveTherapy"]


def test_referral_is_no_therapy(reader: FhirReader) -> None:
    mapped = one(reader, order("97110", "sr2"))
    assert values(mapped, "ofTherapy") == []
    assert reason(mapped, "ServiceRequest/sr2")


def test_element_that_nothing_reads_is_listed(reader: FhirReader) -> None:
    mapped = one(reader, procedure("64493", "2024-05-13", note=[{"text": "80 % relief"}]))
    assert reason(mapped, "Procedure/b1.note") == "no mapping reads this element"
    assert values(mapped, "reliefPercent") == []


def test_contained_resource_is_listed(reader: FhirReader) -> None:
    asked = order(contained=[condition()], reasonReference=[{"reference": "#d1"}])
    (mapped,) = reader.read(bundled(asked))
    assert values(mapped, "hasDiagnosis") == []
    assert "contained in another" in reason(mapped, "ServiceRequest/sr1#d1")


def test_death_of_the_patient_is_listed(reader: FhirReader) -> None:
    dead = PATIENT | {"deceasedBoolean": True}
    (mapped,) = reader.read(bundled(order(), patient=dead))
    assert reason(mapped, "Patient/p1.deceasedBoolean")


def test_codes_of_ours_are_read_where_they_belong(reader: FhirReader) -> None:
    site = coded(OURS, "L4-L5", "LeftKnee")
    mapped = one(reader, procedure("64493", "2024-05-13", bodySite=[site]))
    assert values(mapped, "treatsLevel") == ["L4-L5"]
    assert CODE["64493"].value in {v for _, _, v in mapped.prepared.request.sources}
