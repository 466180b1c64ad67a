"""No value of a patient's leaves by an error, a header or the log."""

from __future__ import annotations

import contextlib
import json
import re
import socket
from pathlib import Path

import httpx
import pytest

from covergraph.api.workers.jobs import discreet
from covergraph.errors import InputError, theirs
from tests.api.conftest import Server, serving

SECRET = "MRN-7731-DOE"
NUMBER = "77310042"
PREFIXES = (
    "@prefix cov: <https://w3id.org/covergraph/ontology#> . "
    "@prefix code: <https://w3id.org/covergraph/codes#> . "
    "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . "
    f"@prefix x: <http://clinic.example/{SECRET}/> .\n"
)
REQUEST = (
    'x:r a cov:CoverageRequest ; cov:dateOfService "2024-06-10"^^xsd:date ; '
    "cov:hasPatient x:p ; cov:requestsProcedure x:q . x:q cov:hasProcedureCode code:64493 .\n"
)
WRONG = [
    f"x:p cov:hasDiagnosis code:{SECRET} .",
    f'x:p cov:birthDate "{SECRET}"^^xsd:date .',
    f'x:p cov:birthDate "{SECRET}" .',
    f"x:p cov:birthDate {NUMBER} .",
    f"x:p cov:affirms cov:{SECRET} .",
    f"x:p cov:affirms x:{SECRET} .",
    f'x:p cov:hasPain "{SECRET}" .',
    f"x:p cov:hasPain [ cov:averagePainScore {NUMBER} ] .",
    f'x:p cov:hasPain [ cov:averagePainScore "{SECRET}"^^xsd:decimal ] .',
    f"x:{SECRET} cov:birthDate '2000-01-01'^^xsd:date .",
    f"x:p cov:underwent x:{SECRET} .",
    f"x:p cov:hasPatient x:{SECRET} . {SECRET}",
    f"<{SECRET}",
    f'x:p cov:birthDate "{SECRET}',
    f"x:q cov:hasProcedureCode code:{SECRET} .",
    f"x:q cov:treatsRegion cov:{SECRET} .",
    f"x:q cov:treatsRegion cov:CervicalRegion . # {SECRET}",
]


@pytest.mark.parametrize("wrong", WRONG)
def test_refusal_repeats_nothing_of_a_request(client: httpx.Client, wrong: str) -> None:
    answer = client.post(
        "/decisions?payer=nia",
        content=PREFIXES + REQUEST + wrong,
        headers={"Content-Type": "text/turtle"},
    )
    assert answer.status_code == 400
    assert SECRET not in answer.text
    assert NUMBER not in answer.text
    assert SECRET not in str(answer.headers)


@pytest.mark.parametrize(
    "body",
    [
        {"type": "CoverageRequest", "hasPatient": {"birthDate": SECRET}},
        {"type": "CoverageRequest", "dateOfService": SECRET},
        {"type": SECRET},
        [SECRET],
        {"type": "CoverageRequest", "id": f"urn:x:{SECRET}", "dateOfService": 77310042},
    ],
)
def test_refusal_repeats_nothing_of_json(client: httpx.Client, body: object) -> None:
    answer = client.post("/decisions?payer=nia", json=body)
    assert answer.status_code == 400
    assert SECRET not in answer.text
    assert NUMBER not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        f"/{SECRET}",
        f"/policies/{SECRET}/{SECRET}",
        f"/procedures/{SECRET}",
        f"/codes/cpt/{SECRET}",
        f"/codes/icd-10-cm/{SECRET}",
        f"/shapes/{SECRET}",
        f"/coverage?code={SECRET}&date=2024-06-10",
        f"/coverage?code=64493&date={SECRET}",
        f"/coverage?code=64493&date=2024-06-10&payer={SECRET.lower()}",
        f"/coverage?code=64493&date=2024-06-10&diagnosis={SECRET}",
        f"/coverage?code=64493&date=2024-06-10&{SECRET}=1",
        f"/sparql?query={SECRET}",
        f"/sparql?{SECRET}=1",
        f"/sparql?query=SELECT+%2A+%7B+BIND%28%3Chttp%3A%2F%2Fx%2F{SECRET}%3E%281%29+AS+%3Fx%29+%7D",
    ],
)
def test_address_is_not_repeated(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (400, 404)
    assert SECRET.lower() not in answer.text.lower()


def test_log_holds_routes_and_nothing_that_was_sent(tmp_path: Path) -> None:
    """The log is read after answers, refusals, crashes of workers and broken requests."""
    with serving(tmp_path / "log", "--log", COVERGRAPH_QUERY_SECONDS="1") as server:
        with httpx.Client(base_url=server.url, timeout=30) as client:
            for wrong in (*WRONG, ""):
                client.post(
                    "/decisions?payer=nia",
                    content=PREFIXES + REQUEST + wrong,
                    headers={"Content-Type": "text/turtle", "X-Patient": SECRET},
                )
            client.get(f"/coverage?code={SECRET}&date=2024-06-10")
            client.get(f"/{SECRET}", headers={"Referer": SECRET, "User-Agent": SECRET})
            client.get("/sparql", params={"query": f"ASK {{ ?s ?p '{SECRET}' }}"})
            doubling = " ".join(f"BIND(CONCAT(?v{n}, ?v{n}) AS ?v{n + 1})" for n in range(40))
            query = f"SELECT (STRLEN(?v40) AS ?n) {{ BIND('{SECRET}' AS ?v0) {doubling} }}"
            client.post("/sparql", data={"query": query})
            client.post("/decisions", content=b"{", headers={"Content-Type": SECRET})
        _send_rubbish(server)
    log = (tmp_path / "log").read_text()
    assert re.search(r"POST /decisions 400 \d+\.\d ms", log)
    assert re.search(r"GET /coverage 400", log)
    assert re.search(r"GET - 404", log)
    assert SECRET not in log
    assert SECRET.lower() not in log.lower()
    assert NUMBER not in log


def _send_rubbish(server: Server) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    for rubbish in (f"{SECRET}\r\n\r\n", f"GET /{SECRET} HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nA"):
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(rubbish.encode())
            connection.settimeout(0.3)
            with contextlib.suppress(TimeoutError):
                connection.recv(1000)


def test_validation_problem_has_the_fields_of_rfc_9457(client: httpx.Client) -> None:
    problem = json.loads(client.get("/coverage?code=64493").content)
    assert problem == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "the parameter date is missing",
        "where": "query",
    }


@pytest.mark.parametrize(
    ("where", "told"),
    [
        (f"pain record {theirs('<https://example.org/jane#pain>')}", "a pain record"),
        (f"earlier procedure {theirs(':jane-block')}", "an earlier procedure"),
        (theirs("<https://example.org/jane#pain>"), "a record"),
        (f"the unnamed pain record{theirs(' with code:JANE')}", "the unnamed pain record"),
        (f"hasPatient.{theirs('Jane')}[0].birthDate", "hasPatient.…[0].birthDate"),
        ("the patient", "the patient"),
    ],
)
def test_a_problem_says_which_kind_of_record_and_no_name(where: str, told: str) -> None:
    assert discreet(InputError("cov:onsetDate is after the date of service", where)).where == told
