"""What a policy is made of once it is lowered: a small tree of criteria.

A leaf judges the request; a composite combines other criteria; a policy is the
conjunction that conforms exactly when a request in its scope is covered. How shapes
become these trees is in ``lowering``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import cached_property

from pyoxigraph import NamedNode

from ..namespaces import COV
from ..triples import Term


class Kind(Enum):
    """How a criterion is made."""

    CORE = "core"
    COMPONENT = "component"
    AFFIRMED = "affirmed fact"
    ABSENT = "absent fact"
    AND = "and"
    OR = "or"


@dataclass(frozen=True)
class Citation:
    """A clause of the payer's document: where it stands and what it says, in our words."""

    clause: NamedNode
    section: str
    place: str
    summary: str


@dataclass(frozen=True)
class Reading:
    """A settled reading: how every policy is read where its document leaves it open."""

    iri: NamedNode
    number: str
    label: str
    text: str


@dataclass(frozen=True)
class Route:
    """A way to a person's decision, open when its grounds are met; always, without grounds."""

    iri: NamedNode
    label: str
    grounds: Criterion | None
    citations: tuple[Citation, ...]


@dataclass(frozen=True, eq=False)
class Criterion:
    """One requirement of a policy.

    Parameters
    ----------
    members : tuple of Criterion
        What a composite combines, in the order of the document; empty for a leaf.
    applies_when : Criterion or None
        For an indication, what says that it is in play.
    otherwise : NamedNode or None
        For a group of indications, the decision when none is in play.
    durations : tuple of str
        The time bounds among a leaf's parameters, as they are written.
    readings : tuple of Reading
        The settled readings it follows, by number.
    component : node or None
        The constraint component that a leaf is made of, if it is made of one.
    """

    iri: NamedNode
    kind: Kind
    label: str
    concern: NamedNode | None
    citations: tuple[Citation, ...]
    interpretation: str
    members: tuple[Criterion, ...] = ()
    applies_when: Criterion | None = None
    otherwise: NamedNode | None = None
    route: Route | None = None
    funded_by: NamedNode | None = None
    is_refusal: bool = False
    durations: tuple[str, ...] = ()
    component: Term | None = None
    readings: tuple[Reading, ...] = ()

    @cached_property
    def is_leaf(self) -> bool:
        return not self.members

    @property
    def name(self) -> str:
        return self.iri.value.rsplit("#", 1)[-1]

    @cached_property
    def order(self) -> tuple[Criterion, ...]:
        """All that has a say in it, itself last, each after what it is made of."""
        found: dict[Criterion, None] = {}

        def visit(criterion: Criterion) -> None:
            if criterion in found:
                return
            for member in criterion.members:
                visit(member)
            if criterion.applies_when:
                visit(criterion.applies_when)
            if criterion.route and criterion.route.grounds:
                visit(criterion.route.grounds)
            found[criterion] = None

        visit(self)
        return tuple(found)

    @cached_property
    def certain_leaves(self) -> frozenset[Criterion]:
        """The leaves without which it does not hold, whatever is chosen."""
        if self.is_leaf:
            return frozenset({self})
        if self.kind is Kind.OR:
            return frozenset()
        return frozenset().union(*[m.certain_leaves for m in self.members])

    @cached_property
    def choices(self) -> tuple[Criterion, ...]:
        """The outermost criteria in it that leave a choice."""
        if self.kind is Kind.OR:
            return (self,)
        return tuple(dict.fromkeys(c for m in self.members for c in m.choices))

    @cached_property
    def is_dated(self) -> bool:
        """Whether a later date of service alone may change what it is worth."""
        return any(c.kind is Kind.COMPONENT for c in self.order)

    @cached_property
    def has_route(self) -> bool:
        """Whether it or anything it combines has a review route."""
        return self.route is not None or any(m.has_route for m in self.members)

    @cached_property
    def has_funding(self) -> bool:
        """Whether it or anything it combines names a funding mechanism."""
        return self.funded_by is not None or any(m.has_funding for m in self.members)


@dataclass(frozen=True, eq=False)
class Policy:
    """One edition of a policy, in force from one date of service to another.

    Parameters
    ----------
    effective_until : date or None
        The last date of service it decides: its own, or the day before the next edition.
    root : Criterion
        The conjunction that conforms exactly when a request in scope is covered.
    """

    iri: NamedNode
    key: str
    label: str
    payer: NamedNode
    payer_label: str
    target: NamedNode
    effective_from: date
    effective_until: date | None
    document: Term | None
    exclusions: tuple[Criterion, ...]
    applies_when: Criterion | None
    root: Criterion

    @cached_property
    def edition(self) -> str:
        return self.effective_from.isoformat()

    @cached_property
    def criteria(self) -> dict[NamedNode, Criterion]:
        """Every criterion that has a say in the decision, in the order of the document."""
        found: dict[NamedNode, Criterion] = {}

        def visit(criterion: Criterion | None) -> None:
            if criterion is None or criterion.iri in found:
                return
            found[criterion.iri] = criterion
            visit(criterion.applies_when)
            for member in criterion.members:
                visit(member)
            if criterion.route:
                visit(criterion.route.grounds)

        for exclusion in self.exclusions:
            visit(exclusion)
        visit(self.applies_when)
        visit(self.root)
        return found

    @cached_property
    def leaves(self) -> tuple[Criterion, ...]:
        return tuple(c for c in self.criteria.values() if c.is_leaf)

    @cached_property
    def columns(self) -> tuple[tuple[Criterion, ...], tuple[tuple[Citation, ...], ...]]:
        """The criteria, and the citations of each."""
        criteria = tuple(self.criteria.values())
        return criteria, tuple(c.citations for c in criteria)

    @cached_property
    def scoping_groups(self) -> tuple[Criterion, ...]:
        """The groups that leave the scope when none of their indications applies."""
        return tuple(c for c in self.root.order if c.otherwise == COV.OutOfScope)

    @cached_property
    def place(self) -> dict[Criterion, int]:
        """From a criterion to its place in the order of the document."""
        return {c: i for i, c in enumerate(self.criteria.values())}

    @cached_property
    def by_name(self) -> tuple[int, ...]:
        """From the place of a criterion to its place in the order of their IRIs."""
        names = [c.iri.value for c in self.place]
        ordered = {name: i for i, name in enumerate(sorted(names))}
        return tuple(ordered[name] for name in names)
