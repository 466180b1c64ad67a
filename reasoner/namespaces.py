"""The IRIs of covergraph, all under one base.

An IRI is the base plus ``ontology#``, ``codes#``, ``sources/<payer>/<policy>#``,
``requests/<id>#`` or ``policies/<payer>/<policy>/<effective-from>#``. Nothing else
in the program spells the base out.
"""

from __future__ import annotations

import re

from pyoxigraph import NamedNode

BASE = "https://w3id.org/covergraph/"
CONTEXT_IRI = BASE + "context.jsonld"


class Namespace(str):
    """A namespace IRI that makes terms: ``COV.Met``, ``SH["in"]``."""

    def __getattr__(self, local: str) -> NamedNode:
        if local.startswith("__"):
            raise AttributeError(local)
        # Kept as an attribute, so that a term is made once.
        self.__dict__[local] = term = NamedNode(self + local)
        return term

    def __getitem__(self, local: object) -> NamedNode:  # type: ignore[override]
        return NamedNode(self + str(local))


COV = Namespace(BASE + "ontology#")
CODE = Namespace(BASE + "codes#")
MAP = Namespace(BASE + "fhir#")
POLICIES = Namespace(BASE + "policies/")
SOURCES = Namespace(BASE + "sources/")
REQUESTS = Namespace(BASE + "requests/")

OWL = Namespace("http://www.w3.org/2002/07/owl#")
PROV = Namespace("http://www.w3.org/ns/prov#")
RDF = Namespace("http://www.w3.org/1999/02/22-rdf-syntax-ns#")
RDFS = Namespace("http://www.w3.org/2000/01/rdf-schema#")
SH = Namespace("http://www.w3.org/ns/shacl#")
SKOS = Namespace("http://www.w3.org/2004/02/skos/core#")
XSD = Namespace("http://www.w3.org/2001/XMLSchema#")

PREFIXES = {
    "code": CODE,
    "cov": COV,
    "owl": OWL,
    "prov": PROV,
    "rdf": RDF,
    "rdfs": RDFS,
    "sh": SH,
    "skos": SKOS,
    "xsd": XSD,
}


_PREFIX_OF = {str(namespace): prefix for prefix, namespace in PREFIXES.items()}


def compact(iri: str) -> str:
    """Return ``prefix:local`` where a prefix is known, else the IRI as it is; so with a value."""
    namespace, mark, local = iri.partition("#")
    prefix = _PREFIX_OF.get(namespace + mark)
    return f"{prefix}:{local}" if prefix else iri


_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def kebab(iri: str) -> str:
    """Return the local name of an IRI in kebab case: ``facet-joint-denervation``."""
    return _WORDS.sub("-", local_name(iri)).lower()


def local_name(iri: str) -> str:
    """Return what follows the last ``#`` or ``/`` of an IRI."""
    return iri.rsplit("#", 1)[-1].rsplit("/", 1)[-1]
