"""Samples that servers reported as JSON objects, made in Arrow with no Python object for each.

{"server_id":"...","hostname":"...","metric_type":"cpu","metric_name":"usage","labels":{"core":"0"},"value":45.2,
"timestamp":"2026-11-21T10:00:00.000Z"}; values that JSON has no number for are "NaN", "+Inf" and "-Inf".
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sightline.adapters.inbound.http.answers import BLOCK, Rendering
from sightline.adapters.inbound.http.columns import constant, flags, numbers, texts
from sightline.adapters.inbound.http.floats import sample_texts
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import SeriesColumns, Times, Values
from sightline.domain.servers.report import HOSTNAME, SERVER_ID, metric_of

# Arrow's functions take arrays and scalars together, which its type stubs deny.
_arrow: Final[Any] = pc
_TIME, _END, _QUOTE, _NOTHING = constant(',"timestamp":"'), constant('"},'), constant('"'), constant("")
_RFC3339: Final = "%Y-%m-%dT%H:%M:%SZ"  # seconds come with three decimals, as the column has milliseconds


def rendering(columns: SeriesColumns) -> Rendering:
    """The answer `{"metrics":[...]}`, one object a sample, in order of series and time."""
    return Rendering(columns.samples, enveloped(columns.labels, columns.offsets, columns.times, columns.values))


def enveloped(labels: Sequence[Labels], offsets: NDArray[np.int64], times: Times, values: Values) -> Iterator[bytes]:
    """`{"metrics":[...]}` in pieces, from s series in compressed rows; see SeriesColumns."""
    yield b'{"metrics":['
    openings = texts(map(_opening, labels))
    series = np.repeat(np.arange(len(labels)), np.diff(offsets))
    for start in range(0, len(times), BLOCK):
        rows = slice(start, start + BLOCK)
        if start:
            yield b","
        yield _objects(_arrow.take(openings, numbers(series[rows])), times[rows], values[rows])
    yield b"]}"


def _objects(openings: pa.StringArray, times: Times, values: Values) -> bytes:
    """One object for each row, comma-separated."""
    moments = pa.Array.from_buffers(pa.timestamp("ms"), len(times), numbers(times).buffers())
    shown = _arrow.strftime(moments, format=_RFC3339)
    objects = _arrow.binary_join_element_wise(openings, _numbers(values), _TIME, shown, _END, _NOTHING)
    return b"".join(objects.buffers()[2:])[:-1]


def _numbers(values: Values) -> Any:
    written = sample_texts(values)
    finite = np.isfinite(values)
    if finite.all():
        return written
    quoted = _arrow.binary_join_element_wise(_QUOTE, written, _QUOTE, _NOTHING)
    return _arrow.if_else(flags(finite), written, quoted)


def _opening(labels: Labels) -> str:
    """What stands before a value."""
    metric_type, metric_name, own = metric_of(labels)
    series = {
        "server_id": labels.get(SERVER_ID),
        "hostname": labels.get(HOSTNAME),
        "metric_type": metric_type,
        "metric_name": metric_name,
        "labels": dict(own),
    }
    return msgspec.json.encode(series).decode()[:-1] + ',"value":'
