"""Which codes there are, and what the tables say of them.

Codes that a policy or the ontology speaks of stand in Turtle tables. The rest of
ICD-10-CM is a plain list beside them, read only when a request names a code that no
table has. What family a code or a kind belongs to is read from the axioms that define
the procedure classes.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from pyoxigraph import NamedNode

from ..namespaces import CODE, COV, OWL
from ..triples import Node, Term
from .base import Knowledge

UNTABLED = "data/codes/icd-10-cm.txt"


@lru_cache(maxsize=2)
def _listed(path: Path) -> frozenset[str]:
    lines = path.read_text(encoding="utf-8").split("\n") if path.is_file() else []
    return frozenset(line for line in lines if line and not line.startswith("#"))


def plain(code: Term) -> str:
    """Return the code as people write it."""
    return code.value.removeprefix(CODE)


def is_untabled(code: Term, knowledge: Knowledge) -> bool:
    """Return whether a code is a diagnosis that only the plain list holds."""
    if not code.value.startswith(CODE) or knowledge.triples.types(code):
        return False
    return plain(code) in _listed(knowledge.root / UNTABLED)


def is_known(code: Term, cls: NamedNode, knowledge: Knowledge) -> bool:
    """Return whether a code exists in the system that a class stands for."""
    if knowledge.is_a(code, cls):
        return True
    return cls == COV.DiagnosisCode and is_untabled(code, knowledge)


def nearest(code: Term, cls: NamedNode, knowledge: Knowledge) -> list[str]:
    """Return up to three codes of a class that a mistyped one may stand for."""
    written = plain(code).upper()
    known = {plain(c): c for c in knowledge.instances_of(cls)}
    pool = set(known)
    if cls == COV.DiagnosisCode:
        # A diagnosis code is wrong in its tail more often than in its category.
        pool |= {c for c in _listed(knowledge.root / UNTABLED) if c[:3] == written[:3]}
    by_capitals = {c.upper(): c for c in sorted(pool)}
    found = get_close_matches(written, sorted(by_capitals), n=3, cutoff=0.6)
    return [by_capitals[c] for c in found]


def add_ons(codes: Iterable[Term], knowledge: Knowledge) -> tuple[list[Term], list[Term]]:
    """Return the primary codes and the add-on codes among some, each in order."""
    ordered = sorted(set(codes), key=lambda c: c.value)
    primary = [c for c in ordered if not knowledge.is_a(c, COV.AddOnCode)]
    return primary, [c for c in ordered if c not in primary]


def families(term: Term, knowledge: Knowledge) -> set[Term]:
    """Return the procedure classes that a code or a kind alone puts a procedure in."""
    return {
        family
        for family, classes in _definitions(knowledge)
        if any(knowledge.is_a(term, cls) for cls in classes)
    }


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
