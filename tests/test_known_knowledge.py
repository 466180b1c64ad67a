"""Knowledge that is known: its manifest, its digest, and what a payer's file may speak of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from covergraph.engine import Reasoner
from covergraph.errors import KnowledgeError
from covergraph.knowledge.base import load, read_turtle
from covergraph.knowledge.manifest import (
    ALTERED,
    DEVELOPMENT,
    NAME,
    RELEASED,
    departures,
    files_under,
    manifest,
    standing,
)
from covergraph.knowledge.ownership import refuse_trespass
from covergraph.namespaces import COV
from covergraph.render.data import Recorder
from covergraph.render.graph import decision_graph
from tests.variations import CENTENE, EARLY, answered, copied_tree, example

PREFIXES = """
@prefix cov: <https://w3id.org/covergraph/ontology#> .
@prefix code: <https://w3id.org/covergraph/codes#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
"""
POLICY = f"shapes/policies/{CENTENE}/2019-07-01.ttl"
DOCUMENT = f"data/sources/{CENTENE}.ttl"


# --- The manifest -------------------------------------------------------------------------


def test_manifest_names_every_departure(tmp_path: Path) -> None:
    root = copied_tree(tmp_path)
    assert (departures(root), standing(root)) == ([], DEVELOPMENT)
    (root / NAME).write_text(manifest(root))
    assert (departures(root), standing(root)) == ([], RELEASED)

    (root / "data" / "codes" / "cpt.ttl").unlink()
    (root / "ontology" / "more.ttl").write_text("")
    table = root / "data" / "codes" / "icd-10-cm.tsv"
    data = bytearray(table.read_bytes())
    data[len(data) // 2] ^= 1
    table.write_bytes(data)
    assert departures(root) == [
        "missing: data/codes/cpt.ttl",
        "changed: data/codes/icd-10-cm.tsv",
        "not in the manifest: ontology/more.ttl",
    ]
    assert standing(root) == ALTERED


def test_single_bit_is_noticed_in_every_file(tmp_path: Path) -> None:
    root = copied_tree(tmp_path)
    (root / NAME).write_text(manifest(root))
    names = [line.split("  ")[1] for line in manifest(root).splitlines()]
    for name in names:
        data = bytearray((root / name).read_bytes())
        data[len(data) // 3] ^= 4
        (root / name).write_bytes(data)
    assert departures(root) == [f"changed: {name}" for name in names]


# --- The digest ---------------------------------------------------------------------------


def test_digest_covers_every_file_that_can_decide(reasoner: Reasoner) -> None:
    knowledge = reasoner.knowledge
    turtle = {name for name in files_under(knowledge.root) if name.endswith(".ttl")}
    unread = {n for n in turtle if n.startswith("data/examples/")} | {"shapes/house-rules.ttl"}
    assert knowledge.digests.keys() == (turtle - unread) | {"data/codes/icd-10-cm.tsv"}
    for name in knowledge.digests:
        changed = replace(knowledge, digests=knowledge.digests | {name: "0" * 64})
        assert changed.digest != knowledge.digest, name


def test_receipt_names_the_knowledge(reasoner: Reasoner) -> None:
    answer = answered(reasoner, example(EARLY))
    receipt = Recorder(reasoner.knowledge).answer(answer)["receipt"]
    digest = reasoner.knowledge.digest
    assert receipt["knowledge"] == {"sha256": digest, "standing": DEVELOPMENT}
    graph = decision_graph(answer, Recorder(reasoner.knowledge))
    assert [o.value for _, o in graph.pairs(COV.knowledgeHash)] == [digest]


# --- What a payer's file may speak of -----------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said", "why"),
    [
        (POLICY, "code:64493 a cov:FacetJointDenervationCode .", "which is not its own"),
        (POLICY, "cov:painScore cov:silenceMeans cov:Absent .", "which is not its own"),
        (
            POLICY,
            "<https://w3id.org/covergraph/policies/nhs-gm/gm070/2019-08-01#policy>"
            " cov:effectiveUntil '2020-01-01' .",
            "which is not its own",
        ),
        (
            POLICY,
            "<https://w3id.org/covergraph/policies/centene/other/2020-01-01#x> rdfs:label 'x' .",
            "which is not its own",
        ),
        (POLICY, "[] a cov:Criterion ; rdfs:label 'x' .", "nothing in it points at"),
        (POLICY, ":x a cov:ProcedureCode .", "says that something is a cov:ProcedureCode"),
        (POLICY, ":x a cov:Derivation .", "says that something is a cov:Derivation"),
        (POLICY, ":x rdfs:subClassOf cov:Patient .", "which is for the ontology"),
        (POLICY, ":x owl:equivalentClass [ a sh:NodeShape ] .", "which is for the ontology"),
        (POLICY, ":x cov:excludes cov:Pulsed .", "which is for the ontology"),
        (
            POLICY,
            ":x cov:ofPayer <https://w3id.org/covergraph/policies/nhs-gm#payer> .",
            "which is another's",
        ),
        (DOCUMENT, "code:64493 rdfs:label 'x' .", "which is not its own"),
        (DOCUMENT, ":x a cov:Criterion .", "says that something is a cov:Criterion"),
    ],
)
def test_file_of_a_payer_speaks_of_its_own_alone(name: str, said: str, why: str) -> None:
    base = "sources/centene/cp-mp-171#" if name == DOCUMENT else f"policies/{CENTENE}/2019-07-01#"
    own = f"@prefix : <https://w3id.org/covergraph/{base}> .\n"
    with pytest.raises(KnowledgeError, match=why) as refused:
        refuse_trespass(name, read_turtle(f"{PREFIXES}{own}{said}".encode(), name))
    assert str(refused.value).startswith(f"{name}: ")


def test_trespass_is_refused_at_load(tmp_path: Path) -> None:
    root = copied_tree(tmp_path)
    with (root / POLICY).open("a") as file:
        file.write(f"{PREFIXES}cov:painScore cov:silenceMeans cov:Absent .\n")
    with pytest.raises(KnowledgeError, match="which is not its own"):
        load(root)
