"""Does the ontology make sense, and do the run-time rules agree with it?

Four questions, each of which stops the next when the answer is no: is it OWL 2 DL, is
it free of contradiction, can every class have members, and does HermiT infer for each
request the very classes and links that the program infers without Java?
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pyoxigraph import Literal, NamedNode

from ..facts.classify import Classifier
from ..knowledge.base import Knowledge
from ..namespaces import COV, OWL, RDF, REQUESTS, compact, local_name
from ..triples import Node, Spo, Term, Triples
from .dl import outside_owl_dl
from .explain import ALL, Faults
from .hermit import Inferred, infer, ontology_triples
from .statements import Axiom, take_apart

LOT = 250


@dataclass(frozen=True)
class Report:
    """What a check found.

    Parameters
    ----------
    outside : tuple of str
        Where the ontology leaves OWL 2 DL.
    contradiction : tuple of str
        The axioms that contradict each other, in words; empty when it is consistent.
    contradicting : str
        The request that takes part in the contradiction; empty when none does.
    unsatisfiable : dict
        From a class that nothing can be in to the axioms that make it so.
    differences : tuple of str
        Where the program and HermiT infer different things for a request.
    """

    classes: int
    requests: int
    outside: tuple[str, ...] = ()
    contradiction: tuple[str, ...] = ()
    contradicting: str = ""
    unsatisfiable: dict[str, tuple[str, ...]] = field(default_factory=dict)
    differences: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        found = (self.outside, self.contradiction, self.unsatisfiable, self.differences)
        return not any(found)

    @property
    def lines(self) -> tuple[str, ...]:
        """The report for a person."""
        if self.outside:
            return ("The ontology is not in OWL 2 DL:", *_listed(self.outside))
        if self.contradiction:
            who = f"The request {self.contradicting}" if self.contradicting else "The ontology"
            return (
                f"{who} is contradictory. Together these cannot be:",
                *_listed(self.contradiction),
            )
        lines = ["The ontology is in OWL 2 DL and consistent."]
        for cls, reasons in self.unsatisfiable.items():
            lines += [f"Nothing can be a {cls}, because:", *_listed(reasons)]
        if not self.unsatisfiable:
            lines.append(f"All {self.classes} classes can have members.")
        if self.differences:
            lines += ["The program and HermiT do not agree:", *_listed(self.differences)]
        elif self.requests:
            asked = "the request" if self.requests == 1 else f"all {self.requests} requests"
            lines.append(f"The program and HermiT infer the same for {asked}.")
        return tuple(lines)


def _listed(items: Sequence[str]) -> list[str]:
    return [f"  - {item}" for item in items]


def check(knowledge: Knowledge, requests: Mapping[str, Triples] | None = None) -> Report:
    """Check the ontology, and compare both ways of classifying requests.

    Parameters
    ----------
    knowledge : Knowledge
        The ontology and the code tables.
    requests : mapping of str to Triples, optional
        Requests as stated, by the name to report them under.

    Raises
    ------
    KnowledgeError
        When there is no Java runtime, or the ontology holds an axiom that the program
        cannot apply.
    """
    requests = requests or {}
    ontology = ontology_triples(knowledge)
    classes = {s for s, p, o in ontology if p == RDF.type and o == OWL.Class}
    sizes = sum(isinstance(c, NamedNode) for c in classes), len(requests)
    if outside := outside_owl_dl(knowledge):
        return Report(*sizes, outside=tuple(outside))
    classifier = Classifier(knowledge)
    apart = {
        name: _own_nodes(triples, f"{REQUESTS}check-{number}#", knowledge)
        for number, (name, triples) in enumerate(_unlike(requests, classifier, knowledge).items())
    }
    declarations, axioms = take_apart(ontology)
    faults = Faults(declarations)
    unsatisfiable: dict[str, tuple[str, ...]] = {}
    differences: list[str] = []
    for some in _together(list(apart)):
        read = [t for name in some for t in _read(apart[name][0], classifier)]
        inferred = infer([*ontology, *read])
        if inferred is None:
            links = {name: _read(requests[name], classifier) for name in some}
            return _contradiction(knowledge, sizes, ontology, links)
        if not unsatisfiable:
            unsatisfiable = {
                compact(c.value): _said(knowledge, faults.reasons(c, axioms, {c}))
                for c in inferred.unsatisfiable()
            }
        differences += [
            f"{name}: {difference}"
            for name in some
            for difference in _differences(classifier, inferred, *apart[name])
        ]
    return Report(*sizes, unsatisfiable=unsatisfiable, differences=tuple(differences))


def _together(names: list[str]) -> list[list[str]]:
    """Part requests into lots: HermiT takes much longer over many at once."""
    return [names[i : i + LOT] for i in range(0, len(names), LOT)] or [[]]


def _unlike(
    requests: Mapping[str, Triples], classifier: Classifier, knowledge: Knowledge
) -> dict[str, Triples]:
    """Return one of all requests that differ in names, dates and numbers only.

    To an OWL reasoner they are the same, and its time grows with each.
    """
    found: dict[frozenset[Spo], str] = {}
    for name, triples in requests.items():
        renamed, _ = _own_nodes(triples, f"{REQUESTS}check#", knowledge)
        found.setdefault(frozenset(_read(renamed, classifier)), name)
    return {name: requests[name] for name in found.values()}


def _own_nodes(
    triples: Triples, prefix: str, knowledge: Knowledge
) -> tuple[Triples, dict[NamedNode, Node]]:
    """Return a request whose nodes no other request shares, and what they were called.

    A class that a request points at gets a name as a node too: owlready2 takes what has
    types for an individual, and then leaves out the classes above it.
    """
    described = knowledge.triples
    classes = frozenset(described.instances(OWL.Class))
    names: dict[Node, NamedNode] = {}

    def own(term: Node) -> Node:
        if term not in classes and isinstance(term, NamedNode) and described.predicates(term):
            return term
        return names.setdefault(term, NamedNode(f"{prefix}{len(names) + 1}"))

    renamed = Triples(
        (own(s), p, o if p == RDF.type or isinstance(o, Literal) else own(o)) for s, p, o in triples
    )
    return renamed, {new: old for old, new in names.items()}


def _read(triples: Triples, classifier: Classifier) -> list[Spo]:
    """Return what classification reads, with the declarations that OWL asks for."""
    read = [t for t in triples if classifier.reads(*t)]
    ends = dict.fromkeys(n for s, p, o in read for n in ((s,) if p == RDF.type else (s, o)))
    return [
        *read,
        *((n, RDF.type, OWL.NamedIndividual) for n in ends if not isinstance(n, Literal)),
    ]


def _differences(
    classifier: Classifier,
    inferred: Inferred,
    triples: Triples,
    names: Mapping[NamedNode, Node],
) -> Iterator[str]:
    """Yield what only one of the two infers of a request's own nodes."""
    classified = classifier.classify(triples)
    for node, name in names.items():
        found = [("is a", _own_terms(classified.types(node)), _own_terms(inferred.types(node)))]
        for link in sorted((x for x in classifier.links if isinstance(x, NamedNode)), key=str):
            ours, theirs = classified.objects(node, link), inferred.triples.objects(node, link)
            found.append((compact(link.value), frozenset(ours), frozenset(theirs)))
        for verb, ours_alone, theirs_alone in ((v, a - b, b - a) for v, a, b in found):
            for terms, who in ((ours_alone, "the program"), (theirs_alone, "HermiT")):
                for term in sorted(terms, key=str):
                    original = names.get(term, term) if isinstance(term, NamedNode) else term
                    said = f"{local_name(name.value)} {verb} {compact(original.value)}"
                    yield f"{said} to {who} alone"


