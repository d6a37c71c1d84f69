"""The Influx line protocol: bytes to sample columns. Strings are counted and left out.

Source: https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire import influx_scan as layout
from sightline.adapters.wire.influx_exact import POWERS, READ, read
from sightline.adapters.wire.influx_number import LONG_FLOAT, LONG_INTEGER
from sightline.adapters.wire.influx_scan import NO_TIME, REASONS, Table, scan
from sightline.adapters.wire.influx_series import DEFAULT_BYTES, REFUSED, Fields, Numbers, SeriesCache, explain
from sightline.domain.errors import InvalidLabel, MalformedBody
from sightline.domain.metrics.left_out import LeftOut
from sightline.domain.metrics.roster import Roster
from sightline.domain.metrics.samples import Times, WriteBatch

PRECISIONS: Final = {
    "n": (1_000_000, 1),
    "ns": (1_000_000, 1),
    "u": (1_000, 1),
    "us": (1_000, 1),
    "\N{MICRO SIGN}": (1_000, 1),
    "\N{MICRO SIGN}s": (1_000, 1),
    "ms": (1, 1),
    "s": (1, 1_000),
    "m": (1, 60_000),
    "h": (1, 3_600_000),
}
"""What times may be given in: by how much to divide and to multiply for milliseconds."""

NAMED: Final = 5
"""Lines of a piece, or reasons why no series can be made of a line, that are named one by one."""
PIECE_ROWS: Final = 50_000
"""Values decoded at once; each takes 300 bytes meanwhile."""
MAX_SAMPLES: Final = 1_000_000
"""Values of one line; a line cannot be decoded in pieces."""

_SHOWN: Final = 100
_FEWEST_BYTES: Final = 4  # of a value with its key, as in `,a=1`
_LONGEST_INTEGER: Final = (1 << 63) - 1
_LONGEST_UNSIGNED: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Written:
    """How to read a request's lines. now: ms, the time of lines without one; database: empty where there is none."""

    precision: str
    database: str
    now: int


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """What some lines brought. left_out: lines, and values of no series; strings: fields that are no samples; last: none follow."""

    batch: WriteBatch
    left_out: tuple[LeftOut, ...]
    strings: int
    last: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Scanned:
    """The filled parts of the outputs of `scan`."""

    data: bytes
    lines: Table
    fields: Fields
    values: NDArray[np.float64]
    long: Table
    bad: Table
    bad_count: int
    strings: int


class InfluxDecoder:
    """Decodes requests and remembers the bytes of heads and keys between them. Thread-safe; scanning releases the GIL."""

    def __init__(self, *, max_cached_bytes: int = DEFAULT_BYTES, max_samples: int = MAX_SAMPLES) -> None:
        self._series = SeriesCache(max_cached_bytes)
        self._max_samples = max_samples

    def pieces(self, data: bytes, written: Written, roster: Roster) -> Iterator[Piece]:
        """Decode lines, some at a time, so that their columns take little beside the lines themselves.

        Series are named in the roster and distinct in each batch. The precision is one of PRECISIONS. A line with more values than
        allowed is a bad one.
        """
        found = np.zeros(layout.FOUND, np.int64)
        found[layout.LINE] = 1
        status = layout.FULL
        while status == layout.FULL:
            status, scanned = self._scanned(data, PRECISIONS[written.precision], found)
            yield self._piece(scanned, written, roster, last=status == layout.DONE)

    def _scanned(self, data: bytes, unit: tuple[int, int], found: Table) -> tuple[int, _Scanned]:
        """The next lines; `found` says where they begin, and then where the next ones do."""
        most = (len(data) - int(found[layout.POSITION])) // _FEWEST_BYTES + 1
        rows = min(PIECE_ROWS, most, self._max_samples)
        while True:
            lines = np.empty((rows, layout.WIDTH), np.int64)
            owners, keys = np.empty(rows, np.uint32), np.empty((rows, 2), np.int64)
            values, long = np.empty(rows, np.float64), np.empty((rows, layout.WIDTH), np.int64)
            bad = np.empty((NAMED, layout.WIDTH), np.int64)
            status = scan(data, *unit, lines, owners, keys, values, long, bad, found)
            if status == layout.DONE or found[layout.ROWS] or found[layout.BAD]:
                break
            if rows >= self._max_samples:
                _pass_over(data, found, bad)
                break
            rows = min(2 * rows, self._max_samples)  # one line of more than a piece
        count = int(found[layout.ROWS])
        lines, keys = lines[: found[layout.LINES]], keys[:count]
        fields = Fields(
            data,
            np.ascontiguousarray(lines[:, layout.HEAD]),
            np.ascontiguousarray(lines[:, layout.HEAD_END]),
            owners[:count],
            np.ascontiguousarray(keys[:, 0]),
            np.ascontiguousarray(keys[:, 1]),
        )
        return status, _Scanned(
            data,
            lines,
            fields,
            values[:count],
            long[: found[layout.LONG]],
            bad[: found[layout.BAD]],
            int(found[layout.BAD]),
            int(found[layout.STRINGS]),
        )

    def _piece(self, scanned: _Scanned, written: Written, roster: Roster, *, last: bool) -> Piece:
        outside = _read_exactly(scanned)
        numbers = self._series.numbers(scanned.fields, written.database, roster)
        left_out = _unreadable(scanned, outside) + _of_no_series(scanned, numbers)
        kept = None
        if left_out:
            kept = numbers != REFUSED
            if outside:
                kept &= ~np.isin(scanned.fields.owners, outside)
        owners, values = scanned.fields.owners, scanned.values
        if kept is not None and not kept.all():
            numbers, owners, values = numbers[kept], owners[kept], values[kept]
        batch = _batch(scanned, numbers, owners, values, written.now, roster)
        return Piece(batch, tuple(left_out), scanned.strings, last)


