"""CSV to sample columns: a column of times, some of values, the rest labels; a row a line.

Source: https://www.rfc-editor.org/rfc/rfc4180, but that a cell holds no line feed.
"""

import io
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from sightline.adapters.wire.exposition_series import shown
from sightline.adapters.wire.history_excerpt import NAMED, NOTHING_ADDED, Excerpt, Names, Unread, distinct
from sightline.adapters.wire.history_layout import ISO, Layout
from sightline.adapters.wire.history_numbers import times_of, values_of
from sightline.domain.labels import METRIC_NAME, Labels
from sightline.domain.metrics.samples import Times, WriteBatch
from sightline.domain.timerange import MAX_TIME

_SHORTER: Final = {"us": 1_000, "ns": 1_000_000}
"""Units of which a millisecond has that many."""
_SEPARATOR: Final = b"\xff"
_MOST_COMBINED: Final = 2**62


class TableReader:
    """Reads pieces of a table, without its heading."""

    def __init__(self, layout: Layout, added: Labels = NOTHING_ADDED) -> None:
        self._layout = layout
        self._zone = UTC if layout.zone == "UTC" else ZoneInfo(layout.zone)
        names = (METRIC_NAME, *layout.labels)

        def labels(text: bytes) -> Labels:
            found = Labels.of(zip(names, (one.decode() for one in text.split(_SEPARATOR)), strict=True))
            if not found.name:
                raise ValueError("the name of the metric is empty")
            return found

        self._names = Names(labels, added)

    def read(self, data: bytes, line: int) -> Excerpt:
        """The samples of whole lines, the last of which may lack its line feed. line: the number of the first."""
        skipped: list[tuple[int, str]] = []
        data, garbled = _in_utf8(data, line)
        if not data.strip():
            return _nothing(garbled[:NAMED], len(garbled))
        try:
            table = self._rows(data, skipped)
        except pa.ArrowInvalid as error:
            broken = Unread(line, f"the rows from here on are no CSV: {error}")
            return _nothing([broken, *garbled][:NAMED], data.count(b"\n") + 1)
        count = table.num_rows
        times, no_times = self._times(table[self._layout.time])
        combined, texts = self._combined(table)
        parts, names, messages = [], list[bytes](), dict[int, str]()
        messages |= {row: "expected a time, found " + _cell(table[self._layout.time], row) for row in _first(no_times)}
        for place, column in enumerate(self._layout.values):
            data_, starts, ends = _spans(table[column])
            values, no_values = values_of(data_, starts, ends)
            no_values &= ends > starts  # an empty cell is no sample
            messages |= {
                row: f"column {column}: expected a number, found {_cell(table[column], row)}"
                for row in _first(no_values)
            }
            good = (ends > starts) & ~no_values & ~no_times
            parts.append((np.flatnonzero(good), values, no_values, place))
            metric = self._layout.metric_of(column).encode()
            names += [metric + text if metric else text for text in texts]
        wrong = no_times.copy()
        for _, _, no_values, _ in parts:
            wrong |= no_values
        known, where = [], np.full(len(names), -1, np.int64)
        for number_, text in enumerate(names):
            try:
                known.append(self._names[text])
                where[number_] = len(known) - 1
            except ValueError as error:
                row = int(np.argmax(combined == number_ % len(texts)))
                messages.setdefault(row, str(error))
        once, index = distinct(known)
        rows = np.concatenate([part[0] for part in parts])
        series = np.concatenate([where[part[3] * len(texts) + combined[part[0]]] for part in parts])
        values = np.concatenate([part[1][part[0]] for part in parts])
        unnamed = series < 0
        wrong[rows[unnamed]] = True
        rows, series, values = rows[~unnamed], series[~unnamed], values[~unnamed]
        batch = WriteBatch(
            [one.labels for one in once], index[series] if len(index) else series.astype(np.uint32), times[rows], values
        )
        told = _told(data, line, skipped, {row: text for row, text in messages.items() if wrong[row]}, count)
        told = sorted(told + garbled, key=lambda one: one.line)
        return Excerpt(
            batch, [one.fields for one in once], told[:NAMED], int(wrong.sum()) + len(skipped) + len(garbled)
        )

    def _rows(self, data: bytes, skipped: list[tuple[int, str]]) -> Any:
        """The cells as bytes; rows of another number of cells are noted and left out."""
        layout = self._layout
        labels = ([layout.metric_column] if layout.metric_column else []) + list(layout.labels)
        kinds: dict[str, Any] = {one: pa.binary() for one in (layout.time, *layout.values)}
        kinds |= {one: pa.dictionary(pa.int32(), pa.binary()) for one in labels}

        def skip(row: Any) -> Literal["skip"]:
            skipped.append((row.number, f"expected {row.expected_columns} cells, found {row.actual_columns}"))
            return "skip"

        return pa.csv.read_csv(
            io.BytesIO(data),
            pa.csv.ReadOptions(
                use_threads=False, block_size=max(len(data) + 1, 1 << 16), column_names=list(layout.columns)
            ),
            pa.csv.ParseOptions(delimiter=layout.delimiter, invalid_row_handler=skip),
            pa.csv.ConvertOptions(column_types=kinds, include_columns=list(kinds), null_values=[], check_utf8=False),
        ).combine_chunks()

    def _combined(self, table: Any) -> tuple[NDArray[np.int64], list[bytes]]:
        """Which combination of labels each row has, and the bytes of each: the metric's name first, which may be empty."""
        layout = self._layout
        codes, size = np.zeros(table.num_rows, np.int64), 1
        columns = []
        for name in ([layout.metric_column] if layout.metric_column else []) + list(layout.labels):
            column = _array(table[name])
            indices = column.indices.to_numpy(zero_copy_only=False).astype(np.int64)
            columns.append((indices, column.dictionary.to_pylist()))
            if size * max(1, len(column.dictionary)) > _MOST_COMBINED:
                _, codes = np.unique(codes, return_inverse=True)
                size = len(codes)
            codes = codes * len(column.dictionary) + indices
            size *= max(1, len(column.dictionary))
        _, firsts, combined = np.unique(codes, return_index=True, return_inverse=True)
        texts = []
        for row in firsts.tolist():
            cells = [values[int(indices[row])] for indices, values in columns]
            texts.append(_SEPARATOR.join(cells if layout.metric_column else [b"", *cells]))
        return combined.astype(np.int64), texts

    def _times(self, column: Any) -> tuple[Times, NDArray[np.bool_]]:
        """Times (n,), ms, and which cells are none."""
        form = self._layout.time_format
        data, starts, ends = _spans(column)
        if form in {"s", "ms"}:
            return times_of(data, starts, ends, in_seconds=form == "s")
        out, bad = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.bool_)
        if form == ISO and self._zone is UTC and (quick := _quick(column)) is not None:
            return quick, np.abs(quick) > MAX_TIME
        known: dict[bytes, int | None] = {}
        for row, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
            text = data[start:end]
            if text not in known:
                known[text] = _instant(text, form, self._zone)
            found = known[text]
            bad[row] = found is None
            out[row] = found or 0
        return out, bad


