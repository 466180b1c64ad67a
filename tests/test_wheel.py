"""The wheel: an installed program works outside the checkout, by the knowledge it brought along."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from covergraph.engine import Reasoner
from covergraph.render.data import shapes_digest
from tests.variations import CENTENE, EARLY, example

CHECKOUT = Path(__file__).resolve().parent.parent
FOLDERS = ("ontology", "shapes", "data")


class Installed(NamedTuple):
    """Where the wheel was installed, and a folder far from the checkout to run it in."""

    site: Path
    elsewhere: Path

    @property
    def knowledge(self) -> Path:
        return self.site / "covergraph" / "_knowledge"

    def run(self, *command: str) -> str:
        """Run a command with the installed packages, and return what it prints."""
        ran = subprocess.run(
            command,
            cwd=self.elsewhere,
            # It goes before the path by which the checkout itself is installed.
            env={**os.environ, "PYTHONPATH": str(self.site)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ran.returncode, ran.stderr) == (0, "")
        return ran.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build the wheel and install it; nothing is fetched."""
    dist, site, elsewhere = (tmp_path_factory.mktemp(n) for n in ("dist", "site", "elsewhere"))
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(dist)]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    (wheel,) = dist.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(site), str(wheel)], check=True, capture_output=True)
    (elsewhere / "request.ttl").write_bytes(example(EARLY))
    return Installed(site, elsewhere)


def test_installed_program_decides_outside_the_checkout(
    installed: Installed, reasoner: Reasoner
) -> None:
    program = str(installed.site / "bin" / "covergraph")
    told = json.loads(installed.run(program, "decide", "request.ttl", "--format", "json"))
    assert [d["decision"] for d in told] == ["not-covered"]
    assert told[0]["earliest"] == "2024-05-13"
    policy = reasoner.catalogue.edition_of(CENTENE)
    digest = shapes_digest(reasoner.knowledge, policy)
    assert told[0]["receipt"]["shapes"]["sha256"] == digest, "both decide by the same files"


def test_installed_program_reads_the_knowledge_it_brought(installed: Installed) -> None:
    """A policy taken out of the installed knowledge is gone, whatever the checkout holds."""
    code = "from covergraph.knowledge import knowledge_root; print(knowledge_root())"
    assert Path(installed.run(sys.executable, "-c", code).strip()) == installed.knowledge
    gone = installed.knowledge / "shapes" / "policies" / CENTENE / "2019-07-01.ttl"
    text = gone.read_bytes()
    gone.unlink()
    try:
        listed = installed.run(str(installed.site / "bin" / "covergraph"), "policies")
    finally:
        gone.write_bytes(text)
    assert CENTENE not in listed and "nhs-gm/gm070" in listed


def test_wheel_brings_all_the_knowledge_and_nothing_else(installed: Installed) -> None:
    def files(root: Path) -> dict[str, bytes]:
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            for folder in FOLDERS
            for path in (root / folder).rglob("*")
            if path.is_file()
        }

    assert files(installed.knowledge) == files(CHECKOUT)
    found = {path.name for path in installed.site.iterdir() if path.suffix != ".dist-info"}
    assert found == {"covergraph", "bin"}
    assert {path.name for path in installed.knowledge.iterdir()} == set(FOLDERS)
    (licence,) = installed.site.glob("*.dist-info/licenses/LICENSE")
    assert licence.read_bytes() == (CHECKOUT / "LICENSE").read_bytes()
