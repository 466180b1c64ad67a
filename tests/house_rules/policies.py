"""Slips in values, in policies and their documents, in terms of the ontology, in readings."""

from __future__ import annotations

from covergraph.namespaces import BASE
from tests.house_rules.slips import (
    A_CASE,
    DIAGNOSES,
    REGION,
    SCORE,
    TECHNIQUE,
    added,
    asked,
    bound,
    leaf,
    shape,
    taken,
)

VALUES = [
    asked(
        "intent in place of a region",
        "value-range",
        leaf(REGION, "sh:hasValue cov:DiagnosticIntent"),
    ),
    asked(
        "intents in place of regions",
        "value-range",
        leaf(REGION, "sh:minCount 1 ; sh:in ( cov:LumbarRegion cov:DiagnosticIntent )"),
    ),
    asked("score of another datatype", "value-range", leaf(SCORE, "sh:hasValue 6")),
    asked("score of its datatype", "", leaf(SCORE, "sh:hasValue 6.0")),
    asked(
        "range without datatype", "range-datatype", leaf(SCORE, "sh:minCount 1 ; sh:minInclusive 6")
    ),
    asked(
        "date as the bound of a number",
        "range-datatype",
        leaf(
            SCORE,
            "sh:minCount 1 ; sh:datatype xsd:decimal ; sh:maxInclusive '2019-07-01'^^xsd:date",
        ),
    ),
    asked(
        "range of its datatype",
        "",
        leaf(SCORE, "sh:minCount 1 ; sh:datatype xsd:decimal ; sh:minInclusive 6"),
    ),
    asked(
        "datatype of another property",
        "range-property",
        leaf(SCORE, "sh:minCount 1 ; sh:datatype xsd:integer ; sh:minInclusive 6"),
    ),
    taken(
        "duration without unit",
        "duration-type",
        ":block-spacing cov:minimumInterval",
        ":block-spacing cov:minimumInterval 'P14D'^^xsd:duration .",
    ),
    taken(
        "duration as a string",
        "duration-type",
        ":neurotomy-spacing cov:minimumInterval",
        ":neurotomy-spacing cov:minimumInterval 'P6M' .",
    ),
    taken(
        "days as months",
        "duration-type",
        ":active-therapy cov:minimumCourse",
        ":active-therapy cov:minimumCourse 'P42D'^^xsd:yearMonthDuration .",
    ),
    asked("minimum of none", "zero-minimum", leaf(DIAGNOSES, "sh:minCount 0")),
    asked(
        "list of techniques",
        "hierarchy-values",
        leaf(TECHNIQUE, "sh:minCount 1 ; sh:in ( cov:ConventionalRadiofrequency )"),
    ),
    asked(
        "number of techniques",
        "hierarchy-values",
        leaf(TECHNIQUE, "sh:minCount 1 ; sh:maxCount 1"),
    ),
    asked(
        "list of techniques to count",
        "",
        leaf(
            TECHNIQUE,
            "sh:qualifiedMinCount 1 ; sh:qualifiedValueShape "
            + shape("sh:in ( cov:PulsedRadiofrequency )"),
        ),
    ),
]

POLICIES = [
    taken("policy without payer", "policy-complete", ":policy cov:ofPayer"),
    *(
        bound(f"policy without {p.split(':')[1]}", "policy-complete", {p: ""})
        for p in ("rdfs:label", "cov:effectiveFrom", "cov:fromDocument", "sh:targetClass")
    ),
    bound("policy of a plan", "policy-complete", {"cov:ofPayer": "clause:document"}),
    bound("policy of an impossible day", "policy-complete", {"cov:effectiveFrom": "'2019-07-01'"}),
    bound(
        "policy of another day",
        "policy-date",
        {"cov:effectiveFrom": "'2019-07-02'^^xsd:date"},
    ),
    bound("policy in order", "", {}),
    bound("exclusion of another type", "exclusion-type", {"cov:exclusion": ":levels"}),
    added(
        "shape without a role",
        "policy-node",
        f":loose a sh:NodeShape ; {leaf('cov:requestsProcedure', 'sh:minCount 1')} .",
    ),
    added(
        "review route that is not there",
        "review-route",
        ":supporting-diagnosis cov:reviewRoute :nowhere .",
    ),
    taken("review route without label", "review-route-label", ":medicare-review rdfs:label"),
    added(
        "plan with a policy that is not there",
        "plan-precedence",
        f":plan a cov:Plan ; cov:precedence ( <{BASE}policies/nowhere/policy> ) .",
    ),
    added(
        "clause of another document",
        "citation-document",
        ":conservative-therapy cov:citation [ cov:clause ANOTHER ] .",
    ),
    taken(
        "review route without citation",
        "review-route-citation",
        ":state-provisions-review cov:citation",
    ),
    taken("clause without section", "clause-complete", ":i-a-4 cov:section", file="clauses"),
    taken("clause without document", "clause-complete", ":i-a-1 cov:inDocument", file="clauses"),
    added(
        "encoded clause that nothing cites",
        "clause-uncited",
        ":uncited a cov:Clause ; cov:inDocument :document ; cov:section 'IX' ;"
        " cov:summary 'x'@en ; cov:hasFate cov:Encoded .",
        "clauses",
    ),
    added(
        "informative clause without note",
        "clause-fate-note",
        ":silent a cov:Clause ; cov:inDocument :document ; cov:section 'X' ;"
        " cov:summary 'x'@en ; cov:hasFate cov:Informative .",
        "clauses",
    ),
]

