"""A request ready to be judged: classified and derived, in two forms that say the same.

The laid-out facts are what the compiled judge looks at; the triples are what pySHACL, plain
SHACL and explanations read. Each is made when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from pyoxigraph import Literal, NamedNode

from ..namespaces import COV, XSD
from ..request.gate import Request
from ..triples import Triples
from .layout import Facts, View


@dataclass(frozen=True)
class Prepared:
    """One request, ready to be judged.

    Parameters
    ----------
    make_facts : callable
        What lays out the facts.
    make_triples : callable
        What classifies and derives triple by triple.
    unseen : Prepared or None
        What it was before a policy's view of the history was added, if one was.
    """

    request: Request
    make_facts: Callable[[], Facts]
    make_triples: Callable[[], Triples]
    unseen: Prepared | None = None

    @cached_property
    def facts(self) -> Facts:
        return self.make_facts()

    @cached_property
    def triples(self) -> Triples:
        return self.make_triples()

    def seen_by(self, view: View, on: date | None = None) -> Prepared:
        """Return it with a policy's view of the history, as of another day if one is given."""
        plain = self.unseen or self
        day = on.isoformat() if on else plain.facts.day

        def facts() -> Facts:
            return replace(plain.facts, view=view, day=day)

        def triples() -> Triples:
            moved = dated(self.request.iri, plain.triples, day) if on else plain.triples
            return with_view(moved, self.request.iri, view)

        return Prepared(self.request, facts, triples, plain)


def with_view(triples: Triples, request: NamedNode, view: View) -> Triples:
    """Return triples with the links that a view of the history adds."""
    out = triples.copy()
    for link, nodes in ((COV.inEpisode, view.episode), (COV.perhapsInEpisode, view.perhaps)):
        out.update((request, link, NamedNode(str(node))) for node in nodes)
    for link, pairs in (
        (COV.mergedInto, view.merged),
        (COV.perhapsMergedInto, view.perhaps_merged),
    ):
        for second, first in pairs.items():
            out.add(NamedNode(second), link, NamedNode(first))
    return out


def dated(request: NamedNode, triples: Triples, day: str) -> Triples:
    """Return triples with another date of service."""
    kept = Triples(t for t in triples if t[:2] != (request, COV.dateOfService))
    kept.add(request, COV.dateOfService, Literal(day, datatype=XSD.date))
    return kept
