"""The README shows what the program prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import covergraph
from tests.variations import CENTENE, EARLY, copied_tree, example

ROOT = Path(__file__).resolve().parent.parent
SHOWN = re.compile(
    r"```\n\S*/covergraph ((?:decide|query|fhir) [^\n]*)\n```\n\n```\n(.*?)```", re.DOTALL
)
README = (ROOT / "README.md").read_text()
EXAMPLES = SHOWN.findall(README)


def test_readme_shows_examples() -> None:
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize(("command", "shown"), EXAMPLES)
def test_command_prints_what_the_readme_shows(command: str, shown: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "covergraph.cli", *command.split()],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == shown.strip()


def test_python_example_prints_what_the_readme_shows() -> None:
    found = re.search(r"```python\n(.*?)```\n\n```\n(.*?)```", README, re.DOTALL)
    assert found
    code, shown = found.groups()
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert (ran.stdout, ran.stderr) == (shown, "")
    assert len([line for line in code.splitlines() if line]) <= 10


def test_public_names_are_what_the_package_says() -> None:
    """Each is there, is described, and nothing is loaded for a name that is not asked for."""
    assert dir(covergraph) == covergraph.__all__
    for name in covergraph.__all__:
        assert getattr(covergraph, name).__doc__, name
    assert not hasattr(covergraph, "refute")
    code = "import covergraph, sys; print(*(m for m in sys.modules if m.startswith('covergraph')))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert ran.stdout == "covergraph\n"


def test_knowledge_of_ones_own_decides(tmp_path: Path) -> None:
    reasoner = covergraph.load(copied_tree(tmp_path))
    request = covergraph.read(example(EARLY), on=date(2024, 5, 13), reasoner=reasoner)
    (answer,) = covergraph.decide(request, policy=CENTENE, reasoner=reasoner)
    assert answer.decision is covergraph.Decision.COVERED
    assert covergraph.validate(request, CENTENE, reasoner=reasoner).conforms
    with pytest.raises(covergraph.InputError, match="no policy is called"):
        covergraph.decide(request, policy="nobody/nothing", reasoner=reasoner)
    with pytest.raises(covergraph.KnowledgeError):
        covergraph.load(tmp_path / "nowhere")