def _in_utf8(data: bytes, line: int) -> tuple[bytes, list[Unread]]:
    """The lines with those emptied that are not UTF-8, and what to say of these."""
    try:
        data.decode()
    except UnicodeDecodeError:
        lines, garbled = data.split(b"\n"), []
        for place, text in enumerate(lines):
            try:
                text.decode()
            except UnicodeDecodeError:
                garbled.append(
                    Unread(line + place, "it is not UTF-8: convert the file, as with iconv -f latin1 -t utf-8")
                )
                lines[place] = b""
        return b"\n".join(lines), garbled
    return data, []


def _nothing(unread: Sequence[Unread] = (), wrong: int = 0) -> Excerpt:
    batch = WriteBatch([], np.empty(0, np.uint32), np.empty(0, np.int64), np.empty(0))
    return Excerpt(batch, [], unread, wrong)


def _quick(column: Any) -> Times | None:
    """Times of ISO 8601 that all say their zone or all do not; None where it is not so."""
    texts = column.cast(pa.string())
    for kind in (pa.timestamp("ns"), pa.timestamp("ns", "UTC")):
        try:
            return np.asarray(texts.cast(kind).cast(pa.int64())) // 1_000_000
        except pa.ArrowInvalid:
            continue
    return None


def _instant(text: bytes, form: str, zone: tzinfo) -> int | None:
    """One time, ms; None when it is none."""
    try:
        word = text.decode().strip()
        if form in _SHORTER:
            found = int(word) // _SHORTER[form]
        else:
            time = datetime.fromisoformat(word) if form == ISO else datetime.strptime(word, form)  # noqa: DTZ007 - below
            since = (time if time.tzinfo else time.replace(tzinfo=zone)) - datetime(1970, 1, 1, tzinfo=UTC)
            found = (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
    except (ValueError, OverflowError):
        return None
    return found if abs(found) <= MAX_TIME else None


def _spans(column: Any) -> tuple[bytes, NDArray[np.int64], NDArray[np.int64]]:
    """The cells of a column of bytes: all of them together, and where each stands."""
    array = _array(column)
    _, offsets, data = array.buffers()
    bounds = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1].astype(np.int64)
    return (b"" if data is None else data.to_pybytes()), bounds[:-1].copy(), bounds[1:].copy()


def _array(column: Any) -> Any:
    """A column in one piece."""
    whole: Any = column.combine_chunks()
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole


def _cell(column: Any, row: int) -> str:
    text: bytes = column[row].as_py()
    return shown(text) if text else "an empty cell"


def _first(rows: NDArray[np.bool_]) -> list[int]:
    return [int(row) for row in np.flatnonzero(rows)[:NAMED]]


def _told(data: bytes, line: int, skipped: list[tuple[int, str]], messages: dict[int, str], count: int) -> list[Unread]:
    """What to say of rows, by the lines on which they stand; empty lines are no rows."""
    if not skipped and not messages:
        return []
    lines = [line + place for place, text in enumerate(data.split(b"\n")) if text.strip(b"\r")]
    left_out = {number - 1 for number, _ in skipped}
    kept = [one for place, one in enumerate(lines) if place not in left_out][:count]
    told = [Unread(lines[number - 1], message) for number, message in skipped if number - 1 < len(lines)]
    told += [Unread(kept[row], message) for row, message in messages.items() if row < len(kept)]
    return told
