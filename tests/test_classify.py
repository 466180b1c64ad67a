"""Classification: what the ontology that ships says of requests."""

from __future__ import annotations

import random

import pytest
from pyoxigraph import NamedNode, RdfFormat, parse

from covergraph.facts.classify import Classifier
from covergraph.knowledge.axioms import Axioms
from covergraph.knowledge.base import Knowledge, knowledge
from covergraph.namespaces import CODE, COV, OWL, PREFIXES, RDF, REQUESTS
from covergraph.triples import Triples


def triples_of(text: str, prefixes: dict[str, str]) -> Triples:
    head = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in prefixes.items())
    return Triples.of(parse((head + text).encode(), format=RdfFormat.TURTLE))


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier(knowledge())


SMALL = """
:request a cov:CoverageRequest ; cov:requestsProcedure :procedure ; cov:hasPatient :patient .
"""


def classified(classifier: Classifier, stated: str) -> Triples:
    prefixes = {**PREFIXES, "": REQUESTS + "story#"}
    return classifier.classify(triples_of(SMALL + stated, prefixes))


def node(name: str) -> NamedNode:
    return NamedNode(f"{REQUESTS}story#{name}")


def own_types(found: Triples, name: str) -> set[str]:
    return {c.value.removeprefix(COV) for c in found.types(node(name))}


def values(found: Triples, name: str, link: str) -> set[str]:
    return {o.value.removeprefix(COV) for o in found.objects(node(name), COV[link])}


def test_affirming_a_narrower_fact_affirms_the_broader_alone(classifier: Classifier) -> None:
    found = classified(classifier, ":patient cov:affirms cov:ChiropracticCare .")
    assert values(found, "patient", "affirms") == {
        "ChiropracticCare",
        "ActiveTherapy",
        "ConservativeTherapy",
    }
    assert values(found, "patient", "denies") == set()


def test_denying_a_broader_fact_denies_the_narrower_alone(classifier: Classifier) -> None:
    found = classified(classifier, ":patient cov:denies cov:ActiveTherapy .")
    denied = values(found, "patient", "denies")
    assert {"ActiveTherapy", "PhysicalTherapy", "ChiropracticCare"} <= denied
    assert "ConservativeTherapy" not in denied
    assert all(COV.ActiveTherapy in knowledge().broader_of(COV[fact]) for fact in denied)


@pytest.mark.parametrize(
    ("stated", "region"),
    [
        ("cov:treatsLevel cov:C7-T1", "CervicalRegion"),
        ("cov:treatsLevel cov:T12-L1", "ThoracicRegion"),
        ("cov:treatsLevel cov:L5-S1 , cov:L4-L5", "LumbarRegion"),
        ("cov:hasProcedureCode code:64493", "LumbarRegion"),
        ("cov:hasKind code:sacroiliac-joint-fusion", "SacroiliacRegion"),
        ("cov:treatsRegion cov:ThoracicRegion", "ThoracicRegion"),
        ("cov:hasProcedureCode code:64490", ""),
        ("cov:hasKind code:medial-branch-block", ""),
    ],
)
def test_region_follows_from_level_code_or_kind(
    classifier: Classifier, stated: str, region: str
) -> None:
    found = classified(classifier, f":procedure {stated} .")
    assert values(found, "procedure", "treatsRegion") == {region} - {""}


def test_contradicting_regions_are_all_inferred(classifier: Classifier) -> None:
    """The gate refuses such a request because it sees both."""
    found = classified(
        classifier, ":procedure cov:hasProcedureCode code:64493 ; cov:treatsLevel cov:C4-C5 ."
    )
    assert values(found, "procedure", "treatsRegion") == {"LumbarRegion", "CervicalRegion"}


FAMILIES = {
    "FacetJointInjection": ("64490", "64495", "0213T", "0218T", "facet-joint-injection"),
    "FacetJointDenervation": ("64633", "64636", "facet-joint-denervation"),
    "SacroiliacJointInjection": ("27096", "G0260", "64451", "sacroiliac-joint-injection"),
    "SacroiliacJointDenervation": ("64625", "sacroiliac-joint-denervation"),
    "SacroiliacJointFusion": ("27279", "27280", "sacroiliac-joint-fusion"),
    "EpiduralInjection": ("62320", "64484", "epidural-injection"),
    "InfusionPumpProcedure": ("62350", "62362", "infusion-pump-procedure"),
    "SpinalCordStimulation": ("63650", "63688", "spinal-cord-stimulation"),
    "SympatheticNerveBlock": ("64510", "64530", "sympathetic-nerve-block"),
    "SpinalSurgery": ("63030", "63047", "22612", "22551", "spinal-surgery", "discectomy"),
}


