"""Keys: off on this machine, needed anywhere else, stored as hashes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from covergraph.api.keys import Keys, hashed, new_key, stored_keys
from covergraph.api.settings import is_loopback, settings
from covergraph.errors import InputError
from tests.api.conftest import ROOT, Server, serving

KEY = new_key()


def serve(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "covergraph.cli", "serve", "--port", "0", *options],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("keys")
    keys = folder / "keys"
    keys.write_text(f"# who may ask\n\nclinic:{hashed(KEY)}\nother:{hashed(new_key())}\n")
    with serving(folder / "log", "--keys", str(keys)) as running:
        yield running


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "covergraph.example"])
def test_server_open_to_others_needs_keys(host: str) -> None:
    ran = serve("--host", host)
    assert ran.returncode == 2
    assert "without API keys the server listens on this machine only" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_file_without_a_key_is_no_key(tmp_path: Path) -> None:
    empty = tmp_path / "keys"
    empty.write_text("# nobody yet\n")
    assert serve("--host", "0.0.0.0", "--keys", str(empty)).returncode == 2


def test_keys_that_cannot_be_read_stop_the_server(tmp_path: Path) -> None:
    missing = serve("--keys", str(tmp_path / "none"))
    assert missing.returncode == 2
    assert "cannot be read" in missing.stderr
    wrong = tmp_path / "keys"
    wrong.write_text(f"clinic:{KEY}\n")
    ran = serve("--keys", str(wrong))
    assert (ran.returncode, KEY in ran.stderr) == (2, False)
    assert "key 1 is not written as name:sha256" in ran.stderr


@pytest.mark.parametrize(
    "path", ["/payers", "/openapi.json", "/docs", "/docs/assets/swagger-ui.css", "/sparql", "/no"]
)
def test_nothing_is_told_without_a_key(locked: Server, path: str) -> None:
    for headers in (
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": f"Bearer {hashed(KEY)}"},
        {"X-API-Key": KEY[:-1]},
    ):
        answer = httpx.get(locked.url + path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"
    assert httpx.options(locked.url + path).status_code == 401
    assert httpx.post(locked.url + path, content=b"x" * 2_000_000).status_code == 401


def test_key_opens_the_server(locked: Server) -> None:
    for headers in (
        {"Authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer  {KEY}"},
        {"X-API-Key": KEY},
    ):
        answer = httpx.get(f"{locked.url}/payers", headers=headers, timeout=30)
        assert answer.status_code == 200
        assert answer.headers["cache-control"].startswith("private")


def test_what_is_remembered_is_locked_too(locked: Server) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    tag = httpx.get(f"{locked.url}/policies", headers=headers, timeout=30).headers["etag"]
    again = httpx.get(f"{locked.url}/policies", headers={"If-None-Match": tag})
    assert again.status_code == 401


def test_health_needs_no_key(locked: Server) -> None:
    assert httpx.get(f"{locked.url}/health").json()["status"] == "ok"


def test_openapi_says_that_a_key_is_needed(locked: Server, client: httpx.Client) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    document = httpx.get(f"{locked.url}/openapi.json", headers=headers).json()
    assert document["security"] == [{"key": []}]
    assert "security" not in client.get("/openapi.json").json()


def test_key_comes_from_the_environment() -> None:
    keys = stored_keys({"COVERGRAPH_KEYS": f"a:{hashed('x')} b:{hashed('y')}"})
    assert [keys.holder(k) for k in ("x", "y", "z", "")] == ["a", "b", None, None]
    assert not Keys()


def test_command_makes_a_key_and_its_line() -> None:
    command = [sys.executable, "-m", "covergraph.api.keys"]
    ran = subprocess.run([*command, "clinic"], cwd=ROOT, capture_output=True, text=True)
    key, line = ran.stdout.split()
    assert stored_keys({"COVERGRAPH_KEYS": line}).holder(key) == "clinic"
    assert len(key) > 40
    for name in ([], ["two words"], ["a", "b"]):
        assert subprocess.run([*command, *name], cwd=ROOT, capture_output=True).returncode != 0


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machine_needs_no_key(host: str) -> None:
    assert is_loopback(host)
    assert not settings({"COVERGRAPH_HOST": host}).keys


@pytest.mark.parametrize("value", ["0", "-1", "1e6", "x", "1000001"])
def test_limit_on_bodies_is_a_number(value: str) -> None:
    with pytest.raises(InputError):
        settings({"COVERGRAPH_LARGEST_BODY": value})


def test_page_without_a_key_says_so_as_a_page(locked: Server) -> None:
    """What dresses it is open to everybody; nothing else is."""
    answer = httpx.get(f"{locked.url}/policies", headers={"Accept": "text/html, */*;q=0.8"})
    assert answer.status_code == 401
    assert "An API key is needed" in answer.text and "<h1>" in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert httpx.get(f"{locked.url}/pages/style.css").status_code == 200
    assert httpx.get(f"{locked.url}/pages/x").status_code == 401
