"""The bytes of the write-ahead log.

A frame is `length u32 | checksum u32 | payload`; the checksum covers the payload: the lower half of its XXH3 of 64 bits, or in
files of format 1 its CRC-32, which takes seven times as long. A payload starts with one byte for its kind.
All numbers are little-endian; columns are written as they lie in memory, 20 bytes a sample and 16 a series. An entry with native
histograms is of a kind of its own, and has their columns behind those of the samples, compressed: 35 bytes instead of 286 for one
of twenty buckets, for 0.6 us.
"""

import struct
import zlib
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, Final

import cramjam
import numpy as np
import xxhash
from numpy.typing import NDArray

from sightline.domain.errors import MalformedBody
from sightline.domain.metrics.journal import Appended, Entry, Flushed, Sealed, SeriesSeen
from sightline.domain.metrics.native_histograms import NO_HISTOGRAMS, Buckets, Histograms
from sightline.domain.metrics.roster import Written
from sightline.domain.metrics.span_table import Spans
from sightline.domain.tenancy import Tenant

FRAME: Final = struct.Struct("<II")
MAX_FRAME: Final = 1 << 30
"""A length above this is damage, not data: entries are cut far smaller before they are written."""

FORMAT: Final = 2
"""Of what is written; all of FORMATS are read."""

_APPENDED: Final = struct.Struct("<BHQIII")  # kind, tenant bytes, first_seq, series described, series, samples
_SEALED: Final = struct.Struct("<BQQQ")
_FLUSHED: Final = struct.Struct("<BQ")
# histograms, positive buckets, negative buckets, custom bounds, bytes before they were compressed and after
_HISTOGRAMS: Final = struct.Struct("<IIIIII")
_LEVEL: Final = 1
_SLACK: Final = 64  # bytes, and a 128th of it: what Zstandard may add to what it cannot make smaller
_KIND_APPENDED, _KIND_SEALED, _KIND_FLUSHED, _KIND_WITH_HISTOGRAMS = 1, 2, 3, 4


def frame(entry: Entry) -> list[bytes | memoryview]:
    """One entry as the pieces of a frame, ready for one gathered write."""
    pieces = _payload(entry)
    return [FRAME.pack(sum(map(len, pieces)), _xxh3(pieces)), *pieces]


def _xxh3(pieces: Sequence[bytes | memoryview]) -> int:
    state = xxhash.xxh3_64()
    for piece in pieces:
        state.update(piece)
    return state.intdigest() & 0xFFFFFFFF


def _crc32(pieces: Sequence[bytes | memoryview]) -> int:
    found = 0
    for piece in pieces:
        found = zlib.crc32(piece, found)
    return found


FORMATS: Final[Mapping[int, Callable[[Sequence[bytes | memoryview]], int]]] = {1: _crc32, FORMAT: _xxh3}
"""The checksum of a payload, given in pieces, by the format of the file."""


def size(entry: Entry) -> int:
    """How many bytes `frame` gives, without making them; with native histograms how many at most."""
    if isinstance(entry, Appended):
        described = 29 * len(entry.seen) + len(entry.seen.texts.data)
        columns = 16 * len(entry.ids) + 20 * len(entry.times) + _histograms_size(entry.histograms)
        return FRAME.size + _APPENDED.size + len(entry.tenant.encode()) + described + columns
    return FRAME.size + (_SEALED.size if isinstance(entry, Sealed) else _FLUSHED.size)


