"""Which procedures a bundle asks for: one request for each.

A procedure comes as a ServiceRequest, as an item of a claim, or as both; its add-on codes,
the second code of an implant and codes for imaging come as orders of their own. What belongs
together is joined here, and what cannot be told to belong to one order is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pyoxigraph import NamedNode

from ..errors import InputError
from ..knowledge import codes
from ..knowledge.base import Knowledge
from ..namespaces import COV
from .drafts import DATE_OF_SERVICE, Draft, Left, Said, left_out
from .paths import at, day
from .resources import Bundle, Resource

HAS_CODE, HAS_KIND = COV.hasProcedureCode.value, COV.hasKind.value
# What lies open: an appointment that will take place, or did.
BOOKED = frozenset({"proposed", "pending", "booked", "arrived", "checked-in", "waitlist"})


@dataclass(frozen=True)
class Order:
    """One procedure that is asked for.

    Parameters
    ----------
    name : str
        The order that leads: ``ServiceRequest/sr1`` or ``Claim/c1 item 1``.
    parts : tuple of Draft
        Everything that is of this procedure, the leading one first.
    """

    name: str
    place: str
    parts: tuple[Draft, ...]
    said: tuple[Said, ...] = field(repr=False)
    day: str = ""

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(s.value for s in self.said if s.property in (HAS_CODE, HAS_KIND))

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part.name for part in self.parts))


def orders_of(
    drafts: list[Draft], bundle: Bundle, knowledge: Knowledge, modified: bool, left: list[Left]
) -> list[Order]:
    """Return the procedures that are asked for, in the order of the document.

    Raises
    ------
    InputError
        When an add-on code may belong to several orders.
    """
    booked = _booked(drafts, bundle, modified, left)
    leading = [d for d in drafts if _primary(d, knowledge)]
    found: list[Order] = []
    for draft in leading:
        order = _order(draft, booked)
        same = next((o for o in found if _is_same(o, order, knowledge)), None)
        if same is None:
            found.append(order)
        else:
            found[found.index(same)] = _joined(same, order)
    for draft in drafts:
        if draft not in leading:
            _attach(draft, _order(draft, booked), found, knowledge, left)
    return found


def chosen(orders: list[Order], name: str) -> list[Order]:
    """Return the order that goes by a name: of its resource, or of its item.

    Raises
    ------
    InputError
        When there is none, or more than one.
    """
    fits = [o for o in orders if any(_fits(part, name) for part in o.parts)]
    if not fits:
        hint = f"there are: {', '.join(o.name for o in orders)}" if orders else ""
        raise InputError("no order of a procedure goes by the name that was given", hint=hint)
    return fits


def _fits(part: Draft, name: str) -> bool:
    return name in (part.name, part.resource.name, part.resource.name.rpartition("/")[2])


def planned_with(order: Order, orders: list[Order]) -> list[Order]:
    """Return the other procedures of the visit; one without a day may be of it."""
    return [
        o for o in orders if o is not order and (not o.day or not order.day or o.day == order.day)
    ]


def _primary(draft: Draft, knowledge: Knowledge) -> bool:
    if draft.values(HAS_KIND):
        return True
    primary, _ = codes.add_ons(map(NamedNode, draft.values(HAS_CODE)), knowledge)
    return bool(primary)


def _order(draft: Draft, booked: dict[str, Said]) -> Order:
    said = [s for s in draft.said if s.property != DATE_OF_SERVICE]
    when = next((s for s in draft.said if s.property == DATE_OF_SERVICE), None)
    when = booked.get(draft.resource.name, when)
    return Order(draft.name, draft.place, (draft,), tuple(said), when.value if when else "")


def _is_same(one: Order, other: Order, knowledge: Knowledge) -> bool:
    """Return whether two orders are of one procedure."""
    alike = bool(one.codes & other.codes) or _go_together(one, other, knowledge)
    if not alike:
        return False
    if one.day and other.day:
        return one.day == other.day
    # A claim beside the order that it is for; of two orders alike one may be for another day.
    kinds = {part.resource.kind for part in (*one.parts, *other.parts)}
    return len(kinds) > 1 or one.parts[0].resource is other.parts[0].resource


def _go_together(one: Order, other: Order, knowledge: Knowledge) -> bool:
    return any(
        NamedNode(b) in knowledge.triples.objects(NamedNode(a), COV.goesWith)
        for a in one.codes
        for b in other.codes
    )


def _joined(one: Order, other: Order) -> Order:
    there = {(s.property, s.value) for s in one.said}
    more = [s for s in other.said if (s.property, s.value) not in there]
    return replace(
        one,
        parts=(*one.parts, *other.parts),
        said=(*one.said, *more),
        day=one.day or other.day,
    )


def _attach(
    draft: Draft, order: Order, found: list[Order], knowledge: Knowledge, left: list[Left]
) -> None:
    """Add an order for add-on or companion codes to the one that it goes with."""
    _, add_ons = codes.add_ons(map(NamedNode, draft.values(HAS_CODE)), knowledge)
    to = {p.value for a in add_ons for p in knowledge.triples.objects(a, COV.addOnTo)}
    fits = [
        o
        for o in found
        if (not add_ons or o.codes & to) and (not o.day or not order.day or o.day == order.day)
    ]
    if len(fits) == 1:
        found[found.index(fits[0])] = _joined(fits[0], order)
    elif fits and add_ons:
        raise InputError("an add-on code may belong to several orders", draft.place)
    else:
        because = "its code only goes with another, and that is not asked for here"
        left.append(Left(draft.name, draft.place, because))


def _booked(
    drafts: list[Draft], bundle: Bundle, modified: bool, left: list[Left]
) -> dict[str, Said]:
    """Return the day of the appointment that an order has, by the name of its resource."""
    found: dict[str, Said] = {}
    ours = {id(d.resource.body): d.resource for d in drafts}
    for appointment in bundle.of("Appointment"):
        basis = _basis(appointment, bundle, ours)
        if not basis:
            continue
        mine = (appointment.name, appointment.place)
        left[:] = [entry for entry in left if entry.place != appointment.place]
        if because := left_out(appointment, modified):
            left.append(Left(*mine, because))
        elif appointment.body.get("status") not in BOOKED:
            left.append(Left(*mine, "it is not going to take place"))
        elif "start" in appointment.body:
            place = f"{appointment.place}.start"
            when = day(appointment.body["start"], place)
            for order in basis:
                if order.name in found and found[order.name].value != when:
                    raise InputError("an order has appointments on several days", place)
                found[order.name] = Said(DATE_OF_SERVICE, when, place)
        else:
            left.append(Left(*mine, "it does not say when"))
    return found


def _basis(appointment: Resource, bundle: Bundle, ours: dict[int, Resource]) -> list[Resource]:
    found = []
    for reference, _ in at(appointment.body, ("basedOn",), appointment.place):
        order = bundle.referred(reference, appointment)
        if order is not None and id(order.body) in ours:
            found.append(ours[id(order.body)])
    return found
