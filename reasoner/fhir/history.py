"""What the records of one history say together.

Visits of one kind of therapy are one course where they follow each other closely. A procedure
that came twice, as a Procedure and on a claim, is one. A record that is dated to the month beside
one of that month may be the same or another: it is left out and said so, which a list that is
never complete allows.
"""

from __future__ import annotations

from datetime import date

from pyoxigraph import NamedNode

from .. import days
from ..knowledge import codes
from ..knowledge.base import Knowledge
from ..namespaces import COV
from .drafts import Draft, Left, Said
from .orders import HAS_CODE, HAS_KIND, Order
from .resources import Bundle

EARLIER, COURSE, PAIN = (
    COV.EarlierProcedure.value,
    COV.TherapyCourse.value,
    COV.PainRecord.value,
)
PERFORMED_ON, STARTED_ON, ENDED_ON = (
    COV.performedOn.value,
    COV.startedOn.value,
    COV.endedOn.value,
)
ONSET, SCORE, IN_REGION = (
    COV.onsetDate.value,
    COV.averagePainScore.value,
    COV.inRegion.value,
)
OF_THERAPY, HAD_OUTCOME, SESSIONS, REGION = (
    COV.ofTherapy.value,
    COV.hadOutcome.value,
    COV.sessionCount.value,
    COV.treatsRegion.value,
)
DAY = len("2000-01-01")


def left(draft: Draft, because: str) -> Left:
    return Left(draft.name, draft.place, because)


# --- Earlier procedures -----------------------------------------------------------------------


def earlier_procedures(
    drafts: list[Draft],
    order: Order,
    service: str,
    bundle: Bundle,
    knowledge: Knowledge,
    out: list[Left],
) -> list[Draft]:
    """Return the earlier procedures, each once."""
    asked = {id(part.resource.body) for part in order.parts}
    leading: list[Draft] = []
    following: list[Draft] = []
    for draft in (d for d in drafts if d.rule.link):
        when = draft.first(PERFORMED_ON)
        if when and days.ends(when)[0] > service:
            out.append(left(draft, "it is dated after the date of service"))
        elif _fulfils(draft, bundle, asked):
            out.append(left(draft, "it is the procedure that is asked for"))
        elif when == service and order.codes & _codes(draft):
            out.append(left(draft, "it is the procedure that is asked for, or of the same session"))
        else:
            primary, _ = codes.add_ons(map(NamedNode, draft.values(HAS_CODE)), knowledge)
            (leading if primary or draft.values(HAS_KIND) else following).append(draft)
    kept: list[Draft] = []
    # What is dated to the day comes first, what is not dated last.
    for draft in sorted(leading, key=_precision):
        _keep(draft, kept, out)
    for draft in following:
        _follow(draft, kept, knowledge, out)
    _injected([d for d in drafts if d.rule.attached_by], kept, bundle, out)
    return kept


def _codes(draft: Draft) -> set[str]:
    return {*draft.values(HAS_CODE), *draft.values(HAS_KIND)}


def _precision(draft: Draft) -> int:
    return -len(draft.first(PERFORMED_ON))


def _fulfils(draft: Draft, bundle: Bundle, asked: set[int]) -> bool:
    references = draft.resource.body.get("basedOn", [])
    found = [
        bundle.referred(r, draft.resource)
        for r in (references if isinstance(references, list) else [])
    ]
    return any(r is not None and id(r.body) in asked for r in found)


def _keep(draft: Draft, kept: list[Draft], out: list[Left]) -> None:
    when = draft.first(PERFORMED_ON)
    for other in kept:
        if not _codes(draft) & _codes(other):
            continue
        there = other.first(PERFORMED_ON)
        if when == there and when:
            _join(other, draft)
            return
        if not (when and there) or _overlap(when, there):
            out.append(left(draft, f"it may be the same as {other.name}; the day would tell"))
            return
    kept.append(draft)


def _overlap(one: str, other: str) -> bool:
    (start, end), (begin, last) = days.ends(one), days.ends(other)
    return start <= last and begin <= end


def _join(draft: Draft, more: Draft) -> None:
    there = {(s.property, s.value) for s in draft.said}
    draft.said += [s for s in more.said if (s.property, s.value) not in there]
    draft.sources += more.sources


def _follow(draft: Draft, kept: list[Draft], knowledge: Knowledge, out: list[Left]) -> None:
    """Add an add-on or companion code to the procedure of that day that it goes with."""
    _, add_ons = codes.add_ons(map(NamedNode, draft.values(HAS_CODE)), knowledge)
    to = {p.value for a in add_ons for p in knowledge.triples.objects(a, COV.addOnTo)}
    when = draft.first(PERFORMED_ON)
    fits = [d for d in kept if d.first(PERFORMED_ON) == when and (not add_ons or _codes(d) & to)]
    if len(fits) == 1 and len(when) == DAY:
        _join(fits[0], draft)
    else:
        out.append(left(draft, "its code only goes with another of the same day"))


