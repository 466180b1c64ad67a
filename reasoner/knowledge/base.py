"""The ontology, code tables, components, policies and clauses, loaded once.

Everything the program knows stands in Turtle files. They are read into one index,
with a note of which file each subject came from. Nothing is read at any other time,
and nothing a caller sends is ever added to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from ..errors import KnowledgeError
from ..namespaces import COV, OWL, POLICIES, RDF, RDFS, SKOS
from ..triples import Spo, Term, Triples
from .manifest import standing
from .ownership import refuse_trespass
from .releases import TABLE

FOLDERS = (
    "ontology",
    "data/codes",
    "shapes/components",
    "shapes/derivations",
    "shapes/policies",
    "data/sources",
)
INFERRED = "ontology/inferred.ttl"
# The tables that say what FHIR means; only who reads FHIR reads them.
FHIR = "data/fhir"


@dataclass(frozen=True)
class Property:
    """What the ontology declares of a property that a request may state.

    Parameters
    ----------
    stated_of : frozenset of NamedNode
        The record classes that may state it; empty for what is only derived.
    value_type : NamedNode or None
        The datatype of a plain value; None for a link.
    takes : NamedNode or None
        The class of the node or concept it links to; None for a plain value.
    silence : NamedNode
        ``cov:Absent``, ``cov:NotDocumented`` or ``cov:Complete``.
    ends : (NamedNode, NamedNode) or None
        The derived properties that hold the earliest and the latest day on which a date may
        lie; a date without them is a day.
    dates_every : NamedNode or None
        The record class each of which has such a date, stated or not.
    years_since : NamedNode or None
        The date that a number counts the years from.
    classes_of : NamedNode or None
        The class below which it takes classes too, beside its concepts.
    """

    iri: NamedNode
    label: str
    definition: str
    stated_of: frozenset[NamedNode]
    required_of: frozenset[NamedNode]
    value_type: NamedNode | None
    takes: NamedNode | None
    single: bool
    silence: NamedNode
    lowest: float | None
    highest: float | None
    unit: str
    ends: tuple[NamedNode, NamedNode] | None = None
    dates_every: NamedNode | None = None
    years_since: NamedNode | None = None
    classes_of: NamedNode | None = None


@dataclass(frozen=True)
class Fact:
    """A named fact: of which record it is stated, and how its silence reads."""

    iri: NamedNode
    label: str
    definition: str
    stated_of: NamedNode
    silence: NamedNode


@dataclass
class Knowledge:
    """All that was loaded from one root folder.

    Parameters
    ----------
    root : Path
        The folder that holds ``ontology``, ``shapes`` and ``data``.
    triples : Triples
        Every triple of every file.
    files : dict
        From a subject to the file, relative to the root, that describes it.
    by_file, digests : dict
        The triples of each file, and the SHA-256 of its bytes as they were loaded; the table of
        ICD-10-CM and those for FHIR, which are read elsewhere, have their digests too.
    """

    root: Path
    triples: Triples = field(default_factory=Triples)
    files: dict[Term, str] = field(default_factory=dict)
    by_file: dict[str, list[Spo]] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over every file that can decide anything, by name and content."""
        files = sorted(self.digests.items())
        return sha256("".join(f"{name} {found}\n" for name, found in files).encode()).hexdigest()

    @cached_property
    def standing(self) -> str:
        """Whether these are the files of a release, of an altered one, or in development."""
        return standing(self.root)

    def label(self, term: Term) -> str:
        """Return the label of a term, or its local name where it has none."""
        return self.triples.text(term, RDFS.label) or term.value.rsplit("#", 1)[-1]

    @cached_property
    def properties(self) -> dict[NamedNode, Property]:
        """Every property that declares how its silence reads."""
        found = {}
        for kind in (OWL.ObjectProperty, OWL.DatatypeProperty):
            for iri in self.triples.instances(kind):
                if isinstance(iri, NamedNode) and self.triples.value(iri, COV.silenceMeans):
                    found[iri] = self._property(iri)
        return found

    @cached_property
    def record_classes(self) -> frozenset[NamedNode]:
        """The classes of record that a request is made of."""
        return frozenset(c for p in self.properties.values() for c in p.stated_of)

    @cached_property
    def dated(self) -> dict[NamedNode, Property]:
        """Every date that may be known to the month or the year alone."""
        return {p: declared for p, declared in self.properties.items() if declared.ends}

    @cached_property
    def latest_days(self) -> frozenset[str]:
        """The properties that hold the latest day of a date that is not known to the day."""
        return frozenset(d.ends[1].value for d in self.dated.values() if d.ends)

    @cached_property
    def counted_years(self) -> dict[NamedNode, NamedNode]:
        """From each number of years that a request may state to the date they are counted from."""
        found = self.properties.items()
        return {p: d.years_since for p, d in found if d.years_since is not None}

    @cached_property
    def facts(self) -> dict[Term, Fact]:
        """Every named fact."""
        t = self.triples
        found: dict[Term, Fact] = {}
        for iri in self.instances_of(COV.NamedFact):
            of, silence = t.value(iri, COV.statedOf), t.value(iri, COV.silenceMeans)
            if not isinstance(of, NamedNode) or not isinstance(silence, NamedNode):
                raise KnowledgeError(
                    f"{iri.value} does not say of what it is stated, or what silence means"
                )
            found[iri] = Fact(iri, self.label(iri), t.text(iri, SKOS.definition), of, silence)
        return found

    @cached_property
    def superclasses(self) -> dict[Term, frozenset[Term]]:
        """From a named class to its superclasses, itself included."""
        return self._closure(RDFS.subClassOf, self.triples.instances(OWL.Class))

    @cached_property
    def broader(self) -> dict[Term, frozenset[Term]]:
        """From a concept to the broader ones, itself included."""
        nodes = [n for pair in self.triples.pairs(COV.narrowerThan) for n in pair]
        return self._closure(COV.narrowerThan, nodes)

    def broader_of(self, concept: Term) -> frozenset[Term]:
        return self.broader.get(concept, frozenset()) | {concept}

    @cached_property
    def narrower(self) -> dict[Term, frozenset[Term]]:
        """From a concept to the narrower ones, itself left out."""
        found: dict[Term, set[Term]] = {}
        for concept, broader in self.broader.items():
            for b in broader - {concept}:
                found.setdefault(b, set()).add(concept)
        return {b: frozenset(below) for b, below in found.items()}

    @cached_property
    def meant(self) -> dict[Term, tuple[Term, ...]]:
        """From a class of procedures to what they are for, the broader purposes included."""
        return {
            cls: tuple(sorted(self.broader_of(purpose), key=str))
            for cls, purpose in self.triples.pairs(COV.impliesPurpose)
        }

    @cached_property
    def nameless(self) -> frozenset[Term]:
        """The purposes that name no cause of the pain: they state no other than what is meant."""
        return frozenset(p for p, flag in self.triples.pairs(COV.namesNoCause) if is_true(flag))

    @cached_property
    def incompatible(self) -> dict[Term, frozenset[NamedNode]]:
        """From a concept to the alternatives that the same thing cannot be.

        Alternatives that share a narrower concept may both be stated: radiofrequency may
        be the conventional kind. Pulsed and conventional share none. What excludes another
        concept excludes all that is narrower than it, and so does whatever is narrower.
        """
        narrower = self.narrower
        found: dict[Term, set[NamedNode]] = {}
        for one, other in self.triples.pairs(COV.excludes):
            for a in narrower.get(one, frozenset()) | {one}:
                for b in narrower.get(other, frozenset()) | {other}:
                    if isinstance(a, NamedNode) and isinstance(b, NamedNode):
                        found.setdefault(a, set()).add(b)
                        found.setdefault(b, set()).add(a)
        for cls, flag in self.triples.pairs(COV.alternatives):
            if not isinstance(cls, NamedNode) or not is_true(flag):
                continue
            members = self.instances_of(cls)
            for a in members:
                below = narrower.get(a, frozenset()).union({a})
                others = {b for b in members if not below & narrower.get(b, frozenset()).union({b})}
                found.setdefault(a, set()).update(others)
        return {a: frozenset(others) for a, others in found.items()}

    @cached_property
    def care(self) -> dict[Term, frozenset[NamedNode]]:
        """From a region to those where pain and therapy count for a procedure in it."""
        t = self.triples
        return {
            region: frozenset(
                o
                for o in (region, *t.objects(region, COV.sharesCareWith))
                if isinstance(o, NamedNode)
            )
            for region in self.instances_of(COV.SpinalRegion)
        }

    @cached_property
    def concerned_everywhere(self) -> frozenset[Term]:
        """The classes of procedures that concern the pain of any region."""
        t = self.triples
        return frozenset(c for c, flag in t.pairs(COV.concernsPainAnywhere) if is_true(flag))

    def instances_of(self, cls: NamedNode) -> list[NamedNode]:
        """Return the named individuals of a class and of its subclasses."""
        found = (
            i
            for c, above in self.superclasses.items()
            if cls in above and isinstance(c, NamedNode)
            for i in self.triples.instances(c)
            if isinstance(i, NamedNode)
        )
        return list(dict.fromkeys(found))

    def is_a(self, individual: Term, cls: NamedNode) -> bool:
        """Return whether the knowledge asserts that an individual is of a class or a subclass."""
        return any(cls in self.superclasses.get(c, ()) for c in self.triples.types(individual))

    def file_of(self, node: Term) -> str:
        """Return the file that a subject is described in; empty when there is none."""
        return self.files.get(node, "")

    def _property(self, iri: NamedNode) -> Property:
        t = self.triples

        def number(p: NamedNode) -> float | None:
            value = t.value(iri, p)
            return None if value is None else float(value.value)

        def node(p: NamedNode) -> NamedNode | None:
            value = t.value(iri, p)
            return value if isinstance(value, NamedNode) else None

        earliest, latest = node(COV.hasEarliest), node(COV.hasLatest)

        def named(p: NamedNode) -> frozenset[NamedNode]:
            return frozenset(o for o in t.objects(iri, p) if isinstance(o, NamedNode))

        return Property(
            iri=iri,
            label=self.label(iri),
            definition=t.text(iri, SKOS.definition),
            stated_of=named(COV.statedOf),
            required_of=named(COV.requiredOf),
            value_type=node(COV.valueType),
            takes=node(RDFS.range),
            single=t.text(iri, COV.singleValued) == "true",
            silence=node(COV.silenceMeans) or COV.NotDocumented,
            lowest=number(COV.lowestValue),
            highest=number(COV.highestValue),
            unit=t.text(iri, COV.unit),
            ends=(earliest, latest) if earliest and latest else None,
            dates_every=node(COV.datesEvery),
            years_since=node(COV.countsYearsSince),
            classes_of=node(COV.takesClassesOf),
        )

    def _closure(self, p: NamedNode, nodes: Iterable[Term]) -> dict[Term, frozenset[Term]]:
        """Return the reflexive and transitive closure of a predicate over named nodes."""
        closed: dict[Term, frozenset[Term]] = {}
        for start in dict.fromkeys(nodes):
            if not isinstance(start, NamedNode):
                continue
            seen: set[Term] = {start}
            queue: list[Term] = [start]
            while queue:
                for above in self.triples.objects(queue.pop(), p):
                    if isinstance(above, NamedNode) and above not in seen:
                        seen.add(above)
                        queue.append(above)
            closed[start] = frozenset(seen)
        return closed


