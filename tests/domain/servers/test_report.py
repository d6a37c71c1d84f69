"""How a reported metric becomes a series, and is found again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.errors import InvalidField
from sightline.domain.labels import Labels, satisfies
from sightline.domain.servers.report import Metric, Reported, metric_of, selecting, series_of
from sightline.domain.servers.server import Registration, Server
from sightline.domain.tenancy import DEFAULT_TENANT

SERVER = Server("aaaaaaaa-1111-4111-8111-111111111111", DEFAULT_TENANT, Registration("web-1"), 1, 1)

types = st.from_regex(r"[a-zA-Z][a-zA-Z0-9]*", fullmatch=True)
names = st.from_regex(r"[a-zA-Z0-9_]+", fullmatch=True)
labels = st.dictionaries(
    st.text("abc_", min_size=1).filter(lambda name: not name.startswith("__")), st.text(min_size=1), max_size=3
).map(Labels.of)
metrics = st.tuples(types, names, labels)


def test_the_series_has_the_name_the_labels_and_the_server() -> None:
    """`<metric_type>_<metric_name>` with the metric's labels, server_id and hostname, and nothing else."""
    series = series_of(SERVER, ("cpu", "usage_percent", Labels.of(core="0")))
    assert series == Labels.of(__name__="cpu_usage_percent", core="0", server_id=SERVER.id, hostname="web-1")


@given(metrics)
def test_a_series_tells_what_it_was_made_from(metric: Metric) -> None:
    """Type, name and labels come back as they were given, whatever they are."""
    assert metric_of(series_of(SERVER, metric)) == metric


@given(metrics, metrics)
def test_different_metrics_are_different_series(one: Metric, other: Metric) -> None:
    """No two metrics of a server share a series."""
    assert (series_of(SERVER, one) == series_of(SERVER, other)) == (one == other)


@given(metrics, types, names)
def test_conditions_select_the_series_that_meet_them(metric: Metric, metric_type: str, metric_name: str) -> None:
    """A condition on type, name or server holds for exactly the series made from such."""
    series = series_of(SERVER, metric)
    assert satisfies(series, selecting(Reported()))
    assert satisfies(series, selecting(Reported(SERVER.id, metric[0], metric[1])))
    assert satisfies(series, selecting(Reported(metric_type=metric_type))) == (metric[0] == metric_type)
    assert satisfies(series, selecting(Reported(metric_name=metric_name))) == (metric[1] == metric_name)
    assert not satisfies(series, selecting(Reported("bbbbbbbb-1111-4111-8111-111111111111")))


@pytest.mark.parametrize(
    "series",
    [
        Labels.of(__name__="up", job="node"),
        Labels.of(__name__="cpu_usage", server_id=SERVER.id),
        Labels.of(__name__="cpu_usage", hostname="web-1"),
        Labels.of(__name__="up", server_id=SERVER.id, hostname="web-1"),
    ],
)
def test_what_no_server_reported_is_not_selected(series: Labels) -> None:
    """Series of other sources stay out, also when they have one of the labels."""
    assert not satisfies(series, selecting(Reported()))


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        (("", "usage", Labels()), "^metric_type: ''"),
        (("disk_io", "reads", Labels()), "^metric_type: 'disk_io'.*follows an underscore belongs into metric_name"),
        (("1cpu", "usage", Labels()), "^metric_type"),
        (("cpu ", "usage", Labels()), "^metric_type"),
        (("cpu", "", Labels()), "^metric_name: ''"),
        (("cpu", "usage percent", Labels()), "^metric_name"),
        (("cpu", "usage:5m", Labels()), "^metric_name"),
        (("cpu", "größe", Labels()), "^metric_name"),
        (("cpu", "usage\n", Labels()), "^metric_name"),
        (("cpu", "usage", Labels.of(server_id="x")), "^labels: 'server_id' comes from the server"),
        (("cpu", "usage", Labels.of(hostname="x")), "^labels: 'hostname' comes from the server"),
        (("cpu", "usage", Labels.of(__name__="x")), "^labels: '__name__'.*reserved"),
    ],
)
def test_what_cannot_be_a_series_is_refused_by_the_field(metric: Metric, said: str) -> None:
    """The message begins with the field and says what it may be."""
    with pytest.raises(InvalidField, match=said):
        series_of(SERVER, metric)


@pytest.mark.parametrize(
    "wanted", [Reported(metric_type="a_b"), Reported(metric_name="a b"), Reported(metric_type=".*")]
)
def test_a_condition_that_no_series_meets_is_refused(wanted: Reported) -> None:
    """A pattern is not taken for a name."""
    with pytest.raises(InvalidField):
        selecting(wanted)
