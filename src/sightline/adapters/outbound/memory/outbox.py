"""Parcels that wait in memory: what is there when the process ends is gone."""

from collections import deque
from itertools import islice

from typing_extensions import override

from sightline.domain.probes.parcel import Lost, Packed, sum_of, within
from sightline.ports.outbox import Outbox


class MemoryOutbox(Outbox):
    """Keeps at most `most` bytes of parcels, and the newest one however large it is."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._parcels: deque[Packed] = deque()
        self._bytes = 0
        self._waiting = 0
        self._lost: Lost | None = None

    @property
    @override
    def waiting(self) -> int:
        return self._waiting

    @override
    async def put(self, parcel: Packed) -> None:
        self._parcels.append(parcel)
        self._bytes += len(parcel.body)
        self._waiting += parcel.count
        while self._bytes > self._most and len(self._parcels) > 1:
            self._drop_first(lost=True)

    @override
    async def oldest(self, most: int, most_bytes: int) -> list[Packed]:
        return within(islice(self._parcels, most), most_bytes)

    @override
    async def remove(self, parcel: Packed, *, lost: bool = False) -> None:
        if self._parcels and self._parcels[0].id == parcel.id:  # they leave in the order in which they came
            self._drop_first(lost=lost)

    @override
    async def lost(self) -> Lost | None:
        return self._lost

    @override
    async def told(self, lost: Lost) -> None:
        self._lost = None if self._lost is None else self._lost - lost

    def _drop_first(self, *, lost: bool) -> None:
        parcel = self._parcels.popleft()
        if lost:
            self._lost = sum_of(self._lost, parcel)
        self._bytes -= len(parcel.body)
        self._waiting -= parcel.count
