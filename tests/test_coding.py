"""How codes are read: what they stand for, what is stated instead, and what is remarked."""

from __future__ import annotations

import json

import pytest

from covergraph.engine import Reasoner
from covergraph.errors import InputError
from covergraph.facts.prepared import Prepared
from covergraph.knowledge import codes
from covergraph.namespaces import CODE, COV, PREFIXES
from covergraph.render.data import Recorder
from covergraph.render.graph import decision_graph

HEAD = "".join(f"@prefix {p}: <{iri}> .\n" for p, iri in PREFIXES.items())
GUIDANCE, TECHNIQUE = COV.usesGuidance.value, COV.usesTechnique.value
LEVEL, REGION = COV.treatsLevel.value, COV.treatsRegion.value
KIND = "cov:hasKind code:facet-joint-denervation ; cov:treatsRegion cov:LumbarRegion"


def read(reasoner: Reasoner, procedure: str, patient: str = "", more: str = "") -> Prepared:
    """Read a request that states little but its procedure."""
    text = f"""{HEAD}@prefix : <https://example.org/coding#> .
    :r a cov:CoverageRequest ; cov:dateOfService "2024-06-14"^^xsd:date ;
        cov:requestsProcedure :p ; cov:hasPatient :x .
    :p {procedure} .
    :x a cov:Patient ; {patient} .
    {more}"""
    return reasoner.read(text.encode(), media_type="text/turtle")


def read_as(reasoner: Reasoner, procedure: str, p: str) -> set[str]:
    """Return the values of a property of the requested procedure, by their local names."""
    prepared = read(reasoner, procedure)
    values = {str(v).rsplit("#", 1)[-1] for v in prepared.facts.procedure.get(p, ())}
    # Plain SHACL and SPARQL read the triples, which say the same.
    node = prepared.request.procedure
    in_triples = {
        o.value.rsplit("#", 1)[-1] for o in prepared.triples.objects(node, COV[p.rsplit("#")[-1]])
    }
    assert values == in_triples
    return values


def notes(reasoner: Reasoner, procedure: str, patient: str = "", more: str = "") -> list[str]:
    return [note.text for note in read(reasoner, procedure, patient, more).notes]


def refusal(reasoner: Reasoner, procedure: str) -> str:
    with pytest.raises(InputError) as caught:
        read(reasoner, procedure)
    return str(caught.value)


@pytest.mark.parametrize(
    "procedure, p, value",
    [
        ("cov:hasProcedureCode code:64493", GUIDANCE, "FluoroscopyOrCt"),
        (
            "cov:hasProcedureCode code:62321 ; cov:treatsLevel cov:C5-C6",
            GUIDANCE,
            "FluoroscopyOrCt",
        ),
        ("cov:hasProcedureCode code:62323", GUIDANCE, "FluoroscopyOrCt"),
        ("cov:hasProcedureCode code:62322", GUIDANCE, "NoImagingGuidance"),
        ("cov:hasProcedureCode code:0216T", GUIDANCE, "Ultrasound"),
        ("cov:hasProcedureCode code:64483", TECHNIQUE, "TransforaminalTechnique"),
        ("cov:hasProcedureCode code:27096", TECHNIQUE, "IntraArticularTechnique"),
        ("cov:hasProcedureCode code:64451", TECHNIQUE, "SacralLateralBranchTechnique"),
        ("cov:hasProcedureCode code:64635", TECHNIQUE, "NerveDestruction"),
        (f"{KIND} ; cov:usesTechnique cov:Radiofrequency", TECHNIQUE, "ThermalRadiofrequency"),
        ("cov:hasProcedureCode code:64625", TECHNIQUE, "ThermalRadiofrequency"),
    ],
)
def test_code_stands_for_what_is_not_stated(
    reasoner: Reasoner, procedure: str, p: str, value: str
) -> None:
    assert value in read_as(reasoner, procedure, p)
    assert not notes(reasoner, procedure)


