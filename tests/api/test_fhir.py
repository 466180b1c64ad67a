"""FHIR over HTTP: the decision of the command line, and errors as an OperationOutcome."""

from __future__ import annotations

import json

import httpx
import pytest
from pydantic import TypeAdapter

from covergraph.api import examples, models
from tests.api.conftest import EXAMPLES
from tests.fhir.bundles import bundled, order, procedure

BUNDLE = (EXAMPLES / "block-from-fhir.json").read_bytes()
FHIR = {"Content-Type": "application/fhir+json"}


def test_bundle_is_decided(client: httpx.Client) -> None:
    answer = client.post("/decisions", content=BUNDLE, headers=FHIR)
    assert answer.status_code == 200, answer.text
    TypeAdapter(list[models.Decision]).validate_json(answer.content)
    (decision,) = answer.json()
    assert decision["decision"] == "needs-information"
    assert {e["resource"] for e in decision["notUsed"]} >= {"Observation/o1", "Procedure/b2"}
    assert '"derivedFrom":["Procedure/b1"]' in answer.text.replace(": ", ":")
    same = client.post("/decisions", content=BUNDLE, headers={"Content-Type": "application/json"})
    assert same.content == answer.content


def test_example_of_the_documentation_is_decided(client: httpx.Client) -> None:
    data = json.dumps(examples.BUNDLE)
    answer = client.post("/decisions?all=true", content=data, headers=FHIR)
    assert answer.status_code == 200, answer.text


def test_order_is_chosen_and_dated(client: httpx.Client) -> None:
    two = bundled(order("64493", "sr1"), order("27096", "sr2"))
    for words, days in (
        ({"order": "sr2"}, {"2024-06-10"}),
        ({"order": "ServiceRequest/sr2", "date": "2024-07-01"}, {"2024-07-01"}),
    ):
        answer = client.post(
            "/decisions", content=two, headers=FHIR, params={**words, "all": "true"}
        )
        assert answer.status_code == 200, answer.text
        receipts = [a["receipt"] for a in answer.json()]
        assert {r["dateOfService"] for r in receipts} == days
        assert len({r["request"]["iri"] for r in receipts}) == 1


BAD = {
    "a date of month 13": (
        bundled(order(), procedure("64493", "2024-13")),
        "Bundle.entry[2].resource.performedDateTime",
    ),
    "no order": (bundled(procedure("64493", "2024-05-13")), ""),
    "nobody who decides": (bundled(order()), ""),
    "not JSON": (b'{"resourceType": "Bundle"', ""),
    "not FHIR": (b"<#a> <#b> <#c> .", ""),
}


@pytest.mark.parametrize("name", BAD)
def test_refusal_is_an_operation_outcome(client: httpx.Client, name: str) -> None:
    data, place = BAD[name]
    answer = client.post("/decisions", content=data, headers=FHIR)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/fhir+json"
    told = answer.json()
    (issue,) = told["issue"]
    assert told["resourceType"] == "OperationOutcome"
    assert (issue["severity"], issue["code"]) == ("error", "invalid")
    assert issue["details"]["text"]
    assert issue.get("expression", [""]) == [place]
    for value in ("1961", "p1", "2024-13"):
        assert value not in answer.text


def test_unacceptable_answer_is_told_in_fhir(client: httpx.Client) -> None:
    answer = client.post("/decisions", content=BUNDLE, headers={**FHIR, "Accept": "text/csv"})
    assert answer.status_code == 406
    assert answer.json()["resourceType"] == "OperationOutcome"