TERMS = [
    taken(
        "term without label",
        "term-label",
        "cov:Physician rdfs:label",
        "",
        "ontology/procedures.ttl",
    ),
    taken(
        "term without definition",
        "term-definition",
        "cov:NursePractitioner skos:definition",
        "",
        "ontology/procedures.ttl",
    ),
    taken(
        "document without the digest of its text",
        "document-known",
        ":document cov:textDigest",
        "",
        "clauses",
    ),
    taken(
        "fact without basis",
        "concept-basis",
        "cov:Uveitis cov:hasBasis",
        "",
        "ontology/sacroiliac.ttl",
    ),
    taken(
        "fact called stated that follows",
        "concept-basis",
        "cov:ConservativeManagementFailed cov:hasBasis",
        "cov:ConservativeManagementFailed cov:hasBasis cov:Stated .",
        "ontology/facts.ttl",
    ),
    taken(
        "term without example",
        "term-example",
        "cov:Uveitis skos:example",
        "",
        "ontology/sacroiliac.ttl",
    ),
    added(
        "misspelt subject",
        "term-kind",
        "cov:Fysician rdfs:label 'x'@en ; skos:definition 'x'@en .",
        "ontology/procedures.ttl",
    ),
    taken("code without label", "code-label", "code:64493 rdfs:label", "", "data/codes/cpt.ttl"),
    taken(
        "code as a number",
        "code-notation",
        "code:64494 skos:notation",
        "code:64494 skos:notation 64494 .",
        "data/codes/cpt.ttl",
    ),
    taken(
        "fact without its record",
        "fact-stated-of",
        "cov:PainWorseAtNight cov:statedOf",
        "",
        "ontology/facts.ttl",
    ),
    taken(
        "date without value type",
        "value-type",
        "cov:startedOn cov:valueType",
        "",
        "ontology/coverage.ttl",
    ),
    asked(
        "misspelt constraint",
        "unknown-shacl-term",
        leaf("cov:requestsProcedure", "sh:minCount 1 ; sh:minCuont 1"),
    ),
    added("severity", "unknown-shacl-term", ":first-block-relief sh:severity sh:Warning ."),
    added("deactivated", "unknown-shacl-term", ":positive-blocks sh:deactivated true ."),
    asked(
        "query in a policy",
        "unknown-shacl-term",
        f"{A_CASE} ; sh:sparql [ a sh:SPARQLConstraint ; sh:select 'SELECT $this WHERE {{}}' ]",
    ),
    asked(
        "pattern",
        "unknown-shacl-term",
        leaf("cov:dateOfService", "sh:minCount 1 ; sh:pattern '^2019'"),
    ),
    asked("misspelt fact", "unknown-cov-term", "cov:affirmedFact cov:MedicareMembr"),
    added("misspelt property", "unknown-cov-term", ":chronic-pain cov:intrepretation 'x'@en ."),
    added("misspelt note", "unknown-property", ":nsaid rdfs:lable 'x'@en ."),
    asked(
        "wrong namespace",
        "unknown-property",
        f"{A_CASE} ; <http://www.w3.org/ns/shacl/property> [ a sh:PropertyShape ]",
    ),
    added(
        "misspelt term in a query",
        "unknown-cov-term",
        ":aside sh:select 'SELECT $this WHERE { $this cov:dateOfServise ?date }' .",
        "component",
    ),
    asked(
        "misspelt code",
        "unknown-code",
        leaf(
            DIAGNOSES,
            "sh:qualifiedMinCount 1 ; sh:qualifiedValueShape " + shape("sh:in ( code:M54.222 )"),
        ),
    ),
    taken(
        "component without twin",
        "component-twin",
        ":MinimumIntervalComponent cov:whenOpen",
        file="component",
    ),
    added(
        "component that declares nothing it reads",
        "component-reads",
        ":AsideComponent a sh:ConstraintComponent ; sh:parameter [ sh:path cov:unit ] ;"
        " sh:nodeValidator [ sh:select 'SELECT $this WHERE { }' ] ;"
        " cov:whenOpen [ sh:select 'SELECT $this WHERE { }' ] .",
        "component",
    ),
    added(
        "component that picks among what is no list of records",
        "component-reads",
        ":MinimumIntervalComponent sh:parameter [ sh:path cov:inWindow ; sh:optional true ;"
        " cov:amongRecords cov:hasPain ] .",
        "component",
    ),
    added(
        "validator that asks for the value",
        "component-value",
        ":beside cov:whenOpen [ sh:select 'SELECT $this WHERE { ?value a ?kind }' ] .",
        "component",
    ),
]

READINGS = [
    added(
        "follows what is not a reading",
        "reading-known",
        ":block-spacing cov:followsReading cov:LumbarRegion .",
    ),
    taken(
        "reading without number",
        "reading-number",
        "cov:StatedValueReading skos:notation",
        "",
        "ontology/readings.ttl",
    ),
    taken(
        "number of another reading",
        "reading-number",
        "cov:SpinalRegionReading skos:notation",
        "cov:SpinalRegionReading skos:notation '4' .",
        "ontology/readings.ttl",
    ),
    taken(
        "reading cited by number",
        "reading-by-number",
        ":number-of-blocks cov:interpretation",
        ":number-of-blocks cov:interpretation 'Counted by region (settled reading 3).'@en .",
    ),
]
