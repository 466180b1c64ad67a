"""What stands in the way: the criteria that keep a request from being worth more.

Where indications apply, their reasons are the ones to read; where none does, those of the
indications that are nearest to applying. What every other section asks is in the way too, and
is told only where all of it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pyoxigraph import NamedNode

from ..judge.valuation import Outcome, Valuation, Verdict
from ..namespaces import COV
from ..policies.criteria import Criterion, Kind, Policy, Route

# An indication is the farther from a request, the earlier what it differs in stands here.
WEIGHTY = (COV.ProcedureRequestedConcern, COV.TreatedRegionConcern)


def limiting(
    criterion: Criterion, valuation: Valuation, beneath_routes: bool = False
) -> set[Criterion]:
    """Return the criteria that keep a criterion from being worth more than its best end.

    Parameters
    ----------
    beneath_routes : bool
        Whether a criterion that its own review route brings to review stands for itself, or
        for what keeps it from being met.
    """
    limits = Limits(valuation, beneath_routes)
    limits.add(criterion, valuation.best(criterion))
    return limits.found


@dataclass(frozen=True)
class Limits:
    """Collects the criteria that keep others from being worth more than an end.

    Parameters
    ----------
    nearest : bool
        Whether only the indications that apply, or are nearest to it, give their reasons.
    """

    valuation: Valuation
    beneath_routes: bool = False
    nearest: bool = False
    found: set[Criterion] = field(default_factory=set)

    def add(self, criterion: Criterion, best: Outcome) -> None:
        """Add the criteria that keep a criterion from being worth more than an end."""
        valuation = self.valuation
        to_review = best is Outcome.REVIEW and lifted(criterion, valuation)
        if criterion.is_leaf or (to_review and not self.beneath_routes):
            self.found.add(criterion)
        elif criterion.kind is Kind.AND:
            for member in criterion.members:
                if (own := valuation.best(member)) <= best:
                    self.add(member, own)
        elif in_play := valuation.in_play(criterion):
            if self.nearest:
                in_play = applying(in_play, valuation)
            for member in in_play:
                if to_review or valuation.best(member) is best:
                    self.add(member, best)
        else:
            barred = [m.applies_when for m in criterion.members if m.applies_when]
            for when in nearest(barred, valuation) if self.nearest else barred:
                self.add(when, Outcome.NOT_COVERED)
            if not barred:
                self.found.add(criterion)


def applying(in_play: list[Criterion], valuation: Valuation) -> list[Criterion]:
    """Return the indications that surely apply; all of them where none does."""
    return [m for m in in_play if valuation.applies(m) is Verdict.MET] or in_play


def nearest(barred: list[Criterion], valuation: Valuation) -> list[Criterion]:
    """Return what the indications apply to that fail the least, of those that do not apply.

    One for another kind of procedure is farther than one for another region, and that than
    any other; then it is the number of conditions that fail.
    """
    distances = [_distance(when, valuation) for when in barred]
    return [when for when, d in zip(barred, distances, strict=True) if d == min(distances)]


def _distance(when: Criterion, valuation: Valuation) -> tuple[int, ...]:
    """Return how many conditions fail: those on the kind, on the region, then all others."""
    if valuation.verdict(when) is not Verdict.NOT_MET:
        return (0,) * (len(WEIGHTY) + 1)
    if when.is_leaf:
        own = [int(when.concern == concern) for concern in WEIGHTY]
        return (*own, int(not any(own)))
    parts = [_distance(m, valuation) for m in when.members]
    if when.kind is Kind.OR:
        return min(parts)
    return tuple(sum(column) for column in zip(*parts, strict=True))


def lifted(criterion: Criterion, valuation: Valuation) -> bool:
    """Return whether it is a criterion's own review route that brings it to review."""
    return (
        criterion.route is not None
        and valuation.bare(criterion).best < Outcome.COVERED
        and valuation.grounds(criterion).best is Outcome.COVERED
    )


def in_play(policy: Policy, valuation: Valuation) -> set[Criterion]:
    """Return the criteria that have a say, those of indications that do not apply left out."""
    found: set[Criterion] = set()

    def visit(criterion: Criterion) -> None:
        found.add(criterion)
        for part in (criterion.applies_when, criterion.route and criterion.route.grounds):
            if part:
                found.update(part.order)
        for member in valuation.members(criterion):
            visit(member)

    visit(policy.root)
    for part in (*policy.exclusions, policy.applies_when):
        if part:
            found.update(part.order)
    return found


def routes_left(criterion: Criterion, valuation: Valuation) -> list[Route]:
    """Return the routes of what is in play that could still be taken, each once."""
    if not criterion.has_route or valuation.is_covered(criterion):
        return []
    found: dict[NamedNode, Route] = {}
    if criterion.route and not lifted(criterion, valuation):
        found[criterion.route.iri] = criterion.route
    for member in valuation.members(criterion):
        for route in routes_left(member, valuation):
            found[route.iri] = route
    return list(found.values())


def funding(criterion: Criterion, valuation: Valuation) -> NamedNode | None:
    """Return the funding mechanism of the indication under which a request is covered."""
    if not criterion.has_funding or not valuation.is_covered(criterion):
        return None
    if criterion.funded_by:
        return criterion.funded_by
    below = (funding(m, valuation) for m in valuation.members(criterion))
    return next((f for f in below if f), None)
