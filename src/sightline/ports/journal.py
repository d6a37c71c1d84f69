"""The write-ahead log: what makes an acknowledgement mean something."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from sightline.domain.metrics.journal import Entry


class Journal(Protocol):
    """An ordered, durable log of entries in numbered segments, driven from one event loop.

    Entries are replayed in the order in which they were appended. Entries whose append returned survive the death of the process at
    any instant, and loss of power once `sync` returned or the configured interval passed. The caller describes a series again
    whenever `segment` has changed since it last did, so that every segment is readable alone.
    """

    def replay(self) -> Iterator[Entry]:
        """All entries that the log holds, oldest first. Called once, before the first append; may block."""
        ...

    def position(self) -> int:
        """A position above every one that was ever appended, as far as the log knows; right after replay."""
        ...

    def segment(self) -> int:
        """The number of the segment into which an append called now, with no wait in between, writes."""
        ...

    async def append(self, entries: Sequence[Entry]) -> None:
        """Write entries, all or none; appends under way at once share one write. Entries keep the order of the calls.

        Raises:
            StorageFull: no room on the disk.
            Overloaded: the log is at its bound.
            BodyTooLarge: the entries alone are more than the log may hold.
            Unavailable: the log is closed, or the disk failed.
        """
        ...

    async def sync(self) -> None:
        """Return when everything acknowledged before the call would survive a loss of power.

        Raises:
            Unavailable: the disk failed.
        """
        ...

    async def release(self, seq: int) -> None:
        """Delete segments, oldest first, up to the first that holds a position of `seq` or above; the open segment always stays."""
        ...
