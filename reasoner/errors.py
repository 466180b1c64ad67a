"""What can go wrong, sorted by who can mend it.

An ``InputError`` is for the caller: it names what is wrong, where, and what to do,
and repeats no patient value. A ``KnowledgeError`` is for whoever writes policies and
shapes. Anything else that escapes is a fault of the program.
"""

from __future__ import annotations

from collections.abc import Sequence


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
    """

    def __init__(self, what: str, where: str = "", hint: str = "") -> None:
        self.what, self.where, self.hint = what, where, hint
        message = f"{where}: {what}" if where else what
        super().__init__(f"{message} ({hint})" if hint else message)


class KnowledgeError(CovergraphError):
    """The ontology, a code table, a component or a policy breaks the rules it is loaded by."""


def not_called(name: str, what: str, near: Sequence[str], otherwise: str) -> InputError:
    """Return the refusal of a name that nothing has, with the nearest ones or another hint."""
    hint = f"did you mean {' or '.join(near)}?" if near else otherwise
    return InputError(f"no {what} is called {name!r}", hint=hint)


def with_article(noun: str) -> str:
    """Return a noun behind "a", or "an" where it begins with a vowel."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
