"""A server as a process of its own: started, watched through /proc, and ended by its own id."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

_GRACE: Final = 15.0


class Process:
    """One run of a program; what it prints goes to `log`."""

    def __init__(self, command: Sequence[str], folder: Path, log: Path, environment: Mapping[str, str]) -> None:
        self._log = log
        with log.open("ab") as out:
            self.started = time.monotonic()
            self._process = subprocess.Popen(
                command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd=folder, env=dict(environment)
            )
        self.pid = self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def said(self) -> str:
        """The last of what it printed."""
        return self._log.read_text(errors="replace")[-2000:]

    def cpu_seconds(self) -> float:
        """User and system time of all its threads so far.

        From the kernel's CPU clock of the process, whose number is made as clock_getcpuclockid(3) does: the same sum as utime and
        stime in /proc, which has ticks of 10 ms only.
        """
        return time.clock_gettime(~self.pid << 3 | 2)

    def anonymous_bytes(self) -> int:
        """Memory that is its own, not mapped from files (RssAnon)."""
        return int(self._status("RssAnon").removesuffix("kB")) * 1024

    def threads(self) -> int:
        """How many threads it has."""
        return int(self._status("Threads"))

    def kill(self) -> None:
        """End it by SIGKILL."""
        self._end(signal.SIGKILL)

    def stop(self) -> float:
        """End it by SIGTERM, by SIGKILL if that takes too long; gives the CPU seconds of its whole life."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> float:
        if self._process.returncode is not None:
            return 0.0
        os.kill(self.pid, number)
        deadline = time.monotonic() + _GRACE
        while True:
            # wait4 rather than Popen.wait: the kernel tells what the process has used only once.
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self._process.returncode = os.waitstatus_to_exitcode(status)
                return usage.ru_utime + usage.ru_stime
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                deadline += _GRACE
            time.sleep(0.01)

    def _status(self, name: str) -> str:
        for line in Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key == name:
                return value.strip()
        raise LookupError(name)
