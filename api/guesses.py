"""Wrong keys: so many are looked at, from one address and in all, and the rest are turned away.

A key cannot be guessed, but whoever tries should neither be served fast nor stay unseen. An
address that has spent its tries is told to wait, whatever key it presents next; only a key that
was right from that address before goes on working, so that a caller behind the same address
as somebody who guesses is not locked out.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address

from .cache import Cache
from .keys import KeyFile, hashed
from .problems import Problem

MOST_ADDRESSES = 4096
log = logging.getLogger("covergraph.keys")


@dataclass
class Tries:
    """What is left of a number of tries, which come back with time.

    Parameters
    ----------
    most, each_second : float
        How many there are at first, and how many come back in a second.
    """

    most: float
    each_second: float
    left: float = field(init=False)
    since: float = 0.0
    told: bool = False
    good: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.left = self.most

    def wait(self, now: float) -> float:
        """Return for how many seconds there is no try; 0 when there is one."""
        self.left = min(self.most, self.left + (now - self.since) * self.each_second)
        self.since = now
        return 0.0 if self.left >= 1 else (1 - self.left) / self.each_second


class Door:
    """Looks at keys, and no more of the wrong ones than is good.

    Parameters
    ----------
    keys : KeyFile
        The keys that open.
    clock : callable
        Returns the time in seconds.
    """

    def __init__(self, keys: KeyFile, clock: Callable[[], float] = time.monotonic) -> None:
        self.keys, self.clock = keys, clock
        self.everybody = Tries(300, 10)
        self.addresses: Cache[str, Tries] = Cache(
            most_bytes=8 * MOST_ADDRESSES, most=MOST_ADDRESSES
        )

    def holder(self, key: str, host: str) -> str | None:
        """Return whose key this is; None when it is nobody's.

        Raises
        ------
        Problem
            429 when the address, or everybody, has presented too many wrong keys.
        """
        if not key:
            return None
        address = network_of(host)
        tries = self.addresses.get(address)
        digest = hashed(key)
        now = self.clock()
        if tries is None or digest not in tries.good:
            wait = max(tries.wait(now) if tries else 0.0, self.everybody.wait(now))
            if wait:
                self._tell(tries or self.everybody, address)
                raise Problem(
                    429,
                    "too many wrong keys were presented",
                    hint="wait, then send the right one",
                    headers={"Retry-After": str(math.ceil(wait))},
                )
        if tries is None:
            tries = Tries(60, 1)
            self.addresses.keep(address, tries, 1)
        found = self.keys.holder(key)
        if found is not None:
            tries.good.add(digest)
            return found
        tries.good.discard(digest)
        tries.wait(now)
        for spent in (tries, self.everybody):
            spent.left, spent.told = spent.left - 1, False
        log.warning("a wrong key from %s", address)
        return None

    def _tell(self, spent: Tries, address: str) -> None:
        """Log once that tries are spent, not at every further one."""
        if not spent.told:
            spent.told = True
            log.warning("too many wrong keys, the last from %s: no more are looked at", address)


def network_of(host: str) -> str:
    """Return what stands for a caller: an address, or the network that one caller has in IPv6."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return host
