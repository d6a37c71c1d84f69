"""Taking samples in, and bringing them to the store."""

import asyncio
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from tests.application.intake import House, identities_of
from typing_extensions import override

from sightline.adapters.outbound.memory.journal import MemoryJournal
from sightline.application.ingest import IngestLimits
from sightline.application.recover import recover
from sightline.domain.errors import (
    BodyTooLarge,
    MalformedBody,
    Overloaded,
    SampleOutOfBounds,
    SeriesIdCollision,
    StorageFull,
)
from sightline.domain.events import Event, SamplesStored
from sightline.domain.labels import Labels
from sightline.domain.metrics.journal import Appended, Entry, Flushed, Sealed
from sightline.domain.metrics.left_out import LeftOut, Taken
from sightline.domain.metrics.samples import Ids, WriteBatch
from sightline.domain.metrics.span_table import Spans
from sightline.domain.metrics.tail import Tail
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.domain.timerange import ALL_TIME, HOUR

pytestmark = pytest.mark.anyio


def colliding(texts: Spans) -> tuple[Ids, Ids]:
    """Ids of which all series with a label `a` have the same."""
    ids, metrics = identities_of(texts)
    ids[[b"\xffa\xff" in b"\xff" + text for text in texts.texts()]] = 7
    return ids, metrics


class GatedJournal(MemoryJournal):
    """A journal whose appends wait where a disk would."""

    def __init__(self, gate: asyncio.Event) -> None:
        super().__init__()
        self._gate = gate

    @override
    async def append(self, entries: Sequence[Entry]) -> None:
        await self._gate.wait()
        await super().append(entries)


@pytest.fixture
def house() -> House:
    return House()


async def test_what_is_acknowledged_is_visible_at_once(house: House) -> None:
    """A query right after the acknowledgement sees the samples, before anything reached the store."""
    assert await house.ingest(LOCAL, house.batch(1, 2, 3)) == 3
    assert await house.values() == [1, 2, 3]
    assert house.store.tries == 0
    assert house.counted("sightline_ingest_samples_total") == 3


async def test_a_tenant_never_sees_anothers_samples(house: House) -> None:
    """In the tail, in the store and on the bus each tenant is alone."""
    heard: list[Event] = []

    async def listen() -> None:
        async with house.bus.subscribe(Tenant("a")) as events:
            ready.set()
            heard.extend([event async for event in events])

    ready = asyncio.Event()
    listening = asyncio.ensure_future(listen())
    await ready.wait()
    for tenant, value in (("a", 1.0), ("b", 2.0)):
        await house.ingest(Principal("x", Tenant(tenant)), house.batch(value))
    for _ in range(2):
        assert await house.values("a") == [1]
        assert await house.values("b") == [2]
        assert await house.values("c") == []
        for tenant in ("a", "b"):
            assert await house.reader.label_values(Tenant(tenant), "__name__", (), ALL_TIME, 10) == ["m"]
        assert await house.reader.series(Tenant("c"), (), ALL_TIME, 10) == []
        await house.flush.drain()
    house.bus.close()
    await listening
    assert [event.tenant for event in heard if isinstance(event, SamplesStored)] == ["a"]


async def test_a_range_goes_to_the_store_when_it_is_old_or_large_enough(house: House) -> None:
    """Thirty seconds or a hundred samples, whichever comes first."""
    await house.ingest(LOCAL, house.batch(1, 2))
    await house.flush.run_once()
    assert house.tail.rows == 2
    await house.clock.advance(30)
    await house.flush.run_once()
    assert (house.tail.rows, house.store.tries) == (0, 1)
    await house.ingest(LOCAL, house.batch(*range(100), name="n"))
    await house.flush.run_once()
    assert (house.tail.rows, house.store.tries) == (0, 2)
    assert await house.values() == [1, 2]
    assert await house.values(name="n") == list(range(100))


async def test_the_last_write_of_a_timestamp_wins_wherever_the_first_one_is(house: House) -> None:
    """A sample written again replaces the first, in the tail, in the store, and across both."""
    await house.ingest(LOCAL, house.batch(1, 2))
    await house.ingest(LOCAL, house.batch(3, 4))
    assert await house.values() == [3, 4]
    await house.flush.drain()
    await house.ingest(LOCAL, house.batch(5, 6))
    assert await house.values() == [5, 6]
    await house.flush.drain()
    assert await house.values() == [5, 6]


