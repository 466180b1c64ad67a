"""Which diagnosis codes of our tables are not as the releases of ICD-10-CM have them.

A policy lists a code, the code is retired, and what took its place has to count as
listed. It does when the table says that the new code is narrower than the old one; that
one was forgotten, nobody would notice before a patient was refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyoxigraph import NamedNode

from ..knowledge.base import Knowledge
from ..knowledge.codes import plain, successors
from ..knowledge.releases import releases
from ..namespaces import COV


def forgotten(knowledge: Knowledge) -> Iterator[tuple[NamedNode, str]]:
    """Yield the diagnosis codes at fault, and what is wrong with each."""
    held = releases(knowledge.root)
    for code in knowledge.instances_of(COV.DiagnosisCode):
        if held.days and plain(code) not in held:
            yield code, "no release of ICD-10-CM has this code"
        for new in successors(code, knowledge):
            if not knowledge.is_a(new, COV.DiagnosisCode) or code not in knowledge.broader_of(new):
                message = f"{plain(new)} succeeded this code: add it, cov:narrowerThan this one"
                yield code, message
