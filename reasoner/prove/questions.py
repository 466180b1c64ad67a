"""Questions about policies for every possible patient, and how they are answered.

Each is answered in one of three ways: yes, within the bounds that are told with it; no, with a
patient that the engine has decided as well; or not known within the budget, which counts the
solver's conflicts and not the time. The same question gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from enum import Enum

from pyoxigraph import NamedNode

from ..decision.decide import Decision
from ..engine import Reasoner
from ..errors import InputError, not_called
from ..namespaces import COV, kebab
from ..plain import TREATS_REGION, TYPE
from ..policies.criteria import Criterion, Policy
from .asked import PROCEDURE
from .bounds import sessions_needed, sessions_of_leaf
from .circuit import BUDGET, FALSE, Lit, OutOfBudget, Solver
from .decided import ALWAYS, Decided, Judged, decided, supposing
from .minimal import smallest
from .vocabulary import Vocabulary
from .world import Bounds, World
from .write import Written, replayed, written

# A day well inside of an edition, so that windows before it are as long as they get.
INTO_THE_EDITION = timedelta(days=165)
NEVER = Judged(FALSE, FALSE)


class Outcome(Enum):
    """How a question is answered."""

    NEVER = "never, within the bounds"
    PATIENT = "yes, for this patient"
    NOT_KNOWN = "not known within the budget"


@dataclass(frozen=True)
class Finding:
    """Whether there is a patient with a property.

    Parameters
    ----------
    what : str
        The property, in words.
    criterion : Criterion or None
        The criterion that it turns on, if it turns on one.
    """

    what: str
    outcome: Outcome
    patient: Written | None = None
    criterion: Criterion | None = None


@dataclass(frozen=True)
class Within:
    """The bounds that an answer holds in.

    Parameters
    ----------
    sessions_needed : int
        How many earlier procedures are enough for any answer, by the trees of the policies.
    """

    service: date
    bounds: Bounds
    sessions_needed: int


@dataclass(frozen=True)
class Answered:
    """A question, its findings, and the bounds they hold in."""

    question: str
    verdict: str
    findings: tuple[Finding, ...]
    within: Within


class Prover:
    """Some policies, put to every request within some bounds.

    Parameters
    ----------
    keys : sequence of str
        The policies, ``payer/policy`` or with ``@edition``.
    procedure, region : str or None
        Only requests for this class of procedure, such as ``facet-joint-denervation``, and in
        this region, such as ``lumbar``.
    """

    def __init__(
        self,
        reasoner: Reasoner,
        keys: Sequence[str],
        procedure: str | None = None,
        region: str | None = None,
        service: date | None = None,
        bounds: Bounds | None = None,
        budget: int = BUDGET,
    ) -> None:
        self.reasoner = reasoner
        catalogue = reasoner.catalogue
        self.policies = [catalogue.edition_of(key) for key in keys]
        self.vocabulary = Vocabulary(reasoner, dict.fromkeys(self.policies))
        self.world = World(
            self.vocabulary, bounds or Bounds(), service or common_day(reasoner, self.policies)
        )
        self.by_policy = {p: decided(self.world, p) for p in self.vocabulary.policies}
        self.decided = [self.by_policy[p] for p in self.policies]
        self.solver = Solver(self.world.circuit, budget)
        self.asked = [*self._of_procedure(procedure), *self._in_region(region)]
        needed = sessions_needed(self.vocabulary)
        self.within = Within(self.world.service, self.world.bounds, needed)

    def find(self, what: str, goal: Iterable[Lit], criterion: Criterion | None = None) -> Finding:
        """Return the smallest patient with a property, or that there is none.

        Raises
        ------
        DoesNotReplay
            When the engine decides the patient otherwise than the circuit: never an answer.
        """
        asked = [*self.asked, *goal]
        try:
            model = self.solver.model(asked)
            if model is None:
                return Finding(what, Outcome.NEVER, None, criterion)
            model = smallest(self.solver, asked, model, [self.world])
        except OutOfBudget:
            return Finding(what, Outcome.NOT_KNOWN, None, criterion)
        request = written(self.world, model)
        replayed(self.reasoner, request, model, self.by_policy.values())
        return Finding(what, Outcome.PATIENT, request, criterion)

    def is_possible(self, goal: Iterable[Lit]) -> bool:
        """Return whether there is a patient with a property, or none was excluded in time."""
        try:
            return self.solver.model([*self.asked, *goal]) is not None
        except OutOfBudget:
            return True

    # --- which requests are asked about ------------------------------------------------------

    def _of_procedure(self, name: str | None) -> Iterator[Lit]:
        if name is None:
            return
        cls = _known(name, _classes(self.reasoner), "procedure").value
        # What follows of a class that no policy looks at is not kept; its codes tell.
        yield self.world.circuit.any_of(
            lit
            for (p, o), lit in self.world.procedure.stated.items()
            if (TYPE, cls) in self.vocabulary.follows_from(p, o)
        )

    def _in_region(self, name: str | None) -> Iterator[Lit]:
        if name is None:
            return
        regions = {kebab(r).removesuffix("-region"): NamedNode(r) for r in self.world.regions}
        region = _known(name, regions, "region").value
        yield self.world.procedure.holds(TREATS_REGION, region)


def common_day(reasoner: Reasoner, policies: Sequence[Policy]) -> date:
    """Return a day on which all policies are in force.

    Raises
    ------
    InputError
        When there is none.
    """
    starts = max(p.effective_from for p in policies)
    ends = [d for d in map(reasoner.catalogue.last_day, policies) if d]
    last = min(ends, default=None)
    if last is not None and last < starts:
        raise InputError("these editions are never in force on one day")
    day = starts + INTO_THE_EDITION
    return min(day, last) if last else day


def _known(name: str, among: dict[str, NamedNode], what: str) -> NamedNode:
    if name not in among:
        near = get_close_matches(name, among, n=3, cutoff=0.4)
        raise not_called(name, what, near, f"there are: {', '.join(sorted(among))}")
    return among[name]


# --- one policy, and two ------------------------------------------------------------------------


def never_covers(prover: Prover) -> Answered:
    """Ask whether a policy covers anybody."""
    (one,) = prover.decided
    found = prover.find(f"{one.policy.key} covers", [one.decisions[Decision.COVERED]])
    verdict = _verdict([found], "it never covers", "it covers somebody")
    return Answered(f"does {one.policy.key} never cover?", verdict, (found,), prover.within)


DIFFERENCES = {
    Decision.NOT_COVERED: "refuses",
    Decision.NEEDS_INFORMATION: "asks for more",
    Decision.NEEDS_REVIEW: "sends to review",
    Decision.OUT_OF_SCOPE: "does not speak to it",
}


def contains(prover: Prover, by_criterion: bool = True) -> Answered:
    """Ask whether the second policy covers all that the first covers."""
    first, second = prover.decided
    covers = first.decisions[Decision.COVERED]
    a, b = first.policy.key, second.policy.key
    found = [
        prover.find(f"{a} covers, {b} {words}", [covers, second.decisions[decision]])
        for decision, words in DIFFERENCES.items()
    ]
    verdict = _verdict(
        found, f"{b} covers all that {a} covers", f"{b} does not cover all that {a} covers"
    )
    if by_criterion and found[0].outcome is not Outcome.NEVER:
        found += alone(prover, covers, second, f"{a} covers")
    return Answered(f"does {b} cover all that {a} covers?", verdict, tuple(found), prover.within)


def alone(prover: Prover, given: Lit, second: Decided, what: str) -> Iterator[Finding]:
    """Yield, for each criterion, the patient that a policy refuses for this criterion alone."""
    c, key = prover.world.circuit, second.policy.key
    for criterion in second.policy.leaves:
        judged = second.verdicts[criterion]
        otherwise = supposing(c, second, criterion, ALWAYS)
        goal = [
            given,
            second.decisions[Decision.NOT_COVERED],
            -judged.may,
            otherwise.decisions[Decision.COVERED],
        ]
        if FALSE in goal:
            continue
        words = f"{what}, {key} refuses for this alone: {criterion.label}"
        yield prover.find(words, goal, criterion)


def equivalent(prover: Prover) -> Answered:
    """Ask whether two policies cover the same."""
    first, second = prover.decided
    a, b = first.policy.key, second.policy.key
    one, other = (d.decisions[Decision.COVERED] for d in (first, second))
    found = [
        prover.find(f"{a} covers, {b} does not", [one, -other]),
        prover.find(f"{b} covers, {a} does not", [other, -one]),
    ]
    verdict = _verdict(found, "they cover the same", "they do not cover the same")
    return Answered(f"do {a} and {b} cover the same?", verdict, tuple(found), prover.within)


def disjoint(prover: Prover) -> Answered:
    """Ask whether anybody is covered by both of two policies."""
    first, second = prover.decided
    a, b = first.policy.key, second.policy.key
    both = [d.decisions[Decision.COVERED] for d in (first, second)]
    found = prover.find(f"{a} and {b} both cover", both)
    verdict = _verdict([found], "nobody is covered by both", "somebody is covered by both")
    return Answered(f"is nobody covered by both {a} and {b}?", verdict, (found,), prover.within)


def between_editions(prover: Prover) -> Answered:
    """Ask who gains and who loses from one edition of a policy to another, and by what."""
    old, new = prover.decided
    found: list[Finding] = []
    for words, one, other in (("loses", old, new), ("gains", new, old)):
        name = f"{one.policy.key}@{one.policy.edition}"
        goal = (one.decisions[Decision.COVERED], -other.decisions[Decision.COVERED])
        found.append(prover.find(f"somebody {words}: only {name} covers", goal))
        if found[-1].outcome is not Outcome.NEVER:
            found += alone(prover, goal[0], other, f"{name} covers")
    verdict = _verdict(found, "nothing changes", "not everybody is decided as before")
    question = f"do {old.policy.key}@{old.policy.edition} and @{new.policy.edition} cover the same?"
    return Answered(question, verdict, tuple(found), prover.within)


def _verdict(found: Sequence[Finding], if_never: str, if_found: str) -> str:
    outcomes = {f.outcome for f in found}
    if Outcome.PATIENT in outcomes:
        return f"no: {if_found}"
    if Outcome.NOT_KNOWN in outcomes:
        return "not known within the budget"
    return f"yes, within the bounds: {if_never}"


# --- a policy by itself ---------------------------------------------------------------------------


def idle(prover: Prover) -> Answered:
    """Ask which criteria of a policy are never met, never not met, or change no decision.

    What says where the policy applies, or excludes, is known for what it is and not told.
    """
    (one,) = prover.decided
    c, policy = prover.world.circuit, one.policy
    inside = -one.decisions[Decision.OUT_OF_SCOPE]
    needed = sessions_of_leaf(prover.vocabulary, policy)
    found: list[Finding] = []
    for criterion in policy.leaves:
        if criterion in _scoping(policy):
            continue
        judged, name = one.verdicts[criterion], f"{criterion.name} ({criterion.label})"
        if needed[criterion.iri.value] > prover.world.bounds.sessions:
            words = f"{name} needs {needed[criterion.iri.value]} earlier procedures to be seen"
            found.append(Finding(words, Outcome.NOT_KNOWN, None, criterion))
            continue
        worse, better = (supposing(c, one, criterion, v) for v in (NEVER, ALWAYS))
        differs = c.any_of(c.differ(worse.decisions[d], better.decisions[d]) for d in Decision)
        for words, goal in (
            ("is met", judged.met),
            ("is not met", -judged.may),
            ("changes a decision", differs),
        ):
            if not prover.is_possible([inside, goal]):
                found.append(Finding(f"{name} {words}", Outcome.NEVER, None, criterion))
    found += subsumed(prover)
    known = any(f.outcome is Outcome.NOT_KNOWN for f in found)
    verdict = f"{len(found)} to look at" if found else "every criterion matters"
    if known:
        verdict += ", some with more earlier procedures: ask with --sessions"
    return Answered(
        f"which criteria of {policy.key} are idle?", verdict, tuple(found), prover.within
    )


def _scoping(policy: Policy) -> frozenset[Criterion]:
    """Return the criteria that say whether a policy, or an indication, is in play at all."""
    roots = [*policy.exclusions, *filter(None, [policy.applies_when])]
    roots += [c.applies_when for c in policy.criteria.values() if c.applies_when]
    return frozenset(c for root in roots for c in root.order)


def subsumed(prover: Prover) -> Iterator[Finding]:
    """Yield the alternatives of a policy that add nothing to the others of their group."""
    (one,) = prover.decided
    for group in one.policy.criteria.values():
        if group.is_leaf or group.kind.value != "or":
            continue
        for member in group.members:
            others = [one.worths[m].worst_covered for m in group.members if m is not member]
            goal = [one.worths[member].worst_covered, *(-o for o in others)]
            alone = prover.is_possible([one.worths[member].worst_covered])
            if alone and not prover.is_possible(goal):
                words = f"{member.name} ({member.label}) adds to its alternatives"
                yield Finding(words, Outcome.NEVER, None, member)


# --- many policies -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """What a policy makes of those whom another covers.

    Parameters
    ----------
    covers : Finding
        Whether the first covers anybody.
    refuses, asks, silent : Finding
        Whether the second refuses one of them, asks for more or sends one to review, or does
        not speak to one.
    """

    first: Policy
    second: Policy
    covers: Finding
    refuses: Finding
    asks: Finding
    silent: Finding


def matrix(prover: Prover) -> list[Cell]:
    """Return for each two policies what the second makes of those whom the first covers."""
    c, cells = prover.world.circuit, []
    for first in prover.decided:
        a, covers = first.policy.key, first.decisions[Decision.COVERED]
        anybody = prover.find(f"{a} covers", [covers])
        for second in (d for d in prover.decided if d is not first):
            b, made = second.policy.key, second.decisions
            more = c.any_of((made[Decision.NEEDS_INFORMATION], made[Decision.NEEDS_REVIEW]))
            found = [
                prover.find(f"{a} covers, {b} {words}", [covers, goal])
                for words, goal in (
                    ("refuses", made[Decision.NOT_COVERED]),
                    ("asks for more", more),
                    ("does not speak to it", made[Decision.OUT_OF_SCOPE]),
                )
            ]
            cells.append(Cell(first.policy, second.policy, anybody, *found))
    return cells


def addressing(reasoner: Reasoner, procedure: str) -> list[str]:
    """Return the keys of the policies that speak to a class of procedures.

    Raises
    ------
    InputError
        When there is no such class, or no policy speaks to it.
    """
    cls = _known(procedure, _classes(reasoner), "procedure").value
    keys = []
    for key in reasoner.catalogue.policy_keys():
        vocabulary = Vocabulary(reasoner, [reasoner.catalogue.edition_of(key)])
        stated = vocabulary.choices[PROCEDURE].items()
        if any((TYPE, cls) in vocabulary.follows_from(p, c.value) for p, cs in stated for c in cs):
            keys.append(key)
    if len(keys) < 2:
        raise InputError(f"{len(keys)} policies speak to {procedure}, and a matrix takes two")
    return keys


def _classes(reasoner: Reasoner) -> dict[str, NamedNode]:
    known = reasoner.knowledge
    procedures = [c for c, above in known.superclasses.items() if COV.Procedure in above]
    return {kebab(c.value): c for c in procedures if isinstance(c, NamedNode)}
