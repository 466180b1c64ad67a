"""The SPARQL 1.1 protocol, as far as an endpoint that only reads has to follow it."""

from __future__ import annotations

import csv
import io
from urllib.parse import quote
from xml.etree import ElementTree

import httpx
import pytest
import rdflib
from pyoxigraph import RdfFormat, parse

from tests.api.conftest import Server

QUERY_TYPE = {"Content-Type": "application/sparql-query"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PREFIXES = "PREFIX cov: <https://w3id.org/covergraph/ontology#>\n"
POLICIES = PREFIXES + "SELECT ?policy WHERE { ?policy a cov:Policy } ORDER BY ?policy"
ASK = PREFIXES + "ASK { ?policy a cov:Policy }"
CONSTRUCT = PREFIXES + "CONSTRUCT { ?p a cov:Policy } WHERE { ?p a cov:Policy }"
DESCRIBE = PREFIXES + "DESCRIBE cov:Covered"
COUNT = 14


# --- How a query comes -------------------------------------------------------------------------


def test_query_by_get(client: httpx.Client) -> None:
    answer = client.get("/sparql", params={"query": POLICIES})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/sparql-results+json"
    assert len(answer.json()["results"]["bindings"]) == COUNT


def test_query_by_form(client: httpx.Client) -> None:
    answer = client.post("/sparql", data={"query": POLICIES})
    assert len(answer.json()["results"]["bindings"]) == COUNT


def test_query_by_post(client: httpx.Client) -> None:
    answer = client.post("/sparql", content=POLICIES, headers=QUERY_TYPE)
    assert len(answer.json()["results"]["bindings"]) == COUNT


def test_head_tells_the_size_of_the_answer(client: httpx.Client) -> None:
    answer = client.head("/sparql", params={"query": ASK})
    assert answer.status_code == 200
    assert not answer.content


# --- How an answer goes ------------------------------------------------------------------------


def test_rows_in_every_form(client: httpx.Client) -> None:
    def rows(accept: str) -> httpx.Response:
        answer = client.get("/sparql", params={"query": POLICIES}, headers={"Accept": accept})
        assert answer.headers["content-type"].partition(";")[0] == accept
        return answer

    xml = ElementTree.fromstring(rows("application/sparql-results+xml").content)
    assert len(xml.findall(".//{http://www.w3.org/2005/sparql-results#}result")) == COUNT
    table = list(csv.reader(io.StringIO(rows("text/csv").text)))
    assert (table[0], len(table)) == (["policy"], COUNT + 1)
    lines = rows("text/tab-separated-values").text.splitlines()
    assert (lines[0], len(lines)) == ("?policy", COUNT + 1)
    assert all(line.startswith("<") for line in lines[1:])


@pytest.mark.parametrize("accept", ["application/json", "*/*", "application/*", ""])
def test_rows_are_json_for_whoever_takes_json(client: httpx.Client, accept: str) -> None:
    answer = client.get("/sparql", params={"query": POLICIES}, headers={"Accept": accept})
    assert answer.headers["content-type"] == "application/sparql-results+json"


def test_yes_or_no(client: httpx.Client) -> None:
    assert client.get("/sparql", params={"query": ASK}).json() == {"head": {}, "boolean": True}
    headers = {"Accept": "application/sparql-results+xml"}
    xml = client.get("/sparql", params={"query": ASK}, headers=headers)
    assert b"<boolean>true</boolean>" in xml.content


@pytest.mark.parametrize("query", [CONSTRUCT, DESCRIBE], ids=["construct", "describe"])
@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("text/turtle", RdfFormat.TURTLE),
        ("application/n-triples", RdfFormat.N_TRIPLES),
        ("application/ld+json", RdfFormat.JSON_LD),
    ],
)
def test_graph_in_every_form(
    client: httpx.Client, query: str, accept: str, form: RdfFormat
) -> None:
    answer = client.get("/sparql", params={"query": query}, headers={"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == accept
    assert list(parse(answer.content, format=form))


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        (POLICIES, "text/turtle"),
        (POLICIES, "image/png"),
        (ASK, "text/csv"),
        (CONSTRUCT, "application/sparql-results+json"),
        (CONSTRUCT, "text/csv"),
    ],
)
def test_form_that_does_not_fit_is_refused(client: httpx.Client, query: str, accept: str) -> None:
    answer = client.get("/sparql", params={"query": query}, headers={"Accept": accept})
    assert answer.status_code == 406


# What SPARQLWrapper adds to every query beside Accept, and rdflib's SERVICE to each of its own.
WRAPPER = {"format": "xml", "output": "xml", "results": "xml"}
WRAPPER_ACCEPTS = "application/sparql-results+xml"


