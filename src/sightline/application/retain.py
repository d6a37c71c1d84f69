"""Keep room on the disk: stop intake before it is full, and take it up again when there is room."""

from typing import Final

from sightline.domain.errors import StorageFull
from sightline.ports.disk import Disk
from sightline.ports.telemetry import Instrument, Kind, Telemetry

_FREE: Final = Instrument("sightline_disk_free_bytes", "Room left on the file system of the data folder.", Kind.GAUGE)
_FULL: Final = Instrument(
    "sightline_disk_full", "1 while intake is refused because the disk is at its watermark.", Kind.GAUGE
)


class Retain:
    """The disk watermark: below `min_free` bytes samples are refused, until a tenth more than that is free again."""

    def __init__(self, disk: Disk, telemetry: Telemetry, min_free: int) -> None:
        """`min_free` is in bytes; 0 turns the watermark off."""
        self._disk = disk
        self._telemetry = telemetry
        self._min_free = min_free
        self._full = False
        self._free = 0

    @property
    def full(self) -> bool:
        """Whether intake is refused, as of the last look."""
        return self._full

    async def run_once(self) -> None:
        """Look at the disk."""
        self._free = self._disk.free()
        wanted = self._min_free * 1.1 if self._full else self._min_free
        self._full = self._free < wanted
        self._telemetry.set(_FREE, self._free)
        self._telemetry.set(_FULL, float(self._full))

    def check(self) -> None:
        """Refuse intake while the disk is full.

        Raises:
            StorageFull: the message names the room left and the watermark.
        """
        if self._full:
            message = (
                f"the disk has {self._free} bytes left and disk.min_free keeps {self._min_free}: samples are refused until there "
                "is room; what was acknowledged is kept. Free space, shorten retention, or lower disk.min_free"
            )
            raise StorageFull(message, free=self._free, min_free=self._min_free)
