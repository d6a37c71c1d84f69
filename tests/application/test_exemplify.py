"""Exemplars from a batch to the answer of a query, and what is counted on the way."""

import numpy as np
import pytest

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.exemplify import Exemplify
from sightline.domain.errors import MalformedQuery
from sightline.domain.labels import LabelLimits, Labels
from sightline.domain.metrics.exemplar_ring import ExemplarRing
from sightline.domain.metrics.exemplars import NO_EXEMPLARS, ExemplarBatch
from sightline.domain.promql.parse import TextLimits
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.domain.timerange import ALL_TIME, TimeRange

pytestmark = pytest.mark.anyio

FOREIGN = Principal("somebody", Tenant("other"))
Given = tuple[Labels, float, int]


def bucket(le: str, **labels: str) -> Labels:
    """A series of a histogram."""
    return Labels.of(__name__="seconds_bucket", le=le, **labels)


def batch(*rows: Given, trace: str = "t", unreadable: int = 0) -> ExemplarBatch:
    """Exemplars (series, value, time), each with a trace id."""
    series = tuple(dict.fromkeys(row[0] for row in rows))
    return ExemplarBatch(
        series,
        np.array([series.index(row[0]) for row in rows], np.uint32),
        [Labels.of(trace_id=trace).canonical() for _ in rows],
        np.array([row[1] for row in rows], np.float64),
        np.array([row[2] for row in rows], np.int64),
        np.ones(len(rows), np.bool_),
        unreadable,
    )


class House:
    """The use case over a ring of a few places."""

    def __init__(
        self,
        most: int = 10,
        labels: LabelLimits | None = None,
        text: TextLimits | None = None,
        *,
        clock: ManualClock | None = None,
        ahead: int = 0,
    ) -> None:
        self.telemetry = MemoryTelemetry()
        self.exemplify = Exemplify(
            ExemplarRing(most), self.telemetry, labels, text or TextLimits(), clock=clock, ahead=ahead
        )

    async def found(
        self, query: str, within: TimeRange = ALL_TIME, principal: Principal = LOCAL
    ) -> list[tuple[str, list[float]]] | None:
        """The values of each series, in the order of the answer."""
        answer = await self.exemplify.find(principal, query, within)
        if answer is None:
            return None
        return [(one.labels.get("le"), [exemplar.value for exemplar in one.exemplars]) for one in answer]

    def counted(self, name: str, reason: str = "") -> float:
        """The present value of an instrument, all of them or those of one reason."""
        points = [p for f in self.telemetry.families() if f.instrument.name == name for p in f.points]
        return sum(p.value for p in points if not reason or dict(p.labels)["reason"] == reason)


async def test_what_is_kept_is_found_by_any_selector_of_the_query() -> None:
    """Whatever the expression does with them, the exemplars of all series that it selects come, in order of series and time."""
    house = House()
    await house.exemplify.keep(
        LOCAL,
        batch((bucket("2"), 1.5, 20), (bucket("1"), 0.5, 10), (bucket("2"), 1.7, 30), (Labels.of(__name__="c"), 9, 5)),
    )
    query = 'histogram_quantile(0.9, sum by (le) (rate(seconds_bucket{le="2"}[5m] offset 1d))) > on () c'
    assert await house.found(query) == [("", [9.0]), ("2", [1.5, 1.7])]
    assert await house.found("seconds_bucket") == [("1", [0.5]), ("2", [1.5, 1.7])]
    assert await house.found('{le!="",le!="1"}') == [("2", [1.5, 1.7])]
    assert await house.found("max_over_time(rate(seconds_bucket[1m])[5m:1m])") == [("1", [0.5]), ("2", [1.5, 1.7])]
    assert await house.found("seconds_bucket or seconds_bucket") == [("1", [0.5]), ("2", [1.5, 1.7])]
    assert await house.found("nothing") == []


@pytest.mark.parametrize("query", ["1", "vector(1)", "time() + 2", '"text"'])
async def test_a_query_without_selectors_has_no_answer(query: str) -> None:
    """None, which is not the same as no exemplars."""
    assert await House().found(query) is None


