"""Episodes of care: which earlier sessions belong to the current one of their region.

Going back from the date of service, an episode ends at the first gap as long as the rule's,
at the last operation in the region, and wherever new pathology is recorded. What was done on
the day of service belongs to that day, whatever else begins an episode. A session surely
belongs to the episode when it does wherever open days and regions may lie, and perhaps when
it may.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from .. import days
from ..plain import AFFIRMS, HAS_PAIN, IN_REGION, NONE, Value, Values
from .layout import Facts, Session

BY_DAY = attrgetter("on", "node")


@dataclass(frozen=True)
class Episode:
    """When a new episode of care begins; what is None does not begin one.

    Parameters
    ----------
    of : str
        The class of the procedures that an episode is made of.
    gap : str or None
        A time as long as this without one of them.
    broken_by : str or None
        The class of the procedures that end an episode.
    broken_by_fact : str or None
        What ends one when the record of the pain in the region affirms it.
    but_intent : str or None
        The intent of procedures that are no part of one.
    """

    of: str
    gap: str | None
    broken_by: str | None
    broken_by_fact: str | None
    but_intent: str | None = None


def members(rule: Episode, facts: Facts, day: str) -> tuple[Values, Values]:
    """Return the sessions that surely belong to the episode of their region, and all that may."""
    sessions, breaks = [], []
    for s in facts.earlier:
        if rule.of in s.types and rule.but_intent not in s.intents:
            sessions.append(s)
        if rule.broken_by in s.types:
            breaks.append(s)
    if not sessions:
        return NONE, NONE
    changed = _regions_with(rule.broken_by_fact, facts) if rule.broken_by_fact else set()
    if all([s.on and s.region is not None for s in (*sessions, *breaks)]):
        found = tuple(_settled(rule, sessions, breaks, changed, day))
        return found, found
    sure = [s for s in sessions if _surely(rule, s, sessions, breaks, changed, day)]
    possible = [s for s in sessions if _perhaps(rule, s, sessions, breaks, changed, day)]
    return tuple(s.node for s in sure), tuple(s.node for s in possible)


def _settled(
    rule: Episode, sessions: list[Session], breaks: list[Session], changed: set[Value], day: str
) -> Iterable[str]:
    """Yield the sessions of the episode of their region where every day and region is known."""
    by_region: dict[Value | None, list[Session]] = {}
    for s in sessions:
        by_region.setdefault(s.region, []).append(s)
    for region, of_region in by_region.items():
        broken = max([s.on for s in breaks if s.region == region], default="")
        later, over = day, region in changed
        for s in sorted(of_region, key=BY_DAY, reverse=True):
            over = over or s.on <= broken or (bool(rule.gap) and _apart(later, s.on, rule.gap))
            if s.on == day:
                yield s.node
            elif over:
                break
            else:
                yield s.node
            later = s.on


def _apart(later: str, earlier: str, gap: str | None) -> bool:
    """Return whether at least a gap lies between two days; nothing bounds the empty one."""
    return gap is not None and days.day_before(later, gap) >= earlier


def _surely(
    rule: Episode,
    s: Session,
    sessions: list[Session],
    breaks: list[Session],
    changed: set[Value],
    day: str,
) -> bool:
    if s.many:
        return False
    if s.earliest == day:
        return True
    if s.region in changed or (s.region is None and changed):
        return False
    if any(_may_share(s, b) and b.latest >= s.earliest for b in breaks if b is not s):
        return False
    # Each is linked to the day, or to one that is, wherever the two may lie.
    linked, left = [day], [o for o in sessions if o is s or _share(s, o)]
    while left:
        near = [o for o in left if any(not _apart(later, o.earliest, rule.gap) for later in linked)]
        if s in near:
            return True
        if not near:
            return False
        linked += [o.latest for o in near]
        left = [o for o in left if o not in near]
    return False


def _perhaps(
    rule: Episode,
    s: Session,
    sessions: list[Session],
    breaks: list[Session],
    changed: set[Value],
    day: str,
) -> bool:
    if s.latest == day:
        return True
    if s.region is not None and s.region in changed:
        return False
    if any(_share(s, b) and b.earliest >= s.latest for b in breaks if b is not s):
        return False
    # As far back as the others may reach, those first that can be the least early.
    reached, left = day, [o for o in sessions if o is not s and _may_share(s, o)]
    left.sort(key=lambda o: o.earliest, reverse=True)
    while _apart(reached, s.latest, rule.gap):
        link = next((o for o in left if not _apart(reached, o.latest, rule.gap)), None)
        if link is None:
            return False
        if link.many:
            return True
        left.remove(link)
        assert rule.gap
        reached = min(reached, max(link.earliest, days.day_before(reached, rule.gap)))
    return True


def _share(s: Session, other: Session) -> bool:
    """Return whether another procedure surely was, and was in the same region."""
    return not other.many and s.region is not None and other.region == s.region


def _may_share(s: Session, other: Session) -> bool:
    return s.region is None or other.region is None or s.region == other.region


def _regions_with(fact: str, facts: Facts) -> set[Value]:
    """Return the regions whose pain record affirms a fact."""
    return {
        region
        for pain in facts.patient.get(HAS_PAIN, NONE)
        if fact in facts.values(pain, AFFIRMS)
        for region in facts.values(pain, IN_REGION)
    }
