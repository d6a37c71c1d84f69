"""The write-ahead log in files, one a segment: `<number>.wal`, a 24-byte header and frames of adapters/wire/journal."""

import asyncio
import mmap
import os
import struct
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Literal

import structlog
from typing_extensions import override

from sightline.adapters.outbound.files.log_writer import Done, LogWriter, Pieces, Target
from sightline.adapters.wire import journal as wire
from sightline.domain.errors import BodyTooLarge, Overloaded, SightlineError, Unavailable
from sightline.domain.metrics.journal import Appended, Entry
from sightline.ports.journal import Journal

_HEADER: Final = struct.Struct("<4sIQQ")  # magic, format, segment number, a position above all before it
_MAGIC: Final = b"SLWL"
# A log at its bound still takes the bookkeeping that lets it shrink.
_RESERVE: Final = 64 * 1024

_log = structlog.get_logger("sightline.journal")


@dataclass(slots=True)
class _Segment:
    """A segment file: its bytes, those under way included, and the position after its last sample."""

    number: int
    target: Target
    size: int
    end_seq: int = 0


@dataclass(frozen=True, slots=True)
class Cut:
    """What replay had to cut from a segment. `torn`: an unfinished last write, which was never acknowledged."""

    path: Path
    offset: int
    lost_bytes: int
    reason: str
    torn: bool


