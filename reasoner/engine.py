"""The steps that a request takes, in their order.

Gate, classify, derive, select, judge, decide, explain: each is a module of its own, and
this one walks a request through them. An ``Answer`` holds all that was found on the way,
so that printing it in whatever form asks nothing anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import repeat
from typing import NamedTuple

from pyoxigraph import NamedNode

from . import days
from .decision.decide import Decision, Scope, decide, scope
from .decision.evidence import Reads
from .decision.explain import Ways, deciding, may_improve, missing
from .decision.needed import NOTHING, AllOf, needed
from .decision.reasons import funding, limiting, routes_left
from .decision.rests import Reading, Rests
from .decision.select import Catalogue, Selection
from .decision.statements import Statements
from .errors import InputError
from .facts.classify import Classifier
from .facts.dates import pinned
from .facts.defaults import completed
from .facts.derive import derive
from .facts.following import Following, followed_by, triples_of
from .facts.history import HistoryRules, rules_of, view_of
from .facts.layout import NO_VIEW, open_dates, stated_days, terms_of
from .facts.notes import Note
from .facts.prepared import Prepared
from .judge import Judge
from .judge.compiled import CompiledJudge
from .judge.components import refuse_unmatched
from .judge.valuation import Outcome, Valuation, Value, Verdict
from .knowledge.base import Knowledge
from .knowledge.base import knowledge as shipped_knowledge
from .namespaces import COV
from .policies.criteria import Citation, Criterion, Policy, Route
from .policies.lowering import Lowering
from .quick import QuickReader
from .request import gate
from .request.gate import Request
from .triples import Triples


@dataclass(frozen=True)
class Earliest:
    """The first later date of service on which a request would fare better, and how."""

    day: date
    decision: Decision


@dataclass(frozen=True)
class Answer:
    """One request under one policy: the decision and all that it rests on.

    Parameters
    ----------
    prepared : Prepared
        What was judged: the request classified and derived, with the policy's view of its history.
    value : Value or None
        The worst and the best end; None when the request is out of scope.
    valuation : Valuation or None
        The value of every criterion; None when no edition was judged.
    deciding : tuple of Criterion
        What the decision turns on, in the order of the document.
    missing : list of sets of Criterion
        The smallest sets of undocumented criteria that lead to the best end.
    routes : tuple of Route
        The review routes that stay open to the requester and are not taken.
    funding : NamedNode or None
        The funding mechanism that goes with "covered".
    reason : str
        Why this policy answers, or why it does not speak to the request.
    precedence : str
        Under a plan, why this policy answers before the others; else empty.
    passed : tuple of Selection
        The plan's policies that came before and do not address the request.
    judge : str
        The name of the judge that gave the verdicts; empty when no edition was judged.
    rests : Rests or None
        What finds out, when it is asked, on which readings of silence the decision rests.
    """

    request: Request
    prepared: Prepared
    selection: Selection
    decision: Decision
    value: Value | None = None
    valuation: Valuation | None = None
    deciding: tuple[Criterion, ...] = ()
    missing: tuple[frozenset[Criterion], ...] = ()
    routes: tuple[Route, ...] = ()
    funding: NamedNode | None = None
    earliest: Earliest | None = None
    reason: str = ""
    precedence: str = ""
    passed: tuple[Selection, ...] = ()
    judge: str = ""
    rests: Rests | None = field(default=None, repr=False, compare=False)

    @cached_property
    def rests_on(self) -> tuple[Reading, ...]:
        """The smallest set of readings of silence that, kept, yields this decision."""
        policy, valuation = self.policy, self.valuation
        if self.rests is None or policy is None or valuation is None:
            return ()
        return self.rests.on(policy, valuation, self.decision, self.prepared.facts)

    @cached_property
    def needed(self) -> AllOf:
        """What is missing, by how it combines: the missing sets before they are written out."""
        policy, valuation, value = self.policy, self.valuation, self.value
        if not self.missing or policy is None or valuation is None or value is None:
            return NOTHING
        return needed(policy, valuation, value.best)

    @property
    def policy(self) -> Policy | None:
        return self.selection.chosen

    @property
    def notes(self) -> tuple[Note, ...]:
        """Coding notes: codes that do not fit what is stated, or that were set aside."""
        return self.prepared.notes

    @property
    def facts(self) -> Triples:
        """What was judged, triple by triple."""
        return self.prepared.triples


class Traced(NamedTuple):
    """One criterion of a policy, as it fell out: the verdict, what it looked at, the clauses."""

    criterion: Criterion
    verdict: Verdict
    statements: Statements
    citations: tuple[Citation, ...]


class Reasoner:
    """Decides requests; loads what it needs once and keeps nothing of a request.

    Parameters
    ----------
    knowledge : Knowledge or None
        What to decide by; what ships with the program by default.
    judge : Judge or None
        What gives the verdicts on leaves; the compiled judge by default.
    look_ahead : bool
        Whether to look for the earliest date on which a request would fare better.
    any_day : bool
        Whether an edition that is named is asked as if it were in force on any day.
    at_once : bool
        Whether every policy is lowered now, so that what is wrong with any is said; else each
        when it is first asked.
    """

    def __init__(
        self,
        knowledge: Knowledge | None = None,
        judge: Judge | None = None,
        look_ahead: bool = True,
        any_day: bool = False,
        at_once: bool = True,
    ) -> None:
        self.knowledge = knowledge or shipped_knowledge()
        refuse_unmatched(self.knowledge)
        editions = Lowering(self.knowledge).editions()
        self.catalogue = Catalogue(self.knowledge, dict(editions) if at_once else editions)
        self.classifier = Classifier(self.knowledge)
        self.following = Following(self.knowledge)
        self.terms = terms_of(self.knowledge, self.classifier)
        self.reads = Reads(self.knowledge)
        self.rests = Rests(self.knowledge)
        self.quick = QuickReader(self.knowledge, self.classifier, self.following, self.terms)
        self.judge: Judge = judge or CompiledJudge(self.knowledge)
        self.look_ahead, self.any_day = look_ahead, any_day
        self._history_rules: dict[NamedNode, HistoryRules] = {}

    def read(
        self,
        data: bytes,
        name: str = gate.DEFAULT_NAME,
        media_type: str | None = None,
        on: date | None = None,
    ) -> Prepared:
        """Read a request from bytes, ready to be judged.

        Parameters
        ----------
        on : date or None
            Another date of service than the request's.

        Raises
        ------
        InputError
            When the input is at fault, or the request contradicts itself.
        """
        prepared = self.quick.read(data, name, media_type)
        if prepared is None:
            prepared = self.at_length(
                gate.read(data, name=name, media_type=media_type, knowledge=self.knowledge)
            )
        return prepared.moved(on) if on else prepared

    def at_length(self, request: Request) -> Prepared:
        """Classify and derive triple by triple; refuse what contradicts itself then."""
        stated = completed(request.triples, self.classifier.coding)
        classified = self.classifier.classify(stated)
        gate.refuse_contradictions(request, classified, self.knowledge)
        nodes = request.iri, request.patient, request.procedure
        derived = derive(*nodes, classified, self.knowledge)
        derived.update(triples_of(followed_by(request, derived, self.following)))
        return self.prepared(request, derived)

    def prepared(self, request: Request, triples: Triples) -> Prepared:
        """Return a request whose triples are classified and derived already."""
        return Prepared.of(request, triples, self.classifier, self.following, self.terms)

    def decide_all(
        self,
        prepared: Prepared,
        policy: str | None = None,
        payer: str | None = None,
        plan: str | None = None,
        every: bool = False,
    ) -> list[Answer]:
        """Decide a request under a policy, a payer, a plan or every policy.

        Without any of these the plan or payer that the request names decides.

        Raises
        ------
        InputError
            When a key does not exist, or neither the call nor the request says who decides.
        """
        if not (policy or payer or plan or every):
            payer, plan = self._named(prepared)
        if plan:
            return [self._by_precedence(prepared, plan)]
        if policy:
            return [self.answer(prepared, policy)]
        keys = self.catalogue.policy_keys(None if every else payer)
        answers = [self.answer(prepared, key) for key in keys]
        speaking = [a for a in answers if a.policy]
        return answers if every else speaking or answers

    def answer(self, prepared: Prepared, key: str) -> Answer:
        """Decide a prepared request under the edition of one policy that is in force."""
        key, _, edition = key.partition("@")
        request = prepared.request
        types = prepared.facts.types
        selection = self.catalogue.select(key, request.date, types, edition, self.any_day)
        if selection.chosen is None:
            return Answer(
                request, prepared, selection, Decision.OUT_OF_SCOPE, reason=selection.reason
            )
        policy = selection.chosen
        seen = self.seen_by(policy, prepared)
        return self._explained(seen, selection, policy, self.judge.valued(policy, seen))

    def seen_by(self, policy: Policy, prepared: Prepared, on: date | None = None) -> Prepared:
        """Return a prepared request as a policy is judged on it: with its view of the history.

        Parameters
        ----------
        on : date or None
            Another date of service than the request's.
        """
        rules = self.history_rules(policy)
        day = on.isoformat() if on else prepared.facts.day
        view = view_of(rules, prepared.facts, day)
        return prepared if view is NO_VIEW and on is None else prepared.seen_by(view, on)

    def history_rules(self, policy: Policy) -> HistoryRules:
        """Return what a policy asks of a history, looked up once."""
        if policy.iri not in self._history_rules:
            self._history_rules[policy.iri] = rules_of(policy, self.knowledge)
        return self._history_rules[policy.iri]

    def trace(self, answer: Answer) -> list[Traced]:
        """Return every criterion with its verdict, the statements it looked at and its clauses."""
        if answer.policy is None or answer.valuation is None:
            return []
        policy = answer.policy
        criteria, citations = policy.columns
        verdicts = answer.valuation.verdicts_on(criteria)
        statements = self.reads.all_read(policy, answer.prepared.facts)
        columns = zip(criteria, verdicts, statements, citations, strict=True)
        # As Traced._make, which counts the columns of each row.
        return list(map(tuple.__new__, repeat(Traced), columns))

    def _explained(
        self, prepared: Prepared, selection: Selection, policy: Policy, valuation: Valuation
    ) -> Answer:
        where = scope(policy, valuation)
        value = valuation.value(policy.root)
        decision = decide(where[0], value)
        ways: Ways = missing(policy, valuation, where[0], value)
        turning = tuple(deciding(policy, valuation, decision, where, ways))
        in_scope = where[0] is not Scope.OUT
        return Answer(
            request=prepared.request,
            prepared=prepared,
            selection=selection,
            decision=decision,
            value=value if in_scope else None,
            valuation=valuation,
            deciding=turning,
            missing=tuple(ways),
            routes=tuple(routes_left(policy.root, valuation)) if in_scope else (),
            funding=funding(policy.root, valuation) if decision is Decision.COVERED else None,
            earliest=self._earliest(prepared, policy, valuation, value) if in_scope else None,
            reason=selection.reason,
            judge=self.judge.name,
            rests=self.rests,
        )

    def _earliest(
        self, prepared: Prepared, policy: Policy, valuation: Valuation, now: Value
    ) -> Earliest | None:
        """Return the first later day on which the best end would be better, all else equal.

        Only days on which a stated date comes to lie one of the failing time bounds back
        can bring that about, so only these are tried. Where a date is not known to the day,
        the end must be better wherever it may lie.
        """
        if not self.look_ahead:
            return None
        placed = [prepared]
        if open_dates(prepared.facts.records, self.knowledge):
            placed = [self._placed(policy, prepared, at_latest) for at_latest in (True, False)]
            found = [self.judge.valued(policy, p) for p in placed]
            valuation = min(found, key=lambda v: v.value(policy.root).best)
            now = valuation.value(policy.root)
        if now.best is Outcome.COVERED or not may_improve(policy.root, valuation):
            return None
        in_the_way = limiting(policy.root, valuation, beneath_routes=True)
        bounds = {d for c in in_the_way for d in c.durations}
        if not bounds:
            return None
        stated = {date.fromisoformat(day) for day in stated_days(prepared.facts.records)}
        last = self.catalogue.last_day(policy)
        tried = sorted({days.first_day_after(day, bound) for day in stated for bound in bounds})
        for day in tried:
            if day <= prepared.request.date or (last and day > last):
                continue
            if all(self._on(policy, p, day).value(policy.root).best > now.best for p in placed):
                later = self._on(policy, prepared, day)
                return Earliest(day, decide(scope(policy, later)[0], later.value(policy.root)))
        return None

    def _on(self, policy: Policy, prepared: Prepared, day: date) -> Valuation:
        """Return what every criterion is worth on another date of service."""
        return self.judge.valued(policy, self.seen_by(policy, prepared, day))

    def _placed(self, policy: Policy, prepared: Prepared, at_latest: bool) -> Prepared:
        """Return a prepared request with each open date at its latest, or its earliest, day."""
        plain = prepared.unseen or prepared
        triples = pinned(plain.triples, at_latest, self.knowledge)
        return self.seen_by(policy, self.prepared(prepared.request, triples))

    def _by_precedence(self, prepared: Prepared, plan: str) -> Answer:
        """Decide under the first policy of a plan that addresses the request.

        A policy whose scope is not documented is not passed over: the answer is then that
        information is needed.
        """
        keys, why = self.catalogue.plan_policies(plan)
        passed: list[Selection] = []
        for key in keys:
            answer = self.answer(prepared, key)
            if answer.decision is not Decision.OUT_OF_SCOPE or key == keys[-1]:
                before = [s.key for s in passed]
                told = f" Not addressed by {', '.join(before)}." if before else ""
                return replace(answer, precedence=f"{plan}: {why}{told}", passed=tuple(passed))
            passed.append(answer.selection)
        raise InputError(f"the plan {plan} lists no policy")

    def _named(self, prepared: Prepared) -> tuple[str | None, str | None]:
        for p, among in (
            (COV.underPlan, self.catalogue.plans),
            (COV.underPayer, self.catalogue.payers),
        ):
            stated = prepared.facts.values(prepared.facts.iri, p.value)
            for key, known in among.items():
                if known.value in stated:
                    return (None, key) if p == COV.underPlan else (key, None)
        raise InputError(
            "nothing says whose policy decides",
            prepared.request.name,
            "name a policy, a payer or a plan, or state cov:underPayer in the request",
        )
