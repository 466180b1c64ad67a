"""From an assignment of bits to a request, as Turtle, and back to the engine.

What the solver found is only believed once the engine has read it as a request and given every
leaf the verdict, and the policy the decision, that the circuit says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from pyoxigraph import NamedNode

from ..engine import Reasoner
from ..errors import CovergraphError, InputError
from ..facts.prepared import Prepared
from ..judge.valuation import Valuation, Verdict
from ..namespaces import CODE, COV, REQUESTS
from ..plain import (
    ALSO_PLANNED,
    DATE_OF_SERVICE,
    HAD_THERAPY,
    HAS_PAIN,
    HAS_PATIENT,
    LASTED,
    REQUESTS_PROCEDURE,
    UNDERWENT,
)
from .asked import COMPLETE_FOR, COURSE, EARLIER, PAIN, PARTIAL_FOR, PATIENT, PLANNED
from .circuit import Lit, Model
from .decided import Decided
from .records import HALVES, Dated, Record
from .world import LISTS, World

BASE = f"{REQUESTS}proven#"
# What leads to the records of each kind, and from which.
LINKS = {
    PAIN: (PATIENT, HAS_PAIN),
    EARLIER: (PATIENT, UNDERWENT),
    COURSE: (PATIENT, HAD_THERAPY),
    PLANNED: (COV.CoverageRequest.value, ALSO_PLANNED),
}


class DoesNotReplay(CovergraphError):
    """The prover and the engine differ: a fault of one of them, and never an answer."""


@dataclass(frozen=True)
class Statement:
    """One thing that a request states: of which record, by which property, and how written."""

    record: str
    property: str
    value: str


@dataclass(frozen=True)
class Written:
    """A request as the solver found it.

    Parameters
    ----------
    statements : tuple of Statement
        In a fixed order: by record, property and value.
    """

    service: date
    statements: tuple[Statement, ...]

    @property
    def turtle(self) -> str:
        """The request as Turtle."""
        lines = [
            f"@prefix : <{BASE}> .",
            f"@prefix code: <{CODE}> .",
            f"@prefix cov: <{COV}> .",
            "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .",
        ]
        by_record: dict[str, list[str]] = {}
        for s in self.statements:
            by_record.setdefault(s.record, []).append(f"{_short(s.property)} {s.value}")
        for name, said in by_record.items():
            lines += ["", f":{name} " + " ;\n    ".join(said) + " ."]
        return "\n".join(lines) + "\n"


def written(world: World, model: Model) -> Written:
    """Return the request that an assignment stands for."""
    found = [
        Statement("request", "a", "cov:CoverageRequest"),
        Statement("request", DATE_OF_SERVICE, f'"{world.service.isoformat()}"^^xsd:date'),
        Statement("request", REQUESTS_PROCEDURE, ":procedure"),
        Statement("request", HAS_PATIENT, ":patient"),
    ]
    records = [r for r in world.records if model[r.exists]]
    names = {PATIENT: "patient", COV.CoverageRequest.value: "request"}
    for record in records:
        if record.role in LINKS:
            of, link = LINKS[record.role]
            found.append(Statement(names[of], link, f":{record.name}"))
    for name, of in LISTS.items():
        for p, lits in ((COMPLETE_FOR, world.complete), (PARTIAL_FOR, world.partial)):
            if model[lits[name]]:
                found.append(Statement(names[of], p, _short(name)))
    for record in records:
        found += _of_record(record, model, world)
    order = {name: n for n, name in enumerate(["request", *(r.name for r in world.records)])}
    return Written(world.service, tuple(sorted(found, key=lambda s: order[s.record])))


def _of_record(record: Record, model: Model, world: World) -> Iterable[Statement]:
    for (p, o), lit in sorted(record.stated.items()):
        if model[lit]:
            yield Statement(record.name, p, _short(o))
    for p, number in sorted(record.numbers.items()):
        if model[number.stated]:
            value = model.number(number.bits)
            text = f'"P{value}D"^^xsd:dayTimeDuration' if p == LASTED else f"{value / HALVES:g}"
            yield Statement(record.name, p, text)
    for p, dated in sorted(record.dates.items()):
        if model[dated.stated]:
            yield Statement(record.name, p, _date(dated, model, world.first_year))


def _date(dated: Dated, model: Model, first_year: int) -> str:
    year = first_year + model.number(dated.day.year)
    month, day = model.number(dated.day.month) + 1, model.number(dated.day.day)
    if model[dated.to_the["year"]]:
        return f'"{year:04}"^^xsd:gYear'
    if model[dated.to_the["month"]]:
        return f'"{year:04}-{month:02}"^^xsd:gYearMonth'
    return f'"{year:04}-{month:02}-{day:02}"^^xsd:date'


def _short(iri: str) -> str:
    for prefix, base in (("cov", str(COV)), ("code", str(CODE))):
        if iri.startswith(base):
            return f"{prefix}:{iri.removeprefix(base)}"
    return iri if iri in ("a",) else f"<{iri}>"


# --- back to the engine -----------------------------------------------------------------------


@dataclass(frozen=True)
class Replayed:
    """A request as the engine judged it under one policy."""

    prepared: Prepared
    valuation: Valuation | None


def replayed(
    reasoner: Reasoner, request: Written, model: Model, deciding: Iterable[Decided]
) -> None:
    """Decide a request in the engine, and hold every leaf and decision against the circuit.

    Raises
    ------
    DoesNotReplay
        When the gate refuses it, or a verdict or a decision differs.
    """
    try:
        prepared = reasoner.read(request.turtle.encode(), "proven.ttl")
    except InputError as error:
        raise DoesNotReplay(f"the gate refuses a request that was found: {error}") from error
    for decided in deciding:
        differences = differing(reasoner, prepared, model, decided)
        if differences:
            raise DoesNotReplay(f"{decided.policy.key}: {'; '.join(differences)}")


def differing(reasoner: Reasoner, prepared: Prepared, model: Model, decided: Decided) -> list[str]:
    """Return on which leaves, and decision, the engine and the circuit differ."""
    policy = decided.policy
    answer = reasoner.answer(prepared, f"{policy.key}@{policy.edition}")
    found = []
    if answer.valuation is not None:
        for leaf in policy.leaves:
            ours, theirs = verdict_in(model, decided.verdicts[leaf]), answer.valuation.verdict(leaf)
            if ours is not theirs:
                found.append(f"{leaf.name} is {theirs.value}, not {ours.value}")
    ours_made = [d for d, lit in decided.decisions.items() if model[lit]]
    if ours_made != [answer.decision]:
        names = " and ".join(d.value for d in ours_made)
        found.append(f"decided {answer.decision.value}, not {names}")
    return found


def verdict_in(model: Model, judged: tuple[Lit, Lit]) -> Verdict:
    """Return the verdict that two bits stand for."""
    met, may = judged
    if model[met]:
        return Verdict.MET
    return Verdict.NOT_DOCUMENTED if model[may] else Verdict.NOT_MET


__all__ = ["NamedNode", "Written", "differing", "replayed", "verdict_in", "written"]
