"""What the loader refuses by name, as no twin could tell its silence from an answer."""

from __future__ import annotations

import pytest

from covergraph.errors import KnowledgeError
from tests.components.support import policy_of

EARLIER = "( cov:hasPatient cov:underwent )"
RELIEF = "( cov:hasPatient cov:underwent cov:reliefPercent )"
TECHNIQUE = "( cov:requestsProcedure cov:usesTechnique )"
INTENT = "( cov:requestsProcedure cov:hasIntent )"
FACTS = "( cov:hasPatient cov:affirms )"
ONE = "sh:minCount 1"


def leaf(path: str, body: str) -> str:
    return f"sh:property [ a sh:PropertyShape ; sh:path {path} ; {body} ]"


def node(body: str) -> str:
    return f"[ a sh:NodeShape ; {body} ]"


BY_INTENT = node(leaf("cov:hasIntent", "sh:hasValue cov:DiagnosticIntent"))
REFUSED = [
    (
        leaf(EARLIER, f"sh:qualifiedMinCount 1 ; sh:qualifiedValueShape {BY_INTENT}"),
        "cov:underwent",
    ),
    (leaf(EARLIER, ONE), "cov:underwent"),
    (leaf(RELIEF, f"{ONE} ; sh:datatype xsd:decimal ; sh:minInclusive 50.0"), "cov:underwent"),
    (leaf(INTENT, "sh:in ( cov:DiagnosticIntent )"), "lower bound"),
    (leaf(INTENT, "sh:maxCount 1"), "lower bound"),
    (f"sh:not {node(leaf(INTENT, ONE))}", "sh:not"),
    (leaf("cov:requestsProcedure", leaf("cov:hasIntent", ONE)), "one path"),
    (leaf("( cov:requestsProcedure [ sh:inversePath cov:isFor ] )", ONE), "inverse"),
    (leaf(TECHNIQUE, f"{ONE} ; sh:in ( cov:Radiofrequency )"), "sh:in"),
    (leaf(TECHNIQUE, f"{ONE} ; sh:maxCount 1"), "sh:maxCount"),
    (leaf(TECHNIQUE, "sh:minCount 2"), "sh:minCount"),
    (leaf(TECHNIQUE, f"{ONE} ; sh:not {node('sh:hasValue cov:Radiofrequency')}"), "sh:not"),
    (leaf(FACTS, f"{ONE} ; sh:in ( cov:PositiveFacetLoading )"), "sh:in"),
    (leaf("( cov:hasPatient cov:denies )", "sh:hasValue cov:Infection"), "cov:absentFact"),
    (leaf("( cov:concernsPain cov:onsetDate )", ONE), "a date"),
    (leaf("( cov:concernsPain cov:affirms )", "sh:hasValue cov:NewPathology"), "one-line"),
    (leaf("( cov:requestsProcedure rdf:type )", "sh:hasValue cov:EpiduralInjection"), "silence"),
    (
        leaf("cov:requestsProcedure", f"{ONE} ; sh:class cov:LumbarFacetJointInjection"),
        "depends on cov:treatsRegion",
    ),
    (
        "cov:maximumSessions 2 ; cov:ofProcedure cov:LumbarFacetJointInjection ;"
        " cov:regionScope cov:AnyRegion",
        "cov:ofProcedure over cov:LumbarFacetJointInjection",
    ),
]


@pytest.mark.parametrize(("body", "named"), REFUSED)
def test_unsafe_leaf_is_refused_by_name(body: str, named: str) -> None:
    rdf = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
    with pytest.raises(KnowledgeError, match="reads open silence") as refused:
        policy_of(body.replace("rdf:type", rdf))
    assert named in str(refused.value)


def test_criterion_may_close_silence() -> None:
    body = leaf(INTENT, "sh:qualifiedMaxCount 0 ; sh:qualifiedValueShape ")
    body = body.replace("Shape  ]", f"Shape {node('sh:hasValue cov:TrialIntent')} ]")
    with pytest.raises(KnowledgeError):
        policy_of(body)
    assert policy_of(f"{body} ; cov:silenceMeans cov:Absent").leaves
