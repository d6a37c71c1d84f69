"""StatsD's lines to values by series: `name:value|type`, with a sample rate, and with tags as other products write them.

Source: https://github.com/statsd/statsd/blob/master/docs/metric_types.md, https://docs.datadoghq.com/developers/dogstatsd and
https://github.com/prometheus/statsd_exporter#tagging-extensions, whose choices these are: times in ms become seconds, characters
that a name may not have become `_`. What DogStatsD adds beside (containers, timestamps) is read and not used.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np

from sightline.adapters.wire.dotted_names import DottedNames
from sightline.adapters.wire.exposition_numbers import number
from sightline.adapters.wire.recent import Recent
from sightline.domain.statsd.measured import Head, Kind, Measured

MAX_CACHED_BYTES: Final = 32 << 20
"""Memory for what names and types mean that were seen lately."""
_ENTRY_BYTES: Final = 400
_KINDS: Final = {
    b"c": Kind.COUNTER,
    b"g": Kind.GAUGE,
    b"ms": Kind.TIMER,
    b"h": Kind.TIMER,
    b"d": Kind.TIMER,
    b"s": Kind.SET,
}
_MILLISECONDS: Final = b"ms"
_IGNORED: Final = (b"c:", b"T", b"e:", b"card:")
_EVENTS: Final = (b"_e{", b"_sc|")
_DOGSTATSD: Final = (b"|#", b"|c:", b"|T")
_PLAIN: Final = re.compile(rb"[0-9]{1,200}(?:\.[0-9]{0,200})?")
_SIGNS: Final = (b"+", b"-")
# The name, and tags in it: `name,a=b`, `name#a=b`, `name[a=b]`.
_NAME: Final = re.compile(r"([^,#\[\]]+)(?:[,#]([^\[\]]*)|\[([^\[\]]*)\])?(.*)", re.DOTALL)


class Reason(StrEnum):
    """Why a line, or a value of it, is left out."""

    LINE = "line"
    """Not `name:value|type`."""
    NAME = "name"
    """No UTF-8, or no name."""
    TYPE = "type"
    """A type that there is not."""
    RATE = "rate"
    """A sample rate that is not above 0 and at most 1."""
    VALUE = "value"
    """No finite number, or a counter that would go down."""
    EVENT = "event"
    """An event or a service check of DogStatsD."""
    MAPPED = "mapped"
    """A mapping leaves it out."""


@dataclass(frozen=True, slots=True)
class StatsdBlock:
    """What a block brings. left_out: how many lines or values for what reason. example: the first of them that is wrong."""

    measured: Measured
    left_out: Mapping[Reason, int] = field(default_factory=dict)
    example: bytes = b""


class _Refused(Exception):
    """A line is left out."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class _Meaning(NamedTuple):
    """What name and type of a line mean. factor: what its numbers are multiplied by."""

    head: Head
    factor: float


