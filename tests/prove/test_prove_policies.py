"""The circuit of a policy says what the engine says: of what it finds, of cases and of chance."""

from __future__ import annotations

from datetime import date
from functools import cache
from itertools import product

import pytest

from covergraph.errors import InputError
from covergraph.facts.prepared import Prepared
from covergraph.plain import DATE_OF_SERVICE, HAS_PATIENT, REQUESTS_PROCEDURE
from covergraph.prove.asked import MEANS
from covergraph.prove.circuit import OTHER_SOLVER, TRUE, Lit, Solver
from covergraph.prove.load import Beyond, Loading
from covergraph.prove.world import Bounds, statements
from covergraph.prove.write import Statement, Written, differing, replayed, written
from tests.prove.proving import FULL, NEEDS_SOLVER, Put, cases_by_day, keys, put, reasoner
from tests.tools.agree import drawn

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


@pytest.mark.parametrize("key", keys())
def test_generated_requests_load_and_agree(key: str) -> None:
    """On the commonest days of what is drawn; what the gate or the world leaves out is passed."""
    policy = reasoner().catalogue.edition_of(key)
    by_day: dict[date, list[Prepared]] = {}
    for data in drawn(policy, 700 if FULL else 50, 7):
        try:
            prepared = reasoner().read(data)
        except InputError:
            continue
        by_day.setdefault(prepared.request.date, []).append(prepared)
    last = reasoner().catalogue.last_day(policy)
    agreed = 0
    days = sorted(by_day.items(), key=lambda item: (-len(item[1]), item[0]))
    for day, requests in days if FULL else days[:2]:
        if day < policy.effective_from or (last and day > last):
            continue
        found = put(key, day)
        loading = Loading(found.world)
        for prepared in requests:
            try:
                assumed = loading.assumptions(prepared)
            except Beyond:
                continue
            model = found.solver.model(assumed)
            told = prepared.request.stated.digest
            assert model is not None, f"{told}: the world refuses what the gate accepts"
            assert not differing(reasoner(), prepared, model, found.decided), told
            agreed += 1
    assert agreed > 10


GRID = 10 if FULL else 6
BARE = (
    Statement("request", "a", "cov:CoverageRequest"),
    Statement("request", REQUESTS_PROCEDURE, ":procedure"),
    Statement("request", HAS_PATIENT, ":patient"),
)


@pytest.mark.parametrize("key", keys()[:2])
def test_every_point_of_a_small_grid_is_decided_alike(key: str) -> None:
    """All subsets of a few statements: what the solver refuses the gate refuses, and no more."""
    found = putting(key)
    world = found.world
    named = [
        (r.name, p, o, lit)
        for r in (world.procedure, world.patient)
        for (p, o), lit in r.stated.items()
    ]
    # What the procedure is comes first, or it would be no request.
    (first, *rest) = sorted(named, key=lambda n: n[1] not in MEANS)
    some = rest[:: max(1, len(rest) // GRID)][:GRID]
    every = [lit for *_, lit in statements(world)]
    absent = [-r.exists for r in world.records if r.exists != TRUE]
    dated = Statement("request", DATE_OF_SERVICE, f'"{world.service}"^^xsd:date')
    accepted = 0
    for chosen in product((False, True), repeat=len(some)):
        stated = [first, *(s for s, there in zip(some, chosen, strict=True) if there)]
        held = {lit for *_, lit in stated}
        model = found.solver.model([*held, *absent, *(-lit for lit in every if lit not in held)])
        request = Written(
            world.service, (*BARE, dated, *(Statement(r, p, f"<{o}>") for r, p, o, _ in stated))
        )
        if model is not None:
            replayed(found.reasoner, request, model, [found.decided])
            accepted += 1
        else:
            with pytest.raises(InputError):
                found.reasoner.read(request.turtle.encode())
    assert accepted > 1
