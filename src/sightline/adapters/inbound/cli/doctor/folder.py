"""The data folder: can it be used, who uses it, and how much room is left."""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sightline.adapters.inbound.cli.doctor.finding import Finding, fail, ok, warn

_PART: Final = "data folder"
_AHEAD_SECONDS: Final = 60


def check_folder(folder: Path, min_free: int, *, answered: bool) -> Iterator[Finding]:
    """Look at the data folder without changing it. answered: whether a program answers at the address of the settings."""
    if not folder.exists():
        yield _missing(folder)
        return
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        remedy = "Give it to the user who runs Sightline, or name another with --data."
        yield fail(_PART, f"{folder} cannot be read and written by {_user()}", remedy)
        return
    yield ok(_PART, f"{folder}, {_format(folder)}, {_mib(_size(folder))}")
    yield _lock(folder, answered=answered)
    yield _room(folder, min_free)
    newest = max((path.stat().st_mtime for path in folder.iterdir()), default=0.0)
    if newest > time.time() + _AHEAD_SECONDS:
        yield warn("clock", f"files in {folder} are from the future", "Set this machine's clock; NTP keeps it right.")


def _missing(folder: Path) -> Finding:
    above = next(path for path in (folder.absolute().parent, *folder.absolute().parent.parents) if path.exists())
    if os.access(above, os.W_OK | os.X_OK):
        return ok(_PART, f"{folder} is not there yet; the first start makes it")
    return fail(
        _PART,
        f"{folder} is not there, and {_user()} may not make it in {above}",
        "Make it, or name another with --data.",
    )


def _lock(folder: Path, *, answered: bool) -> Finding:
    pid = holder(folder)
    if pid is None:
        return ok("lock", "nobody uses the data folder")
    if answered:
        return ok("lock", f"process {pid} uses the data folder")
    remedy = f"If process {pid} is Sightline at another address, give --url. If it hangs, end it: kill {pid}"
    return warn("lock", f"process {pid} uses the data folder, but nobody answers", remedy)


def holder(folder: Path) -> str | None:
    """The id of the process that uses a data folder; None when nobody does."""
    try:
        with (folder / "lock").open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return lock.read(32).decode("ascii", "replace").strip() or "unknown"
    except OSError:
        pass
    return None


def _room(folder: Path, min_free: int) -> Finding:
    free = shutil.disk_usage(folder).free
    said = f"{_mib(free)} free; disk.min_free keeps {_mib(min_free)}"
    remedy = "Make room, or lower disk.min_free or retention."
    if free < min_free:
        return fail("disk", f"{said}: samples are refused", remedy)
    if free < 2 * min_free:
        return warn("disk", said, remedy)
    return ok("disk", said)


def _format(folder: Path) -> str:
    try:
        stamp = json.loads((folder / "format.json").read_bytes())
        return f"format {stamp['format']} written by {stamp['written_by']}"
    except FileNotFoundError:
        return "empty"
    except (OSError, ValueError, KeyError, TypeError):
        return "format.json is damaged: restore it from a backup"


def _size(folder: Path) -> int:
    total = 0
    for root, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(root, name)).st_blocks * 512  # noqa: PTH118 - a hundred thousand of them
            except OSError:  # merged away under our eyes
                continue
    return total


def _mib(size: int) -> str:
    return f"{size / (1 << 20):,.0f} MiB"


def _user() -> str:
    import getpass

    try:
        return f"user {getpass.getuser()}"
    except (KeyError, OSError):
        return f"user {os.getuid()}"
