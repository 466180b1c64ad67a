"""Ahead of time: what an OWL reasoner, owlready2 with HermiT, makes of the ontology.

None of this runs when a request is decided. It shows that the ontology makes sense and
that the rules applied at run time reach what the ontology means.
"""

from __future__ import annotations

from .check import Report, check
from .hierarchy import build, stale
from .requests import requests_to_check

__all__ = ["Report", "build", "check", "requests_to_check", "stale"]
