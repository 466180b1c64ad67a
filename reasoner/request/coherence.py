"""What a request can't mean, though each of its statements is well formed.

Two procedures in one request, an earlier procedure that lies nowhere, a day after the
day of service, a fact both affirmed and denied: silence or chance would turn each into
an answer. The first half looks at what is stated, the second at what follows from it.
"""

from __future__ import annotations

from pyoxigraph import NamedNode

from .. import days
from ..knowledge import codes
from ..knowledge.base import Knowledge
from ..namespaces import COV, XSD, compact
from ..triples import Node, Term, Triples
from .listing import refuse_lists
from .onset import refuse_onsets
from .records import Records
from .values import ends_of, is_group

PROCEDURES = (COV.RequestedProcedure, COV.PlannedProcedure, COV.EarlierProcedure)
# Pairs of dates on one record, the earlier first.
ORDERED = (
    (COV.startedOn, COV.endedOn),
    (COV.performedOn, COV.reliefLastedUntil),
    (COV.onsetDate, COV.exacerbationDate),
)


def refuse_incoherent(records: Records) -> None:
    """Refuse what contradicts itself as stated.

    Raises
    ------
    InputError
        Naming the record, and the properties or codes that do not go together.
    """
    for role in PROCEDURES:
        for node in records.of(role):
            _refuse_codes(records, node)
    _refuse_days(records)
    _refuse_years(records)
    _refuse_before_birth(records)
    refuse_lists(records)
    _refuse_lengths(records)
    seen: set[Term] = set()
    for pain in records.of(COV.PainRecord):
        for region in records.triples.objects(pain, COV.inRegion):
            if region in seen:
                what = f"a second pain record in {compact(region.value)}"
                raise records.refuse(pain, what, "a region has one")
            seen.add(region)
    _refuse_facts(records, records.triples, "")


def _refuse_codes(records: Records, node: Node) -> None:
    """Refuse codes and kinds that do not make one procedure."""
    knowledge = records.knowledge
    stated = records.triples.objects(node, COV.hasProcedureCode)
    primary, add_ons = codes.add_ons(stated, knowledge)
    kinds = records.triples.objects(node, COV.hasKind)
    if not primary and not add_ons and not kinds:
        what = "neither a procedure code nor a kind is stated"
        if stated:
            names = " and ".join(sorted(codes.plain(c) for c in stated))
            what = f"{names} only goes with a procedure, and that is not stated"
        raise records.refuse(node, what)
    if apart := codes.two_procedures(primary, knowledge):
        both = " and ".join(codes.plain(c) for c in apart)
        requested = records.roles[node] == COV.RequestedProcedure
        hint = (
            "a visit with two procedures is two requests, each with the other as cov:alsoPlanned"
            if requested
            else "state each alone"
        )
        raise records.refuse(node, f"{both} are two procedures", hint)
    for add_on in add_ons:
        goes_with = knowledge.triples.objects(add_on, COV.addOnTo)
        if not set(primary) & set(goes_with):
            what = f"the add-on code {codes.plain(add_on)} stands without its primary code"
            hint = " or ".join(sorted(codes.plain(c) for c in goes_with))
            raise records.refuse(node, what, hint)
    for code in primary:
        if knowledge.is_a(code, COV.UnlistedProcedureCode) and not kinds:
            what = f"the unlisted code {codes.plain(code)} does not say what is done"
            raise records.refuse(node, what, "state cov:hasKind beside it")
        for kind in kinds:
            if not codes.one_procedure(code, kind, knowledge):
                raise records.refuse(
                    node, f"{compact(code.value)} contradicts {compact(kind.value)}"
                )
    intents = records.triples.objects(node, COV.hasIntent)
    for meaning in sorted([*stated, *kinds], key=str):
        for never in knowledge.triples.objects(meaning, COV.rulesOutIntent):
            if never in intents:
                what = f"{compact(meaning.value)} contradicts {compact(never.value)}"
                raise records.refuse(node, what, _may_mean(meaning, knowledge))


def _may_mean(meaning: Term, knowledge: Knowledge) -> str:
    """Say which intents a code or kind may have."""
    never = knowledge.triples.objects(meaning, COV.rulesOutIntent)
    left = [i for i in knowledge.instances_of(COV.Intent) if i not in never]
    return f"it goes with {' or '.join(sorted(compact(i.value) for i in left))}"


