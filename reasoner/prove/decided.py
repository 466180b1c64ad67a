"""What the criteria of a policy are worth on an unknown request, and what is decided.

The same page as ``judge.valuation`` and ``decision.decide``, in gates: each verdict is two bits,
met and may be met; each value has for either end whether it is at least review, and covered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..decision.decide import Decision
from ..namespaces import COV
from ..policies.criteria import Criterion, Kind, Policy
from .circuit import FALSE, TRUE, Circuit, Lit
from .leaves import Leaves
from .world import World


class Judged(NamedTuple):
    """A verdict: whether it is met, and whether it is met or not documented."""

    met: Lit
    may: Lit


class Worth(NamedTuple):
    """The worst and the best end of a value, each by whether it is at least so good."""

    worst_review: Lit
    worst_covered: Lit
    best_review: Lit
    best_covered: Lit


ALWAYS = Judged(TRUE, TRUE)
COVERED = Worth(TRUE, TRUE, TRUE, TRUE)
NOT_COVERED = Worth(FALSE, FALSE, FALSE, FALSE)
REVIEW = Worth(TRUE, FALSE, TRUE, FALSE)


@dataclass(frozen=True, eq=False)
class Decided:
    """One policy on the requests of a world.

    Parameters
    ----------
    in_class : literal
        Whether the request is of the class that the policy speaks to.
    verdicts : dict
        The verdict on every criterion.
    decisions : dict
        Whether each of the five decisions is made.
    """

    policy: Policy
    in_class: Lit
    verdicts: dict[Criterion, Judged]
    worths: dict[Criterion, Worth]
    decisions: dict[Decision, Lit]


def decided(world: World, policy: Policy) -> Decided:
    """Put a policy to the requests of a world."""
    leaves = Leaves(world, policy)
    judged = {name: Judged(*pair) for name, pair in leaves.verdicts().items()}
    in_class = leaves.in_class(policy.target.value)
    return _Deciding(world.circuit, policy, in_class, judged).decided()


def supposing(circuit: Circuit, found: Decided, criterion: Criterion, verdict: Judged) -> Decided:
    """Return what would be decided if one leaf had another verdict, all else the same."""
    judged = {leaf.iri.value: found.verdicts[leaf] for leaf in found.policy.leaves}
    judged[criterion.iri.value] = verdict
    return _Deciding(circuit, found.policy, found.in_class, judged).decided()


class _Deciding:
    def __init__(
        self, circuit: Circuit, policy: Policy, in_class: Lit, judged: dict[str, Judged]
    ) -> None:
        self.circuit, self.policy, self.in_class = circuit, policy, in_class
        self._leaves = judged
        self.verdicts: dict[Criterion, Judged] = {}
        self.worths: dict[Criterion, Worth] = {}

    def decided(self) -> Decided:
        c, policy = self.circuit, self.policy
        for criterion in policy.criteria.values():
            self.verdict(criterion)
            self.worth(criterion)
        excluded = [self.verdict(e) for e in policy.exclusions]
        applies = self.verdict(policy.applies_when) if policy.applies_when else ALWAYS
        groups = [self._applying(g) for g in policy.scoping_groups]
        out = c.any_of(
            (
                -self.in_class,
                *(e.met for e in excluded),
                -applies.may,
                *(-g.may for g in groups),
            )
        )
        open_ = c.any_of(
            (
                *(c.all_of((e.may, -e.met)) for e in excluded),
                c.all_of((applies.may, -applies.met)),
                *(c.all_of((g.may, -g.met)) for g in groups),
            )
        )
        root = self.worth(policy.root)
        settled = c.all_of(
            (
                c.same(root.worst_review, root.best_review),
                c.same(root.worst_covered, root.best_covered),
                -open_,
            )
        )
        inside = c.all_of((-out, settled))
        decisions = {
            Decision.OUT_OF_SCOPE: out,
            Decision.NEEDS_INFORMATION: c.all_of((-out, -settled)),
            Decision.COVERED: c.all_of((inside, root.worst_covered)),
            Decision.NEEDS_REVIEW: c.all_of((inside, root.worst_review, -root.worst_covered)),
            Decision.NOT_COVERED: c.all_of((inside, -root.worst_review)),
        }
        return Decided(policy, self.in_class, self.verdicts, self.worths, decisions)

    def verdict(self, criterion: Criterion) -> Judged:
        found = self.verdicts.get(criterion)
        if found is None:
            found = self.verdicts[criterion] = self._judged(criterion)
        return found

    def _judged(self, criterion: Criterion) -> Judged:
        if criterion.is_leaf:
            return self._leaves[criterion.iri.value]
        members = [self.verdict(m) for m in criterion.members]
        join = self.circuit.all_of if criterion.kind is Kind.AND else self.circuit.any_of
        return Judged(join([m.met for m in members]), join([m.may for m in members]))

    def worth(self, criterion: Criterion) -> Worth:
        found = self.worths.get(criterion)
        if found is None:
            found = self._bare(criterion)
            if criterion.route:
                grounds = criterion.route.grounds
                opened = self.worth(grounds) if grounds else COVERED
                found = Worth(
                    self.circuit.any_of((found.worst_review, opened.worst_covered)),
                    found.worst_covered,
                    self.circuit.any_of((found.best_review, opened.best_covered)),
                    found.best_covered,
                )
            self.worths[criterion] = found
        return found

    def _bare(self, criterion: Criterion) -> Worth:
        c = self.circuit
        if criterion.is_leaf:
            met, may = self.verdict(criterion)
            return Worth(met, met, may, may)
        if criterion.kind is Kind.AND:
            members = [self.worth(m) for m in criterion.members]
            return Worth(*(c.all_of(ends) for ends in zip(*members, strict=True)))
        added = [self._where(self._applies(m), self.worth(m)) for m in criterion.members]
        applying = self._applying(criterion)
        none_applies = Judged(-applying.may, -applying.met)
        otherwise = REVIEW if criterion.otherwise == COV.NeedsReview else NOT_COVERED
        added.append(self._where(none_applies, otherwise))
        return Worth(*(c.any_of(ends) for ends in zip(*added, strict=True)))

    def _where(self, applies: Judged, worth: Worth) -> Worth:
        """Return what counts only where something applies."""
        c = self.circuit
        return Worth(
            c.all_of((applies.met, worth.worst_review)),
            c.all_of((applies.met, worth.worst_covered)),
            c.all_of((applies.may, worth.best_review)),
            c.all_of((applies.may, worth.best_covered)),
        )

    def _applies(self, criterion: Criterion) -> Judged:
        return self.verdict(criterion.applies_when) if criterion.applies_when else ALWAYS

    def _applying(self, group: Criterion) -> Judged:
        members = [self._applies(m) for m in group.members]
        c = self.circuit
        return Judged(c.any_of(m.met for m in members), c.any_of(m.may for m in members))
