"""What an exporter of OpenTelemetry's metrics brings, in our columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sightline.domain.metrics.exemplars import NO_EXEMPLARS, ExemplarBatch
from sightline.domain.metrics.left_out import LeftOut
from sightline.domain.metrics.samples import Times, WriteBatch


@dataclass(frozen=True, slots=True)
class Description:
    """What a metric is: type as Prometheus names it (counter, gauge, histogram, summary), help, and the unit in words."""

    type: str
    help: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The points of one request as n samples.

    count: how many points there were, those left out too; one may be several samples, or none.
    deltas: bool (n,), which samples, or native histograms, say what was added since `starts` and not what there is; None where
    none does. starts: int64 (n,), ms, 0 where it is not said; with deltas alone.
    described: by the name of the metric in PromQL. left_out: points that are no samples, counted as points.
    owners: int64 (n,), of which point each sample is, -1 where of none, as what describes a resource; None where each is its own.
    """

    count: int
    batch: WriteBatch
    deltas: NDArray[np.bool_] | None = None
    starts: Times | None = None
    exemplars: ExemplarBatch = NO_EXEMPLARS
    described: Mapping[str, Description] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    owners: NDArray[np.int64] | None = None

    def losing(self, rows: NDArray[np.int64]) -> int:
        """How many points these samples are of, distinct rows."""
        if self.owners is None or not len(rows):
            return len(rows)
        owners = np.unique(self.owners[rows])
        return int(np.count_nonzero(owners >= 0))
