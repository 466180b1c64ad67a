"""Slips in what is read: how silence reads, and which paths lead to a fact."""

from __future__ import annotations

from tests.house_rules.slips import (
    A_CASE,
    BY_INTENT,
    DIAGNOSES,
    EARLIER,
    LUMBAR,
    NARROW_REQUEST,
    REGION,
    TECHNIQUE,
    added,
    asked,
    bound,
    leaf,
    shape,
    taken,
)

UNSAFE = {
    "earlier procedures counted by a shape": leaf(EARLIER, "sh:minCount 1"),
    "purpose inside of another shape": leaf(
        "cov:requestsProcedure",
        "sh:minCount 1 ; " + leaf("cov:isFor", "sh:hasValue cov:HeadachePurpose"),
    ),
    "open value by an inverse step": leaf(
        "( cov:requestsProcedure [ sh:inversePath cov:isFor ] )", "sh:minCount 1"
    ),
    "number of techniques": leaf(TECHNIQUE, "sh:minCount 2"),
    "kind of technique that a further one undoes": leaf(
        TECHNIQUE, "sh:minCount 1 ; sh:not [ a sh:NodeShape ; sh:hasValue cov:Radiofrequency ]"
    ),
    "denied fact by a shape": leaf(
        "( cov:hasPatient cov:denies )", "sh:hasValue cov:PositiveFacetLoading"
    ),
    "number of facts that no one names": leaf("( cov:hasPatient cov:affirms )", "sh:minCount 2"),
    "day by a shape": leaf(
        "( cov:concernsPain cov:onsetDate )", 'sh:hasValue "2024-01-01"^^xsd:date'
    ),
}
SILENCE = [
    asked(
        "negated region",
        "silence-negated",
        f"sh:not {shape(leaf(REGION, 'sh:hasValue cov:LumbarRegion'))}",
    ),
    asked(
        "negated region inside a value",
        "silence-negated",
        leaf(
            "cov:requestsProcedure",
            "sh:minCount 1 ; sh:not "
            + shape(leaf("cov:treatsRegion", "sh:hasValue cov:LumbarRegion")),
        ),
    ),
    asked("negated list", "", f"sh:not {shape(leaf('cov:alsoPlanned', 'sh:minCount 1'))}"),
    asked(
        "negated region that is read as absent",
        "",
        "cov:silenceMeans cov:Absent ; cov:followsReading cov:UnstatedFactsReading ; sh:not "
        + shape(leaf(REGION, "sh:hasValue cov:LumbarRegion")),
    ),
    asked(
        "upper count over intents",
        "silence-negated",
        leaf(EARLIER, f"sh:qualifiedMaxCount 2 ; sh:qualifiedValueShape {BY_INTENT}"),
    ),
    asked(
        "lower count over intents",
        "open-silence",
        leaf(EARLIER, f"sh:qualifiedMinCount 2 ; sh:qualifiedValueShape {BY_INTENT}"),
    ),
    asked(
        "no onset", "silence-negated", leaf("( cov:concernsPain cov:onsetDate )", "sh:maxCount 0")
    ),
    asked(
        "silence that no reading closes",
        "silence-closed",
        leaf(REGION, "sh:hasValue cov:LumbarRegion") + " ; cov:silenceMeans cov:Absent",
    ),
    *(asked(name, "open-silence", body) for name, body in UNSAFE.items()),
    asked("no diagnosis", "", leaf(DIAGNOSES, "sh:maxCount 0")),
    taken("levels without lower bound", "silence-conforms", ":levels sh:property sh:minCount"),
    asked(
        "region that may be missing", "silence-conforms", leaf(REGION, "sh:in ( cov:LumbarRegion )")
    ),
    asked(
        "procedure that may be missing",
        "silence-conforms",
        leaf("cov:requestsProcedure", "sh:class cov:FacetJointInjection"),
    ),
    asked(
        "counted value that may be missing",
        "silence-conforms",
        leaf(
            EARLIER,
            "sh:qualifiedMinCount 1 ; sh:qualifiedValueShape "
            + shape(leaf("cov:treatsRegion", "sh:in ( cov:LumbarRegion )")),
        ),
    ),
    asked("region by value", "", leaf(REGION, "sh:hasValue cov:LumbarRegion")),
    asked(
        "silence that is complete", "silence-override", f"{A_CASE} ; cov:silenceMeans cov:Complete"
    ),
    taken(
        "property without a reading of silence",
        "silence-reading",
        "cov:birthDate cov:silenceMeans",
        file="ontology/coverage.ttl",
    ),
    added(
        "fact with two readings of silence",
        "silence-reading",
        "cov:PositiveFacetLoading cov:silenceMeans cov:Absent .",
        file="ontology/facts.ttl",
    ),
    taken(
        "fact without a reading of silence",
        "silence-reading",
        "cov:FunctionalImprovement cov:silenceMeans",
        file="ontology/facts.ttl",
    ),
]

