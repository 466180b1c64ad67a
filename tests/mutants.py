"""Mutation test over the shapes: would the cases notice a misreading?

Every bound is moved by one, every "and" turned into "or" and back, every criterion
dropped, every reading of silence flipped. A mutant is caught when some case's expected
verdicts, decision or deciding criteria no longer hold. Only what a mutant can change is
judged again: one leaf for a bound or a silence, nothing at all for a combination.

Run as ``python tests/mutants.py [KEY…]``; prints the figure and the survivors.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

from case_files import Case, load_cases
from pyoxigraph import Literal, NamedNode

from reasoner import days
from reasoner.compiled import CompiledJudge
from reasoner.criteria import Criterion, Kind, Policy
from reasoner.decide import Scope, Valuation, decide, scope
from reasoner.engine import Reasoner
from reasoner.errors import KnowledgeError
from reasoner.explain import deciding, missing
from reasoner.history import rules_of, view_of
from reasoner.judge import Verdict
from reasoner.knowledge import Knowledge
from reasoner.namespaces import COV, SH, XSD
from reasoner.prepared import Prepared
from reasoner.report import OUTCOME
from reasoner.triples import Spo, Term, Triples

NUMBERS = {XSD.integer.value, XSD.decimal.value}
# Counts that keep the books rather than state a requirement.
BOOKKEEPING = {SH.minCount}


@dataclass(frozen=True)
class Judged:
    """A case as it is prepared, as the policy sees it, and the verdicts on every leaf."""

    case: Case
    prepared: Prepared
    seen: Prepared
    verdicts: dict[NamedNode, Verdict]


@dataclass(frozen=True)
class Mutant:
    """A policy that says something else than the document, and whether a case notices.

    Parameters
    ----------
    shared : str
        The IRI of the criterion, when several policies share it; else empty.
    """

    name: str
    caught: bool
    shared: str = ""


def main() -> None:
    keys = sys.argv[1:] or list(Reasoner().catalogue.editions)
    with ProcessPoolExecutor(max_workers=2) as pool:
        found = dict(zip(keys, pool.map(mutants_of, keys), strict=True))
    # A misreading of a shared shape is one mutant; the cases of any policy may notice it.
    noticed = {(m.shared, m.name) for ms in found.values() for m in ms if m.shared and m.caught}
    counted: set[tuple[str, str]] = set()
    total = caught = 0
    for key, mutants in found.items():
        own = [m for m in mutants if not m.shared or (m.shared, m.name) not in counted]
        counted |= {(m.shared, m.name) for m in own if m.shared}
        survivors = [m.name for m in own if not m.caught and (m.shared, m.name) not in noticed]
        total, caught = total + len(own), caught + len(own) - len(survivors)
        print(f"{key}: {len(own) - len(survivors)} of {len(own)} mutants caught")
        for name in survivors:
            print(f"  survived: {name}")
    print(f"{caught} of {total} mutants caught, {100 * caught / max(total, 1):.1f} %")


def mutants_of(key: str, every: int = 1) -> list[Mutant]:
    """Return the mutants of one policy, each with whether the cases catch it.

    Parameters
    ----------
    every : int
        Try only every n-th mutant, for a short version.
    """
    reasoner = Reasoner()
    found = []
    for policy in reasoner.catalogue.editions[key]:
        judged = list(judge_cases(reasoner, policy))
        broken = [j.case.path.stem for j in judged if not holds(j, policy, j.verdicts)]
        assert not broken, f"cases that fail without any mutation: {broken}"
        mutations = [*combinations_of(policy), *leaves_of(reasoner.knowledge, policy)]
        own = policy.iri.value.partition("#")[0]
        foreign = {c.name: c.iri.value for c in policy.criteria.values()}
        foreign = {n: iri for n, iri in foreign.items() if not iri.startswith(own)}
        for name, apply in mutations[::every]:
            found.append(Mutant(name, apply(judged), foreign.get(name.partition(":")[0], "")))
    return found


def judge_cases(reasoner: Reasoner, policy: Policy) -> Iterator[Judged]:
    for case in load_cases():
        if case.policy != policy.iri:
            continue
        request = reasoner.read(case.request_ttl, str(case))
        prepared = reasoner.prepare(request)
        selection = reasoner.catalogue.select(policy.key, request.date, prepared.facts.types)
        if selection.chosen is policy:
            seen = reasoner.seen_by(policy, prepared)
            verdicts = dict(reasoner.judge(policy, seen))
            yield Judged(case, prepared, seen, verdicts)


def holds(judged: Judged, policy: Policy, verdicts: dict[NamedNode, Verdict]) -> bool:
    """Say whether all that a case expects is so under a policy and some verdicts."""
    case, valuation = judged.case, Valuation(verdicts)
    where = scope(policy, valuation)
    value = valuation.value(policy.root)
    decision = decide(where[0], value)
    if case.expected_decision not in (None, OUTCOME[decision]):
        return False
    criteria = policy.criteria
    for iri, verdict in case.expected_verdicts.items():
        if iri in criteria and valuation.verdict(criteria[iri]).iri != verdict:
            return False
    if case.expected_deciding is None:
        return True
    ways = missing(policy, valuation, where[0], value) if where[0] is not Scope.OUT else []
    turning = deciding(policy, valuation, decision, where, ways)
    return {c.iri for c in turning} == set(case.expected_deciding)


# --- Combinations: no leaf changes, so nothing is judged again ------------------------

Apply = Callable[[list[Judged]], bool]


def combinations_of(policy: Policy) -> Iterator[tuple[str, Apply]]:
    """Yield each composite with "and" and "or" exchanged, and each with one member dropped."""
    for criterion in policy.criteria.values():
        if len(criterion.members) < 2:
            continue
        flipped = Kind.OR if criterion.kind is Kind.AND else Kind.AND
        yield (
            f"{criterion.name}: {criterion.kind.value} becomes {flipped.value}",
            with_policy(changed(policy, criterion.iri, replace(criterion, kind=flipped))),
        )
        for member in criterion.members:
            kept = tuple(m for m in criterion.members if m is not member)
            # What an indication applies to stands twice; dropped once, nothing would change.
            applies = None if member is criterion.applies_when else criterion.applies_when
            mutated = replace(criterion, members=kept, applies_when=applies)
            yield (
                f"{criterion.name}: {member.name} dropped",
                with_policy(changed(policy, criterion.iri, mutated)),
            )
    for exclusion in policy.exclusions:
        kept = tuple(e for e in policy.exclusions if e is not exclusion)
        yield f"exclusion {exclusion.name} dropped", with_policy(replace(policy, exclusions=kept))
    if policy.applies_when:
        yield "applies-when dropped", with_policy(replace(policy, applies_when=None))
    for criterion in policy.criteria.values():
        if criterion.route:
            yield (
                f"{criterion.name}: review route dropped",
                with_policy(changed(policy, criterion.iri, replace(criterion, route=None))),
            )


def with_policy(mutated: Policy) -> Apply:
    return lambda judged: any(not holds(j, mutated, j.verdicts) for j in judged)


def changed(policy: Policy, iri: NamedNode, new: Criterion) -> Policy:
    """Return a policy in which one criterion is another, wherever it stands."""
    done: dict[NamedNode, Criterion] = {}

    def rebuilt(criterion: Criterion) -> Criterion:
        if criterion.iri not in done:
            base = new if criterion.iri == iri else criterion
            done[criterion.iri] = base
            route = base.route
            if route and route.grounds:
                route = replace(route, grounds=rebuilt(route.grounds))
            done[criterion.iri] = replace(
                base,
                members=tuple(rebuilt(m) for m in base.members),
                applies_when=rebuilt(base.applies_when) if base.applies_when else None,
                route=route,
            )
        return done[criterion.iri]

    return replace(
        policy,
        root=rebuilt(policy.root),
        exclusions=tuple(rebuilt(e) for e in policy.exclusions),
        applies_when=rebuilt(policy.applies_when) if policy.applies_when else None,
    )


# --- Leaves: one leaf is judged again ---------------------------------------------------


def leaves_of(known: Knowledge, policy: Policy) -> Iterator[tuple[str, Apply]]:
    """Yield each bound moved by one, up and down, and each reading of silence flipped."""
    for leaf in policy.leaves:
        for triple in bounds(known.triples, leaf.iri):
            for moved in neighbours(triple):
                yield (
                    f"{leaf.name}: {triple[2].value} becomes {moved[2].value}",
                    with_leaf(known, policy, leaf, {triple: moved}),
                )
        if flipped := flipped_silence(known, leaf):
            name, extra = flipped
            yield f"{leaf.name}: silence means {name}", with_leaf(known, policy, leaf, {}, extra)


def bounds(triples: Triples, node: Term) -> Iterator[Spo]:
    """Yield every number and duration among the parameters of a leaf."""
    for p, objects in triples.predicates(node).items():  # type: ignore[arg-type]
        for o in objects:
            if isinstance(o, Literal):
                typed = o.datatype.value
                if p not in BOOKKEEPING and (typed in NUMBERS or "Duration" in typed):
                    yield node, p, o  # type: ignore[misc]
            elif p in (SH.property, SH.qualifiedValueShape):
                yield from bounds(triples, o)


def neighbours(triple: Spo) -> Iterator[Spo]:
    """Yield a bound moved by one: a number, a day, a month."""
    s, p, o = triple
    assert isinstance(o, Literal)
    for step in (-1, 1):
        if "Duration" not in o.datatype.value:
            number = (int(o.value) if o.datatype == XSD.integer else float(o.value)) + step
            if number >= 0:
                yield s, p, Literal(str(number), datatype=o.datatype)
        else:
            months, day_count = days.parts(o.value)
            text = f"P{months + step}M" if months else f"P{day_count + step}D"
            yield s, p, Literal(text, datatype=o.datatype)


def flipped_silence(known: Knowledge, leaf: Criterion) -> tuple[str, list[Spo]] | None:
    if leaf.kind not in (Kind.AFFIRMED, Kind.ABSENT):
        return None
    t = known.triples
    fact = t.value(leaf.iri, COV.affirmedFact) or t.value(leaf.iri, COV.absentFact)
    now = t.value(leaf.iri, COV.silenceMeans) or known.facts[fact].silence
    other = COV.Absent if now == COV.NotDocumented else COV.NotDocumented
    return known.label(other), [(leaf.iri, COV.silenceMeans, other)]


def with_leaf(
    known: Knowledge,
    policy: Policy,
    leaf: Criterion,
    moved: dict[Spo, Spo],
    extra: list[Spo] | None = None,
) -> Apply:
    """Return what tells whether a policy with one leaf changed is caught."""

    def caught(judged: list[Judged]) -> bool:
        triples = Triples(moved.get(t, t) for t in known.triples)
        for s, p, o in extra or []:
            triples = Triples(t for t in triples if t[:2] != (s, p))
            triples.add(s, p, o)
        mutated = replace(known, triples=triples, by_file=known.by_file)
        for name in ("facts", "properties", "incompatible", "broader", "superclasses"):
            mutated.__dict__[name] = getattr(known, name)
        judge = CompiledJudge(mutated)
        lone = replace(
            policy,
            root=replace(policy.root, members=(leaf,)),
            exclusions=(),
            applies_when=None,
        )
        # Cases that name the leaf are the likeliest to notice.
        order = sorted(judged, key=lambda j: leaf.iri not in j.case.expected_verdicts)
        for j in order:
            seen = j.seen
            if any(t[1] == COV.sidesMergedWithin for t in moved):
                try:
                    view = view_of(
                        rules_of(policy, mutated), j.prepared.facts, j.prepared.facts.day
                    )
                    seen = j.prepared.seen_by(view)
                except KnowledgeError:
                    # Two leaves that merge sides differently are refused when they are read.
                    return True
            verdict = judge(lone, seen)[leaf.iri]
            if verdict is j.verdicts[leaf.iri]:
                continue
            if not holds(j, policy, {**j.verdicts, leaf.iri: verdict}):
                return True
        return False

    return caught


if __name__ == "__main__":
    main()
