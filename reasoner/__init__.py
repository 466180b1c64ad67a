"""Decide coverage requests against payers' policies, with a citation for every verdict.

This page is what a program may build on::

    request = covergraph.read("request.ttl")
    for answer in covergraph.decide(request, payer="some-payer"):
        print(answer.decision.value, [criterion.label for criterion in answer.deciding])

Everything beneath it is internal and may move. Nothing is loaded before it is needed: the
knowledge on the first call, and no module of ours on ``import covergraph``.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import date

    from .decision.decide import Decision as Decision
    from .engine import Answer as Answer
    from .engine import Reasoner as Reasoner
    from .errors import CovergraphError as CovergraphError
    from .errors import InputError as InputError
    from .errors import KnowledgeError as KnowledgeError
    from .facts.prepared import Prepared as Prepared

    __version__: str

__all__ = [
    "Answer",
    "CovergraphError",
    "Decision",
    "InputError",
    "KnowledgeError",
    "Prepared",
    "Reasoner",
    "Report",
    "__version__",
    "decide",
    "load",
    "read",
    "validate",
]

# Where each name that is imported on first use comes from.
_HOMES = {
    "Answer": "engine",
    "CovergraphError": "errors",
    "Decision": "decision.decide",
    "InputError": "errors",
    "KnowledgeError": "errors",
    "Prepared": "facts.prepared",
    "Reasoner": "engine",
}


class Report(NamedTuple):
    """What a SHACL processor would say of a request under one policy.

    Parameters
    ----------
    conforms : bool
        Whether the request is covered.
    turtle : str
        The ``sh:ValidationReport``, with a result for each criterion that it turns on.
    """

    conforms: bool
    turtle: str


def load(root: str | PathLike[str] | None = None) -> Reasoner:
    """Load what decides: the ontology, the code tables and every policy.

    Parameters
    ----------
    root : path or None
        A folder that holds ``ontology``, ``shapes`` and ``data``. By default what ships with
        the program, which is loaded once.

    Returns
    -------
    Reasoner
        To be handed to ``read``, ``decide`` and ``validate``, from one thread at a time.

    Raises
    ------
    KnowledgeError
        When a file is missing, is not valid Turtle, or breaks the rules it is loaded by.
    """
    if root is None:
        return _shipped()
    from .engine import Reasoner
    from .knowledge.base import load

    return Reasoner(load(Path(root)))


@cache
def _shipped() -> Reasoner:
    from .engine import Reasoner

    # Tests have lowered every policy that ships; here each is when it is first asked.
    return Reasoner(at_once=False)


def read(
    source: bytes | str | PathLike[str],
    *,
    media_type: str | None = None,
    on: date | None = None,
    reasoner: Reasoner | None = None,
) -> Prepared:
    """Read one request, checked from end to end and ready to be judged.

    Parameters
    ----------
    source : bytes or path
        Turtle, N-Triples, JSON-LD or plain JSON, or the file that holds it.
    media_type : str or None
        What it is, such as ``text/turtle``; by default told from its name and its content.
    on : date or None
        Another date of service than the one it states.
    reasoner : Reasoner or None
        What ``load`` returned; by default what ships.

    Raises
    ------
    InputError
        When it cannot be read whole, or contradicts itself: what is wrong, where, and what to
        do about it, without a patient's values.
    OSError
        When the file cannot be opened.
    """
    if isinstance(source, bytes):
        return (reasoner or load()).read(source, media_type=media_type, on=on)
    data = Path(source).read_bytes()
    return (reasoner or load()).read(data, str(source), media_type, on)


def decide(
    request: Prepared,
    *,
    policy: str | None = None,
    payer: str | None = None,
    plan: str | None = None,
    every: bool = False,
    reasoner: Reasoner | None = None,
) -> list[Answer]:
    """Decide a request.

    Parameters
    ----------
    policy, payer, plan : str or None
        The key of one of them. Without any, the payer or plan that the request names decides.
    every : bool
        Ask every policy there is.
    reasoner : Reasoner or None
        What the request was read with.

    Returns
    -------
    list of Answer
        One for each policy that was asked and addresses the request; with ``every``, for each.
        ``decision`` is one of five; ``deciding`` are the criteria that it turns on, with
        their citations; ``missing`` are the sets of criteria whose documentation would settle
        it; ``earliest`` is when to ask again.

    Raises
    ------
    InputError
        When a key does not exist, or nothing says who decides.
    """
    return (reasoner or load()).decide_all(request, policy, payer, plan, every)


def validate(request: Prepared, policy: str, *, reasoner: Reasoner | None = None) -> Report:
    """Report on a request under one policy as SHACL does.

    Parameters
    ----------
    policy : str
        The key of a policy, or of one edition of it: ``payer/policy@edition``.
    reasoner : Reasoner or None
        What the request was read with.

    Raises
    ------
    InputError
        When there is no such policy.
    """
    from .decision.decide import Decision
    from .render.graph import validation_report, written

    (answer,) = decide(request, policy=policy, reasoner=reasoner)
    report = written(validation_report(answer))
    return Report(answer.decision is Decision.COVERED, report)


if not TYPE_CHECKING:
    # Hidden from type checkers, which would let any name pass.

    def __getattr__(name: str) -> object:
        if name == "__version__":
            return import_module(".version", __name__).engine_version()
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)

    def __dir__() -> list[str]:
        return __all__
