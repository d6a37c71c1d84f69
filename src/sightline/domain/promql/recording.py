"""Recording rules: the value of an expression as series of a name of their own.

Source: https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sightline.domain.errors import BadData
from sightline.domain.labels import METRIC_NAME, Labels
from sightline.domain.metrics.native_histograms import MARK, NO_HISTOGRAMS, Histograms, mark_mask
from sightline.domain.metrics.samples import Values
from sightline.domain.promql.planes import FLOAT
from sightline.domain.promql.values import Scalar, Value, Vector

_NO_LABELS: Final = (Labels(),)
_THERE: Final = np.array([0])


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """An expression, and the metric under which its value is stored.

    labels: put on every series, in place of a label of that name; one with an empty value is taken off.
    """

    record: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def named(self, elements: Sequence[Labels]) -> list[Labels]:
        """The series that elements of the value become, k label sets each; not distinct where the labels do not keep them so."""
        over = {METRIC_NAME: self.record, **self.labels}
        return [Labels.of({**dict(one), **over}) for one in elements]


class Elements(NamedTuple):
    """The elements of an instant value: k label sets, those of them that are there (n,), and their values (n,).

    histograms: one for each mark among the values.
    """

    labels: Sequence[Labels]
    there: NDArray[np.intp]
    values: Values
    histograms: Histograms = NO_HISTOGRAMS

    def numbers(self) -> Values:
        """The values, 0 for a histogram, as Prometheus' alerts have it."""
        return np.where(mark_mask(self.values), 0.0, self.values) if len(self.histograms) else self.values


def elements(value: Value) -> Elements:
    """The elements of an instant value.

    The same series give the same object of label sets from one evaluation to the next, as far as the evaluator does.

    Raises:
        BadData: a string or a range of samples, which cannot be stored.
    """
    if isinstance(value, Scalar):
        return Elements(_NO_LABELS, _THERE, value.values[-1:])
    if not isinstance(value, Vector):
        raise BadData("rule result is not a vector or scalar")
    there = np.flatnonzero(value.present[:, -1])
    values = value.values[there, -1]
    if value.histograms is None:
        return Elements(value.labels, there, values)
    index = value.histograms.index[there, -1]
    values[index != FLOAT] = MARK
    return Elements(value.labels, there, values, value.histograms.pool.take(index[index != FLOAT]))
