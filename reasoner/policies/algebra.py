"""The whole algebra that a policy's leaves are lowered to.

An expression is true or false of a focus node; at the top that is the request. What it
looks at are the values at the end of a path, or what its component says (see
``judge.components``). There is nothing else: a shape that needs more is refused when it is
lowered.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeAlias

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


# --- of the patient's history, of what else is planned, of dates --------------------------


class OfComponent(Protocol):
    """What one component asks of a request; its own module knows what that is."""

    @property
    def open(self) -> bool:
        """Whether silence is granted, as it is in a twin."""


Expression: TypeAlias = (
    All | AnyOf | Not | Has | Count | Every | Among | OfClass | OfSort | Compared | OfComponent
)


@dataclass(frozen=True)
class Leaf:
    """A leaf of a policy, and its twin with open silence granted."""

    name: str
    holds: Expression
    may_hold: Expression
