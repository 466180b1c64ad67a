"""Which edition answers: by date of service, by name, by payer, by precedence in a plan."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from covergraph.decision.decide import Decision
from covergraph.decision.select import Selection
from covergraph.engine import Answer, Reasoner
from covergraph.errors import InputError, KnowledgeError
from covergraph.knowledge.base import load
from covergraph.namespaces import POLICIES
from tests.variations import (
    CENTENE,
    EARLY,
    FACET_NHS,
    FIRST_BLOCK,
    GM070,
    SACROILIAC,
    add_edition,
    add_plan,
    copied_tree,
    edit,
    end_edition,
    example,
    policy_file,
    reasoner_of,
)

OTHER = "2022-01-01"
UNDER_CENTENE = "cov:underPayer <https://w3id.org/covergraph/policies/centene#payer> ;"


@pytest.fixture(scope="module")
def two_editions(tmp_path_factory: pytest.TempPathFactory) -> Reasoner:
    """A body of knowledge whose second edition asks for longer between two neurotomies."""
    root = copied_tree(tmp_path_factory.mktemp("two-editions"))
    longer = ('cov:minimumInterval "P6M"', 'cov:minimumInterval "P9M"')
    add_edition(root, CENTENE, OTHER, longer)
    return reasoner_of(root)


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Reasoner:
    """A body of knowledge whose first edition ends some months before the second begins."""
    root = copied_tree(tmp_path_factory.mktemp("ended"))
    end_edition(root, CENTENE, "2021-09-30")
    add_edition(root, CENTENE, OTHER)
    edit(policy_file(root, CENTENE, OTHER), ('cov:effectiveUntil "2021-09-30"^^xsd:date ;', ""))
    return reasoner_of(root)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Reasoner:
    """A body of knowledge with a plan in which one policy comes before the other."""
    root = copied_tree(tmp_path_factory.mktemp("planned"))
    add_plan(root, GM070, CENTENE)
    return reasoner_of(root)


def selected(reasoner: Reasoner, on: str, key: str = CENTENE, edition: str = "") -> Selection:
    """Return what is selected for a neurotomy on a day; nothing else of it is judged."""
    request = reasoner.read(example(EARLY))
    types = request.facts.types
    return reasoner.catalogue.select(key, date.fromisoformat(on), types, edition=edition)


def chosen(reasoner: Reasoner, on: str, edition: str = "") -> str | None:
    policy = selected(reasoner, on, edition=edition).chosen
    return policy.edition if policy else None


# --- Dates ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "edition"),
    [
        ("2019-06-30", None),
        ("2019-07-01", "2019-07-01"),
        ("2021-12-31", "2019-07-01"),
        ("2022-01-01", "2022-01-01"),
        ("2030-01-01", "2022-01-01"),
    ],
)
def test_edition_decides_from_its_first_day_to_the_day_before_the_next(
    two_editions: Reasoner, on: str, edition: str | None
) -> None:
    assert chosen(two_editions, on) == edition


@pytest.mark.parametrize(
    ("on", "edition"),
    [
        ("2021-09-30", "2019-07-01"),
        ("2021-10-01", None),
        ("2021-12-31", None),
        ("2022-01-01", "2022-01-01"),
    ],
)
def test_edition_ends_on_its_own_last_day(ended: Reasoner, on: str, edition: str | None) -> None:
    assert chosen(ended, on) == edition


def test_last_day_past_the_next_edition_does_not_count(tmp_path: Path) -> None:
    """One date of service is never decided by two editions."""
    root = copied_tree(tmp_path)
    end_edition(root, CENTENE, "2022-06-30")
    add_edition(root, CENTENE, OTHER)
    reasoner = reasoner_of(root)
    assert chosen(reasoner, "2021-12-31") == "2019-07-01"
    assert chosen(reasoner, "2022-01-01") == "2022-01-01"
    assert chosen(reasoner, "2022-07-01") is None


def test_every_edition_considered_is_named_with_its_dates(two_editions: Reasoner) -> None:
    selection = selected(two_editions, "2021-12-31")
    considered = [(c.policy.edition, c.in_force) for c in selection.considered]
    assert considered == [("2019-07-01", True), ("2022-01-01", False)]
    first, second = (c.reason for c in selection.considered)
    assert "2019-07-01" in first and "2021-12-31" in first
    assert "2022-01-01" in second


def test_each_date_of_service_decides_under_its_own_edition(two_editions: Reasoner) -> None:
    """Five months are too short for both; seven only for the edition that asks for nine."""

    def decision(service: str, earlier: str, until: str) -> Decision:
        data = example(
            EARLY, ("2024-04-15", service), ("2023-11-13", earlier), ("2024-04-02", until)
        )
        (answer,) = two_editions.decide_all(two_editions.read(data), policy=CENTENE)
        return answer.decision

    assert decision("2021-12-31", "2021-05-31", "2021-10-05") is Decision.COVERED
    assert decision("2022-01-01", "2021-06-01", "2021-10-05") is Decision.NOT_COVERED
    assert decision("2022-03-01", "2021-06-01", "2021-10-05") is Decision.COVERED


# --- An edition by name -------------------------------------------------------------------


def test_edition_by_name_is_the_only_one_considered(two_editions: Reasoner) -> None:
    selection = selected(two_editions, "2021-06-01", edition="2019-07-01")
    assert selection.chosen is not None and selection.chosen.edition == "2019-07-01"
    assert [c.policy.edition for c in selection.considered] == ["2019-07-01"]


@pytest.mark.parametrize(
    ("on", "edition"), [("2022-01-01", "2019-07-01"), ("2021-12-31", "2022-01-01")]
)
def test_edition_by_name_keeps_its_dates(two_editions: Reasoner, on: str, edition: str) -> None:
    assert chosen(two_editions, on, edition) is None


def test_edition_by_name_decides(two_editions: Reasoner) -> None:
    request = two_editions.read(example(EARLY))
    (answer,) = two_editions.decide_all(request, policy=f"{CENTENE}@{OTHER}")
    assert answer.policy is not None and answer.policy.edition == OTHER
    (answer,) = two_editions.decide_all(request, policy=f"{CENTENE}@2019-07-01")
    assert answer.decision is Decision.OUT_OF_SCOPE and answer.policy is None


def test_edition_that_does_not_exist_is_an_error_that_names_those_that_do(
    two_editions: Reasoner,
) -> None:
    request = two_editions.read(example(EARLY))
    with pytest.raises(InputError, match=r"2019-07-01.*2022-01-01"):
        two_editions.decide_all(request, policy=f"{CENTENE}@2020-01-01")


def test_edition_to_show_is_the_latest_or_the_one_named(two_editions: Reasoner) -> None:
    catalogue = two_editions.catalogue
    assert catalogue.edition_of(CENTENE).edition == OTHER
    assert catalogue.edition_of(f"{CENTENE}@2019-07-01").edition == "2019-07-01"


# --- Payers -------------------------------------------------------------------------------


def test_payer_none_of_whose_policies_speaks_is_out_of_scope(reasoner: Reasoner) -> None:
    answers = reasoner.decide_all(reasoner.read(example(SACROILIAC)), payer="centene")
    assert [a.decision for a in answers] == [Decision.OUT_OF_SCOPE]
    assert answers[0].policy is None and answers[0].value is None
    assert answers[0].reason


def test_payer_without_any_policy_is_an_error_and_no_empty_answer(planned: Reasoner) -> None:
    with pytest.raises(InputError, match="made-up"):
        planned.decide_all(planned.read(example(EARLY)), payer="made-up")


def test_payer_answers_by_the_policies_that_speak_to_the_request(tmp_path: Path) -> None:
    root = copied_tree(tmp_path)
    path = policy_file(root, GM070)
    second = root / "shapes/policies/nhs-gm/other" / path.name
    second.parent.mkdir()
    target = "sh:targetClass cov:FacetJointInjectionOrSacroiliacJointInterventionRequest"
    text = path.read_text().replace("gm070", "other")
    assert target in text
    second.write_text(text.replace(target, "sh:targetClass cov:FacetJointInterventionRequest"))
    reasoner = reasoner_of(root)

    def speaking(name: str) -> list[str]:
        answers = reasoner.decide_all(reasoner.read(example(name)), payer="nhs-gm")
        return [a.selection.key for a in answers]

    assert speaking(SACROILIAC) == [GM070]
    assert speaking(FACET_NHS) == [GM070, "nhs-gm/other"]


def test_all_policies_answer_whether_they_speak_or_not(reasoner: Reasoner) -> None:
    answers = reasoner.decide_all(reasoner.read(example(SACROILIAC)), every=True)
    found = {a.selection.key: a.decision for a in answers}
    assert list(found) == reasoner.catalogue.policy_keys()
    assert (found[CENTENE], found[GM070]) == (Decision.OUT_OF_SCOPE, Decision.COVERED)


def test_broken_policy_is_named_whenever_it_is_asked(tmp_path: Path) -> None:
    """A reasoner for one request leaves what is not asked unread; every other refuses it."""
    root = copied_tree(tmp_path / "broken")
    edit(policy_file(root, GM070, "2019-08-01"), ("sh:targetClass", "rdfs:seeAlso"))
    broken = "gm070/2019-08-01#policy lacks a payer, a target class or a first date"
    with pytest.raises(KnowledgeError, match=broken):
        Reasoner(load(root))
    one = Reasoner(load(root), at_once=False)
    request = one.read(example(EARLY))
    (answer,) = one.decide_all(request, policy=CENTENE)
    assert answer.policy and answer.policy.key == CENTENE
    assert GM070 in one.catalogue.policy_keys()
    with pytest.raises(KnowledgeError, match=broken):
        one.decide_all(request, policy=GM070)
    with pytest.raises(KnowledgeError, match=broken):
        one.decide_all(request, every=True)


# --- Plans --------------------------------------------------------------------------------


def under_plan(reasoner: Reasoner, *changes: tuple[str, str]) -> Answer:
    """Return the made-up plan's answer to a facet joint injection by code."""
    request = reasoner.read(example(FIRST_BLOCK, *changes))
    (answer,) = reasoner.decide_all(request, plan="made-up/plan")
    return answer


