"""The part of an exposition line that names its series, and the label sets of such parts, each parsed once.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/ and https://prometheus.io/docs/specs/om/open_metrics_spec/.
Both formats write series alike, `name{label="value",...}`, and with names beyond the old characters `{"name","label"="value",...}`.
"""

import re
from threading import Lock
from typing import Final

from sightline.adapters.wire.recent import Recent
from sightline.domain.labels import METRIC_NAME, Labels

# Measured: a series of 1 to 8 labels, all but one of them shared, takes 360 to 420 bytes beside its text.
_ENTRY_BYTES: Final = 400

_METRIC: Final = rb"[A-Za-z_:][A-Za-z0-9_:]*"
# Possessive throughout: a damaged line of megabytes must not make the search go back over it.
_QUOTED: Final = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_EXTENT: Final = re.compile(rb'(?:%b)?+(?:[ \t]*+\{[^"{}]*+(?:%b[^"{}]*+)*+\})?' % (_METRIC, _QUOTED), re.DOTALL)
_BLANK: Final = re.compile(rb"[ \t]*")
_BARE_METRIC: Final = re.compile(_METRIC)
_BRACE: Final = re.compile(rb"[ \t]*\{[ \t]*")
_NAME: Final = re.compile(rb"[ \t]*([A-Za-z_][A-Za-z0-9_]*|%b)[ \t]*" % _QUOTED, re.DOTALL)
_VALUE: Final = re.compile(rb"=[ \t]*(%b)[ \t]*" % _QUOTED, re.DOTALL)
_ESCAPE: Final = re.compile(r'\\([\\n"])')
_ESCAPED: Final = {"\\": "\\", "n": "\n", '"': '"'}


class LineMalformed(ValueError):
    """A line that is not the format; the message says what is wrong or was expected, for one who knows which line it is."""


def extent(line: bytes, start: int) -> int:
    """Where the part that names the series ends; `start` itself when none begins there."""
    found = _EXTENT.match(line, start)
    return start if found is None else found.end()


def pairs(series: bytes) -> list[tuple[str, str]]:
    """Name and value of each label as written, the metric's name as `__name__` where it is given.

    Raises:
        LineMalformed: not the grammar, or not UTF-8.
    """
    found: list[tuple[str, str]] = []
    bare = _BARE_METRIC.match(series)
    position = 0
    if bare is not None:
        found.append((METRIC_NAME, bare[0].decode()))
        position = bare.end()
    brace = _BRACE.match(series, position)
    if brace is None:
        if position != len(series) or not found:
            raise LineMalformed(f"expected a metric name or {{, found {shown(series[position:])}")
        return found
    position = brace.end()
    while series[position : position + 1] != b"}":
        label, position = _label(series, position)
        found.append(label)
        if series[position : position + 1] == b",":
            position = _after_blank(series, position + 1)
        elif series[position : position + 1] != b"}":
            raise LineMalformed(f"expected , or }} after a label, found {shown(series[position:])}")
    if position != len(series) - 1:
        raise LineMalformed(f"expected nothing after }}, found {shown(series[position + 1 :])}")
    return found


def _after_blank(series: bytes, position: int) -> int:
    blank = _BLANK.match(series, position)
    return position if blank is None else blank.end()


def _label(series: bytes, position: int) -> tuple[tuple[str, str], int]:
    """One `name="value"`, or a metric name in quotation marks, and where it ends."""
    name = _NAME.match(series, position)
    if name is None:
        raise LineMalformed(f"expected a label name, found {shown(series[position:])}")
    quoted = name[1].startswith(b'"')
    if series[name.end() : name.end() + 1] != b"=":
        if quoted:
            return (METRIC_NAME, _text(name[1][1:-1])), name.end()
        raise LineMalformed(f"expected = after label {shown(name[1])}, found {shown(series[name.end() :])}")
    value = _VALUE.match(series, name.end())
    if value is None:
        raise LineMalformed(
            f"expected a value in quotation marks for label {shown(name[1])}, found {shown(series[name.end() + 1 :])}"
        )
    return (_text(name[1][1:-1] if quoted else name[1]), _text(value[1][1:-1])), value.end()


def _text(raw: bytes) -> str:
    """What stands between quotation marks; a backslash before any other character is itself, as Prometheus reads it."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise LineMalformed(f"{shown(raw)} is not UTF-8") from None
    return _ESCAPE.sub(lambda match: _ESCAPED[match[1]], text) if "\\" in text else text


def label_set(series: bytes) -> Labels:
    """The label set that the text names; labels with an empty value are none.

    Raises:
        LineMalformed: as `pairs`; or a name twice, an empty one, or no metric name.
    """
    seen: dict[str, str] = {}
    for name, value in pairs(series):
        if not name:
            raise LineMalformed(f"a label name of {shown(series)} is empty")
        if name in seen:
            raise LineMalformed(f"label {name!r} of {shown(series)} is given twice")
        seen[name] = value
    if not seen.get(METRIC_NAME):
        raise LineMalformed(f"{shown(series)} has no metric name")
    return Labels.of(seen)


def shown(text: bytes) -> str:
    """A piece of a body, short enough for a message."""
    return repr(text[:60].decode(errors="replace")) if text else "the end of the line"


class SeriesCache:
    """Remembers label sets by the bytes that named them, within about `max_bytes` of memory; those not asked for go first.

    Bytes are compared, never only their hash. Equal label sets that `known` holds are one object, in whatever order their labels
    stood. Thread-safe.
    """

    def __init__(self, max_bytes: int) -> None:
        self._half = max_bytes // 2
        self._lock = Lock()
        self._by_text: Recent[bytes, Labels] = Recent()
        self._by_labels: Recent[Labels, Labels] = Recent()
        self._pairs: Recent[tuple[str, str], tuple[str, str]] = Recent()

    @property
    def known(self) -> dict[bytes, Labels]:
        """Label sets by the bytes that name them, to read only; who misses something asks `find`."""
        return self._by_text.young

    def __len__(self) -> int:
        """How many texts are remembered."""
        return len(self._by_text)

    def find(self, series: bytes) -> Labels | None:
        """The label set of bytes that were learnt before, or None."""
        with self._lock:
            labels = self._by_text.find(series, self._cost(series))
            return labels if labels is None else self._shared(labels)

    def learn(self, series: bytes) -> Labels:
        """The label set that the bytes name.

        Raises:
            LineMalformed: they name none.
        """
        labels = label_set(series)
        with self._lock:
            if self._by_text.weight > self._half:
                for generation in (self._by_text, self._by_labels, self._pairs):
                    generation.turn()
            labels = self._shared(labels)
            if self._by_text.find(series, self._cost(series)) is None:
                self._by_text.put(series, labels, self._cost(series))
            return labels

    def _shared(self, labels: Labels) -> Labels:
        """The one object of this label set, made of pairs that others share."""
        known = self._by_labels.find(labels, 0)
        if known is None:
            known = Labels(self._pair(one) for one in labels)
            self._by_labels.put(known, known, 0)
        return known

    def _pair(self, pair: tuple[str, str]) -> tuple[str, str]:
        known = self._pairs.find(pair, 0)
        if known is None:
            self._pairs.put(pair, pair, 0)
        return known or pair

    @staticmethod
    def _cost(series: bytes) -> int:
        return len(series) + _ENTRY_BYTES
