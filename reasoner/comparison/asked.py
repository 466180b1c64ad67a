"""What a comparison asks for, and what that alone settles of a criterion.

Some criteria only say which procedure or region they are about. Asked for that very
procedure they are met and say nothing more; asked for another they can never be met.
Everything else stays open, and is put into words: an "or" of its open alternatives, an
"and" of its open parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from functools import cached_property

from pyoxigraph import NamedNode

from ..errors import not_called
from ..namespaces import COV, POLICIES, RDF, RDFS, SH, kebab
from .requirements import Reader, Use
from .wording import in_words

NEAREST = 3
LIKE = 0.4


class Settled(Enum):
    """What the question alone says of a criterion."""

    MET = "met"
    NEVER = "never met"


@dataclass(frozen=True)
class AskedProcedure:
    """One procedure, in one region or in all."""

    reader: Reader
    procedure: NamedNode
    region: NamedNode | None

    @cached_property
    def narrower(self) -> dict[NamedNode, set[NamedNode]]:
        """From a class of procedures to those within it, itself included."""
        found: dict[NamedNode, set[NamedNode]] = {}
        for cls in classes(self.reader):
            for above in (cls, *self.reader.all(cls, RDFS.subClassOf)):
                found.setdefault(above, set()).add(cls)
        return found

    def settles(self, use: Use) -> Settled | None:
        """Return what the procedure and region alone say of a leaf."""
        for part in use.parts:
            if part.parameter == SH["class"] and part.measures == COV.requestsProcedure:
                mine = self.narrower.get(self.procedure, {self.procedure})
                theirs = {
                    within
                    for bound in part.bounds
                    if isinstance(bound, NamedNode)
                    for within in self.narrower.get(bound, {bound})
                }
                if mine <= theirs:
                    return Settled.MET
                return None if mine & theirs else Settled.NEVER
            if part.measures == COV.treatsRegion and self.region is not None:
                return Settled.MET if self.region in part.bounds else Settled.NEVER
        return None

    def says(self, criterion: NamedNode, leaves: Mapping[NamedNode, Use]) -> str | Settled:
        """Return a criterion in words, as far as the question leaves it open.

        Parameters
        ----------
        leaves : mapping
            The uses that are in play in the policy, by criterion.
        """
        all_of = self.reader.all(criterion, COV.hasConjunct)
        one_of = self.reader.all(criterion, COV.hasAlternative)
        if not all_of and not one_of:
            use = leaves.get(criterion)
            if use is None:
                return Settled.NEVER
            settled = self.settles(use)
            return settled if settled else in_words(self.reader, use)
        said = [self.says(member, leaves) for member in all_of or one_of]
        decisive, idle = (Settled.NEVER, Settled.MET) if all_of else (Settled.MET, Settled.NEVER)
        if decisive in said:
            return decisive
        words = [s for s in said if isinstance(s, str)]
        if not words:
            return idle
        if criterion in leaves:
            return f"({in_words(self.reader, leaves[criterion])} {', '.join(words)})"
        if len(words) == 1:
            return words[0]
        return f"({(' and ' if all_of else ' or ').join(words)})"


def classes(reader: Reader) -> list[NamedNode]:
    """Return the classes that procedures fall into by definition."""
    return reader.subjects(
        "SELECT DISTINCT ?c { ?c <http://www.w3.org/2000/01/rdf-schema#subClassOf> cov:Procedure ;"
        " <http://www.w3.org/2002/07/owl#equivalentClass> ?defined }"
    )


def procedures(reader: Reader) -> dict[str, NamedNode]:
    """Return the classes of procedures by their names in kebab case."""
    return {kebab(c.value): c for c in classes(reader)}


def regions(reader: Reader) -> dict[str, NamedNode]:
    """Return the regions of the spine by their names in kebab case."""
    found = reader.subjects("SELECT ?r { ?r a cov:SpinalRegion }")
    ordered = sorted(found, key=reader.position)
    return {kebab(r.value).removesuffix("-region"): r for r in ordered}


def payers(reader: Reader) -> dict[str, NamedNode]:
    """Return the payers by their keys, the first part of their policies' keys."""
    found = reader.subjects("SELECT ?p { ?p a cov:Payer }")
    return {payer_key(p): p for p in sorted(found, key=lambda p: reader.label(p))}


def payer_key(payer: NamedNode) -> str:
    return payer.value.removeprefix(POLICIES).split("#", 1)[0]


def named(name: str, among: Mapping[str, NamedNode], what: str) -> NamedNode:
    """Return what a name stands for.

    Raises
    ------
    InputError
        When nothing is called so; the hint names the nearest.
    """
    found = among.get(name.strip().lower())
    if found is not None:
        return found
    near = get_close_matches(name.lower(), among, n=NEAREST, cutoff=LIKE)
    near += [n for n in among if name.lower() in n and n not in near][: NEAREST - len(near)]
    raise not_called(name, what, near, f"there are: {', '.join(among)}")


def contains(reader: Reader, root: NamedNode, criterion: NamedNode) -> bool:
    """Return whether a criterion is another or lies within it."""
    if root == criterion:
        return True
    members = reader.all(root, COV.hasConjunct) + reader.all(root, COV.hasAlternative)
    return any(contains(reader, m, criterion) for m in members)


def is_a(reader: Reader, node: NamedNode, cls: NamedNode) -> bool:
    return cls in reader.all(node, RDF.type)
