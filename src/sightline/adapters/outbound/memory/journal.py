"""A journal in memory: the contract without the durability."""

from collections.abc import Iterator, Sequence

from typing_extensions import override

from sightline.domain.errors import BodyTooLarge, Overloaded
from sightline.domain.metrics.journal import Appended, Entry
from sightline.ports.journal import Journal


class MemoryJournal(Journal):
    """Keeps entries in a list per segment; a segment ends after `segment_samples` samples."""

    def __init__(self, *, segment_samples: int = 1_000_000, max_samples: int = 10_000_000) -> None:
        """Bounds are in samples, all segments together for `max_samples`."""
        self._segment_samples = segment_samples
        self._max_samples = max_samples
        self._segments: list[list[Entry]] = [[]]
        self._held = [0]  # samples of each segment
        self._first = 0
        self._position = 0

    @override
    def replay(self) -> Iterator[Entry]:
        for segment in self._segments:
            yield from segment

    @override
    def position(self) -> int:
        return self._position

    @override
    def segment(self) -> int:
        return self._first + len(self._segments) - 1

    @override
    async def append(self, entries: Sequence[Entry]) -> None:
        arriving = sum(map(_samples, entries))
        if arriving > self._max_samples:
            raise BodyTooLarge(f"{arriving} samples are more than the {self._max_samples} that the journal holds")
        if arriving and sum(self._held) + arriving > self._max_samples:
            message = f"the journal holds its {self._max_samples} samples: raise max_samples, or wait for the store"
            raise Overloaded(message, retry_after=5)
        self._segments[-1].extend(entries)
        self._held[-1] += arriving
        ends = [entry.end_seq for entry in entries if isinstance(entry, Appended)]
        self._position = max([self._position, *ends])
        if self._held[-1] >= self._segment_samples:
            self._segments.append([])
            self._held.append(0)

    @override
    async def sync(self) -> None:
        """Nothing to do: memory is never durable."""

    @override
    async def release(self, seq: int) -> None:
        while len(self._segments) > 1 and all(
            entry.end_seq <= seq for entry in self._segments[0] if isinstance(entry, Appended)
        ):
            self._segments.pop(0)
            self._held.pop(0)
            self._first += 1


def _samples(entry: Entry) -> int:
    return len(entry.times) if isinstance(entry, Appended) else 0
