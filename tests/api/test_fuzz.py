"""Schemathesis: whatever the description allows or forbids, the answer is one it describes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from covergraph.api.app import create_app
from covergraph.api.settings import Settings
from tests.api.conftest import Server

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
EXAMPLES = 25


def described() -> dict[str, Any]:
    """Return what the service says of itself."""
    answer: dict[str, Any] = {}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            answer.update(json.loads(message["body"]))

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/openapi.json",
        "query_string": b"",
        "headers": [],
        "root_path": "",
    }
    asyncio.run(create_app(Settings())(scope, receive, send))
    return answer


@schemathesis.serializer("application/sparql-query", "text/turtle", "application/n-triples")
def as_text(_: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


schema = schemathesis.openapi.from_dict(described())


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_those_that_are_described(server: Server, case: schemathesis.Case) -> None:
    case.call_and_validate(base_url=server.url, checks=CHECKS, timeout=60)