def _pass_over(data: bytes, found: Table, bad: Table) -> None:
    """Make a bad line of the next one, which has more values than are allowed."""
    start, end = int(found[layout.POSITION]), data.find(b"\n", int(found[layout.POSITION]))
    end = end if end >= 0 else len(data)
    bad[0] = found[layout.LINE], start, end, layout.TOO_MANY
    found[layout.BAD] = 1
    found[layout.POSITION] = min(end + 1, len(data))
    found[layout.LINE] += 1


def _batch(
    scanned: _Scanned,
    numbers: Numbers,
    owners: NDArray[np.uint32],
    values: NDArray[np.float64],
    now: int,
    roster: Roster,
) -> WriteBatch:
    times: Times = scanned.lines[:, layout.TIME][owners]
    times[times == NO_TIME] = now
    ordered = np.sort(numbers)
    if bool((ordered[1:] == ordered[:-1]).any()):
        distinct, series = np.unique(numbers, return_inverse=True)
    else:
        distinct, series = numbers, np.arange(len(numbers))
    # A copy, for most of the column is room and the batch outlives the request.
    return WriteBatch(roster.named(distinct.astype(np.uint32)), series.astype(np.uint32), times, values.copy())


def _read_exactly(scanned: _Scanned) -> list[int]:
    """Read the numbers that are too long for arithmetic in doubles; returns the lines, by their place, with one out of range."""
    if not len(scanned.long):
        return []
    read(scanned.data, scanned.long, POWERS, scanned.values.view(np.uint64))
    outside = []
    for row, start, end, kind in scanned.long[scanned.long[:, layout.KIND] != READ].tolist():
        text = scanned.data[start:end]
        if kind == LONG_FLOAT:
            value = float(text)
            fits = value - value == 0
        else:
            whole = int(text[:-1]) if end - start < _SHOWN else _LONGEST_UNSIGNED + 1
            value = float(whole)
            fits = -_LONGEST_INTEGER - 1 <= whole <= (_LONGEST_INTEGER if kind == LONG_INTEGER else _LONGEST_UNSIGNED)
        scanned.values[row] = value
        if not fits:
            outside.append(int(scanned.fields.owners[row]))
    return sorted(set(outside))


def _unreadable(scanned: _Scanned, outside: list[int]) -> list[LeftOut]:
    """The lines that are none, and those with a number out of range."""
    found = [
        LeftOut(_refused(scanned.data[start:end], REASONS[reason], line), 1)
        for line, start, end, reason in scanned.bad.tolist()
    ]
    for place in outside[:NAMED]:
        line = int(scanned.lines[place, layout.NUMBERED])
        found.append(LeftOut(_refused(_line(scanned, place), REASONS[layout.OUT_OF_RANGE], line), 1))
    return _with_rest(found, scanned.bad_count + len(outside))


def _of_no_series(scanned: _Scanned, numbers: Numbers) -> list[LeftOut]:
    """The values whose series cannot be."""
    rows = np.flatnonzero(numbers == REFUSED)
    if not len(rows):
        return []
    places, first, counts = np.unique(scanned.fields.owners[rows], return_index=True, return_counts=True)
    found = []
    for place, row, count in zip(places[:NAMED].tolist(), rows[first].tolist(), counts.tolist(), strict=False):
        line = int(scanned.lines[place, layout.NUMBERED])
        said = _refused(_line(scanned, place), explain(scanned.fields, row).message, line).message
        found.append(LeftOut(InvalidLabel(said, line=line), count))
    return _with_rest(found, len(rows))


def _with_rest(found: list[LeftOut], count: int) -> list[LeftOut]:
    rest = count - sum(one.samples for one in found)
    if rest > 0:
        found.append(LeftOut(MalformedBody(f"and {rest} more"), rest))
    return found


def _line(scanned: _Scanned, place: int) -> bytes:
    start = int(scanned.lines[place, layout.HEAD])
    end = scanned.data.find(b"\n", start)
    return scanned.data[start : end if end >= 0 else len(scanned.data)]


def _refused(line: bytes, reason: str, number: int) -> MalformedBody:
    text = line[:_SHOWN].rstrip(b"\r").decode(errors="replace") + ("..." if len(line) > _SHOWN else "")
    return MalformedBody(f"unable to parse '{text}': {reason} (line {number})", line=number)
