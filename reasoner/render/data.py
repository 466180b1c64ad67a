"""An answer as plain data: what was decided, why, and from what, reproducibly.

The same request under the same edition gives the same bytes: there is no clock in it
and no order that a dictionary or a file system could change.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from hashlib import sha256
from typing import Any

from ..decision.evidence import Reads
from ..decision.needed import AllOf, Need
from ..decision.rests import Reading
from ..decision.statements import Statement, Statements, source_of
from ..engine import Answer
from ..judge.valuation import Valuation, Value, Verdict
from ..knowledge.base import INFERRED, Knowledge
from ..namespaces import compact
from ..policies.criteria import Citation, Criterion, Policy
from ..version import ENGINE, engine_version
from .forms import Form, as_json, listed, quoted, slot
from .questions import Questions
from .words import ENDS

# Past so many missing sets, only what they are made of is told.
MOST_SETS = 24
# The words for verdicts, as JSON.
VERDICTS = {verdict: quoted(verdict.value) for verdict in Verdict}
# What a criterion is told by where it is one of a list.
BRIEF = ("criterion", "label", "verdict", "citations")


@dataclass(frozen=True)
class Recorder:
    """Turns answers into plain data, and that into JSON.

    What does not change from answer to answer is written once, and the rest filled in.

    Parameters
    ----------
    knowledge : Knowledge
        What the answers were reached with.
    shared : Reads or None
        What looks up the facts that criteria looked at, where the reasoner's is at hand.
    """

    knowledge: Knowledge
    shared: Reads | None = None
    _forms: dict[Policy, tuple[Form, Form]] = field(default_factory=dict, repr=False)
    _briefs: dict[tuple[Criterion, Verdict], str] = field(default_factory=dict, repr=False)
    _digests: dict[Policy, str] = field(default_factory=dict, repr=False)

    @cached_property
    def reads(self) -> Reads:
        return self.shared or Reads(self.knowledge)

    @cached_property
    def questions(self) -> Questions:
        return Questions(self.knowledge, self.reads)

    def answer(self, answer: Answer) -> dict[str, Any]:
        """Return one answer: the keys that ``covergraph decide --format json`` prints."""
        found: dict[str, Any] = json.loads(self.text(answer))
        return found

    def text(self, answer: Answer) -> str:
        """Return one answer as JSON, which is what ``json.dumps`` makes of its data."""
        policy, valuation = answer.policy, answer.valuation
        if policy is None or valuation is None:
            return as_json(self._whole(answer, [], [], None, [], {}))
        if policy not in self._forms:
            self._forms[policy] = forms_of(policy)
        trees, verdicts = self._forms[policy]
        read = self.reads.all_read(policy, answer.prepared.facts)
        # Criteria look at the same statements, and each of those is written once.
        distinct = set(read)
        written = {said: self.statement(said, answer) for said in set().union(*distinct)}
        facts = {found: listed([written[said] for said in found]) for found in distinct}
        place = policy.place
        applies = [valuation.applies(c) if c.applies_when else Verdict.MET for c in place]
        values = [
            *[VERDICTS[verdict] for verdict in valuation.verdicts_on(place)],
            *map(ends, valuation.values_on(place), applies),
            *[facts[found] for found in read],
        ]
        deciding, *missing = [
            listed([self._brief(c, valuation.verdict(c)) for c in criteria])
            for criteria in (answer.deciding, *missing_sets(answer))
        ]
        needed = self._needed(answer.needed, valuation) if answer.missing else "null"
        criteria, leaves = trees.filled(values), verdicts.filled(values)
        parts = [deciding, listed(missing), needed, criteria, leaves]
        return Form(self._whole(answer, *map(slot, range(len(parts))))).filled(parts)

    def statement(self, said: Statement, answer: Answer) -> str:
        """Return a statement as JSON; where it is not stated, with what it follows from."""
        record, value = quoted(said.record), quoted(compact(said.value))
        told = f'"record": {record}, "property": {named(said.property)}, "value": {value}'
        if because := self.because(said, answer):
            told += f', "followsFrom": {as_json([compact(term) for term in because])}'
        if sources := answer.request.sources.get(said):
            told += f', "derivedFrom": {as_json(list(sources))}'
        return f"{{{told}}}"

    def because(self, said: Statement, answer: Answer) -> tuple[str, ...]:
        """Return what an unstated value follows from: a code, a kind, a concept or nerves."""
        return source_of(said, answer.prepared.facts, self.knowledge)

    def _brief(self, criterion: Criterion, verdict: Verdict) -> str:
        if (criterion, verdict) not in self._briefs:
            told = outline(criterion) | {"verdict": verdict.value}
            self._briefs[criterion, verdict] = as_json({key: told[key] for key in BRIEF})
        return self._briefs[criterion, verdict]

    def _needed(self, need: Need, valuation: Valuation) -> str:
        """Return what is missing, each choice with its alternatives side by side."""
        if isinstance(need, Criterion):
            return self._brief(need, valuation.verdict(need))
        parts = listed([self._needed(part, valuation) for part in need.parts])
        if isinstance(need, AllOf):
            return f'{{"allOf": {parts}}}'
        least = f'"atLeast": {need.least}, "of"' if need.least > 1 else '"oneOf"'
        return f"{{{least}: {parts}}}"

    def _whole(
        self,
        answer: Answer,
        deciding: Any,
        missing: Any,
        needed: Any,
        criteria: Any,
        verdicts: Any,
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
            "missingGrouped": needed,
            "questions": self._questions(answer),
            "earliest": answer.earliest.day.isoformat() if answer.earliest else None,
            "earliestDecision": answer.earliest.decision.value if answer.earliest else None,
            "funding": compact(answer.funding.value) if answer.funding else None,
            "routes": [
                {"route": r.iri.value, "label": r.label, "citations": cited(r.citations)}
                for r in answer.routes
            ],
            "notes": [{"note": n.text, "about": list(n.about)} for n in answer.notes],
            "restsOn": [reading_of_silence(reading) for reading in answer.rests_on],
            "criteria": criteria,
            "receipt": self._receipt(answer, verdicts),
        }

    def _questions(self, answer: Answer) -> list[dict[str, Any]]:
        """Return what would settle each criterion that is missing, in the policy's order."""
        facts, place = answer.prepared.facts, answer.policy.place if answer.policy else {}
        missing = {c for way in answer.missing for c in way}
        return [
            {
                "criterion": c.iri.value,
                "asks": self.questions.asks(c, facts),
                "notCounted": self.questions.not_counted(c, facts),
            }
            for c in place
            if c in missing
        ]

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
            "knowledge": {"sha256": self.knowledge.digest, "standing": self.knowledge.standing},
            "notes": [note.text for note in answer.notes],
            "restsOn": [reading.words for reading in answer.rests_on],
            "verdicts": verdicts,
        }

    def shapes_digest(self, policy: Policy) -> str:
        """Return SHA-256 over the files that decide under an edition, worked out once."""
        if policy not in self._digests:
            self._digests[policy] = shapes_digest(self.knowledge, policy)
        return self._digests[policy]

    def facts(self, leaf: Criterion, answer: Answer) -> Statements:
        return self.reads.facts_read(leaf, answer.prepared.facts)

    def silent(self, leaf: Criterion, answer: Answer) -> list[str]:
        return self.reads.silent(leaf, answer.prepared.facts)


