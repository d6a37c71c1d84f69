"""The tail: what it holds on to."""

import numpy as np

from sightline.domain.labels import Labels, metric_id, series_id
from sightline.domain.metrics.journal import Appended
from sightline.domain.metrics.tail import Tail
from sightline.domain.tenancy import DEFAULT_TENANT
from sightline.domain.timerange import ALL_TIME


def entry(position: int, *names: str) -> tuple[Appended, list[Labels]]:
    """One sample of each of some metrics, from a position on."""
    labels = [Labels.of(__name__=name) for name in names]
    return Appended(
        DEFAULT_TENANT,
        position,
        (),
        np.array([series_id(one) for one in labels], np.uint64),
        np.array([metric_id(one.name) for one in labels], np.uint64),
        np.arange(len(labels), dtype=np.uint32),
        np.full(len(labels), position, np.int64),
        np.zeros(len(labels)),
    ), labels


def held(tail: Tail) -> set[str]:
    """The metrics whose series it knows."""
    return {labels.name for labels in tail.view(DEFAULT_TENANT, ()).series(ALL_TIME)}


def test_a_series_is_given_up_when_it_does_not_come_again() -> None:
    """One that every entry has stays known; one that came once is gone some drops after its sample, and can come back."""
    tail = Tail()
    tail.add(*entry(0, "once", "always"))
    for round_ in range(1, 12):
        tail.add(*entry(10 * round_, "always"))
        tail.drop(10 * round_ - 5)
        assert tail.rows == 1
    assert held(tail) == {"always"}
    tail.add(*entry(200, "once"))
    assert held(tail) == {"once", "always"}
    tail.drop(500)
    assert (held(tail), tail.rows, tail.weight) == (set(), 0, 0)
