"""A Python environment for the engines that nothing else of the project needs."""

from __future__ import annotations

import json
import subprocess
import tempfile
import venv
from pathlib import Path
from typing import Any, Self


class NotInstalled(RuntimeError):
    """An engine is not here and could not be fetched."""


class Environment:
    """A Python that engines are installed into; a context manager that ends with its folder.

    Parameters
    ----------
    python : str or None
        A Python that has engines already; by default one is made in a throwaway folder.
    """

    def __init__(self, python: str | None = None) -> None:
        self._folder = None if python else tempfile.TemporaryDirectory()
        if self._folder:
            venv.create(self._folder.name, with_pip=True)
        self.python = python or str(Path(self._folder.name) / "bin" / "python")

    def __enter__(self) -> Environment:
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder:
            self._folder.cleanup()

    def need(self, *requirements: str) -> None:
        """Install what is not there yet.

        Raises
        ------
        NotInstalled
            When pip cannot.
        """
        install = ["-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        got = subprocess.run([self.python, *install, *requirements], capture_output=True)
        if got.returncode:
            raise NotInstalled(f"pip could not install {' '.join(requirements)}")

    def told(self, expression: str, module: str) -> str:
        """Return what an expression is there, after an import."""
        asked = [self.python, "-c", f"import {module}; print({expression})"]
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


class LinePeer:
    """One process that is asked by lines of JSON; a context manager that ends it."""

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(timeout=30)

    def ask(self, *fields: object) -> Any:
        """Send one line and return the answer."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(fields) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if isinstance(answer, dict):
            raise RuntimeError(answer["error"])
        return answer