def knowledge_root() -> Path:
    """Return where the knowledge lies: inside an installed package, or in the checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_knowledge"
    return installed if installed.is_dir() else package.parent


def read_turtle(data: bytes, name: str) -> list[Spo]:
    """Parse one of our own files; its blank nodes are kept apart from any other's."""
    try:
        quads = parse(input=data, format=RdfFormat.TURTLE, rename_blank_nodes=True)
        return [(s, p, o) for s, p, o, _ in quads]
    except (SyntaxError, ValueError) as error:
        raise KnowledgeError(f"{name}: {error}") from error


def load(root: Path) -> Knowledge:
    """Load every file under one root.

    Raises
    ------
    KnowledgeError
        When a folder is missing, a file is not valid Turtle, or a payer's file speaks of what
        is not its own.
    """
    knowledge = Knowledge(root)
    for folder in FOLDERS:
        if not (root / folder).is_dir():
            raise KnowledgeError(f"{root} has no folder {folder}")
        for path in sorted((root / folder).rglob("*.ttl")):
            name = path.relative_to(root).as_posix()
            data = path.read_bytes()
            triples = read_turtle(data, name)
            refuse_trespass(name, triples)
            knowledge.digests[name] = sha256(data).hexdigest()
            knowledge.by_file[name] = triples
            knowledge.triples.update(triples)
            if name == INFERRED:
                continue
            for s, _, _ in triples:
                knowledge.files.setdefault(s, name)
            # Elsewhere a shared criterion is only cited; it is described where it has its type.
            knowledge.files.update((s, name) for s, p, _ in triples if p == RDF.type)
    if not (root / TABLE).is_file():
        raise KnowledgeError(f"{root} has no file {TABLE}")
    for path in (root / TABLE, *(root / FHIR).glob("*.ttl")):
        name = path.relative_to(root).as_posix()
        knowledge.digests[name] = sha256(path.read_bytes()).hexdigest()
    return knowledge


@lru_cache(maxsize=1)
def knowledge() -> Knowledge:
    """Return what ships with the program, loaded on first use."""
    return load(knowledge_root())


def policy_key(policy: NamedNode) -> str:
    """Return ``payer/policy`` of an edition's IRI."""
    path = policy.value.removeprefix(POLICIES).split("#", 1)[0]
    return "/".join(path.split("/")[:2])


def is_true(term: Term | None) -> bool:
    return isinstance(term, Literal) and term.value in ("true", "1")


__all__ = ["RDF", "Fact", "Knowledge", "Property", "knowledge", "load", "policy_key"]
