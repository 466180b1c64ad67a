"""What is remembered stays within its bounds."""

from __future__ import annotations

from covergraph.api.cache import Cache


def test_what_was_used_last_is_kept() -> None:
    cache: Cache[str, str] = Cache(most_bytes=80, most=3)
    for key in "abc":
        cache.keep(key, key, 10)
    assert cache.get("a") == "a"
    cache.keep("d", "d", 10)
    assert [cache.get(k) for k in "abcd"] == ["a", None, "c", "d"]


def test_bytes_are_bounded() -> None:
    cache: Cache[int, int] = Cache(most_bytes=80)
    for key in range(100):
        cache.keep(key, key, 10)
    assert (cache.size, len(cache.kept)) == (80, 8)
    assert cache.get(99) == 99


def test_what_is_large_is_not_kept() -> None:
    cache: Cache[str, str] = Cache(most_bytes=80)
    cache.keep("a", "a", 11)
    assert cache.get("a") is None


def test_thing_kept_twice_counts_once() -> None:
    cache: Cache[str, str] = Cache(most_bytes=80)
    cache.keep("a", "a", 10)
    cache.keep("a", "b", 10)
    assert (cache.get("a"), cache.size) == ("a", 10)
