"""What a source reads, under series that are the same objects from one collection to the next."""

from collections.abc import Mapping

import numpy as np

from sightline.domain.labels import METRIC_NAME, Labels
from sightline.domain.metrics.samples import WriteBatch

Pairs = tuple[tuple[str, str], ...]
"""Label names and values as a source writes them, always in the same order for the same series."""

Readings = Mapping[tuple[str, Pairs], float]
"""Values by metric name and labels, `job` and `instance` left out."""


class Batches:
    """Makes the batches of one source. Series seen in the last batch keep their label sets; others are forgotten.

    Building label sets anew was most of the cost of a collection; kept ones also let whoever resolves series do it by identity.
    Thread-safe: batches made at once are each whole.
    """

    def __init__(self, job: str, instance: str) -> None:
        self._target = {"job": job, "instance": instance}
        self._known: dict[tuple[str, Pairs], Labels] = {}
        self._labels: tuple[Labels, ...] = ()

    def make(self, time: int, readings: Readings) -> WriteBatch:
        """The readings of one instant (ms) as a batch, in their order, with `job` and `instance` on each."""
        known = {series: self._known.get(series) or self._named(*series) for series in readings}
        labels = tuple(known.values())
        last = self._labels
        if labels == last:
            labels = last
        else:
            self._known, self._labels = known, labels
        return WriteBatch(
            labels,
            np.arange(len(labels), dtype=np.uint32),
            np.full(len(labels), time, np.int64),
            np.fromiter(readings.values(), np.float64, len(labels)),
        )

    def _named(self, name: str, pairs: Pairs) -> Labels:
        # As in a scrape: what a series says of itself makes room for what is said of its target, and is kept.
        own = {f"exported_{label}" if label in self._target else label: value for label, value in pairs}
        return Labels.of({**own, **self._target, METRIC_NAME: name})
