"""What is true of the verdicts of every leaf, whatever the history.

A history with nothing left open has one right answer, which a few lines of plain Python can
give. Where something is silent, every way to fill it in gives an answer, and the verdict is
what all of them agree on. So one oracle for full records is an oracle for all records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product
from typing import Any

from hypothesis import strategies as st

from covergraph.judge import Verdict
from tests.components.histories import (
    CERVICAL,
    CONVENTIONAL,
    CRYO,
    DENERVATION,
    DIAGNOSTIC,
    EPIDURAL,
    LUMBAR,
    PULSED,
    RADIOFREQUENCY,
    THERAPEUTIC,
    THORACIC,
    History,
    Session,
    Span,
    turtle,
)
from tests.components.support import MET, NOT_DOCUMENTED, NOT_MET, verdict

SERVICES = [date(2024, 2, 29), date(2023, 8, 31), date(2023, 3, 1), date(2024, 6, 15)]
HIDEABLE = ("technique", "intent", "relief", "until", "improved")


@dataclass(frozen=True)
class Rule:
    """A leaf, and when it holds for a history in which nothing is silent."""

    leaf: str
    holds: Callable[[History], bool]


def assert_laws(rule: Rule, full: History, partial: History) -> None:
    """Hold the verdicts on a full history and on a part of it to what is true of every leaf."""
    settled, found = judged(rule.leaf, full), judged(rule.leaf, partial)
    assert settled is (MET if rule.holds(full) else NOT_MET), "the full record decides"
    assert found in (settled, NOT_DOCUMENTED), "documenting changes no settled verdict"
    if partial.region:
        assert found is agreed(rule.holds, partial), "silence matters only where it may decide"


def judged(leaf: str, history: History) -> Verdict:
    return verdict(leaf, turtle(history))


# --- Every way to fill in what is silent ------------------------------------------------


def agreed(oracle: Callable[[History], bool], history: History) -> Verdict:
    """Return the verdict that every completion of a history agrees on."""
    answers = {oracle(full) for full in completions(history)}
    return NOT_DOCUMENTED if len(answers) > 1 else MET if answers == {True} else NOT_MET


def completions(history: History) -> Iterator[History]:
    """Yield the history with the silent filled in, each value at its best and its worst."""
    regions = [history.region] if history.region else [LUMBAR, CERVICAL, THORACIC]
    options = [list(_filled_in(s, history.service)) for s in history.sessions]
    for region, sessions in product(regions, product(*options)):
        yield History(history.service, tuple(sessions), region)


def _filled_in(s: Session, service: date) -> Iterator[Session]:
    for technique, intent, relief, until, improved in product(
        _techniques(s.technique),
        (DIAGNOSTIC, THERAPEUTIC) if s.intent is None else (s.intent,),
        (0, 100) if s.relief is None else (s.relief,),
        (s.on, service) if s.until is None else (s.until,),
        (True, False) if s.improved is None else (s.improved,),
    ):
        yield replace(
            s, technique=technique, intent=intent, relief=relief, until=until, improved=improved
        )


def _techniques(stated: str | None) -> tuple[str, ...]:
    if stated is None:
        return CONVENTIONAL, PULSED, CRYO
    return (CONVENTIONAL, PULSED) if stated == RADIOFREQUENCY else (stated,)


# --- Histories by chance ------------------------------------------------------------------


@st.composite
def histories(draw: st.DrawFn, *spans: Span) -> History:
    """Draw a full history, its days crowded around where the given spans begin and end."""
    service = draw(st.sampled_from(SERVICES))
    edges = [span.before(service) + timedelta(days=d) for span in spans for d in (-1, 0, 1)]
    near = st.sampled_from([service, *edges])
    days = near | st.integers(0, 900).map(lambda n: service - timedelta(days=n))
    # Few days for many procedures, so that some fall on one.
    drawn = draw(st.lists(st.sampled_from(draw(st.tuples(days, days))), max_size=3))
    return History(
        service,
        tuple(_session(draw, on, service, spans) for on in drawn),
        draw(st.sampled_from([LUMBAR, CERVICAL])),
    )


def _session(draw: st.DrawFn, on: date, service: date, spans: tuple[Span, ...]) -> Session:
    lengths = [0, 1] + [30 * s.months + s.days + d for s in spans for d in range(-1, 4)]
    until = on + timedelta(days=draw(st.sampled_from(lengths)))
    return Session(
        on,
        kind=draw(st.sampled_from([DENERVATION] * 5 + [EPIDURAL])),
        region=draw(st.sampled_from([LUMBAR, LUMBAR, CERVICAL])),
        technique=draw(st.sampled_from([CONVENTIONAL, CONVENTIONAL, PULSED, CRYO])),
        intent=draw(st.sampled_from([DIAGNOSTIC, THERAPEUTIC])),
        relief=draw(st.sampled_from([0, 49.9, 50, 100])),
        until=min(until, service),
        improved=draw(st.booleans()),
    )


@st.composite
def partial_histories(draw: st.DrawFn, *spans: Span) -> tuple[History, History]:
    """Draw a full history and the same with some of it not stated."""
    full = draw(histories(*spans))
    places = [(i, f) for i in range(len(full.sessions)) for f in HIDEABLE]
    hidden = draw(st.lists(st.sampled_from(places), max_size=6, unique=True)) if places else []
    sessions = list(full.sessions)
    for i, field in hidden:
        vague = field == "technique" and sessions[i].technique != CRYO and draw(st.booleans())
        silent: dict[str, Any] = {field: RADIOFREQUENCY if vague else None}
        sessions[i] = replace(sessions[i], **silent)
    region = draw(st.sampled_from([full.region, full.region, full.region, None]))
    return full, History(full.service, tuple(sessions), region)
