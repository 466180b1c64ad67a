"""The documentation, in a browser that asks nobody else."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import httpx

from tests.api.browser import browser
from tests.api.conftest import Server


def test_browser_shows_the_operations(server: Server, tmp_path: Path) -> None:
    command = [
        browser(),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path}",
        # Whatever is not this server has no address.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        "--virtual-time-budget=15000",
        "--dump-dom",
        f"{server.url}/docs",
    ]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert 'class="opblock-summary-path"' in shown
    found = re.sub(r"<[^>]+>|\u200b", "", shown)
    for operation in ("/coverage", "/decisions", "/sparql"):
        assert operation in found
    assert "Look up" in found


def test_documentation_names_no_other_host(client: httpx.Client) -> None:
    page = client.get("/docs").text
    assets = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(assets) >= 3
    assert not [a for a in assets if not a.startswith("/")]
    for asset in assets:
        assert client.get(asset).status_code == 200
    assert '"validatorUrl": null' in page
