"""What the series of a point of OpenTelemetry follow from, as bytes: the same bytes are the same series."""

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire.otlp_layout import (
    ATTRIBUTES_END,
    ATTRIBUTES_START,
    KIND,
    OF_METRIC,
    SHAPE_END,
    SHAPE_START,
    SUMMARY,
)
from sightline.adapters.wire.protobuf import key, length, skip
from sightline.domain.kernels.compiled import kernel


def keys_in_python(
    data: bytes,
    prefixes: NDArray[np.int64],
    metrics: NDArray[np.int64],
    points: NDArray[np.int64],
    out: NDArray[np.uint8],
    bounds: NDArray[np.int64],
) -> None:
    """Write what a point's series follow from: the number of its metric, its shape and its attributes, one behind the other.

    prefixes: (m,), the numbers, not negative. out: room for eight bytes, the shape and the attributes of each point.
    bounds: (n + 1,), where each stands, written.
    """
    at = 0
    bounds[0] = 0
    for row in range(points.shape[1]):
        metric = points[OF_METRIC, row]
        rest = prefixes[metric]
        for step in range(8):
            out[at + step] = rest & 0xFF
            rest >>= 8
        at += 8
        if metrics[KIND, metric] == SUMMARY:
            position = points[SHAPE_START, row]
            stop = points[SHAPE_END, row]
            while position < stop:  # of what was checked before only the quantiles; values change from point to point
                _, _, position = key(data, position, stop)
                after, position = length(data, position, stop)
                for step in range(8):
                    out[at + step] = 0
                while position < after:
                    field, wire, position = key(data, position, after)
                    if field == 1:
                        for step in range(8):
                            out[at + step] = data[position + step]
                    position = skip(data, position, after, wire)
                at += 8
        else:
            for place in range(points[SHAPE_START, row], points[SHAPE_END, row]):
                out[at] = data[place]
                at += 1
        for place in range(points[ATTRIBUTES_START, row], points[ATTRIBUTES_END, row]):
            out[at] = data[place]
            at += 1
        bounds[row + 1] = at


keys = kernel(
    "void(Bytes(uint8, 1, 'C', readonly=True), Array(int64, 1, 'C', True), int64[:, ::1], int64[:, ::1], uint8[::1], int64[::1])",
    twin=keys_in_python,
)(keys_in_python)
"""`keys_in_python`, or the same as machine code once it is compiled."""
