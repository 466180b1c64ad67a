"""Every address, in every form; what is not offered is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter
from pyoxigraph import NamedNode, Quad, RdfFormat, parse

from covergraph.api import models
from covergraph.knowledge.base import knowledge
from covergraph.namespaces import BASE, CONTEXT_IRI

LOOKUP = "/coverage?code=64493&date=2024-06-10&payer=nia"
COMPARISON = "/compare?procedure=facet-joint-denervation&region=lumbar"
EDITION = "/policies/nia/cg-301/2024-01-01"
RESOURCES: dict[str, Any] = {
    "/payers": models.Payers,
    "/policies": models.Policies,
    "/policies/nia": models.Payer,
    "/policies/nia/cg-301": models.Policy,
    EDITION: models.Edition,
    "/policies/nia/shared/2024-01-01": models.Document,
    "/sources/nia/cg-301": models.Document,
    "/procedures": models.Procedures,
    "/procedures/facet-joint-denervation": models.Procedure,
    "/procedures/facet-joint-injection": models.Procedure,
    "/codes": models.Codes,
    "/codes/cpt/64493": models.ProcedureCode,
    "/codes/hcpcs/G0260": models.ProcedureCode,
    "/codes/icd-10-cm/M47.816": models.DiagnosisCode,
    "/codes/icd-10-cm/A00.0": models.DiagnosisCode,
    LOOKUP: models.Coverage,
    "/coverage?code=64493&date=2024-06-10": models.Coverage,
    COMPARISON: models.Comparison,
    "/ontology": models.Document,
    "/components": models.Document,
    "/house-rules": models.Document,
    "/shapes": models.ShapeFiles,
    "/shapes/components/minimum-interval": models.Document,
    "/shapes/policies/nia/cg-301/2024-01-01": models.Document,
    "/shapes/house-rules": models.Document,
    "/vocabulary": models.Vocabulary,
    "/api": models.Document,
}
PLAIN = ["/health", "/openapi.json", "/docs", "/context.jsonld"]
FORMS = {"text/turtle": RdfFormat.TURTLE, "application/ld+json": RdfFormat.JSON_LD}
LONGEST = 4_000_000


def triples(answer: httpx.Response) -> list[Quad]:
    """Return what an answer states, read by a processor that fetches nothing."""
    media_type = answer.headers["content-type"].partition(";")[0]
    return list(parse(answer.content, format=FORMS[media_type], base_iri="urn:none:"))


@pytest.mark.parametrize("path", RESOURCES)
def test_json_is_what_the_model_says(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    TypeAdapter(RESOURCES[path]).validate_json(answer.content)


@pytest.mark.parametrize("media_type", FORMS)
@pytest.mark.parametrize("path", RESOURCES)
def test_resource_is_a_graph(client: httpx.Client, path: str, media_type: str) -> None:
    answer = client.get(path, headers={"Accept": media_type})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert answer.headers["vary"] == "Accept"
    found = triples(answer)
    assert found
    assert not any("urn:none:" in str(q) for q in found), "an IRI is relative"
    if path.partition("?")[0] not in ("/api", "/shapes"):
        described = {q.subject.value for q in found if isinstance(q.subject, NamedNode)}
        assert any(s.startswith(BASE) for s in described)


@pytest.mark.parametrize("path", [p for p in RESOURCES if "documents" not in p])
def test_view_says_the_same_in_both_graph_forms(client: httpx.Client, path: str) -> None:
    """Blank nodes are named differently, so their statements are compared by number."""
    turtle, linked = (
        triples(client.get(path, headers={"Accept": media_type})) for media_type in FORMS
    )

    def named(quads: list[Quad]) -> set[str]:
        return {str(q) for q in quads if "_:" not in str(q)}

    assert named(turtle) == named(linked)
    assert len(set(turtle)) == len(set(linked))


def test_every_key_of_a_view_stands_in_the_graph(client: httpx.Client) -> None:
    """A JSON-LD processor drops a key without a term, and nobody would notice."""
    view = client.get(LOOKUP).json()
    graph = {
        q.object.value
        for q in triples(client.get(LOOKUP, headers={"Accept": "text/turtle"}))
        if not isinstance(q.object, NamedNode)
    }

    def texts(value: Any, key: str = "") -> Iterable[str]:
        if isinstance(value, dict):
            for k, v in value.items():
                yield from texts(v, k)
        elif isinstance(value, list):
            for v in value:
                yield from texts(v, key)
        elif isinstance(value, str) and not value.startswith("https://"):
            yield value

    assert set(texts(view)) - graph - {"cov:Policy"} == set()


def test_turtle_of_an_edition_is_the_file_that_decides(client: httpx.Client) -> None:
    path = knowledge().root / "shapes/policies/nia/cg-301/2024-01-01.ttl"
    for address in (EDITION, f"/shapes{EDITION}"):
        answer = client.get(address, headers={"Accept": "text/turtle"})
        assert answer.content == path.read_bytes()


def documents() -> list[str]:
    """Return every document that an IRI of ours lies in, however it is spoken of."""
    found = set()
    for triple in knowledge().triples:
        for term in triple:
            if isinstance(term, NamedNode) and term.value.startswith(BASE):
                found.add(term.value.removeprefix(BASE).partition("#")[0])
    return sorted(found)


@pytest.mark.parametrize("document", documents())
def test_every_iri_we_mint_answers(client: httpx.Client, document: str) -> None:
    answer = client.get(f"/{document}", headers={"Accept": "text/turtle"})
    assert answer.status_code == 200, document
    stated = {q.subject.value for q in triples(answer) if isinstance(q.subject, NamedNode)}
    ours = {
        s.value
        for s in knowledge().triples.nodes()
        if isinstance(s, NamedNode) and s.value.partition("#")[0] == BASE + document
    }
    assert ours <= stated


def test_names_of_answers_are_terms_of_the_api_document(client: httpx.Client) -> None:
    described = {q.subject.value for q in triples(client.get("/api", headers=TURTLE))}
    for path in ("/payers", "/codes/cpt/64493", LOOKUP, "/vocabulary"):
        used = {q.predicate.value for q in triples(client.get(path, headers=TURTLE))}
        assert {p for p in used if p.startswith(f"{BASE}api#")} <= described


TURTLE = {"Accept": "text/turtle"}


def test_context_is_the_pinned_one(client: httpx.Client) -> None:
    answer = client.get(CONTEXT_IRI.removeprefix(BASE))
    assert answer.headers["content-type"] == "application/ld+json"
    assert answer.json()["@context"]["dateOfService"]["@type"] == "xsd:date"


def test_vocabulary_is_the_page_too(client: httpx.Client) -> None:
    answer = client.get("/vocabulary", headers={"Accept": "text/markdown"})
    assert answer.content == (knowledge().root / "data/vocabulary.md").read_bytes()


# --- Negotiation ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*RESOURCES, "/context.jsonld"])
def test_what_is_not_offered_is_refused(client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"Accept": "image/png, text/turtle;q=0"})
    assert answer.status_code == 406
    assert answer.headers["content-type"] == "application/problem+json"
    assert "json" in answer.json()["hint"]


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/*", "text/turtle"),
        ("application/*", "application/json"),
        ("text/html, application/xhtml+xml, */*;q=0.8", "text/html"),
        ("text/turtle;q=0.5, application/ld+json;q=0.6", "application/ld+json"),
        ("application/json;q=0.1, */*;q=0.9", "application/ld+json"),
        ("TEXT/TURTLE", "text/turtle"),
        ("nonsense, text/turtle", "text/turtle"),
        ("text/turtle;q=x, application/json", "application/json"),
    ],
)
def test_caller_gets_what_it_likes_best(client: httpx.Client, accept: str, given: str) -> None:
    answer = client.get("/payers", headers={"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == given


# --- Caching ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*RESOURCES, "/context.jsonld"])
def test_what_does_not_change_is_not_sent_again(client: httpx.Client, path: str) -> None:
    first = client.get(path)
    tag = first.headers["etag"]
    assert "max-age" in first.headers["cache-control"]
    for asked in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = client.get(path, headers={"If-None-Match": asked})
        assert again.status_code == 304
        assert again.headers["etag"] == tag
        assert not again.content
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_each_form_has_a_tag_of_its_own(client: httpx.Client) -> None:
    accepted = ["application/json", *FORMS]
    tags = {client.get("/payers", headers={"Accept": a}).headers["etag"] for a in accepted}
    assert len(tags) == 3


# --- Methods ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*RESOURCES, *PLAIN])
def test_head_is_get_without_a_body(client: httpx.Client, path: str) -> None:
    head, get = client.head(path), client.get(path)
    assert head.status_code == get.status_code == 200
    assert head.headers["content-length"] == get.headers["content-length"]
    assert head.headers["content-type"] == get.headers["content-type"]
    assert not head.content


@pytest.mark.parametrize("path", [*RESOURCES, *PLAIN])
def test_only_reading_is_allowed(client: httpx.Client, path: str) -> None:
    options = client.options(path)
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE"):
        answer = client.request(method, path)
        assert answer.status_code == 405, method
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
        assert answer.json()["status"] == 405


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/decisions", "POST, OPTIONS"),
        ("/validate", "POST, OPTIONS"),
        ("/sparql", "GET, HEAD, POST, OPTIONS"),
    ],
)
def test_methods_of_what_takes_a_body(client: httpx.Client, path: str, allowed: str) -> None:
    assert client.options(path).headers["allow"] == allowed
    assert client.delete(path).headers["allow"] == allowed


# --- What there is not -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/payers/",
        "/nothing",
        "/policies/nobody",
        "/policies/nia/cg-999",
        "/policies/nia/cg-301/1999-01-01",
        "/procedures/haircut",
        "/procedures/procedure",
        "/codes/cpt/99999",
        "/codes/icd-10-cm/64493",
        "/codes/hcpcs/64493",
        "/codes/loinc/64493",
        "/sources/nia/cg-999",
        "/shapes/nothing",
        "/shapes/../pyproject.toml",
        "/shapes/..%2f..%2fpyproject",
        "/shapes/policies",
        "/requests/x",
        "/docs/assets/../../app.py",
    ],
)
def test_unknown_address_is_a_problem(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    models.ProblemDetails.model_validate_json(answer.content)


@pytest.mark.parametrize("path", [p for p in (*RESOURCES, "/health") if "?" not in p])
def test_unknown_parameter_is_refused(client: httpx.Client, path: str) -> None:
    answer = client.get(path, params={"jane-doe": "x"})
    assert answer.status_code == 400
    assert answer.json()["detail"] == "unknown parameter"
    assert "jane" not in answer.text


def test_nearest_name_is_offered(client: httpx.Client) -> None:
    hint = client.get("/procedures/facet-joint-denervations").json()["hint"]
    assert "facet-joint-denervation" in hint


# --- Consistency ---------------------------------------------------------------------------------


def test_every_policy_listed_can_be_shown(client: httpx.Client) -> None:
    for policy in client.get("/policies").json()["policies"]:
        shown = client.get(f"/policies/{policy['key']}/{policy['edition']}")
        whole = models.Edition.model_validate_json(shown.content)
        assert whole.criteria.members
        assert whole.clauses
        assert policy["key"] in str(client.get(f"/policies/{policy['payer']}").json()["policies"])


def test_every_procedure_and_code_listed_can_be_shown(client: httpx.Client) -> None:
    for system in client.get("/codes").json()["systems"]:
        for code in system["codes"]:
            shown = client.get(f"/codes/{system['system']}/{code['code']}")
            assert shown.status_code == 200, code
    for procedure in client.get("/procedures").json()["procedures"]:
        shown = client.get(f"/procedures/{procedure['name']}")
        models.Procedure.model_validate_json(shown.content)


def test_code_is_classified_as_its_table_says(client: httpx.Client) -> None:
    shown = client.get("/codes/cpt/64494").json()
    assert shown["addOnTo"] == ["64493"]
    assert "facet-joint-injection" in shown["procedures"]
    assert shown["regions"] == ["lumbar region"]
    assert "nia/cg-301" in [p["key"] for p in shown["policies"]]
    assert client.get("/codes/cpt/64493").json()["addOns"] == ["64494", "64495"]


def test_openapi_describes_every_address(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path in RESOURCES:
        assert any(
            re.fullmatch(re.sub(r"\{.*?\}", ".+", known), path.partition("?")[0])
            for known in document["paths"]
        ), path
    text = json.dumps(document)
    for reference in set(re.findall(r"#/components/schemas/(\w+)", text)):
        assert reference in document["components"]["schemas"]
    assert "422" not in text
