"""The house rules: our own files keep them, and every rule catches its slip.

A slip is a small change to the files as they are: a line of Turtle added, a triple
taken away. Slips at different nodes do not disturb each other, so many are made in one
copy of the knowledge and judged in one run; each must be named by its own rule, at its
own node and file, and nothing else may be named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import pytest
import rdflib
from pyoxigraph import NamedNode, RdfFormat, parse

from reasoner.knowledge import Knowledge, knowledge, knowledge_root
from reasoner.lint import Finding, lint
from reasoner.namespaces import COV, POLICIES, PREFIXES, RDF
from reasoner.triples import Spo, Term, Triples

COMPONENTS = "https://w3id.org/covergraph/components#"
RULES_IN_PYTHON = {"path-mirrors-iri", "criterion-depth"}


# --- Slips ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Slip:
    """A change to one file, and what the linter must say of it.

    Parameters
    ----------
    name : str
        The fault, in words.
    rule : str
        The one rule that must name it; empty when nothing is wrong.
    at : str
        The subject of the finding, as the linter writes it.
    add : str
        Turtle to add to the file of the subject.
    drop : str
        Steps from a node; the triples of the last one are taken away.
    where : str
        The file: ``policy``, ``clauses``, ``component`` or a path.
    ontology : str
        Turtle to add to the ontology beside it.
    """

    name: str
    rule: str
    at: str
    add: str = ""
    drop: str = ""
    where: str = "policy"
    ontology: str = ""
    parts: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


def at_new(name: str, rule: str, local: str, body: str, **rest: str) -> Slip:
    """Return the slip of adding an exclusion with one faulty body."""
    return Slip(name, rule, f":{local}", exclusion(local, body), **rest)


def exclusion(local: str, body: str) -> str:
    return f"""
        :policy cov:exclusion :{local} .
        :{local} a cov:Exclusion , sh:NodeShape ; rdfs:label "x"@en ;
            cov:concerns cov:PolicyScopeConcern ; cov:citation [ cov:clause CLAUSE ] ; {body} .
    """


def leaf(path: str, constraint: str, kind: str = "a sh:PropertyShape ;") -> str:
    return f"sh:property [ {kind} sh:path {path} ; {constraint} ]"


REGION = "( cov:requestsProcedure cov:treatsRegion )"
TECHNIQUE = "( cov:requestsProcedure cov:usesTechnique )"
SCORE = "( cov:concernsPain cov:averagePainScore )"
DIAGNOSES = "( cov:hasPatient cov:hasDiagnosis )"
EARLIER = "( cov:hasPatient cov:underwent )"
DIAGNOSTIC = "[ a sh:NodeShape ; " + leaf("cov:hasIntent", "sh:hasValue cov:DiagnosticIntent") + " ]"
COMPONENT = "cov:ofProcedure cov:FacetJointInjection ; cov:regionScope cov:SameRegion"

CRITERIA = [
    Slip("criterion without label", "criterion-label", ":pain-interferes", drop=":pain-interferes rdfs:label"),
    Slip("criterion with two labels", "criterion-label", ":injection-region", ':injection-region rdfs:label "y"@en .'),
    Slip("criterion without citation", "criterion-citation", ":night-pain", drop=":night-pain cov:citation"),
    Slip("criterion without concern", "criterion-concern", ":pain-duration", drop=":pain-duration cov:concerns"),
    Slip("criterion with a concern that is none", "criterion-concern", ":is-injection",
         ":is-injection cov:concerns cov:LumbarRegion .", drop=":is-injection cov:concerns"),
    Slip("criterion that is no shape", "criterion-shape", ":no-shape",
         exclusion("no-shape", "cov:affirmedFact cov:MedicareMember").replace(", sh:NodeShape", "")),
    Slip("criterion outside any policy", "criterion-unreachable", ":lost",
         exclusion("lost", "cov:affirmedFact cov:MedicareMember").replace(":policy cov:exclusion :lost .", "")),
    Slip("review route outside any policy", "criterion-unreachable", ":lost-route",
         ':lost-route a cov:ReviewRoute ; rdfs:label "x"@en ; cov:citation [ cov:clause CLAUSE ] .'),
    at_new("criterion that requires itself", "criterion-recursion", "self", "sh:or ( :self :is-injection )"),
    Slip("criterion that recurs through its review route", "criterion-recursion", ":via-route",
         exclusion("via-route", "cov:affirmedFact cov:MedicareMember ; cov:reviewRoute :its-route") +
         ':its-route a cov:ReviewRoute ; rdfs:label "x"@en ; cov:grounds :via-route ; cov:citation [ cov:clause CLAUSE ] .'),
    at_new("criterion that requires nothing", "criterion-empty", "nothing", "cov:silenceMeans cov:Absent"),
    at_new("empty conjunction", "criterion-empty", "empty-list", "sh:and ( )"),
    Slip("citation that leads nowhere", "citation-clause", ":imaging-findings",
         ":imaging-findings cov:citation [ cov:clause clause:nowhere ] ."),
    Slip("citation without clause", "citation-clause", ":is-denervation",
         ':is-denervation cov:citation [ rdfs:label "II"@en ] .'),
]  # fmt: skip

COMPOSITES = [
    at_new("nameless member", "composite-member", "nameless",
           "sh:or ( [ a sh:NodeShape ; " + leaf("cov:requestsProcedure", "sh:minCount 1") + " ] :is-injection )"),
    at_new("member that does not exist", "composite-member", "absent-member", "sh:and ( :is-injection :is-injektion )"),
    at_new("member that is no criterion", "composite-member", "wrong-member", "sh:and ( :is-injection :diagnosis-review )"),
    at_new("composite that judges too", "composite-mixed", "judges-too",
           "sh:or ( :is-injection ) ; cov:affirmedFact cov:MedicareMember"),
    at_new("composite with a component", "composite-mixed", "component-too",
           f"sh:and ( :is-injection ) ; cov:maximumSessions 2 ; {COMPONENT}"),
    at_new("composite of two kinds", "composite-mixed", "two-kinds", "sh:or ( :is-injection ) ; sh:and ( :is-denervation )"),
    at_new("alternatives inside a leaf", "composite-place", "inner-or",
           leaf("cov:requestsProcedure", "sh:minCount 1 ; sh:or ( :is-injection :is-denervation )")),
    at_new("count beyond the list", "composite-count", "three-of-two",
           "cov:atLeast 3 ; cov:ofCriteria ( :is-injection :is-denervation )"),
    at_new("count of none", "composite-count", "none-of-two",
           "cov:atLeast 0 ; cov:ofCriteria ( :is-injection :is-denervation )"),
    at_new("list without a count", "composite-count", "of-two", "cov:ofCriteria ( :is-injection :is-denervation )"),
    at_new("count within the list", "", "one-of-two", "cov:atLeast 1 ; cov:ofCriteria ( :is-injection :is-denervation )"),
    Slip("indication without its condition", "indication-applies-when", ":blocks", drop=":blocks cov:appliesWhen"),
    Slip("indication with another first conjunct", "indication-applies-when", ":repeat-neurotomy",
         ":repeat-neurotomy cov:appliesWhen :is-denervation .", drop=":repeat-neurotomy cov:appliesWhen"),
    Slip("grounds that do not exist", "condition-criterion", ":diagnosis-review",
         ":diagnosis-review cov:grounds :no-grounds ."),
    Slip("exclusion that is an ordinary criterion", "exclusion-type", ":policy", ":policy cov:exclusion :levels ."),
    Slip("six composites in a chain", "criterion-depth", ":d6", "".join(
        exclusion(f"d{i}", f"sh:and ( :d{i + 1} )" if i < 6 else "sh:and ( :is-injection )") for i in range(1, 7)
    ).replace(":policy cov:exclusion", ":d0 cov:exclusion").replace(":d0 cov:exclusion :d1 ", ":policy cov:exclusion :d1 ")),
]  # fmt: skip
