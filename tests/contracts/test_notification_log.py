"""What every notification log promises, proven on each."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from sightline.adapters.outbound.memory.notification_log import MemoryNotificationLog
from sightline.adapters.outbound.sql.database import SqlDatabase
from sightline.adapters.outbound.sql.notification_log import SqlNotificationLog
from sightline.domain.alerts.notice import Reason
from sightline.domain.alerts.notification import Because, Notification, Status
from sightline.domain.alerts.pipeline.sent import About, Owed, Place, Sent
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant
from sightline.ports.notification_log import LogChanges, Logged, NotificationLog

pytestmark = pytest.mark.anyio

LABELS = Labels.of(alertname="Hot", instance='a "quoted" one\n', team="Zürich")
ALERT = PostedAlert(DEFAULT_TENANT, LABELS, Labels.of(summary="93 %"), 1_000, None, 2_000, rule="Hot", value=93.0)
OUTSIDE = PostedAlert(
    Tenant("other"),
    LABELS,
    Labels(),
    1_000,
    5_000,
    2_000,
    timed=True,
    generator_url="http://x.test",
    reason=Reason.NO_DATA,
)
PLACE = Place("team/slack/0", DEFAULT_TENANT, '{}/{team="Zürich"}:{alertname="Hot"}')
SENT = Sent(
    9_000, {1: 8_000, 2**63: 9_000}, {3: 7_000}, frozenset({1}), 4, About("team", '{}:{alertname="Hot"}', LABELS)
)
OWED = Owed(
    PLACE,
    Notification(
        "abc",
        DEFAULT_TENANT,
        "team",
        '{}:{alertname="Hot"}',
        LABELS,
        Status.FIRING,
        (ALERT,),
        9_500,
        "http://s.test",
        Because.NEW_ALERTS,
    ),
    replace(SENT, count=5),
)


@asynccontextmanager
async def _memory(_: Path) -> AsyncIterator[NotificationLog]:
    yield MemoryNotificationLog()


@asynccontextmanager
async def _sqlite(folder: Path) -> AsyncIterator[NotificationLog]:
    database = await SqlDatabase.open(folder / "catalog.sqlite")
    yield SqlNotificationLog(database)
    await database.close()


ADAPTERS: dict[str, Callable[[Path], AbstractAsyncContextManager[NotificationLog]]] = {
    "memory": _memory,
    "sqlite": _sqlite,
}


@pytest.fixture(params=ADAPTERS)
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[NotificationLog]:
    """Each log in turn, empty."""
    async with ADAPTERS[request.param](tmp_path) as opened:
        yield opened


async def test_a_log_is_empty_at_first(log: NotificationLog) -> None:
    """There are no alerts, and nothing was told or is owed."""
    assert await log.load() == Logged((), {}, ()) or await log.load() == Logged([], {}, [])


async def test_what_is_saved_is_there(log: NotificationLog) -> None:
    """Alerts with all they say, by tenant; what was told and what is owed, by channel and group."""
    alerts = {(alert.tenant, alert.labels): alert for alert in (ALERT, OUTSIDE)}
    await log.save(LogChanges(dict(alerts), {PLACE: SENT}, {PLACE: OWED}))
    found = await log.load()
    assert {(alert.tenant, alert.labels): alert for alert in found.alerts} == alerts
    assert found.sent == {PLACE: SENT}
    assert list(found.owed) == [OWED]


async def test_what_is_new_takes_the_place_of_what_was_there(log: NotificationLog) -> None:
    """Each by its key; what is gone is gone, and the rest stays."""
    key, other = (ALERT.tenant, ALERT.labels), Place("other", DEFAULT_TENANT, "g")
    await log.save(LogChanges({key: ALERT}, {PLACE: SENT, other: SENT}, {PLACE: OWED}))
    ended = replace(ALERT, ends_at=3_000)
    await log.save(LogChanges({key: ended}, {PLACE: replace(SENT, count=9)}, {PLACE: None}))
    found = await log.load()
    assert list(found.alerts) == [ended]
    assert found.sent == {PLACE: replace(SENT, count=9), other: SENT}
    assert list(found.owed) == []


async def test_what_is_not_there_can_go(log: NotificationLog) -> None:
    """That something is gone of which the log never heard changes nothing."""
    await log.save(LogChanges({(ALERT.tenant, ALERT.labels): None}, {PLACE: None}, {PLACE: None}))
    assert not (await log.load()).alerts


async def test_a_file_keeps_the_log_over_a_restart(tmp_path: Path) -> None:
    """What was saved is there when the file is opened again."""
    for expected in ({}, {PLACE: SENT}):
        async with _sqlite(tmp_path) as log:
            assert (await log.load()).sent == expected
            await log.save(LogChanges(sent={PLACE: SENT}))
