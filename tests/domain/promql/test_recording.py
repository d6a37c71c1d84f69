import numpy as np
import pytest
from tests.oracles.native_histogram import Native, columns, told

from sightline.domain.errors import BadData
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.promql.recording import RecordingRule, elements
from sightline.domain.promql.values import Plane, Scalar, String, Value, Vector


def test_a_series_has_the_rules_name_and_labels() -> None:
    """The rule's labels win over those of the element, and one with an empty value takes a label off."""
    rule = RecordingRule("job:up", "up", {"job": "mine", "gone": "", "team": "a"})
    (found,) = rule.named([Labels.of(__name__="up", job="theirs", gone="x", instance="1")])
    assert found == Labels.of(__name__="job:up", job="mine", instance="1", team="a")


def test_the_elements_of_a_vector_are_those_that_are_there() -> None:
    """A series without a value at the instant is none, and NaN is a value."""
    labels = tuple(Labels.of(i=str(i)) for i in range(3))
    values = np.array([[1.0], [2.0], [np.nan]])
    named, there, found, _ = elements(Vector(labels, values, np.array([[True], [False], [True]])))
    assert named is labels
    assert there.tolist() == [0, 2]
    assert found[0] == 1.0
    assert np.isnan(found[1])


def test_histograms_are_recorded_as_such_and_are_0_to_alerts() -> None:
    """A mark stands among the values for each, in their order; alerts have 0 there, as in Prometheus."""
    labels = tuple(Labels.of(i=str(i)) for i in range(3))
    pool = columns([Native(count=1.0), Native(count=2.0)])
    plane = Plane(np.array([[1], [-1], [0]]), pool)
    found = elements(Vector(labels, np.array([[5.0], [2.0], [5.0]]), np.ones((3, 1), np.bool_), plane))
    assert told(found.values, found.histograms) == [Native(count=2.0), 2.0, Native(count=1.0)]
    assert found.numbers().tolist() == [0.0, 2.0, 0.0]


def test_a_scalar_is_one_element_without_labels() -> None:
    """As Prometheus records it."""
    named, there, found, _ = elements(Scalar(np.array([7.0])))
    assert ([named[row] for row in there], found.tolist()) == ([Labels()], [7.0])


@pytest.mark.parametrize("value", [String("x"), SeriesColumns.empty()])
def test_other_values_cannot_be_recorded(value: Value) -> None:
    """A string or a range of samples is refused in Prometheus' words."""
    with pytest.raises(BadData, match="rule result is not a vector or scalar"):
        elements(value)
