"""Facts that follow: what a record shows is enough, and nothing may be stated against it."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from pathlib import Path

import pytest
from pyoxigraph import NamedNode
from rdflib import Graph, URIRef
from rdflib.namespace import SH

from covergraph.engine import Reasoner
from covergraph.errors import InputError, KnowledgeError
from covergraph.facts.defaults import completed
from covergraph.facts.derive import derive
from covergraph.facts.following import Derivation, Following, Records
from covergraph.facts.layout import records_of
from covergraph.judge.reference import failing_shapes, to_rdflib
from covergraph.knowledge.base import knowledge
from covergraph.namespaces import COV, PREFIXES
from covergraph.triples import Triples
from tests.tools.case_files import load_cases
from tests.variations import copied_tree, reasoner_of

HEAD = (
    "".join(f"@prefix {p}: <{iri}> .\n" for p, iri in PREFIXES.items())
    + """
@prefix : <https://w3id.org/covergraph/requests/following#> .
:request a cov:CoverageRequest ; cov:dateOfService "2024-08-10"^^xsd:date ;
    cov:requestsProcedure :asked ; cov:hasPatient :patient .
:asked cov:hasKind code:facet-joint-denervation .
:patient cov:underwent :block ; cov:hasPain :pain ; cov:hadTherapy :course .
:pain cov:inRegion cov:LumbarRegion .
:course cov:ofTherapy cov:PhysicalTherapy .
:block cov:hasProcedureCode code:64493 ; cov:performedOn "2024-05-01"^^xsd:date .
"""
)

FOLLOWING = Following(knowledge())
DERIVATIONS = [d for made in FOLLOWING.by_role.values() for d in made]
CASES = load_cases()[::400]
SHAPES = [d for d in DERIVATIONS if COV.Derivation in knowledge().triples.types(d.iri)]

# A sacroiliac injection on some day beside the block of 1 May, and radicular symptoms.
JOINT = (
    ":patient cov:underwent :joint ."
    ' :joint cov:hasProcedureCode code:27096 ; cov:performedOn "{}"^^xsd:date . '
)
RADICULAR, ACUTE = ":pain cov:affirms cov:RadicularSymptoms . ", "AcuteRadicularSymptoms"

FOR_RADICULAR_PAIN = ":asked cov:isFor cov:RadicularPain ."
OTHER_PAIN = ":patient cov:hasPain :other . :other cov:inRegion "
# From what is stated to what follows of which record.
STORIES = [
    (":block cov:reliefPercent 90 .", "block", "affirms", "PainImproved"),
    (":block cov:reliefPercent 0 .", "block", "denies", "PainImproved"),
    (":block cov:reliefPercent 0 .", "block", "denies", "MeaningfulImprovement"),
    (":block cov:reliefPercent 0 .", "block", "denies", "SignificantImprovement"),
    (":block cov:reliefPercent 0 .", "block", "denies", "LastedAsLongAsAnesthetic"),
    (":block cov:usesInjectate cov:LocalAnesthetic .", "block", "affirms", "AnestheticOnly"),
    (":block cov:usesInjectate cov:ShortActingAnesthetic .", "block", "affirms", "AnestheticOnly"),
    (
        ":block cov:usesInjectate cov:ShortActingAnesthetic .",
        "block",
        "affirms",
        "ShortActingBlock",
    ),
    (":block cov:usesInjectate cov:ShortActingAnesthetic .", "block", "denies", "LongActingBlock"),
    (":block cov:usesInjectate cov:LongActingAnesthetic .", "block", "affirms", "LongActingBlock"),
    (":block cov:usesInjectate cov:LongActingAnesthetic .", "block", "denies", "ShortActingBlock"),
    (
        ":block cov:usesInjectate cov:Corticosteroid , cov:LocalAnesthetic .",
        "block",
        "denies",
        "AnestheticOnly",
    ),
    (
        ":asked cov:treatsRegion cov:LumbarRegion . "
        ":course cov:treatsRegion cov:LumbarRegion ; cov:hadOutcome cov:InadequateResponse .",
        "patient",
        "affirms",
        "ConservativeManagementFailed",
    ),
    (
        ":patient cov:hadTherapy :pills . :pills cov:ofTherapy cov:NsaidTherapy ;"
        " cov:hadOutcome cov:InadequateResponse .",
        "patient",
        "affirms",
        "ConservativeManagementFailed",
    ),
    (
        ":patient cov:hadTherapy :talks . :talks cov:ofTherapy cov:CognitiveBehavioralTherapy ;"
        " cov:hadOutcome cov:InadequateResponse .",
        "patient",
        "affirms",
        "ConservativeManagementFailed",
    ),
    (
        ":patient cov:hadTherapy :pills . :pills cov:ofTherapy cov:AnginaPharmacotherapy ;"
        " cov:hadOutcome cov:InadequateResponse .",
        "patient",
        "affirms",
        "AnginaMedicinesInadequate",
    ),
    (
        ":patient cov:hadTherapy :pills . :pills cov:ofTherapy cov:AnginaPharmacotherapy ;"
        " cov:hadOutcome cov:NotTolerated .",
        "patient",
        "affirms",
        "AnginaMedicinesNotTolerated",
    ),
    (":block cov:reliefPercent 0 .", "block", "denies", "SignificantShortTermImprovement"),
    (
        ":course cov:hadOutcome cov:AdequateResponse .",
        "patient",
        "denies",
        "AllOtherTreatmentsFailed",
    ),
    (":patient cov:hasDiagnosis code:M54.16 .", "pain", "affirms", "RadicularSymptoms"),
    (":patient cov:hasDiagnosis code:M54.16 .", "pain", "denies", "NonRadicularPain"),
    (":pain cov:affirms cov:AcuteRadicularSymptoms .", "pain", "denies", "NonRadicularPain"),
    (":pain cov:affirms cov:NonRadicularPain .", "pain", "denies", "RadicularSymptoms"),
    (
        ":patient cov:denies cov:Allodynia , cov:Hyperalgesia .",
        "patient",
        "denies",
        "AllodyniaOrHyperalgesia",
    ),
    (
        ":patient cov:hasPain :other ; cov:hasDiagnosis code:M54.12 ."
        " :other cov:inRegion cov:CervicalRegion .",
        "other",
        "affirms",
        "RadicularSymptoms",
    ),
    (
        ":patient cov:hasPain :other ; cov:hasDiagnosis code:M54.12 ."
        " :other cov:inRegion cov:CervicalRegion .",
        "other",
        "denies",
        "NonRadicularPain",
    ),
    (
        ":patient cov:hasPain :other ; cov:hasDiagnosis code:M51.14 ."
        " :other cov:inRegion cov:ThoracicRegion .",
        "other",
        "affirms",
        "RadicularSymptoms",
    ),
    (
        ":patient cov:hasPain :other ; cov:hasDiagnosis code:M51.14 ."
        " :other cov:inRegion cov:ThoracicRegion .",
        "other",
        "denies",
        "NonRadicularPain",
    ),
    (
        ':block cov:reliefPercent 80 ; cov:reliefLastedUntil "2024-05-02"^^xsd:date .',
        "block",
        "affirms",
        "LastedAsLongAsAnesthetic",
    ),
    (JOINT.format("2024-04-30"), "patient", "affirms", "OtherInjectionSinceLastSacroiliac"),
    (JOINT.format("2024-05-02"), "patient", "denies", "OtherInjectionSinceLastSacroiliac"),
    (RADICULAR + ':pain cov:onsetDate "2024-05-11"^^xsd:date .', "pain", "affirms", ACUTE),
    (
        RADICULAR + ":pain cov:affirms cov:ExacerbationOfChronicPain ; "
        'cov:onsetDate "2020-05-11"^^xsd:date ; cov:exacerbationDate "2024-07"^^xsd:gYearMonth .',
        "pain",
        "affirms",
        ACUTE,
    ),
    (
        ':patient cov:hasDiagnosis code:M54.16 . :pain cov:onsetDate "2024-07-01"^^xsd:date .',
        "pain",
        "affirms",
        ACUTE,
    ),
    (":pain cov:denies cov:RadicularSymptoms .", "pain", "affirms", "NonRadicularPain"),
    (":pain cov:denies cov:RadicularSymptoms .", "pain", "affirms", "AxialOrNonRadicularPain"),
    *(
        (
            f"{FOR_RADICULAR_PAIN} :asked cov:treatsRegion cov:{region} . {other}",
            record,
            "denies",
            "NonRadicularPain",
        )
        for region, other, record in (
            ("LumbarRegion", "", "pain"),
            ("CervicalRegion", OTHER_PAIN + "cov:CervicalRegion .", "other"),
            ("ThoracicRegion", OTHER_PAIN + "cov:ThoracicRegion .", "other"),
        )
    ),
    (
        ":asked cov:isFor cov:PrerequisiteForDenervation .",
        "patient",
        "affirms",
        "DenervationUnderConsideration",
    ),
    (
        ":patient cov:affirms cov:AllNonSurgicalTreatmentsFailed .",
        "patient",
        "affirms",
        "AllNonOperativeOptionsTried",
    ),
    (
        ":patient cov:affirms cov:AllNonSurgicalTreatmentsFailed .",
        "patient",
        "affirms",
        "OtherTherapiesFailed",
    ),
    (
        ":pain cov:affirms cov:DegenerateFacetJointMainSource .",
        "pain",
        "affirms",
        "MedialBranchSupplyMainSource",
    ),
    (
        ":patient cov:denies cov:FaberTestPositive , cov:GaenslenTestPositive ,"
        " cov:PelvicCompressionTestPositive , cov:PelvicDistractionTestPositive ,"
        " cov:PosteriorShearTestPositive , cov:ThighThrustTestPositive , cov:YeomanTestPositive .",
        "patient",
        "denies",
        "SacroiliacProvocationPositive",
    ),
    (
        ":patient cov:affirms cov:ProvocationPositiveAgain .",
        "patient",
        "affirms",
        "SacroiliacProvocationPositive",
    ),
    (
        ":patient cov:denies cov:SacroiliacProvocationPositive .",
        "patient",
        "denies",
        "ProvocationPositiveAgain",
    ),
    (
        ":pain cov:affirms cov:RadicularSymptoms ;"
        ' cov:exacerbationDate "2024-07"^^xsd:gYearMonth .',
        "pain",
        "affirms",
        "ExacerbationOfChronicPain",
    ),
]
# The same where the procedure is elsewhere, or says how old the pain is; for the two judges only.
ELSEWHERE = [
    (HEAD + more).replace("cov:hasKind code:facet-joint-denervation", code)
    for code, more in (
        (
            f"cov:hasProcedureCode code:{code} ; cov:treatsRegion cov:{region}",
            f":course cov:hadOutcome cov:InadequateResponse ; cov:treatsRegion cov:{region} .",
        )
        for code, region in (
            ("64633", "CervicalRegion"),
            ("64633", "ThoracicRegion"),
            ("64625", "SacroiliacRegion"),
        )
    )
] + [
    HEAD + f":asked cov:treatsRegion cov:LumbarRegion ; cov:isFor cov:{age} ."
    for age in ("AcutePain", "ChronicPain")
]
SILENT = [
    # An exacerbation of pain that is not known to follow a nerve root.
    (':pain cov:exacerbationDate "2024-07-01"^^xsd:date .', "pain", "ExacerbationOfChronicPain"),
    # A course for the neck, or for nobody knows what, says nothing of the low back.
    (
        ":asked cov:treatsRegion cov:LumbarRegion . "
        ":course cov:treatsRegion cov:CervicalRegion ; cov:hadOutcome cov:InadequateResponse .",
        "patient",
        "ConservativeManagementFailed",
    ),
    (
        ":asked cov:treatsRegion cov:LumbarRegion . "
        ":course cov:hadOutcome cov:InadequateResponse .",
        "patient",
        "ConservativeManagementFailed",
    ),
    # The same day is open, and so is improvement of which nobody put a number.
    (":block cov:reliefPercent 90 .", "block", "LastedAsLongAsAnesthetic"),
    (
        ':block cov:reliefPercent 80 ; cov:reliefLastedUntil "2024-05-01"^^xsd:date .',
        "block",
        "LastedAsLongAsAnesthetic",
    ),
    (":block cov:reliefPercent 90 .", "block", "SignificantImprovement"),
    (":block cov:usesInjectate cov:LocalAnesthetic .", "block", "ShortActingBlock"),
    (":patient cov:hasDiagnosis code:M54.12 .", "pain", "RadicularSymptoms"),
    (":patient cov:denies cov:Allodynia .", "patient", "AllodyniaOrHyperalgesia"),
    (JOINT.format("2024-05-01"), "patient", "OtherInjectionSinceLastSacroiliac"),
    (
        JOINT.format("2024-04-30") + ":patient cov:partialFor cov:EarlierProcedures .",
        "patient",
        "OtherInjectionSinceLastSacroiliac",
    ),
    ("", "patient", "OtherInjectionSinceLastSacroiliac"),
    (RADICULAR + ':pain cov:onsetDate "2024-05-10"^^xsd:date .', "pain", ACUTE),
    (RADICULAR + ':pain cov:onsetDate "2024-05"^^xsd:gYearMonth .', "pain", ACUTE),
    (':pain cov:onsetDate "2024-07-01"^^xsd:date .', "pain", ACUTE),
    # What a procedure is for says nothing of the pain of another region.
    (
        f"{FOR_RADICULAR_PAIN} :asked cov:treatsRegion cov:CervicalRegion .",
        "pain",
        "RadicularSymptoms",
    ),
    (FOR_RADICULAR_PAIN, "pain", "RadicularSymptoms"),
    (":asked cov:isFor cov:FacetMediatedPain .", "patient", "DenervationUnderConsideration"),
]
REFUTED = [
    (":block cov:reliefPercent 90 ; cov:denies cov:PainImproved .", "PainImproved"),
    (":block cov:reliefPercent 0 ; cov:affirms cov:MeaningfulImprovement .", "MeaningfulImp"),
    (
        ":block cov:usesInjectate cov:Corticosteroid ; cov:affirms cov:AnestheticOnly .",
        "AnestheticOnly",
    ),
    (
        ":patient cov:hasDiagnosis code:M54.16 . :pain cov:affirms cov:NonRadicularPain .",
        "NonRadicularPain",
    ),
    (":pain cov:affirms cov:NonRadicularPain , cov:RadicularSymptoms .", "Radicular"),
    (
        JOINT.format("2024-04-30") + ":patient cov:denies cov:OtherInjectionSinceLastSacroiliac .",
        "OtherInjectionSinceLastSacroiliac",
    ),
    (
        JOINT.format("2024-05-02") + ":patient cov:affirms cov:OtherInjectionSinceLastSacroiliac .",
        "OtherInjectionSinceLastSacroiliac",
    ),
    (":pain cov:denies cov:NonRadicularPain , cov:RadicularSymptoms .", "NonRadicularPain"),
    (
        f"{FOR_RADICULAR_PAIN} :asked cov:treatsRegion cov:LumbarRegion ."
        " :pain cov:affirms cov:NonRadicularPain .",
        "NonRadicularPain",
    ),
    (
        f"{FOR_RADICULAR_PAIN} :asked cov:treatsRegion cov:LumbarRegion ."
        " :pain cov:denies cov:RadicularSymptoms .",
        "Radicular",
    ),
    (
        ":asked cov:isFor cov:PrerequisiteForDenervation ."
        " :patient cov:denies cov:DenervationUnderConsideration .",
        "DenervationUnderConsideration",
    ),
    (':pain cov:hasChronicity cov:Acute ; cov:onsetDate "2023-01-05"^^xsd:date .', "cov:Acute"),
    (':pain cov:hasChronicity cov:Chronic ; cov:onsetDate "2024-08-01"^^xsd:date .', "cov:Chronic"),
    (":pain cov:hasChronicity cov:Acute . :asked cov:isFor cov:ChronicPain .", "cov:ChronicPain"),
]


def said_of(reasoner: Reasoner, more: str, record: str) -> tuple[set[str], set[str]]:
    """Return what is affirmed and denied of a record, and check that the triples agree."""
    prepared = reasoner.read((HEAD + more).encode(), media_type="text/turtle")
    (node,) = (n for n in prepared.facts.records if n.endswith(f"#{record}"))
    found = []
    for p in (COV.affirms, COV.denies):
        values = {str(v) for v in prepared.facts.values(node, p.value)}
        assert values == {o.value for o in prepared.triples.objects(NamedNode(node), p)}
        found.append({v.rsplit("#", 1)[-1] for v in values})
    return found[0], found[1]


@pytest.mark.parametrize(("more", "record", "says", "fact"), STORIES)
def test_it_follows(reasoner: Reasoner, more: str, record: str, says: str, fact: str) -> None:
    affirmed, denied = said_of(reasoner, more, record)
    assert fact in (affirmed if says == "affirms" else denied)
    assert fact not in (denied if says == "affirms" else affirmed)


@pytest.mark.parametrize(("more", "record", "fact"), SILENT)
def test_it_stays_open(reasoner: Reasoner, more: str, record: str, fact: str) -> None:
    affirmed, denied = said_of(reasoner, more, record)
    assert fact not in affirmed | denied


@pytest.mark.parametrize(("more", "fact"), REFUTED)
def test_a_statement_that_the_record_refutes_is_refused(
    reasoner: Reasoner, more: str, fact: str
) -> None:
    with pytest.raises(InputError, match=fact):
        reasoner.read((HEAD + more).encode(), media_type="text/turtle")


AGED = [
    # The purpose speaks of the pain that the procedure treats; of that of the neck the onset does.
    ("ChronicPain", "", {"Chronic"}, set()),
    ("AcutePain", "", {"Acute"}, set()),
    ("ChronicPain", ' ; cov:onsetDate "2022-06-01"^^xsd:date', {"Chronic"}, set()),
    (
        "AcutePain",
        ' ; cov:onsetDate "2022-06-01"^^xsd:date ; cov:exacerbationDate "2024-07-20"^^xsd:date',
        {"Chronic"},
        set(),
    ),
]


@pytest.mark.parametrize(("purpose", "since", "here", "elsewhere"), AGED)
def test_a_purpose_says_how_old_the_pain_is_that_it_concerns(
    reasoner: Reasoner, purpose: str, since: str, here: set[str], elsewhere: set[str]
) -> None:
    text = HEAD + (
        f":asked cov:treatsRegion cov:LumbarRegion ; cov:isFor cov:{purpose} ."
        f" :pain cov:inRegion cov:LumbarRegion{since} . :patient cov:hasPain :neck ."
        ' :neck cov:inRegion cov:CervicalRegion ; cov:onsetDate "2024-07-27"^^xsd:date .'
    )
    facts = reasoner.read(text.encode(), media_type="text/turtle").facts
    for record, said in (("pain", here), ("neck", elsewhere)):
        (node,) = (n for n in facts.records if n.endswith(f"#{record}"))
        called = facts.values(node, COV.hasChronicity.value)
        assert {str(v).rsplit("#", 1)[-1] for v in called} == said


@pytest.mark.parametrize("derivation", SHAPES, ids=lambda d: d.iri.value.rsplit("#", 1)[-1])
def test_pyshacl_finds_the_same(reasoner: Reasoner, derivation: Derivation) -> None:
    """A derivation is plain SHACL, but for how long ago a date lies and what came after what."""
    t = knowledge().triples
    shapes, queue = Triples(), [derivation.iri]
    for node in queue:
        for p, objects in t.predicates(node).items():
            for o in objects:
                shapes.add(node, p, o)
                if not isinstance(o, NamedNode) and t.predicates(o):  # type: ignore[arg-type]
                    queue.append(o)  # type: ignore[arg-type]
    if any(p in (COV.longAgo, COV.notLongAgo, COV.afterLast) for _, p, _ in shapes):
        pytest.skip("asks how dates lie to each other, which SHACL Core cannot say")
    graph: Graph = to_rdflib(shapes)
    tried = set()
    texts = (
        [HEAD + more for more, *_ in STORIES] + ELSEWHERE + [c.request_ttl.decode() for c in CASES]
    )
    for text in texts:
        prepared = reasoner.read(text.encode(), media_type="text/turtle")
        records, triples = Records(records_of(prepared.triples)), prepared.triples
        for node, role in prepared.request.stated.classes.items():
            if derivation not in FOLLOWING.by_role.get(role, ()):
                continue
            focus = (URIRef(derivation.iri.value), SH.targetNode, URIRef(node))
            graph.add(focus)
            fails = bool(failing_shapes(to_rdflib(triples), graph))
            graph.remove(focus)
            day = prepared.request.date.isoformat()
            ours = derivation.reads <= records[node].keys() and derivation.conforms(
                records, node, day
            )
            assert ours is not fails, (node, text)
            tried.add(ours)
    assert tried == {True, False}, "nothing that is tried tells the two apart"


def test_nothing_that_would_follow_is_passed_over(reasoner: Reasoner) -> None:
    """A derivation is not looked at where a value that it needs stands nowhere."""
    looked_at_all = copy(FOLLOWING)
    looked_at_all.by_role = {
        role: [replace(d, needs=frozenset(), on_facts=True) for d in of]
        for role, of in FOLLOWING.by_role.items()
    }
    found = 0
    texts = [HEAD + more for more, *_ in STORIES] + [
        c.request_ttl.decode() for c in load_cases()[::8]
    ]
    for text in texts:
        request = reasoner.read(text.encode(), media_type="text/turtle").request
        stated = completed(request.triples, reasoner.classifier.coding)
        nodes = request.iri, request.patient, request.procedure
        derived = derive(*nodes, reasoner.classifier.classify(stated), knowledge())
        records = records_of(derived)
        day = request.date.isoformat()
        classes = request.stated.classes.items()
        some = FOLLOWING.follow(records, classes, day)
        assert some == looked_at_all.follow(records, classes, day), text
        found += len(some)
    assert found > 100


def test_a_derivation_of_what_silence_satisfies_is_refused(tmp_path: Path) -> None:
    root = copied_tree(tmp_path)
    (root / "shapes" / "derivations" / "slip.ttl").write_text(
        HEAD.split(":request", 1)[0] + ":slip a cov:Derivation , sh:NodeShape ;"
        " cov:ofRecord cov:EarlierProcedure ; cov:affirmsFact cov:PainImproved ;"
        " sh:property [ sh:path cov:reliefPercent ; sh:minExclusive 0 ] ."
    )
    with pytest.raises(KnowledgeError, match="nothing that must be stated"):
        reasoner_of(root)
