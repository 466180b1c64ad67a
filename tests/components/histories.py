"""Histories of earlier procedures: how a test states them, and what leaves ask of them.

None is what a record does not say. For a history in which nothing is None, ``Which`` and
``Response`` say in plain Python what the parameters of a component mean.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest

from tests.components.support import MET, NOT_DOCUMENTED, NOT_MET, request

CONVENTIONAL, PULSED, COOLED = (
    "ConventionalRadiofrequency",
    "PulsedRadiofrequency",
    "CooledRadiofrequency",
)
RADIOFREQUENCY, CRYO = "Radiofrequency", "CryoAblation"
DIAGNOSTIC, THERAPEUTIC = "DiagnosticIntent", "TherapeuticIntent"
LUMBAR, CERVICAL, THORACIC = "LumbarRegion", "CervicalRegion", "ThoracicRegion"
DENERVATION, EPIDURAL = "facet-joint-denervation", "epidural-injection"


class Span(NamedTuple):
    """A length of time, in whole months or in days."""

    months: int = 0
    days: int = 0

    @property
    def turtle(self) -> str:
        if self.months:
            return f'"P{self.months}M"^^xsd:yearMonthDuration'
        return f'"P{self.days}D"^^xsd:dayTimeDuration'

    def before(self, day: date) -> date:
        """Return the day that lies so long before; a month too short ends on its last day."""
        year, month = divmod(day.year * 12 + day.month - 1 - self.months, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return date(year, month + 1, min(day.day, last)) - timedelta(days=self.days)


@dataclass(frozen=True)
class Session:
    """One earlier procedure; None is what its record does not say.

    Parameters
    ----------
    dated : str
        How far its record says when: to the "day", the "month", the "year", or "never".
    """

    on: date
    kind: str = DENERVATION
    region: str | None = LUMBAR
    technique: str | None = None
    intent: str | None = None
    relief: float | None = None
    until: date | None = None
    improved: bool | None = None
    dated: str = "day"


@dataclass(frozen=True)
class History:
    """A date of service, the region asked for, and what was done before.

    Parameters
    ----------
    complete : bool or None
        Whether the list is said to be all there was; None where nothing is said.
    """

    service: date
    sessions: tuple[Session, ...] = ()
    region: str | None = LUMBAR
    complete: bool | None = True


def session(on: str, *, until: str | None = None, **stated: Any) -> Session:
    """Return an earlier denervation of the low back, of which only what is given is stated."""
    ended = date.fromisoformat(until) if until else None
    return Session(date.fromisoformat(on), until=ended, **stated)


def told(
    service: str, *sessions: Session, region: str | None = LUMBAR, complete: bool | None = True
) -> str:
    """Return the request, in Turtle, that states a history."""
    return turtle(History(date.fromisoformat(service), sessions, region, complete))


def turtle(history: History) -> str:
    named = [f":earlier-{i}" for i in range(len(history.sessions))]
    region = f" ; cov:treatsRegion cov:{history.region}" if history.region else ""
    return request(
        service=history.service.isoformat(),
        procedure=f"cov:hasKind code:{DENERVATION}{region}",
        patient=" ; ".join(
            [f"cov:underwent {' , '.join(named)}"] * bool(named)
            + ["cov:completeFor cov:EarlierProcedures"] * (history.complete is True)
            + ["cov:partialFor cov:EarlierProcedures"] * (history.complete is False)
        ),
        more="".join(f"{n} {_stated(s)} .\n" for n, s in zip(named, history.sessions, strict=True)),
    )


def _stated(s: Session) -> str:
    return " ; ".join(
        [f"cov:hasKind code:{s.kind}"]
        + [f"cov:treatsRegion cov:{s.region}"] * (s.region is not None)
        + _dated(s)
        + [f"cov:usesTechnique cov:{s.technique}"] * (s.technique is not None)
        + [f"cov:hasIntent cov:{s.intent}"] * (s.intent is not None)
        + [f"cov:reliefPercent {s.relief}"] * (s.relief is not None)
        + [f'cov:reliefLastedUntil "{s.until}"^^xsd:date'] * (s.until is not None)
        + ["cov:affirms cov:FunctionalImprovement"] * (s.improved is True)
        + ["cov:denies cov:FunctionalImprovement"] * (s.improved is False)
    )


DATATYPES = {"day": (10, "date"), "month": (7, "gYearMonth"), "year": (4, "gYear")}


def _dated(s: Session) -> list[str]:
    if s.dated == "never":
        return []
    length, datatype = DATATYPES[s.dated]
    return [f'cov:performedOn "{s.on.isoformat()[:length]}"^^xsd:{datatype}']


_SCOPES = {True: "SameRegion", False: "OtherRegion"}


@dataclass(frozen=True)
class Which:
    """Which earlier denervations a leaf looks at."""

    scope: str = "SameRegion"
    technique: str | None = None
    intent: str | None = None

    @property
    def turtle(self) -> str:
        return (
            f"; cov:regionScope cov:{self.scope} "
            + (f"; cov:withTechnique cov:{self.technique} " if self.technique else "")
            + (f"; cov:withIntent cov:{self.intent} " if self.intent else "")
        )

    def of(self, history: History) -> list[Session]:
        """Return those of a history in which nothing is silent."""
        narrower = {RADIOFREQUENCY: (CONVENTIONAL, PULSED, COOLED)}
        return [
            s
            for s in history.sessions
            if s.kind == DENERVATION
            and self.scope in ("AnyRegion", _SCOPES[s.region == history.region])
            and s.technique in narrower.get(self.technique or "", (self.technique or s.technique,))
            and s.intent == (self.intent or s.intent)
        ]


HERE, ELSEWHERE, ANYWHERE = Which("SameRegion"), Which("OtherRegion"), Which("AnyRegion")
BY_CONVENTIONAL, BY_RADIOFREQUENCY = Which(technique=CONVENTIONAL), Which(technique=RADIOFREQUENCY)
TO_DIAGNOSE = Which(intent=DIAGNOSTIC)
CONVENTIONAL_TO_DIAGNOSE = Which("SameRegion", CONVENTIONAL, DIAGNOSTIC)

# What is stated of the only earlier procedure and of the region asked for, and whether that
# procedure is one that a leaf looks at (None: it may be).
LOOKS = pytest.mark.parametrize(
    ("which", "stated", "region", "counts"),
    [
        pytest.param(which, stated, region, counts, id=story)
        for which, stated, region, counts, story in [
            (HERE, {}, LUMBAR, True, "in the region asked for"),
            (HERE, {}, CERVICAL, False, "in another region"),
            (HERE, {}, None, None, "the region asked for is not stated"),
            (ELSEWHERE, {}, CERVICAL, True, "other: in another region"),
            (ELSEWHERE, {}, LUMBAR, False, "other: in the region asked for"),
            (ELSEWHERE, {}, None, None, "other: the region asked for is not stated"),
            (ANYWHERE, {}, CERVICAL, True, "any: in another region"),
            (ANYWHERE, {}, None, True, "any: the region asked for is not stated"),
            (HERE, {"kind": EPIDURAL}, LUMBAR, False, "of another class"),
            (ANYWHERE, {"kind": EPIDURAL}, None, False, "any: of another class"),
            (BY_CONVENTIONAL, {"technique": CONVENTIONAL}, LUMBAR, True, "by that technique"),
            (BY_CONVENTIONAL, {"technique": PULSED}, LUMBAR, False, "by another technique"),
            (BY_CONVENTIONAL, {"technique": CRYO}, LUMBAR, False, "by quite another technique"),
            (BY_CONVENTIONAL, {}, LUMBAR, None, "by an unstated technique"),
            (BY_CONVENTIONAL, {}, CERVICAL, False, "elsewhere, by an unstated technique"),
            (BY_CONVENTIONAL, {"technique": RADIOFREQUENCY}, LUMBAR, None, "stated too broadly"),
            (BY_RADIOFREQUENCY, {"technique": RADIOFREQUENCY}, LUMBAR, True, "broad: the same"),
            (BY_RADIOFREQUENCY, {"technique": PULSED}, LUMBAR, True, "broad: a narrower one"),
            (BY_RADIOFREQUENCY, {"technique": CRYO}, LUMBAR, False, "broad: another one"),
            (BY_RADIOFREQUENCY, {}, LUMBAR, None, "broad: an unstated one"),
            (TO_DIAGNOSE, {"intent": DIAGNOSTIC}, LUMBAR, True, "with that intent"),
            (TO_DIAGNOSE, {"intent": THERAPEUTIC}, LUMBAR, False, "with another intent"),
            (TO_DIAGNOSE, {}, LUMBAR, None, "with an unstated intent"),
            (
                CONVENTIONAL_TO_DIAGNOSE,
                {"technique": CONVENTIONAL, "intent": THERAPEUTIC},
                LUMBAR,
                False,
                "by that technique, with another intent",
            ),
            (
                CONVENTIONAL_TO_DIAGNOSE,
                {"technique": CONVENTIONAL},
                LUMBAR,
                None,
                "by that technique, with an unstated intent",
            ),
        ]
    ],
)


# --- Responses to earlier procedures -------------------------------------------------------


@dataclass(frozen=True)
class Response:
    """What a leaf asks of a session: relief, for how long, and better function."""

    relief: int | None = None
    duration: Span | None = None
    improved: bool = False

    @property
    def turtle(self) -> str:
        return (
            (f"; cov:minimumRelief {self.relief} " if self.relief is not None else "")
            + (f"; cov:minimumReliefDuration {self.duration.turtle} " if self.duration else "")
            + ("; cov:withFact cov:FunctionalImprovement" if self.improved else "")
        )

    def seen_in(self, s: Session) -> bool:
        """Return whether a session of a full history brought it."""
        assert s.relief is not None and s.until is not None and s.improved is not None
        return (
            (self.relief is None or s.relief >= self.relief)
            and (self.duration is None or s.on <= self.duration.before(s.until))
            and (not self.improved or s.improved)
        )


_HALF, _MONTHS, _BETTER = Response(50), Response(duration=Span(months=4)), Response(improved=True)
_DAYS, _ALL = Response(duration=Span(days=60)), Response(50, Span(months=4), True)
_GOOD: dict[str, Any] = {"relief": 50, "until": "2024-02-29", "improved": True}
# The only session was on 31 October 2023, and the service is on 15 June 2024.
RESPONSES = pytest.mark.parametrize(
    ("response", "stated", "expected"),
    [
        pytest.param(response, stated, expected, id=story)
        for response, stated, expected, story in [
            (_HALF, {"relief": 49}, NOT_MET, "49 percent is below 50"),
            (_HALF, {"relief": 49.9}, NOT_MET, "just below 50 is below 50"),
            (_HALF, {"relief": 50}, MET, "50 percent is 50"),
            (_HALF, {"relief": 51}, MET, "51 percent is above 50"),
            (_HALF, {"relief": 0}, NOT_MET, "no relief is stated relief"),
            (_HALF, {}, NOT_DOCUMENTED, "relief is silent"),
            (
                _HALF,
                {"until": "2024-02-29", "improved": True},
                NOT_DOCUMENTED,
                "relief alone is asked",
            ),
            (_DAYS, {"until": "2023-12-29"}, NOT_MET, "59 days"),
            (_DAYS, {"until": "2023-12-30"}, MET, "60 days"),
            (_DAYS, {"until": "2023-12-31"}, MET, "61 days"),
            (_MONTHS, {"until": "2024-02-28"}, NOT_MET, "from 31 October to 28 February"),
            (_MONTHS, {"until": "2024-02-29"}, NOT_MET, "from 31 October to 29 February"),
            (_MONTHS, {"until": "2024-03-01"}, MET, "from 31 October to 1 March"),
            (_MONTHS, {"until": "2023-10-31"}, NOT_MET, "until the same day"),
            (_MONTHS, {}, NOT_DOCUMENTED, "how long is silent"),
            (_MONTHS, {"relief": 0}, NOT_DOCUMENTED, "only how long is asked"),
            (Response(duration=Span(days=228)), {}, NOT_DOCUMENTED, "228 days have just passed"),
            (Response(duration=Span(days=229)), {}, NOT_MET, "229 days have not passed yet"),
            (_BETTER, {"improved": True}, MET, "the fact is affirmed"),
            (_BETTER, {"improved": False}, NOT_MET, "the fact is denied"),
            (_BETTER, {}, NOT_DOCUMENTED, "the fact is silent"),
            (_ALL, {**_GOOD, "until": "2024-03-01"}, MET, "all: all of it"),
            (_ALL, _GOOD, NOT_MET, "all: not long enough"),
            (_ALL, {"relief": 50, "improved": True}, NOT_DOCUMENTED, "all: how long is silent"),
            (_ALL, {"relief": 49}, NOT_MET, "all: one failing outweighs the silent"),
            (_ALL, {"improved": False}, NOT_MET, "all: one denied outweighs the silent"),
            (_ALL, {}, NOT_DOCUMENTED, "all: all of it silent"),
        ]
    ],
)
