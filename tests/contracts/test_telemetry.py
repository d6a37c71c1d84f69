"""What every telemetry promises, proven on each."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.adapters.outbound.prometheus_client.telemetry import PrometheusTelemetry
from sightline.ports.telemetry import Family, Instrument, Kind, Telemetry

ADAPTERS: dict[str, Callable[[], Telemetry]] = {
    "memory": MemoryTelemetry,
    "prometheus_client": PrometheusTelemetry,
}

REQUESTS = Instrument("test_requests_total", "Requests by method and code.", Kind.COUNTER, ("method", "code"))
STARTS = Instrument("test_starts_total", "Starts.", Kind.COUNTER)
DEPTH = Instrument("test_queue_depth", "Waiting now.", Kind.GAUGE, ("queue",))
SECONDS = Instrument("test_seconds", "How long.", Kind.HISTOGRAM, ("route",), (0.1, 1, 2.5))


@pytest.fixture(params=ADAPTERS)
def telemetry(request: pytest.FixtureRequest) -> Telemetry:
    """Each telemetry in turn."""
    return ADAPTERS[request.param]()


def family(telemetry: Telemetry, instrument: Instrument) -> Family | None:
    """The family of an instrument, if there is one."""
    found = [one for one in telemetry.families() if one.instrument.name == instrument.name]
    assert len(found) <= 1
    return found[0] if found else None


def values(telemetry: Telemetry, instrument: Instrument) -> dict[tuple[str, ...], float]:
    """The points of an instrument by name and label values."""
    one = family(telemetry, instrument)
    return {(point.name, *(value for _, value in point.labels)): point.value for point in one.points} if one else {}


def test_a_counter_adds_up_by_label_values(telemetry: Telemetry) -> None:
    """Each combination of label values counts alone, by one or by a given amount."""
    telemetry.add(REQUESTS, labels=("GET", "200"))
    telemetry.add(REQUESTS, 2.5, ("GET", "200"))
    telemetry.add(REQUESTS, 0, ("POST", "400"))
    assert values(telemetry, REQUESTS) == {
        ("test_requests_total", "GET", "200"): 3.5,
        ("test_requests_total", "POST", "400"): 0.0,
    }


def test_a_gauge_is_what_was_set_last(telemetry: Telemetry) -> None:
    """A gauge shows its last value, infinite ones and NaN included."""
    telemetry.set(DEPTH, 5, ("a",))
    telemetry.set(DEPTH, -1.5, ("a",))
    telemetry.set(DEPTH, math.inf, ("b",))
    telemetry.set(DEPTH, math.nan, ("c",))
    found = values(telemetry, DEPTH)
    assert found["test_queue_depth", "a"] == -1.5
    assert found["test_queue_depth", "b"] == math.inf
    assert math.isnan(found["test_queue_depth", "c"])


def test_a_histogram_counts_up_to_each_bound(telemetry: Telemetry) -> None:
    """Buckets are cumulative, bounds belong to their bucket, and the last is everything."""
    for value in (0.05, 0.1, 0.5, 1, 2, 99):
        telemetry.observe(SECONDS, value, ("/",))
    assert values(telemetry, SECONDS) == {
        ("test_seconds_bucket", "/", "0.1"): 2,
        ("test_seconds_bucket", "/", "1.0"): 4,
        ("test_seconds_bucket", "/", "2.5"): 5,
        ("test_seconds_bucket", "/", "+Inf"): 6,
        ("test_seconds_sum", "/"): pytest.approx(102.65),
        ("test_seconds_count", "/"): 6,
    }


def test_families_carry_their_instrument_in_order_of_name(telemetry: Telemetry) -> None:
    """Families come in ascending order of name, each with the very instrument that was used and its labels in order."""
    telemetry.observe(SECONDS, 1, ("/",))
    telemetry.add(STARTS)
    telemetry.add(REQUESTS, labels=("GET", "200"))
    families = telemetry.families()
    names = [one.instrument.name for one in families]
    assert names == sorted(names)
    mine = [one.instrument for one in families if one.instrument.name.startswith("test_")]
    assert mine == [REQUESTS, SECONDS, STARTS]
    found = family(telemetry, REQUESTS)
    assert found is not None
    assert found.points[0].labels == (("method", "GET"), ("code", "200"))


def test_nothing_is_shown_before_its_first_use(telemetry: Telemetry) -> None:
    """An instrument appears with its first use, and a snapshot does not change afterwards."""
    assert family(telemetry, STARTS) is None
    telemetry.add(STARTS)
    before = family(telemetry, STARTS)
    telemetry.add(STARTS)
    assert before is not None
    assert [point.value for point in before.points] == [1.0]
    assert values(telemetry, STARTS) == {("test_starts_total",): 2.0}


def test_two_telemetries_share_nothing(telemetry: Telemetry) -> None:
    """What one telemetry counts another of its kind never shows."""
    telemetry.add(STARTS)
    assert family(type(telemetry)(), STARTS) is None


@pytest.mark.parametrize(
    "misuse",
    [
        lambda one: one.add(STARTS, -1),
        lambda one: one.add(STARTS, math.nan),
        lambda one: one.add(DEPTH, labels=("a",)),
        lambda one: one.set(STARTS, 1),
        lambda one: one.observe(STARTS, 1),
        lambda one: one.add(REQUESTS, labels=("GET",)),
        lambda one: one.add(STARTS, labels=("GET",)),
        lambda one: one.set(Instrument("test_starts_total", "Other.", Kind.GAUGE), 1),
    ],
)
def test_misuse_is_refused_and_changes_nothing(telemetry: Telemetry, misuse: Callable[[Telemetry], None]) -> None:
    """A negative amount, another kind, other labels or a name with two meanings is a programming error and said so."""
    telemetry.add(STARTS)
    with pytest.raises(ValueError, match="test_"):
        misuse(telemetry)
    assert values(telemetry, STARTS) == {("test_starts_total",): 1.0}


def test_threads_lose_no_count(telemetry: Telemetry) -> None:
    """Eight threads that count, set, observe and read at once lose nothing."""

    def work(number: int) -> None:
        for _ in range(500):
            telemetry.add(REQUESTS, labels=("GET", str(number % 2)))
            telemetry.observe(SECONDS, 0.5, ("/",))
            telemetry.set(DEPTH, number, (str(number),))
        telemetry.families()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert sum(values(telemetry, REQUESTS).values()) == 4_000
    assert values(telemetry, SECONDS)["test_seconds_count", "/"] == 4_000
    assert len(values(telemetry, DEPTH)) == 8
