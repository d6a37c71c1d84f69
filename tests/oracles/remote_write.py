"""The slow, obvious twin of the remote-write decoder: plain recursion over protobuf fields, one object a sample."""

import struct
from collections.abc import Iterator
from contextlib import suppress

Sample = tuple[int, int | bytes]
"""Time in ms and the bits of the value; of a histogram time 0 and its message."""
Exemplar = tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...], int, int]
"""Labels of the series, own labels, time in ms and the bits of the value."""


class RefusedError(Exception):
    """These bytes are no WriteRequest."""


class BadLabelError(Exception):
    """A label that may not be."""


def decode(message: bytes) -> list[tuple[tuple[tuple[str, str], ...], list[Sample]]]:
    """The series with samples of an uncompressed WriteRequest, equal label sets merged, samples in the order they came.

    Series with bad labels and what stands for a histogram are left out.
    """
    found: dict[tuple[tuple[str, str], ...], list[Sample]] = {}
    for raw, samples in _all_series(message):
        with suppress(BadLabelError):
            labels = _label_set(raw)
            if samples:
                found.setdefault(labels, []).extend(samples)
    return list(found.items())


def bad_series(message: bytes) -> int:
    """How many samples and histograms belong to series with bad labels, and -1 where there is no such series."""
    refused = -1
    for raw, samples in _all_series(message):
        try:
            _label_set(raw)
        except BadLabelError:
            refused = max(refused, 0) + len(samples)
    return refused


def _all_series(message: bytes) -> list[tuple[list[tuple[bytes, bytes]], list[Sample]]]:
    fields = list(_fields(message, {1: 2, 3: 2}))
    if message and not any(number in {1, 3} for number, _ in fields):
        raise RefusedError
    return [_timeseries(bytes(content)) for number, content in fields if number == 1]


def histograms(message: bytes) -> list[bytes]:
    """The messages of all histograms."""
    return [value for _, samples in _all_series(message) for _, value in samples if isinstance(value, bytes)]


def metadata(message: bytes) -> dict[str, tuple[int, str, str]]:
    """Type, help and unit by metric."""
    found = {}
    for top, content in _fields(message, {1: 2, 3: 2}):
        if top == 3:
            parts = dict(_fields(content, {1: 0, 2: 2, 4: 2, 5: 2}))
            with suppress(UnicodeDecodeError):
                name, about, unit = (parts.get(number, b"").decode() for number in (2, 4, 5))
                if name:
                    kind, _ = varint(parts.get(1, b"\0"), 0)
                    found[name] = kind if kind < 8 else 0, about, unit
    return found


def exemplars(message: bytes) -> tuple[list[Exemplar], int]:
    """The exemplars of an uncompressed WriteRequest in the order they came, and how many more had labels that may not be."""
    found = []
    for top, content in list(_fields(message, {1: 2, 3: 2})):
        if top == 1:
            fields = list(_fields(bytes(content), {1: 2, 2: 2, 3: 2, 4: 2}))
            raw = [_label(bytes(part)) for number, part in fields if number == 1]
            found += [(raw, _exemplar(bytes(part))) for number, part in fields if number == 3]
    readable: list[Exemplar] = []
    for series, (labels, time, bits) in found:
        try:
            readable.append((_label_set(series), _label_set(labels), time, bits))
        except BadLabelError:
            continue
    return readable, len(found) - len(readable)


def _exemplar(message: bytes) -> tuple[list[tuple[bytes, bytes]], int, int]:
    """Labels, time and the bits of the value."""
    labels, time, bits = [], 0, 0
    for number, content in _fields(message, {1: 2, 2: 1, 3: 0}):
        if number == 1:
            labels.append(_label(bytes(content)))
        if number == 2:
            (bits,) = struct.unpack("<Q", content)
        if number == 3:
            raw, _ = varint(content, 0)
            time = raw - 2**64 if raw >= 2**63 else raw
    return labels, time, bits


def _timeseries(message: bytes) -> tuple[list[tuple[bytes, bytes]], list[Sample]]:
    labels, samples = [], []
    for number, content in _fields(message, {1: 2, 2: 2, 3: 2, 4: 2}):
        if number == 1:
            labels.append(_label(bytes(content)))
        if number == 2:
            samples.append(_sample(bytes(content)))
        if number == 4:
            samples.append((0, bytes(content)))
    return labels, samples


def _label(message: bytes) -> tuple[bytes, bytes]:
    parts = {1: b"", 2: b""}
    parts.update((number, bytes(content)) for number, content in _fields(message, {1: 2, 2: 2}) if number in parts)
    return parts[1], parts[2]


def _sample(message: bytes) -> Sample:
    time, bits = 0, 0
    for number, content in _fields(message, {1: 1, 2: 0}):
        if number == 1:
            (bits,) = struct.unpack("<Q", content)
        if number == 2:
            raw, _ = varint(content, 0)
            time = raw - 2**64 if raw >= 2**63 else raw
    return time, bits


def _label_set(raw: list[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    try:
        pairs = [(name.decode(), value.decode()) for name, value in raw]
    except UnicodeDecodeError as error:
        raise BadLabelError from error
    names = [name for name, _ in pairs]
    if "" in names or len(set(names)) != len(names):
        raise BadLabelError
    return tuple(sorted(pair for pair in pairs if pair[1]))


def _fields(message: bytes, known: dict[int, int]) -> Iterator[tuple[int, bytes]]:
    """Each field's number and the bytes of its value; `known` says which wire type a number must have."""
    for number, wire, content in fields(message):
        if known.get(number, wire) != wire:
            raise RefusedError
        yield number, content


def fields(message: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Each field's number, wire type and the bytes of its value."""
    position = 0
    while position < len(message):
        key, position = varint(message, position)
        number, wire = key >> 3, key & 7
        if not 0 < number < 2**29:
            raise RefusedError
        start = position
        if wire == 0:
            _, position = varint(message, position)
        elif wire == 1:
            position += 8
        elif wire == 5:
            position += 4
        elif wire == 2:
            size, start = varint(message, position)
            position = start + size
        else:
            raise RefusedError
        if position > len(message):
            raise RefusedError
        yield number, wire, message[start:position]


def varint(message: bytes, position: int) -> tuple[int, int]:
    """An unsigned number and the place after it."""
    value = 0
    for index in range(10):
        if position >= len(message):
            raise RefusedError
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            if value >= 2**64:
                raise RefusedError
            return value, position
    raise RefusedError
