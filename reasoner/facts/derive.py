"""The few facts that shapes cannot compute.

Which pain a request is about is a join of two regions; which concepts rule each other
out, or leave open a narrower one, is a closure over the ontology; what a procedure is
meant for holds for want of a statement; a date lies between two days; and a list that is not
complete may leave something out. All are added as links, so that a shape or a query has only
to follow them.
"""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import NamedNode

from ..knowledge.base import Knowledge
from ..namespaces import COV, RDF
from ..triples import Term, Triples
from .dates import dated
from .lists import listed
from .purpose import may_be_for, meant_for


def derive(
    request: NamedNode,
    patient: NamedNode,
    procedure: NamedNode,
    facts: Triples,
    knowledge: Knowledge,
) -> Triples:
    """Return the classified facts with the derived links added.

    Parameters
    ----------
    request, patient, procedure : NamedNode
        The nodes of the request, its patient and its procedure.
    facts : Triples
        The request as classified; it is not changed.
    """
    derived = facts.copy()
    regions = set(facts.objects(procedure, COV.treatsRegion))
    cared_for = {r for region in regions for r in knowledge.care.get(region, ())}
    pains = facts.objects(patient, COV.hasPain)
    everywhere = not knowledge.concerned_everywhere.isdisjoint(facts.types(procedure))
    for where in (regions, cared_for):
        concerned = [p for p in pains if everywhere or where & set(facts.objects(p, COV.inRegion))]
        derived.update((request, COV.concernsPain, pain) for pain in concerned)
        # Pain of the region itself comes before what counts for want of it.
        if concerned:
            break
    purposes = facts.objects(procedure, COV.isFor)
    perhaps = may_be_for(purposes, knowledge.narrower)
    derived.update((procedure, COV.mayBeFor, p) for p in perhaps)
    meant = meant_for(facts.types(procedure), knowledge.meant, purposes, knowledge.nameless)
    derived.update((procedure, COV.isMeantFor, p) for p in meant)
    stated = {o for _, _, o in facts if isinstance(o, NamedNode)}
    derived.update(ruled_out(stated, knowledge))
    for concept in stated & knowledge.incompatible.keys():
        # What has narrower alternatives is stated only in part.
        for narrower in knowledge.triples.subjects(COV.narrowerThan, concept):
            derived.add(narrower, COV.narrowerThan, concept)
    derived.update(region_groups(facts, knowledge))
    derived.update(therapy_kinds(knowledge))
    service = facts.text(request, COV.dateOfService)
    derived.update(dated(facts, service, knowledge))
    derived.update(list(listed(request, patient, derived, service, knowledge)))
    return derived


def ruled_out(concepts: Iterable[Term], knowledge: Knowledge) -> Triples:
    """Return which others each of some concepts rules out."""
    return Triples(
        (concept, COV.incompatibleWith, other)
        for concept in concepts
        for other in knowledge.incompatible.get(concept, ())
        if isinstance(concept, NamedNode)
    )


def region_groups(facts: Triples, knowledge: Knowledge) -> Triples:
    """Return which groups of regions the regions that are treated belong to, or lie outside of."""
    groups = Triples()
    for region in {o for _, o in facts.pairs(COV.treatsRegion)}:
        for group in knowledge.triples.instances(COV.RegionGroup):
            belongs = region in knowledge.triples.objects(group, COV.gathersRegion)
            p = COV.amongRegions if belongs else COV.outsideRegions
            groups.add(region, p, group)  # type: ignore[arg-type]
    return groups


def therapy_kinds(knowledge: Knowledge) -> Triples:
    """Return the hierarchy of therapies, which says what kinds a group is complete with."""
    kinds = Triples()
    for kind in knowledge.instances_of(COV.TherapyKind):
        kinds.add(kind, RDF.type, COV.TherapyKind)
        for p in (COV.narrowerThan, COV.isGroup):
            kinds.update((kind, p, o) for o in knowledge.triples.objects(kind, p))
        kinds.update(
            (kind, RDF.type, cls)
            for cls in (COV.SystemicTherapy, COV.RegionalTherapy)
            if knowledge.is_a(kind, cls)
        )
    return kinds
