"""Minimum interval: no earlier procedure of the class lies closer than so long."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.components.histories import (
    CERVICAL,
    CONVENTIONAL,
    COOLED,
    CRYO,
    DENERVATION,
    DIAGNOSTIC,
    EPIDURAL,
    LUMBAR,
    PULSED,
    RADIOFREQUENCY,
    THERAPEUTIC,
    THORACIC,
    History,
    Rule,
    Span,
    assert_laws,
    partial_histories,
    session,
    told,
)
from tests.components.support import MET, NOT_DOCUMENTED, NOT_MET, verdict

from reasoner.judge import Verdict

TWO_WEEKS, SIX_MONTHS = Span(days=14), Span(months=6)


def spacing(span: Span = TWO_WEEKS, scope: str = "SameRegion", only: str = "") -> str:
    return (
        f"cov:minimumInterval {span.turtle} ; cov:ofProcedure cov:FacetJointDenervation ;"
        f" cov:regionScope cov:{scope} {only}"
    )


CONVENTIONAL_ONLY = f"; cov:withTechnique cov:{CONVENTIONAL}"
DIAGNOSTIC_ONLY = f"; cov:withIntent cov:{DIAGNOSTIC}"


def test_without_an_earlier_procedure_there_is_nothing_to_wait_for() -> None:
    assert verdict(spacing(), told("2024-06-15")) is MET


@pytest.mark.parametrize(
    ("service", "expected"),
    [("2024-06-14", NOT_MET), ("2024-06-15", MET), ("2024-06-16", MET)],
    ids=["thirteen days after is too soon", "fourteen days after is enough", "fifteen days after"],
)
def test_two_weeks(service: str, expected: Verdict) -> None:
    assert verdict(spacing(), told(service, session("2024-06-01"))) is expected
