"""What digested samples must tell, worked out from the samples themselves."""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from tests.oracles.native_histogram import Native, Value, told

from sightline.domain.labels import Labels
from sightline.domain.metrics.digest import Statistic, Windows
from sightline.domain.metrics.samples import SeriesColumns, stale_mask

Samples = Sequence[tuple[int, Value]]


def check(found: SeriesColumns, written: Mapping[Labels, Samples], windows: Windows, statistic: Statistic) -> None:
    """Over any windows one after the other, what was found has the statistic of what was written, in order of time."""
    assert list(found.labels) == sorted(found.labels)
    got = dict(zip(found.labels, _samples(found), strict=True))
    for labels in written.keys() | got.keys():
        for first, after in combinations(range(windows.count + 1), 2):
            start, end = windows.start + first * windows.width, windows.start + after * windows.width
            wanted = _told(_within(written.get(labels, ()), start, end), statistic, len)
            given = _told(_within(got.get(labels, ()), start, end), statistic, sum)
            assert given == wanted, (labels, first, after, statistic)


def _samples(columns: SeriesColumns) -> list[Samples]:
    times, values = columns.times.tolist(), told(columns.values, columns.histograms)
    bounds = columns.offsets.tolist()
    return [list(zip(times[a:b], values[a:b], strict=True)) for a, b in pairwise(bounds)]


def _within(samples: Samples, start: int, end: int) -> list[Value]:
    found = [value for time, value in samples if start < time <= end]
    return [one for one in found if isinstance(one, Native) or not stale_mask(np.array([one], np.float64))[0]]


def _told(values: list[Value], statistic: Statistic, count: Callable[[list[Any]], float]) -> str | None:
    """The statistic as text, so that NaN is NaN and the zeros differ; None without samples. Histograms are counted alone."""
    if statistic is Statistic.COUNT:
        return repr(float(count(values))) if values else None
    floats = [float(value) for value in values if not isinstance(value, Native)]
    if not floats:
        return None
    numbers = [value for value in floats if not math.isnan(value)]
    least = statistic is Statistic.LEAST
    return repr((min if least else max)(numbers)) if numbers else "nan"
