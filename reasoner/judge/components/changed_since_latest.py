"""Changed since the latest session: another level is requested, or another technique."""

from __future__ import annotations

from dataclasses import dataclass

from ...facts.layout import Facts, Session
from ...namespaces import COV
from ...plain import NONE, USES_TECHNIQUE
from .given import Given, Judging
from .sessions import Sessions, asks_when_none, is_silent, last_among, sessions_of


@dataclass(frozen=True)
class LevelChanged:
    """The request has a level that the latest session did not have."""

    of: Sessions
    asks: bool
    open: bool

    def judging(self) -> Judging:
        return _judging(self)

    def compared(self, facts: Facts, s: Session) -> tuple[bool, bool]:
        """Return whether what is stated tells, and whether a level of the request is new."""
        stated = bool(s.levels and facts.levels)
        return stated, stated and any([n not in s.levels for n in facts.levels])


@dataclass(frozen=True)
class TechniqueChanged:
    """The request has a technique that the latest session did not have.

    Parameters
    ----------
    partial : frozenset of str
        The techniques that leave open a narrower one: two sessions of one may differ.
    """

    of: Sessions
    asks: bool
    open: bool
    partial: frozenset[str]

    def judging(self) -> Judging:
        return _judging(self)

    def compared(self, facts: Facts, s: Session) -> tuple[bool, bool]:
        """Return whether what is stated tells, and whether the techniques rule each other out."""
        requested = facts.procedure.get(USES_TECHNIQUE, NONE)
        differ = any([t in s.barred for t in requested])
        same = any([t in s.techniques and t not in self.partial for t in requested])
        return differ or same, differ


def _judging(e: LevelChanged | TechniqueChanged) -> Judging:
    compared, asks, cls = e.compared, e.asks, e.of.cls

    def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        if not sure:
            return False
        # One that surely comes after all the others.
        latest = possible[-1]
        if len(possible) > 1 and possible[-2].latest >= latest.earliest:
            return False
        return sure[-1] is latest and compared(facts, latest) == (True, True)

    def may_hold(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        if not sure and asks and is_silent(facts, cls):
            return True
        return any([compared(facts, s) != (True, False) for s in last_among(sure, possible)])

    return may_hold if e.open else holds


def level_changed(given: Given) -> LevelChanged:
    return LevelChanged(sessions_of(given, "levelChangedSince"), asks_when_none(given), given.open)


def technique_changed(given: Given) -> TechniqueChanged:
    broader = {o.value for _, o in given.knowledge.triples.pairs(COV.narrowerThan)}
    of = sessions_of(given, "techniqueChangedSince")
    return TechniqueChanged(of, asks_when_none(given), given.open, frozenset(broader))


COMPONENTS = {
    "LevelChangedComponent": level_changed,
    "TechniqueChangedComponent": technique_changed,
}
