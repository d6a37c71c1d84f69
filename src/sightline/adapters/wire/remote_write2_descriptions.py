"""What series of remote write 2.0 say of their metrics, each description told once and not with every request."""

from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np

from sightline.adapters.wire import remote_write2_symbols as text
from sightline.adapters.wire.remote_write2_labels import Request
from sightline.adapters.wire.remote_write2_scan import NONE
from sightline.adapters.wire.remote_write_metadata import MOST, type_name
from sightline.domain.metrics.roster import Roster
from sightline.domain.metrics.span_table import Spans, SpanTable
from sightline.domain.scrape.scraped import Metadata

_KEPT: Final = 200_000
"""Descriptions remembered, all rosters together; then all are told anew."""
_SEPARATOR: Final = b"\xff"
_PARTS: Final = {
    "histogram": ("_bucket", "_count", "_sum"),
    "gaugehistogram": ("_bucket", "_gcount", "_gsum"),
    "summary": ("_count", "_sum"),
}


class Descriptions:
    """Remembers which descriptions there were. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: WeakKeyDictionary[Roster, SpanTable] = WeakKeyDictionary()

    def news(self, request: Request, roster: Roster) -> dict[str, Metadata]:
        """What a request says of metrics that was not said before, by metric family."""
        k = len(request.series_refs) - 1
        names = np.empty(k, np.int64)
        text.metric_names(request.refs, request.series_refs, request.symbol_kind, names)
        latest = np.full(len(request.symbol_start), NONE, np.int64)
        out, bounds, rows = np.empty(len(request.data), np.uint8), np.empty(k + 1, np.int64), np.empty(k, np.int64)
        symbols = request.symbol_start, request.symbol_end
        count = text.write_descriptions(request.data, *symbols, names, request.descriptions, latest, out, bounds, rows)
        spans = Spans(out[: bounds[count]].tobytes(), bounds[:count], bounds[1 : count + 1])
        with self._lock:
            known = self._known.get(roster)
            if known is None:
                known = self._known[roster] = SpanTable()
            before = len(known)
            fresh = known.put(spans) >= before
            if sum(map(len, self._known.values())) > _KEPT:
                self._known.clear()
        return dict(map(_told, dict.fromkeys(spans.taken(np.flatnonzero(fresh)[:MOST]).texts())))


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
