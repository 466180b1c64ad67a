"""Leaves as plain SHACL, and the twins that grant silence."""

from __future__ import annotations

from itertools import product

import pytest

from covergraph.judge import Verdict
from tests.components.support import (
    MET,
    NOT_DOCUMENTED,
    NOT_MET,
    request,
    verdict,
)

BLOCK = "cov:hasProcedureCode code:64493"
DENERVATION = "cov:hasKind code:facet-joint-denervation"
SPACING = (
    'cov:minimumInterval "P14D"^^xsd:dayTimeDuration ; cov:ofProcedure cov:FacetJointInjection ;'
    " cov:regionScope cov:SameRegion"
)
LUMBAR_PAIN = ":pain cov:inRegion cov:LumbarRegion"


def patient(stated: str, procedure: str = BLOCK) -> str:
    return request(procedure=procedure, patient=stated)


def pain(stated: str = "") -> str:
    return request(procedure=BLOCK, patient="cov:hasPain :pain", more=f"{LUMBAR_PAIN} {stated} .")


def shape(path: str, constraint: str) -> str:
    return f"sh:property [ a sh:PropertyShape ; sh:path {path} ; {constraint} ]"


# --- One-line forms -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("leaf", "affirmed", "denied", "silent"),
    [
        pytest.param("cov:affirmedFact {open}", MET, NOT_MET, NOT_DOCUMENTED, id="affirmed, open"),
        pytest.param("cov:absentFact {open}", NOT_MET, MET, NOT_DOCUMENTED, id="absent, open"),
        pytest.param("cov:affirmedFact {absent}", MET, NOT_MET, NOT_MET, id="affirmed, absent"),
        pytest.param("cov:absentFact {absent}", NOT_MET, MET, MET, id="absent, absent"),
        pytest.param(
            "cov:affirmedFact {open} ; cov:silenceMeans cov:Absent",
            MET,
            NOT_MET,
            NOT_MET,
            id="affirmed, open but read as absent here",
        ),
        pytest.param(
            "cov:absentFact {open} ; cov:silenceMeans cov:Absent",
            NOT_MET,
            MET,
            MET,
            id="absent, open but read as absent here",
        ),
        pytest.param(
            "cov:affirmedFact {absent} ; cov:silenceMeans cov:NotDocumented",
            MET,
            NOT_MET,
            NOT_DOCUMENTED,
            id="affirmed, absent but open here",
        ),
        pytest.param(
            "cov:absentFact {absent} ; cov:silenceMeans cov:NotDocumented",
            NOT_MET,
            MET,
            NOT_DOCUMENTED,
            id="absent, absent but open here",
        ),
    ],
)
def test_a_named_fact_is_read_as_its_silence_says(
    leaf: str, affirmed: Verdict, denied: Verdict, silent: Verdict
) -> None:
    names = {"open": "cov:FacetSyndromeFindings", "absent": "cov:Infection"}
    fact = names["open" if "{open}" in leaf else "absent"]
    leaf = leaf.format(**names)
    # Another fact is stated beside it, so that silence on one is not silence on all.
    assert verdict(leaf, patient(f"cov:affirms {fact} , cov:MedicareMember")) is affirmed
    assert verdict(leaf, patient(f"cov:denies {fact} ; cov:affirms cov:MedicareMember")) is denied
    assert verdict(leaf, patient("cov:affirms cov:MedicareMember")) is silent
    assert verdict(leaf, patient("cov:denies cov:MedicareMember")) is silent


def test_a_narrower_fact_affirms_and_a_broader_denial_denies() -> None:
    broad, narrow = "cov:affirmedFact cov:Infection", "cov:absentFact cov:LocalInfection"
    assert verdict(broad, patient("cov:affirms cov:LocalInfection")) is MET
    assert verdict(narrow, patient("cov:denies cov:Infection")) is MET
    asked = "cov:affirmedFact cov:PositiveFacetLoading"
    assert verdict(asked, patient("cov:affirms cov:FacetSyndromeFindings")) is NOT_DOCUMENTED
    assert verdict(asked, patient("cov:denies cov:FacetSyndromeFindings")) is NOT_MET


def test_a_fact_of_pain_is_read_from_the_pain_of_the_region() -> None:
    leaf = "cov:affirmedFact cov:InterferesWithDailyActivities"
    fact = "cov:InterferesWithDailyActivities"
    assert verdict(leaf, pain(f"; cov:affirms {fact}")) is MET
    assert verdict(leaf, pain(f"; cov:denies {fact}")) is NOT_MET
    assert verdict(leaf, pain()) is NOT_DOCUMENTED
    assert verdict(leaf, patient("")) is NOT_DOCUMENTED
    elsewhere = request(
        procedure=BLOCK,
        patient="cov:hasPain :pain",
        more=f":pain cov:inRegion cov:CervicalRegion ; cov:denies {fact} .",
    )
    assert verdict(leaf, elsewhere) is NOT_DOCUMENTED


