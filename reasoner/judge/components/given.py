"""What a leaf, or its twin, gives to its component, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ...facts.layout import Facts, Session
from ...knowledge.base import Knowledge, is_true
from ...policies.algebra import OfComponent
from ...triples import Term

# Called with the facts, the sessions that surely are the ones asked for, and those that may
# be; both oldest first. A component that asks for no sessions is handed none. Days are ISO
# text; the empty text is a day that is not stated.
Judging: TypeAlias = Callable[[Facts, list[Session], list[Session]], bool]


@dataclass(frozen=True)
class Given:
    """The parameters of one leaf by their local names.

    Parameters
    ----------
    open : bool
        Whether silence is granted, as it is to a twin.
    """

    values: Mapping[str, Term]
    open: bool
    knowledge: Knowledge

    def term(self, name: str) -> Term:
        """Return a parameter that the component requires."""
        return self.values[name]

    def text(self, name: str) -> str | None:
        return self.values[name].value if name in self.values else None

    def number(self, name: str) -> int | None:
        return int(self.values[name].value) if name in self.values else None

    def is_true(self, name: str) -> bool:
        return is_true(self.values.get(name))

    def __contains__(self, name: str) -> bool:
        return name in self.values


Making: TypeAlias = Callable[[Given], OfComponent]
