"""Series from the bytes of remote-write label fields, each distinct stretch of bytes parsed once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import lt
from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire.protobuf import BAD_WIRE_TYPE, LENGTH, REASONS, key, length, skip
from sightline.adapters.wire.remote_write_text import canonical
from sightline.domain.errors import InvalidLabel, MalformedBody
from sightline.domain.kernels.spans import ABSENT
from sightline.domain.labels import Labels
from sightline.domain.metrics.lengthened import lengthened
from sightline.domain.metrics.roster import Roster
from sightline.domain.metrics.samples import Index
from sightline.domain.metrics.span_table import Spans, SpanTable

Span = tuple[int, int]
"""Where a stretch of label fields lies: its first byte and the byte after its last."""

# 600,000 series of 200 label bytes.
DEFAULT_BYTES: Final = 128 * 1024 * 1024
_FEWEST: Final = 1024
_PAIR_BYTES: Final = 250
"""What a name and value take in memory besides their bytes."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """The bytes of the label fields of k series, each in one piece: data[starts[i]:ends[i]].

    pieces: where they stood in `original` when they did not stand in one piece.
    """

    data: bytes
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    original: bytes = b""
    pieces: Sequence[Sequence[Span]] = ()

    @classmethod
    def joined(
        cls, data: bytes, owners: Index, starts: NDArray[np.int64], ends: NDArray[np.int64], count: int
    ) -> "Stretches":
        """Put the pieces of each of `count` series together; owners (r,) says whose data[starts[j]:ends[j]] is."""
        pieces: list[list[Span]] = [[] for _ in range(count)]
        for owner, start, end in zip(owners.tolist(), starts.tolist(), ends.tolist(), strict=True):
            pieces[owner].append((start, end))
        texts = [b"".join([data[start:end] for start, end in spans]) for spans in pieces]
        bounds = np.cumsum([0, *map(len, texts)])
        return cls(b"".join(texts), bounds[:-1], bounds[1:], data, pieces)

    def of(self, series: int) -> tuple[bytes, Sequence[Span]]:
        """Where the label fields of a series stand in what was sent."""
        if self.pieces:
            return self.original, self.pieces[series]
        return self.data, [(int(self.starts[series]), int(self.ends[series]))]


class KnownStretches:
    """The number in a roster of each distinct stretch of label bytes."""

    def __init__(self) -> None:
        """Start empty."""
        self._spans = SpanTable()
        self._numbers = np.empty(0, np.int64)

    @property
    def nbytes(self) -> int:
        """About how many bytes of memory they take."""
        return self._spans.nbytes + self._numbers.nbytes

    def numbers(self, stretches: Stretches) -> NDArray[np.int64]:
        """The numbers of stretches (k,); ABSENT for one that is not known."""
        found = self._spans.find(Spans(stretches.data, stretches.starts, stretches.ends))
        if not len(self._numbers):
            return found
        return np.where(found == ABSENT, ABSENT, self._numbers[found])

    def learn(self, stretches: Stretches, rows: NDArray[np.intp], numbers: NDArray[np.int64]) -> None:
        """Know the numbers (r,) of some of the stretches."""
        places = self._spans.put(Spans(stretches.data, stretches.starts[rows], stretches.ends[rows]))
        if len(self._spans) > len(self._numbers):
            self._numbers = lengthened(self._numbers, max(_FEWEST, 3 * len(self._spans) // 2))
        self._numbers[places] = numbers


class LabelCache:
    """Remembers the number of each distinct stretch of label bytes, within `max_bytes`; then it starts anew. Thread-safe."""

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._tables: WeakKeyDictionary[Roster, KnownStretches] = WeakKeyDictionary()
        self._pairs: dict[bytes, tuple[str, str]] = {}
        self._pair_bytes = 0

    def numbers(self, stretches: Stretches, roster: Roster) -> tuple[NDArray[np.int64], dict[int, InvalidLabel]]:
        """The numbers in the roster of series given by their label fields, int64 (k,), and why some are ABSENT, by their places.

        It is for a name twice or empty, or text that is not UTF-8; the message names the series.

        Raises:
            MalformedBody: a label field that is no label message.
        """
        refused: dict[int, InvalidLabel] = {}
        with self._lock:
            known = self._tables.get(roster)
            if known is None:
                known = self._tables[roster] = KnownStretches()
            found = known.numbers(stretches)
            absent = np.flatnonzero(found == ABSENT)
            if len(absent):
                found[absent] = self._named(stretches, absent, roster, refused)
                if refused:
                    absent = absent[found[absent] != ABSENT]
                known.learn(stretches, absent, found[absent])
                if self._pair_bytes + sum(held.nbytes for held in self._tables.values()) > self._max_bytes:
                    self._forget()
        return found, refused

    def _forget(self) -> None:
        self._tables.clear()
        self._pairs.clear()
        self._pair_bytes = 0

    def _named(
        self, stretches: Stretches, rows: NDArray[np.intp], roster: Roster, refused: dict[int, InvalidLabel]
    ) -> NDArray[np.int64]:
        """The numbers in the roster of series that are not known by their bytes; those that are written plainly without objects."""
        starts, ends = stretches.starts[rows], stretches.ends[rows]
        out, bounds = np.empty(int((ends - starts).sum()), np.uint8), np.empty(len(rows) + 1, np.int64)
        plain = np.empty(len(rows), np.bool_)
        canonical(stretches.data, starts, ends, out, bounds, plain)
        numbers = np.empty(len(rows), np.int64)
        texts = Spans(out[: bounds[-1]].tobytes(), bounds[:-1], bounds[1:])
        numbers[plain] = roster.numbers_of(texts.taken(np.flatnonzero(plain)))
        if not plain.all():
            others = np.flatnonzero(~plain)
            sets: list[Labels] = []
            good = np.ones(len(others), np.bool_)
            for at, row in enumerate(rows[others].tolist()):
                try:
                    sets.append(self._labels(*stretches.of(row)))
                except InvalidLabel as error:
                    refused[row] = error
                    good[at] = False
            numbers[others[~good]] = ABSENT
            numbers[others[good]] = roster.numbers(sets)
        return numbers

    def _labels(self, data: bytes, spans: Sequence[Span]) -> Labels:
        fields = _fields(data, spans)
        try:
            pairs = [self._pair(data, field) for field in fields]
        except UnicodeDecodeError as error:
            series = _shown(_replaced(label(data, *field)) for field in fields)
            raise InvalidLabel(f"series {series}: {error.object[:80]!r} is not UTF-8") from None
        return _label_set(pairs)

    def _pair(self, data: bytes, field: Span) -> tuple[str, str]:
        """Name and value of one label."""
        one = data[field[0] : field[1]]
        known = self._pairs.get(one)
        if known is None:
            name, value = label(data, *field)
            known = self._pairs[one] = name.decode(), value.decode()
            self._pair_bytes += _PAIR_BYTES + len(one)
        return known


def _fields(data: bytes, spans: Iterable[Span]) -> list[Span]:
    """Where the label messages lie; the spans hold whole fields, so the bounds are known to be right."""
    found = []
    for start, end in spans:
        position = start
        while position < end:
            if data[position] == 0x0A and data[position + 1] < 0x80:  # what every sender writes; 0.5 us less a label
                position, after = position + 2, position + 2 + data[position + 1]
            else:
                _, _, position = key(data, position, end)
                after, position = length(data, position, end)
            found.append((position, after))
            position = after
    return found


def label(data: bytes, position: int, end: int) -> tuple[bytes, bytes]:
    """Read a Label { string name = 1; string value = 2 } that lies at data[position:end].

    Raises:
        MalformedBody: it is none; the message says where.
    """
    name = value = b""
    while position < end:
        at = position
        field, wire, position = key(data, position, end)
        if position < 0:
            raise malformed(-position, at)
        if field not in {1, 2}:
            position = skip(data, position, end, wire)
            if position < 0:
                raise malformed(-position, at)
            continue
        if wire != LENGTH:
            raise malformed(BAD_WIRE_TYPE, at)
        after, position = length(data, position, end)
        if position < 0:
            raise malformed(-position, at)
        if field == 1:
            name = data[position:after]
        else:
            value = data[position:after]
        position = after
    return name, value


def malformed(reason: int, offset: int) -> MalformedBody:
    """The error for a reason of the protobuf module."""
    return MalformedBody(f"the body is no remote-write request: {REASONS[reason]}, at byte {offset}", offset=offset)


def _replaced(label: tuple[bytes, bytes]) -> tuple[str, str]:
    return label[0].decode(errors="replace"), label[1].decode(errors="replace")


def _label_set(pairs: Sequence[tuple[str, str]]) -> Labels:
    names = [name for name, value in pairs if value]
    if len(names) == len(pairs) and names and names[0] and all(map(lt, names, names[1:])):
        return Labels(pairs)  # in order, as every sender writes them
    seen: dict[str, str] = {}
    for name, value in pairs:
        if not name:
            raise InvalidLabel(f"series {_shown(pairs)}: a label name is empty")
        if name in seen:
            raise InvalidLabel(f"series {_shown(pairs)}: label {name!r} is given twice", label=name)
        seen[name] = value
    return Labels.of(seen)


def _shown(pairs: Iterable[tuple[str, str]]) -> str:
    """A series as PromQL writes it, short enough for a message."""
    return str(Labels(pairs))[:200]