class FileJournal(Journal):
    """Segments in one folder, made durable `fsync` seconds after a write, or before its acknowledgement with "always"."""

    def __init__(
        self,
        folder: Path,
        *,
        fsync: float | Literal["always"] = 1.0,
        segment_bytes: int = 64 << 20,
        max_bytes: int = 1 << 30,
    ) -> None:
        """Open the folder, creating it; nothing is read before `replay`.

        A segment is closed at `segment_bytes`, or at a quarter of `max_bytes` where that is less.

        Raises:
            Unavailable: the folder cannot be made or read.
        """
        with _readable(folder):
            folder.mkdir(parents=True, exist_ok=True)
            found = [(path, path.stat().st_size) for path in sorted(folder.glob(f"{'[0-9]' * 20}.wal"))]
        self._folder = folder
        # The open segment is never released: it must leave room in the log, or a log at its bound would stay there.
        self._segment_bytes = min(segment_bytes, max_bytes // 4)
        self._max_bytes = max_bytes
        self._segments = [_Segment(int(path.stem), Target(path, b""), size) for path, size in found]
        self._open: _Segment | None = None
        self._position = 0
        self._cuts: list[Cut] = []
        self._writer = LogWriter(fsync)

    @property
    def cuts(self) -> tuple[Cut, ...]:
        """What replay cut off, oldest first."""
        return tuple(self._cuts)

    @property
    def failure(self) -> str | None:
        """Why nothing more is taken until a restart; None while all is well."""
        return self._writer.failure

    @property
    def size(self) -> int:
        """Bytes of all segments, those under way included."""
        return sum(segment.size for segment in self._segments)

    @override
    def replay(self) -> Iterator[Entry]:
        """Damage is cut off, logged and kept in `cuts`; later segments are still read.

        Raises:
            Unavailable: a segment cannot be read or cut.
        """
        for segment in self._segments:
            with _readable(segment.target.path):
                damage = yield from self._read(segment)
                if damage is not None:
                    self._cut(segment, damage)

    def _read(self, segment: _Segment) -> Generator[Entry, None, wire.Damage | None]:
        if segment.size == 0:
            return None  # what is left of one that was cut at its header
        if segment.size < _HEADER.size:
            return wire.Damage(0, "the segment header is cut short", torn=True)
        with segment.target.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            # The run that wrote it may have died before it did: what is read now will count as acknowledged.
            os.fdatasync(file.fileno())
            magic, version, _, base = _HEADER.unpack_from(mapped)
            if magic != _MAGIC or version not in wire.FORMATS:
                return wire.Damage(0, f"the header says {magic!r} format {version}", torn=False)
            self._position = max(self._position, base)
            with memoryview(mapped) as data:
                return (yield from self._read_entries(segment, data, version))

    def _read_entries(
        self, segment: _Segment, data: memoryview, form: int
    ) -> Generator[Entry, None, wire.Damage | None]:
        found = wire.entries(data, _HEADER.size, form)
        try:
            for entry, _ in found:
                self._note(segment, [entry])
                yield entry
        except wire.Damage as damage:
            # Its traceback holds views of the mapped file, which could then not be closed.
            return wire.Damage(damage.offset, str(damage), torn=damage.torn)
        finally:
            found.close()
        return None

    def _cut(self, segment: _Segment, damage: wire.Damage) -> None:
        path = segment.target.path
        cut = Cut(path, damage.offset, segment.size - damage.offset, str(damage), damage.torn)
        self._cuts.append(cut)
        with path.open("r+b") as file:
            if not damage.torn:
                # Not what a crash leaves behind: keep the bytes for whoever wants to look.
                file.seek(cut.offset)
                path.with_suffix(".damaged").write_bytes(file.read())
            file.truncate(cut.offset)
            os.fsync(file.fileno())
        segment.size = cut.offset
        _log.warning(
            "cut off the end of a log segment",
            segment=path.name,
            offset=cut.offset,
            lost_bytes=cut.lost_bytes,
            reason=cut.reason,
            unfinished_write=cut.torn,
        )

    @override
    def position(self) -> int:
        return self._position

    @override
    def segment(self) -> int:
        return self._current().number

    def _current(self) -> _Segment:
        """The open segment; a new one when there is none or it is full. Segments of an earlier run are never written to."""
        if self._open is None or self._open.size >= self._segment_bytes:
            number = self._segments[-1].number + 1 if self._segments else 1
            header = _HEADER.pack(_MAGIC, wire.FORMAT, number, self._position)
            self._open = _Segment(number, Target(self._folder / f"{number:020d}.wal", header), len(header))
            self._segments.append(self._open)
        return self._open

    def _note(self, segment: _Segment, entries: Sequence[Entry]) -> None:
        end = max((entry.end_seq for entry in entries if isinstance(entry, Appended)), default=0)
        segment.end_seq = max(segment.end_seq, end)
        self._position = max(self._position, end)

    @override
    async def append(self, entries: Sequence[Entry]) -> None:
        size = sum(map(wire.size, entries))
        if size > self._max_bytes:
            raise BodyTooLarge(f"one request of {size} bytes is more than wal.max_bytes = {self._max_bytes} holds")
        reserve = 0 if any(isinstance(entry, Appended) for entry in entries) else _RESERVE
        if self.size + size > self._max_bytes + reserve:
            message = (
                f"the write-ahead log holds {self.size} bytes and may not pass wal.max_bytes = {self._max_bytes}: "
                "the store is behind or away; samples are taken again once it has caught up"
            )
            raise Overloaded(message, retry_after=5)
        segment = self._current()

        def start(done: Done) -> None:
            self._writer.write(segment.target, partial(_render, entries), done)

        segment.size += size
        self._note(segment, entries)
        try:
            await _finished(start)
        except SightlineError:
            segment.size -= size
            raise

    @override
    async def sync(self) -> None:
        await _finished(self._writer.sync)

    @override
    async def release(self, seq: int) -> None:
        released = []
        while self._segments and self._segments[0] is not self._open and self._segments[0].end_seq <= seq:
            released.append(self._segments.pop(0))
        if self._open is None and not self._segments and released:
            # The last file of an earlier run tells the next start which positions were used: keep it until one is open.
            self._segments.insert(0, released.pop())
        for segment in released:
            await asyncio.to_thread(segment.target.path.unlink, missing_ok=True)

    async def close(self) -> None:
        """Write what is queued, make it durable, stop."""
        await asyncio.to_thread(self._writer.close)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """What the disk refuses at the start, said as an error of ours."""
    try:
        yield
    except OSError as error:
        raise Unavailable(f"the write-ahead log {path} cannot be read: {error.strerror}") from error


def _render(entries: Sequence[Entry]) -> Pieces:
    return [piece for entry in entries for piece in wire.frame(entry)]


async def _finished(start: Callable[[Done], None]) -> None:
    """Start something that reports from a thread, and wait for its report.

    It goes on when the waiting task is cancelled: a caller who left must not leave a gap in the log.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[SightlineError | None] = loop.create_future()

    def settle(error: SightlineError | None) -> None:
        if not future.done():
            future.set_result(error)

    def done(error: SightlineError | None) -> None:
        loop.call_soon_threadsafe(settle, error)

    start(done)
    error = await asyncio.shield(future)
    if error is not None:
        raise error
