"""Examples and knowledge with something changed.

A story is an example that ships with the program, with a word of it replaced; a change that
finds nothing to replace is an error, so that no test goes on telling a story the example no
longer holds. Knowledge is changed in a copy of the tree.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from covergraph.engine import Answer, Reasoner
from covergraph.knowledge.base import knowledge_root, load

ROOT = knowledge_root()
EXAMPLES = ROOT / "data" / "examples"

CENTENE, GM070 = "centene/cp-mp-171", "nhs-gm/gm070"
FIRST_BLOCK, GAPS, EARLY = "lumbar-facet-block", "block-with-gaps", "repeat-neurotomy-too-early"
THORACIC, SACROILIAC, FACET_NHS = (
    "thoracic-denervation",
    "sacroiliac-injection",
    "lumbar-facet-injection-nhs",
)

Change = tuple[str, str]


def changed(text: str, *changes: Change) -> str:
    """Return a text with each of some passages replaced, everywhere it stands."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def example(name: str, *changes: Change) -> bytes:
    """Return an example that ships with the program, with changes."""
    return changed((EXAMPLES / f"{name}.ttl").read_text(), *changes).encode()


def answered(reasoner: Reasoner, data: bytes, key: str = CENTENE) -> Answer:
    """Return the answer to one request under one policy."""
    (answer,) = reasoner.decide_all(reasoner.read(data), policy=key)
    return answer


# --- Changed knowledge ------------------------------------------------------------------


def copied_tree(root: Path) -> Path:
    """Copy the knowledge to a folder, where a test may change it."""
    for folder in ("ontology", "shapes", "data"):
        shutil.copytree(ROOT / folder, root / folder)
    return root


def reasoner_of(root: Path) -> Reasoner:
    """Return a reasoner that decides by the knowledge under a folder."""
    return Reasoner(load(root))


def policy_file(root: Path, key: str, edition: str = "") -> Path:
    """Return the file of a policy's edition; of the earliest when none is named."""
    folder = root / "shapes" / "policies" / key
    return folder / f"{edition}.ttl" if edition else min(folder.glob("*.ttl"))


def edit(path: Path, *changes: Change) -> None:
    path.write_text(changed(path.read_text(), *changes))


def add_edition(root: Path, key: str, first_day: str, *changes: Change) -> None:
    """Add an edition of a policy that is like the first, but for its first day and changes."""
    first = policy_file(root, key)
    text = changed(first.read_text(), (first.stem, first_day), *changes)
    policy_file(root, key, first_day).write_text(text)


def end_edition(root: Path, key: str, last_day: str) -> None:
    """Say in the first edition of a policy on which day it ends."""
    until = f'cov:effectiveUntil "{last_day}"^^xsd:date ;\n    cov:fromDocument'
    edit(policy_file(root, key), ("cov:fromDocument", until))


def add_plan(root: Path, *keys: str) -> str:
    """Add a made-up plan with its policies in order of precedence; return its key."""
    path = root / "shapes" / "policies" / "made-up" / "payer.ttl"
    path.parent.mkdir()
    policies = " ".join(f"<https://w3id.org/covergraph/policies/{key}>" for key in keys)
    path.write_text(f"""
        @prefix cov: <https://w3id.org/covergraph/ontology#> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        @prefix : <https://w3id.org/covergraph/policies/made-up#> .
        :payer a cov:Payer ; rdfs:label "Made-up Payer"@en .
        :plan a cov:Plan ; rdfs:label "Made-up plan"@en ; cov:ofPayer :payer ;
            cov:precedence ( {policies} ) ;
            cov:precedenceReason "The mandate comes first."@en .
    """)
    return "made-up/plan"
