"""Prometheus remote read: a compressed prometheus.ReadRequest to selections, and columns to both kinds of answer.

Source: https://prometheus.io/docs/prometheus/latest/querying/remote_read_api/ and prompb/remote.proto, prompb/types.proto:

    ReadRequest  { repeated Query queries = 1; repeated ResponseType accepted_response_types = 2 }
    Query        { int64 start_timestamp_ms = 1; int64 end_timestamp_ms = 2; repeated LabelMatcher matchers = 3;
                   ReadHints hints = 4 }
    LabelMatcher { Type type = 1; string name = 2; string value = 3 }
    ReadHints    { int64 step_ms = 1; string func = 2; int64 start_ms = 3; int64 end_ms = 4; ... }
    ReadResponse { repeated QueryResult results = 1 }
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire import remote_read_chunks as chunked
from sightline.adapters.wire import remote_read_mixed as mixed
from sightline.adapters.wire import remote_read_samples as plain
from sightline.adapters.wire.histogram_encode import encoded
from sightline.adapters.wire.protobuf import (
    BAD_WIRE_TYPE,
    LENGTH,
    REASONS,
    VARINT,
    encoded_varint,
    field,
    key,
    length,
    skip,
    varint,
)
from sightline.adapters.wire.snappy import Piece, decompress, header
from sightline.domain.errors import BadData, MalformedBody
from sightline.domain.labels import Labels, Matcher, MatchOp
from sightline.domain.metrics.native_histograms import mark_mask
from sightline.domain.metrics.samples import SeriesColumns, Times
from sightline.domain.metrics.selection import Selection
from sightline.domain.timerange import TimeRange

FRAME_BYTES: Final = 1 << 20
"""Of a frame of the streamed answer at most, as Prometheus has it."""
SAMPLES_TYPE: Final = "application/x-protobuf"
STREAMED_TYPE: Final = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"
"""The Content-Types of the answers; that of samples comes with `Content-Encoding: snappy`."""

_OPERATORS: Final = (MatchOp.EQUAL, MatchOp.NOT_EQUAL, MatchOp.MATCHES, MatchOp.NOT_MATCHES)
_SERIES: Final = "series"  # what hints call a question after labels alone
_RESULT: Final = 1
_HISTOGRAMS: Final = 4  # of a TimeSeries
_ROOM: Final = 4  # bytes of a sample in a frame, until they turn out to be more


class ResponseType(IntEnum):
    """How a reader wants its answer."""

    SAMPLES = 0
    STREAMED_XOR_CHUNKS = 1


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What is asked for, and the first way of answering that the reader names and that is known here."""

    selections: tuple[Selection, ...]
    answer: ResponseType


def decode(body: bytes, *, max_decompressed: int, max_queries: int) -> ReadRequest:
    """Decode one compressed request.

    Raises:
        BodyTooLarge: more than `max_decompressed` bytes once decompressed (`http.max_form_bytes`).
        MalformedBody: not snappy's block format, or not a ReadRequest.
        BadData: an unknown type of matcher, a regex that does not compile, more than `max_queries` queries, or no way of answering
            that is known here.
    """
    message = decompress(body, max_decompressed=max_decompressed, setting="http.max_form_bytes")
    queries, accepted = list[Selection](), list[int]()
    for number, content in _fields(message, {1: (LENGTH,), 2: (LENGTH, VARINT)}):
        if number == 1 and isinstance(content, bytes):
            if len(queries) == max_queries:
                raise BadData(
                    f"the request holds more than {max_queries} queries, which is what read.max_queries allows"
                )
            queries.append(_query(content))
        elif number == 2:
            accepted += _packed(content) if isinstance(content, bytes) else [content]
    return ReadRequest(tuple(queries), _negotiated(accepted))


