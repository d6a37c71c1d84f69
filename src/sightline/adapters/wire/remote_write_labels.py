"""Label sets from the bytes of remote-write label fields, each distinct stretch of bytes parsed once."""

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Final

from sightline.adapters.wire.protobuf import BAD_WIRE_TYPE, LENGTH, REASONS, key, length, skip
from sightline.domain.errors import InvalidLabel, MalformedBody
from sightline.domain.labels import Labels

Span = tuple[int, int]
"""Where a stretch of label fields lies: its first byte and the byte after its last."""

# 100,000 series of 300 label bytes; with the label sets, which share their strings, about 100 MB of memory in the worst case.
DEFAULT_BYTES: Final = 32 * 1024 * 1024


class LabelCache:
    """Remembers the label set of each distinct run of label bytes, within `max_bytes` of such bytes; then it starts anew.

    Bytes are compared, never only their hash. Equal label sets that came as different bytes are one object. Thread-safe.
    """

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._held = 0
        # The engine puts its series ids here in place of label sets, so that a known series costs one look-up and nothing else.
        self._by_bytes: dict[bytes, Labels] = {}
        self._by_labels: dict[Labels, Labels] = {}
        self._pairs: dict[bytes, tuple[str, str]] = {}

    def resolve(self, data: bytes, series: Sequence[Sequence[Span]]) -> list[Labels]:
        """The label set of each series, given as the stretches of `data` where its label fields stand.

        Within one answer equal label sets are one object.

        Raises:
            InvalidLabel: a name twice or empty, or text that is not UTF-8; the message names the series.
            MalformedBody: a label field that is no label message.
        """
        keys = [
            data[spans[0][0] : spans[0][1]] if len(spans) == 1 else b"".join([data[start:end] for start, end in spans])
            for spans in series
        ]
        with self._lock:
            if self._held > self._max_bytes:
                self._forget()
            found = [self._by_bytes.get(one) for one in keys]
            return [
                self._learn(data, keys[number], series[number]) if labels is None else labels
                for number, labels in enumerate(found)
            ]

    def _forget(self) -> None:
        self._held = 0
        self._by_bytes.clear()
        self._by_labels.clear()
        self._pairs.clear()

    def _learn(self, data: bytes, one: bytes, spans: Sequence[Span]) -> Labels:
        known = self._by_bytes.get(one)  # the same bytes may stand twice in one request
        if known is not None:
            return known
        fields = _fields(data, spans)
        try:
            pairs = [self._pair(data, field) for field in fields]
        except UnicodeDecodeError as error:
            series = _shown(_replaced(_label(data, *field)) for field in fields)
            raise InvalidLabel(f"series {series}: {error.object[:80]!r} is not UTF-8") from None
        labels = _label_set(pairs)
        labels = self._by_labels.setdefault(labels, labels)
        self._by_bytes[one] = labels
        self._held += len(one)
        return labels

    def _pair(self, data: bytes, field: Span) -> tuple[str, str]:
        """Name and value of one label."""
        one = data[field[0] : field[1]]
        known = self._pairs.get(one)
        if known is None:
            name, value = _label(data, *field)
            known = self._pairs[one] = name.decode(), value.decode()
            self._held += len(one)
        return known


def _fields(data: bytes, spans: Iterable[Span]) -> list[Span]:
    """Where the label messages lie; the spans hold whole fields, so the bounds are known to be right."""
    found = []
    for start, end in spans:
        position = start
        while position < end:
            if data[position] == 0x0A and data[position + 1] < 0x80:  # what every sender writes; 0.5 us less a label
                position, after = position + 2, position + 2 + data[position + 1]
            else:
                _, _, position = key(data, position, end)
                after, position = length(data, position, end)
            found.append((position, after))
            position = after
    return found


def _label(data: bytes, position: int, end: int) -> tuple[bytes, bytes]:
    """Read a Label { string name = 1; string value = 2 }."""
    name = value = b""
    while position < end:
        at = position
        field, wire, position = key(data, position, end)
        if position < 0:
            raise malformed(-position, at)
        if field not in {1, 2}:
            position = skip(data, position, end, wire)
            if position < 0:
                raise malformed(-position, at)
            continue
        if wire != LENGTH:
            raise malformed(BAD_WIRE_TYPE, at)
        after, position = length(data, position, end)
        if position < 0:
            raise malformed(-position, at)
        if field == 1:
            name = data[position:after]
        else:
            value = data[position:after]
        position = after
    return name, value


def malformed(reason: int, offset: int) -> MalformedBody:
    """The error for a reason of the protobuf module."""
    return MalformedBody(f"the body is no remote-write request: {REASONS[reason]}, at byte {offset}", offset=offset)


def _replaced(label: tuple[bytes, bytes]) -> tuple[str, str]:
    return label[0].decode(errors="replace"), label[1].decode(errors="replace")


def _label_set(pairs: Sequence[tuple[str, str]]) -> Labels:
    seen: dict[str, str] = {}
    for name, value in pairs:
        if not name:
            raise InvalidLabel(f"series {_shown(pairs)}: a label name is empty")
        if name in seen:
            raise InvalidLabel(f"series {_shown(pairs)}: label {name!r} is given twice", label=name)
        seen[name] = value
    return Labels.of(seen)


def _shown(pairs: Iterable[tuple[str, str]]) -> str:
    """A series as PromQL writes it, short enough for a message."""
    return str(Labels(pairs))[:200]
