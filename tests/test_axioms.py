"""Axioms become rules: what each kind infers, and which cannot be followed."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse

from covergraph.errors import KnowledgeError
from covergraph.facts.classify import Classifier
from covergraph.knowledge.base import Knowledge
from covergraph.namespaces import PREFIXES, RDF
from covergraph.triples import Triples

EX = "https://example.org/#"
HERE = {**PREFIXES, "": EX, "swrl": "http://www.w3.org/2003/11/swrl#"}
TERMS = """
:A a owl:Class . :B a owl:Class . :C a owl:Class . :D a owl:Class . :E a owl:Class .
:p a owl:ObjectProperty . :q a owl:ObjectProperty . :r a owl:ObjectProperty .
:note a owl:AnnotationProperty . :size a owl:DatatypeProperty .
:v a owl:NamedIndividual . :w a owl:NamedIndividual .
"""


def triples_of(text: str, prefixes: dict[str, str] = HERE) -> Triples:
    head = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in prefixes.items())
    return Triples.of(parse((head + text).encode(), format=RdfFormat.TURTLE))


def knowledge_of(axioms: str) -> Knowledge:
    return Knowledge(Path("made-up"), triples_of(TERMS + axioms))


def inferred_by(axioms: str, stated: str) -> set[str]:
    """Return what a made-up ontology adds to the nodes x, y and z, in short form."""
    before = triples_of(stated)
    after = Classifier(knowledge_of(axioms)).classify(before)
    return {
        " ".join(term.value.removeprefix(EX).replace(RDF.type.value, "a") for term in triple)
        for triple in after
        if triple not in before and triple[0].value in {EX + "x", EX + "y", EX + "z"}
    }


BOTH = ":C owl:equivalentClass [ a owl:Class ; owl:intersectionOf ( :A :B ) ] ."
EITHER = ":C owl:equivalentClass [ a owl:Class ; owl:unionOf ( :A :B ) ] ."
WITH_A = "[ a owl:Restriction ; owl:onProperty :p ; owl:someValuesFrom :A ]"
SOME = f":C owl:equivalentClass {WITH_A} ."
VALUE = ":C owl:equivalentClass [ a owl:Restriction ; owl:onProperty :p ; owl:hasValue :v ] ."
NESTED = """:C owl:equivalentClass [ a owl:Class ; owl:intersectionOf ( :A
    [ a owl:Restriction ; owl:onProperty :p ; owl:someValuesFrom
        [ a owl:Class ; owl:unionOf ( :B
            [ a owl:Restriction ; owl:onProperty :q ; owl:hasValue :v ] ) ] ] ) ] ."""
ANYTHING = (
    ":C owl:equivalentClass"
    " [ a owl:Restriction ; owl:onProperty :p ; owl:someValuesFrom owl:Thing ] ."
)


@pytest.mark.parametrize(
    ("axioms", "stated", "expected"),
    [
        pytest.param(":A rdfs:subClassOf :B . :B rdfs:subClassOf :C .", ":x a :A .", "a B; a C"),
        pytest.param(":A rdfs:subClassOf :B .", ":x a :B .", ""),
        pytest.param(":A rdfs:subClassOf owl:Thing .", ":x a :A .", ""),
        pytest.param(BOTH, ":x a :A , :B .", "a C"),
        pytest.param(BOTH, ":x a :A .", ""),
        pytest.param(BOTH, ":x a :C .", "a A; a B"),
        pytest.param(EITHER, ":x a :B .", "a C"),
        pytest.param(EITHER, ":x a :D .", ""),
        pytest.param(SOME, ":x :p :y . :y a :A .", "a C"),
        pytest.param(SOME, ":x :p :y . :y a :B .", ""),
        pytest.param(SOME, ":x :q :y . :y a :A .", ""),
        pytest.param(SOME + " :D rdfs:subClassOf :A .", ":x :p :y . :y a :D .", "a C; y a A"),
        pytest.param(SOME + " :v a :A .", ":x :p :v .", "a C"),
        pytest.param(ANYTHING, ":x :p :y .", "a C"),
        pytest.param(VALUE, ":x :p :v .", "a C"),
        pytest.param(VALUE, ":x :p :w .", ""),
        pytest.param(VALUE, ":x a :C .", "p v"),
        pytest.param(NESTED, ":x a :A ; :p :y . :y a :B .", "a C"),
        pytest.param(NESTED, ":x a :A ; :p :y . :y :q :v .", "a C"),
        pytest.param(NESTED, ":x a :A ; :p :y . :y :q :w .", ""),
        pytest.param(NESTED, ":x :p :y . :y a :B .", ""),
        pytest.param(":A owl:equivalentClass :B .", ":x a :A . :y a :B .", "a B; y a A"),
        pytest.param(":p rdfs:subPropertyOf :q .", ":x :p :y .", "q y"),
        pytest.param(":p rdfs:domain :A .", ":x :p :y .", "a A"),
        pytest.param(":p rdfs:range :A .", ":x :p :y .", "y a A"),
        pytest.param(":p a owl:TransitiveProperty .", ":x :p :y . :y :p :z .", "p z"),
        pytest.param(":p a owl:TransitiveProperty . :v :p :w .", ":x :p :v .", "p w"),
        pytest.param(":r owl:propertyChainAxiom ( :p :q ) .", ":x :p :y . :y :q :z .", "r z"),
        pytest.param(":r owl:propertyChainAxiom ( :p :q ) . :v :q :w .", ":x :p :v .", "r w"),
        pytest.param(":r owl:propertyChainAxiom ( :p :q ) .", ":x :p :y . :z :q :y .", ""),
        pytest.param(
            ":r owl:propertyChainAxiom ( :p [ owl:inverseOf :q ] ) .",
            ":x :p :y . :z :q :y .",
            "r z",
        ),
        pytest.param(
            ":r owl:propertyChainAxiom ( [ owl:inverseOf :p ] :q ) .",
            ":y :p :x . :y :q :z .",
            "r z",
        ),
        pytest.param(
            ":r owl:propertyChainAxiom ( :p [ owl:inverseOf :q ] ) . :w :q :v .",
            ":x :p :v .",
            "r w",
        ),
        pytest.param(
            ":r owl:propertyChainAxiom ( :p :q :p :q ) . :v :q :w .",
            ":x :p :y . :y :q :z . :z :p :v .",
            "r w",
        ),
        pytest.param(
            f":r owl:propertyChainAxiom ( :p :q ) . :q rdfs:subPropertyOf :p . {SOME} "
            ":D owl:equivalentClass [ a owl:Class ; owl:intersectionOf ( :C :B ) ] .",
            ":x a :B ; :p :y . :y a :A ; :q :z .",
            "a C; a D; r z; y p z",
        ),
        pytest.param(":A owl:disjointWith :B .", ":x a :A .", ""),
        pytest.param("[] a owl:AllDisjointClasses ; owl:members ( :A :B ) .", ":x a :A .", ""),
        pytest.param(":note rdfs:domain :A .", ':x :note "no meaning in OWL" .', ""),
        pytest.param(":size rdfs:range xsd:integer .", ":x :size 3 .", ""),
        pytest.param(":p rdfs:range :A .", ':x :p "no node" .', ""),
    ],
)
def test_axioms_infer(axioms: str, stated: str, expected: str) -> None:
    """Each kind of axiom infers what it means, and no more; x is the node unless one is named."""
    said = {item.strip() for item in expected.split(";")} - {""}
    assert inferred_by(axioms, stated) == {
        item if item[:2] in ("y ", "z ") else f"x {item}" for item in said
    }


@pytest.mark.parametrize(
    ("axioms", "term", "construct"),
    [
        (
            ":C owl:equivalentClass"
            " [ a owl:Restriction ; owl:onProperty :p ; owl:allValuesFrom :A ] .",
            ":C",
            "owl:allValuesFrom",
        ),
        (":C owl:equivalentClass [ owl:complementOf :A ] .", ":C", "owl:complementOf"),
        (":A owl:disjointWith [ owl:complementOf :B ] .", ":A", "owl:complementOf"),
        (":C owl:equivalentClass [ owl:oneOf ( :v :w ) ] .", ":C", "owl:oneOf"),
        (":C owl:disjointUnionOf ( :A :B ) .", ":C", "owl:disjointUnionOf"),
        *(
            (
                ":C owl:equivalentClass [ a owl:Class ; owl:intersectionOf ( :A"
                f" [ a owl:Restriction ; owl:onProperty :p ; owl:{construct} 1 ] ) ] .",
                ":C",
                f"owl:{construct}",
            )
            for construct in (
                "cardinality",
                "minCardinality",
                "maxCardinality",
                "qualifiedCardinality",
                "minQualifiedCardinality",
                "maxQualifiedCardinality",
                "hasSelf",
            )
        ),
        (":v owl:sameAs :w .", ":v", "owl:sameAs"),
        (":p owl:inverseOf :q .", ":p", "owl:inverseOf"),
        (":p owl:equivalentProperty :q .", ":p", "owl:equivalentProperty"),
        (":C owl:hasKey ( :p ) .", ":C", "owl:hasKey"),
        (":p a owl:FunctionalProperty .", ":p", "owl:FunctionalProperty"),
        (":p a owl:InverseFunctionalProperty .", ":p", "owl:InverseFunctionalProperty"),
        (":p a owl:SymmetricProperty .", ":p", "owl:SymmetricProperty"),
        (":p a owl:ReflexiveProperty .", ":p", "owl:ReflexiveProperty"),
        ("[] a swrl:Imp .", "an unnamed axiom", "swrl#Imp"),
        (":v owl:imports :w .", ":v", "owl:imports"),
        (f":A rdfs:subClassOf {WITH_A} .", ":A", "rdfs:subClassOf with an expression"),
        ("[ owl:unionOf ( :A :B ) ] rdfs:subClassOf :C .", ":C", "rdfs:subClassOf from"),
        ("[ owl:unionOf ( :A :B ) ] owl:equivalentClass :C .", ":C", "owl:equivalentClass from"),
        (":C owl:unionOf ( :A :B ) .", ":C", "owl:unionOf"),
        (":p rdfs:range [ owl:unionOf ( :A :B ) ] .", ":p", "rdfs:range with an expression"),
        (":size rdfs:domain :A .", ":size", "rdfs:domain"),
        (":undeclared rdfs:range :A .", ":undeclared", "rdfs:range"),
        (":p rdfs:range :Undeclared .", ":p", ":Undeclared"),
        (":Undeclared rdfs:subClassOf :A .", ":Undeclared", "not declared"),
        (":p rdfs:subPropertyOf :undeclared .", ":p", ":undeclared"),
        (":r owl:propertyChainAxiom ( :p ) .", ":r", "owl:propertyChainAxiom"),
        (":r owl:propertyChainAxiom ( :p :size ) .", ":r", ":size"),
        (SOME.replace(":p", "[ owl:inverseOf :p ]"), ":C", "an inverse outside a chain"),
        (SOME.replace(":p", ":size"), ":C", ":size"),
        (VALUE.replace(":v", "5"), ":C", "owl:hasValue"),
        (":C owl:equivalentClass [ a owl:Class ] .", ":C", "not exactly one construct"),
        (":C owl:equivalentClass owl:Thing .", ":C", "owl:Thing"),
        (":C owl:equivalentClass owl:Nothing .", ":C", "owl:Nothing"),
        # An OWL reasoner knows more of these than any rule: what is in C has some :p.
        (SOME + " :D rdfs:subClassOf :C .", ":C", "owl:someValuesFrom"),
        (SOME + " :q rdfs:range :C .", ":C", "owl:someValuesFrom"),
        (SOME + " :q rdfs:domain :C .", ":C", "owl:someValuesFrom"),
        (SOME + " :v a :C .", ":C", "owl:someValuesFrom"),
        (EITHER + " :D rdfs:subClassOf :C .", ":C", "owl:unionOf"),
        (EITHER + " " + VALUE, ":C", "owl:unionOf"),
        (
            SOME + " :D owl:equivalentClass [ owl:intersectionOf ( :C :B ) ] . :v a :D .",
            ":C",
            "owl:someValuesFrom",
        ),
    ],
)
def test_axioms_that_rules_cannot_follow_are_refused(
    axioms: str, term: str, construct: str
) -> None:
    """The refusal names the term and the construct."""
    with pytest.raises(KnowledgeError) as caught:
        Classifier(knowledge_of(axioms))
    name, _, rest = str(caught.value).partition(": classification does not apply ")
    assert name == term.replace(":", EX)
    assert construct in rest.replace(EX, ":")


def test_a_defined_class_may_restate_what_its_definition_says() -> None:
    """A superclass that the definition names, or an alternative of a union, is no new way in."""
    narrower = ":D owl:equivalentClass [ owl:intersectionOf ( :C :B ) ] ; rdfs:subClassOf :C ."
    assert inferred_by(SOME + narrower, ":x a :B ; :p :y . :y a :A .") == {"x a C", "x a D"}
    assert inferred_by(EITHER + ":A rdfs:subClassOf :C .", ":x a :A .") == {"x a C"}
