"""Sums of native histograms that came as deltas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from sightline.domain.metrics.native_histograms import Buckets, Histograms, ResetHint


@dataclass(frozen=True, slots=True)
class NativeTotal:
    """One histogram of an exponential schema; buckets by index, those that have nothing left out."""

    schema: int
    zero_threshold: float
    zero_count: float
    count: float
    sum: float
    positive: Mapping[int, float] = field(default_factory=dict)
    negative: Mapping[int, float] = field(default_factory=dict)

    def emptied(self) -> "NativeTotal":
        """The same without anything observed."""
        return NativeTotal(self.schema, self.zero_threshold, 0.0, 0.0, 0.0)

    def coarser(self, schema: int) -> "NativeTotal":
        """The same with the buckets of a coarser schema."""
        shift = self.schema - schema
        if shift <= 0:
            return self
        return replace(
            self, schema=schema, positive=_joined(self.positive, shift), negative=_joined(self.negative, shift)
        )

    def widened(self, threshold: float) -> "NativeTotal":
        """The same with a zero bucket that reaches as far as that, and to the end of a bucket that it reaches into."""
        if threshold <= self.zero_threshold:
            return self
        reached = [
            index
            for side in (self.positive, self.negative)
            for index in side
            if _upper(index - 1, self.schema) < threshold
        ]
        reach = max([threshold, *(_upper(index, self.schema) for index in reached)])
        inside = sum(self.positive.get(index, 0.0) for index in set(reached)) + sum(
            self.negative.get(index, 0.0) for index in set(reached)
        )
        return replace(
            self,
            zero_threshold=reach,
            zero_count=self.zero_count + inside,
            positive={index: count for index, count in self.positive.items() if index not in reached},
            negative={index: count for index, count in self.negative.items() if index not in reached},
        )


def added(first: NativeTotal, second: NativeTotal) -> NativeTotal:
    """The sum, in the coarser schema and with the wider zero bucket of the two."""
    one, other = first, second
    while one.zero_threshold != other.zero_threshold:  # widening one may take it beyond the other
        threshold = max(one.zero_threshold, other.zero_threshold)
        one, other = one.widened(threshold), other.widened(threshold)
    schema = min(first.schema, second.schema)
    one, other = one.coarser(schema), other.coarser(schema)
    return NativeTotal(
        schema,
        one.zero_threshold,
        one.zero_count + other.zero_count,
        one.count + other.count,
        one.sum + other.sum,
        _sum(one.positive, other.positive),
        _sum(one.negative, other.negative),
    )


def native_totals(histograms: Histograms) -> list[NativeTotal]:
    """Histograms of exponential schemas, one by one."""
    return [
        NativeTotal(
            int(histograms.schema[row]),
            float(histograms.zero_threshold[row]),
            float(histograms.zero_count[row]),
            float(histograms.count[row]),
            float(histograms.sum[row]),
            _of_row(histograms.positive, row),
            _of_row(histograms.negative, row),
        )
        for row in range(len(histograms))
    ]


def columns(totals: Sequence[NativeTotal]) -> Histograms:
    """The columns of histograms, as they stand one after another."""
    return Histograms(
        np.array([one.schema for one in totals], np.int8),
        np.full(len(totals), ResetHint.UNKNOWN, np.uint8),
        np.array([one.zero_threshold for one in totals], np.float64),
        np.array([one.zero_count for one in totals], np.float64),
        np.array([one.count for one in totals], np.float64),
        np.array([one.sum for one in totals], np.float64),
        _buckets([one.positive for one in totals]),
        _buckets([one.negative for one in totals]),
        np.zeros(len(totals) + 1, np.int64),
        np.empty(0, np.float64),
    )


def _upper(index: int, schema: int) -> float:
    """The greatest value of a bucket."""
    try:
        return float(2.0 ** (index * 2.0**-schema))
    except OverflowError:
        return float("inf")


def _joined(buckets: Mapping[int, float], shift: int) -> dict[int, float]:
    found: dict[int, float] = {}
    for index, count in buckets.items():
        wider = ((index - 1) >> shift) + 1
        found[wider] = found.get(wider, 0.0) + count
    return found


def _sum(first: Mapping[int, float], second: Mapping[int, float]) -> dict[int, float]:
    found = dict(first)
    for index, count in second.items():
        found[index] = found.get(index, 0.0) + count
    return found


def _of_row(buckets: Buckets, row: int) -> dict[int, float]:
    within = slice(int(buckets.offsets[row]), int(buckets.offsets[row + 1]))
    return dict(zip(buckets.index[within].tolist(), buckets.counts[within].tolist(), strict=True))


def _buckets(rows: Sequence[Mapping[int, float]]) -> Buckets:
    ordered = [sorted(row.items()) for row in rows]
    return Buckets(
        np.cumsum([0, *map(len, ordered)]).astype(np.int64),
        np.array([index for row in ordered for index, _ in row], np.int32),
        np.array([count for row in ordered for _, count in row], np.float64),
    )
