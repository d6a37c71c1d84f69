"""Native histograms in columns. Source: https://prometheus.io/docs/specs/native_histograms/.

A sample that is a native histogram stands among the samples of its series as one NaN, the mark, so that order, staleness, late
samples, deletes and retention are those of all samples; the histogram itself lies beside it in these columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.metrics.consecutive import spans

Values = NDArray[np.float64]

MARK_BITS: Final = 0x7FF86E6174697665
"""The NaN that says that a sample is a native histogram; a float that has these bits on its own is no sample."""
MARK: Final = np.array([MARK_BITS], dtype=np.uint64).view(np.float64)[0]

CUSTOM_SCHEMA: Final = -53
"""The schema of histograms whose buckets have bounds of their own, the upper ones in `custom`."""
LEAST_SCHEMA: Final = -4
GREATEST_SCHEMA: Final = 8


SAMPLE_BYTES: Final = 16
"""Bytes of a histogram that count as a sample where samples are counted against a limit."""


class ResetHint(IntEnum):
    """What a histogram says of the one before it in its series."""

    UNKNOWN = 0
    RESET = 1
    NOT_RESET = 2
    GAUGE = 3


def mark_mask(values: Values) -> NDArray[np.bool_]:
    """Which values are the mark, by bit pattern; shape as `values`."""
    return np.equal(values.view(np.uint64), np.uint64(MARK_BITS))


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """The buckets of h histograms in compressed rows, those that have nothing left out.

    offsets: int64 (h + 1,); histogram i has index[offsets[i]:offsets[i + 1]], int32, strictly ascending, and likewise counts,
    float64, of each bucket alone. Bucket j of schema s reaches from 2^((j - 1) / 2^s), excluded, to 2^(j / 2^s);
    of custom bounds b from b[j - 1], excluded, to b[j], without end where there is none.
    """

    offsets: NDArray[np.int64]
    index: NDArray[np.int32]
    counts: NDArray[np.float64]

    @classmethod
    def none(cls, histograms: int) -> "Buckets":
        """No bucket in any of so many histograms."""
        return cls(np.zeros(histograms + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.float64))

    def take(self, rows: NDArray[np.int64]) -> "Buckets":
        """The buckets of some histograms, in the order given."""
        offsets, entries = _taken(self.offsets, rows)
        return Buckets(offsets, self.index[entries], self.counts[entries])


@dataclass(frozen=True, slots=True, eq=False)
class Histograms:
    """h native histograms, float64 as Prometheus' FloatHistogram.

    schema: int8 (h,), LEAST_SCHEMA to GREATEST_SCHEMA or CUSTOM_SCHEMA. reset: uint8 (h,), a ResetHint. zero_threshold, zero_count,
    count, sum: float64 (h,). positive, negative: their buckets; a custom one has positive ones alone.
    custom_offsets: int64 (h + 1,); the bounds of histogram i are custom[custom_offsets[i]:custom_offsets[i + 1]], float64, strictly
    ascending, without +Inf; others have none.
    """

    schema: NDArray[np.int8]
    reset: NDArray[np.uint8]
    zero_threshold: NDArray[np.float64]
    zero_count: NDArray[np.float64]
    count: NDArray[np.float64]
    sum: NDArray[np.float64]
    positive: Buckets
    negative: Buckets
    custom_offsets: NDArray[np.int64]
    custom: NDArray[np.float64]

    @classmethod
    def empty(cls) -> "Histograms":
        """None at all."""
        nothing = np.empty(0, np.float64)
        return cls(
            np.empty(0, np.int8),
            np.empty(0, np.uint8),
            nothing,
            nothing,
            nothing,
            nothing,
            Buckets.none(0),
            Buckets.none(0),
            np.zeros(1, np.int64),
            nothing,
        )

    def __len__(self) -> int:
        """How many."""
        return len(self.schema)

    @property
    def weight(self) -> int:
        """About how many bytes of memory they take."""
        return 58 * len(self) + 12 * (len(self.positive.index) + len(self.negative.index)) + 8 * len(self.custom)

    @property
    def weights(self) -> NDArray[np.int64]:
        """What each takes of it, (h,)."""
        buckets = np.diff(self.positive.offsets) + np.diff(self.negative.offsets)
        weights: NDArray[np.int64] = 58 + 12 * buckets + 8 * np.diff(self.custom_offsets)
        return weights

    def take(self, rows: NDArray[np.int64]) -> "Histograms":
        """Some of them, in the order given."""
        custom_offsets, bounds = _taken(self.custom_offsets, rows)
        return Histograms(
            self.schema[rows],
            self.reset[rows],
            self.zero_threshold[rows],
            self.zero_count[rows],
            self.count[rows],
            self.sum[rows],
            self.positive.take(rows),
            self.negative.take(rows),
            custom_offsets,
            self.custom[bounds],
        )


NO_HISTOGRAMS: Final = Histograms.empty()


def together(parts: Sequence[Histograms]) -> Histograms:
    """All of several, one after another."""
    parts = [part for part in parts if len(part)]
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return NO_HISTOGRAMS
    return Histograms(
        np.concatenate([part.schema for part in parts]),
        np.concatenate([part.reset for part in parts]),
        np.concatenate([part.zero_threshold for part in parts]),
        np.concatenate([part.zero_count for part in parts]),
        np.concatenate([part.count for part in parts]),
        np.concatenate([part.sum for part in parts]),
        _buckets_together([part.positive for part in parts]),
        _buckets_together([part.negative for part in parts]),
        _offsets_together([part.custom_offsets for part in parts]),
        np.concatenate([part.custom for part in parts]),
    )


def picked(parts: Sequence[Histograms], rows: NDArray[np.int64]) -> Histograms:
    """Some histograms of several columns, numbered as if these followed one another, in the order given; copies no others."""
    if not len(rows):
        return NO_HISTOGRAMS
    if len(parts) == 1:
        return parts[0].take(rows)
    starts = np.cumsum([0, *map(len, parts)])
    part = np.searchsorted(starts, rows, "right") - 1
    order = np.argsort(part, kind="stable")
    used, begins = np.unique(part[order], return_index=True)
    own = np.split(rows[order], begins[1:])
    found = together([parts[one].take(some - starts[one]) for one, some in zip(used.tolist(), own, strict=True)])
    if np.all(order[1:] > order[:-1]):
        return found
    places = np.empty(len(rows), np.int64)
    places[order] = np.arange(len(rows))
    return found.take(places)


def _taken(offsets: NDArray[np.int64], rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The offsets of some rows once these are alone, and their entries."""
    starts = offsets[rows]
    lengths = offsets[rows + 1] - starts
    return np.append(0, np.cumsum(lengths)).astype(np.int64), spans(starts, lengths)


def _buckets_together(parts: Sequence[Buckets]) -> Buckets:
    return Buckets(
        _offsets_together([part.offsets for part in parts]),
        np.concatenate([part.index for part in parts]),
        np.concatenate([part.counts for part in parts]),
    )


def _offsets_together(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    before = np.cumsum([0, *(int(part[-1]) for part in parts)])
    return np.concatenate([[0], *(part[1:] + start for part, start in zip(parts, before[:-1], strict=True))]).astype(
        np.int64
    )
