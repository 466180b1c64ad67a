"""Slips: small changes to a file of the knowledge, each with what the linter must say of it.

A line of Turtle added, a triple taken away. The words in capitals that a slip may use stand for
nodes of the file that is changed: the cited clause, another document's clause, the payer.
"""

from __future__ import annotations

from dataclasses import dataclass


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
