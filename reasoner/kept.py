"""Decisions that are kept: a file that only grows, in which a change is noticed.

One row is one decision with its receipt. Each row is sealed by a SHA-256 over what it says and
over the seal of the row before, so that a row that was changed, taken out or put in between
breaks the chain behind it. What was cut off at the end is noticed by whoever wrote down an
earlier seal. The request itself is not kept, only its digest.

SQLite writes ahead and waits for the disk (``synchronous=FULL``): what ``append`` has returned
is there after a loss of power.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from .errors import CovergraphError, InputError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS decisions (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    made TEXT NOT NULL,
    holder TEXT NOT NULL,
    policy TEXT NOT NULL,
    edition TEXT NOT NULL,
    decision TEXT NOT NULL,
    receipt TEXT NOT NULL,
    seal TEXT NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS never_changed BEFORE UPDATE ON decisions
    BEGIN SELECT RAISE(ABORT, 'decisions are only added'); END;
CREATE TRIGGER IF NOT EXISTS never_removed BEFORE DELETE ON decisions
    BEGIN SELECT RAISE(ABORT, 'decisions are only added'); END;
"""
_FIRST = "0" * 64
_COLUMNS = "id, made, holder, policy, edition, decision, receipt"


class Kept(NamedTuple):
    """A decision as it is kept.

    Parameters
    ----------
    id : str
        What it is asked for by.
    made : str
        When it was made, in UTC.
    holder : str
        Whose key asked for it; empty where no key is needed.
    policy, edition : str
        The key of the policy and its edition; the latter empty where none was in force.
    decision : str
        One of the five.
    receipt : str
        The receipt as JSON: the request's digest, the knowledge's, and every verdict.
    """

    id: str
    made: str
    holder: str
    policy: str
    edition: str
    decision: str
    receipt: str

    def told(self) -> dict[str, Any]:
        """Return it as plain data."""
        return self._asdict() | {
            "edition": self.edition or None,
            "receipt": json.loads(self.receipt),
        }


class Decisions:
    """The decisions that a file holds.

    Parameters
    ----------
    path : Path
        The file; made when it is not there and ``new`` says so.

    Raises
    ------
    InputError
        When it cannot be opened, or is something else.
    """

    def __init__(self, path: Path, new: bool = False) -> None:
        if not new and not path.is_file():
            raise InputError("no such file", str(path))
        try:
            # One thread writes at a time; which one does not matter.
            self.connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self.connection.execute("PRAGMA journal_mode=WAL")
            self.connection.execute("PRAGMA synchronous=FULL")
            self.connection.executescript(_SCHEMA)
        except sqlite3.Error as error:
            what = f"the decisions cannot be opened: {error}"
            raise InputError(what, str(path)) from None

    def append(self, rows: Iterable[Kept]) -> None:
        """Add decisions, all or none; they are on the disk when this returns.

        Raises
        ------
        CovergraphError
            When they cannot be kept.
        """
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                number, seal = self._last()
                for row in rows:
                    number, seal = number + 1, sealed(seal, number + 1, row)
                    self.connection.execute(
                        f"INSERT INTO decisions (number, {_COLUMNS}, seal)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        (number, *row, seal),
                    )
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise CovergraphError(f"the decision cannot be kept: {error}") from None

    def find(self, id: str) -> Kept | None:
        """Return a decision by its id."""
        found = self.connection.execute(
            f"SELECT {_COLUMNS} FROM decisions WHERE id = ?", (id,)
        ).fetchone()
        return Kept(*found) if found else None

    def _last(self) -> tuple[int, str]:
        found = self.connection.execute(
            "SELECT number, seal FROM decisions ORDER BY number DESC LIMIT 1"
        ).fetchone()
        return found or (0, _FIRST)

    def close(self) -> None:
        self.connection.close()


def sealed(before: str, number: int, row: Kept) -> str:
    """Return the seal of a row, by that of the row before it."""
    told = json.dumps([before, number, *row], ensure_ascii=False, separators=(",", ":"))
    return sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def verified(path: Path, known: str = "") -> tuple[int, str]:
    """Return how many decisions a file holds, and the last seal, once every seal is checked.

    Parameters
    ----------
    known : str
        A seal that was written down before, and must be among them.

    Raises
    ------
    InputError
        At the first row that is not as it was written.
    """
    decisions = Decisions(path)
    count, seal, seen = 0, _FIRST, known in ("", _FIRST)
    try:
        rows = decisions.connection.execute(
            f"SELECT number, seal, {_COLUMNS} FROM decisions ORDER BY number"
        )
        for number, stated, *row in rows:
            count += 1
            if number != count:
                raise InputError(f"row {count} is missing", str(path))
            seal = sealed(seal, number, Kept(*row))
            if stated != seal:
                raise InputError(f"row {count} is not as it was written", str(path))
            seen = seen or seal == known
    except sqlite3.Error as error:
        raise InputError(f"the file is damaged: {error}", str(path)) from None
    finally:
        decisions.close()
    if not seen:
        raise InputError("no row has the seal that was written down", str(path))
    return count, seal
