"""The write-ahead log in files: what a crash, a damaged disk and a full disk leave behind."""

import asyncio
import errno
import os
import struct
import threading
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from sightline.adapters.outbound.files.journal import FileJournal
from sightline.adapters.wire import journal as wire
from sightline.domain.errors import Overloaded, StorageFull, Unavailable
from sightline.domain.metrics.journal import NOTHING_SEEN, Appended, Sealed
from sightline.domain.tenancy import Tenant

pytestmark = pytest.mark.anyio


def appended(first_seq: int, samples: int = 10) -> Appended:
    return Appended(
        Tenant("default"),
        first_seq,
        NOTHING_SEEN,
        np.array([1], np.uint64),
        np.array([2], np.uint64),
        np.zeros(samples, np.uint32),
        np.arange(samples, dtype=np.int64),
        np.arange(samples, dtype=np.float64),
    )


async def write(folder: Path, firsts: Sequence[int], segment_bytes: int = 1 << 20) -> None:
    journal = FileJournal(folder, segment_bytes=segment_bytes)
    list(journal.replay())
    for first in firsts:
        await journal.append([appended(first)])
    await journal.close()


def firsts(journal: FileJournal) -> list[int]:
    return [entry.first_seq for entry in journal.replay() if isinstance(entry, Appended)]


async def test_what_was_appended_is_there_after_a_restart(tmp_path: Path) -> None:
    """Another run reads all segments in order and goes on at a higher position in a segment of its own."""
    await write(tmp_path, [0, 10, 20], segment_bytes=250)
    journal = FileJournal(tmp_path)
    assert firsts(journal) == [0, 10, 20]
    assert journal.position() == 30
    assert journal.segment() > 3
    assert journal.cuts == ()


async def test_a_log_of_the_format_before_is_read_on(tmp_path: Path) -> None:
    """What an earlier version wrote, with its own checksum, comes back; what is added stands in a file of the present format."""
    payload = b"".join(wire.frame(appended(0))[1:])
    header = struct.pack("<4sIQQ", b"SLWL", 1, 1, 0)
    frame = wire.FRAME.pack(len(payload), zlib.crc32(payload)) + payload
    (tmp_path / f"{1:020d}.wal").write_bytes(header + frame)
    await write(tmp_path, [10])
    journal = FileJournal(tmp_path)
    assert firsts(journal) == [0, 10]
    assert journal.cuts == ()


async def test_a_torn_last_write_is_cut_off_and_reported(tmp_path: Path) -> None:
    """Half a frame at the end costs that frame alone, and the cut is told."""
    await write(tmp_path, [0, 10])
    path = next(tmp_path.glob("*.wal"))
    os.truncate(path, path.stat().st_size - 7)
    journal = FileJournal(tmp_path)
    assert firsts(journal) == [0]
    (cut,) = journal.cuts
    assert cut.torn
    assert cut.lost_bytes > 0
    again = FileJournal(tmp_path)
    assert firsts(again) == [0]
    assert again.cuts == ()


async def test_damage_in_one_segment_does_not_cost_the_next(tmp_path: Path) -> None:
    """A wrong checksum cuts its segment there, keeps the bytes aside, and later segments are still read."""
    await write(tmp_path, [0, 10, 20, 30], segment_bytes=500)
    path = min(tmp_path.glob("*.wal"))
    data = bytearray(path.read_bytes())
    data[-3] ^= 0xFF
    path.write_bytes(data)
    journal = FileJournal(tmp_path)
    assert firsts(journal) == [0, 20, 30]
    (cut,) = journal.cuts
    assert not cut.torn
    assert path.with_suffix(".damaged").stat().st_size == cut.lost_bytes


async def test_a_segment_without_a_whole_header_is_an_unfinished_write(tmp_path: Path) -> None:
    """A crash while a segment was created leaves nothing to lose."""
    await write(tmp_path, [0])
    (tmp_path / f"{9:020d}.wal").write_bytes(b"SL")
    journal = FileJournal(tmp_path)
    assert firsts(journal) == [0]
    assert journal.cuts[0].torn


async def test_positions_are_remembered_when_every_sample_was_released(tmp_path: Path) -> None:
    """A log whose samples all went to the store still knows which positions were used."""
    journal = FileJournal(tmp_path, segment_bytes=250)
    list(journal.replay())
    for first in (0, 10, 20):
        await journal.append([appended(first)])
    await journal.append([Sealed(0, 0, 30)])
    await journal.release(30)
    await journal.close()
    again = FileJournal(tmp_path)
    assert firsts(again) == []
    assert again.position() == 30
    await again.release(10**9)
    assert FileJournal(tmp_path).size > 0


async def test_always_makes_each_write_durable_before_it_is_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With fsync = always an append returns only after the file was synced."""
    synced = []
    real = os.fdatasync

    def noting(file: int) -> None:
        synced.append(file)
        real(file)

    monkeypatch.setattr(os, "fdatasync", noting)
    journal = FileJournal(tmp_path, fsync="always")
    list(journal.replay())
    await journal.append([appended(0)])
    assert synced
    await journal.close()


async def test_a_full_disk_refuses_the_write_whole_and_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the disk fills up in the middle of a write nothing of it stays, and once there is room writing goes on."""
    journal = FileJournal(tmp_path)
    list(journal.replay())
    await journal.append([appended(0)])
    real = os.writev

    def half(file: int, pieces: Sequence[memoryview]) -> int:
        real(file, [b"".join(pieces)[:50]])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "writev", half)
    with pytest.raises(StorageFull):
        await journal.append([appended(10)])
    monkeypatch.setattr(os, "writev", real)
    await journal.append([appended(20)])
    await journal.close()
    again = FileJournal(tmp_path)
    assert firsts(again) == [0, 20]
    assert again.cuts == ()