def test_plan_decides_by_the_first_policy_that_addresses_the_request(planned: Reasoner) -> None:
    answer = under_plan(planned, ("cov:MedialBranchTechnique", "cov:IntraArticularTechnique"))
    assert answer.selection.key == GM070
    assert answer.decision is Decision.NOT_COVERED
    assert "The mandate comes first." in answer.precedence
    assert CENTENE not in answer.precedence


def test_plan_passes_over_what_does_not_address_the_request_and_says_so(planned: Reasoner) -> None:
    answer = under_plan(planned)
    assert answer.selection.key == CENTENE
    assert answer.decision is Decision.COVERED
    assert "made-up/plan" in answer.precedence and GM070 in answer.precedence


def test_plan_does_not_pass_over_what_may_address_the_request(planned: Reasoner) -> None:
    """The technique is silent, and with it whether the first policy speaks."""
    answer = under_plan(planned, ("    cov:usesTechnique cov:MedialBranchTechnique ;\n", ""))
    assert answer.selection.key == GM070
    assert answer.decision is Decision.NEEDS_INFORMATION
    assert [c.name for c in answer.deciding] == ["is-injection-into-the-joint"]


def test_plan_passes_over_an_exclusion(planned: Reasoner) -> None:
    answer = under_plan(
        planned,
        ("cov:MedialBranchTechnique", "cov:IntraArticularTechnique"),
        ("cov:affirms cov:PositiveFacetLoading", "cov:affirms cov:ExternallyFundedTrial"),
    )
    assert answer.selection.key == CENTENE
    assert answer.decision is not Decision.OUT_OF_SCOPE


