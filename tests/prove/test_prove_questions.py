"""Questions about policies: what is found is a patient, and the least of its kind."""

from __future__ import annotations

from functools import cache

import pytest

from covergraph.decision.decide import Decision
from covergraph.prove import questions
from covergraph.prove.idle import idle, to_look_at
from covergraph.prove.questions import Outcome, Prover
from covergraph.prove.world import Bounds
from covergraph.prove.write import Statement, Written
from tests.commands import Run, file
from tests.prove.proving import FULL, LINTED, NEEDS_SOLVER, keys, reasoner

pytestmark = NEEDS_SOLVER
LONG = pytest.mark.skipif(not FULL, reason="make prove asks it")

KEY, OTHER = "wa-hca/facet-neurotomy", "nhs-england/ebi-2k"


@cache
def one() -> Prover:
    return Prover(reasoner(), [KEY], region="lumbar", bounds=Bounds(3, 1, 1))


@cache
def two() -> Prover:
    return Prover(reasoner(), [KEY, OTHER], "facet-joint-denervation", "lumbar")


def test_covered_patient_loses_cover_with_any_one_statement() -> None:
    found = questions.never_covers(one()).findings[0]
    assert found.outcome is Outcome.PATIENT and found.patient
    for statement in found.patient.statements:
        if _can_be_dropped(statement):
            rest = tuple(s for s in found.patient.statements if s is not statement)
            data = Written(found.patient.service, rest).turtle.encode()
            answer = reasoner().answer(reasoner().read(data), KEY)
            assert answer.decision is not Decision.COVERED, statement


def _can_be_dropped(statement: Statement) -> bool:
    """Return whether a request without a statement is still one: its links and codes stay."""
    needed = ("a", "dateOfService", "requestsProcedure", "hasPatient", "hasPain", "underwent")
    needed += ("hasProcedureCode", "hasKind", "inRegion")
    return statement.property.rsplit("#", 1)[-1] not in needed


def test_no_patient_is_covered_in_a_region_that_is_refused() -> None:
    prover = Prover(reasoner(), [KEY], region="thoracic", bounds=Bounds(5, 1, 1))
    answered = questions.never_covers(prover)
    assert answered.verdict.startswith("yes, within the bounds")
    assert answered.findings[0].patient is None


def test_nothing_is_never_with_fewer_earlier_procedures_than_may_show_it() -> None:
    prover = Prover(reasoner(), [KEY], region="thoracic", bounds=Bounds(1, 1, 1))
    answered = questions.never_covers(prover)
    assert answered.verdict == "not known: ask with --sessions 5, as many as are surely enough"
    assert answered.findings[0].outcome is Outcome.TOO_FEW


@pytest.mark.parametrize("key", keys())
def test_no_criterion_is_idle_that_is_not_acknowledged(key: str) -> None:
    found = to_look_at(idle(Prover(reasoner(), [key], bounds=LINTED)))
    assert not found, "\n".join(f.what for f in found)


@LONG
def test_criterion_by_criterion_a_patient_whom_only_it_refuses() -> None:
    answered = questions.contains(two())
    assert answered.verdict.startswith("no")
    alone = [f for f in answered.findings if f.criterion]
    assert any(f.outcome is Outcome.PATIENT for f in alone)
    for finding in alone:
        if finding.patient:
            prepared = reasoner().read(finding.patient.turtle.encode())
            covered, refused = (reasoner().answer(prepared, key) for key in (KEY, OTHER))
            assert covered.decision is Decision.COVERED
            assert refused.decision is Decision.NOT_COVERED
            assert finding.criterion in refused.deciding


@LONG
def test_policy_covers_the_same_as_itself() -> None:
    prover = Prover(reasoner(), [OTHER, OTHER])
    assert questions.equivalent(prover).verdict.startswith("yes")


@LONG
def test_question_without_enough_budget_is_not_answered() -> None:
    prover = Prover(reasoner(), [KEY, "nia/cg-302"], budget=1)
    assert questions.equivalent(prover).verdict == "not known within the budget"


@LONG
def test_same_question_gives_the_same_bytes() -> None:
    again = Prover(reasoner(), [KEY], region="lumbar", bounds=Bounds(3, 1, 1))
    first, second = (questions.never_covers(p).findings[0].patient for p in (one(), again))
    assert first and second and first.turtle == second.turtle


@LONG
def test_command_tells_the_bounds(run: Run) -> None:
    ran = run("prove", "never-covers", KEY, "--region", "lumbar")
    assert ran.status == 0
    assert "earlier procedure 2" in ran.out
    assert "Bounds: date of service 2024-06-14" in ran.out


@LONG
def test_changes_turn_the_answer_and_no_smaller_ones_do(run: Run) -> None:
    """Each way is replayed before it is told; taken back one statement, it is none."""
    ran = run("change", file("block-with-gaps"), "--policy", "nia/cg-301")
    assert ran.status == 0
    assert "document: it would be covered if" in ran.out
    assert "State only what is so." in ran.out


@LONG
def test_matrix_names_who_covers_nobody(run: Run) -> None:
    ran = run(
        "prove", "matrix", "facet-joint-denervation", "--region", "cervical", "--sessions", "2"
    )
    assert ran.status == 0
    assert "covers nobody here: nhs-england/ebi-2k" in ran.out


@pytest.mark.parametrize("word", ["nose", "facet"])
def test_unknown_region_or_procedure_is_refused(run: Run, word: str) -> None:
    option = "--region" if word == "nose" else "--procedure"
    ran = run("prove", "never-covers", KEY, option, word)
    assert (ran.status, ran.out) == (2, "")
