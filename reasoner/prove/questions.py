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
from .bounds import sessions_for, sessions_needed
from .circuit import BUDGET, FALSE, Lit, OutOfBudget, Solver
from .decided import ALWAYS, Decided, decided, supposing
from .minimal import smallest
from .vocabulary import Vocabulary
from .world import Bounds, World
from .write import Written, replayed, written

# A day well inside of an edition, so that windows before it are as long as they get.
INTO_THE_EDITION = timedelta(days=165)


class Outcome(Enum):
    """How a question is answered."""

    NEVER = "never, within the bounds"
    PATIENT = "yes, for this patient"
    NOT_KNOWN = "not known within the budget"
    TOO_FEW = "none found, and more earlier procedures could show one"


@dataclass(frozen=True)
class Finding:
    """Whether there is a patient with a property.

    Parameters
    ----------
    what : str
        The property, in words.
    criterion : Criterion or None
        The criterion that it turns on, if it turns on one.
    needs : int
        How many earlier procedures are surely enough to show the property.
    acknowledged : str
        Why a policy keeps what is found idle; empty where it does not say.
    """

    what: str
    outcome: Outcome
    patient: Written | None = None
    criterion: Criterion | None = None
    needs: int = 0
    acknowledged: str = ""


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

    def find(
        self, what: str, goal: Iterable[Lit], needs: int, criterion: Criterion | None = None
    ) -> Finding:
        """Return the smallest patient with a property, or that there is none.

        That there is none is only said where the bounds hold as many earlier procedures as are
        surely enough to show the property.

        Raises
        ------
        DoesNotReplay
            When the engine decides the patient otherwise than the circuit: never an answer.
        """
        asked = [*self.asked, *goal]
        try:
            model = self.solver.model(asked)
            if model is None:
                enough = needs <= self.world.bounds.sessions
                outcome = Outcome.NEVER if enough else Outcome.TOO_FEW
                return Finding(what, outcome, None, criterion, needs)
            model = smallest(self.solver, asked, model, [self.world])
        except OutOfBudget:
            return Finding(what, Outcome.NOT_KNOWN, None, criterion, needs)
        request = written(self.world, model)
        replayed(self.reasoner, request, model, self.by_policy.values())
        return Finding(what, Outcome.PATIENT, request, criterion, needs)

    def needs(self, *decisions: tuple[Decided, Decision]) -> int:
        """Return how many earlier procedures surely show that policies decide so at once."""
        return sum(sessions_for(self.vocabulary, d.policy, made) for d, made in decisions)

    def is_possible(self, goal: Iterable[Lit], needs: int) -> Outcome:
        """Return whether there is a patient with a property, without telling one."""
        try:
            if self.solver.model([*self.asked, *goal]) is not None:
                return Outcome.PATIENT
        except OutOfBudget:
            return Outcome.NOT_KNOWN
        return Outcome.NEVER if needs <= self.world.bounds.sessions else Outcome.TOO_FEW

    # --- which requests are asked about ------------------------------------------------------

    def _of_procedure(self, name: str | None) -> Iterator[Lit]:
        if name is None:
            return
        cls = called(name, classes(self.reasoner), "procedure").value
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
        region = called(name, regions, "region").value
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


def called(name: str, among: dict[str, NamedNode], what: str) -> NamedNode:
    """Return what has a name, or refuse it with near ones."""
    if name not in among:
        near = get_close_matches(name, among, n=3, cutoff=0.4)
        raise not_called(name, what, near, f"there are: {', '.join(sorted(among))}")
    return among[name]


def classes(reasoner: Reasoner) -> dict[str, NamedNode]:
    """Return the classes of procedures by their names."""
    known = reasoner.knowledge
    procedures = [c for c, above in known.superclasses.items() if COV.Procedure in above]
    return {kebab(c.value): c for c in procedures if isinstance(c, NamedNode)}


# --- one policy, and two ------------------------------------------------------------------------


