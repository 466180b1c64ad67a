"""The search on the first page: codes, procedures, payers, policies and terms by everyday words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from covergraph.engine import Reasoner
from covergraph.knowledge.codes import plain
from covergraph.namespaces import COV, SKOS, local_name

from ..views.procedures import ProcedureViews, system_of

MOST = 12
KINDS = ("Codes", "Procedures", "Payers and policies", "What a record may say")
# What people say, and the words that the ontology has for it.
EVERYDAY = {
    "ablation": "denervation",
    "ablate": "denervation",
    "burn": "denervation",
    "burning": "denervation",
    "rhizotomy": "denervation",
    "neurotomy": "denervation",
    "radiofrequency": "denervation",
    "rfa": "denervation",
    "rf": "denervation",
    "esi": "epidural",
    "si": "sacroiliac",
    "sij": "sacroiliac",
    "mbb": "medial branch block",
    "scs": "spinal cord stimulation",
    "stimulator": "stimulation",
    "shot": "injection",
    "back": "lumbar",
    "neck": "cervical",
    "nerve": "",
    "low": "",
    "lower": "",
    "the": "",
    "of": "",
    "for": "",
    "a": "",
}


@dataclass(frozen=True)
class Entry:
    """Something that can be found: where it is, and the words it is found by."""

    kind: str
    title: str
    note: str
    address: str
    words: str


class Index:
    """Everything that can be found, by words."""

    def __init__(self, reasoner: Reasoner, procedures: ProcedureViews) -> None:
        knowledge = reasoner.knowledge
        text = knowledge.triples.text
        codes = [
            Entry(
                KINDS[0],
                plain(code),
                knowledge.label(code),
                f"/coverage?code={plain(code)}",
                f"{plain(code)} {knowledge.label(code)}",
            )
            for code in procedures.codes
        ]
        diagnoses = [
            Entry(
                KINDS[0],
                plain(code),
                text(code, SKOS.prefLabel) or knowledge.label(code),
                f"/codes/{system_of(code, reasoner)}/{plain(code)}",
                f"{plain(code)} {knowledge.label(code)}",
            )
            for code in sorted(knowledge.instances_of(COV.DiagnosisCode), key=plain)
            if plain(code)[:1].isupper()
        ]
        classes = [
            Entry(
                KINDS[1], p["label"], p["definition"] or "", f"/procedures/{p['name']}", p["label"]
            )
            for p in procedures.listed()["procedures"]
        ]
        policies = [
            Entry(
                KINDS[2],
                editions[-1].label,
                editions[-1].payer_label,
                f"/policies/{key}/{editions[-1].edition}",
                f"{editions[-1].label} {editions[-1].payer_label} {key}",
            )
            for key, editions in reasoner.catalogue.editions.items()
        ]
        payers = [
            Entry(KINDS[2], knowledge.label(iri), "payer", f"/policies/{key}", f"{key} payer")
            for key, iri in reasoner.catalogue.payers.items()
        ]
        facts = [
            Entry(
                KINDS[3],
                f.label,
                f.definition,
                f"/vocabulary#{local_name(f.iri.value)}",
                f"{f.label} {text(f.iri, SKOS.altLabel)}",
            )
            for f in knowledge.facts.values()
        ]
        self.entries = [*codes, *diagnoses, *classes, *payers, *policies, *facts]
        self.words = [(e, split(f"{e.words} {e.title}"), split(e.note)) for e in self.entries]

    def found(self, asked: str) -> dict[str, list[Entry]]:
        """Return what fits the words, the best of each kind first."""
        said = [EVERYDAY.get(word, word) for word in split(asked)[:12]]
        wanted = split(" ".join(said)) or split(asked)
        ranked: list[tuple[float, int, Entry]] = []
        for place, (entry, own, note) in enumerate(self.words):
            scores = [max(fits(w, own, 2.0), fits(w, note, 1.0)) for w in wanted]
            if scores and all(scores):
                # Of two that fit, the shorter name says less beside what was asked.
                ranked.append((-sum(scores) + len(own) / 100, place, entry))
        listed: dict[str, list[Entry]] = {kind: [] for kind in KINDS}
        for _, _, entry in sorted(ranked, key=lambda r: r[:2]):
            if len(listed[entry.kind]) < MOST:
                listed[entry.kind].append(entry)
        return {kind: entries for kind, entries in listed.items() if entries}


def split(text: str) -> list[str]:
    return re.findall(r"[a-z0-9.]+", text.lower().replace("-", " "))


def fits(word: str, among: list[str], weight: float) -> float:
    """Return how well a word is met: by the same word, or by the beginning of one."""
    if word in among:
        return weight
    stem = word[:-1] if len(word) > 4 and word.endswith("s") else word
    return weight * 0.6 if len(stem) > 1 and any(a.startswith(stem) for a in among) else 0.0
