"""What a PromQL expression evaluates to, over all instants of a grid at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.domain.labels import Labels
from sightline.domain.metrics.native_histograms import Histograms
from sightline.domain.metrics.samples import SeriesColumns, Values
from sightline.domain.timerange import Grid


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """One number per instant: float64 (points,)."""

    values: Values


@dataclass(frozen=True, slots=True)
class String:
    """A string literal."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """Which elements of a vector are native histograms, and which ones.

    index: int64 (s, p), where the element's histogram stands in the pool; -1 where it is a float. pool: may hold others besides.
    """

    index: NDArray[np.int64]
    pool: Histograms


@dataclass(frozen=True, slots=True, eq=False)
class Vector:
    """s series over p instants.

    labels: s label sets. values: float64 (s, p). present: bool (s, p); where it is false the series has no value at that instant
    and `values` holds anything. A NaN that is present is a value.
    histograms: None where no element is a native histogram; where one is, `values` holds anything, too.
    """

    labels: tuple[Labels, ...]
    values: Values
    present: NDArray[np.bool_]
    histograms: Plane | None = None


Value = Scalar | String | Vector | SeriesColumns
"""SeriesColumns is the raw answer to an instant query of a range selector such as `up[5m]`."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A query's value on its grid, with Prometheus' annotations about it.

    ordered: the rows of an instant vector stand in an order that the query asked for; otherwise by labels.
    """

    grid: Grid
    value: Value
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()
    ordered: bool = False
