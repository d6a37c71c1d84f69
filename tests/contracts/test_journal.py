"""What every journal promises (ports/journal.py)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.oracles.native_histogram import marked, natives, numbered

from sightline.adapters.outbound.files.journal import FileJournal
from sightline.adapters.outbound.memory.journal import MemoryJournal
from sightline.domain.errors import BodyTooLarge, Overloaded
from sightline.domain.labels import Labels, metric_id, series_id
from sightline.domain.metrics.journal import Appended, Entry, Flushed, Sealed, SeriesSeen
from sightline.domain.tenancy import Tenant
from sightline.ports.journal import Journal

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def _memory(_: Path) -> AsyncIterator[Journal]:
    yield MemoryJournal(segment_samples=10, max_samples=100)


@asynccontextmanager
async def _files(folder: Path) -> AsyncIterator[Journal]:
    journal = FileJournal(folder, segment_bytes=600, max_bytes=6000)
    yield journal
    await journal.close()


ADAPTERS = {"memory": _memory, "files": _files}


@pytest.fixture(params=ADAPTERS)
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Journal]:
    async with ADAPTERS[request.param](tmp_path / "wal") as opened:
        assert list(opened.replay()) == []
        yield opened


def appended(first_seq: int, samples: int, tenant: str = "default") -> Appended:
    labels = Labels.of(__name__="m", unit="°C")
    one = series_id(labels)
    return Appended(
        Tenant(tenant),
        first_seq,
        SeriesSeen.of((one, labels, 5, 9)),
        np.array([one], np.uint64),
        np.array([metric_id("m")], np.uint64),
        np.zeros(samples, np.uint32),
        np.arange(samples, dtype=np.int64),
        np.arange(samples, dtype=np.float64),
    )


def described(entry: Entry) -> tuple[object, ...]:
    """Something comparable: arrays have no equality of their own."""
    if isinstance(entry, Appended):
        seen = entry.seen
        described = [column.tobytes() for column in (seen.ids, seen.first, seen.last, seen.fresh)]
        columns = (entry.ids, entry.metrics, entry.index, entry.times, entry.values)
        numbers = (column.tobytes() for column in columns)
        return (entry.tenant, entry.first_seq, *seen.labels, *described, *numbers, *natives(entry.histograms))
    return (entry,)


async def test_replay_gives_every_entry_in_the_order_of_the_calls(journal: Journal) -> None:
    """What was appended comes back whole and in order, whatever its kind."""
    values, histograms = marked([1.0, numbered(3), numbered(9)])
    with_histograms = replace(appended(5, 3), values=values, histograms=histograms)
    entries: list[Entry] = [appended(0, 3), Sealed(0, 0, 3), Flushed(0), appended(3, 2, "other"), with_histograms]
    for entry in entries:
        await journal.append([entry])
    assert [described(entry) for entry in journal.replay()] == [described(entry) for entry in entries]


async def test_appends_under_way_at_once_keep_their_order(journal: Journal) -> None:
    """Concurrent appends are logged in the order in which they were called."""
    await asyncio.gather(*(journal.append([appended(seq, 1)]) for seq in range(20)))
    assert [entry.first_seq for entry in journal.replay() if isinstance(entry, Appended)] == list(range(20))


async def test_position_is_above_everything_appended(journal: Journal) -> None:
    """The position after an append lies behind its last sample."""
    await journal.append([appended(7, 5)])
    assert journal.position() >= 12


async def test_segment_changes_only_between_appends(journal: Journal) -> None:
    """The segment named before an append is the one it is written to, and a full one gives way to the next."""
    named = []
    for seq in range(0, 40, 4):
        named.append(journal.segment())
        await journal.append([appended(seq, 4)])
    assert named == sorted(named)
    assert named[-1] > named[0]


async def test_release_forgets_whole_segments_below_a_position(journal: Journal) -> None:
    """After a release nothing at or above the position is missing, and what lies well below is gone."""
    for seq in range(0, 60, 5):
        await journal.append([appended(seq, 5)])
    await journal.release(30)
    kept = [entry.first_seq for entry in journal.replay() if isinstance(entry, Appended)]
    assert set(range(30, 60, 5)) <= set(kept)
    assert 0 not in kept


async def test_a_full_log_refuses_whole_appends_and_still_takes_bookkeeping(journal: Journal) -> None:
    """At its bound the log refuses samples with nothing of them kept, says how to go on, and takes seals and notes."""
    seq = 0
    refused: Overloaded | None = None
    while refused is None:
        try:
            await journal.append([appended(seq, 4), appended(seq + 4, 4)])
            seq += 8
        except Overloaded as error:
            refused = error
    assert refused.detail["retry_after"] > 0
    assert sum(len(entry.times) for entry in journal.replay() if isinstance(entry, Appended)) == seq
    await journal.append([Sealed(0, 0, seq)])
    await journal.append([Flushed(0)])
    await journal.release(seq)
    await journal.append([appended(seq, 4)])


async def test_sync_returns_once_everything_is_durable(journal: Journal) -> None:
    """A sync with nothing to do and one after an append both return."""
    await journal.sync()
    await journal.append([appended(0, 1)])
    await journal.sync()
    assert len(list(journal.replay())) == 1


async def test_entries_that_alone_are_more_than_the_log_holds_are_refused_for_good(journal: Journal) -> None:
    """Trying again would not help, so the refusal is not the one that asks for it."""
    with pytest.raises(BodyTooLarge):
        await journal.append([appended(0, 1000)])
    assert list(journal.replay()) == []