@pytest.mark.parametrize(
    "technique, conventional",
    [
        ("cov:Radiofrequency", True),
        ("cov:ThermalRadiofrequency", True),
        ("cov:CooledRadiofrequency", False),
        ("cov:PulsedRadiofrequency", False),
        ("cov:ChemicalNeurolysis", False),
        ("cov:Radiofrequency , cov:PulsedRadiofrequency", False),
    ],
)
def test_radiofrequency_under_a_code_is_conventional_unless_stated_otherwise(
    reasoner: Reasoner, technique: str, conventional: bool
) -> None:
    found = read_as(
        reasoner, f"cov:hasProcedureCode code:64635 ; cov:usesTechnique {technique}", TECHNIQUE
    )
    assert ("ConventionalRadiofrequency" in found) is conventional


@pytest.mark.parametrize(
    "procedure, injected, intent",
    [
        ("cov:hasProcedureCode code:64493 , code:J3301", {"Corticosteroid"}, {"TherapeuticIntent"}),
        ("cov:hasProcedureCode code:62323 , code:J1100", {"Corticosteroid"}, {"TherapeuticIntent"}),
        # An anesthetic may be for the skin, and says nothing of what else was injected.
        ("cov:hasProcedureCode code:64493 , code:J2001", set(), set()),
        (
            "cov:hasProcedureCode code:64493 ; cov:usesInjectate cov:Corticosteroid",
            {"Corticosteroid"},
            {"TherapeuticIntent"},
        ),
        (
            "cov:hasProcedureCode code:64493 ; cov:usesInjectate cov:LocalAnesthetic",
            {"LocalAnesthetic"},
            set(),
        ),
        (
            "cov:hasProcedureCode code:64493 , code:J3301 ; cov:usesInjectate cov:LocalAnesthetic",
            {"Corticosteroid", "LocalAnesthetic"},
            {"TherapeuticIntent"},
        ),
        # What is stated decides.
        (
            "cov:hasProcedureCode code:64493 , code:J3301 ; cov:hasIntent cov:DiagnosticIntent",
            {"Corticosteroid"},
            {"DiagnosticIntent"},
        ),
        # A code that always means one intent does so whatever is injected.
        (
            "cov:hasProcedureCode code:62355 ; cov:usesInjectate cov:Corticosteroid",
            {"Corticosteroid"},
            {"RevisionOrRemovalIntent"},
        ),
    ],
)
def test_a_steroid_that_was_injected_is_read_as_therapeutic(
    reasoner: Reasoner, procedure: str, injected: set[str], intent: set[str]
) -> None:
    assert read_as(reasoner, procedure, COV.usesInjectate.value) == injected
    assert read_as(reasoner, procedure, COV.hasIntent.value) == intent


def test_a_steroid_by_its_code_is_not_anesthetic_only(reasoner: Reasoner) -> None:
    block = (
        ':b cov:hasProcedureCode code:64493 , code:J3301 ; cov:performedOn "2024-06-01"^^xsd:date'
    )
    denied = read(reasoner, "cov:hasProcedureCode code:64493", "cov:underwent :b", f"{block} .")
    (session,) = denied.facts.earlier
    assert COV.AnestheticOnly.value in session.denied
    with pytest.raises(InputError) as caught:
        more = f"{block} ; cov:affirms cov:AnestheticOnly ."
        read(reasoner, "cov:hasProcedureCode code:64493", "cov:underwent :b", more)
    assert "AnestheticOnly" in str(caught.value)


def test_radiofrequency_of_a_kind_is_heat_and_no_more(reasoner: Reasoner) -> None:
    found = read_as(reasoner, f"{KIND} ; cov:usesTechnique cov:Radiofrequency", TECHNIQUE)
    assert "ConventionalRadiofrequency" not in found
    pulsed = read_as(
        reasoner,
        f"{KIND} ; cov:usesTechnique cov:Radiofrequency , cov:PulsedRadiofrequency",
        TECHNIQUE,
    )
    assert pulsed == {"Radiofrequency", "PulsedRadiofrequency"}


