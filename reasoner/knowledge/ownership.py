"""What the file of a policy, a payer or a document may speak of: what is its own.

A policy's file that could say something of a code, of the ontology or of another payer would
change decisions that are not its own, and nobody would look for that there. So whatever
it describes bears its own name, it declares neither classes nor properties, and nothing in it
says what follows from what. One thing is allowed beyond that: to cite a clause of its
document for a criterion that the policies of its payer share.
"""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import BlankNode, NamedNode

from ..errors import KnowledgeError
from ..namespaces import COV, OWL, POLICIES, RDF, RDFS, SH, SOURCES, compact
from ..triples import Spo

POLICY_FILES, DOCUMENT_FILES = "shapes/policies/", "data/sources/"
# What a payer's files say that things are.
OF_POLICIES = frozenset(
    {
        COV.Criterion,
        COV.Exclusion,
        COV.Indication,
        COV.Payer,
        COV.Plan,
        COV.Policy,
        COV.Refusal,
        COV.ReviewRoute,
        COV.Safeguard,
        SH.NodeShape,
        SH.PropertyShape,
    }
)
OF_DOCUMENTS = frozenset({COV.Clause, COV.Document})
REMARKS = frozenset({RDFS.label, RDFS.comment, RDFS.seeAlso, RDFS.isDefinedBy})
# How the things of the ontology and of the code tables hang together.
STRUCTURAL = frozenset(
    {COV.narrowerThan, COV.excludes, COV.alternatives, COV.sharesCareWith, COV.goesWith}
)


def refuse_trespass(name: str, triples: Iterable[Spo]) -> None:
    """Refuse a file of a payer's that speaks of what is not its own.

    Parameters
    ----------
    name : str
        The file, relative to the root of the knowledge; a file of ours may say anything.

    Raises
    ------
    KnowledgeError
        Naming the file and what it speaks of.
    """
    own = namespace_of(name)
    if not own:
        return
    triples = list(triples)
    types = OF_POLICIES if name.startswith(POLICY_FILES) else OF_DOCUMENTS
    payer = POLICIES + name.removeprefix(POLICY_FILES).split("/")[0]
    linked = {o for _, _, o in triples}
    for s, p, o in triples:
        if isinstance(s, NamedNode) and not s.value.startswith(own):
            shared = p == COV.citation and s.value.startswith(f"{payer}/")
            if not shared:
                raise trespass(name, f"speaks of {compact(s.value)}, which is not its own")
        elif isinstance(s, BlankNode) and s not in linked:
            raise trespass(name, "speaks of a nameless thing that nothing in it points at")
        if p == RDF.type and o not in types:
            raise trespass(name, f"says that something is a {compact(str(o.value))}")
        if is_structural(p):
            raise trespass(name, f"states {compact(p.value)}, which is for the ontology")
        if p == COV.ofPayer and not o.value.startswith(f"{payer}#"):
            raise trespass(name, f"speaks for {compact(o.value)}, which is another's")


def namespace_of(name: str) -> str:
    """Return the namespace of a payer's file; empty for a file of ours."""
    for folder, base in ((POLICY_FILES, POLICIES), (DOCUMENT_FILES, SOURCES)):
        if name.startswith(folder):
            path = name.removeprefix(folder).removesuffix(".ttl").removesuffix("/payer")
            return f"{base}{path}#"
    return ""


def is_structural(p: NamedNode) -> bool:
    """Return whether a property says how things hang together, and not what a policy asks."""
    if p in REMARKS:
        return False
    return p in STRUCTURAL or p.value.startswith((OWL, RDFS))


def trespass(name: str, what: str) -> KnowledgeError:
    return KnowledgeError(f"{name}: {what}")
