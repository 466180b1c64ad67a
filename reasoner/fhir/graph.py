"""The request graph that drafts become, and from which resource each statement comes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ..namespaces import COV, REQUESTS
from ..plain import (
    HAS_CODE,
    HAS_KIND,
    ON_SIDE,
    TREATS_LEVEL,
    TREATS_REGION,
    term_of,
    text_of,
)
from .drafts import Draft, Said

PARTIAL_FOR = COV.partialFor.value
# What a bundle shows of each of these is only as far as is known.
LISTS = (COV.EarlierProcedures.value, COV.Therapies.value, COV.Diagnoses.value)
NUMBERS = frozenset({COV.averagePainScore.value, COV.sessionCount.value})
# What an order says of the patient and not of the procedure.
OF_PATIENT = frozenset({COV.hasDiagnosis.value})
# What the order of a planned procedure says of it.
OF_PLANNED = frozenset({HAS_CODE, HAS_KIND, TREATS_REGION, TREATS_LEVEL, ON_SIDE})
_STRANGE = re.compile(r"[^A-Za-z0-9.]+")


@dataclass
class Graph:
    """A request graph while it is made.

    Parameters
    ----------
    sources : dict
        From each statement to the names of the resources that it comes from.
    places : dict
        From each node to the place of its resource, as FHIRPath.
    """

    lines: list[str] = field(default_factory=list)
    sources: dict[tuple[str, str, str], tuple[str, ...]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def node(self, name: str, place: str) -> str:
        """Return a node named after a resource, which no other node is."""
        base = f"{REQUESTS}fhir#{_STRANGE.sub('-', name).strip('-.') or 'resource'}"
        found, number = base, 1
        while found in self.places:
            number += 1
            found = f"{base}-{number}"
        self.places[found] = place
        return found

    def add(self, node: str, p: str, value: str, sources: Iterable[str] = ()) -> None:
        """State a value; stated before, it has one source more."""
        key = (node, p, value)
        if key not in self.sources:
            term = term_of(Decimal(value) if p in NUMBERS else value)
            self.lines.append(f"<{node}> <{p}> {term} .\n")
        self.sources[key] = tuple(dict.fromkeys((*self.sources.get(key, ()), *sources)))

    def add_all(self, node: str, said: Iterable[Said], sources: Iterable[str]) -> None:
        for s in said:
            self.add(node, s.property, s.value, sources)

    def record(self, owner: str, draft: Draft) -> str:
        """Add the record that a draft becomes."""
        node = self.node(draft.name, draft.place)
        self.add(owner, draft.rule.link, node, draft.sources)
        self.add_all(node, draft.said, draft.sources)
        return node

    def place_of(self, named: str) -> str:
        """Return the place of the resource of a record that a refusal names."""
        for node, place in self.places.items():
            if f"<{node}>" in named:
                return place
        # A request has one of each; they are named by what they are.
        requested = next(iter(self.places.values()))
        return requested if named in ("the coverage request", "the requested procedure") else named

    @property
    def text(self) -> bytes:
        return "".join(self.lines).encode()

    def statements(self) -> Mapping[tuple[str, str, str], tuple[str, ...]]:
        """Return the statements that come from a resource, numbers in their one form."""
        return {
            (s, p, text_of(Decimal(v)) if p in NUMBERS else v): found
            for (s, p, v), found in self.sources.items()
            if found
        }
