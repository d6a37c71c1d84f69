"""Series from the references of remote write 2.0, each series that is known found without writing out its labels."""

from dataclasses import dataclass
from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire import remote_write2_symbols as text
from sightline.adapters.wire.remote_write_batch import Rows
from sightline.adapters.wire.remote_write_labels import DEFAULT_BYTES, KnownStretches, Stretches
from sightline.domain.errors import BodyTooLarge
from sightline.domain.kernels.spans import ABSENT
from sightline.domain.metrics.consecutive import spans
from sightline.domain.metrics.roster import Roster
from sightline.domain.metrics.span_table import Spans, SpanTable

Refs = NDArray[np.uint32]

_LABELS_TO_BODY: Final = 16
"""How many times longer than the request its label sets may be once they are written out; with ten labels they are three times."""
_LABEL_ROOM: Final = 16 << 20
"""Bytes that they may have in any case."""
_NUMBER: Final = 4
"""Bytes of a symbol's number among all symbols."""


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A scanned request of s symbols and k series: the filled parts of the outputs of `scan`, and what each symbol is."""

    data: bytes
    symbol_start: NDArray[np.int64]
    symbol_end: NDArray[np.int64]
    symbol_kind: NDArray[np.uint8]
    refs: Refs
    series_refs: NDArray[np.int64]
    kinds: NDArray[np.uint8]
    descriptions: NDArray[np.int64]
    rows: Rows
    exemplars: int
    described: int

    @property
    def symbols(self) -> Spans:
        """Where the symbols lie."""
        return Spans(self.data, self.symbol_start, self.symbol_end)

    def symbol(self, number: int) -> str:
        """The text of a symbol, for a message."""
        if number >= len(self.symbol_start):
            return f"<symbol {number}>"
        return self.data[self.symbol_start[number] : self.symbol_end[number]].decode(errors="replace")


def label_sets(request: Request, refs: Refs, offsets: NDArray[np.int64]) -> tuple[Spans, NDArray[np.uint8]]:
    """The canonical bytes of label sets refs[offsets[i]:offsets[i + 1]] (k,), and what is wrong with them, uint8 (k,).

    Raises:
        BodyTooLarge: they are much longer than the request.
    """
    k = len(offsets) - 1
    symbols = request.symbol_start, request.symbol_end
    most = max(_LABEL_ROOM, _LABELS_TO_BODY * len(request.data))
    room = text.label_room(*symbols, refs, most)
    if room > most:
        raise BodyTooLarge(
            f"the labels of the request are more than {_LABELS_TO_BODY} times as long as the request once they are written out: "
            "send fewer series at once",
            allowed=most,
        )
    out, bounds, faults = np.empty(room, np.uint8), np.empty(k + 1, np.int64), np.empty(k, np.uint8)
    text.write_labels(request.data, *symbols, request.symbol_kind, refs, offsets, out, bounds, faults)
    return Spans(out[: bounds[-1]].tobytes(), bounds[:-1], bounds[1:]), faults


class _Known:
    """The symbols and series of one roster: a series is known by the numbers of its symbols."""

    def __init__(self) -> None:
        self.symbols = SpanTable()
        self.series = KnownStretches()

    @property
    def nbytes(self) -> int:
        return self.symbols.nbytes + self.series.nbytes


class SeriesCache:
    """Remembers the number of each series by its symbols, within `max_bytes`; then it starts anew. Thread-safe."""

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._tables: WeakKeyDictionary[Roster, _Known] = WeakKeyDictionary()

    def numbers(self, request: Request, roster: Roster) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """The numbers in the roster of the request's series, int64 (k,), and what is wrong with those ABSENT, uint8 (k,)."""
        faults = np.zeros(len(request.series_refs) - 1, np.uint8)
        with self._lock:
            known = self._tables.get(roster)
            if known is None:
                known = self._tables[roster] = _Known()
            series = _by_symbols(known.symbols.put(request.symbols), request)
            numbers = known.series.numbers(series)
            absent = np.flatnonzero(numbers == ABSENT)
            if len(absent):
                numbers[absent], faults[absent] = _named(request, absent, roster)
                known.series.learn(series, (good := absent[numbers[absent] != ABSENT]), numbers[good])
                if sum(held.nbytes for held in self._tables.values()) > self._max_bytes:
                    self._tables.clear()
        return numbers, faults


def _by_symbols(numbers: NDArray[np.int64], request: Request) -> Stretches:
    """Each series as the numbers of its symbols; what is no symbol of the request has a number that none has."""
    of_refs = np.empty(len(request.refs), np.int32)
    text.number_refs(request.refs, numbers, of_refs)
    bounds = _NUMBER * request.series_refs
    return Stretches(of_refs.tobytes(), bounds[:-1], bounds[1:])


def _named(request: Request, rows: NDArray[np.intp], roster: Roster) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """The numbers of series that are not known, ABSENT for those that are no label sets, and what is wrong with these."""
    starts = request.series_refs[rows]
    lengths = request.series_refs[rows + 1] - starts
    offsets = np.append(0, np.cumsum(lengths))
    texts, faults = label_sets(request, request.refs[spans(starts, lengths)], offsets)
    good = np.flatnonzero(faults == text.GOOD)
    numbers = np.full(len(rows), ABSENT, np.int64)
    numbers[good] = roster.numbers_of(texts.taken(good))
    return numbers, faults
