"""The data folder: who holds it, and which version wrote it."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

import msgspec

from sightline.domain.errors import DataFolderLocked, DataFolderTooNew, SettingsInvalid, Unavailable

FORMAT: Final = 1
"""The format this version writes. A migration of the layout raises it; the tables have versions of their own."""

SNAPSHOTS: Final = "snapshots"
"""Where in a data folder its copies are."""

_STAMP: Final = "format.json"
_UNFINISHED: Final = ".unfinished"


class _Stamp(msgspec.Struct):
    """What the file `format.json` says."""

    format: int
    written_by: str


class DataFolder:
    """A folder that one process holds at a time."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def open(cls, path: Path, version: str) -> Self:
        """Create the folder if need be, lock it, and check its format. `version` is ours.

        Raises:
            DataFolderLocked: another process holds it; the message names its pid.
            DataFolderTooNew: a newer version wrote it; the message names that version.
            SettingsInvalid: the folder cannot be created or written, or its format cannot be read.
        """
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SettingsInvalid(f"data = {path}: the folder cannot be used: {error.strerror}", key="data") from None
        try:
            cls._take(path, lock)
            cls._check_format(path, version)
        except OSError as error:
            os.close(lock)
            raise SettingsInvalid(f"data = {path}: the folder cannot be used: {error.strerror}", key="data") from None
        except BaseException:
            os.close(lock)
            raise
        return cls(path.resolve(), lock)

    @staticmethod
    def _take(path: Path, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pid = os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
            message = f"the data folder {path} is in use by process {pid}: stop it, or give this one another folder with --data"
            raise DataFolderLocked(message, pid=pid) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)

    @staticmethod
    def _check_format(path: Path, version: str) -> None:
        stamp = path / _STAMP
        if stamp.exists():
            found = _read(stamp)
            if found.format > FORMAT:
                message = (
                    f"the data folder {path} has format {found.format}, written by Sightline {found.written_by}; this is "
                    f"{version}, which reads up to {FORMAT}: start that version or a newer one"
                )
                raise DataFolderTooNew(message, written_by=found.written_by)
            if found.format == FORMAT:
                return
        _write(stamp, _Stamp(FORMAT, version))

    @contextmanager
    def snapshot(self, name: str) -> Iterator[Path]:
        """A new folder, to be filled, that becomes `snapshots/<name>` when the context ends well, and nothing when it does not.

        What an earlier try left is removed. Blocks, though not for long.

        Raises:
            Unavailable: it cannot be written.
        """
        snapshots = self.path / SNAPSHOTS
        fresh = snapshots / _UNFINISHED / name
        try:
            shutil.rmtree(snapshots / _UNFINISHED, ignore_errors=True)
            fresh.mkdir(parents=True, mode=0o700)
            yield fresh
            shutil.copy2(self.path / _STAMP, fresh / _STAMP)
            fresh.rename(snapshots / name)
        except OSError as error:
            raise Unavailable(f"the snapshot {snapshots / name} cannot be written: {error.strerror}") from None
        finally:
            shutil.rmtree(snapshots / _UNFINISHED, ignore_errors=True)

    def close(self) -> None:
        """Let the folder go."""
        os.close(self._lock)


def _read(stamp: Path) -> _Stamp:
    try:
        return msgspec.json.decode(stamp.read_bytes(), type=_Stamp)
    except msgspec.DecodeError as error:
        message = f"data = {stamp.parent}: {stamp.name} does not say which format the folder has ({error}): restore it"
        raise SettingsInvalid(message, key="data") from None


def _write(stamp: Path, content: _Stamp) -> None:
    """All of it or nothing, also when the power goes."""
    fresh = stamp.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(msgspec.json.encode(content))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(stamp)
