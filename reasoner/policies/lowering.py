"""From shapes to trees of criteria, checked on the way.

A leaf is made of SHACL Core, of one component, or of the one-line form for a named
fact; a composite names other criteria. Whatever steps outside this profile is refused
by name when it is loaded, so that no criterion is ever skipped in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import combinations
from math import comb

from pyoxigraph import BlankNode, Literal, NamedNode

from ..errors import KnowledgeError
from ..knowledge.base import Knowledge, policy_key
from ..namespaces import COV, RDF, RDFS, SH, SKOS, XSD, compact
from ..triples import Node, Term
from .components import Component, component_of, components_of
from .criteria import Citation, Criterion, Kind, Policy, Reading, Route
from .silence import refuse_narrow, refuse_unsafe

MAX_COMBINATIONS = 120
MAX_DEPTH = 6

# What a criterion says about itself, beside what it requires.
ANNOTATIONS = frozenset(
    {
        RDF.type,
        RDFS.label,
        COV.concerns,
        COV.citation,
        COV.interpretation,
        COV.knownRedundancy,
        COV.followsReading,
        COV.silenceMeans,
        COV.reviewRoute,
        COV.appliesWhen,
        COV.otherwise,
        COV.fundedBy,
    }
)
COMPOSITE = frozenset({SH["and"], SH["or"], COV.atLeast, COV.ofCriteria})
ONE_LINE = frozenset({COV.affirmedFact, COV.absentFact})
# Where the one-line form finds a named fact from the request, by the record it is stated of.
RECORD_PATHS = {
    COV.Patient: COV.hasPatient,
    COV.PainRecord: COV.concernsPain,
    COV.RequestedProcedure: COV.requestsProcedure,
}
# What leads from a shape to one inside it, which is written on the spot.
NESTING = frozenset({SH.property, SH.qualifiedValueShape, SH["not"]})
DURATIONS = {XSD.dayTimeDuration, XSD.yearMonthDuration}


class Lowering:
    """Lowers the policies of one body of knowledge."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.triples = knowledge.triples
        self.profile = frozenset(self.triples.instances(COV.ProfileTerm))
        self.components = components_of(knowledge)
        self.parameters = {p for c in self.components.values() for p in c.needs | c.may}
        self.all_readings = settled_readings(knowledge)
        self._done: dict[NamedNode, Criterion] = {}
        self._lowering: set[NamedNode] = set()
        self._document: Term | None = None

    def policies(self) -> list[Policy]:
        """Return every edition, by key and date; each ends where the next begins."""
        return [policy for found in self.editions().values() for policy in found]

    def editions(self) -> Editions:
        """Return the editions of every policy by its key, each policy lowered when first asked."""
        return Editions(self)

    def editions_among(self, nodes: list[Node]) -> list[Policy]:
        """Return the editions that some nodes are, by date."""
        return sorted(map(self._policy, nodes), key=lambda p: p.effective_from)

    def _policy(self, node: Node) -> Policy:
        iri = self.iri(node, "a policy")
        # A criterion that several policies share cites each of their documents; what one
        # policy makes of it is not what another does.
        self._done = {}
        self._document = self.triples.value(iri, COV.fromDocument)
        start = self.triples.text(iri, COV.effectiveFrom)
        until = self.triples.text(iri, COV.effectiveUntil)
        payer, target = (
            self.triples.value(iri, COV.ofPayer),
            self.triples.value(iri, SH.targetClass),
        )
        if not start or not isinstance(payer, NamedNode) or not isinstance(target, NamedNode):
            raise KnowledgeError(f"{iri.value} lacks a payer, a target class or a first date")
        applies = self.triples.value(iri, COV.appliesWhen)
        policy = Policy(
            iri=iri,
            key=policy_key(iri),
            label=self.knowledge.label(iri),
            payer=payer,
            payer_label=self.knowledge.label(payer),
            target=target,
            effective_from=date.fromisoformat(start),
            effective_until=date.fromisoformat(until) if until else None,
            document=self.triples.value(iri, COV.fromDocument),
            exclusions=tuple(
                sorted(
                    (self.criterion(e) for e in self.triples.objects(iri, COV.exclusion)),
                    key=lambda c: c.iri.value,
                )
            ),
            applies_when=self.criterion(applies) if applies else None,
            root=self._composite(iri, 0, is_policy=True),
        )
        names = [c.name for c in policy.criteria.values()]
        if twice := {n for n in names if names.count(n) > 1}:
            raise KnowledgeError(f"{iri.value} has two criteria called {', '.join(sorted(twice))}")
        return policy

    def criterion(self, node: Term, depth: int = 0) -> Criterion:
        """Lower one named criterion.

        Raises
        ------
        KnowledgeError
            When the criterion steps outside the profile; the message names the term.
        """
        iri = self.iri(node, "a criterion")
        if iri in self._done:
            return self._done[iri]
        if depth > MAX_DEPTH:
            raise KnowledgeError(f"{compact(iri.value)} nests more than {MAX_DEPTH} composites")
        if iri in self._lowering:
            raise KnowledgeError(f"{compact(iri.value)} recurs")
        if not self.knowledge.is_a(iri, COV.Criterion):
            raise KnowledgeError(f"{compact(iri.value)} is used as a criterion and is not one")
        self._lowering.add(iri)
        terms = set(self.triples.predicates(iri)) - ANNOTATIONS
        judging = names(terms - COMPOSITE)
        if terms & COMPOSITE and judging:
            raise KnowledgeError(
                f"{compact(iri.value)} combines criteria and judges by itself: {judging}"
            )
        lowered = self._composite(iri, depth) if terms & COMPOSITE else self._leaf(iri, terms)
        self._lowering.discard(iri)
        self._done[iri] = lowered
        return lowered

    def _composite(self, iri: NamedNode, depth: int, is_policy: bool = False) -> Criterion:
        heads = {p: self.triples.objects(iri, p) for p in (SH["and"], SH["or"], COV.ofCriteria)}
        used = [(p, o) for p, o in heads.items() if o]
        if len(used) != 1 or len(used[0][1]) != 1:
            raise KnowledgeError(f"{compact(iri.value)} needs exactly one list of criteria")
        how, head = used[0][0], used[0][1][0]
        if how != COV.ofCriteria and self.triples.objects(iri, COV.atLeast):
            raise KnowledgeError(f"{compact(iri.value)} counts without saying what: cov:atLeast")
        members = tuple(self.criterion(m, depth + 1) for m in self.triples.items(head))
        if not members:
            raise KnowledgeError(f"{compact(iri.value)} combines nothing")
        if how == COV.ofCriteria:
            members, kind = self._choose(iri, members), Kind.OR
        else:
            kind = Kind.AND if how == SH["and"] else Kind.OR
        applies = self.triples.value(iri, COV.appliesWhen) if not is_policy else None
        indication = COV.Indication in self.triples.types(iri)
        if indication and (applies is None or kind is not Kind.AND or members[0].iri != applies):
            raise KnowledgeError(
                f"{compact(iri.value)} is an indication: what it applies to must come first in it"
            )
        return self._described(
            iri,
            kind,
            members=members,
            applies_when=self.criterion(applies, depth + 1) if applies else None,
        )

    def _choose(self, iri: NamedNode, members: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
        """Expand "at least n of these" to the alternatives of n criteria each."""
        asked, several = self.triples.text(iri, COV.atLeast) or "0", len(set(members))
        n = int(asked) if asked.isdecimal() else 0
        if not 1 <= n <= several:
            raise KnowledgeError(f"{compact(iri.value)} asks for {asked} of {several} criteria")
        if comb(len(members), n) > MAX_COMBINATIONS:
            raise KnowledgeError(
                f"{compact(iri.value)} has more than {MAX_COMBINATIONS} combinations"
            )
        if n == 1:
            return members
        return tuple(
            Criterion(
                iri=NamedNode(f"{iri.value}-of-{i}"),
                kind=Kind.AND,
                label=" and ".join(m.label for m in chosen),
                concern=None,
                citations=(),
                interpretation="",
                members=chosen,
            )
            for i, chosen in enumerate(combinations(members, n), start=1)
        )

    def _leaf(self, iri: NamedNode, terms: set[NamedNode]) -> Criterion:
        if terms & ONE_LINE:
            if len(terms) != 1:
                raise KnowledgeError(
                    f"{compact(iri.value)} is more than its one line: {names(terms)}"
                )
            facts = self.triples.objects(iri, next(iter(terms)))
            if len(facts) != 1:
                raise KnowledgeError(f"{compact(iri.value)} names {len(facts)} facts, not one")
            if facts[0] not in self.knowledge.facts:
                raise KnowledgeError(f"{compact(iri.value)} asks for a fact that is not declared")
            stated_of = self.knowledge.facts[facts[0]].stated_of
            if stated_of not in RECORD_PATHS:
                raise KnowledgeError(
                    f"{compact(iri.value)} asks in one line for a fact of the"
                    f" {self.knowledge.label(stated_of)}, of which there may be several"
                )
            return self._described(iri, Kind.AFFIRMED if COV.affirmedFact in terms else Kind.ABSENT)
        if terms & self.parameters:
            component = component_of(iri, terms, self.components)
            self._refuse_values(iri, component)
            refuse_narrow(iri, terms, self.knowledge)
            durations = tuple(
                o.value
                for p in sorted(terms, key=str)
                for o in self.triples.objects(iri, p)
                if not isinstance(o, NamedNode | BlankNode) and "Duration" in o.datatype.value
            )
            return self._described(
                iri, Kind.COMPONENT, durations=durations, component=component.iri
            )
        if not terms:
            raise KnowledgeError(f"{compact(iri.value)} requires nothing")
        self._refuse_unknown(iri, iri)
        refuse_unsafe(iri, self.knowledge)
        return self._described(iri, Kind.CORE)

    def _refuse_values(self, iri: NamedNode, component: Component) -> None:
        """Refuse a parameter that is given twice, is not of its type, or is not known.

        A query drops a duration that it cannot take off a date, and every request conforms;
        of a date that no record states it finds nothing, whatever the request says.
        """
        for parameter in self.triples.objects(component.iri, SH.parameter):
            p = self.triples.value(parameter, SH.path)
            assert isinstance(p, NamedNode)
            given = self.triples.objects(iri, p)
            if len(given) > 1:
                raise KnowledgeError(f"{compact(iri.value)} gives {compact(p.value)} twice")
            datatype = self.triples.value(parameter, SH.datatype)
            named = any(self.triples.objects(parameter, q) for q in (SH.nodeKind, SH["class"]))
            types = {datatype} if datatype else {None} if named else DURATIONS
            if {o.datatype if isinstance(o, Literal) else None for o in given} - types:
                raise KnowledgeError(f"{compact(iri.value)} gives {compact(p.value)} a wrong type")
            lists = self.triples.objects(parameter, SH["in"])
            known = [value for head in lists for value in self.triples.items(head)]
            records = set(self.triples.objects(parameter, COV.dateOf))
            for o in given:
                if (known and o not in known) or (records and not self._is_date_of(o, records)):
                    raise KnowledgeError(
                        f"{compact(iri.value)} gives {compact(p.value)} what it cannot be:"
                        f" {compact(o.value)}"
                    )

    def _is_date_of(self, term: Term, records: set[Term]) -> bool:
        """Return whether a property states a date of one of some kinds of record."""
        declared = self.knowledge.properties.get(term) if isinstance(term, NamedNode) else None
        return (
            declared is not None
            and declared.value_type == XSD.date
            and bool(records & declared.stated_of)
        )

    def _refuse_unknown(self, owner: NamedNode, node: Node) -> None:
        """Refuse any SHACL term outside the profile, at whatever depth of blank nodes."""
        for p, objects in self.triples.predicates(node).items():
            if p in ANNOTATIONS or p in (RDF.first, RDF.rest):
                pass
            elif p not in self.profile:
                raise KnowledgeError(
                    f"{compact(owner.value)} uses {compact(p.value)}, which no criterion may"
                )
            for o in objects:
                if isinstance(o, BlankNode) and p != COV.citation:
                    self._refuse_unknown(owner, o)
                elif p in NESTING:
                    raise KnowledgeError(
                        f"{compact(owner.value)} leads to a shape of its own: {compact(o.value)}"
                    )

    def _described(
        self,
        iri: NamedNode,
        kind: Kind,
        members: tuple[Criterion, ...] = (),
        applies_when: Criterion | None = None,
        durations: tuple[str, ...] = (),
        component: Term | None = None,
    ) -> Criterion:
        t = self.triples
        types = t.types(iri)
        concern, otherwise, funded = (
            t.value(iri, p) for p in (COV.concerns, COV.otherwise, COV.fundedBy)
        )
        route = t.value(iri, COV.reviewRoute)
        return Criterion(
            iri=iri,
            kind=kind,
            label=self.knowledge.label(iri),
            concern=concern if isinstance(concern, NamedNode) else None,
            citations=self.citations(iri),
            interpretation=t.text(iri, COV.interpretation),
            members=members,
            applies_when=applies_when,
            otherwise=otherwise if isinstance(otherwise, NamedNode) else None,
            route=self._route(route) if route else None,
            funded_by=funded if isinstance(funded, NamedNode) else None,
            is_refusal=COV.Refusal in types,
            durations=durations,
            component=component,
            readings=self.readings(iri),
        )

    def _route(self, node: Term) -> Route:
        iri = self.iri(node, "a review route")
        grounds = self.triples.value(iri, COV.grounds)
        return Route(
            iri=iri,
            label=self.knowledge.label(iri),
            grounds=self.criterion(grounds) if grounds else None,
            citations=self.citations(iri),
        )

    def citations(self, iri: NamedNode) -> tuple[Citation, ...]:
        """Return the clauses of the policy's own document that a criterion or route cites."""
        found = []
        for node in self.triples.objects(iri, COV.citation):
            clause = self.triples.value(node, COV.clause)
            if not isinstance(clause, NamedNode):
                continue
            document = self.triples.value(clause, COV.inDocument)
            if self._document is None or document in (self._document, None):
                section, place, summary = (
                    self.triples.text(clause, p) for p in (COV.section, COV.place, COV.summary)
                )
                found.append(Citation(clause, section, place, summary))
        return tuple(found)

    def readings(self, iri: NamedNode) -> tuple[Reading, ...]:
        """Return the settled readings that a criterion follows, by number.

        Raises
        ------
        KnowledgeError
            When it names something else.
        """
        found = []
        for node in self.triples.objects(iri, COV.followsReading):
            reading = self.all_readings.get(node)
            if reading is None:
                raise KnowledgeError(
                    f"{compact(iri.value)} follows {compact(node.value)},"
                    " which is not a settled reading"
                )
            found.append(reading)
        return tuple(sorted(found, key=_number))

    def iri(self, node: Term, what: str) -> NamedNode:
        """Return the name of a node that must have one."""
        if not isinstance(node, NamedNode):
            raise KnowledgeError(f"{what} has no name")
        return node


class Editions(Mapping[str, list[Policy]]):
    """The editions of every policy by its key, in order; a policy is lowered when first asked.

    What is wrong with a policy is said when it is lowered, so whoever must know that all are
    sound asks for all.
    """

    def __init__(self, lowering: Lowering) -> None:
        self._lowering = lowering
        self._nodes: dict[str, list[Node]] = {}
        for node in lowering.triples.instances(COV.Policy):
            key = policy_key(lowering.iri(node, "a policy"))
            self._nodes.setdefault(key, []).append(node)
        self._found: dict[str, list[Policy]] = {}

    def __getitem__(self, key: str) -> list[Policy]:
        if key not in self._found:
            self._found[key] = self._lowering.editions_among(self._nodes[key])
        return self._found[key]

    def __contains__(self, key: object) -> bool:
        return key in self._nodes

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._nodes))

    def __len__(self) -> int:
        return len(self._nodes)


def settled_readings(knowledge: Knowledge) -> dict[Term, Reading]:
    """Return every settled reading by its IRI, in the order of their numbers."""
    t = knowledge.triples
    found = [
        Reading(
            iri=iri,
            number=t.text(iri, SKOS.notation),
            label=knowledge.label(iri),
            text=t.text(iri, SKOS.definition),
        )
        for iri in t.instances(COV.SettledReading)
        if isinstance(iri, NamedNode)
    ]
    return {r.iri: r for r in sorted(found, key=_number)}


def _number(reading: Reading) -> tuple[int, str]:
    return len(reading.number), reading.number


def names(terms: set[NamedNode]) -> str:
    return ", ".join(sorted(compact(t.value) for t in terms))
