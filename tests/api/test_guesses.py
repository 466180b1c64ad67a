"""Wrong keys are slowed and seen, a changed file of keys counts at once, two keys are refused."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from covergraph.api.guesses import Door, network_of
from covergraph.api.keys import FILE, KeyFile, hashed, key_file, presented
from covergraph.api.problems import Problem


def keys_of(path: Path, *keys: str) -> KeyFile:
    path.write_text("".join(f"{key}:{hashed(key)}\n" for key in keys))
    return key_file({FILE: str(path)})


def test_revoked_key_stops_at_once_and_a_new_one_works(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    keys = keys_of(path, "old", "kept")
    assert keys.holder("old") == "old"
    path.write_text(f"kept:{hashed('kept')}\nnew:{hashed('new')}\n")
    assert [keys.holder(k) for k in ("old", "kept", "new")] == [None, "kept", "new"]


def test_change_of_equal_length_within_one_tick_of_the_clock_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    keys = keys_of(path, "a")
    for name in "bcdefg":
        stamp = path.stat()
        path.write_text(f"{name}:{hashed(name)}\n")
        os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        assert keys.holder(name) == name


def test_file_that_is_gone_or_empty_opens_nothing_and_does_not_open_the_server(
    tmp_path: Path,
) -> None:
    path = tmp_path / "keys"
    keys = keys_of(path, "a")
    path.unlink()
    assert keys.holder("a") is None and keys
    path.write_text("")
    assert keys.holder("a") is None and keys
    path.write_text(f"a:{hashed('a')}\n")
    assert keys.holder("a") == "a"


def test_line_that_cannot_be_read_opens_nothing_and_is_logged_by_its_number(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "keys"
    keys = keys_of(path, "a")
    path.write_text(f"# both\nsecret-by-mistake\na:{hashed('a')}\n")
    assert keys.holder("a") == "a"
    assert "line 2 of the file of keys" in caplog.text
    assert "secret-by-mistake" not in caplog.text


def test_several_keys_are_refused() -> None:
    bearer = (b"authorization", b"Bearer a")
    assert presented([bearer]) == "a"
    assert presented([(b"accept", b"*/*")]) == ""
    for headers in ([bearer, bearer], [bearer, (b"x-api-key", b"a")]):
        with pytest.raises(Problem) as refused:
            presented(headers)
        assert refused.value.status == 400


def guessed(door: Door, host: str, times: int) -> int:
    """Return how many wrong keys are looked at before the address is told to wait."""
    for n in range(times):
        try:
            assert door.holder(f"wrong-{n}", host) is None
        except Problem as problem:
            assert problem.status == 429 and int(problem.headers["Retry-After"]) > 0
            return n
    return times


def test_guesses_of_an_address_are_slowed_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = 1000.0
    door = Door(keys_of(tmp_path / "keys", "right", "other"), lambda: now)
    assert door.holder("right", "192.0.2.1") == "right"
    caplog.set_level(logging.WARNING)
    assert guessed(door, "192.0.2.1", 500) == 60
    assert caplog.text.count("a wrong key from 192.0.2.1") == 60
    assert caplog.text.count("too many wrong keys") == 1
    assert "wrong-1" not in caplog.text

    assert door.holder("right", "192.0.2.1") == "right", "who was let in before still is"
    with pytest.raises(Problem):
        door.holder("other", "192.0.2.1")
    assert door.holder("other", "192.0.2.2") == "other", "another address is not held up"

    now += 10
    assert guessed(door, "192.0.2.1", 500) == 10


def test_guesses_from_everywhere_are_slowed_in_all(tmp_path: Path) -> None:
    door = Door(keys_of(tmp_path / "keys", "right"), lambda: 1000.0)
    found = sum(guessed(door, f"2001:db8:{n:x}::1", 50) for n in range(100))
    assert found == 300


def test_network_of_a_caller_in_ipv6_is_one_address() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") == "2001:db8::/64"
    assert network_of("192.0.2.1") == "192.0.2.1"