async def test_the_range_includes_both_ends() -> None:
    """Exemplars at its first and last instant belong to it; a range beyond all of them is empty."""
    house = House()
    await house.exemplify.keep(LOCAL, batch(*((bucket("1"), float(time), time) for time in (1, 2, 3, 4))))
    assert await house.found("seconds_bucket", TimeRange(2, 3)) == [("1", [2.0, 3.0])]
    assert await house.found("seconds_bucket", TimeRange(5, 10**15)) == []
    assert await house.found("seconds_bucket", TimeRange(-5, 0)) == []


async def test_an_exemplar_of_the_future_is_refused() -> None:
    """It is counted, and does not make those that come in time out of order."""
    house = House(clock=ManualClock(1_000), ahead=10)
    series = bucket("1")
    assert await house.exemplify.keep(LOCAL, batch((series, 1.0, 1_011))) == 0
    assert await house.exemplify.keep(LOCAL, batch((series, 2.0, 1_000), (series, 3.0, 1_010))) == 2
    assert await house.found("seconds_bucket") == [("1", [2.0, 3.0])]
    assert house.counted("sightline_exemplars_refused_total", "too_far_ahead") == 1


async def test_a_query_that_does_not_parse_is_refused() -> None:
    """Malformed, too long, and long enough to be parsed elsewhere."""
    house = House(text=TextLimits(length=9_000))
    for query in ("sum(", "a" * 9_001, f"sum({'a' * 5_000}"):
        with pytest.raises(MalformedQuery):
            await house.found(query)
    assert await house.found("a" * 5_000) == []


async def test_tenants_do_not_see_one_another() -> None:
    """What came under one tenant is not in the answers to another."""
    house = House()
    await house.exemplify.keep(FOREIGN, batch((bucket("1"), 1.0, 1)))
    assert await house.found("seconds_bucket") == []
    assert await house.found("seconds_bucket", principal=FOREIGN) == [("1", [1.0])]


async def test_what_is_not_kept_is_counted_by_its_reason() -> None:
    """Order, length, labels that are none and series that cannot be; a duplicate is neither kept nor refused."""
    house = House(most=2, labels=LabelLimits(labels=2))
    good = bucket("1")
    await house.exemplify.keep(LOCAL, batch((good, 1.0, 10), (good, 1.0, 10), (good, 2.0, 9), unreadable=3))
    await house.exemplify.keep(LOCAL, batch((good, 3.0, 30), trace="x" * 121))
    await house.exemplify.keep(LOCAL, batch((Labels.of(le="1"), 1.0, 1), (bucket("1", a="b"), 1.0, 1)))
    await house.exemplify.keep(LOCAL, NO_EXEMPLARS)
    await house.exemplify.keep(LOCAL, batch((good, 4.0, 40), (good, 5.0, 50)))
    refused = {reason: house.counted("sightline_exemplars_refused_total", reason) for reason in REASONS}
    assert refused == {"out_of_order": 1, "labels_too_long": 1, "labels_invalid": 3, "series_invalid": 2, "off": 0}
    names = ("sightline_exemplars_kept_total", "sightline_exemplars_evicted_total", "sightline_exemplars")
    assert [house.counted(name) for name in names] == [3, 1, 2]


REASONS = ("out_of_order", "labels_too_long", "labels_invalid", "series_invalid", "off")


async def test_none_are_kept_when_that_is_turned_off() -> None:
    """A ring of no places takes nothing and finds nothing."""
    house = House(most=0)
    await house.exemplify.keep(LOCAL, batch((bucket("1"), 1.0, 10)))
    assert await house.found("seconds_bucket") == []
    assert house.counted("sightline_exemplars_refused_total", "off") == 1


async def test_many_at_once_are_kept_and_found() -> None:
    """More than have one turn: all are taken, in order, and those of many series found."""
    house = House(most=2_100)
    rows = [(bucket(f"{number % 700:04}"), float(number), number) for number in range(2_100)]
    await house.exemplify.keep(LOCAL, batch(*rows))
    found = await house.found("seconds_bucket")
    assert found is not None
    assert [le for le, _ in found] == [f"{number:04}" for number in range(700)]
    assert sum(len(values) for _, values in found) == 2_100
    assert house.counted("sightline_exemplars_kept_total") == 2_100
