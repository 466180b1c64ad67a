"""An answer as plain data: what was decided, why, and from what, reproducibly.

The same request under the same edition gives the same bytes: there is no clock in it
and no order that a dictionary or a file system could change.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from ..decision.evidence import Reads
from ..decision.statements import Statement, Statements
from ..engine import Answer
from ..knowledge.base import INFERRED, Knowledge
from ..namespaces import compact
from ..policies.criteria import Citation, Criterion, Policy
from ..version import ENGINE, engine_version
from .words import ENDS


@dataclass(frozen=True)
class Recorder:
    """Turns answers into plain data.

    Parameters
    ----------
    knowledge : Knowledge
        What the answers were reached with.
    """

    knowledge: Knowledge

    @cached_property
    def reads(self) -> Reads:
        return Reads(self.knowledge)

    def answer(self, answer: Answer) -> dict[str, Any]:
        """Return one answer: the keys that ``covergraph decide --format json`` prints."""
        policy, value = answer.policy, answer.value
        return {
            "request": answer.request.iri.value,
            "policy": answer.selection.key,
            "edition": policy.edition if policy else None,
            "decision": answer.decision.value,
            "worst": ENDS[value.worst].key if value else None,
            "best": ENDS[value.best].key if value else None,
            "reason": answer.reason,
            "precedence": answer.precedence or None,
            "deciding": [self._brief(c, answer) for c in answer.deciding],
            "missing": [[self._brief(c, answer) for c in ordered(way)] for way in answer.missing],
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
        verdicts = answer.valuation.verdicts if answer.valuation else {}
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
            "shapes": {"sha256": shapes_digest(self.knowledge, policy)} if policy else None,
            "verdicts": {iri.value: v.value for iri, v in sorted(verdicts.items(), key=str)},
        }

    def _criteria(self, answer: Answer) -> list[dict[str, Any]]:
        policy = answer.policy
        if policy is None or answer.valuation is None:
            return []
        parts = [*policy.exclusions, *([policy.applies_when] if policy.applies_when else [])]
        return [self._tree(c, answer) for c in (*parts, policy.root)]

    def _tree(self, criterion: Criterion, answer: Answer) -> dict[str, Any]:
        valuation = answer.valuation
        assert valuation is not None
        value = valuation.value(criterion)
        node = {
            **self._brief(criterion, answer),
            "worst": ENDS[value.worst].key,
            "best": ENDS[value.best].key,
            "applies": valuation.applies(criterion).value,
            "interpretation": criterion.interpretation or None,
            "readings": followed(criterion),
        }
        if criterion.is_leaf:
            node["facts"] = [self.statement(t) for t in self.facts(criterion, answer)]
        else:
            node["combines"] = criterion.kind.value
            node["members"] = [self._tree(m, answer) for m in criterion.members]
        if route := criterion.route:
            grounds = self._tree(route.grounds, answer) if route.grounds else None
            node["route"] = {"label": route.label, "grounds": grounds}
        return node

    def _brief(self, criterion: Criterion, answer: Answer) -> dict[str, Any]:
        assert answer.valuation is not None
        return {
            "criterion": criterion.iri.value,
            "label": criterion.label,
            "verdict": answer.valuation.verdict(criterion).value,
            "citations": cited(criterion.citations),
        }

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