def _payload(entry: Entry) -> list[bytes | memoryview]:
    if isinstance(entry, Sealed):
        return [_SEALED.pack(_KIND_SEALED, entry.range_id, entry.first_seq, entry.end_seq)]
    if isinstance(entry, Flushed):
        return [_FLUSHED.pack(_KIND_FLUSHED, entry.range_id)]
    tenant, texts = entry.tenant.encode(), entry.seen.texts
    kind = _KIND_WITH_HISTOGRAMS if len(entry.histograms) else _KIND_APPENDED
    head = _APPENDED.pack(kind, len(tenant), entry.first_seq, len(entry.seen), len(entry.ids), len(entry.times))
    return [
        head,
        tenant,
        _bytes(entry.seen.ids, "<u8"),
        _bytes(entry.seen.first, "<i8"),
        _bytes(entry.seen.last, "<i8"),
        _bytes(entry.seen.fresh, "<u1"),
        _bytes(texts.ends - texts.starts, "<u4"),
        texts.data,
        _bytes(entry.ids, "<u8"),
        _bytes(entry.metrics, "<u8"),
        _bytes(entry.index, "<u4"),
        _bytes(entry.times, "<i8"),
        _bytes(entry.values, "<f8"),
        *_histograms(entry.histograms),
    ]


def _histograms_size(found: Histograms) -> int:
    if not len(found):
        return 0
    # Of each histogram two bytes, four floats and three lengths.
    own = 46 * len(found) + 8 * len(found.custom) + 12 * (len(found.positive.index) + len(found.negative.index))
    return _HISTOGRAMS.size + own + own // 128 + _SLACK


def _histograms(found: Histograms) -> list[bytes | memoryview]:
    if not len(found):
        return []
    sides = (found.positive, found.negative)
    lengths = (*(np.diff(side.offsets) for side in sides), np.diff(found.custom_offsets))
    columns = [
        _bytes(found.schema, "<i1"),
        _bytes(found.reset, "<u1"),
        *(_bytes(column, "<f8") for column in (found.zero_threshold, found.zero_count, found.count, found.sum)),
        *(_bytes(own, "<u4") for own in lengths),
        *(piece for side in sides for piece in (_bytes(side.index, "<i4"), _bytes(side.counts, "<f8"))),
        _bytes(found.custom, "<f8"),
    ]
    whole = b"".join(columns)
    packed = bytes(cramjam.zstd.compress(whole, level=_LEVEL))
    numbers = (len(found), *(len(side.index) for side in sides), len(found.custom), len(whole), len(packed))
    return [_HISTOGRAMS.pack(*numbers), packed]


def _bytes(column: Any, dtype: str) -> memoryview:
    array: Any = np.ascontiguousarray(column, dtype=dtype)
    # A view of no bytes cannot be cast, and an empty piece needs no view.
    return memoryview(array).cast("B") if array.size else memoryview(b"")


def parse(payload: memoryview) -> Entry:
    """One entry from a payload whose checksum was right.

    Raises:
        MalformedBody: an unknown kind, or lengths that do not add up.
    """
    kind = payload[0] if len(payload) else 0
    try:
        if kind == _KIND_SEALED:
            return Sealed(*_SEALED.unpack(payload)[1:])
        if kind == _KIND_FLUSHED:
            return Flushed(*_FLUSHED.unpack(payload)[1:])
        if kind in {_KIND_APPENDED, _KIND_WITH_HISTOGRAMS}:
            return _parse_appended(payload)
    except (struct.error, ValueError, cramjam.DecompressionError) as error:
        message = f"a log entry of kind {kind} does not decode: {error}"
        raise MalformedBody(message) from None
    message = f"a log entry has the unknown kind {kind}: a newer version may have written it"
    raise MalformedBody(message)


def _parse_appended(payload: memoryview) -> Appended:
    kind, tenant_bytes, first_seq, described, series, samples = _APPENDED.unpack_from(payload)
    columns = _Columns(payload, _APPENDED.size)
    tenant = Tenant(bytes(columns.take(tenant_bytes)).decode())
    ids, first, last = (columns.array(described, dtype) for dtype in ("<u8", "<i8", "<i8"))
    fresh = columns.array(described, "<u1").astype(np.bool_)
    lengths = columns.array(described, "<u4").astype(np.int64)
    ends = np.cumsum(lengths)
    texts = Spans(bytes(columns.take(int(lengths.sum()))), ends - lengths, ends)
    return Appended(
        tenant,
        first_seq,
        SeriesSeen(Written(texts), ids, first, last, fresh),
        columns.array(series, "<u8"),
        columns.array(series, "<u8"),
        columns.array(samples, "<u4"),
        columns.array(samples, "<i8"),
        columns.array(samples, "<f8"),
        _parse_histograms(columns) if kind == _KIND_WITH_HISTOGRAMS else NO_HISTOGRAMS,
    )


