"""Series from the bytes of Influx lines: measurement, tags and the key of a field, each distinct combination parsed once.

A field is the series `<measurement>_<field>` with the tags as labels and, where the request names a database, the label `db`. Names
are taken as they are: Prometheus has UTF-8 names since version 3, and two names never become one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from sightline.domain.errors import InvalidLabel
from sightline.domain.kernels.spans import ABSENT
from sightline.domain.metrics.lengthened import lengthened
from sightline.domain.metrics.roster import Roster
from sightline.domain.metrics.samples import Index
from sightline.domain.metrics.span_table import Spans, SpanTable

DATABASE: Final = "db"
"""The label that has the name of the database, as with VictoriaMetrics; a tag of that name goes before."""
REFUSED: Final = -2
"""In place of a number: no series can be made of it."""

DEFAULT_BYTES: Final = 128 * 1024 * 1024
_FEWEST: Final = 1024
_NAME: Final = b"__name__"
_SEPARATOR: Final = b"\xff"
_ESCAPED: Final = re.compile(rb"\\([, =])")
_ESCAPED_IN_MEASUREMENT: Final = re.compile(rb"\\([, ])")
_COMMA: Final = re.compile(rb"(?<!\\),")
_EQUALS: Final = re.compile(rb"(?<!\\)=")

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Head:
    """Measurement and tags, as canonical bytes but for the metric's name, which stands between."""

    before: bytes
    measurement: bytes
    after: bytes

    @classmethod
    def of(cls, text: bytes, database: bytes) -> "Head":
        """Read a head that `scan` found to be one.

        Raises:
            InvalidLabel: a tag twice, one with the name that metrics have, or text that is not UTF-8.
        """
        _check_text(text)
        measurement, *tags = _COMMA.split(text)
        found: dict[bytes, bytes] = {}
        for tag in tags:
            name, value = (_unescaped(part) for part in _EQUALS.split(tag, 1))
            if name in found:
                raise InvalidLabel(f"duplicate tags: {_shown(name)} is given twice", label=_shown(name))
            if name == _NAME:
                raise InvalidLabel("a tag must not be named __name__: that is where the metric's name stands")
            found[name] = value
        if database:
            found.setdefault(DATABASE.encode(), database)
        ordered = sorted(found.items())
        return cls(
            b"".join([name + _SEPARATOR + value + _SEPARATOR for name, value in ordered if name < _NAME]),
            _ESCAPED_IN_MEASUREMENT.sub(rb"\1", measurement) if b"\\" in measurement else measurement,
            b"".join([_SEPARATOR + name + _SEPARATOR + value for name, value in ordered if name > _NAME]),
        )

    def series(self, key: bytes) -> bytes:
        """The canonical bytes of a field's series.

        Raises:
            InvalidLabel: the key is not UTF-8.
        """
        _check_text(key)
        return b"".join((self.before, _NAME, _SEPARATOR, self.measurement, b"_", _unescaped(key), self.after))


@dataclass(frozen=True, slots=True, eq=False)
class Fields:
    """n values of k lines: line i has its head at data[heads[i]:head_ends[i]]; value j is of line owners[j], its key at keys[j]."""

    data: bytes
    heads: Numbers
    head_ends: Numbers
    owners: Index
    keys: Numbers
    key_ends: Numbers

    def parts(self, row: int) -> tuple[bytes, bytes]:
        """The head of a value's line and its key."""
        line = int(self.owners[row])
        head = self.data[int(self.heads[line]) : int(self.head_ends[line])]
        return head, self.data[int(self.keys[row]) : int(self.key_ends[row])]


class _Known:
    """The number in a roster of each combination of database, head and key."""

    def __init__(self) -> None:
        self.databases: dict[str, int] = {}
        self.heads = SpanTable()
        self.keys = SpanTable()
        self.triples = SpanTable()
        self.numbers = np.empty(0, np.int64)

    @property
    def nbytes(self) -> int:
        return self.heads.nbytes + self.keys.nbytes + self.triples.nbytes + self.numbers.nbytes

    def spans(self, fields: Fields, database: str) -> Spans:
        """What a combination is known by: its three numbers, as bytes."""
        rows = len(fields.owners)
        triples = np.empty((rows, 3), np.uint32)
        triples[:, 0] = self.databases.setdefault(database, len(self.databases))
        triples[:, 1] = self.heads.put(Spans(fields.data, fields.heads, fields.head_ends))[fields.owners]
        triples[:, 2] = self.keys.put(Spans(fields.data, fields.keys, fields.key_ends))
        bounds = triples.itemsize * 3 * np.arange(rows + 1)
        return Spans(triples.tobytes(), bounds[:-1], bounds[1:])


class SeriesCache:
    """Remembers the number of each combination of database, head and key, within `max_bytes`; then it starts anew. Thread-safe."""

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._tables: WeakKeyDictionary[Roster, _Known] = WeakKeyDictionary()

    def numbers(self, fields: Fields, database: str, roster: Roster) -> Numbers:
        """The numbers in the roster of the series of values, int64 (n,); REFUSED where `explain` says why there is none."""
        if not len(fields.owners):
            return np.empty(0, np.int64)
        with self._lock:
            known = self._tables.get(roster)
            if known is None:
                known = self._tables[roster] = _Known()
            spans = known.spans(fields, database)
            found = known.triples.find(spans)
            absent = np.flatnonzero(found == ABSENT)
            if len(absent):
                before = len(known.triples)
                found[absent] = known.triples.put(spans.taken(absent))
                fresh, first = np.unique(found, return_index=True)
                rows = first[fresh >= before].tolist()
                if len(known.triples) > len(known.numbers):
                    known.numbers = lengthened(known.numbers, max(_FEWEST, 3 * len(known.triples) // 2))
                known.numbers[before : len(known.triples)] = _named(fields, rows, database.encode(), roster)
            numbers = known.numbers[found]
            if len(absent) and sum(held.nbytes for held in self._tables.values()) > self._max_bytes:
                self._tables.clear()
        return numbers


def explain(fields: Fields, row: int) -> InvalidLabel:
    """Why the value of a row, which is refused, is of no series."""
    head, key = fields.parts(row)
    try:
        Head.of(head, b"").series(key)
    except InvalidLabel as error:
        return error
    return InvalidLabel("it is no series")


def _named(fields: Fields, rows: Sequence[int], database: bytes, roster: Roster) -> Numbers:
    """The numbers of the series of some values, each parsed; REFUSED where that fails."""
    heads: dict[bytes, Head | None] = {}
    numbers = np.full(len(rows), REFUSED, np.int64)
    texts, places = [], []
    for place, row in enumerate(rows):
        text, key = fields.parts(row)
        try:
            if text not in heads:
                heads[text] = None
                heads[text] = Head.of(text, database)
            if (head := heads[text]) is not None:
                texts.append(head.series(key))
                places.append(place)
        except InvalidLabel:
            continue
    numbers[places] = roster.numbers_of(Spans.of(texts))
    return numbers


def _check_text(text: bytes) -> None:
    if text.isascii():
        return
    try:
        text.decode()
    except UnicodeDecodeError:
        raise InvalidLabel(f"{text[:80]!r} is not UTF-8") from None


def _unescaped(text: bytes) -> bytes:
    return _ESCAPED.sub(rb"\1", text) if b"\\" in text else text


def _shown(text: bytes) -> str:
    return text[:80].decode(errors="replace")
