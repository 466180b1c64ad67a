"""The SPARQL 1.1 Protocol, as far as an endpoint that only reads follows it.

A query comes by GET, as a form or as it is; anything that would choose a dataset or
change the graph is refused by name.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from . import examples
from .bodies import body_of, essence
from .negotiation import JSON_LD, N_TRIPLES, TURTLE
from .openapi import BODY, refusing
from .problems import Problem
from .service import Service

QUERY_TYPE, FORM_TYPE = "application/sparql-query", "application/x-www-form-urlencoded"
UPDATE_TYPE = "application/sparql-update"
RESULT_TYPES = (
    "application/sparql-results+json",
    "application/sparql-results+xml",
    "text/csv",
    "text/tab-separated-values",
    TURTLE,
    N_TRIPLES,
    JSON_LD,
)
# What many clients name the form of an answer by, beside Accept or in its place.
FORM_NAMES = ("format", "output", "results")
FORMS = {
    "json": f"{RESULT_TYPES[0]}, {JSON_LD};q=0.5",
    "xml": f"{RESULT_TYPES[1]}, {TURTLE};q=0.5",
    "csv": RESULT_TYPES[2],
    "tsv": RESULT_TYPES[3],
    "turtle": TURTLE,
    "ntriples": N_TRIPLES,
    "json-ld": JSON_LD,
}
# A form writes a byte as three characters, at most.
LARGEST_QUERY_BODY = 32_768


def sparql_routes(api: APIRouter, service: Service) -> None:
    """Add the addresses of the endpoint."""
    described: dict[str, Any] = {
        "tags": ["sparql"],
        "responses": {
            200: {
                "description": "Rows, a yes or no, or a graph.",
                "content": {t: {"schema": {"type": "string"}} for t in RESULT_TYPES[1:]}
                | {RESULT_TYPES[0]: {"schema": {"type": "object"}}},
            }
        }
        | refusing(*BODY),
    }

    async def asked(request: Request, query: list[str], form: str) -> Response:
        if len(query) != 1:
            what = "no query" if not query else "more than one query"
            raise Problem(400, f"{what} is given", "query", "send exactly one")
        accept = request.headers.get("accept", "")
        # A client that can send a header says with it what it wants.
        job = {"do": "sparql", "accept": form if accept in ("", "*/*") else accept}
        return await service.work("query", job, query[0].encode("utf-8", "replace"))

    @api.get("/sparql", openapi_extra=_parameter_query(), **described)
    async def sparql(request: Request) -> Response:
        """Ask the knowledge graph in SPARQL 1.1, read only."""
        return await asked(request, *protocol(request.query_params.multi_items()))

    @api.post("/sparql", openapi_extra=_body_query(), **described)
    async def sparql_posted(request: Request) -> Response:
        """Ask the knowledge graph in SPARQL 1.1, read only."""
        if essence(request, (QUERY_TYPE, FORM_TYPE, UPDATE_TYPE)) == UPDATE_TYPE:
            raise Problem(415, "SPARQL update is refused: the graph is read only")
        in_address, form = protocol(request.query_params.multi_items())
        body = await body_of(request, LARGEST_QUERY_BODY)
        if essence(request, (QUERY_TYPE, FORM_TYPE)) == QUERY_TYPE:
            return await asked(request, [*in_address, _text(body)], form)
        try:
            fields = parse_qsl(_text(body), keep_blank_values=True, max_num_fields=20)
        except ValueError:
            raise Problem(400, "the form has too many fields") from None
        in_body, named = protocol(fields)
        return await asked(request, [*in_address, *in_body], named or form)


def protocol(fields: list[tuple[str, str]]) -> tuple[list[str], str]:
    """Return the queries among the parameters of a SPARQL request, and the type that is named.

    Raises
    ------
    Problem
        400 for an update, for a dataset that is named, and for anything else.
    """
    form = ""
    for name, value in fields:
        if name in ("default-graph-uri", "named-graph-uri"):
            raise Problem(400, f"{name} is refused", hint="there is one graph; it is always asked")
        if name in ("update", "using-graph-uri", "using-named-graph-uri"):
            raise Problem(400, "SPARQL update is refused: the graph is read only")
        if name in FORM_NAMES:
            if value.lower() not in FORMS:
                raise Problem(400, "this form is not offered", name, ", ".join(FORMS))
            form = FORMS[value.lower()]
        elif name != "query":
            raise Problem(400, "unknown parameter", hint="the one parameter is query")
    return [value for name, value in fields if name == "query"], form


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem(400, "the body is not UTF-8", f"byte {error.start}") from None


def _parameter_query() -> dict[str, Any]:
    return {
        "parameters": [
            {
                "name": "query",
                "in": "query",
                "required": True,
                "schema": {"type": "string"},
                "example": examples.QUERY,
            }
        ]
    }


def _body_query() -> dict[str, Any]:
    form = {
        "type": "object",
        "properties": {"query": {"type": "string"}},
        "required": ["query"],
        "additionalProperties": False,
    }
    return {
        "requestBody": {
            "required": True,
            "content": {
                QUERY_TYPE: {"schema": {"type": "string"}, "example": examples.QUERY},
                FORM_TYPE: {"schema": form, "example": {"query": examples.QUERY}},
            },
        }
    }
