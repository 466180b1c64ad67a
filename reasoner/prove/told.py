"""Answers in words: what was asked, what was found, and a patient told record by record."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from pyoxigraph import NamedNode

from .. import days
from ..knowledge.base import Knowledge
from ..namespaces import CODE, COV, SKOS
from ..plain import HAS_CODE, HAS_KIND, HAS_PAIN, LASTED, PERFORMED_ON, RELIEF_PERCENT
from .asked import COMPLETE_FOR, PARTIAL_FOR
from .questions import Answered, Cell, Finding, Outcome, Within
from .world import Bounds
from .write import Statement, Written

CALLED = {
    "request": "request",
    "patient": "patient",
    "procedure": "requested procedure",
    "pain": "pain",
    "earlier": "earlier procedure",
    "course": "course of therapy",
    "planned": "procedure planned beside it",
}
# What is told in another way, or tells nothing by itself.
LINKS = frozenset(
    {"a", HAS_PAIN, *(p.value for p in (COV.underwent, COV.hadTherapy, COV.alsoPlanned))}
    | {p.value for p in (COV.requestsProcedure, COV.hasPatient)}
)
FIRST = (HAS_CODE, HAS_KIND, PERFORMED_ON, RELIEF_PERCENT)


def told(answered: Answered, knowledge: Knowledge) -> Iterator[str]:
    """Yield an answer line by line."""
    yield answered.question
    yield f"  {answered.verdict}"
    for finding in answered.findings:
        yield ""
        yield from _finding(finding, knowledge)
    yield ""
    yield from bounds_told(answered.within)


def _finding(finding: Finding, knowledge: Knowledge) -> Iterator[str]:
    if finding.criterion is not None and finding.patient is None:
        yield f"{finding.what}: {finding.criterion.label} ({finding.criterion.name})"
        if finding.outcome is Outcome.NOT_KNOWN:
            yield f"  {finding.outcome.value}"
        return
    yield f"{finding.what}: {finding.outcome.value}"
    if finding.patient is not None:
        yield from (f"  {line}" for line in patient(finding.patient, knowledge))


def bounds_told(within: Within) -> Iterator[str]:
    """Yield the bounds that an answer holds in."""
    b: Bounds = within.bounds
    yield (
        f"Bounds: date of service {within.service.isoformat()}; at most {b.sessions} earlier"
        f" procedures, {b.courses} courses of therapy, {b.planned} other procedures planned."
    )
    if b.sessions < within.sessions_needed:
        yield (
            f"That {b.sessions} earlier procedures are enough is assumed: by the trees of the"
            f" policies {within.sessions_needed} are surely enough."
        )
    else:
        yield "By the trees of the policies no more earlier procedures are ever needed."
    yield (
        "Each procedure has one code or one kind; lists are stated whole or not at all; nerves,"
        " ages in years and lengths in months are left out."
    )


def patient(request: Written, knowledge: Knowledge) -> Iterator[str]:
    """Yield a patient in words, one line for each record."""
    by_record: dict[str, list[Statement]] = {}
    for s in request.statements:
        by_record.setdefault(s.record, []).append(s)
    for name, said in by_record.items():
        kind, _, which = name.partition("-")
        told_ = list(_told_of(said, knowledge))
        if told_:
            number = f" {int(which) + 1}" if which.isdigit() else ""
            yield f"{CALLED[kind]}{number}: {'; '.join(told_)}"


def _told_of(said: Sequence[Statement], knowledge: Knowledge) -> Iterator[str]:
    told_: dict[str, list[str]] = {}
    for s in sorted(said, key=lambda s: FIRST.index(s.property) if s.property in FIRST else 9):
        if s.property not in LINKS:
            told_.setdefault(s.property, []).append(_value(s, knowledge))
    for p, values in told_.items():
        label = knowledge.label(NamedNode(p))
        if p in (COMPLETE_FOR, PARTIAL_FOR):
            label = "these are all" if p == COMPLETE_FOR else "known only in part"
        yield f"{label} {', '.join(values)}"


def _value(s: Statement, knowledge: Knowledge) -> str:
    if s.property == LASTED:
        return days.spoken(s.value.split('"')[1])
    if s.value.startswith('"'):
        return s.value.split('"')[1]
    prefix, _, local = s.value.partition(":")
    if not local:
        return f"{s.value} %" if s.property == RELIEF_PERCENT else s.value
    node = NamedNode(f"{CODE if prefix == 'code' else COV}{local}")
    return knowledge.triples.text(node, SKOS.notation) or knowledge.label(node)


def as_data(answered: Answered) -> dict[str, Any]:
    """Return an answer as plain data."""
    return {
        "question": answered.question,
        "answer": answered.verdict,
        "findings": [
            {
                "what": f.what,
                "outcome": f.outcome.name.lower().replace("_", "-"),
                "criterion": f.criterion.iri.value if f.criterion else None,
                "request": f.patient.turtle if f.patient else None,
            }
            for f in answered.findings
        ],
        "within": {
            "dateOfService": answered.within.service.isoformat(),
            "earlierProcedures": answered.within.bounds.sessions,
            "coursesOfTherapy": answered.within.bounds.courses,
            "plannedProcedures": answered.within.bounds.planned,
            "earlierProceduresNeeded": answered.within.sessions_needed,
        },
    }


# --- a matrix ------------------------------------------------------------------------------------


def table(cells: Sequence[Cell]) -> Iterator[str]:
    """Yield a matrix as lines: whether the policy on top covers all that the one beside it does."""
    keys = list(dict.fromkeys(c.first.key for c in cells))
    found = {(c.first.key, c.second.key): c.found.outcome for c in cells}
    marks = {Outcome.NEVER: "all", Outcome.PATIENT: "not all", Outcome.NOT_KNOWN: "?"}
    width = max(map(len, keys)) + 2
    yield " " * width + "".join(f"{n + 1:>9}" for n in range(len(keys)))
    for n, key in enumerate(keys):
        row = (marks[found[key, other]] if other != key else "-" for other in keys)
        yield f"{n + 1} {key:<{width - 2}}" + "".join(f"{mark:>9}" for mark in row)


def comma_separated(cells: Sequence[Cell]) -> str:
    """Return a matrix as CSV, one row a cell, a patient in each that has one."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["covered by", "and by", "answer", "request"])
    for c in cells:
        request = c.found.patient.turtle if c.found.patient else ""
        writer.writerow([c.first.key, c.second.key, c.found.outcome.value, request])
    return out.getvalue()


def strictest_first(cells: Sequence[Cell]) -> Iterator[str]:
    """Yield the policies, those first whose covered patients others cover as well."""
    keys = list(dict.fromkeys(c.first.key for c in cells))
    within = {
        key: [
            c.second.key for c in cells if c.first.key == key and c.found.outcome is Outcome.NEVER
        ]
        for key in keys
    }
    for key in sorted(keys, key=lambda k: (-len(within[k]), k)):
        if within[key]:
            yield f"{key}: whom it covers is covered by {', '.join(within[key])} too"
    apart = [key for key in keys if not within[key]]
    if apart:
        yield f"each covers somebody whom every other does not: {', '.join(apart)}"
