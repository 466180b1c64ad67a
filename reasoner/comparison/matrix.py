"""What each payer asks for one procedure, side by side.

A matrix has a row for each concern and a column for each payer. It is read from the
derived view alone (``store``), so that a bound in a cell is the literal that decides.
Alternatives stand together in the cell of what they have in common, and each again
where it has a concern of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pyoxigraph import NamedNode, QuerySolutions, Store

from ..knowledge.base import policy_key
from ..namespaces import COV
from .asked import AskedProcedure, Settled, contains, named, payer_key, procedures, regions
from .asked import payers as known_payers
from .requirements import Reader, Use, uses
from .wording import bare, in_words


class CellKind(StrEnum):
    """What a payer says on a concern, or a payer or policy on a procedure."""

    REQUIRED = "required"
    REFUSED = "refused"
    JUDGEMENT = "judgement"
    NOT_ADDRESSED = "not addressed"
    SILENT = "-"


@dataclass(frozen=True)
class Cited:
    """A clause of a payer's document: its IRI, its section, and its place in the section."""

    clause: str
    section: str
    place: str


@dataclass(frozen=True)
class Entry:
    """One requirement in a cell.

    Parameters
    ----------
    policy : str
        The key of the policy, ``payer/policy``.
    edition : str
        The first day of its edition, as ``YYYY-MM-DD``.
    phases : tuple of str
        The indications it belongs to, in short; empty when it holds throughout.
    text : str
        What is asked, with the bounds of the shape, without phase and section.
    criteria : tuple of str
        The IRIs of the criteria it states.
    """

    policy: str
    edition: str
    kind: CellKind
    phases: tuple[str, ...]
    text: str
    criteria: tuple[str, ...]
    citations: tuple[Cited, ...]


@dataclass(frozen=True)
class Cell:
    """What one payer asks on one concern; ``text`` has phases, sections and policies."""

    kind: CellKind
    text: str
    entries: tuple[Entry, ...] = ()

    @property
    def citations(self) -> tuple[Cited, ...]:
        return tuple(dict.fromkeys(c for e in self.entries for c in e.citations))


