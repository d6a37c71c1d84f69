"""Taking in what servers report, and reading it back."""

import numpy as np
import pytest
from tests.application.intake import House

from sightline.adapters.outbound.memory.servers import MemoryServers
from sightline.application.recall import Recall
from sightline.application.register import Register
from sightline.application.report import Report
from sightline.domain.errors import (
    InvalidField,
    InvalidLabel,
    InvalidParameter,
    NotFound,
    SampleOutOfBounds,
    TooManySamples,
)
from sightline.domain.labels import LabelLimits, Labels
from sightline.domain.metrics.samples import STALE, SeriesColumns, WriteBatch
from sightline.domain.servers.report import Metric, Reported, ServerReport, metric_of
from sightline.domain.servers.server import Registration, Server
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.domain.timerange import DAY, HOUR, MAX_TIME, MIN_TIME, MINUTE, TimeRange

pytestmark = pytest.mark.anyio

USAGE: Metric = ("cpu", "usage", Labels.of(core="0"))
FREE: Metric = ("ram", "free_bytes", Labels())
LIMITS = LabelLimits(labels=8)
RETENTION = 15 * DAY


class Reporting(House):
    """A house with servers that report."""

    def __init__(self) -> None:
        super().__init__()
        self.register = Register(MemoryServers(), self.clock, LIMITS)
        self.report = Report(self.register, self.ingest, LIMITS)
        self.recall = Recall(self.register, self.reader, self.clock, RETENTION, max_results=10)

    async def server(self, hostname: str = "web") -> Server:
        return (await self.register(LOCAL, Registration(hostname))).server

    async def send(self, server: Server, *samples: tuple[Metric, float, int]) -> int:
        """Report (metric, value, age in ms)."""
        now = self.clock.now()
        return await self.report(
            LOCAL,
            ServerReport(
                server.id,
                [metric for metric, _, _ in samples],
                np.array([now - age for _, _, age in samples], np.int64),
                np.array([value for _, value, _ in samples], np.float64),
            ),
        )


@pytest.fixture
def house() -> Reporting:
    return Reporting()


def shown(columns: SeriesColumns) -> list[tuple[str, str, list[float]]]:
    """Hostname, metric and values of each series."""
    bounds = columns.offsets.tolist()
    return [
        (one.get("hostname"), "_".join(metric_of(one)[:2]), columns.values[bounds[at] : bounds[at + 1]].tolist())
        for at, one in enumerate(columns.labels)
    ]


async def test_what_is_reported_is_stored_under_the_server(house: Reporting) -> None:
    """Samples of several metrics, some twice, become series with the server's id and name, and the server was seen."""
    server = await house.server()
    assert await house.send(server, (USAGE, 1.0, 2000), (FREE, 5.0, 1000), (USAGE, 2.0, 1000)) == 3
    found = await house.recall.within(LOCAL, Reported(), TimeRange(MIN_TIME, MAX_TIME))
    assert shown(found) == [("web", "cpu_usage", [1.0, 2.0]), ("web", "ram_free_bytes", [5.0])]
    assert found.labels[0] == Labels.of(__name__="cpu_usage", core="0", server_id=server.id, hostname="web")
    assert (await house.register.one(LOCAL, server.id)).last_seen == house.clock.now()


async def test_an_empty_report_is_a_sign_of_life(house: Reporting) -> None:
    """No metrics are nothing to store, and the server was seen."""
    server = await house.server()
    assert await house.send(server) == 0
    assert (await house.register.one(LOCAL, server.id)).last_seen == house.clock.now()


async def test_a_server_that_is_not_registered_cannot_report(house: Reporting) -> None:
    """Neither an unknown id, nor another tenant's, nor one that was removed is taken."""
    server = await house.server()
    report = ServerReport(server.id, [USAGE], np.array([house.clock.now()], np.int64), np.ones(1))
    with pytest.raises(NotFound):
        await house.report(Principal("x", Tenant("other")), report)
    await house.report(LOCAL, report)
    await house.register.remove(LOCAL, server.id)
    with pytest.raises(NotFound, match=server.id):
        await house.report(LOCAL, report)


@pytest.mark.parametrize(
    ("metric", "error", "said"),
    [
        (("a_b", "usage", Labels()), InvalidField, r"^metrics\[1\]\.metric_type: "),
        (("cpu", "", Labels()), InvalidField, r"^metrics\[1\]\.metric_name: "),
        (("cpu", "usage", Labels.of(hostname="x")), InvalidField, r"^metrics\[1\]\.labels: "),
        (
            ("cpu", "usage", Labels.of({f"l{i}": "x" for i in range(9)})),
            InvalidLabel,
            r"^metrics\[1\]\.labels: series cpu_usage: 12 labels.*intake.labels allows 8",
        ),
        (("cpu", "u" * 9000, Labels()), InvalidLabel, r"^metrics\[1\]\.metric_name: .*intake.label_value_bytes"),
    ],
)
async def test_a_bad_metric_is_named_by_its_place_and_nothing_of_the_report_is_stored(
    house: Reporting, metric: Metric, error: type[Exception], said: str
) -> None:
    """The message begins with the path of the field, and a metric before it is not stored either."""
    server = await house.server()
    for _ in range(2):  # what is refused is not remembered as good
        with pytest.raises(error, match=said):
            await house.send(server, (USAGE, 1.0, 0), (metric, 2.0, 0))
    assert shown(await house.recall.latest(LOCAL, Reported())) == []
    assert (await house.register.one(LOCAL, server.id)).last_seen is None


