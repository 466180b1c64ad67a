"""API keys: who may ask, where a server is open to more than its own machine.

A key is 256 random bits, so one round of SHA-256 keeps it as safe as a slow hash would;
only hashes are stored, one on a line, with a name in front: ``clinic:9f86d0…``. They
come from a file (``COVERGRAPH_KEYS_FILE``) or from the environment (``COVERGRAPH_KEYS``,
separated by spaces). The file is read again as soon as it has changed, so that a key that is
taken out of it stops working with the next request.
"""

from __future__ import annotations

import hmac
import logging
import os
import re
import secrets
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from covergraph.errors import InputError

from .problems import Problem

FILE, INLINE = "COVERGRAPH_KEYS_FILE", "COVERGRAPH_KEYS"
PREFIX = "cg_"
# A file that was written so shortly ago may be written again without a later time of change.
SETTLED = 0.1
# Where a request says, inside the server, whose key it came with.
HOLDER = "key_holder"
_STORED = re.compile(r"([\w.-]{1,64}):([0-9a-f]{64})")
log = logging.getLogger("covergraph.keys")


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


NONE = Keys()


class KeyFile:
    """The keys of a server, those of its file as the file is now.

    A server that needed keys when it started needs them until it ends: without any that can
    be read, nobody is let in.

    Parameters
    ----------
    keys : Keys
        The keys as they were read at the start, from everywhere.
    inline : Keys
        Those among them that no file holds.
    path : Path or None
        The file of the others.
    """

    def __init__(self, keys: Keys = NONE, inline: Keys = NONE, path: Path | None = None) -> None:
        self.keys, self.inline, self.path = keys, inline, path
        self.needed = bool(keys)
        self._seen: tuple[int, ...] | None = None

    def __bool__(self) -> bool:
        return self.needed

    def holder(self, key: str) -> str | None:
        """Return whose key this is, by the file as it is now."""
        if self.path is not None and (self._seen is None or self._stamp() != self._seen):
            self.reread()
        return self.keys.holder(key)

    def reread(self) -> None:
        """Read the file again; what cannot be read in it opens nothing, and is logged."""
        if self.path is None:
            return
        # Noted before reading: a change in between is seen the next time.
        stamp = self._stamp()
        found: list[tuple[str, str]] = []
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            log.error("the file of keys cannot be read: its keys open nothing")
            lines = []
        for number, line in enumerate(lines, start=1):
            try:
                found += stored([line]).hashes
            except InputError:
                log.error("line %d of the file of keys is not name:sha256", number)
        before, self.keys = self.keys, Keys((*self.inline.hashes, *found))
        settled = stamp and time.time() - stamp[0] / 1e9 > SETTLED
        self._seen = stamp if settled else None
        if before != self.keys:
            log.warning("the keys were read again: %d of them", len(self.keys.hashes))

    def _stamp(self) -> tuple[int, ...]:
        assert self.path is not None
        try:
            found = os.stat(self.path)
        except OSError:
            return ()
        return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


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
    return key_file(environment).keys


def key_file(environment: Mapping[str, str]) -> KeyFile:
    """Return the keys that a file or the environment names, to be read again when they change.

    Raises
    ------
    InputError
        When the file cannot be read, or a line of it is no name and hash.
    """
    inline = environment.get(INLINE, "").split()
    lines: list[str] = []
    path = Path(name) if (name := environment.get(FILE, "")) else None
    if path is not None:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            raise InputError(f"the file that {FILE} names cannot be read") from None
    return KeyFile(stored([*inline, *lines]), stored(inline), path)


def stored(lines: Iterable[str]) -> Keys:
    """Return the keys on some lines; those that are blank or a remark are passed over.

    Raises
    ------
    InputError
        When a line is no name and hash.
    """
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        written = _STORED.fullmatch(line.strip())
        if not written:
            raise InputError(f"key {number} is not written as name:sha256")
        found.append((written[1], written[2]))
    return Keys(tuple(found))


def presented(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the key that a request presents, as a bearer token or in ``X-API-Key``.

    Raises
    ------
    Problem
        400 when it presents several, of which one would not be looked at.
    """
    found = [(name, value) for name, value in headers if name in (b"authorization", b"x-api-key")]
    if not found:
        return ""
    if len(found) > 1:
        raise Problem(400, "more than one key is presented", hint="send one Authorization header")
    name, value = found[0]
    if name == b"x-api-key":
        return value.decode("latin-1").strip()
    scheme, _, token = value.decode("latin-1").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


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
