"""Slips in criteria: what one says of itself, what it is made of, what a leaf may ask."""

from __future__ import annotations

from tests.house_rules.slips import (
    A_CASE,
    DIAGNOSES,
    ROUTE,
    TWO,
    WHICH,
    Slip,
    added,
    asked,
    chain,
    criterion,
    leaf,
    shape,
    taken,
)

CRITERIA = [
    taken("criterion without label", "criterion-label", ":pain-interferes rdfs:label"),
    added("criterion with two labels", "criterion-label", ':injection-region rdfs:label "y"@en .'),
    taken("criterion without citation", "criterion-citation", ":is-repeat-neurotomy cov:citation"),
    taken("criterion without concern", "criterion-concern", ":pain-duration cov:concerns"),
    asked("concern that is none", "criterion-concern", f"{A_CASE} ; cov:concerns cov:LumbarRegion"),
    Slip(
        "criterion that is no shape",
        "criterion-shape",
        ":no-shape",
        ":policy cov:exclusion :no-shape . "
        + criterion("no-shape", A_CASE, "cov:Exclusion").replace(", sh:NodeShape", ""),
    ),
    added("criterion of no policy", "criterion-unreachable", criterion("lost", A_CASE)),
    asked(
        "redundancy without its reason", "known-redundancy", f'{A_CASE} ; cov:knownRedundancy "so"'
    ),
    added("review route of no policy", "criterion-unreachable", f":lost-route {ROUTE} ."),
    asked("criterion that requires itself", "criterion-recursion", "sh:or ( :is-injection THIS )"),
    asked(
        "criterion that recurs by its route",
        "criterion-recursion",
        f"{A_CASE} ; cov:reviewRoute :by-itself . :by-itself {ROUTE} ; cov:grounds THIS",
    ),
    asked(
        "criterion that requires nothing", "criterion-empty", "cov:silenceMeans cov:NotDocumented"
    ),
    asked("empty conjunction", "criterion-empty", "sh:and ( )"),
    asked("criterion with a path", "criterion-shape", "sh:path cov:alsoPlanned ; sh:minCount 1"),
    added("otherwise covered", "criterion-otherwise", ":indications cov:otherwise cov:Covered ."),
    added(
        "citation of a clause that is not there",
        "citation-clause",
        ":imaging-findings cov:citation [ cov:clause clause:nowhere ] .",
    ),
    added(
        "citation without clause",
        "citation-clause",
        ':is-denervation cov:citation [ rdfs:label "II"@en ] .',
    ),
]

COMPOSITES = [
    asked(
        "nameless member",
        "composite-member",
        f"sh:or ( {shape(leaf('cov:requestsProcedure', 'sh:minCount 1'))} :is-injection )",
    ),
    asked("member that is not there", "composite-member", "sh:and ( :is-injection :is-injektion )"),
    asked("member that is a route", "composite-member", "sh:and ( :diagnosis-review )"),
    asked("composite that judges too", "composite-mixed", f"sh:or {TWO} ; {A_CASE}"),
    asked(
        "composite with a component",
        "composite-mixed",
        f"sh:and {TWO} ; cov:maximumSessions 2 ; {WHICH}",
    ),
    asked("composite of two kinds", "composite-mixed", f"sh:or {TWO} ; sh:and {TWO}"),
    asked(
        "alternatives inside a leaf",
        "composite-place",
        leaf("cov:requestsProcedure", f"sh:minCount 1 ; sh:or {TWO}"),
    ),
    asked("three of two", "composite-count", f"cov:atLeast 3 ; cov:ofCriteria {TWO}"),
    asked("none of two", "composite-count", f"cov:atLeast 0 ; cov:ofCriteria {TWO}"),
    asked("of two without a count", "composite-count", f"cov:ofCriteria {TWO}"),
    asked("two of two", "", f"cov:atLeast 2 ; cov:ofCriteria {TWO}"),
    taken("indication without its condition", "indication-applies-when", ":blocks cov:appliesWhen"),
    taken(
        "indication with another first conjunct",
        "indication-applies-when",
        ":repeat-neurotomy cov:appliesWhen",
        ":repeat-neurotomy cov:appliesWhen :is-denervation .",
    ),
    taken(
        "condition that does not say how no earlier procedure reads",
        "choice-when-none-stated",
        ":earlier-denervation cov:whenNoneStated",
        file="shapes/policies/nia/cg-302/2024-01-01.ttl",
    ),
    added(
        "grounds that are not there",
        "condition-criterion",
        ":diagnosis-review cov:grounds :no-grounds .",
    ),
    Slip("six composites in a chain", "criterion-depth", ":link-6", chain(6)),
    added(
        "retired code without its successors",
        "code-succession",
        "code:M51.37 a owl:NamedIndividual , cov:DiscDegenerationCode ; "
        'skos:notation "M51.37" ; rdfs:label "x"@en .',
        file="data/codes/icd-10-cm.ttl",
    ),
]

