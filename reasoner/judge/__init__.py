"""Judging: a verdict for each leaf of a policy on one request, and what they are worth.

The judges are interchangeable. Each takes a policy and a prepared request and returns one
verdict for every leaf; they never import each other.
"""

from __future__ import annotations

from typing import Protocol

from ..facts.prepared import Prepared
from ..policies.criteria import Policy
from .valuation import Valuation, Verdict, Verdicts

__all__ = ["Judge", "Verdict", "Verdicts"]


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