async def test_a_crash_loses_nothing_and_doubles_nothing(house: House) -> None:
    """After a restart everything acknowledged is there once, whether it had been flushed or not."""
    for i in range(10):
        await house.ingest(LOCAL, house.batch(float(i), name=f"m{i}"))
        if i == 4:
            await house.flush.drain()
    house.start()
    assert [await house.values(name=f"m{i}") for i in range(10)] == [[float(i)] for i in range(10)]
    await house.flush.drain()
    assert house.tail.rows == 0
    house.start()
    assert [await house.values(name=f"m{i}") for i in range(10)] == [[float(i)] for i in range(10)]


async def test_what_lies_before_a_sealed_range_is_in_the_store_even_where_its_note_was_lost(house: House) -> None:
    """Damage that took the bounds of an earlier range from the log does not bring its samples back for a second write."""
    await house.ingest(LOCAL, house.batch(1.0))
    first = house.tail.oldest(100, 10**6)
    await house.flush.drain()
    await house.ingest(LOCAL, house.batch(2.0, name="n"))
    house.store.away = True
    await house.flush.drain()
    damaged = MemoryJournal()
    await damaged.append(
        [one for one in house.journal.replay() if not isinstance(one, Sealed | Flushed) or one.range_id != first[0]]
    )
    found = recover(damaged, tail := Tail())
    assert (tail.rows, len(found.pending)) == (1, 1)


async def test_each_log_segment_can_be_read_alone(house: House) -> None:
    """A series that goes on into the next segment is described there again, so released segments are not missed."""
    for i in range(12):
        await house.ingest(LOCAL, house.batch(float(i), float(i)))
        await house.clock.advance(5)
    described = set()
    for entry in house.journal.replay():
        if isinstance(entry, Appended):
            described |= set(entry.seen.ids.tolist())
            assert set(entry.ids.tolist()) <= described
    await house.flush.drain()
    await house.ingest(LOCAL, house.batch(99.0))
    house.start()
    assert (await house.values())[-1] == 99.0
    assert house.tail.view(Tenant("default"), ()).series(ALL_TIME) == {Labels.of(__name__="m")}


async def test_a_series_that_a_batch_names_twice_is_one_series(house: House) -> None:
    """Samples under equal label sets are one series, which the tail gives up when the store has it."""
    one, other = house.batch(1.0), house.batch(2.0)
    now = house.clock.now()
    await house.ingest(
        LOCAL,
        WriteBatch(
            (*one.labels, *other.labels), np.arange(2, dtype=np.uint32), np.array([now - 1, now]), np.array([1.0, 2.0])
        ),
    )
    await house.ingest(LOCAL, house.batch(*range(99), name="more"))
    await house.flush.drain()
    assert house.store.tries == 2
    assert house.tail.rows == 0
    assert await house.values() == [1.0, 2.0]


async def test_intake_tail_and_index_name_a_tenants_series_in_one_roster(house: House) -> None:
    """From the first sample of a start on; otherwise each of them would look at the labels of every series again."""
    roster = house.ingest.roster(LOCAL.tenant)
    await house.ingest(LOCAL, house.batch(1.0))
    named = house.index.find(LOCAL.tenant, ()).named
    assert named is not None
    assert named.roster is roster
    assert house.tail.roster(LOCAL.tenant) is roster
    assert len(roster) == 1


async def test_a_series_is_written_to_the_store_once_and_then_hourly(house: House) -> None:
    """The series table gets a row when a series is new and when its last sight is an hour old."""
    for _ in range(14):
        await house.ingest(LOCAL, house.batch(1.0))
        await house.flush.drain()
        await house.clock.advance(600)
    assert house.store.series_rows == [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0]


async def test_while_the_store_is_away_intake_goes_on_and_everything_drains_later(house: House) -> None:
    """Five failures open the breaker, a trial every thirty seconds finds the store back, and nothing is lost."""
    house.store.away = True
    await house.ingest(LOCAL, house.batch(*range(100)))
    for _ in range(10):
        await house.flush.run_once()
        await house.ingest(LOCAL, house.batch(1.0, name="n"))
    assert house.store.tries == 5
    assert str(house.flush.breaker) == "open"
    await house.clock.advance(30)
    await house.flush.run_once()
    assert house.store.tries == 6
    house.store.away = False
    await house.clock.advance(30)
    await house.flush.run_once()
    await house.flush.run_once()
    assert str(house.flush.breaker) == "closed"
    await house.flush.drain()
    assert house.tail.rows == 0
    assert await house.values() == list(range(100))
    assert await house.values(name="n") == [1.0]


