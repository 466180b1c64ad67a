"""The circuit of a policy says what the engine says: of what it finds, and of every case."""

from __future__ import annotations

from functools import cache

import pytest

from covergraph.prove.circuit import OTHER_SOLVER, Lit, Solver
from covergraph.prove.load import Beyond, Loading
from covergraph.prove.world import Bounds
from covergraph.prove.write import differing, replayed, written
from tests.prove.proving import NEEDS_SOLVER, Put, cases_by_day, keys, put, reasoner

pytestmark = NEEDS_SOLVER


@cache
def putting(key: str) -> Put:
    return put(key, bounds=Bounds(3, 2, 1))


def goals(found: Put) -> list[tuple[str, Lit, Lit]]:
    """Return each verdict on each leaf, and each decision, as what is to be found."""
    decided = found.decided
    leaves = [(c.name, v) for c, v in decided.verdicts.items() if c.is_leaf]
    asked = [(f"{n} met", v.met, v.met) for n, v in leaves]
    asked += [(f"{n} not met", -v.may, -v.may) for n, v in leaves]
    asked += [(f"{n} not documented", -v.met, v.may) for n, v in leaves]
    return [*asked, *((d.value, lit, lit) for d, lit in decided.decisions.items())]


@pytest.mark.parametrize("key", keys())
def test_what_is_found_passes_the_gate_and_is_decided_alike(key: str) -> None:
    """For each leaf and verdict a request is written out; the engine has the last word."""
    found = putting(key)
    seen = 0
    for _, one, other in goals(found):
        model = found.solver.model([one, other])
        if model is not None:
            replayed(found.reasoner, written(found.world, model), model, [found.decided])
            seen += 1
    assert seen > len(found.decided.policy.leaves)


@pytest.mark.parametrize("key", keys())
def test_never_is_never_by_another_solver_too(key: str) -> None:
    found = putting(key)
    other_solver = Solver(found.world.circuit, name=OTHER_SOLVER)
    for name, one, other in goals(found):
        ours, theirs = (s.model([one, other]) for s in (found.solver, other_solver))
        assert (ours is None) is (theirs is None), name


@pytest.mark.parametrize("key", keys())
def test_cases_load_and_agree(key: str) -> None:
    """A case beyond the world is named as such; any other is decided as the engine decides it."""
    policy = reasoner().catalogue.edition_of(key)
    last = reasoner().catalogue.last_day(policy)
    loaded = beyond = 0
    for day, cases in cases_by_day(policy):
        if day < policy.effective_from or (last and day > last):
            continue
        found = put(key, day)
        loading = Loading(found.world)
        for case, prepared in cases:
            try:
                assumed = loading.assumptions(prepared)
            except Beyond:
                beyond += 1
                continue
            model = found.solver.model(assumed)
            assert model is not None, f"{case}: the world refuses what the gate accepts"
            assert not differing(reasoner(), prepared, model, found.decided), case
            loaded += 1
    assert loaded > 5 * beyond
