"""The form of a request: which fields are asked, and the request that the answers state.

Asked is what the chosen policies look at for the chosen procedure, and nothing else. What is
typed becomes a request in plain JSON, as anybody may send one, and is judged like any other: an
answer that cannot be is refused by the same gate, in the same words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

from pyoxigraph import NamedNode

from covergraph.authoring.basis import basis
from covergraph.authoring.reads import terms_read
from covergraph.decision.silences import noun
from covergraph.engine import Reasoner
from covergraph.errors import InputError
from covergraph.judge.valuation import Valuation, Verdict
from covergraph.knowledge.base import Knowledge, Property
from covergraph.knowledge.codes import plain
from covergraph.lookup import Stance, look_up
from covergraph.namespaces import CODE, COV, OWL, REQUESTS, SKOS, XSD, local_name
from covergraph.policies.components import components_of
from covergraph.policies.criteria import Criterion
from covergraph.triples import Term

NAME = f"{REQUESTS}form#"
MOST_FIELDS = 3000
MOST_RECORDS = 20
FACT = "fact"
NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,6})?")
# The records of a request in the order of a chart: the property that leads to each from the
# patient, its class, its title, and what one of several is called; nothing where there is one.
RECORDS = {
    "procedure": ("", COV.RequestedProcedure, "The procedure", ""),
    "pain": ("hasPain", COV.PainRecord, "The pain", "pain"),
    "therapy": ("hadTherapy", COV.TherapyCourse, "Therapies", "course of therapy"),
    "earlier": ("underwent", COV.EarlierProcedure, "Earlier procedures", "earlier procedure"),
    "planned": ("alsoPlanned", COV.PlannedProcedure, "Planned for the same visit", "procedure"),
    "patient": ("", COV.Patient, "The patient", ""),
}
# What brings a group into play, beside its own fields.
ASKS_FOR = {
    "pain": {COV.hasPain, COV.concernsPain},
    "therapy": {COV.hadTherapy},
    "earlier": {COV.underwent},
    "planned": {COV.alsoPlanned},
}
# What each record of a group needs to be understood, asked whatever else is.
NEEDED = {
    "pain": (COV.inRegion,),
    "therapy": (COV.ofTherapy, COV.treatsRegion),
    "earlier": (COV.hasProcedureCode, COV.performedOn),
    "planned": (COV.hasProcedureCode,),
}
LISTS = {"therapy": "Therapies", "earlier": "EarlierProcedures", "planned": "PlannedProcedures"}
LINKS = frozenset(
    {COV.affirms, COV.denies, COV.completeFor, COV.partialFor, COV.hasKind, COV.hasProcedureCode}
    | {COV.hasPain, COV.hadTherapy, COV.underwent, COV.treatsNerve}
)


@dataclass(frozen=True)
class Asked:
    """One field: a property of a record, and how it is answered."""

    name: str
    label: str
    hint: str
    kind: str
    options: tuple[tuple[str, str], ...] = ()
    lowest: float | None = None
    highest: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class AskedFact:
    """A named fact, answered by yes or no, or not in the record."""

    name: str
    label: str
    hint: str
    silence: str


@dataclass(frozen=True)
class Group:
    """One section of the form; where it repeats, one record of it is called ``one``."""

    key: str
    title: str
    one: str
    fields: tuple[Asked, ...]
    facts: tuple[tuple[str, tuple[AskedFact, ...]], ...] = ()
    complete: str = ""


@dataclass(frozen=True)
class Answers:
    """What was typed: the values of each field by its name."""

    values: Mapping[str, list[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, body: bytes) -> Answers:
        """Read an encoded form.

        Raises
        ------
        InputError
            When it is not one, or has more fields than any form here.
        """
        try:
            pairs = parse_qsl(
                body.decode("utf-8"),
                keep_blank_values=False,
                errors="strict",
                max_num_fields=MOST_FIELDS,
            )
        except ValueError:
            raise InputError("the form is not read", "", "send it as the page does") from None
        found: dict[str, list[str]] = {}
        for name, value in pairs:
            if value.strip():
                found.setdefault(name, []).append(value.strip())
        return cls(found)

    def one(self, name: str) -> str:
        return self.values.get(name, [""])[0]

    def all(self, name: str) -> list[str]:
        return self.values.get(name, [])

    def records(self, group: str) -> list[int]:
        """Return the numbers of the records of a group that have an answer."""
        found = {int(m[1]) for n in self.values if (m := re.match(rf"{group}-(\d{{1,2}})-", n))}
        return sorted(n for n in found if n < MOST_RECORDS)

    def shown(self, group: str) -> list[int]:
        """Return the numbers of the records to show: those answered, and one that was added."""
        found = self.records(group)
        if self.one("add") == group and len(found) < MOST_RECORDS:
            found.append(max(found, default=-1) + 1)
        return found or [0]

    def without(self, record: str) -> Answers:
        """Return the answers without one record: ``pain-1``."""
        return Answers({n: v for n, v in self.values.items() if not n.startswith(f"{record}-")})


def in_play(reasoner: Reasoner, code: str, payers: list[str]) -> set[Term]:
    """Return what the policies of payers look at for a procedure code or kind."""
    knowledge, catalogue = reasoner.knowledge, reasoner.catalogue
    day = max(p.effective_from for editions in catalogue.editions.values() for p in editions)
    leaves: dict[NamedNode, Criterion] = {}
    if is_kind(code, knowledge):
        prepared = reasoner.read(
            f"<{NAME}request> a {COV.CoverageRequest} ; {COV.dateOfService}"
            f' "{day.isoformat()}"^^{XSD.date} ; {COV.hasPatient} <{NAME}patient> ;'
            f" {COV.requestsProcedure} <{NAME}procedure> . <{NAME}patient> a {COV.Patient} ."
            f" <{NAME}procedure> {COV.hasKind} {CODE[code]} .".encode()
        )
        for editions in catalogue.editions.values():
            policy = editions[-1]
            if policy.target.value in prepared.facts.types and asks(policy.key, payers):
                leaves |= {leaf.iri: leaf for leaf in policy.leaves}
    else:
        for finding in look_up(reasoner, code, day).findings:
            policy_, valuation = finding.selection.chosen, finding.valuation
            if policy_ is None or valuation is None or finding.stance is Stance.NOT_ADDRESSED:
                continue
            if asks(policy_.key, payers):
                parts = [*policy_.exclusions, policy_.root]
                parts += [policy_.applies_when] if policy_.applies_when else []
                leaves |= {
                    leaf.iri: leaf for part in parts for leaf in open_leaves(part, valuation)
                }
    components = components_of(knowledge)
    return set().union(*(terms_read(leaf, knowledge, components) for leaf in leaves.values()))


def asks(key: str, payers: list[str]) -> bool:
    return not payers or key.split("/")[0] in payers


def open_leaves(criterion: Criterion, valuation: Valuation) -> Iterator[Criterion]:
    """Yield the leaves in play that a record would settle."""
    if criterion.is_leaf and valuation.verdict(criterion) is Verdict.NOT_DOCUMENTED:
        yield criterion
    inner = [*valuation.members(criterion)]
    inner += [criterion.applies_when] if criterion.applies_when else []
    inner += [criterion.route.grounds] if criterion.route and criterion.route.grounds else []
    for member in inner:
        yield from open_leaves(member, valuation)


def is_kind(code: str, knowledge: Knowledge) -> bool:
    return bool(re.fullmatch(r"[a-z][a-z-]{2,60}", code)) and knowledge.is_a(
        CODE[code], COV.ProcedureKind
    )


def groups(read: set[Term], code: str, knowledge: Knowledge) -> list[Group]:
    """Return the sections of the form for what policies read of a procedure."""
    facts: dict[NamedNode, dict[str, list[AskedFact]]] = {}
    for fact in (knowledge.facts[f] for f in read & knowledge.facts.keys()):
        if knowledge.is_a(fact.iri, COV.TherapyKind):
            heading = "Kinds of therapy: no where there was none"
        else:
            heading = heading_of(fact.iri, knowledge)
        if basis(fact.iri, knowledge) == COV.Following:
            heading = "Conclusions, where the record draws them itself"
        asked = AskedFact(
            local_name(fact.iri.value),
            fact.label,
            fact.definition,
            "counts as no" if fact.silence == COV.Absent else "",
        )
        facts.setdefault(fact.stated_of, {}).setdefault(heading, []).append(asked)
    found = []
    for key, (_, record, title, one) in RECORDS.items():
        of_record = facts.get(record, {})
        fields = tuple(fields_of(key, record, read, code, knowledge))
        wanted = ASKS_FOR.get(key)
        if wanted and not (wanted & read or of_record):
            continue
        listed = tuple(
            (heading, tuple(sorted(asked, key=lambda a: a.label)))
            for heading, asked in sorted(of_record.items(), key=lambda i: (i[0][:4] == "Conc", i))
        )
        if fields or listed:
            found.append(Group(key, title, one, fields, listed, LISTS.get(key, "")))
    return found


def heading_of(fact: NamedNode, knowledge: Knowledge) -> str:
    """Return the section of a chart that a fact stands in."""
    classes = [c for c in knowledge.triples.types(fact) if c != OWL.NamedIndividual]
    label = min(knowledge.label(c) for c in classes)
    return label[:1].upper() + label[1:]


def fields_of(
    key: str, record: NamedNode, read: set[Term], code: str, knowledge: Knowledge
) -> Iterator[Asked]:
    needed = NEEDED.get(key, ())
    if key == "procedure":
        addons = sorted(knowledge.triples.subjects(COV.addOnTo, CODE[code.upper()]), key=plain)
        if addons:
            options = tuple((plain(c), f"{plain(c)} {knowledge.label(c)}") for c in addons)
            yield Asked("hasProcedureCode", "add-on codes", "", "choices", options)
    t = knowledge.triples
    regions = set(t.objects(CODE[code.upper()], COV.impliesRegion)) if key == "procedure" else set()
    for p in order(knowledge, record, needed):
        if p.iri == COV.treatsRegion and regions:
            continue
        if p.iri in needed or (p.iri in read and p.iri not in LINKS):
            yield asked_field(p, read, regions, knowledge)


def order(knowledge: Knowledge, record: NamedNode, needed: tuple[NamedNode, ...]) -> list[Property]:
    """Return the properties of a record: what it needs first, then dates, then the rest."""
    stated = [p for p in knowledge.properties.values() if record in p.stated_of]
    rank = {p: number for number, p in enumerate(needed)}
    return sorted(stated, key=lambda p: (rank.get(p.iri, 99), p.value_type is None, p.iri.value))


def asked_field(p: Property, read: set[Term], regions: set[Term], knowledge: Knowledge) -> Asked:
    """Return how a property is asked: of levels those of the regions, where they are known."""
    asked = Asked(
        local_name(p.iri.value),
        noun(p.label).removeprefix("in "),
        p.definition,
        "number" if p.value_type != XSD.date else "month" if p.ends else "date",
        (),
        p.lowest,
        p.highest,
        p.unit,
    )
    if p.value_type is not None:
        return asked
    if p.takes in (COV.ProcedureCode, COV.DiagnosisCode):
        return replace(asked, kind="code" if p.takes == COV.ProcedureCode else "codes")
    values = knowledge.instances_of(p.takes) if p.takes is not None else []
    if p.takes == COV.SpinalLevel and regions:
        t = knowledge.triples
        values = [v for v in values if not regions.isdisjoint(t.objects(v, COV.inRegion))]
    elif p.takes != COV.SpinalLevel and len(values) > MOST_RECORDS:
        # Of many values those that a policy names, and what is narrower.
        values = [v for v in values if not read.isdisjoint(knowledge.broader_of(v))]
    options = tuple((local_name(v.value), knowledge.label(v)) for v in in_order(values, knowledge))
    return replace(asked, kind="choice" if p.single else "choices", options=options)


def in_order(values: Iterable[NamedNode], knowledge: Knowledge) -> list[NamedNode]:
    """Return values as they are counted, from the neck down, or by what they are called."""
    t, listed = knowledge.triples, list(values)
    if listed and knowledge.is_a(listed[0], COV.SpinalLevel):
        return listed
    return sorted(listed, key=lambda v: t.text(v, SKOS.notation) or knowledge.label(v))


def request_of(answers: Answers, knowledge: Knowledge) -> dict[str, Any]:
    """Return the request that the answers state, as plain JSON; what is left open is left out."""
    code = answers.one("code")
    by = "hasKind" if is_kind(code, knowledge) else "hasProcedureCode"
    procedure = record_of(answers, "procedure-0", COV.RequestedProcedure, knowledge)
    addons = procedure.get("hasProcedureCode", [])
    procedure[by] = [code.upper(), *addons] if by == "hasProcedureCode" else code
    patient = record_of(answers, "patient-0", COV.Patient, knowledge)
    request: dict[str, Any] = {
        "id": f"{NAME}request",
        "type": "CoverageRequest",
        "dateOfService": answers.one("dateOfService"),
        "requestsProcedure": {"id": f"{NAME}procedure", **procedure},
        "hasPatient": patient,
    }
    patient |= {"id": f"{NAME}patient", "type": "Patient"}
    for group, (link, record, _, one) in RECORDS.items():
        if not one:
            continue
        listed = [
            {"id": f"{NAME}{group}-{number + 1}", **stated}
            for number in answers.records(group)
            if (stated := record_of(answers, f"{group}-{number}", record, knowledge))
        ]
        if listed:
            (request if group == "planned" else patient)[link] = listed
    if complete := [v for v in answers.all("complete") if v in LISTS.values()]:
        patient["completeFor"] = complete
    return request


def record_of(
    answers: Answers, prefix: str, record: NamedNode, knowledge: Knowledge
) -> dict[str, Any]:
    """Return what the answers state of one record."""
    stated: dict[str, Any] = {}
    for p in sorted(knowledge.properties.values(), key=lambda p: p.iri.value):
        name = local_name(p.iri.value)
        given = answers.all(f"{prefix}-{name}")
        if record not in p.stated_of or not given:
            continue
        if p.value_type is not None and p.value_type != XSD.date:
            given_number = given[0]
            stated[name] = number(given_number) if NUMBER.fullmatch(given_number) else given_number
        elif p.takes == COV.ProcedureCode:
            # A code as it is written, or the name of a kind where no code is known.
            words = [w for text in given for w in re.split(r"[\s,;]+", text)]
            kinds = [w for w in words if is_kind(w, knowledge)]
            stated |= {"hasKind": kinds[0]} if kinds else {name: [w.upper() for w in words]}
        elif p.takes == COV.DiagnosisCode:
            words = [w.upper() for text in given for w in re.split(r"[\s,;]+", text)]
            stated[name] = list(dict.fromkeys(words))
        else:
            stated[name] = given[0] if p.single else list(dict.fromkeys(given))
    begins = f"{prefix}-{FACT}-"
    for name in sorted(n for n in answers.values if n.startswith(begins)):
        link = {"yes": "affirms", "no": "denies"}.get(answers.one(name))
        if link:
            stated.setdefault(link, []).append(name.removeprefix(begins))
    return stated


def number(written: str) -> int | float:
    return float(written) if "." in written else int(written)
