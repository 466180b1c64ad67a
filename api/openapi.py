"""How routes describe themselves: what they offer, what they refuse, with examples."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from . import examples
from .models import ProblemDetails
from .negotiation import FHIR, JSON, JSON_LD, N_TRIPLES, RESOURCE, TURTLE
from .problems import MEDIA_TYPE

Responses = dict[int | str, dict[str, Any]]

REFUSALS = {
    400: "What was sent is at fault; the problem says where, and repeats nothing of it.",
    401: "An API key is needed.",
    403: "Without API keys only callers on this machine are answered.",
    404: "Not found.",
    405: "The method is not allowed here.",
    406: "None of the accepted types is offered.",
    408: "The body did not come in time.",
    413: "The body is too large.",
    415: "The body is of a type that is not read.",
    429: "Too many wrong keys were presented.",
    431: "The headers are too long.",
    503: "Too many wait, or it took more time or memory than it may have.",
}
ALWAYS = (401, 403, 405, 429, 431, 503)
BODY = (400, 406, 408, 413, 415)
PROBLEM = {"$ref": "#/components/schemas/ProblemDetails"}
OUTCOME = {
    "type": "object",
    "required": ["resourceType", "issue"],
    "properties": {
        "resourceType": {"const": "OperationOutcome"},
        "issue": {"type": "array", "items": {"type": "object"}, "minItems": 1},
    },
}
TEXT = {"schema": {"type": "string"}}
# The form of JSON-LD follows the graph, not a model.
LINKED: dict[str, Any] = {"schema": {}}


def refusing(*statuses: int, fhir: bool = False) -> Responses:
    """Return the descriptions of refusals, which who sends FHIR gets as an OperationOutcome."""
    content: dict[str, Any] = {MEDIA_TYPE: {"schema": PROBLEM}}
    if fhir:
        content[FHIR] = {"schema": OUTCOME}
    return {
        status: {"description": REFUSALS[status], "content": dict(content)}
        for status in sorted({*ALWAYS, *statuses})
    }


def offering(
    model: Any,
    *statuses: int,
    types: tuple[str, ...] = RESOURCE,
    example: Any = None,
    unchanging: bool = True,
    fhir: bool = False,
) -> Responses:
    """Return the description of an answer in several types, and of the refusals."""
    content: dict[str, Any] = {}
    for media_type in types:
        content[media_type] = {JSON: {}, JSON_LD: dict(LINKED)}.get(media_type, dict(TEXT))
    if JSON in content and example is not None:
        content[JSON]["example"] = example
    found: Responses = {200: {"description": "As asked.", "model": model, "content": content}}
    if unchanging:
        found[200]["headers"] = {
            "ETag": {"schema": {"type": "string"}, "description": "Changes with the answer."}
        }
        found[304] = {"description": "As it was when this ETag was given."}
    return found | refusing(*statuses, fhir=fhir)


def body_of_request(description: str, most: int) -> dict[str, Any]:
    """Return the description of a body that holds a coverage request."""
    return {
        "requestBody": {
            "required": True,
            "description": f"{description} At most {most} bytes.",
            "content": {
                TURTLE: {"schema": {"type": "string"}, "example": examples.TURTLE},
                N_TRIPLES: {"schema": {"type": "string"}},
                JSON_LD: {"schema": {"type": "object"}, "example": examples.JSON_LD},
                JSON: {"schema": {"type": "object"}, "example": examples.PLAIN},
                FHIR: {"schema": {"type": "object"}, "example": examples.BUNDLE},
            },
        }
    }


def settled(document: dict[str, Any], models: tuple[type[BaseModel], ...]) -> dict[str, Any]:
    """Return a generated document without what never happens, and with the problems' model."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for model in models:
        schemas[model.__name__] = model.model_json_schema(
            ref_template="#/components/schemas/{model}"
        )
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path in document["paths"].values():
        for operation in path.values():
            # Parameters at fault are a 400 like everything else.
            operation["responses"].pop("422", None)
            first, _, rest = operation.get("description", "").partition("\n\n")
            if first:
                operation["summary"] = first.removesuffix(".")
                operation["description"] = rest or first
    return document


PROBLEM_MODELS = (ProblemDetails,)
