"""Parcels that wait to be handed over."""

from typing import Protocol

from sightline.domain.probes.parcel import Lost, Packed


class Outbox(Protocol):
    """Keeps parcels in the order in which they came, within a bound of bytes; where one has no room, the oldest are dropped.

    What was dropped adds up to `lost` until somebody was told of it. Where the adapter keeps anything at all, parcels and what
    was lost survive a restart. Errors: StorageFull when there is no room on the disk, Unavailable when it cannot be written.
    """

    @property
    def waiting(self) -> int:
        """Results in the parcels that are there."""
        ...

    async def put(self, parcel: Packed) -> None:
        """Add a parcel; it is there for the next process when this returns."""
        ...

    async def oldest(self, most: int, most_bytes: int) -> list[Packed]:
        """The oldest parcels, the first one first: at most `most` of at most so many bytes together, but one where there is one.

        They stay.
        """
        ...

    async def remove(self, parcel: Packed, *, lost: bool = False) -> None:
        """It was handed over, or can never be and is lost; nothing happens where it is gone already."""
        ...

    async def lost(self) -> Lost | None:
        """What was dropped and nobody was told of."""
        ...

    async def told(self, lost: Lost) -> None:
        """Somebody was told of so much of it."""
        ...
