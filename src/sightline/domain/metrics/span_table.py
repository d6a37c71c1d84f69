"""Distinct stretches of bytes, numbered, in arrays: what a dictionary of byte strings would do for five times the memory."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.spans import ABSENT, find, gather, place_again, put
from sightline.domain.metrics.lengthened import lengthened

_FEWEST: Final = 1024
_FEWEST_BYTES: Final = 1 << 16
# Python's own hash has a seed of the process: who sends what collides on purpose does not know it.
_SEED: Final = hash("sightline.spans") & 0x7FFFFFFF


class Spans(NamedTuple):
    """k stretches of bytes: data[starts[i]:ends[i]]; starts, ends: int64 (k,)."""

    data: bytes
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, texts: list[bytes]) -> "Spans":
        """Of byte strings."""
        ends = np.cumsum([0, *map(len, texts)])
        return cls(b"".join(texts), ends[:-1], ends[1:])

    @classmethod
    def of_ids(cls, ids: NDArray[np.uint64]) -> "Spans":
        """Of numbers (k,), each as its own bytes, or of rows of w numbers, (k, w)."""
        ends = ids[:1].nbytes * np.arange(len(ids) + 1)
        return cls(ids.tobytes(), ends[:-1], ends[1:])

    def taken(self, rows: NDArray[np.intp]) -> "Spans":
        """Only some of them."""
        return Spans(self.data, self.starts[rows], self.ends[rows])

    def texts(self) -> list[bytes]:
        """As byte strings."""
        return [self.data[start:end] for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True)]


class SpanTable:
    """Stretches of bytes by number, from 0 in the order in which they were put in. Not thread-safe.

    What was put in stays, and `text` and `texts` of it may be called from any thread.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._count = 0
        self._slots = np.full(2 * _FEWEST, ABSENT, np.int32)
        self._hashes = np.zeros(_FEWEST, np.int64)
        self._bounds = np.zeros(_FEWEST + 1, np.int64)
        self._arena = np.zeros(_FEWEST_BYTES, np.uint8)
        self._crowded: dict[bytes, int] = {}  # what found no place in the table, which takes hashes of one kind

    def __len__(self) -> int:
        """How many; numbers are less than that."""
        return self._count

    @property
    def nbytes(self) -> int:
        """About how many bytes of memory it takes."""
        return int(self._bounds[self._count]) + sum(one.nbytes for one in (self._slots, self._hashes, self._bounds))

    def find(self, spans: Spans) -> NDArray[np.int64]:
        """The number of each stretch, int64 (k,); ABSENT for what was not put in."""
        found = np.empty(len(spans.starts), np.int64)
        absent = find(spans.data, spans.starts, spans.ends, _SEED, self._count, *self._table(), found)
        if absent and self._crowded:
            rows = np.flatnonzero(found == ABSENT)
            found[rows] = [self._crowded.get(text, ABSENT) for text in spans.taken(rows).texts()]
        return found

    def put(self, spans: Spans) -> NDArray[np.int64]:
        """The number of each stretch, int64 (k,); those that are new get the next ones."""
        found = self.find(spans)
        rows = np.flatnonzero(found == ABSENT)
        if len(rows):
            found[rows] = self._put(spans.taken(rows))
        return found

    def text(self, number: int) -> bytes:
        """The bytes of a number."""
        bounds = self._bounds
        return self._arena[bounds[number] : bounds[number + 1]].tobytes()

    def texts(self, numbers: NDArray[np.int64]) -> Spans:
        """The bytes of numbers (k,), one behind the other."""
        bounds, arena = self._bounds, self._arena
        lengths = bounds[numbers + 1] - bounds[numbers]
        ends = np.cumsum(lengths)
        out = np.empty(ends[-1] if len(ends) else 0, np.uint8)
        gather(bounds, arena, numbers, ends, out)
        return Spans(out.tobytes(), ends - lengths, ends)

    def ids(self, width: int) -> NDArray[np.uint64]:
        """What was put in as `Spans.of_ids`, in order of number, (k, width)."""
        return self._arena[: self._bounds[self._count]].copy().view(np.uint64).reshape(-1, width)

    def _table(self) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
        return self._slots, self._hashes, self._bounds, self._arena

    def _put(self, spans: Spans) -> NDArray[np.int64]:
        self._make_room(len(spans.starts), int((spans.ends - spans.starts).sum()))
        found = np.empty(len(spans.starts), np.int64)
        self._count = put(spans.data, spans.starts, spans.ends, _SEED, self._count, *self._table(), found)
        rows = np.flatnonzero(found == ABSENT)
        if len(rows):
            found[rows] = [self._crowd_in(text) for text in spans.taken(rows).texts()]
        return found

    def _crowd_in(self, text: bytes) -> int:
        if text not in self._crowded:
            start, self._crowded[text] = int(self._bounds[self._count]), self._count
            self._arena[start : start + len(text)] = np.frombuffer(text, np.uint8)
            self._bounds[self._count + 1] = start + len(text)
            self._hashes[self._count] = ABSENT
            self._count += 1
        return self._crowded[text]

    def _make_room(self, entries: int, size: int) -> None:
        held, needed = int(self._bounds[self._count]), self._count + entries
        if held + size > len(self._arena):
            self._arena = lengthened(self._arena, max(held + size, len(self._arena) * 3 // 2))
        if needed <= len(self._hashes):
            return
        longer = max(needed, 2 * len(self._hashes))
        self._hashes = lengthened(self._hashes, longer)
        self._bounds = lengthened(self._bounds, longer + 1)
        self._slots = np.full(1 << (2 * longer - 1).bit_length(), ABSENT, np.int32)
        place_again(self._hashes, self._count, self._slots)