LEAVES = [
    asked("one line that names no fact", "leaf-fact", "cov:affirmedFact cov:LumbarRegion"),
    asked(
        "one line for a fact of an earlier procedure",
        "leaf-fact-record",
        "cov:affirmedFact cov:FunctionalImprovement",
    ),
    asked(
        "time since a date of an earlier procedure",
        "parameter-date",
        'cov:minimumElapsed "P6M"^^xsd:yearMonthDuration ; cov:sinceDate cov:performedOn',
    ),
    asked(
        "time until what is no date",
        "parameter-date",
        'cov:betweenLessThan "P45Y"^^xsd:yearMonthDuration ; '
        "cov:sinceDate cov:birthDate ; cov:untilDate cov:averagePainScore",
    ),
    taken(
        "number as a string",
        "parameter-value",
        ":no-earlier-neurotomy cov:maximumEarlierSessions",
        ":no-earlier-neurotomy cov:maximumEarlierSessions '0' .",
    ),
    taken(
        "outcome in place of a scope",
        "parameter-value",
        ":activity-modification cov:regionScope",
        ":activity-modification cov:regionScope cov:AdequateResponse .",
    ),
    asked(
        "count on a node",
        "counted-path",
        f"{leaf('cov:requestsProcedure', 'sh:minCount 1')} ; sh:minCount 1",
    ),
    asked(
        "count of no shape",
        "counted-shape",
        leaf(DIAGNOSES, "sh:qualifiedMinCount 1"),
    ),
    asked(
        "shape without a count",
        "counted-shape",
        leaf(DIAGNOSES, f"sh:minCount 1 ; sh:qualifiedValueShape {shape('sh:in ( code:M54.2 )')}"),
    ),
    asked(
        "one line beside SHACL Core",
        "leaf-kinds",
        f"{A_CASE} ; {leaf('cov:requestsProcedure', 'sh:minCount 1')}",
    ),
    asked("one line with two facts", "leaf-kinds", f"{A_CASE} , cov:MedicaidMember"),
    asked(
        "fact affirmed and absent", "leaf-kinds", f"{A_CASE} ; cov:absentFact cov:MedicareMember"
    ),
    asked(
        "component beside SHACL Core",
        "leaf-component",
        f"cov:maximumSessions 2 ; {WHICH} ; {leaf('cov:requestsProcedure', 'sh:minCount 1')}",
    ),
    asked(
        "two components",
        "leaf-component",
        f'cov:maximumSessions 2 ; cov:minimumInterval "P14D"^^xsd:dayTimeDuration ; {WHICH}',
    ),
    taken("component without a parameter", "leaf-parameters", ":block-spacing cov:ofProcedure"),
    added(
        "parameter of another component",
        "leaf-parameters",
        ":neurotomy-spacing cov:withOutcome cov:InadequateResponse .",
    ),
    added("parameter given twice", "leaf-parameters", ":number-of-blocks cov:maximumSessions 3 ."),
    asked("negated criterion", "negated-criterion", "sh:not :is-injection"),
    asked(
        "untyped property shape",
        "property-shape",
        "sh:property [ sh:path cov:requestsProcedure ; sh:minCount 1 ]",
    ),
    asked("property shape without path", "property-shape", "sh:property [ a sh:PropertyShape ]"),
    asked(
        "untyped value shape",
        "value-shape",
        leaf(DIAGNOSES, "sh:qualifiedMinCount 1 ; sh:qualifiedValueShape [ sh:in ( code:M54.2 ) ]"),
    ),
    asked(
        "untyped negated shape",
        "value-shape",
        f"sh:not [ {leaf('cov:alsoPlanned', 'sh:minCount 1')} ]",
    ),
]
