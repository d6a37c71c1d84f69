"""Alerts as series."""

import asyncio

import pytest
from tests.application.intake import House

from sightline.application.record import Record
from sightline.domain.alerts.notice import Alert, AlertState, Reason
from sightline.domain.errors import StorageFull
from sightline.domain.labels import Labels, Matcher, MatchOp
from sightline.domain.metrics.samples import stale_mask
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant
from sightline.domain.timerange import ALL_TIME

pytestmark = pytest.mark.anyio

OTHER = Tenant("other")


def alert(state: AlertState, instance: str = "box", tenant: Tenant = DEFAULT_TENANT) -> Alert:
    """An alert of one instance in a state."""
    labels = Labels.of(alertname="Hot", severity="critical", instance=instance)
    return Alert(tenant, "Hot", labels, Labels(), state, 95.0, 0, 0, Reason.CONDITION_TRUE)


async def told(house: House, tenant: Tenant = DEFAULT_TENANT) -> dict[tuple[str, str], list[float | None]]:
    """The recorded values by instance and state, in order of time; None for a stale marker."""
    found = await house.reader.select(tenant, (Matcher("__name__", MatchOp.EQUAL, "ALERTS"),), ALL_TIME, 1000)
    stale = stale_mask(found.values).tolist()
    values = [None if ended else value for ended, value in zip(stale, found.values.tolist(), strict=True)]
    return {
        (labels.get("instance"), labels.get("alertstate")): values[found.offsets[row] : found.offsets[row + 1]]
        for row, labels in enumerate(found.labels)
    }


async def test_an_alert_is_a_series_of_its_state_and_ends_with_it() -> None:
    """Pending becomes firing: the one series ends where the other begins; a resolved alert has none."""
    house = House()
    record = Record(house.ingest)
    for state in (AlertState.PENDING, AlertState.FIRING, AlertState.FIRING, AlertState.RESOLVED, AlertState.RESOLVED):
        await record([alert(state)], house.clock.now())
        await house.clock.advance(5)
    assert await told(house) == {("box", "pending"): [1.0, None], ("box", "firing"): [1.0, 1.0, None]}


async def test_alerts_of_tenants_are_kept_apart() -> None:
    """Each tenant's alerts are written under it, and an alert that is gone altogether ends too."""
    house = House()
    record = Record(house.ingest)
    await record([alert(AlertState.FIRING), alert(AlertState.FIRING, "far", OTHER)], house.clock.now())
    await house.clock.advance(5)
    await record([alert(AlertState.FIRING)], house.clock.now())
    assert await told(house) == {("box", "firing"): [1.0, 1.0]}
    assert await told(house, OTHER) == {("far", "firing"): [1.0, None]}


async def test_very_many_alerts_are_written_some_at_a_time() -> None:
    """Every one of them, and others have their turn meanwhile."""
    house = House()
    record, turns = Record(house.ingest), 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    await record([alert(AlertState.FIRING, f"box {number}") for number in range(2_500)], house.clock.now())
    beside.cancel()
    assert turns > 3
    await house.clock.advance(5)
    await record([], house.clock.now())
    found = await house.reader.select(DEFAULT_TENANT, (Matcher("__name__", MatchOp.EQUAL, "ALERTS"),), ALL_TIME, 10_000)
    assert (len(found.labels), len(found.values), stale_mask(found.values).sum()) == (2_500, 5_000, 2_500)


async def test_a_marker_that_could_not_be_written_is_owed() -> None:
    """When intake refuses, the end of an alert is written as soon as it takes samples again."""
    house = House()
    record = Record(house.ingest)
    await record([alert(AlertState.FIRING)], house.clock.now())
    await house.clock.advance(5)
    house.disk.room = 0
    await house.retain.run_once()
    with pytest.raises(StorageFull):
        await record([], house.clock.now())
    house.disk.room = 10**9
    await house.retain.run_once()
    await record([], house.clock.now())
    assert await told(house) == {("box", "firing"): [1.0, None]}
