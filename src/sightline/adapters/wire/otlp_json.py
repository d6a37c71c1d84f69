"""OTLP's JSON as OTLP's protobuf, so that both are decoded alike.

Source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding: names in lowerCamelCase, 64-bit integers as strings or
numbers, trace and span ids in hexadecimal, enumerations as integers, fields that are not known ignored.
"""

import base64
import binascii
import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from sightline.adapters.wire.protobuf import FIXED64, LENGTH, VARINT, encoded_varint, field
from sightline.domain.errors import InvalidField, MalformedBody

_WORD: Final = 1 << 64
_DOUBLES: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_DEEPEST: Final = 100
"""Levels of values within values."""


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of a message. wire: its wire type; write: what makes its bytes; fields: of a message, its own."""

    number: int
    wire: int
    write: Callable[[Any, str], bytes] | None = None
    fields: Callable[[], Mapping[str, "_Field"]] | None = None
    repeated: bool = False


def metrics_as_protobuf(data: bytes) -> bytes:
    """An ExportMetricsServiceRequest in JSON as protobuf.

    Raises:
        MalformedBody: no JSON object.
        InvalidField: a field with a value that it cannot have; the message begins with its path.
    """
    try:
        tree = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedBody(f"the body is no JSON: {error}") from None
    return _message(tree, _REQUEST, "", 0)


def _message(tree: Any, known: Mapping[str, _Field], path: str, depth: int) -> bytes:
    if not isinstance(tree, dict):
        raise InvalidField(f"{path or InvalidField.WHOLE}: must be an object", field=path)
    if depth > _DEEPEST:
        raise InvalidField(f"{path[:100]}...: values are nested deeper than {_DEEPEST} levels", field=path[:100])
    made = []
    for name, one in known.items():
        value = tree.get(name)
        if value is not None:
            made.append(_written(value, one, f"{path}.{name}" if path else name, depth))
    return b"".join(made)


def _written(value: Any, one: _Field, path: str, depth: int) -> bytes:
    if not one.repeated:
        return _single(value, one, path, depth)
    if not isinstance(value, list):
        raise InvalidField(f"{path}: must be a list", field=path)
    items = [_single(item, one, f"{path}[{place}]", depth) for place, item in enumerate(value)]
    if one.wire == LENGTH:
        return b"".join(items)
    content = b"".join(item[len(encoded_varint(one.number << 3)) :] for item in items)  # packed
    return field(one.number, content) if items else b""


def _single(value: Any, one: _Field, path: str, depth: int) -> bytes:
    """One value with its key."""
    if one.fields is not None:
        return field(one.number, _message(value, one.fields(), path, depth + 1))
    assert one.write is not None  # noqa: S101 - a field is a message or has a writer
    content = one.write(value, path)
    return field(one.number, content) if one.wire == LENGTH else encoded_varint(one.number << 3 | one.wire) + content


def _text(value: Any, path: str) -> bytes:
    if not isinstance(value, str):
        raise InvalidField(f"{path}: must be a string", field=path)
    return value.encode(errors="replace")


def _hexadecimal(value: Any, path: str) -> bytes:
    try:
        return bytes.fromhex(value)
    except (TypeError, ValueError):
        raise InvalidField(f"{path}: must be hexadecimal digits", field=path) from None


def _base64(value: Any, path: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise InvalidField(f"{path}: must be base 64", field=path) from None


def _integer(value: Any, path: str, least: int, most: int) -> int:
    try:
        found = (
            int(value) if isinstance(value, str | int) or (isinstance(value, float) and value.is_integer()) else None
        )
    except ValueError:
        found = None
    if found is None or isinstance(value, bool) or not least <= found <= most:
        raise InvalidField(f"{path}: must be an integer from {least} to {most}, as a number or a string", field=path)
    return found


def _varint(bits: int, *, signed: bool) -> Callable[[Any, str], bytes]:
    least, most = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    return lambda value, path: encoded_varint(_integer(value, path, least, most))


def _zigzag(value: Any, path: str) -> bytes:
    number = _integer(value, path, -(1 << 31), (1 << 31) - 1)
    return encoded_varint(2 * number if number >= 0 else -2 * number - 1)


def _fixed(value: Any, path: str) -> bytes:
    return struct.pack("<Q", _integer(value, path, 0, _WORD - 1))


def _signed(value: Any, path: str) -> bytes:
    return struct.pack("<q", _integer(value, path, -(_WORD >> 1), (_WORD >> 1) - 1))


def _double(value: Any, path: str) -> bytes:
    try:
        found = _DOUBLES[value] if isinstance(value, str) and value in _DOUBLES else float(value)
    except (TypeError, ValueError, OverflowError):
        found = None
    if found is None or isinstance(value, bool):
        raise InvalidField(f"{path}: must be a number", field=path)
    return struct.pack("<d", found)


def _boolean(value: Any, path: str) -> bytes:
    if not isinstance(value, bool):
        raise InvalidField(f"{path}: must be true or false", field=path)
    return encoded_varint(int(value))


def _string(number: int) -> _Field:
    return _Field(number, LENGTH, _text)


def _number(number: int) -> _Field:
    return _Field(number, FIXED64, _double)


def _count(number: int) -> _Field:
    return _Field(number, FIXED64, _fixed)


def _inner(number: int, fields: Mapping[str, _Field]) -> _Field:
    return _Field(number, LENGTH, fields=lambda: fields)


def _each(number: int, fields: Mapping[str, _Field]) -> _Field:
    return _Field(number, LENGTH, fields=lambda: fields, repeated=True)


def _value_fields() -> Mapping[str, _Field]:
    return _VALUE


def _pair_fields() -> Mapping[str, _Field]:
    return _PAIR


_VALUE: Final[dict[str, _Field]] = {
    "stringValue": _string(1),
    "boolValue": _Field(2, VARINT, _boolean),
    "intValue": _Field(3, VARINT, _varint(64, signed=True)),
    "doubleValue": _number(4),
    "arrayValue": _inner(5, {"values": _Field(1, LENGTH, fields=_value_fields, repeated=True)}),
    "kvlistValue": _inner(6, {"values": _Field(1, LENGTH, fields=_pair_fields, repeated=True)}),
    "bytesValue": _Field(7, LENGTH, _base64),
}
_PAIR: Final = {"key": _string(1), "value": _inner(2, _VALUE)}
_EXEMPLAR: Final = {
    "timeUnixNano": _count(2),
    "asDouble": _number(3),
    "spanId": _Field(4, LENGTH, _hexadecimal),
    "traceId": _Field(5, LENGTH, _hexadecimal),
    "asInt": _Field(6, FIXED64, _signed),
    "filteredAttributes": _each(7, _PAIR),
}
_FLAGS: Final = _varint(32, signed=False)
_TIMES: Final = {"startTimeUnixNano": _count(2), "timeUnixNano": _count(3)}
_NUMBER_POINT: Final = {
    **_TIMES,
    "asDouble": _number(4),
    "exemplars": _each(5, _EXEMPLAR),
    "asInt": _Field(6, FIXED64, _signed),
    "attributes": _each(7, _PAIR),
    "flags": _Field(8, VARINT, _FLAGS),
}
_HISTOGRAM_POINT: Final = {
    **_TIMES,
    "count": _count(4),
    "sum": _number(5),
    "bucketCounts": _Field(6, FIXED64, _fixed, repeated=True),
    "explicitBounds": _Field(7, FIXED64, _double, repeated=True),
    "exemplars": _each(8, _EXEMPLAR),
    "attributes": _each(9, _PAIR),
    "flags": _Field(10, VARINT, _FLAGS),
    "min": _number(11),
    "max": _number(12),
}
_BUCKETS: Final = {
    "offset": _Field(1, VARINT, _zigzag),
    "bucketCounts": _Field(2, VARINT, _varint(64, signed=False), repeated=True),
}
_EXPONENTIAL_POINT: Final = {
    "attributes": _each(1, _PAIR),
    **_TIMES,
    "count": _count(4),
    "sum": _number(5),
    "scale": _Field(6, VARINT, _zigzag),
    "zeroCount": _count(7),
    "positive": _inner(8, _BUCKETS),
    "negative": _inner(9, _BUCKETS),
    "flags": _Field(10, VARINT, _FLAGS),
    "exemplars": _each(11, _EXEMPLAR),
    "min": _number(12),
    "max": _number(13),
    "zeroThreshold": _number(14),
}
_SUMMARY_POINT: Final = {
    **_TIMES,
    "count": _count(4),
    "sum": _number(5),
    "quantileValues": _each(6, {"quantile": _number(1), "value": _number(2)}),
    "attributes": _each(7, _PAIR),
    "flags": _Field(8, VARINT, _FLAGS),
}
_TEMPORALITY: Final = {"aggregationTemporality": _Field(2, VARINT, _varint(32, signed=True))}
_METRIC: Final = {
    "name": _string(1),
    "description": _string(2),
    "unit": _string(3),
    "gauge": _inner(5, {"dataPoints": _each(1, _NUMBER_POINT)}),
    "sum": _inner(
        7, {"dataPoints": _each(1, _NUMBER_POINT), **_TEMPORALITY, "isMonotonic": _Field(3, VARINT, _boolean)}
    ),
    "histogram": _inner(9, {"dataPoints": _each(1, _HISTOGRAM_POINT), **_TEMPORALITY}),
    "exponentialHistogram": _inner(10, {"dataPoints": _each(1, _EXPONENTIAL_POINT), **_TEMPORALITY}),
    "summary": _inner(11, {"dataPoints": _each(1, _SUMMARY_POINT)}),
}
_SCOPE: Final = {"name": _string(1), "version": _string(2), "attributes": _each(3, _PAIR)}
_REQUEST: Final = {
    "resourceMetrics": _each(
        1,
        {
            "resource": _inner(1, {"attributes": _each(1, _PAIR)}),
            "scopeMetrics": _each(
                2, {"scope": _inner(1, _SCOPE), "metrics": _each(2, _METRIC), "schemaUrl": _string(3)}
            ),
            "schemaUrl": _string(3),
        },
    )
}
