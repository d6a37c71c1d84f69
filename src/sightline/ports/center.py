"""The program that a location probes for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sightline.domain.probes.parcel import Bearing, Orders, Packed, Receipt


@dataclass(frozen=True, slots=True)
class Briefing:
    """orders: None where they are still those that are known. now: the center's time, ms."""

    orders: Orders | None
    now: int


class Center(Protocol):
    """Says what a location probes, and takes what it found.

    Errors of both: Unavailable, Overloaded and StorageFull (not now, try again), Unauthenticated and Forbidden (the key is not,
    or no longer, good for this location), BadData and any other SightlineError (it would be refused again).
    """

    async def orders(self, known: str, wait: float) -> Briefing:
        """What is to be probed; where that is what the tag `known` says, the call waits up to `wait` seconds for other orders."""
        ...

    async def push(self, parcels: Sequence[Packed], bearing: Bearing) -> Receipt:
        """Hand parcels over: when this returns they are taken in, and handing one of them over again changes nothing.

        Without any it tells that the location is there.
        """
        ...
