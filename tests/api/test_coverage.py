"""Lookups: what a code alone settles, as read in the documents, and never that it is covered."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest

from covergraph.api.negotiation import JSON
from covergraph.api.service import pages_of
from covergraph.api.workers.forkserver import KINDS
from covergraph.api.workers.jobs import ReasonerJobs
from covergraph.engine import Reasoner
from covergraph.knowledge.base import knowledge, policy_key
from covergraph.knowledge.codes import plain
from covergraph.lookup import Finding, Stance, look_up, turning_days
from covergraph.namespaces import COV
from tests.tools.case_files import CASES as FOLDER
from tests.tools.case_files import Case, load_cases

CASES = load_cases(FOLDER)


def looked_up(client: httpx.Client, code: str, payer: str, **more: str) -> dict[str, Any]:
    words = {"code": code, "payer": payer, "date": "2024-06-10", **more}
    answer = client.get("/coverage", params=words)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def sections(criteria: list[dict[str, Any]]) -> set[str]:
    return {c["section"] for criterion in criteria for c in criterion["citations"]}


@pytest.fixture(scope="module")
def jobs() -> ReasonerJobs:
    return ReasonerJobs(knowledge())


@pytest.mark.parametrize(
    ("code", "payer", "outcome"),
    [
        # GM070: facet injections for low back pain are no longer commissioned.
        ("64493", "nhs-gm", "refused"),
        # A cervical injection is in GM070 a matter of the region, which 64490 leaves open.
        ("27279", "nhs-gm", "conditions"),
        # The Washington determination makes facet injections no benefit.
        ("64493", "wa-hca", "refused"),
        ("62323", "wa-hca", "conditions"),
        # CP.MP.171 is on facet joints alone.
        ("64635", "centene", "conditions"),
        ("62323", "centene", "not addressed"),
        # CG_305 is on sacroiliac injections, and a fusion is none.
        ("27279", "nia", "not addressed"),
        ("27096", "nia", "conditions"),
        ("63650", "nia", "conditions"),
    ],
)
def test_outcome_is_what_the_document_says(
    client: httpx.Client, code: str, payer: str, outcome: str
) -> None:
    assert looked_up(client, code, payer)["outcome"] == outcome


def test_refusal_cites_its_clause_and_names_the_way_out(client: httpx.Client) -> None:
    (policy,) = looked_up(client, "64493", "nhs-gm")["policies"]
    assert sections(policy["deciding"]) & {"New patients: Lumbar"}
    assert {c["refusal"] for c in policy["deciding"]} == {True}
    assert "individual funding request" in {r["label"] for r in policy["routes"]}


def test_conditions_are_the_criteria_in_play(client: httpx.Client) -> None:
    """A neurotomy is asked nothing that CP.MP.171 asks of injections."""
    (policy,) = looked_up(client, "64635", "centene")["policies"]
    found: list[dict[str, Any]] = []

    def visit(node: dict[str, Any]) -> None:
        found.append(node)
        for member in node.get("members", []):
            visit(member)

    visit(policy["conditions"])
    cited = sections(found)
    assert "II.B.1" in cited
    assert not any(s.startswith("I.A.3") for s in cited)
    assert {c["verdict"] for c in found} <= {"met", "not met", "depends on the record"}


def test_date_picks_the_edition(client: httpx.Client) -> None:
    before = looked_up(client, "64493", "centene", date="2019-06-30")
    assert before["outcome"] == "not addressed"
    assert before["notAddressed"][0]["reason"] == "no edition is in force on the date of service"
    assert looked_up(client, "64493", "centene", date="2019-07-01")["outcome"] == "conditions"


def test_add_on_code_is_looked_up_with_its_primary_code(client: httpx.Client) -> None:
    add_on = looked_up(client, "64494", "nhs-gm")
    assert (add_on["code"], add_on["outcome"]) == ("64494", "refused")


def test_every_way_to_write_a_lookup_is_answered_alike(client: httpx.Client) -> None:
    """The first is written by a worker; the next come from what is remembered, or not."""
    ways = [
        "code=64635&date=2024-05-06&payer=nia",
        "code=64635&date=2024-05-06&payer=nia",
        "payer=nia&date=2024-05-06&code=64635",
        "code=%36%34635&date=2024-05-06&payer=nia",
    ]
    answers = [client.get(f"/coverage?{way}") for way in ways]
    assert {a.content for a in answers} == {answers[0].content}
    assert {a.headers["etag"] for a in answers} == {answers[0].headers["etag"]}
    assert {len(dict(a.headers)) for a in answers} == {len(dict(answers[0].headers))}


def test_pages_that_are_written_together_are_those_written_one_by_one(
    jobs: ReasonerJobs,
) -> None:
    limits = KINDS[b"p"]
    for payer in (*jobs.reasoner.catalogue.payers, None):
        job = {"accept": JSON, "date": "2024-01-01", "payer": payer}
        pages = dict(pages_of(jobs.do({"do": "shelf", **job}, b"", limits).body))
        for code in map(plain, jobs.procedures.codes):
            alone = jobs.do({"do": "coverage", "code": code, **job}, b"", limits)
            assert pages.get(code, b"") == alone.body
            assert (code in pages) is not bool(alone.problem)
        assert len(pages) > 50


def test_page_that_serves_many_days_names_the_one_asked_for(client: httpx.Client) -> None:
    pages = {}
    for day in ("2024-01-01", "2024-12-31", "2024-06-10"):
        for form in ("application/json", "text/turtle", "application/ld+json"):
            answer = client.get(
                f"/coverage?code=62323&date={day}&payer=nia", headers={"Accept": form}
            )
            assert day in answer.text
            assert "0000-00-00" not in answer.text
            pages[day, form] = answer
    assert pages["2024-06-10", "application/json"].json()["date"] == "2024-06-10"
    tags = {answer.headers["etag"] for answer in pages.values()}
    assert len(tags) == len(pages)
    again = client.get(
        "/coverage?code=62323&date=2024-12-31&payer=nia",
        headers={"If-None-Match": pages["2024-06-10", "application/json"].headers["etag"]},
    )
    assert again.status_code == 200


def test_day_before_an_edition_is_not_answered_by_it(client: httpx.Client) -> None:
    """Days on either side of every turn, asked in an order that would mislead a memory."""
    for day, outcome in (
        ("2024-12-31", "conditions"),
        ("2025-01-01", "not addressed"),
        ("2024-01-01", "conditions"),
        ("2023-12-31", "not addressed"),
        ("0001-01-01", "not addressed"),
        ("9999-12-31", "not addressed"),
    ):
        assert looked_up(client, "27096", "nia", date=day)["outcome"] == outcome, day


def test_lookups_turn_on_the_days_of_editions_alone(reasoner: Reasoner) -> None:
    turns = turning_days(reasoner)
    assert date(2024, 1, 1) in turns
    assert date(2025, 1, 1) in turns
    for first, following in pairwise(turns):
        last = following - timedelta(days=1)
        for code in ("64493", "64635", "27096"):
            one, other = (look_up(reasoner, code, day) for day in (first, last))
            said = [
                [(f.selection.key, f.stance, f.settled, f.reason) for f in found.findings]
                for found in (one, other)
            ]
            assert said[0] == said[1]


def test_small_letters_are_taken(client: httpx.Client) -> None:
    assert looked_up(client, "g0260", "nia")["code"] == "G0260"


def test_diagnosis_is_judged_where_the_policy_asks_for_one(client: httpx.Client) -> None:
    def verdicts(**more: str) -> set[str]:
        (policy,) = looked_up(client, "64493", "centene", **more)["policies"]
        found = []

        def visit(node: dict[str, Any]) -> None:
            if "diagnosis" in node["label"] and not node.get("members"):
                found.append(node["verdict"])
            for member in node.get("members", []):
                visit(member)

        visit(policy["conditions"])
        return set(found)

    assert verdicts() == {"depends on the record"}
    assert "met" in verdicts(diagnosis="M47.816")
    assert "not met" in verdicts(diagnosis="A00.0")


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"code": "64493"},
        {"date": "2024-06-10"},
        {"code": "99999", "date": "2024-06-10"},
        {"code": "64999", "date": "2024-06-10"},
        {"code": "M47.816", "date": "2024-06-10"},
        {"code": "64493", "date": "10.06.2024"},
        {"code": "64493", "date": "2024-06-31"},
        {"code": "64493", "date": "0000-01-01"},
        {"code": "64493", "date": "2024-06-10", "payer": "nobody"},
        {"code": "64493", "date": "2024-06-10", "payer": ""},
        {"code": "64493", "date": "2024-06-10", "diagnosis": "64493"},
        {"code": "64493", "date": "2024-06-10", "diagnosis": "M47.8160"},
        {"code": "64493", "date": "2024-06-10", "patient": "x"},
        {"code": "64493> . <x", "date": "2024-06-10"},
        {"code": "6449\u0663", "date": "2024-06-10"},
    ],
)
def test_lookup_at_fault_is_refused(client: httpx.Client, words: dict[str, str]) -> None:
    answer = client.get("/coverage", params=words)
    assert answer.status_code == 400, answer.text
    assert "nobody" not in answer.text


def test_parameter_given_twice_is_refused(client: httpx.Client) -> None:
    answer = client.get("/coverage?code=64493&code=64633&date=2024-06-10")
    assert (answer.status_code, answer.json()["detail"]) == (400, "duplicate parameter")


def test_nothing_is_ever_covered_by_a_lookup(client: httpx.Client) -> None:
    codes = [c["code"] for s in client.get("/codes").json()["systems"][:2] for c in s["codes"]]
    seen = set()
    for code in codes:
        answer = client.get("/coverage", params={"code": code, "date": "2024-06-10"})
        if answer.status_code == 400:
            assert "does not say what is done" in answer.json()["detail"], code
            continue
        found = answer.json()
        seen |= {p["outcome"] for p in found["policies"]} | {found["outcome"]}
    assert "covered" not in seen
    assert {"conditions", "refused", "depends on the policy"} <= seen


# --- A lookup and a decision agree -----------------------------------------------------------


KNOWN: dict[Any, Finding] = {}


def looked_up_for(reasoner: Reasoner, case: Case) -> Finding | None:
    """Return what a lookup finds for the code of a case under its policy; None without one."""
    request = reasoner.read(case.request_ttl).request
    t = request.triples
    codes = t.objects(request.procedure, COV.hasProcedureCode)
    primary = [c for c in codes if not reasoner.knowledge.is_a(c, COV.AddOnCode)]
    if len(primary) != 1 or t.objects(request.procedure, COV.hasKind):
        return None
    key = (primary[0], case.policy, request.date)
    if key not in KNOWN:
        policy = policy_key(case.policy)
        found = look_up(reasoner, plain(primary[0]), request.date, policy.split("/")[0])
        KNOWN[key] = next(f for f in found.findings if f.selection.key == policy)
    return KNOWN[key]


def test_no_case_is_decided_against_its_lookup(reasoner: Reasoner) -> None:
    """What is refused is never covered; what is not addressed is out of scope."""
    compared = dict.fromkeys(Stance, 0)
    for case in CASES:
        found = looked_up_for(reasoner, case)
        if found is None or case.expected_decision is None:
            continue
        compared[found.stance] += 1
        if found.stance in (Stance.REFUSED, Stance.REVIEW):
            assert case.expected_decision != COV.Covered, case
        if found.stance is Stance.NOT_ADDRESSED:
            assert case.expected_decision == COV.OutOfScope, case
    assert compared[Stance.CONDITIONS] > 100
    assert compared[Stance.REFUSED] > 5
    assert compared[Stance.NOT_ADDRESSED] > 5


def test_no_record_changes_what_a_lookup_settles(reasoner: Reasoner) -> None:
    compared = 0
    for case in CASES:
        found = looked_up_for(reasoner, case)
        if found is None or found.valuation is None:
            continue
        prepared = reasoner.read(case.request_ttl)
        policy = found.selection.chosen
        assert policy is not None
        judged = reasoner.judge(policy, reasoner.seen_by(policy, prepared))
        for leaf in found.settled:
            assert judged[leaf] is found.valuation.verdicts[leaf], (case, leaf)
            compared += 1
    assert compared > 1000


def test_every_policy_is_asked(reasoner: Reasoner) -> None:
    found = look_up(reasoner, "64493", date(2024, 6, 10))
    assert len(found.findings) == len(reasoner.catalogue.editions)