def forms_of(policy: Policy) -> tuple[Form, Form]:
    """Return the forms of the criteria and of the verdicts.

    Their slots are for the verdicts on all criteria, then for their ends, then for their facts.
    """
    place, size = policy.place, len(policy.place)

    def tree(criterion: Criterion) -> dict[str, Any]:
        at = place[criterion]
        node = outline(criterion) | {"verdict": slot(at), "worst": slot(at + size)}
        if criterion.is_leaf:
            node["facts"] = slot(at + 2 * size)
        else:
            node["combines"] = criterion.kind.value
            node["members"] = [tree(m) for m in criterion.members]
        if route := criterion.route:
            grounds = tree(route.grounds) if route.grounds else None
            node["route"] = {"label": route.label, "grounds": grounds}
        return node

    parts = [*policy.exclusions, *([policy.applies_when] if policy.applies_when else [])]
    # A name comes behind those that it begins, as where names stand in brackets.
    leaves = sorted(policy.leaves, key=lambda c: f"{c.iri.value}>")
    verdicts = {c.iri.value: slot(place[c]) for c in leaves}
    return Form([tree(c) for c in (*parts, policy.root)]), Form(verdicts)


def outline(criterion: Criterion) -> dict[str, Any]:
    """Return what is always said of a criterion, with places for what is not.

    Its other end, and whether it applies, are written behind the worst end.
    """
    return {
        "criterion": criterion.iri.value,
        "label": criterion.label,
        "verdict": None,
        "citations": cited(criterion.citations),
        "worst": None,
        "interpretation": criterion.interpretation or None,
        "readings": followed(criterion),
    }


@cache
def ends(value: Value, applies: Verdict) -> str:
    """Return the worst end as JSON, and behind it the best and whether the criterion applies."""
    worst, best = (quoted(ENDS[end].key) for end in value)
    return f'{worst}, "best": {best}, "applies": {VERDICTS[applies]}'


@lru_cache(maxsize=1024)
def named(p: str) -> str:
    """Return the name of a property as JSON."""
    return quoted(compact(p))


def reading_of_silence(reading: Reading) -> dict[str, Any]:
    """Return a reading of silence with the criteria that read it so."""
    citations = dict.fromkeys(c for leaf in reading.criteria for c in leaf.citations)
    return {
        "reading": reading.words,
        "criteria": [c.iri.value for c in reading.criteria],
        "citations": cited(tuple(citations)),
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


def missing_sets(answer: Answer) -> list[list[Criterion]]:
    """Return the missing sets, the smaller first; of very many, so many as anybody reads."""
    return [ordered(way) for way in answer.missing[:MOST_SETS]]


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
