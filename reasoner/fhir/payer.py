"""Who pays: the payer or the plan that a bundle's coverage names by an identifier.

Names are never matched, and of several coverages none is picked: where it cannot be told, the
caller says who decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyoxigraph import NamedNode

from .. import days
from ..errors import InputError
from ..triples import Node
from .drafts import Left, left_out, not_of
from .orders import Order
from .paths import at, day
from .resources import Bundle, Resource
from .tables import Tables


def coverages(
    order: Order, service: str, bundle: Bundle, patient: str, modified: bool, out: list[Left]
) -> list[Resource]:
    """Return the coverages that may pay on a day: those that the order names, else all."""
    found = []
    for coverage in bundle.of("Coverage"):
        because = (
            left_out(coverage, modified)
            or not_of(patient, coverage, "beneficiary", bundle)
            or _not_active(coverage, service)
        )
        if because:
            out.append(Left(coverage.name, coverage.place, because))
        else:
            found.append(coverage)
    named = {id(c.body) for c in _named_by(order, bundle)}
    return [c for c in found if id(c.body) in named] if named else found


def _not_active(coverage: Resource, service: str) -> str:
    if coverage.body.get("status") != "active":
        return "it is not active"
    period = coverage.body.get("period", {})
    if not isinstance(period, dict):
        raise InputError("not a Period", f"{coverage.place}.period")
    start = day(period["start"], f"{coverage.place}.period.start") if "start" in period else ""
    end = day(period["end"], f"{coverage.place}.period.end") if "end" in period else ""
    if (end and days.ends(end)[1] < service) or (start and days.ends(start)[0] > service):
        return "it is not in force on the date of service"
    return ""


def _named_by(order: Order, bundle: Bundle) -> list[Resource]:
    found = []
    for part in order.parts:
        for insurance, _ in at(part.resource.body, ("insurance",), part.resource.place):
            reference = insurance
            if isinstance(insurance, dict) and "coverage" in insurance:
                if insurance.get("focal") is False:
                    continue
                reference = insurance["coverage"]
            coverage = bundle.referred(reference, part.resource)
            if coverage is not None and coverage.kind == "Coverage":
                found.append(coverage)
    return found


def payer_of(
    found: list[Resource],
    bundle: Bundle,
    tables: Tables,
    known: Mapping[str, Node],
    out: list[Left],
) -> tuple[NamedNode | None, tuple[str, ...]]:
    """Return the payer or plan that the one coverage names, with the names of its resources.

    Parameters
    ----------
    known : mapping
        From the keys of payers and plans to what they stand for.
    """
    if len(found) != 1:
        because = "several coverages are active; none is picked"
        out += [Left(c.name, c.place, because) for c in found]
        return None, ()
    (coverage,) = found
    keys: dict[str, str] = {}
    for payor, place in at(coverage.body, ("payor",), coverage.place):
        organization = bundle.referred(payor, coverage)
        for body, name in ((payor, coverage.name), _body_of(organization)):
            for key in _keys(body, place, tables):
                keys.setdefault(key, name)
    keys = {key: name for key, name in keys.items() if key in known}
    if len(keys) != 1:
        because = (
            "its payer goes by no identifier of data/fhir/payers.ttl"
            if not keys
            else "its payer goes by identifiers of several"
        )
        out.append(Left(coverage.name, coverage.place, because))
        return None, ()
    ((key, name),) = keys.items()
    node = known[key]
    assert isinstance(node, NamedNode)
    return node, tuple(dict.fromkeys((coverage.name, name)))


def _body_of(organization: Resource | None) -> tuple[Any, str]:
    return (organization.body, organization.name) if organization else ({}, "")


def _keys(body: Any, place: str, tables: Tables) -> list[str]:
    """Return the keys that identifiers stand for."""
    found = []
    for identifier, _ in at(body, ("identifier",), place):
        if not isinstance(identifier, dict):
            raise InputError("not an Identifier", place)
        system, value = identifier.get("system"), identifier.get("value")
        if not isinstance(system, str) or not isinstance(value, str):
            continue
        if system in tables.key_systems:
            found.append(value)
        elif (system, value) in tables.payers:
            found.append(tables.payers[system, value])
    return found
