"""The slow, obvious twin of the decoder of remote write 2.0: plain recursion over protobuf fields."""

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from tests.oracles import histogram_message
from tests.oracles.remote_write import RefusedError, fields, varint

Pairs = tuple[tuple[str, str], ...]
Value = tuple[int, object]
"""Time in ms, and the bits of a double or a histogram as it is told."""


class BrokenError(Exception):
    """A rule of a series is broken."""


@dataclass
class Request:
    """What a request says: series with samples, those of one label set together, exemplars, and how many samples are left out."""

    series: dict[Pairs, list[Value]] = field(default_factory=dict)
    exemplars: list[tuple[Pairs, Pairs, int, int]] = field(default_factory=list)
    left_out: int = 0
    broken: int = 0
    unreadable: int = 0


def decode(message: bytes) -> Request:
    """Decode an uncompressed request.

    Raises:
        RefusedError: it is none.
    """
    symbols, raw = [], []
    for number, wire, content in fields(message):
        if number in {4, 5} and wire != 2:
            raise RefusedError
        if number == 4:
            symbols.append(content)
        if number == 5:
            raw.append(_series(content))
    if (message and not symbols and not raw) or (symbols and symbols[0]) or (raw and not symbols):
        raise RefusedError
    found = Request()
    for refs, kinds, values, exemplars in raw:
        try:
            labels = _allowed(symbols, refs, kinds)
        except BrokenError:
            found.broken += 1
            found.left_out += len(values)
            found.unreadable += len(exemplars)
            continue
        kept = [value for value in values if value is not None]
        found.left_out += len(values) - len(kept)
        if kept:
            found.series.setdefault(labels, []).extend(kept)
        for own, time, bits in exemplars:
            try:
                found.exemplars.append((labels, _labels(symbols, own, is_sorted=False), time, bits))
            except BrokenError:
                found.unreadable += 1
    return found


def _series(message: bytes) -> tuple[list[int], set[int], list[Value | None], list[tuple[list[int], int, int]]]:
    refs: list[int] = []
    kinds: set[int] = set()
    values: list[Value | None] = []
    exemplars = []
    for number, wire, content in fields(message):
        if (2 <= number <= 5 and wire != 2) or (number == 1 and wire not in {0, 2}):
            raise RefusedError
        if 2 <= number <= 4:
            kinds.add(number)
        if number == 1:
            refs += _refs(content)
        if number == 2:
            values.append(_point(content))
        if number == 3:
            values.append(histogram_message.stored(content))
        if number == 4:
            exemplars.append(_exemplar(content))
        if number == 5 and any(part in {1, 3, 4} and kind != 0 for part, kind, _ in list(fields(content))):
            raise RefusedError
    return refs, kinds, values, exemplars


def _allowed(symbols: list[bytes], refs: list[int], kinds: set[int]) -> Pairs:
    if kinds >= {2, 3} or not kinds:
        raise BrokenError
    return _labels(symbols, refs)


def _labels(symbols: list[bytes], refs: list[int], *, is_sorted: bool = True) -> Pairs:
    if len(refs) % 2 or any(ref >= len(symbols) for ref in refs):
        raise BrokenError
    with suppress(UnicodeDecodeError):
        texts = [symbols[ref].decode() for ref in refs]
        names = texts[0::2]
        if "" in names or len(set(names)) != len(names) or (is_sorted and names != sorted(names)):
            raise BrokenError
        return tuple(sorted((name, value) for name, value in zip(names, texts[1::2], strict=True) if value))
    raise BrokenError


def _refs(content: bytes) -> Iterator[int]:
    position = 0
    while position < len(content):
        value, position = varint(content, position)
        yield value % 2**32


def _point(message: bytes) -> Value:
    time, bits = 0, 0
    for number, wire, content in fields(message):
        if (number == 1 and wire != 1) or (number == 2 and wire != 0):
            raise RefusedError
        if number == 1:
            (bits,) = struct.unpack("<Q", content)
        if number == 2:
            time = _signed(content)
    return time, bits


def _exemplar(message: bytes) -> tuple[list[int], int, int]:
    refs: list[int] = []
    time, bits = 0, 0
    for number, wire, content in fields(message):
        if (number == 1 and wire not in {0, 2}) or (number == 2 and wire != 1) or (number == 3 and wire != 0):
            raise RefusedError
        if number == 1:
            refs += _refs(content)
        if number == 2:
            (bits,) = struct.unpack("<Q", content)
        if number == 3:
            time = _signed(content)
    return refs, time, bits


def _signed(content: bytes) -> int:
    raw, _ = varint(content, 0)
    return raw - 2**64 if raw >= 2**63 else raw