def _refuse_days(records: Records) -> None:
    t = records.triples
    (request,) = records.of(COV.CoverageRequest)
    service = t.text(request, COV.dateOfService)
    for node in records.roles:
        for p, declared in records.knowledge.properties.items():
            ends = ends_of(t.value(node, p)) if declared.value_type == XSD.date else None
            if ends and ends[0] > service:
                raise records.refuse(node, f"{compact(p.value)} is after the date of service")
        for first, second in ORDERED:
            start, end = ends_of(t.value(node, first)), ends_of(t.value(node, second))
            # Wrong wherever the days may lie.
            if start and end and end[1] < start[0]:
                what = f"{compact(second.value)} is before {compact(first.value)}"
                raise records.refuse(node, what)


def _refuse_before_birth(records: Records) -> None:
    """Refuse what surely happened before the patient was born, by the date of birth or the age."""
    t = records.triples
    (request,) = records.of(COV.CoverageRequest)
    service = t.text(request, COV.dateOfService)
    for patient in records.of(COV.Patient):
        age, birth = t.text(patient, COV.age), ends_of(t.value(patient, COV.birthDate))
        told = [(birth[0], COV.birthDate)] if birth else []
        told += [(days.years_back(service, int(float(age)))[0], COV.age)] if age else []
        for node in records.roles:
            for p, declared in records.knowledge.properties.items():
                ends = ends_of(t.value(node, p)) if declared.value_type == XSD.date else None
                for born, by in told:
                    if ends and ends[1] < born:
                        what = f"{compact(p.value)} is before the birth by {compact(by.value)}"
                        raise records.refuse(node, what)


def _refuse_years(records: Records) -> None:
    """Refuse a number of years that contradicts the date that they are counted from."""
    t = records.triples
    (request,) = records.of(COV.CoverageRequest)
    service = t.text(request, COV.dateOfService)
    for number, p in records.knowledge.counted_years.items():
        for node, years in t.pairs(number):
            began, stated = days.years_back(service, int(float(years.value))), t.value(node, p)
            ends = ends_of(stated)
            if ends and (ends[1] < began[0] or ends[0] > began[1]):
                what = f"{compact(number.value)} contradicts {compact(p.value)}"
                raise records.refuse(node, what, "years are whole, up to the date of service")


def _refuse_lengths(records: Records) -> None:
    """Refuse courses that are longer, or shorter, than their dates can be."""
    t = records.triples
    (request,) = records.of(COV.CoverageRequest)
    day = t.text(request, COV.dateOfService)
    for course in records.of(COV.TherapyCourse):
        lasted = t.text(course, COV.lasted)
        start, end = (ends_of(t.value(course, p)) for p in (COV.startedOn, COV.endedOn))
        if not lasted or not start:
            continue
        if days.last_day(start[0], lasted) > (end[1] if end else day):
            hint = "" if end else "it would end after the date of service"
            raise records.refuse(course, "cov:lasted is longer than its dates allow", hint)
        if end and days.last_day(start[1], lasted) < days.day_before(end[0], _rounded_by(lasted)):
            raise records.refuse(course, "cov:lasted is shorter than its dates say")


def _rounded_by(length: str) -> str:
    """Return how much longer the dates beside a length may say: weeks and months are rounded.

    A length in days may count the first and the last day as one. The dates decide.
    """
    months, counted = days.parts(length)
    return "P6D" if months or counted % 7 == 0 else "P1D"


def _refuse_facts(records: Records, facts: Triples, hint: str) -> None:
    for node in records.roles:
        denied = set(facts.objects(node, COV.denies))
        for fact in sorted(denied & set(facts.objects(node, COV.affirms)), key=str):
            raise records.refuse(node, f"{compact(fact.value)} is both affirmed and denied", hint)


