"""What is remembered stays within its bounds."""

from __future__ import annotations

from covergraph.api.cache import Memory


def test_what_was_used_last_is_kept() -> None:
    memory: Memory[str, str] = Memory(most_bytes=80, most=3)
    for key in "abc":
        memory.keep(key, key, 10)
    assert memory.get("a") == "a"
    memory.keep("d", "d", 10)
    assert [memory.get(k) for k in "abcd"] == ["a", None, "c", "d"]


def test_bytes_are_bounded() -> None:
    memory: Memory[int, int] = Memory(most_bytes=80)
    for key in range(100):
        memory.keep(key, key, 10)
    assert (memory.size, len(memory.kept)) == (80, 8)
    assert memory.get(99) == 99


def test_what_is_large_is_not_kept() -> None:
    memory: Memory[str, str] = Memory(most_bytes=80)
    memory.keep("a", "a", 11)
    assert memory.get("a") is None


def test_thing_kept_twice_counts_once() -> None:
    memory: Memory[str, str] = Memory(most_bytes=80)
    memory.keep("a", "a", 10)
    memory.keep("a", "b", 10)
    assert (memory.get("a"), memory.size) == ("a", 10)
