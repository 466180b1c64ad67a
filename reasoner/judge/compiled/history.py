"""Judging a patient's history: how each expression over sessions, courses and dates is met.

Each function here says the same as the SPARQL validator of one component under
``shapes/components``, and with ``open`` the same as its twin. Days are ISO text; the
empty text is a day that is not stated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ...days import day_after as after
from ...days import day_before as before
from ...facts.layout import Facts, Session
from ...namespaces import COV
from ...plain import DENIES, NONE, TREATS_LEVEL, USES_TECHNIQUE
from ...policies import algebra as a

Judging: TypeAlias = Callable[[Facts, list[Session], list[Session]], bool]
Picking: TypeAlias = Callable[[Facts, list[Session]], tuple[list[Session], list[Session]]]
FOLLOW_UP = COV.FollowUpDocumented.value


def picking(of: a.Sessions) -> Picking:
    """Return what picks, among sessions of a class, those that surely are and may be asked for.

    It is called with the facts and the dated sessions of the class, oldest first, and keeps
    that order.
    """
    anywhere, same = of.scope is a.Scope.ANY, of.scope is a.Scope.SAME
    technique, intent, in_episode = of.technique, of.intent, of.in_episode

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


def judging(e: a.Expression) -> Judging | None:
    """Return what judges an expression over the history; None for any other expression.

    It is called with the facts, the sessions that surely are the ones asked for, and those
    that may be; both oldest first.
    """
    made = _MAKERS.get(type(e))
    return made(e) if made else None


def _interval(e: a.Interval) -> Judging:
    bound, open_ = e.at_least, e.open

    def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        counted = sure if open_ else possible
        return not counted or counted[-1].on <= before(facts.day, bound)

    return holds


def _earlier(e: a.EarlierSessions) -> Judging:
    # What must be there is counted where it surely is; what must not, where it may be.
    takes_sure = (e.least is not None) is not e.open
    window, least, most = e.window, e.least, e.most

    def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        start = before(facts.day, window) if window else ""
        found = len({s.on for s in (sure if takes_sure else possible) if s.on > start})
        return (least is None or found >= least) and (most is None or found <= most)

    return holds


def _with_requested(e: a.SessionsWithRequested) -> Judging:
    window, merges, most, open_ = e.window, e.merged, e.most, e.open

    def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        day, view = facts.day, facts.view
        start = before(day, window) if window else ""
        merged = (view.perhaps_merged if open_ else view.merged) if merges else {}
        counted = {
            s.on
            for s in (sure if open_ else possible)
            if s.on > start and s.on != day and s.node not in merged
        }
        return not counted or len(counted) + (facts.procedure_iri not in merged) <= most

    return holds


def _first(e: a.FirstSession) -> Judging:
    def at_least(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        assert e.at_least
        counted = possible if e.open else sure
        return bool(counted) and counted[0].on <= before(facts.day, e.at_least)

    def less_than(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        assert e.less_than
        if not possible or not (e.open or len(sure) == len(possible)):
            return False
        return not sure or sure[0].on > before(facts.day, e.less_than)

    return at_least if e.at_least else less_than


def _fails(response: a.Response, open_: bool) -> Callable[[Facts, Session], bool]:
    """Return what says that a session did not bring a response, silence granted or not."""
    relief, or_fact, fact = response.relief, response.or_fact, response.fact
    at_least, less_than = response.at_least, response.less_than

    def surely_fails(facts: Facts, s: Session) -> bool:
        return (
            (
                relief is not None
                and s.relief is not None
                and s.relief < relief  # type: ignore[operator]
                and (or_fact is None or or_fact in s.denied)
            )
            or (at_least is not None and s.on > before(s.until or facts.day, at_least))
            or (
                less_than is not None and s.until is not None and s.on <= before(s.until, less_than)
            )
            or (fact is not None and fact in s.denied)
        )

    def fails(facts: Facts, s: Session) -> bool:
        return (
            (
                relief is not None
                and (s.relief is None or s.relief < relief)  # type: ignore[operator]
                and (or_fact is None or or_fact not in s.affirmed)
            )
            or (at_least is not None and (s.until is None or s.on > before(s.until, at_least)))
            or (less_than is not None and (s.until is None or s.on <= before(s.until, less_than)))
            or (fact is not None and fact not in s.affirmed)
        )

    return surely_fails if open_ else fails


def _responding(e: a.Responding) -> Judging:
    fails = _fails(e.response, e.open)

    def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        counted = possible if e.open else sure
        return len({s.on for s in counted if not fails(facts, s)}) >= e.least

    return holds


def _without(e: a.WithoutResponse) -> Judging:
    fails = _fails(e.response, e.open)

    def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        counted = sure if e.open else possible
        failed = {s.on for s in counted if s.on != facts.day and fails(facts, s)}
        return not failed or len(failed) + 1 <= e.most

    return holds


def _each(e: a.EachResponded) -> Judging:
    fails = _fails(e.response, e.open)

    def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        return not any(fails(facts, s) for s in (sure if e.open else possible))

    return holds


def _latest(e: a.LatestResponded) -> Judging:
    fails = _fails(e.response, e.open)

    # No session that surely is one may come after the one that is held to the response.
    def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        if not sure:
            return False
        return not any([fails(facts, s) for s in _from(possible, sure[-1].on)])

    def may_hold(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        last = sure[-1].on if sure else ""
        failed = {s.on for s in _from(sure, last) if fails(facts, s)}
        return any([s.on not in failed and not fails(facts, s) for s in _from(possible, last)])

    return may_hold if e.open else holds


def _from(sessions: list[Session], day: str) -> list[Session]:
    """Return the sessions, of some that come oldest first, from a day on."""
    if not sessions or sessions[0].on >= day:
        return sessions
    return [s for s in sessions if s.on >= day]


def _changed(e: a.Changed) -> Judging:
    def levels_differ(facts: Facts, s: Session) -> tuple[bool, bool]:
        stated = bool(s.levels and facts.levels)
        return stated, stated and any([n not in s.levels for n in facts.levels])

    def techniques_differ(facts: Facts, s: Session) -> tuple[bool, bool]:
        requested = facts.procedure.get(USES_TECHNIQUE, NONE)
        differ = any([t in s.barred for t in requested])
        same = any([t in s.techniques and t not in e.partial for t in requested])
        return differ or same, differ

    compared = levels_differ if e.what == TREATS_LEVEL else techniques_differ

    def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        if not sure or sure[-1] is not possible[-1]:
            return False
        latest = possible[-1]
        if len(possible) > 1 and possible[-2].on == latest.on:
            return False
        return compared(facts, latest) == (True, True)

    def may_hold(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        latest = _from(possible, sure[-1].on if sure else "")
        return any([compared(facts, s) != (True, False) for s in latest])

    return may_hold if e.open else holds


def _not_planned(e: a.NotPlanned) -> Judging:
    def counts(facts: Facts, s: Session) -> bool:
        if e.cls not in s.types or (e.but is not None and e.but in s.types):
            return False
        if e.scope is a.Scope.ANY:
            return True
        if facts.region is None or s.region is None:
            return not e.open
        return (s.region == facts.region) is (e.scope is a.Scope.SAME)

    def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        return not any(counts(facts, s) for s in facts.planned)

    return holds


def _course(e: a.Course) -> Judging:
    def long_enough(facts: Facts, start: str | None, end: str | None) -> bool:
        if e.at_least is None:
            return True
        if e.open:
            return start is None or start <= before(after(end or facts.day), e.at_least)
        return start is not None and end is not None and start <= before(after(end), e.at_least)

    def in_window(facts: Facts, end: str | None) -> bool:
        if e.window is None:
            return True
        if end is None:
            return e.open
        start = before(facts.day, e.window)
        return end > start and (
            e.at_least is None or after(start) <= before(after(end), e.at_least)
        )

    def meets(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        region = facts.region
        for c in facts.courses:
            if (
                e.therapy in c.kinds
                and long_enough(facts, c.start, c.end)
                and in_window(facts, c.end)
                and (e.outcome is None or e.outcome in c.outcomes)
                and (
                    e.follow_up_of is None
                    or e.follow_up_of not in c.kinds
                    or FOLLOW_UP in c.affirmed
                )
                and (e.any_region or c.systemic or (region is not None and region in c.regions))
            ):
                return True
        return False

    def may_meet(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        region, left = facts.region, e.kinds.difference(facts.patient.get(DENIES, NONE))
        if not left:
            return False
        if not left.issubset([k for c in facts.courses for k in c.kinds]):
            return True
        for c in facts.courses:
            if (
                not left <= c.barred_kinds
                and long_enough(facts, c.start, c.end)
                and in_window(facts, c.end)
                and (e.outcome is None or e.outcome not in c.barred_outcomes)
                and (
                    e.follow_up_of is None
                    or e.follow_up_of not in c.kinds
                    or FOLLOW_UP not in c.denied
                )
                and (e.any_region or c.systemic or region is None or region not in c.barred_regions)
            ):
                return True
        return False

    return may_meet if e.open else meets


def _dates(facts: Facts, p: str) -> list[str]:
    """Return a date's values in the patient's record and in that of the pain."""
    return [str(d) for record in (facts.pain, facts.patient) for d in record.get(p, NONE)]


def _elapsed(e: a.Elapsed) -> Judging:
    def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        found = _dates(facts, e.since)
        if not found:
            return e.open
        if e.at_least is not None:
            return max(found) <= before(facts.day, e.at_least)
        assert e.less_than is not None
        return min(found) > before(facts.day, e.less_than)

    return holds


def _between(e: a.Between) -> Judging:
    def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        starts, ends = _dates(facts, e.since), _dates(facts, e.until)
        if not starts or not ends:
            return e.open
        return min(starts) > before(max(ends), e.less_than)

    return holds


_MAKERS: dict[type, Callable[..., Judging]] = {
    a.Interval: _interval,
    a.EarlierSessions: _earlier,
    a.SessionsWithRequested: _with_requested,
    a.FirstSession: _first,
    a.Responding: _responding,
    a.WithoutResponse: _without,
    a.EachResponded: _each,
    a.LatestResponded: _latest,
    a.Changed: _changed,
    a.NotPlanned: _not_planned,
    a.Course: _course,
    a.Elapsed: _elapsed,
    a.Between: _between,
}
