"""The house rules: our own files keep them, and every rule catches its slip.

A slip is a small change to the files as they are: a line of Turtle added, a triple
taken away. Slips at different nodes do not disturb each other, so many are made in one
copy of the knowledge and judged in one run. Each must be named by its own rule, at its
own node and in its own file, and nothing else may be named.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import pytest
import rdflib
from pyoxigraph import NamedNode, RdfFormat, parse

from covergraph.authoring.lint import Finding, lint
from covergraph.knowledge.base import Knowledge, knowledge, knowledge_root
from covergraph.namespaces import BASE, COV, PREFIXES
from covergraph.triples import Spo, Triples

IN_PYTHON = {"path-mirrors-iri", "criterion-depth", "code-succession"}


@dataclass(frozen=True)
class Slip:
    """A change to one file, and what the linter must say of it.

    Parameters
    ----------
    name : str
        The fault in words.
    rule : str
        The one rule that must name it; empty when nothing is wrong.
    at : str
        The node that must be named, as the linter writes it.
    add : str
        Turtle to add to the file.
    drop : str
        Steps from a node; the triples of the last step are taken away.
    file : str
        ``policy``, ``clauses``, ``component``, or the path of a file.
    terms : str
        Turtle to add to the ontology besides.
    """

    name: str
    rule: str
    at: str
    add: str = ""
    drop: str = ""
    file: str = "policy"
    terms: str = ""

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


def taken(name: str, rule: str, drop: str, add: str = "", file: str = "policy") -> Slip:
    """Take triples away from a node, and perhaps put others there."""
    return Slip(name, rule, drop.split()[0], add, drop, file)


def added(name: str, rule: str, add: str, file: str = "policy") -> Slip:
    """Add triples to a node, the first that the text names."""
    return Slip(name, rule, add.split()[0], add, file=file)


def asked(name: str, rule: str, body: str, terms: str = "") -> Slip:
    """Add a criterion of its own, as an exclusion; THIS stands for it."""
    local = name.replace(" ", "-")
    add = f":policy cov:exclusion :{local} . " + criterion(local, body, "cov:Exclusion")
    return Slip(name, rule, f":{local}", add.replace("THIS", f":{local}"), terms=terms)


def criterion(local: str, body: str, kind: str = "cov:Criterion") -> str:
    return (
        f':{local} a {kind} , sh:NodeShape ; rdfs:label "x"@en ; '
        f"cov:concerns cov:PolicyScopeConcern ; cov:citation [ cov:clause CITED ] ; {body} . "
    )


def bound(name: str, rule: str, instead: dict[str, str], terms: str = "") -> Slip:
    """Add a policy of its own that states something else, or nothing, in some places."""
    local = name.replace(" ", "-")
    said = {
        "rdfs:label": '"x"@en',
        "cov:ofPayer": "PAYER",
        "cov:effectiveFrom": '"2019-07-01"^^xsd:date',
        "cov:fromDocument": "clause:document",
        "sh:targetClass": "cov:FacetJointInterventionRequest",
        "sh:and": "( :is-injection )",
    } | instead
    body = "".join(f" ; {p} {o}" for p, o in said.items() if o)
    return Slip(
        name, rule, f":{local}", f":{local} a cov:Policy , sh:NodeShape{body} .", terms=terms
    )


def leaf(path: str, constraints: str) -> str:
    return f"sh:property [ a sh:PropertyShape ; sh:path {path} ; {constraints} ]"


def shape(body: str) -> str:
    return f"[ a sh:NodeShape ; {body} ]"


def chain(length: int) -> str:
    """Return a chain of composites, the first an exclusion."""
    links = [f"sh:and ( :link-{i + 1} )" for i in range(1, length)] + ["sh:and ( :is-injection )"]
    kinds = ["cov:Exclusion"] + ["cov:Criterion"] * length
    return ":policy cov:exclusion :link-1 . " + "".join(
        criterion(f"link-{i}", link, kind)
        for i, (link, kind) in enumerate(zip(links, kinds, strict=False), start=1)
    )


REGION = "( cov:requestsProcedure cov:treatsRegion )"
TECHNIQUE = "( cov:requestsProcedure cov:usesTechnique )"
SCORE = "( cov:concernsPain cov:averagePainScore )"
DIAGNOSES = "( cov:hasPatient cov:hasDiagnosis )"
EARLIER = "( cov:hasPatient cov:underwent )"
BY_INTENT = shape(leaf("cov:hasIntent", "sh:hasValue cov:DiagnosticIntent"))
A_CASE = "cov:affirmedFact cov:MedicareMember"
WHICH = "cov:ofProcedure cov:FacetJointInjection ; cov:regionScope cov:SameRegion"
TWO = "( :is-injection :is-denervation )"
ROUTE = 'a cov:ReviewRoute ; rdfs:label "x"@en ; cov:citation [ cov:clause CITED ]'
LUMBAR = "cov:LumbarFacetJointInjection"
NARROW_REQUEST = f"""
    cov:NarrowRequest a owl:Class ; rdfs:label "x"@en ; skos:definition "x"@en ;
        owl:equivalentClass [ a owl:Class ; owl:intersectionOf ( cov:CoverageRequest
            [ a owl:Restriction ; owl:onProperty cov:requestsProcedure ;
                owl:someValuesFrom {LUMBAR} ] ) ] .
