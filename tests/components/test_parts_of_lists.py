"""Lists that are complete, or known in part, for one class or kind, or since a day: both judges."""

from __future__ import annotations

import pytest

from covergraph.judge import Verdict
from tests.components.support import MET, NOT_DOCUMENTED, NOT_MET, request, verdict

WHOLE = "cov:{}For cov:{}"
PART = "cov:{}For [ cov:aboutList cov:{} ; {} ]"


def procedures(how: str, about: str = "", since: str = "") -> str:
    return said(how, "EarlierProcedures", "aboutProcedures", about, since)


def therapies(how: str, about: str = "", since: str = "") -> str:
    return said(how, "Therapies", "aboutTherapy", f"cov:{about}" if about else "", since)


def said(how: str, whole: str, by: str, about: str, since: str) -> str:
    """Return what a patient's record says of a list, or of a part of it."""
    parts = [f"cov:{by} {about}"] * bool(about) + [f"cov:since {_date(since)}"] * bool(since)
    return PART.format(how, whole, " ; ".join(parts)) if parts else WHOLE.format(how, whole)


def _date(text: str) -> str:
    return f'"{text}"^^xsd:{"date" if len(text) == 10 else "gYearMonth"}'


BLOCK, INJECTION = "cov:FacetJointInjection", "cov:SpinalInjection"
INTO_THE_JOINT, MEDIAL_BRANCH = "code:facet-joint-injection", "code:medial-branch-block"
# The classes that a spinal injection is one of.
MEMBERS = (
    "cov:EpiduralInjection",
    "cov:FacetJointInjection",
    "cov:SacroiliacJointInjection",
    "cov:IntradiscalTherapy",
    "cov:OtherSpinalInjection",
)


def history(*about: str) -> str:
    return request(
        procedure="cov:hasKind code:facet-joint-denervation ; cov:treatsRegion cov:LumbarRegion",
        patient=" ; ".join(about),
    )


def asked(bound: str, cls: str, months: int | None) -> str:
    window = f'; cov:inWindow "P{months}M"^^xsd:yearMonthDuration' if months else ""
    return f"{bound} ; cov:ofProcedure {cls} ; cov:regionScope cov:AnyRegion {window}"


@pytest.mark.parametrize(
    ("about", "cls", "months", "expected"),
    [
        ((), BLOCK, None, NOT_DOCUMENTED),
        ((procedures("complete"),), BLOCK, None, NOT_MET),
        ((procedures("complete", BLOCK),), BLOCK, None, NOT_MET),
        ((procedures("complete", INJECTION),), BLOCK, None, NOT_MET),
        ((procedures("complete", "cov:EpiduralInjection"),), BLOCK, None, NOT_DOCUMENTED),
        ((procedures("complete", BLOCK),), INJECTION, None, NOT_DOCUMENTED),
        ((procedures("complete", INTO_THE_JOINT),), BLOCK, None, NOT_DOCUMENTED),
        (tuple(procedures("complete", cls) for cls in MEMBERS), INJECTION, None, NOT_MET),
        ((procedures("complete", "code:epidural-injection"),), MEMBERS[0], None, NOT_MET),
        ((procedures("complete", BLOCK, "2024-01-01"),), BLOCK, None, NOT_DOCUMENTED),
        ((procedures("complete", BLOCK, "2024-01-01"),), BLOCK, 3, NOT_MET),
        ((procedures("complete", BLOCK, "2024-05-01"),), BLOCK, 3, NOT_DOCUMENTED),
        ((procedures("complete", BLOCK), procedures("partial")), BLOCK, None, NOT_MET),
        ((procedures("partial", BLOCK),), BLOCK, None, NOT_DOCUMENTED),
    ],
)
def test_a_requirement_of_an_earlier_procedure(
    about: tuple[str, ...], cls: str, months: int | None, expected: Verdict
) -> None:
    assert verdict(asked("cov:minimumEarlierSessions 1", cls, months), history(*about)) is expected


@pytest.mark.parametrize(
    ("about", "cls", "months", "expected"),
    [
        ((), BLOCK, 12, MET),
        ((procedures("partial"),), BLOCK, 12, NOT_DOCUMENTED),
        ((procedures("partial", BLOCK),), BLOCK, 12, NOT_DOCUMENTED),
        ((procedures("partial", "cov:EpiduralInjection"),), BLOCK, 12, MET),
        ((procedures("partial", "cov:EpiduralInjection"),), INJECTION, 12, NOT_DOCUMENTED),
        ((procedures("partial", MEDIAL_BRANCH),), BLOCK, 12, NOT_DOCUMENTED),
        ((procedures("partial", "code:discectomy"),), "cov:SpinalFusion", 12, MET),
        ((procedures("partial", BLOCK, "2024-06"),), BLOCK, 12, NOT_DOCUMENTED),
        ((procedures("complete", since="2024-01"),), BLOCK, 3, MET),
        ((procedures("complete", since="2024-01"),), BLOCK, 12, NOT_DOCUMENTED),
        ((procedures("complete", BLOCK, "2024-01"),), BLOCK, 12, NOT_DOCUMENTED),
        ((procedures("complete", BLOCK), procedures("partial")), BLOCK, 12, MET),
        ((procedures("complete", since="2024-01"), procedures("partial")), BLOCK, 3, MET),
        ((procedures("complete", BLOCK, "2024-01"), procedures("partial")), BLOCK, 3, MET),
        (
            (procedures("complete", BLOCK, "2024-01"), procedures("partial")),
            BLOCK,
            12,
            NOT_DOCUMENTED,
        ),
        # What is said of one class beside what is said of all.
        (
            (procedures("complete", BLOCK, "2023-01"), procedures("complete", since="2024-01")),
            BLOCK,
            12,
            MET,
        ),
        (
            (procedures("complete", BLOCK, "2024-05"), procedures("complete", since="2023-01")),
            BLOCK,
            12,
            MET,
        ),
        (
            (procedures("complete", INTO_THE_JOINT), procedures("partial")),
            BLOCK,
            12,
            NOT_DOCUMENTED,
        ),
    ],
)
def test_a_limit(about: tuple[str, ...], cls: str, months: int, expected: Verdict) -> None:
    assert verdict(asked("cov:maximumEarlierSessions 0", cls, months), history(*about)) is expected