def _injected(drafts: list[Draft], kept: list[Draft], bundle: Bundle, out: list[Left]) -> None:
    for draft in drafts:
        references = draft.resource.body.get(draft.rule.attached_by, [])
        wholes = [
            bundle.referred(r, draft.resource)
            for r in (references if isinstance(references, list) else [references])
        ]
        names = {w.name for w in wholes if w is not None}
        fits = [d for d in kept if names & set(d.sources)]
        if len(fits) == 1:
            _join(fits[0], draft)
        else:
            out.append(left(draft, "it is part of no procedure that is used"))


# --- Therapy ------------------------------------------------------------------------------------


def courses(drafts: list[Draft], service: str, out: list[Left]) -> list[Draft]:
    """Return the courses of therapy, visits of one kind joined."""
    kept: list[Draft] = []
    visits: dict[tuple[str, ...], list[Draft]] = {}
    for draft in drafts:
        start, end = draft.first(STARTED_ON), draft.first(ENDED_ON)
        if start and days.ends(start)[0] > service:
            out.append(left(draft, "it is dated after the date of service"))
            continue
        if end and days.ends(end)[0] > service:
            out.append(
                Left(f"{draft.name}: its end", draft.place, "it lies after the date of service")
            )
            draft.said = [s for s in draft.said if s.property != ENDED_ON]
        elif start == end and len(start) == DAY:
            key = (*sorted(draft.values(OF_THERAPY)), *sorted(draft.values(REGION)))
            visits.setdefault(key, []).append(draft)
            continue
        kept.append(draft)
    for alike in visits.values():
        kept += _by_gaps(sorted(alike, key=_start))
    return kept


def _start(draft: Draft) -> str:
    return draft.first(STARTED_ON)


def _by_gaps(visits: list[Draft]) -> list[Draft]:
    """Return one course for visits that follow each other closely."""
    found: list[list[Draft]] = []
    for visit in visits:
        before = date.fromisoformat(found[-1][-1].first(ENDED_ON)) if found else None
        this = date.fromisoformat(_start(visit))
        if before and (this - before).days <= visit.rule.largest_gap:
            found[-1].append(visit)
        else:
            found.append([visit])
    return [_course(group) for group in found]


def _course(visits: list[Draft]) -> Draft:
    first, last = visits[0], visits[-1]
    if len(visits) == 1:
        return first
    outcomes = dict.fromkeys(v for visit in visits for v in visit.values(HAD_OUTCOME))
    said = [s for s in first.said if s.property not in (ENDED_ON, HAD_OUTCOME)]
    said += [s for s in last.said if s.property == ENDED_ON]
    if len(outcomes) == 1:
        said += [s for visit in visits for s in visit.said if s.property == HAD_OUTCOME][:1]
    attended = len({_start(v) for v in visits})
    said.append(Said(SESSIONS, str(min(attended, 1000)), first.place))
    sources = [s for visit in visits for s in visit.sources]
    return Draft(first.rule, first.resource, first.name, first.place, said, sources)


# --- Pain ---------------------------------------------------------------------------------------


def pains(drafts: list[Draft], service: str, out: list[Left]) -> list[Draft]:
    """Return one record of pain for each region; what contradicts is left open."""
    by_region: dict[str, list[Draft]] = {}
    for draft in drafts:
        onset = draft.first(ONSET)
        if onset and days.ends(onset)[0] > service:
            out.append(left(draft, "its onset is after the date of service"))
        elif draft.dated and days.ends(draft.dated)[0] > service:
            out.append(left(draft, "it is dated after the date of service"))
        elif len(regions := draft.values(IN_REGION)) == 1:
            by_region.setdefault(regions[0], []).append(draft)
        else:
            out.append(left(draft, "it is of several regions"))
    return [_pain(alike, out) for alike in by_region.values()]


def _pain(alike: list[Draft], out: list[Left]) -> Draft:
    first = alike[0]
    whole = Draft(first.rule, first.resource, first.name, first.place, [], [])
    whole.said = [s for s in first.said if s.property == IN_REGION]
    whole.sources = [s for draft in alike for s in draft.sources]
    onsets = {d.first(ONSET): d for d in alike if d.first(ONSET)}
    if len(onsets) == 1:
        whole.said += [s for s in next(iter(onsets.values())).said if s.property == ONSET]
    elif onsets:
        because = "conditions of this region name different days; the onset is asked for"
        out += [Left(f"{d.name}: its onset", d.place, because) for d in onsets.values()]
    _score(whole, [d for d in alike if d.values(SCORE)], out)
    return whole


def _score(whole: Draft, scored: list[Draft], out: list[Left]) -> None:
    """Take over the latest average, where it can be told which is the latest."""
    latest = max((d.dated for d in scored), default="")
    newest = [d for d in scored if d.dated == latest]
    settled = len({d.first(SCORE) for d in newest}) == 1
    used = newest[:1] if settled and (len(latest) == DAY or len(newest) == len(scored)) else []
    whole.said += [s for d in used for s in d.said if s.property == SCORE]
    because = "there is another of the same day or later"
    out += [left(d, because) for d in scored if d not in used]