@pytest.mark.parametrize("back", [False, True])
async def test_a_last_drain_asks_the_store_although_the_breaker_is_open(house: House, back: bool) -> None:  # noqa: FBT001
    """Stopping while the store is given a rest tries once more; what it does not take stays acknowledged."""
    house.store.away = True
    await house.ingest(LOCAL, house.batch(*range(100)))
    for _ in range(5):
        await house.flush.run_once()
    assert str(house.flush.breaker) == "open"
    house.store.away = not back
    await house.flush.drain()
    assert (house.tail.rows, str(house.flush.breaker)) == ((0, "closed") if back else (100, "open"))
    house.start()
    assert await house.values() == list(range(100))


async def test_many_small_batches_are_refused_before_they_take_too_much_memory() -> None:
    """An entry of one sample takes far more memory than the sample, and counts as that many."""
    house = House(limits=IngestLimits(unflushed_samples=100))
    while house.tail.weight <= 100 * 100:
        await house.ingest(LOCAL, house.batch(1.0, name=f"m{house.tail.rows}"))
    with pytest.raises(Overloaded, match=r"intake\.unflushed_samples allows 100 of 100 bytes"):
        await house.ingest(LOCAL, house.batch(1.0))
    assert 5 < house.tail.rows < 20


async def test_a_collision_counts_the_samples_that_it_costs() -> None:
    """Refused samples are counted, not refused series."""
    house = House(identify=colliding)
    await house.ingest(LOCAL, house.batch(1.0, a="1"))
    with pytest.raises(SeriesIdCollision):
        await house.ingest(LOCAL, house.batch(1.0, 2.0, 3.0, a="2"))
    assert house.counted("sightline_ingest_refused_samples_total") == 3


async def test_too_much_waiting_for_the_store_is_refused_with_the_limit_named() -> None:
    """At the bound samples are refused whole, with a time to try again."""
    house = House(limits=IngestLimits(unflushed_samples=5))
    await house.ingest(LOCAL, house.batch(1, 2, 3))
    with pytest.raises(Overloaded, match=r"intake\.unflushed_samples allows 5") as refused:
        await house.ingest(LOCAL, house.batch(1, 2, 3, name="n"))
    assert refused.value.detail["retry_after"] > 0
    assert await house.values(name="n") == []


async def test_a_full_disk_stops_intake_until_there_is_room_again(house: House) -> None:
    """Below the watermark samples are refused; what was acknowledged stays; a little more room is wanted to go on."""
    await house.ingest(LOCAL, house.batch(1.0))
    house.disk.room = 999
    await house.retain.run_once()
    with pytest.raises(StorageFull, match=r"disk\.min_free"):
        await house.ingest(LOCAL, house.batch(2.0, name="n"))
    house.disk.room = 1001
    await house.retain.run_once()
    assert house.retain.full
    house.disk.room = 1101
    await house.retain.run_once()
    await house.ingest(LOCAL, house.batch(3.0, name="n"))
    assert (await house.values(), await house.values(name="n")) == ([1.0], [3.0])


@pytest.mark.parametrize(
    ("offset", "said"),
    [
        (-16 * 24 * HOUR, "older than retention = 15d keeps; 1 sample was refused, the other 1 stored"),
        (
            11 * 60_000,
            r"is 11m ahead of this server's clock, 2\d{3}-.*Z, and intake\.ahead allows 10m: set the sender's",
        ),
    ],
)
async def test_samples_out_of_bounds_are_left_out_and_named(house: House, offset: int, said: str) -> None:
    """A sample that retention would drop, or from too far ahead, is told why; the others of its batch are stored."""
    good = house.batch(1, 2)
    bad = WriteBatch(good.labels, good.series, good.times + np.array([0, offset]), good.values)
    with pytest.raises(SampleOutOfBounds, match=said) as refused:
        await house.ingest(LOCAL, bad)
    detail = refused.value.detail
    assert (detail["series"], detail["stored"], detail["refused"]) == ("m", 1, 1)
    assert await house.values() == [1.0]
    assert house.counted("sightline_ingest_refused_samples_total") == 1


