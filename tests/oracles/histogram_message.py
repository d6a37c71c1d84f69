"""The slow, obvious twin of the decoder of native histograms in remote write: one message at a time, by recursion."""

import struct
from collections.abc import Iterator

from tests.oracles.native_histogram import Native
from tests.oracles.remote_write import RefusedError, fields, varint

from sightline.domain.metrics.native_histograms import ResetHint
from sightline.domain.metrics.samples import STALE_BITS

_WIRES = {
    1: {0},
    2: {1},
    3: {1},
    4: {0},
    5: {1},
    6: {0},
    7: {1},
    8: {2},
    9: {0, 2},
    10: {1, 2},
    11: {2},
    12: {0, 2},
    13: {1, 2},
    14: {0},
    15: {0},
    16: {1, 2},
}


class FaultError(Exception):
    """A histogram that cannot be stored."""


def decode(message: bytes) -> tuple[int, Native | str]:
    """Time in ms and the histogram, or what is wrong with it.

    Raises:
        RefusedError: no message.
    """
    found: dict[int, list[tuple[int, bytes]]] = {number: [] for number in range(1, 17)}
    count = zero = 0.0
    for number, wire, content in fields(message):
        if number not in found:
            continue
        if wire not in _WIRES[number]:
            raise RefusedError
        found[number].append((wire, content))
        if number in {1, 2}:
            count = float(_number(content)) if wire == 0 else _double(content)
        if number in {6, 7}:
            zero = float(_number(content)) if wire == 0 else _double(content)
    spans = {number: [_span(content) for _, content in found[number]] for number in (8, 11)}
    whole = {number: [_zigzag(one) for one in _numbers(found[number])] for number in (9, 12)}
    floats = {number: list(_doubles(found[number])) for number in (10, 13, 16)}
    time = _signed(_last(found[15]))
    hint = _signed(_last(found[14]))
    schema = _zigzag(_last(found[4]))
    if (found[9] or found[12]) and (found[10] or found[13]):
        return time, "both"
    if not (-4 <= schema <= 8 or schema == -53):
        return time, "schema"
    try:
        counted = {number: list(_running(deltas)) for number, deltas in whole.items()}
        return time, Native(
            schema,
            count,
            _double(found[3][-1][1]) if found[3] else 0.0,
            _double(found[5][-1][1]) if found[5] else 0.0,
            zero,
            _spread(spans[11], counted[12] + floats[13]),
            _spread(spans[8], counted[9] + floats[10]),
            tuple(floats[16]),
            ResetHint(hint) if 0 <= hint <= 3 else ResetHint.UNKNOWN,
        )
    except FaultError as error:
        return time, str(error)


def _running(deltas: list[int]) -> Iterator[float]:
    count = 0
    for delta in deltas:
        count += delta
        if not 0 <= count < 2**62 or abs(delta) >= 2**62:
            raise FaultError("count")
        yield float(count)


def _spread(spans: list[tuple[int, int]], counts: list[float]) -> dict[int, float]:
    if any(offset < 0 for offset, _ in spans[1:]):
        raise FaultError("backwards")
    if sum(size for _, size in spans) != len(counts):
        raise FaultError("spans")
    index, rest, buckets = 0, iter(counts), {}
    for offset, size in spans:
        index += offset
        if abs(offset) >= 2**31 or not -(2**31) < index <= index + size < 2**31:
            raise FaultError("index")
        for _ in range(size):
            value = next(rest)
            if value != 0:
                buckets[index] = value
            index += 1
    return buckets


def _span(message: bytes) -> tuple[int, int]:
    offset = size = 0
    for number, wire, content in fields(message):
        if number in {1, 2} and wire != 0:
            raise RefusedError
        if number == 1:
            offset = _zigzag(_number(content))
        if number == 2:
            size = _signed(_number(content))
            size = size if size >= 0 else 2**63  # more than there can be
    return offset, size


def _numbers(found: list[tuple[int, bytes]]) -> Iterator[int]:
    for _, content in found:
        position = 0
        while position < len(content):
            value, position = varint(content, position)
            yield value


def _doubles(found: list[tuple[int, bytes]]) -> Iterator[float]:
    for _, content in found:
        if len(content) % 8:
            raise RefusedError
        yield from struct.unpack(f"<{len(content) // 8}d", content)


def _last(found: list[tuple[int, bytes]]) -> int:
    return _number(found[-1][1]) if found else 0


def _number(content: bytes) -> int:
    return varint(content, 0)[0]


def _double(content: bytes) -> float:
    return float(struct.unpack("<d", content)[0])


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


def _zigzag(value: int) -> int:
    return value >> 1 ^ -(value & 1)


def told(native: Native) -> tuple[object, ...]:
    """A histogram with its doubles as bits, for NaN is not equal to itself."""
    doubles = (native.count, native.sum, native.zero_threshold, native.zero_count, *native.custom)
    sides = [
        [(index, struct.pack("<d", count)) for index, count in sorted(side.items())]
        for side in (native.positive, native.negative)
    ]
    return native.schema, int(native.reset), struct.pack(f"<{len(doubles)}d", *doubles), *sides


def stored(message: bytes) -> tuple[int, object] | None:
    """Time in ms and the histogram as `told`, or the bits of the stale marker where it ends its series; None if it has a fault."""
    time, native = decode(message)
    if isinstance(native, str):
        return None
    (bits,) = struct.unpack("<Q", struct.pack("<d", native.sum))
    return time, bits if bits == STALE_BITS else told(native)
