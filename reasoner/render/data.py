"""An answer as plain data: what was decided, why, and from what, reproducibly.

The same request under the same edition gives the same bytes: there is no clock in it
and no order that a dictionary or a file system could change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from hashlib import sha256
from itertools import count
from typing import Any, TypeAlias

from ..decision.evidence import Reads
from ..decision.statements import Statements
from ..engine import Answer
from ..judge.valuation import Valuation, Value, Verdict
from ..knowledge.base import INFERRED, Knowledge
from ..namespaces import compact
from ..policies.criteria import Citation, Criterion, Policy
from ..version import ENGINE, engine_version
from .forms import Form, as_json, listed, slot
from .words import ENDS

BRIEF = ("criterion", "label", "verdict", "citations")
VARYING = ("verdict", "worst", "best", "applies")
State: TypeAlias = tuple[Verdict, Value, Verdict]
# By criterion, the words that change from answer to answer, or the slots for them in a form.
Told: TypeAlias = dict[Criterion, dict[str, str]]
# By criterion, the statements it looked at: as data, as text, or the slots for them.
Facts: TypeAlias = Mapping[Criterion, Any]


@dataclass(frozen=True)
class Recorder:
    """Turns answers into plain data.

    Answers share what they say alike, such as citations; nobody may change it.

    Parameters
    ----------
    knowledge : Knowledge
        What the answers were reached with.
    """

    knowledge: Knowledge
    _outlines: dict[Criterion, dict[str, Any]] = field(default_factory=dict, repr=False)
    _briefs: dict[tuple[Criterion, Verdict], tuple[dict[str, Any], str]] = field(
        default_factory=dict, repr=False
    )
    _leaves: dict[Policy, list[Criterion]] = field(default_factory=dict, repr=False)
    _forms: dict[Policy, tuple[Form, Form]] = field(default_factory=dict, repr=False)
    _digests: dict[Policy, str] = field(default_factory=dict, repr=False)

    @cached_property
    def reads(self) -> Reads:
        return Reads(self.knowledge)

    def answer(self, answer: Answer) -> dict[str, Any]:
        """Return one answer: the keys that ``covergraph decide --format json`` prints."""
        policy, valuation = answer.policy, answer.valuation
        if policy is None or valuation is None:
            return self._whole(answer, [], [], [], {})
        told = {criterion: words(*state) for criterion, state in states(policy, valuation)}
        trees = self._trees(policy, told, self._facts(policy, answer, statement))
        deciding, *missing = [
            [self._brief(c, valuation.verdict(c))[0] for c in criteria]
            for criteria in (answer.deciding, *map(ordered, answer.missing))
        ]
        return self._whole(answer, deciding, missing, trees, self._verdicts(policy, told))

    def text(self, answer: Answer) -> str:
        """Return one answer as JSON, letter by letter what ``json.dumps`` makes of its data."""
        policy, valuation = answer.policy, answer.valuation
        if policy is None or valuation is None:
            return as_json(self.answer(answer))
        if policy not in self._forms:
            self._forms[policy] = self._form(policy)
        trees, verdicts = self._forms[policy]
        facts = self._facts(policy, answer, statement_as_json)
        values: list[str] = []
        for criterion, state in states(policy, valuation):
            values += words_as_json(*state)
            values.append(listed(facts[criterion]))
        deciding, *missing = [
            listed(self._brief(c, valuation.verdict(c))[1] for c in criteria)
            for criteria in (answer.deciding, *map(ordered, answer.missing))
        ]
        parts = [deciding, listed(missing), trees.filled(values), verdicts.filled(values)]
        return Form(self._whole(answer, *map(slot, range(len(parts))))).filled(parts)

    def _form(self, policy: Policy) -> tuple[Form, Form]:
        """Return the forms of the criteria and of the verdicts, numbered as they are filled in."""
        told: Told = {}
        facts = {}
        number = count()
        for criterion in policy.place:
            told[criterion] = {key: slot(next(number)) for key in VARYING}
            facts[criterion] = slot(next(number))
        return Form(self._trees(policy, told, facts)), Form(self._verdicts(policy, told))

    def _whole(
        self, answer: Answer, deciding: Any, missing: Any, criteria: Any, verdicts: Any
    ) -> dict[str, Any]:
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
            "deciding": deciding,
            "missing": missing,
            "earliest": answer.earliest.day.isoformat() if answer.earliest else None,
            "earliestDecision": answer.earliest.decision.value if answer.earliest else None,
            "funding": compact(answer.funding.value) if answer.funding else None,
            "routes": [
                {"route": r.iri.value, "label": r.label, "citations": cited(r.citations)}
                for r in answer.routes
            ],
            "criteria": criteria,
            "receipt": self._receipt(answer, verdicts),
        }

    def _receipt(self, answer: Answer, verdicts: Any) -> dict[str, Any]:
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
            "verdicts": verdicts,
        }

    def _facts(self, policy: Policy, answer: Answer, write: Callable[..., Any]) -> Facts:
        read = self.reads.all_read(policy, answer.prepared.facts)
        # Criteria look at the same statements, and each of those is written once.
        written = {said: write(*said) for said in {said for found in read for said in found}}
        return {
            c: [written[said] for said in found]
            for c, found in zip(policy.place, read, strict=True)
        }

    def _trees(self, policy: Policy, told: Told, facts: Facts) -> list[dict[str, Any]]:
        """Return the parts of a policy, with what several of them are made of only once."""
        done: dict[Criterion, dict[str, Any]] = {}

        def tree(criterion: Criterion) -> dict[str, Any]:
            if criterion in done:
                return done[criterion]
            node = done[criterion] = {**self._outline(criterion), **told[criterion]}
            if criterion.is_leaf:
                node["facts"] = facts[criterion]
            else:
                node["members"] = [tree(m) for m in criterion.members]
            if route := criterion.route:
                grounds = tree(route.grounds) if route.grounds else None
                node["route"] = {"label": route.label, "grounds": grounds}
            return node

        parts = [*policy.exclusions, *([policy.applies_when] if policy.applies_when else [])]
        return [tree(c) for c in (*parts, policy.root)]

    def _outline(self, criterion: Criterion) -> dict[str, Any]:
        """Return what is always said of a criterion, in its order, and where the rest goes."""
        if criterion not in self._outlines:
            outline = {
                "criterion": criterion.iri.value,
                "label": criterion.label,
                "verdict": None,
                "citations": cited(criterion.citations),
                "worst": None,
                "best": None,
                "applies": None,
                "interpretation": criterion.interpretation or None,
                "readings": followed(criterion),
            }
            if not criterion.is_leaf:
                outline["combines"] = criterion.kind.value
            self._outlines[criterion] = outline
        return self._outlines[criterion]

    def _brief(self, criterion: Criterion, verdict: Verdict) -> tuple[dict[str, Any], str]:
        """Return what is said where a criterion is one among others, and that as JSON."""
        if (criterion, verdict) not in self._briefs:
            outline = self._outline(criterion)
            brief = {key: outline[key] for key in BRIEF} | {"verdict": verdict.value}
            self._briefs[criterion, verdict] = brief, as_json(brief)
        return self._briefs[criterion, verdict]

    def _verdicts(self, policy: Policy, told: Told) -> dict[str, str]:
        """Return the verdict on every leaf, in the order of their names."""
        if policy not in self._leaves:
            # A name comes behind those that it begins, as where names stand in brackets.
            self._leaves[policy] = sorted(policy.leaves, key=lambda c: f"{c.iri.value}>")
        return {c.iri.value: told[c]["verdict"] for c in self._leaves[policy]}

    def shapes_digest(self, policy: Policy) -> str:
        """Return SHA-256 over the files that decide under an edition, worked out once."""
        if policy not in self._digests:
            self._digests[policy] = shapes_digest(self.knowledge, policy)
        return self._digests[policy]

    def facts(self, leaf: Criterion, answer: Answer) -> Statements:
        return self.reads.facts_read(leaf, answer.prepared.facts)

    def silent(self, leaf: Criterion, answer: Answer) -> list[str]:
        return self.reads.silent(leaf, answer.prepared.facts)


def statement(record: str, p: str, value: str) -> dict[str, str]:
    """Return a statement with the node it is of, its property and its value."""
    return {"record": record, "property": compact(p), "value": compact(value)}


def statement_as_json(record: str, p: str, value: str) -> str:
    return STATEMENT.filled([as_json(record), as_json(compact(p)), as_json(compact(value))])


STATEMENT = Form(statement(slot(0), slot(1), slot(2)))


def states(policy: Policy, valuation: Valuation) -> Iterator[tuple[Criterion, State]]:
    """Yield what changes from answer to answer, in the order of the document."""
    for c in policy.place:
        yield c, (valuation.verdict(c), valuation.value(c), valuation.applies(c))


@cache
def words(verdict: Verdict, value: Value, applies: Verdict) -> dict[str, str]:
    return {
        "verdict": verdict.value,
        "worst": ENDS[value.worst].key,
        "best": ENDS[value.best].key,
        "applies": applies.value,
    }


@cache
def words_as_json(*state: Any) -> list[str]:
    return [as_json(word) for word in words(*state).values()]


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
