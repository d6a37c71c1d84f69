"""Whether native histograms agree with themselves: what is checked of each before it is stored.

Source: https://prometheus.io/docs/specs/native_histograms/, and what Prometheus refuses of them.
"""

from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels import faults as kernels
from sightline.domain.metrics.native_histograms import CUSTOM_SCHEMA, GREATEST_SCHEMA, LEAST_SCHEMA, Histograms


class Fault(IntEnum):
    """What is wrong with a histogram; of several the first that is looked for."""

    NONE = kernels.SOUND
    SCHEMA = kernels.SCHEMA
    COUNT = kernels.COUNT
    BUCKET = kernels.BUCKET
    ORDER = kernels.ORDER
    SUM = kernels.SUM
    ZERO_THRESHOLD = kernels.ZERO_THRESHOLD
    BOUNDS = kernels.BOUNDS
    CUSTOM = kernels.CUSTOM


SAID: Final = {
    Fault.SCHEMA: f"its schema is neither {LEAST_SCHEMA} to {GREATEST_SCHEMA} nor {CUSTOM_SCHEMA}",
    Fault.COUNT: "its count, or that of its zero bucket, is negative or not finite",
    Fault.BUCKET: "a bucket's count is negative or not finite",
    Fault.ORDER: "its buckets do not ascend, or one stands there twice",
    Fault.SUM: "its buckets hold more than its count",
    Fault.ZERO_THRESHOLD: "its zero threshold is negative or not finite",
    Fault.BOUNDS: "its custom bounds are not finite or do not ascend, or a bucket lies outside of them",
    Fault.CUSTOM: ("custom bounds go with the schema -53, and neither a zero bucket nor negative buckets go with them"),
}
"""What a message says after `a native histogram cannot be stored: `."""


def faults(histograms: Histograms) -> NDArray[np.uint8]:
    """The Fault of each histogram, uint8 (h,). Whether buckets exceed the count is told where all counts are whole numbers."""
    found = np.empty(len(histograms), np.uint8)
    positive, negative = histograms.positive, histograms.negative
    kernels.faults(
        histograms.schema,
        histograms.zero_threshold,
        histograms.zero_count,
        histograms.count,
        positive.offsets,
        positive.index,
        positive.counts,
        negative.offsets,
        negative.index,
        negative.counts,
        histograms.custom_offsets,
        histograms.custom,
        found,
    )
    return found
