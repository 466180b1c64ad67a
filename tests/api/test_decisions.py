"""Deciding over HTTP is deciding; what is no request is refused, and nothing of it comes back."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter
from pyoxigraph import RdfFormat, parse

from covergraph.api import examples, models
from covergraph.api.sparql_protocol import LARGEST_QUERY_BODY
from covergraph.engine import Reasoner
from covergraph.namespaces import COV, SH
from covergraph.render.data import Recorder
from covergraph.render.graph import decision_graph, validation_report, written
from tests.api.conftest import EXAMPLES, Server

TURTLE = {"Content-Type": "text/turtle"}
SHACL = 'text/turtle;profile="http://www.w3.org/ns/shacl#"'
FILES = sorted(EXAMPLES.glob("*.ttl"))
GAPS = (EXAMPLES / "block-with-gaps.ttl").read_bytes()
LARGEST = 1_000_000


@pytest.fixture(scope="module")
def answers() -> dict[str, list[Any]]:
    reasoner = Reasoner()
    return {p.stem: reasoner.decide_all(reasoner.read(p.read_bytes())) for p in FILES}


# --- The same decision -----------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_decision_is_that_of_the_program(
    client: httpx.Client, answers: dict[str, list[Any]], path: Any
) -> None:
    recorder = Recorder(Reasoner().knowledge)
    answer = client.post("/decisions", content=path.read_bytes(), headers=TURTLE)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    TypeAdapter(list[models.Decision]).validate_json(answer.content)
    assert answer.json() == [recorder.answer(a) for a in answers[path.stem]]


def test_decision_as_a_graph_is_that_of_the_program(
    client: httpx.Client, answers: dict[str, list[Any]]
) -> None:
    found = answers["block-with-gaps"][0]
    recorder = Recorder(Reasoner().knowledge)
    for accept in ("text/turtle", "application/ld+json"):
        answer = client.post("/decisions", content=GAPS, headers={**TURTLE, "Accept": accept})
        assert answer.text == written(decision_graph(found, recorder), accept)
    for path, accept in (("/decisions", SHACL), ("/validate", "text/turtle"), ("/validate", SHACL)):
        answer = client.post(path, content=GAPS, headers={**TURTLE, "Accept": accept})
        assert answer.text == written(validation_report(found))


def test_report_as_json_says_what_the_graph_says(client: httpx.Client) -> None:
    body = client.post("/validate?all=true", content=GAPS, headers=TURTLE)
    reports = models.Reports.model_validate_json(body.content).reports
    assert len(reports) == len(Reasoner().catalogue.editions)
    own = next(r for r in reports if r.policy == "centene/cp-mp-171")
    assert not own.conforms
    assert {r.severity for r in own.results} == {"warning"}
    graph = client.post("/validate", content=GAPS, headers={**TURTLE, "Accept": "text/turtle"})
    quads = list(parse(graph.content, format=RdfFormat.TURTLE))
    shapes = {q.object.value for q in quads if q.predicate == SH.sourceShape}
    assert {r.criterion for r in own.results} == shapes


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("text/turtle", examples.TURTLE),
        ("application/n-triples", None),
        ("application/ld+json", json.dumps(examples.JSON_LD)),
        ("application/json", json.dumps(examples.PLAIN)),
        ("application/json; charset=UTF-8", json.dumps(examples.PLAIN)),
        ("Text/Turtle", examples.TURTLE),
    ],
)
def test_one_request_in_every_spelling(
    client: httpx.Client, media_type: str, body: str | None
) -> None:
    if body is None:
        triples = parse(examples.TURTLE, format=RdfFormat.TURTLE)
        body = "".join(f"{t.subject} {t.predicate} {t.object} .\n" for t in triples)
    answer = client.post("/decisions?payer=nia", content=body, headers={"Content-Type": media_type})
    assert answer.status_code == 200, answer.text
    (decision,) = answer.json()
    assert decision["decision"] == "needs-information"
    assert decision["receipt"]["request"]["sha256"] == digest(client)


def digest(client: httpx.Client) -> str:
    answer = client.post("/decisions?payer=nia", content=examples.TURTLE, headers=TURTLE)
    found: str = answer.json()[0]["receipt"]["request"]["sha256"]
    return found


@pytest.mark.parametrize(
    ("query", "policies"),
    [
        ("policy=nia/cg-301", ["nia/cg-301"]),
        ("policy=nia/cg-301@2024-01-01", ["nia/cg-301"]),
        ("payer=wa-hca", ["wa-hca/spinal-injections"]),
        # The determination speaks to therapeutic injections only, so the guideline decides.
        ("plan=wa-hca/apple-health", ["nia/cg-301"]),
    ],
)
def test_caller_says_who_decides(client: httpx.Client, query: str, policies: list[str]) -> None:
    answer = client.post(f"/decisions?{query}", content=examples.TURTLE, headers=TURTLE)
    assert [d["policy"] for d in answer.json()] == policies


def test_caller_names_another_day(client: httpx.Client) -> None:
    later = client.post("/decisions?date=2024-08-01&payer=nia", content=GAPS, headers=TURTLE)
    assert later.json()[0]["receipt"]["dateOfService"] == "2024-08-01"


@pytest.mark.parametrize(
    "query",
    [
        "policy=nia/cg-999",
        "policy=nia/cg-301@1999-01-01",
        "payer=nobody",
        "plan=none",
        "all=yes",
        "all=true&payer=nia",
        "policy=nia/cg-301&payer=nia",
        "payer=nia&payer=wa-hca",
        "date=2024-02-30",
        "date=yesterday",
        "payer=jane%20doe",
        "mrn=12345",
    ],
)
def test_wrong_word_of_a_call_is_refused(client: httpx.Client, query: str) -> None:
    answer = client.post(f"/decisions?{query}", content=examples.TURTLE, headers=TURTLE)
    assert answer.status_code == 400, answer.text
    for value in ("cg-999", "nobody", "yesterday", "jane", "mrn", "12345", "02-30"):
        assert value not in answer.text


def test_nobody_decides_when_nobody_is_named(client: httpx.Client) -> None:
    answer = client.post("/decisions", content=examples.TURTLE, headers=TURTLE)
    assert answer.status_code == 400
    assert answer.json()["detail"] == "nothing says whose policy decides"


# --- What is refused -------------------------------------------------------------------------

NODE = {"id": "http://x.example/r", "type": "CoverageRequest"}
PREFIX = f"@prefix cov: <{COV}> . @prefix x: <http://x.example/> .\n"
BROKEN = {
    "empty": (b"", "text/turtle"),
    "no Turtle": (b"<a> <b", "text/turtle"),
    "no UTF-8": (b"\xff\xfe", "text/turtle"),
    "no JSON": (b"{", "application/json"),
    "array of numbers": (b"[1]", "application/json"),
    "number": (b"7", "application/json"),
    "duplicate key": (b'{"type":"CoverageRequest","type":"Patient"}', "application/json"),
    "NaN": (b'{"averagePainScore": NaN}', "application/json"),
    "infinity": (b'{"averagePainScore": 1e999999}', "application/json"),
    "number of 5000 digits": (b'{"averagePainScore": ' + b"9" * 5000 + b"}", "application/json"),
    "surrogate": (b'{"label": "\\ud800"}', "application/json"),
    "deep JSON": (b"[" * 5000 + b"]" * 5000, "application/json"),
    "deep Turtle": (b"<x:a> <x:b> " + b"[ <x:c> " * 5000, "text/turtle"),
    "triple terms": (b"<< <x:a> <x:b> <x:c> >> <x:d> <x:e> .", "text/turtle"),
    "named graph": (b"<x:g> { <x:a> <x:b> <x:c> }", "text/turtle"),
    "unknown field": (json.dumps({**NODE, "eGFR": 40}).encode(), "application/json"),
    "remote context": (
        json.dumps({"@context": "http://127.0.0.1:9/context", **NODE}).encode(),
        "application/ld+json",
    ),
    "context in a file": (
        json.dumps({"@context": "file:///etc/passwd", **NODE}).encode(),
        "application/ld+json",
    ),
    "imported context": (
        json.dumps({"@context": {"@import": "http://127.0.0.1:9/c"}, **NODE}).encode(),
        "application/ld+json",
    ),
    "a class of ours": (
        f"{PREFIX}cov:CoverageRequest a <http://www.w3.org/2002/07/owl#Class> .".encode(),
        "text/turtle",
    ),
    "a subclass link": (
        (
            f"{PREFIX}x:c <http://www.w3.org/2000/01/rdf-schema#subClassOf> cov:CoverageRequest ."
        ).encode(),
        "text/turtle",
    ),
    "a shape": (f"{PREFIX}x:s a <{SH.NodeShape.value}> .".encode(), "text/turtle"),
    "a decision": (f"{PREFIX}x:d a cov:Decision .".encode(), "text/turtle"),
    "RDF/XML as Turtle": (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x/>',
        "text/turtle",
    ),
    "huge exponent": (
        f'{PREFIX}x:p cov:averagePainScore "1E+300000000"^^'
        "<http://www.w3.org/2001/XMLSchema#decimal> .".encode(),
        "text/turtle",
    ),
}


@pytest.mark.parametrize("path", ["/decisions", "/validate"])
@pytest.mark.parametrize(("body", "media_type"), BROKEN.values(), ids=BROKEN)
def test_broken_input_is_refused(
    client: httpx.Client, path: str, body: bytes, media_type: str
) -> None:
    answer = client.post(f"{path}?payer=nia", content=body, headers={"Content-Type": media_type})
    assert answer.status_code == 400, answer.text
    models.ProblemDetails.model_validate_json(answer.content)


def test_refusal_names_the_line(client: httpx.Client) -> None:
    body = examples.TURTLE.replace("cov:averagePainScore 6", "cov:averagePainScore six")
    problem = client.post("/decisions?payer=nia", content=body, headers=TURTLE).json()
    assert problem["where"].startswith("line 20")


@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "text/plain",
        "application/octet-stream",
        "application/rdf+xml",
        "application/trig",
        "application/n-quads",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "text/turtle; charset=latin-1",
        "text/html",
    ],
)
def test_other_types_are_not_read(client: httpx.Client, media_type: str) -> None:
    headers = {"Content-Type": media_type} if media_type else {}
    answer = client.post("/decisions?payer=nia", content=examples.TURTLE, headers=headers)
    assert answer.status_code == 415
    assert "text/turtle" in answer.text or "UTF-8" in answer.text


def test_compressed_body_is_not_read(client: httpx.Client) -> None:
    headers = {**TURTLE, "Content-Encoding": "gzip"}
    assert client.post("/decisions", content=b"x", headers=headers).status_code == 415


@pytest.mark.parametrize("path", ["/decisions", "/validate"])
def test_answer_of_another_type_is_refused_before_the_body_is_read(
    client: httpx.Client, path: str
) -> None:
    headers = {**TURTLE, "Accept": "application/pdf"}
    assert client.post(path, content=GAPS, headers=headers).status_code == 406


# --- Size --------------------------------------------------------------------------------------


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 50_000):
        yield b" " * 50_000


@pytest.mark.parametrize("path", ["/decisions", "/validate"])
def test_body_over_the_limit_is_refused(client: httpx.Client, path: str) -> None:
    declared = client.post(path, content=b" " * (LARGEST + 1), headers=TURTLE)
    assert declared.status_code == 413
    assert declared.json()["detail"] == f"the body is larger than {LARGEST} bytes"
    assert client.post(path, content=chunks(2 * LARGEST), headers=TURTLE).status_code == 413


def test_body_at_the_limit_is_read(client: httpx.Client) -> None:
    body = GAPS + b" " * (LARGEST - len(GAPS))
    assert client.post("/decisions", content=body, headers=TURTLE).status_code == 200


def test_endless_body_is_cut_off(server: Server) -> None:
    """The server says no at once, however much more is announced or comes."""
    host, port = server.url.removeprefix("http://").split(":")
    head = "POST /decisions HTTP/1.1\r\nHost: x\r\nContent-Type: text/turtle\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"{head}Content-Length: 99999999999\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        refused = b""
        with contextlib.suppress(OSError):
            for _ in range(10_000):
                connection.sendall(b"10000\r\n" + b" " * 65_536 + b"\r\n")
        with contextlib.suppress(OSError):
            refused = connection.recv(100)
        assert refused.startswith(b"HTTP/1.1 413") or not refused


def test_query_body_over_the_limit_is_refused(client: httpx.Client) -> None:
    headers = {"Content-Type": "application/sparql-query"}
    body = b" " * (LARGEST_QUERY_BODY + 1)
    assert client.post("/sparql", content=body, headers=headers).status_code == 413
