"""File systems: sizes and files by mount point, without ever waiting long for one that hangs."""

import os
import re
from dataclasses import dataclass
from threading import Lock, Thread
from time import monotonic
from typing import Final

from sightline.adapters.outbound.sources.host.roots import Roots
from sightline.domain.metrics.readings import Pairs, Readings

# What node_exporter leaves out by default: what is no storage, and what containers mount.
_IGNORED_MOUNTS: Final = re.compile(
    r"/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/.*)"
)
_IGNORED_TYPES: Final = frozenset(
    {
        "autofs",
        "binfmt_misc",
        "bpf",
        "cgroup",
        "cgroup2",
        "configfs",
        "debugfs",
        "devpts",
        "devtmpfs",
        "erofs",
        "fusectl",
        "hugetlbfs",
        "iso9660",
        "mqueue",
        "nsfs",
        "overlay",
        "proc",
        "procfs",
        "pstore",
        "rpc_pipefs",
        "securityfs",
        "selinuxfs",
        "squashfs",
        "sysfs",
        "tracefs",
    }
)
_OCTAL: Final = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of the mount table."""

    device: str
    point: str
    kind: str
    readonly: bool

    @property
    def labels(self) -> Pairs:
        """The labels of its metrics."""
        return (("device", self.device), ("fstype", self.kind), ("mountpoint", self.point))


class _Inquiry:
    """Asks mounts for their sizes, one after the other, in a thread of its own that can be left behind."""

    def __init__(self, mounts: list[Mount]) -> None:
        self.answers: dict[Mount, os.statvfs_result | None] = {}
        self._lock = Lock()
        self._waiting = mounts[::-1]
        self._asking: Mount | None = None
        # A daemon, because a thread in a system call that never returns must not keep the program from ending.
        self.thread = Thread(target=self._run, name="statvfs", daemon=True)

    def _run(self) -> None:
        while (mount := self._next()) is not None:
            try:
                self.answers[mount] = os.statvfs(mount.point)
            except OSError:
                self.answers[mount] = None

    def _next(self) -> Mount | None:
        with self._lock:
            self._asking = self._waiting.pop() if self._waiting else None
            return self._asking

    def stop(self) -> tuple[Mount | None, list[Mount]]:
        """End with the mount that is asked now, if any; returns it and those that nobody has asked."""
        with self._lock:
            left = self._waiting[::-1]
            self._waiting.clear()
            return (self._asking if self._asking not in self.answers else None), left


class Filesystems:
    """Reads the mount table and asks each file system for its size.

    One that does not answer within `patience` s is reported as failed and not asked again until it did answer; a reading takes at
    most `budget` s longer than that, and what nobody came to ask by then is left out once.
    """

    def __init__(self, roots: Roots, *, patience: float = 0.5, budget: float = 1.5) -> None:
        self._tables = (roots.proc / "1/mounts", roots.proc / "self/mounts")
        self._patience = patience
        self._budget = budget
        self._stuck: dict[Mount, Thread] = {}

    def read(self) -> Readings:
        """Bytes and files by file system. One that cannot be asked has node_filesystem_device_error 1 and nothing else."""
        found: dict[tuple[str, Pairs], float] = {}
        for mount, size in self._ask(mounts(self._table())).items():
            labels = mount.labels
            found["node_filesystem_device_error", labels] = float(size is None)
            found["node_filesystem_readonly", labels] = float(mount.readonly)
            if size is not None:
                found["node_filesystem_size_bytes", labels] = float(size.f_blocks * size.f_frsize)
                found["node_filesystem_free_bytes", labels] = float(size.f_bfree * size.f_frsize)
                found["node_filesystem_avail_bytes", labels] = float(size.f_bavail * size.f_frsize)
                found["node_filesystem_files", labels] = float(size.f_files)
                found["node_filesystem_files_free", labels] = float(size.f_ffree)
        return found

    def _table(self) -> str:
        """The mount table of the machine, else, where that is not allowed, of this process."""
        try:
            return self._tables[0].read_text(errors="replace")
        except OSError:
            return self._tables[1].read_text(errors="replace")

    def _ask(self, wanted: list[Mount]) -> dict[Mount, os.statvfs_result | None]:
        self._stuck = {mount: thread for mount, thread in self._stuck.items() if thread.is_alive()}
        answers: dict[Mount, os.statvfs_result | None] = {mount: None for mount in wanted if mount in self._stuck}
        waiting = [mount for mount in wanted if mount not in self._stuck]
        until = monotonic() + self._budget
        while waiting and monotonic() < until:
            inquiry = _Inquiry(waiting)
            inquiry.thread.start()
            inquiry.thread.join(self._patience)
            hanging, waiting = inquiry.stop()
            answers.update(inquiry.answers.copy())
            if hanging is not None:
                self._stuck[hanging] = inquiry.thread
                answers[hanging] = None
        return answers


def mounts(table: str) -> list[Mount]:
    """The file systems of a mount table that are storage, each once.

    Where there is none, as in a container whose root is an overlay, the root is told all the same.
    """
    lines = [line.split() for line in table.splitlines()]
    every = [
        Mount(_unescaped(device), _unescaped(point), kind, "ro" in options.split(","))
        for device, point, kind, options, *_ in lines
    ]
    kept = [one for one in every if one.kind not in _IGNORED_TYPES and not _IGNORED_MOUNTS.fullmatch(one.point)]
    return list(dict.fromkeys(kept or [one for one in every if one.point == "/"][-1:]))


def _unescaped(text: str) -> str:
    r"""The mount table writes blanks and backslashes in octal: `\040`."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)
