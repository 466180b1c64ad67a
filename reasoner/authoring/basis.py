"""What facts and purposes follow from, worked out from the axioms and derivations themselves.

A fact is stated where somebody has to say so, and follows where something else on record shows
it or rules it out. The ontology says which of the two each is (``cov:hasBasis``); the house
rules hold that to what is found here by the same links, and the vocabulary page shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from pyoxigraph import NamedNode

from ..knowledge.base import Knowledge, is_true
from ..namespaces import COV
from ..triples import Term


class How(Enum):
    """In which way a fact or purpose follows."""

    NARROWER = "follows from what is narrower"
    SHOWN = "is shown by a derivation"
    REFUTED = "is denied by a derivation"
    RULED_OUT = "is denied by what rules it out"
    ALL_DENIED = "is denied where all that is narrower is"
    MEANT = "is what procedures of a class are for"
    READ_AS = "is read from what else the record has"


class Source(NamedTuple):
    """What something follows from: a derivation, a concept or a class of procedures."""

    how: How
    of: Term


def sources(concept: NamedNode, knowledge: Knowledge) -> list[Source]:
    """Return what a fact or purpose follows from, in a fixed order; nothing where it is stated."""
    return sorted(_sources(concept, knowledge), key=lambda s: (list(How).index(s.how), str(s.of)))


def _sources(concept: NamedNode, knowledge: Knowledge) -> Iterator[Source]:
    t = knowledge.triples
    yield from (Source(How.NARROWER, n) for n in t.subjects(COV.narrowerThan, concept))
    yield from (Source(How.SHOWN, d) for d in t.subjects(COV.affirmsFact, concept))
    yield from (Source(How.REFUTED, d) for d in t.subjects(COV.deniesFact, concept))
    yield from (Source(How.RULED_OUT, f) for f in t.subjects(COV.rulesOut, concept))
    yield from (Source(How.MEANT, c) for c in t.subjects(COV.impliesPurpose, concept))
    yield from (Source(How.READ_AS, p) for p in t.objects(concept, COV.followsFrom))
    if is_true(t.value(concept, COV.isClosedGroup)):
        yield Source(How.ALL_DENIED, concept)


def basis(concept: NamedNode, knowledge: Knowledge) -> NamedNode:
    """Return whether a fact or purpose is stated or follows."""
    return COV.Following if sources(concept, knowledge) else COV.Stated
