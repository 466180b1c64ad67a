"""Sessions of an earlier procedure: which ones a leaf asks for.

A session may be one of those asked for until something stated of it says otherwise, and
surely is one when all that is asked for is stated. Silence at the patient's expense takes
the one list, silence granted the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from ...facts.layout import Facts, Session
from ...namespaces import COV, local_name
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

    It is called with the facts and the dated sessions of the class, oldest first, and keeps
    that order.
    """
    anywhere, same = of.scope is RegionScope.ANY, of.scope is RegionScope.SAME
    technique, intent, in_episode = of.technique, of.intent, of.in_episode
    regions = of.regions

    def picked(facts: Facts, sessions: list[Session]) -> tuple[list[Session], list[Session]]:
        sure, possible, region = [], [], facts.region
        for s in sessions:
            if in_episode and s.node not in facts.view.episode:
                continue
            certain = True
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


def since(sessions: list[Session], day: str) -> list[Session]:
    """Return the sessions, of some that come oldest first, from a day on."""
    if not sessions or sessions[0].on >= day:
        return sessions
    return [s for s in sessions if s.on >= day]
