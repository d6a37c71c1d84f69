"""A native histogram as text, as Prometheus writes it where a value becomes a label."""

import numpy as np

from sightline.domain.metrics.histogram_buckets import Kind, ranges
from sightline.domain.metrics.native_histograms import Histograms
from sightline.domain.promql.numerals import shortest


def texts(histograms: Histograms) -> list[str]:
    """Each as `{count:5, sum:18.4, [-0.001,0.001]:1, (0.5,1]:4}`: buckets ascend, and a round bracket leaves its bound out."""
    found = ranges(histograms)
    numbers = [one.tolist() for one in (found.lower, found.upper, found.counts)]
    brackets = {Kind.POSITIVE: "(]", Kind.NEGATIVE: "[)", Kind.ZERO: "[]"}
    written = [
        f"{brackets[Kind(kind)][0]}{shortest(lower)},{shortest(upper)}{brackets[Kind(kind)][1]}:{shortest(count)}"
        for lower, upper, count, kind in zip(*numbers, found.kind.tolist(), strict=True)
    ]
    return [
        "{" + ", ".join([f"count:{shortest(count)}", f"sum:{shortest(total)}", *written[first:after]]) + "}"
        for count, total, first, after in zip(
            histograms.count.tolist(),
            histograms.sum.tolist(),
            found.offsets[:-1].tolist(),
            found.offsets[1:].tolist(),
            strict=True,
        )
    ]


def distinct(histograms: Histograms) -> tuple[list[str], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """The texts that differ, and of each histogram which of them it has."""
    number: dict[str, int] = {}
    which = np.array([number.setdefault(one, len(number)) for one in texts(histograms)], np.int64)
    return list(number), which
