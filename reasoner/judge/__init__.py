"""Judging: a verdict for each leaf of a policy on one request.

The judges are interchangeable. Each takes a policy and a prepared request and returns one
verdict for every leaf; they never import each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Protocol, TypeAlias

from pyoxigraph import NamedNode

from ..facts.prepared import Prepared
from ..namespaces import COV
from ..policies.criteria import Policy

if TYPE_CHECKING:
    from ..decision.decide import Valuation


class Verdict(Enum):
    """What judging a criterion gives, ranked from worst to best."""

    rank: int

    NOT_MET = ("not met", 0)
    NOT_DOCUMENTED = ("not documented", 1)
    MET = ("met", 2)

    def __new__(cls, text: str, rank: int) -> Verdict:
        self = object.__new__(cls)
        self._value_, self.rank = text, rank
        return self

    @property
    def iri(self) -> NamedNode:
        return {
            Verdict.MET: COV.Met,
            Verdict.NOT_MET: COV.NotMet,
            Verdict.NOT_DOCUMENTED: COV.NotDocumented,
        }[self]


Verdicts: TypeAlias = Mapping[NamedNode, Verdict]


class Judge(Protocol):
    """Anything that judges every leaf of a policy on one request.

    Parameters
    ----------
    name : str
        What receipts call it.
    """

    name: str

    def __call__(self, policy: Policy, prepared: Prepared) -> Verdicts:
        """Return the verdict on every leaf."""

    def valued(self, policy: Policy, prepared: Prepared) -> Valuation:
        """Return what every criterion is worth."""