def _negotiated(accepted: Sequence[int]) -> ResponseType:
    for one in accepted or (ResponseType.SAMPLES,):
        if one in ResponseType.__members__.values():
            return ResponseType(one)
    known = ", ".join(f"{one.value} ({one.name})" for one in ResponseType)
    shown = ", ".join(map(str, accepted[:10]))
    raise BadData(f"none of the accepted response types {shown} is known here: {known} are")


def _query(message: bytes) -> Selection:
    start = end = hinted_start = hinted_end = 0
    matchers, function = list[Matcher](), ""
    for number, content in _fields(message, {1: (VARINT,), 2: (VARINT,), 3: (LENGTH,), 4: (LENGTH,)}):
        if isinstance(content, int):
            start, end = (content, end) if number == 1 else (start, content)
        elif number == 3:
            matchers.append(_matcher(content))
        else:
            hinted_start, hinted_end, function = _hints(content, hinted_start, hinted_end, function)
    if hinted_start or hinted_end:  # what of the range this selector needs
        start, end = max(start, hinted_start), min(end, hinted_end)
    return Selection(tuple(matchers), TimeRange(start, end), bare=function == _SERIES)


def _hints(message: bytes, start: int, end: int, function: str) -> tuple[int, int, str]:
    for number, content in _fields(message, {2: (LENGTH,), 3: (VARINT,), 4: (VARINT,)}):
        if isinstance(content, bytes):
            function = _text(content)
        else:
            start, end = (content, end) if number == 3 else (start, content)
    return start, end, function


def _matcher(message: bytes) -> Matcher:
    kind, name, value = 0, "", ""
    for number, content in _fields(message, {1: (VARINT,), 2: (LENGTH,), 3: (LENGTH,)}):
        if isinstance(content, int):
            kind = content
        else:
            name, value = (_text(content), value) if number == 2 else (name, _text(content))
    if not 0 <= kind < len(_OPERATORS):
        raise BadData(f"a matcher has type {kind}: 0 (=), 1 (!=), 2 (=~) and 3 (!~) are known")
    return Matcher(name, _OPERATORS[kind], value)


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise MalformedBody("the body is no ReadRequest: a text in it is not UTF-8") from None


def _packed(content: bytes) -> Iterator[int]:
    at = 0
    while at < len(content):
        value, at = varint(content, at, len(content))
        if at < 0:
            raise _malformed(-at)
        yield value


def _fields(message: bytes, wanted: Mapping[int, tuple[int, ...]]) -> Iterator[tuple[int, bytes | int]]:
    """The fields of a message that are wanted, by number with the wire types that they may have."""
    at, end = 0, len(message)
    while at < end:
        number, wire, at = key(message, at, end)
        if at >= 0 and number in wanted and wire not in wanted[number]:
            raise _malformed(BAD_WIRE_TYPE)
        start = at
        if at < 0:
            pass
        elif number not in wanted:
            at = skip(message, at, end, wire)
        elif wire == VARINT:
            value, at = varint(message, at, end)
            if at >= 0:
                yield number, value
        else:
            at, start = length(message, at, end)
            at = at if start >= 0 else start
            if at >= 0:
                yield number, message[start:at]
        if at < 0:
            raise _malformed(-at)


def _malformed(reason: int) -> MalformedBody:
    return MalformedBody(f"the body is no ReadRequest: {REASONS[reason]}")


@dataclass(frozen=True, slots=True, eq=False)
class _LabelFields:
    """The label fields of s series: those of series i are data[offsets[i]:offsets[i + 1]]."""

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, labels: Sequence[Labels]) -> "_LabelFields":
        fields: dict[tuple[str, str], bytes] = {}  # most pairs come again and again
        texts, offsets = list[bytes](), np.zeros(len(labels) + 1, np.int64)
        for row, one in enumerate(labels, 1):
            for pair in one:
                made = fields.get(pair)
                if made is None:
                    made = fields[pair] = field(1, field(1, pair[0].encode()) + field(2, pair[1].encode()))
                texts.append(made)
                offsets[row] += len(made)
        return cls(np.frombuffer(b"".join(texts), np.uint8), np.cumsum(offsets))


