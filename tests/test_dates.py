"""Dates known to the day, the month or the year, or not at all: read, bounded, decided.

The law at the end holds for whatever a request dates: what a wider date decides is what every
day within it decides.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from random import Random

import pytest
from pyoxigraph import Literal, NamedNode

from covergraph import days
from covergraph.engine import Answer, Reasoner
from covergraph.errors import InputError
from covergraph.namespaces import COV, XSD
from covergraph.plain import PERFORMED_ON
from covergraph.render.data import Recorder
from covergraph.triples import Spo, Term, Triples
from tests.both_ways import at_length, quickly
from tests.gate_requests import MINIMAL_JSON, VALID, refusal, turtle
from tests.laws import AnswerOf, narrows, seeded, stated, told, written
from tests.tools.case_files import Case

ONSET, EARLIER = '"2024-01-17"^^xsd:date', 'cov:performedOn "2024-08-01"^^xsd:date ;'
UNTIL, BORN = '"2024-12-01"^^xsd:date', '"1961-02-03"^^xsd:date'
VAGUER = (XSD.gYearMonth, XSD.gYear)


def ends(data: bytes, record: str, p: str) -> tuple[str, str]:
    """Return the derived ends of a date of a record of the valid request."""
    prepared = at_length(data)
    node = NamedNode(f"https://w3id.org/covergraph/requests/gate#{record}")
    found = [prepared.triples.text(node, COV[f"{p}{end}"]) for end in ("Earliest", "Latest")]
    return found[0], found[1]


# --- What is read ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written_as", "expected"),
    [
        ('"2024-01-17"^^xsd:date', ("2024-01-17", "2024-01-17")),
        ('"2024-02"^^xsd:gYearMonth', ("2024-02-01", "2024-02-29")),
        ('"2024"^^xsd:gYear', ("2024-01-01", "2024-12-31")),
        ('"2025-03"^^xsd:gYearMonth', ("2025-03-01", "2025-03-14")),
        ('"2025"^^xsd:gYear', ("2025-01-01", "2025-03-14")),
    ],
)
def test_a_date_lies_between_two_days_up_to_the_service(
    written_as: str, expected: tuple[str, str]
) -> None:
    assert ends(turtle(ONSET, written_as), "pain", "onsetDate") == expected


def test_an_undated_procedure_lies_some_day_before_its_relief_ended() -> None:
    assert ends(turtle(EARLIER, ""), "earlier", "performedOn") == ("", "2024-12-01")
    silent = VALID.replace(EARLIER, "").replace(UNTIL, '"2025"^^xsd:gYear').encode()
    assert ends(silent, "earlier", "performedOn") == ("", "2025-03-14")


def test_relief_began_with_the_procedure() -> None:
    data = turtle(UNTIL, '"2024"^^xsd:gYear')
    assert ends(data, "earlier", "reliefLastedUntil") == ("2024-08-01", "2024-12-31")


@pytest.mark.parametrize(
    ("born", "age", "expected"),
    [
        ("", 63, ("1961-03-15", "1962-03-14")),
        (BORN, 64, ("1961-02-03", "1961-02-03")),
        ('"1961"^^xsd:gYear', 63, ("1961-03-15", "1961-12-31")),
        ('"1961-03"^^xsd:gYearMonth', 64, ("1961-03-01", "1961-03-14")),
    ],
)
def test_an_age_bounds_the_birth_date(born: str, age: int, expected: tuple[str, str]) -> None:
    birth = f"cov:birthDate {born} ;" if born else ""
    data = turtle(f"cov:birthDate {BORN} ;", f"{birth} cov:age {age} ;")
    assert ends(data, "patient", "birthDate") == expected


REFUSED = [
    (ONSET, '"2025-04"^^xsd:gYearMonth', "onsetDate is after the date of service"),
    (ONSET, '"2026"^^xsd:gYear', "onsetDate is after the date of service"),
    (ONSET, '"2024-13"^^xsd:gYearMonth', "onsetDate is not a month of the calendar"),
    (ONSET, '"2024-01Z"^^xsd:gYearMonth', "onsetDate is not a month of the calendar"),
    (ONSET, '"0999"^^xsd:gYear', "onsetDate is not a year of the calendar"),
    (ONSET, '"2024-01"^^xsd:date', "onsetDate is not a date of the calendar"),
    (ONSET, '"2024"', 'write "YYYY-MM-DD"^^xsd:date, "YYYY-MM"^^xsd:gYearMonth or "YYYY"^^xsd:gYe'),
    ('"2025-03-14"^^xsd:date', '"2025-03"^^xsd:gYearMonth', "xsd:gYearMonth where a date belongs"),
    (UNTIL, '"2024-07"^^xsd:gYearMonth', "reliefLastedUntil is before cov:performedOn"),
    (BORN, f"{BORN} ; cov:age 63", "the patient: cov:age contradicts cov:birthDate"),
    (BORN, f"{BORN} ; cov:age 64.5", "cov:age is not a whole number of years"),
    (BORN, f"{BORN} ; cov:age 131", "cov:age is above 130 years"),
]


@pytest.mark.parametrize(("old", "new", "fragment"), REFUSED)
def test_what_no_day_can_be_is_refused(old: str, new: str, fragment: str) -> None:
    message = refusal(turtle(old, new))
    assert fragment in message and "\n" not in message


@pytest.mark.parametrize("until", ['"2024-08"^^xsd:gYearMonth', '"2024"^^xsd:gYear'])
def test_what_some_days_allow_is_not_refused(until: str) -> None:
    at_length(turtle(UNTIL, until))


# --- JSON ----------------------------------------------------------------------------------------


def in_json(**earlier: object) -> bytes:
    record = {"hasProcedureCode": "64493", **earlier}
    patient = {"hasPain": {"inRegion": "LumbarRegion", "onsetDate": "2023-06"}, "age": 63}
    return json.dumps(MINIMAL_JSON | {"hasPatient": {**patient, "underwent": [record]}}).encode()


@pytest.mark.parametrize(
    ("on", "datatype"),
    [("2024-05-01", XSD.date), ("2024-05", XSD.gYearMonth), ("2024", XSD.gYear)],
)
def test_json_dates_are_read_by_their_form(on: str, datatype: NamedNode) -> None:
    triples = at_length(in_json(performedOn=on), "application/json").request.triples
    assert [o for _, o in triples.pairs(COV.performedOn)] == [Literal(on, datatype=datatype)]
    assert [o for _, o in triples.pairs(COV.onsetDate)] == [
        Literal("2023-06", datatype=XSD.gYearMonth)
    ]


def test_json_null_is_what_is_not_known() -> None:
    null, silent = (
        at_length(data, "application/json").request
        for data in (in_json(performedOn=None), in_json())
    )
    assert null.digest == silent.digest


@pytest.mark.parametrize(
    ("changes", "fragment"),
    [
        ({"dateOfService": None}, "dateOfService: is null (it must be stated)"),
        ({"unheardOf": None}, "unheardOf: is null (leave it out)"),
        ({"underPlan": [None]}, "underPlan[0]: is null (leave it out)"),
    ],
)
def test_null_elsewhere_is_refused(changes: dict[str, object], fragment: str) -> None:
    assert fragment in refusal(json.dumps(MINIMAL_JSON | changes).encode())


# --- Which way, and what is shown ------------------------------------------------------------


def test_open_dates_go_the_long_way_and_days_the_short_one() -> None:
    assert quickly(VALID.encode()) is not None
    for data in (turtle(EARLIER, ""), turtle(ONSET, '"2024-01"^^xsd:gYearMonth')):
        assert quickly(data) is None
    (session,) = quickly(VALID.encode()).facts.earlier  # type: ignore[union-attr]
    assert session.on == session.earliest == session.latest == "2024-08-01"


def test_a_month_is_shown_as_it_is_stated(reasoner: Reasoner) -> None:
    data = turtle(ONSET, '"2024-01"^^xsd:gYearMonth').replace(b"2025-03-14", b"2024-12-14")
    (answer,) = reasoner.decide_all(reasoner.read(data), policy="nia/cg-301")
    shown = json.dumps(Recorder(reasoner.knowledge).answer(answer))
    assert '"2024-01"' in shown and "2024-01-31" not in shown
    assert "onsetDateEarliest" not in shown


def test_a_request_moved_to_another_day_bounds_its_dates_anew(reasoner: Reasoner) -> None:
    data = turtle(ONSET, '"2025"^^xsd:gYear')
    later = reasoner.read(data, on=date(2025, 6, 1))
    (pain,) = later.triples.instances(COV.PainRecord)
    assert later.triples.text(pain, COV.onsetDateLatest) == "2025-06-01"
    with pytest.raises(InputError, match="states dates after the date of service"):
        reasoner.read(data, on=date(2024, 12, 31))


# --- The first later day --------------------------------------------------------------------

# Pain since the summer, and all else that a first block needs under the policy.
ASKED = {"2024-04-10": "2024-07-10", "2024-04": "2024-07-30", "2024-06": "2024-09-30"}


@pytest.mark.parametrize(("onset", "day"), ASKED.items())
def test_the_first_day_that_is_better_holds_wherever_the_onset_lies(
    onset: str, day: str, reasoner: Reasoner
) -> None:
    datatype = "date" if len(onset) > 7 else "gYearMonth"
    data = f"""
        @prefix : <https://example.org/r#> .
        @prefix code: <https://w3id.org/covergraph/codes#> .
        @prefix cov: <https://w3id.org/covergraph/ontology#> .
        @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        :r a cov:CoverageRequest ; cov:dateOfService "2024-07-01"^^xsd:date ;
            cov:requestsProcedure :p ; cov:hasPatient :x .
        :p cov:hasProcedureCode code:64493 ; cov:treatsLevel cov:L4-L5 ; cov:onSide cov:Left ;
            cov:usesTechnique cov:MedialBranchTechnique ; cov:hasIntent cov:DiagnosticIntent .
        :x cov:hasPain :pain .
        :pain cov:inRegion cov:LumbarRegion ; cov:averagePainScore 7 ;
            cov:onsetDate "{onset}"^^xsd:{datatype} .
    """.encode()
    (answer,) = reasoner.decide_all(reasoner.read(data), policy="nia/cg-301")
    assert answer.earliest is not None and answer.earliest.day.isoformat() == day


# --- The law --------------------------------------------------------------------------------

# What every criterion reads by both its ends.
READ_BY_ENDS = (COV.onsetDate, COV.exacerbationDate, COV.birthDate)


def widened(triples: Triples, chance: Random) -> tuple[Spo, Literal] | None:
    """Return a dated statement of a request, and a month or year that its day lies in."""
    dated = [t for t in triples if t[1] in READ_BY_ENDS]
    if not dated:
        return None
    one = chance.choice(dated)
    datatype = chance.choice(VAGUER)
    length = len("2000-01") if datatype == XSD.gYearMonth else len("2000")
    return one, Literal(one[2].value[:length], datatype=datatype)


def days_within(wide: Literal, service: str, chance: Random) -> set[str]:
    """Return both ends of a month or year, and days between them, up to the date of service."""
    first, last = (date.fromisoformat(day) for day in days.ends(wide.value))
    last = min(last, date.fromisoformat(service))
    between = (last - first).days
    found = {0, between} | {chance.randint(0, between) for _ in range(3)}
    return {(first + timedelta(days=n)).isoformat() for n in found}


def with_value(triples: Triples, old: Spo, value: Term) -> bytes:
    return written([(*old[:2], value) if t == old else t for t in triples])


@pytest.mark.sample(200)
def test_a_wider_date_encloses_every_day_within_it(case: Case, answer_of: AnswerOf) -> None:
    """Worst and best lie no closer, and what is settled is settled for each of the days."""
    triples, chance = stated(case.request_ttl), seeded("wider", case)
    found = widened(triples, chance)
    if found is None:
        pytest.skip("nothing of it is dated")
    old, wide = found
    data = with_value(triples, old, wide)
    open_answer = answer_of(data, case.policy)
    (service,) = (o.value for _, o in triples.pairs(COV.dateOfService))
    for day in sorted(days_within(wide, service, chance)):
        exact = with_value(triples, old, Literal(day, datatype=XSD.date))
        settled = _answer(answer_of, exact, case.policy)
        if settled is not None:
            wrong = narrows(open_answer, settled)
            assert not wrong, told(f"{day}: {wrong}", data, exact)


def _answer(answer_of: AnswerOf, data: bytes, policy: NamedNode) -> Answer | None:
    """Return an answer, or None where the day contradicts another of the request."""
    try:
        return answer_of(data, policy)
    except InputError:
        return None


def test_what_is_dated_is_declared_with_its_ends(reasoner: Reasoner) -> None:
    dated = {p for p, d in reasoner.knowledge.properties.items() if d.value_type == XSD.date}
    assert dated - reasoner.knowledge.dated.keys() == {COV.dateOfService}
    assert NamedNode(PERFORMED_ON) in reasoner.knowledge.dated


def test_a_word_for_the_age_of_pain_is_refused_where_no_day_fits() -> None:
    """Chronic pain began at least three months ago: by 14 December, for this service."""
    asked = b":procedure cov:isFor cov:ChronicPain ; cov:hasProcedureCode"
    in_december, in_january = (
        turtle(ONSET, f'"{month}"^^xsd:gYearMonth').replace(
            b":procedure cov:hasProcedureCode", asked
        )
        for month in ("2024-12", "2025-01")
    )
    at_length(in_december)
    assert "cov:ChronicPain contradicts cov:onsetDate" in refusal(in_january)
