"""What a lookup looks like from outside: the conditions of each policy, with citations."""

from __future__ import annotations

from datetime import date
from typing import Any

from pyoxigraph import NamedNode

from covergraph.engine import Reasoner
from covergraph.judge.valuation import Valuation, Verdict
from covergraph.knowledge.codes import plain
from covergraph.lookup import Finding, Stance, look_up
from covergraph.namespaces import BASE
from covergraph.plain import TREATS_REGION
from covergraph.policies.criteria import Criterion

from .policies import View, brief, way
from .procedures import ProcedureViews, system_of

# Stands for the day that was asked for, so that one page serves every day of an edition.
ANY_DAY = "0000-00-00"
OPEN = "depends on the record"
SEVERAL = "depends on the policy"


def coverage(
    reasoner: Reasoner,
    procedures: ProcedureViews,
    code: str,
    day: date,
    payer: str | None,
    diagnosis: str | None,
) -> View:
    """Return what a payer's policies say of a code, before there is a patient.

    Where the day stands it says ``ANY_DAY``; whoever sends the page puts the day in.
    """
    found = look_up(reasoner, code, day, payer, diagnosis)
    knowledge = reasoner.knowledge
    address = f"{BASE}coverage?code={plain(found.code)}&date={ANY_DAY}"
    address += f"&payer={payer}" if payer else ""
    address += f"&diagnosis={plain(found.diagnosis)}" if found.diagnosis else ""
    speaking = [f for f in found.findings if f.stance is not Stance.NOT_ADDRESSED]
    stances = {f.stance.value for f in speaking} or {Stance.NOT_ADDRESSED.value}
    return {
        "id": address,
        "code": plain(found.code),
        "system": system_of(found.code, reasoner),
        "label": knowledge.label(found.code),
        "procedures": sorted(
            name
            for name, cls in procedures.classes.items()
            if cls.value in found.facts.procedure_types
        ),
        "regions": sorted(
            knowledge.label(NamedNode(str(r))) for r in found.facts.procedure.get(TREATS_REGION, ())
        ),
        "date": ANY_DAY,
        "payer": payer,
        "diagnosis": plain(found.diagnosis) if found.diagnosis else None,
        "outcome": stances.pop() if len(stances) == 1 else SEVERAL,
        "policies": [_policy(reasoner, f) for f in speaking],
        "notAddressed": [_silent(f) for f in found.findings if f not in speaking],
    }


def _policy(reasoner: Reasoner, finding: Finding) -> View:
    policy, valuation = finding.selection.chosen, finding.valuation
    assert policy is not None and valuation is not None
    last = reasoner.catalogue.last_day(policy)
    return {
        "policy": policy.iri.value,
        "key": policy.key,
        "label": policy.label,
        "payerLabel": policy.payer_label,
        "edition": policy.edition,
        "effectiveFrom": policy.edition,
        "effectiveUntil": last.isoformat() if last else None,
        "outcome": finding.stance.value,
        "deciding": [_node(c, finding, valuation) for c in finding.deciding],
        "routes": [way(r) for r in finding.routes],
        "scopeDependsOn": [_node(c, finding, valuation) for c in finding.scope_open],
        "conditions": _tree(policy.root, finding, valuation),
    }


def _silent(finding: Finding) -> View:
    policy = finding.selection.chosen
    return {
        "key": finding.selection.key,
        "edition": policy.edition if policy else None,
        "reason": finding.reason,
        "deciding": [brief(c) for c in finding.deciding],
    }


def _tree(criterion: Criterion, finding: Finding, valuation: Valuation) -> View:
    """Return what is in play of a criterion; an indication that cannot apply is left out."""
    node = _node(criterion, finding, valuation)
    if criterion.members:
        node["combines"] = criterion.kind.value
        node["members"] = [_tree(m, finding, valuation) for m in valuation.members(criterion)]
    if route := criterion.route:
        grounds = _tree(route.grounds, finding, valuation) if route.grounds else None
        node["reviewRoute"] = way(route) | {"grounds": grounds}
    return node


def _node(criterion: Criterion, finding: Finding, valuation: Valuation) -> dict[str, Any]:
    verdict = valuation.verdict(criterion)
    return {
        **brief(criterion),
        "verdict": OPEN if verdict is Verdict.NOT_DOCUMENTED else verdict.value,
    }
