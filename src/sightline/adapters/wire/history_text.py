"""Lines of `series value time` to sample columns: Prometheus' text format, OpenMetrics, and what `promtool tsdb dump` prints.

Sources: https://prometheus.io/docs/instrumenting/exposition_formats/, https://prometheus.io/docs/specs/om/open_metrics_spec/, and
https://prometheus.io/docs/prometheus/latest/command-line/promtool/ (`tsdb dump`), whose label values are quoted as Go quotes
strings (https://go.dev/ref/spec#String_literals).
"""

import re
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire import history_lines as layout
from sightline.adapters.wire.exposition_series import LineMalformed, label_set, shown
from sightline.adapters.wire.history_excerpt import NAMED, NOTHING_ADDED, Excerpt, Named, Names, Unread, distinct, ended
from sightline.adapters.wire.history_lines import split
from sightline.adapters.wire.history_numbers import times_of, values_of
from sightline.domain.go_literals import ESCAPE, unescaped
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import WriteBatch
from sightline.domain.metrics.span_table import Spans, SpanTable


class Lines(StrEnum):
    """Which of the formats of lines it is."""

    DUMP = "tsdb-dump"
    OPENMETRICS = "openmetrics"
    TEXT = "prometheus"


_AS_EXPOSED: Final = {b"\\": b"\\\\", b'"': b'\\"', b"\n": b"\\n"}


class TextReader:
    """Reads pieces of a file of lines. keep_nan: a dump's NaN stays as it is, instead of saying that a series has ended."""

    def __init__(self, lines: Lines, *, added: Labels = NOTHING_ADDED, keep_nan: bool = False) -> None:
        self._in_seconds = lines is Lines.OPENMETRICS
        self._keep_nan = keep_nan or lines is not Lines.DUMP
        self._names = Names(dumped_labels if lines is Lines.DUMP else label_set, added)

    def read(self, data: bytes, line: int) -> Excerpt:
        """The samples of whole lines, the last of which may lack its line feed. line: the number of the first."""
        if not data.endswith(b"\n"):
            data += b"\n"
        most = data.count(b"\n")
        starts, ends, firsts = (np.empty(most, np.int64) for _ in range(3))
        places, bad = np.empty(4 * most, np.int64), np.empty(2 * most, np.int64)
        found = np.zeros(layout.FOUND, np.int64)
        split(data, 0, starts, ends, firsts, places, bad, found)
        count, used = int(found[layout.SAMPLES]), int(found[layout.RUNS])
        value, value_end, time, time_end = places[: 4 * count].reshape(-1, 4).T.copy()
        values, no_values = values_of(data, value, value_end)
        times, no_times = times_of(data, time, time_end, in_seconds=self._in_seconds)
        starts, ends, firsts = starts[:used], ends[:used], firsts[:used]
        named, of_run, unnamed = self._named(Spans(data, starts, ends))
        lengths = np.diff(firsts, append=count)
        series = np.repeat(of_run, lengths)
        wrong = no_values | no_times | (series < 0)
        unread = self._unread(data, line, bad[: 2 * int(found[layout.BAD])])
        if wrong.any():
            texts = np.stack([np.repeat(starts, lengths), np.repeat(ends, lengths), value, value_end, time, time_end])
            unread += _told(data, line, texts, no_values, series, unnamed, np.flatnonzero(wrong)[:NAMED])
            series, times, values = series[~wrong], times[~wrong], values[~wrong]
        unread.sort(key=lambda one: one.line)
        return Excerpt(
            WriteBatch(
                [one.labels for one in named],
                series.astype(np.uint32),
                times,
                values if self._keep_nan else ended(values),
            ),
            [one.fields for one in named],
            unread[:NAMED],
            int(wrong.sum()) + int(found[layout.BAD]),
            int(found[layout.HISTOGRAMS]),
        )

    def _named(self, texts: Spans) -> tuple[list[Named], NDArray[np.int64], dict[int, str]]:
        """The label sets that texts (r,) name, which of them each does, and why some name none: -1 - i is reason i."""
        table = SpanTable()
        numbers = table.put(texts)
        known: list[Named] = []
        place = np.empty(len(table), np.int64)
        reasons: dict[int, str] = {}
        for number, text in enumerate(table.texts(np.arange(len(table))).texts()):
            try:
                known.append(self._names[text])
                place[number] = len(known) - 1
            except LineMalformed as error:
                place[number] = -1 - len(reasons)
                reasons[-1 - len(reasons)] = str(error)
        named, index = distinct(known)
        if len(index):
            place = np.where(place >= 0, index[np.maximum(place, 0)].astype(np.int64), place)
        return named, place[numbers], reasons

    @staticmethod
    def _unread(data: bytes, line: int, bad: NDArray[np.int64]) -> list[Unread]:
        found = []
        for at, reason in bad[: 2 * NAMED].reshape(-1, 2).tolist():
            found.append(Unread(line + data.count(b"\n", 0, at), f"{layout.REASONS[reason]}, found {_start(data, at)}"))
        return found


def _told(
    data: bytes,
    line: int,
    texts: NDArray[np.int64],
    no_values: NDArray[np.bool_],
    series: NDArray[np.int64],
    unnamed: dict[int, str],
    rows: NDArray[np.intp],
) -> list[Unread]:
    """Why some samples could not be read."""
    found = []
    for row in rows.tolist():
        at, _, value, value_end, time, time_end = texts[:, row].tolist()
        if series[row] < 0:
            message = unnamed[int(series[row])]
        elif no_values[row]:
            message = f"expected a number, found {shown(data[value:value_end])}"
        else:
            message = f"expected a time, found {shown(data[time:time_end])}"
        found.append(Unread(line + data.count(b"\n", 0, value if series[row] >= 0 else max(at, value)), message))
    return found


def _start(data: bytes, at: int) -> str:
    end = data.index(b"\n", at)
    return shown(data[at : min(end, at + 60)])


def dumped_labels(series: bytes) -> Labels:
    """The label set as `promtool tsdb dump` prints it.

    Raises:
        LineMalformed: none.
    """
    if b"\\" in series:
        # Bytes as characters of one byte each: they need not be UTF-8 yet.
        series = ESCAPE.sub(_as_exposed, series.decode("latin-1")).encode("latin-1")
    return label_set(series)


def _as_exposed(escape: re.Match[str]) -> str:
    """What a Go escape stands for, escaped as the exposition formats want it; a backslash that begins none stays as it is."""
    meant = unescaped(escape)
    if meant is not None:
        return _AS_EXPOSED.get(meant, meant).decode("latin-1")
    if escape.lastgroup is not None:  # the text is not what Go prints
        raise LineMalformed(f"{shown(escape[0].encode())} is no character")
    return escape[0]
