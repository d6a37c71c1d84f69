"""What remote write 1.0 says of metrics, in requests of its own: type, help and unit of each family.

Source: prompb/remote.proto and prompb/types.proto:

    WriteRequest   { repeated MetricMetadata metadata = 3 }
    MetricMetadata { MetricType type = 1; string metric_family_name = 2; string help = 4; string unit = 5 }
"""

from contextlib import suppress
from typing import Final

from sightline.adapters.wire.protobuf import BAD_WIRE_TYPE, LENGTH, VARINT, key, length, skip, varint
from sightline.adapters.wire.remote_write_labels import malformed
from sightline.domain.scrape.scraped import Metadata

TYPES: Final = ("unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset")
"""The metric types of both versions, by their numbers."""

MOST: Final = 20_000
"""Descriptions that one request may bring: senders bring 2,000, and the rest is not read."""

_METADATA: Final = 3
_TYPE: Final = 1
_NAME: Final = 2
_HELP: Final = 4
_UNIT: Final = 5


def described(data: bytes) -> dict[str, Metadata]:
    """The descriptions in a WriteRequest whose top level is known to be whole, by metric family; the last of a name counts.

    At most MOST; those without a name, or whose texts are not UTF-8, are left out.

    Raises:
        MalformedBody: one of them is no message.
    """
    found: dict[str, Metadata] = {}
    position = 0
    while position < len(data) and len(found) < MOST:
        field, wire, position = key(data, position, len(data))
        if field != _METADATA:
            position = skip(data, position, len(data), wire)
            continue
        end, position = length(data, position, len(data))
        with suppress(UnicodeDecodeError):
            name, said = _read(data, position, end)
            if name:
                found[name] = said
        position = end
    return found


def type_name(number: int) -> str:
    """The name of a metric type; one that nobody has defined yet is unknown."""
    return TYPES[number] if 0 <= number < len(TYPES) else TYPES[0]


def _read(data: bytes, position: int, end: int) -> tuple[str, Metadata]:
    kind = 0
    texts = {_NAME: b"", _HELP: b"", _UNIT: b""}
    while position < end:
        at = position
        field, wire, position = key(data, position, end)
        if position < 0:
            raise malformed(-position, at)
        if (field == _TYPE and wire != VARINT) or (field in texts and wire != LENGTH):
            raise malformed(BAD_WIRE_TYPE, at)
        after = position
        if field == _TYPE:
            kind, position = varint(data, position, end)
        elif field in texts:
            position, after = length(data, position, end)
            texts[field] = data[after:position]
            if after < 0:
                position = after
        else:
            position = skip(data, position, end, wire)
        if position < 0:
            raise malformed(-position, at)
    return texts[_NAME].decode(), Metadata(type_name(kind), texts[_HELP].decode(), texts[_UNIT].decode())