def test_form_may_be_named_by_parameter_as_clients_do(client: httpx.Client) -> None:
    for accept in (WRAPPER_ACCEPTS, "*/*", None):
        headers = {"Accept": accept} if accept else {}
        asked = client.build_request("GET", "/sparql", params={"query": POLICIES} | WRAPPER)
        asked.headers.update(headers)
        answer = client.send(asked)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == WRAPPER_ACCEPTS
    named = client.post("/sparql", data={"query": POLICIES, "output": "csv"})
    assert named.headers["content-type"].startswith("text/csv")
    both = client.get(
        "/sparql", params={"query": POLICIES, "output": "csv"}, headers={"Accept": WRAPPER_ACCEPTS}
    )
    assert both.headers["content-type"] == WRAPPER_ACCEPTS
    for wrong in ({"output": "parquet"}, {"callback": "json"}):
        assert client.get("/sparql", params={"query": POLICIES} | wrong).status_code == 400


@pytest.mark.parametrize("padding", [0, 700])
def test_service_of_another_endpoint_reaches_the_graph(server: Server, padding: int) -> None:
    """A short query goes by GET, a long one as a form."""
    pattern = f"SERVICE <{server.url}/sparql> {{ ?policy a cov:Policy . }}"
    pattern = pattern.replace(" . }", f" . #{'x' * padding}\n }}") if padding else pattern
    rows = rdflib.Graph().query(f"{PREFIXES} SELECT ?policy WHERE {{ {pattern} }}")
    assert len(list(rows)) == COUNT


# --- What is no query --------------------------------------------------------------------------


def test_no_query(client: httpx.Client) -> None:
    assert client.get("/sparql").status_code == 400
    assert client.post("/sparql", data={}, headers=FORM).status_code == 400
    assert client.post("/sparql", content=b"", headers=QUERY_TYPE).status_code == 400


def test_two_queries(client: httpx.Client) -> None:
    twice = f"query={quote(ASK)}&query={quote(ASK)}"
    assert client.get(f"/sparql?{twice}").status_code == 400
    assert client.post("/sparql", content=twice, headers=FORM).status_code == 400
    both = client.post(f"/sparql?query={quote(ASK)}", content=ASK, headers=QUERY_TYPE)
    assert both.status_code == 400
    assert both.json()["detail"] == "more than one query is given"


@pytest.mark.parametrize("name", ["default-graph-uri", "named-graph-uri"])
def test_dataset_cannot_be_chosen(client: httpx.Client, name: str) -> None:
    fields = {"query": ASK, name: "https://w3id.org/covergraph/ontology"}
    for answer in (
        client.get("/sparql", params=fields),
        client.post("/sparql", data=fields),
        client.post("/sparql", params={name: "x"}, content=ASK, headers=QUERY_TYPE),
    ):
        assert answer.status_code == 400
        assert answer.json()["detail"] == f"{name} is refused"


def test_update_is_refused_in_every_way(client: httpx.Client) -> None:
    update = "INSERT DATA { <http://x.example/a> <http://x.example/b> 1 }"
    as_update = {"Content-Type": "application/sparql-update"}
    posted = client.post("/sparql", content=update, headers=as_update)
    assert posted.status_code == 415
    for answer in (
        client.post("/sparql", data={"update": update}),
        client.get("/sparql", params={"update": update}),
        client.get("/sparql", params={"query": update}),
        client.post("/sparql", content=update, headers=QUERY_TYPE),
    ):
        assert answer.status_code == 400
        assert answer.json()["detail"].startswith("SPARQL update is refused")


@pytest.mark.parametrize(
    "media_type", ["", "text/plain", "application/json", "text/turtle", "multipart/form-data"]
)
def test_other_types_are_not_read(client: httpx.Client, media_type: str) -> None:
    headers = {"Content-Type": media_type} if media_type else {}
    assert client.post("/sparql", content=ASK, headers=headers).status_code == 415


@pytest.mark.parametrize(
    "query",
    [
        "SELECT",
        "SELECT * WHERE",
        "SELECT * WHERE { ?s ?p }",
        "SELECT * WHERE { ?s ?p ?o",
        "SELECT ?x WHERE { ?s ?p ?o } GROUP BY ?s",
        "nonsense",
        "ASK { ?s x:y ?o }",
        "\x00",
    ],
)
def test_malformed_query_is_refused(client: httpx.Client, query: str) -> None:
    answer = client.post("/sparql", content=query, headers=QUERY_TYPE)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_query_that_is_not_utf8_is_refused(client: httpx.Client) -> None:
    answer = client.post("/sparql", content=b"ASK { \xff }", headers=QUERY_TYPE)
    assert answer.status_code == 400


def test_unknown_function_is_refused(client: httpx.Client) -> None:
    query = "SELECT * WHERE { BIND(<http://x.example/f>(1) AS ?x) }"
    answer = client.get("/sparql", params={"query": query})
    assert (answer.status_code, answer.json()["detail"]) == (400, "the query cannot be answered")


def test_query_cannot_reach_the_file_of_a_secret(client: httpx.Client) -> None:
    for query in (
        "SELECT * FROM <file:///etc/passwd> WHERE { ?s ?p ?o }",
        "SELECT * WHERE { GRAPH <file:///etc/passwd> { ?s ?p ?o } }",
        "SELECT * WHERE { SERVICE <file:///etc/passwd> { ?s ?p ?o } }",
    ):
        answer = client.get("/sparql", params={"query": query})
        assert answer.status_code == 400, query
