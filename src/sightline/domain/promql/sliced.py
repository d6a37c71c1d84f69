"""The leaves of a fetch, evaluated slice after slice of its series: of the samples there is one slice at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.native_histograms import Histograms
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.promql.evaluate import leaf_of
from sightline.domain.promql.leaves import Leaf
from sightline.domain.promql.plan import Plan
from sightline.domain.promql.planes import compact, placed, taken
from sightline.domain.promql.resources import Resources
from sightline.domain.promql.values import Vector


class Sliced:
    """What becomes of s series. One thread at a time takes slices.

    Raises from everything: what `resources.check` raises.
    """

    def __init__(self, plan: Plan, leaves: Sequence[Leaf], known: KnownSeries, resources: Resources) -> None:
        """leaves: of the plan, all of one fetch; known: the series that it reads.

        Raises:
            TooManySamples: a leaf has more values than the resources allow.
        """
        self._plan = plan
        self._leaves = leaves
        self._known = known
        self._resources = resources
        self._row = {number: row for row, number in enumerate(known.ids.tolist())}
        self._seen = np.zeros(len(known), np.bool_)
        for _, grid in leaves:
            resources.allow(len(known), grid.points)
        self._values = [np.empty((len(known), grid.points)) for _, grid in leaves]
        self._present = [np.zeros(values.shape, np.bool_) for values in self._values]
        self._histograms, self._buckets = 0, 0
        self._native: list[list[tuple[Vector, NDArray[np.int64], slice]]] = [[] for _ in leaves]

    @property
    def values(self) -> int:
        """How many values it holds, in the end, of all series and leaves."""
        return sum(one.size for one in self._values)

    def take(self, columns: SeriesColumns) -> None:
        """All samples of some of the series.

        Raises:
            TooManySamples: native histograms, of this slice and those before, that are too many together.
        """
        rows = np.array([self._row[number] for number in columns.ids.tolist()], np.intp)
        self._seen[rows] = True
        for leaf, values, present, native in zip(self._leaves, self._values, self._present, self._native, strict=True):
            found = leaf_of(self._plan, leaf, columns, self._resources)
            values[rows], present[rows] = found.values, found.present
            plane = compact(found.histograms, found.present)
            if plane is not None:
                self._count(plane.pool)
                native.append((replace(found, histograms=plane), rows, slice(None)))

    def _count(self, more: Histograms) -> None:
        """Refuse histograms that are too many with those of the slices before.

        Raises:
            TooManySamples: as `Resources.allow_histograms`.
        """
        self._histograms += len(more)
        self._buckets += len(more.positive.index) + len(more.negative.index)
        self._resources.allow_histograms(self._histograms, self._buckets)

    def vectors(self) -> Mapping[Leaf, Vector]:
        """The leaves, once all was taken: as if all samples had been there at once, series without any left out."""
        rows = np.flatnonzero(self._seen)
        labels, whole = self._known.label_sets(rows), len(rows) == len(self._known)
        found = {}
        for leaf, values, present, native in zip(self._leaves, self._values, self._present, self._native, strict=True):
            plane = placed(native, values.shape)
            columns = (values, present, plane) if whole else (values[rows], present[rows], taken(plane, rows))
            found[leaf] = Vector(labels, *columns)
        return found
