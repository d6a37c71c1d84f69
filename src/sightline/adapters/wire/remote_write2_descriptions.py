"""What series of remote write 2.0 say of their metrics, each description read once and not with every request."""

from threading import Lock
from typing import Final

import numpy as np

from sightline.adapters.wire import remote_write2_symbols as text
from sightline.adapters.wire.remote_write2_labels import Request
from sightline.adapters.wire.remote_write2_scan import NONE
from sightline.adapters.wire.remote_write_metadata import MOST, type_name
from sightline.domain.metrics.span_table import Spans, SpanTable
from sightline.domain.scrape.scraped import Metadata

_KEPT: Final = 200_000
"""Descriptions remembered, of all senders together; then all are read anew."""
_SEPARATOR: Final = b"\xff"
_PARTS: Final = {
    "histogram": ("_bucket", "_count", "_sum"),
    "gaugehistogram": ("_bucket", "_gcount", "_gsum"),
    "summary": ("_count", "_sum"),
}


class Descriptions:
    """Remembers the descriptions that it has read. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._begin_anew()

    def said(self, request: Request) -> dict[str, Metadata]:
        """What a request says of metrics, by metric family; of several of one the last counts. The first MOST are read."""
        k = len(request.series_refs) - 1
        names = np.empty(k, np.int64)
        text.metric_names(request.refs, request.series_refs, request.symbol_kind, names)
        latest = np.full(len(request.symbol_start), NONE, np.int64)
        out, bounds, rows = np.empty(len(request.data), np.uint8), np.empty(k + 1, np.int64), np.empty(k, np.int64)
        symbols = request.symbol_start, request.symbol_end
        count = text.write_descriptions(request.data, *symbols, names, request.descriptions, latest, out, bounds, rows)
        count = min(count, MOST)
        spans = Spans(out[: bounds[count]].tobytes(), bounds[:count], bounds[1 : count + 1])
        with self._lock:
            if len(self._read) > _KEPT:
                self._begin_anew()
            numbers = self._known.put(spans)
            fresh = np.arange(len(self._read), len(self._known))
            self._read += map(_told, self._known.texts(fresh).texts())
            return dict(map(self._read.__getitem__, numbers.tolist()))

    def _begin_anew(self) -> None:
        self._known, self._read = SpanTable(), list[tuple[str, Metadata]]()


def _told(said: bytes) -> tuple[str, Metadata]:
    """A description that was written as type, name, help and unit. What is not UTF-8 is shown as well as can be."""
    kind = type_name(said[0])
    name, *parts = said[1:].split(_SEPARATOR)
    told = parts if len(parts) == 2 else (b"", b"")
    about, unit = (part.decode(errors="replace") for part in told)
    return _family(name.decode(errors="replace"), kind), Metadata(kind, about, unit)


def _family(name: str, kind: str) -> str:
    """The metric family of a series, which is called by its own name unless it is a part of a histogram or summary."""
    for ending in _PARTS.get(kind, ()):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name
