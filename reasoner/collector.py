"""When the garbage collector runs: seldom, for it would find next to nothing.

What is loaded stays as long as the process, and a request leaves little behind that reference
counts do not free at once. Going through all of it would cost time, and in a process that
others are forked from, the pages that they share.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

# New objects, less those that were freed, before the youngest are looked through.
COLLECTED_AFTER = 50_000


def collect_seldom() -> None:
    """Set a process up that lives long or ends soon: few collections, and none at its end."""
    gc.set_threshold(COLLECTED_AFTER)
    atexit.register(gc.freeze)


def collect_never() -> None:
    """Set a process up that does one job and is gone."""
    gc.disable()


def settle() -> None:
    """Take what is loaded out of every collection, for good: children share its pages."""
    gc.collect()
    gc.freeze()


@contextmanager
def shared() -> Iterator[None]:
    """Take what is loaded out of every collection while children share its pages."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
