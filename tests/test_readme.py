"""The README shows what the program prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHOWN = re.compile(
    r"```\n\S*/covergraph ((?:decide|query) [^\n]*)\n```\n\n```\n(.*?)```", re.DOTALL
)
EXAMPLES = SHOWN.findall((ROOT / "README.md").read_text())


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