# --- Twins of SHACL Core --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        pytest.param("", NOT_DOCUMENTED, id="nothing stated"),
        pytest.param("cov:Fluoroscopy", MET, id="a narrower concept"),
        pytest.param("cov:FluoroscopyOrCt", MET, id="the concept itself"),
        pytest.param("cov:ImagingGuidance", NOT_DOCUMENTED, id="a broader concept"),
        pytest.param("cov:Ultrasound", NOT_MET, id="an alternative"),
        pytest.param("cov:NoImagingGuidance", NOT_MET, id="an alternative of the broader concept"),
    ],
)
def test_a_concept_may_be_meant_by_a_broader_one(stated: str, expected: Verdict) -> None:
    leaf = shape(
        "( cov:requestsProcedure cov:usesGuidance )",
        "sh:minCount 1 ; sh:hasValue cov:FluoroscopyOrCt",
    )
    said = f"{DENERVATION} ; cov:usesGuidance {stated}" if stated else DENERVATION
    assert verdict(leaf, request(procedure=said)) is expected


def test_a_concept_of_another_axis_rules_nothing_out() -> None:
    leaf = shape(
        "( cov:requestsProcedure cov:usesTechnique )",
        "sh:minCount 1 ; sh:hasValue cov:ConventionalRadiofrequency",
    )
    said = f"{DENERVATION} ; cov:usesTechnique cov:MedialBranchTechnique"
    assert verdict(leaf, request(procedure=said)) is NOT_DOCUMENTED
    both = f"{said} , cov:ConventionalRadiofrequency"
    assert verdict(leaf, request(procedure=both)) is MET
    neither = f"{said} , cov:PulsedRadiofrequency"
    assert verdict(leaf, request(procedure=neither)) is NOT_MET


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("", NOT_DOCUMENTED),
        ("cov:LumbarRegion", MET),
        ("cov:CervicalRegion", MET),
        ("cov:ThoracicRegion", NOT_MET),
    ],
)
def test_one_of_several_concepts_is_enough(stated: str, expected: Verdict) -> None:
    leaf = shape(
        "( cov:requestsProcedure cov:treatsRegion )",
        "sh:minCount 1 ; sh:in ( cov:LumbarRegion cov:CervicalRegion )",
    )
    said = f"{DENERVATION} ; cov:treatsRegion {stated}" if stated else DENERVATION
    assert verdict(leaf, request(procedure=said)) is expected


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("", NOT_DOCUMENTED),
        ("cov:Fluoroscopy", MET),
        ("cov:ComputedTomography", MET),
        ("cov:FluoroscopyOrCt", NOT_DOCUMENTED),
        ("cov:Ultrasound", NOT_MET),
    ],
)
def test_a_qualified_value_may_have_broader_concepts_beside_it(
    stated: str, expected: Verdict
) -> None:
    leaf = shape(
        "( cov:requestsProcedure cov:usesGuidance )",
        "sh:qualifiedMinCount 1 ; sh:qualifiedValueShape"
        " [ a sh:NodeShape ; sh:in ( cov:Fluoroscopy cov:ComputedTomography ) ]",
    )
    said = f"{DENERVATION} ; cov:usesGuidance {stated}" if stated else DENERVATION
    assert verdict(leaf, request(procedure=said)) is expected


@pytest.mark.parametrize(
    ("score", "expected"),
    [(None, NOT_DOCUMENTED), (0, NOT_MET), (5, NOT_MET), (5.9, NOT_MET), (6, MET), (7, MET)],
)
def test_a_number_below_the_bound_is_not_met(score: float | None, expected: Verdict) -> None:
    leaf = shape(
        "( cov:concernsPain cov:averagePainScore )",
        "sh:minCount 1 ; sh:datatype xsd:decimal ; sh:minInclusive 6.0",
    )
    stated = f"; cov:averagePainScore {score}" if score is not None else ""
    assert verdict(leaf, pain(stated)) is expected


@pytest.mark.parametrize(
    ("levels", "expected"),
    [(0, NOT_DOCUMENTED), (1, MET), (2, MET), (3, MET), (4, NOT_MET)],
)
def test_the_stated_levels_are_all_there_are(levels: int, expected: Verdict) -> None:
    leaf = shape("( cov:requestsProcedure cov:treatsLevel )", "sh:minCount 1 ; sh:maxCount 3")
    stated = ["cov:L1-L2", "cov:L2-L3", "cov:L3-L4", "cov:L4-L5"][:levels]
    said = f"{BLOCK} ; cov:treatsLevel {' , '.join(stated)}" if stated else BLOCK
    assert verdict(leaf, request(procedure=said)) is expected


def test_too_few_stated_levels_are_not_met() -> None:
    leaf = shape("( cov:requestsProcedure cov:treatsLevel )", "sh:minCount 2")
    said = f"{BLOCK} ; cov:treatsLevel cov:L4-L5"
    assert verdict(leaf, request(procedure=said)) is NOT_MET
    assert verdict(leaf, request(procedure=BLOCK)) is NOT_DOCUMENTED


