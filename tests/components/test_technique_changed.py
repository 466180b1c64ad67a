"""Another technique than the last time: what codes and broader techniques leave open."""

from __future__ import annotations

import pytest

from covergraph.judge import Verdict
from tests.components.support import MET, NOT_DOCUMENTED, NOT_MET, request, verdict

CHANGED = "cov:techniqueChangedSince cov:EpiduralInjection ; cov:regionScope cov:SameRegion"
INTERLAMINAR = "cov:hasProcedureCode code:62323 ; cov:usesTechnique cov:InterlaminarTechnique"
CAUDAL = "cov:hasProcedureCode code:62323 ; cov:usesTechnique cov:CaudalTechnique"
TRANSFORAMINAL = "cov:hasProcedureCode code:64483"
BY_CODE_ALONE = "cov:hasProcedureCode code:62323"
SILENT = "cov:hasKind code:epidural-injection ; cov:treatsRegion cov:LumbarRegion"


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        (INTERLAMINAR, CAUDAL, MET),
        (INTERLAMINAR, INTERLAMINAR, NOT_MET),
        (TRANSFORAMINAL, INTERLAMINAR, MET),
        (TRANSFORAMINAL, TRANSFORAMINAL, NOT_MET),
        # The codes alone: interlaminar or caudal, and so never transforaminal.
        (BY_CODE_ALONE, TRANSFORAMINAL, MET),
        (TRANSFORAMINAL, BY_CODE_ALONE, MET),
        (BY_CODE_ALONE, CAUDAL, NOT_DOCUMENTED),
        (INTERLAMINAR, BY_CODE_ALONE, NOT_DOCUMENTED),
        (BY_CODE_ALONE, BY_CODE_ALONE, NOT_DOCUMENTED),
        (SILENT, CAUDAL, NOT_DOCUMENTED),
        (TRANSFORAMINAL, SILENT, NOT_DOCUMENTED),
    ],
)
def test_technique_has_changed_where_the_two_rule_each_other_out(
    last: str, now: str, expected: Verdict
) -> None:
    earlier = f'{last} ; cov:performedOn "2024-03-04"^^xsd:date'
    story = request(procedure=now, patient="cov:underwent :earlier", more=f":earlier {earlier} .")
    assert verdict(CHANGED, story) is expected
