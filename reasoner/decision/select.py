"""Which editions are asked: by policy, payer or plan, by date of service and by class.

Every edition that was looked at is kept with the reason why it decides or does not, so
that the receipt can say so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from difflib import get_close_matches
from typing import NamedTuple

from pyoxigraph import NamedNode

from ..errors import InputError, not_called
from ..knowledge.base import Knowledge
from ..namespaces import COV, POLICIES
from ..plain import Value
from ..policies.criteria import Policy


@dataclass(frozen=True)
class Considered:
    """An edition that was looked at, and whether its dates take in the request."""

    policy: Policy
    in_force: bool
    reason: str


@dataclass(frozen=True)
class Selection:
    """The edition of one policy that is asked, if one is, and how it was found.

    Parameters
    ----------
    key : str
        ``payer/policy``.
    chosen : Policy or None
        The edition in force whose target class the request belongs to.
    reason : str
        Why that one, or why none.
    """

    key: str
    chosen: Policy | None
    considered: tuple[Considered, ...]
    reason: str


class Candidate(NamedTuple):
    """An edition that is looked at, its last day, and the class it speaks to."""

    policy: Policy
    last: date | None
    target: str


class Catalogue:
    """The editions, payers and plans that there are."""

    def __init__(self, knowledge: Knowledge, editions: Mapping[str, list[Policy]]) -> None:
        self.knowledge = knowledge
        self.editions = editions
        self._last_days: dict[NamedNode, date | None] = {}
        self._candidates: dict[tuple[str, str], list[Candidate]] = {}
        self._selections: dict[tuple[str, str, tuple[bool, ...], bool], Selection] = {}
        self.payers = self._keys(COV.Payer, "payer")
        self.plans = self._keys(COV.Plan, "")

    def policy_keys(self, payer: str | None = None) -> list[str]:
        """Return the keys of all policies, or of one payer's.

        Raises
        ------
        InputError
            When no such payer exists, or none of its policies is known.
        """
        if payer is None:
            return list(self.editions)
        name = known(payer, self.payers, "payer")
        found = [k for k in self.editions if k.split("/")[0] == name]
        if not found:
            raise InputError(f"no policy of the payer {name} is known")
        return found

    def edition_of(self, key: str, on: date | None = None) -> Policy:
        """Return the edition of a policy that is in force on a day; the latest, without a day.

        Raises
        ------
        InputError
            When no such policy exists, or none of its editions is in force.
        """
        name, _, edition = key.partition("@")
        editions = self.editions[known(name, self.editions, "policy")]
        if edition:
            found = [p for p in editions if p.edition == edition]
        else:
            found = [p for p in editions if on is None or in_force(p, self.last_day(p), on)]
        if not found:
            dates = ", ".join(p.edition for p in editions)
            raise InputError(f"no such edition of {name}", hint=f"there are: {dates}")
        return found[-1]

    def plan_policies(self, plan: str) -> tuple[list[str], str]:
        """Return the policy keys of a plan, first the one that takes precedence, and why."""
        node = self.plans[known(plan, self.plans, "plan")]
        t = self.knowledge.triples
        head = t.value(node, COV.precedence)
        keys = [i.value.removeprefix(POLICIES) for i in t.items(head)] if head else []
        return keys, t.text(node, COV.precedenceReason)

    def last_day(self, policy: Policy) -> date | None:
        """Return the last date of service that an edition decides; None while it is open."""
        if policy.iri not in self._last_days:
            self._last_days[policy.iri] = until(policy, self.editions[policy.key])
        return self._last_days[policy.iri]

    def select(
        self,
        key: str,
        on: date,
        types: Collection[Value],
        edition: str = "",
        any_day: bool = False,
    ) -> Selection:
        """Return the edition of one policy that answers a request.

        With an edition named, only that one is looked at; its dates hold all the same, unless
        it is asked as if it were in force on any day.

        Parameters
        ----------
        types : collection of str
            The classes that the request is of.
        """
        candidates = self._candidates.get((key, edition)) or self._candidates_of(key, edition)
        any_day = any_day and bool(edition)
        if any_day:
            on = candidates[0].policy.effective_from
        forces = tuple([in_force(c.policy, c.last, on) for c in candidates])
        in_class = False
        for c, force in zip(candidates, forces, strict=True):
            if force:
                in_class = c.target in types
        # There are few of these, whatever is requested.
        case = key, edition, forces, in_class
        found = self._selections.get(case)
        if found is None:
            policies = [c.policy for c in candidates]
            found = self._selections[case] = self._selection(key, policies, forces, in_class)
        if any_day and in_class:
            return replace(found, reason="asked as if it were in force")
        return found

    def _candidates_of(self, key: str, edition: str) -> list[Candidate]:
        """Return the editions of a policy that are looked at, or the one that is named."""
        policies = self.editions[known(key, self.editions, "policy")]
        if edition:
            policies = [self.edition_of(f"{key}@{edition}")]
        found = self._candidates[key, edition] = [
            Candidate(p, self.last_day(p), p.target.value) for p in policies
        ]
        return found

    def _selection(
        self, key: str, policies: list[Policy], forces: tuple[bool, ...], in_class: bool
    ) -> Selection:
        """Return a selection and its reason."""
        considered = tuple(
            Considered(p, force, dates_in_words(p, self.last_day(p)))
            for p, force in zip(policies, forces, strict=True)
        )
        chosen = [c.policy for c in considered if c.in_force]
        if not chosen:
            return Selection(key, None, considered, "no edition is in force on the date of service")
        if not in_class:
            wanted = self.knowledge.label(chosen[-1].target).removesuffix(" request")
            return Selection(key, None, considered, f"the policy speaks only to a {wanted}")
        return Selection(key, chosen[-1], considered, "in force on the date of service")

    def _keys(self, cls: NamedNode, leaf: str) -> dict[str, NamedNode]:
        """Name payers by their folder, plans by folder and local name."""
        found = {}
        for node in self.knowledge.triples.instances(cls):
            if isinstance(node, NamedNode):
                folder, _, local = node.value.removeprefix(POLICIES).partition("#")
                found[folder if local == leaf else f"{folder}/{local}"] = node
        return dict(sorted(found.items()))


def until(policy: Policy, editions: list[Policy]) -> date | None:
    """Return the last day of an edition: its own, or the day before the next one begins."""
    later = [p.effective_from for p in editions if p.effective_from > policy.effective_from]
    before_next = min(later) - timedelta(days=1) if later else None
    ends = [d for d in (policy.effective_until, before_next) if d]
    return min(ends) if ends else None


def in_force(policy: Policy, last: date | None, on: date) -> bool:
    return policy.effective_from <= on and (last is None or on <= last)


def dates_in_words(policy: Policy, last: date | None) -> str:
    end = f" to {last.isoformat()}" if last else " on"
    return f"in force from {policy.effective_from.isoformat()}{end}"


def known(key: str, among: Mapping[str, object], what: str) -> str:
    """Return a key that exists, or say which come nearest."""
    if key in among:
        return key
    near = get_close_matches(key, among, n=3, cutoff=0.4)
    raise not_called(key, what, near, f"there are: {', '.join(among)}")
