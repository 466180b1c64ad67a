"""The graph itself, by document: what an IRI without its fragment leads to.

The Turtle of a document is the file it was written in, comments and all; a document that
several files describe is those files, one after the other.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from pyoxigraph import NamedNode

from covergraph.knowledge.base import INFERRED, Knowledge, read_turtle
from covergraph.namespaces import BASE, RDFS, SKOS, compact, local_name
from covergraph.triples import Spo, Triples

from ..negotiation import JSON, TURTLE
from ..problems import Problem
from ..representation import graph, represented

SHAPES = "shapes/"
HOUSE_RULES = "shapes/house-rules.ttl"


class Documents:
    """Every document that the knowledge describes, by its path under the base."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.texts = {n: (knowledge.root / n).read_bytes() for n in knowledge.by_file}
        self.triples = dict(knowledge.by_file)
        # The house rules check the knowledge and are no part of it.
        self.texts[HOUSE_RULES] = (knowledge.root / HOUSE_RULES).read_bytes()
        self.triples[HOUSE_RULES] = read_turtle(self.texts[HOUSE_RULES], HOUSE_RULES)

    @cached_property
    def files(self) -> dict[str, list[str]]:
        """From a document to the files whose subjects lie in it."""
        found: dict[str, dict[str, None]] = {}
        for name, triples in self.triples.items():
            for s, _, _ in triples:
                if not isinstance(s, NamedNode) or not s.value.startswith(BASE):
                    continue
                # A criterion that policies share is cited in theirs and described in its own.
                if self.knowledge.file_of(s) in (name, "") or name == INFERRED:
                    document = s.value.removeprefix(BASE).partition("#")[0]
                    found.setdefault(document, {})[name] = None
        return {document: list(names) for document, names in found.items()}

    @cached_property
    def shapes(self) -> dict[str, str]:
        """From the path of a shapes file, without its suffix, to the file."""
        return {
            name.removeprefix(SHAPES).removesuffix(".ttl"): name
            for name in self.triples
            if name.startswith(SHAPES)
        }

    def document(self, path: str, media_type: str) -> bytes:
        """Return a document by its path under the base.

        Raises
        ------
        Problem
            404 when the knowledge describes no such document.
        """
        files = self.files.get(path)
        if not files:
            raise Problem(404, "no such document")
        return self._written(BASE + path, files, media_type)

    def shape_file(self, path: str, media_type: str) -> bytes:
        """Return a file of shapes by its path.

        Raises
        ------
        Problem
            404 when there is no such file.
        """
        name = self.shapes.get(path)
        if name is None:
            raise Problem(404, "no such file of shapes", hint="GET /shapes lists them")
        return self._written(BASE + SHAPES + path, [name], media_type)

    def shape_files(self, media_type: str) -> bytes:
        """Return the list of the files of shapes."""
        view = {
            "id": BASE + "shapes",
            "files": [{"id": BASE + SHAPES + path, "file": path} for path in sorted(self.shapes)],
        }
        return represented(view, media_type)

    def _written(self, iri: str, files: list[str], media_type: str) -> bytes:
        if media_type == TURTLE:
            return b"\n".join(self.texts[name] for name in files)
        triples = [t for name in files for t in self.triples[name]]
        if media_type != JSON:
            return graph(triples, media_type)
        return represented(self._view(iri, triples), JSON)

    def _view(self, iri: str, triples: list[Spo]) -> dict[str, Any]:
        """Return the named terms of a document with what they are called and mean."""
        t = Triples(triples)
        whole = iri.startswith(BASE + SHAPES)
        nodes = [n for n in t.nodes() if isinstance(n, NamedNode)]
        return {
            "id": iri,
            "terms": [
                {
                    "id": node.value,
                    "type": sorted(compact(c.value) for c in t.types(node)),
                    "label": t.text(node, RDFS.label) or local_name(node.value),
                    "definition": t.text(node, SKOS.definition) or None,
                }
                for node in nodes
                if whole or node.value.partition("#")[0] == iri
            ],
        }