async def test_after_a_failed_fsync_nothing_more_is_promised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk fails under an fsync the log refuses further writes instead of acknowledging them."""

    def failing(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    journal = FileJournal(tmp_path, fsync="always")
    list(journal.replay())
    await journal.append([appended(0)])
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", failing)
    with pytest.raises(Unavailable):
        await journal.append([appended(10)])
    monkeypatch.setattr(os, "fdatasync", real)
    with pytest.raises(Unavailable, match="disk failed"):
        await journal.append([appended(20)])
    await journal.close()
    assert firsts(FileJournal(tmp_path)) == [0]


async def test_after_a_failed_fsync_of_a_full_segment_nothing_more_is_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was acknowledged may be gone with it, so that the log stops there as well, for good."""
    failures = [OSError(errno.EIO, "Input/output error")]

    def failing_once(_: int) -> None:
        if failures:
            raise failures.pop()

    journal = FileJournal(tmp_path, fsync=3600.0, segment_bytes=250)
    list(journal.replay())
    await journal.append([appended(0)])
    monkeypatch.setattr(os, "fdatasync", failing_once)
    size = journal.size
    for first in (10, 20):
        with pytest.raises(Unavailable, match=r"disk failed|Input/output"):
            await journal.append([appended(first)])
    with pytest.raises(Unavailable, match="disk failed"):
        await journal.sync()
    assert size <= journal.size <= size + 100  # a header at most
    await journal.close()


async def test_queueing_a_write_does_not_wait_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a full segment is made durable on a slow disk the event loop goes on."""
    slow, go_on = threading.Event(), threading.Event()
    real = os.fdatasync

    def waiting(file: int) -> None:
        slow.set()
        assert go_on.wait(20)
        real(file)

    journal = FileJournal(tmp_path, fsync=3600.0, segment_bytes=250)
    list(journal.replay())
    await journal.append([appended(0)])
    monkeypatch.setattr(os, "fdatasync", waiting)
    first = asyncio.ensure_future(journal.append([appended(10)]))
    await asyncio.to_thread(slow.wait, 20)
    second = asyncio.ensure_future(journal.append([appended(20)]))
    released = threading.Timer(10, go_on.set)  # only when the loop is stuck, which would otherwise hang the test
    released.start()
    await asyncio.sleep(0)
    assert not go_on.is_set()
    released.cancel()
    go_on.set()
    await asyncio.gather(first, second)
    await journal.close()
    assert firsts(FileJournal(tmp_path)) == [0, 10, 20]


async def test_what_an_earlier_run_wrote_is_made_durable_when_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that was killed had perhaps not synced: its samples must not go with a loss of power in the next run."""
    await write(tmp_path, [0, 10], segment_bytes=250)
    synced = set()
    real = os.fdatasync

    def noting(file: int) -> None:
        synced.add(Path(f"/proc/self/fd/{file}").readlink())
        real(file)

    monkeypatch.setattr(os, "fdatasync", noting)
    assert firsts(FileJournal(tmp_path)) == [0, 10]
    assert synced == set(tmp_path.glob("*.wal"))


async def test_a_log_at_its_bound_takes_samples_again_however_large_a_segment_may_be(tmp_path: Path) -> None:
    """The open segment never fills the whole log, so that releasing the others always makes room."""
    journal = FileJournal(tmp_path, segment_bytes=1 << 20, max_bytes=4000)
    list(journal.replay())
    position = 0
    for _ in range(3):
        while journal.size < 3500:
            await journal.append([appended(position)])
            position += 10
        with pytest.raises(Overloaded):
            await journal.append([appended(position, 100)])
        await journal.append([Sealed(position, 0, position)])
        await journal.release(position)
        await journal.append([appended(position)])
        position += 10
    await journal.close()


async def test_no_memory_for_a_write_is_an_error_and_not_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that cannot be put together is refused whole, and the next one goes on."""
    journal = FileJournal(tmp_path)
    list(journal.replay())
    await journal.append([appended(0)])
    real = os.writev

    def half(file: int, pieces: Sequence[memoryview]) -> int:
        real(file, [b"".join(pieces)[:50]])
        raise MemoryError

    monkeypatch.setattr(os, "writev", half)
    with pytest.raises(Unavailable, match="memory"):
        await asyncio.wait_for(journal.append([appended(10)]), 10)
    monkeypatch.setattr(os, "writev", real)
    await journal.append([appended(20)])
    await journal.close()
    assert firsts(FileJournal(tmp_path)) == [0, 20]


async def test_a_cut_is_told_once(tmp_path: Path) -> None:
    """What is left of a segment that was cut at its header is no damage to the next start."""
    (tmp_path / f"{1:020d}.wal").write_bytes(b"SL")
    assert firsts(journal := FileJournal(tmp_path)) == []
    assert len(journal.cuts) == 1
    assert firsts(again := FileJournal(tmp_path)) == []
    assert again.cuts == ()


async def test_a_log_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    """Something else in the place of the folder, or of a segment, is an error that names it; other files are left alone."""
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="file cannot be read"):
        FileJournal(tmp_path / "file")
    (tmp_path / "notes.wal").touch()
    assert firsts(FileJournal(tmp_path)) == []
    (tmp_path / f"{1:020d}.wal").mkdir()
    with pytest.raises(Unavailable, match=r"1\.wal cannot be read"):
        firsts(FileJournal(tmp_path))


async def test_a_closed_log_says_so(tmp_path: Path) -> None:
    """Appending to a closed log is refused."""
    journal = FileJournal(tmp_path)
    list(journal.replay())
    await journal.close()
    with pytest.raises(Unavailable, match="closed"):
        await journal.append([appended(0)])
