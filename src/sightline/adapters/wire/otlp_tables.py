"""The tables that one pass over an ExportMetricsServiceRequest fills."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire import otlp_layout as layout
from sightline.adapters.wire.otlp_attributes import malformed
from sightline.adapters.wire.otlp_scan import scan
from sightline.domain.errors import BodyTooLarge, MalformedBody

# What a point and a metric take at least, as SDKs write them with an attribute or two; other requests are scanned again.
_POINT_BYTES: Final = 48
_METRIC_BYTES: Final = 64
_SCOPE_BYTES: Final = 256
_LARGER: Final = 8
_SHORTEST: Final = 2
"""Bytes that a message takes in another one."""


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """The filled columns; their rows are named in the scan's module. exemplars: how many points have some."""

    resources: NDArray[np.int64]
    scopes: NDArray[np.int64]
    metrics: NDArray[np.int64]
    points: NDArray[np.int64]
    exemplars: int


def tables(data: bytes, max_points: int) -> tuple[bytes, Tables]:
    """Go over a request; returns its bytes, written anew where they were written in an unusual way, and what stands in them.

    Raises:
        MalformedBody: no such request; the message says where.
        BodyTooLarge: more points than that.
    """
    found, filled = _filled(data, max_points)
    if found[layout.UNUSUAL]:
        data = _usual(data)
        _, filled = _filled(data, max_points)
    return data, filled


def _filled(data: bytes, max_points: int) -> tuple[NDArray[np.int64], Tables]:
    most = min(len(data) // _SHORTEST + 1, max_points)
    counts = (layout.RESOURCES, layout.SCOPES, layout.METRICS, layout.POINTS)
    heights = (layout.RESOURCE_ROWS, layout.SCOPE_ROWS, layout.METRIC_ROWS, layout.POINT_ROWS)
    widths = [min(len(data) // size + 16, most) for size in (_SCOPE_BYTES, _SCOPE_BYTES, _METRIC_BYTES, _POINT_BYTES)]
    while True:
        made = [np.zeros(shape, np.int64) for shape in zip(heights, widths, strict=True)]
        found = np.zeros(layout.FOUND, np.int64)
        status = scan(data, made[0], made[1], made[2], made[3], found)
        if status != layout.FULL:
            break
        full = [found[count] >= width for count, width in zip(counts, widths, strict=True)]
        if any(is_full and width == most for is_full, width in zip(full, widths, strict=True)):
            message = f"the request holds more than {max_points} points or metrics, which is what intake.request_samples allows"
            raise BodyTooLarge(message, limit="intake.request_samples", allowed=max_points)
        widths = [min(_LARGER * width, most) if is_full else width for is_full, width in zip(full, widths, strict=True)]
    if status != layout.DONE:
        raise malformed(status, int(found[layout.OFFSET]))
    filled = [np.ascontiguousarray(table[:, : found[count]]) for table, count in zip(made, counts, strict=True)]
    return found, Tables(filled[0], filled[1], filled[2], filled[3], int(found[layout.EXEMPLARS]))


def _usual(data: bytes) -> bytes:
    """The same request as protobuf's own library writes it."""
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
        ExportMetricsServiceRequest,
    )

    try:
        return ExportMetricsServiceRequest.FromString(data).SerializeToString()
    except DecodeError as error:
        raise MalformedBody(f"the body is no OTLP request: {error}") from None
