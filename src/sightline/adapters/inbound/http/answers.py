"""A PromQL answer as Prometheus' JSON, piece by piece: columns become text in Arrow, with no Python object per point."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sightline.adapters.inbound.http.columns import constant, numbers
from sightline.adapters.inbound.http.floats import sample_text, sample_texts, scalar_text, time_text, time_texts
from sightline.adapters.inbound.http.histogram_texts import histogram_texts
from sightline.adapters.inbound.http.points import point_texts
from sightline.domain.errors import BadData
from sightline.domain.labels import Labels
from sightline.domain.metrics.native_histograms import NO_HISTOGRAMS, Histograms, mark_mask
from sightline.domain.metrics.samples import SeriesColumns, Times, Values
from sightline.domain.promql.planes import elements, has_histograms
from sightline.domain.promql.values import Answer, Scalar, String, Vector

# Arrow's functions take arrays and scalars together, which its type stubs deny.
_arrow: Final[Any] = pc
_OPENING, _BETWEEN, _NOTHING = constant("["), constant(',"'), constant("")
_COMMA, _END = constant(","), constant("]")

# So few numbers Python writes sooner than Arrow begins to.
_FEW: Final = 16
_BUCKET_BYTES: Final = 12

BLOCK: Final = 50_000
"""About how many points are made into text at a time: some 2 MB."""


Piece = bytes | memoryview
Pieces = Iterator[Piece]


@dataclass(frozen=True, slots=True)
class Rendering:
    """JSON text that is made while it is read. points: about how many samples it holds, to judge whether a thread pays."""

    points: int
    pieces: Pieces


def instant(answer: Answer, stats: bytes = b"") -> Rendering:
    """The envelope around the answer to an instant query: vector, scalar, string, or the matrix of a range selector.

    stats: a JSON object that stands beside the result; none when empty.
    """
    value = answer.value
    match value:
        case Vector():
            return Rendering(_points(value), _enveloped(answer, "vector", _vector(answer.grid.start, value), stats))
        case Scalar():
            return Rendering(
                1, _enveloped(answer, "scalar", _pair(answer.grid.start, scalar_text(float(value.values[0]))), stats)
            )
        case String():
            return Rendering(1, _enveloped(answer, "string", _pair(answer.grid.start, value.text), stats))
        case SeriesColumns():
            rows = series_rows(value.labels, value.offsets, value.times, value.values, value.histograms)
            return Rendering(value.samples, _enveloped(answer, "matrix", _listed(rows), stats))


def matrix(answer: Answer, stats: bytes = b"") -> Rendering:
    """The envelope around the answer to a range query, which is always a matrix. stats: as `instant` has it.

    Raises:
        BadData: a string or a range vector, which have no value at each step.
    """
    value = answer.value
    if isinstance(value, Scalar):
        value = Vector((Labels(),), value.values.reshape(1, -1), np.ones((1, len(value.values)), np.bool_))
    if not isinstance(value, Vector):
        kind = "string" if isinstance(value, String) else "range vector"
        raise BadData(f"a range query wants a scalar or an instant vector at every step, not a {kind}")
    return Rendering(
        _points(value), _enveloped(answer, "matrix", _listed(_grid_rows(answer.grid.times(), value)), stats)
    )


def _points(value: Vector) -> int:
    """How much there is to write: a bucket counts as a point."""
    return value.values.size + (0 if value.histograms is None else value.histograms.pool.weight // _BUCKET_BYTES)


def series_rows(
    labels: Sequence[Labels],
    offsets: NDArray[np.int64],
    times: Times,
    values: Values,
    histograms: Histograms = NO_HISTOGRAMS,
) -> Pieces:
    """One JSON object for each of s series in compressed rows: `{"metric":{...},"values":[[t,"v"],...]}`, comma-separated.

    histograms: one for each mark among the values; they stand in a list of their own, `"histograms"`.
    """
    taken = 0
    first = 0
    while first < len(labels):
        # As many whole series as fit into a block, but at least one.
        last = max(first + 1, int(np.searchsorted(offsets, offsets[first] + BLOCK, side="right")) - 1)
        start, end = int(offsets[first]), int(offsets[last])
        written = time_texts(times[start:end])
        which = np.arange(end - start)
        bounds = offsets[first : last + 1] - start
        marks = mark_mask(values[start:end])
        if marks.any():
            count = int(np.count_nonzero(marks))
            some = histograms.take(np.arange(taken, taken + count))
            taken += count
            points = _Points(bounds, written, which, values[start:end], marks, some)
            yield from _mixed_rows(labels[first:last], points, comma=first > 0)
        else:
            openings = _openings(written)
            yield from _rows(labels[first:last], bounds, openings, which, values[start:end], comma=first > 0)
        first = last


def _grid_rows(times: Times, value: Vector) -> Pieces:
    """Rows of a matrix over a grid: the text of each instant is made once for all series."""
    written = time_texts(times)
    openings = _openings(written)
    plane = value.histograms
    width = len(times) if plane is None else len(times) + _points(value) // max(1, len(value.labels))
    height = max(1, BLOCK // max(1, width))
    some = False
    for start in range(0, len(value.labels), height):
        present = value.present[start : start + height]
        counts = np.count_nonzero(present, axis=1)
        filled = np.flatnonzero(counts)
        if not len(filled):
            continue
        offsets = np.zeros(len(filled) + 1, np.int64)
        np.cumsum(counts[filled], out=offsets[1:])
        columns = np.nonzero(present)[1]
        labels = [value.labels[start + row] for row in filled.tolist()]
        block = np.ascontiguousarray(value.values[start : start + height][present])
        index = None if plane is None else plane.index[start : start + height][present]
        if plane is not None and index is not None and (index >= 0).any():
            marks = index >= 0
            points = _Points(offsets, written, columns, block, marks, plane.pool.take(index[marks]))
            yield from _mixed_rows(labels, points, comma=some)
        else:
            yield from _rows(labels, offsets, openings, columns, block, comma=some)
        some = True


def _rows(
    labels: Sequence[Labels],
    offsets: NDArray[np.int64],
    openings: pa.StringArray,
    which: NDArray[np.int64],
    values: Values,
    *,
    comma: bool,
) -> Pieces:
    """The text of a block of series; `which` of the openings stands before each value.

    All points stand in one buffer, from which each series cuts its part.
    """
    text, ends = point_texts(openings, which, values)
    bounds = ends[offsets].tolist()
    parts: list[Piece] = []
    for number, one in enumerate(labels):
        parts += [
            b',{"metric":' if comma or number else b'{"metric":',
            metric(one),
            b',"values":[',
            text[bounds[number] : max(bounds[number], bounds[number + 1] - 1)],
            b"]}",
        ]
    yield from parts


class _Points(NamedTuple):
    """Points of series in compressed rows, of which some, those marked, are histograms; `which` of the times each has."""

    offsets: NDArray[np.int64]
    times: pa.StringArray
    which: NDArray[np.int64]
    values: Values
    marks: NDArray[np.bool_]
    histograms: Histograms


def _mixed_rows(labels: Sequence[Labels], points: _Points, *, comma: bool) -> Pieces:
    """The text of a block of series: floats and histograms in lists of their own, each of which is left out when it is empty."""
    floats, natives = np.flatnonzero(~points.marks), np.flatnonzero(points.marks)
    openings = _openings(points.times)
    text, ends = point_texts(openings, points.which[floats], points.values[floats])
    of_floats = ends[np.searchsorted(floats, points.offsets)].tolist()
    heads = _arrow.binary_join_element_wise(_OPENING, points.times, _COMMA, _NOTHING)
    heads = heads.take(numbers(points.which[natives]))
    objects = _arrow.binary_join_element_wise(heads, histogram_texts(points.histograms), _END, _NOTHING).to_pylist()
    of_natives = np.searchsorted(natives, points.offsets).tolist()
    for number, one in enumerate(labels):
        parts: list[Piece] = [b',{"metric":' if comma or number else b'{"metric":', metric(one)]
        low, high = of_floats[number], of_floats[number + 1]
        if high > low:
            parts += [b',"values":[', text[low : high - 1], b"]"]
        own = objects[of_natives[number] : of_natives[number + 1]]
        if own:
            parts += [b',"histograms":[', ",".join(own).encode(), b"]"]
        yield from (*parts, b"}")


def metric(labels: Labels) -> bytes:
    """A label set as a JSON object."""
    return msgspec.json.encode(dict(labels))


def _openings(times: pa.StringArray) -> pa.StringArray:
    """What stands before each value: `[1763700000.123,"`."""
    openings: pa.StringArray = _arrow.binary_join_element_wise(_OPENING, times, _BETWEEN, _NOTHING)
    return openings


def _vector(at: int, value: Vector) -> Pieces:
    shown = np.flatnonzero(value.present[:, 0])
    values = np.ascontiguousarray(value.values[shown, 0])
    texts = list(
        map(sample_text, values.tolist()) if len(values) <= _FEW else map(str, sample_texts(values).to_pylist())
    )
    opening = f',"value":[{time_text(at)},"'.encode()
    if has_histograms(value):
        yield from _mixed_vector(at, value)
        return
    yield b"["
    for start in range(0, len(shown), BLOCK):
        rows = zip(shown[start : start + BLOCK].tolist(), texts[start : start + BLOCK], strict=True)
        text = b",".join(
            b'{"metric":%b%b%b"]}' % (metric(value.labels[row]), opening, one.encode()) for row, one in rows
        )
        yield b"," + text if start else text
    yield b"]"


def _mixed_vector(at: int, value: Vector) -> Pieces:
    """Elements of which some are histograms."""
    rows, _, histograms = elements(value)
    objects = dict(zip(rows.tolist(), histogram_texts(histograms).to_pylist(), strict=True))
    yield b"["
    for number, row in enumerate(np.flatnonzero(value.present[:, 0]).tolist()):
        found = objects.get(row)
        kind, text = (
            ("value", f'"{sample_text(float(value.values[row, 0]))}"') if found is None else ("histogram", found)
        )
        comma = b"," if number else b""
        yield b'%b{"metric":%b,"%b":[%b,%b]}' % (
            comma,
            metric(value.labels[row]),
            kind.encode(),
            time_text(at).encode(),
            text.encode(),
        )
    yield b"]"


def _pair(at: int, text: str) -> Iterator[bytes]:
    yield b"[%b,%b]" % (time_text(at).encode(), msgspec.json.encode(text))


def _listed(rows: Pieces) -> Pieces:
    yield b"["
    yield from rows
    yield b"]"


def _enveloped(answer: Answer, kind: str, result: Pieces, stats: bytes) -> Pieces:
    yield b'{"status":"success","data":{"resultType":"%b","result":' % kind.encode()
    yield from result
    if stats:
        yield b',"stats":' + stats
    yield b"}" + notes(answer.warnings, answer.infos) + b"}"


def notes(warnings: Sequence[str], infos: Sequence[str] = ()) -> bytes:
    """The envelope's annotations, each left out when there are none."""
    text = b""
    if warnings:
        text += b',"warnings":' + msgspec.json.encode(warnings)
    if infos:
        text += b',"infos":' + msgspec.json.encode(infos)
    return text
