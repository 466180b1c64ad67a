"""Why a class is empty, or an ontology contradicts itself: the axioms it takes.

HermiT gives no reasons. They are found from outside: axioms are left out, half of them
at a time, for as long as the fault stays. What is left holds no axiom too many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set

from pyoxigraph import NamedNode

from ..namespaces import OWL
from ..triples import Spo
from .hermit import infer
from .statements import Axiom

ALL = "inconsistent"


class Faults:
    """Asks HermiT what is wrong with some of the axioms, and remembers its answers."""

    def __init__(self, declarations: Sequence[Spo]) -> None:
        self._declarations = list(declarations)
        self._answers: dict[frozenset[Axiom], frozenset[NamedNode | str]] = {}

    def of(self, axioms: Sequence[Axiom]) -> frozenset[NamedNode | str]:
        """Return the unsatisfiable classes, or ``ALL`` where nothing can be at all."""
        key = frozenset(axioms)
        if key not in self._answers:
            terms = {term for axiom in axioms for term in axiom.terms}
            # HermiT works through every declared class, so that each one less saves time.
            declared = [t for t in self._declarations if t[0] in terms or t[2] == OWL.Ontology]
            inferred = infer([*declared, *(t for axiom in axioms for t in axiom.triples)])
            self._answers[key] = frozenset(inferred.unsatisfiable() if inferred else [ALL])
        return self._answers[key]

    def reasons(
        self, fault: NamedNode | str, axioms: Sequence[Axiom], around: Set[NamedNode]
    ) -> list[Axiom]:
        """Return a smallest set of axioms, in their order, from which a fault follows.

        Parameters
        ----------
        fault : NamedNode or str
            An unsatisfiable class, or ``ALL`` for a contradiction.
        axioms : sequence of Axiom
            Axioms from which the fault does follow.
        around : set of NamedNode
            Terms to look around first; where there is none, all axioms are tried.
        """

        def follows(chosen: Sequence[Axiom]) -> bool:
            return not self.of(chosen).isdisjoint({fault, ALL})

        found = set(_needed([], _nearest(around, axioms, follows), follows, False))
        return [axiom for axiom in axioms if axiom in found]


def _nearest(
    around: Set[NamedNode], axioms: Sequence[Axiom], follows: Callable[[Sequence[Axiom]], bool]
) -> list[Axiom]:
    """Return the axioms around some terms, as far out as it takes for the fault to follow."""
    terms = set(around)
    near: list[Axiom] = []
    while len(near) < len(axioms):
        wider = [axiom for axiom in axioms if axiom.terms & terms]
        if len(wider) == len(near):
            break
        near = wider
        if follows(near):
            return near
        terms.update(t for axiom in near for t in axiom.terms)
    return list(axioms)


def _needed(
    kept: Sequence[Axiom],
    candidates: Sequence[Axiom],
    follows: Callable[[Sequence[Axiom]], bool],
    grown: bool,
) -> list[Axiom]:
    """Return the candidates that must join those kept (Junker's QuickXplain)."""
    if grown and follows(kept):
        return []
    if len(candidates) <= 1:
        return list(candidates)
    middle = len(candidates) // 2
    first, second = candidates[:middle], candidates[middle:]
    of_second = _needed([*kept, *first], second, follows, True)
    of_first = _needed([*kept, *of_second], first, follows, bool(of_second))
    return [*of_first, *of_second]
