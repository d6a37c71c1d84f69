"""OpenTelemetry's attributes as labels: each distinct attribute is read once.

Source: https://github.com/open-telemetry/opentelemetry-proto, common/v1/common.proto:

    KeyValue { string key = 1; AnyValue value = 2 }
    AnyValue { string = 1; bool = 2; int64 = 3; double = 4; ArrayValue { repeated AnyValue values = 1 } = 5;
               KeyValueList { repeated KeyValue values = 1 } = 6; bytes = 7 }
"""

import base64
import math
import struct
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec

from sightline.adapters.wire.otlp_names import label_name
from sightline.adapters.wire.protobuf import BAD_WIRE_TYPE, FIXED64, LENGTH, REASONS, VARINT, key, length, skip, varint
from sightline.domain.errors import MalformedBody

_DEEPEST: Final = 32
_KEPT: Final = 100_000
_WHOLE: Final = 1e21
"""Below it a double without a fraction is written without an exponent, as JSON is written everywhere."""


class Attribute(NamedTuple):
    """An attribute, the label that it becomes, and its value as text."""

    key: str
    label: str
    value: str


def malformed(reason: int, offset: int) -> MalformedBody:
    """The error for a reason of the protobuf module."""
    return MalformedBody(f"the body is no OTLP request: {REASONS[reason]}, at byte {offset}", offset=offset)


def text(data: bytes) -> str:
    """The string in these bytes.

    Raises:
        MalformedBody: they are not UTF-8.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise MalformedBody(f"the body is no OTLP request: {error.object[:80]!r} is not UTF-8") from None


class Attributes:
    """Reads attributes and remembers them by their bytes. Not thread-safe."""

    def __init__(self) -> None:
        """Start without any."""
        self._known: dict[bytes, Attribute] = {}

    def read(self, data: bytes, start: int, end: int, field: int) -> list[Attribute]:
        """The attributes that stand in the fields of that number in data[start:end], those without a name left out.

        Raises:
            MalformedBody: the message says where.
        """
        found = []
        for number, wire, place, stop in fields(data, start, end):
            if number == field:
                expect(wire, LENGTH, place)
                one = self._attribute(data[place:stop])
                if one.label:
                    found.append(one)
        return found

    def _attribute(self, data: bytes) -> Attribute:
        known = self._known.get(data)
        if known is None:
            name, value = _pair(data, 0, len(data), 0)
            known = Attribute(name, label_name(name), _written(value))
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[data] = known
        return known


def labels(attributes: Iterable[Attribute]) -> dict[str, str]:
    """Attributes as labels; values of several that become one label stand behind one another, in the order of their keys."""
    found: dict[str, str] = {}
    for one in sorted(attributes):
        found[one.label] = f"{found[one.label]};{one.value}" if one.label in found else one.value
    return found


def fields(data: bytes, position: int, end: int) -> Iterable[tuple[int, int, int, int]]:
    """The fields of a message: number, wire type, where the content begins and ends.

    Raises:
        MalformedBody: the message says where.
    """
    while position < end:
        at = position
        number, wire, position = key(data, position, end)
        place, stop = position, position
        if position >= 0 and wire == LENGTH:
            stop, place = length(data, position, end)
            position = stop if place >= 0 else place
        elif position >= 0:
            position = stop = skip(data, position, end, wire)
        if position < 0:
            raise malformed(-position, at)
        yield number, wire, place, stop


def expect(wire: int, wanted: int, at: int) -> None:
    """Refuse a field of another wire type.

    Raises:
        MalformedBody: it has another one.
    """
    if wire != wanted:
        raise malformed(BAD_WIRE_TYPE, at)


def _pair(data: bytes, start: int, end: int, depth: int) -> tuple[str, Any]:
    name, value = "", None
    for number, wire, place, stop in fields(data, start, end):
        if number in {1, 2}:
            expect(wire, LENGTH, place)
        if number == 1:
            name = text(data[place:stop])
        elif number == 2:
            value = _value(data, place, stop, depth)
    return name, value


def _value(data: bytes, start: int, end: int, depth: int) -> Any:
    """What a JSON encoder makes of an AnyValue, or takes of it."""
    if depth > _DEEPEST:
        raise MalformedBody(f"an attribute's value is nested deeper than {_DEEPEST} levels")
    value: Any = None
    for number, wire, place, stop in fields(data, start, end):
        match number:
            case 1:
                expect(wire, LENGTH, place)
                value = text(data[place:stop])
            case 2:
                expect(wire, VARINT, place)
                value = varint(data, place, stop)[0] != 0
            case 3:
                expect(wire, VARINT, place)
                value = varint(data, place, stop)[0]
            case 4:
                expect(wire, FIXED64, place)
                value = struct.unpack_from("<d", data, place)[0]
            case 5:
                expect(wire, LENGTH, place)
                value = [
                    _value(data, at, until, depth + 1)
                    for inner, _, at, until in fields(data, place, stop)
                    if inner == 1
                ]
            case 6:
                expect(wire, LENGTH, place)
                value = dict(
                    _pair(data, at, until, depth + 1) for inner, _, at, until in fields(data, place, stop) if inner == 1
                )
            case 7:
                expect(wire, LENGTH, place)
                value = data[place:stop]
            case _:
                pass
    return value


def _written(value: Any) -> str:
    """A value as text: strings as they are, numbers and booleans as JSON has them, lists and maps as JSON, bytes in base 64."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float):
        return _double(value)
    return msgspec.json.encode(value).decode()


def _double(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == int(value) and abs(value) < _WHOLE:
        return str(int(value))
    return repr(value)