def _words(columns: SeriesColumns) -> NDArray[np.uint32]:
    return np.ascontiguousarray(columns.values).view(np.uint32)


@dataclass(frozen=True, slots=True, eq=False)
class _Apart:
    """Series without their native histograms, which lie beside them: of series i those from bounds[i] to bounds[i + 1]."""

    columns: SeriesColumns
    times: Times
    bounds: NDArray[np.int64]

    @classmethod
    def of(cls, columns: SeriesColumns) -> "_Apart":
        marks = mark_mask(columns.values)
        before = np.append(0, np.cumsum(marks)).astype(np.int64)
        bounds = before[columns.offsets]
        floats = SeriesColumns(
            columns.labels,
            columns.ids,
            columns.offsets - bounds,
            columns.times[~marks],
            columns.values[~marks],
        )
        return cls(floats, columns.times[marks], bounds)


def _followed(labels: _LabelFields, data: NDArray[np.uint8], bounds: NDArray[np.int64]) -> _LabelFields:
    """The label fields of each series, and behind them other fields of it: those of series i are data[bounds[i]:bounds[i + 1]]."""
    parts = list[NDArray[np.uint8]]()
    for row in range(len(bounds) - 1):
        parts += [labels.data[labels.offsets[row] : labels.offsets[row + 1]], data[bounds[row] : bounds[row + 1]]]
    return _LabelFields(np.concatenate(parts), labels.offsets + bounds)


def samples(columns: SeriesColumns) -> Piece:
    """Series as fields of a QueryResult, in their order."""
    labels = _LabelFields.of(columns.labels)
    if len(columns.histograms):
        apart = _Apart.of(columns)
        data, bounds = encoded(columns.histograms, apart.times, _HISTOGRAMS)
        labels, columns = _followed(labels, data, bounds[apart.bounds]), apart.columns
    room = len(labels.data) + plain.SERIES_BYTES * len(columns) + plain.SAMPLE_BYTES * columns.samples
    out = np.empty(room, np.uint8)
    size = plain.write(columns.times, _words(columns), columns.offsets, labels.data, labels.offsets, out)
    return Piece.of(out[:size].data)


def response(results: Sequence[Sequence[Piece]]) -> list[bytes]:
    """The compressed ReadResponse whose results consist of these pieces; in parts that follow one another."""
    pieces = list[Piece]()
    for result in results:
        size = sum(piece.size for piece in result)
        pieces.append(Piece.of(encoded_varint(_RESULT << 3 | LENGTH) + encoded_varint(size)))
        pieces += result
    return [header(pieces), *(piece.data for piece in pieces)]


def frames(columns: SeriesColumns, query: int, frame_bytes: int = FRAME_BYTES) -> bytes:
    """Series as frames of the streamed answer to the request's query of that number, in their order."""
    if not len(columns.histograms):
        return _frames(columns, query, frame_bytes)
    return b"".join(mixed.frames(columns, partial(_frames, query=query, frame_bytes=frame_bytes), query, frame_bytes))


def _frames(columns: SeriesColumns, query: int, frame_bytes: int) -> bytes:
    """Those of series without native histograms."""
    labels, words, table = _LabelFields.of(columns.labels), _words(columns), chunked.crc_table()
    room = len(labels.data) + (chunked.HEAD_BYTES + chunked.CHUNK_BYTES) * len(columns) + _ROOM * columns.samples
    chunks = np.empty(frame_bytes + chunked.CHUNK_BYTES, np.uint8)
    while True:
        out = np.empty(room, np.uint8)
        size = chunked.write(
            columns.times,
            words,
            columns.offsets,
            labels.data,
            labels.offsets,
            query,
            frame_bytes,
            table,
            chunks,
            out,
        )
        if size >= 0:
            return out[:size].tobytes()
        room *= 2
