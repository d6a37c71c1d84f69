"""What every store of incidents promises, proven on each."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from sightline.adapters.outbound.memory.incidents import MemoryIncidents
from sightline.adapters.outbound.sql.database import SqlDatabase
from sightline.adapters.outbound.sql.incidents import SqlIncidents
from sightline.domain.errors import Conflict, NotFound
from sightline.domain.probes.incident import Entry, EntryKind, Incident, IncidentKind
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant
from sightline.domain.timerange import ALL_TIME, TimeRange
from sightline.ports.incidents import Incidents, Wanted, Written

pytestmark = pytest.mark.anyio

OTHER_TENANT = Tenant("other")
OUTAGE = Incident(
    id=0,
    check=1,
    kind=IncidentKind.DOWN,
    started_at=100,
    cause="timed_out shop.example",
    title="Shop is down",
    details="no answer within 10 s: 'é'",
    assignee="ann",
    acknowledged_at=150,
    post_mortem="# Why",
    public=False,
    trace_ids=("0af7651916cd43dd8448eb211c80319c",),
)
OPENED = Entry(100, EntryKind.OPENED, "no answer")
UPDATE = Entry(160, EntryKind.UPDATE, "we look into it: 'é'", "ann", public=True, status="investigating")
ABSENT = (0, -1, 7, 2**63, 2**200)


@asynccontextmanager
async def _memory(_: Path) -> AsyncIterator[Incidents]:
    yield MemoryIncidents()


@asynccontextmanager
async def _sqlite(folder: Path) -> AsyncIterator[Incidents]:
    database = await SqlDatabase.open(folder / "catalog.sqlite")
    yield SqlIncidents(database)
    await database.close()


ADAPTERS: dict[str, Callable[[Path], AbstractAsyncContextManager[Incidents]]] = {"memory": _memory, "sqlite": _sqlite}


@pytest.fixture(params=ADAPTERS)
async def incidents(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Incidents]:
    """Each store in turn, empty."""
    async with ADAPTERS[request.param](tmp_path) as opened:
        yield opened


def lasted(check: int | None, started_at: int, ended_at: int | None) -> Incident:
    """An incident of which only the time matters."""
    return Incident(id=0, check=check, kind=IncidentKind.DEGRADED, started_at=started_at, ended_at=ended_at)


async def timeline(incidents: Incidents, incident_id: int, tenant: Tenant = DEFAULT_TENANT) -> list[Entry]:
    """The lines of an incident as they were before they had ids."""
    return [replace(entry, id=0) for entry in await incidents.timeline(tenant, incident_id)]


async def found(incidents: Incidents, wanted: Wanted) -> list[int]:
    """The ids of what is wanted."""
    return [incident.id for incident in await incidents.find(DEFAULT_TENANT, wanted)]


async def test_a_new_incident_is_stored_as_it_was_told(incidents: Incidents) -> None:
    """It has the id that comes next and version 1, whatever it had, and its first lines."""
    first = await incidents.open(DEFAULT_TENANT, replace(OUTAGE, id=42, version=9), [OPENED, UPDATE])
    second = await incidents.open(DEFAULT_TENANT, lasted(None, 5, 6), [])
    assert first == replace(OUTAGE, id=1)
    assert second == replace(lasted(None, 5, 6), id=2)
    assert [await incidents.get(DEFAULT_TENANT, number) for number in (1, 2)] == [first, second]
    assert await timeline(incidents, 1) == [OPENED, UPDATE]
    assert await timeline(incidents, 2) == []


async def test_saving_replaces_what_is_said_and_adds_lines(incidents: Incidents) -> None:
    """The version grows each time, with lines or without."""
    opened = await incidents.open(DEFAULT_TENANT, OUTAGE, [OPENED])
    ended = replace(opened, ended_at=300, kind=IncidentKind.UNREACHABLE, part_of=1, check=2)
    saved = await incidents.save(DEFAULT_TENANT, ended, [UPDATE, Entry(300, EntryKind.RESOLVED)])
    assert saved == replace(ended, version=2)
    assert await incidents.save(DEFAULT_TENANT, saved, expected=2) == replace(saved, version=3)
    assert await incidents.get(DEFAULT_TENANT, 1) == replace(saved, version=3)
    assert await timeline(incidents, 1) == [OPENED, UPDATE, Entry(300, EntryKind.RESOLVED)]


async def test_lines_have_ids_that_grow(incidents: Incidents) -> None:
    """In the order in which they were added, whatever their times, and those of different incidents differ."""
    first = await incidents.open(DEFAULT_TENANT, OUTAGE, [UPDATE, OPENED])
    await incidents.open(DEFAULT_TENANT, OUTAGE, [OPENED])
    await incidents.save(DEFAULT_TENANT, first, [replace(OPENED, id=1)])
    ids = [entry.id for number in (1, 2) for entry in await incidents.timeline(DEFAULT_TENANT, number)]
    assert ids[:3] == sorted(ids[:3])
    assert len(set(ids)) == 4
    assert await timeline(incidents, 1) == [UPDATE, OPENED, OPENED]


async def test_many_are_written_together(incidents: Incidents) -> None:
    """New ones, and one that is saved twice: in their order, whoever owns them, each with its lines."""
    first = await incidents.open(DEFAULT_TENANT, OUTAGE, [OPENED])
    ended = replace(first, ended_at=300)
    written = await incidents.write(
        [
            Written(DEFAULT_TENANT, replace(first, title="Shop is slow"), [UPDATE]),
            Written(OTHER_TENANT, lasted(1, 5, None), [OPENED, UPDATE]),
            Written(DEFAULT_TENANT, replace(lasted(2, 6, 7), version=9)),
            Written(DEFAULT_TENANT, ended, [Entry(300, EntryKind.RESOLVED)], expected=2),
        ]
    )
    assert written == [
        replace(first, title="Shop is slow", version=2),
        replace(lasted(1, 5, None), id=2),
        replace(lasted(2, 6, 7), id=3),
        replace(ended, version=3),
    ]
    assert await incidents.find(DEFAULT_TENANT, Wanted(ALL_TIME)) == [written[2], written[3]]
    assert await incidents.lasting() == [(OTHER_TENANT, written[1])]
    assert await timeline(incidents, 1) == [OPENED, UPDATE, Entry(300, EntryKind.RESOLVED)]
    assert await timeline(incidents, 2, OTHER_TENANT) == [OPENED, UPDATE]
    assert await incidents.write([]) == []


@pytest.mark.parametrize(
    ("tenant", "changed", "expected", "error"),
    [
        (DEFAULT_TENANT, 7, None, NotFound),
        (DEFAULT_TENANT, 2**70, None, NotFound),
        (OTHER_TENANT, 1, None, NotFound),
        (DEFAULT_TENANT, 1, 5, Conflict),
    ],
)
async def test_one_that_cannot_be_written_keeps_all_from_being_written(
    incidents: Incidents, tenant: Tenant, changed: int, expected: int | None, error: type[Exception]
) -> None:
    """Neither those before it nor their lines."""
    opened = await incidents.open(DEFAULT_TENANT, OUTAGE, [OPENED])
    with pytest.raises(error):
        await incidents.write(
            [
                Written(DEFAULT_TENANT, lasted(2, 6, 7), [OPENED]),
                Written(DEFAULT_TENANT, replace(opened, title="new"), [UPDATE]),
                Written(tenant, replace(OUTAGE, id=changed), [UPDATE], expected),
            ]
        )
    assert await incidents.find(DEFAULT_TENANT, Wanted(ALL_TIME)) == [opened]
    assert await timeline(incidents, 1) == [OPENED]


async def test_more_than_a_statement_takes_are_written(incidents: Incidents) -> None:
    """Opened, and then all of them saved."""
    opened = await incidents.write([Written(DEFAULT_TENANT, lasted(1, at, None), [OPENED]) for at in range(2_500)])
    assert [one.id for one in opened] == list(range(1, 2_501))
    await incidents.write([Written(DEFAULT_TENANT, replace(one, ended_at=9_000), [UPDATE]) for one in opened])
    assert await incidents.lasting() == []
    assert await timeline(incidents, 2_500) == [OPENED, UPDATE]


async def test_saving_over_another_version_changes_nothing(incidents: Incidents) -> None:
    """Neither the incident nor its lines; the message names the version that is there."""
    opened = await incidents.open(DEFAULT_TENANT, OUTAGE, [OPENED])
    with pytest.raises(Conflict, match="at version 1, not 2"):
        await incidents.save(DEFAULT_TENANT, replace(opened, title="new"), [UPDATE], expected=2)
    assert await incidents.get(DEFAULT_TENANT, 1) == opened
    assert await timeline(incidents, 1) == [OPENED]


@pytest.mark.parametrize("absent", ABSENT)
async def test_what_is_not_there_is_not_found(incidents: Incidents, absent: int) -> None:
    """Whatever number it would have; it has no lines."""
    await incidents.open(DEFAULT_TENANT, OUTAGE, [OPENED])
    with pytest.raises(NotFound, match=str(absent)):
        await incidents.get(DEFAULT_TENANT, absent)
    with pytest.raises(NotFound, match=str(absent)):
        await incidents.save(DEFAULT_TENANT, replace(OUTAGE, id=absent), [UPDATE])
    assert await incidents.timeline(DEFAULT_TENANT, absent) == []


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (Wanted(ALL_TIME), [5, 4, 3, 2, 1]),
        (Wanted(ALL_TIME, limit=2), [5, 4]),
        (Wanted(ALL_TIME, limit=2**70), [5, 4, 3, 2, 1]),
        (Wanted(ALL_TIME, limit=0), []),
        (Wanted(ALL_TIME, limit=2, before=4), [3, 2]),
        (Wanted(ALL_TIME, before=2**70), [5, 4, 3, 2, 1]),
        (Wanted(ALL_TIME, before=-(2**70)), []),
        (Wanted(ALL_TIME, checks=(1, 2**70)), [5, 1]),
        (Wanted(ALL_TIME, checks=(2, 3)), [4, 2]),
        (Wanted(ALL_TIME, open_only=True), [4, 3]),
        (Wanted(TimeRange(21, 29)), [4]),
        (Wanted(TimeRange(20, 30)), [4, 3, 2, 1]),
        (Wanted(TimeRange(0, 9)), []),
        (Wanted(TimeRange(45, 46)), [5, 4, 3]),
        (Wanted(TimeRange(30, 20)), []),
        (Wanted(TimeRange(20, 30), checks=(1,)), [1]),
        (Wanted(TimeRange(0, 29), open_only=True), [4]),
    ],
)
async def test_find_has_what_is_wanted_newest_first(incidents: Incidents, wanted: Wanted, ids: list[int]) -> None:
    """Incidents that overlap a time, both bounds included; of some checks; those that last; a page of them."""
    for incident in (
        lasted(1, 10, 20),
        lasted(2, 30, 40),
        lasted(None, 30, None),
        lasted(2, 15, None),
        lasted(1, 45, 45),
    ):
        await incidents.open(DEFAULT_TENANT, incident, [])
    await incidents.open(OTHER_TENANT, lasted(1, 10, None), [])
    assert await found(incidents, wanted) == ids


async def test_lasting_has_those_of_all_tenants(incidents: Incidents) -> None:
    """As long as they have no end; one may be opened again."""
    one = await incidents.open(DEFAULT_TENANT, lasted(1, 10, None), [])
    other = await incidents.open(OTHER_TENANT, lasted(1, 10, None), [])
    ended = await incidents.save(DEFAULT_TENANT, replace(one, ended_at=20))
    assert await incidents.lasting() == [(OTHER_TENANT, other)]
    again = await incidents.save(DEFAULT_TENANT, replace(ended, ended_at=None))
    assert sorted(await incidents.lasting(), key=lambda one: one[1].id) == [
        (DEFAULT_TENANT, again),
        (OTHER_TENANT, other),
    ]


async def test_tenants_see_nothing_of_each_other(incidents: Incidents) -> None:
    """Neither the incident nor its lines are found or changed by another."""
    opened = await incidents.open(DEFAULT_TENANT, OUTAGE, [OPENED])
    with pytest.raises(NotFound):
        await incidents.get(OTHER_TENANT, opened.id)
    with pytest.raises(NotFound):
        await incidents.save(OTHER_TENANT, opened, [UPDATE])
    assert await incidents.timeline(OTHER_TENANT, opened.id) == []
    assert await incidents.find(OTHER_TENANT, Wanted(ALL_TIME)) == []
    assert await timeline(incidents, opened.id) == [OPENED]


async def test_what_was_returned_is_no_longer_the_stores(incidents: Incidents) -> None:
    """A list may be changed by who got it without changing what is stored."""
    await incidents.open(DEFAULT_TENANT, OUTAGE, [OPENED])
    (await incidents.timeline(DEFAULT_TENANT, 1)).clear()
    (await incidents.find(DEFAULT_TENANT, Wanted(ALL_TIME))).clear()
    assert len(await incidents.timeline(DEFAULT_TENANT, 1)) == 1
    assert len(await incidents.find(DEFAULT_TENANT, Wanted(ALL_TIME))) == 1


async def test_a_file_keeps_incidents_over_a_restart(tmp_path: Path) -> None:
    """With their lines; ids go on from where they were."""
    async with _sqlite(tmp_path) as incidents:
        opened = await incidents.open(DEFAULT_TENANT, OUTAGE, [OPENED])
    async with _sqlite(tmp_path) as incidents:
        assert await incidents.lasting() == [(DEFAULT_TENANT, opened)]
        assert await timeline(incidents, opened.id) == [OPENED]
        assert (await incidents.open(DEFAULT_TENANT, OUTAGE, [])).id == opened.id + 1