def _parse_histograms(entry: "_Columns") -> Histograms:
    count, positive, negative, bounds, whole, packed = _HISTOGRAMS.unpack(entry.take(_HISTOGRAMS.size))
    if whole > MAX_FRAME:
        message = f"histograms of {whole} bytes are more than an entry has"
        raise ValueError(message)
    columns = _Columns(memoryview(cramjam.zstd.decompress(entry.take(packed), output_len=whole)), 0)
    schema, reset = columns.array(count, "<i1"), columns.array(count, "<u1")
    threshold, zero, held, total = (columns.array(count, "<f8") for _ in range(4))
    offsets = [_offsets(columns.array(count, "<u4"), size) for size in (positive, negative, bounds)]
    above = Buckets(offsets[0], columns.array(positive, "<i4"), columns.array(positive, "<f8"))
    below = Buckets(offsets[1], columns.array(negative, "<i4"), columns.array(negative, "<f8"))
    custom = columns.array(bounds, "<f8")
    return Histograms(schema, reset, threshold, zero, held, total, above, below, offsets[2], custom)


def _offsets(lengths: NDArray[np.uint32], size: int) -> NDArray[np.int64]:
    offsets = np.append(0, np.cumsum(lengths, dtype=np.int64))
    if offsets[-1] != size:
        message = f"histograms have {offsets[-1]} buckets or bounds, and {size} are there"
        raise ValueError(message)
    return offsets


class _Columns:
    """Takes columns from a payload one after another."""

    def __init__(self, payload: memoryview, offset: int) -> None:
        self._payload = payload
        self._offset = offset

    def take(self, length: int) -> memoryview:
        end = self._offset + length
        if end > len(self._payload):
            message = f"{length} bytes wanted at {self._offset} of {len(self._payload)}"
            raise ValueError(message)
        piece = self._payload[self._offset : end]
        self._offset = end
        return piece

    def array(self, count: int, dtype: str) -> NDArray[Any]:
        # A copy, so that one small column does not keep the whole segment in memory.
        return np.frombuffer(self.take(count * np.dtype(dtype).itemsize), dtype=dtype).copy()


class Damage(Exception):
    """The bytes from `offset` on are no frame. `torn` when they end early, as after a crash, rather than being wrong."""

    def __init__(self, offset: int, reason: str, *, torn: bool) -> None:
        super().__init__(reason)
        self.offset = offset
        self.torn = torn


def entries(data: memoryview, offset: int, form: int = FORMAT) -> Generator[tuple[Entry, int], None, None]:
    """The entries from `offset` on of a file of a format, each with the offset at which it ends.

    Raises:
        Damage: at the first frame that is cut short or whose checksum is wrong; what came before was yielded.
    """
    while offset < len(data):
        body = offset + FRAME.size
        if body > len(data):
            raise Damage(offset, "the frame header is cut short", torn=True)
        length, checksum = FRAME.unpack_from(data, offset)
        if length == 0 or length > MAX_FRAME:
            torn = not any(data[offset:])
            raise Damage(offset, f"the frame length is {length}", torn=torn)
        end = body + length
        if end > len(data):
            raise Damage(offset, f"the frame wants {length} bytes, {len(data) - body} are there", torn=True)
        payload = data[body:end]
        if FORMATS[form]([payload]) != checksum:
            raise Damage(offset, "the checksum is wrong", torn=False)
        try:
            yield parse(payload), end
        except MalformedBody as error:
            raise Damage(offset, error.message, torn=False) from None
        offset = end
