"""The words for decisions and for the two ends of a value, in every form that is written.

Data, graphs and text say the same thing each in its own way. What they say stands here side
by side, so that a decision cannot be called one thing in one place and another in the next.
"""

from __future__ import annotations

from typing import NamedTuple

from pyoxigraph import NamedNode

from ..decision.decide import Decision
from ..judge.valuation import Outcome
from ..namespaces import COV


class DecisionWords(NamedTuple):
    """How a decision is said.

    Parameters
    ----------
    term : NamedNode
        In a graph. In data it is the decision's own value.
    title, style : str
        On the line of a text that tells the decision, and how that line is set.
    heading : str
        Above the criteria that it turns on; empty where each list has its own.
    lead : str
        Before these criteria in an overview.
    """

    term: NamedNode
    title: str
    style: str
    heading: str
    lead: str


class EndWords(NamedTuple):
    """How the worst or the best end of a value is said: in a graph, in data and in a text."""

    term: NamedNode
    key: str
    text: str


DECISIONS = {
    Decision.COVERED: DecisionWords(COV.Covered, "COVERED", "bold green", "Requirements met", ""),
    Decision.NOT_COVERED: DecisionWords(
        COV.NotCovered, "NOT COVERED", "bold red", "Not met", "not met: "
    ),
    Decision.NEEDS_INFORMATION: DecisionWords(
        COV.NeedsInformation, "NEEDS INFORMATION", "bold yellow", "", "to be documented: "
    ),
    Decision.NEEDS_REVIEW: DecisionWords(
        COV.NeedsReview, "NEEDS REVIEW", "bold magenta", "For the reviewer", "for the reviewer: "
    ),
    Decision.OUT_OF_SCOPE: DecisionWords(
        COV.OutOfScope, "OUT OF SCOPE", "bold", "Because it is", ""
    ),
}
ENDS = {
    Outcome.NOT_COVERED: EndWords(COV.NotCovered, "not-covered", "not covered"),
    Outcome.REVIEW: EndWords(COV.NeedsReview, "needs-review", "a reviewer decides"),
    Outcome.COVERED: EndWords(COV.Covered, "covered", "covered"),
}
