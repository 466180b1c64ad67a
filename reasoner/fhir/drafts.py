"""From one resource to what it states, by the rules of the tables, or to why it states nothing.

A resource is read whole or left out whole. What stands in one that is read and is looked at by no
rule is listed as well, so that nothing falls away unsaid.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..errors import InputError
from ..namespaces import COV, MAP
from .paths import at, codings, day, number
from .resources import Bundle, Resource
from .tables import NO, YES, Need, Read, Rule, Tables

AFFIRMS, DENIES = COV.affirms.value, COV.denies.value
SAID_BY = MAP.saidBy.value
DATE_OF_SERVICE = COV.dateOfService.value
ERROR = "entered-in-error"
TEXT_ONLY = "it has a text and no code; free text is not read"
NO_CODE = "it has no code where one is read"
NO_SYSTEM = "its code names no code system"
NOT_OURS = "no code of it is one that policies look at"


class Said(NamedTuple):
    """One value of a property, and the place that it was read from."""

    property: str
    value: str
    place: str


class Left(NamedTuple):
    """What was not used: its name, its place as FHIRPath, and why."""

    name: str
    place: str
    because: str


@dataclass
class Draft:
    """What one resource, or one item of it, states of one record."""

    rule: Rule
    resource: Resource
    name: str
    place: str
    said: list[Said] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    item: dict[str, Any] = field(default_factory=dict)
    dated: str = ""

    def values(self, p: str) -> list[str]:
        return [s.value for s in self.said if s.property == p]

    def first(self, p: str) -> str:
        return next(iter(self.values(p)), "")


@dataclass
class Reading:
    """What became of a bundle: the drafts, and what was left out."""

    drafts: list[Draft] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


def read_resources(bundle: Bundle, patient: str, tables: Tables, modified: bool) -> Reading:
    """Read every resource that is the patient's.

    Parameters
    ----------
    patient : str
        The name of the one patient.
    modified : bool
        Whether anything in the document carries a modifier extension.
    """
    reading = Reading()
    for resource in bundle.resources:
        reading.left += _contained(resource, tables)
        if resource.kind not in tables.administrative:
            _read(resource, bundle, patient, tables, modified, reading)
    reading.left += [Left(where, where, because) for where, because in bundle.notes]
    return reading


def _read(
    resource: Resource,
    bundle: Bundle,
    patient: str,
    tables: Tables,
    modified: bool,
    reading: Reading,
) -> None:
    rules = tables.rules.get(resource.kind, ())
    if not rules:
        because = tables.never.get(resource.kind, "no mapping reads this type of resource")
        reading.left.append(Left(resource.name, resource.place, because))
        return
    because = left_out(resource, modified) or not_of(patient, resource, rules[0].subject, bundle)
    if because:
        reading.left.append(Left(resource.name, resource.place, because))
        return
    drafts: list[Draft] = []
    left: list[Left] = []
    refused: list[str] = []
    for rule in rules:
        because = unmet(rule, resource)
        if because:
            refused.append(because)
            continue
        for name, place, element in _elements(rule, resource):
            found, why = _drafted(rule, resource, name, place, element, tables, left)
            if found:
                drafts.append(found)
            elif rule.items and rule.is_order:
                left.append(Left(name, place, why))
            else:
                refused.append(why)
    reading.drafts += drafts
    if drafts:
        reading.left += left + _unread(resource, rules, tables)
    elif left:
        reading.left += left
    else:
        reading.left.append(Left(resource.name, resource.place, _weightiest(refused)))


def _contained(resource: Resource, tables: Tables) -> list[Left]:
    """Return the resources within another one: they serve what refers to them, and no more."""
    because = "it is contained in another resource and not read by itself"
    return [
        Left(f"{resource.name}#{inner.get('id', number)}", f"{resource.place}.contained", because)
        for number, inner in enumerate(resource.body.get("contained", ()))
        if inner.get("resourceType") not in tables.administrative
    ]


def _weightiest(reasons: list[str]) -> str:
    """Return the reason that says most of why nothing was read."""
    plain = [r for r in reasons if r not in (NOT_OURS, "")]
    return next(iter(plain), NOT_OURS)


def left_out(resource: Resource, modified: bool) -> str:
    """Return why a resource of whatever type is not to be read; empty where nothing says so."""
    body = resource.body
    if "implicitRules" in body:
        return "it follows rules that are not known here (implicitRules)"
    if modified and _carries_modifier(body):
        return "an extension changes its meaning, and is not known here (modifierExtension)"
    if body.get("status") == ERROR:
        return "it was entered in error"
    verified = body.get("verificationStatus", {})
    for coding in codings(verified, f"{resource.place}.verificationStatus"):
        if coding.code == ERROR:
            return "it was entered in error"
    return ""


def _carries_modifier(element: Any) -> bool:
    if isinstance(element, dict):
        return "modifierExtension" in element or any(
            _carries_modifier(v) for k, v in element.items() if k != "contained"
        )
    return isinstance(element, list) and any(map(_carries_modifier, element))


def not_of(patient: str, resource: Resource, subject: str, bundle: Bundle) -> str:
    """Return why a resource is not known to be the patient's; empty where it is."""
    reference = resource.body.get(subject)
    if reference is None:
        return "it does not say whose it is"
    found = bundle.referred(reference, resource)
    if found is not None:
        return "" if found.name == patient else "it is another patient's"
    text = reference.get("reference") if isinstance(reference, dict) else None
    if text == patient and patient not in bundle.by_name:
        return ""
    return "whose it is cannot be found: its reference leads nowhere in what was sent"