@pytest.mark.parametrize(
    ("leaf", "story", "expected"),
    [
        pytest.param(
            shape("cov:requestsProcedure", "sh:minCount 1 ; sh:class cov:FacetJointInjection"),
            request(procedure=BLOCK),
            MET,
            id="the class of the procedure",
        ),
        pytest.param(
            shape("cov:requestsProcedure", "sh:minCount 1 ; sh:class cov:EpiduralInjection"),
            request(procedure=BLOCK),
            NOT_MET,
            id="another class of procedure",
        ),
        pytest.param(
            shape("cov:alsoPlanned", "sh:maxCount 0"),
            request(procedure=BLOCK),
            MET,
            id="nothing else is planned",
        ),
        pytest.param(
            shape("cov:alsoPlanned", "sh:maxCount 0"),
            request(
                procedure=BLOCK,
                visit="cov:alsoPlanned :other ;",
                more=":other cov:hasProcedureCode code:62323 .",
            ),
            NOT_MET,
            id="something else is planned",
        ),
        pytest.param(
            shape("( cov:hasPatient cov:hasDiagnosis )", "sh:hasValue code:M54.2"),
            request(procedure=BLOCK),
            NOT_MET,
            id="no diagnosis is stated",
        ),
        pytest.param(
            shape("( cov:hasPatient cov:hasDiagnosis )", "sh:hasValue code:M54.2")
            + " ; cov:silenceMeans cov:NotDocumented",
            request(procedure=BLOCK),
            NOT_DOCUMENTED,
            id="no diagnosis is stated, open here",
        ),
        pytest.param(
            shape("( cov:requestsProcedure cov:performedBy )", "sh:hasValue cov:Physician")
            + " ; cov:silenceMeans cov:Absent",
            request(procedure=BLOCK),
            NOT_MET,
            id="no performer is stated, absent here",
        ),
    ],
)
def test_what_is_complete_or_absent_grants_no_silence(
    leaf: str, story: str, expected: Verdict
) -> None:
    assert verdict(leaf, story) is expected


@pytest.mark.parametrize(
    ("performer", "intent"),
    list(product([None, "Physician", "NursePractitioner"], [None, "Diagnostic", "Therapeutic"])),
)
def test_two_properties_of_a_leaf_are_granted_each_for_itself(
    performer: str | None, intent: str | None
) -> None:
    leaf = (
        shape("( cov:requestsProcedure cov:performedBy )", "sh:hasValue cov:Physician")
        + " ; "
        + shape("( cov:requestsProcedure cov:hasIntent )", "sh:hasValue cov:DiagnosticIntent")
    )
    said = BLOCK
    said += f" ; cov:performedBy cov:{performer}" if performer else ""
    said += f" ; cov:hasIntent cov:{intent}Intent" if intent else ""
    stated = {performer, intent}
    refused = stated & {"NursePractitioner", "Therapeutic"}
    expected = NOT_MET if refused else NOT_DOCUMENTED if None in stated else MET
    assert verdict(leaf, request(procedure=said)) is expected


FACTS = ("PainOnExtensionAndRotation", "PositiveFacetLoading", "PainWorseAtNight")


@pytest.mark.parametrize("least", [1, 2, 3])
@pytest.mark.parametrize("said", list(product("yn?", repeat=3)), ids="".join)
def test_counted_facts_are_silent_one_by_one(least: int, said: tuple[str, ...]) -> None:
    listed = " ".join(f"cov:{fact}" for fact in FACTS)
    leaf = shape(
        "( cov:hasPatient cov:affirms )",
        f"sh:qualifiedMinCount {least} ; sh:qualifiedValueShape"
        f" [ a sh:NodeShape ; sh:in ( {listed} ) ]",
    )
    verbs = {"y": "affirms", "n": "denies"}
    stated = ["cov:affirms cov:MedicareMember"]
    for fact, word in zip(FACTS, said, strict=True):
        stated += [f"cov:{verbs[word]} cov:{fact}"] if word in verbs else []
    sure, possible = said.count("y"), 3 - said.count("n")
    expected = MET if sure >= least else NOT_DOCUMENTED if possible >= least else NOT_MET
    assert verdict(leaf, patient(" ; ".join(stated))) is expected


def test_a_component_reads_silence_as_its_criterion_says() -> None:
    leaf = f"{SPACING} ; cov:withIntent cov:DiagnosticIntent"
    story = request(
        procedure=BLOCK,
        patient="cov:underwent :earlier",
        more=':earlier cov:hasProcedureCode code:64493 ; cov:performedOn "2024-06-10"^^xsd:date .',
    )
    assert verdict(leaf, story) is NOT_DOCUMENTED
    assert verdict(f"{leaf} ; cov:silenceMeans cov:Absent", story) is NOT_MET