class StatsdDecoder:
    """Decodes blocks of lines and remembers what names and types mean. Not thread-safe."""

    def __init__(self, names: DottedNames, *, max_cached_bytes: int = MAX_CACHED_BYTES) -> None:
        self._names = names
        self._half = max_cached_bytes // 2
        self._known: Recent[tuple[bytes, bytes], _Meaning] = Recent()

    def decode(self, block: bytes) -> StatsdBlock:
        """The values of whole lines; each line counts for itself, empty ones do not."""
        reading = _Reading()
        get, add = self._known.young.get, reading.add
        for line in block.split(b"\n"):
            # Nearly all lines are of a name and a type that came before, with a number that has no sign.
            name, _, rest = line.partition(b":")
            value, _, kind = rest.partition(b"|")
            meaning = get((name, kind))
            if meaning is not None and _PLAIN.fullmatch(value) and meaning.head.kind is not Kind.SET:
                add(meaning.head, float(value) * meaning.factor)
            elif text := line.strip():
                self._read_any(reading, text)
        return StatsdBlock(reading.measured(), reading.left_out, reading.example)

    def _read_any(self, reading: "_Reading", text: bytes) -> None:
        """The values of a line, however it is written."""
        for name, value, kind in _parts(text):
            try:
                self._read(reading, name, value, kind)
            except _Refused as refused:
                reading.left_out[refused.reason] += 1
                if refused.reason not in {Reason.MAPPED, Reason.EVENT}:
                    reading.example = reading.example or text

    def _read(self, reading: "_Reading", name: bytes, value: bytes, kind: bytes) -> None:
        meaning = self._known.young.get((name, kind)) or self._meaning(name, kind)
        head = meaning.head
        if head.kind is Kind.SET:
            reading.add(head, 0.0)
            reading.members.append(value)
            return
        try:
            amount = number(value) * meaning.factor
        except ValueError:
            raise _Refused(Reason.VALUE) from None
        if not math.isfinite(amount) or (head.kind is Kind.COUNTER and amount < 0):
            raise _Refused(Reason.VALUE)
        reading.add(head, amount, signed=value[:1] in _SIGNS)

    def _meaning(self, name: bytes, kind: bytes) -> _Meaning:
        cost = len(name) + len(kind) + _ENTRY_BYTES
        meaning = self._known.find((name, kind), cost)
        if meaning is None:
            meaning = self._learnt(name, kind)
            if self._known.weight > self._half:
                self._known.turn()
            self._known.put((name, kind), meaning, cost)
        return meaning

    def _learnt(self, name: bytes, kind: bytes) -> _Meaning:
        word, *more = kind.split(b"|")
        if name.startswith(_EVENTS):
            raise _Refused(Reason.EVENT)
        if word not in _KINDS or not name:
            raise _Refused(Reason.TYPE if word and name else Reason.LINE)
        weight, tags = 1.0, b""
        for one in more:
            if one.startswith(b"@"):
                weight = 1 / _rate(one[1:])
            elif one.startswith(b"#"):
                tags = one[1:]
            elif one and not one.startswith(_IGNORED):
                raise _Refused(Reason.LINE)
        try:
            found = _NAME.fullmatch(name.decode())
            behind = list(_tags(tags.decode(), ":"))
        except UnicodeDecodeError:
            raise _Refused(Reason.NAME) from None
        if found is None:
            raise _Refused(Reason.NAME)
        # A bracket may stand within a name, as SignalFx has it.
        within = list(_tags(found[2] or found[3] or "", "="))
        labels = self._names.labels(found[1] + found[4], [*within, *behind])
        if labels is None:
            raise _Refused(Reason.MAPPED)
        found_kind = _KINDS[word]
        weighs = found_kind in {Kind.COUNTER, Kind.TIMER}
        return _Meaning(Head(found_kind, labels, weight if weighs else 1.0), 0.001 if word == _MILLISECONDS else 1.0)


class _Reading:
    """A block being read."""

    def __init__(self) -> None:
        self.heads: list[Head] = []  # which keeps them, so that no other head gets the identity of one of them
        self.places: dict[int, int] = {}  # by identity, which is quicker than to compare labels
        self.which: list[int] = []
        self.values: list[float] = []
        self.signed: list[bool] = []
        self.members: list[bytes] = []
        self.left_out: Counter[Reason] = Counter()
        self.example = b""

    def add(self, head: Head, value: float, *, signed: bool = False) -> None:
        """One value."""
        place = self.places.get(id(head))
        if place is None:
            place = self.places[id(head)] = len(self.heads)
            self.heads.append(head)
        self.which.append(place)
        self.values.append(value)
        self.signed.append(signed)

    def measured(self) -> Measured:
        """All of it in columns."""
        return Measured(
            self.heads,
            np.array(self.which, np.uint32),
            np.array(self.values, np.float64),
            np.array(self.signed, np.bool_),
            self.members,
        )


def _parts(line: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Name, value and type of each value of a line: of one type, `a:1:2|c`, or with types of their own, `a:1|c:2|g`.

    What is no such line is one value without a type.
    """
    name, _, rest = line.partition(b":")
    value, _, kind = rest.partition(b"|")
    if b":" not in rest or name.startswith(_EVENTS):
        yield name, value, kind
    elif b":" in value or any(mark in kind for mark in _DOGSTATSD):
        for one in value.split(b":"):
            yield name, one, kind
    else:
        for one in rest.split(b":"):
            value, _, kind = one.partition(b"|")
            yield name, value, kind


def _rate(text: bytes) -> float:
    try:
        rate = number(text)
    except ValueError:
        raise _Refused(Reason.RATE) from None
    if not 0 < rate <= 1:
        raise _Refused(Reason.RATE)
    return rate


def _tags(text: str, sign: str) -> Iterator[tuple[str, str]]:
    """Tags; one without a value is none, as there."""
    for one in text.split(","):
        name, found, value = one.partition(sign)
        if found and name:
            yield name, value