def _own_terms(classes: Iterable[Term]) -> frozenset[Term]:
    return frozenset(c for c in classes if c.value.startswith(COV))


def _contradiction(
    knowledge: Knowledge,
    sizes: tuple[int, int],
    ontology: list[Spo],
    requests: Mapping[str, list[Spo]],
) -> Report:
    """Return which axioms contradict each other, and which request takes part."""
    guilty: list[str] = []
    if infer(ontology) is not None:
        guilty = list(requests)
        while len(guilty) > 1:
            half = guilty[: len(guilty) // 2]
            alone = infer([*ontology, *(t for name in half for t in requests[name])])
            guilty = half if alone is None else guilty[len(half) :]
    stated = [t for name in guilty for t in requests[name]]
    declarations, axioms = take_apart([*ontology, *stated])
    around = {s for s, _, _ in stated if isinstance(s, NamedNode)}
    reasons = Faults(declarations).reasons(ALL, axioms, around)
    return Report(*sizes, contradiction=_said(knowledge, reasons), contradicting="".join(guilty))


def _said(knowledge: Knowledge, axioms: Iterable[Axiom]) -> tuple[str, ...]:
    """Return axioms in words, each with the file it stands in."""
    files = {t: name for name, triples in knowledge.by_file.items() for t in triples}
    said = []
    for axiom in axioms:
        file = files.get(axiom.triples[0])
        said.append(f"{axiom.words} ({file})" if file else axiom.words)
    return tuple(said)
