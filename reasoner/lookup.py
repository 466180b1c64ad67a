"""What a policy says of a code before there is a patient.

A lookup names a procedure code, a day and perhaps a diagnosis. Nobody's record is read,
so nothing is ever covered by it: a criterion that looks only at what is named has its
verdict, every other one is open, and the value of the policy follows as it does for a
request. What can no longer be covered is refused; what can is subject to conditions.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from pyoxigraph import NamedNode

from .decision.decide import Decision, Scope, scope
from .decision.explain import deciding
from .decision.select import Selection
from .engine import Reasoner
from .errors import InputError
from .facts.layout import Facts
from .facts.prepared import Prepared
from .judge.valuation import Outcome, PlainValuation, Valuation, Value, Verdict
from .knowledge.base import Knowledge
from .knowledge.codes import is_known, nearest, unread
from .knowledge.releases import spelled
from .namespaces import CODE, COV, REQUESTS, SH, XSD
from .plain import IS_MEANT_FOR
from .policies.criteria import Criterion, Kind, Policy, Route
from .policies.standard import steps
from .triples import Term

WRITTEN = re.compile(r"[A-Z0-9][A-Z0-9.]{1,9}")
# What a lookup states of a request; the procedure is complete as it is stated.
STATED = frozenset({COV.requestsProcedure, COV.hasProcedureCode, COV.hasPatient, COV.dateOfService})


class Stance(StrEnum):
    """What a policy says of a code."""

    CONDITIONS = "conditions"
    REFUSED = "refused"
    REVIEW = "review"
    NOT_ADDRESSED = "not addressed"


@dataclass(frozen=True)
class Finding:
    """What one policy says.

    Parameters
    ----------
    valuation : Valuation or None
        The value of each criterion, open where a record would have to be read; None when the
        policy does not speak to the code.
    settled : frozenset of NamedNode
        The leaves whose verdict no record can change.
    deciding : tuple of Criterion
        What a refusal, a review or silence turns on.
    scope_open : tuple of Criterion
        What leaves open whether the policy speaks to the request at all.
    routes : tuple of Route
        The review routes that stay open.
    """

    selection: Selection
    stance: Stance
    valuation: Valuation | None = None
    settled: frozenset[NamedNode] = frozenset()
    deciding: tuple[Criterion, ...] = ()
    scope_open: tuple[Criterion, ...] = ()
    routes: tuple[Route, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Lookup:
    """A code on a day, with what each policy that was asked says of it."""

    code: NamedNode
    diagnosis: NamedNode | None
    day: date
    facts: Facts
    findings: tuple[Finding, ...]


def look_up(
    reasoner: Reasoner,
    code: str,
    day: date,
    payer: str | None = None,
    diagnosis: str | None = None,
) -> Lookup:
    """Return what policies say of a code on a day.

    Parameters
    ----------
    code, diagnosis : str
        As people write them: ``64493``, ``M47.816``. A diagnosis stands for the only one.
    payer : str or None
        The payer whose policies are asked; every payer's without.

    Raises
    ------
    InputError
        When a code or the payer is unknown, or the code does not say what is done.
    """
    keys = reasoner.catalogue.policy_keys(payer)
    asked, supporting = _stated(reasoner.knowledge, code, diagnosis)
    prepared = reasoner.read(_written(asked, supporting, day, reasoner.knowledge))
    stated = STATED | ({COV.hasDiagnosis} if supporting else frozenset())
    findings = tuple(_finding(reasoner, prepared, key, stated) for key in keys)
    return Lookup(asked, supporting, day, prepared.facts, findings)


def procedure_code(code: str, knowledge: Knowledge) -> NamedNode:
    """Return the IRI of a procedure code, or refuse one that is not known."""
    return _known(code, COV.ProcedureCode, "procedure code", knowledge)


def diagnosis_code(code: str, knowledge: Knowledge) -> NamedNode:
    """Return the IRI of a diagnosis code, or refuse one that is not known."""
    return _known(code, COV.DiagnosisCode, "diagnosis code", knowledge)


def stating_only(reasoner: Reasoner, code: NamedNode, day: date) -> Prepared:
    """Return a request that states a code and nothing else, with what follows from it."""
    return reasoner.read(_written(code, None, day, reasoner.knowledge))


def _stated(
    knowledge: Knowledge, code: str, diagnosis: str | None
) -> tuple[NamedNode, NamedNode | None]:
    asked = procedure_code(code, knowledge)
    return asked, diagnosis_code(diagnosis, knowledge) if diagnosis else None


def _known(code: str, cls: NamedNode, what: str, knowledge: Knowledge) -> NamedNode:
    written = code.strip().upper()
    if not WRITTEN.fullmatch(written):
        raise InputError(f"this is not written like a {what}")
    node = CODE[spelled(written) if cls == COV.DiagnosisCode else written]
    if knowledge.is_a(node, COV.CompanionCode):
        what = f"{written} goes with a procedure and is set aside ({knowledge.label(node)})"
        raise InputError(what, hint="ask for the code of the procedure")
    if stands_for := unread(node, knowledge):
        raise InputError(f"{written} stands for {stands_for}; no policy here judges that")
    if not is_known(node, cls, knowledge):
        near = nearest(node, cls, knowledge)
        raise InputError(f"unknown {what}", hint=f"the nearest: {', '.join(near)}" if near else "")
    return node


def _written(
    code: NamedNode, diagnosis: NamedNode | None, day: date, knowledge: Knowledge
) -> bytes:
    """Return the request as Turtle; an add-on code brings its primary code along."""
    codes = [code, *knowledge.triples.objects(code, COV.addOnTo)[:1]]
    lookup = f"{REQUESTS}lookup#"
    lines = [
        f"<{lookup}request> a {COV.CoverageRequest} ;",
        f'  {COV.dateOfService} "{day.isoformat()}"^^{XSD.date} ;',
        f"  {COV.hasPatient} <{lookup}patient> ; {COV.requestsProcedure} <{lookup}procedure> .",
        f"<{lookup}procedure> {COV.hasProcedureCode} {', '.join(map(str, codes))} .",
        f"<{lookup}patient> a {COV.Patient} .",
    ]
    if diagnosis:
        lines.append(f"<{lookup}patient> {COV.hasDiagnosis} {diagnosis} .")
    return "\n".join(lines).encode()


def _finding(
    reasoner: Reasoner, prepared: Prepared, key: str, stated: frozenset[NamedNode]
) -> Finding:
    selection = reasoner.catalogue.select(key, prepared.request.date, prepared.facts.types)
    policy = selection.chosen
    if policy is None:
        return Finding(selection, Stance.NOT_ADDRESSED, reason=selection.reason)
    judged = reasoner.judge(policy, reasoner.seen_by(policy, prepared))
    # What a code stands for, or its class is meant for, gives way to what a record states.
    defaults = prepared.facts.defaults.values()
    gives_way = {IS_MEANT_FOR, *(d.property for found in defaults for d in found)}
    settled = frozenset(
        leaf.iri
        for leaf in policy.leaves
        if _reads_only(leaf, stated, reasoner.knowledge, gives_way)
        and judged[leaf.iri] is not Verdict.NOT_DOCUMENTED
    )
    valuation = PlainValuation(
        {iri: v if iri in settled else Verdict.NOT_DOCUMENTED for iri, v in judged.items()}
    )
    where = scope(policy, valuation)
    value = valuation.value(policy.root)
    stance = _stance(where[0], value)
    turning: tuple[Criterion, ...] = ()
    if stance is not Stance.CONDITIONS:
        decision = Decision.OUT_OF_SCOPE if stance is Stance.NOT_ADDRESSED else Decision.NOT_COVERED
        turning = tuple(deciding(policy, valuation, decision, where, []))
    return Finding(
        selection,
        stance,
        valuation,
        settled,
        turning,
        where[1] if where[0] is Scope.OPEN else (),
        () if stance is Stance.NOT_ADDRESSED else tuple(ways_out(policy.root, valuation).values()),
        "the policy leaves it out of its scope"
        if stance is Stance.NOT_ADDRESSED
        else selection.reason,
    )


def _stance(where: Scope, value: Value) -> Stance:
    if where is Scope.OUT:
        return Stance.NOT_ADDRESSED
    if value.best is Outcome.COVERED:
        return Stance.CONDITIONS
    return Stance.REVIEW if value.worst is Outcome.REVIEW else Stance.REFUSED


def _reads_only(
    leaf: Criterion, stated: frozenset[NamedNode], knowledge: Knowledge, gives_way: Set[str]
) -> bool:
    """Return whether a record could add nothing that this leaf takes for settled.

    A leaf sees more than is stated where silence counts as an answer: a patient without
    earlier procedures, a fact that is absent unless documented. Such a leaf stays open.
    """
    t = knowledge.triples
    override = t.value(leaf.iri, COV.silenceMeans)
    if leaf.kind is not Kind.CORE or override not in (None, COV.NotDocumented):
        return False
    read: set[Term] = {
        p for shape in t.objects(leaf.iri, SH.property) for p in steps(t, t.value(shape, SH.path))
    }
    if not gives_way.isdisjoint(p.value for p in read):
        return False
    return bool(read) and all(p in stated or _asks(p, knowledge) for p in read)


def _asks(p: Term, knowledge: Knowledge) -> bool:
    declared = knowledge.properties.get(p) if isinstance(p, NamedNode) else None
    return declared is not None and declared.silence == COV.NotDocumented


def ways_out(criterion: Criterion, valuation: Valuation) -> dict[NamedNode, Route]:
    """Return the review routes of what is in play, as long as it is not settled as met."""
    if valuation.is_covered(criterion):
        return {}
    found = {criterion.route.iri: criterion.route} if criterion.route else {}
    for member in valuation.members(criterion):
        found |= ways_out(member, valuation)
    return found


def turning_days(reasoner: Reasoner) -> list[date]:
    """Return the days on which a lookup may begin to say something else, in order.

    Between two of them the same editions are in force, and nothing else depends on the day.
    The first stands for all the time before any edition.
    """
    found: set[date] = set()
    for editions in reasoner.catalogue.editions.values():
        for policy in editions:
            found.add(policy.effective_from)
            if last := reasoner.catalogue.last_day(policy):
                found.add(last + timedelta(days=1))
    return [min(found) - timedelta(days=1), *sorted(found)]


def speaking(reasoner: Reasoner, code: NamedNode) -> list[Policy]:
    """Return the latest editions that speak to a code, whatever the day."""
    latest = [editions[-1] for editions in reasoner.catalogue.editions.values()]
    try:
        prepared = stating_only(reasoner, code, max(p.effective_from for p in latest))
    except InputError:
        # An unlisted code says nothing by itself of what is done.
        return []
    return [p for p in latest if p.target.value in prepared.facts.types]
