"""What a procedure is meant for where its request does not say, or may be for where it says little.

A facet joint denervation is for facet-mediated pain, unless the request states another purpose.
That the pain is chronic is no other purpose, for it names no cause.
That holds only for want of a statement, so it is no axiom; what is meant is kept apart from
what is stated, for a refusal looks at the latter alone. A broad purpose may be any narrower one,
also where it is said that there is no other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")


def meant_for(
    types: Iterable[T],
    meant: Mapping[T, Iterable[T]],
    purposes: Iterable[T],
    nameless: frozenset[T],
) -> list[T]:
    """Return what a procedure of some classes is for that states no other purpose.

    Parameters
    ----------
    meant : mapping
        From a class of procedures to what its procedures are for.
    purposes : iterable
        What is stated, with what is broader.
    nameless : frozenset
        The purposes that name no cause.
    """
    if not nameless.issuperset(purposes):
        return []
    return list(dict.fromkeys(p for cls in types for p in meant.get(cls, ())))


def may_be_for(purposes: Collection[T], narrower: Mapping[T, frozenset[T]]) -> list[T]:
    """Return what is narrower than a purpose of which nothing narrower is stated.

    Parameters
    ----------
    narrower : mapping
        From a purpose to those that are narrower.
    """
    found: set[T] = set()
    for purpose in purposes:
        below = narrower.get(purpose)
        if below and below.isdisjoint(purposes):
            found |= below
    return sorted(found, key=str)
