"""What the days of earlier procedures say of their order.

A derivation may ask whether one of some procedures was done after the last of some others.
It affirms when one surely was, wherever the days may lie, and denies when none can have been;
two of one day say nothing of their order. Where a list is known only in part, another of
either may have come later still, so that nothing follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pyoxigraph import NamedNode

from ..errors import KnowledgeError
from ..knowledge.base import Knowledge
from ..namespaces import COV, compact
from ..plain import (
    AFFIRMS,
    MANY,
    NONE,
    PERFORMED_ON,
    TREATS_REGION,
    TYPE,
    UNDERWENT,
    Record,
    day_of,
)


def in_order(
    node: NamedNode, says: str, knowledge: Knowledge
) -> Callable[[Mapping[str, Record], str, str], bool]:
    """Return whether the order of a patient's procedures is what a derivation asks for.

    Raises
    ------
    KnowledgeError
        When it does not say which procedures come after which.
    """
    t = knowledge.triples
    of, last = t.text(node, COV.ofProcedure), t.text(node, COV.afterLast)
    if not of or not last:
        raise KnowledgeError(f"{compact(node.value)} needs cov:ofProcedure and cov:afterLast")
    group = t.value(node, COV.inRegions)
    regions = None if group is None else {r.value for r in t.objects(group, COV.gathersRegion)}
    declared = knowledge.dated[COV.performedOn]
    earliest_end, latest_end = (end.value for end in declared.ends)  # type: ignore[union-attr]

    def ends(record: Record) -> tuple[str, str]:
        """Return the days between which a procedure lies, the first empty where it has none."""
        latest = day_of(record, latest_end)
        if not latest:
            day = day_of(record, PERFORMED_ON)
            return day, day
        return day_of(record, earliest_end), latest

    def conforms(records: Mapping[str, Record], patient: str, day: str) -> bool:
        sure, possible, lasts = [], [], []
        for procedure in records[patient].get(UNDERWENT, NONE):
            record = records.get(str(procedure), {})
            if MANY in record:
                return False
            types, region = record.get(TYPE, NONE), record.get(TREATS_REGION, NONE)
            if last in types:
                lasts.append(ends(record))
            elif of in types and (regions is None or not region or regions.intersection(region)):
                possible.append(ends(record))
                if regions is None or region:
                    sure.append(ends(record))
        if not lasts or not possible:
            return False
        if says == AFFIRMS:
            reached = max(latest for _, latest in lasts)
            return any(earliest > reached for earliest, _ in sure)
        reached = max(earliest for earliest, _ in lasts)
        return all(latest < reached for _, latest in possible)

    return conforms