@pytest.mark.parametrize(
    ("family", "code"), [(family, code) for family, codes in FAMILIES.items() for code in codes]
)
def test_code_or_kind_puts_a_request_into_its_family(
    classifier: Classifier, family: str, code: str
) -> None:
    link = "hasProcedureCode" if code[1].isdigit() else "hasKind"
    found = classified(classifier, f":procedure cov:{link} code:{code} .")
    assert {t for t in own_types(found, "procedure") if t in FAMILIES} == {family}
    requests = {f + "Request" for f in FAMILIES}
    assert own_types(found, "request") & requests == {family + "Request"}


def test_every_code_in_the_table_is_in_one_family_unlisted_or_a_companion(
    classifier: Classifier,
) -> None:
    codes = knowledge().instances_of(COV.ProcedureCode)
    for code in codes:
        found = classified(classifier, f":procedure cov:hasProcedureCode <{code.value}> .")
        families = own_types(found, "procedure") & FAMILIES.keys()
        of_none = (COV.UnlistedProcedureCode, COV.CompanionCode)
        assert len(families) == (0 if any(knowledge().is_a(code, c) for c in of_none) else 1), code
    assert len(codes) > 30


@pytest.mark.parametrize(
    ("stated", "finer"),
    [
        ("cov:treatsRegion cov:CervicalRegion", "CervicalFacetJointInjection"),
        ("cov:treatsLevel cov:T4-T5", "ThoracicFacetJointInjection"),
        ("cov:usesTechnique cov:MedialBranchTechnique", "MedialBranchBlock"),
        ("cov:usesTechnique cov:IntraArticularTechnique", "IntraArticularFacetInjection"),
        ("cov:hasIntent cov:DiagnosticIntent", "DiagnosticFacetJointInjection"),
        ("cov:hasIntent cov:TherapeuticIntent", "TherapeuticFacetJointInjection"),
    ],
)
def test_finer_class_needs_what_tells_it_apart(
    classifier: Classifier, stated: str, finer: str
) -> None:
    code = ":procedure cov:hasProcedureCode code:64490"
    assert finer in own_types(classified(classifier, f"{code} ; {stated} ."), "procedure")
    assert finer not in own_types(classified(classifier, f"{code} ."), "procedure")


def test_technique_and_guidance_broaden_and_follow_from_no_axiom(classifier: Classifier) -> None:
    """What a code stands for gives way to what is stated, so that it is read before this."""
    found = classified(
        classifier,
        ":procedure cov:hasProcedureCode code:64483 ; cov:usesTechnique cov:CaudalTechnique ;"
        " cov:usesGuidance cov:Fluoroscopy .",
    )
    assert values(found, "procedure", "usesTechnique") == {
        "CaudalTechnique",
        "InterlaminarOrCaudal",
    }
    assert values(found, "procedure", "usesGuidance") == {
        "Fluoroscopy",
        "FluoroscopyOrCt",
        "ImagingGuidance",
    }


RECORDS = """
:request cov:alsoPlanned :planned .
:procedure cov:hasProcedureCode code:64493 ; cov:hasIntent cov:DiagnosticIntent .
:planned cov:hasProcedureCode code:64483 .
:patient cov:underwent :earlier ; cov:hasPain :pain ; cov:hadTherapy :course ;
    cov:affirms cov:PositiveFacetLoading ; cov:hasDiagnosis code:M47.816 .
:earlier cov:hasProcedureCode code:64493 ; cov:treatsLevel cov:L4-L5 ;
    cov:usesTechnique cov:MedialBranchTechnique ; cov:affirms cov:PositiveFacetLoading .
:pain cov:inRegion cov:LumbarRegion ; cov:affirms cov:InterferesWithDailyActivities .
:course cov:ofTherapy cov:PhysicalTherapy ; cov:treatsRegion cov:LumbarRegion .
"""