"""

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
    added("review route of no policy", "criterion-unreachable", f":lost-route {ROUTE} ."),
    asked("criterion that requires itself", "criterion-recursion", "sh:or ( :is-injection THIS )"),
    asked(
        "criterion that recurs by its route",
        "criterion-recursion",
        f"{A_CASE} ; cov:reviewRoute :by-itself . :by-itself {ROUTE} ; cov:grounds THIS",
    ),
    asked("criterion that requires nothing", "criterion-empty", "cov:silenceMeans cov:Absent"),
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
        "cov:silenceMeans cov:Absent ; sh:not "
        + shape(leaf(REGION, "sh:hasValue cov:LumbarRegion")),
    ),
    asked(
        "upper count over intents",
        "silence-negated",
        leaf(EARLIER, f"sh:qualifiedMaxCount 2 ; sh:qualifiedValueShape {BY_INTENT}"),
    ),
    asked(
        "lower count over intents",
        "",
        leaf(EARLIER, f"sh:qualifiedMinCount 2 ; sh:qualifiedValueShape {BY_INTENT}"),
    ),
    asked(
        "no onset", "silence-negated", leaf("( cov:concernsPain cov:onsetDate )", "sh:maxCount 0")
    ),
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
            "[ sh:alternativePath ( ( cov:hasPatient cov:birthDate ) cov:dateOfService ) ]",
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
        "",
        f"cov:maximumSessions 2 ; cov:ofProcedure {LUMBAR} ; cov:regionScope cov:SameRegion",
    ),
    asked(
        "negated family",
        "",
        "sh:not "
        + shape(leaf("cov:requestsProcedure", "sh:minCount 1 ; sh:class cov:FacetJointInjection")),
    ),
]

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
        ":AsideComponent a sh:ConstraintComponent ; sh:parameter [ sh:path cov:minimumInterval ] ;"
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

SLIPS = [*CRITERIA, *COMPOSITES, *LEAVES, *SILENCE, *PATHS, *VALUES, *POLICIES, *TERMS, *READINGS]


# --- Making slips ------------------------------------------------------------------------


def file_with(ending: str) -> str:
    """Return the file that describes a node, by the end of its IRI."""
    return next(
        file
        for node, file in knowledge().files.items()
        if isinstance(node, NamedNode) and node.value.endswith(ending)
    )


@lru_cache(maxsize=1)
def places() -> dict[str, str]:
    """From the words that slips use to files: one policy, its clauses, one component."""
    policy = file_with("#first-block-relief")
    clauses = knowledge().file_of(cited_document(policy))
    component = file_with("components#MinimumIntervalComponent")
    return {"policy": policy, "clauses": clauses, "component": component}


def cited_document(policy: str) -> NamedNode:
    return next(
        o
        for _, p, o in knowledge().by_file[policy]
        if p == COV.fromDocument and isinstance(o, NamedNode)
    )


def payer() -> str:
    return f"<{knowledge().triples.instances(COV.Payer)[0].value}>"


def another_clause() -> str:
    """Return a clause of a document that the policy does not encode."""
    t, own = knowledge().triples, cited_document(places()["policy"])
    other = next(c for c in t.instances(COV.Clause) if t.value(c, COV.inDocument) != own)
    return f"<{other.value}>"


def prefixes(file: str) -> dict[str, str]:
    """Return what the names in a slip for a file stand for."""
    sources = cited_document(places()["policy"]).value.removesuffix("document")
    own = next(
        node.value.rsplit("#", 1)[0] + "#"
        for node, described in knowledge().files.items()
        if described == file and isinstance(node, NamedNode) and "#" in node.value
    )
    return {"": own, "clause": sources, **{k: str(v) for k, v in PREFIXES.items()}}


def named(name: str, file: str) -> NamedNode:
    prefix, local = name.split(":", 1)
    return NamedNode(prefixes(file)[prefix] + local)


def turtle(text: str, file: str) -> list[Spo]:
    header = "".join(f"@prefix {k}: <{v}> . " for k, v in prefixes(file).items())
    stands_for = {"CITED": "clause:i-a-4", "ANOTHER": another_clause(), "PAYER": payer()}
    for word, meant in stands_for.items():
        text = text.replace(word, meant)
    text = header + text
    return [
        (t.subject, t.predicate, t.object)
        for t in parse(text.encode(), format=RdfFormat.TURTLE, rename_blank_nodes=True)
    ]


def without(triples: list[Spo], steps: str, file: str) -> list[Spo]:
    """Return the triples without those that the last step takes from a node."""
    start, *links, last = (named(step, file) for step in steps.split())
    nodes = {start}
    for link in links:
        nodes = {o for s, p, o in triples if s in nodes and p == link}  # type: ignore[misc]
    kept = [(s, p, o) for s, p, o in triples if not (s in nodes and p == last)]
    assert len(kept) < len(triples), f"there is nothing to take away at {steps}"
    return kept


def rebuilt(by_file: dict[str, list[Spo]]) -> Knowledge:
    """Return the knowledge that these files would give."""
    built = Knowledge(knowledge().root, Triples(), {}, by_file)
    for name, triples in by_file.items():
        built.triples.update(triples)
        for s, _, _ in triples:
            built.files.setdefault(s, name)
    return built


def with_slips(slips: list[Slip]) -> Knowledge:
    by_file = dict(knowledge().by_file)
    for slip in slips:
        file = places().get(slip.file, slip.file)
        triples = by_file[file]
        if slip.drop:
            triples = without(triples, slip.drop, file)
        by_file[file] = triples + turtle(slip.add, file)
        terms = "ontology/coverage.ttl"
        by_file[terms] = by_file[terms] + turtle(slip.terms, terms)
    return rebuilt(by_file)


@lru_cache(maxsize=1)
def batches() -> list[list[Slip]]:
    """Spread the slips so that no two in a batch are at the same node."""
    spread: list[list[Slip]] = []
    for slip in SLIPS:
        free = (batch for batch in spread if slip.at not in {other.at for other in batch})
        batch = next(free, None)
        if batch is None:
            spread.append([slip])
        else:
            batch.append(slip)
    return spread


@cache
def findings_of(batch: int) -> list[Finding]:
    return lint(with_slips(batches()[batch]))


def expected(slip: Slip) -> tuple[str, str, str]:
    return places().get(slip.file, slip.file), slip.at, slip.rule


# --- Tests -------------------------------------------------------------------------------------


def test_our_own_files_keep_the_rules() -> None:
    assert lint(knowledge()) == []


@pytest.mark.parametrize("slip", SLIPS, ids=str)
def test_slip_is_named_by_its_rule(slip: Slip) -> None:
    """The rule of a slip names it, with its file, and no other rule does."""
    batch = next(i for i, members in enumerate(batches()) if slip in members)
    found = {(f.file, f.subject, f.rule) for f in findings_of(batch) if f.subject == slip.at}
    assert found == ({expected(slip)} if slip.rule else set())


def test_slips_disturb_nothing_else() -> None:
    for i, batch in enumerate(batches()):
        found = {(f.file, f.subject, f.rule) for f in findings_of(i)}
        assert found == {expected(slip) for slip in batch if slip.rule}


def test_finding_says_which_term_is_meant() -> None:
    messages = {f.message for i in range(len(batches())) for f in findings_of(i)}
    assert "the ontology does not declare the term: cov:MedicareMembr" in messages
    assert "the SHACL term is not one that a policy may use: sh:minCuont" in messages


def test_file_lies_where_its_iri_says_and_describes_only_its_own() -> None:
    by_file = dict(knowledge().by_file)
    policy, clauses = places()["policy"], places()["clauses"]
    moved = policy.replace("2019-07-01", "2020-01-01")
    by_file[moved] = by_file.pop(policy)
    by_file[clauses] = by_file[clauses] + turtle("cov:Infection cov:unit 'x'@en .", clauses)
    found = [(f.file, f.subject, f.rule) for f in lint(rebuilt(by_file))]
    assert found == [
        (clauses, "cov:Infection", "path-mirrors-iri"),
        (moved, ":policy", "path-mirrors-iri"),
    ]


def house_rules() -> rdflib.Graph:
    return rdflib.Graph().parse(knowledge_root() / "shapes" / "house-rules.ttl", format="turtle")


def rules() -> dict[str, rdflib.URIRef]:
    graph = house_rules()
    shapes = (rdflib.SH.NodeShape, rdflib.SH.PropertyShape)
    return {
        str(s).rsplit("#", 1)[-1]: s
        for kind in shapes
        for s in graph.subjects(rdflib.RDF.type, kind)
        if isinstance(s, rdflib.URIRef)
    }


def test_every_rule_has_its_slip() -> None:
    caught = {slip.rule for slip in SLIPS} | {"path-mirrors-iri"}
    assert caught - {""} == rules().keys() | IN_PYTHON


def test_every_rule_says_what_it_asks_and_why() -> None:
    graph = house_rules()
    for name, rule in rules().items():
        assert graph.value(rule, rdflib.RDFS.label), name
        assert graph.value(rule, rdflib.RDFS.comment), name
        parts = [
            rule,
            *graph.objects(rule, rdflib.SH.property),
            *graph.objects(rule, rdflib.SH.sparql),
        ]
        assert any(graph.value(part, rdflib.SH.message) for part in parts), name


def test_rules_name_only_terms_that_exist() -> None:
    """The rules are held to what they ask of the components: no misspelt term of ours."""
    terms = {s.value for s in knowledge().files if isinstance(s, NamedNode)}
    used = {
        str(node)
        for triple in house_rules()
        for node in triple
        if isinstance(node, rdflib.URIRef) and str(node).startswith(COV)
    }
    assert used <= terms
