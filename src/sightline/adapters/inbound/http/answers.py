"""A PromQL answer as Prometheus' JSON, piece by piece: columns become text in Arrow, with no Python object per point."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sightline.adapters.inbound.http.columns import constant
from sightline.adapters.inbound.http.floats import sample_text, sample_texts, scalar_text, time_text, time_texts
from sightline.adapters.inbound.http.points import point_texts
from sightline.domain.errors import BadData
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import SeriesColumns, Times, Values
from sightline.domain.promql.values import Answer, Scalar, String, Vector

# Arrow's functions take arrays and scalars together, which its type stubs deny.
_arrow: Final[Any] = pc
_OPENING, _BETWEEN, _NOTHING = constant("["), constant(',"'), constant("")

# So few numbers Python writes sooner than Arrow begins to.
_FEW: Final = 16

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
            return Rendering(len(value.labels), _enveloped(answer, "vector", _vector(answer.grid.start, value), stats))
        case Scalar():
            return Rendering(
                1, _enveloped(answer, "scalar", _pair(answer.grid.start, scalar_text(float(value.values[0]))), stats)
            )
        case String():
            return Rendering(1, _enveloped(answer, "string", _pair(answer.grid.start, value.text), stats))
        case SeriesColumns():
            rows = series_rows(value.labels, value.offsets, value.times, value.values)
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
        value.values.size, _enveloped(answer, "matrix", _listed(_grid_rows(answer.grid.times(), value)), stats)
    )


def series_rows(labels: Sequence[Labels], offsets: NDArray[np.int64], times: Times, values: Values) -> Pieces:
    """One JSON object for each of s series in compressed rows: `{"metric":{...},"values":[[t,"v"],...]}`, comma-separated."""
    first = 0
    while first < len(labels):
        # As many whole series as fit into a block, but at least one.
        last = max(first + 1, int(np.searchsorted(offsets, offsets[first] + BLOCK, side="right")) - 1)
        start, end = int(offsets[first]), int(offsets[last])
        openings = _openings(time_texts(times[start:end]))
        which = np.arange(end - start)
        bounds = offsets[first : last + 1] - start
        yield from _rows(labels[first:last], bounds, openings, which, values[start:end], comma=first > 0)
        first = last


def _grid_rows(times: Times, value: Vector) -> Pieces:
    """Rows of a matrix over a grid: the text of each instant is made once for all series."""
    openings = _openings(time_texts(times))
    height = max(1, BLOCK // max(1, len(times)))
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


def metric(labels: Labels) -> bytes:
    """A label set as a JSON object."""
    return msgspec.json.encode(dict(labels))


def _openings(times: pa.StringArray) -> pa.StringArray:
    """What stands before each value: `[1763700000.123,"`."""
    openings: pa.StringArray = _arrow.binary_join_element_wise(_OPENING, times, _BETWEEN, _NOTHING)
    return openings


def _vector(at: int, value: Vector) -> Iterator[bytes]:
    shown = np.flatnonzero(value.present[:, 0])
    values = np.ascontiguousarray(value.values[shown, 0])
    texts = list(
        map(sample_text, values.tolist()) if len(values) <= _FEW else map(str, sample_texts(values).to_pylist())
    )
    opening = f',"value":[{time_text(at)},"'.encode()
    yield b"["
    for start in range(0, len(shown), BLOCK):
        rows = zip(shown[start : start + BLOCK].tolist(), texts[start : start + BLOCK], strict=True)
        text = b",".join(
            b'{"metric":%b%b%b"]}' % (metric(value.labels[row]), opening, one.encode()) for row, one in rows
        )
        yield b"," + text if start else text
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
