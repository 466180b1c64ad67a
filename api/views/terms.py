"""The vocabulary of requests as data: every property and every named fact."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyoxigraph import NamedNode

from covergraph.authoring.reads import read_by
from covergraph.knowledge.base import Knowledge
from covergraph.namespaces import BASE, compact, local_name
from covergraph.policies.criteria import Policy


def vocabulary_view(knowledge: Knowledge, policies: Iterable[Policy]) -> dict[str, Any]:
    """Return every term that a request may state, with what its silence means."""
    readers = read_by(knowledge, policies)
    properties = [
        {
            "id": p.iri.value,
            "name": local_name(p.iri.value),
            "label": p.label,
            "definition": p.definition,
            "statedOf": sorted(compact(c.value) for c in p.stated_of),
            "takes": _compact(p.value_type or p.takes),
            "lowest": p.lowest,
            "highest": p.highest,
            "unit": p.unit or None,
            "several": not p.single,
            "silence": compact(p.silence.value),
            "readBy": readers.get(p.iri, []),
        }
        for p in sorted(knowledge.properties.values(), key=lambda p: p.iri.value)
        if p.stated_of
    ]
    facts = [
        {
            "id": f.iri.value,
            "name": local_name(f.iri.value),
            "label": f.label,
            "definition": f.definition,
            "statedOf": [compact(f.stated_of.value)],
            "silence": compact(f.silence.value),
            "readBy": readers.get(f.iri, []),
        }
        for f in sorted(knowledge.facts.values(), key=lambda f: f.iri.value)
    ]
    return {"id": BASE + "vocabulary", "properties": properties, "facts": facts}


def _compact(term: NamedNode | None) -> str | None:
    return compact(term.value) if term is not None else None
