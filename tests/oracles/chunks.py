"""Chunks read as domain/kernels/chunk.py describes their bytes, a number at a time, for comparison."""

import struct
from itertools import accumulate

HOUR = 3_600_000


def hour(time: int) -> int:
    """The hour ((h - 1) hours, h hours] in which an instant lies."""
    return -(-time // HOUR)


def pieces(times: list[int], longest: int) -> list[list[int]]:
    """The times of one series in chunks."""
    found: list[list[int]] = []
    for time in times:
        if not found or hour(found[-1][-1]) != hour(time) or len(found[-1]) == longest:
            found.append([])
        found[-1].append(time)
    return found


def unpacked(data: bytes, count: int) -> tuple[list[int], int, dict[int, float]]:
    """The zigzag numbers of a packed sequence, its form, and its exceptions by place."""
    form, rest = data[0], data[1:]
    exceptions = {}
    if form & 32:
        misses = int.from_bytes(rest[:2], "little")
        places = struct.unpack_from(f"<{misses}H", rest, 2)
        bits = struct.unpack_from(f"<{misses}d", rest, 2 + 2 * misses)
        exceptions = dict(zip(places, bits, strict=True))
        rest = rest[2 + 10 * misses :]
    first = 0
    if form & 64:
        (first,) = struct.unpack("<q", rest[:8])
        rest = rest[8:]
    width = form & 15
    assert len(rest) == width * count
    numbers = [int.from_bytes(rest[at::count], "little") for at in range(count)]
    if form & 64:
        assert numbers[0] == 0
        numbers[0] = 2 * first if first >= 0 else -2 * first - 1
    return numbers, form, exceptions


def plain(numbers: list[int], form: int) -> list[int]:
    """Zigzag numbers, or differences, as what they stand for."""
    signed = [number // 2 if number % 2 == 0 else -(number + 1) // 2 for number in numbers]
    return list(accumulate(signed)) if form & 16 else signed


def times_of(first: int, span: int, count: int, data: bytes) -> list[int]:
    """The times of a chunk."""
    step = span // (count - 1) if count > 1 else 0
    off = plain(*unpacked(data, count)[:2]) if data else [0] * count
    return [first + at * step + own for at, own in enumerate(off)]


def values_of(scale: int, lowest: int, count: int, data: bytes) -> list[bytes]:
    """The values of a chunk, eight bytes each."""
    numbers, form, exceptions = unpacked(data, count)
    if scale == 255:
        bits = accumulate(numbers, lambda last, number: last ^ number, initial=lowest % 2**64)
        return [one.to_bytes(8, "little") for one in list(bits)[1:]]
    whole = [number + lowest for number in plain(numbers, form)]
    return [struct.pack("<d", exceptions.get(at, number / 10**scale)) for at, number in enumerate(whole)]
