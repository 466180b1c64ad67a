"""What a coder should look at: codes that the date of service does not go with.

A note refuses nothing and decides nothing. A code of another release still says what the
patient has, so it is read as what it is and the answer only remarks on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pyoxigraph import NamedNode

from ..knowledge import codes
from ..knowledge.base import Knowledge
from ..knowledge.releases import releases
from ..triples import Term


def code_notes(diagnoses: Iterable[Term], day: date, knowledge: Knowledge) -> list[str]:
    """Return a note on each diagnosis code that is not valid on the date of service.

    Parameters
    ----------
    diagnoses : iterable of Term
        The codes that the request states, or those with what follows from them: a code
        that another among them is narrower than gets no note, since it follows.
    """
    given = set(diagnoses)
    follows = {broader for code in given for broader in knowledge.broader_of(code) - {code}}
    notes = [_note(c, day, knowledge) for c in sorted(given - follows, key=lambda c: c.value)]
    return [note for note in notes if note]


def _note(code: Term, day: date, knowledge: Knowledge) -> str:
    """Return what is to be said of one code; empty where it is valid or never was one."""
    entry = releases(knowledge.root).entry(codes.plain(code))
    if entry is None or entry.valid_on(day):
        return ""
    name = codes.plain(code)
    if day < entry.first:
        before = [
            c for c in codes.predecessors(code, knowledge) if codes.valid_on(c, day, knowledge)
        ]
        then = f"; before that: {_listed(before, 'or')}" if before else ""
        return f"{name} is valid from {entry.first}, after the date of service{then}"
    new = codes.successors_on(code, day, knowledge)
    what = "successor is" if len(new) == 1 else "successors are"
    after = f"; its {what} {_listed(new, 'and')}" if new else " and has no successor"
    retired = date.fromordinal(entry.last.toordinal() + 1) if entry.last else None
    return f"{name} was retired on {retired}{after}"


def _listed(found: list[NamedNode], joined: str) -> str:
    names = [codes.plain(code) for code in found]
    return f" {joined} ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
