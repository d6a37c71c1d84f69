"""How much room is left."""

from typing import Protocol


class Disk(Protocol):
    """The file system that holds the data folder."""

    def free(self) -> int:
        """Bytes that may still be written. Quick; never raises: an unreadable file system has 0."""
        ...