PATHS = [
    asked(
        "misspelt step",
        "path-declared",
        leaf("( cov:requestsProcedure cov:treetsRegion )", "sh:minCount 1"),
    ),
    asked("misspelt path", "path-declared", leaf("cov:requestProcedure", "sh:minCount 1")),
    asked("property of a policy", "path-declared", leaf("cov:effectiveFrom", "sh:minCount 1")),
    asked(
        "path in the middle of many",
        "path-single",
        leaf("( cov:hasPatient cov:underwent cov:reliefPercent )", "sh:minCount 1"),
    ),
    asked(
        "alternative paths",
        "",
        leaf(
            "[ sh:alternativePath ( ( cov:hasPatient cov:hasDiagnosis ) cov:alsoPlanned ) ]",
            "sh:minCount 1",
        ),
    ),
    bound(
        "target class that is not there",
        "target-class",
        {"sh:targetClass": "cov:FacetJointInterventionReqest"},
    ),
    bound(
        "target class of procedures", "target-class", {"sh:targetClass": "cov:FacetJointInjection"}
    ),
    bound(
        "target class of one region",
        "target-narrow",
        {"sh:targetClass": "cov:NarrowRequest"},
        NARROW_REQUEST,
    ),
    asked(
        "criterion with a target",
        "target-place",
        f"{A_CASE} ; sh:targetClass cov:FacetJointInjectionRequest",
    ),
    asked(
        "class that is not there",
        "class-declared",
        leaf("cov:requestsProcedure", "sh:minCount 1 ; sh:class cov:FacetJointInjektion"),
    ),
    taken(
        "region in place of a class",
        "class-declared",
        ":earlier-neurotomy cov:ofProcedure",
        ":earlier-neurotomy cov:ofProcedure cov:LumbarRegion .",
    ),
    asked(
        "negated class of one region",
        "class-narrow",
        f"sh:not {shape(leaf('cov:requestsProcedure', f'sh:minCount 1 ; sh:class {LUMBAR}'))}",
    ),
    asked(
        "upper count of a class of one region",
        "class-narrow",
        leaf(
            EARLIER,
            f"sh:qualifiedMaxCount 2 ; sh:qualifiedValueShape {shape('sh:class ' + LUMBAR)}",
        ),
    ),
    asked(
        "class of one technique",
        "class-narrow",
        leaf("cov:requestsProcedure", "sh:minCount 1 ; sh:class cov:MedialBranchBlock"),
    ),
    asked(
        "planned procedure of one region",
        "class-narrow",
        f"cov:notAlsoPlanned {LUMBAR} ; cov:regionScope cov:AnyRegion",
    ),
    asked(
        "earlier procedures of one intent",
        "class-narrow-earlier",
        "cov:maximumSessions 2 ; cov:ofProcedure cov:DiagnosticFacetJointInjection ;"
        " cov:regionScope cov:SameRegion",
    ),
    asked(
        "latest session of one technique",
        "class-narrow-earlier",
        "cov:latestSessionOf cov:MedialBranchBlock ; cov:regionScope cov:SameRegion ;"
        " cov:minimumRelief 50",
    ),
    asked(
        "earlier procedures of one region",
        "class-narrow-earlier",
        f"cov:maximumSessions 2 ; cov:ofProcedure {LUMBAR} ; cov:regionScope cov:SameRegion",
    ),
    asked(
        "negated family",
        "",
        "sh:not "
        + shape(leaf("cov:requestsProcedure", "sh:minCount 1 ; sh:class cov:FacetJointInjection")),
    ),
]