@pytest.mark.parametrize(
    ("scale", "said"),
    [
        (lambda now: now // 1000, "keeps (1,000 times that is about 2"),
        (lambda now: now // 10**9, "seconds instead of nanoseconds?)"),
        (lambda now: now * 1000, "(that divided by 1,000 is about 2"),
        (lambda now: now * 1000, "milliseconds instead of seconds?)"),
        (lambda now: now - now, "the sample of 0 ms has no time: it is older than retention = 15d keeps"),
    ],
)
async def test_times_in_another_unit_are_told_as_such(house: House, scale: Callable[[int], int], said: str) -> None:
    """The first mistake of whoever writes a sender; then it is not the clock that is wrong."""
    good = house.batch(1)
    times = np.array([scale(house.clock.now())], np.int64)
    (left,) = (await house.ingest.partly(LOCAL, WriteBatch(good.labels, good.series, times, good.values))).left_out
    assert said in left.error.message
    assert "clock:" not in left.error.message
    assert "set the sender" not in left.error.message


async def test_a_batch_of_which_nothing_is_valid_says_so(house: House) -> None:
    """Samples that are too old alone leave nothing behind, and the answer counts them."""
    good = house.batch(1, 2, 3)
    with pytest.raises(SampleOutOfBounds, match="3 samples were refused, nothing was stored"):
        await house.ingest(LOCAL, WriteBatch(good.labels, good.series, good.times - 16 * 24 * HOUR, good.values))
    assert await house.values() == []


async def test_a_label_set_that_is_no_series_is_left_out(house: House) -> None:
    """Of a batch with a nameless series the rest is stored, and each reason is counted by itself."""
    now = house.clock.now()
    labels = (Labels.of(__name__="m"), Labels.of(a="b"), Labels.of(__name__="n"))
    series, times = np.array([0, 1, 1, 2, 2], np.uint32), np.array([now, now, now, now, now - 16 * 24 * HOUR], np.int64)
    taken = await house.ingest.partly(LOCAL, WriteBatch(labels, series, times, np.arange(5.0)))
    assert [(each.error.code, each.samples) for each in taken.left_out] == [
        ("sample_out_of_bounds", 1),
        ("label_invalid", 2),
    ]
    assert (taken.samples, taken.histograms, taken.refused.tolist()) == (2, 0, [1, 2, 4])
    assert (await house.values(), await house.values(name="n")) == ([0.0], [3.0])


async def test_of_several_refused_series_the_first_is_named_and_the_others_counted(house: House) -> None:
    """So that nobody looks for one mistake where there are many."""
    now = np.full(3, house.clock.now(), np.int64)
    many = {f"l{number}": "x" for number in range(142)}
    labels = (Labels.of(many, __name__="wide"), Labels.of(a="b"), Labels.of(many, __name__="wider"))
    taken = await house.ingest.partly(LOCAL, WriteBatch(labels, np.arange(3, dtype=np.uint32), now, np.arange(3.0)))
    said = "series wide: 143 labels: intake.labels allows 128 (and 2 more series)"
    assert [(each.error.message, each.samples) for each in taken.left_out] == [(said, 3)]


async def test_what_a_decoder_could_not_read_is_counted_and_told(house: House) -> None:
    """It stands before what intake itself leaves out, also where nothing else came."""
    unread = (LeftOut(MalformedBody("line 3: no number"), 2),)
    old = house.batch(1, 2)
    late = WriteBatch(old.labels, old.series, old.times - np.array([0, 16 * 24 * HOUR]), old.values)
    taken = await house.ingest.partly(LOCAL, late, unread)
    assert [(each.error.code, each.samples) for each in taken.left_out] == [
        ("body_malformed", 2),
        ("sample_out_of_bounds", 1),
    ]
    assert taken.samples == 1
    assert await house.ingest.partly(LOCAL, WriteBatch.at(0, []), unread) == Taken(0, left_out=unread)
    assert house.counted("sightline_ingest_refused_samples_total") == 5


async def test_a_series_whose_id_collides_is_refused_alone() -> None:
    """The first holder of an id keeps it; the other series is refused and counted, the rest of its batch stored."""
    house = House(identify=colliding)
    await house.ingest(LOCAL, house.batch(1.0, a="1"))
    now = np.full(2, house.clock.now(), np.int64)
    labels = (Labels.of(__name__="m", a="2"), Labels.of(__name__="n"))
    with pytest.raises(SeriesIdCollision, match=r'm\{a="2"\}'):
        await house.ingest(LOCAL, WriteBatch(labels, np.array([0, 1], np.uint32), now, np.array([2.0, 3.0])))
    assert (await house.values(), await house.values(name="n")) == ([1.0], [3.0])
    assert house.counted("sightline_ingest_refused_samples_total") == 1


async def test_a_client_that_leaves_does_not_part_the_log_from_the_tail(house: House) -> None:
    """Cancelling an ingest that was being logged leaves log and tail agreeing."""
    gate = asyncio.Event()
    house.journal = GatedJournal(gate)
    house.start()
    leaving = asyncio.ensure_future(house.ingest(LOCAL, house.batch(1.0)))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    gate.set()
    await house.ingest.drain()
    assert await house.values() == [1.0]


class CountingJournal(GatedJournal):
    """A gated journal that counts its appends and may refuse what is too large together."""

    def __init__(self, gate: asyncio.Event, most: int = 10**9) -> None:
        super().__init__(gate)
        self.appends: list[int] = []
        self.called = asyncio.Event()
        self.most = most

    @override
    async def append(self, entries: Sequence[Entry]) -> None:
        size = sum(len(one.times) for one in entries if isinstance(one, Appended))
        self.appends.append(size)
        self.called.set()
        await self._gate.wait()
        if size > self.most:
            raise BodyTooLarge("too much at once")
        await super().append(entries)


async def gathered(house: House, *batches: tuple[str, WriteBatch]) -> list[int | BaseException]:
    """Ingest one batch that waits in the log, then the others meanwhile; gives how each of those ended."""
    assert isinstance(house.journal, CountingJournal)
    first = asyncio.ensure_future(house.ingest(LOCAL, house.batch(0.0, name="first")))
    await asyncio.wait_for(house.journal.called.wait(), 30)
    others = [asyncio.ensure_future(house.ingest(Principal("x", Tenant(one)), batch)) for one, batch in batches]
    for _ in range(3):
        await asyncio.sleep(0)
    house.journal._gate.set()
    await first
    return await asyncio.gather(*others, return_exceptions=True)


def gated(house: House, most: int = 10**9) -> CountingJournal:
    house.journal = journal = CountingJournal(asyncio.Event(), most)
    house.start()
    return journal


async def test_small_batches_that_come_meanwhile_are_logged_together(house: House) -> None:
    """They share one append, in their order, each tenant's apart, and each is acknowledged by itself."""
    journal = gated(house)
    heard: list[Event] = []
    async with house.bus.subscribe(Tenant("a")) as events:
        batches = [("a", house.batch(float(i), i + 0.5, name=f"m{i % 2}", own=str(i // 2))) for i in range(6)]
        ended = await gathered(house, *batches, ("b", house.batch(9.0, name="m0")))
        house.bus.close()
        heard.extend([event async for event in events])
    assert ended == [2] * 6 + [1]
    assert journal.appends == [1, 13]
    assert await house.values("a", "m0") == [0, 0.5, 2, 2.5, 4, 4.5]
    assert await house.values("a", "m1") == [1, 1.5, 3, 3.5, 5, 5.5]
    assert await house.values("b", "m0") == [9]
    assert [len(event.batch) for event in heard if isinstance(event, SamplesStored)] == [12]
    house.start()  # what the log has is what the tail had
    assert await house.values("a", "m0") == [0, 0.5, 2, 2.5, 4, 4.5]


async def test_of_one_timestamp_in_batches_logged_together_the_last_to_come_wins(house: House) -> None:
    """Gathering keeps the order of the requests."""
    gated(house)
    await gathered(house, *(("a", house.batch(float(i))) for i in range(5)))
    assert await house.values("a") == [4]
    await house.flush.drain()
    assert await house.values("a") == [4]


async def test_a_large_batch_does_not_wait_for_the_append_under_way(house: House) -> None:
    """More than a thousand samples are given to the log at once, before small ones that came earlier but wait."""
    journal = gated(house)
    small, large = house.batch(1.0), house.batch(*map(float, range(2000)), name="large")
    assert await gathered(house, ("a", small), ("a", large), ("a", small)) == [1, 2000, 1]
    assert journal.appends == [1, 2000, 2]
    assert len(await house.values("a", "large")) == 2000


async def test_a_log_that_cannot_take_all_together_is_asked_for_each(house: House) -> None:
    """A request is only told that it is too large when it is so by itself."""
    journal = gated(house, most=3)
    ended = await gathered(house, *(("a", house.batch(*range(size), name=f"m{size}")) for size in (1, 2, 3, 4)))
    assert ended[:3] == [1, 2, 3]
    assert isinstance(ended[3], BodyTooLarge)
    assert journal.appends == [1, 10, 1, 2, 3, 4]
    assert [len(await house.values("a", f"m{size}")) for size in (1, 2, 3, 4)] == [1, 2, 3, 0]


async def test_a_failure_of_the_log_is_told_to_all_that_shared_the_append(house: House) -> None:
    """Nobody is acknowledged, nothing is seen, and intake goes on afterwards."""
    journal = gated(house, most=10)

    async def refuse(_: Sequence[Entry]) -> None:
        raise StorageFull("no room")

    journal._gate.set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal, "append", refuse)
        ended = await asyncio.gather(
            *(house.ingest(LOCAL, house.batch(1.0, name=f"m{i}")) for i in range(3)), return_exceptions=True
        )
    assert [type(one) for one in ended] == [StorageFull] * 3
    assert house.tail.rows == 0
    assert await house.ingest(LOCAL, house.batch(1.0, name="m1")) == 1
    assert await house.values(name="m1") == [1]


async def test_a_client_that_leaves_does_not_disturb_those_it_was_gathered_with(house: House) -> None:
    """Its samples are stored all the same, and the others are acknowledged."""
    journal = gated(house)
    first = asyncio.ensure_future(house.ingest(LOCAL, house.batch(0.0, name="first")))
    await asyncio.wait_for(journal.called.wait(), 30)
    leaving, staying = (asyncio.ensure_future(house.ingest(LOCAL, house.batch(1.0, name=name))) for name in ("l", "s"))
    await asyncio.sleep(0)
    leaving.cancel()
    journal._gate.set()
    assert [await first, await staying] == [1, 1]
    assert leaving.cancelled()
    assert (await house.values(name="l"), await house.values(name="s")) == ([1], [1])


async def test_a_request_with_very_many_new_series_lets_others_have_their_turn(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small batch that comes later is acknowledged first, and both batches may bring the same new series."""
    monkeypatch.setattr("sightline.application.ingest._TURN", 200)
    labels = tuple(Labels.of(__name__="m", n=str(i)) for i in range(450))
    now = house.clock.now()
    many = WriteBatch(labels, np.arange(450, dtype=np.uint32), np.full(450, now, np.int64), np.ones(450))
    few = WriteBatch(labels[-1:], np.zeros(1, np.uint32), np.array([now - 1], np.int64), np.zeros(1))
    ended = []

    async def ingest(batch: WriteBatch) -> None:
        await house.ingest(LOCAL, batch)
        ended.append(len(batch))

    await asyncio.gather(ingest(many), ingest(few))
    assert ended == [1, 450]
    assert house.counted("sightline_ingest_series") == 450
    assert len(await house.values()) == 451


async def test_a_large_batch_is_logged_in_entries_that_fit_a_range() -> None:
    """A batch of more samples than an entry holds comes back whole and in order."""
    house = House()
    house.journal = MemoryJournal(max_samples=10**6)
    house.start()
    count = 250_000
    series = (np.arange(count) * 3 // count).astype(np.uint32)
    labels = tuple(Labels.of(__name__="m", n=str(i)) for i in range(3))
    times = house.clock.now() - np.arange(count, dtype=np.int64)[::-1]
    await house.ingest(LOCAL, WriteBatch(labels, series, times, np.arange(count, dtype=np.float64)))
    sizes = [len(entry.times) for entry in house.journal.replay() if isinstance(entry, Appended)]
    assert sizes == [100_000, 100_000, 50_000]
    assert sorted(await house.values()) == list(range(count))
