"""Sessions that are one: the two sides of the same levels, not too far apart.

Each session is the side of one other at most. Where something of a session is open (its day,
technique, region, sides or levels), no session that may be its partner is surely merged, nor
is any that may be the partner of such a one: the open one may take the partner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from .. import days
from ..plain import NONE, ON_SIDE, TREATS_LEVEL, USES_TECHNIQUE
from .layout import Facts, Session

# From the second session of a pair to the first.
Pairs: TypeAlias = Mapping[str, str]


@dataclass(frozen=True)
class Merging:
    """How far apart two sides may lie and still be one session.

    Parameters
    ----------
    technique : str
        The technique of the sessions that are counted; empty where any is.
    """

    of: str
    within: str
    technique: str = ""


def merged_sides(rule: Merging, facts: Facts, day: str) -> tuple[Pairs, Pairs]:
    """Return the pairs of sides that surely are one session, and those that may be."""
    alike = [s for s in facts.earlier if rule.of in s.types and rule.technique not in s.barred]
    if not alike:
        return {}, {}
    # The requested one comes last, also on its own day.
    alike.sort(key=lambda s: (s.latest, s.node))
    alike.append(_requested(facts, day))
    pairs = list(_near(alike, rule.within))
    if not pairs:
        return {}, {}
    merged: dict[str, str] = {}
    perhaps: dict[str, str] = {}
    for group in _joined(pairs):
        nodes = {s.node for s in group}
        own = [(second, first) for second, first in pairs if second.node in nodes]
        if all(_is_known(s, rule) for s in group) and (
            all(s.on for s in group)
            or (len(group) == 2 and _surely_near(*own[0], rule.within, own[0][0] is alike[-1]))
        ):
            found = dict(_matched(own))
            merged |= found
            perhaps |= found
        else:
            perhaps |= _may_be_matched(group, own)
    return merged, perhaps


def _requested(facts: Facts, day: str) -> Session:
    """Return the requested procedure as a session among the others."""
    return Session(
        node=facts.procedure_iri,
        on=day,
        types=facts.procedure_types,
        region=facts.region,
        levels=facts.procedure.get(TREATS_LEVEL, NONE),
        sides=facts.procedure.get(ON_SIDE, NONE),
        techniques=facts.procedure.get(USES_TECHNIQUE, NONE),
        intents=NONE,
        barred=set(),
        relief=None,
        until=None,
        affirmed=NONE,
        denied=NONE,
        earliest=day,
        latest=day,
    )


def _near(sessions: list[Session], within: str) -> Iterable[tuple[Session, Session]]:
    """Yield (second, first) for each pair that may be the two sides of one session.

    Parameters
    ----------
    sessions : list of Session
        Oldest first, the requested one last; so are the seconds, and the firsts of each come
        latest first.
    """
    requested = sessions[-1]
    for i, second in enumerate(sessions[1:], 1):
        for first in reversed(sessions[:i]):
            if first.on and first.on == second.on and second is not requested:
                continue
            if second.earliest and first.latest < days.day_before(second.earliest, within):
                continue
            if _may_be_two_sides(first, second):
                yield second, first


def _may_be_two_sides(a: Session, b: Session) -> bool:
    """Return whether two sessions are, or may be, the two sides of the same levels."""
    if a.region != b.region and None not in (a.region, b.region):
        return False
    if a.sides and b.sides and not (len(a.sides) == len(b.sides) == 1 and {*a.sides} != {*b.sides}):
        return False
    if len(a.sides) > 1 or len(b.sides) > 1:
        return False
    return not a.levels or not b.levels or {*a.levels} == {*b.levels}


def _is_known(s: Session, rule: Merging) -> bool:
    """Return whether nothing but its day is open that decides with which others it is one."""
    of_technique = not rule.technique or rule.technique in s.techniques
    return bool(s.region and s.sides and s.levels and of_technique) and not s.many


def _surely_near(second: Session, first: Session, within: str, is_requested: bool) -> bool:
    """Return whether the second of two surely comes after the first, and soon enough.

    What is requested comes after all that is on record, also on the day of service.
    """
    after = first.latest < second.earliest or (is_requested and first.latest == second.on)
    return after and first.earliest >= days.day_before(second.latest, within)


def _joined(pairs: list[tuple[Session, Session]]) -> list[list[Session]]:
    """Return the sessions in groups, each with all that its members may be paired with."""
    groups: list[list[Session]] = []
    for pair in pairs:
        touched = [g for g in groups if any(s in g for s in pair)]
        members = {s.node: s for g in touched for s in g} | {s.node: s for s in pair}
        groups = [g for g in groups if g not in touched] + [list(members.values())]
    return groups


def _matched(pairs: list[tuple[Session, Session]]) -> Iterable[tuple[str, str]]:
    """Yield (second, first) for each pair that counts as one session; each is paired once."""
    taken: set[str] = set()
    for second, first in pairs:
        if taken.isdisjoint((first.node, second.node)):
            taken |= {first.node, second.node}
            yield second.node, first.node


def _may_be_matched(group: list[Session], pairs: list[tuple[Session, Session]]) -> dict[str, str]:
    """Return each session that may be a second with one that may be its first.

    Either of two whose days are open may be the second. Where all days are known and differ,
    there are no more pairs than half of the sessions; the latest seconds are then enough, as
    a window that ends with the date of service has them before others.
    """
    found: dict[str, str] = {}
    for second, first in pairs:
        found.setdefault(second.node, first.node)
        if first.latest >= second.earliest and not (first.on and second.on):
            found.setdefault(first.node, second.node)
    known = {s.on for s in group}
    if "" in known or len(known) < len(group):
        return found
    latest = sorted(group, key=lambda s: s.on, reverse=True)
    kept = [s.node for s in latest if s.node in found][: len(group) // 2]
    return {node: found[node] for node in kept}
