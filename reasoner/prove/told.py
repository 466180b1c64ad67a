"""Answers in words: what was asked, what was found, and a patient told record by record."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from pyoxigraph import NamedNode

from .. import days
from ..decision.decide import Decision
from ..knowledge.base import Knowledge
from ..namespaces import CODE, COV, SKOS
from ..plain import (
    AFFIRMS,
    DENIES,
    HAS_CODE,
    HAS_KIND,
    HAS_PAIN,
    IN_REGION,
    IS_FOR,
    LASTED,
    ON_SIDE,
    PERFORMED_ON,
    RELIEF_PERCENT,
    TREATS_LEVEL,
    TREATS_REGION,
    USES_TECHNIQUE,
)
from .asked import COMPLETE_FOR, PARTIAL_FOR
from .changing import Changes, Way
from .many import Cell
from .questions import Answered, Finding, Outcome, Within
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
SAID = {
    AFFIRMS: "affirmed:",
    DENIES: "denied:",
    HAS_CODE: "code",
    HAS_KIND: "kind",
    TREATS_LEVEL: "level",
    TREATS_REGION: "in the",
    IN_REGION: "in the",
    USES_TECHNIQUE: "technique",
    ON_SIDE: "side",
    IS_FOR: "for",
}
FIRST = (HAS_CODE, HAS_KIND, IN_REGION, TREATS_REGION, TREATS_LEVEL, PERFORMED_ON, RELIEF_PERCENT)


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
    yield f"{finding.what}: {finding.outcome.value}"
    if finding.acknowledged:
        yield f"  the policy says why it stays: {finding.acknowledged}"
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
            '"Never" is only said where so many earlier procedures are surely enough, by the'
            f" trees of the policies; {within.sessions_needed} are enough for any answer."
        )
    else:
        yield "By the trees of the policies no more earlier procedures are ever needed."
    yield "That so many courses of therapy and planned procedures are enough is assumed."
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
    for s in sorted(
        said, key=lambda s: FIRST.index(s.property) if s.property in FIRST else len(FIRST)
    ):
        if s.property not in LINKS:
            told_.setdefault(s.property, []).append(_value(s, knowledge))
    for p, values in told_.items():
        label = SAID.get(p) or knowledge.label(NamedNode(p))
        if p in (COMPLETE_FOR, PARTIAL_FOR):
            label = "these are all" if p == COMPLETE_FOR else "known only in part"
        yield f"{label} {', '.join(values)}"


def _place(s: Statement) -> int:
    return FIRST.index(s.property) if s.property in FIRST else len(FIRST)


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


def changes_told(changes: Changes, key: str, knowledge: Knowledge) -> Iterator[str]:
    """Yield what would turn the answer on a request."""
    yield f"{key} decides: {changes.decision.value}"
    if changes.decision is Decision.COVERED:
        return
    for way in changes.ways:
        yield ""
        yield f"{way.kind.value}: it would be covered if"
        yield from (f"  {line}" for line in _way(way, knowledge))
    if changes.earliest is not None:
        day, then = changes.earliest.day.isoformat(), changes.earliest.decision.value
        yield f"\nwait until {day}: then {then}, all else equal"
    elif not changes.ways and changes.is_known:
        yield "\nnone, whatever is documented, waited or planned"
    if not changes.is_known:
        yield "\nmore may be possible: not all was known within the budget"
    yield "\nThis says what the policy would need. State only what is so."


def _way(way: Way, knowledge: Knowledge) -> Iterator[str]:
    for words, some in (("the record said", way.added), ("it did not say", way.dropped)):
        by_record: dict[str, list[Statement]] = {}
        for s in some:
            by_record.setdefault(s.record, []).append(s)
        for name, said in by_record.items():
            told_ = list(_told_of(said, knowledge))
            if told_:
                kind, _, which = name.partition("-")
                number = f" {int(which) + 1}" if which.isdigit() else ""
                yield f"{words} of the {CALLED[kind]}{number}: {'; '.join(told_)}"


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
                "acknowledged": f.acknowledged or None,
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


def mark(cell: Cell) -> str:
    """Return in a word what the second policy makes of those whom the first covers."""
    if cell.covers.outcome is not Outcome.PATIENT:
        return "nobody" if cell.covers.outcome is Outcome.NEVER else "not known"
    found = {"refuses": cell.refuses, "asks": cell.asks, "silent": cell.silent}
    for word, finding in found.items():
        if finding.outcome is Outcome.PATIENT:
            return word
    unknown = any(f.outcome is not Outcome.NEVER for f in found.values())
    return "not known" if unknown else "covers"


def table(cells: Sequence[Cell]) -> Iterator[str]:
    """Yield a matrix as lines: what the policy on top makes of whom the one beside it covers."""
    keys = list(dict.fromkeys(c.first.key for c in cells))
    marks = {(c.first.key, c.second.key): mark(c) for c in cells}
    width = max(map(len, keys)) + 4
    yield " " * width + "".join(f"{n + 1:>10}" for n in range(len(keys)))
    for n, key in enumerate(keys):
        row = (marks.get((key, other), "-") for other in keys)
        yield f"{n + 1:>2} {key:<{width - 3}}" + "".join(f"{word:>10}" for word in row)


def comma_separated(cells: Sequence[Cell]) -> str:
    """Return a matrix as CSV, one row a cell, with a patient where there is one."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["covered by", "asked of", "answer", "request"])
    for c in cells:
        found = [f.patient for f in (c.refuses, c.asks, c.silent) if f.patient]
        writer.writerow([c.first.key, c.second.key, mark(c), found[0].turtle if found else ""])
    return out.getvalue()


def strictest_first(cells: Sequence[Cell]) -> Iterator[str]:
    """Yield the policies in words, those first whose covered patients few others refuse."""
    keys = list(dict.fromkeys(c.first.key for c in cells))
    marks = {(c.first.key, c.second.key): mark(c) for c in cells}
    # Only what was proven is said.
    never = {
        (c.first.key, c.second.key)
        for c in cells
        if c.refuses.outcome is Outcome.NEVER and c.covers.outcome is Outcome.PATIENT
    }
    kept = {key: [o for o in keys if (key, o) in never] for key in keys}
    for key in sorted(keys, key=lambda k: (-len(kept[k]), k)):
        if kept[key]:
            yield f"nobody whom {key} covers is refused by {', '.join(kept[key])}"
    for words, word in (("covers nobody here", "nobody"), ("", "refuses")):
        some = [k for k in keys if all(marks[k, o] == word for o in keys if o != k)]
        if some and words:
            yield f"{words}: {', '.join(some)}"
        elif some:
            yield f"each covers somebody whom every other refuses: {', '.join(some)}"
