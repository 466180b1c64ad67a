"""An answer as plain data: what was decided, why, and from what, reproducibly.

The same request under the same edition gives the same bytes: there is no clock in it
and no order that a dictionary or a file system could change.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any, TypeAlias

from ..decision.evidence import Reads
from ..decision.statements import Statement, Statements
from ..engine import Answer
from ..judge.valuation import Valuation, Verdict
from ..knowledge.base import INFERRED, Knowledge
from ..namespaces import compact
from ..policies.criteria import Citation, Criterion, Policy
from ..version import ENGINE, engine_version
from .words import ENDS

WORD = {verdict: verdict.value for verdict in Verdict}
# The name of a criterion, its label and its citations.
Told: TypeAlias = tuple[str, str, list[dict[str, str]]]
# What each criterion looked at, as data.
Facts: TypeAlias = dict[Criterion, list[dict[str, str]]]


@dataclass(frozen=True)
class Recorder:
    """Turns answers into plain data.

    Parameters
    ----------
    knowledge : Knowledge
        What the answers were reached with.
    """

    knowledge: Knowledge
    _told: dict[Criterion, Told] = field(default_factory=dict, repr=False)
    _leaves: dict[Policy, tuple[list[Criterion], list[str]]] = field(
        default_factory=dict, repr=False
    )
    _digests: dict[Policy, str] = field(default_factory=dict, repr=False)

    @cached_property
    def reads(self) -> Reads:
        return Reads(self.knowledge)

    def answer(self, answer: Answer) -> dict[str, Any]:
        """Return one answer: the keys that ``covergraph decide --format json`` prints.

        Answers share what they say alike, such as citations; nobody may change it.
        """
        policy, value = answer.policy, answer.value

        def briefs(criteria: Iterable[Criterion]) -> list[dict[str, Any]]:
            valuation = answer.valuation
            return [self._brief(c, valuation) for c in criteria] if valuation else []

        return {
            "request": answer.request.iri.value,
            "policy": answer.selection.key,
            "edition": policy.edition if policy else None,
            "decision": answer.decision.value,
            "worst": ENDS[value.worst].key if value else None,
            "best": ENDS[value.best].key if value else None,
            "reason": answer.reason,
            "precedence": answer.precedence or None,
            "deciding": briefs(answer.deciding),
            "missing": [briefs(ordered(way)) for way in answer.missing],
            "earliest": answer.earliest.day.isoformat() if answer.earliest else None,
            "earliestDecision": answer.earliest.decision.value if answer.earliest else None,
            "funding": compact(answer.funding.value) if answer.funding else None,
            "routes": [
                {"route": r.iri.value, "label": r.label, "citations": cited(r.citations)}
                for r in answer.routes
            ],
            "criteria": self._criteria(answer),
            "receipt": self.receipt(answer),
        }

    def receipt(self, answer: Answer) -> dict[str, Any]:
        """Return what the decision rests on: versions, hashes, editions and every verdict."""
        policy, request = answer.policy, answer.request
        return {
            "engine": {"name": ENGINE, "version": engine_version(), "judge": answer.judge or None},
            "request": {"iri": request.iri.value, "sha256": request.digest},
            "dateOfService": request.date.isoformat(),
            "policy": policy.iri.value if policy else None,
            "reason": answer.reason,
            "precedence": answer.precedence or None,
            "considered": [
                {"edition": c.policy.iri.value, "inForce": c.in_force, "reason": c.reason}
                for selection in (*answer.passed, answer.selection)
                for c in selection.considered
            ],
            "shapes": {"sha256": self.shapes_digest(policy)} if policy else None,
            "verdicts": self._verdicts(answer),
        }

    def _criteria(self, answer: Answer) -> list[dict[str, Any]]:
        policy = answer.policy
        if policy is None or answer.valuation is None:
            return []
        criteria, _ = policy.columns
        read = self.reads.all_read(policy, answer.prepared.facts)
        # Criteria look at the same statements, and each of those is written once.
        distinct = {said for found in read for said in found}
        written = {said: self.statement(said) for said in distinct}
        facts = {
            c: [written[said] for said in found] for c, found in zip(criteria, read, strict=True)
        }
        parts = [*policy.exclusions, *([policy.applies_when] if policy.applies_when else [])]
        return [self._tree(c, answer.valuation, facts) for c in (*parts, policy.root)]

    def _tree(self, criterion: Criterion, valuation: Valuation, facts: Facts) -> dict[str, Any]:
        value = valuation.value(criterion)
        node = {
            **self._brief(criterion, valuation),
            "worst": ENDS[value.worst].key,
            "best": ENDS[value.best].key,
            "applies": WORD[valuation.applies(criterion)],
            "interpretation": criterion.interpretation or None,
            "readings": followed(criterion),
        }
        if criterion.is_leaf:
            node["facts"] = facts[criterion]
        else:
            node["combines"] = criterion.kind.value
            node["members"] = [self._tree(m, valuation, facts) for m in criterion.members]
        if route := criterion.route:
            grounds = self._tree(route.grounds, valuation, facts) if route.grounds else None
            node["route"] = {"label": route.label, "grounds": grounds}
        return node

    def _brief(self, criterion: Criterion, valuation: Valuation) -> dict[str, Any]:
        told = self._told.get(criterion)
        if told is None:
            name, citations = criterion.iri.value, cited(criterion.citations)
            told = self._told[criterion] = name, criterion.label, citations
        name, label, citations = told
        return {
            "criterion": name,
            "label": label,
            "verdict": WORD[valuation.verdict(criterion)],
            "citations": citations,
        }

    def _verdicts(self, answer: Answer) -> dict[str, str]:
        """Return the verdict on every leaf, in the order of their names."""
        policy, valuation = answer.policy, answer.valuation
        if policy is None or valuation is None:
            return {}
        if policy not in self._leaves:
            # A name comes behind those that it begins, as where names stand in brackets.
            leaves = sorted(policy.leaves, key=lambda c: f"{c.iri.value}>")
            self._leaves[policy] = leaves, [c.iri.value for c in leaves]
        leaves, names = self._leaves[policy]
        return {n: WORD[v] for n, v in zip(names, valuation.verdicts_on(leaves), strict=True)}

    def shapes_digest(self, policy: Policy) -> str:
        """Return SHA-256 over the files that decide under an edition, worked out once."""
        if policy not in self._digests:
            self._digests[policy] = shapes_digest(self.knowledge, policy)
        return self._digests[policy]

    def facts(self, leaf: Criterion, answer: Answer) -> Statements:
        return self.reads.facts_read(leaf, answer.prepared.facts)

    def silent(self, leaf: Criterion, answer: Answer) -> list[str]:
        return self.reads.silent(leaf, answer.prepared.facts)

    def statement(self, said: Statement) -> dict[str, str]:
        """Return a statement with the node it is of, its property and its value."""
        return {
            "record": said.record,
            "property": compact(said.property),
            "value": compact(said.value),
        }


def cited(citations: tuple[Citation, ...]) -> list[dict[str, str]]:
    return [
        {"clause": c.clause.value, "section": c.section, "place": c.place, "summary": c.summary}
        for c in citations
    ]


def followed(criterion: Criterion) -> list[dict[str, str]]:
    return [
        {"reading": r.iri.value, "label": r.label, "definition": r.text} for r in criterion.readings
    ]


def ordered(way: frozenset[Criterion]) -> list[Criterion]:
    return sorted(way, key=lambda c: c.iri.value)


def shapes_digest(knowledge: Knowledge, policy: Policy) -> str:
    """Return SHA-256 over the files that decide under an edition, by name and content.

    They are the ontology, the code tables, the components, and the files of the edition and
    of the criteria it shares.
    """
    own = {knowledge.file_of(policy.iri), *(knowledge.file_of(c) for c in policy.criteria)}
    shared = ("ontology/", "data/codes/", "shapes/components/")
    names = sorted(
        n for n in knowledge.by_file if n != INFERRED and (n in own or n.startswith(shared))
    )
    return sha256("".join(f"{n} {knowledge.digests[n]}\n" for n in names).encode()).hexdigest()