@dataclass(frozen=True)
class Column:
    """A payer, what it says on the procedure as a whole, and by which policies (their keys)."""

    payer: str
    key: str
    label: str
    stance: CellKind
    policies: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A concern, with one cell for each column."""

    concern: str
    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Matrix:
    """The comparison of one procedure; ``region`` is empty when every region counts."""

    procedure: str
    label: str
    region: str
    region_label: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def matrix(
    store: Store,
    procedure: str,
    region: str | None = None,
    payers: Sequence[str] | None = None,
) -> Matrix:
    """Return what the payers ask for a procedure, by concern.

    Parameters
    ----------
    store : Store
        As ``sparql.store.open_store`` returns it.
    procedure : str
        A procedure class in kebab case, such as ``facet-joint-denervation``.
    region : str, optional
        ``cervical``, ``thoracic``, ``lumbar`` or ``sacroiliac``; every region without.
    payers : sequence of str, optional
        Keys of payers, such as the first part of a policy's key; every payer without.

    Raises
    ------
    InputError
        When a procedure, region or payer is unknown; the hint names the nearest.
    """
    reader = Reader(store)
    asked = AskedProcedure(
        reader,
        named(procedure, procedures(reader), "procedure"),
        named(region, regions(reader), "region") if region else None,
    )
    known = known_payers(reader)
    chosen = [named(p, known, "payer") for p in payers] if payers else list(known.values())
    found = [u for u in uses(reader, asked.procedure, asked.region) if u.payer in chosen]
    held = {payer: stances(asked, payer) for payer in chosen}
    entries = {
        payer: _entries(asked, [u for u in found if u.payer == payer], held[payer])
        for payer in chosen
    }
    concerns = sorted({c for e in entries.values() for c in e}, key=reader.position)
    columns = tuple(
        Column(
            payer=payer.value,
            key=payer_key(payer),
            label=reader.label(payer),
            stance=_first(s.kind for s in held[payer].values()),
            policies=tuple(sorted(policy_key(p) for p in held[payer])),
        )
        for payer in chosen
    )
    return Matrix(
        procedure=asked.procedure.value,
        label=reader.label(asked.procedure),
        region=asked.region.value if asked.region else "",
        region_label=reader.label(asked.region) if asked.region else "",
        columns=columns,
        rows=tuple(
            Row(
                concern.value,
                reader.label(concern),
                tuple(
                    _cell(column, entries[payer].get(concern, []))
                    for column, payer in zip(columns, chosen, strict=True)
                ),
            )
            for concern in concerns
        ),
    )


@dataclass(frozen=True)
class PolicyStance:
    """What a policy makes of what is asked, and the criteria on which it refuses it."""

    policy: NamedNode
    kind: CellKind
    refused_by: tuple[NamedNode, ...]


KINDS = {
    COV.CoversUnderConditions: CellKind.REQUIRED,
    COV.LeavesToReview: CellKind.JUDGEMENT,
    COV.Refuses: CellKind.REFUSED,
}
STANCES = """
SELECT ?policy ?kind ?by {
    ?s a cov:Stance ; cov:ofPayer $payer ; cov:forProcedure $procedure ; cov:forRegion ?region ;
        cov:inPolicy ?policy ; cov:takes ?kind .
    OPTIONAL { ?s cov:refusedBy ?by }
}
"""


def stances(asked: AskedProcedure, payer: NamedNode) -> dict[NamedNode, PolicyStance]:
    """Return what the latest edition of each policy of a payer makes of the question.

    In whatever region one is not told, a policy covers what it covers in any of them.
    """
    query = STANCES.replace("$payer", str(payer)).replace("$procedure", str(asked.procedure))
    if asked.region:
        query = query.replace("?region ;", f"{asked.region} ;")
    found = asked.reader.store.query(f"PREFIX cov: <{COV}>\n{query}")
    assert isinstance(found, QuerySolutions)
    kinds: dict[NamedNode, set[CellKind]] = {}
    refusing: dict[NamedNode, set[NamedNode]] = {}
    for policy, kind, by in found:
        assert isinstance(policy, NamedNode) and isinstance(kind, NamedNode)
        kinds.setdefault(policy, set()).add(KINDS[kind])
        if isinstance(by, NamedNode):
            refusing.setdefault(policy, set()).add(by)
    latest = {policy_key(p): p for p in sorted(kinds, key=lambda p: p.value)}
    return {
        p: PolicyStance(
            p, _first(kinds[p]), tuple(sorted(refusing.get(p, ()), key=asked.reader.position))
        )
        for p in sorted(latest.values(), key=lambda p: p.value)
    }


def _first(kinds: Iterable[CellKind]) -> CellKind:
    """Return the kind that speaks for all: what is covered somewhere is not refused."""
    found = set(kinds)
    return next((k for k in KINDS.values() if k in found), CellKind.NOT_ADDRESSED)


def _entries(
    asked: AskedProcedure, found: Iterable[Use], held: dict[NamedNode, PolicyStance]
) -> dict[NamedNode, list[Entry]]:
    """Return the entries of one payer by concern, in the order of its documents."""
    entries: dict[NamedNode, list[Entry]] = {}
    for policy, stance in held.items():
        mine = [u for u in found if u.policy == policy]
        told = (
            _refusals(asked, mine, stance.refused_by, policy)
            if stance.kind is CellKind.REFUSED
            else _requirements(asked, mine, policy)
        )
        for concern, entry in told:
            if entry not in entries.setdefault(concern, []):
                entries[concern].append(entry)
    return entries


def _refusals(
    asked: AskedProcedure, found: list[Use], criteria: Iterable[NamedNode], policy: NamedNode
) -> list[tuple[NamedNode, Entry]]:
    leaves = {u.criterion: u for u in found}
    told = []
    for criterion in criteria:
        concern = asked.reader.one(criterion, COV.concerns)
        if concern:
            use = leaves.get(criterion)
            text = _refused(asked, criterion, use)
            entry = _entry(asked, policy, CellKind.REFUSED, (), text, criterion, use)
            told.append((concern, entry))
    return told


def _refused(asked: AskedProcedure, criterion: NamedNode, use: Use | None) -> str:
    """Return why something is refused; a region says it best by those that are not."""
    by_region = use is not None and any(p.measures == COV.treatsRegion for p in use.parts)
    if use is not None and by_region:
        return f"refused: {in_words(asked.reader, use)} only"
    return f"refused: {asked.reader.label(criterion)}"


@dataclass
class Unit:
    """What makes one entry: a leaf, or a group of alternatives, under its indications."""

    root: NamedNode
    concern: NamedNode
    use: Use
    lead: str = ""
    whole: bool = False


def _requirements(
    asked: AskedProcedure, found: list[Use], policy: NamedNode
) -> list[tuple[NamedNode, Entry]]:
    reader = asked.reader
    leaves = {u.criterion: u for u in found}
    closing = [u for u in found if _closes(asked, u)]
    closed = {u.indication for u in closing if u.indication}
    open_phases = {
        u.indication: u.phase for u in found if u.indication and u.indication not in closed
    }
    told = _refusals(
        asked,
        found,
        dict.fromkeys(u.criterion for u in closing if u.role == COV.AsRefusal),
        policy,
    )
    units: dict[tuple[NamedNode, NamedNode, str], Unit] = {}
    under: dict[tuple[NamedNode, NamedNode, str], list[Use]] = {}
    for use in found:
        if use.indication in closed or _only_tells_the_phase(use) or _idle(asked, use, leaves):
            continue
        for unit in _units(asked, use):
            key = (unit.root, unit.concern, unit.lead)
            units.setdefault(key, unit)
            under.setdefault(key, []).append(use)
    for key, unit in units.items():
        said = asked.says(unit.root, leaves)
        if isinstance(said, Settled):
            continue
        text, kind = _with_route(reader, unit, f"{unit.lead}{bare(said)}")
        phases = () if unit.whole else _phases(reader, under[key], open_phases)
        told.append((unit.concern, _entry(asked, policy, kind, phases, text, unit.root, unit.use)))
    return told


def _closes(asked: AskedProcedure, use: Use) -> bool:
    """Return whether an indication, or the policy, is closed because of this very criterion."""
    decisive = use.role in (COV.AsRequirement, COV.AsRefusal) and not use.groups
    return decisive and asked.settles(use) is Settled.NEVER


def _idle(asked: AskedProcedure, use: Use, leaves: dict[NamedNode, Use]) -> bool:
    """Return whether a group of alternatives around a criterion is settled whatever it asks."""
    return any(isinstance(asked.says(around, leaves), Settled) for around in _around(asked, use))


def _around(asked: AskedProcedure, use: Use) -> list[NamedNode]:
    """Return the composites that a criterion lies in, from its groups of alternatives down."""
    found: list[NamedNode] = []
    queue = list(use.groups)
    while queue:
        node = queue.pop()
        if node != use.criterion and contains(asked.reader, node, use.criterion):
            found.append(node)
            queue += asked.reader.all(node, COV.hasConjunct)
            queue += asked.reader.all(node, COV.hasAlternative)
    return found


def _only_tells_the_phase(use: Use) -> bool:
    """Return whether a criterion only tells a first procedure from a repeat."""
    counts = (COV.minimumEarlierSessions, COV.maximumEarlierSessions)
    return (
        use.role == COV.AsScope
        and bool(use.phase)
        and any(p.parameter in counts for p in use.parts)
    )


def _units(asked: AskedProcedure, use: Use) -> list[Unit]:
    reader = asked.reader
    if use.role == COV.AsExclusion:
        root = _above(reader, use, reader.all(use.policy, COV.exclusion))
        return [Unit(root, COV.PolicyScopeConcern, use, "leaves out: ", whole=True)]
    if use.role == COV.AsGrounds:
        return [
            Unit(
                root,
                reader.one(root, COV.concerns) or use.concern,
                use,
                f"{reader.label(route)}: ",
                whole=True,
            )
            for route, root in _grounds(reader, use)
        ]
    tops = [g for g in use.groups if not any(o != g and contains(reader, o, g) for o in use.groups)]
    lead = "only: " if use.role == COV.AsScope and use.indication is None else ""
    units = []
    for top in tops:
        concern = reader.one(top, COV.concerns) or use.concern
        units.append(Unit(top, concern, use, lead))
        if use.concern != concern:
            units.append(Unit(use.criterion, use.concern, use, "as one way: "))
    return units or [Unit(use.criterion, use.concern, use, lead)]


def _above(reader: Reader, use: Use, roots: Iterable[NamedNode]) -> NamedNode:
    return next((r for r in roots if contains(reader, r, use.criterion)), use.criterion)


def _grounds(reader: Reader, use: Use) -> list[tuple[NamedNode, NamedNode]]:
    """Return the review routes of the policy that a criterion opens, each with its grounds."""
    routes = {
        route: grounds
        for criterion in (use.policy, *reader.all(use.policy, COV.usesCriterion))
        for route in reader.all(criterion, COV.reviewRoute)
        for grounds in reader.all(route, COV.grounds)
    }
    return [(r, g) for r, g in routes.items() if contains(reader, g, use.criterion)]


def _with_route(reader: Reader, unit: Unit, text: str) -> tuple[str, CellKind]:
    """Add what follows when a criterion is not met, where that is not a plain refusal."""
    if unit.use.role == COV.AsGrounds:
        return text, CellKind.JUDGEMENT
    if unit.use.role == COV.AsRefusal:
        return f"{text}; anything else is refused", CellKind.REQUIRED
    always = [r for r in reader.all(unit.root, COV.reviewRoute) if not reader.all(r, COV.grounds)]
    if not always:
        return text, CellKind.REQUIRED
    return f"{text}; else judgement: {reader.label(always[0])}", CellKind.JUDGEMENT


def _phases(reader: Reader, under: list[Use], open_phases: dict[NamedNode, str]) -> tuple[str, ...]:
    """Return the indications of an entry in short; none when it holds under all of them.

    "Initial" and "repeat" say it only when they mean all that are initial or repeat.
    """
    mine = {u.indication for u in under if u.indication}
    if any(u.indication is None for u in under) or mine >= open_phases.keys():
        return ()
    partly = {phase for i, phase in open_phases.items() if i not in mine}
    ordered = sorted(mine, key=reader.position)
    said = [
        p if (p := open_phases.get(i, "")) and p not in partly else reader.label(i) for i in ordered
    ]
    return tuple(dict.fromkeys(said))


def _entry(
    asked: AskedProcedure,
    policy: NamedNode,
    kind: CellKind,
    phases: tuple[str, ...],
    text: str,
    criterion: NamedNode,
    use: Use | None,
) -> Entry:
    reader = asked.reader
    document = reader.one(policy, COV.fromDocument)
    cited = [
        clause
        for node in reader.of(criterion).get(COV.citation, [])
        for clause in reader.all(node, COV.clause)
        if reader.one(clause, COV.inDocument) == document
    ]
    clauses = sorted(cited, key=reader.position) or (list(use.clauses) if use else [])
    return Entry(
        policy=policy_key(policy),
        edition=reader.text(policy, COV.effectiveFrom),
        kind=kind,
        phases=phases,
        text=text,
        criteria=(criterion.value,),
        citations=tuple(
            Cited(c.value, reader.text(c, COV.section), reader.text(c, COV.place)) for c in clauses
        ),
    )


def _cell(column: Column, entries: list[Entry]) -> Cell:
    if not entries:
        silent = column.stance is CellKind.REQUIRED
        kind = CellKind.SILENT if silent else column.stance
        return Cell(kind, kind.value)
    kinds = {e.kind for e in entries}
    kind = next(iter(kinds)) if len(kinds) == 1 else CellKind.REQUIRED
    together: dict[tuple[tuple[str, ...], str], list[Entry]] = {}
    for entry in entries:
        together.setdefault((entry.phases, entry.text), []).append(entry)
    lines = [
        f"{' and '.join(phases)}{': ' if phases else ''}{text}{_where(same, column)}"
        for (phases, text), same in together.items()
    ]
    return Cell(kind, "\n".join(lines), tuple(entries))


def _where(entries: list[Entry], column: Column) -> str:
    """Return the sections in brackets, with the policy where the payer has several."""
    parts = []
    for entry in entries:
        sections = ", ".join(dict.fromkeys(c.section for c in entry.citations))
        policy = entry.policy.split("/", 1)[-1] if len(column.policies) > 1 else ""
        parts.append(" ".join(p for p in (policy, sections) if p))
    shown = "; ".join(dict.fromkeys(p for p in parts if p))
    return f" [{shown}]" if shown else ""
