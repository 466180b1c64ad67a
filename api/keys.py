"""API keys: who may ask, where a server is open to more than its own machine.

A key is 256 random bits, so one round of SHA-256 keeps it as safe as a slow hash would;
only hashes are stored, one on a line, with a name in front: ``clinic:9f86d0…``. They
come from a file (``COVERGRAPH_KEYS_FILE``) or from the environment (``COVERGRAPH_KEYS``,
separated by spaces).
"""

from __future__ import annotations

import hmac
import re
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from covergraph.errors import InputError

FILE, INLINE = "COVERGRAPH_KEYS_FILE", "COVERGRAPH_KEYS"
PREFIX = "cg_"
_STORED = re.compile(r"([\w.-]{1,64}):([0-9a-f]{64})")


@dataclass(frozen=True)
class Keys:
    """The hashes of the keys that open a server, by name; none of them leaves it open."""

    hashes: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.hashes)

    def holder(self, key: str) -> str | None:
        """Return whose key this is; every stored hash is compared, so that time tells nothing."""
        given = hashed(key)
        found = None
        for name, stored in self.hashes:
            if hmac.compare_digest(stored, given):
                found = name
        return found


def hashed(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def new_key() -> str:
    """Return a key that nobody can guess."""
    return PREFIX + secrets.token_urlsafe(32)


def stored_keys(environment: Mapping[str, str]) -> Keys:
    """Return the keys that a file or the environment names.

    Raises
    ------
    InputError
        When the file cannot be read, or a line of it is no name and hash.
    """
    lines = environment.get(INLINE, "").split()
    if path := environment.get(FILE, ""):
        try:
            lines += Path(path).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            raise InputError(f"the file that {FILE} names cannot be read") from None
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        stored = _STORED.fullmatch(line.strip())
        if not stored:
            raise InputError(f"key {number} is not written as name:sha256")
        found.append((stored[1], stored[2]))
    return Keys(tuple(found))


def presented(headers: Mapping[bytes, bytes]) -> str:
    """Return the key that a request presents, as a bearer token or in ``X-API-Key``."""
    scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return headers.get(b"x-api-key", b"").decode("latin-1").strip()


def main() -> None:
    """Make a key: the key itself, for its holder, then the line that the server keeps."""
    name = sys.argv[1] if len(sys.argv) == 2 else ""
    key = new_key()
    line = f"{name}:{hashed(key)}"
    if not _STORED.fullmatch(line):
        sys.exit(
            "covergraph: python -m covergraph.api.keys NAME, of letters, digits, dots and hyphens"
        )
    print(key)
    print(line)


if __name__ == "__main__":
    main()
