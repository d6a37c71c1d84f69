"""Graphite's plaintext protocol to sample columns: lines `path value time`, with tags `path;name=value`.

Source: https://graphite.readthedocs.io/en/latest/feeding-carbon.html#the-plaintext-protocol and tags.html#carbon. As carbon does:
time -1 is now, and values that are NaN are left out. A missing time, or N, is now as well.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np

from sightline.adapters.wire.dotted_names import DottedNames
from sightline.adapters.wire.exposition_numbers import number, numbers
from sightline.adapters.wire.recent import Recent
from sightline.domain.labels import Labels
from sightline.domain.metrics.roster import Roster
from sightline.domain.metrics.samples import Index, Times, Values, WriteBatch
from sightline.domain.timerange import MAX_TIME, SECOND

MAX_CACHED_BYTES: Final = 64 << 20
"""Memory for paths seen lately."""
_ENTRY_BYTES: Final = 120
_NOW: Final = b"N"
_FIELDS: Final = 3
_LATEST: Final = MAX_TIME // SECOND


class Reason(StrEnum):
    """Why a line brings no sample."""

    FIELDS = "fields"
    """Not `path value time`."""
    PATH = "path"
    """No UTF-8, no name, or tags that are not `name=value`."""
    VALUE = "value"
    """No number, or NaN."""
    TIME = "time"
    """No time in seconds."""
    MAPPED = "mapped"
    """A mapping leaves it out."""


@dataclass(frozen=True, slots=True)
class GraphiteBlock:
    """What a block brings. left_out: how many lines for what reason. example: the first of them that is wrong."""

    batch: WriteBatch
    left_out: Mapping[Reason, int] = field(default_factory=dict)
    example: bytes = b""


class _Refused(Exception):
    """A line is left out."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class GraphiteDecoder:
    """Decodes blocks of lines and remembers series by path. Not thread-safe."""

    def __init__(self, names: DottedNames, *, max_cached_bytes: int = MAX_CACHED_BYTES) -> None:
        self._names = names
        self._half = max_cached_bytes // 2
        self._known: Recent[bytes, int] = Recent()
        self._roster = Roster()

    def decode(self, block: bytes, now: int, roster: Roster) -> GraphiteBlock:
        """The samples of whole lines; those without a time have `now`, ms. Each line counts for itself; empty ones do not.

        Series are named in the roster.
        """
        if roster is not self._roster:
            self._roster, self._known = roster, Recent()
        rows = [line.split() for line in block.split(b"\n")]
        return self._at_once(rows if rows[-1] else rows[:-1], now) or self._one_by_one(rows, now)

    def _at_once(self, rows: list[list[bytes]], now: int) -> GraphiteBlock | None:
        """Where every line is as most are; None where one is not."""
        try:
            paths, texts, times = zip(*rows, strict=True)
            named = np.fromiter(map(self._number, paths), np.uint32, len(paths))
            values, moments = numbers(texts), _times(times, now)
        except (ValueError, _Refused):
            return None
        if np.isnan(values).any():
            return None
        return GraphiteBlock(self._batch(named, moments, values))

    def _one_by_one(self, rows: list[list[bytes]], now: int) -> GraphiteBlock:
        """The same where a line is not as most are."""
        named: list[int] = []
        values: list[float] = []
        times: list[int] = []
        left_out: Counter[Reason] = Counter()
        example = b""
        for row in rows:
            if not row:
                continue
            try:
                series, value, time = self._row(row, now)
            except _Refused as refused:
                left_out[refused.reason] += 1
                if refused.reason is not Reason.MAPPED:
                    example = example or b" ".join(row)
                continue
            named.append(series)
            values.append(value)
            times.append(time)
        columns = np.array(named, np.uint32), np.array(times, np.int64), np.array(values, np.float64)
        return GraphiteBlock(self._batch(*columns), left_out, example)

    def _batch(self, named: Index, times: Times, values: Values) -> WriteBatch:
        distinct, series = np.unique(named, return_inverse=True)
        return WriteBatch(self._roster.named(distinct), series.astype(np.uint32), times, values)

    def _row(self, row: list[bytes], now: int) -> tuple[int, float, int]:
        """Series, value and time of one line."""
        if len(row) not in {_FIELDS - 1, _FIELDS}:
            raise _Refused(Reason.FIELDS)
        try:
            value = number(row[1])
        except ValueError:
            raise _Refused(Reason.VALUE) from None
        if np.isnan(value):
            raise _Refused(Reason.VALUE)
        try:
            time = now if len(row) < _FIELDS or row[2] == _NOW else _milliseconds(number(row[2]), now)
        except ValueError:
            raise _Refused(Reason.TIME) from None
        return self._number(row[0]), value, time

    def _number(self, path: bytes) -> int:
        """The number of a path's series."""
        known = self._known.young.get(path)
        if known is None:
            cost = len(path) + _ENTRY_BYTES
            known = self._known.find(path, cost)
            if known is None:
                known = int(self._roster.numbers((self._labels(path),))[0])
                if self._known.weight > self._half:
                    self._known.turn()
                self._known.put(path, known, cost)
        return known

    def _labels(self, path: bytes) -> Labels:
        try:
            name, *tags = path.decode().split(";")
        except UnicodeDecodeError:
            raise _Refused(Reason.PATH) from None
        split = [tag.partition("=") for tag in tags]
        if not name or any(not tag or not equals for tag, equals, _ in split):
            raise _Refused(Reason.PATH)
        labels = self._names.labels(name, ((tag, value) for tag, _, value in split))
        if labels is None:
            raise _Refused(Reason.MAPPED)
        return labels


def _times(texts: tuple[bytes, ...], now: int) -> Times:
    """Times in ms of texts that are seconds; int64 (n,).

    Raises:
        ValueError: one is something else.
    """
    seconds: Times | Values
    if b"".join(texts).translate(None, b"-0123456789"):
        seconds = numbers(texts)
    else:  # as nearly all write them
        try:
            seconds = np.fromiter(map(int, texts), np.int64, len(texts))
        except OverflowError:
            raise ValueError("out of range") from None
    missing = seconds == -1
    if not np.all((seconds >= -_LATEST) & (seconds <= _LATEST)):
        raise ValueError("out of range")
    return np.where(missing, now, np.rint(seconds * SECOND).astype(np.int64))


def _milliseconds(seconds: float, now: int) -> int:
    if seconds == -1:
        return now
    if not abs(seconds) <= _LATEST:
        raise ValueError("out of range")
    return round(seconds * SECOND)
