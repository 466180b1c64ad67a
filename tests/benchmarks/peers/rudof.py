"""pyrudof in an environment of its own, which nothing else of the project needs."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from importlib.util import find_spec
from pathlib import Path
from typing import Any

REQUIREMENT = "pyrudof>=0.3.35"
PEER = Path(__file__).with_name("rudof_peer.py")


class NotInstalled(RuntimeError):
    """pyrudof is not here and could not be fetched."""


class RudofPeer:
    """One Python process with pyrudof; a context manager that starts and ends it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            [self._python(), str(PEER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def _python(self) -> str:
        if find_spec("pyrudof"):
            return sys.executable
        venv.create(self._folder.name, with_pip=True)
        python = str(Path(self._folder.name) / "bin" / "python")
        got = subprocess.run(
            [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", REQUIREMENT],
            capture_output=True,
            text=True,
        )
        if got.returncode:
            raise NotInstalled(f"pip could not install {REQUIREMENT}")
        return python

    def __enter__(self) -> RudofPeer:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self._folder.cleanup()

    def ask(self, *fields: object) -> Any:
        """Send one line and return the answer."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(fields) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())
