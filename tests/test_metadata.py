"""What the ontology says of itself, and what of other vocabularies it names."""

from __future__ import annotations

import tomllib

import pytest
from pyoxigraph import NamedNode

from covergraph.knowledge.base import knowledge
from covergraph.namespaces import BASE, COV, OWL, RDF, RDFS, SKOS, Namespace

DCT, VANN = Namespace("http://purl.org/dc/terms/"), Namespace("http://purl.org/vocab/vann/")
ONTOLOGY = NamedNode(BASE + "ontology")
FHIR = "http://hl7.org/fhir/"
# The types and elements of FHIR R4 (4.0.1) that matches may name; a choice of types is spelled
# with the type, as the RDF of R4 has it. In R4 a procedure is performed, in R5 it occurs.
R4 = frozenset(
    {
        "CarePlan",
        "Claim",
        "Claim.careTeam",
        "Claim.diagnosis",
        "Claim.insurer",
        "Claim.item",
        "Claim.item.bodySite",
        "Claim.item.productOrService",
        "Claim.item.servicedDate",
        "Claim.patient",
        "ClaimResponse",
        "Condition.bodySite",
        "Condition.onsetDateTime",
        "CoverageEligibilityRequest",
        "InsurancePlan",
        "Observation",
        "Observation.valueQuantity",
        "Organization",
        "Patient",
        "Patient.birthDate",
        "Procedure",
        "Procedure.performedDateTime",
        "ServiceRequest.reasonCode",
    }
)


@pytest.mark.parametrize(
    "p",
    [
        *(DCT[n] for n in ("title", "creator", "issued", "modified", "license")),
        VANN.preferredNamespacePrefix,
        OWL.versionIRI,
    ],
    ids=str,
)
def test_ontology_says_it_once(p: NamedNode) -> None:
    assert len(knowledge().triples.objects(ONTOLOGY, p)) == 1


def test_version_of_the_ontology_is_that_of_the_program() -> None:
    project = tomllib.loads((knowledge().root / "pyproject.toml").read_text())["project"]
    found = knowledge().triples.value(ONTOLOGY, OWL.versionIRI)
    assert found == NamedNode(f"{BASE}ontology/{project['version']}")


def test_matches_name_what_fhir_has() -> None:
    t = knowledge().triples
    links = (SKOS.exactMatch, SKOS.closeMatch, SKOS.broadMatch, RDFS.seeAlso)
    named = {o.value for p in links for _, o in t.pairs(p) if o.value.startswith(FHIR)}
    assert {n.removeprefix(FHIR) for n in named} <= R4


def test_a_property_matches_no_type_of_fhir() -> None:
    """A link is not the record that it leads to."""
    t = knowledge().triples
    for p in (SKOS.exactMatch, SKOS.closeMatch):
        for term, other in t.pairs(p):
            is_property = OWL.Class not in t.types(term)
            assert is_property is ("." in other.value.removeprefix(FHIR)), term


def test_every_term_is_defined_by_the_ontology() -> None:
    t = knowledge().triples
    kinds = ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty", "NamedIndividual")
    terms = {i for kind in kinds for i in t.instances(OWL[kind]) if i.value.startswith(COV)}
    assert all(t.objects(term, RDFS.isDefinedBy) == [ONTOLOGY] for term in terms)
    assert {s for s, _ in t.pairs(RDFS.isDefinedBy)} == terms
    assert (ONTOLOGY, RDF.type, OWL.Ontology) in t
