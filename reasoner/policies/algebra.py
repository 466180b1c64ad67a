"""The whole algebra that a policy's leaves are lowered to.

An expression is true or false of a focus node; at the top that is the request. What it
looks at are the values at the end of a path, the sessions of an earlier procedure, the
courses of a therapy, and dates. There is nothing else: a shape that needs more is
refused when it is lowered.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from ..plain import Number, Value


@dataclass(frozen=True)
class Step:
    """One step of a path: any of these properties, forwards or back."""

    properties: tuple[str, ...]
    inverse: bool = False


Path: TypeAlias = tuple[Step, ...]

# --- of a focus node -------------------------------------------------------------------


@dataclass(frozen=True)
class All:
    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class AnyOf:
    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Not:
    part: Expression


@dataclass(frozen=True)
class Has:
    """One value at the end of the path is this one."""

    path: Path
    value: Value


@dataclass(frozen=True)
class Count:
    """At least and at most so many values pass the test; None asks for no bound."""

    path: Path
    test: Expression | None
    least: int | None
    most: int | None


@dataclass(frozen=True)
class Every:
    """Every value at the end of the path passes the test."""

    path: Path
    test: Expression


# --- of a value ------------------------------------------------------------------------


@dataclass(frozen=True)
class Among:
    """The focus is one of these values."""

    values: frozenset[Value]


@dataclass(frozen=True)
class OfClass:
    """The focus is of this class."""

    cls: str


class Sort(Enum):
    """The sorts of values that a request states."""

    NUMBER = "a number"
    DAY = "a day"
    NODE = "a node"


@dataclass(frozen=True)
class OfSort:
    """The focus is of this sort."""

    sort: Sort


class Order(Enum):
    """How a value lies to a bound."""

    AT_LEAST = ">="
    MORE_THAN = ">"
    AT_MOST = "<="
    LESS_THAN = "<"


@dataclass(frozen=True)
class Compared:
    """The focus is a number that lies so to the bound; nothing else does."""

    order: Order
    bound: Number


# --- of the patient's history ------------------------------------------------------------
# A session may be one of those asked for until something stated of it says otherwise, and
# surely is one when all that is asked for is stated. Silence at the patient's expense
# takes the one list, silence granted the other.


class Scope(Enum):
    """The regions that count, seen from the requested one."""

    SAME = "SameRegion"
    OTHER = "OtherRegion"
    ANY = "AnyRegion"


@dataclass(frozen=True)
class Sessions:
    """Earlier sessions of a class; what is None is not asked."""

    cls: str
    scope: Scope
    technique: str | None = None
    intent: str | None = None
    in_episode: bool = False


@dataclass(frozen=True)
class Response:
    """What a session has brought; what is None is not asked."""

    relief: Number | None = None
    or_fact: str | None = None
    at_least: str | None = None
    less_than: str | None = None
    fact: str | None = None


@dataclass(frozen=True)
class Interval:
    """No session lies closer to the date of service than this."""

    of: Sessions
    at_least: str
    open: bool


@dataclass(frozen=True)
class EarlierSessions:
    """At least, or at most, so many days with a session, in the window if there is one."""

    of: Sessions
    least: int | None
    most: int | None
    window: str | None
    open: bool


@dataclass(frozen=True)
class SessionsWithRequested:
    """At most so many days with a session, the requested one counted, merged sides once."""

    of: Sessions
    most: int
    window: str | None
    merged: bool
    open: bool


@dataclass(frozen=True)
class FirstSession:
    """There is a session, and the first lies at least, or less than, so long ago."""

    of: Sessions
    at_least: str | None
    less_than: str | None
    open: bool


@dataclass(frozen=True)
class Responding:
    """At least so many days with a session that brought the response."""

    of: Sessions
    response: Response
    least: int
    open: bool


@dataclass(frozen=True)
class WithoutResponse:
    """At most so many days without the response, the requested one counted."""

    of: Sessions
    response: Response
    most: int
    open: bool


@dataclass(frozen=True)
class EachResponded:
    """Every session brought the response."""

    of: Sessions
    response: Response
    open: bool


@dataclass(frozen=True)
class LatestResponded:
    """There is a session, and the latest brought the response."""

    of: Sessions
    response: Response
    open: bool


@dataclass(frozen=True)
class Changed:
    """The request has a level, or a technique, that the latest session did not have.

    Parameters
    ----------
    partial : frozenset of str
        The techniques that leave open a narrower one: two sessions of one may differ.
    """

    of: Sessions
    what: str
    open: bool
    partial: frozenset[str] = frozenset()


@dataclass(frozen=True)
class NotPlanned:
    """No other procedure of the class is planned for the visit, but for the exception."""

    cls: str
    scope: Scope
    but: str | None
    open: bool


@dataclass(frozen=True)
class Course:
    """There was one course of a therapy as long, as late and with the outcome asked for.

    Parameters
    ----------
    kinds : frozenset of str
        The kinds of therapy, groups left out, that the one asked for is or gathers.
    """

    therapy: str
    kinds: frozenset[str]
    any_region: bool
    at_least: str | None
    window: str | None
    outcome: str | None
    follow_up_of: str | None
    open: bool


@dataclass(frozen=True)
class Elapsed:
    """At least, or less than, so long has passed since a date of the pain or the patient."""

    since: str
    at_least: str | None
    less_than: str | None
    open: bool


@dataclass(frozen=True)
class Between:
    """Less than so long lies between two dates of the pain or the patient."""

    since: str
    until: str
    less_than: str
    open: bool


Expression: TypeAlias = (
    All
    | AnyOf
    | Not
    | Has
    | Count
    | Every
    | Among
    | OfClass
    | OfSort
    | Compared
    | Interval
    | EarlierSessions
    | SessionsWithRequested
    | FirstSession
    | Responding
    | WithoutResponse
    | EachResponded
    | LatestResponded
    | Changed
    | NotPlanned
    | Course
    | Elapsed
    | Between
)


@dataclass(frozen=True)
class Leaf:
    """A leaf of a policy, and its twin with open silence granted."""

    name: str
    holds: Expression
    may_hold: Expression
