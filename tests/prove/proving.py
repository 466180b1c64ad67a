"""What tests of the prover share: one policy in a world, and its cases by date of service."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

import pytest

from covergraph.engine import Reasoner
from covergraph.facts.prepared import Prepared
from covergraph.policies.criteria import Policy
from covergraph.prove.circuit import Solver, installed
from covergraph.prove.decided import Decided, decided
from covergraph.prove.load import Loading
from covergraph.prove.questions import common_day
from covergraph.prove.vocabulary import Vocabulary
from covergraph.prove.world import Bounds, World
from tests.tools.case_files import CASES, Case, load_cases

FULL = os.environ.get("COVERGRAPH_PROVE") == "full"
NEEDS_SOLVER = pytest.mark.skipif(
    not installed(), reason="NOT PROVEN: there is no SAT solver; pip install 'covergraph[prove]'"
)
# In an ordinary run these stand for all: one with blocks and ages, one with merged sides.
SHORT = ("wa-hca/facet-neurotomy", "nhs-england/ebi-2k")
ENOUGH = Bounds(sessions=4, courses=4, planned=2)
# What policies are linted with.
LINTED = Bounds(sessions=4, courses=2, planned=1)


@dataclass(frozen=True, eq=False)
class Put:
    """A policy put to every request of a date of service."""

    reasoner: Reasoner
    world: World
    decided: Decided
    solver: Solver


@cache
def reasoner() -> Reasoner:
    return Reasoner(look_ahead=False, any_day=True)


def keys() -> list[str]:
    return list(reasoner().catalogue.policy_keys()) if FULL else list(SHORT)


def put(key: str, service: date | None = None, bounds: Bounds = ENOUGH) -> Put:
    policy = reasoner().catalogue.edition_of(key)
    day = service or common_day(reasoner(), [policy])
    world = World(Vocabulary(reasoner(), [policy]), bounds, day)
    found = decided(world, policy)
    return Put(reasoner(), world, found, Solver(world.circuit))


def cases_by_day(policy: Policy) -> Iterator[tuple[date, list[tuple[Case, Prepared]]]]:
    """Yield the cases of a policy by date of service; in an ordinary run the commonest date."""
    found: dict[date, list[tuple[Case, Prepared]]] = {}
    for case in load_cases(CASES / policy.key):
        if case.policy == policy.iri:
            prepared = reasoner().read(case.request_ttl)
            found.setdefault(prepared.request.date, []).append((case, prepared))
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    yield from ordered if FULL else ordered[:1]


__all__ = [
    "FULL",
    "LINTED",
    "NEEDS_SOLVER",
    "Loading",
    "Put",
    "cases_by_day",
    "keys",
    "put",
    "reasoner",
]
