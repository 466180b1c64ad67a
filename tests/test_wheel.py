"""The wheel: an installed program works outside the checkout, by the knowledge it brought along."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from covergraph.engine import Reasoner
from covergraph.knowledge.manifest import NAME, manifest
from covergraph.render.data import shapes_digest
from tests.variations import CENTENE, EARLY, example

CHECKOUT = Path(__file__).resolve().parent.parent
FOLDERS = ("ontology", "shapes", "data")
STARTS_WITHIN = 60.0


class Installed(NamedTuple):
    """Where the wheel was installed, and a folder far from the checkout to run it in."""

    site: Path
    elsewhere: Path
    wheel: Path

    @property
    def knowledge(self) -> Path:
        return self.site / "covergraph" / "_knowledge"

    @property
    def environment(self) -> dict[str, str]:
        """Return an environment that finds the installed package before an editable one."""
        return {**os.environ, "PYTHONPATH": f"{self.elsewhere}{os.pathsep}{self.site}"}

    def run(self, *command: str, told: str = "") -> str:
        """Run a command with the installed packages, and return what it prints.

        Parameters
        ----------
        told : str
            What it must say on standard error.
        """
        ran = subprocess.run(
            command,
            cwd=self.elsewhere,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ran.returncode, ran.stderr) == (0, told)
        return ran.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build the wheel and install it; nothing is fetched."""
    dist, site, elsewhere = (tmp_path_factory.mktemp(n) for n in ("dist", "site", "elsewhere"))
    built(CHECKOUT, "wheel", dist)
    (wheel,) = dist.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(site), str(wheel)], check=True, capture_output=True)
    (elsewhere / "request.ttl").write_bytes(example(EARLY))
    for name in ("api", "reasoner"):
        (elsewhere / name).mkdir()
        (elsewhere / name / "__init__.py").write_text("raise ImportError('not covergraph')")
    return Installed(site, elsewhere, wheel)


def built(root: Path, target: str, dist: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(dist)]
    subprocess.run(build, cwd=root, check=True, capture_output=True)


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
    known = {"sha256": reasoner.knowledge.digest, "standing": "released"}
    assert told[0]["receipt"]["knowledge"] == known


def test_installed_program_serves_beside_packages_of_the_same_names(installed: Installed) -> None:
    """`reasoner` and `api` are names that anybody's own packages may have."""
    program = str(installed.site / "bin" / "covergraph")
    with (
        socket.socket() as probe,
        tempfile.TemporaryFile() as log,
    ):
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
        probe.close()
        process = subprocess.Popen(
            [program, "serve", "--port", port],
            cwd=installed.elsewhere,
            env=installed.environment,
            stdout=log,
            stderr=log,
        )
        try:
            health = answered(f"http://127.0.0.1:{port}/health", process)
            payers = answered(f"http://127.0.0.1:{port}/payers", process)
        finally:
            process.terminate()
            process.wait(20)
        log.seek(0)
        assert b"Traceback" not in log.read()
    assert health["status"] == "ok"
    assert "centene" in {payer["key"] for payer in payers["payers"]}


def answered(url: str, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Return what a server answers once it listens."""
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            found: dict[str, Any] = httpx.get(url, timeout=STARTS_WITHIN).json()
            return found
        except httpx.TransportError:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)


def test_installed_package_is_one_name_in_itself(installed: Installed) -> None:
    """The links of the checkout are no part of it: each module is there once."""
    package = installed.site / "covergraph"
    assert not (package / "covergraph").exists() and not (package / "reasoner").exists()
    assert not (package / "api" / "api").exists()
    assert (package / "py.typed").is_file()

    def modules(root: Path, *but: str) -> dict[str, bytes]:
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in root.rglob("*.py")
            if path.relative_to(root).parts[0] not in but
        }

    assert modules(package, "api") == modules(CHECKOUT / "reasoner", "api")
    assert modules(package / "api") == modules(CHECKOUT / "api")


def test_wheel_brings_the_pages(installed: Installed) -> None:
    def files(root: Path) -> dict[str, bytes]:
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in root.rglob("*")
            if path.suffix in (".html", ".css", ".js", ".svg")
        }

    pages = files(installed.site / "covergraph" / "api" / "pages")
    assert pages == files(CHECKOUT / "api" / "pages")
    assert {"style.css", "script.js", "mark.svg", "templates/decision.html"} <= pages.keys()


def test_sdist_builds_the_same_wheel(installed: Installed, tmp_path: Path) -> None:
    built(CHECKOUT, "sdist", tmp_path)
    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = (path for path in tmp_path.iterdir() if path.is_dir())
    built(unpacked, "wheel", tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    assert content(wheel) == content(installed.wheel)


def content(wheel: Path) -> dict[str, bytes]:
    """Return the files of a wheel; none may be there twice."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert len(names) == len(set(names))
        return {name: archive.read(name) for name in names}


def test_installed_program_reads_the_knowledge_it_brought(installed: Installed) -> None:
    """A policy taken out of the installed knowledge is gone, whatever the checkout holds."""
    code = "from covergraph.knowledge.base import knowledge_root; print(knowledge_root())"
    assert Path(installed.run(sys.executable, "-c", code).strip()) == installed.knowledge
    gone = installed.knowledge / "shapes" / "policies" / CENTENE / "2019-07-01.ttl"
    text = gone.read_bytes()
    gone.unlink()
    try:
        name = f"shapes/policies/{CENTENE}/2019-07-01.ttl"
        warning = f"covergraph: the knowledge is not that of the release: missing: {name}\n"
        listed = installed.run(str(installed.site / "bin" / "covergraph"), "policies", told=warning)
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
    assert {path.name for path in installed.knowledge.iterdir()} == {*FOLDERS, NAME}
    assert (installed.knowledge / NAME).read_text() == manifest(CHECKOUT)
    (licence,) = installed.site.glob("*.dist-info/licenses/LICENSE")
    assert licence.read_bytes() == (CHECKOUT / "LICENSE").read_bytes()