def test_no_axiom_types_a_node_it_should_not(classifier: Classifier) -> None:
    """Records share properties; none of these makes one kind of record into another.

    A domain on a property that requests and earlier procedures shared once made requests
    of earlier procedures.
    """
    found = classified(classifier, RECORDS)
    injection = {
        "FacetJointInjection",
        "LumbarFacetJointInjection",
        "FacetJointIntervention",
        "FacetJointInjectionOrSacroiliacJointIntervention",
        "Procedure",
        "Record",
    }
    roles = {"RequestedProcedure", "PlannedProcedure", "EarlierProcedure"}
    requested, earlier, planned = (
        own_types(found, node) for node in ("procedure", "earlier", "planned")
    )
    assert requested >= injection | {"RequestedProcedure", "DiagnosticFacetJointInjection"}
    assert earlier >= injection | {"EarlierProcedure", "MedialBranchBlock"}
    assert planned >= {"EpiduralInjection", "LumbarEpiduralInjection", "PlannedProcedure"}
    for types in (requested, earlier, planned):
        assert len(types & roles) == 1
        assert not any(t.endswith("Request") or t in ("Patient", "PainRecord") for t in types)
    assert own_types(found, "patient") == {"Patient", "Record"}
    assert own_types(found, "pain") == {"PainRecord", "Record"}
    assert own_types(found, "course") == {"TherapyCourse", "Record"}
    request = own_types(found, "request")
    assert request >= {"CoverageRequest", "Record", "FacetJointInjectionRequest"}
    assert all(t in ("CoverageRequest", "Record") or t.endswith("Request") for t in request)


def test_codes_and_concepts_come_with_their_types_and_links(classifier: Classifier) -> None:
    found = classified(classifier, RECORDS + ":procedure cov:hasProcedureCode code:64494 .")
    assert (CODE["64494"], COV.addOnTo, CODE["64493"]) in found
    assert (CODE["64493"], COV.impliesRegion, COV.LumbarRegion) in found
    assert {COV.FacetJointInjectionCode, COV.ProcedureCode, COV.Code} <= {
        *found.types(CODE["64493"])
    }
    assert (COV["L4-L5"], COV.inRegion, COV.LumbarRegion) in found
    assert (COV.PhysicalTherapy, COV.narrowerThan, COV.ConservativeTherapy) in found
    assert COV.SpinalRegion in found.types(COV.LumbarRegion)
    # Nothing comes along that the request does not lead to.
    assert not found.predicates(CODE["64633"]) and not found.predicates(COV.ThoracicRegion)


def test_code_that_no_table_describes_is_typed_by_its_link(classifier: Classifier) -> None:
    found = classified(classifier, ":patient cov:hasDiagnosis code:Z99.9 .")
    assert COV.DiagnosisCode in found.types(CODE["Z99.9"])


def test_values_do_not_matter(classifier: Classifier) -> None:
    plain = classified(classifier, RECORDS)
    dated = classified(
        classifier,
        RECORDS + ':earlier cov:performedOn "2020-01-01"^^xsd:date ; cov:reliefPercent 80 .',
    )
    assert len(dated) == len(plain) + 2 and all(t in dated for t in plain)


def test_classifying_changes_neither_its_argument_nor_the_next_answer(
    classifier: Classifier,
) -> None:
    stated = triples_of(SMALL + RECORDS, {**PREFIXES, "": REQUESTS + "story#"})
    before, known = list(stated), set(knowledge().triples)
    first = classifier.classify(stated)
    assert list(stated) == before
    classified(
        classifier,
        ":patient cov:denies cov:ConservativeTherapy . cov:C4-C5 cov:inRegion cov:LumbarRegion .",
    )
    assert set(classifier.classify(stated)) == set(first)
    assert set(knowledge().triples) == known


def test_order_of_triples_changes_nothing(classifier: Classifier) -> None:
    stated = list(triples_of(SMALL + RECORDS, {**PREFIXES, "": REQUESTS + "story#"}))
    expected = set(classifier.classify(Triples(stated)))
    for seed in range(20):
        random.Random(seed).shuffle(stated)
        assert set(classifier.classify(Triples(stated))) == expected


def test_shipped_hierarchy_adds_no_rule() -> None:
    """A stale file may not change what is inferred."""
    known = knowledge()
    without = {k: v for k, v in known.by_file.items() if k != "ontology/inferred.ttl"}
    triples = Triples(t for triples in without.values() for t in triples)
    bare = Knowledge(known.root, triples, known.files, without)
    assert set(Axioms(bare).rules) == set(Axioms(known).rules)


def test_every_axiom_of_the_ontology_became_a_rule() -> None:
    """Each defined class can be entered, and each chain can be walked."""
    known = knowledge().triples
    heads = {rule.head for rule in Axioms(knowledge()).rules}
    defined = {s for s, _ in known.pairs(OWL.equivalentClass)}
    assert defined and defined <= {head.object for head in heads if head.link == RDF.type}
    chained = {s for s, _ in known.pairs(OWL.propertyChainAxiom)}
    assert chained and chained <= {head.link for head in heads}
