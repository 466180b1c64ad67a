"""What procedures and codes look like from outside, and which policies speak of them."""

from __future__ import annotations

import re
from typing import Any

from pyoxigraph import NamedNode

from covergraph.engine import Reasoner
from covergraph.errors import InputError
from covergraph.knowledge.codes import families, is_untabled, plain
from covergraph.lookup import diagnosis_code, procedure_code, speaking
from covergraph.namespaces import BASE, COV, RDFS, SKOS, kebab
from covergraph.policies.criteria import Policy
from covergraph.triples import Term

from ..problems import Problem
from .policies import View, existing

CPT, HCPCS, ICD = "cpt", "hcpcs", "icd-10-cm"
SYSTEMS = (CPT, HCPCS, ICD)
_HCPCS = re.compile(r"[A-V]\d{4}")


def system_of(code: Term, reasoner: Reasoner) -> str:
    """Return the code system that a code belongs to."""
    if reasoner.knowledge.is_a(code, COV.DiagnosisCode) or is_untabled(code, reasoner.knowledge):
        return ICD
    return HCPCS if _HCPCS.fullmatch(plain(code)) else CPT


class ProcedureViews:
    """The procedure classes and the codes that stand for them."""

    def __init__(self, reasoner: Reasoner) -> None:
        self.reasoner = reasoner
        knowledge = reasoner.knowledge
        self.classes: dict[str, NamedNode] = {
            kebab(cls.value): cls
            for cls, above in knowledge.superclasses.items()
            if COV.Procedure in above
            and isinstance(cls, NamedNode)
            and cls not in (COV.Procedure, COV.RequestedProcedure, COV.PlannedProcedure)
            and cls != COV.EarlierProcedure
        }
        companions = set(knowledge.instances_of(COV.CompanionCode))
        self.codes = sorted({*knowledge.instances_of(COV.ProcedureCode)} - companions, key=plain)

    def listed(self) -> View:
        """Return every procedure class, in short."""
        return {
            "id": BASE + "procedures",
            "procedures": [self._brief(cls) for _, cls in sorted(self.classes.items())],
        }

    def procedure(self, name: str) -> View:
        """Return one procedure class with its codes, kinds and policies.

        Raises
        ------
        Problem
            404 when no such procedure exists.
        """
        cls = self.classes[existing(name, self.classes, "procedure")]
        knowledge = self.reasoner.knowledge
        members = [c for c in self.codes if cls in self._classes(c)]
        above = knowledge.superclasses[cls] - {cls}
        speak: dict[str, Policy] = {p.key: p for c in members for p in self._speaking(c)}
        kinds = [
            k for k in knowledge.instances_of(COV.ProcedureKind) if cls in families(k, knowledge)
        ]
        return {
            **self._brief(cls),
            "broader": sorted(kebab(c.value) for c in above if kebab(c.value) in self.classes),
            "narrower": sorted(
                n for n, c in self.classes.items() if c != cls and cls in knowledge.superclasses[c]
            ),
            "codes": [self._code_brief(c) for c in members],
            "kinds": sorted(knowledge.label(k) for k in set(kinds)),
            "policies": [edition_brief(p) for _, p in sorted(speak.items())],
        }

    def code(self, system: str, written: str) -> View:
        """Return one code with its class, region, add-ons and policies.

        Raises
        ------
        Problem
            404 when the system or the code is unknown.
        """
        if system not in SYSTEMS:
            raise Problem(404, "unknown code system", hint=f"one of {', '.join(SYSTEMS)}")
        try:
            find = diagnosis_code if system == ICD else procedure_code
            code = find(written, self.reasoner.knowledge)
        except InputError as error:
            raise Problem(404, error.what, hint=error.hint) from None
        if system_of(code, self.reasoner) != system:
            raise Problem(404, "the code belongs to another system")
        return self._diagnosis(code) if system == ICD else self._procedure_code(code)

    def systems(self) -> View:
        """Return the code systems with the tabled codes of each."""
        tabled = [*self.codes, *sorted(self._tabled_diagnoses(), key=plain)]
        return {
            "id": BASE + "codes",
            "systems": [
                {
                    "system": system,
                    "codes": [
                        {"id": c.value, "code": plain(c), "label": self.reasoner.knowledge.label(c)}
                        for c in tabled
                        if system_of(c, self.reasoner) == system
                    ],
                }
                for system in SYSTEMS
            ],
        }

    def _tabled_diagnoses(self) -> set[NamedNode]:
        return set(self.reasoner.knowledge.instances_of(COV.DiagnosisCode))

    def _brief(self, cls: NamedNode) -> View:
        t = self.reasoner.knowledge.triples
        return {
            "id": cls.value,
            "name": kebab(cls.value),
            "label": self.reasoner.knowledge.label(cls),
            "definition": t.text(cls, SKOS.definition) or None,
        }

    def _code_brief(self, code: NamedNode) -> View:
        knowledge = self.reasoner.knowledge
        return {
            "id": code.value,
            "code": plain(code),
            "system": system_of(code, self.reasoner),
            "label": knowledge.label(code),
            "regions": sorted(
                knowledge.label(r) for r in knowledge.triples.objects(code, COV.spansRegion)
            ),
            "addOnTo": sorted(plain(c) for c in knowledge.triples.objects(code, COV.addOnTo)),
        }

    def _procedure_code(self, code: NamedNode) -> View:
        knowledge = self.reasoner.knowledge
        t = knowledge.triples
        implied = {p: t.objects(code, p) for p in IMPLIED}
        return {
            **self._code_brief(code),
            "procedures": sorted(kebab(c.value) for c in self._classes(code)),
            "addOns": sorted(plain(c) for c in t.subjects(COV.addOnTo, code)),
            "implies": sorted(knowledge.label(o) for found in implied.values() for o in found),
            "policies": [edition_brief(p) for p in self._speaking(code)],
        }

    def _diagnosis(self, code: NamedNode) -> View:
        knowledge = self.reasoner.knowledge
        t = knowledge.triples
        classes = [
            c for c in t.types(code) if COV.DiagnosisCode in knowledge.superclasses.get(c, ())
        ]
        return {
            "id": code.value,
            "code": plain(code),
            "system": ICD,
            "label": t.text(code, RDFS.label) or plain(code),
            "classes": sorted(knowledge.label(c) for c in classes if c != COV.DiagnosisCode),
            "broader": sorted(plain(c) for c in t.objects(code, COV.narrowerThan)),
            "policies": [edition_brief(p) for p in self._naming(code, classes)],
        }

    def _naming(self, code: NamedNode, classes: list[Term]) -> list[Policy]:
        """Return the latest editions whose files name a diagnosis or its class."""
        knowledge = self.reasoner.knowledge
        wanted = {code, *classes, *knowledge.broader_of(code)} - {COV.DiagnosisCode}
        found = []
        for editions in self.reasoner.catalogue.editions.values():
            policy = editions[-1]
            files = {knowledge.file_of(i) for i in (policy.iri, *policy.criteria)}
            if any(o in wanted for f in files for _, _, o in knowledge.by_file.get(f, [])):
                found.append(policy)
        return found

    def _classes(self, code: NamedNode) -> set[Term]:
        """Return the procedure classes that a code alone puts a procedure in."""
        found = families(code, self.reasoner.knowledge)
        above = self.reasoner.knowledge.superclasses
        listed = set(self.classes.values())
        return {c for f in found for c in above.get(f, frozenset()) if c in listed}

    def _speaking(self, code: NamedNode) -> list[Policy]:
        return speaking(self.reasoner, code)


IMPLIED = (COV.impliesRegion, COV.impliesTechnique, COV.impliesGuidance, COV.actsOnJoint)


def edition_brief(policy: Policy) -> dict[str, Any]:
    """Return the edition of a policy by its key, its dates and its name."""
    return {
        "policy": policy.iri.value,
        "key": policy.key,
        "edition": policy.edition,
        "label": policy.label,
    }
