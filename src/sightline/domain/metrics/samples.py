"""Sample columns. Timestamps are int64 milliseconds, values float64; the stale marker is one NaN among others, kept bit for bit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.labels import Labels, series_id
from sightline.domain.metrics.native_histograms import NO_HISTOGRAMS, SAMPLE_BYTES, Histograms, mark_mask

Times = NDArray[np.int64]
Values = NDArray[np.float64]
Ids = NDArray[np.uint64]
Index = NDArray[np.uint32]

STALE_BITS: Final = 0x7FF0000000000002
"""The NaN with which Prometheus marks that a series has ended."""
STALE: Final = np.array([STALE_BITS], dtype=np.uint64).view(np.float64)[0]


def stale_mask(values: Values) -> NDArray[np.bool_]:
    """Which values are the stale marker, by bit pattern; shape as `values`."""
    return np.equal(values.view(np.uint64), np.uint64(STALE_BITS))


@dataclass(frozen=True, slots=True, eq=False)
class WriteBatch:
    """What one request or one collection brings, in the order it came.

    labels: k label sets, distinct; those that a roster has numbered come as its `Named`.
    series: uint32 (n,), which of the label sets a sample belongs to.
    times: int64 (n,), ms.
    values: float64 (n,), the mark where a sample is a native histogram.
    histograms: one for each mark, in the order of these.
    """

    labels: Sequence[Labels]
    series: Index
    times: Times
    values: Values
    histograms: Histograms = NO_HISTOGRAMS

    @classmethod
    def at(cls, time: int, samples: Iterable[tuple[Labels, float]]) -> "WriteBatch":
        """One sample per series, all at one instant; for sources, which yield tens of samples and not millions."""
        pairs = list(samples)
        return cls(
            tuple(labels for labels, _ in pairs),
            np.arange(len(pairs), dtype=np.uint32),
            np.full(len(pairs), time, dtype=np.int64),
            np.array([value for _, value in pairs], dtype=np.float64),
        )

    def only(self, keep: NDArray[np.bool_]) -> "WriteBatch":
        """The batch without some of its samples, bool (n,); label sets keep their places."""
        histograms = self.histograms
        if len(histograms):
            histograms = histograms.take(np.flatnonzero(keep[mark_mask(self.values)]))
        return WriteBatch(self.labels, self.series[keep], self.times[keep], self.values[keep], histograms)

    def __len__(self) -> int:
        """How many samples."""
        return len(self.times)


@dataclass(frozen=True, slots=True, eq=False)
class SeriesColumns:
    """What a read returns: s series in compressed rows, each in order of time, one sample per timestamp.

    labels: s label sets, distinct; ids: uint64 (s,), their series ids.
    offsets: int64 (s + 1,); the samples of series i are times[offsets[i]:offsets[i + 1]], likewise values.
    times: int64 (n,), ms, strictly increasing within a series. values: float64 (n,), stale markers included; the mark where a
    sample is a native histogram. histograms: one for each mark, in the order of these.
    """

    labels: tuple[Labels, ...]
    ids: Ids
    offsets: NDArray[np.int64]
    times: Times
    values: Values
    histograms: Histograms = NO_HISTOGRAMS

    @classmethod
    def empty(cls) -> "SeriesColumns":
        """No series."""
        return cls(
            (),
            np.empty(0, np.uint64),
            np.zeros(1, np.int64),
            np.empty(0, np.int64),
            np.empty(0, np.float64),
        )

    @classmethod
    def of(cls, series: Sequence[tuple[Labels, Sequence[int], Sequence[float]]]) -> "SeriesColumns":
        """Build from (labels, times, values) per series; ids are computed. For tests and small answers."""
        offsets = np.zeros(len(series) + 1, np.int64)
        np.cumsum([len(times) for _, times, _ in series], out=offsets[1:])
        return cls(
            tuple(labels for labels, _, _ in series),
            np.array([series_id(labels) for labels, _, _ in series], np.uint64),
            offsets,
            np.array([time for _, times, _ in series for time in times], np.int64),
            np.array([value for _, _, values in series for value in values], np.float64),
        )

    def __len__(self) -> int:
        """How many series."""
        return len(self.labels)

    @property
    def samples(self) -> int:
        """How many samples, all series together."""
        return len(self.times)

    @property
    def cost(self) -> int:
        """How many samples it counts for where these are limited: a native histogram weighs as much as several."""
        return self.samples + self.histograms.weight // SAMPLE_BYTES
