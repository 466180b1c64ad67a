"""Logic and small numbers as clauses, and the solver that is asked about them.

A literal is an integer, its negation the same with the other sign, as solvers have it. What is
constant is folded and what was built before is found again, so that a circuit stays small. A
number is a row of literals, the lowest bit first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from itertools import zip_longest
from typing import Any, TypeAlias
from weakref import finalize

from ..errors import CovergraphError

Lit: TypeAlias = int
Bits: TypeAlias = tuple[Lit, ...]

TRUE: Lit = 1
FALSE: Lit = -1
# So many conflicts, and the question is given up: a number of steps, since seconds differ.
BUDGET = 2_000_000
SOLVER = "glucose4"
OTHER_SOLVER = "cadical153"


class NotInstalled(CovergraphError):
    """The solver is an optional part of the program."""


class OutOfBudget(CovergraphError):
    """The solver was stopped before it knew."""


def installed() -> bool:
    """Return whether there is a solver to ask."""
    return find_spec("pysat") is not None


class Circuit:
    """Gates over unknown bits."""

    def __init__(self) -> None:
        self.clauses: list[list[Lit]] = [[TRUE]]
        self.last = TRUE
        self._gates: dict[tuple[str, tuple[Lit, ...]], Lit] = {}

    def unknown(self) -> Lit:
        """Return a bit that may be either."""
        self.last += 1
        return self.last

    def require(self, *any_of: Lit) -> None:
        """Lay down that one of these holds."""
        if TRUE not in any_of:
            self.clauses.append([lit for lit in any_of if lit != FALSE])

    def all_of(self, lits: Iterable[Lit]) -> Lit:
        parts = set(lits)
        parts.discard(TRUE)
        if FALSE in parts:
            return FALSE
        if len(parts) < 2:
            return parts.pop() if parts else TRUE
        found = sorted(parts)
        if found[0] < 0 and not parts.isdisjoint([-lit for lit in found if lit < 0]):
            return FALSE
        key = ("and", tuple(found))
        gate = self._gates.get(key)
        if gate is None:
            gate = self._gates[key] = self.unknown()
            self.clauses += [[-gate, lit] for lit in found]
            self.clauses.append([gate, *(-lit for lit in found)])
        return gate

    def any_of(self, lits: Iterable[Lit]) -> Lit:
        return -self.all_of(-lit for lit in lits)

    def implies(self, a: Lit, b: Lit) -> Lit:
        return self.any_of((-a, b))

    def choose(self, when: Lit, then: Lit, otherwise: Lit) -> Lit:
        """Return one literal where another holds, and a third where it does not."""
        if then == otherwise:
            return then
        if when in (TRUE, FALSE):
            return then if when == TRUE else otherwise
        if then in (TRUE, FALSE) or otherwise in (TRUE, FALSE):
            return self.any_of((self.all_of((when, then)), self.all_of((-when, otherwise))))
        key = ("choose", (when, then, otherwise))
        gate = self._gates.get(key)
        if gate is None:
            gate = self._gates[key] = self.unknown()
            self.clauses += [
                [-when, -then, gate],
                [-when, then, -gate],
                [when, -otherwise, gate],
                [when, otherwise, -gate],
            ]
        return gate

    def same(self, a: Lit, b: Lit) -> Lit:
        if b in (TRUE, FALSE):
            a, b = b, a
        if a in (TRUE, FALSE):
            return b if a == TRUE else -b
        if abs(a) == abs(b):
            return TRUE if a == b else FALSE
        if abs(a) > abs(b):
            a, b = b, a
        return self.choose(abs(a), b, -b) if a > 0 else -self.choose(abs(a), b, -b)

    def differ(self, a: Lit, b: Lit) -> Lit:
        return -self.same(a, b)

    # --- how many ---------------------------------------------------------------------------

    def at_least(self, least: int, lits: Sequence[Lit]) -> Lit:
        """Return whether so many of these hold."""
        if least <= 0:
            return TRUE
        # counts[k]: of those looked at so far, more than k hold.
        counts: list[Lit] = [FALSE] * least
        for lit in lits:
            before = [TRUE, *counts]
            counts = [self.any_of((counts[k], self.all_of((before[k], lit)))) for k in range(least)]
        return counts[-1]

    def exactly_one(self, lits: Sequence[Lit]) -> None:
        """Lay down that just one of these holds."""
        self.require(*lits)
        self.at_most_one(lits)

    def at_most_one(self, lits: Sequence[Lit]) -> None:
        self.require(-self.at_least(2, lits))

    # --- numbers ------------------------------------------------------------------------------

    def number(self, width: int) -> Bits:
        """Return an unknown number of so many bits."""
        return tuple(self.unknown() for _ in range(width))

    def add(self, a: Bits, b: Bits) -> Bits:
        total: list[Lit] = []
        carry = FALSE
        for x, y in zip_longest(a, b, fillvalue=FALSE):
            odd = self.differ(x, y)
            total.append(self.differ(odd, carry))
            carry = self.any_of((self.all_of((x, y)), self.all_of((odd, carry))))
        return (*total, carry)

    def times(self, a: Bits, factor: int) -> Bits:
        """Return a number so many times."""
        total: Bits = ()
        for shift in range(factor.bit_length()):
            if factor >> shift & 1:
                total = self.add(total, (*[FALSE] * shift, *a))
        return total

    def at_most(self, a: Bits, b: Bits) -> Lit:
        """Return whether a number is at most another."""
        found = TRUE
        for x, y in zip_longest(a, b, fillvalue=FALSE):
            if x == y:
                continue
            # The higher bit decides, unless both are the same there.
            found = self.choose(self.same(x, y), found, y)
        return found

    def less(self, a: Bits, b: Bits) -> Lit:
        return -self.at_most(b, a)

    def equal(self, a: Bits, b: Bits) -> Lit:
        return self.all_of(self.same(x, y) for x, y in zip_longest(a, b, fillvalue=FALSE))

    def choose_number(self, when: Lit, then: Bits, otherwise: Bits) -> Bits:
        pairs = zip_longest(then, otherwise, fillvalue=FALSE)
        return tuple(self.choose(when, x, y) for x, y in pairs)


def constant(value: int) -> Bits:
    """Return a known number."""
    return tuple(TRUE if value >> i & 1 else FALSE for i in range(value.bit_length()))


class Model:
    """An assignment that the solver found."""

    def __init__(self, lits: Iterable[Lit]) -> None:
        self._true = {lit for lit in lits if lit > 0}

    def __getitem__(self, lit: Lit) -> bool:
        return (lit in self._true) if lit > 0 else (-lit not in self._true)

    def number(self, bits: Bits) -> int:
        return sum(1 << i for i, bit in enumerate(bits) if self[bit])


class Solver:
    """Asks about a circuit under assumptions; what it learned stays for the next question.

    Parameters
    ----------
    budget : int
        After so many conflicts a question is given up.
    """

    def __init__(self, circuit: Circuit, budget: int = BUDGET, name: str = SOLVER) -> None:
        if not installed():
            raise NotInstalled("the prover needs a SAT solver: pip install 'covergraph[prove]'")
        from pysat.solvers import Solver as Asked

        self._circuit, self._budget, self._taken = circuit, budget, 0
        self._limited = name == SOLVER
        self._solver: Any = Asked(name=name)
        # At the end of the program the solver's own way to go is gone already.
        finalize(self, self._solver.delete)

    def model(self, assumptions: Iterable[Lit]) -> Model | None:
        """Return an assignment under which all that is assumed holds, or None.

        Raises
        ------
        OutOfBudget
            When that was not found out within the budget.
        """
        clauses = self._circuit.clauses
        for clause in clauses[self._taken :]:
            self._solver.add_clause(clause)
        self._taken = len(clauses)
        asked = list(assumptions)
        if self._limited:
            self._solver.conf_budget(self._budget)
            found = self._solver.solve_limited(assumptions=asked)
        else:
            found = self._solver.solve(assumptions=asked)
        if found is None:
            raise OutOfBudget(f"not known within {self._budget} conflicts")
        return Model(self._solver.get_model()) if found else None

    def core(self) -> list[Lit]:
        """Return those assumptions of the last question that could not hold together."""
        return list(self._solver.get_core() or ())

    def conflicts(self) -> int:
        """Return how many conflicts there were so far."""
        return int(self._solver.accum_stats()["conflicts"])
