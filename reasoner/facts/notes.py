"""What a coder should look at: codes that do not fit what is stated, or are set aside.

A note refuses nothing and decides nothing. It is a function of what a request states and of
the code tables alone, so that every way in and every policy gives the same notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from pyoxigraph import NamedNode

from ..knowledge.coding import Coding
from ..namespaces import SKOS
from ..plain import (
    ALSO_PLANNED,
    HAS_CODE,
    HAS_DIAGNOSIS,
    HAS_KIND,
    NONE,
    ON_SIDE,
    PERFORMED_ON,
    TREATS_LEVEL,
    Said,
    day_of,
)
from ..request.coding import code_notes
from .defaults import TREATS_NERVE, in_order, joints_of
from .layout import Facts


class Note(NamedTuple):
    """A remark on codes, and the terms it is about, as IRIs."""

    text: str
    about: tuple[str, ...]


def notes_of(facts: Facts, coding: Coding) -> tuple[Note, ...]:
    """Return the coding notes on a request: the requested procedure first, then the others."""
    found: list[Note] = []
    planned = sorted(str(n) for n in facts.records[facts.iri].get(ALSO_PLANNED, NONE))
    earlier = [s.node for s in sorted(facts.earlier, key=lambda s: (s.on, s.node))]
    for node in (facts.procedure_iri, *earlier, *planned):
        if stated := facts.stated.get(node):
            where = "" if node == facts.procedure_iri else _place(stated, node in planned)
            made = _on_procedure(stated, facts, node, coding)
            found += [Note(where + note.text, note.about) for note in made]
    diagnoses = facts.stated.get(facts.patient_iri, {}).get(HAS_DIAGNOSIS, NONE)
    day = date.fromisoformat(facts.day)
    for diagnosis in sorted(str(d) for d in diagnoses):
        for text in code_notes([NamedNode(diagnosis)], day, coding.knowledge):
            found.append(Note(text, (diagnosis,)))
    return tuple(dict.fromkeys(found))


def _place(stated: Said, planned: bool) -> str:
    if planned:
        return "planned procedure: "
    day = day_of(stated, PERFORMED_ON)
    return f"earlier procedure of {day}: " if day else "earlier procedure: "


def _on_procedure(stated: Said, facts: Facts, node: str, coding: Coding) -> Iterator[Note]:
    means = [*in_order(stated.get(HAS_CODE, NONE), coding), *map(str, stated.get(HAS_KIND, NONE))]
    levels = sorted(str(v) for v in stated.get(TREATS_LEVEL, NONE))
    yield from _set_aside(means, coding)
    yield from _overruled(means, stated, facts, node, coding)
    if TREATS_NERVE in stated:
        nerves = sorted(str(n) for n in stated[TREATS_NERVE])
        yield from _on_nerves(nerves, levels, coding)
        levels = levels or joints_of(nerves, coding)
    if levels:
        yield from _on_levels(means, levels, len(stated.get(ON_SIDE, NONE)) > 1, coding)


def _set_aside(means: Iterable[str], coding: Coding) -> Iterator[Note]:
    for code in means:
        if code in coding.companions:
            text = f"{_name(code, coding)} ({_label(code, coding)}) goes with the procedure and is"
            stands = [_label(v, coding) for _, v in coding.implied.get(code, ())]
            said = f"; it states {' and '.join(stands)}" if stands else ""
            yield Note(f"{text} set aside{said}", (code,))


def _overruled(
    means: Iterable[str], stated: Said, facts: Facts, node: str, coding: Coding
) -> Iterator[Note]:
    """Yield where a code stands for one thing and the record, or a companion, says another."""
    defaults = facts.defaults.get(node, ())
    for meaning in means:
        for p, value in coding.implied.get(meaning, ()):
            given = {str(v): "" for v in stated.get(p, NONE)}
            by_companion = {
                f.value: f.because[0]
                for f in defaults
                if f.property == p and f.because[0] in coding.companions
            }
            for other, code in sorted({**by_companion, **given}.items()):
                if meaning != code and coding.excluded(value, other):
                    yield _differs(meaning, value, other, code, coding)


def _differs(meaning: str, value: str, other: str, companion: str, coding: Coding) -> Note:
    said = f"stated by {_name(companion, coding)} is" if companion else "stated is"
    text = f"{_name(meaning, coding)} stands for {_label(value, coding)}, {said}"
    text += f" {_label(other, coding)}"
    about = [meaning, value, other]
    if other in coding.coded_as and coding.coded_as[other] != meaning:
        text += f", which is reported with {_name(coding.coded_as[other], coding)}"
        about.append(coding.coded_as[other])
    return Note(text, tuple(about))


def _on_nerves(nerves: list[str], levels: list[str], coding: Coding) -> Iterator[Note]:
    supplied = joints_of(nerves, coding)
    if levels and supplied and supplied != levels:
        text = f"the nerves stated supply {_listed(supplied, coding)}, the levels stated are"
        yield Note(f"{text} {_listed(levels, coding)}", (*supplied, *levels))
    whole = {n for joint in (supplied or levels) for n in coding.nerves.get(joint, ())}
    joints = [j for j, of in coding.nerves.items() if j not in coding.levels and of & {*nerves}]
    whole |= {n for joint in joints for n in coding.nerves[joint]}
    for nerve in nerves:
        if nerve not in whole:
            text = f"the nerve {_label(nerve, coding)} is left over: no joint has all its nerves"
            yield Note(f"{text} stated with it", (nerve,))


def _on_levels(
    means: list[str], levels: list[str], both_sides: bool, coding: Coding
) -> Iterator[Note]:
    """Yield a note where codes and levels disagree in number."""
    counted = sorted(
        (c for c in means if c in coding.counts), key=lambda c: (coding.counts[c][1].start, c)
    )
    ranges = [coding.counts[c][1] for c in counted]
    numbers = range(1, len(levels) + 1)
    covered = all(any(n in r for r in ranges) for n in numbers)
    if not counted or (covered and all(r.start in numbers for r in ranges)):
        return
    stands = [f"{_name(c, coding)} for {_count(c, coding)}" for c in counted]
    stands[0] = stands[0].replace(" for ", " stands for ", 1)
    are = "level is" if len(levels) == 1 else "levels are"
    text = f"{_joined(stands)}; {len(levels)} {are} stated ({_listed(levels, coding)})"
    if both_sides:
        text += "; both sides of a level are one"
    others = [
        c
        for primary in counted
        for c in coding.add_ons.get(primary, ())
        if c in coding.counts and c not in counted
        if any(n in coding.counts[c][1] and all(n not in r for r in ranges) for n in numbers)
    ]
    if others:
        more = [f"{_name(c, coding)} for {_count(c, coding)}" for c in others]
        text += f"; there is {_joined(more)}"
    yield Note(text, (*counted, *others, *levels))


def _name(term: str, coding: Coding) -> str:
    """Return a code as people write it, or a kind by its label."""
    node = NamedNode(term)
    return coding.knowledge.triples.text(node, SKOS.notation) or _label(term, coding)


def _label(term: str, coding: Coding) -> str:
    return coding.knowledge.label(NamedNode(term))


def _count(code: str, coding: Coding) -> str:
    return coding.knowledge.label(coding.counts[code][0])


def _listed(terms: Iterable[str], coding: Coding) -> str:
    return ", ".join(_label(t, coding) for t in terms)


def _joined(parts: list[str]) -> str:
    return " and ".join(p for p in (", ".join(parts[:-1]), parts[-1]) if p)