# --- Therapies ---------------------------------------------------------------------------

OTHERS = "cov:denies cov:ChiropracticCare , cov:PrescribedHomeExerciseProgram"
# Three weeks, where six are asked for.
COURSE = (
    ":course cov:ofTherapy cov:PhysicalTherapy ; cov:treatsRegion cov:LumbarRegion ;"
    ' cov:startedOn "2024-01-01"^^xsd:date ; cov:endedOn "2024-01-21"^^xsd:date ;'
    " cov:hadOutcome cov:InadequateResponse ."
)


@pytest.mark.parametrize(
    ("about", "months", "expected"),
    [
        ((), None, NOT_DOCUMENTED),
        ((therapies("complete"),), None, NOT_MET),
        ((therapies("complete", "ActiveTherapy"),), None, NOT_MET),
        ((therapies("complete", "ConservativeTherapy"),), None, NOT_MET),
        ((therapies("complete", "PhysicalTherapy"),), None, NOT_DOCUMENTED),
        ((therapies("complete", "ActiveTherapy"), therapies("partial")), None, NOT_MET),
        ((therapies("complete", since="2023-12-01"),), None, NOT_DOCUMENTED),
        ((therapies("complete", since="2023-12-01"),), 6, NOT_MET),
        ((therapies("complete", since="2023-12"),), 6, NOT_MET),
        ((therapies("complete", "ActiveTherapy", "2023-12-01"),), 6, NOT_MET),
        ((therapies("complete", "PhysicalTherapy", "2023-12-01"),), 6, NOT_DOCUMENTED),
        # From December 16 on the days are in the window.
        ((therapies("complete", since="2024-01-20"),), 6, NOT_MET),
        ((therapies("complete", since="2024-01-26"),), 6, NOT_MET),
        ((therapies("complete", since="2024-01-27"),), 6, NOT_DOCUMENTED),
        ((therapies("complete", since="2024-03-01"),), 6, NOT_DOCUMENTED),
        ((OTHERS,), None, NOT_MET),
        ((OTHERS, therapies("partial")), None, NOT_DOCUMENTED),
        ((OTHERS, therapies("partial", "PhysicalTherapy")), None, NOT_DOCUMENTED),
        ((OTHERS, therapies("partial", "ActiveTherapy")), None, NOT_DOCUMENTED),
        ((OTHERS, therapies("partial", "ChiropracticCare")), None, NOT_MET),
        ((OTHERS, therapies("partial", "PhysicalTherapy", "2024-06-01")), None, NOT_MET),
        ((OTHERS, therapies("partial", "PhysicalTherapy", "2024-05-26")), None, NOT_DOCUMENTED),
        ((OTHERS, therapies("partial", "PhysicalTherapy", "2024-05")), None, NOT_DOCUMENTED),
        (
            (OTHERS, therapies("partial"), therapies("complete", since="2024-01-20")),
            6,
            NOT_MET,
        ),
    ],
)
def test_weeks_of_therapy(about: tuple[str, ...], months: int | None, expected: Verdict) -> None:
    window = f'; cov:inWindow "P{months}M"^^xsd:yearMonthDuration' if months else ""
    leaf = (
        'cov:minimumCourse "P42D"^^xsd:dayTimeDuration ; cov:withTherapy cov:ActiveTherapy ;'
        f" cov:regionScope cov:SameRegion ; cov:withOutcome cov:InadequateResponse {window}"
    )
    record = request(
        procedure="cov:hasProcedureCode code:64493",
        patient=" ; ".join(("cov:hadTherapy :course", *about)),
        more=COURSE,
    )
    assert verdict(leaf, record) is expected


@pytest.mark.parametrize(
    ("about", "months", "expected"),
    [
        ((), 6, NOT_DOCUMENTED),
        ((therapies("complete"),), 6, NOT_MET),
        ((therapies("complete", "ChiropracticCare"),), 6, NOT_MET),
        ((therapies("complete", since="2023-12-16"),), 6, NOT_MET),
        ((therapies("complete", since="2023-12-17"),), 6, NOT_DOCUMENTED),
        ((therapies("complete", since="2023-12-16"),), None, NOT_DOCUMENTED),
    ],
)
def test_any_therapy_at_all(about: tuple[str, ...], months: int | None, expected: Verdict) -> None:
    window = f'; cov:inWindow "P{months}M"^^xsd:yearMonthDuration' if months else ""
    leaf = f"cov:withTherapy cov:ChiropracticCare ; cov:regionScope cov:AnyRegion {window}"
    record = request(procedure="cov:hasProcedureCode code:64493", patient=" ; ".join(about))
    assert verdict(leaf, record) is expected
