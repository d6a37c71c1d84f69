"""The JSON lines that VictoriaMetrics exports, a line a series: {"metric":{...},"values":[...],"timestamps":[...]}, times in ms.

Source: https://docs.victoriametrics.com/#how-to-export-data-in-json-line-format. Values that JSON cannot say are written `null`,
"NaN", "Infinity", or, by versions before 1.80, bare `+Inf` and `-Inf`.
"""

import re
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire.exposition_series import shown
from sightline.adapters.wire.history_excerpt import NAMED, NOTHING_ADDED, Excerpt, Named, Names, Unread, distinct, ended
from sightline.adapters.wire.history_numbers import times_of, values_of
from sightline.domain.kernels.compiled import kernel
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import Times, Values, WriteBatch

# Neither can stand within a JSON string, where a quotation mark has a backslash before it.
_METRIC: Final = re.compile(rb'"metric"\s*:\s*(\{)')
_LISTS: Final = re.compile(rb'"(values|timestamps)"\s*:\s*\[([^\]]*)\]')

_SHAPE: Final = '{"metric":{...},"values":[...],"timestamps":[...]}'

_decode = msgspec.json.Decoder(dict[str, str]).decode


class _NoLine(ValueError):
    """What is wrong with a line."""


def commas_in_python(data: bytes, start: int, end: int, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> int:
    """Where the words of a list stand, without blanks and quotation marks around them; returns how many there are."""
    count = 0
    at = start
    while at <= end:
        first = at
        while at < end and data[at] != 44:
            at += 1
        stop = at
        while first < stop and (data[first] <= 32 or data[first] == 34):
            first += 1
        while stop > first and (data[stop - 1] <= 32 or data[stop - 1] == 34):
            stop -= 1
        starts[count] = first
        ends[count] = stop
        count += 1
        at += 1
    return count


# The loop is its own twin, as in remote_write_scan.
commas = kernel(
    "int64(Bytes(uint8, 1, 'C', readonly=True), int64, int64, int64[::1], int64[::1])", twin=commas_in_python
)(commas_in_python)
"""`commas_in_python`, or the same as machine code once it is compiled."""


class JsonReader:
    """Reads pieces of an export. keep_nan: NaN stays as it is, instead of saying that a series has ended."""

    def __init__(self, *, added: Labels = NOTHING_ADDED, keep_nan: bool = False) -> None:
        self._keep_nan = keep_nan
        self._names = Names(_labels, added)

    def read(self, data: bytes, line: int) -> Excerpt:
        """The samples of whole lines, the last of which may lack its line feed. line: the number of the first."""
        named: list[Named] = []
        all_times, all_values = list[Times](), list[Values]()
        unread: list[Unread] = []
        wrong = 0
        start = 0
        number = line - 1
        while start < len(data):
            number += 1
            end = data.find(b"\n", start)
            end = len(data) if end < 0 else end
            if data[start:end].strip():
                try:
                    one, times, values = self._line(data, start, end)
                    named.append(one)
                    all_times.append(times)
                    all_values.append(values)
                except ValueError as error:
                    wrong += 1
                    if len(unread) < NAMED:
                        unread.append(Unread(number, str(error)))
            start = end + 1
        if not named:
            none = WriteBatch([], np.empty(0, np.uint32), np.empty(0, np.int64), np.empty(0))
            return Excerpt(none, [], unread, wrong)
        once, index = distinct(named)
        series = np.repeat(index, [len(times) for times in all_times])
        values = np.concatenate(all_values)
        batch = WriteBatch(
            [one.labels for one in once],
            series,
            np.concatenate(all_times),
            values if self._keep_nan else ended(values),
        )
        return Excerpt(batch, [one.fields for one in once], unread, wrong)

    def _line(self, data: bytes, start: int, end: int) -> tuple[Named, Times, Values]:
        """The series of a line, and its samples."""
        metric = _METRIC.search(data, start, end)
        lists = {found[1]: found for found in _LISTS.finditer(data, start, end)}
        if metric is None or len(lists) != 2:
            raise _NoLine(f"expected {_SHAPE}, found {shown(data[start : min(end, start + 60)])}")
        named = self._names[_object(data, metric.start(1), end)]
        times, no_times = times_of(data, *_words(data, *lists[b"timestamps"].span(2)), in_seconds=False)
        values, no_values = values_of(data, *_words(data, *lists[b"values"].span(2)))
        if len(times) != len(values):
            raise _NoLine(f"expected as many values as timestamps, found {len(values)} and {len(times)}")
        if no_times.any() or no_values.any():
            kind, where = ("time in milliseconds", no_times) if no_times.any() else ("number", no_values)
            raise _NoLine(f"expected a {kind} at place {int(np.argmax(where)) + 1} of its list")
        return named, times, values


def _words(data: bytes, start: int, end: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if not data[start:end].strip():
        return np.empty(0, np.int64), np.empty(0, np.int64)
    most = data.count(b",", start, end) + 1
    starts, ends = np.empty(most, np.int64), np.empty(most, np.int64)
    commas(data, start, end, starts, ends)
    return starts, ends


def _object(data: bytes, start: int, end: int) -> bytes:
    """The JSON object that begins at a brace."""
    quoted = False
    at = start
    while at < end:
        byte = data[at]
        if quoted and byte == 0x5C:
            at += 1
        elif byte == 0x22:
            quoted = not quoted
        elif byte == 0x7D and not quoted:
            return data[start : at + 1]
        at += 1
    raise _NoLine("expected } at the end of the metric")


def _labels(text: bytes) -> Labels:
    try:
        labels = Labels.of(_decode(text))
    except msgspec.DecodeError as error:
        raise _NoLine(f"the metric cannot be read: {error}") from None
    if not labels.name:
        raise _NoLine(f"the metric {shown(text)} has no __name__")
    return labels