def refuse_contradictions_of(records: Records, classified: Triples) -> None:
    """Refuse what contradicts itself once codes, levels and hierarchies have spoken.

    Raises
    ------
    InputError
        Naming the record and the terms that exclude each other.
    """
    knowledge = records.knowledge
    hint = "affirming a fact affirms the broader ones, denying it denies the narrower"
    _refuse_facts(records, classified, hint)
    for role in PROCEDURES:
        for node in records.of(role):
            _refuse_regions(records, node, classified)
            _refuse_joints(records, node, classified)
    for node in records.of(COV.RequestedProcedure):
        refuse_onsets(records, node, classified)
    for node in records.roles:
        for p, values in classified.predicates(node).items():
            # A patient may have, or not have, several things that exclude each other in one.
            in_one = p == COV.affirms and records.roles[node] == COV.EarlierProcedure
            if in_one or p not in (COV.affirms, COV.denies):
                own = records.triples.objects(node, p)
                _refuse_alternatives(records, node, values, own, knowledge)
    for patient in records.of(COV.Patient):
        denied = set(classified.objects(patient, COV.denies))
        for course in records.of(COV.TherapyCourse):
            of = denied & set(classified.objects(course, COV.ofTherapy))
            stated = of & set(records.triples.objects(patient, COV.denies))
            for kind in sorted(stated or of, key=str):
                raise records.refuse(course, f"{compact(kind.value)} is denied of the patient")
            for kind in records.triples.objects(course, COV.ofTherapy):
                single = [k for k in knowledge.narrower.get(kind, ()) if not is_group(k, knowledge)]
                if single and is_group(kind, knowledge) and denied.issuperset(single):
                    what = f"every kind of {compact(kind.value)} is denied of the patient"
                    raise records.refuse(course, what, "deny those that were not tried")


def _refuse_regions(records: Records, node: Node, classified: Triples) -> None:
    known = records.knowledge.triples
    regions = sorted(classified.objects(node, COV.treatsRegion), key=str)
    means = records.triples.objects(node, COV.hasProcedureCode)
    for meaning in sorted(means + records.triples.objects(node, COV.hasKind), key=str):
        spans = known.objects(meaning, COV.spansRegion)
        for region in regions:
            if spans and region not in spans:
                what = f"{compact(meaning.value)} contradicts {compact(region.value)}"
                raise records.refuse(node, what, "the region is stated, or follows from a level")
    if len(regions) > 1:
        names = " and ".join(compact(r.value) for r in regions)
        hint = "a procedure has one region; levels, code and region must agree"
        raise records.refuse(node, f"it is in {names} at once", hint)


def _refuse_joints(records: Records, node: Node, classified: Triples) -> None:
    """Refuse levels and nerves of joints that the procedure cannot be about."""
    t, known = records.triples, records.knowledge.triples
    means = [*t.objects(node, COV.hasProcedureCode), *t.objects(node, COV.hasKind)]
    for meaning in sorted(means, key=str):
        for joint in known.objects(meaning, COV.actsOnJoint):
            for level in sorted(t.objects(node, COV.treatsLevel), key=str):
                if joint in known.objects(level, COV.lacksJoint):
                    about = f"{compact(meaning.value)} is about a {records.knowledge.label(joint)}"
                    what = f"{about}, and {compact(level.value)} has none"
                    raise records.refuse(node, what, "state the levels of the joints")
    regions = set(classified.objects(node, COV.treatsRegion))
    for nerve in sorted(t.objects(node, COV.treatsNerve), key=str):
        joints = known.subjects(COV.suppliedBy, nerve)
        lies = {r for j in joints for p in (COV.inRegion, COV.liesIn) for r in known.objects(j, p)}
        if regions and not regions & lies:
            region = records.knowledge.label(min(regions, key=str))
            what = f"{compact(nerve.value)} belongs to no joint of the {region}"
            raise records.refuse(node, what, "state the nerves of the joints that are treated")


def _refuse_alternatives(
    records: Records, node: Node, values: list[Term], stated: list[Term], knowledge: Knowledge
) -> None:
    """Refuse two alternatives, naming one that is stated before one that follows from it."""
    known, t = knowledge.triples, records.triples
    # What a code rules out is said with the code.
    for code in sorted(t.objects(node, COV.hasProcedureCode), key=str):
        for implied in known.objects(code, COV.impliesIntent):
            for other in sorted(knowledge.incompatible.get(implied, frozenset()), key=str):
                if other in stated and implied in values:
                    label = knowledge.label(implied)
                    what = f"{compact(code.value)} stands for {label} and contradicts"
                    raise records.refuse(node, f"{what} {compact(other.value)}")
    concepts = (v for v in values if isinstance(v, NamedNode))
    for value in sorted(concepts, key=lambda v: (v not in stated, str(v))):
        for other in sorted(knowledge.incompatible.get(value, frozenset()) & set(values), key=str):
            what = f"{compact(value.value)} and {compact(other.value)} exclude each other"
            raise records.refuse(node, what)
