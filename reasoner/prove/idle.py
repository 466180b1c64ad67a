"""Which criteria of a policy are idle: never met, never not met, or of no say.

One that is always met in its stead, and nobody is decided otherwise, has no say.

A finding is mended, or acknowledged in the policy with its reason (``cov:knownRedundancy``); an
acknowledgement of what is not idle is a finding itself. What says where a policy applies, or
excludes, is known for what it is and not told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..decision.decide import Decision
from ..namespaces import COV
from ..policies.criteria import Criterion, Kind, Policy
from .bounds import sessions_of_leaf
from .decided import ALWAYS, supposing
from .questions import Answered, Finding, Outcome, Prover


def idle(prover: Prover) -> Answered:
    """Ask which criteria of a policy are idle, and are not acknowledged as such."""
    (one,) = prover.decided
    policy = one.policy
    found = [*_leaves(prover), *_subsumed(prover)]
    reasons = {c: _reason(prover, c) for c in policy.criteria.values()}
    told = [replace(f, acknowledged=reasons[f.criterion] if f.criterion else "") for f in found]
    idle_ones = {f.criterion for f in found}
    told += [
        Finding(
            f"{c.name} ({c.label}) is acknowledged as idle, and is not", Outcome.PATIENT, None, c
        )
        for c, reason in reasons.items()
        if reason and c not in idle_ones
    ]
    left = [f for f in told if not f.acknowledged or f.outcome is Outcome.PATIENT]
    open_ = [f for f in left if f.outcome in (Outcome.NEVER, Outcome.PATIENT)]
    verdict = f"{len(open_)} to look at" if open_ else "nothing to look at"
    if any(f.outcome is Outcome.TOO_FEW for f in left):
        verdict += ", some with more earlier procedures: ask with --sessions"
    if any(f.outcome is Outcome.NOT_KNOWN for f in left):
        verdict += ", some not known within the budget"
    question = f"which criteria of {policy.key} are idle?"
    return Answered(question, verdict, tuple(told), prover.within)


def to_look_at(answered: Answered) -> list[Finding]:
    """Return what is idle and not acknowledged, or acknowledged and not idle."""
    return [
        f
        for f in answered.findings
        if f.outcome is Outcome.PATIENT or (f.outcome is Outcome.NEVER and not f.acknowledged)
    ]


def _reason(prover: Prover, criterion: Criterion) -> str:
    return prover.reasoner.knowledge.triples.text(criterion.iri, COV.knownRedundancy)


def _leaves(prover: Prover) -> Iterator[Finding]:
    (one,) = prover.decided
    c, policy = prover.world.circuit, one.policy
    inside = -one.decisions[Decision.OUT_OF_SCOPE]
    needed = sessions_of_leaf(prover.vocabulary, policy)
    scoping = _scoping(policy)
    for criterion in policy.leaves:
        if criterion in scoping:
            continue
        judged, name = one.verdicts[criterion], f"{criterion.name} ({criterion.label})"
        needs = needed[criterion.iri.value]
        without = supposing(c, one, criterion, ALWAYS)
        differs = c.any_of(c.differ(one.decisions[d], without.decisions[d]) for d in Decision)
        for words, goal in (
            ("is met", judged.met),
            ("is not met", -judged.may),
            ("changes a decision", differs),
        ):
            outcome = prover.is_possible([inside, goal], needs)
            if outcome is not Outcome.PATIENT:
                yield Finding(f"{name} {words}", outcome, None, criterion, needs)


def _scoping(policy: Policy) -> frozenset[Criterion]:
    """Return the criteria that say whether a policy, or an indication, is in play at all."""
    roots = [*policy.exclusions, *filter(None, [policy.applies_when])]
    roots += [c.applies_when for c in policy.criteria.values() if c.applies_when]
    return frozenset(c for root in roots for c in root.order)


def _subsumed(prover: Prover) -> Iterator[Finding]:
    """Yield the alternatives of a policy that add nothing to the others of their group."""
    (one,) = prover.decided
    for group in one.policy.criteria.values():
        if group.is_leaf or group.kind is Kind.AND:
            continue
        for member in group.members:
            others = [one.worths[m].worst_covered for m in group.members if m is not member]
            covered = one.worths[member].worst_covered
            needs = prover.needs((one, Decision.COVERED))
            alone = prover.is_possible([covered], needs)
            adds = prover.is_possible([covered, *(-o for o in others)], needs)
            if alone is Outcome.PATIENT and adds is not Outcome.PATIENT:
                words = f"{member.name} ({member.label}) adds to its alternatives"
                yield Finding(words, adds, None, member, needs)