@pytest.mark.parametrize(
    "procedure, value, note",
    [
        (
            "cov:hasProcedureCode code:64493 ; cov:usesGuidance cov:Ultrasound",
            "Ultrasound",
            "64493 stands for fluoroscopy or CT, stated is ultrasound",
        ),
        (
            "cov:hasProcedureCode code:62322 ; cov:usesGuidance cov:Fluoroscopy",
            "Fluoroscopy",
            "62322 stands for no imaging guidance, stated is fluoroscopy",
        ),
        (
            "cov:hasProcedureCode code:62323 ; cov:usesTechnique cov:TransforaminalTechnique",
            "TransforaminalTechnique",
            "62323 stands for interlaminar or caudal, stated is transforaminal",
        ),
        (
            "cov:hasProcedureCode code:27096 ; cov:usesTechnique cov:SacralLateralBranchTechnique",
            "SacralLateralBranchTechnique",
            "27096 stands for intra-articular, stated is sacral lateral branch",
        ),
        (
            "cov:hasProcedureCode code:64635 ; cov:usesTechnique cov:PulsedRadiofrequency",
            "PulsedRadiofrequency",
            "64635 stands for destruction of the nerve, stated is pulsed radiofrequency, which is "
            "reported with 64999",
        ),
    ],
)
def test_what_is_stated_decides_and_is_noted(
    reasoner: Reasoner, procedure: str, value: str, note: str
) -> None:
    p = GUIDANCE if "usesGuidance" in procedure else TECHNIQUE
    (prepared,) = [read(reasoner, procedure)]
    stated = {str(v).rsplit("#", 1)[-1] for v in prepared.facts.procedure[p]}
    assert value in stated
    assert not any(
        reasoner.terms.coding.excluded(COV[value].value, v) for v in prepared.facts.procedure[p]
    )
    assert notes(reasoner, procedure) == [note]


@pytest.mark.parametrize("stated", ["Fluoroscopy", "ImagingGuidance", "FluoroscopyOrCt"])
def test_narrower_and_broader_values_agree_with_the_code(reasoner: Reasoner, stated: str) -> None:
    procedure = f"cov:hasProcedureCode code:64493 ; cov:usesGuidance cov:{stated}"
    assert "FluoroscopyOrCt" in read_as(reasoner, procedure, GUIDANCE)
    assert not notes(reasoner, procedure)


def test_techniques_of_different_families_leave_the_default(reasoner: Reasoner) -> None:
    procedure = "cov:hasProcedureCode code:64483 ; cov:usesTechnique cov:MinimallyInvasiveTechnique"
    assert "TransforaminalTechnique" in read_as(reasoner, procedure, TECHNIQUE)


def test_companion_codes_are_set_aside_and_state_guidance(reasoner: Reasoner) -> None:
    procedure = "cov:hasProcedureCode code:64483 , code:77003 , code:99152 , code:J1100"
    assert "Fluoroscopy" in read_as(reasoner, procedure, GUIDANCE)
    found = notes(reasoner, procedure)
    assert len(found) == 3 and all("is set aside" in note for note in found)
    ultrasound = "cov:hasProcedureCode code:64493 , code:76942"
    assert "FluoroscopyOrCt" not in read_as(reasoner, ultrasound, GUIDANCE)
    assert "64493 stands for fluoroscopy or CT, stated by 76942 is ultrasound" in notes(
        reasoner, ultrasound
    )


def test_codes_of_one_implant_are_one_procedure(reasoner: Reasoner) -> None:
    for pair in ("63650 63685", "63655 63685", "62350 62362", "62351 62360", "63661 63688"):
        one, other = pair.split()
        read(reasoner, f"cov:hasProcedureCode code:{one} , code:{other}")
    assert "63650 and 64493 are two procedures" in refusal(
        reasoner, "cov:hasProcedureCode code:63650 , code:64493"
    )
    assert "cov:alsoPlanned" in refusal(reasoner, "cov:hasProcedureCode code:62323 , code:64483")


