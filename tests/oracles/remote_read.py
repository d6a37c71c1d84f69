"""The slow, obvious reader of remote read's answers: bits as text, plain recursion over protobuf fields, one object a sample."""

import struct
from collections.abc import Iterator
from typing import Any

Sample = tuple[int, int]
"""Time in ms and the bits of the value."""
Series = tuple[tuple[tuple[str, str], ...], list[Sample]]


def response(message: bytes) -> list[list[Series]]:
    """The results of an uncompressed ReadResponse."""
    return [[_timeseries(one) for number, one in _fields(result) if number == 1] for _, result in _fields(message)]


def _timeseries(message: bytes) -> Series:
    labels, samples = [], []
    for number, content in _fields(message):
        if number == 1:
            labels.append(_label(content))
        else:
            found = dict(_fields(content))
            samples.append((_signed(found.get(2, 0)), int.from_bytes(found.get(1, bytes(8)), "little")))
    return tuple(labels), samples


class Frame:
    """One frame of a streamed answer: what query it belongs to, its labels, and the samples of each of its chunks."""

    def __init__(self, message: bytes) -> None:
        found = dict(_fields(message))
        self.size = len(message)
        self.query = found.get(2, 0)
        parts = list(_fields(found[1]))
        self.labels = tuple(_label(content) for number, content in parts if number == 1)
        self.chunks = [_chunk(content) for number, content in parts if number == 2]
        self.data = [dict(_fields(content))[4] for number, content in parts if number == 2]


def frames(stream: bytes) -> list[Frame]:
    """The frames of a streamed answer, whose checksums are right."""
    found, at = [], 0
    while at < len(stream):
        size, at = _varint(stream, at)
        (check,) = struct.unpack_from(">I", stream, at)
        message = stream[at + 4 : at + 4 + size]
        assert len(message) == size, "the last frame is cut off"
        assert crc32c(message) == check, "a checksum is wrong"
        found.append(Frame(message))
        at += 4 + size
    return found


def raw_chunks(stream: bytes) -> Iterator[tuple[tuple[tuple[str, str], ...], int, int, int, bytes]]:
    """Labels, first and last time, encoding and data of every chunk of a streamed answer, of whatever encoding, in its order."""
    at = 0
    while at < len(stream):
        size, at = _varint(stream, at)
        message = stream[at + 4 : at + 4 + size]
        assert int.from_bytes(stream[at : at + 4], "big") == crc32c(message)
        parts = list(_fields(dict(_fields(message))[1]))
        labels = tuple(_label(content) for number, content in parts if number == 1)
        for number, content in parts:
            if number == 2:
                one = dict(_fields(content))
                yield labels, _signed(one.get(1, 0)), _signed(one.get(2, 0)), one[3], one[4]
        at += 4 + size


def merged(found: list[Frame]) -> dict[int, list[Series]]:
    """The series of each query, of all their frames."""
    queries: dict[int, list[Series]] = {}
    for frame in found:
        series = queries.setdefault(frame.query, [])
        if not series or series[-1][0] != frame.labels:
            series.append((frame.labels, []))
        for chunk in frame.chunks:
            series[-1][1].extend(chunk)
    return queries


def _chunk(message: bytes) -> list[Sample]:
    found = dict(_fields(message))
    assert found[3] == 1, "no XOR chunk"
    samples = xor_chunk(found[4])
    assert (_signed(found.get(1, 0)), _signed(found.get(2, 0))) == (samples[0][0], samples[-1][0])
    return samples


def xor_chunk(data: bytes) -> list[Sample]:
    """The samples of a chunk."""
    count = int.from_bytes(data[:2], "big")
    zigzag, at = _varint(data, 2)
    time = zigzag // 2 if zigzag % 2 == 0 else -(zigzag + 1) // 2
    value = int.from_bytes(data[at : at + 8], "big")
    samples, at = [(time, value)], at + 8
    if count == 1:
        assert data[at:] in (b"", b"\0"), "something is left over"
        return samples
    step, at = _varint(data, at)
    bits = Bits(data[at:])
    leading = length = 0
    for number in range(1, count):
        if number > 1:
            step += _second_difference(bits)
        time += step
        if bits.take(1):
            if bits.take(1):
                leading, length = bits.take(5), bits.take(6) or 64
            value ^= bits.take(length) << (64 - leading - length)
        samples.append((time, value))
    assert len(bits.text) <= 8, "something is left over"  # Prometheus begins a byte that it may not need
    assert "1" not in bits.text, "something is left over"
    return samples


def _second_difference(bits: "Bits") -> int:
    for length in (0, 14, 17, 20):
        if not bits.take(1):
            number = bits.take(length)
            return number - (1 << length) if length and number > 1 << (length - 1) else number
    number = bits.take(64)
    return number - (1 << 64) if number >> 63 else number


class Bits:
    """Bits that are taken one after another, from the highest of each byte on."""

    def __init__(self, data: bytes) -> None:
        self.text = "".join(f"{byte:08b}" for byte in data)

    def take(self, count: int) -> int:
        """The next ones as a number."""
        taken, self.text = self.text[:count], self.text[count:]
        assert len(taken) == count, "the chunk ends too early"
        return int(taken or "0", 2)


def crc32c(data: bytes) -> int:
    """CRC-32 with Castagnoli's polynomial, bit by bit."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def _label(message: bytes) -> tuple[str, str]:
    found = dict(_fields(message))
    return found.get(1, b"").decode(), found.get(2, b"").decode()


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        if key & 7 == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        size = 8
        if key & 7 == 2:
            size, at = _varint(message, at)
        assert key & 7 in (1, 2)
        yield key >> 3, message[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while data[at] >= 0x80:
        value |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
    return value | data[at] << shift, at + 1


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value
