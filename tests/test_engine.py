"""The whole way of a request: the earliest date, the ways out, the funding, the scope."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from covergraph.decision.decide import Decision
from covergraph.engine import Answer, Reasoner
from covergraph.errors import InputError
from covergraph.judge.valuation import Outcome, Value
from covergraph.namespaces import COV
from tests.tools.case_files import CASES, load_case
from tests.variations import (
    CENTENE,
    EARLY,
    FACET_NHS,
    FIRST_BLOCK,
    GAPS,
    GM070,
    SACROILIAC,
    THORACIC,
    Change,
    add_edition,
    answered,
    copied_tree,
    end_edition,
    example,
    reasoner_of,
)

CENTENE_CASES = CASES / CENTENE / "2019-07-01"
SPINAL_PAIN = "nhs-spinal/spinal-pain"
SPINAL_PAIN_CASES = CASES / SPINAL_PAIN / "2021-01-01"
GM070_CASES = CASES / GM070 / "2019-08-01"

# A second block, five days after the first.
SECOND_BLOCK: tuple[Change, ...] = (
    ("cov:affirms cov:PositiveFacet", "cov:underwent :last ; cov:affirms cov:PositiveFacet"),
    (
        ":physical-therapy cov:ofTherapy",
        ":last cov:hasProcedureCode code:64493 ; cov:hasIntent cov:DiagnosticIntent ;\n"
        '    cov:performedOn "2023-05-10"^^xsd:date ; cov:reliefPercent 90 .\n\n'
        ":physical-therapy cov:ofTherapy",
    ),
)
TOO_RECENT_PAIN: Change = ('onsetDate "2022-11-07"', 'onsetDate "2023-04-10"')


def request_of(path: Path) -> bytes:
    return load_case(path).request_ttl


def names(answer: Answer) -> set[str]:
    return {c.name for c in answer.deciding}


def earliest(reasoner: Reasoner, *changes: Change, name: str = EARLY) -> str | None:
    """Return the earliest date, once it is checked: that day is better, the day before is not."""
    request = reasoner.read(example(name, *changes))
    (answer,) = reasoner.decide_all(request, policy=CENTENE)
    found = answer.earliest
    if found is None:
        return None
    assert answer.value is not None and found.day > request.request.date
    (then,) = reasoner.decide_all(request.moved(found.day), policy=CENTENE)
    (before,) = reasoner.decide_all(request.moved(found.day - timedelta(days=1)), policy=CENTENE)
    assert then.decision is found.decision
    assert then.value is not None and then.value.best > answer.value.best
    assert before.value is not None and before.value.best == answer.value.best
    return found.day.isoformat()


# --- The earliest date ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "neurotomy", "relief_until", "expected"),
    [
        ("2024-04-15", "2023-11-13", "2024-04-02", "2024-05-13"),
        ("2024-05-12", "2023-11-13", "2024-04-02", "2024-05-13"),
        ("2024-05-13", "2023-11-13", "2024-04-02", None),
        # Six months before the last day of February lies a day before the last of August.
        ("2024-02-01", "2023-08-31", "2024-01-02", "2024-03-01"),
        ("2024-02-01", "2023-08-29", "2024-01-02", "2024-02-29"),
    ],
)
def test_months_that_are_missing_give_the_first_day_after_them(
    reasoner: Reasoner, service: str, neurotomy: str, relief_until: str, expected: str | None
) -> None:
    changes = ("2024-04-15", service), ("2023-11-13", neurotomy), ("2024-04-02", relief_until)
    assert earliest(reasoner, *changes) == expected


def test_days_that_are_missing_give_the_first_day_after_them(reasoner: Reasoner) -> None:
    assert earliest(reasoner, *SECOND_BLOCK, name=FIRST_BLOCK) == "2023-05-24"


def test_of_several_bounds_the_last_one_decides(reasoner: Reasoner) -> None:
    """Two weeks after the block would do on 24 May, three months of pain only on 10 July."""
    changes = (*SECOND_BLOCK, TOO_RECENT_PAIN)
    assert earliest(reasoner, *changes, name=FIRST_BLOCK) == "2023-07-10"


@pytest.mark.parametrize(
    "unmet",
    [
        ("cov:performedBy cov:Physician", "cov:performedBy cov:NursePractitioner"),
        ("cov:reliefPercent 70", "cov:reliefPercent 49"),
        ("cov:usesTechnique cov:ConventionalRadiofrequency ;\n    cov:performedBy",
         "cov:usesTechnique cov:PulsedRadiofrequency ;\n    cov:performedBy"),
        # Relief lasts until the day that is documented; waiting does not lengthen it.
        ("2024-04-02", "2024-03-12"),
    ],
)  # fmt: skip
def test_no_date_helps_where_more_than_time_is_missing(reasoner: Reasoner, unmet: Change) -> None:
    answer = answered(reasoner, example(EARLY, unmet))
    assert answer.decision is Decision.NOT_COVERED
    assert answer.earliest is None


@pytest.mark.parametrize("name", [FIRST_BLOCK, GAPS, THORACIC])
def test_no_date_is_given_where_no_time_is_missing(reasoner: Reasoner, name: str) -> None:
    assert answered(reasoner, example(name)).earliest is None


def test_date_says_what_would_then_be_decided(reasoner: Reasoner) -> None:
    """Time is not all that is missing: on that day the request is a question."""
    found = answered(reasoner, example(EARLY, ("    cov:reliefPercent 70 ;\n", ""))).earliest
    assert found is not None
    assert (found.day, found.decision) == (date(2024, 5, 13), Decision.NEEDS_INFORMATION)


def test_review_is_better_than_a_refusal(reasoner: Reasoner) -> None:
    """With an unlisted diagnosis the best that time can bring is a reviewer."""
    found = answered(reasoner, example(EARLY, ("code:M47.816", "code:M96.1"))).earliest
    assert found is not None
    assert (found.day, found.decision) == (date(2024, 5, 13), Decision.NEEDS_REVIEW)


def test_date_is_given_where_a_reviewer_could_decide_sooner(reasoner: Reasoner) -> None:
    """Exceptional circumstances open a review now; twelve months are over on 17 January."""
    path = SPINAL_PAIN_CASES / "facet-denervation-too-early-exceptional.ttl"
    request = reasoner.read(request_of(path))
    (answer,) = reasoner.decide_all(request, policy=SPINAL_PAIN)
    assert answer.decision is Decision.NEEDS_REVIEW and answer.earliest is not None
    expected = date(2024, 1, 17), Decision.COVERED
    assert (answer.earliest.day, answer.earliest.decision) == expected
    for day, decision in (expected, (date(2024, 1, 16), Decision.NEEDS_REVIEW)):
        (then,) = reasoner.decide_all(request.moved(day), policy=SPINAL_PAIN)
        assert then.decision is decision


@pytest.mark.parametrize(("last_day", "expected"), [("2024-05-13", True), ("2024-05-12", False)])
def test_date_lies_within_the_edition(tmp_path: Path, last_day: str, expected: bool) -> None:
    root = copied_tree(tmp_path)
    end_edition(root, CENTENE, last_day)
    answer = answered(reasoner_of(root), example(EARLY))
    assert answer.decision is Decision.NOT_COVERED
    assert (answer.earliest is not None) is expected


def test_date_does_not_reach_into_the_next_edition(tmp_path: Path) -> None:
    root = copied_tree(tmp_path)
    add_edition(root, CENTENE, "2024-05-01")
    answer = answered(reasoner_of(root), example(EARLY))
    assert answer.policy is not None and answer.policy.edition == "2019-07-01"
    assert answer.earliest is None


# --- Another date of service --------------------------------------------------------------


def test_moving_a_request_changes_its_date_and_nothing_else(reasoner: Reasoner) -> None:
    read = reasoner.read(example(EARLY))
    request, later = read.request, read.moved(date(2024, 5, 13)).request
    assert later.date == date(2024, 5, 13)
    assert set(request.triples) ^ set(later.triples) == {
        (request.iri, COV.dateOfService, o)
        for r in (request, later)
        for o in r.triples.objects(request.iri, COV.dateOfService)
    }
    assert later.digest == request.digest, "the digest is that of what was stated"
    assert request.date == date(2024, 4, 15)


def test_request_moves_no_further_back_than_what_it_states(reasoner: Reasoner) -> None:
    request = reasoner.read(example(EARLY))
    assert request.moved(date(2024, 4, 2)).request.date == date(2024, 4, 2)
    with pytest.raises(InputError):
        request.moved(date(2024, 4, 1))


# --- Review routes and funding ------------------------------------------------------------


def test_route_that_asks_no_grounds_opens_by_itself(reasoner: Reasoner) -> None:
    answer = answered(reasoner, example(FIRST_BLOCK, ("code:M47.816", "code:M96.1")))
    assert answer.decision is Decision.NEEDS_REVIEW
    assert answer.value == Value(Outcome.REVIEW, Outcome.REVIEW)
    assert names(answer) == {"supporting-diagnosis"}
    (criterion,) = answer.deciding
    assert criterion.route is not None and criterion.route.iri.value.endswith("#diagnosis-review")
    assert not answer.routes, "a route that is taken is not left"


def test_route_with_grounds_is_named_and_stays_closed_without_them(reasoner: Reasoner) -> None:
    answer = answered(reasoner, example(FACET_NHS), GM070)
    assert answer.decision is Decision.NOT_COVERED
    assert [r.label for r in answer.routes] == ["individual funding request"]
    assert answer.routes[0].grounds is not None and answer.routes[0].citations


@pytest.mark.parametrize(
    ("affirmed", "decision", "deciding"),
    [
        ("cov:ClinicalExceptionality , cov:SupportingEvidenceOnFile", Decision.NEEDS_REVIEW,
         {"lumbar-new-refused"}),
        ("cov:ClinicalExceptionality", Decision.NEEDS_INFORMATION, {"exceptionality-evidence"}),
        ("cov:SupportingEvidenceOnFile", Decision.NOT_COVERED, {"lumbar-new-refused"}),
    ],
)  # fmt: skip
def test_grounds_open_a_route(
    reasoner: Reasoner, affirmed: str, decision: Decision, deciding: set[str]
) -> None:
    fact = ("cov:affirms cov:ConservativeManagementFailed", f"cov:affirms {affirmed}")
    answer = answered(reasoner, example(FACET_NHS, fact), GM070)
    assert answer.decision is decision
    assert names(answer) == deciding
    if decision is Decision.NEEDS_INFORMATION:
        assert answer.value == Value(Outcome.NOT_COVERED, Outcome.REVIEW)


def test_route_does_not_open_past_what_it_does_not_lift(reasoner: Reasoner) -> None:
    """A contraindication stands, whatever case is made."""
    answer = answered(reasoner, request_of(GM070_CASES / "lumbar-repeat-exceptional.ttl"), GM070)
    assert answer.decision is Decision.NEEDS_REVIEW
    stories = ("lumbar-repeat-infection", "lumbar-repeat-two-contraindications")
    for story in stories:
        answer = answered(reasoner, request_of(GM070_CASES / f"{story}.ttl"), GM070)
        assert answer.decision is Decision.NOT_COVERED


@pytest.mark.parametrize(
    ("story", "funding"),
    [
        ("sacroiliac-injection", COV.IndividualPriorApproval),
        ("sacroiliac-denervation", COV.PriorApprovalDeemed),
        ("sacroiliac-fusion", None),
    ],
)
def test_covered_names_the_funding_of_its_indication(
    reasoner: Reasoner, story: str, funding: object
) -> None:
    answer = answered(reasoner, request_of(GM070_CASES / f"{story}.ttl"), GM070)
    assert answer.decision is Decision.COVERED
    assert answer.funding == funding
    assert not answer.routes and not answer.missing and answer.earliest is None


@pytest.mark.parametrize(
    "story", ["sacroiliac-injection-undocumented", "sacroiliac-injection-provocation-negative"]
)
def test_only_covered_has_a_funding(reasoner: Reasoner, story: str) -> None:
    answer = answered(reasoner, request_of(GM070_CASES / f"{story}.ttl"), GM070)
    assert answer.decision is not Decision.COVERED
    assert answer.funding is None


# --- Scope ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "key", "deciding"),
    [
        (CENTENE_CASES / "day-before-the-policy.ttl", CENTENE, set()),
        (CENTENE_CASES / "epidural-injection-is-another-family.ttl", CENTENE, set()),
        (GM070_CASES / "externally-funded-trial.ttl", GM070, {"externally-funded-trial"}),
        (GM070_CASES / "medial-branch-block.ttl", GM070, {"addressed"}),
    ],
    ids=lambda value: getattr(value, "stem", None),
)
def test_out_of_scope_has_neither_worst_nor_best(
    reasoner: Reasoner, path: Path, key: str, deciding: set[str]
) -> None:
    answer = answered(reasoner, request_of(path), key)
    assert answer.decision is Decision.OUT_OF_SCOPE
    assert answer.value is None and answer.earliest is None and answer.funding is None
    assert not answer.missing and not answer.routes
    assert names(answer) == deciding
    assert answer.reason


def test_out_of_scope_by_class_tells_what_the_policy_speaks_to(reasoner: Reasoner) -> None:
    answer = answered(reasoner, example(SACROILIAC))
    assert "facet joint intervention" in answer.reason


def test_open_scope_is_a_question_and_not_a_decision(reasoner: Reasoner) -> None:
    path = GM070_CASES / "local-pathway-known-unstated.ttl"
    answer = answered(reasoner, request_of(path), GM070)
    assert answer.decision is Decision.NEEDS_INFORMATION
    assert "commissioner-informed" in names(answer)


# --- What is missing --------------------------------------------------------------------------


def test_missing_sets_settle_the_request_when_they_are_met(reasoner: Reasoner) -> None:
    answer = answered(reasoner, example(GAPS))
    assert answer.value == Value(Outcome.NOT_COVERED, Outcome.COVERED)
    assert [{c.name for c in way} for way in answer.missing] == [
        {"active-therapy", "imaging-findings", "first-block-relief"}
    ]
    told = example(
        GAPS,
        ("cov:NsaidContraindicated ;", "cov:NsaidContraindicated , cov:ImagingShowsNoOtherCause ;"),
        (
            '"2024-03-15"^^xsd:date .',
            '"2024-03-15"^^xsd:date ;\n    cov:hadOutcome cov:InadequateResponse .',
        ),
        ('"2024-05-13"^^xsd:date .', '"2024-05-13"^^xsd:date ;\n    cov:reliefPercent 75 .'),
    )
    settled = answered(reasoner, told)
    assert settled.decision is Decision.COVERED and not settled.missing


def test_no_facts_of_one_request_reach_the_next(reasoner: Reasoner) -> None:
    first = answered(reasoner, example(FIRST_BLOCK))
    answered(reasoner, example(THORACIC))
    again = answered(reasoner, example(FIRST_BLOCK))
    assert first.valuation is not None and again.valuation is not None
    assert first.valuation.verdicts == again.valuation.verdicts
    assert set(first.facts) == set(again.facts)
