"""Many policies at once: what each makes of those whom another covers."""

from __future__ import annotations

from dataclasses import dataclass

from ..decision.decide import Decision
from ..engine import Reasoner
from ..errors import InputError
from ..plain import TYPE
from ..policies.criteria import Policy
from .asked import PROCEDURE
from .questions import Finding, Prover, called, classes
from .vocabulary import Vocabulary


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
        anybody = prover.find(f"{a} covers", [covers], prover.needs((first, Decision.COVERED)))
        for second in (d for d in prover.decided if d is not first):
            b, made = second.policy.key, second.decisions
            found = []
            for words, of in (
                ("refuses", (Decision.NOT_COVERED,)),
                ("asks for more", (Decision.NEEDS_INFORMATION, Decision.NEEDS_REVIEW)),
                ("does not speak to it", (Decision.OUT_OF_SCOPE,)),
            ):
                goal = [covers, c.any_of(made[d] for d in of)]
                needs = max(prover.needs((first, Decision.COVERED), (second, d)) for d in of)
                found.append(prover.find(f"{a} covers, {b} {words}", goal, needs))
            cells.append(Cell(first.policy, second.policy, anybody, *found))
    return cells


def addressing(reasoner: Reasoner, procedure: str) -> list[str]:
    """Return the keys of the policies that speak to a class of procedures.

    Raises
    ------
    InputError
        When there is no such class, or no policy speaks to it.
    """
    cls = called(procedure, classes(reasoner), "procedure").value
    keys = []
    for key in reasoner.catalogue.policy_keys():
        vocabulary = Vocabulary(reasoner, [reasoner.catalogue.edition_of(key)])
        stated = vocabulary.choices[PROCEDURE].items()
        if any((TYPE, cls) in vocabulary.follows_from(p, c.value) for p, cs in stated for c in cs):
            keys.append(key)
    if len(keys) < 2:
        raise InputError(f"{len(keys)} policies speak to {procedure}, and a matrix takes two")
    return keys
