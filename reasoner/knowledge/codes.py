"""Which codes there are, and what the tables say of them.

Codes that a policy or the ontology speaks of stand in Turtle tables. All of ICD-10-CM,
with the days on which each code is valid, is a plain table beside them, read when a
request first names a diagnosis that no Turtle has, or when validity is asked. What
family a code or a kind belongs to is read from the axioms that define the procedure
classes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from itertools import combinations

from pyoxigraph import NamedNode

from ..namespaces import CODE, COV, OWL
from ..triples import Node, Term
from .base import Knowledge
from .releases import releases, spelled

# What may be a code with a slip in it; the rest may be anything of a patient's.
_LIKE_A_CODE = re.compile(r"(?=.*[0-9])[0-9A-Z][0-9A-Z .,-]{1,8}")


def plain(code: Term) -> str:
    """Return the code as people write it."""
    return code.value.removeprefix(CODE)


def canonical(code: Term) -> Term:
    """Return a diagnosis code in its one form: in capitals, with its dot."""
    return CODE[spelled(plain(code))] if code.value.startswith(CODE) else code


def is_untabled(code: Term, knowledge: Knowledge) -> bool:
    """Return whether a code is a diagnosis of some release that no Turtle table has."""
    if not code.value.startswith(CODE) or knowledge.triples.types(code):
        return False
    return plain(code) in releases(knowledge.root)


def is_known(code: Term, cls: NamedNode, knowledge: Knowledge) -> bool:
    """Return whether a code exists, or once existed, in the system of a class."""
    if knowledge.is_a(code, cls):
        return True
    return cls == COV.DiagnosisCode and is_untabled(code, knowledge)


def nearest(code: Term, cls: NamedNode, knowledge: Knowledge) -> list[str]:
    """Return up to three codes of a class that a mistyped one may stand for.

    One digit makes another procedure, in another region. So a procedure code is only offered
    for one that differs in nothing but capitals and blanks.
    """
    written = plain(code).upper()
    if not _LIKE_A_CODE.fullmatch(written):
        return []
    pool = {plain(c) for c in knowledge.instances_of(cls)}
    if cls == COV.ProcedureCode:
        bare = "".join(c for c in written if c.isalnum())
        return [c for c in sorted(pool) if c.upper() == bare]
    if cls == COV.DiagnosisCode:
        # A diagnosis code is wrong in its tail more often than in its category.
        pool = {c for c in pool if c[:3] == written[:3]}
        pool |= set(releases(knowledge.root).category(written))
    by_capitals = {c.upper(): c for c in sorted(pool)}
    found = get_close_matches(written, sorted(by_capitals), n=3, cutoff=0.6)
    return [by_capitals[c] for c in found]


def valid_on(code: Term, day: date, knowledge: Knowledge) -> bool:
    """Return whether a diagnosis code is valid on a date of service."""
    entry = releases(knowledge.root).entry(plain(code))
    return entry is not None and entry.valid_on(day)


def release_of(day: date, knowledge: Knowledge) -> date | None:
    """Return the first day of the ICD-10-CM release in force on a day.

    Before the first release it is None; after the last one held, that one is meant.
    """
    return releases(knowledge.root).of(day)


def successors(code: Term, knowledge: Knowledge) -> list[NamedNode]:
    """Return the codes that took the place of a retired one, in order."""
    entry = releases(knowledge.root).entry(plain(code))
    return [CODE[c] for c in entry.successors] if entry else []


def successors_on(code: Term, day: date, knowledge: Knowledge) -> list[NamedNode]:
    """Return the codes that stand on a day for one retired before, in order.

    A successor that was retired in its turn gives way to its own.
    """
    found: set[NamedNode] = set()
    for new in successors(code, knowledge):
        valid = valid_on(new, day, knowledge)
        found.update([new] if valid else successors_on(new, day, knowledge))
    return sorted(found, key=plain)


def predecessors(code: Term, knowledge: Knowledge) -> list[NamedNode]:
    """Return the codes that a diagnosis code succeeded, in order."""
    return [CODE[c] for c in releases(knowledge.root).predecessors(plain(code))]


def add_ons(codes: Iterable[Term], knowledge: Knowledge) -> tuple[list[Term], list[Term]]:
    """Return the primary codes and the add-on codes among some, each in order.

    Companion codes are neither.
    """
    ordered = sorted(set(codes), key=lambda c: c.value)
    ordered = [c for c in ordered if not knowledge.is_a(c, COV.CompanionCode)]
    primary = [c for c in ordered if not knowledge.is_a(c, COV.AddOnCode)]
    return primary, [c for c in ordered if c not in primary]


def two_procedures(primary: Iterable[Term], knowledge: Knowledge) -> tuple[Term, Term] | None:
    """Return the first two primary codes that are not of one procedure, if there are any."""
    for one, other in combinations(primary, 2):
        if other not in knowledge.triples.objects(one, COV.goesWith):
            return one, other
    return None


def unread(code: Term, knowledge: Knowledge) -> str:
    """Return what a procedure code that is not judged here stands for; empty for others."""
    return knowledge.label(code) if knowledge.is_a(code, COV.UnreadCode) else ""


def families(term: Term, knowledge: Knowledge) -> set[Term]:
    """Return the procedure classes that a code or a kind alone puts a procedure in."""
    return {
        family
        for family, classes in _definitions(knowledge)
        if any(knowledge.is_a(term, cls) for cls in classes)
    }


def named_class(term: Term, knowledge: Knowledge) -> Term | None:
    """Return the class of procedures that a class or a kind is the name of, or None."""
    return term if term in knowledge.superclasses else knowledge.triples.value(term, COV.namesClass)


def one_procedure(code: Term, kind: Term, knowledge: Knowledge) -> bool:
    """Return whether a code and a kind can be of one procedure."""
    of_code, of_kind = families(code, knowledge), families(kind, knowledge)
    return not of_code or not of_kind or bool(of_code & of_kind)


def _definitions(knowledge: Knowledge) -> list[tuple[Node, list[NamedNode]]]:
    """Return each procedure class with the classes of codes and kinds that define it."""
    t = knowledge.triples
    found = []
    for family, definition in t.pairs(OWL.equivalentClass):
        head = t.value(definition, OWL.unionOf)
        classes = [
            filler
            for member in (t.items(head) if head is not None else [])
            if t.value(member, OWL.onProperty) in (COV.hasProcedureCode, COV.hasKind)
            for filler in t.objects(member, OWL.someValuesFrom)
            if isinstance(filler, NamedNode)
        ]
        if classes:
            found.append((family, classes))
    return found
