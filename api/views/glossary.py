"""What the names in the answers mean: every field of every model, with its description."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from covergraph.namespaces import BASE, PREFIXES

from .. import models
from ..negotiation import JSON, TURTLE

TERMS = BASE + "api#"


@cache
def terms() -> dict[str, str]:
    """Return every name of an answer with what it means, where its own word does not say."""
    found: dict[str, list[str]] = {}
    for model in vars(models).values():
        if not (isinstance(model, type) and issubclass(model, models.Model)):
            continue
        for name, field in model.model_fields.items():
            said = found.setdefault(name, [])
            if field.description and field.description not in said:
                said.append(field.description)
    return {name: " ".join(said) for name, said in sorted(found.items())}


@cache
def written(media_type: str) -> bytes:
    """Return the names as JSON, JSON-LD or Turtle."""
    if media_type == TURTLE:
        lines = [f"@prefix {p}: <{PREFIXES[p]}> ." for p in ("rdf", "rdfs", "skos")] + [
            f"@prefix : <{TERMS}> .",
            "",
        ]
        for name, meaning in terms().items():
            lines.append(f"{_local(name)} a rdf:Property ; rdfs:label {json.dumps(name)}")
            if meaning:
                lines.append(f"    ; skos:definition {json.dumps(meaning, ensure_ascii=False)}")
            lines.append("    .")
        return "\n".join([*lines, ""]).encode()
    listed = [_term(name, meaning) for name, meaning in terms().items()]
    if media_type == JSON:
        return json.dumps({"id": BASE + "api", "terms": listed}).encode()
    context = {
        "id": "@id",
        "type": "@type",
        "rdf": str(PREFIXES["rdf"]),
        "label": PREFIXES["rdfs"] + "label",
        "definition": PREFIXES["skos"] + "definition",
        "terms": "@graph",
    }
    return json.dumps({"@context": context, "terms": listed}).encode()


def _local(name: str) -> str:
    return f"<{TERMS}{name}>"


def _term(name: str, meaning: str) -> dict[str, Any]:
    return {
        "id": TERMS + name,
        "type": ["rdf:Property"],
        "label": name,
        "definition": meaning or None,
    }
