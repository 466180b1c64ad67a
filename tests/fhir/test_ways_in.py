"""FHIR from the command line and over HTTP: the same answer, with what it was made from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from covergraph.fhir.reader import FhirReader
from covergraph.fhir.resources import is_fhir
from covergraph.namespaces import PROV
from covergraph.render.data import Recorder
from covergraph.render.graph import decision_graph
from tests.commands import Run, decisions, refused, unwrapped
from tests.fhir.bundles import bundled, order, procedure
from tests.variations import CENTENE, EXAMPLES

BUNDLE = EXAMPLES / "block-from-fhir.json"


def test_bundle_is_told_by_its_content() -> None:
    assert is_fhir(BUNDLE.read_bytes())
    assert is_fhir(b"", "application/fhir+json; charset=utf-8")
    assert not is_fhir(BUNDLE.read_bytes(), "application/ld+json")
    for path in EXAMPLES.glob("*.ttl"):
        assert not is_fhir(path.read_bytes())


def test_bundle_is_decided_by_the_payer_of_its_coverage(run: Run) -> None:
    (answer,) = decisions(run("decide", BUNDLE, "--format", "json"))
    assert (answer["policy"], answer["decision"]) == (CENTENE, "needs-information")
    facts = json.dumps(answer["criteria"])
    assert '"derivedFrom": ["Procedure/b1"]' in facts
    reasons = {entry["resource"]: entry["reason"] for entry in answer["notUsed"]}
    assert "average is asked for" in reasons["Observation/o1"]
    assert "may be the same as Procedure/b1" in reasons["Procedure/b2"]
    assert reasons["Procedure/b1.note"] == "no mapping reads this element"


def test_text_names_resources_and_what_was_not_used(run: Run) -> None:
    ran = run("decide", BUNDLE)
    assert (ran.status, ran.err) == (0, "")
    told = unwrapped(ran.out)
    assert "performed on 2024-05-13 [Procedure/b1]" in told
    assert "Not used" in told and "it was sent" not in told
    assert "DiagnosticReport/r1" in told


def test_what_was_taken_over_can_be_decided_as_turtle(run: Run, tmp_path: Path) -> None:
    shown = run("fhir", "show", BUNDLE, "--format", "turtle")
    assert shown.status == 0
    turtle = tmp_path / "request.ttl"
    turtle.write_text(shown.out)
    (answer,) = decisions(run("decide", turtle, "--format", "json"))
    (other,) = decisions(run("decide", BUNDLE, "--format", "json"))
    assert answer["receipt"] == other["receipt"]


def test_bundle_without_an_order_says_what_was_read(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "no-order.json"
    path.write_bytes(bundled(procedure("64493", "2024-05-13")))
    refused(run("decide", path), "no order here", "no-order.json")
    path.write_bytes(bundled(order(status="revoked")))
    ran = run("fhir", "show", path)
    assert ran.status == 2 and "ServiceRequest/sr1" in ran.out and ran.err.count("\n") == 1


def test_place_of_a_mistake_is_fhirpath(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(bundled(order(), procedure("64493", "2024-13")))
    refused(run("decide", path), "Bundle.entry[2].resource.performedDateTime")


def test_graph_of_a_decision_says_what_it_was_derived_from(reader: FhirReader) -> None:
    (mapped,) = reader.read(BUNDLE.read_bytes())
    (answer,) = reader.reasoner.decide_all(mapped.prepared)
    graph = decision_graph(answer, Recorder(reader.knowledge))
    sources = {o.value.rpartition("/fhir/")[2] for _, o in graph.pairs(PROV.wasDerivedFrom)}
    assert {"Procedure/b1", "Condition/d1", "AllergyIntolerance/a1"} <= sources


@pytest.mark.parametrize("name", ["block-from-fhir"])
def test_nothing_settles_that_silence_leaves_open(reader: FhirReader, name: str) -> None:
    """However complete a bundle looks, what it does not say is asked for."""
    (mapped,) = reader.read((EXAMPLES / f"{name}.json").read_bytes())
    for answer in reader.reasoner.decide_all(mapped.prepared, every=True):
        assert answer.decision.value != "covered"
