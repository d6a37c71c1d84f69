"""A disk whose free space is set by hand."""

from typing_extensions import override

from sightline.ports.disk import Disk


class MemoryDisk(Disk):
    """Reports `room` bytes free."""

    def __init__(self, room: int = 1 << 40) -> None:
        """Start with `room` bytes free."""
        self.room = room

    @override
    def free(self) -> int:
        return self.room
