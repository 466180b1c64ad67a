"""What can go wrong, sorted by who can mend it.

An ``InputError`` is for the caller: it names what is wrong, where, and what to do,
and repeats no patient value. A ``KnowledgeError`` is for whoever writes policies and
shapes. Anything else that escapes is a fault of the program.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# What stands around a name that a caller chose, in a message that is being made. Neither sign is
# printable, so that no name can hold one.
_OPENS, _CLOSES = "\u2068", "\u2069"
_MARK = re.compile(f"[{_OPENS}{_CLOSES}]")
_THEIRS = f"{_OPENS}[^{_CLOSES}]*{_CLOSES}"
_NAMED = re.compile(f"([a-z ]+) {_THEIRS}")


class CovergraphError(Exception):
    """Base of the errors that carry a message for a person."""


class InputError(CovergraphError):
    """The request, or the words of a call, cannot be used.

    Parameters
    ----------
    what : str
        What is wrong, in one sentence, without a patient's values.
    where : str
        The node, line or file it was found at; empty when it is the whole input.
    hint : str
        What to do about it; may be empty.

    The first two may hold names that a caller chose, marked by ``theirs``: whoever sits at the
    desk wants to see them, and where messages are kept or sent on, ``discreet`` leaves them out.
    """

    def __init__(self, what: str, where: str = "", hint: str = "") -> None:
        self._marked = what, where
        self.what, self.where, self.hint = _MARK.sub("", what), _MARK.sub("", where), hint
        message = f"{self.where}: {self.what}" if where else self.what
        super().__init__(f"{message} ({hint})" if hint else message)

    def at(self, where: str) -> InputError:
        """Return the same error with another place."""
        return InputError(self._marked[0], where, self.hint)

    def within(self, name: str) -> InputError:
        """Return the same error, its place behind the name of what holds it."""
        return self.at(": ".join(part for part in (name, self._marked[1]) if part))

    def discreet(self) -> InputError:
        """Return the same error without the names that a caller chose.

        Of a record its role is told; of a name within a path, that there is one.
        """
        what, where = self._marked
        what = re.sub(f"^{_THEIRS}(?= )", "a name of the request's own", what)
        what = re.sub(f":? ?{_THEIRS}", "", what)
        if named := _NAMED.fullmatch(where):
            where = with_article(named[1])
        elif re.fullmatch(_THEIRS, where):
            where = "a record"
        # What is told of a record only to tell it from others goes with the blank before it.
        where = re.sub(_THEIRS, "…", re.sub(f"{_OPENS} [^{_CLOSES}]*{_CLOSES}", "", where))
        return InputError(what, where, self.hint)


def theirs(name: str) -> str:
    """Mark a name that a caller chose, and that may be a patient's, in a message."""
    return f"{_OPENS}{name}{_CLOSES}" if name else ""


def last_of(path: str, most: int) -> str:
    """Return the end of a path in which names are marked, cut to a length that fits a line."""
    end = path[-most:]
    opened, closed = end.find(_OPENS), end.find(_CLOSES)
    return _OPENS + end if closed >= 0 and not 0 <= opened < closed else end


class KnowledgeError(CovergraphError):
    """The ontology, a code table, a component or a policy breaks the rules it is loaded by."""


def not_called(name: str, what: str, near: Sequence[str], otherwise: str) -> InputError:
    """Return the refusal of a name that nothing has, with the nearest ones or another hint."""
    hint = f"did you mean {' or '.join(near)}?" if near else otherwise
    return InputError(f"no {what} is called {name!r}", hint=hint)


def with_article(noun: str) -> str:
    """Return a noun behind "a", or "an" where it begins with a vowel."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
