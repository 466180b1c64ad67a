"""What was answered last, bounded in number and bytes."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Key = TypeVar("Key")
Kept = TypeVar("Kept")


@dataclass
class Cache(Generic[Key, Kept]):
    """The things used last; those that were not used for longest are let go.

    Parameters
    ----------
    most_bytes, most : int
        How many bytes and how many things are kept. One thing may take an eighth of them.
    """

    most_bytes: int
    most: int = 4096
    kept: OrderedDict[Key, tuple[Kept, int]] = field(default_factory=OrderedDict)
    size: int = 0

    def get(self, key: Key) -> Kept | None:
        """Return a thing, if it is kept."""
        found = self.kept.get(key)
        if found is None:
            return None
        self.kept.move_to_end(key)
        return found[0]

    def keep(self, key: Key, thing: Kept, size: int) -> None:
        """Keep a thing of so many bytes."""
        if size > self.most_bytes // 8 or key in self.kept:
            return
        self.kept[key] = (thing, size)
        self.size += size
        while self.size > self.most_bytes or len(self.kept) > self.most:
            _, (_, dropped) = self.kept.popitem(last=False)
            self.size -= dropped