def test_what_goes_together_does_so_both_ways(reasoner: Reasoner) -> None:
    pairs = reasoner.knowledge.triples.pairs(COV.goesWith)
    assert pairs and {(b, a) for a, b in pairs} == set(pairs)


@pytest.mark.parametrize(
    "codes_, levels, note",
    [
        ("64493", "L4-L5", ""),
        ("64493 64494", "L3-L4 L4-L5", ""),
        ("64493 64494 64495", "L2-L3 L3-L4 L4-L5 L5-S1", ""),
        ("64635 64636", "L3-L4 L4-L5 L5-S1", ""),
        (
            "64493 64494",
            "L3-L4 L4-L5 L5-S1",
            "64493 stands for the first level and 64494 for the second level; 3 levels are stated "
            "(L3-L4, L4-L5, L5-S1); there is 64495 for the third and any further level",
        ),
        (
            "64493",
            "L1-L2 L2-L3 L3-L4 L4-L5 L5-S1",
            "64493 stands for the first level; 5 levels are stated (L1-L2, L2-L3, L3-L4, L4-L5, "
            "L5-S1); there is 64494 for the second level and 64495 for the third and any further "
            "level",
        ),
        (
            "64493 64495",
            "L4-L5",
            "64493 stands for the first level and 64495 for the third and any further level; "
            "1 level is stated (L4-L5)",
        ),
    ],
)
def test_codes_and_levels_that_disagree_in_number_are_noted(
    reasoner: Reasoner, codes_: str, levels: str, note: str
) -> None:
    procedure = (
        f"cov:hasProcedureCode {' , '.join(f'code:{c}' for c in codes_.split())} ; "
        f"cov:treatsLevel {' , '.join(f'cov:{v}' for v in levels.split())}"
    )
    assert notes(reasoner, procedure) == ([note] if note else [])


def test_both_sides_of_a_level_count_once(reasoner: Reasoner) -> None:
    both = "cov:treatsLevel cov:L4-L5 ; cov:onSide cov:Left , cov:Right"
    assert not notes(reasoner, f"cov:hasProcedureCode code:64493 ; {both}")
    (note,) = notes(reasoner, f"cov:hasProcedureCode code:64493 , code:64494 ; {both}")
    assert "both sides of a level are one" in note


@pytest.mark.parametrize(
    "nerves, levels",
    [
        ("L3MedialBranch L4MedialBranch", "L4-L5"),
        ("L3MedialBranch L4MedialBranch L5DorsalRamus", "L4-L5 L5-S1"),
        ("T12MedialBranch L1MedialBranch", "L1-L2"),
    ],
)
def test_joint_follows_from_all_its_nerves(reasoner: Reasoner, nerves: str, levels: str) -> None:
    stated = " , ".join(f"cov:{n}" for n in nerves.split())
    procedure = f"cov:hasProcedureCode code:64635 , code:64636 ; cov:treatsNerve {stated}"
    assert read_as(reasoner, procedure, LEVEL) == set(levels.split())


@pytest.mark.parametrize(
    "nerves, levels",
    [
        ("C4MedialBranch C5MedialBranch", "C4-C5"),
        ("ThirdOccipitalNerve", "C2-C3"),
        ("C7MedialBranch C8MedialBranch", "C7-T1"),
    ],
)
def test_neck_joint_has_branches_of_its_own_numbers(
    reasoner: Reasoner, nerves: str, levels: str
) -> None:
    stated = " , ".join(f"cov:{n}" for n in nerves.split())
    procedure = f"cov:hasProcedureCode code:64490 ; cov:treatsNerve {stated}"
    assert read_as(reasoner, procedure, LEVEL) == set(levels.split())
    assert read_as(reasoner, procedure, REGION) == {"CervicalRegion"}


