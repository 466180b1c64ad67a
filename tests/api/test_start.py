"""A server starts when it can decide, says why where it can't, and stops when it is told to."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from covergraph.api.app import create_app
from covergraph.api.keys import hashed
from covergraph.api.settings import Settings
from covergraph.knowledge.manifest import NAME, manifest
from tests.api.conftest import EXAMPLES, ROOT, serving
from tests.variations import copied_tree


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay the program out as an installed wheel does, with its knowledge and the manifest."""
    site = tmp_path_factory.mktemp("site")
    for folder, package in (("reasoner", "covergraph"), ("api", "covergraph/api")):
        leave = shutil.ignore_patterns("__pycache__", "api" if folder == "reasoner" else "")
        shutil.copytree(ROOT / folder, site / package, ignore=leave)
    root = copied_tree(site / "covergraph" / "_knowledge")
    (root / NAME).write_text(manifest(root))
    return site


@pytest.fixture
def knowledge(installed: Path) -> Iterator[Path]:
    """The knowledge of the installed program, and as it was when the test has ended."""
    root = installed / "covergraph" / "_knowledge"
    name = "ontology/facts.ttl"
    before, listed = (root / name).read_bytes(), (root / NAME).read_bytes()
    yield root
    (root / name).write_bytes(before)
    (root / NAME).write_bytes(listed)
    (root / "ontology" / "more.ttl").unlink(missing_ok=True)


def ran(installed: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "covergraph.cli", *words],
        cwd=installed,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_altered_knowledge_is_not_served_and_a_command_warns(
    installed: Path, knowledge: Path
) -> None:
    (knowledge / "ontology" / "more.ttl").write_text("")
    with (knowledge / "ontology" / "facts.ttl").open("a") as file:
        file.write("# A remark.\n")
    served = ran(installed, "serve", "--port", "0")
    assert served.returncode != 0
    told = "changed: ontology/facts.ttl; not in the manifest: ontology/more.ttl"
    assert told in served.stderr
    assert "Traceback" not in served.stderr and "running on" not in served.stderr

    listed = ran(installed, "policies")
    assert listed.returncode == 0 and "centene/cp-mp-171" in listed.stdout
    assert listed.stderr.count("\n") == 1 and told in listed.stderr


def test_broken_knowledge_is_not_served(installed: Path, knowledge: Path) -> None:
    (knowledge / NAME).unlink()
    (knowledge / "ontology" / "facts.ttl").write_text("cov:Fact a")
    served = ran(installed, "serve", "--port", "0")
    assert served.returncode != 0
    assert "ontology/facts.ttl: " in served.stderr
    assert "Traceback" not in served.stderr and "running on" not in served.stderr
    assert served.stderr.count("ontology/facts.ttl") <= 2, "said once or twice, not for ever"


def asked(client: str, server: str, app: Any = None) -> int:
    """Return the status that a caller gets from an application that was started in any way."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/live",
        "raw_path": b"/live",
        "query_string": b"",
        "headers": [],
        "client": (client, 1),
        "server": (server, 8000),
    }
    asyncio.run((app or create_app(Settings()))(scope, receive, send))
    status: int = sent[0]["status"]
    return status


@pytest.mark.parametrize(
    ("client", "server", "status"),
    [
        ("127.0.0.1", "127.0.0.1", 200),
        ("::1", "::1", 200),
        ("::ffff:127.0.0.1", "::ffff:127.0.0.1", 200),
        ("192.0.2.7", "192.0.2.1", 403),
        ("192.0.2.1", "192.0.2.1", 403),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.1", 403),
        ("192.0.2.7", "127.0.0.1", 403),
    ],
)
def test_without_keys_no_way_of_starting_opens_it_to_others(
    client: str, server: str, status: int
) -> None:
    assert asked(client, server) == status


def test_server_rereads_on_hangup_keeps_decisions_and_ends_well(tmp_path: Path) -> None:
    keys, log = tmp_path / "keys", tmp_path / "decisions"
    keys.write_text("".join(f"{name}:{hashed(name)}\n" for name in ("one", "two")))
    one, two = ({"Authorization": f"Bearer {name}"} for name in ("one", "two"))
    body = (EXAMPLES / "block-with-gaps.ttl").read_bytes()
    turtle = {"Content-Type": "text/turtle"}
    options = ("--keys", str(keys), "--decisions", str(log))
    with serving(tmp_path / "log", *options) as server:
        with httpx.Client(base_url=server.url, timeout=60) as client:
            assert client.get("/live").status_code == 200
            found = client.post("/decisions?payer=nia", content=body, headers=one | turtle)
            ids = found.headers["Decision-Ids"].split(", ")
            assert len(ids) == len(found.json())
            kept = client.get(f"/decisions/{ids[0]}", headers=one).json()
            assert kept["receipt"] == found.json()[0]["receipt"] and kept["holder"] == "one"
            assert client.get(f"/decisions/{ids[0]}", headers=two).status_code == 404
            counts = client.get("/metrics", headers=one).text
            assert 'covergraph_decisions_total{policy="nia/' in counts

            twice = [("Authorization", "Bearer one"), ("Authorization", "Bearer two")]
            assert client.get("/payers", headers=twice).status_code == 400
            keys.write_text(f"two:{hashed('two')}\n")
            assert client.get("/payers", headers=one).status_code == 401
            os.kill(server.process.pid, signal.SIGHUP)
            time.sleep(0.5)
            assert client.get("/payers", headers=two).status_code == 200
        os.kill(server.process.pid, signal.SIGTERM)
        assert server.process.wait(20) == 0
    assert "Traceback" not in (tmp_path / "log").read_text()

    def told(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "covergraph.cli", *words]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    checked = told("decisions", "verify", str(log))
    assert checked.stdout.startswith(f"{len(ids)} decision"), checked.stderr
    example = str(EXAMPLES / "block-with-gaps.ttl")
    replayed = told("replay", ids[0], example, "--decisions", str(log))
    assert replayed.stdout == f"the same: {kept['decision']} under {kept['policy']}\n"
    other = told(
        "replay", ids[0], str(EXAMPLES / "sacroiliac-injection.ttl"), "--decisions", str(log)
    )
    assert other.returncode == 2 and other.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("number", "status"), [(errno.EMFILE, 503), (errno.ENFILE, 503), (errno.EIO, 500)]
)
def test_server_out_of_descriptors_is_busy(
    monkeypatch: pytest.MonkeyPatch, number: int, status: int
) -> None:
    def spent() -> None:
        raise OSError(number, os.strerror(number))

    app = create_app(Settings())
    monkeypatch.setattr(app, "app", lambda *_: spent())
    assert asked("127.0.0.1", "127.0.0.1", app) == status
