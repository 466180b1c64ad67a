"""The components: how each is made from what a leaf gives it, and how it is judged.

A component is two files: its Turtle under ``shapes/components``, which declares its
parameters and what it reads, and a module here of the same name, whose ``COMPONENTS`` says
by the component's local name how its expression is made. The expression has ``judging``,
which says the same as the component's SPARQL validator, and with ``open`` the same as its
twin. Everything else follows from the two; the other modules are what several share.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from ...errors import KnowledgeError
from ...knowledge.base import Knowledge
from ...namespaces import local_name
from ...policies.algebra import Expression, OfComponent
from ...policies.components import components_of
from .given import Given, Judging, Making

__all__ = ["Given", "Judging", "judging", "made", "makers", "refuse_unmatched"]


@cache
def makers() -> dict[str, Making]:
    """Return how the expression of each component is made, by its local name."""
    found: dict[str, Making] = {}
    for module in iter_modules(__path__):
        found |= getattr(import_module(f".{module.name}", __name__), "COMPONENTS", {})
    return found


def made(component: str, given: Given) -> OfComponent:
    """Return the expression of a component for what a leaf gives it.

    Raises
    ------
    KnowledgeError
        When no module here makes one.
    """
    name = local_name(component)
    if name not in makers():
        raise KnowledgeError(f"{name} has no module in judge/components")
    return makers()[name](given)


def judging(e: Expression) -> Judging | None:
    """Return what judges the expression of a component; None for any other expression."""
    making = getattr(e, "judging", None)
    return making() if making else None


def refuse_unmatched(knowledge: Knowledge) -> None:
    """Refuse a component that is described without being judged, or judged without being described.

    Raises
    ------
    KnowledgeError
        The message names it.
    """
    described = {local_name(component.value) for component in components_of(knowledge)}
    for name in sorted(described - makers().keys()):
        raise KnowledgeError(f"{name} has no module in judge/components")
    for name in sorted(makers().keys() - described):
        raise KnowledgeError(f"{name} has a module, and no Turtle in shapes/components")
