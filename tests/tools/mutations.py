"""Small misreadings of a policy, each as the file would have it if somebody had misread.

A misreading changes a few triples of the shapes, and what is read from them is the mutant:
a policy whose tree is another, a leaf that gives other verdicts, another view of the
history, other dates. A count of criteria is misread as it is written: the number by one,
one of the list left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from pyoxigraph import BlankNode, Literal, NamedNode

from covergraph import days
from covergraph.knowledge.base import Knowledge
from covergraph.namespaces import COV, RDF, SH, XSD
from covergraph.policies.clauses import is_combination
from covergraph.policies.criteria import Criterion, Kind, Policy
from covergraph.policies.lowering import Lowering
from covergraph.triples import Node, Spo, Term, Triples
from tests.silence import can_be_silent, is_open

NUMBERS = {XSD.integer.value, XSD.decimal.value}
# Counts that keep the books rather than state a requirement.
BOOKKEEPING = {SH.minCount}
# What is read of the ontology; no misreading of a shape changes it.
OF_THE_ONTOLOGY = ("facts", "properties", "incompatible", "broader", "superclasses")


@dataclass(frozen=True)
class Mutation:
    """A misreading: its name, and what of the policy has to be looked at again.

    Parameters
    ----------
    at : NamedNode
        The criterion that is misread, or the policy.
    policy : Policy
        The policy as it is misread.
    knowledge : Callable
        Returns the knowledge with the misreading, built when it is asked for.
    leaves : tuple of Criterion
        The leaves whose verdicts may change.
    history, dates : bool
        Whether the view of the patient's history, or the dates in force, may change.
    """

    name: str
    at: NamedNode
    policy: Policy
    knowledge: Callable[[], Knowledge]
    leaves: tuple[Criterion, ...] = ()
    history: bool = False
    dates: bool = False


@dataclass(frozen=True)
class Rewrite:
    """Triples that a misreading takes away and puts in their place."""

    gone: frozenset[Spo] = frozenset()
    new: tuple[Spo, ...] = field(default=())

    def of(self, known: Knowledge) -> Knowledge:
        triples = Triples(t for t in known.triples if t not in self.gone)
        triples.update(self.new)
        other = replace(known, triples=triples)
        for name in OF_THE_ONTOLOGY:
            other.__dict__[name] = getattr(known, name)
        return other


def mutations_of(known: Knowledge, policy: Policy) -> Iterator[Mutation]:
    """Yield every misreading of a policy, in the order of its criteria."""
    for criterion in policy.criteria.values():
        if criterion.is_leaf:
            yield from leaf_misread(known, policy, criterion)
        elif known.triples.value(criterion.iri, COV.ofCriteria):
            yield from count_misread(known, policy, criterion)
        elif not is_combination(criterion.iri.value):
            yield from combination_misread(known, policy, criterion)
        if not is_combination(criterion.iri.value):
            yield from consequence_misread(known, policy, criterion)
    yield from policy_misread(known, policy)


# --- Combinations: no leaf changes, so nothing is judged again ------------------------------


def combination_misread(
    known: Knowledge, policy: Policy, criterion: Criterion
) -> Iterator[Mutation]:
    """Yield a composite with "and" and "or" exchanged, and with each member dropped."""
    if len(criterion.members) < 2:
        return
    flipped = Kind.OR if criterion.kind is Kind.AND else Kind.AND
    what = f"{criterion.kind.value} becomes {flipped.value}"
    yield combined(known, policy, criterion, what, replace(criterion, kind=flipped))
    for member in criterion.members:
        kept = tuple(m for m in criterion.members if m is not member)
        # What an indication applies to stands twice; dropped once, nothing would change.
        applies = None if member is criterion.applies_when else criterion.applies_when
        other = replace(criterion, members=kept, applies_when=applies)
        yield combined(known, policy, criterion, f"{member.name} dropped", other)


def count_misread(known: Knowledge, policy: Policy, criterion: Criterion) -> Iterator[Mutation]:
    """Yield "at least n of these" with another n, and with each of these left out."""
    t = known.triples
    (head,) = t.objects(criterion.iri, COV.ofCriteria)
    (count,) = t.objects(criterion.iri, COV.atLeast)
    listed = [m for m in t.items(head) if isinstance(m, NamedNode)]
    for moved in neighbours((criterion.iri, COV.atLeast, count)):
        if 1 <= int(moved[2].value) <= len(listed):
            rewrite = Rewrite(frozenset({(criterion.iri, COV.atLeast, count)}), (moved,))
            what = f"at least {count.value} becomes {moved[2].value}"
            yield combined(known, policy, criterion, what, relowered(known, criterion, rewrite))
    for member in listed:
        kept = [m for m in listed if m != member]
        if int(count.value) <= len(kept):
            head_of_kept, cells = rdf_list(kept)
            rewrite = Rewrite(
                frozenset({(criterion.iri, COV.ofCriteria, head)}),
                ((criterion.iri, COV.ofCriteria, head_of_kept), *cells),
            )
            name = f"{member.value.rsplit('#', 1)[-1]} dropped"
            yield combined(known, policy, criterion, name, relowered(known, criterion, rewrite))


def relowered(known: Knowledge, criterion: Criterion, rewrite: Rewrite) -> Criterion:
    """Return a criterion as it is lowered once the shapes are misread."""
    new = Lowering(rewrite.of(known)).criterion(criterion.iri)
    return replace(criterion, kind=new.kind, members=new.members)


def rdf_list(items: Iterable[NamedNode]) -> tuple[Node, list[Spo]]:
    head: Node = RDF.nil
    cells: list[Spo] = []
    for item in reversed(list(items)):
        node = BlankNode()
        cells += [(node, RDF.first, item), (node, RDF.rest, head)]
        head = node
    return head, cells


def consequence_misread(
    known: Knowledge, policy: Policy, criterion: Criterion
) -> Iterator[Mutation]:
    """Yield a criterion without its review route or its grounds, and with another otherwise."""
    if criterion.route:
        other = replace(criterion, route=None)
        yield combined(known, policy, criterion, "review route dropped", other)
        if criterion.route.grounds:
            other = replace(criterion, route=replace(criterion.route, grounds=None))
            yield combined(known, policy, criterion, "grounds of review dropped", other)
    if criterion.otherwise not in (None, COV.NotCovered):
        other = replace(criterion, otherwise=None)
        yield combined(known, policy, criterion, "otherwise dropped", other)


def combined(
    known: Knowledge, policy: Policy, criterion: Criterion, what: str, new: Criterion
) -> Mutation:
    other = changed(policy, criterion.iri, new)
    return Mutation(f"{criterion.name}: {what}", criterion.iri, other, lambda: known)


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


# --- Leaves: one leaf is judged again ---------------------------------------------------------


def leaf_misread(known: Knowledge, policy: Policy, leaf: Criterion) -> Iterator[Mutation]:
    """Yield a leaf with each bound moved by one, up and down, and its silence read otherwise."""
    for triple in bounds(known.triples, leaf.iri):
        for moved in neighbours(triple):
            rewrite = Rewrite(frozenset({triple}), (moved,))
            what = f"{triple[2].value} becomes {moved[2].value}"
            merges = triple[1] == COV.sidesMergedWithin
            yield judged(known, policy, leaf, what, rewrite, merges)
    open_ = is_open(leaf, policy)
    # A component asks its twin unless told otherwise, and the twin of what is complete says
    # the same; of what is always stated there is no silence to read.
    flips = open_ or (leaf.kind is not Kind.COMPONENT and can_be_silent(leaf))
    if flips:
        other = COV.Absent if open_ else COV.NotDocumented
        stated = known.triples.objects(leaf.iri, COV.silenceMeans)
        rewrite = Rewrite(
            frozenset((leaf.iri, COV.silenceMeans, o) for o in stated),
            ((leaf.iri, COV.silenceMeans, other),),
        )
        yield judged(known, policy, leaf, f"silence means {known.label(other)}", rewrite)


def judged(
    known: Knowledge,
    policy: Policy,
    leaf: Criterion,
    what: str,
    rewrite: Rewrite,
    history: bool = False,
) -> Mutation:
    name = f"{leaf.name}: {what}"
    return Mutation(name, leaf.iri, policy, lambda: rewrite.of(known), (leaf,), history)


def bounds(triples: Triples, node: Term) -> Iterator[Spo]:
    """Yield every number and duration among the parameters of a leaf."""
    for p, objects in triples.predicates(node).items():  # type: ignore[arg-type]
        for o in objects:
            if isinstance(o, Literal):
                typed = o.datatype.value
                if p not in BOOKKEEPING and (typed in NUMBERS or "Duration" in typed):
                    yield node, p, o  # type: ignore[misc]
            elif p in (SH.property, SH.qualifiedValueShape, SH["not"]):
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


# --- The policy: its view of the history, its scope, its dates ----------------------------------


def policy_misread(known: Knowledge, policy: Policy) -> Iterator[Mutation]:
    """Yield what stands on the policy itself, dropped or moved by one."""
    for exclusion in policy.exclusions:
        kept = tuple(e for e in policy.exclusions if e is not exclusion)
        other = replace(policy, exclusions=kept)
        name = f"exclusion {exclusion.name} dropped"
        yield Mutation(name, policy.iri, other, lambda: known)
    if policy.applies_when:
        other = replace(policy, applies_when=None)
        yield Mutation("applies-when dropped", policy.iri, other, lambda: known)
    yield from episode_misread(known, policy)
    for date in ("effective_from", "effective_until"):
        for step in (-1, 1):
            if day := getattr(policy, date):
                moved = day + timedelta(days=step)
                other = replace(policy, **{date: moved})
                name = f"{date.replace('_', ' ')} {day} becomes {moved}"
                yield Mutation(name, policy.iri, other, lambda: known, dates=True)


def episode_misread(known: Knowledge, policy: Policy) -> Iterator[Mutation]:
    """Yield the rule for a new episode of care with its gap moved, or one of its events dropped."""
    t = known.triples
    leaves = tuple(c for c in policy.leaves if t.value(c.iri, COV.withinEpisode))
    for rule in t.objects(policy.iri, COV.episode):
        for p, objects in t.predicates(rule).items():  # type: ignore[arg-type]
            for o in objects:
                for what, rewrite in rule_misread((rule, p, o)):  # type: ignore[arg-type]
                    known_so = partial(rewrite.of, known)
                    name = f"episode: {what}"
                    yield Mutation(name, policy.iri, policy, known_so, leaves, history=True)


def rule_misread(triple: Spo) -> Iterator[tuple[str, Rewrite]]:
    _, p, o = triple
    gone = frozenset({triple})
    if p == COV.episodeGap:
        for moved in neighbours(triple):
            yield f"{o.value} becomes {moved[2].value}", Rewrite(gone, (moved,))
    elif p != COV.ofProcedure:
        yield f"{p.value.rsplit('#', 1)[-1]} dropped", Rewrite(gone)