def unmet(rule: Rule, resource: Resource) -> str:
    """Return what a rule asks of a resource and it does not have; empty where all holds."""
    for need in rule.needs:
        values = {v for v, _ in at(resource.body, need.path, resource.place) if _plain(v)}
        if not values & need.values:
            return need.because
    for need in rule.leaves_out:
        if _holds(need, resource):
            return need.because
    return ""


def _holds(need: Need, resource: Resource) -> bool:
    values = {v for v, _ in at(resource.body, need.path, resource.place) if _plain(v)}
    return bool(values & need.values) or any(other in resource.body for other in need.others)


def _plain(value: Any) -> bool:
    return isinstance(value, str | bool)


def _elements(rule: Rule, resource: Resource) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the resource itself, or the items of it that a rule reads one by one."""
    if not rule.items:
        return [(resource.name, resource.place, resource.body)]
    found = []
    for item, place in at(resource.body, (rule.items,), resource.place):
        if not isinstance(item, dict):
            raise InputError("not an object", place)
        sequence = item.get("sequence")
        label = f"{rule.items} {sequence}" if isinstance(sequence, int) else place
        found.append((f"{resource.name} {label}", place, item))
    return found


def _drafted(
    rule: Rule,
    resource: Resource,
    name: str,
    place: str,
    element: dict[str, Any],
    tables: Tables,
    left: list[Left],
) -> tuple[Draft | None, str]:
    """Return what an element states, or why it states nothing."""
    if rule.only_if and not _coded_as(*rule.only_if, element, place, tables):
        return None, NOT_OURS
    draft = Draft(rule, resource, name, place, item=element if rule.items else {})
    draft.said += _coded(element, rule.coded_by, rule.code_to, place, tables)
    if not draft.said:
        return None, _why_not_coded(rule, element, place, tables)
    if rule.said_by:
        answer = _answer(rule, element, place, tables)
        if answer not in (YES, NO):
            return None, "it says neither yes nor no"
        if answer == NO:
            draft.said = [s._replace(property=DENIES) for s in draft.said if _is_exact(s, draft)]
            if not draft.said:
                return None, "that it is not so denies no fact by itself"
    if rule.dated_by and rule.dated_by in element:
        draft.dated = day(element[rule.dated_by], f"{place}.{rule.dated_by}")
    for read in rule.reads:
        _take_over(read, draft, element, tables, left)
    draft.sources.append(name)
    return draft, ""


def _is_exact(said: Said, draft: Draft) -> bool:
    """Return whether a code is the fact itself; of a narrower one a "no" says nothing."""
    found = at(draft.resource.body, draft.rule.coded_by, draft.resource.place)
    return any(
        c.code and said.value == f"{COV}{c.code}" and c.system.rstrip("#") == str(COV).rstrip("#")
        for concept, place in found
        for c in codings(concept, place)
    )


def _coded(
    element: dict[str, Any], path: tuple[str, ...], to: tuple[str, ...], place: str, tables: Tables
) -> list[Said]:
    found: dict[tuple[str, str], Said] = {}
    for concept, where in at(element, path, place):
        for coding in codings(concept, where):
            for p in to:
                for value in tables.means(coding.system, coding.code, p):
                    found.setdefault((p, value), Said(p, value, coding.place))
    return list(found.values())


def _coded_as(
    path: tuple[str, ...], p: str, element: dict[str, Any], place: str, tables: Tables
) -> bool:
    """Return whether an element is coded as a property of ours."""
    for concept, where in at(element, path, place):
        for coding in codings(concept, where):
            system = tables.systems.get(coding.system)
            if system and system.names_in + coding.code == p:
                return True
    return False


def _why_not_coded(rule: Rule, element: dict[str, Any], place: str, tables: Tables) -> str:
    path = rule.only_if[0] if rule.only_if else rule.coded_by
    found = [c for e, where in at(element, path, place) for c in codings(e, where)]
    if not found:
        return TEXT_ONLY if path[0] in element else NO_CODE
    for coding in found:
        system = tables.systems.get(coding.system)
        if system and (because := tables.scores.get((system.iri, coding.code))):
            return because
    if all(not c.system for c in found):
        return NO_SYSTEM
    if all(c.system not in tables.systems for c in found):
        return "its code is of a system that is not read"
    return rule.if_not_coded or NOT_OURS


def _answer(rule: Rule, element: dict[str, Any], place: str, tables: Tables) -> str:
    for key in rule.said_by:
        value = element.get(key)
        if isinstance(value, bool):
            return YES if value else NO
        if value is not None:
            said = _coded(element, (key,), (SAID_BY,), place, tables)
            return said[0].value if len(said) == 1 else ""
    return ""


def _take_over(
    read: Read, draft: Draft, element: dict[str, Any], tables: Tables, left: list[Left]
) -> None:
    for value, place in at(element, read.path, draft.place):
        name = f"{draft.name}.{'.'.join(read.path)}"
        if read.how == "Code":
            said = _coded({"value": value}, ("value",), read.to, place, tables)
            draft.said += [s._replace(place=place) for s in said if s not in draft.said]
            if not said:
                because = "no code of it is one that is read"
                if not list(codings(value, place)):
                    because = "free text is not read"
                left.append(Left(name, place, because))
        elif read.how == "Number":
            draft.said += [Said(p, number(value, place), place) for p in read.to]
        elif read.how == "DayOfPeriod":
            _day_of_period(read, draft, value, place, left)
        else:
            text = day(value, place)
            if DATE_OF_SERVICE in read.to and len(text) < len("2000-01-01"):
                left.append(Left(name, place, "a date of service is a day; this names none"))
            else:
                draft.said += [Said(p, text, place) for p in read.to]


def _day_of_period(read: Read, draft: Draft, value: Any, place: str, left: list[Left]) -> None:
    if not isinstance(value, dict):
        raise InputError("not a Period", place)
    ends = [day(value[end], f"{place}.{end}") for end in ("start", "end") if end in value]
    if len(ends) == 2 and ends[0] == ends[1] and len(ends[0]) == len("2000-01-01"):
        draft.said += [Said(p, ends[0], place) for p in read.to]
    else:
        name = f"{draft.name}.{'.'.join(read.path)}"
        left.append(Left(name, place, "a period of several days is no date of service"))


def _unread(resource: Resource, rules: tuple[Rule, ...], tables: Tables) -> list[Left]:
    """Return what stands in a resource that is used and is looked at by no rule."""
    looked_at = frozenset().union(*(r.elements for r in rules)) | {r.items for r in rules}
    return [
        Left(f"{resource.name}.{key}", f"{resource.place}.{key}", "no mapping reads this element")
        for key in resource.body
        if key.lstrip("_") not in looked_at and key.lstrip("_") not in tables.elements
    ]
