"""What the laws are checked with: requests taken apart, compared and shown.

A request is its triples here, as a caller would send them. What may be taken away from it
without a word being denied is read from the ontology's own declarations of silence.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from random import Random
from typing import TypeVar

import pyshacl
from pyoxigraph import NamedNode, RdfFormat, Triple, parse
from rdflib import Graph

from covergraph.decision.decide import Decision, Scope, scope
from covergraph.engine import Answer
from covergraph.judge.reference import MAX_DEPTH, to_rdflib
from covergraph.judge.valuation import Outcome, Verdict
from covergraph.knowledge.base import Knowledge, knowledge
from covergraph.namespaces import COV, SH
from covergraph.policies.criteria import Criterion, Policy
from covergraph.policies.standard import steps
from covergraph.request.values import is_group
from covergraph.triples import Node, Spo, Term, Triples

FULL = os.environ.get("COVERGRAPH_LAWS") == "full"

# What is stated of these is a list that is complete as soon as there is one of it.
LISTED_WHOLE = frozenset({COV.treatsLevel, COV.onSide, COV.isFor})

AnswerOf = Callable[[bytes, NamedNode], Answer]
ShapesOf = Callable[[Policy], Graph]
Part = frozenset[Spo]
T = TypeVar("T")


def stated(data: bytes) -> Triples:
    """Return the triples of a request in Turtle or N-Triples."""
    return Triples.of(parse(data, format=RdfFormat.TURTLE))


def written(triples: Iterable[Spo]) -> bytes:
    """Return triples as N-Triples, in their order."""
    return "".join(f"{Triple(*spo)} .\n" for spo in triples).encode()


def without(triples: Triples, *parts: Part) -> Triples:
    return Triples(t for t in triples if not any(t in part for part in parts))


def sampled(items: Sequence[T], count: int, *seed: object) -> list[T]:
    """Return a few of some items, the same ones in every run; all of them in a full one."""
    if FULL or len(items) <= count:
        return list(items)
    return seeded(*seed).sample(list(items), count)


def seeded(*seed: object) -> Random:
    """Return a source of chance that says the same in every run and process."""
    return Random(sha256("/".join(map(str, seed)).encode()).digest())


def told(message: str, *requests: bytes) -> str:
    """Return a failure message with the requests, ready to be made into a case."""
    return "\n\n".join([message, *(r.decode() for r in requests)])


# --- What is open ------------------------------------------------------------------------


def open_parts(triples: Triples, knowledge: Knowledge) -> list[Part]:
    """Return what can be taken away from a request so that it becomes silent, part by part.

    A part is a statement whose silence reads "not documented", a whole list of levels or
    sides, a whole pain record, or all courses of therapies that share a kind. The denial of
    a fact that is absent unless documented counts; its affirmation does not, and keeps the
    record that holds it.
    """
    records = knowledge.record_classes
    parts: list[Part] = []
    absent = read_as_absent(knowledge)
    for s in triples.nodes():
        for p, objects in triples.predicates(s).items():
            declared = knowledge.properties.get(p)
            if declared is None or declared.silence != COV.NotDocumented or p in absent:
                continue
            # What is said of a list since a day leaves open what lies before it.
            if p == COV.since or any(triples.objects(o, COV.since) for o in objects):
                continue
            if p == COV.hadTherapy:
                parts += courses_by_kind(triples, s, knowledge)
            elif declared.takes in records:
                parts += [
                    frozenset({(s, p, o), *below(triples, o)})
                    for o in objects
                    if all(is_open(q, v, knowledge) for _, q, v in below(triples, o))
                ]
            elif p in LISTED_WHOLE:
                parts.append(frozenset((s, p, o) for o in objects))
            else:
                parts += [frozenset({(s, p, o)}) for o in objects if is_open(p, o, knowledge)]
    return parts


def read_as_absent(knowledge: Knowledge) -> set[Term]:
    """Return the properties whose silence is read: as absent, or as what a code stands for.

    They are not open where it is, so that stating one may well change a decision.
    """
    t = knowledge.triples
    defaulted = {p for p, _ in t.pairs(COV.defaultedBy)}
    return defaulted | {
        step
        for node in t.subjects(COV.silenceMeans, COV.Absent)
        for shape in t.objects(node, SH.property)
        for step in steps(t, t.value(shape, SH.path))
    }


def reads_silence(leaf: Criterion, knowledge: Knowledge) -> bool:
    """Return whether a leaf reads silence as absent: what follows later may turn its verdict."""
    t = knowledge.triples
    silence = t.value(leaf.iri, COV.silenceMeans)
    fact = t.value(leaf.iri, COV.affirmedFact) or t.value(leaf.iri, COV.absentFact)
    if silence is None and isinstance(fact, NamedNode):
        silence = knowledge.facts[fact].silence
    return silence == COV.Absent


def is_open(p: NamedNode, value: Term, knowledge: Knowledge) -> bool:
    """Return whether a statement's absence would be asked about, or change nothing."""
    fact = knowledge.facts.get(value) if p == COV.affirms else None  # type: ignore[arg-type]
    return fact is None or fact.silence == COV.NotDocumented