def test_nerve_left_over_is_noted(reasoner: Reasoner) -> None:
    nerves = "cov:treatsNerve cov:L2MedialBranch , cov:L4MedialBranch , cov:L5DorsalRamus"
    assert notes(reasoner, f"cov:hasProcedureCode code:64493 ; {nerves}") == [
        "the nerve L2 medial branch is left over: no joint has all its nerves stated with it"
    ]


def test_nerves_that_disagree_with_levels_are_noted(reasoner: Reasoner) -> None:
    stated = (
        "cov:hasProcedureCode code:64493 ; cov:treatsLevel cov:L5-S1 ; "
        "cov:treatsNerve cov:L3MedialBranch , cov:L4MedialBranch"
    )
    assert read_as(reasoner, stated, LEVEL) == {"L5-S1"}
    assert "the nerves stated supply L4-L5, the levels stated are L5-S1" in notes(reasoner, stated)


def test_nerve_of_no_joint_of_the_region_is_refused(reasoner: Reasoner) -> None:
    text = refusal(reasoner, "cov:hasProcedureCode code:64493 ; cov:treatsNerve cov:C5MedialBranch")
    assert "cov:C5MedialBranch belongs to no joint of the lumbar region" in text
    # The branch of T12 supplies a joint of the chest and one of the low back.
    read(reasoner, "cov:hasProcedureCode code:64493 ; cov:treatsNerve cov:T12MedialBranch")


def test_sacral_level_is_a_level_without_facet_joint(reasoner: Reasoner) -> None:
    assert read_as(
        reasoner, "cov:hasProcedureCode code:64483 ; cov:treatsLevel cov:S1-S2", REGION
    ) == {"LumbarRegion"}
    text = refusal(reasoner, "cov:hasProcedureCode code:64635 ; cov:treatsLevel cov:S1-S2")
    assert "code:64635 is about a facet joint, and cov:S1-S2 has none" in text


@pytest.mark.parametrize("code", ["64454", "62290", "64622"])
def test_code_of_another_place_is_refused_by_name(reasoner: Reasoner, code: str) -> None:
    text = refusal(reasoner, f"cov:hasProcedureCode code:{code}")
    assert f"{code} stands for" in text and "near" not in text


@pytest.mark.parametrize("code", ["64496", "62324", "2709"])
def test_unknown_procedure_code_gets_no_other_one_offered(reasoner: Reasoner, code: str) -> None:
    text = refusal(reasoner, f"cov:hasProcedureCode code:{code}")
    assert f"unknown code {code}" in text and "near" not in text


def test_near_code_differs_in_capitals_alone(reasoner: Reasoner) -> None:
    known = reasoner.knowledge
    assert codes.nearest(CODE["g0260"], COV.ProcedureCode, known) == ["G0260"]


@pytest.mark.parametrize(
    "term, hint",
    [
        ("treatsLevel cov:S5-S6", ""),
        ("treatsLevel cov:L4L5", "did you mean cov:L4-L5?"),
        ("treatsRegion cov:LumberRegion", "did you mean cov:LumbarRegion?"),
        ("treatsRegion cov:SacralRegion", ""),
        ("onSide cov:Rigth", "did you mean cov:Right?"),
        ("onSide cov:Light", ""),
    ],
)
def test_hint_mends_spelling_and_never_meaning(reasoner: Reasoner, term: str, hint: str) -> None:
    text = refusal(reasoner, f"cov:hasProcedureCode code:64493 ; cov:{term}")
    assert (hint in text) if hint else ("did you mean" not in text)