def test_plan_none_of_whose_policies_speaks_is_out_of_scope(planned: Reasoner) -> None:
    data = example(
        EARLY,
        ("2024-04-15", "2019-06-30"),
        ("2023-11-13", "2018-11-13"),
        ("2024-04-02", "2019-04-02"),
    )
    (answer,) = planned.decide_all(planned.read(data), plan="made-up/plan")
    assert answer.decision is Decision.OUT_OF_SCOPE
    assert GM070 in answer.precedence


def test_shipped_plans_decide_as_their_payers_do(reasoner: Reasoner) -> None:
    request = reasoner.read(example(EARLY))
    by_plan = reasoner.decide_all(request, plan="centene/health-plan")
    by_payer = reasoner.decide_all(request, payer="centene")
    assert [a.decision for a in by_plan] == [a.decision for a in by_payer]
    assert {"centene/health-plan", "nhs-gm/commissioned-care"} <= reasoner.catalogue.plans.keys()


# --- What the request itself names ----------------------------------------------------------


def test_payer_that_the_request_names_decides(reasoner: Reasoner) -> None:
    answers = reasoner.decide_all(reasoner.read(example(FACET_NHS)))
    assert [a.selection.key for a in answers] == [GM070]
    answers = reasoner.decide_all(reasoner.read(example(EARLY)))
    assert [a.selection.key for a in answers] == [CENTENE]


