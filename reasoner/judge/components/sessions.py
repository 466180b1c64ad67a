"""Sessions of an earlier procedure: which ones a leaf asks for, and on how many days they lie.

A session may be one of those asked for until something stated of it says otherwise, and
surely is one when all that is asked for is stated. Silence at the patient's expense takes
the one list, silence granted the other. What a list known only in part may leave out is
never surely there. Each lies somewhere between two days, most often on one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import TypeAlias

from ...facts.layout import Facts, Session
from ...namespaces import COV, local_name
from ...plain import EARLIER_PROCEDURES, LISTS_ALL_OF, NONE
from .given import Given

Picking: TypeAlias = Callable[[Facts, list[Session]], tuple[list[Session], list[Session]]]


class RegionScope(Enum):
    """The regions that count, seen from the requested one."""

    SAME = "SameRegion"
    OTHER = "OtherRegion"
    ANY = "AnyRegion"


@dataclass(frozen=True)
class Sessions:
    """Earlier sessions of a class; what is None is not asked."""

    cls: str
    scope: RegionScope
    technique: str | None = None
    intent: str | None = None
    in_episode: bool = False
    regions: frozenset[str] | None = None


def scope_of(given: Given) -> RegionScope:
    return RegionScope(local_name(given.term("regionScope").value))


def sessions_of(given: Given, parameter: str = "ofProcedure") -> Sessions:
    """Return the sessions that a leaf asks for, of the class that a parameter gives."""
    return Sessions(
        given.term(parameter).value,
        scope_of(given),
        given.text("withTechnique"),
        given.text("withIntent"),
        given.is_true("withinEpisode"),
        _regions(given),
    )


def _regions(given: Given) -> frozenset[str] | None:
    """Return the regions of the group that a leaf asks for."""
    if "inRegions" not in given:
        return None
    members = given.knowledge.triples.objects(given.term("inRegions"), COV.gathersRegion)
    return frozenset(region.value for region in members)


def picking(of: Sessions) -> Picking:
    """Return what picks, among sessions of a class, those that surely are and may be asked for.

    It is called with the facts and the sessions of the class, those first that can only lie
    earlier, and keeps that order.
    """
    anywhere, same = of.scope is RegionScope.ANY, of.scope is RegionScope.SAME
    technique, intent, in_episode = of.technique, of.intent, of.in_episode
    regions = of.regions

    def picked(facts: Facts, sessions: list[Session]) -> tuple[list[Session], list[Session]]:
        sure, possible, region = [], [], facts.region
        for s in sessions:
            certain = not s.many
            if in_episode and s.node not in facts.view.episode:
                if s.node not in facts.view.perhaps:
                    continue
                certain = False
            if not anywhere:
                if region is None or s.region is None:
                    certain = False
                elif (s.region == region) is not same:
                    continue
            if regions is not None and s.region not in regions:
                if s.region is not None:
                    continue
                certain = False
            if technique is not None and technique not in s.techniques:
                if technique in s.barred:
                    continue
                certain = False
            if intent is not None and intent not in s.intents:
                if intent in s.barred:
                    continue
                certain = False
            possible.append(s)
            if certain:
                sure.append(s)
        return sure, possible

    return picked


def asks_when_none(given: Given) -> bool:
    """Return whether a requirement stays open where none such is on record."""
    return given.text("whenNoneStated") != COV.Absent.value


def is_silent(facts: Facts, cls: str) -> bool:
    """Return whether nothing says that all procedures of a class, or of any, are on record."""
    return EARLIER_PROCEDURES in facts.silent_on and cls not in facts.patient.get(
        LISTS_ALL_OF, NONE
    )


def most_days(sessions: Collection[Session], start: str = "", but: str = "") -> float:
    """Return on how many days after a start, one day left out, sessions may lie at most.

    Sessions whose days are open may each have one of their own.
    """
    days, open_ = set(), 0
    for s in sessions:
        if s.latest > start:
            if s.on:
                days.add(s.on)
            elif s.many:
                return inf
            else:
                open_ += 1
    days.discard(but)
    return len(days) + open_


def fewest_days(sessions: Collection[Session], start: str = "", but: str = "") -> int:
    """Return on how many days after a start, one day left out, sessions must lie at least.

    Sessions whose ranges meet may share a day: what counts is the last days of ranges in which
    no other ends. A session that may lie before the start, or on the day left out, counts not.
    """
    if all([s.on for s in sessions]):
        return len({s.on for s in sessions if s.on > start} - {but})
    inside = [
        s
        for s in sessions
        if not (start and s.earliest <= start) and not (but and s.earliest <= but <= s.latest)
    ]
    return len(
        {
            s.latest
            for s in inside
            if not any([s.earliest <= other.latest < s.latest for other in inside])
        }
    )


def last_among(sure: list[Session], possible: list[Session]) -> list[Session]:
    """Return the possible sessions that may be the last, those that surely are there given."""
    if not sure:
        return possible
    reached = max([s.earliest for s in sure])
    if possible[0].latest >= reached:
        return possible
    return [s for s in possible if s.latest >= reached]
