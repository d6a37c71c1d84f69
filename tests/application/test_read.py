import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import numpy as np
import pytest
from tests.application.test_slices import AtOnce
from tests.contracts.ranges import Ledger, Write
from typing_extensions import override

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.series import MemorySeries
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application import read as module
from sightline.application.admit import Lane, Turns
from sightline.application.read import Piece, Read, ReadLimits
from sightline.domain.errors import QueryTimeout, ReadTooLarge, TooManyQueries
from sightline.domain.labels import Labels, Matcher, Matchers, MatchOp
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.metrics.selection import Selection
from sightline.domain.tenancy import LOCAL, Principal, Role, Tenant
from sightline.domain.timerange import ALL_TIME, TimeRange

SERIES = [Labels.of(__name__="up", at=f"{number:03}") for number in range(60)]
SAMPLES = 10  # of each series
UP = (Matcher("__name__", MatchOp.EQUAL, "up"),)
ALL = Selection(UP, ALL_TIME)


class NamelessSeries(MemorySeries):
    """A store that cannot name series before they are read, and whose reads may be held up."""

    def __init__(self) -> None:
        super().__init__()
        self.names = True
        self.gate = asyncio.Event()
        self.gate.set()

    @override
    async def find(  # type: ignore[override]  # what the port allows
        self, tenant: Tenant, matchers: Matchers
    ) -> KnownSeries | None:
        return await super().find(tenant, matchers) if self.names else None

    @override
    async def select(self, tenant: Tenant, matchers: Matchers, within: TimeRange, limit: int) -> SeriesColumns:
        await self.gate.wait()
        return await super().select(tenant, matchers, within, limit)


@pytest.fixture
async def store() -> NamelessSeries:
    """Sixty series of ten samples each."""
    store = NamelessSeries()
    samples = [(1_000 * at, float(at)) for at in range(SAMPLES)]
    await store.write(Ledger().sealed([Write(LOCAL.tenant, labels, samples) for labels in SERIES]))
    return store


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds that sixty series go beyond."""
    monkeypatch.setattr(module, "SMALL_SAMPLES", 50)
    monkeypatch.setattr(module, "PIECE_SAMPLES", 120)


class Setting:
    """A use case over a store."""

    def __init__(self, store: MemorySeries, limits: ReadLimits | None = None) -> None:
        self.clock, self.telemetry = ManualClock(0), MemoryTelemetry()
        self.turns = Turns(self.telemetry, small=1, large=1, queue=0)
        self.read = Read(store, self.clock, self.telemetry, AtOnce(), self.turns, limits)

    def streamed(
        self, selection: Selection = ALL, who: Principal = LOCAL
    ) -> AsyncGenerator[Piece[SeriesColumns], None]:
        """The pieces as they were read."""
        return self.read.streamed(who, selection, lambda columns: columns)

    async def all_of(self, selection: Selection = ALL, who: Principal = LOCAL) -> list[SeriesColumns]:
        """The columns of all pieces."""
        return [piece.made async for piece in self.streamed(selection, who)]


async def test_a_small_read_is_one_piece(store: NamelessSeries) -> None:
    """What is little comes at once, its samples within both ends of the range."""
    (found,) = await Setting(store).all_of(
        Selection((*UP, Matcher("at", MatchOp.MATCHES, "00[12]")), TimeRange(2_000, 4_000))
    )
    assert found.labels == tuple(SERIES[1:3])
    assert found.times.tolist() == [2_000, 3_000, 4_000] * 2


@pytest.mark.usefixtures("small")
async def test_a_large_read_comes_in_pieces_in_order_of_labels(store: NamelessSeries) -> None:
    """Every series is in one piece, pieces follow in order of labels, and none has more samples than it may."""
    pieces = await Setting(store).all_of()
    assert len(pieces) > 3
    assert [labels for piece in pieces for labels in piece.labels] == SERIES
    assert {tuple(np.diff(piece.offsets)) for piece in pieces} == {(SAMPLES,) * len(piece) for piece in pieces}
    assert all(piece.samples <= 160 for piece in pieces)


@pytest.mark.usefixtures("small")
async def test_no_turn_is_held_between_pieces(store: NamelessSeries) -> None:
    """Whoever takes pieces slowly is in nobody's way, and leaves nothing behind when he goes."""
    setting = Setting(store)
    async with aclosing(setting.streamed()) as pieces:
        await anext(pieces)
        for lane in Lane:
            (await setting.turns.take(LOCAL.tenant, lane)).end()
    assert len(await setting.all_of()) > 3


@pytest.mark.usefixtures("small")
async def test_what_cannot_be_named_is_read_at_once(store: NamelessSeries) -> None:
    """Where the index has given up, all of it is one piece, or too much."""
    store.names = False
    (found,) = await Setting(store).all_of()
    assert found.labels == tuple(SERIES)
    with pytest.raises(ReadTooLarge, match=r"more than 500 samples, which query\.max_samples allows"):
        await Setting(store, ReadLimits(at_once=500)).all_of()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("most", [30, 50, 599])
async def test_a_whole_answer_is_bounded(store: NamelessSeries, most: int) -> None:
    """Beyond `read.max_samples` it is refused, counting what the answer has already; one sample less is not."""

    async def whole(limit: int, before: int) -> int:
        read = Setting(store, ReadLimits(limit)).read
        return sum([piece.samples async for piece in read.whole(LOCAL, ALL, len, before)])

    with pytest.raises(ReadTooLarge, match=rf"more than {most} samples, which read\.max_samples allows"):
        await whole(most, 0)
    with pytest.raises(ReadTooLarge):
        await whole(600, 1)
    assert await whole(600, 0) == await whole(607, 7) == 600


async def test_labels_alone(store: NamelessSeries) -> None:
    """A bare selection gives the series without samples, as many as `search.max_results` allows."""
    bare = Selection(UP, ALL_TIME, bare=True)
    (found,) = await Setting(store).all_of(bare)
    assert (found.labels, found.samples, found.offsets.tolist()) == (tuple(SERIES), 0, [0] * 61)
    with pytest.raises(ReadTooLarge, match=r"more than 59 series, which search\.max_results allows"):
        await Setting(store, ReadLimits(max_series=59)).all_of(bare)


async def test_a_range_that_ends_before_it_begins_holds_nothing(store: NamelessSeries) -> None:
    """And needs no look at the store."""
    store.gate.clear()
    assert await Setting(store).all_of(Selection(UP, TimeRange(2, 1))) == []


async def test_tenants_are_apart(store: NamelessSeries) -> None:
    """Another tenant's read finds nothing."""
    (found,) = await Setting(store).all_of(who=Principal("other", Tenant("other"), Role.READER))
    assert len(found) == 0


async def test_a_read_has_its_turn_and_its_time(store: NamelessSeries) -> None:
    """It takes a place among the queries; when `query.timeout` is over it ends with its name and gives the place back."""
    store.gate.clear()
    setting = Setting(store)
    held = asyncio.ensure_future(setting.all_of())
    await asyncio.sleep(0)
    with pytest.raises(TooManyQueries):
        await setting.turns.take(LOCAL.tenant, Lane.SMALL)
    await setting.clock.advance(120)
    with pytest.raises(QueryTimeout, match=r"longer than 2m \(query\.timeout\)"):
        await held
    (await setting.turns.take(LOCAL.tenant, Lane.SMALL)).end()