def test_current_score_is_not_offered_as_the_average(reasoner: Reasoner) -> None:
    with pytest.raises(InputError) as caught:
        read(
            reasoner,
            "cov:hasProcedureCode code:64493",
            "cov:hasPain :pain",
            ":pain cov:inRegion cov:LumbarRegion ; cov:currentPainScore 8 .",
        )
    assert "averagePainScore" not in str(caught.value)
    assert "no policy asks for it" in str(caught.value)


def test_error_names_the_code_that_implies_the_other_intent(reasoner: Reasoner) -> None:
    text = refusal(reasoner, "cov:hasProcedureCode code:63661 ; cov:hasIntent cov:TrialIntent")
    assert "code:63661 stands for revision or removal and contradicts cov:TrialIntent" in text


@pytest.mark.parametrize(
    "code, never, may",
    [
        ("63688", "Trial Permanent Diagnostic", "RevisionOrRemoval Replacement"),
        ("63685", "Trial RevisionOrRemoval", "Permanent Replacement"),
        ("63650", "RevisionOrRemoval", "Trial Permanent"),
        ("62362", "Trial RevisionOrRemoval", "Permanent Replacement"),
        ("62350", "Diagnostic", "Trial Permanent Replacement RevisionOrRemoval"),
    ],
)
def test_intent_that_the_code_or_kind_rules_out_is_refused(
    reasoner: Reasoner, code: str, never: str, may: str
) -> None:
    means = f"cov:{'hasProcedureCode' if code.isdigit() else 'hasKind'} code:{code}"
    for intent in never.split():
        text = refusal(reasoner, f"{means} ; cov:hasIntent cov:{intent}Intent")
        assert f"code:{code} contradicts cov:{intent}Intent" in text
        assert all(
            f"cov:{other}Intent" in text.partition("it goes with")[2] for other in may.split()
        )
    for intent in may.split():
        stated = f"{means} ; cov:hasIntent cov:{intent}Intent"
        assert read_as(reasoner, stated, COV.hasIntent.value) == {f"{intent}Intent"}


def test_earlier_procedures_are_read_and_noted_alike(reasoner: Reasoner) -> None:
    earlier = (
        ':e cov:hasProcedureCode code:64635 ; cov:performedOn "2022-04-01"^^xsd:date ; '
        "cov:usesTechnique cov:PulsedRadiofrequency ; cov:treatsLevel cov:L4-L5 ."
    )
    (note,) = notes(reasoner, "cov:hasProcedureCode code:64493", "cov:underwent :e", earlier)
    assert note.startswith("earlier procedure of 2022-04-01: 64635 stands for")


def test_notes_are_in_every_format(reasoner: Reasoner) -> None:
    prepared = read(reasoner, "cov:hasProcedureCode code:64493 ; cov:usesGuidance cov:Ultrasound")
    answer = reasoner.answer(prepared, "nia/cg-301")
    recorder = Recorder(reasoner.knowledge)
    told = recorder.answer(answer)
    (note,) = told["notes"]
    assert note["note"] == "64493 stands for fluoroscopy or CT, stated is ultrasound"
    assert note["about"][0] == CODE["64493"].value
    assert told["receipt"]["notes"] == [note["note"]]
    graph = decision_graph(answer, recorder)
    assert [o.value for _, p, o in graph if p == COV.codingNote] == [note["note"]]


def test_trace_says_which_code_a_value_follows_from(reasoner: Reasoner) -> None:
    answer = reasoner.answer(read(reasoner, "cov:hasProcedureCode code:64493"), "nia/cg-301")
    recorder = Recorder(reasoner.knowledge)
    told = [
        json.loads(recorder.statement(said, answer))
        for traced in reasoner.trace(answer)
        for said in traced.statements
        if said.property == GUIDANCE
    ]
    assert told and all(t["followsFrom"] == ["code:64493"] for t in told)


def test_code_that_names_a_region_spans_it(reasoner: Reasoner) -> None:
    t = reasoner.knowledge.triples
    for means, region in t.pairs(COV.impliesRegion):
        assert t.objects(means, COV.spansRegion) == [region], means
