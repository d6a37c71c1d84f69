"""Native histograms in protobuf, of remote write or of a scraped page, to columns.

Source: prompb/types.proto and io/prometheus/write/v2/types.proto (the message Histogram is the same in both), and
io/prometheus/client/metrics.proto; https://prometheus.io/docs/specs/native_histograms/.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire import histogram_scan as layout
from sightline.adapters.wire.histogram_scan import scan_histograms
from sightline.adapters.wire.remote_write_scan import DONE, FULL
from sightline.domain.errors import BodyTooLarge
from sightline.domain.metrics.native_histograms import NO_HISTOGRAMS, Buckets, Histograms
from sightline.domain.metrics.samples import Times, stale_mask

Roles = NDArray[np.int64]

BUCKETS_A_SAMPLE: Final = 20
"""Buckets that histograms may have at once for each sample that may come at once, counted in bytes where they are whole counts."""


def _roles(fields: dict[int, int]) -> Roles:
    table = np.zeros(max(fields) + 1, np.int64)
    for number, role in fields.items():
        table[number] = role
    return table


WRITTEN: Final = _roles(
    {
        1: layout.COUNT,
        2: layout.COUNT_FLOAT,
        3: layout.SUM,
        4: layout.SCHEMA,
        5: layout.ZERO_THRESHOLD,
        6: layout.ZERO_COUNT,
        7: layout.ZERO_COUNT_FLOAT,
        8: layout.POSITIVE_SPANS + 1,
        9: layout.POSITIVE_DELTAS + 1,
        10: layout.POSITIVE_COUNTS + 1,
        11: layout.POSITIVE_SPANS,
        12: layout.POSITIVE_DELTAS,
        13: layout.POSITIVE_COUNTS,
        14: layout.HINT,
        15: layout.TIME,
        16: layout.CUSTOM,
    }
)
"""The fields of a Histogram of remote write, 1.0 and 2.0. The start timestamp of 2.0 is not kept."""
SCRAPED: Final = _roles(
    {
        1: layout.COUNT,
        2: layout.SUM,
        4: layout.COUNT_FLOAT,
        5: layout.SCHEMA,
        6: layout.ZERO_THRESHOLD,
        7: layout.ZERO_COUNT,
        8: layout.ZERO_COUNT_FLOAT,
        9: layout.POSITIVE_SPANS + 1,
        10: layout.POSITIVE_DELTAS + 1,
        11: layout.POSITIVE_COUNTS + 1,
        12: layout.POSITIVE_SPANS,
        13: layout.POSITIVE_DELTAS,
        14: layout.POSITIVE_COUNTS,
    }
)
"""The fields of an io.prometheus.client.Histogram that are of its native part."""

SAID: Final = {
    layout.SPANS_DIFFER: "its spans cover more or fewer buckets than it has counts",
    layout.SPAN_BACKWARDS: "a span after the first has a negative offset",
    layout.INDEX_TOO_LARGE: "the index of a bucket is beyond 32 bits",
    layout.COUNT_NEGATIVE: "the count of a bucket is negative or beyond 2^62",
    layout.BOTH_KINDS: "it has buckets both in whole counts and in floats",
    layout.SCHEMA_UNKNOWN: "its schema is neither -4 to 8 nor -53",
}
"""What a message says of a fault, after `a native histogram cannot be stored: `."""


@dataclass(frozen=True, slots=True, eq=False)
class HistogramFields:
    """h decoded messages. times: int64 (h,), ms. faults: uint8 (h,), 0 or a key of SAID, whose histograms are empty ones.

    stale: bool (h,), those that mark the end of their series: a histogram whose sum is the stale marker.
    """

    histograms: Histograms
    times: Times
    faults: NDArray[np.uint8]
    stale: NDArray[np.bool_]


class NoHistogram(Exception):
    """A message that is none; `reason` of the protobuf module, at byte `offset`."""

    def __init__(self, reason: int, offset: int) -> None:
        super().__init__(reason, offset)
        self.reason = reason
        self.offset = offset


NO_FIELDS: Final = HistogramFields(NO_HISTOGRAMS, np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0, np.bool_))


def histogram_fields(
    data: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64], roles: Roles, most: int, setting: str
) -> HistogramFields:
    """Decode the messages data[starts[i]:ends[i]], int64 (h,). most: samples that may come at once, as `setting` says.

    Raises:
        BodyTooLarge: they have more than BUCKETS_A_SAMPLE times as many buckets.
        NoHistogram: one of them is none.
    """
    h = len(starts)
    if not h:
        return NO_FIELDS
    size = int((ends - starts).sum())
    room = min(size, most * BUCKETS_A_SAMPLE)  # a bucket takes a byte at least
    schema, reset, faults = np.empty(h, np.int8), np.empty(h, np.uint8), np.empty(h, np.uint8)
    times, doubles = np.empty(h, np.int64), np.zeros(layout.DOUBLES * h, np.float64)
    offsets, index, counts = np.empty(h + 1, np.int64), np.empty(room, np.int32), np.empty(room, np.float64)
    others = np.empty(h + 1, np.int64), np.empty(room, np.int32), np.empty(room, np.float64)
    custom_offsets, custom = np.empty(h + 1, np.int64), np.empty(size // 8, np.float64)
    found = np.zeros(1, np.int64)
    status = scan_histograms(
        data,
        starts,
        ends,
        roles,
        schema,
        reset,
        times,
        doubles,
        doubles.view(np.uint32),
        offsets,
        index,
        counts,
        counts.view(np.uint32),
        others[0],
        others[1],
        others[2],
        others[2].view(np.uint32),
        custom_offsets,
        custom.view(np.uint32),
        faults,
        found,
    )
    if status == FULL:
        raise BodyTooLarge(
            f"the native histograms hold more buckets than {setting} = {most} allows, which are {BUCKETS_A_SAMPLE} times as many",
            limit=setting,
            allowed=most,
        )
    if status != DONE:
        raise NoHistogram(status, int(found[0]))
    four = doubles.reshape(h, layout.DOUBLES)
    histograms = Histograms(
        schema,
        reset,
        four[:, layout.THRESHOLD_AT].copy(),
        four[:, layout.ZERO_AT].copy(),
        four[:, layout.COUNT_AT].copy(),
        four[:, layout.SUM_AT].copy(),
        _filled(offsets, index, counts),
        _filled(*others),
        custom_offsets,
        custom[: custom_offsets[-1]].copy(),
    )
    return HistogramFields(histograms, times, faults, stale_mask(histograms.sum))


def _filled(offsets: NDArray[np.int64], index: NDArray[np.int32], counts: NDArray[np.float64]) -> Buckets:
    """Copies of what was written, because the room was for the longest."""
    return Buckets(offsets, index[: offsets[-1]].copy(), counts[: offsets[-1]].copy())
