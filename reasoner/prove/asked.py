"""What some policies look at: of which records, and which statements of them.

The names of the records, and what is gathered of them. Who gathers it is ``looking``; what a
request then may state is the ``vocabulary``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from ..namespaces import COV
from ..plain import HAS_CODE, HAS_KIND

# What is stated of a record or follows of it: a property, and a concept or class.
Atom: TypeAlias = tuple[str, str]
Support: TypeAlias = frozenset[Atom]

REQUEST, PATIENT, PROCEDURE = (
    c.value for c in (COV.CoverageRequest, COV.Patient, COV.RequestedProcedure)
)
PAIN, EARLIER, COURSE, PLANNED = (
    c.value for c in (COV.PainRecord, COV.EarlierProcedure, COV.TherapyCourse, COV.PlannedProcedure)
)
ROLES = (REQUEST, PATIENT, PROCEDURE, PAIN, EARLIER, COURSE, PLANNED)
PROCEDURES = (PROCEDURE, EARLIER, PLANNED)
COMPLETE_FOR, PARTIAL_FOR = COV.completeFor.value, COV.partialFor.value
USES_INJECTATE, HAS_DIAGNOSIS = COV.usesInjectate.value, COV.hasDiagnosis.value
MEANS = (HAS_CODE, HAS_KIND)


class Choice(NamedTuple):
    """A representative, and all that stand for it: what a record may state of a property."""

    value: str
    stands_for: frozenset[str]


@dataclass(frozen=True)
class Asked:
    """What some policies look at.

    Parameters
    ----------
    atoms : dict
        By role, the statements and classes whose holding matters.
    present : set
        The properties of a role of which it matters whether any value is stated.
    sets : dict
        By role and property, the values that are named together, any of which would do.
    dates, numbers : dict
        By role, the properties that take a date or a number and are looked at.
    """

    atoms: dict[str, set[Atom]] = field(default_factory=lambda: {r: set() for r in ROLES})
    present: set[tuple[str, str]] = field(default_factory=set)
    sets: dict[tuple[str, str], set[frozenset[str]]] = field(default_factory=dict)
    dates: dict[str, set[str]] = field(default_factory=lambda: {r: set() for r in ROLES})
    numbers: dict[str, set[str]] = field(default_factory=lambda: {r: set() for r in ROLES})
