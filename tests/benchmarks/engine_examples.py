"""The smallest examples of what SHACL engines get wrong: each must not conform.

What our components need of SPARQL, one feature an example: a constraint component with one
parameter, ``w``, and one node that violates it.
"""

from __future__ import annotations

from dataclasses import dataclass

SHAPES = (
    """\
@prefix : <urn:example#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<urn:example> sh:declare
    [ sh:prefix "e" ; sh:namespace "urn:example#"^^xsd:anyURI ] ,
    [ sh:prefix "xsd" ; sh:namespace "http://www.w3.org/2001/XMLSchema#"^^xsd:anyURI ] .
:Component a sh:ConstraintComponent ;
    sh:parameter [ sh:path :w ] ;
    sh:nodeValidator [ a sh:SPARQLSelectValidator ;
        sh:prefixes <urn:example> ;
        sh:message "not so" ;
        sh:select """
    + '"""SELECT $this WHERE { $this e:p ?v ; e:q ?u . %s"""'
    + """ ] .
:shape a sh:NodeShape ; sh:targetNode :node ; :w %s .
"""
)
DATA = """\
@prefix : <urn:example#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:node :p %s ; :q %s .
"""
LATE, EARLY = '"2024-06-17"^^xsd:date', '"2023-12-18"^^xsd:date'


@dataclass(frozen=True)
class Example:
    """A node with two values, and a query with a parameter that finds it."""

    name: str
    query: str
    w: str
    p: str = LATE
    q: str = EARLY

    @property
    def shapes(self) -> str:
        return SHAPES % (self.query, self.w)

    @property
    def data(self) -> str:
        return DATA % (self.p, self.q)


EXAMPLES = (
    Example("a component with a SPARQL validator", "}", "1"),
    Example("`?date > ?date`", "FILTER (?v > ?u) }", "1"),
    Example(
        "`?date - $months` over the turn of a year",
        "FILTER (?u > ?v - $w) }",
        '"P6M"^^xsd:yearMonthDuration',
    ),
    Example("`(?v - 3) - $w`", "FILTER ((?v - 3) - $w = 5) }", "2", p="10"),
    Example("`HAVING (COUNT(?v) < $w)`", "} GROUP BY $this HAVING (COUNT(?v) < $w)", "2"),
)
