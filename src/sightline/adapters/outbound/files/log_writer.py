"""The threads behind the write-ahead log: one writes what has gathered, the other makes it durable meanwhile."""

import errno
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Final, Literal

import structlog

from sightline.domain.errors import SightlineError, StorageFull, Unavailable

Pieces = Sequence[bytes | memoryview]
Done = Callable[[SightlineError | None], None]

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_PIECES_A_WRITE: Final = 1000  # IOV_MAX is 1024 on Linux

_log = structlog.get_logger("sightline.journal")


@dataclass(frozen=True, slots=True)
class Target:
    """A segment file and the header it begins with."""

    path: Path
    header: bytes


@dataclass(frozen=True, slots=True)
class _Write:
    """Bytes for one target. `done` is called from the writer thread, with the error or None."""

    target: Target
    render: Callable[[], Pieces]
    done: Done


class LogWriter:
    """Appends to one file at a time, in the order of the calls. A call never waits for the disk.

    fsync: seconds from a write to the fsync that covers it, or "always" to fsync before a write is done. Every write is whole or
    absent: what fails is cut off again. After a failed fsync nothing more is written, for the kernel may have dropped the pages.
    """

    def __init__(self, fsync: float | Literal["always"]) -> None:
        """Start no thread yet: the first write does."""
        self._fsync = fsync
        self._changed = threading.Condition()
        self._writes: list[_Write] = []
        self._syncs: list[Done] = []
        self._dirty = False
        self._syncing = False
        self._no_more_writes = False
        self._no_more_syncs = False
        self._failure: str | None = None
        self._file = -1
        self._target: Target | None = None
        self._threads: list[threading.Thread] = []

    def write(self, target: Target, render: Callable[[], Pieces], done: Done) -> None:
        """Queue a write; everything that is queued while the thread is busy goes out together.

        Raises:
            Unavailable: closed, or failed earlier.
        """
        with self._changed:
            self._check()
            self._writes.append(_Write(target, render, done))
            self._start()
            self._changed.notify_all()

    def sync(self, done: Done) -> None:
        """Call `done` when all writes that were done before this call are durable.

        Raises:
            Unavailable: closed, or failed earlier.
        """
        with self._changed:
            self._check()
            self._syncs.append(done)
            self._start()
            self._changed.notify_all()

    @property
    def failure(self) -> str | None:
        """Why nothing more is written; None while all is well."""
        return self._failure

    def close(self) -> None:
        """Finish what is queued, make it durable, stop the threads and close the file. Blocks."""
        with self._changed:
            self._no_more_writes = True
            self._changed.notify_all()
        for thread in self._threads[:1]:
            thread.join()
        with self._changed:
            self._no_more_syncs = True
            self._changed.notify_all()
        for thread in self._threads[1:]:
            thread.join()
        if self._file >= 0:
            with suppress(OSError):  # told in the log by then
                self._sync_now()
            os.close(self._file)
            self._file = -1

    def _check(self) -> None:
        if self._failure is not None:
            raise Unavailable(self._failure)
        if self._no_more_writes:
            message = "the write-ahead log is closed: the program is stopping"
            raise Unavailable(message)

    def _start(self) -> None:
        if not self._threads:
            self._threads = [
                threading.Thread(target=self._write_forever, name="journal-write", daemon=True),
                threading.Thread(target=self._sync_forever, name="journal-sync", daemon=True),
            ]
            for thread in self._threads:
                thread.start()

    # The writing thread

    def _write_forever(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._writes or self._no_more_writes)
                writes, self._writes = self._writes, []
            if not writes:
                return
            for target, group in groupby(writes, key=lambda write: write.target):
                together = list(group)
                error = self._write_together(target, together)
                for write in together:
                    write.done(error)

    def _write_together(self, target: Target, writes: Sequence[_Write]) -> SightlineError | None:
        if self._failure is not None:
            return Unavailable(self._failure)
        try:
            self._turn_to(target)
            self._append([piece for write in writes for piece in write.render()])
        except OSError as error:
            if error.errno in _NO_ROOM:
                return StorageFull(f"no room for the write-ahead log in {target.path.parent}: {error.strerror}")
            _log.error("the write-ahead log cannot be written", segment=str(target.path), error=str(error))
            return Unavailable(f"the write-ahead log cannot be written: {error.strerror}")
        except MemoryError:
            return Unavailable("no memory to write the write-ahead log: send less at once, or give the program more")
        if self._fsync != "always":
            with self._changed:
                self._dirty = True
                self._changed.notify_all()
        return None

    def _append(self, pieces: Pieces) -> None:
        start = os.lseek(self._file, 0, os.SEEK_END)
        try:
            _write_all(self._file, pieces)
            if self._fsync == "always":
                self._sync_now()
        except (OSError, MemoryError):
            self._cut_back(start)
            raise

    def _sync_now(self) -> None:
        try:
            os.fdatasync(self._file)
        except OSError as error:
            self._fail(error)
            raise

    def _cut_back(self, size: int) -> None:
        """Remove a half-written group; if even that fails, stop, for what came behind it would be lost at replay."""
        try:
            os.ftruncate(self._file, size)
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        with self._changed:
            self._failure = f"the disk failed under the write-ahead log ({error.strerror}): restart once it is healthy"
        _log.error("the disk failed under the write-ahead log", error=str(error))

    def _turn_to(self, target: Target) -> None:
        """Make `target` the file that is written, creating it; the one before is made durable and closed."""
        if self._target == target:
            return
        file = _begun(target)
        # The lock is not held during an fsync: the event loop needs it to queue a write.
        with self._changed:
            self._changed.wait_for(lambda: not self._syncing)
            self._syncing = True
        try:
            if self._file >= 0:
                self._sync_now()
                os.close(self._file)
            self._file, self._target = file, target
        except OSError:
            os.close(file)
            raise
        finally:
            with self._changed:
                self._syncing = False
                self._changed.notify_all()

    # The syncing thread

    def _sync_forever(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._syncs or self._dirty or self._no_more_syncs)
                if self._dirty and isinstance(self._fsync, float | int):
                    # Waiting first gathers the writes of the interval into one fsync.
                    self._changed.wait_for(lambda: self._syncs or self._no_more_syncs, self._fsync)
                self._changed.wait_for(lambda: not self._syncing)
                waiting, self._syncs = self._syncs, []
                if not waiting and not self._dirty:
                    return
                self._dirty = False
                file, self._syncing = self._file, True
            try:
                if file >= 0:
                    os.fdatasync(file)
            except OSError as error:
                self._fail(error)
            with self._changed:
                self._syncing = False
                self._changed.notify_all()
                failure = self._failure
            for done in waiting:
                done(None if failure is None else Unavailable(failure))


def _begun(target: Target) -> int:
    """The open file of a target, with its header and its name made durable."""
    file = os.open(target.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_APPEND, 0o600)
    try:
        if os.fstat(file).st_size < len(target.header):
            os.ftruncate(file, 0)
            _write_all(file, [target.header])
        _sync_folder(target.path.parent)
    except OSError:
        os.close(file)
        raise
    return file


def _write_all(file: int, pieces: Pieces) -> None:
    rest: Iterator[bytes | memoryview] = iter(pieces)
    while chunk := list(islice(rest, _PIECES_A_WRITE)):
        written = os.writev(file, chunk)
        while written < sum(map(len, chunk)):
            # A short write, as when the disk fills up: go on behind it and let the next call name the error.
            chunk = [memoryview(b"".join(chunk))[written:]]
            written = os.writev(file, chunk)


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
