"""The manifest of the knowledge: every file of a release with its SHA-256.

It is written when the wheel is built, in the form that ``sha256sum --check`` reads, and lies
beside the files. A checkout has none: there the knowledge is being worked on. This module
stands on the standard library alone, for the build loads it before anything is installed.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

NAME = "manifest.sha256"
FOLDERS = ("ontology", "shapes", "data")

DEVELOPMENT, RELEASED, ALTERED = "development", "released", "altered"


def files_under(root: Path) -> list[str]:
    """Return every file of the knowledge, relative to its root and in order."""
    found = (path for folder in FOLDERS for path in (root / folder).rglob("*") if path.is_file())
    return sorted(path.relative_to(root).as_posix() for path in found)


def manifest(root: Path) -> str:
    """Return the manifest of the knowledge under a root."""
    return "".join(f"{_digest(root / name)}  {name}\n" for name in files_under(root))


def departures(root: Path) -> list[str]:
    """Return where the files differ from the manifest; nothing where there is no manifest.

    Each is told in words, such as ``missing: ontology/facts.ttl``.
    """
    path = root / NAME
    if not path.is_file():
        return []
    told: dict[str, str] = {}
    for line in path.read_bytes().decode("utf-8", "replace").splitlines():
        digest, _, name = line.partition("  ")
        told[name] = digest
    present = set(files_under(root))
    found = {name: "missing" for name in told.keys() - present}
    found |= {name: "not in the manifest" for name in present - told.keys()}
    found |= {n: "changed" for n in present & told.keys() if _digest(root / n) != told[n]}
    return [f"{how}: {name}" for name, how in sorted(found.items())]


def departure(root: Path) -> str:
    """Return in one sentence how the files differ from the manifest; empty where they do not."""
    found = departures(root)
    return f"the knowledge is not that of the release: {'; '.join(found)}" if found else ""


def standing(root: Path) -> str:
    """Return whether the knowledge is that of a release, an altered one, or in development."""
    if not (root / NAME).is_file():
        return DEVELOPMENT
    return ALTERED if departures(root) else RELEASED


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
