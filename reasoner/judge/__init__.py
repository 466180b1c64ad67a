"""Judging: a verdict for each leaf of a policy on one request.

The judges are interchangeable. Each takes a policy and the facts of a request and
returns one verdict for every leaf; they never import each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Protocol, TypeAlias

from pyoxigraph import NamedNode

from ..criteria import Policy
from ..namespaces import COV
from ..triples import Triples


class Verdict(Enum):
    """What judging a criterion gives."""

    MET = "met"
    NOT_MET = "not met"
    NOT_DOCUMENTED = "not documented"

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

    def __call__(self, policy: Policy, request: NamedNode, facts: Triples) -> Verdicts: ...
