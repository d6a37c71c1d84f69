"""What the body of one scrape says, before anything is known of the target it came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from sightline.domain.labels import Labels
from sightline.domain.metrics.exemplars import NO_EXEMPLARS, ExemplarBatch
from sightline.domain.metrics.left_out import LeftOut
from sightline.domain.metrics.native_histograms import NO_HISTOGRAMS, Histograms
from sightline.domain.metrics.samples import Index, Times, Values

NO_TIME: Final = np.iinfo(np.int64).min
"""The time of a sample that brought none: the moment of the scrape."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a target says of a metric. type: counter, gauge, histogram, summary, info, stateset, gaugehistogram or unknown."""

    type: str = "unknown"
    help: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Scraped:
    """n samples of k series, in the order in which they stood.

    labels: k label sets as exposed, distinct; a series that an earlier body of the same decoder had is the same object.
    series: uint32 (n,), which of the label sets a sample belongs to. times: int64 (n,), ms, or NO_TIME. values: float64 (n,), the
    mark where a sample is a native histogram. histograms: one for each mark, in the order of these.
    metadata: by the name of the metric family. duplicates: samples left out because the same series had one at the same time.
    exemplars: of these label sets; without a time of their own they have that of their sample, which may be NO_TIME.
    left_out: samples that cannot be stored, and why.
    """

    labels: tuple[Labels, ...]
    series: Index
    times: Times
    values: Values
    metadata: Mapping[str, Metadata]
    duplicates: int = 0
    exemplars: ExemplarBatch = NO_EXEMPLARS
    histograms: Histograms = NO_HISTOGRAMS
    left_out: tuple[LeftOut, ...] = ()