def test_plan_that_the_request_names_decides_before_its_payer(planned: Reasoner) -> None:
    plan = f"cov:underPlan <{POLICIES}made-up#plan> ; {UNDER_CENTENE}"
    data = example(
        FIRST_BLOCK,
        (UNDER_CENTENE, plan),
        ("cov:MedialBranchTechnique", "cov:IntraArticularTechnique"),
    )
    (answer,) = planned.decide_all(planned.read(data))
    assert answer.selection.key == GM070
    assert "made-up/plan" in answer.precedence


def test_call_goes_before_what_the_request_names(reasoner: Reasoner) -> None:
    request = reasoner.read(example(FACET_NHS))
    assert [a.selection.key for a in reasoner.decide_all(request, payer="centene")] == [CENTENE]
    assert [a.selection.key for a in reasoner.decide_all(request, policy=CENTENE)] == [CENTENE]


def test_nothing_named_is_an_error_that_says_what_to_name(reasoner: Reasoner) -> None:
    request = reasoner.read(example(FIRST_BLOCK, (UNDER_CENTENE, "")), name="first.ttl")
    with pytest.raises(InputError, match=r"first\.ttl.*policy.*payer.*plan"):
        reasoner.decide_all(request)


@pytest.mark.parametrize(
    "statement", ["cov:underPayer :nobody ;", f"cov:underPlan <{POLICIES}centene#no-plan> ;"]
)
def test_payer_or_plan_that_does_not_exist_is_an_error(reasoner: Reasoner, statement: str) -> None:
    data = example(FIRST_BLOCK, (UNDER_CENTENE, statement))
    with pytest.raises(InputError):
        reasoner.decide_all(reasoner.read(data))


@pytest.mark.parametrize(
    ("named", "nearest"),
    [
        ({"policy": "centene/cpmp171"}, CENTENE),
        ({"policy": "gm070"}, GM070),
        ({"payer": "centine"}, "centene"),
        ({"plan": "centene/healthplan"}, "centene/health-plan"),
    ],
)
def test_unknown_key_suggests_the_nearest(
    reasoner: Reasoner, named: dict[str, str], nearest: str
) -> None:
    with pytest.raises(InputError, match=nearest):
        reasoner.decide_all(reasoner.read(example(EARLY)), **named)


def test_unlike_key_lists_what_there_is(reasoner: Reasoner) -> None:
    with pytest.raises(InputError, match=f"{CENTENE}.*{GM070}"):
        reasoner.decide_all(reasoner.read(example(EARLY)), policy="zzz")
