"""What a session has brought: relief, for how long, and what is affirmed of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...days import day_before as before
from ...facts.layout import Facts, Session
from ...plain import Number
from .given import Given


@dataclass(frozen=True)
class Response:
    """What a session must have brought; what is None is not asked."""

    relief: Number | None = None
    or_fact: str | None = None
    at_least: str | None = None
    less_than: str | None = None
    fact: str | None = None


def response_of(given: Given) -> Response:
    return Response(
        given.number("minimumRelief"),
        given.text("orFact"),
        given.text("minimumReliefDuration"),
        given.text("reliefDurationLessThan"),
        given.text("withFact"),
    )


def failing(response: Response, open_: bool) -> Callable[[Facts, Session], bool]:
    """Return what says that a session did not bring a response, silence granted or not.

    Granted, it did not wherever its day and the end of its relief may lie; else, it may not have.
    """
    relief, or_fact, fact = response.relief, response.or_fact, response.fact
    at_least, less_than = response.at_least, response.less_than

    def surely_fails(facts: Facts, s: Session) -> bool:
        return (
            (
                relief is not None
                and s.relief is not None
                and s.relief < relief  # type: ignore[operator]
                and (or_fact is None or or_fact in s.denied or or_fact in s.barred)
            )
            or (at_least is not None and s.earliest > before(s.until_latest or facts.day, at_least))
            or (
                less_than is not None
                and s.until_earliest != ""
                and s.latest <= before(s.until_earliest, less_than)
            )
            or (fact is not None and (fact in s.denied or fact in s.barred))
        )

    def fails(facts: Facts, s: Session) -> bool:
        return (
            (
                relief is not None
                and (s.relief is None or s.relief < relief)  # type: ignore[operator]
                and (or_fact is None or or_fact not in s.affirmed)
            )
            or (
                at_least is not None
                and (not s.until_earliest or s.latest > before(s.until_earliest, at_least))
            )
            or (
                less_than is not None
                and s.earliest <= before(s.until_latest or facts.day, less_than)
            )
            or (fact is not None and fact not in s.affirmed)
        )

    return surely_fails if open_ else fails