@pytest.mark.parametrize("age", [56 * 365 * DAY, 16 * DAY, -HOUR, -75 * 365 * DAY])
async def test_a_time_out_of_bounds_is_named_by_its_place(house: Reporting, age: int) -> None:
    """1970 and 2100, and all beyond retention or intake.ahead, are refused; what came beside them is stored."""
    server = await house.server()
    with pytest.raises(SampleOutOfBounds, match=r"^metrics\[1\]\.timestamp: .*the other 1 stored"):
        await house.send(server, (USAGE, 1.0, 0), (FREE, 2.0, age))
    assert [values for *_, values in shown(await house.recall.latest(LOCAL, Reported()))] == [[1.0]]
    assert (await house.register.one(LOCAL, server.id)).last_seen is not None


async def test_the_latest_is_the_last_sample_of_each_series_however_old(house: Reporting) -> None:
    """A server that fell silent days ago is shown with its last values beside one that reports now."""
    server, silent = await house.server(), await house.server("old")
    await house.send(silent, (USAGE, 1.0, 9 * DAY), (USAGE, 2.0, 8 * DAY), (FREE, 3.0, 2 * HOUR))
    await house.send(server, (USAGE, 4.0, 6 * MINUTE), (USAGE, 5.0, 0), (USAGE, 6.0, -MINUTE))
    for _ in range(2):
        found = await house.recall.latest(LOCAL, Reported())
        assert shown(found) == [
            ("old", "cpu_usage", [2.0]),
            ("web", "cpu_usage", [6.0]),
            ("old", "ram_free_bytes", [3.0]),
        ]
        await house.flush.drain()


async def test_the_latest_can_be_asked_for_by_server_type_and_name(house: Reporting) -> None:
    """Each condition alone and all together leave the others out, and the series of other sources are never shown."""
    web, db = await house.server(), await house.server("db")
    await house.send(web, (USAGE, 1.0, 0), (FREE, 2.0, 0))
    await house.send(db, (USAGE, 3.0, 0))
    await house.ingest(LOCAL, WriteBatch.at(house.clock.now(), [(Labels.of(__name__="cpu_usage", job="node"), 9.0)]))

    async def latest(wanted: Reported) -> list[float]:
        found: list[float] = (await house.recall.latest(LOCAL, wanted)).values.tolist()
        return found

    assert sorted(await latest(Reported())) == [1, 2, 3]
    assert await latest(Reported(db.id)) == [3]
    assert sorted(await latest(Reported(metric_type="cpu"))) == [1, 3]
    assert await latest(Reported(metric_name="free_bytes")) == [2]
    assert await latest(Reported(web.id, "cpu", "usage")) == [1]
    assert await latest(Reported(metric_type="disk")) == []
    with pytest.raises(NotFound):
        await latest(Reported("bbbbbbbb-1111-4111-8111-111111111111"))


async def test_a_series_that_ended_is_not_among_the_latest(house: Reporting) -> None:
    """A stale marker at the end leaves a series out there, and itself out of a range."""
    server = await house.server()
    await house.send(server, (USAGE, 1.0, 2000), (FREE, 2.0, 2000))
    await house.send(server, (USAGE, float(STALE), 1000))
    assert shown(await house.recall.latest(LOCAL, Reported())) == [("web", "ram_free_bytes", [2.0])]
    found = await house.recall.within(LOCAL, Reported(), TimeRange(MIN_TIME, MAX_TIME))
    assert shown(found) == [("web", "cpu_usage", [1.0]), ("web", "ram_free_bytes", [2.0])]
    only = await house.recall.within(LOCAL, Reported(), TimeRange(house.clock.now() - 1000, MAX_TIME))
    assert shown(only) == []


async def test_a_range_includes_both_ends(house: Reporting) -> None:
    """Samples from `start` to `end` come, in order of time."""
    server, now = await house.server(), house.clock.now()
    await house.send(server, *((USAGE, float(age), age) for age in (3000, 2000, 1000, 0)))
    found = await house.recall.within(LOCAL, Reported(server.id), TimeRange(now - 2000, now - 1000))
    assert shown(found) == [("web", "cpu_usage", [2000.0, 1000.0])]
    with pytest.raises(InvalidParameter, match="'to' must not be before 'from'"):
        await house.recall.within(LOCAL, Reported(), TimeRange(1, 0))


async def test_an_answer_has_a_bound_that_the_message_names(house: Reporting) -> None:
    """More samples in a range, or more series among the latest, than search.max_results are refused."""
    server = await house.server()
    many = [(("cpu", f"m{i}", Labels()), 1.0, 0) for i in range(11)]
    await house.send(server, *many[:10])
    assert len(await house.recall.latest(LOCAL, Reported())) == 10
    await house.send(server, many[10])
    with pytest.raises(TooManySamples, match=r"more than 10 series, which search\.max_results allows"):
        await house.recall.latest(LOCAL, Reported())
    with pytest.raises(TooManySamples, match=r"more than 10 samples, which search\.max_results allows"):
        await house.recall.within(LOCAL, Reported(), TimeRange(MIN_TIME, MAX_TIME))
