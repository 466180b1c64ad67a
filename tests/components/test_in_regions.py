"""Sessions in a group of regions: a silent region leaves open whether a session counts."""

from __future__ import annotations

import pytest

from covergraph.judge import Verdict
from tests.components.support import MET, NOT_DOCUMENTED, NOT_MET, request, verdict

GROUP = "cov:inRegions cov:CervicalAndThoracicRegions"
OF = f"cov:ofProcedure cov:EpiduralInjection ; cov:regionScope cov:AnyRegion ; {GROUP}"
WELL = "cov:affirms cov:MeaningfulImprovement"
REGIONS = {"in": "cov:ThoracicRegion", "out": "cov:LumbarRegion"}
# Each leaf, with the verdict that one session in the group, or outside of it, gives.
LEAVES = {
    f"cov:maximumSessions 1 ; {OF}": (NOT_MET, MET),
    f"cov:maximumEarlierSessions 0 ; {OF}": (NOT_MET, MET),
    # Another may be in the group; a list that is not stated complete does not say.
    f"cov:minimumEarlierSessions 1 ; {OF}": (MET, NOT_DOCUMENTED),
    f'cov:minimumInterval "P60D"^^xsd:dayTimeDuration ; {OF}': (NOT_MET, MET),
    f"cov:maximumWithoutResponse 1 ; {OF} ; cov:withFact cov:MeaningfulImprovement": (
        *(NOT_MET, MET),
    ),
}
RESPONSES = {
    "cov:respondingSessions 1 ; cov:ofProcedure": (MET, NOT_DOCUMENTED),
    "cov:latestSessionOf": (MET, NOT_DOCUMENTED),
    "cov:eachSessionOf": (MET, MET),
}
LEAVES_WITH_RESPONSE = {
    f"{how} cov:EpiduralInjection ; cov:regionScope cov:AnyRegion ; {GROUP} ;"
    " cov:withFact cov:MeaningfulImprovement": found
    for how, found in RESPONSES.items()
}


def story(region: str | None, said: str = "") -> str:
    """Return a request with one earlier injection, whose code leaves the region open."""
    where = f"cov:treatsRegion {region} ; " if region else ""
    return request(
        procedure="cov:hasKind code:epidural-injection ; cov:treatsRegion cov:CervicalRegion",
        patient="cov:underwent :earlier",
        more=":earlier cov:hasKind code:epidural-injection ;"
        f' {where} cov:performedOn "2024-05-15"^^xsd:date ; {said} .',
    )


@pytest.mark.parametrize(("leaf", "found"), LEAVES.items())
def test_session_counts_in_the_regions_of_the_group(
    leaf: str, found: tuple[Verdict, Verdict]
) -> None:
    failed = "cov:denies cov:MeaningfulImprovement"
    assert verdict(leaf, story(REGIONS["in"], failed)) is found[0]
    assert verdict(leaf, story(REGIONS["out"], failed)) is found[1]
    assert verdict(leaf, story(None, failed)) is NOT_DOCUMENTED


@pytest.mark.parametrize(("leaf", "found"), LEAVES_WITH_RESPONSE.items())
def test_response_is_asked_of_sessions_in_the_group(
    leaf: str, found: tuple[Verdict, Verdict]
) -> None:
    assert verdict(leaf, story(REGIONS["in"], WELL)) is found[0]
    assert verdict(leaf, story(REGIONS["out"], WELL)) is found[1]
    silent = verdict(leaf, story(None, WELL))
    assert silent is (found[0] if found[0] is found[1] else NOT_DOCUMENTED)