def courses_by_kind(triples: Triples, patient: Node, knowledge: Knowledge) -> list[Part]:
    """Return the courses of therapy, those together that are courses of one kind.

    One course of a kind cannot go while another stays: the list of each kind is complete.
    """
    clusters: list[tuple[set[Term], set[Spo]]] = []
    for course in triples.objects(patient, COV.hadTherapy):
        kinds = {
            kind
            for stated_kind in triples.objects(course, COV.ofTherapy)
            for kind in knowledge.broader_of(stated_kind)
            if not is_group(kind, knowledge)
        }
        part = {(patient, COV.hadTherapy, course), *below(triples, course)}
        for cluster in [c for c in clusters if c[0] & kinds]:
            clusters.remove(cluster)
            kinds |= cluster[0]
            part |= cluster[1]
        clusters.append((kinds, part))
    return [frozenset(part) for _, part in clusters]


def below(triples: Triples, node: Term) -> list[Spo]:
    """Return what is stated of a record that leads to no other."""
    return [t for t in triples if t[0] == node]


def reductions(triples: Triples, knowledge: Knowledge, *seed: object) -> list[Triples]:
    """Return a request with open parts taken away: each by itself, several, and all."""
    parts = open_parts(triples, knowledge)
    chance = seeded("several", *seed)
    several = [
        chance.sample(parts, chance.randint(2, len(parts) - 1))
        for _ in range(20 if FULL else 1)
        if len(parts) > 2
    ]
    alone = [[part] for part in parts]
    return [without(triples, *some) for some in [*alone, *several, parts] if some]


# --- What is compared ----------------------------------------------------------------------


def narrows(reduced: Answer, full: Answer) -> str:
    """Return what is wrong when documenting more led from one answer to the other, or nothing.

    Of a leaf that reads silence as absent the own verdict is not looked at: what is open may
    show the fact. What becomes of the decision is looked at all the same.
    """
    if reduced.decision is not Decision.NEEDS_INFORMATION and reduced.decision is not full.decision:
        return f"{reduced.decision.value} was settled and became {full.decision.value}"
    if reduced.value and full.value:
        (worst, best), (new_worst, new_best) = reduced.value, full.value
        if not worst <= new_worst <= new_best <= best:
            return f"{worst.name}..{best.name} became {new_worst.name}..{new_best.name}"
    if reduced.valuation and full.valuation:
        leaves = full.policy.leaves if full.policy else ()
        left_out = {c.iri for c in leaves if reads_silence(c, knowledge())}
        for leaf, before in reduced.valuation.verdicts.items():
            after = full.valuation.verdicts[leaf]
            if leaf in left_out:
                continue
            if before is not Verdict.NOT_DOCUMENTED and before is not after:
                return f"{leaf.value}: {before.value} became {after.value}"
    return ""


def conforms(facts: Triples, shapes: Graph) -> bool:
    """Say what a standard SHACL processor says of a request and a whole policy."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", category=RuntimeWarning)
        answer, report, text = pyshacl.validate(
            to_rdflib(facts), shacl_graph=shapes, inplace=True, max_validation_depth=MAX_DEPTH
        )
    assert isinstance(report, Graph), text
    return bool(answer)


def disagreement(answer: Answer, shapes_of: ShapesOf) -> str:
    """Return how a policy's shape and an answer disagree, or nothing.

    Outside the scope the shape says what its criteria are worth, and decides nothing.
    """
    policy, valuation = answer.policy, answer.valuation
    if policy is None or valuation is None:
        return ""
    said = conforms(answer.facts, shapes_of(policy))
    if said is not (valuation.value(policy.root).worst is Outcome.COVERED):
        return f"the shape {'conforms' if said else 'fails'}, its criteria are worth otherwise"
    in_scope = scope(policy, valuation)[0] is Scope.IN
    if in_scope and said is not (answer.decision is Decision.COVERED):
        return f"the shape {'conforms' if said else 'fails'}: {answer.decision.value}"
    return ""
