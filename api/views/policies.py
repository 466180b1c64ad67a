"""What payers, plans and policies look like from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from covergraph.decision.select import known
from covergraph.engine import Reasoner
from covergraph.errors import InputError
from covergraph.knowledge.codes import plain
from covergraph.namespaces import BASE, COV, POLICIES, RDFS, compact
from covergraph.policies.clauses import register
from covergraph.policies.criteria import Criterion, Policy, Route
from covergraph.render.data import cited, followed

from ..problems import Problem

View = dict[str, Any]


def payers(reasoner: Reasoner) -> View:
    """Return every payer with its plans and the keys of its policies."""
    keys = reasoner.catalogue.payers
    return {"id": BASE + "payers", "payers": [payer(reasoner, key) for key in keys]}


def payer(reasoner: Reasoner, key: str) -> View:
    """Return one payer.

    Raises
    ------
    Problem
        404 when no such payer exists.
    """
    catalogue, knowledge = reasoner.catalogue, reasoner.knowledge
    node = catalogue.payers[existing(key, catalogue.payers, "payer")]
    plans = [
        _plan(reasoner, plan)
        for plan, iri in catalogue.plans.items()
        if knowledge.triples.value(iri, COV.ofPayer) == node
    ]
    return {
        "id": node.value,
        "type": "cov:Payer",
        "key": key,
        "label": knowledge.label(node),
        "policies": [k for k in catalogue.editions if k.split("/")[0] == key],
        "plans": plans,
    }


def _plan(reasoner: Reasoner, key: str) -> View:
    node = reasoner.catalogue.plans[key]
    policies_, why = reasoner.catalogue.plan_policies(key)
    return {
        "id": node.value,
        "type": "cov:Plan",
        "key": key,
        "label": reasoner.knowledge.label(node),
        "policies": policies_,
        "precedence": why or None,
    }


def policies(reasoner: Reasoner) -> View:
    """Return every edition of every policy, in short."""
    found = [p for editions in reasoner.catalogue.editions.values() for p in editions]
    return {"id": BASE + "policies", "policies": [summary(reasoner, p) for p in found]}


def policy(reasoner: Reasoner, key: str) -> View:
    """Return one policy with its editions.

    Raises
    ------
    Problem
        404 when no such policy exists.
    """
    editions = reasoner.catalogue.editions
    found = editions[existing(key, editions, "policy")]
    return {
        "id": POLICIES + key,
        "key": key,
        "label": found[-1].label,
        "payer": key.split("/")[0],
        "ofPayer": found[-1].payer.value,
        "editions": [summary(reasoner, p) for p in found],
    }


def edition(reasoner: Reasoner, key: str, day: str) -> View | None:
    """Return one edition with its criteria and the clauses of its document, if it is one."""
    found = [p for p in reasoner.catalogue.editions.get(key, []) if p.edition == day]
    return _whole(reasoner, found[0]) if found else None


def summary(reasoner: Reasoner, policy_: Policy) -> View:
    """Return an edition in short."""
    last = reasoner.catalogue.last_day(policy_)
    named = reasoner.knowledge.triples.objects(policy_.iri, COV.namesCode)
    return {
        "id": policy_.iri.value,
        "type": "cov:Policy",
        "key": policy_.key,
        "label": policy_.label,
        "payer": policy_.key.split("/")[0],
        "ofPayer": policy_.payer.value,
        "edition": policy_.edition,
        "effectiveFrom": policy_.edition,
        "effectiveUntil": last.isoformat() if last else None,
        "addresses": reasoner.knowledge.label(policy_.target).removesuffix(" request"),
        "codes": sorted(plain(c) for c in named),
    }


def _whole(reasoner: Reasoner, policy_: Policy) -> View:
    document = policy_.document
    return {
        **summary(reasoner, policy_),
        "document": {
            "id": document.value,
            "label": reasoner.knowledge.triples.text(document, RDFS.label),
        }
        if document is not None
        else None,
        "exclusions": [tree(c) for c in policy_.exclusions],
        "appliesWhen": tree(policy_.applies_when) if policy_.applies_when else None,
        "criteria": tree(policy_.root),
        "clauses": [
            {
                "clause": c.iri.value,
                "section": c.section,
                "place": c.place,
                "summary": c.summary,
                "fate": c.fate,
                "note": c.note or None,
                "citedBy": list(c.cited_by),
            }
            for c in register(policy_, reasoner.knowledge)
        ],
    }


def tree(criterion: Criterion) -> View:
    """Return a criterion with all it is made of."""
    node = brief(criterion)
    if criterion.applies_when:
        node["appliesWhen"] = tree(criterion.applies_when)
    if criterion.otherwise:
        node["otherwise"] = compact(criterion.otherwise.value)
    if criterion.members:
        node["combines"] = criterion.kind.value
        node["members"] = [tree(m) for m in criterion.members]
    if route := criterion.route:
        grounds = tree(route.grounds) if route.grounds else None
        node["reviewRoute"] = way(route) | {"grounds": grounds}
    return node


def brief(criterion: Criterion) -> View:
    """Return what a criterion asks and where the document says so."""
    return {
        "criterion": criterion.iri.value,
        "label": criterion.label,
        "concern": criterion.concern.value if criterion.concern else None,
        "refusal": criterion.is_refusal,
        "interpretation": criterion.interpretation or None,
        "readings": followed(criterion),
        "citations": cited(criterion.citations),
    }


def way(route: Route) -> View:
    """Return a review route."""
    return {
        "id": route.iri.value,
        "label": route.label,
        "citations": cited(route.citations),
    }


def existing(key: str, among: Mapping[str, Any], what: str, status: int = 404) -> str:
    """Return a key that exists, or say that none does, and which come nearest."""
    try:
        return known(key, among, what)
    except InputError as error:
        # What was asked for is not repeated.
        raise Problem(status, f"unknown {what}", hint=error.hint) from None