def never_covers(prover: Prover) -> Answered:
    """Ask whether a policy covers anybody."""
    (one,) = prover.decided
    needs = prover.needs((one, Decision.COVERED))
    found = prover.find(f"{one.policy.key} covers", [one.decisions[Decision.COVERED]], needs)
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
        prover.find(
            f"{a} covers, {b} {words}",
            [covers, second.decisions[decision]],
            prover.needs((first, Decision.COVERED), (second, decision)),
        )
        for decision, words in DIFFERENCES.items()
    ]
    verdict = _verdict(
        found, f"{b} covers all that {a} covers", f"{b} does not cover all that {a} covers"
    )
    if by_criterion and found[0].outcome is not Outcome.NEVER:
        found += alone(prover, first, second, f"{a} covers")
    return Answered(f"does {b} cover all that {a} covers?", verdict, tuple(found), prover.within)


def alone(prover: Prover, first: Decided, second: Decided, what: str) -> Iterator[Finding]:
    """Yield, for each criterion, the patient that a policy refuses for this criterion alone."""
    c, key = prover.world.circuit, second.policy.key
    given = first.decisions[Decision.COVERED]
    # All else of the second is met as well.
    needs = prover.needs(
        (first, Decision.COVERED), (second, Decision.COVERED), (second, Decision.NOT_COVERED)
    )
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
        yield prover.find(words, goal, needs, criterion)


def equivalent(prover: Prover) -> Answered:
    """Ask whether two policies cover the same."""
    first, second = prover.decided
    a, b = first.policy.key, second.policy.key
    one, other = (d.decisions[Decision.COVERED] for d in (first, second))
    found = [
        prover.find(f"{x.policy.key} covers, {y.policy.key} does not", goal, _only(prover, x, y))
        for x, y, goal in ((first, second, [one, -other]), (second, first, [other, -one]))
    ]
    verdict = _verdict(found, "they cover the same", "they do not cover the same")
    return Answered(f"do {a} and {b} cover the same?", verdict, tuple(found), prover.within)


def disjoint(prover: Prover) -> Answered:
    """Ask whether anybody is covered by both of two policies."""
    first, second = prover.decided
    a, b = first.policy.key, second.policy.key
    both = [d.decisions[Decision.COVERED] for d in (first, second)]
    needs = prover.needs(*((d, Decision.COVERED) for d in (first, second)))
    found = prover.find(f"{a} and {b} both cover", both, needs)
    verdict = _verdict([found], "nobody is covered by both", "somebody is covered by both")
    return Answered(f"is nobody covered by both {a} and {b}?", verdict, (found,), prover.within)


def between_editions(prover: Prover) -> Answered:
    """Ask who gains and who loses from one edition of a policy to another, and by what."""
    old, new = prover.decided
    found: list[Finding] = []
    for words, one, other in (("loses", old, new), ("gains", new, old)):
        name = f"{one.policy.key}@{one.policy.edition}"
        goal = (one.decisions[Decision.COVERED], -other.decisions[Decision.COVERED])
        what = f"somebody {words}: only {name} covers"
        found.append(prover.find(what, goal, _only(prover, one, other)))
        if found[-1].outcome is not Outcome.NEVER:
            found += alone(prover, one, other, f"{name} covers")
    verdict = _verdict(found, "nothing changes", "not everybody is decided as before")
    question = f"do {old.policy.key}@{old.policy.edition} and @{new.policy.edition} cover the same?"
    return Answered(question, verdict, tuple(found), prover.within)


def _only(prover: Prover, one: Decided, other: Decided) -> int:
    """Return how many earlier procedures surely show that only one of two policies covers."""
    others = [d for d in Decision if d is not Decision.COVERED]
    return max(prover.needs((one, Decision.COVERED), (other, d)) for d in others)


def _verdict(found: Sequence[Finding], if_never: str, if_found: str) -> str:
    outcomes = {f.outcome for f in found}
    if Outcome.PATIENT in outcomes:
        return f"no: {if_found}"
    if Outcome.NOT_KNOWN in outcomes:
        return "not known within the budget"
    if Outcome.TOO_FEW in outcomes:
        needed = max(f.needs for f in found)
        return f"not known: ask with --sessions {needed}, as many as are surely enough"
    return f"yes, within the bounds: {if_never}"
